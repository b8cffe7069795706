"""The vocabulary of check pages: docs/vocabulary.md has all of it, and a page written for version 1 keeps working."""

import importlib
import json
import re
from pathlib import Path

import pytest

from autograder.judge import vocabulary
from autograder.judge.plugin import JudgePlugin
from autograder.judge.session import run_page
from autograder.kernels import trainings
from tests.judge.local import judge

PAGE = Path(__file__).with_name("vocabulary_1.py")
NUMBERS = """
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

def double(values):
    return 2 * np.asarray(values)

def halve(values):
    if len(values) % 2:
        raise ValueError("an even number of values is needed")
    return values[: len(values) // 2], values[len(values) // 2 :]

def turned_round(images):
    return images[::-1]

def sorted_by_height(table):
    return table.sort_values("height")

rate, said, names = 0.5, 1.0, ["ash", "elm"]
plt.plot([1, 2], [0.5, 0.7])
plt.xlabel("epoch")
"""
MODELS = """
import keras

def with_a_head(backbone, num_classes):
    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    x = keras.layers.GlobalAveragePooling2D()(backbone(inputs))
    made = keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(x))
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made

def trained(images, labels):
    made = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    made.fit(images / 255, labels, epochs=2, verbose=0)
    return made

model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
"""


def public_names():
    return {(module, name) for module in vocabulary.MODULES for name in importlib.import_module(module).__all__}


def test_a_page_of_version_1_keeps_working(tmp_path):
    page = tmp_path / "page_of_version_1.py"
    page.write_text(PAGE.read_text())
    trainings.forget_notebook()  # of other tests in this process
    gates = {"gates": {"recognised": {"threshold": 0.8, "band": 0.005}}}
    (tmp_path / "thresholds_sketches.json").write_text(json.dumps(gates))
    results = judge([page], {"numbers": NUMBERS, "models": MODELS}, ("numbers", "models"))
    assert {name: found.message for name, found in results.items() if not found.points} == {}


def test_the_page_in_the_docs_shows_every_public_name_in_an_example_that_works(project_root):
    text = (project_root / "docs" / "vocabulary.md").read_text()
    shown = "\n\n\n".join(re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    kept = PAGE.read_text()
    for piece in shown.split("\n\n\n"):
        assert piece.strip() in kept, "docs/vocabulary.md shows what no test has run; copy it from vocabulary_1.py"
    for module, name in public_names():
        assert re.search(rf"\b{name}\b", shown), f"docs/vocabulary.md has no example of {module}.{name}"
    named = re.findall(r"^\| `(?:\w+\.)?(\w+)[`(]", text, re.MULTILINE)
    assert sorted(named) == sorted(name for _, name in public_names())
    assert f"version {vocabulary.VERSION}" in text


@pytest.mark.parametrize(("stated", "said"), [("2", "version 2 of the vocabulary"), ("'1'", "states no version")])
def test_a_page_for_a_newer_vocabulary_is_refused(tmp_path, stated, said):
    page = tmp_path / "newer.py"
    page.write_text(f"VOCABULARY = {stated}\nfrom autograder.judge.checking import tomorrow\n")
    assert said in vocabulary.why_not(page)
    plugin = JudgePlugin(None, b"key", ("cell",), {}, lambda message: None, "sketches")
    status, words = run_page([page], plugin)
    assert status != 0
    assert said in words
    assert "tomorrow" not in words
