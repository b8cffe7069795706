"""What the checks stand on: known architectures, the comparison, the oracle."""

import importlib
import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers

from autograder.checks.exercise_2_freezing_strategies import _architectures as architectures
from autograder.checks.exercise_2_freezing_strategies import _comparison as comparing
from autograder.checks.exercise_2_freezing_strategies import _freezing as freezing
from autograder.checks.exercise_2_freezing_strategies import _question as question
from autograder.checks.exercise_2_freezing_strategies import _stages as stages
from autograder.checks.exercise_2_freezing_strategies import _tables as oracles
from autograder.checks.exercise_2_freezing_strategies import _times as times
from autograder.judge.checking import Failed
from autograder.kerasmodels import tiny
from autograder.kernels import asked_models
from tests.judge.local import Student
from tests.judge.planned import accuracies


@pytest.mark.parametrize("name", architectures.NAMES)
def test_a_known_architecture_is_the_real_one(name):
    assert architectures.architecture(name) == architectures.count(name)


def test_a_known_architecture_adds_up():
    assert architectures.architecture("vgg16").parameters == 14_714_688
    assert [len(architectures.architecture(name).counted) for name in architectures.NAMES] == [13, 53, 52]


def test_a_model_that_is_to_show_nothing_gives_every_image_the_same_class():
    *before, last = accuracies(question.SHOWN[:1], 3)
    assert last == pytest.approx(1 / 3)
    assert min(before) > 0.5


def trainings(*seconds, accuracies=(0.7, 0.74, 0.76, 0.72)):
    """Second stages of so many seconds; a clock in a callback shows a little less, one around them a little more."""
    return [
        SimpleNamespace(
            seconds=took,
            outer_seconds=took + 0.02,
            epoch_seconds=((0.6 * took, 0.65 * took, 0.66 * took), (0.2 * took, 0.25 * took, 0.25 * took)),
            val_accuracy=(0.1, accuracy) if accuracy else (),
        )
        for took, accuracy in zip(seconds, accuracies, strict=True)
    ]


TOOK = (1.1, 1.6, 1.7, 2.4)


def told(seconds, accuracies=(0.7, 0.74, 0.76, 0.72)):
    return {"fraction": [0, 0.25, 0.5, 1], "seconds": seconds, "val_accuracy": accuracies}


@pytest.mark.parametrize(
    ("seconds", "known"),
    [
        (TOOK, trainings(*TOOK)),
        ((1.0, 1.5, 1.5, 2.2), trainings(*TOOK)),  # of epochs, rounded
        ((1.3, 1.8, 1.9, 2.7), trainings(*TOOK)),  # with what is done just before
        (TOOK[::-1], trainings(*TOOK[::-1])),
        (TOOK, trainings(*TOOK, accuracies=(None, None, None, None))),  # measured with `evaluate`
        (TOOK, [*trainings(*TOOK[::-1]), *trainings(*TOOK)]),  # of two runs
        ((1.1, 1.1, 1.1, 1.1), trainings(1.1, 1.15, 1.1, 1.2)),  # on a machine for which they are all the same
        ((1.7, 1.6, 1.1, 2.4), trainings(*TOOK, accuracies=(0.5, 0.5, 0.5, 0.5))),  # whose accuracies are others
    ],
)
def test_times_that_trainings_took_are_measured(seconds, known):
    times.expect_times_measured(told(seconds), known)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (
            (0.2, 1.6, 1.7, 2.4),
            "0.2 seconds for 0, which no `fit` of the notebook took; the last ones took 1.10, 1.60,",
        ),
        ((1.1, 1.6, 1.7, 3.3), "3.3 seconds for 1, which no `fit` of the notebook took"),
        ((1.1, 1.1, 1.1, 1.1), "1.1, 1.1, 1.1, 1.1 seconds, which are not the times of 4 trainings of the notebook"),
        ((2.4, 1.6, 1.7, 1.1), "2.4 seconds for 0, and the `fit` that reached 0.700 took 1.10"),
    ],
)
def test_times_that_no_training_took_or_that_of_another_row_are_not(seconds, said):
    with pytest.raises(Failed, match=re.escape(f"`table` says {said}")):
        times.expect_times_measured(told(seconds), trainings(*TOOK))


def test_what_layers_are_set_to_is_told_apart():
    def settings(rate, activation="relu"):
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation), layers.Dropout(rate)])
        return comparing.layer_settings(asked_models.described(model)[0]["description"])

    assert settings(0.2) == settings(0.2)
    assert set(settings(0.2) - settings(0.3)) == {"Dropout with rate 0.2"}
    assert settings(0.2) != settings(0.2, "gelu")
    assert not comparing.layer_settings("")


def test_the_best_fraction_is_the_smallest_training_that_is_good_enough():
    columns = {"fraction": [1.0, 0.25, 0.5, 0.0], "trainable": [9, 5, 5, 1], "val_accuracy": [0.8, 0.79, 0.8, np.nan]}
    assert oracles.best_fraction(columns, 0.02) == 0.25
    assert oracles.best_fraction(columns, 0.0) == 0.5


def test_the_comparison_needs_no_rounding_and_takes_nothing_for_granted():
    backbone = tiny.tiny_backbone(batch_norm=False, seed=3, size=question.SHAPE)
    assert stages.expected_layers(backbone, 0.5) == {tiny.of_ours("convolution_2"), tiny.of_ours("convolution_3")}
    assert question.SHAPE[0] != question.SHAPE[1]
    images, labels = question.comparison_images(60, 12)
    brightness = images.mean(axis=(1, 2, 3))
    assert sorted(set(labels.tolist())) == [0, 1, 2]
    assert labels[brightness.argmin()] == 0
    for seed in range(12):
        drawn = question.comparison_images(12, seed)[1]
        assert sorted(drawn.tolist()) == [0] * 4 + [1] * 4 + [2] * 4
        assert drawn[0] != 2 != drawn[-1]
    assert images.max() <= 255


@pytest.mark.parametrize("arrives", freezing.ARRIVALS)
def test_backbones_arrive_in_every_state_of_flags(arrives):
    backbone = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2), layers.Dense(2)])
    backbone.trainable = arrives not in ("frozen", "thawed")
    if arrives in ("one by one", "thawed"):
        asked_models.layer_flags(backbone, [0, 1, 2] if arrives == "one by one" else [0], one_by_one=True)
    assert backbone.trainable is (arrives not in ("frozen", "thawed"))
    expected = {"learning": [True] * 3, "frozen": [False] * 3, "one by one": [False] * 3, "thawed": [False, True, True]}
    assert [layer.trainable for layer in backbone.layers] == expected[arrives]


def test_twins_share_their_names_and_nothing_else():
    model = freezing.twin_model(7)
    assert len({variable.path for variable in model.weights}) < len(model.weights)
    assert 0 < len(model.trainable_weights) < len(model.weights)


def test_the_pages_judge_the_notebooks_own_comparison(project_root):
    page = importlib.import_module("autograder.checks.exercise_2_freezing_strategies.trained")
    text = (project_root / "source" / "exercise_2_freezing_strategies.py").read_text()
    for given in (
        f"FRACTIONS = {page.FRACTIONS}",
        f"TOLERANCE = {page.TOLERANCE}",
        f'"validation", per_class={page.VALIDATION_PER_CLASS}, seed={page.VALIDATION_SEED})',
        f'"train", per_class={page.TRAINING_IMAGES // 10}, seed=',
        f"HEAD_EPOCHS = {page.HEAD_EPOCHS}\nEPOCHS = {page.EPOCHS}\n",
    ):
        assert given in text


class Draw:
    """Stands for a call whose three models reach these accuracies on our images."""

    def __init__(self, *reached):
        self.reached = reached
        self.validation = ()

    def strategies(self):
        if isinstance(self.reached[0], Exception):
            raise self.reached[0]
        return [SimpleNamespace(accuracy=lambda *_, found=found: found) for found in self.reached]

    shows_the_best = comparing.Comparison.shows_the_best


TIE, LAST, CLEAR = (1 / 3, 1 / 3, 1 / 3), (1 / 3, 1 / 3, 0.5), (1 / 3, 0.6, 1 / 3)


@pytest.mark.parametrize(
    ("draws", "asked"),
    [
        ([CLEAR], [7]),
        ([TIE, CLEAR], [7, 1_007]),
        ([LAST, TIE, TIE], [7, 1_007, 2_007]),
        ([(Failed("it trained two models", "three"),)], [7]),
    ],
)
def test_it_is_asked_again_until_the_best_model_can_be_told_from_the_others(monkeypatch, draws, asked):
    seeds, waiting = [], [Draw(*reached) for reached in draws]

    def ask(submission, seed):
        seeds.append(seed)
        return waiting.pop(0)

    monkeypatch.setattr(comparing, "_in_some_shape", ask)
    found = comparing.compared(Student(), 7)
    assert (seeds, waiting) == (asked, [])
    assert found.reached == tuple(draws[-1])
