"""Hidden checks for exercise 1, two classes: the three trainings and their figure.   7 points

Slips guarded: random weights, a backbone trained along, epochs that differ, invented accuracies, fine-tuning that
reached no layer or every layer, curves without names.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import transferlab
from autograder.checks.thresholds import gate
from autograder.judge import pretrained
from autograder.judge.cases import Cases
from autograder.judge.checking import check, fail
from autograder.judge.comparators import expect_accuracy, expect_report, number, predicted_classes
from autograder.judge.models import ModelFacts, describe, find_arrays
from autograder.judge.submission import Submission

Array = np.ndarray[Any, Any]
FEATURE, FINE_TUNED, FIGURE = "check_feature_stage", "check_fine_tuned_stage", "check_figure"
HIDDEN_PER_CLASS = 300
TEST_PER_CLASS, TEST_SEED = 300, 23
"""The test images that the notebook gives to everybody."""
BASELINE_EPOCHS, FEATURE_EPOCHS, FINE_TUNING_EPOCHS = 12, 8, 4


class HiddenImages:
    """Images nobody has seen, and how the notebook's models do on them.

    Args:
        submission: Whose models.
        data: Images and backbone of the course.
        seed: Of the images.
    """

    def __init__(self, submission: Submission, data: transferlab.CourseData, seed: int) -> None:
        self._submission, self._data = submission, data
        self._cases = Cases(submission)
        self._images = transferlab.load_images(
            data.source, "hidden", classes=data.pair, per_class=HIDDEN_PER_CLASS, seed=seed
        )

    def facts(self, name: str) -> ModelFacts:
        """Read a model of the notebook, once."""
        return self._cases.once(("facts", name), lambda: self._read(name))

    def accuracy(self, name: str) -> float:
        """Measure the share of hidden images that a model classifies correctly, once."""
        return self._cases.once(("accuracy", name), lambda: self._measure(name))

    def test_accuracy(self, name: str) -> float:
        """Measure the same on the notebook's own test images."""
        images, labels, _ = transferlab.load_images(
            self._data.source, "test", classes=self._data.pair, per_class=TEST_PER_CLASS, seed=TEST_SEED
        )
        return float(np.mean(predicted_classes(self.facts(name).predict(images), f"`{name}`") == labels))

    def _read(self, name: str) -> ModelFacts:
        return describe(self._submission, self._submission.read_model(name), f"`{name}`")

    def _measure(self, name: str) -> float:
        outputs = self.facts(name).predict_unseen(self._submission, self._images.images)
        return float(np.mean(predicted_classes(outputs, f"`{name}`") == self._images.labels))


@pytest.fixture(scope="session")
def hidden(submission: Submission, data: transferlab.CourseData, draw_seed: Callable[[str], int]) -> HiddenImages:
    """Hidden images of the pair."""
    return HiddenImages(submission, data, draw_seed("hidden images"))


# --- the feature stage: 4 points


@check(FEATURE, points=2, hint="is the backbone loaded with its pretrained weights, and was `fit` run for all epochs?")
def feature_model_recognises_new_images(hidden: HiddenImages, data: transferlab.CourseData) -> None:
    """`feature_model` classifies images it has never seen."""
    accuracy = hidden.accuracy("feature_model")
    expect_accuracy(accuracy, *gate("exercise_1/feature", data.source), "`feature_model`")


@check(
    FEATURE,
    points=1,
    hint="freeze the backbone before training: `feature_model` must hold the pretrained arrays, untouched",
)
def feature_model_holds_the_pretrained_backbone(hidden: HiddenImages, data: transferlab.CourseData) -> None:
    """The pretrained backbone is in `feature_model`, every array unchanged: it was frozen, and it was not random."""
    facts = hidden.facts("feature_model")
    wanted = pretrained.all_arrays(data.backbone)
    missing = sum(place is None for place in find_arrays(wanted, facts.arrays))
    if missing:
        fail(
            f"{missing} of the {len(wanted)} pretrained arrays of {data.backbone} are not in `feature_model`",
            "all of them, bit for bit",
        )


@check(FEATURE, points=0.5)
def feature_accuracy_is_the_models_own(submission: Submission, hidden: HiddenImages) -> None:
    """`feature_accuracy` is what `feature_model` really reaches on the test images."""
    reported = number(submission.read("feature_accuracy"), "`feature_accuracy`")
    expect_report(reported, hidden.test_accuracy("feature_model"), "feature_accuracy")


@check(FEATURE, points=0.5, hint="store what `fit` returns under `histories['baseline']` and `histories['feature']`")
def baseline_and_feature_train_for_their_epochs(submission: Submission, hidden: HiddenImages) -> None:
    """`histories` holds both trainings, the baseline with as many epochs as the two stages together."""
    _expect_epochs(submission, {"baseline": BASELINE_EPOCHS, "feature": FEATURE_EPOCHS})
    hidden.facts("baseline_model")


# --- the fine-tuning stage: 2 points


@check(FINE_TUNED, points=1, hint="start from `feature_model`, with a small learning rate")
def fine_tuned_model_recognises_new_images(hidden: HiddenImages, data: transferlab.CourseData) -> None:
    """`finetuned_model` classifies images it has never seen."""
    accuracy = hidden.accuracy("finetuned_model")
    expect_accuracy(accuracy, *gate("exercise_1/fine_tuned", data.source), "`finetuned_model`")


@check(
    FINE_TUNED,
    points=1,
    hint="unfreeze with your `start_fine_tuning`, then call `fit` again for the fine-tuning epochs",
)
def fine_tuning_moved_only_the_last_layers(
    submission: Submission, hidden: HiddenImages, data: transferlab.CourseData
) -> None:
    """Fine-tuning changed the last layers of the pretrained backbone and kept the first, for the epochs asked."""
    _expect_epochs(submission, {"finetuned": FINE_TUNING_EPOCHS})
    facts = hidden.facts("finetuned_model")
    layers = pretrained.counted_layers(data.backbone).values()
    kept = [None not in find_arrays(arrays, facts.arrays) for arrays in layers]
    if all(kept):
        fail(f"every layer of {data.backbone} is still as it was pretrained", "the last ones changed by fine-tuning")
    if not kept[0]:
        fail(
            f"the first layer of {data.backbone} changed, or the pretrained backbone is not in `finetuned_model`",
            "the first layers as they were pretrained",
        )


# --- the figure: 1 point


@check(FIGURE, points=1, hint="one line a model, each with `label=`, and a legend")
def figure_shows_the_three_trainings(submission: Submission) -> None:
    """A figure shows the validation accuracy of all three models, each named."""
    reply, _ = submission.probe({"op": "figures"})
    for figure in reply.get("figures", ()):
        words = " ".join(str(word).lower() for axes in figure["axes"] for word in (*axes["words"], *axes["ticks"]))
        series = sum(len([count for count in axes["series"] if count >= 2]) for axes in figure["axes"])
        if series >= 3 and all(
            name in words.replace("_", "").replace("-", "").replace(" ", "")
            for name in ("baseline", "feature", "finetuned")
        ):
            return
    drawn = len(reply.get("figures", ()))
    fail(
        f"none of the {drawn} figures drawn so far names all three" if drawn else "no figure has been drawn",
        "three lines named baseline, feature and finetuned",
    )


# --- what these checks share


def _expect_epochs(submission: Submission, epochs: dict[str, int]) -> None:
    histories = submission.read("histories")
    for name, count in epochs.items():
        record = histories.get(name) if isinstance(histories, dict) else None
        accuracies = record.get("val_accuracy") if isinstance(record, dict) else None
        if accuracies is None:
            fail(f"`histories` has no validation accuracies under {name!r}", f"what `fit` returned, under {name!r}")
        if len(accuracies) != count:
            fail(
                f"`histories[{name!r}]` holds {len(accuracies)} epochs",
                f"{count}, so that all models train equally long",
            )
