"""Hidden checks for exercise 1, two classes: building and fine-tuning models.   13 points

Slips guarded: flags flipped without compiling again, BatchNormalization left training behind `training=False`, the
first layers unfrozen instead of the last, images rescaled in front of a backbone that rescales itself, random
weights, one sigmoid unit.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.checks.exercise_1_two_classes._cases import ALL_LAYERS, UNFROZEN, ModelCases
from autograder.judge.checking import Failed, check, fail
from autograder.judge.comparators import (
    expect_probabilities,
    expect_value_error,
    number,
)
from autograder.judge.submission import Submission
from autograder.judge.wording import brief
from autograder.kerasmodels import tiny
from autograder.kerasmodels.models import find_arrays, frozen_layers_beside
from autograder.kerasmodels.witnesses import FineTuned, expect_loss_of_integer_labels

Array = np.ndarray[Any, Any]
BUILD, TUNE = "check_build_feature_extractor", "check_start_fine_tuning"
TIMES, LEAST_BRIGHT = 4, 16.0
"""How often augmentation may draw; and a value that one of the images has in each draw, if they are not rescaled."""


# --- build_feature_extractor: 7 points


@pytest.fixture(scope="session")
def cases(submission: Submission, draw_seed: Callable[[str], int]) -> ModelCases:
    """Models that several checks share."""
    return ModelCases(submission, draw_seed("models of exercise 1"))


@check(BUILD, points=1.5, hint="end in `Dense(num_classes, activation='softmax')`, also for two classes")
def extractor_gives_one_probability_per_class(cases: ModelCases) -> None:
    """The model turns images into `(n, num_classes)` float32 probabilities, for two classes as for more."""
    cases.expect_any_size()
    images, _ = cases.images(2, count=6)
    for backbone, num_classes in ((cases.normalized_backbone, cases.num_classes), (cases.plain_backbone, 2)):
        case = cases.extractor(backbone, num_classes)
        expect_probabilities(case.facts.predict(images), (6, num_classes), case.called)
        if (dtype := str(case.facts.rebuilt().model.outputs[0].dtype)) != "float32":
            hint = "compute in what precision you like, but give the last layer `dtype='float32'`"
            fail(f"the model's output is {dtype}", "float32 probabilities", called=case.called, hint=hint)


@check(BUILD, points=2, hint="set `backbone.trainable = False` before compiling; compile again if you change it later")
def extractor_trains_the_head_and_nothing_else(cases: ModelCases) -> None:
    """Training moves the new head and leaves every array of the backbone as it was; the backbone itself is inside."""
    normalized, plain = (cases.normalized_backbone, cases.num_classes), (cases.plain_backbone, 2)
    trials = [(*normalized, cases.extractor_steps(*normalized))]
    for backbone, num_classes in (normalized, plain):
        answer, live = cases.extractor_fit(backbone, num_classes)
        if answer.raised is None:  # a model that `fit` refuses is charged to the check of how it is compiled
            trials.append((backbone, num_classes, live))
    for backbone, num_classes, witness in trials:
        case = cases.extractor(backbone, num_classes)
        places = case.backbone_places()
        # BatchNormalization has a check of its own: one slip costs points once
        frozen = [place for name, place in zip(case.names, places, strict=True) if "normalization_" not in name]
        changed = sum(witness.moved[place] for place in frozen)
        if changed:
            came = f"{witness.name} changed {changed} of the backbone's {len(frozen)} arrays"
            fail(came, "a backbone that stays as it is", called=case.called)
        if not any(moved for place, moved in enumerate(witness.moved) if place not in places):
            hint = "leave the new layers trainable, and give the optimizer a learning rate that moves them"
            fail(f"{witness.name} changed nothing in the new head", "one that learns", called=case.called, hint=hint)
    case = cases.extractor(*plain)
    if idle := frozen_layers_beside(case.facts, case.backbone_places()):
        came = f"the new head has a frozen layer with weights ({', '.join(idle)})"
        hint = "freeze the backbone's layers; of the new ones, all but a BatchNormalization have to learn"
        fail(came, "a new head that learns", called=case.called, hint=hint)
    if cases.shared_arrays(*plain) < len(cases.plain_backbone.weights):
        came = "the model holds a copy of the backbone, so that flags of the one do not reach the other"
        hint = "use the backbone you were given; do not clone or reload it"
        fail(came, "the backbone itself", called=cases.extractor(*plain).called, hint=hint)
    if lacking := case.facts.lacks(cases.plain_backbone.layers):
        came = f"the model lacks {len(lacking)} of the backbone's layers ({', '.join(lacking)})"
        hint = "call the backbone you were given like a layer; do not make a shorter model of its layers"
        fail(came, "the whole backbone", called=case.called, hint=hint)


@check(
    BUILD,
    points=1,
    hint=(
        "freeze with `trainable = False`;"
        " `training=False` in the call is no protection for a backbone that is not frozen"
    ),
)
def extractor_keeps_batch_normalization_still(cases: ModelCases) -> None:
    """All four arrays of every BatchNormalization of the backbone stand still during `fit`."""
    normalized = (cases.normalized_backbone, cases.num_classes)
    case = cases.extractor(*normalized)
    for witness in (cases.extractor_steps(*normalized), cases.extractor_fit(*normalized)[1]):
        for name, place in zip(case.names, case.backbone_places(), strict=True):
            if "normalization_" in name and witness.moved[place]:
                came = f"{witness.name} changed the BatchNormalization array `{name}`"
                fail(came, "one that stands still", called=case.called)


@check(BUILD, points=1, hint="the backbone carries its own preprocessing: give it the images as they are")
def extractor_gives_the_backbone_raw_images(cases: ModelCases) -> None:
    """The images reach the backbone as they are, in [0, 255], with no rescaling in front of it."""
    case = cases.extractor(tiny.bright_only_backbone(), 2)
    images = np.full((8, 32, 32, 3), 10, dtype=np.float32)
    for index in range(4):
        images[index, :, 8 * index : 8 * index + 8] = 255 - 10 * index
    is_told_apart = float(np.ptp(case.facts.predict(images), axis=0).max()) > 1e-6
    if not is_told_apart and not case.facts.differs_with_other_heads(
        images, {place for place in case.places if place is not None}
    ):
        came = "on a backbone that answers only to values near 255, dark and bright images give the same probabilities"
        fail(came, "raw images at the backbone's input", called=case.called)
    places = [place for place in case.places if place is not None]
    most = case.facts.reaching(places[0], images, times=TIMES) if places else None
    if most is not None and most < LEAST_BRIGHT:
        came = f"while it trained on images with values up to 255, none above {most:.3g} reached the backbone"
        hint = "augmentation layers cut off what is outside their `value_range`: it is 0 to 255 here, their default"
        fail(came, "raw images at the backbone's input, also in training", called=case.called, hint=hint)


@check(
    BUILD,
    points=1.5,
    hint="`model.compile(...)` with an optimizer, a loss for integer labels and `metrics=['accuracy']`",
)
def extractor_is_compiled_for_integer_labels(cases: ModelCases) -> None:
    """Each model comes back compiled: `fit` takes integer labels and reports their share as `accuracy`."""
    normalized, plain = (cases.normalized_backbone, cases.num_classes), (cases.plain_backbone, 2)
    case = cases.extractor(*normalized)
    if not case.facts.compiled:
        fail("the model is not compiled", "a model that is ready for `fit`", called=case.called)
    expect_loss_of_integer_labels(case.facts.loss, case.called)
    # that they are trained one after the other shows an optimizer that all of them share
    for backbone, num_classes in (normalized, plain):
        answer, _ = cases.extractor_fit(backbone, num_classes)
        history = answer.returned()
        if not isinstance(history, dict) or "accuracy" not in history:
            came = f"`fit` reported {sorted(history) if isinstance(history, dict) else brief(history)}"
            fail(came, "`loss` and `accuracy`", called=case.called)
        number(history["loss"][-1], "the loss", case.called)
    if (evaluation := cases.extractor_evaluation(*normalized)) is not None:
        evaluation.expect_integer_labels()


# --- start_fine_tuning: 6 points


@check(
    TUNE,
    points=2,
    hint=(
        "the last layers are those nearest the output; set the flag of each layer itself, since that of the backbone"
        " does nothing where it has its value already; after changing any flag, compile again"
    ),
)
def fine_tuning_trains_the_last_layers_only(cases: ModelCases) -> None:
    """After it, training moves the head and the last `unfrozen_layers` layers only, whatever was frozen before."""
    for kind in ("trained", "one by one"):
        cases.fine_tuned(kind).expect_moved(UNFROZEN[kind])
    cases.among_dropouts().expect_counted()


@check(
    TUNE,
    points=1,
    hint=(
        "set `trainable = False` on every BatchNormalization of the backbone;"
        " `training=False` does not hold it in Keras 3"
    ),
)
def fine_tuning_keeps_batch_normalization_still(cases: ModelCases) -> None:
    """BatchNormalization of the backbone stays frozen, all four arrays, also among unfrozen layers and if none is."""
    case = cases.fine_tuned("trained")
    case.expect_normalization_still()
    if (idle := case.idle_witness) is not None:
        fail(f"{idle.name} changed nothing at all", "a model that goes on learning", called=case.called)
    try:
        unfrozen_before = cases.fine_tuned("none")
        unfrozen_before.expect_moved(0)
    except Failed:
        return  # that is charged to fine_tuning_with_0_trains_the_head_only
    unfrozen_before.expect_normalization_still()
    try:
        called, learning = cases.normalization_learning_with_all()
    except Failed:
        return  # that is charged to fine_tuning_refuses_more_layers_than_there_are
    if learning:
        came = (
            f"with all {ALL_LAYERS} layers that count unfrozen, {len(learning)} BatchNormalization layers learn as well"
        )
        fail(came, "none of them to learn, however many layers do", called=called)


@check(
    TUNE,
    points=1,
    hint=(
        "a new optimizer with this rate, and `model.compile` with the loss for integer labels"
        " and `metrics=['accuracy']`"
    ),
)
def fine_tuning_compiles_with_the_new_rate(cases: ModelCases) -> None:
    """The model is compiled again with the constant `learning_rate`, for integer labels and the metric `accuracy`."""
    case = cases.fine_tuned("trained")
    if not case.facts.compiled:
        fail("the model is not compiled", "one that is compiled again with the new rate", called=case.called)
    # that they are trained one after the other shows an optimizer that all of them share
    for kind in ("trained", "one by one"):
        trained = cases.fine_tuned(kind)
        _expect_rate(trained, cases.rates[kind])
        expect_loss_of_integer_labels(trained.facts.loss, trained.called)
        trained.expect_accuracy_reported()
    if case.evaluation is not None:
        case.evaluation.expect_integer_labels()


def _expect_rate(case: FineTuned, asked: float) -> None:
    rate = case.facts.learning_rate
    if not isinstance(rate, float) or abs(rate / asked - 1) > 1e-5:
        found = f"the schedule {rate}" if isinstance(rate, str) else brief(rate)
        fail(f"the optimizer's learning rate is {found}", f"the constant {asked}", called=case.called)


@check(TUNE, points=1, hint="change flags and compile; never build, clone or reload the model")
def fine_tuning_keeps_what_was_learnt(cases: ModelCases) -> None:
    """The model itself comes back, and no array changes by the call: the backbone and the trained head are kept."""
    case = cases.fine_tuned("trained")
    lost = sum(place is None for place in find_arrays(case.before, case.facts.arrays))
    if lost:
        came = f"{lost} of the model's {len(case.before)} arrays are no longer in it"
        fail(came, "all of them, unchanged", called=case.called)
    if not case.is_the_model_given:
        fail("another model came back than the one given", "`model` itself, changed in place", called=case.called)


@check(TUNE, points=0.5, hint="`layers[-0:]` is the whole list, so 0 needs care")
def fine_tuning_with_0_trains_the_head_only(cases: ModelCases) -> None:
    """With `unfrozen_layers=0` only the head trains, also if nothing was frozen before."""
    cases.fine_tuned("none").expect_moved(0)


@check(
    TUNE,
    points=0.5,
    hint="count the layers that have weights and are not BatchNormalization, and compare before slicing",
)
def fine_tuning_refuses_more_layers_than_there_are(cases: ModelCases) -> None:
    """Asking for more layers than the backbone has raises ValueError."""
    cases.ask_fine_tuning(ALL_LAYERS).returned()  # refusing everything is no answer
    answer = cases.ask_fine_tuning(ALL_LAYERS + 1)
    expect_value_error(answer, "5 layers to unfreeze when there are 4 that count (BatchNormalization does not)")
