"""What exercise 3's checks stand on: a row belongs to a model by the backbone it names, whatever that is called."""

from types import SimpleNamespace

import numpy as np
import pytest

import transferlab
from autograder.checks.exercise_3_comparing_models import _measured as measured_in_judge
from autograder.checks.exercise_3_comparing_models import measuring as page
from autograder.judge.checking import Failed, Undecided
from autograder.kerasmodels.charged_once import OwnCall
from autograder.kerasmodels.noted import digests_of_images
from tests.judge.planned import accuracies

ARRAYS = {
    name: transferlab.load_backbone(name, weights=None).get_weights() for name in ("mini_vgg", "mobilenet_0.25@96")
}


def stopped():
    """No row and no model came of `profile_backbone`, so that nothing is excused."""
    raise Failed("it raised")


def measured(named, held):
    """A comparison that recommends one backbone by name, and holds another's arrays."""
    row = {"name": named, "parameters": 1.0, "seconds_per_epoch": 1.0, "val_accuracy": 0.8, "ms_per_image": 1.0}
    return SimpleNamespace(
        submission=SimpleNamespace(call=lambda name, rows, by: SimpleNamespace(returned=lambda: named)),
        table=lambda: [row],
        recommended=lambda: SimpleNamespace(arrays=ARRAYS[held]),
        validation_accuracy=lambda: 0.8,
        profile=stopped,
    )


@pytest.mark.parametrize("name", ARRAYS)
def test_a_recommended_model_with_its_rows_backbone_passes(name):
    page.recommended_model_belongs_to_its_row(measured(name, name))


@pytest.mark.parametrize("named", ["mobilenet_0.25@96", "vgg", "mini_vgg@96", ""])
def test_a_recommended_model_with_another_backbone_fails(named):
    with pytest.raises(Failed, match=f"recommends {named}, which is not the backbone in `recommended_model`"):
        page.recommended_model_belongs_to_its_row(measured(named, "mini_vgg"))


IMAGES = {
    split: (np.full((3, 2, 2, 3), number, np.float32), np.array([0, 1, 2]))
    for number, split in enumerate(("train", "validation"))
}
PAUSES = measured_in_judge.PREDICT_PAUSES
ROW = {"name": "mini_vgg", "parameters": 7.0, "seconds_per_epoch": -1.0, "val_accuracy": 0.8, "ms_per_image": 1.0}


def training(epochs=4, val_accuracy=(0.5, 0.8)):
    """A `fit` of the notebook's, of which little matters."""
    seconds = {"seconds": 7.0, "outer_seconds": 7.0, "epoch_seconds": ((4.0, 4.1, 4.2), *((1.0, 1.1, 1.2),) * 3)}
    model = SimpleNamespace(id="a model")
    return SimpleNamespace(
        model=model, epochs=epochs, val_accuracy=val_accuracy, train_accuracy=(0.6,), labels=(), **seconds
    )


def told(
    monkeypatch,
    *,
    row=ROW,
    given="train",
    epochs=4,
    fits=None,
    calls=1,
    summary=None,
    left_to_defaults=0,
    kept="a model",
):
    """A notebook that has `row` in its table, while its `profile_backbone` returned ROW."""
    fits = (training(),) if fits is None else fits
    images = [[digests_of_images(IMAGES[split][0]), IMAGES[split][1]] for split in (given, "validation")]
    arguments = ("mini_vgg", *images, 10, epochs)[: 5 - left_to_defaults]
    call = OwnCall(0, arguments, [dict(ROW), "a model"], range(len(fits)))
    monkeypatch.setattr(measured_in_judge, "own_calls", lambda submission, name: (call,) * calls)

    def answer(name, *given):
        found = summary(*given) if name == "summarise_run" and summary else None
        return SimpleNamespace(returned=lambda: found)

    student = SimpleNamespace(generation=0, call=answer)
    here = measured_in_judge.Measured(student, SimpleNamespace(source="", pair=(0, 1)), 0)
    here.trained = lambda name: SimpleNamespace(handle=SimpleNamespace(id=kept))
    here.table, here.trainings, here.notebook_images = lambda: [row], lambda: tuple(fits), IMAGES.__getitem__
    made = [SimpleNamespace(images=64, seconds=0.25, outer_seconds=0.25)] * 6
    watched = SimpleNamespace(fits=[training(5)], predictions=made)
    clocks = [measured_in_judge.EpochSeconds(*clock) for clock in training().epoch_seconds]
    own = SimpleNamespace(number={**ROW, "val_accuracy": 0.4}.__getitem__, reached=lambda: 0.8, epochs=lambda: clocks)
    own.watched, own.called = watched, ""
    here.profile = lambda: own
    return here


def test_a_row_that_the_own_function_gave_is_not_charged_again(monkeypatch):
    page._expect_possible_times(told(monkeypatch), ROW)


@pytest.mark.parametrize(
    "notebook",
    [
        {"row": ROW | {"seconds_per_epoch": -3.0}},  # typed
        {"given": "validation"},
        {"epochs": 1},
        {"fits": ()},  # it trained when the judge called it
    ],
)
def test_a_row_that_it_did_not_give_when_it_worked_as_asked_is(monkeypatch, notebook):
    here = told(monkeypatch, **notebook)
    with pytest.raises(Failed, match="`seconds_per_epoch` in the row of mini_vgg is -"):
        page._expect_possible_times(here, here.table()[0])


@pytest.mark.parametrize(
    ("notebook", "said"),
    [
        ({"calls": 0}, "The grader has not seen a cell call `profile_backbone` and get an answer."),
        (
            {"fits": (training(val_accuracy=(0.1,), epochs=4),)},
            (
                "The grader sees no accuracy of 20% or more in what `profile_backbone` has trained for mini_vgg in the "
                "notebook."
            ),
        ),
        ({"left_to_defaults": 1}, "The grader cannot tell what `profile_backbone` was given for mini_vgg."),
    ],
)
def test_what_cannot_be_seen_is_for_a_person(monkeypatch, notebook, said):
    here = told(monkeypatch, **notebook)
    for fit in here.trainings():
        fit.train_accuracy = ()
    with pytest.raises(Undecided, match=f"a person has to see. {said}"):
        page._expect_possible_times(here, ROW)


@pytest.mark.parametrize(("seconds", "fails"), [(0.9, False), (2.0, False), (4.0, True), (90.0, True), (0.01, True)])
def test_an_epoch_in_the_table_took_as_long_as_one_of_the_rows_model(monkeypatch, seconds, fails):
    row = ROW | {"seconds_per_epoch": seconds}
    here = told(monkeypatch, row=row)
    if not fails:
        page._expect_possible_times(here, row)
        return
    with pytest.raises(Failed) as caught:
        page._expect_possible_times(here, row)
    assert caught.value.expected == "the time of an epoch, which took 1.00 to 1.20 seconds in the notebook"


@pytest.mark.parametrize(("seconds", "fails"), [(4.0, False), (13.9, False), (90.0, True)])
def test_a_model_that_nobody_saw_train_took_as_long_as_any(monkeypatch, seconds, fails):
    row = ROW | {"seconds_per_epoch": seconds}
    here = told(monkeypatch, row=row, kept="a clone")
    if not fails:
        page._expect_possible_times(here, row)
        return
    with pytest.raises(Failed, match="is 90"):
        page._expect_possible_times(here, row)


def test_an_accuracy_that_no_training_showed_is_for_a_person(monkeypatch):
    here = told(monkeypatch)
    facts = SimpleNamespace(predict=lambda images: np.eye(3)[[0, 1, 1]])
    for measured_share in (0.5, 0.8, 0.6, 65.0, 2 / 3):  # an epoch, one of the training, a mean, on `train`
        here.expect_measured(measured_share, here.call_with_row("mini_vgg"), facts)
    said = "^The grader does not see in the trainings of the cell where the accuracy 0.99 comes from"
    with pytest.raises(Undecided, match=said):
        here.expect_measured(0.99, here.call_with_row("mini_vgg"), facts)


def test_an_accuracy_may_be_rounded_to_one_decimal(monkeypatch):
    here = told(monkeypatch, fits=(training(val_accuracy=(0.46, 0.72)),))
    facts = SimpleNamespace(predict=lambda images: np.eye(3)[[0, 0, 0]])
    here.expect_measured(0.7, here.call_with_row("mini_vgg"), facts)
    with pytest.raises(Undecided, match=r"where the accuracy 0\.8 comes from"):
        here.expect_measured(0.8, here.call_with_row("mini_vgg"), facts)


def constant(accuracies, epochs, calls, images):
    return {"val_accuracy": 0.4, "seconds_per_epoch": 1.0}


def slipped(accuracies, epochs, calls, images):
    return {"val_accuracy": min(accuracies) / 2, "seconds_per_epoch": sum(epochs), "ms_per_image": sum(calls)}


def test_a_summary_that_is_always_the_same_explains_nothing(monkeypatch):
    for entry in measured_in_judge.SUMMARY:
        assert told(monkeypatch, summary=slipped).own_answer(entry)
        for nothing in (constant, None):  # and an entry that is missing neither
            said = f"^`summarise_run` gives `profile_backbone` no `{entry}` that was measured"
            with pytest.raises(Undecided, match=said):
                told(monkeypatch, summary=nothing).own_answer(entry)


def compared(epochs, **training):
    """A notebook that trained each of two backbones in one `fit`, on the right images unless said otherwise."""
    images = {"train": ([[1.0]], [0] * 400), "validation": ([[2.0]], [1] * 200)}
    pairs = {name: tuple(map(np.asarray, pair)) for name, pair in images.items()}
    models = {name: SimpleNamespace(handle=SimpleNamespace(id=name)) for name in ("mini_vgg", "mini_resnet")}
    noted = {"epochs": epochs, "labels": (0,) * 400, "rows": (), **training}
    fits = [SimpleNamespace(model=found.handle, **noted) for found in models.values()]
    return SimpleNamespace(
        trainings=lambda: tuple(fits),
        trained=models.__getitem__,
        notebook_images=pairs.__getitem__,
        profile=stopped,
    ), SimpleNamespace(compared_backbones=list(models))


@pytest.mark.parametrize("training", [{}, {"labels": (0,) * 1_600}, {"labels": ()}, {"labels": (0,) * 2_010}])
def test_a_comparison_that_trained_as_asked_passes_also_with_data_that_repeats_itself(training):
    page.comparison_trains_as_asked(*compared(4, **training))


@pytest.mark.parametrize(
    ("epochs", "training", "said"),
    [
        (2, {}, "4 epochs altogether"),
        (5, {}, "has been trained for 5 epochs"),
        (4, {"labels": (1,) * 200}, "has learned from the images to validate with"),
    ],
)
def test_a_comparison_that_did_not_is_told_so(epochs, training, said):
    with pytest.raises(Failed, match=said):
        page.comparison_trains_as_asked(*compared(epochs, **training))


def test_more_trainings_than_are_noted_are_looked_at_by_a_person():
    measured_here, data = compared(4)
    measured_here.trainings = lambda: None
    with pytest.raises(Undecided, match="more than 300 times, and the grader looks at the first ones only"):
        page.comparison_trains_as_asked(measured_here, data)


def test_a_number_of_parameters_that_is_of_nothing_is_for_a_person(monkeypatch):
    row = ROW | {"parameters": 12_345.0}
    here = told(monkeypatch, row=row)
    here.call_with_row = lambda name: None
    here.trained = lambda name: SimpleNamespace(arrays=(np.zeros(7), np.zeros(3)), trainable=(True, False))
    for counted in (10.0, 7.0, 3.0, 293_520.0):  # all, those that learn, the others, another backbone's
        page._expect_counted(here, row | {"parameters": counted})
    with pytest.raises(Undecided, match="cannot tell what the 12,345 `parameters` of mini_vgg are a count of"):
        page._expect_counted(here, row)


@pytest.mark.parametrize(("fits", "epochs"), [((), 0), ((training(epochs=7),), 7)])
def test_epochs_that_are_neither_those_asked_for_nor_those_of_the_function_are_for_a_person(monkeypatch, fits, epochs):
    here = told(monkeypatch, fits=fits)
    call = OwnCall(0, (), [], range(len(fits)))
    here.call_with_model, here.trained = lambda name, facts: call, lambda name: None
    said = f"^For mini_vgg, `profile_backbone` has run `fit` for {epochs} epochs in the notebook"
    with pytest.raises(Undecided, match=said):
        page._expect_own_epochs(here, ["mini_vgg"])


@pytest.mark.parametrize("epochs_a_call", [5, 1])
def test_the_best_epoch_by_the_training_images_is_another_one(epochs_a_call):
    assert np.argmax(accuracies(measured_in_judge.SHOWN, epochs_a_call)) == 2
    assert np.argmax(accuracies(measured_in_judge.SHOWN, epochs_a_call, "accuracy")) != 2


def profiled(reached, reported, shown=()):
    """A call of `profile_backbone`: what the model that came back reaches, and what `fit` reported at best."""
    labels = np.repeat([0, 1], [52, 48])  # an epoch that has shown nothing gets 52 % right
    case = SimpleNamespace(validation=(None, labels), called="`profile_backbone(...)`")
    case.watched = SimpleNamespace(fits=[SimpleNamespace(val_accuracy=shown)])
    case.reached, case.best_accuracy = (lambda: reached), (lambda: reported)
    return SimpleNamespace(profile=lambda: case)


@pytest.mark.parametrize(("reached", "reported"), [(0.7, 0.7), (0.52, 0.52), (0.7, None), (0.55, None)])
def test_the_best_epoch_passes_however_it_was_measured(reached, reported):
    page.profile_takes_the_best_epoch(profiled(reached, reported))


@pytest.mark.parametrize(("reached", "reported"), [(0.5, 0.7), (0.3, None), (0.48, None)])
def test_another_epoch_fails_where_a_better_one_is_known(monkeypatch, reached, reported):
    monkeypatch.setattr(page, "_expect_accuracy_meant", lambda measured: None)
    with pytest.raises(Failed, match="the model that came back is right on"):
        page.profile_takes_the_best_epoch(profiled(reached, reported))


def test_an_accuracy_of_other_images_is_said_to_be_one(monkeypatch):
    monkeypatch.setattr(page, "_expect_accuracy_meant", lambda measured: None)
    with pytest.raises(Failed, match=r"93\.75% right when it validated, which is no number of images out of 100$"):
        page.profile_takes_the_best_epoch(profiled(0.7, 0.9375, (0.5, 0.9375)))
    with pytest.raises(Failed, match="the model that came back is right on"):
        page.profile_takes_the_best_epoch(profiled(0.7, 0.94, (0.5, 0.94)))


def test_a_best_epoch_by_what_is_no_accuracy_is_not_asked_for(monkeypatch):
    monkeypatch.setattr(page, "_expect_accuracy_meant", lambda measured: page.fail("it counts the best two"))
    page.profile_takes_the_best_epoch(profiled(0.7, 1.0))


def test_an_epoch_that_may_be_the_best_one_is_undecided():
    """A small head at a low rate has learned too little by then, and was measured with `evaluate`."""
    said = r"^`fit` reported no `val_accuracy`\. The model is right on 52\.0% of the validation images, too few to tell"
    with pytest.raises(Undecided, match=said):
        page.profile_takes_the_best_epoch(profiled(0.52, None))


@pytest.mark.parametrize("epochs_a_call", [5, 1])
def test_the_epoch_of_the_lowest_loss_is_another_one(epochs_a_call):
    surest = {"surest": measured_in_judge.SUREST}
    assert np.argmax(accuracies(measured_in_judge.SHOWN, epochs_a_call, **surest)) == 2
    assert np.argmin(accuracies(measured_in_judge.SHOWN, epochs_a_call, "val_loss", **surest)) == 3


@pytest.mark.parametrize(("seconds", "fails"), [(0.36, False), (0.45, False), (0.53, False), (0.05, True), (0.7, True)])
def test_a_call_took_what_some_clock_around_or_inside_it_says(seconds, fails):
    """On a busy machine, a callback sees much less than a clock around the call, and never less than the pause."""
    made = [SimpleNamespace(images=64, seconds=pause + 0.1, outer_seconds=pause + 0.15) for pause in PAUSES]
    profile = measured_in_judge.Profile(SimpleNamespace(predictions=made), {}, None, 0.0, (), ())
    told_row = {"ms_per_image": 1_000 * seconds / 64}
    asked = SimpleNamespace(
        number=told_row.__getitem__,
        predictions=lambda: made,
        least_seconds=profile.least_seconds,
        called="",
    )
    here = SimpleNamespace(profile=lambda: asked, own_summary=lambda: [{"ms_per_image": 1_000 * 0.45 / 64}])
    if not fails:
        page.profile_times_the_predictions(here)
        return
    with pytest.raises(Failed, match=r"the median call took 0\.500 seconds"):
        page.profile_times_the_predictions(here)
