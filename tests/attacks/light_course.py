"""A course as light as a course can be: three judged cells of a point each, and a hidden page of its own."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from autograder.course.exercise import Exercise

PAGE = '''
"""Hidden checks of the light course; the canary stands for whatever must stay hidden."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autograder.judge.checking import check, fail
from autograder.judge.comparators import expect_array, expect_probabilities, number, predicted_classes
from autograder.kerasmodels.models import describe

CANARY = "{canary}"
HIDDEN_SUM = 420.0


@check("check_double", points=1, hint="multiply by two")
@given(numbers=st.lists(st.integers(0, 99), min_size=1, max_size=9))
def double_doubles(submission, numbers):
    """`double` doubles every number."""
    given_numbers = np.array(numbers, dtype=np.int64)
    expect_array(submission.call("double", given_numbers).returned(), 2 * given_numbers, "the answer")


@check("check_answer", points=1)
def answer_is_the_sum(submission):
    """`answer` is the sum of the doubled numbers."""
    found = number(submission.read("answer"), "`answer`")
    if abs(found - HIDDEN_SUM) > 1e-6:
        fail(f"`answer` is {{found:g}}", "the sum of the numbers 0 to 20, doubled")


@check("check_model", points=1)
def model_finds_the_largest(submission, draw_seed):
    """`model` says which of four numbers is the largest, also on numbers nobody has seen."""
    facts = describe(submission, submission.read_model("model"), "`model`")
    unseen = np.random.default_rng(draw_seed("unseen")).random((60, 4)).astype("float32")
    found = facts.predict(unseen)
    expect_probabilities(found, (60, 4))
    right = np.mean(predicted_classes(found, "the output") == unseen.argmax(axis=1))
    if right < 0.9:
        fail(f"{{right:.0%}} of the answers are right", "at least 90%")
'''
CHECKS = {
    "double": "double_doubles",
    "answer": "answer_is_the_sum",
    "model": "model_finds_the_largest",
}
HONEST = {
    "double": "import numpy as np\n\ndef double(numbers):\n    return 2 * np.asarray(numbers)",
    "answer": "answer = sum(2 * number for number in range(21))",
    "model": """
import keras
import numpy as np

model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, activation="softmax")])
model.layers[0].set_weights([20 * np.eye(4), np.zeros(4)])
""".strip(),
}


def make_exercise(folder: Path, canary: str) -> Exercise:
    """Write the course into a folder: `checks/light.py`, `source/light.ipynb`, both with the canary in them."""
    page = folder / "checks" / "light.py"
    page.parent.mkdir()
    page.write_text(PAGE.format(canary=canary))
    source = notebook(HONEST | {"answer": f"# {canary}\n{HONEST['answer']}"})
    (folder / "source").mkdir()
    (folder / "source" / "light.ipynb").write_bytes(source)
    return Exercise.from_source("light", source, page, "attacked")


def notebook(answers: dict[str, str]) -> bytes:
    """Make a notebook: each answer stands before its judged cell; other names become cells of their own at the end."""
    return str(nbformat.writes(new_notebook(cells=cells(answers)))).encode()


def cells(answers: dict[str, str]) -> list[nbformat.NotebookNode]:
    """Make the cells of `notebook`."""
    made = []
    for name in CHECKS:
        made.append(_cell(answers[name], name, solution=True))
        made.append(_cell("# judged", f"check_{name}", grade=True, locked=True, points=1))
    return made + [new_code_cell(source) for name, source in answers.items() if name not in CHECKS]


def _cell(source: str, grade_id: str, **flags: bool | int) -> nbformat.NotebookNode:
    metadata = {"grade": False, "solution": False, "locked": False, "task": False} | flags
    return new_code_cell(source, metadata={"nbgrader": {"grade_id": grade_id, "schema_version": 3} | metadata})
