"""Slow, readable statements of what is right. A file that begins with an underscore holds no checks."""

import math

import numpy as np


def standardized(values):
    """Return `values` (n, columns) with the mean 0 and the standard deviation 1 in each column, or 0."""
    expected = np.zeros(values.shape)
    for column in range(values.shape[1]):
        numbers = [float(number) for number in values[:, column]]
        mean = sum(numbers) / len(numbers)
        spread = math.sqrt(sum((number - mean) ** 2 for number in numbers) / len(numbers))
        if max(numbers) > min(numbers):
            expected[:, column] = [(number - mean) / spread for number in numbers]
    return expected
