"""Sealed, warm and unforgeable grading of transfer-learning notebooks, for nbgrader courses."""
