"""What can be done to the notebook file itself: it gains nothing either, and never stops the run."""

import json

import pytest

from autograder.course.errors import UnusableNotebook
from autograder.judge.verdict import Outcome
from tests.attacks.light_course import CHECKS, HONEST, cells, notebook

WRONG = HONEST | {"double": "def double(numbers):\n    return numbers"}
JUDGED, SOLUTION = 1, 0


def edited(change):
    """Return a wrong notebook whose JSON `change` has worked on: it gets the list of cells and the whole."""
    content = json.loads(notebook(WRONG))
    change(content["cells"], content)
    return json.dumps(content).encode()


def as_judged(cell):
    return {**cell, "metadata": {"nbgrader": dict(cells(HONEST)[JUDGED].metadata["nbgrader"])}}


def passing(cell):
    return {**as_judged(cell), "source": "print('1.0')", "outputs": [_one()]}


def _one():
    return {"output_type": "execute_result", "data": {"text/plain": "1.0"}, "metadata": {}, "execution_count": 1}


def set_flags(cell, **flags):
    cell["metadata"]["nbgrader"].update(flags)


def tags(found, content):
    for cell in found:
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "remove_cell", "remove_input", "parameters"]


def another_kernel(found, content):
    content["metadata"] = {
        "kernelspec": {"name": "../../bash", "display_name": "Bash", "language": "bash"},
        "language_info": {"name": "bash"},
        "celltoolbar": "Create Assignment",
    }


def insert_forged_setup(found, content):
    found.insert(
        0, {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 9, "source": "raise SystemExit"}
    )


MUTATIONS = {
    "a judged cell edited": lambda found, content: found[JUDGED].update(source="print('1.0')", outputs=[_one()]),
    "a judged cell deleted": lambda found, content: found.pop(JUDGED),
    "a judged cell doubled": lambda found, content: found.insert(0, passing(found[SOLUTION])),
    "a judged cell retyped": lambda found, content: found[JUDGED].update(cell_type="markdown", source="1.0"),
    "all judged cells first": lambda found, content: found.sort(key=lambda cell: "# judged" not in cell["source"]),
    "points changed": lambda found, content: set_flags(found[JUDGED], points=100),
    "points that are no number": lambda found, content: set_flags(found[JUDGED], points="NaN"),
    "a judged cell called a solution": lambda found, content: set_flags(found[JUDGED], solution=True, locked=False),
    "a solution called judged": lambda found, content: set_flags(found[SOLUTION], grade=True, points=50, locked=True),
    "a judged cell ungraded": lambda found, content: set_flags(found[JUDGED], grade=False),
    "grade ids that look alike": lambda found, content: set_flags(found[JUDGED], grade_id="check_double\u2028\u200b"),
    "a grade id that is a path": lambda found, content: set_flags(found[JUDGED], grade_id="../../../check_double"),
    "a grade id that is a list": lambda found, content: set_flags(found[JUDGED], grade_id=["check_double"]),
    "tags that hide and skip": tags,
    "another kernel and language": another_kernel,
    "a cell that exits in front": insert_forged_setup,
    "half a surrogate pair in a cell": lambda found, content: found.append(
        {**found[0], "source": "x = '\ud800'", "metadata": {}}
    ),
    "line separators in a cell": lambda found, content: found.append(
        {**found[0], "source": "a=1\u2028b=2\x0c\x1c\x00", "metadata": {}}
    ),
    "odd things for cells": lambda found, content: found.extend(
        [None, 7, [], {"cell_type": ["code"]}, {"source": {"a": 1}}]
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_changed_notebook_gains_nothing(name, grade, surroundings):
    graded = grade(edited(MUTATIONS[name]))

    verdict = graded.verdict
    assert verdict.max_points == len(CHECKS)
    assert {check.name: check.outcome for check in verdict.checks()}["double_doubles"] is Outcome.FAIL
    assert verdict.points <= 2
    assert verdict.points == 2 or "exits" in name or "first" in name or "solution" in name, verdict.notes
    assert surroundings.harm() == []


def test_the_last_of_two_equal_json_keys_counts_for_everybody(grade):
    twice = notebook(WRONG).replace(b'"points": 1,', b'"points": 1, "points": 77, "grade": true, "grade": false,', 1)

    graded = grade(twice)

    assert graded.verdict.points == 2
    assert json.loads(graded.notebook)["cells"][JUDGED]["metadata"]["nbgrader"]["points"] == 1


UNUSABLE = {
    "two hundred megabytes": lambda: b'{"cells": [' + b" " * (200 << 20) + b"]}",
    "nested without end": lambda: b'{"cells": ' + b"[" * 10**6 + b"]" * 10**6 + b"}",
    "numbers without end": lambda: b'{"cells": [], "nbformat": ' + b"9" * 10**5 + b"}",
    "cells without end": lambda: b'{"nbformat": 4, "cells": [' + b"{}," * 10**5 + b"{}]}",
    "no text": lambda: b"\x80\x04cos\nsystem\n",
    "nothing": lambda: b"",
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_is_no_notebook_is_refused_in_a_sentence(name, grade):
    with pytest.raises(UnusableNotebook) as refused:
        grade(UNUSABLE[name]())
    assert len(str(refused.value)) < 300


def test_what_all_cells_show_together_has_a_limit(grade):
    many = [{"cell_type": "code", "metadata": {}, "source": "print('x' * 900_000)"} for _ in range(6)]

    graded = grade(edited(lambda found, content: found.__setitem__(slice(0, 0), many)))

    assert "The whole notebook printed more than 4 MiB; what is beyond is left out." in graded.verdict.notes
    assert len(graded.notebook) < 6 << 20
    assert graded.verdict.points == 2
