"""What a check says when a cell before it failed: that cell and its error first."""

import pytest

from autograder.grading.notebook_run import error_of_cell
from autograder.judge.cell_errors import CellError
from autograder.judge.checking import Failed, sentence
from autograder.judge.submission import Submission


class Kernel:
    """Answers as the worker does, for a notebook whose cells ended as told."""

    def __init__(self, errors, reply):
        self._errors, self._reply, self._asked = errors, reply, None

    def send(self, content, buffers=()):
        self._asked = content["do"]

    def receive(self):
        errors = {
            cell: error if isinstance(error, CellError) else (error, None) for cell, error in self._errors.items()
        }
        return ({"errors": errors}, []) if self._asked == "run_until" else ({"content": self._reply}, [])


def message(errors, reply):
    submission = Submission(Kernel(errors, reply), ("double",))
    submission.run_until("check_double")
    with pytest.raises(Failed) as failed:
        submission.call("double", 2).returned()
    return sentence(failed.value, "the check's own hint, which does not belong")


MISSING = {"missing": True}
STUB = "Write your answer here, then delete this line."
NAME_ERROR = {
    "raised": {"type": "NameError", "bases": ["NameError", "Exception"], "message": "name 'np' is not defined"},
    "printed": "",
    "seconds": 0,
}
NO_X = NAME_ERROR | {"raised": NAME_ERROR["raised"] | {"message": "name 'x' is not defined"}}


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
        ({"double": f"NotImplementedError: {STUB}"}, MISSING, "The cell `double` is not answered yet, and there is no"),
        ({"double": "NotImplementedError"}, MISSING, "The cell `double` is not answered yet, and there is no"),
        (
            {"double": "NotImplementedError: only for flat models"},
            MISSING,
            "The cell `double` ended with NotImplementedError: only for flat models, and there is no",
        ),
        (
            {"double": "Stopped: stopped after 20 CPU-seconds; an endless loop?"},
            MISSING,
            "The cell `double` did not come to an end (stopped after 20 CPU-seconds; an endless loop?), and there is",
        ),
        ({"setup": "ImportError: no"}, NAME_ERROR, "The cell `setup` ended with ImportError: no, and it raised Name"),
    ],
)  # fmt: skip
def test_the_cell_that_failed_comes_first(errors, reply, expected):
    said = message(errors, reply)
    assert expected in said
    assert "does not belong" not in said
    assert "Try: put that cell right first" in said


@pytest.mark.parametrize(
    "source",
    [
        "1 / 0  # what does it say?",
        "halve(3)",
        "assert double(2) == 5",
        "for double_ in range(3):\n    tried[double_]",
        "def halve(number):\n    double = number / 0\n    return double\n\nhalve(1)",
        "%timeit nothing\n1 / 0",
    ],
)
@pytest.mark.parametrize("reply", [MISSING, NO_X])
def test_a_cell_that_would_not_have_left_the_name_is_not_the_reason(source, reply):
    experiment = error_of_cell(source, "ZeroDivisionError", "division by zero")
    said = message({"number 7": experiment}, reply)
    assert "number 7" not in said
    assert "Try: put that cell right first" not in said
    answer = error_of_cell("def double(number):\nx = 2", "IndentationError", "expected an indented block")
    both = message({"number 7": experiment, "answer": answer, "number 9": experiment}, reply)
    assert "he cell `answer` ended with IndentationError" in both
    assert "`number" not in both


@pytest.mark.parametrize(
    "source",
    [
        "double = lambda number: 2 * nubmer\ndouble(2)",
        "def double(number)\n    return x",
        "from other import *",
        "import other as double, other as x",
        "globals()['dou' + 'ble'] = x",
        "%run other.py",
        "if True:\n    double, (x, y) = 1, 2",
    ],
)
def test_a_cell_that_may_have_left_the_name_is_told(source):
    assert "The cell `number 7` ended with ValueError: 1, and there is no" in message(
        {"number 7": error_of_cell(source, "ValueError", "1")}, MISSING
    )


def test_a_name_that_only_a_check_sets_is_told():
    checks = ["# Visible checks\nfew = values[:3]\nassert few", "assert True"]
    missing = error_of_cell("double = few * 2", "NameError", "name 'few' is not defined", checks)
    assert missing.missing == "few"
    said = message({"answer": missing}, MISSING)
    assert "name 'few' is not defined (a check sets it, and the grader runs none), and there is no `double`" in said
    other = error_of_cell("double = fwe * 2", "NameError", "name 'fwe' is not defined", checks)
    assert "a check sets it" not in message({"answer": other}, MISSING)


def test_a_cell_of_the_task_is_told_whatever_it_would_have_left():
    stub = error_of_cell("histories = {}\nraise NotImplementedError()", "NotImplementedError", "")
    said = message({"train": stub}, MISSING)
    assert said.startswith("The cell `train` is not answered yet, and there is no `double`")
    assert "train" not in message({"train": stub}, NO_X)
    submission = Submission(Kernel({"train": stub}, MISSING), ("double",))
    submission.run_until("check_train")
    submission.run_until("check_double")  # of another task
    with pytest.raises(Failed, match=r"^there is no `double`"):
        submission.read("double")


def test_what_has_led_to_a_name_error_is_followed_to_its_beginning():
    ended = {
        "number 2": error_of_cell("1 / 0", "ZeroDivisionError", "division by zero"),
        "setup": error_of_cell("import absent as library", "ModuleNotFoundError", "no absent"),
        "data": error_of_cell("table = library.table()", "NameError", "name 'library' is not defined"),
        "number 5": error_of_cell("1 / 0", "ZeroDivisionError", "division by zero"),
        "answer": error_of_cell("double = table.double", "NameError", "name 'table' is not defined"),
    }
    assert message(ended, MISSING).startswith(
        "The cell `setup` ended with ModuleNotFoundError: no absent and the cell `answer` ended with NameError"
    )
    itself = {"answer": error_of_cell("double = double + 1", "NameError", "name 'double' is not defined")}
    assert message(itself, MISSING).count("he cell `answer`") == 1


def test_a_variable_of_the_function_itself_is_no_matter_of_earlier_cells():
    unbound = {
        "type": "UnboundLocalError",
        "bases": ["UnboundLocalError", "NameError", "Exception"],
        "message": "cannot access local variable 'x' where it is not associated with a value",
    }
    assert "cell `" not in message({"setup": "ImportError: no"}, NAME_ERROR | {"raised": unbound})


def test_where_no_cell_failed_none_is_blamed():
    assert "cell `" not in message({}, MISSING)
    assert "Try: is there a cell that sets `double`, and is the name spelt like that?" in message({}, MISSING)
    assert "ended with" not in message({}, NAME_ERROR)


KERAS = (
    "Exception encountered when calling Conv2D.call().\n\n\x1b[1mThe kernel is too large.\x1b[0m\n\n"
    "Arguments received by Conv2D.call():\n  • inputs=tf.Tensor(shape=(1, 2, 2, 3), dtype=float32)"
)


def raised(kind, text, function="double", line=""):
    error = {"type": kind, "bases": [kind], "message": text, "function": function, "line": line}
    reply = NAME_ERROR | {"raised": error}
    return message({}, reply)


def test_an_error_of_keras_is_told_in_one_line_without_its_inside():
    assert raised("ValueError", KERAS) == (
        "Called `double(2)`. It raised ValueError: in Conv2D.call(): The kernel is too large. Expected a value. "
        "Try: the check's own hint, which does not belong"
    )


@pytest.mark.parametrize(
    ("kind", "text", "helps"),
    [
        ("NameError", "name 'rows' is not defined", "is this name spelt like that, and set before it is used?"),
        ("UnboundLocalError", "cannot access local variable 'rows' where it is not associated", "give this variable a"),
        ("ModuleNotFoundError", "No module named 'torch'", "this is not there where notebooks are graded; do without"),
        ("AttributeError", "module 'numpy' has no attribute 'unqiue'", "is this spelt like that, and does the package"),
    ],
)
def test_a_slip_of_writing_gets_no_hint_of_the_check(kind, text, helps):
    said = raised(kind, text)
    assert f"Try: {helps}" in said
    assert "does not belong" not in said


def test_only_a_stub_is_called_unanswered():
    assert "It is not answered yet" in raised("NotImplementedError", STUB)
    assert "It is not answered yet" in raised("NotImplementedError", "")
    assert "It is not answered yet" in raised("NotImplementedError", "", line="raise NotImplementedError()")
    of_a_library = raised("NotImplementedError", "", line="table.swap(1, 2)")
    assert "It raised NotImplementedError, at `table.swap(1, 2)`. Expected a value." in of_a_library
    assert "It raised NotImplementedError: only flat ones" in raised("NotImplementedError", "only flat ones")
    calls_another = raised("NotImplementedError", STUB, "halve")
    assert "It calls `halve`, which is not answered yet" in calls_another
    assert "Try: write the body of `halve` first" in calls_another


def test_a_cell_that_calls_a_stub_is_not_called_unanswered():
    own = error_of_cell(f'x = []\nraise NotImplementedError("{STUB}")', "NotImplementedError", STUB)
    assert own.said.endswith(STUB)
    called = error_of_cell("model = build(backbone, 2)", "NotImplementedError", STUB)
    assert called.said == "NotImplementedError: a function that it calls is not answered yet"
    assert "`double` ended with NotImplementedError: a function that it calls is" in message(
        {"double": called}, MISSING
    )
    assert error_of_cell("exit()", "SystemExit", "").said == "SystemExit"


def led(errors, problem, before=None):
    kernel = Kernel(before or {}, MISSING)
    submission = Submission(kernel, ("double",))
    submission.run_until("check_first")
    kernel._errors = errors
    submission.run_until("check_double")
    return sentence(submission.led_by_cells(problem), "the check's own hint")


WRONG = Failed("`histories` has no entry", "what `fit` returned")


def test_what_a_cell_has_left_behind_is_judged_with_how_it_ended():
    assert led({"train": "ValueError: 1"}, WRONG) == (
        "The cell `train` ended with ValueError: 1, and `histories` has no entry. Expected what `fit` returned. "
        "Try: put that cell right first, then this check can say more"
    )
    twice = led({"train": "ValueError: 1", "show": "NameError: x"}, WRONG)
    assert twice.startswith("The cell `train` ended with ValueError: 1, and `histories`")


@pytest.mark.parametrize(
    ("errors", "problem", "before"),
    [
        ({}, WRONG, {}),
        ({"first": "ValueError: 1"}, WRONG, {"first": "ValueError: 1"}),  # of another task
        ({"number 17": "ZeroDivisionError: a student's own experiment"}, WRONG, {}),
        ({"train": "ValueError: 1"}, Failed("it returned 2", "3", called="`double(1)`"), {}),
        ({"train": "ValueError: 1"}, Failed("the cell `train` ended with ValueError: 1, and so on"), {}),
    ],
)
def test_other_failures_stand_by_themselves(errors, problem, before):
    assert led(errors, problem, before) == sentence(problem, "the check's own hint")
