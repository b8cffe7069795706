"""LTI 1.3: grades by Assignment and Grade Services."""
