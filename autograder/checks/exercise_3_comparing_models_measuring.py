"""Hidden checks for exercise 3, comparing models: sizes, training and the comparison.   11 points

Slips guarded: only trainable parameters counted, or the head's too, mebibytes, a model from another epoch than its
row, a backbone trained along, random weights, seconds for milliseconds, one backbone measured three times, invented
numbers.
"""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

import transferlab
from autograder.checks.thresholds import gate
from autograder.judge import oracles, pretrained
from autograder.judge.checking import Failed, check, fail
from autograder.judge.comparators import (
    expect_accuracy,
    expect_probabilities,
    expect_report,
    number,
)
from autograder.judge.figure_claims import expect_two_trade_offs_drawn
from autograder.judge.measured import PREDICT_IMAGES, PROFILED, Measured
from autograder.judge.model_tables import Row, table_of
from autograder.judge.models import find_arrays
from autograder.judge.submission import Stopped, Submission
from autograder.judge.tables import column_of_numbers, expect_table
from autograder.judge.wording import brief
from transferlab.backbones.registry import missing_weights

SIZES, PROFILE, COMPARISON, FIGURE = "check_sizes", "check_profile_backbone", "check_comparison", "check_figure"
LARGE_NETWORKS = (
    "vgg16",
    "resnet50",
    "mobilenet_v2",
)
PARAMETERS = {
    "mini_vgg": 293_520,
    "mini_resnet": 393_384,
    "mini_mobilenet": 142_840,
    "vgg16": 14_714_688,
    "resnet50": 23_587_712,
    "mobilenet_v2": 2_257_984,
}
"""Without classifier, known so that they need not be built here; a test builds each and counts."""
ANOTHER_EPOCH = 0.15
"""As much may the validation accuracies of a model's late epochs differ."""
LEAST_PREDICT_SECONDS = 0.001
"""No call of `predict` is faster on any computer: it sets up an iterator and callbacks first."""


# --- sizes: 2 points


@check(SIZES, points=1, hint="`count_params()` of each backbone counts everything, whether it is trainable or not")
def sizes_count_every_parameter(submission: Submission, data: transferlab.CourseData) -> None:
    """`sizes` holds the exact number of parameters of all six backbones."""
    found = dict(_sizes(submission, "parameters"))
    names = (*data.compared_backbones, *LARGE_NETWORKS)
    for name in names:
        expected = _parameters(name)
        if name not in found:
            fail(f"`sizes` has no row for {name}", f"rows for {', '.join(names)}")
        if found[name] != expected:
            fail(f"`sizes` says {found[name]:,.0f} parameters for {name}", f"{expected:,}")


@check(SIZES, points=1, hint="parameters times 4 bytes, divided by 1,000,000")
def sizes_are_in_megabytes(submission: Submission) -> None:
    """`sizes` gives the megabytes that the parameters take up as float32 numbers."""
    counts = dict(_sizes(submission, "parameters"))
    if not counts:
        fail("`sizes` has no rows", "one for each backbone")
    for name, megabytes in _sizes(submission, "megabytes"):
        expected = 4 * counts[name] / 1e6  # of the parameters found: what is wrong with these is judged once
        if abs(megabytes - expected) > 0.0501 + 1e-3 * expected:
            fail(f"`sizes` says {megabytes:.4g} megabytes for {name}", f"{expected:.1f} for its {counts[name]:,.0f}")


# --- profile_backbone: 4 points


@pytest.fixture(scope="session")
def measured(submission: Submission, data: transferlab.CourseData, draw_seed: Callable[[str], int]) -> Measured:
    """What several checks share."""
    return Measured(submission, data, draw_seed("hidden images"))


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
    """The returned model holds the pretrained backbone with every array unchanged: only a head was trained."""
    profile = measured.profile()
    wanted = pretrained.all_arrays(PROFILED)
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
        came = (
            f"`ms_per_image` is {image:.3g}, which makes {predict:.2g} seconds for a call with {PREDICT_IMAGES} images"
        )
        wanted = f"more than {LEAST_PREDICT_SECONDS} and less than the {profile.seconds:.2g} that everything took"
        fail(came, wanted, called=profile.called)


# --- the comparison: 4 points


@check(COMPARISON, points=1, hint="are the weights pretrained, the images raw, and the head trained for all epochs?")
def recommended_model_recognises_new_images(measured: Measured, data: transferlab.CourseData) -> None:
    """`recommended_model` classifies images it has never seen."""
    expect_accuracy(measured.hidden_accuracy(), *gate("exercise_3/recommended", data.source), "`recommended_model`")


@check(COMPARISON, points=1, hint="keep the models in a dictionary by name, and take the one that `recommend` names")
def recommended_model_belongs_to_its_row(measured: Measured) -> None:
    """`recommended_model` holds the backbone of the most accurate row, and reaches the accuracy in that row."""
    rows = measured.table()
    facts = measured.recommended()
    shapes = Counter(array.shape for array in facts.arrays)
    accuracy = measured.validation_accuracy()
    problem = None
    for name in _recommended_names(measured.submission, rows):
        if not _is_backbone(name) or not pretrained.shapes(name) <= shapes:
            problem = Failed(f"`table` recommends {name}, which is not the backbone in `recommended_model`", f"{name}")
            continue
        try:
            row = next(row for row in rows if row["name"] == name)
            _expect_said(measured, row, accuracy)
        except Failed as wrong:
            problem = wrong
        else:
            return
    raise problem or Failed("`table` has no rows", "one for each backbone")


@check(COMPARISON, points=1, hint="one call of `profile_backbone` for each of BACKBONES, its row as it comes back")
def table_measures_every_backbone(measured: Measured, data: transferlab.CourseData) -> None:
    """`table` has a row for each of the three backbones, with its exact parameters and with possible measurements."""
    rows = {row["name"]: row for row in measured.table()}
    for name in data.compared_backbones:
        if name not in rows:
            fail(f"`table` has no row for {name}", f"rows for {', '.join(data.compared_backbones)}")
        row, expected = rows[name], _parameters(name)
        if row["parameters"] != expected:
            fail(f"`table` says {row['parameters']:,.0f} parameters for {name}", f"{expected:,}, without the head")
        if not 0 <= row["val_accuracy"] <= 1:
            fail(f"the accuracy of {name} is {row['val_accuracy']:g}", "a share between 0 and 1")
        if min(row["seconds_per_epoch"], row["ms_per_image"]) <= 0:
            fail(f"a time in the row of {name} is not above 0", "times above 0")


@check(COMPARISON, points=1, hint="take rows and models as `profile_backbone` returns them; rows are never typed in")
def every_row_speaks_of_its_model(measured: Measured, data: transferlab.CourseData) -> None:
    """Each row of `table` agrees with its model in `trained_models`: its backbone, and its validation accuracy."""
    rows = {row["name"]: row for row in measured.table()}
    if not rows.keys() & set(data.compared_backbones):
        fail("`table` has no row for any of the backbones", "a row for each")
    for name in data.compared_backbones:
        if name not in rows:
            continue  # judged by table_measures_every_backbone
        if not pretrained.shapes(name) <= Counter(array.shape for array in measured.trained(name).arrays):
            fail(f"the model of {name} in `trained_models` does not hold that backbone", f"a head on {name}")
        _expect_said(measured, rows[name], measured.row_accuracy(name))


# --- the figure: 1 point


@check(FIGURE, points=1, hint="one plot against `parameters`, one against `ms_per_image`, each point with its name")
def figures_show_two_trade_offs(submission: Submission, measured: Measured, data: transferlab.CourseData) -> None:
    """Two plots show the three backbones by name: accuracy against parameters, and against time."""
    try:
        rows = measured.table()
    except Failed:
        rows = None
    expect_two_trade_offs_drawn(submission, rows, data.compared_backbones)


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


def _expect_said(measured: Measured, row: Row, reached: float) -> None:
    """Fail unless a row says what its model reaches, or the slip is that of task 6, which has cost its points there."""
    said = row["val_accuracy"]
    try:
        expect_report(said, reached, f"val_accuracy of {row['name']}", images="the validation images")
    except Failed:
        if abs(said - reached) > ANOTHER_EPOCH or _rows_speak_of_models(measured):
            raise


def _rows_speak_of_models(measured: Measured) -> bool:
    """Whether a row that the student's own `profile_backbone` makes agrees with its model."""
    try:
        profile_row_speaks_of_its_model(measured)
    except (Failed, Stopped):
        return False
    return True


def _parameters(name: str) -> int:
    return PARAMETERS.get(name) or sum(count * math.prod(shape) for shape, count in pretrained.shapes(name).items())


def _is_backbone(name: str) -> bool:
    """Whether a row's name is one that `load_backbone` takes, "mobilenet_0.75@96" for instance."""
    try:
        missing_weights(name)
    except ValueError:
        return False
    return True
