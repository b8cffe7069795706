"""Figures are read generously in form and language, and strictly in their data."""

import base64
import json
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import seaborn as sns

import transferlab
from autograder.judge.checking import Failed, Undecided
from autograder.judge.figure_claims import (
    expect_times_drawn,
    expect_trainings_drawn,
    expect_two_trade_offs_drawn,
)
from autograder.judge.figures import read_notes
from autograder.kernels import figures
from autograder.kernels.values import Table
from tests.judge.figure_snippets import TRAININGS
from tests.judge.figure_snippets_of_tables import TIMES, TRADE_OFFS

mpl.use("agg")

VALIDATION = {
    "baseline": [0.5, 0.56, 0.6, 0.58, 0.65, 0.68, 0.7, 0.69, 0.73, 0.74, 0.71, 0.75],
    "feature": [0.81, 0.9, 0.93, 0.94, 0.95, 0.94, 0.96, 0.95],
    "finetuned": [0.96, 0.955, 0.97, 0.965],
}
TABLE = pd.DataFrame(
    {
        "fraction": [0.0, 0.25, 0.5, 1.0],
        "trainable": [9_226, 230_666, 285_850, 302_746],
        "val_accuracy": [0.733333, 0.76, 0.713333, 0.673333],
        "seconds": [1.1342, 1.5311, 1.6278, 2.3049],
    }
)
NETWORKS = pd.DataFrame(
    {
        "name": ["mini_resnet", "mini_vgg", "mini_mobilenet"],
        "parameters": [393_384, 293_520, 142_840],
        "val_accuracy": [0.855, 0.785, 0.79],
        "seconds_per_epoch": [0.81, 0.42, 0.55],
        "ms_per_image": [3.512, 3.604, 1.913],
    }
)


def record(values):
    entries = {
        "val_accuracy": values,
        "accuracy": [min(1.0, value + 0.02 + 0.003 * place) for place, value in enumerate(values)],
        "val_loss": [1.2 - value for value in values],
    }
    return SimpleNamespace(history=entries, epoch=list(range(len(values))))


class Student:
    """A submission whose kernel is this process."""

    def __init__(self):
        self.histories = {name: record(values) for name, values in VALIDATION.items()}

    def probe(self, content):
        assert content == {"op": "figures"}
        return json.loads(json.dumps(figures.report(), allow_nan=False)), []

    def read(self, name):
        if self.histories is None:
            raise Failed(f"there is no `{name}`")
        return {key: found.history for key, found in self.histories.items()}


def long_form(histories, column):
    """All epochs of all trainings below each other."""
    return pd.concat(
        pd.DataFrame({"epoch": range(len(found.epoch)), column: found.history["val_accuracy"], "model": name})
        for name, found in histories.items()
    )


def display(thing):
    """As a notebook does it: a figure becomes a picture, other things say what they are."""
    if isinstance(thing, mpl.figure.Figure):
        import io

        thing.savefig(io.BytesIO())
        return
    bundle = thing._repr_mimebundle_() if hasattr(thing, "_repr_mimebundle_") else {}
    show({"text/plain": "", **(bundle[0] if isinstance(bundle, tuple) else bundle)})


def show(bundle):
    figures.displayed({"content": {"data": bundle}})


@pytest.fixture(autouse=True)
def _forget():
    figures.drawn.clear()
    yield
    plt.close("all")
    figures.drawn.clear()


def run(code, **names):
    if "px." in code or "go." in code:
        names["px"] = pytest.importorskip("plotly.express")
        names["go"] = pytest.importorskip("plotly.graph_objects")
        import plotly.io

        plotly.io.renderers.default = "plotly_mimetype"
        names["go"].Figure.show = display
    names |= {
        "display_html": lambda html: show({"text/html": html}),
        "drawn_elsewhere": lambda: plt.close("all") or figures.drawn.clear(),
    }
    exec(
        code,
        {
            "plt": plt,
            "np": np,
            "pd": pd,
            "sns": sns,
            "transferlab": transferlab,
            "display": display,
            "long_form": long_form,
            **names,
        },
    )
    figures.note_open()


def outcome(claim, *arguments):
    try:
        claim(*arguments)
    except Failed as problem:
        return "wrong", problem.came_back
    except Undecided as problem:
        return "person", str(problem)
    return "right", ""


@pytest.mark.parametrize("swapped", [False, True])
def test_curves_of_plotly_as_it_publishes_them(swapped):
    names = ["finetuned", "baseline", "feature"] if swapped else list(VALIDATION)
    traces = [
        {
            "type": "scatter",
            "name": name,
            "y": {"dtype": "f8", "bdata": base64.b64encode(np.array(values).tobytes()).decode()},
        }
        for name, values in zip(names, VALIDATION.values(), strict=True)
    ]
    show({"application/vnd.plotly.v1+json": {"data": traces, "layout": {}}})
    found, said = outcome(expect_trainings_drawn, Student())
    assert found == ("wrong" if swapped else "right"), said

    figures.drawn.clear()
    show({"text/html": f'<script>Plotly.newPlot("a-b-c", {json.dumps(traces)}, {{"title": {{}}}})</script>'})
    found, said = outcome(expect_trainings_drawn, Student())
    assert found == ("wrong" if swapped else "right"), said


def test_pictures_of_earlier_cells_decide_nothing():
    show({"image/svg+xml": "<svg/>"})
    figures.asked()
    found, said = outcome(expect_trainings_drawn, Student())
    assert (found, said) == ("person", "The notebook shows a picture, which only a person can look at.")

    plt.plot([1, 2])
    figures.note_open()
    found, said = outcome(expect_trainings_drawn, Student())
    assert found == "wrong", said


@pytest.mark.parametrize(
    "note",
    [
        None,
        5,
        {},
        {"kind": "plotly"},
        {"kind": "plotly", "spec": {"data": [{"x": "a"}]}},
        {"kind": "vega", "spec": {"mark": 5, "encoding": []}},
        {"kind": "matplotlib", "axes": [{"series": 7}]},
        {"kind": "html", "text": "vegaEmbed = {" + 5_000 * "["},
        {"kind": "html", "text": "Plotly.newPlot("},
    ],
)
def test_a_note_that_follows_no_format_is_left_to_a_person(note):
    shown = read_notes([note, {"stage": 3}], 3)
    assert shown.figures == []


def kind(name):
    return name.split("_")[0]


@pytest.mark.parametrize("name", TRAININGS)
def test_curves_of_trainings(name):
    student = Student()
    run(TRAININGS[name], histories=student.histories)
    found, said = outcome(expect_trainings_drawn, student)
    assert found == kind(name), said


def test_histories_may_be_data_frames(monkeypatch):
    student = Student()
    run(TRAININGS[next(name for name in TRAININGS if kind(name) == "right")], histories=student.histories)
    tables = {
        name: Table({column: [*values] for column, values in h.history.items()})
        for name, h in student.histories.items()
    }
    monkeypatch.setattr(student, "read", lambda name: tables)
    assert outcome(expect_trainings_drawn, student) == ("right", "")


@pytest.mark.parametrize("name", TIMES)
def test_accuracy_against_time(name):
    run(TIMES[name], table=TABLE)
    columns = {column: TABLE[column].tolist() for column in TABLE}
    found, said = outcome(expect_times_drawn, Student(), columns)
    assert found == kind(name), said


@pytest.mark.parametrize("name", TRADE_OFFS)
def test_two_trade_offs(name):
    run(TRADE_OFFS[name], table=NETWORKS)
    rows = NETWORKS.to_dict("records")
    found, said = outcome(expect_two_trade_offs_drawn, Student(), rows, ("mini_vgg", "mini_resnet", "mini_mobilenet"))
    assert found == kind(name), said
