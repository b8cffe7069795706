"""An accuracy is measured on as many images as it takes, and decided as if it had been measured on all."""

import numpy as np
import pytest

from autograder.judge.thresholds import FIRST_PORTION, Gate, accuracy_at

GATE = Gate(0.585, 0.005)
IMAGES = 400


def measured(is_right: np.ndarray) -> tuple[float, int]:
    """The accuracy, and how many images were looked at, of a model that is right where it is said."""
    asked: list[int] = []

    def classify(portion: slice) -> np.ndarray:
        asked.append(len(is_right[portion]))
        return np.where(is_right[portion], 3, 0)

    return accuracy_at(GATE, np.full(len(is_right), 3), classify), sum(asked)


def side(accuracy: float) -> str:
    if accuracy < GATE.threshold - GATE.band:
        return "below"
    return "inside" if accuracy < GATE.threshold + GATE.band else "above"


@pytest.mark.parametrize("accuracy", [0.1, 0.3, 0.8, 0.95])
def test_far_from_the_gate_a_few_images_decide_as_all_would(accuracy):
    generator = np.random.default_rng(7)
    looks = []
    for _ in range(500):
        is_right = generator.random(IMAGES) < accuracy
        found, looked_at = measured(is_right)
        assert side(found) == side(is_right.mean())
        looks.append(looked_at)
    assert np.median(looks) <= IMAGES / 3


@pytest.mark.parametrize("accuracy", [0.57, 0.585, 0.6])
def test_near_the_gate_all_images_are_used(accuracy):
    generator = np.random.default_rng(8)
    is_right = generator.permutation(IMAGES) < accuracy * IMAGES

    found, looked_at = measured(is_right)

    assert (found, looked_at) == (pytest.approx(accuracy), IMAGES)


def test_another_decision_than_on_all_images_is_rarer_than_what_the_gate_risks_anyway():
    generator = np.random.default_rng(9)
    other = 0
    for _ in range(3_000):
        is_right = generator.random(IMAGES) < generator.uniform(0.4, 0.75)
        other += side(measured(is_right)[0]) != side(is_right.mean())
    assert other <= 2


def test_all_right_and_all_wrong_are_decided_at_the_first_look():
    assert measured(np.ones(IMAGES, bool)) == (1.0, FIRST_PORTION)
    assert measured(np.zeros(IMAGES, bool)) == (0.0, FIRST_PORTION)


@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_a_gate_at_the_end_of_the_range_is_no_reason_to_stop(threshold):
    gate = Gate(threshold, 0.005)
    labels = np.arange(IMAGES) % 2

    found = accuracy_at(gate, labels, lambda portion: np.zeros(len(labels[portion]), int))

    assert found == pytest.approx(0.5, abs=0.02)
