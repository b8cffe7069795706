"""Measuring accuracy thresholds: right and wrong solutions trained over many seeds, the threshold between them, the evidence on file."""
