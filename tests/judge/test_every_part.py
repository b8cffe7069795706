"""Every public part of Keras comes across in a model, alone and in random graphs, or stands in the docs' table."""

import random
import warnings

import keras
import pytest
from keras import layers

from tests.judge import every_part
from tests.judge.every_part import BEGIN, END, PAGE, Graph, NoFit, classes_of, problem_with

SHARE_TRIED = 6
GRAPHS = 8


def _table():
    return PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()


def _told():
    rows = [line.split("|")[1:3] for line in _table().splitlines() if line.startswith("| `")]
    return {name.strip().strip("`"): reason.strip() for name, reason in rows}


def _parts():
    return [*every_part.every_layer(), *every_part.every_other_part()]


def test_what_is_carried_and_what_is_not_is_told_in_the_docs(request):
    parts = _parts()
    if not request.config.getoption("--every-part"):  # a share of what is carried, and all that is not
        told = _told()
        parts = [part for place, part in enumerate(parts) if place % SHARE_TRIED == 0 or part[0] in told]
    lost, unfit, count = every_part.tried(iter(parts))

    assert every_part.table(lost, unfit) == _table()
    assert count > len(parts) // 3


def test_the_parts_are_those_of_keras():
    names = {name for name, _ in _parts()}

    assert {"layers.Conv2D", "layers.RandomShear", "activations.gelu", "losses.Huber", "optimizers.Adam"} <= names
    assert {name.partition(".")[0] for name in names} == {
        "layers", "activations", "initializers", "regularizers", "constraints", "losses", "metrics", "optimizers"
    }  # fmt: skip
    assert len(names) > 250


def _kinds():
    told = {name.partition(".")[2] for name in _told()}
    return [
        kind
        for name, kind in classes_of(layers).items()
        if issubclass(kind, layers.Layer) and kind not in (layers.Layer, layers.InputLayer) and name not in told
    ]


def test_random_graphs_of_shared_nested_and_oddly_named_parts_come_across(request):
    count, wrong, done, used = request.config.getoption("--graphs") or GRAPHS, {}, 0, set()
    for seed in range(count):
        graph = Graph(seed, _kinds())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            keras.utils.set_random_seed(seed)
            random.seed(seed)
            try:
                problem = problem_with(graph.model(), random_parts=True)
            except NoFit:
                continue
        done += 1
        used |= set(graph.used)
        if problem:
            wrong[seed] = (graph.used, problem)

    assert wrong == {}
    assert done >= count * 2 // 3
    assert len(used) > count // 2


@pytest.mark.parametrize("seed", [3])
def test_a_graph_that_lost_a_part_would_be_noticed(seed, monkeypatch):
    keras.utils.set_random_seed(seed)
    model = Graph(seed, [layers.ReLU]).model()
    monkeypatch.setattr(layers.ReLU, "get_config", lambda layer: {"name": layer.name, "threshold": 0.5})

    assert "predicts something else" in problem_with(model)
