"""What exercise 1's checks say of notebooks that no slip stands for: each sentence is true of what brought it about."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from autograder.checks.exercise_1_two_classes import _cases, _figures, data, models, training
from autograder.judge.checking import Failed, Undecided, sentence
from autograder.judge.strategies import batch_of
from autograder.judge.submission import Answer, Raised
from autograder.kerasmodels import noted
from autograder.kerasmodels.noted import NotedFit, Notes, Seen, digest_of_state
from autograder.kerasmodels.witnesses import LIVE, OWN, Evaluation, FineTuned, Witness
from tests.judge.local import Student, told

IMAGES, LABELS = batch_of([4, 7, 4, 9, 7], 1, (2, 3, 1))
CLASSES = [7, 4]


def seed(what):
    return 3


def select(images, labels, classes):
    kept = [place for place, label in enumerate(labels.reshape(-1)) if label in classes]
    return images[kept], np.array([classes.index(label) for label in labels.reshape(-1)[kept]])


def selecting(change):
    return Student(select_classes=lambda *given: change(*select(*given), *given)), ((IMAGES, LABELS), CLASSES)


def flattened_in_place(images, new, given, labels, classes):
    labels.shape = (-1,)
    return images, new


@pytest.mark.parametrize(
    ("check", "change", "said"),
    [
        (
            data.select_classes_numbers_labels_by_position,
            lambda images, new, given, labels, classes: (given[:4], new),
            "Images of class 9 came back. Expected images of these classes only.",
        ),
        (
            data.select_classes_numbers_labels_by_position,
            lambda images, new, given, labels, classes: (images[:0], new[:0]),
            "The images came back with shape (0, 2, 3, 1). Expected 4 of them.",
        ),
        (
            data.select_classes_accepts_column_labels,
            flattened_in_place,
            "The labels given to it with shape (5, 1) have shape (5,) afterwards. Expected inputs left as they were.",
        ),
        (
            data.select_classes_accepts_column_labels,
            lambda images, new, *given: (images.reshape(len(images), -1), new),
            "Images of shape (4, 6) came back. Expected images of shape (n, 2, 3, 1).",
        ),
    ],
)
def test_of_a_selection(check, change, said):
    assert said in told(check, *selecting(change))


def split(images, labels, train, validation):
    return (images[train], labels[train]), (images[validation], labels[validation])


@pytest.mark.parametrize(
    ("train", "validation", "said"),
    [
        ([0, 1, 2], [2, 3, 4], "1 image is in training and in validation. Expected none in both."),
        ([0, 1, 2], [1, 2, 3, 4], "2 images are in training and in validation. Expected none in both."),
        (
            [0, 0, 1, 1, 2, 2],
            [3],
            "The training part holds 6 images, of 5 that were given. Expected some of every class in both parts.",
        ),
    ],
)
def test_of_a_split(train, validation, said):
    student = Student(split_train_validation=lambda images, labels, *_: split(images, labels, train, validation))
    assert said in told(data.split_loses_nothing_and_shares_nothing, student, batch_of(LABELS), 0.5, 1)


def test_of_a_split_that_is_not_stratified():
    batch = batch_of([4] * 8 + [7] * 8)
    student = Student(split_train_validation=lambda x, y, *_: split(x, y, list(range(2, 16)), [0, 1]))
    said = told(data.split_is_stratified, student, batch, (0.25, 0.999), 1)
    assert "0 of the 8 images of class 7 are in validation. Expected 0.25 of them, within one image, and at" in said


def first_ones(images, labels, per_class, seed):
    """The first of each class, but for one."""
    places = [np.flatnonzero(labels == label)[:per_class] for label in np.unique(labels)]
    chosen = np.concatenate(places)
    chosen[0] += 20 + seed % 9
    return images[chosen], labels[chosen]


def test_of_samples_that_are_nearly_one():
    said = told(data.sample_per_class_is_reproducible, Student(sample_per_class=first_ones), seed)
    assert "gave 60 images each, of which 59 are the same ones. Expected images drawn at random from all of" in said


def test_of_a_sample_with_an_image_three_times():
    batch = batch_of([4] * 6)
    student = Student(sample_per_class=lambda x, y, *_: (x[[0, 0, 0, 1, 2, 3]], y))
    said = told(data.sample_per_class_never_takes_an_image_twice, student, batch, 6, 1)
    assert "Of the 6 images, some came back more than once: 4 are different ones. Expected each image at most" in said


# --- models


def extracted(moved=(False, False, True), live=None, shared=2, names=("normalization_1/gamma", "conv/kernel")):
    """Cases whose models have a backbone of two arrays, and a head of one."""
    facts = SimpleNamespace(predict=lambda images: np.full((8, 2), 0.5), differs_with_other_heads=lambda *_: False)
    case = SimpleNamespace(
        called="`build_feature_extractor(backbone, 2)`", names=names, backbone_places=lambda: [0, 1], facts=facts
    )
    case.places = (0, 1)
    return SimpleNamespace(
        normalized_backbone="n",
        plain_backbone=SimpleNamespace(weights=[0, 1]),
        num_classes=5,
        extractor=lambda *asked: case,
        extractor_steps=lambda *asked: Witness(OWN, moved),
        extractor_fit=lambda *asked: (Answer("`model.fit`"), Witness(LIVE, live or moved)),
        shared_arrays=lambda *asked: shared,
    )


def test_a_head_that_stands_still_beside_a_normalization_that_does_not():
    said = told(models.extractor_trains_the_head_and_nothing_else, extracted((True, False, False)))
    assert "A few training steps changed nothing in the new head. Expected one that learns. Try: leave the new" in said


def test_a_copied_backbone(monkeypatch):
    monkeypatch.setattr(models, "frozen_layers_beside", lambda *_: [])
    said = told(models.extractor_trains_the_head_and_nothing_else, extracted(shared=0))
    assert "The model holds a copy of the backbone, so that flags of the one do not reach the other. Expected" in said


def test_a_normalization_that_moves():
    said = told(models.extractor_keeps_batch_normalization_still, extracted(live=(True, False, True)))
    assert "`fit` changed the BatchNormalization array `normalization_1/gamma`. Expected one that stands still" in said


def test_images_that_are_scaled_first():
    said = told(models.extractor_gives_the_backbone_raw_images, extracted())
    assert "On a backbone that answers only to values near 255, dark and bright images give the same prob" in said


MOVED = Witness(OWN, (True,))


def tuned(witnesses=(MOVED,), **facts):
    facts = {"compiled": True, "learning_rate": 0.002, "loss": "sparse_categorical_crossentropy"} | facts
    case = FineTuned("`start_fine_tuning(…)`", (), SimpleNamespace(**facts), (), (), (), witnesses, None)
    return SimpleNamespace(fine_tuned=lambda kind: case, rates=dict.fromkeys(("trained", "one by one"), 0.002))


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"compiled": False, "learning_rate": None}, "The model is not compiled. Expected one that is compiled again"),
        ({"learning_rate": 0.001}, "The optimizer's learning rate is 0.001. Expected the constant 0.002."),
        (
            {"learning_rate": "CosineDecay"},
            "The optimizer's learning rate is the schedule CosineDecay. Expected the constant 0.002.",
        ),
    ],
)
def test_the_rate_of_fine_tuning(facts, said):
    assert said in told(models.fine_tuning_compiles_with_the_new_rate, tuned(**facts))


@pytest.mark.parametrize(("idle", "name"), [(0, "A few training steps"), (1, "`fit`")])
def test_the_training_that_changed_nothing_is_the_one_that_is_named(idle, name):
    witnesses = tuple(Witness(which, (place != idle,)) for place, which in enumerate((OWN, LIVE)))
    said = told(models.fine_tuning_keeps_batch_normalization_still, tuned(witnesses))
    assert f"{name} changed nothing at all. Expected a model that goes on learning" in said


def test_a_function_that_takes_square_images_for_granted():
    cases = _cases.ModelCases(Student(), 1)
    cases.extractor = lambda *_: data.fail("it raised ValueError: no", called="`build_feature_extractor(backbone, 2)`")
    cases._made["size"] = _cases.SQUARE
    height, width = cases.oblong
    assert told(models.extractor_gives_one_probability_per_class, cases) == (
        f"Called `build_feature_extractor(backbone, 2)`. With a backbone for images of {height} × {width} pixels, it "
        "raised ValueError: no. Expected a model, as for square images. Try: images need not be square: take their "
        "shape from `backbone.input_shape[1:]`"
    )


@pytest.mark.parametrize(
    ("raised", "asked"),
    [
        (Raised("NotImplementedError", ("NotImplementedError",), "", "raise NotImplementedError()"), 1),
        (Raised("ValueError", ("ValueError",), "no", "height, width = 32, 32"), 2),
        (None, 1),
    ],
)
def test_only_what_was_answered_is_asked_with_square_images_too(raised, asked, monkeypatch):
    class Raising(Student):
        called = 0

        def call(self, name, *_, **__):
            self.called += 1
            if raised is None:
                data.fail(f"there is no `{name}` in the notebook at this point")
            return Answer(f"`{name}(backbone, 2)`", raised=raised)

    monkeypatch.setattr(_cases, "place", lambda *_: None)
    student = Raising()
    cases = _cases.ModelCases(student, 1)

    assert (cases.size, student.called) == (cases.oblong, asked)


def test_another_model_than_the_one_given():
    with pytest.raises(Failed, match=r"^the model that came back has other arrays than the one given$"):
        _cases._places([np.zeros(3)], [np.zeros(2)])


def test_what_evaluate_says_of_other_labels():
    found = Evaluation("`f()`", Answer("`model.evaluate`", {"accuracy": 0.25}), "sparse_categorical_crossentropy", 0.75)
    with pytest.raises(Failed) as caught:
        found.expect_integer_labels()
    assert sentence(caught.value, "") == (
        "Called `f()`. `evaluate` reports a dictionary with 'accuracy': 0.25 for images of which the model gets 0.75 "
        "right. Expected their share as `accuracy`. Try: `metrics=['accuracy']`; a metric for one-hot labels, or of "
        "the best two, counts something else"
    )


# --- the trainings


def fit(model="m", **facts):
    digests = np.arange(400, dtype=np.uint64)
    noted = {"number": 0, "model": model, "epochs": 8, "steps": 13, "history": {"val_accuracy": [0.5] * 8}}
    noted |= {"rate": 1e-3, "before": ("a",), "after": ("b",), "passed": (), "operations": ("Conv2D",), "is_over": True}
    noted |= {"learnt": Seen(digests, np.zeros(400, int)), "watched": None}
    return NotedFit(**noted | facts)


def notebook(*fits, arrays=1, accuracy=0.5, **names):
    """A notebook that trained so; its model is "m", and holds other arrays than any training left."""
    data_of_course = SimpleNamespace(source="", pair=(0, 1), backbone="mini_vgg", fine_tuning_rate=1e-4)
    found = training.Trained(Student(**names), data_of_course, 1)
    facts = SimpleNamespace(handle=SimpleNamespace(id="m"), arrays=(np.zeros(2),) * arrays)
    found.facts, found.accuracy = lambda name: facts, lambda name: accuracy
    found.notes = lambda stage: Notes(fits, ())
    counts = {"train": 400, "validation": 200, "test": 600}
    starts = {"train": 0, "validation": 1_000, "test": 2_000}
    found.given = lambda split: training.Given(
        np.zeros((counts[split], 1)),
        np.zeros(counts[split]),
        dict.fromkeys(range(starts[split], starts[split] + counts[split]), 0),
    )
    return found


def failing(method, *args):
    with pytest.raises(Failed) as caught:
        method(*args)
    return sentence(caught.value, "")


@pytest.mark.parametrize(
    ("fits", "said"),
    [
        ((), "`feature_model` was not trained with `fit`. Expected a model that was trained. Try: call `fit` on it"),
        (
            (fit("another"),),
            (
                "No `fit` has left the weights that `feature_model` holds. Expected a model that was trained, as it "
                "was trained. Try: call `fit` on it"
            ),
        ),
        (
            (fit(is_over=False, after=("a",)),),
            (
                "`fit` began on `feature_model`, and did not come to its end before the model had learned anything. "
                "Expected a training that comes to its end. Try: what the cell with this `fit` ended with says why"
            ),
        ),
    ],
)
def test_a_model_without_a_training(fits, said):
    assert failing(notebook(*fits).fits, "feature_model") == said


def test_a_model_that_has_learned_in_another_way_is_for_a_person():
    said = "No `fit` has left the weights that `feature_model` holds, yet it has learned: a person has to see how."
    with pytest.raises(Undecided, match=f"^{said}$"):
        notebook(fit("another"), accuracy=0.9).fits("feature_model")
    assert notebook(fit("another"), accuracy=0.9).first_stage() == (1, (training.digest_of_array(np.zeros(2)),))
    assert notebook(fit("another")).first_stage() == (1, ())


@pytest.mark.parametrize(
    ("trained", "ended"),
    [
        ({"after": ("b",)}, (1, ("b",))),
        ({"after": ("z",), "passed": (digest_of_state(("b",)),)}, (1, ("b",))),
        ({"after": ("z",)}, (2, ("c",))),  # nobody knows where it began
    ],
)
def test_a_first_stage_that_was_read_from_a_file_ended_where_the_second_began(trained, ended):
    """As it is seen from the second stage, when a judge goes on after another one."""
    second = fit(number=1, epochs=4, before=("b",), after=("c",))
    assert notebook(fit("another", **trained), second).first_stage(is_over=True) == ended


def test_of_more_trainings_than_are_noted(monkeypatch):
    monkeypatch.setattr(noted, "MAX_FITS", 1)
    others = fit("another"), fit("one more")
    with pytest.raises(Undecided, match=r"^The notebook called `fit` more than 300 times, and the grader looks at the"):
        notebook(*others).fits("feature_model")
    with pytest.raises(Undecided, match=r"looks at the first ones only\.$"):
        notebook(fit(epochs=1), *others).fits("feature_model")
    assert len(notebook(fit(epochs=8), *others).fits("feature_model")) == 1


GOOD = {"val_accuracy": [0.5] * 8}


@pytest.mark.parametrize(
    ("histories", "said"),
    [
        (None, "`histories` has no validation accuracies under 'feature'."),
        ({"feature": GOOD["val_accuracy"]}, "`histories` has no validation accuracies under 'feature'."),
        (
            {"feature": {"loss": [1.0], "val_acc": [0.5]}},
            (
                "`histories['feature']` has no list `val_accuracy`; its entries are loss, val_acc. Expected what `fit` "
                "returned, under 'feature', of a model with the metric `accuracy` and validation data."
            ),
        ),
        (
            {"feature": {"val_accuracy": [0.5] * 4}},
            "`fit` trained it for 8 epochs and `histories['feature']` holds 4. Expected 8, so that all models train",
        ),
    ],
)
def test_of_histories(histories, said):
    found = notebook(histories=histories)
    assert said in failing(found.epochs_were, "feature", [fit()], 8)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"steps": 25}, "An epoch of `m` took 25 steps. Expected 13: the 400 training images in batches of 32."),
        (
            {"learnt": Seen(np.arange(9_000, 9_400, dtype=np.uint64), np.zeros(400, int))},
            "`m` has learned from 400 images that are none of `train_images`. Expected these images as they are;",
        ),
        (
            {"learnt": Seen(np.arange(400, dtype=np.uint64), np.ones(400, int))},
            "`m` has learned from images with the labels of others. Expected `train_labels`, in the same order.",
        ),
    ],
)
def test_of_what_is_learned_from(facts, said):
    assert said in failing(notebook().expect_given_images, "m", [fit(**facts)])


def test_of_an_accuracy_of_few_images():
    found = notebook(feature_accuracy=0.5)
    found.test_accuracy = lambda model: 0.5
    shown = Notes((), (("m", 1, np.arange(2_000, 2_100, dtype=np.uint64)),))
    found.notes = lambda stage: shown
    assert failing(found.expect_report, "feature_accuracy", "feature_model", fit(), "") == (
        "`feature_accuracy` says 0.500, but after its training `feature_model` was shown 100 test images. Expected a "
        "number that comes from all of them. Try: compute it from the model's predictions on the test images, as a "
        "share between 0 and 1; a model that is called by itself leaves augmentation on, unless `training=False`"
    )


def test_of_a_rescaling_that_leaves_pixels_large():
    found = notebook()
    model = SimpleNamespace(layers=[keras.layers.Rescaling(1.0)])
    found.facts = lambda name: SimpleNamespace(rebuilt=lambda: SimpleNamespace(model=model))
    assert failing(found.expect_scaling, "baseline_model") == (
        "The `Rescaling` layer of `baseline_model` multiplies pixels by 1. Expected pixels from 0 to 255 made small "
        "numbers, by 1 / 255 say."
    )


@pytest.mark.parametrize(
    ("operations", "said"),
    [
        (["Flatten", "Dense"], "The layers of `baseline_model` are Flatten, Dense. Expected a convolutional network."),
        (
            ["InputLayer", "RandomFlip", "Conv2D"],
            "Nothing scales the images before the first convolution. Expected a `Rescaling` layer in front.",
        ),
    ],
)
def test_of_baselines(monkeypatch, operations, said):
    monkeypatch.setattr(training.pretrained, "all_arrays", lambda name: [])
    found = notebook(fit(operations=operations))
    assert said in told(training.baseline_is_a_network_of_its_own, found)


def second_stage(monkeypatch, first_ended, **facts):
    monkeypatch.setattr(training.pretrained, "counted_layers", lambda name: {"conv": [np.zeros(2)]})
    monkeypatch.setattr(training, "digest_of_array", lambda array: "backbone")
    found = notebook()
    found.first_stage = lambda **_: (1, first_ended)
    found.second_fits = lambda: [fit(**facts)]
    found.epochs_were = found.expect_histories_kept = lambda *_: None
    return found


@pytest.mark.parametrize(
    ("ended", "before", "after", "said"),
    [
        (("head",), ("a",), ("a",), "`fit` changed nothing. Expected a model that goes on learning."),
        (
            ("backbone",),
            ("a",),
            ("b",),
            "The backbone mini_vgg was not in `finetuned_model` when fine-tuning began. Expected the backbone of",
        ),
    ],
)
def test_of_second_stages(monkeypatch, ended, before, after, said):
    found = second_stage(monkeypatch, ended, before=before, after=after)
    assert said in told(training.fine_tuning_moved_only_the_last_layers, found)


def test_of_a_second_stage_with_another_model(monkeypatch):
    found = second_stage(monkeypatch, ("backbone", "head"), before=("backbone",))
    said = told(training.fine_tuning_goes_on_from_feature_extraction, found)
    assert "1 of the 2 arrays that `feature_model` had were not there when fine-tuning began. Expected a model" in said


def test_of_a_second_stage_that_loses_what_little_was_learned(monkeypatch):
    monkeypatch.setattr(training, "gate", lambda *_: SimpleNamespace(threshold=0.9, band=0.01))
    found, accuracies = notebook(), {"feature_model": 0.7, "finetuned_model": 0.5}
    found.second_fits, found.earlier_accuracy_at_gate, found.accuracy = list, lambda name: 0.7, accuracies.get
    assert "`finetuned_model` is right on 50% of images it has never seen, before it was 70%. Expected no loss" in told(
        training.fine_tuned_model_recognises_new_images, found
    )


# --- the figure


def test_of_figures_without_histories(monkeypatch):
    shown = SimpleNamespace(figures=[1], unread=[], recent=[1])
    monkeypatch.setattr(_figures, "read_figures", lambda submission: shown)
    none = told(training.figure_shows_the_three_trainings, Student(histories={}))
    said = "`histories` has no validation accuracies of baseline, feature, finetuned, so no figure can show them"
    assert f"{said}. Expected three curves" in none
    stuck = Student(histories={name: {"val_accuracy": [0.5] * 4} for name in _figures.TRAININGS})
    with pytest.raises(Undecided, match="hold one and the same number throughout, so that no curve can be told from"):
        training.figure_shows_the_three_trainings(stuck)
    shown.recent = []
    assert "No figure that holds data has been drawn for this task. Expected three curves" in told(
        training.figure_shows_the_three_trainings, stuck
    )


def test_of_layers_that_have_a_state_and_no_weights(monkeypatch):
    found = _cases.AmongDropouts("`start_fine_tuning(m, b, 3, 0.1)`", ("a", "dropped", "b"), ("a", "b"), frozenset("b"))
    with pytest.raises(Failed) as left:
        found.expect_counted()
    said = "Of a backbone with the layers a, dropped, b, it left a frozen. Expected the last 3 of those that count"
    assert said in sentence(left.value, "")

    class Refusing:
        def call(self, *_, **__):
            return Answer("`f(m, b, 3)`", raised=Raised("ValueError", ("ValueError",), "only 2 layers", ""))

    monkeypatch.setattr(_cases, "place", lambda *_, **__: None)
    monkeypatch.setattr(_cases, "part_of", lambda *_, **__: None)
    cases = SimpleNamespace(submission=Refusing(), seeds=(1, 2, 3, 4, 5), rates={"trained": 0.1})
    with pytest.raises(Failed) as refused:
        _cases._among_dropouts(cases)
    assert "With a backbone in which 4 layers count, it raised ValueError: only 2 layers" in sentence(refused.value, "")
