"""Hidden checks for exercise 3, comparing models: sizes, training and the comparison.   11 points

Slips guarded: only trainable parameters counted, or the head's too, mebibytes, a model from another epoch than its
row, a backbone trained along, random weights, seconds for milliseconds, one backbone measured three times, invented
numbers.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import transferlab
from autograder.checks.thresholds import gate
from autograder.judge import oracles
from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, check, fail
from autograder.judge.comparators import (
    expect_accuracy,
    expect_pair,
    expect_probabilities,
    expect_report,
    number,
    predicted_classes,
)
from autograder.judge.model_tables import COLUMNS, Row, table_of
from autograder.judge.models import ModelFacts, describe, find_arrays
from autograder.judge.submission import Stopped, Submission
from autograder.judge.tables import column_of_numbers, expect_table, rows_of
from autograder.judge.wording import brief
from autograder.kernels.values import Handle, Table

Array = np.ndarray[Any, Any]
SIZES, PROFILE, COMPARISON, FIGURE = "check_sizes", "check_profile_backbone", "check_comparison", "check_figure"
SOURCE = "sketches"
BACKBONES = ("mini_vgg", "mini_resnet", "mini_mobilenet")
PARAMETERS = {
    "mini_vgg": 293_520,
    "mini_resnet": 393_384,
    "mini_mobilenet": 142_840,
    "vgg16": 14_714_688,
    "resnet50": 23_587_712,
    "mobilenet_v2": 2_257_984,
}
"""Without classifier. A test builds each and counts."""
VALIDATION_PER_CLASS, VALIDATION_SEED = 20, 102
"""The validation images that the notebook gives to everybody."""
HIDDEN_PER_CLASS = 40
PROFILED, PAIR, EPOCHS, PREDICT_IMAGES = "mini_vgg", ("house", "car"), 3, 64
LEAST_PREDICT_SECONDS = 0.001
"""No call of `predict` is faster on any computer: it sets up an iterator and callbacks first."""


# --- sizes: 2 points


@check(SIZES, points=1, hint="`count_params()` of each backbone counts everything, whether it is trainable or not")
def sizes_count_every_parameter(submission: Submission) -> None:
    """`sizes` holds the exact number of parameters of all six backbones."""
    found = dict(_sizes(submission, "parameters"))
    for name, expected in PARAMETERS.items():
        if name not in found:
            fail(f"`sizes` has no row for {name}", f"rows for {', '.join(PARAMETERS)}")
        if found[name] != expected:
            fail(f"`sizes` says {found[name]:,.0f} parameters for {name}", f"{expected:,}")


@check(SIZES, points=1, hint="parameters times 4 bytes, divided by 1,000,000")
def sizes_are_in_megabytes(submission: Submission) -> None:
    """`sizes` gives the megabytes that the parameters take up as float32 numbers."""
    counts = dict(_sizes(submission, "parameters"))
    if not counts:
        fail("`sizes` has no rows", f"rows for {', '.join(PARAMETERS)}")
    for name, megabytes in _sizes(submission, "megabytes"):
        expected = 4 * counts[name] / 1e6  # of the parameters found: what is wrong with these is judged once
        if abs(megabytes - expected) > 0.0501 + 1e-3 * expected:
            fail(f"`sizes` says {megabytes:.4g} megabytes for {name}", f"{expected:.1f} for its {counts[name]:,.0f}")


# --- profile_backbone: 4 points


@dataclass(frozen=True)
class Profile:
    """What `profile_backbone` made of images of ours."""

    called: str
    row: Row
    facts: ModelFacts
    seconds: float
    """How long the judge waited for it: a clock that the notebook cannot reach."""
    validation: tuple[Array, Array]


class Measured:
    """The notebook's models and how they do on our images, each measured once.

    Args:
        submission: Whose they are.
        seed: Of the images that nobody has seen.
    """

    def __init__(self, submission: Submission, seed: int) -> None:
        self.submission = submission
        self._seed = seed
        self._cases = Cases(submission)

    def profile(self) -> Profile:
        """Call `profile_backbone`, once."""
        return self._cases.once("profile", self._profile)

    def recommended(self) -> ModelFacts:
        """Read `recommended_model`, once."""
        return self._cases.once("recommended", self._recommended)

    def hidden_accuracy(self) -> float:
        """Share of images nobody has seen that `recommended_model` classifies correctly."""
        return self._accuracy(transferlab.load_images(SOURCE, "test", per_class=HIDDEN_PER_CLASS, seed=self._seed))

    def validation_accuracy(self) -> float:
        """The same on the notebook's validation images, drawn afresh."""
        return self._accuracy(
            transferlab.load_images(SOURCE, "validation", per_class=VALIDATION_PER_CLASS, seed=VALIDATION_SEED)
        )

    def table(self) -> list[Row]:
        """Read the rows of `table`."""
        table = expect_table(self.submission.read("table"), COLUMNS, "`table`")
        numbers = {column: column_of_numbers(table, column, "`table`") for column in COLUMNS[1:]}
        return rows_of(Table({"name": [str(name) for name in table.columns["name"]], **numbers}))

    def _accuracy(self, images: Any) -> float:
        outputs = self.recommended().predict(images.images)
        return float(np.mean(predicted_classes(outputs, "`recommended_model`") == images.labels))

    def _recommended(self) -> ModelFacts:
        return describe(self.submission, self.submission.read_model("recommended_model"), "`recommended_model`")

    def _profile(self) -> Profile:
        """Train on few images; the validation labels are swapped, so that the first epochs are the best."""
        train = transferlab.load_images(SOURCE, "train", classes=PAIR, per_class=64, seed=self._seed)
        validation = transferlab.load_images(SOURCE, "validation", classes=PAIR, per_class=50, seed=self._seed)
        images, labels = validation.images.astype(np.float32), 1 - validation.labels
        started = time.perf_counter()
        arguments = (PROFILED, (train.images.astype(np.float32), train.labels), (images, labels), 2, EPOCHS)
        answer = self.submission.call("profile_backbone", *arguments, model=True)
        seconds = time.perf_counter() - started
        called = f"`profile_backbone({PROFILED!r}, train, validation, 2, {EPOCHS})` with images of ours"
        try:
            returned = answer.returned()
        except Failed as problem:
            raise Failed(problem.came_back, "a row and a model", called, problem.hint) from problem
        row, model = expect_pair(returned, "the answer", called)
        if not isinstance(row, dict) or not isinstance(model, Handle):
            fail(f"it returned {brief(row)} and {brief(model)}", "a dict and a keras.Model", called=called)
        missing = [column for column in COLUMNS if column not in row]
        if missing:
            fail(f"the row has no entry for {', '.join(missing)}", f"the entries {', '.join(COLUMNS)}", called=called)
        facts = describe(self.submission, model, "the model that came back")
        return Profile(called, row, facts, seconds, (images, labels))


@pytest.fixture(scope="session")
def measured(submission: Submission, draw_seed: Callable[[str], int]) -> Measured:
    """What several checks share."""
    return Measured(submission, draw_seed("hidden images"))


@check(PROFILE, points=1.5, hint="bring back the weights of the best epoch before you return the model")
def profile_row_speaks_of_its_model(measured: Measured) -> None:
    """The row bears the backbone's name and the validation accuracy that the returned model reaches."""
    profile = measured.profile()
    if profile.row["name"] != PROFILED:
        fail(f"the row is named {brief(profile.row['name'])}", repr(PROFILED), called=profile.called)
    images, labels = profile.validation
    outputs = profile.facts.predict(images)
    expect_probabilities(outputs, (len(images), 2), profile.called)
    reported = number(profile.row["val_accuracy"], "`val_accuracy`", profile.called)
    reached = float(np.mean(outputs.argmax(axis=1) == labels))
    expect_report(reported, reached, "val_accuracy", images="the validation images it was given")


@check(PROFILE, points=1.5, hint="`transferlab.load_backbone(name)`, then `trainable = False` before compiling")
def profile_keeps_the_pretrained_backbone(measured: Measured) -> None:
    """The pretrained backbone is in the returned model with every array unchanged: loaded, frozen, only a head trained."""
    profile = measured.profile()
    wanted = [np.asarray(variable) for variable in transferlab.load_backbone(PROFILED).weights]
    missing = sum(place is None for place in find_arrays(wanted, profile.facts.arrays))
    if missing:
        came = f"{missing} of the {len(wanted)} pretrained arrays of {PROFILED} are not in the model"
        fail(came, "all of them, bit for bit", called=profile.called)


@check(PROFILE, points=1, hint="`time.perf_counter()` before and after, in seconds; 1000 times as many milliseconds")
def profile_times_are_possible(measured: Measured) -> None:
    """The times in the row are positive, and fit into the time that the call took."""
    profile = measured.profile()
    epoch = number(profile.row["seconds_per_epoch"], "`seconds_per_epoch`", profile.called)
    image = number(profile.row["ms_per_image"], "`ms_per_image`", profile.called)
    predict = image * PREDICT_IMAGES / 1_000
    if not 0 < epoch < profile.seconds:
        came = f"`seconds_per_epoch` is {epoch:.3g}, and the whole call took {profile.seconds:.2g} seconds"
        fail(came, "more than 0 and less than that", called=profile.called)
    if not LEAST_PREDICT_SECONDS < predict < profile.seconds:
        came = f"`ms_per_image` is {image:.3g}, which makes {predict:.2g} seconds for a call with {PREDICT_IMAGES} images"
        wanted = f"more than {LEAST_PREDICT_SECONDS} and less than the {profile.seconds:.2g} that everything took"
        fail(came, wanted, called=profile.called)


# --- the comparison: 4 points


@check(COMPARISON, points=1.5, hint="are the weights pretrained, the images raw, and the head trained for all epochs?")
def recommended_model_recognises_new_images(measured: Measured) -> None:
    """`recommended_model` classifies drawings it has never seen."""
    expect_accuracy(measured.hidden_accuracy(), *gate("exercise_3/recommended"), "`recommended_model`")


@check(COMPARISON, points=1, hint="keep the models in a dictionary by name, and take the one that `recommend` names")
def recommended_model_belongs_to_its_row(measured: Measured) -> None:
    """`recommended_model` holds the backbone of the most accurate row, and reaches the accuracy in that row."""
    rows = measured.table()
    facts = measured.recommended()
    shapes = Counter(array.shape for array in facts.arrays)
    accuracy = measured.validation_accuracy()
    problem = None
    for name in _recommended_names(measured.submission, rows):
        if name not in PARAMETERS or not _shapes(name) <= shapes:
            problem = Failed(f"`table` recommends {name}, which is not the backbone in `recommended_model`", f"{name}")
            continue
        try:
            row = next(row for row in rows if row["name"] == name)
            expect_report(row["val_accuracy"], accuracy, f"val_accuracy of {name}", images="the validation images")
        except Failed as wrong:
            problem = wrong
        else:
            return
    raise problem or Failed("`table` has no rows", "one for each backbone")


@check(COMPARISON, points=1.5, hint="one call of `profile_backbone` for each of BACKBONES, its row as it comes back")
def table_measures_every_backbone(measured: Measured) -> None:
    """`table` has a row for each of the three backbones, with its exact parameters and with possible measurements."""
    rows = {row["name"]: row for row in measured.table()}
    for name in BACKBONES:
        if name not in rows:
            fail(f"`table` has no row for {name}", f"rows for {', '.join(BACKBONES)}")
        row = rows[name]
        if row["parameters"] != PARAMETERS[name]:
            fail(f"`table` says {row['parameters']:,.0f} parameters for {name}", f"{PARAMETERS[name]:,}, without the head")
        if not 0 <= row["val_accuracy"] <= 1:
            fail(f"the accuracy of {name} is {row['val_accuracy']:g}", "a share between 0 and 1")
        if min(row["seconds_per_epoch"], row["ms_per_image"]) <= 0:
            fail(f"a time in the row of {name} is not above 0", "times above 0")


# --- the figure: 1 point


@check(FIGURE, points=1, hint="one plot against `parameters`, one against `ms_per_image`, each point with its name")
def figures_show_two_trade_offs(submission: Submission) -> None:
    """Two plots show the three backbones by name: accuracy against parameters, and against time."""
    reply, _ = submission.probe({"op": "figures"})
    plots = [axes for figure in reply.get("figures", ()) for axes in figure["axes"]]
    showing = {tuple(axes["words"]) for axes in plots if sum(axes["series"]) >= len(BACKBONES) and _names_all(axes)}
    if len(showing) < 2:
        came = f"of the {len(plots)} plots drawn so far, {len(showing) or 'none'} shows the three backbones by name"
        fail(came, "two different plots that do")


# --- what these checks share


def _sizes(submission: Submission, column: str) -> list[tuple[str, float]]:
    table = expect_table(submission.read("sizes"), ["name", column], "`sizes`")
    names = [str(name) for name in table.columns["name"]]
    return list(zip(names, column_of_numbers(table, column, "`sizes`"), strict=True))


def _recommended_names(submission: Submission, rows: list[Row]) -> list[str]:
    """The name our rule gives, and the one the student's gives: a slip in `recommend` is judged there, once."""
    names = [oracles.recommended(rows, "accuracy")] if rows else []
    try:
        own = submission.recommend(table_of(rows), "accuracy")
    except (Failed, Stopped, IndexError):
        return names
    known = isinstance(own, str) and own in {row["name"] for row in rows}
    return [*names, own] if known and own not in names else names


def _shapes(name: str) -> Counter[tuple[int, ...]]:
    return Counter(tuple(variable.shape) for variable in transferlab.load_backbone(name, weights=None).weights)


def _names_all(axes: dict[str, Any]) -> bool:
    words = _plain(" ".join(str(word) for word in axes["words"]))
    return all(_plain(name) in words for name in BACKBONES)


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
