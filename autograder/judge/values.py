"""What comes from a kernel and is not plain data, as check pages know it."""

from autograder.kernels.values import Handle, Table

__all__ = ["Handle", "Table"]
