"""Hidden checks for exercise 2, freezing strategies: what the notebook's own comparison leaves.   4 points

Which fraction is best is never judged: beyond the first quarter it is chance.

Slips guarded: random weights, an untrained or the wrong model kept as the best, numbers nobody measured, a figure
without names.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

import transferlab
from autograder.checks.exercise_2_freezing_strategies import _question as question
from autograder.checks.exercise_2_freezing_strategies._comparison import compared
from autograder.checks.exercise_2_freezing_strategies._figures import expect_times_drawn
from autograder.checks.exercise_2_freezing_strategies._freezing import layer_flags
from autograder.checks.exercise_2_freezing_strategies._stages import COLUMNS
from autograder.checks.exercise_2_freezing_strategies._tables import best_fraction
from autograder.checks.exercise_2_freezing_strategies._times import expect_times_measured
from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, Undecided, check, fail
from autograder.judge.comparators import expect_accuracy, expect_report, number, predicted_classes
from autograder.judge.submission import Submission
from autograder.judge.tables import Table, column_of_numbers, expect_table
from autograder.judge.thresholds import Gate, accuracy_at, gate
from autograder.judge.wording import brief
from autograder.kerasmodels.charged_once import (
    OwnCall,
    OwnModel,
    charge_once,
    lost_points,
    model_made_by,
    own_calls,
    same_images,
    were_measured,
)
from autograder.kerasmodels.models import ModelFacts, describe, find_arrays, load_backbone
from autograder.kerasmodels.pretrained import all_arrays, counted_layers
from autograder.kerasmodels.watching import (
    MANY_TRAININGS,
    Training,
    digests,
    learned_from,
    may_be_of,
    notebook_trainings,
)

Array = np.ndarray[Any, Any]
COMPARISON, FIGURE = "check_comparison", "check_figure"
FRACTIONS, TOLERANCE = (0.0, 0.25, 0.5, 1.0), 0.02
VALIDATION_PER_CLASS, VALIDATION_SEED = 15, 42
"""The validation images that the notebook gives to everybody."""
HIDDEN_PER_CLASS = 60
TRAINING_IMAGES, TRAINING_SEED, HEAD_EPOCHS, EPOCHS = 120, 41, 6, 2
"""What the notebook trains with."""
COMPARE, PARAMETERS, FRACTIONS_GIVEN, EPOCHS_GIVEN = "compare_strategies", 6, 3, (4, 5)
"""The function, the number of its parameters, and the places of some of them."""
OWN_CALLS = {COMPARISON: {COMPARE: "check_compare_strategies"}}
LEARNT = 0.3
"""Share of the validation images, of ten classes, that only a training gets right."""


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
        """Return the table as finite numbers, by column.

        Raises:
            Failed: There are none.
            Undecided: There are none in what `compare_strategies` returns, either, which has cost points there.
        """
        try:
            return self._cases.once("table", self._table)
        except Failed as problem:
            self.charge_once(problem, ("rows",), self._expect_unreadable_returned)
            raise Undecided(f"`table` is what `{COMPARE}` returned, which has lost points for it.") from problem

    def best_model(self) -> ModelFacts:
        """Return everything about `best_model`."""
        return self._cases.once("model", self._model)

    def validation_accuracy(self) -> float:
        """Measure `best_model` on the notebook's validation images."""
        images, labels = self.images("validation")
        return float(np.mean(predicted_classes(self.best_model().predict(images), "`best_model`") == labels))

    def hidden_accuracy(self, gate: Gate) -> float:
        """Measure it on images nobody has seen: as many as it takes to know on which side of a gate it lies."""
        load, model = transferlab.load_images, self.best_model()
        images, labels, _ = load(self.data.source, "hidden", per_class=HIDDEN_PER_CLASS, seed=self._seed)

        def classes(portion: slice) -> Array:
            return predicted_classes(model.predict_unseen(self.submission, images[portion]), "`best_model`")

        return accuracy_at(gate, labels, classes)

    def charge_once(self, problem: Failed, expectations: Sequence[str], comes_of_it: Callable[[], object]) -> None:
        """Let a failure pass that comes of what `compare_strategies` has lost points for; else let it stand.

        Args:
            problem: What is wrong here.
            expectations: Methods of `Comparison`, without `expect_`, that explain it if they fail.
            comes_of_it: Whether the cell has left what the function gave it; see `charged_once`.

        Raises:
            Failed: The problem.
            Undecided: There is no evidence either way.
        """
        try:
            case = compared(self.submission, self._seed_of_comparison)
        except Failed:  # a function that stops has made nothing
            raise problem from None

        def worked() -> None:
            try:
                case.strategies()
            except Failed as none:
                if self._trained_on_images():
                    came = f"When the grader called `{COMPARE}`, it did not see a training for every fraction"
                    raise Undecided(f"{came}, and yet cells of the notebook train.") from none
                raise
            comes_of_it()

        charge_once(problem, [getattr(case, f"expect_{name}") for name in expectations], worked, COMPARE)

    def expect_table_returned(self) -> OwnCall:
        """Expect that `table` is what `compare_strategies` returned when it was asked for the four fractions."""
        wanted = _sorted_rows(self.columns())
        for call in self._calls():
            table = call.returned[0] if isinstance(call.returned, list) and call.returned else None
            try:
                found = expect_table(table, COLUMNS, "the table")
                rows = _sorted_rows({name: column_of_numbers(found, name, "the table") for name in COLUMNS})
            except Failed:
                continue
            if rows == wanted:
                if list(call.given[FRACTIONS_GIVEN]) != list(FRACTIONS):
                    fail(f"`{COMPARE}` was asked for the fractions {brief(call.given[FRACTIONS_GIVEN])}")
                return call
        return fail(f"`table` is not what `{COMPARE}` returned")

    def _expect_unreadable_returned(self) -> None:
        found = repr(_plain(self.submission.read("table")))
        returned = [call.returned[0] for call in self._calls() if isinstance(call.returned, list) and call.returned]
        if found not in [repr(_plain(table)) for table in returned]:
            fail(f"`table` is not what `{COMPARE}` returned")

    def expect_accuracies_measured(self) -> OwnCall:
        """Expect that the accuracies in `table` come from the trainings of the call that returned it."""
        call = self.expect_table_returned()
        if not were_measured(self.columns()["val_accuracy"], self._trainings_of(call)):
            came = "where the accuracies in `table` come from"
            raise Undecided(f"The grader does not see in the trainings of the cell {came}.")
        return call

    def expect_model_returned(self) -> OwnCall:
        """Expect that `best_model` came from a call with the pretrained backbone and the images, which has worked."""
        facts = self.best_model()
        for call in self._calls():
            model = call.returned[1] if isinstance(call.returned, list) and len(call.returned) > 1 else None
            if isinstance(model, OwnModel) and model.is_still(facts.handle, facts.arrays):
                for place, split in ((1, "train"), (2, "validation")):
                    if not same_images(call.given[place], *self.images(split)):
                        fail(f"`{COMPARE}` was not given the images to {split} with")
                self._expect_pretrained(call)
                shown = [max(found.val_accuracy, default=0.0) for found in self._trainings_of(call)]
                if max(shown, default=0.0) < LEARNT:
                    came = f"no validation accuracy of {LEARNT:.0%} or more"
                    raise Undecided(f"The grader sees {came} in the trainings of the cell.")
                return call
        return fail(f"`best_model` is not what `{COMPARE}` returned")

    def expect_both_returned(self) -> None:
        """Expect that `table` and `best_model` came from the same call, and the accuracies from its trainings."""
        if self.expect_model_returned().number != self.expect_accuracies_measured().number:
            fail(f"`table` and `best_model` come from two calls of `{COMPARE}`")

    def expect_epochs_as_the_function_has_them(self) -> None:
        """Expect that the function was called with the epochs asked for, and has trained as it did when judged."""
        call = self.expect_model_returned()
        if [call.given[place] for place in EPOCHS_GIVEN] != [HEAD_EPOCHS, EPOCHS]:
            fail(
                f"`{COMPARE}` was called with {' and '.join(brief(call.given[place]) for place in EPOCHS_GIVEN)} epochs"
            )
        judged = compared(self.submission, self._seed_of_comparison)
        asked = {question.HEAD_EPOCHS: HEAD_EPOCHS, question.EPOCHS: EPOCHS}
        known = {epochs for fit in judged.fits for epochs in (fit.epochs, asked.get(fit.epochs, fit.epochs))}
        found = [fit.epochs for fit in self._trainings_of(call)]
        if len(found) < len(FRACTIONS) or not set(found) <= known:
            raise Undecided(f"In the cell, `{COMPARE}` has run `fit` for {', '.join(map(str, found)) or 'no'} epochs.")

    def _calls(self) -> Sequence[OwnCall]:
        """Calls of `compare_strategies` by cells, the last one first."""
        calls = [call for call in own_calls(self.submission, COMPARE) if len(call.given) == PARAMETERS]
        if not calls and self._trained_on_images():
            came = f"call `{COMPARE}` with {PARAMETERS} arguments and get an answer"
            raise Undecided(f"The grader has not seen a cell {came}.")
        return calls[::-1]

    def _trained_on_images(self) -> bool:
        """Whether a cell has trained anything on the images to train on, or may have."""
        known = set(digests(self.images("train")[0]))
        trainings = self.trainings()
        return trainings is None or any(known & set(found.rows) for found in trainings)

    def _trainings_of(self, call: OwnCall) -> Sequence[Training]:
        trainings = self.trainings()
        if trainings is None:
            raise Undecided(MANY_TRAININGS)
        return [found for number, found in enumerate(trainings) if number in call.trainings]

    def _expect_pretrained(self, call: OwnCall) -> None:
        backbone = model_made_by(self.submission, COMPARE, call, 0)
        arrays = describe(self.submission, backbone, "the backbone").arrays
        if None in find_arrays(all_arrays(self.data.backbone), arrays):
            fail(f"`{COMPARE}` was given a function that does not make the pretrained backbone")

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

    def own_counts(self, fraction: float, *, frozen: bool = False) -> tuple[tuple[int, Any], list[set[str]]]:
        """How far the student's own functions unfreeze the backbone: slips in them are charged there.

        Args:
            fraction: What `unfreeze_fraction` is asked for.
            frozen: Whether of a backbone that was frozen before, as one is that comes from a head stage.

        Returns:
            The number of parameters that learn, as flags say and as `count_parameters` says; and the names of their
            layers, before it has counted and after.
        """
        handle = load_backbone(self.submission, self.data.backbone, None)
        if frozen:
            layer_flags(self.submission, handle, list(range(len(layer_flags(self.submission, handle)))))
        self.submission.call("unfreeze_fraction", handle, fraction, model=True)  # what it raises is charged there
        flags = layer_flags(self.submission, handle)
        counts = self.submission.call("count_parameters", handle, model=True).value
        told = counts.get("trainable") if isinstance(counts, Mapping) else None
        after = layer_flags(self.submission, handle)
        names = [{found.name for found in seen if found.trainable} for seen in (flags, after)]
        return (sum(found.trainable for found in flags), told), names

    def own_count_of_best(self) -> tuple[Any, int]:
        """How many parameters of `best_model` learn, as the student's own `count_parameters` says, and as flags say."""
        facts = self.best_model()
        counts = self.submission.call("count_parameters", facts.handle, model=True).value
        real = sum(int(array.size) for array, flag in zip(facts.arrays, facts.trainable, strict=True) if flag)
        return counts.get("trainable") if isinstance(counts, Mapping) else None, real

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
        wanted = gate(__file__, "best", left.data.source)
        expect_accuracy(left.hidden_accuracy(wanted), *wanted, "`best_model`")
    except Failed as problem:
        left.charge_once(problem, ("best", "fresh_starts", "images"), left.expect_model_returned)


@check(COMPARISON, points=0.5, hint="`HEAD_EPOCHS` and `EPOCHS`, in this order, and the images to train on first")
def comparison_trains_as_asked(left: Left) -> None:
    """The models were trained on the 120 images, for HEAD_EPOCHS and then for EPOCHS epochs, and on no other images."""
    trainings = left.trainings()
    if trainings is None:
        raise Undecided(MANY_TRAININGS)
    try:
        _expect_trained(left, trainings)
    except Failed as problem:
        left.charge_once(
            problem, ("epochs", "images", "fresh_starts", "best"), left.expect_epochs_as_the_function_has_them
        )


def _expect_trained(left: Left, trainings: Sequence[Training]) -> None:
    own = [found for found in trainings if found.model.id == left.best_model().handle.id]
    training, validation = (left.images(split) for split in ("train", "validation"))
    if any(learned_from(found, validation, training) for found in own or trainings):
        fail("a `fit` in the notebook has learned from the images to validate with", "training images only")
    whole = [found for found in trainings if may_be_of(found, TRAINING_IMAGES)]
    if not whole:
        fail(f"no `fit` of the notebook has learned from the {TRAINING_IMAGES} images", "the comparison to be run")
    epochs = [found.epochs for found in own]
    heads = [found for found in whole if found.epochs == HEAD_EPOCHS]
    if not heads or (epochs and epochs[-1] != EPOCHS):
        came = f"no `fit` on the {TRAINING_IMAGES} images of the notebook took {HEAD_EPOCHS} epochs"
        if epochs and epochs[-1] != EPOCHS:
            came = f"`best_model` was trained for {' and then for '.join(map(str, epochs))} epochs"
        fail(came, f"{HEAD_EPOCHS} epochs for the head, and then {EPOCHS} for the model")


@check(COMPARISON, points=0.5, hint="take the table as `compare_strategies` returns it, for all four fractions")
def table_holds_the_four_strategies(left: Left, pretrained: dict[str, list[Array]]) -> None:
    """`table` has a row for 0, 0.25, 0.5 and 1, with exact counts and with measured accuracies and times."""
    columns = left.columns()
    if columns["fraction"] != list(FRACTIONS):
        found = Failed(f"the column `fraction` of `table` holds {columns['fraction']}", f"{list(FRACTIONS)}")
        left.charge_once(found, ("rows",), left.expect_table_returned)
    if min(columns["seconds"]) <= 0:
        found = Failed(f"`table` says that a training took {min(columns['seconds']):g} seconds", "more than nothing")
        left.charge_once(found, ("seconds",), left.expect_table_returned)
    _expect_times_measured(left, columns)
    images = 10 * VALIDATION_PER_CLASS
    for accuracy in columns["val_accuracy"]:
        if not 0 <= accuracy <= 1 or abs(accuracy * images - round(accuracy * images)) > 0.001:
            is_share = 0 <= accuracy <= 1
            which = f"no number of images out of {images}" if is_share else "no share between 0 and 1"
            came = f"`table` holds the accuracy {accuracy:.6g}, which is {which}"
            found = Failed(came, "shares of the validation images, not rounded")
            left.charge_once(found, ("last_epochs",), left.expect_accuracies_measured)
            break
    sizes = [sum(array.size for array in arrays) for arrays in pretrained.values()]
    counts = sorted(columns["trainable"])  # a mistake in the order of the rows has been looked at
    told = [count - counts[0] for count in counts]
    wanted = [sum(sizes[len(sizes) - math.ceil(fraction * len(sizes)) :]) for fraction in FRACTIONS]
    if told != wanted and not _as_own_functions(left, columns):
        came = f"beside the {counts[0]:,.10g} of the smallest training, `trainable` grows by {told[1:]}"
        found = Failed(came, f"{wanted[1:]}, the parameters of the unfrozen layers")
        left.charge_once(found, ("counts", "layers", "rows"), left.expect_table_returned)


def _expect_times_measured(left: Left, columns: Mapping[str, Sequence[float]]) -> None:
    """Expect times that trainings of the notebook took, or what `compare_strategies` made of them."""
    whole = [found for found in left.trainings() or () if may_be_of(found, TRAINING_IMAGES)]
    if not whole:
        return  # that nothing was trained costs points where it is asked for; of more than is noted, nothing is known
    everything = left.trainings() or ()  # also those that learned from a part only, which is another mistake
    second = [found for found in whole if found.epochs == EPOCHS]
    try:
        expect_times_measured(columns, second if len(second) >= len(FRACTIONS) else everything)
    except Failed as problem:
        swapped = functools.partial(_expect_trained, left, everything)  # then the second stage is another one
        if lost_points([swapped]) and not lost_points([functools.partial(expect_times_measured, columns, everything)]):
            return
        left.charge_once(problem, ("seconds", "epochs", "rows", "fresh_starts", "images"), left.expect_table_returned)


@check(COMPARISON, points=0.5, hint="`best_model` and `table` must come from the same call")
def table_reports_what_the_best_model_reaches(left: Left) -> None:
    """The highest `val_accuracy` in `table` is what `best_model` really reaches on the validation images."""
    measured = left.validation_accuracy()
    reported = max(left.columns()["val_accuracy"])
    try:
        expect_report(reported, measured, "table", "the validation images")
    except Failed as problem:
        left.charge_once(problem, ("last_epochs", "best", "images", "fresh_starts"), left.expect_both_returned)


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
    trainings = left.trainings()
    if trainings is not None and not any(may_be_of(found, TRAINING_IMAGES) for found in trainings):
        idle = Failed(
            f"no `fit` of the notebook has learned from the {TRAINING_IMAGES} images", "a model that was trained"
        )
        left.charge_once(idle, ("best", "layers", "fresh_starts", "images"), left.expect_both_returned)
    for fraction in fractions:
        if kept == set(names[: len(names) - math.ceil(fraction * len(names))]):
            return
        if kept in [set(names) - own for own in _own_layers(left, fraction)]:
            return
    problem = Failed(
        f"`best_model` holds {len(kept)} of the {len(names)} layers of {left.data.backbone} as they were pretrained",
        f"the first {len(names) - math.ceil(fractions[0] * len(names))}, as the best row of `table` left them",
    )
    expectations = ("best", "layers", "fresh_starts", "last_epochs", "rows")
    left.charge_once(problem, expectations, left.expect_both_returned)


@check(COMPARISON, points=0.5, hint="`best_strategy(table, TOLERANCE)`")
def chosen_fraction_follows_from_the_table(left: Left) -> None:
    """`chosen_fraction` is what `best_strategy` says of `table`."""
    columns = left.columns()
    chosen = number(left.submission.read("chosen_fraction"), "`chosen_fraction`")
    expected = best_fraction(columns, TOLERANCE)
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


def _as_own_functions(left: Left, columns: Mapping[str, Sequence[float]]) -> bool:
    """Whether the column `trainable` says what the student's own functions say, which is charged there."""
    trainable = columns["trainable"]
    told = [count - trainable[0] for count in trainable]
    try:
        for frozen in (False, True):
            own = [left.own_counts(fraction, frozen=frozen)[0] for fraction in FRACTIONS]
            for counts in zip(*own, strict=True):  # by flags, and as `count_parameters` says
                if all(isinstance(count, int) for count in counts) and told == [count - counts[0] for count in counts]:
                    return True
        of_best, real = left.own_count_of_best()
    except Failed:
        return False
    return of_best != real and bool(of_best == trainable[int(np.argmax(columns["val_accuracy"]))])


def _sorted_rows(columns: Mapping[str, Sequence[float]]) -> list[tuple[float, ...]]:
    return sorted(zip(*(columns[name] for name in COLUMNS), strict=True))


def _plain(value: Any) -> Any:
    if isinstance(value, Table):
        return _plain(value.columns)
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def _own_layers(left: Left, fraction: float) -> list[set[str]]:
    try:
        return [*left.own_counts(fraction)[1], *left.own_counts(fraction, frozen=True)[1]]
    except Failed:
        return [set()]


def _own_choice(left: Left) -> Any:
    try:
        table = left.submission.read("table")
        return number(left.submission.call("best_strategy", table, TOLERANCE).returned(), "the answer")
    except Failed as problem:
        return brief(problem)
