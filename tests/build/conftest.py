"""A course small enough to read at a glance, with every kind of cell that matters to the build."""

import json
import shutil

import pytest

from autograder.build import GUARD


def metadata(grade_id, *, grade=False, solution=False, locked=False, points=None):
    """Return nbgrader's part of a cell line, as jupytext writes it."""
    fields = {"grade": grade, "grade_id": grade_id, "locked": locked, "schema_version": 3, "solution": solution}
    if points is not None:
        fields["points"] = points
    return f"nbgrader={json.dumps(fields | {'task': False}, sort_keys=True)}"


TEXT = f'''\
# %% [markdown]
# # Add up
#
# Write a function that adds all numbers of a list.

# %% {metadata("total", solution=True)}
def total(numbers):
    """Add up.

    Raises:
        ValueError: no numbers.
    """
    ### BEGIN SOLUTION
    if not numbers:
        raise ValueError("there must be at least one number to add")
    return sum(number for number in numbers)
    ### END SOLUTION


# %%
total([1, 2, 3])

# %% {metadata("check_total", grade=True, locked=True, points=2)}
assert total([1, 2, 3]) == 6
{GUARD}

# %% [markdown] {metadata("why", grade=True, solution=True, points=1)}
# Adding is repeated counting, and counting never ends.
'''


@pytest.fixture
def course(tmp_path, project_root):
    """A course folder with one exercise, not yet built."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "exercise_9_total.py").write_text(TEXT)
    shutil.copy(project_root / "nbgrader_config.py", tmp_path)
    return tmp_path
