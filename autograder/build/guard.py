"""What the hidden region of a judged cell holds: one text, the same in all of them, and no secret.

Judged cells are never run by this course's grading. The guard speaks up where somebody grades with plain nbgrader,
which would otherwise give full marks to a cell that prints nothing. It asks for "autograde" because nbgrader's
validator runs the cell too.
"""

GUARD = """\
### BEGIN HIDDEN TESTS
import os
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    raise RuntimeError("This cell is judged outside the notebook: grade with this course's nbgrader_config.py or `autograder grade`.")
### END HIDDEN TESTS"""  # noqa: E501 - one sentence, one line: authors copy it
"""The last lines of every judged cell in `source/`; nbgrader keeps them out of the release."""
