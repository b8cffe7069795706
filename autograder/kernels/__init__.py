"""Sealed, warm kernels: run untrusted notebooks, put questions to them, survive whatever they do."""
