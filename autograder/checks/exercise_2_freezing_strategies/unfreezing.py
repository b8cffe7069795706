"""Hidden checks for exercise 2, freezing strategies: unfreezing and counting.   11 points

The comparison and the choice are on `comparing.py`, what the notebook leaves on
`trained.py`.

Slips guarded: the first layers instead of the last, rounding down or to the nearest, `layers[-0:]`, layers without
weights counted, BatchNormalization unfrozen, flags left over, statistics counted as trainable, shared layers counted
twice, the state of Dropout counted.
"""

import math
from collections.abc import Callable
from typing import Any

import pytest

from autograder.checks.exercise_2_freezing_strategies._architectures import NAMES, architecture
from autograder.checks.exercise_2_freezing_strategies._freezing import (
    Counted,
    among_dropouts,
    counted,
    counted_frozen,
    counted_shared,
    dropout_model,
    layer_flags,
    normalized_model,
    plain_model,
    twin_model,
    unfrozen,
)
from autograder.judge.cases import Cases
from autograder.judge.checking import Failed, check, fail
from autograder.judge.comparators import expect_value_error, number
from autograder.judge.submission import Submission
from autograder.judge.wording import brief
from autograder.kerasmodels.models import describe, moved, part_of, place
from autograder.kerasmodels.tiny import tiny_backbone, with_head

UNFREEZE, COUNT = "check_unfreeze_fraction", "check_count_parameters"
ALONE = "one by one"


@pytest.fixture(scope="session")
def cases(submission: Submission) -> Cases:
    """Models that several checks share."""
    return Cases(submission)


@pytest.fixture(scope="session")
def seed(draw_seed: Callable[[str], int]) -> int:
    """Of what is drawn here: arrays and sizes of models, flags, fractions."""
    return draw_seed("backbones")


@pytest.fixture(scope="session")
def architectures(submission: Submission) -> Any:
    """The notebook's own VGG16, ResNet50 and MobileNetV2, as handles by name."""
    return lambda name: submission.read("architectures")[name]


# --- unfreeze_fraction: 7 points


@check(
    UNFREEZE,
    points=2,
    hint="list all layers with weights but BatchNormalization, of any kind; take the last of that list",
)
def unfreeze_fraction_trains_the_last_layers(cases: Cases, seed: int) -> None:
    """In a model around the backbone, training moves the last layers, as many as the fraction says, and no others."""
    for fraction, flat, layers in ((0.5, False, 2), (0.25, True, 1)):
        case = unfrozen(cases, fraction, flat=flat, seed=seed)
        case.trained.expect_moved(layers)
        if any(moved(case.trained.before, case.trained.facts.arrays)):
            came = "it changed weights of the backbone or of the model around it"
            fail(came, "flags to change, and nothing else", called=case.answer.called)
    found = among_dropouts(cases, 0.5, seed)
    wanted = found.counted[len(found.counted) // 2 :]
    if set(found.learning) != set(wanted):
        came = f"{len(found.learning)} layers learn: {', '.join(found.learning) or 'none'}"
        why = "a Dropout has no weights"
        expected = f"the last {len(wanted)} of the {len(found.counted)} that count, from `{wanted[0]}` on: {why}"
        fail(came, expected, called=found.called, hint="`layer.weights` tells which layers have weights, of any kind")


@check(UNFREEZE, points=1, hint="`math.ceil(fraction * number_of_layers)`: any part of a layer is a whole one")
def unfreeze_fraction_rounds_up(cases: Cases, seed: int) -> None:
    """A fraction that falls between two layers unfreezes one more, however little it lies above the lower one."""
    # 1.01, 2.01 or 1.01 of a layer: nothing that rounds a little first takes that for a whole number
    blocks, fractions = ((4, (0.2525, 0.625)), (6, (0.335, 0.625)), (5, (0.202, 0.5)))[seed % 3]
    for fraction in fractions:
        case, layers = unfrozen(cases, fraction, flat=True, seed=seed, blocks=blocks), math.ceil(fraction * blocks)
        if case.layers_moved() != layers:
            came = f"{case.layers_moved()} of {blocks} layers learn"
            fail(came, f"{layers}, because {fraction} · {blocks} is {blocks * fraction:g}", called=case.answer.called)


@check(UNFREEZE, points=1, hint="`trainable = False` on every BatchNormalization, also behind the first unfrozen layer")
def unfreeze_fraction_keeps_batch_normalization_still(cases: Cases, seed: int) -> None:
    """BatchNormalization of the backbone stays frozen, all four arrays, also where every other layer is unfrozen."""
    case = unfrozen(cases, 0.5, flat=False, seed=seed)
    case.trained.expect_normalization_still()
    if not case.layers_moved():
        fail("nothing in the backbone learns", "its last layers to learn", called=case.answer.called)
    try:
        whole = unfrozen(cases, 1, flat=False, seed=seed, arrives=ALONE)
    except Failed:
        return  # which costs points where flags are to be set anew
    whole.trained.expect_normalization_still()


@check(
    UNFREEZE,
    points=1,
    hint="decide for every layer anew: set the backbone's own flag first, and mind that `layers[-0:]` is all of them",
)
def unfreeze_fraction_sets_every_flag_anew(cases: Cases, seed: int) -> None:
    """0 freezes all of a trainable backbone, 1 unfreezes all of a frozen one, whatever was frozen or asked before."""
    unfrozen(cases, 0, flat=False, seed=seed).trained.expect_moved(0)
    for arrives, earlier, fraction, layers in (
        (ALONE, (), 1, 4),
        ("frozen", (), 0.5, 2),
        ("thawed", (1.0,), 0.25, 1),
    ):
        case = unfrozen(cases, fraction, flat=False, seed=seed, arrives=arrives, earlier=earlier)
        if case.layers_moved() != layers:
            before = {
                ALONE: "a backbone whose layers had been frozen one by one",
                "frozen": "a backbone that had been frozen as a whole",
                "thawed": "a backbone of which some layers were frozen, after an earlier call with 1.0",
            }[arrives]
            came = f"{case.layers_moved()} of the 4 layers of {before} learn"
            fail(came, f"{layers}", called=case.answer.called)


@check(UNFREEZE, points=0.5, hint="set flags, compile nothing, and end with `return backbone`")
def unfreeze_fraction_returns_the_backbone(cases: Cases, seed: int) -> None:
    """It sets flags of the backbone it was given and nothing else of it, does not compile it, and returns that one."""
    for fraction in (0, 0.5):
        case = unfrozen(cases, fraction, flat=False, seed=seed)
        if case.answer.value != case.backbone:
            fail(f"it returned {brief(case.answer.value)}", "the backbone it was given", called=case.answer.called)
    if describe(cases.submission, case.backbone, "the backbone").compiled:
        fail("it compiled the backbone", "flags to be set, and nothing else", called=case.answer.called)
    found = among_dropouts(cases, 0.5, seed)
    if found.before != found.after:
        came = "it changed more of the backbone than its flags: what a layer is set to, or which layers there are"
        fail(came, "`trainable` flags to be set, and nothing else", called=found.called)


@check(UNFREEZE, points=0.5, hint="`if not 0 <= fraction <= 1: raise ValueError(...)`")
def unfreeze_fraction_refuses_what_is_no_fraction(submission: Submission) -> None:
    """A fraction below 0 or above 1 raises ValueError; 0 and 1 themselves do not."""
    model = place(submission, with_head(tiny_backbone(batch_norm=True, seed=1), 3, seed=6, flat=False))
    backbone = part_of(submission, model, layer=1)
    for fraction in (0.0, 1.0):
        submission.call("unfreeze_fraction", backbone, fraction, model=True).returned()
    for fraction in (-0.01, 1.01, -1.0, 25.0):
        answer = submission.call("unfreeze_fraction", backbone, fraction, model=True)
        expect_value_error(answer, f"the fraction {fraction}")


@check(UNFREEZE, points=1, hint="print the names of the layers you unfreeze, and compare with `backbone.summary()`")
def unfreeze_fraction_holds_on_real_architectures(submission: Submission, architectures: Any, seed: int) -> None:
    """Of VGG16, ResNet50 and MobileNetV2, with 13, 53 and 52 layers that count, it unfreezes the last ones."""
    for place_of_name, name in enumerate(NAMES):
        known, fraction = architecture(name), (0.25, 0.375, 0.625)[(seed + place_of_name) % 3]
        # what a cell or an earlier question has left of flags is no answer
        layer_flags(submission, architectures(name), list(range(seed % 40, known.positions[-1] + 40)))
        answer = submission.call("unfreeze_fraction", architectures(name), fraction, model=True)
        answer.returned()
        found = {layer.name for layer in layer_flags(submission, architectures(name)) if layer.trainable}
        wanted = [layer for layer, _ in known.counted[-math.ceil(fraction * len(known.counted)) :]]
        if found != set(wanted):
            surplus = f"{len(found - set(wanted))} of them not among the last {len(wanted)} that count"
            came = f"{len(found)} layers of {name} learn, {surplus}"
            fail(came, f"{len(wanted)}, from `{wanted[0]}` to `{wanted[-1]}`", called=answer.called)


# --- count_parameters: 4 points


@check(COUNT, points=1.5, hint="`model.trainable_weights` are the arrays that learn; the size of an array is its count")
def count_parameters_counts_both_kinds(cases: Cases, seed: int) -> None:
    """It returns how many parameters learn and how many do not, under `trainable` and `frozen`, and changes nothing."""
    for case in (
        counted(cases, plain_model(seed), "plain"),
        counted(cases, twin_model(seed), "twins"),
        counted_frozen(cases, seed),
    ):
        _expect_counts(case)
        if case.changed:
            hint = "count from the lists of weights that the model has; or put back every flag that you set"
            fail("it changed flags of the model", "a model that is left as it was", called=case.called, hint=hint)
        if any(isinstance(case.found[key], float) for key in ("trainable", "frozen")):
            fail("the counts are numbers with a decimal point", "whole numbers (int)", called=case.called)


@check(COUNT, points=1, hint="a trainable BatchNormalization still has two arrays that never learn by gradients")
def count_parameters_counts_statistics_as_frozen(cases: Cases, seed: int) -> None:
    """The moving mean and variance of a BatchNormalization are frozen parameters, even where the layer is trainable."""
    _expect_counts(counted(cases, normalized_model(seed), "normalized"))


@check(COUNT, points=0.5, hint="`model.non_trainable_weights` are parameters; `non_trainable_variables` holds more")
def count_parameters_leaves_out_random_states(cases: Cases, seed: int) -> None:
    """The state of the random generator in Dropout is no parameter: both counts add up to `count_params()`."""
    _expect_counts(counted(cases, dropout_model(seed), "dropout"))


@check(COUNT, points=0.5, hint="the model's own lists name every array once; sums over layers do not")
def count_parameters_counts_shared_layers_once(cases: Cases, seed: int) -> None:
    """A layer that is used twice, inside a nested model and outside of it, has its parameters once."""
    for frozen in (False, True):
        case = counted_shared(cases, seed, frozen=frozen)
        if not (frozen and case.changed):  # flags that it sets have been charged
            _expect_counts(case)


@check(COUNT, points=0.5)
def count_parameters_holds_on_real_architectures(submission: Submission, architectures: Any, seed: int) -> None:
    """VGG16, ResNet50 and MobileNetV2 with some layers frozen: both counts are exact."""
    for name in NAMES:
        known = architecture(name)
        kept = len(known.counted) // 3 + seed % 3
        every = range(known.positions[-1] + 40)
        learning = set(known.positions[-kept:])
        layer_flags(submission, architectures(name), [place for place in every if place not in learning])
        answer = submission.call("count_parameters", architectures(name), model=True)
        trainable = sum(size for _, size in known.counted[-kept:])
        _expect_counts(Counted(answer.called, answer.returned(), trainable, known.parameters - trainable))


def _expect_counts(case: Counted) -> None:
    if not isinstance(case.found, dict) or not {"trainable", "frozen"} <= set(case.found):
        came = f"it returned {brief(case.found)}"
        fail(came, 'a dictionary with the keys "trainable" and "frozen"', called=case.called)
    for key, expected in (("trainable", case.trainable), ("frozen", case.frozen)):
        found = number(case.found[key], f'"{key}"', case.called)
        if found != expected:
            fail(f"it counts {found:,.10g} {key} parameters", f"{expected:,}", called=case.called)
