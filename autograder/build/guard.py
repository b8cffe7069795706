"""What the hidden region of a judged cell holds: one text, the same in all of them, and no secret.

Judged cells are never run by this course's grading. The guard speaks up where somebody grades with plain nbgrader,
which would otherwise give full marks to a cell that prints nothing. It asks for "autograde" because nbgrader's
validator runs the cell too.
"""

from nbformat import NotebookNode

from autograder.build.markers import is_judged

GUARD = """\
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError(
        "This cell is judged outside the notebook: grade with this course's "
        "nbgrader_config.py or `autograder grade`."
    )
### END HIDDEN TESTS"""
"""The last lines of every judged cell of a notebook; nbgrader keeps them out of the release."""


def give_guard(notebook: NotebookNode) -> None:
    """Put the guard at the end of judged cells whose text hides nothing; one that is written there stays.

    Args:
        notebook: Made from a text; changed.
    """
    for cell in notebook.cells:
        if is_judged(cell) and "HIDDEN TESTS" not in cell.source:
            cell.source = f"{cell.source}\n{GUARD}" if cell.source else GUARD
