"""What a check says when a cell before it failed: that cell and its error first."""

import pytest

from autograder.judge.checking import Failed, sentence
from autograder.judge.submission import Submission


class Kernel:
    """Answers as the worker does, for a notebook whose cells ended as told."""

    def __init__(self, errors, reply):
        self._errors, self._reply, self._asked = errors, reply, None

    def send(self, content, buffers=()):
        self._asked = content["do"]

    def receive(self):
        return ({"errors": self._errors}, []) if self._asked == "run_until" else ({"content": self._reply}, [])


def message(errors, reply):
    submission = Submission(Kernel(errors, reply), ("double",))
    submission.run_until("check_double")
    with pytest.raises(Failed) as failed:
        submission.double(2)
    return sentence(failed.value, "the check's own hint, which does not belong")


MISSING = {"missing": True}
NAME_ERROR = {
    "raised": {"type": "NameError", "bases": ["NameError", "Exception"], "message": "name 'np' is not defined"},
    "printed": "",
    "seconds": 0,
}


@pytest.mark.parametrize(
    ("errors", "reply", "expected"),
    [
        ({"double": "SyntaxError: invalid"}, MISSING, "The cell `double` ended with SyntaxError: invalid, and there"),
        (
            {"setup": "ModuleNotFoundError: no x", "answer": "NameError: name 'x' is not defined"},
            MISSING,
            "The cell `setup` ended with ModuleNotFoundError: no x and the cell `answer` ended with NameError",
        ),
        ({"double": "ValueError: 1.", "answer": "KeyError: 2"}, MISSING, "The cell `double` ended with ValueError: 1,"),
        ({"double": "NotImplementedError: write"}, MISSING, "The cell `double` is not answered yet, and there is no"),
        ({"setup": "ImportError: no"}, NAME_ERROR, "The cell `setup` ended with ImportError: no, and it raised Name"),
    ],
)  # fmt: skip
def test_the_cell_that_failed_comes_first(errors, reply, expected):
    said = message(errors, reply)
    assert expected in said
    assert "does not belong" not in said
    assert "Try: put that cell right first" in said


def test_where_no_cell_failed_none_is_blamed():
    assert "cell `" not in message({}, MISSING)
    assert "Try: is there a cell that sets `double`, and is the name spelt like that?" in message({}, MISSING)
    assert "ended with" not in message({}, NAME_ERROR)
