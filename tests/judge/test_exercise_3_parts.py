"""What exercise 3's checks stand on: a row belongs to a model by the backbone it names, whatever that is called."""

from types import SimpleNamespace

import numpy as np
import pytest

import transferlab
from autograder.checks import exercise_3_comparing_models_measuring as page
from autograder.judge.checking import Failed, Undecided

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
        submission=SimpleNamespace(recommend=lambda rows, by: named),
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


def profiled(**entries):
    """What `profile_backbone` made of the judge's images, where only a few numbers matter."""
    return SimpleNamespace(profile=lambda: SimpleNamespace(number=entries.__getitem__))


def test_an_impossible_number_is_charged_where_it_is_made_and_not_in_the_comparison():
    rows = [measured(name, name).table()[0] for name in page.PARAMETERS][:3]
    for row, count in zip(rows, page.PARAMETERS.values(), strict=False):
        row |= {"parameters": count, "val_accuracy": 80.0, "seconds_per_epoch": -1.0}
        row["name"] = next(name for name, known in page.PARAMETERS.items() if known == count)
    data = SimpleNamespace(compared_backbones=[row["name"] for row in rows])
    own = profiled(val_accuracy=75.0, seconds_per_epoch=-2.0, ms_per_image=1.0)
    own.table = lambda: rows
    page.table_measures_every_backbone(own, data)

    own = profiled(val_accuracy=0.75, seconds_per_epoch=-2.0, ms_per_image=1.0)
    own.table = lambda: rows
    with pytest.raises(Failed, match="is 80"):
        page.table_measures_every_backbone(own, data)


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
    with pytest.raises(Undecided):
        page.comparison_trains_as_asked(measured_here, data)
