# %% [markdown]
# # Exercise 1: Columns that can be compared
#
# A table of measurements mixes units: metres, grams, years. Many methods take the column with the largest numbers for
# the most important one. So each column is moved to the mean 0 and scaled to the standard deviation 1 first.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np

# %% [markdown]
# ## Task 1: standardize
#
# From each column take away its mean, then divide it by its standard deviation (`np.std`, of the whole column).
# **A column whose values are all the same becomes 0**: there is nothing to divide by.
#
# **Example.** The column 1, 2, 3 has the mean 2 and the standard deviation 0.816: it becomes −1.225, 0, 1.225.
# The column 5, 5, 5 becomes 0, 0, 0.


# %% nbgrader={"grade": false, "grade_id": "standardize", "locked": false, "schema_version": 3, "solution": true, "task": false}
def standardize(values):
    """Give each column the mean 0 and the standard deviation 1.

    Args:
        values: Array (n, columns) of numbers, one row or more; not modified.

    Returns:
        Array (n, columns) of floats. A constant column becomes 0.

    Raises:
        ValueError: `values` has not exactly two dimensions.
    """
    ### BEGIN SOLUTION
    values = np.asarray(values, dtype=float)
    if values.ndim != 2:
        raise ValueError(f"values must have two dimensions, got {values.ndim}")
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check_standardize", "locked": true, "schema_version": 3, "solution": false, "task": false}
# Visible checks for task 1
example = standardize(np.array([[1, 5], [2, 5], [3, 5]]))
assert np.allclose(np.asarray(example)[:, 0], [-1.2247, 0, 1.2247], atol=1e-3), f"compare with the example: {example}"
assert np.allclose(np.asarray(example)[:, 1], 0), "a constant column should become 0"
print("Task 1: the visible checks pass.")
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS
