"""Hidden checks for exercise 2, freezing strategies: what the notebook's own comparison leaves.   4 points

Which fraction is best is never judged: beyond the first quarter it is chance.

Slips guarded: random weights, an untrained or the wrong model kept as the best, numbers nobody measured, a figure
without names.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import transferlab
from autograder.checks.thresholds import gate
from autograder.judge import oracles
from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, Undecided, check, fail
from autograder.judge.comparators import expect_accuracy, expect_report, number, predicted_classes
from autograder.judge.comparing import COLUMNS, slipped
from autograder.judge.figure_claims import expect_times_drawn
from autograder.judge.freezing import layer_flags
from autograder.judge.models import ModelFacts, describe, find_arrays, load_backbone
from autograder.judge.pretrained import counted_layers
from autograder.judge.submission import Submission
from autograder.judge.tables import column_of_numbers, expect_table
from autograder.judge.watching import MANY_TRAININGS, Training, learned_from, may_be_of, notebook_trainings
from autograder.judge.wording import brief

Array = np.ndarray[Any, Any]
COMPARISON, FIGURE = "check_comparison", "check_figure"
FRACTIONS, TOLERANCE = (0.0, 0.25, 0.5, 1.0), 0.02
VALIDATION_PER_CLASS, VALIDATION_SEED = 15, 42
"""The validation images that the notebook gives to everybody."""
HIDDEN_PER_CLASS = 60
TRAINING_IMAGES, TRAINING_SEED, HEAD_EPOCHS, EPOCHS = 120, 41, 6, 2
"""What the notebook trains with."""


class Left:
    """What the notebook has left, each read and measured once.

    Args:
        submission: Whose notebook.
        data: What the course works with.
        draw_seed: Gives the seed of the hidden images, and of those that `compare_strategies` was asked with.
    """

    def __init__(self, submission: Submission, data: transferlab.CourseData, draw_seed: Callable[[str], int]) -> None:
        self.submission, self.data = submission, data
        self._seed, self._seed_of_comparison = draw_seed("hidden images"), draw_seed("comparison")
        self._cases = Cases(submission)

    def columns(self) -> dict[str, list[float]]:
        """Return the table as finite numbers, by column."""
        return self._cases.once("table", self._table)

    def best_model(self) -> ModelFacts:
        """Return everything about `best_model`."""
        return self._cases.once("model", self._model)

    def accuracy(self, split: str, per_class: int, seed: int) -> float:
        """Measure `best_model` on images of the notebook's classes."""
        images, labels, _ = transferlab.load_images(self.data.source, split, per_class=per_class, seed=seed)
        model, unseen = self.best_model(), split == "hidden"
        outputs = model.predict_unseen(self.submission, images) if unseen else model.predict(images)
        return float(np.mean(predicted_classes(outputs, "`best_model`") == labels))

    def hidden_accuracy(self) -> float:
        """Measure it on images nobody has seen."""
        return self.accuracy("hidden", HIDDEN_PER_CLASS, self._seed)

    def slipped(self, *expectations: str) -> bool:
        """Whether `compare_strategies` has lost points for one of these: it is not charged again."""
        return slipped(self.submission, self._seed_of_comparison, *expectations)

    def trainings(self) -> tuple[Training, ...] | None:
        """Read what the notebook's own cells have trained."""
        return self._cases.once("trainings", lambda: notebook_trainings(self.submission))

    def images(self, split: str) -> tuple[Array, Array]:
        """Return the notebook's images and labels of a split."""
        per_class, seed = {
            "train": (TRAINING_IMAGES // 10, TRAINING_SEED),
            "validation": (VALIDATION_PER_CLASS, VALIDATION_SEED),
        }[split]
        images, labels, _ = transferlab.load_images(self.data.source, split, per_class=per_class, seed=seed)
        return images, labels

    def own_counts(self, fraction: float) -> tuple[tuple[int, Any], set[str]]:
        """How far the student's own functions unfreeze the backbone: slips in them are charged there.

        Returns:
            The number of parameters that learn, as flags say and as `count_parameters` says; and the names of their
            layers.
        """
        handle = load_backbone(self.submission, self.data.backbone, None)
        self.submission.call("unfreeze_fraction", handle, fraction, model=True)  # what it raises is charged there
        flags = layer_flags(self.submission, handle)
        counts = self.submission.call("count_parameters", handle, model=True).value
        told = counts.get("trainable") if isinstance(counts, Mapping) else None
        return (sum(found.trainable for found in flags), told), {found.name for found in flags if found.trainable}

    def _table(self) -> dict[str, list[float]]:
        table = expect_table(self.submission.read("table"), COLUMNS, "`table`")
        return {name: column_of_numbers(table, name, "`table`") for name in COLUMNS}

    def _model(self) -> ModelFacts:
        return describe(self.submission, self.submission.read_model("best_model"), "`best_model`")


@pytest.fixture(scope="session")
def left(submission: Submission, data: transferlab.CourseData, draw_seed: Callable[[str], int]) -> Left:
    """What the notebook has left."""
    return Left(submission, data, draw_seed)


@pytest.fixture(scope="session")
def pretrained(data: transferlab.CourseData) -> dict[str, list[Array]]:
    """Arrays of the backbone's layers that count, by layer, in order."""
    return counted_layers(data.backbone)


# --- the comparison: 3 points


@check(COMPARISON, points=0.5, hint="are the weights pretrained, and does `best_model` come from `compare_strategies`?")
def best_model_recognises_new_images(left: Left) -> None:
    """`best_model` classifies images of all ten classes that it has never seen."""
    left.best_model()  # what is not there is excused by no slip of the function
    try:
        expect_accuracy(left.hidden_accuracy(), *gate("exercise_2/best", left.data.source), "`best_model`")
    except Failed:
        if not left.slipped("expect_best", "expect_fresh_starts", "expect_images"):
            raise


@check(COMPARISON, points=0.5, hint="`HEAD_EPOCHS` and `EPOCHS`, in this order, and the images to train on first")
def comparison_trains_as_asked(left: Left) -> None:
    """The models were trained on the 120 images, for HEAD_EPOCHS and then for EPOCHS epochs, and on no other images."""
    trainings, excused = left.trainings(), left.slipped("expect_epochs", "expect_images", "expect_fresh_starts")
    if trainings is None:
        raise Undecided(MANY_TRAININGS)
    own = [found for found in trainings if found.model.id == left.best_model().handle.id]
    training, validation = (left.images(split) for split in ("train", "validation"))
    if any(learned_from(found, validation, training) for found in own or trainings) and not excused:
        fail("a `fit` in the notebook has learned from the images to validate with", "training images only")
    whole = [found for found in trainings if may_be_of(found, TRAINING_IMAGES)]
    if not whole and not excused:
        fail(f"no cell of the notebook has trained on the {TRAINING_IMAGES} images", "the comparison to be run")
    epochs = [found.epochs for found in own]
    heads = [found for found in whole if found.epochs == HEAD_EPOCHS]
    if (not heads or (epochs and epochs[-1] != EPOCHS)) and not excused:
        came = f"`best_model` was trained for {' and then for '.join(map(str, epochs)) or 'no'} epochs"
        fail(came, f"{HEAD_EPOCHS} epochs for the head, and then {EPOCHS} for the model")


@check(COMPARISON, points=0.5, hint="take the table as `compare_strategies` returns it, for all four fractions")
def table_holds_the_four_strategies(left: Left, pretrained: dict[str, list[Array]]) -> None:
    """`table` has a row for 0, 0.25, 0.5 and 1, with exact counts and with measured accuracies and times."""
    columns = left.columns()
    if left.slipped("expect_rows"):
        return
    if columns["fraction"] != list(FRACTIONS):
        fail(f"the column `fraction` of `table` holds {columns['fraction']}", f"{list(FRACTIONS)}")
    if min(columns["seconds"]) <= 0 and not left.slipped("expect_seconds"):
        fail(f"`table` says that a training took {min(columns['seconds']):g} seconds", "more than nothing")
    images = 10 * VALIDATION_PER_CLASS
    for accuracy in columns["val_accuracy"]:
        is_share = 0 <= accuracy <= 1 and abs(accuracy * images - round(accuracy * images)) <= 0.001
        if not is_share and not left.slipped("expect_last_epochs"):
            came = f"`table` holds the accuracy {accuracy:.6g}, which is no number of images out of {images}"
            fail(came, "shares of the validation images, not rounded")
    sizes = [sum(array.size for array in arrays) for arrays in pretrained.values()]
    told = [count - columns["trainable"][0] for count in columns["trainable"]]
    wanted = [sum(sizes[len(sizes) - math.ceil(fraction * len(sizes)) :]) for fraction in FRACTIONS]
    if told != wanted and not _as_own_functions(left, told) and not left.slipped("expect_counts", "expect_layers"):
        came = f"beside the {columns['trainable'][0]:,.10g} of the row for 0, `trainable` grows by {told[1:]}"
        fail(came, f"{wanted[1:]}, the parameters of the unfrozen layers")


@check(COMPARISON, points=0.5, hint="`best_model` and `table` must come from the same call")
def table_reports_what_the_best_model_reaches(left: Left) -> None:
    """The highest `val_accuracy` in `table` is what `best_model` really reaches on the validation images."""
    measured = left.accuracy("validation", VALIDATION_PER_CLASS, VALIDATION_SEED)
    reported = max(left.columns()["val_accuracy"])
    try:
        expect_report(reported, measured, "table", "the validation images")
    except Failed:
        if not left.slipped("expect_last_epochs", "expect_best", "expect_images"):
            raise


@check(COMPARISON, points=0.5, hint="`make_backbone` has to load the pretrained weights: `transferlab.load_backbone`")
def best_model_is_the_strategy_of_its_row(left: Left, pretrained: dict[str, list[Array]]) -> None:
    """In `best_model`, the layers that its row left frozen are as they were pretrained, and the others have moved."""
    columns, facts = left.columns(), left.best_model()
    facts.rebuilt()  # a model that is refused elsewhere is no strategy here
    kept = {name for name, arrays in pretrained.items() if None not in find_arrays(arrays, facts.arrays)}
    best = max(columns["val_accuracy"])
    rows = [row for row, accuracy in enumerate(columns["val_accuracy"]) if accuracy == best]
    fractions = [columns["fraction"][row] for row in rows]
    names = list(pretrained)
    for fraction in fractions:
        if kept == set(names[: len(names) - math.ceil(fraction * len(names))]):
            return
        if kept == set(names) - _own_layers(left, fraction):
            return
    if left.slipped("expect_best", "expect_layers", "expect_fresh_starts", "expect_last_epochs", "expect_rows"):
        return
    fail(
        f"`best_model` holds {len(kept)} of the {len(names)} layers of {left.data.backbone} as they were pretrained",
        f"the first {len(names) - math.ceil(fractions[0] * len(names))}, as the best row of `table` left them",
    )


@check(COMPARISON, points=0.5, hint="`best_strategy(table, TOLERANCE)`")
def chosen_fraction_follows_from_the_table(left: Left) -> None:
    """`chosen_fraction` is what `best_strategy` says of `table`."""
    columns = left.columns()
    chosen = number(left.submission.read("chosen_fraction"), "`chosen_fraction`")
    expected = oracles.best_fraction(columns, TOLERANCE)
    if chosen != expected and chosen != _own_choice(left):
        fail(f"`chosen_fraction` is {chosen:g}", f"{expected:g}, with the tolerance {TOLERANCE:g}")


# --- the figure: 1 point


@check(FIGURE, points=1, hint="a scatter plot with a text at each point, and `xlabel` and `ylabel`")
def figure_shows_accuracy_against_time(submission: Submission, left: Left) -> None:
    """A figure shows a point for each strategy, named by its fraction, and says which axis is the time."""
    try:
        columns = left.columns()
    except Failed:
        columns = None
    expect_times_drawn(submission, columns)


# --- what these checks share


def _as_own_functions(left: Left, told: list[float]) -> bool:
    try:
        own = [left.own_counts(fraction)[0] for fraction in FRACTIONS]
    except Failed:
        return False
    for kind in (0, 1):
        counts = [count[kind] for count in own]
        if all(isinstance(count, int) for count in counts) and told == [count - counts[0] for count in counts]:
            return True
    return False


def _own_layers(left: Left, fraction: float) -> set[str]:
    try:
        return left.own_counts(fraction)[1]
    except Failed:
        return set()


def _own_choice(left: Left) -> Any:
    try:
        table = left.submission.read("table")
        return number(left.submission.best_strategy(table, TOLERANCE), "the answer")
    except Failed as problem:
        return brief(problem)
