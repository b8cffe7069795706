"""Accuracy thresholds: right and wrong solutions over many seeds, the threshold between them, the evidence on file."""
