"""What exercise 2's checks say of notebooks that no slip stands for: each sentence is true of what brought it about."""

from types import SimpleNamespace

import numpy as np
import pytest

from autograder.checks.exercise_2_freezing_strategies import _comparison as comparing
from autograder.checks.exercise_2_freezing_strategies import _freezing as freezing
from autograder.checks.exercise_2_freezing_strategies import _stages as stages
from autograder.checks.exercise_2_freezing_strategies import trained, unfreezing
from autograder.judge.checking import Failed, Undecided, sentence
from autograder.judge.submission import Answer, Handle
from autograder.kerasmodels.charged_once import OwnCall, OwnModel
from autograder.kerasmodels.noted import digest_of_array, digests_of_images
from tests.judge.local import Student, told

BACKBONE = (np.arange(3.0), np.arange(4.0))


def failing(method, *args):
    with pytest.raises(Failed) as caught:
        method(*args)
    return sentence(caught.value, "").removeprefix(f"Called {comparing.CALLED}. ")


def fit(model="m", epochs=comparing.EPOCHS, **facts):
    noted = {"model": Handle(model, "model"), "epochs": epochs, "rows": (), "labels": (), "trainable": (True,)}
    noted |= {"before": BACKBONE, "after": BACKBONE, "reports": frozenset({"accuracy"}), "features": ()}
    noted |= {"rate": "Adam 0.001", "steps": 9, "facts": SimpleNamespace(description="")}
    return SimpleNamespace(**noted | facts)


def comparison(*fits, value=(None, None), **changed):
    """A call whose second stages are these, in the order of the fractions."""
    answer = Answer(comparing.CALLED, value)
    found = comparing.Comparison(
        Student(), SimpleNamespace(answer=answer, fits=fits), SimpleNamespace(weights=BACKBONE), (), ()
    )
    found.strategies = lambda: fits
    found._all_pairs = lambda: list(zip(comparing.FRACTIONS, fits, strict=False))
    found.array_layers = lambda: ["c" for _ in BACKBONE]
    for name, made in changed.items():
        setattr(found, name, made)
    return found


TABLE = {name: [1.0, 2.0, 3.0] for name in stages.COLUMNS}


def test_of_what_comes_back():
    found = comparison(value=(TABLE, None))
    assert failing(found.best_model) == "The second part of the answer is None. Expected the best model itself."
    assert failing(found.expect_rows) == (
        "The column `fraction` holds [1.0, 2.0, 3.0]. Expected [1.0, 0.5, 0.0], as given."
    )


@pytest.mark.parametrize(
    ("facts", "fits", "said"),
    [
        (
            {"loss": "categorical_crossentropy"},
            (),
            "The loss of the model that came back is categorical_crossentropy. Expected a loss for integer labels.",
        ),
        (
            {},
            (fit(reports=frozenset({"loss", "acc"})),),
            "The second `fit` for 1.0 reported acc, loss. Expected a model compiled with the metric `accuracy`.",
        ),
        ({"compiled": False}, (), "The model that came back is not compiled. Expected a compiled model."),
    ],
)
def test_of_the_rules_for_models(monkeypatch, facts, fits, said):
    rows = np.full((40, comparing.CLASSES), 1 / comparing.CLASSES)
    known = {"compiled": True, "loss": "sparse_categorical_crossentropy", "predict": lambda images: rows} | facts
    monkeypatch.setattr(comparing, "describe", lambda *_: SimpleNamespace(**known))
    found = comparison(*fits, value=(TABLE, Handle("m", "Functional")), validation=(np.zeros(40), np.zeros(40)))
    assert failing(found.expect_rules) == said


def test_of_images_that_are_not_square():
    found = comparison(refused=Failed("it raised ValueError: no"))
    assert failing(found.expect_any_size) == (
        "With images of 24 × 16 pixels, it raised ValueError: no. Expected what it gives for square images. Try: "
        "images need not be square: take the shape from the backbone, `backbone.input_shape[1:]`"
    )


HINT = "Try: make a new head for each fraction, or give each a copy of one that was trained once"


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        (None, "The training for 1.0 began with a head that no earlier head stage left behind. Expected a head of"),
        (fit(), "The head stage for 1.0 went on with a head that another training had left behind. Expected a head"),
    ],
)
def test_of_heads_that_are_not_fresh(stage, said):
    found = comparison(fit(), head_stage=lambda found: stage, trained_before=lambda stage: True)
    assert failing(found.expect_fresh_starts).startswith(said)
    assert failing(found.expect_fresh_starts).endswith(HINT)


def test_of_a_head_stage_that_moves_the_backbone():
    moved = fit(after=(BACKBONE[0], BACKBONE[1] + 1))
    found = comparison(fit(), head_stage=lambda found: moved, trained_before=lambda stage: False)
    for own in (None, {"b"}):
        found.own_layers = lambda fraction, own=own, **_: own
        assert failing(found.expect_fresh_starts) == (
            "In the head stage for 1.0, `fit` changed 1 layer of the backbone (c). Expected the whole backbone frozen,"
            " BatchNormalization, too. Try: `backbone.trainable = False`"
        )
    found.own_layers = lambda fraction, **_: {"c"}  # charged where that is judged
    found.expect_fresh_starts()


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ({"b", "a"}, "For 1.0, `fit` changed 2 layers of the backbone (a, b). Expected 1, the last ones of those that"),
        (set(), "For 1.0, `fit` changed no layer of the backbone. Expected 1, the last ones of those that count."),
    ],
)
def test_of_layers_that_move(monkeypatch, layers, said):
    monkeypatch.setattr(comparing, "expected_layers", lambda *_: {"c"})
    found = comparison(fit(), layers_moved=lambda found: layers, own_layers=lambda fraction, **_: None)
    found.head = lambda found: [np.ones(2)]
    assert failing(found.expect_layers).startswith(said)


def test_of_epochs():
    assert failing(comparison(fit(epochs=2)).expect_epochs) == "The second stage for 1.0 took 2 epochs. Expected 3."
    found = comparison(fit(), head_stage=lambda found: fit(epochs=5))
    assert failing(found.expect_epochs) == "The head stage for 1.0 took 5 epochs. Expected 2."
    found = comparison(fit(epochs=0))
    assert failing(found.expect_epochs) == "The second stage for 1.0 took 0 epochs. Expected 3."
    found = comparison(fit("a"), fit("b"), fit("c", epochs=2), head_stage=lambda found: None)
    found.fits = (fit("a", epochs=2), fit("a"), fit("b", epochs=2), fit("b"), fit("c", epochs=2))
    assert failing(found.expect_epochs) == (
        "For 0.0 there was one `fit`, of 2 epochs: the head stage. Expected a second stage of 3 epochs behind it, as "
        "for the others."
    )


def test_of_a_head_that_is_frozen(monkeypatch):
    monkeypatch.setattr(comparing, "expected_layers", lambda backbone, fraction: set())
    found = comparison(
        fit(trainable=(False,)),
        layers_moved=lambda found: set(),
        own_layers=lambda fraction: set(),
        head=lambda found: BACKBONE,
        places=lambda found: (),
    )
    assert failing(found.expect_layers) == (
        "For 1.0, the head was frozen. Expected one that goes on learning, whatever is unfrozen. Try: freeze layers of "
        "the backbone only"
    )


def test_of_what_differs_beside_the_fraction(monkeypatch):
    settings = {"one": {"Dropout with rate 0.2": 1}, "other": {"Dropout with rate 0.3": 1}}
    monkeypatch.setattr(comparing, "layer_settings", lambda description: comparing.Counter(settings[description]))
    fits = [fit(facts=SimpleNamespace(description=description)) for description in settings]
    assert failing(comparison(*fits, head=lambda found: []).expect_nothing_else_differs) == (
        "For 1.0, the model had Dropout with rate 0.2, and for 0.5, Dropout with rate 0.3. Expected nothing to differ "
        "but the fraction."
    )
    fits = [fit(), fit(rate="Adam 0.1")]
    assert failing(comparison(*fits, head=lambda found: []).expect_nothing_else_differs) == (
        "For 1.0, the optimizer of the second stage was Adam 0.001, and for 0.5, the optimizer of the second stage was "
        "Adam 0.1. Expected nothing to differ but the fraction."
    )


def test_of_counts():
    found = comparison(fit(before=(np.zeros(7),), trainable=(True,)), own_count=lambda found: 0)
    found.columns = lambda: {"trainable": [3.0, 3.0, 3.0]}
    assert failing(found.expect_counts) == "For 1.0, `trainable` is 3. Expected 7."


def test_of_the_best_model(monkeypatch):
    kept = fit(after=(np.ones(1),), accuracy=lambda *_: 0.9)
    last = fit(after=(np.zeros(1),), accuracy=lambda *_: 0.3)  # of one model, set back for each fraction
    found = comparison(kept, last, value=(TABLE, Handle("m", "Functional")))
    found.columns = lambda: {"val_accuracy": [0.9, 0.3]}
    monkeypatch.setattr(comparing, "lost_points", lambda claims: False)
    wanted = " Expected the best model itself, as its last epoch left it."
    for arrays, said in (
        (last.after, "is not that of the best row."),
        ((np.full(1, 5.0),), "has been changed after the"),
    ):
        monkeypatch.setattr(comparing, "describe", lambda *_, arrays=arrays: SimpleNamespace(arrays=arrays))
        assert f"The model that came back {said}" in failing(found.expect_best)
        assert failing(found.expect_best).endswith(wanted)


def test_of_images_and_labels():
    images = np.arange(6, dtype=np.float32).reshape(3, 2, 1, 1)
    pair, others = (images, np.arange(3)), (images + 50, np.arange(3))
    found = comparison(fit(rows=comparing.digests(images), labels=(1, 0, 2)), training=pair, validation=others)
    found._maps = lambda: np.zeros((3, 1, 1, 2))
    assert failing(found.expect_images) == (
        "A `fit` has learned from training images, or features of them, with the labels of other images. Expected each "
        "image to be learned with its own label."
    )
    found = comparison(fit(rows=comparing.digests(images[:2]), labels=(0, 1)), training=pair, validation=others)
    found._maps = lambda: np.zeros((3, 1, 1, 2))
    assert failing(found.expect_images) == "A `fit` has learned from 2 of the 3 training images. Expected all of them."
    found = comparison(training=pair, validation=others)
    found.answer.__dict__["inputs_after"] = ([(images / 255, pair[1]), others], {})
    assert failing(found.expect_images) == (
        "The images or labels given to it were changed in place. Expected left as they were. Try: work on copies of"
        " arrays"
    )


# --- unfreeze_fraction


def unfrozen(monkeypatch, layers_moved=0, **facts):
    """What a call on a backbone of ours has left."""
    known = {"before": BACKBONE, "facts": SimpleNamespace(arrays=BACKBONE), "expect_moved": lambda layers: None}
    known |= {"expect_normalization_still": lambda: None} | facts
    case = SimpleNamespace(
        trained=SimpleNamespace(**known),
        answer=Answer("`unfreeze_fraction(backbone, 0.5)`"),
        layers_moved=lambda: layers_moved,
    )
    monkeypatch.setattr(unfreezing, "unfrozen", lambda *_, **__: case)


def test_of_unfrozen_backbones(monkeypatch):
    unfrozen(monkeypatch, facts=SimpleNamespace(arrays=(BACKBONE[0] + 1, BACKBONE[1])))
    assert told(unfreezing.unfreeze_fraction_trains_the_last_layers, None, 1).startswith(
        "Called `unfreeze_fraction(backbone, 0.5)`. It changed weights of the backbone or of the model around it. "
        "Expected flags to change, and nothing else. Try: "
    )
    assert told(unfreezing.unfreeze_fraction_keeps_batch_normalization_still, None, 1).startswith(
        "Called `unfreeze_fraction(backbone, 0.5)`. Nothing in the backbone learns. Expected its last layers to learn."
    )
    assert told(unfreezing.unfreeze_fraction_sets_every_flag_anew, None, 1).startswith(
        "Called `unfreeze_fraction(backbone, 0.5)`. 0 of the 4 layers of a backbone whose layers had been frozen one "
        "by one learn. Expected 4."
    )


def test_of_a_model_that_lost_an_array(monkeypatch):
    monkeypatch.setattr(freezing, "place", lambda *_, **__: Handle("m", "Functional"))
    monkeypatch.setattr(freezing, "part_of", lambda *_, **__: Handle("b", "Functional"))
    monkeypatch.setattr(freezing, "describe", lambda *_: SimpleNamespace(arrays=BACKBONE))
    student = Student(unfreeze_fraction=lambda backbone, fraction: backbone)
    said = failing(freezing._unfrozen, student, (0.5,), True, 1, 4, "learning")
    assert said.endswith("The model around the backbone lost or gained arrays. Expected the same layers.")


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            None,
            'It returned None. Expected a dictionary with the keys "trainable" and "frozen". Try: does the function',
        ),
        (
            {"trainable": None, "frozen": 2},
            '"trainable" is None. Expected a finite number. Try: `model.trainable_weights`',
        ),
        ({"trainable": 3, "frozen": 2}, "It counts 3 trainable parameters. Expected 5. Try: `model.trainable_weights`"),
        ({"trainable": 5.0, "frozen": 2}, "The counts are numbers with a decimal point. Expected whole numbers (int)."),
    ],
)
def test_of_counted_parameters(monkeypatch, found, said):
    case = freezing.Counted("`count_parameters(model)`", found, 5, 2)
    monkeypatch.setattr(unfreezing, "counted", lambda *_: case)
    monkeypatch.setattr(unfreezing, "counted_frozen", lambda *_: case)
    assert said in told(unfreezing.count_parameters_counts_both_kinds, None, 1)


# --- what the notebook has left


def charged(problem, *_):
    raise problem


COLUMNS = {"fraction": [0.0, 0.25, 0.5, 1.0], "trainable": [5.0, 6.0, 7.0, 8.0], "val_accuracy": [0.5] * 4}
COLUMNS |= {"seconds": [1.0] * 4}


def left(columns=None, trainings=(), **facts):
    """A notebook with this table, whose function has lost no points."""
    facts = {"handle": Handle("m", "Functional"), "arrays": (), "rebuilt": lambda: None} | facts
    one = np.zeros((1, 2, 2, 3)), np.array([9])
    return SimpleNamespace(
        columns=lambda: COLUMNS | (columns or {}),
        charge_once=charged,
        trainings=lambda: trainings,
        best_model=lambda: SimpleNamespace(**facts),
        images=lambda split: one,
        data=SimpleNamespace(backbone="mini_vgg"),
        expect_table_returned=None,
        expect_accuracies_measured=None,
        expect_both_returned=None,
        expect_epochs_as_the_function_has_them=None,
    )


ARRAYS = {"one": [np.ones(1)], "two": [np.ones(2)]}


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"fraction": [1.0]}, "The column `fraction` of `table` holds [1.0]. Expected [0.0, 0.25, 0.5, 1.0]."),
        ({"seconds": [0.0]}, "`table` says that a training took 0 seconds. Expected more than nothing."),
        (
            {"val_accuracy": [0.83]},
            "`table` holds the accuracy 0.83, which is no number of images out of 150. Expected shares of the",
        ),
        (
            {"val_accuracy": [83.0]},
            "`table` holds the accuracy 83, which is no share between 0 and 1. Expected shares of the validation",
        ),
        (
            {},
            "Beside the 5 of the smallest training, `trainable` grows by [1.0, 2.0, 3.0]. Expected [2, 2, 3], the par",
        ),
    ],
)
def test_of_tables(monkeypatch, columns, said):
    monkeypatch.setattr(trained, "_as_own_functions", lambda *_: False)
    assert said in told(trained.table_holds_the_four_strategies, left(columns), ARRAYS)


def learning(model, epochs):
    return SimpleNamespace(model=Handle(model, "model"), epochs=epochs, rows=(), labels=())


@pytest.mark.parametrize(
    ("fits", "said"),
    [
        ((), "No `fit` of the notebook has learned from the 120 images. Expected the comparison to be run."),
        (
            (learning("head", 5), learning("m", 2)),  # it is the head that was trained too short
            "No `fit` on the 120 images of the notebook took 6 epochs. Expected 6 epochs for the head, and then 2 for",
        ),
        (
            (learning("m", 6), learning("m", 4)),
            "`best_model` was trained for 6 and then for 4 epochs. Expected 6 epochs for the head, and then 2 for the",
        ),
    ],
)
def test_of_how_long_it_trained(fits, said):
    assert said in told(trained.comparison_trains_as_asked, left(trainings=fits))


def test_of_the_best_models_layers(monkeypatch):
    monkeypatch.setattr(trained, "_own_layers", lambda *_: set())
    assert "No `fit` of the notebook has learned from the 120 images. Expected a model that was trained." in told(
        trained.best_model_is_the_strategy_of_its_row, left(), ARRAYS
    )
    assert (
        "`best_model` holds 0 of the 2 layers of mini_vgg as they were pretrained. Expected the first 2, as the best "
        "row of `table` left them."
    ) in told(
        trained.best_model_is_the_strategy_of_its_row,
        left({"val_accuracy": [0.6, 0.5, 0.5, 0.5]}, (learning("m", 2),)),
        ARRAYS,
    )


# --- what the notebook's own function has left, where that has lost points


IMAGES = np.arange(2 * 12, dtype=np.float32).reshape(2, 2, 2, 3), np.array([3, 4])
FACTS = SimpleNamespace(handle=Handle("m", "Functional"), arrays=BACKBONE)


def trained_on(*val_accuracy, epochs=2):
    rows = trained.digests(IMAGES[0])
    return SimpleNamespace(val_accuracy=val_accuracy, train_accuracy=(), rows=rows, labels=(3, 4), epochs=epochs)


def own_call(returned=(None, None)):
    """A call of `compare_strategies` by a cell, as asked, with which the first training belongs."""
    pair = [digests_of_images(IMAGES[0]), IMAGES[1]]
    fractions = list(trained.FRACTIONS)
    given = (None, pair, pair, fractions, trained.HEAD_EPOCHS, trained.EPOCHS)
    return OwnCall(0, given, list(returned), range(1))


def left_by_its_own_function(monkeypatch, *calls, trainings=(), judged=None, table="no table"):
    """A notebook whose function was judged so; it has lost points for the rows of its table."""
    judged = judged or comparison(*(fit() for _ in trained.FRACTIONS))
    judged.expect_rows = lambda: comparing.fail("the rows are others")
    monkeypatch.setattr(trained, "own_calls", lambda submission, name: calls)
    monkeypatch.setattr(trained, "compared", lambda submission, seed: judged)
    found = trained.Left(Student(table=table), SimpleNamespace(source="", backbone=""), lambda purpose: 1)
    found.trainings, found.images, found.best_model = lambda: trainings, lambda split: IMAGES, lambda: FACTS
    found._expect_pretrained = lambda call: None
    return found


def undecided(method):
    with pytest.raises(Undecided) as caught:
        method()
    return str(caught.value)


def test_a_table_that_cannot_be_read_and_came_from_the_function(monkeypatch):
    found = left_by_its_own_function(monkeypatch, own_call(("no table", None)))
    said = "`table` is what `compare_strategies` returned, which has lost points for it."
    assert undecided(found.columns) == said


def test_of_a_function_that_was_not_seen_to_train_every_fraction(monkeypatch):
    judged = comparison()
    judged.strategies = lambda: comparing.fail("`fit` trained 0 models")
    found = left_by_its_own_function(monkeypatch, own_call(), judged=judged, trainings=(trained_on(0.5),))
    assert undecided(found.columns).endswith(
        "`compare_strategies` has lost points in its own task; whether this is the same mistake, a person has to see. "
        "When the grader called `compare_strategies`, it did not see a training for every fraction, and yet cells of "
        "the notebook train."
    )
    idle = left_by_its_own_function(monkeypatch, own_call(), judged=judged)
    assert failing(idle.columns).startswith("`table` is 'no table'.")


@pytest.mark.parametrize("calls", [(), (OwnCall(0, (1, 2, 3), [None, None], range(1)),)])
def test_of_calls_that_were_not_seen(monkeypatch, calls):
    found = left_by_its_own_function(monkeypatch, *calls, trainings=(trained_on(0.5),))
    assert undecided(found._calls) == (
        "The grader has not seen a cell call `compare_strategies` with 6 arguments and get an answer."
    )


def test_of_accuracies_that_no_training_shows(monkeypatch):
    call = own_call()
    found = left_by_its_own_function(monkeypatch, call, trainings=(trained_on(0.5, 0.6),))
    found.expect_table_returned = lambda: call
    found.columns = lambda: {"val_accuracy": [0.6]}
    assert found.expect_accuracies_measured() is call
    found.columns = lambda: {"val_accuracy": [0.7]}
    assert undecided(found.expect_accuracies_measured) == (
        "The grader does not see in the trainings of the cell where the accuracies in `table` come from."
    )


@pytest.mark.parametrize("trainings", [(), (trained_on(0.29),), (trained_on(),)])
def test_of_a_best_model_of_trainings_that_show_little(monkeypatch, trainings):
    model = OwnModel(FACTS.handle, tuple(map(digest_of_array, BACKBONE)))
    call = own_call((None, model))
    found = left_by_its_own_function(monkeypatch, call, trainings=trainings)
    assert undecided(found.expect_model_returned) == (
        "The grader sees no validation accuracy of 30% or more in the trainings of the cell."
    )
    found.trainings = lambda: (trained_on(0.2, 0.3),)
    assert found.expect_model_returned() is call
    found.trainings = lambda: None
    said = "The notebook called `fit` more than 300 times, and the grader looks at the first ones only."
    assert undecided(found.expect_model_returned) == said


@pytest.mark.parametrize(
    ("epochs", "said"),
    [((), "no"), ((2,) * 3, "2, 2, 2"), ((6, 2, 2, 2, 1), "6, 2, 2, 2, 1")],
)
def test_of_epochs_of_the_cell_that_are_others_than_when_it_was_judged(monkeypatch, epochs, said):
    call = OwnCall(0, own_call().given, [], range(len(epochs)))
    trainings = tuple(trained_on(0.5, epochs=count) for count in epochs)
    found = left_by_its_own_function(monkeypatch, call, trainings=trainings)
    found.expect_model_returned = lambda: call
    assert undecided(found.expect_epochs_as_the_function_has_them) == (
        f"In the cell, `compare_strategies` has run `fit` for {said} epochs."
    )
