"""Hidden checks for exercise 3, comparing models: sizes, training and the comparison.   11 points

Slips guarded: only trainable parameters counted, or the head's too, mebibytes, a model from another epoch than its
row, a backbone trained along, random weights, seconds for milliseconds, one backbone measured three times, invented
numbers.
"""

import contextlib
import functools
import math
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest

import transferlab
from autograder.checks.exercise_3_comparing_models import _oracles as oracles
from autograder.checks.exercise_3_comparing_models._figures import expect_two_trade_offs_drawn
from autograder.checks.exercise_3_comparing_models._measured import (
    EPOCHS,
    NAME,
    NOTEBOOK_EPOCHS,
    PREDICT_IMAGES,
    PROFILED,
    Measured,
)
from autograder.checks.exercise_3_comparing_models._model_tables import Row, table_of
from autograder.judge.checking import Failed, Undecided, check, fail
from autograder.judge.comparators import REPORT_TOLERANCE, expect_accuracy, expect_report
from autograder.judge.submission import Stopped, Submission
from autograder.judge.tables import column_of_numbers, expect_table
from autograder.judge.thresholds import gate
from autograder.judge.wording import brief
from autograder.kerasmodels import pretrained
from autograder.kerasmodels.charged_once import charge_once, lost_points
from autograder.kerasmodels.models import ModelFacts, find_arrays
from autograder.kerasmodels.watching import MANY_TRAININGS, Training, digests, learned_from, may_be_of, mislabelled
from autograder.kerasmodels.witnesses import expect_accuracy_meant
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
TRAINING_IMAGES = 400
"""What the notebook trains with."""
LEAST_BEST_ACCURACY = 0.55
"""Of our images, after the epoch that is the best one; the others stay well below."""
CLOCK_SECONDS, CALL_SECONDS = 0.1, 0.03
"""By so much may two clocks around the same epoch, or the same call, differ."""
OWN_CALLS = {COMPARISON: {NAME: (PROFILE, "check_summarise_run")}}
Claim = Callable[[Measured], None]
"""About what `profile_backbone`, or `summarise_run` in it, does when the judge calls it."""


# --- sizes: 2 points


@check(SIZES, points=1, hint="`count_params()` of each backbone counts everything, whether it is trainable or not")
def sizes_count_every_parameter(submission: Submission, data: transferlab.CourseData) -> None:
    """`sizes` holds the exact number of parameters of all six backbones."""
    rows = _sizes(submission, "parameters")
    found = dict(rows)
    names = (*data.compared_backbones, *LARGE_NETWORKS)
    for name in names:
        expected = _parameters(name)
        if name not in found:
            fail(f"`sizes` has no row for {name}", f"rows for {', '.join(names)}")
        if found[name] != expected:
            fail(f"`sizes` says {found[name]:,.0f} parameters for {name}", f"{expected:,}")
    count, what = max((sum(other == name for other, _ in rows), name) for name in names)
    if count > 1:
        hint = "is a name twice in the list that you go through?"
        fail(f"`sizes` has {count} rows for {what}", "one row for each of the six", hint=hint)
    total = sum(count for _, count in rows) / 2
    if (odd := next((name for name, counted in rows if counted == total), None)) is not None:
        hint = "print what they come to, but leave it out of the table"
        fail(f"the row {brief(odd)} of `sizes` is the total of the others", "one row for each of the six", hint=hint)


@check(SIZES, points=1, hint="parameters times 4 bytes, divided by 1,000,000")
def sizes_are_in_megabytes(submission: Submission) -> None:
    """`sizes` gives the megabytes that the parameters take up as float32 numbers."""
    counts = dict(_sizes(submission, "parameters"))
    if not counts:
        fail("`sizes` has no rows", "one for each backbone")
    for name, megabytes in _sizes(submission, "megabytes"):
        expected = 4 * counts[name] / 1e6  # of the parameters found: what is wrong with these is judged once
        right = 4 * _parameters(name) / 1e6 if _is_backbone(name) else expected
        if all(abs(megabytes - size) > 0.0501 + 1e-3 * size for size in (expected, right)):
            fail(f"`sizes` says {megabytes:.4g} megabytes for {name}", f"{expected:.4g} for its {counts[name]:,.0f}")


# --- profile_backbone: 4 points


@pytest.fixture(scope="session")
def measured(submission: Submission, data: transferlab.CourseData, draw_seed: Callable[[str], int]) -> Measured:
    """What several checks share."""
    return Measured(submission, data, draw_seed("hidden images"))


@check(PROFILE, points=0.5, hint="bring back the weights of the best epoch before you return the model")
def profile_row_speaks_of_its_model(measured: Measured) -> None:
    """The row bears the backbone's name and the validation accuracy that the returned model reaches."""
    profile = measured.profile()
    if profile.row["name"] != PROFILED:
        fail(f"the row is named {brief(profile.row['name'])}", repr(PROFILED), called=profile.called)
    profile.expect_probabilities()
    reported, reached = profile.number("val_accuracy"), profile.reached()
    try:
        expect_report(reported, reached, "val_accuracy", images="the validation images it was given")
    except Failed:
        own = measured.own_summary()[0]["val_accuracy"]
        if not abs(own - reported) <= REPORT_TOLERANCE < abs(own - reached):
            raise
        # A slip of the summary has cost its points there; the model of another epoch costs them below.
        measured.own_answer("val_accuracy")


@check(PROFILE, points=0.5, hint="compare the accuracies of all epochs on the validation images; the best may be any")
def profile_takes_the_best_epoch(measured: Measured) -> None:
    """The model that comes back is that of the epoch with the highest accuracy on the validation images."""
    profile = measured.profile()
    reached, best = profile.reached(), profile.best_accuracy()
    if best is not None and reached < best and lost_points([functools.partial(_expect_accuracy_meant, measured)]):
        best = None  # it is no accuracy that `fit` reported, which costs points below
    if best is None:  # it was measured without `fit`: one epoch showed nothing, and the best is not below that
        best = float(np.mean(profile.validation[1] == 0))
        if best - REPORT_TOLERANCE <= reached < LEAST_BEST_ACCURACY:
            raise Undecided(
                f"`fit` reported no `val_accuracy`. The model is right on {reached:.1%} of the validation images, too"
                " few to tell whether the best epoch is another one."
            )
    if reached < best - REPORT_TOLERANCE:
        images = len(profile.validation[1])
        shown = [images * value for fit in profile.watched.fits for value in fit.val_accuracy]
        if odd := next((count for count in shown if abs(count - round(count)) > 0.01), None):
            came = f"`fit` reported {odd / images:.2%} right when it validated"
            came += f", which is no number of images out of {images}"
            fail(came, "all of `validation` to be validated with", called=profile.called)
        came = f"the model that came back is right on {reached:.1%} of the validation images"
        fail(came, f"the weights after the best epoch, with at least {best:.1%}", called=profile.called)


@check(PROFILE, points=0.5, hint="`backbone.count_params()`: the model's own count adds the head")
def profile_counts_the_backbone(measured: Measured) -> None:
    """`parameters` are all of the backbone and none of the head."""
    profile = measured.profile()
    counted, expected = profile.number("parameters"), _parameters(PROFILED)
    if counted != expected:
        fail(f"`parameters` is {counted:,.0f}", f"{expected:,}, those of {PROFILED} alone", called=profile.called)


@check(PROFILE, points=1, hint="`transferlab.load_backbone(name)`, then `trainable = False` before compiling")
def profile_keeps_the_pretrained_backbone(measured: Measured) -> None:
    """The returned model holds the pretrained backbone with every array unchanged: only a head was trained."""
    _keeps_pretrained(measured)
    if not any(fit.epochs for fit in measured.profile().watched.fits):
        measured.profile().epochs()  # says so: a model that nothing has trained is unchanged, too


@check(PROFILE, points=0.5, hint="`fit` on the training images for `epochs` epochs, compiled as in exercise 1")
def profile_trains_as_asked(measured: Measured) -> None:
    """It trains for `epochs` epochs on the training images only, with `accuracy`, and changes no image in place."""
    profile = measured.profile()
    _expect_all_epochs(measured)
    _expect_training_images(measured)
    last = profile.watched.fits[-1]
    if "accuracy" not in last.reports:
        came = f"`fit` reported {', '.join(sorted(last.reports)) or 'nothing'}"
        fail(came, "a model compiled with the metric `accuracy`", called=profile.called)
    if not profile.facts.compiled:
        fail("the model that came back is not compiled", "a compiled model", called=profile.called)
    if "categorical_crossentropy" in profile.facts.loss and "sparse" not in profile.facts.loss:
        fail(f"the loss of the model is {profile.facts.loss}", "a loss for integer labels", called=profile.called)
    try:
        _expect_accuracy_meant(measured)
    except Failed:
        if not lost_points([functools.partial(_row_agrees, measured)]):  # else it has cost points there
            raise
    left = profile.watched.answer.inputs_after[0] if profile.watched.answer.inputs_after else []
    for pair, after in zip((profile.training, profile.validation), left[1:3], strict=False):
        if not isinstance(after, list | tuple) or not all(map(np.array_equal, pair, after)):
            came, hint = "the images or labels given to it were changed in place", "work on copies of arrays"
            fail(came, "left as they were", called=profile.called, hint=hint)


@check(PROFILE, points=0.5, hint="the clock before and after each epoch; `summarise_run` takes the median")
def profile_times_the_epochs(measured: Measured) -> None:
    """`seconds_per_epoch` is the median time of all epochs but the first, with or without validation."""
    profile = measured.profile()
    told, epochs = profile.number("seconds_per_epoch"), profile.epochs()
    medians = [oracles.median(clock[1:]) for clock in zip(*epochs, strict=True)]
    asked = [oracles.median(clock[1:EPOCHS]) for clock in zip(*epochs, strict=True)]  # more cost points elsewhere
    if _is_time(told, medians, CLOCK_SECONDS) or _is_time(told, asked, CLOCK_SECONDS):
        return
    own = [summary["seconds_per_epoch"] for summary in measured.own_summary()]
    if own != medians and _is_time(told, own, CLOCK_SECONDS):
        measured.own_answer("seconds_per_epoch")  # its slip has cost its points there
    else:
        seconds = ", ".join(f"{epoch.called:.2f}" for epoch in epochs)
        came = f"`seconds_per_epoch` is {told:.3g}, and the epochs took {seconds} seconds"
        fail(came, f"about {medians[-1]:.2f}, the median of all but the first", called=profile.called)


@check(PROFILE, points=0.5, hint="six calls of `predict` with `batch_size=PREDICT_IMAGES`; the first one is not timed")
def profile_times_the_predictions(measured: Measured) -> None:
    """`ms_per_image` comes from the median of five calls of `predict` on PREDICT_IMAGES images, after one more."""
    profile = measured.profile()
    told, calls = profile.number("ms_per_image") * PREDICT_IMAGES / 1_000, profile.predictions()[1:]
    inner, outer = (oracles.median([getattr(made, name) for made in calls]) for name in ("seconds", "outer_seconds"))
    if _is_time(told, [profile.least_seconds(), outer], CALL_SECONDS):
        return  # a clock in a callback does not see what delays the call as a whole, on a busy machine much
    own = [summary["ms_per_image"] * PREDICT_IMAGES / 1_000 for summary in measured.own_summary()]
    if abs(own[0] - inner) >= 1e-9 and _is_time(told, own, CALL_SECONDS):
        measured.own_answer("ms_per_image")
    else:
        came = f"`ms_per_image` is {1_000 * told / PREDICT_IMAGES:.3g}, and the median call took {outer:.3f} seconds"
        fail(came, f"about {1_000 * outer / PREDICT_IMAGES:.2f} for {PREDICT_IMAGES} images", called=profile.called)


# --- the comparison: 4 points


@check(COMPARISON, points=0.5, hint="are the weights pretrained, the images raw, and the head trained for all epochs?")
def recommended_model_recognises_new_images(measured: Measured, data: transferlab.CourseData) -> None:
    """`recommended_model` classifies images it has never seen."""
    facts = measured.recommended()  # what is not there is excused by no slip of a function
    try:
        wanted = gate(__file__, "recommended", data.source)
        expect_accuracy(measured.hidden_accuracy(wanted), *wanted, "`recommended_model`")
    except Failed as problem:
        names = _recommended_names(measured.submission, measured.table())
        claims = (_keeps_pretrained, _expect_all_epochs, _expect_training_images, profile_takes_the_best_epoch)
        _charge_once(problem, measured, claims, lambda: _expect_returned(measured, names, facts))


@check(COMPARISON, points=1, hint="keep the models in a dictionary by name, and take the one that `recommend` names")
def recommended_model_belongs_to_its_row(measured: Measured) -> None:
    """`recommended_model` holds the backbone of the most accurate row, and reaches the accuracy in that row."""
    rows, facts = measured.table(), measured.recommended()
    accuracy = measured.validation_accuracy()
    problem: Failed | Undecided | None = None
    for name in _recommended_names(measured.submission, rows):
        came = f"`table` recommends {name}, which is not the backbone in `recommended_model`"
        try:
            _expect_backbone(measured, name, facts, came, name)
            _expect_said(measured, next(row for row in rows if row["name"] == name), accuracy, facts)
        except (Failed, Undecided) as wrong:
            problem = wrong if problem is None or isinstance(wrong, Undecided) else problem
        else:
            return
    raise problem or Failed("`table` has no rows", "one for each backbone")


@check(COMPARISON, points=0.5, hint="one call of `profile_backbone` for each of BACKBONES, its row as it comes back")
def table_measures_every_backbone(measured: Measured, data: transferlab.CourseData) -> None:
    """`table` has a row for each of the three backbones, with its exact parameters and with possible measurements."""
    rows = {row["name"]: row for row in measured.table()}
    for name in data.compared_backbones:
        if name not in rows:
            fail(f"`table` has no row for {name}", f"rows for {', '.join(data.compared_backbones)}")
    for name in data.compared_backbones:
        row, expected = rows[name], _parameters(name)
        if row["parameters"] != expected:
            came = f"`table` says {row['parameters']:,.0f} parameters for {name}"
            problem = Failed(came, f"{expected:,}, without the head")
            comes_of_it = functools.partial(_expect_counted, measured, row)
            _charge_once(problem, measured, [profile_counts_the_backbone], comes_of_it)
        if not 0 <= row["val_accuracy"] <= 1:
            problem = Failed(f"the accuracy of {name} is {row['val_accuracy']:g}", "a share between 0 and 1")
            claims = [profile_row_speaks_of_its_model, _summary_is_right("val_accuracy")]
            _charge_once(problem, measured, claims, functools.partial(_expect_own_accuracy, measured, row))
    for row in rows.values():
        _expect_possible_times(measured, row)


@check(COMPARISON, points=1, hint="take rows and models as `profile_backbone` returns them; rows are never typed in")
def every_row_speaks_of_its_model(measured: Measured, data: transferlab.CourseData) -> None:
    """Each row of `table` agrees with its model in `trained_models`: its backbone, and its validation accuracy."""
    rows = {row["name"]: row for row in measured.table()}
    if not rows.keys() & set(data.compared_backbones):
        fail("`table` has no row for any of the backbones", "a row for each")
    for name in data.compared_backbones:
        if name not in rows:
            continue  # judged by table_measures_every_backbone
        facts = measured.trained(name)
        came = f"the model of {name} in `trained_models` does not hold that backbone"
        _expect_backbone(measured, name, facts, came, f"a head on {name}")
        _expect_said(measured, rows[name], measured.row_accuracy(name), facts)


@check(COMPARISON, points=0.5, hint="`table = comparison_table(rows)`")
def table_is_sorted(measured: Measured) -> None:
    """`table` is what `comparison_table` makes of the rows: the most accurate first."""
    rows = measured.table()
    names = [row["name"] for row in rows]
    if len(rows) < 3:
        fail(f"`table` has {len(rows)} rows", "one for each backbone")
    if names != oracles.compared(rows) and names != _own_order(measured.submission, rows):
        fail(f"the rows of `table` are in the order {', '.join(names)}", ", ".join(oracles.compared(rows)))


@check(COMPARISON, points=0.5, hint="`profile_backbone(name, train, validation, len(class_names), EPOCHS)` for each")
def comparison_trains_as_asked(measured: Measured, data: transferlab.CourseData) -> None:
    """Each backbone's head has been trained on `train`, for EPOCHS epochs, and on no other images."""
    trainings = measured.trainings()
    if trainings is None:
        raise Undecided(MANY_TRAININGS)
    try:
        _expect_trained(measured, data.compared_backbones, trainings)
    except Failed as problem:
        claims = (_expect_all_epochs, _expect_training_images)
        _charge_once(problem, measured, claims, lambda: _expect_own_epochs(measured, data.compared_backbones))


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
        own = submission.call("recommend", table_of(rows), "accuracy").returned()
    except (Failed, Stopped, IndexError):
        return names
    known = isinstance(own, str) and own in {row["name"] for row in rows}
    return [*names, own] if known and own not in names else names


def _charge_once(
    problem: Failed, measured: Measured, claims: Sequence[Claim], comes_of_it: Callable[[], object]
) -> None:
    """Let a failure pass that comes of what an earlier function has lost points for; see `charged_once`."""
    try:
        measured.profile()
    except (Failed, Stopped):
        raise problem from None  # a function that stops has made nothing
    charge_once(problem, [functools.partial(claim, measured) for claim in claims], comes_of_it, NAME)


def _expect_accuracy_meant(measured: Measured) -> None:
    """Expect that what the model reports as `accuracy` is the share of images that it classifies correctly."""
    profile = measured.profile()
    expect_accuracy_meant(measured.submission, profile.facts, profile.validation[0][:24], profile.called)


def _keeps_pretrained(measured: Measured) -> None:
    profile = measured.profile()
    wanted = pretrained.all_arrays(PROFILED)
    missing = sum(place is None for place in find_arrays(wanted, profile.facts.arrays))
    if missing:
        came = f"{missing} of the {len(wanted)} pretrained arrays of {PROFILED} are not in the model"
        fail(came, "all of them, bit for bit", called=profile.called)


def _expect_all_epochs(measured: Measured) -> None:
    profile = measured.profile()
    profile.epochs()
    epochs = sum(fit.epochs for fit in profile.watched.fits)
    if epochs != EPOCHS:
        fail(f"`fit` trained for {epochs} epochs altogether", f"{EPOCHS}", called=profile.called)


def _expect_training_images(measured: Measured) -> None:
    profile = measured.profile()
    known, others = set(digests(profile.training[0])), len(profile.validation[1])
    for fit in profile.watched.fits:
        counted = not known & set(fit.rows) and len(fit.labels) in (others, len(profile.training[1]) + others)
        if counted or learned_from(fit, profile.validation, profile.training):
            fail("`fit` has learned from the validation images", "training images only", called=profile.called)
        if mislabelled(fit, profile.training):
            came = "`fit` has learned training images with the labels of other images"
            fail(came, "each image to be learned with its own label", called=profile.called)
        if fit.rows and set(fit.rows) < known:
            came = f"`fit` has learned from {len(set(fit.rows))} of the {len(known)} training images"
            fail(came, "all of them", called=profile.called)


def _row_agrees(measured: Measured) -> None:
    """The claim that in the judge's call the row says what the model reaches, whosever slip it is if not."""
    profile = measured.profile()
    expect_report(profile.number("val_accuracy"), profile.reached(), "val_accuracy")


def _summary_is_right(entry: str) -> Claim:
    """The claim that the student's own `summarise_run` gives an entry as asked, of what the judge's call recorded."""

    def claim(measured: Measured) -> None:
        wanted, found = measured.right_summary()[entry], measured.own_summary()[0][entry]
        if abs(found - wanted) > 1e-6 * abs(wanted):
            fail(f"`summarise_run` gives {found:g} for `{entry}`", f"{wanted:g}")

    return claim


def _expect_backbone(measured: Measured, name: str, facts: ModelFacts, came: str, wanted: str) -> None:
    """Expect that a model holds the backbone of its row, or another one that the student's function puts there."""
    problem = Failed(came, wanted)
    if not _is_backbone(name):
        raise problem
    if not pretrained.shapes(name) <= Counter(array.shape for array in facts.arrays):
        _charge_once(problem, measured, [_keeps_pretrained], lambda: measured.call_with_model(name, facts))


def _expect_said(measured: Measured, row: Row, reached: float, facts: ModelFacts) -> None:
    """Expect that a row says what its model reaches, or what the student's function has measured otherwise."""
    said, name = row["val_accuracy"], row["name"]
    try:
        expect_report(said, reached, f"val_accuracy of {name}", images="the validation images")
    except Failed as problem:

        def comes_of_it() -> None:
            call = measured.call_with_row(name)
            if measured.call_with_model(name, facts) != call:
                fail(f"row and model of {name} are of different calls")
            measured.expect_measured(said, call, facts)

        _charge_once(problem, measured, [_row_agrees, _summary_is_right("val_accuracy")], comes_of_it)


def _expect_own_accuracy(measured: Measured, row: Row) -> None:
    name = row["name"]
    measured.expect_measured(row["val_accuracy"], measured.call_with_row(name), measured.trained(name))


def _expect_counted(measured: Measured, row: Row) -> None:
    """Expect that the student's function gave this number of parameters, and has counted something for it."""
    name, counted = row["name"], row["parameters"]
    measured.call_with_row(name)
    facts = measured.trained(name)
    sizes = [int(array.size) for array in facts.arrays]
    flagged = sum(size for size, flag in zip(sizes, facts.trainable, strict=False) if flag)
    known = (*map(_parameters, PARAMETERS), *map(_learnable, PARAMETERS))
    if counted not in (sum(sizes), flagged, sum(sizes) - flagged, *known):
        raise Undecided(f"The grader cannot tell what the {counted:,.0f} `parameters` of {name} are a count of.")


def _expect_returned(measured: Measured, names: Sequence[str], facts: ModelFacts) -> None:
    """Expect that a model is what the student's function gave for one of these backbones."""
    problem = Failed("`table` recommends nothing")
    for name in names:
        try:
            measured.call_with_model(name, facts)
        except Failed as wrong:
            problem = wrong
        else:
            return
    raise problem


def _expect_possible_times(measured: Measured, row: Row) -> None:
    """Expect times above 0, and an epoch that took about as long as some epoch of the row's model, by any clock."""
    trained = [found for found in measured.trainings() or () if may_be_of(found, TRAINING_IMAGES)]
    clocks = _later_epochs(measured, row["name"], trained) or _any_epochs(trained)
    least = 0.5 * min((clock[0] for clock in clocks), default=0.0) - CLOCK_SECONDS
    most = 2 * max((max(clock) for clock in clocks), default=math.inf) + CLOCK_SECONDS
    claims = {"seconds_per_epoch": profile_times_the_epochs, "ms_per_image": profile_times_the_predictions}
    for entry, claim in claims.items():
        told = row[entry]
        problem = None
        if told <= 0:
            problem = Failed(f"`{entry}` in the row of {row['name']} is {told:g}", "times above 0")
        elif entry == "seconds_per_epoch" and not least <= told <= most:
            shown = f"{min(clock[0] for clock in clocks):.2f} to {max(max(clock) for clock in clocks):.2f} seconds"
            came = f"`{entry}` in the row of {row['name']} is {told:.3g}"
            problem = Failed(came, f"the time of an epoch, which took {shown} in the notebook")
        if problem is not None:
            came_of_it = functools.partial(measured.call_with_row, row["name"])
            _charge_once(problem, measured, [claim, _summary_is_right(entry)], came_of_it)


def _later_epochs(measured: Measured, name: str, trained: Sequence[Training]) -> list[tuple[float, ...]]:
    """The clocks of all epochs but the first of a row's model; none if nobody has seen it train for two."""
    try:
        handle = measured.trained(name).handle.id
    except Failed:  # what is not there has cost points where each row is compared with its model
        return []
    return [clock for found in trained if found.model.id == handle for clock in _clocks(found)][1:]


def _any_epochs(trained: Sequence[Training]) -> list[tuple[float, ...]]:
    """The clocks of all epochs, and those that may have run around a whole training."""
    clocks = [clock for found in trained for clock in _clocks(found)]
    return [(*clock, *(found.seconds for found in trained)) for clock in clocks]


def _clocks(found: Training) -> list[tuple[float, ...]]:
    """How long each epoch took, by the clocks that a student may have, one around a `fit` of one epoch included."""
    around = (found.outer_seconds,) if len(found.epoch_seconds) == 1 else ()
    return [(*clock, *around) for clock in found.epoch_seconds]


def _expect_trained(measured: Measured, names: Sequence[str], trainings: Sequence[Training]) -> None:
    handles = {}
    for name in names:
        with contextlib.suppress(Failed):  # what is not there has cost points where each row is compared with its model
            handles[name] = measured.trained(name).handle.id
    own = [found for found in trainings if found.model.id in handles.values()]
    training, validation = measured.notebook_images("train"), measured.notebook_images("validation")
    if any(learned_from(found, validation, training) for found in own or trainings):
        fail("a `fit` in the notebook has learned from the images to validate with", "training images only")
    on_all = [found for found in trainings if may_be_of(found, TRAINING_IMAGES)]
    epochs = sum(found.epochs for found in on_all)
    if epochs < NOTEBOOK_EPOCHS * len(names):
        came = f"`fit` has run for {epochs} epochs altogether on the {TRAINING_IMAGES} images of the notebook"
        fail(came, f"{NOTEBOOK_EPOCHS} epochs for each of the {len(names)} backbones")
    for name, handle in handles.items():
        epochs = sum(found.epochs for found in on_all if found.model.id == handle)
        if epochs and epochs != NOTEBOOK_EPOCHS:
            fail(f"the model of {name} has been trained for {epochs} epochs", f"{NOTEBOOK_EPOCHS}")


def _expect_own_epochs(measured: Measured, names: Sequence[str]) -> None:
    """Expect models that the student's function gave, and trained too long or too short as it did when judged."""
    judged = sum(fit.epochs for fit in measured.profile().watched.fits)
    for name in names:
        call = measured.call_with_model(name, measured.trained(name))
        epochs = sum(found.epochs for found in measured.trainings_of(call))
        is_known = epochs == NOTEBOOK_EPOCHS or (judged > EPOCHS if epochs > NOTEBOOK_EPOCHS else judged < EPOCHS)
        if epochs == 0 or not is_known:
            raise Undecided(f"For {name}, `{NAME}` has run `fit` for {epochs} epochs in the notebook.")


def _is_time(told: float, clocks: Sequence[float], tolerance: float) -> bool:
    """Whether a time lies between those of the first clock and the last, give or take a little."""
    least, *_, most = clocks
    return (told > 0 or most <= 0) and 0.95 * least - tolerance <= told <= 1.05 * most + tolerance


def _own_order(submission: Submission, rows: list[Row]) -> list[str]:
    """The order that the student's own `comparison_table` gives; a slip in it has cost its points there."""
    try:
        table = expect_table(submission.call("comparison_table", rows).returned(), ["name"], "the answer")
    except (Failed, Stopped):
        return []
    return [str(name) for name in table.columns["name"]]


def _parameters(name: str) -> int:
    return PARAMETERS.get(name) or sum(count * math.prod(shape) for shape, count in pretrained.shapes(name).items())


def _learnable(name: str) -> int:
    """How many parameters of a backbone would learn if nothing was frozen; all of them where nobody can tell."""
    if missing_weights(name) is not None:
        return _parameters(name)
    found = [arrays.items() for arrays in pretrained.layer_arrays(name).values()]
    return sum(array.size for layer in found for variable, array in layer if not variable.startswith("moving_"))


def _is_backbone(name: str) -> bool:
    """Whether a row's name is one that `load_backbone` takes, "mobilenet_0.75@96" for instance."""
    try:
        missing_weights(name)
    except ValueError:
        return False
    return True
