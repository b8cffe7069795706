"""Odd things that students' functions do and return: right but unusual gets full points, the rest one clear sentence.

The checks are those of exercise 1; each case is one function, judged alone.
"""

import textwrap
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from autograder.course.course import Course
from autograder.course.exercise import Exercise
from autograder.grading.engine import WarmEngine
from autograder.judge.verdict import CellVerdict, Outcome

NAME, SECRET = "exercise_1_two_classes", b"the secret of odd answers"
SELECT, SAMPLE, BUILD = "select_classes", "sample_per_class", "build_feature_extractor"
ANY = ""
"""Full points; no sentence."""


class Case(NamedTuple):
    """A function, and what its student reads."""

    function: str
    code: str
    sentence: str
    """Part of a message; empty if nothing is lost."""


def answer(last: str, before: str = "") -> str:
    """`select_classes` done right up to the two arrays `kept` and `new`; then `last`."""
    lines = f"""
import numpy as np
{textwrap.dedent(before)}
def select_classes(images, labels, classes):
    flat = np.asarray(labels).reshape(-1)
    if len(set(classes)) != len(classes) or not set(classes) or not set(classes) <= set(flat.tolist()):
        raise ValueError("classes")
    mask = np.isin(flat, classes)
    kept, new = images[mask], np.array([classes.index(label) for label in flat[mask]], dtype=np.int64)
"""
    return lines + textwrap.indent(textwrap.dedent(last).strip(), "    ")


def sample(draw: str, before: str = "") -> str:
    """`sample_per_class` with a line that draws `rows` of one class."""
    return f"""
import numpy as np
{textwrap.dedent(before)}
def sample_per_class(images, labels, per_class, seed):
    chosen = []
    for label in np.unique(labels):
        of_class = np.flatnonzero(labels == label)
        if len(of_class) < per_class:
            raise ValueError(f"class {{label}} has only {{len(of_class)}} images")
{textwrap.indent(textwrap.dedent(draw).strip(), "        ")}
        chosen.append(rows)
    order = np.random.default_rng(seed).permutation(np.concatenate(chosen))
    return images[order], labels[order]
"""


def model(body: str, compiled: bool = True) -> str:
    """`build_feature_extractor` with a body that makes `model`."""
    compiling = "model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])" if compiled else ""
    return f"""
import keras
from keras import layers
def build_feature_extractor(backbone, num_classes):
    backbone.trainable = False
{textwrap.indent(textwrap.dedent(body).strip(), "    ")}
    {compiling}
    return model
"""


HEAD = """
pooled = layers.GlobalAveragePooling2D()(backbone.output)
out = layers.Dense(num_classes, 'softmax')(pooled)
"""
CASES = {
    # --- right, but unusual
    "tensors": Case(SELECT, answer("import tensorflow as tf\nreturn tf.constant(kept), tf.constant(new)"), ANY),
    "a list of two": Case(SELECT, answer("return [kept, new]"), ANY),
    "a named tuple": Case(
        SELECT,
        answer("return Pair(kept, new)", "from collections import namedtuple\nPair = namedtuple('Pair', 'x y')"),
        ANY,
    ),
    "lists": Case(SELECT, answer("return list(kept), new.tolist()"), ANY),
    "masked arrays": Case(SELECT, answer("return np.ma.array(kept), np.ma.array(new)"), ANY),
    "a series": Case(SELECT, answer("import pandas as pd\nreturn kept, pd.Series(new)"), ANY),
    "prints a megabyte": Case(SELECT, answer("print('x' * 2**20)\nreturn kept, new"), ANY),
    "warns": Case(SELECT, answer("import warnings\nwarnings.warn('careful')\nreturn kept, new"), ANY),
    "pauses": Case(SELECT, answer("import time\ntime.sleep(0.01)\nreturn kept, new"), ANY),
    "forks and waits": Case(
        SELECT,
        answer("import os\nchild = os.fork()\nif child == 0:\n    os._exit(0)\nos.waitpid(child, 0)\nreturn kept, new"),
        ANY,
    ),
    "uses worker threads": Case(
        SELECT,
        answer(
            "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(2) as pool:\n"
            "    return tuple(pool.map(np.copy, (kept, new)))"
        ),
        ANY,
    ),
    "sets the global seed": Case(
        SAMPLE, sample("np.random.seed(seed)\nrows = np.random.permutation(of_class)[:per_class]\n"), ANY
    ),
    "replaces np.random": Case(
        SAMPLE,
        sample(
            "rows = np.random.default_rng(seed).choice(of_class, per_class, replace=False)",
            "import types\nnp.random = types.SimpleNamespace(**vars(np.random))",
        ),
        ANY,
    ),
    "legacy generator": Case(
        SAMPLE, sample("rows = np.random.RandomState(seed).choice(of_class, per_class, replace=False)"), ANY
    ),
    "keyword-only and defaults": Case(
        SAMPLE,
        sample("rows = np.random.default_rng(seed).permutation(of_class)[:per_class]").replace(
            "per_class, seed)", "per_class=10, seed=0, verbose=False)"
        ),
        ANY,
    ),
    "keeps what it has drawn": Case(
        SAMPLE,
        sample(
            """
            key = (tuple(of_class), per_class, seed)
            if key not in cache:
                cache[key] = np.random.default_rng(seed).choice(of_class, per_class, replace=False)
            rows = cache[key]
            """,
            "cache = {}",
        ),
        ANY,
    ),
    # --- wrong, each in its own way
    "None": Case(SELECT, answer("result = kept, new"), "the answer came back as None"),
    "one array": Case(SELECT, answer("return kept"), "the answer came back as an array of shape"),
    "three parts": Case(SELECT, answer("return kept, new, classes"), "Expected two parts"),
    "text": Case(SELECT, answer("return 'images', 'labels'"), "the images came back as 'images'"),
    "a dictionary": Case(
        SELECT, answer("return {'images': kept, 'labels': new}"), "the answer came back as a dictionary with"
    ),
    "a generator": Case(SELECT, answer("yield kept\nyield new"), "came back as a generator"),
    "a function": Case(SELECT, answer("return lambda: (kept, new)"), "came back as a function"),
    "a data frame": Case(
        SELECT,
        answer("import pandas as pd\nreturn kept, pd.DataFrame({'label': new})"),
        "the labels came back as a table",
    ),
    "masked values": Case(
        SELECT,
        answer("return np.ma.masked_equal(kept, kept.max()), np.ma.masked_equal(new, 0)"),
        "masked array, in which",
    ),
    "objects": Case(SELECT, answer("return kept, np.array([object()] * len(new))"), "the labels came back as"),
    "ragged lists": Case(SELECT, answer("return kept, [[1], [1, 2]]"), "whose parts differ in shape"),
    "NaN": Case(SELECT, answer("return kept, np.where(new == 0, np.nan, new)"), "NaN in the labels"),
    "changes its inputs": Case(
        SELECT, answer("images[:] = 0\nreturn kept, new"), "what was given to it was changed in place"
    ),
    "another signature": Case(
        SELECT, answer("return kept, new").replace("labels, classes)", "labels)"), "raised TypeError"
    ),
    "no function": Case(SELECT, "select_classes = 3", "raised TypeError: 'int' object is not callable"),
    "a class in its place": Case(SELECT, "class select_classes:\n    pass", "raised TypeError"),
    "exits": Case(SELECT, answer("raise SystemExit"), "raised SystemExit"),
    "recurses": Case(SELECT, answer("return select_classes(images, labels, classes)"), "raised RecursionError"),
    "sleeps": Case(SELECT, answer("import time\ntime.sleep(1e6)"), "no answer came: "),
    "dies": Case(SELECT, answer("import os\nos.abort()"), "no answer came: the kernel died"),
    "counts its calls": Case(
        SAMPLE,
        sample(
            "calls.append(1)\nrows = np.random.default_rng(len(calls)).permutation(of_class)[:per_class]", "calls = []"
        ),
        "seed",
    ),
    "breaks np.random": Case(
        SAMPLE,
        sample("rows = np.random.default_rng(seed).permutation(of_class)[:per_class]", "np.random = None"),
        "raised AttributeError: 'NoneType' object has no attribute 'default_rng'",
    ),
    # --- models
    "lists of one": Case(
        BUILD,
        model(HEAD + "model = keras.Model(inputs=[backbone.input], outputs=[out])"),
        ANY,
    ),
    "not built": Case(
        BUILD,
        model("model = keras.Sequential([backbone, layers.Dense(num_classes, 'softmax')])\nmodel.built = False"),
        "the model is not built",
    ),
    "not compiled": Case(
        BUILD, model(HEAD + "model = keras.Model(backbone.input, out)", compiled=False), "the model is not compiled"
    ),
    "two outputs": Case(
        BUILD,
        model(HEAD + "model = keras.Model(backbone.input, [out, pooled])"),
        "the model has 2 outputs",
    ),
    "one sigmoid unit": Case(
        BUILD,
        model(HEAD + "model = keras.Model(backbone.input, layers.Dense(1, 'sigmoid')(pooled))"),
        "one probability per class",
    ),
    "the backbone itself": Case(BUILD, model("model = backbone"), "the model's output has shape"),
    "a layer": Case(BUILD, model("model = layers.Dense(num_classes)", compiled=False), "not a keras.Model"),
    "no model": Case(BUILD, model("model = 'VGG'", compiled=False), "it returned 'VGG'"),
}


class Judged:
    """Judges all cases, two at once, from the first question on."""

    def __init__(self, engine: WarmEngine, exercise: Exercise) -> None:
        self._pool = ThreadPoolExecutor(2)
        self._futures: dict[str, Future[CellVerdict]] = {}
        self._engine, self._exercise = engine, exercise

    def cell(self, name: str) -> CellVerdict:
        if not self._futures:
            self._futures = {case: self._pool.submit(self._grade, CASES[case]) for case in CASES}
        return self._futures[name].result()

    def _grade(self, case: Case) -> CellVerdict:
        made = _alone(self._exercise, case.function)
        notebook = nbformat.reads(made.source.decode(), as_version=4)
        notebook.cells[0].source = case.code
        (cell,) = self._engine.grade(nbformat.writes(notebook).encode(), {}, made, SECRET).verdict.cells
        return cell


def _alone(exercise: Exercise, function: str) -> Exercise:
    """Return the exercise cut to one answer cell and the cell that judges it."""
    cells = [exercise.cells[function], exercise.cells[f"check_{function}"]]
    source = nbformat.v4.new_notebook(cells=cells, metadata=exercise.notebook.metadata)
    alone = Exercise.from_source(exercise.name, nbformat.writes(source).encode(), exercise.page, exercise.assignment)
    return replace(alone, left_out=tuple(exercise.judged))


@pytest.fixture(scope="module")
def judged(engine: WarmEngine, project_root: Path) -> Judged:
    return Judged(engine, Course.load(project_root).exercises[NAME])


def _lost(cell: CellVerdict) -> dict[str, str]:
    return {check.name: check.message for check in cell.checks if check.outcome is not Outcome.PASS}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.sentence is ANY])
def test_right_but_unusual_loses_nothing(judged: Judged, name: str) -> None:
    cell = judged.cell(name)

    assert _lost(cell) == {}
    assert cell.points == cell.max_points


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.sentence is not ANY])
def test_wrong_in_an_odd_way_is_told_in_a_sentence(judged: Judged, name: str) -> None:
    cell, case = judged.cell(name), CASES[name]

    lost = _lost(cell)
    assert any(case.sentence.lower() in message.lower() for message in lost.values()), "\n\n".join(lost.values())
    assert cell.points < cell.max_points
    assert not cell.undecided
    for message in lost.values():
        assert "Traceback" not in message
        assert " at 0x" not in message, "an address is another one every time"
        assert len(message) < 1_500


def test_the_same_oddity_gets_the_same_sentence(judged: Judged) -> None:
    first, again = judged.cell("a generator"), judged._grade(CASES["a generator"])

    assert [check.message for check in first.checks] == [check.message for check in again.checks]
