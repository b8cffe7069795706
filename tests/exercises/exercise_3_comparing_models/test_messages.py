"""What exercise 3's checks say of notebooks that no slip stands for: each sentence is true of what brought it about."""

from types import SimpleNamespace

import numpy as np
import pytest

from autograder.checks.exercise_3_comparing_models import _measured as measured
from autograder.checks.exercise_3_comparing_models import _model_tables as model_tables
from autograder.checks.exercise_3_comparing_models import deciding, measuring
from autograder.judge.checking import Failed, sentence
from autograder.judge.submission import Answer
from autograder.judge.tables import Table, rows_of
from tests.judge.local import Student, told

ROWS = model_tables.EXAMPLE
CALLED = "Called `profile_backbone(…)`. "


def failing(method, *args):
    with pytest.raises(Failed) as caught:
        method(*args)
    return sentence(caught.value, "")


# --- sizes


def sizes(**columns):
    data = SimpleNamespace(compared_backbones=("mini_vgg",))
    return Student(sizes=Table(columns)), data


ALL = ("mini_vgg", *measuring.LARGE_NETWORKS)


@pytest.mark.parametrize(
    ("name", "count", "said"),
    [
        ("vgg16", 1, "`sizes` has no row for mini_vgg. Expected rows for mini_vgg, vgg16, resnet50, mobilenet_v2."),
        ("mini_vgg", 1_000, "`sizes` says 1,000 parameters for mini_vgg. Expected 293,520. Try: `count_params()` of"),
    ],
)
def test_of_the_parameters_of_sizes(name, count, said):
    assert said in told(measuring.sizes_count_every_parameter, *sizes(name=[name], parameters=[count]))


@pytest.mark.parametrize(
    ("names", "counts", "megabytes", "said"),
    [
        ([], [], [], "`sizes` has no rows. Expected one for each backbone. Try: parameters times 4 bytes"),
        (
            ["mini_vgg"],
            [293_520],
            [1.12],
            "`sizes` says 1.12 megabytes for mini_vgg. Expected 1.174 for its 293,520. Try",
        ),
        (
            ["mini_vgg"],
            [293_520],
            [None],
            "`megabytes` in row 1 of `sizes` is None. Expected a finite number. Try: par",
        ),
    ],
)
def test_of_the_megabytes_of_sizes(names, counts, megabytes, said):
    student, _ = sizes(name=names, parameters=counts, megabytes=megabytes)
    assert said in told(measuring.sizes_are_in_megabytes, student)


# --- profile_backbone


def profile(row=None, fits=(), predictions=(), **facts):
    """What a call has given and done."""
    given = {"name": measured.PROFILED, "parameters": 142_840, "val_accuracy": 0.5}
    images = np.arange(4, dtype=np.float32).reshape(2, 2, 1, 1)
    answer = Answer("`profile_backbone(…)`", None, inputs_after=([None, (images + 1, [0, 1]), (images, [0, 1])], {}))
    watched = SimpleNamespace(fits=fits, predictions=predictions, answer=answer)
    facts = {"compiled": True, "loss": "sparse_categorical_crossentropy", "arrays": ()} | facts
    pair = images, np.array([0, 1])
    return measured.Profile(watched, given | (row or {}), SimpleNamespace(**facts), 1.0, pair, pair)


def asked(found):
    return SimpleNamespace(profile=lambda: found)


def test_of_the_row():
    found = asked(profile({"name": "vgg16"}))
    assert told(measuring.profile_row_speaks_of_its_model, found).startswith(
        f"{CALLED}The row is named 'vgg16'. Expected 'mini_mobilenet'. Try: bring back the weights"
    )
    found = asked(profile({"parameters": 142_842}))
    assert told(measuring.profile_counts_the_backbone, found).startswith(
        f"{CALLED}`parameters` is 142,842. Expected 142,840, those of mini_mobilenet alone. Try: "
    )
    found = asked(profile({"parameters": None}))
    assert told(measuring.profile_counts_the_backbone, found).startswith(
        f"{CALLED}`parameters` is None. Expected a finite number. Try: `backbone.count_params()`"
    )


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"compiled": False}, "The model that came back is not compiled. Expected a compiled model."),
        (
            {"loss": "categorical_crossentropy"},
            "The loss of the model is categorical_crossentropy. Expected a loss for integer labels.",
        ),
        ({}, "The images or labels given to it were changed in place. Expected left as they were."),
    ],
)
def test_of_the_model_that_came_back(monkeypatch, facts, said):
    monkeypatch.setattr(measuring, "_expect_all_epochs", lambda measured: None)
    monkeypatch.setattr(measuring, "_expect_training_images", lambda measured: None)
    monkeypatch.setattr(measuring, "_expect_accuracy_meant", lambda measured: None)
    found = profile(fits=[SimpleNamespace(reports={"accuracy"})], **facts)
    assert said in told(measuring.profile_trains_as_asked, asked(found))


def made(**facts):
    return SimpleNamespace(**{"images": 64, "batch_size": 64, "rows": ()} | facts)


@pytest.mark.parametrize(
    ("predictions", "said"),
    [
        ([made(images=120)] * 6, "`predict` was called 0 times with 64 images. Expected one to warm up and 5 with the"),
        ([made(batch_size=0)] * 6, "`predict` was called without `batch_size`. Expected batch_size=64."),
        ([made(batch_size=32)] * 6, "`predict` was called with batch_size=32. Expected batch_size=64."),
        (
            [made(rows=("another",))] * 6,
            "`predict` was timed on other images than those to validate. Expected one to warm up and 5 with the clock",
        ),
    ],
)
def test_of_predictions(predictions, said):
    assert said in failing(profile(predictions=predictions).predictions)


# --- the comparison


def test_of_trained_models():
    data = SimpleNamespace(source="", pair=(0, 1))
    found = measured.Measured(Student(trained_models=[1]), data, 0)
    said = "`trained_models` is [1]. Expected a dictionary from name to model."
    assert failing(found.trained, "mini_vgg") == said
    found = measured.Measured(Student(trained_models={"mini_vgg": None}), data, 0)
    said = "`trained_models` has None for mini_vgg. Expected the model that came with its row."
    assert failing(found.trained, "mini_vgg") == said
    said = "`trained_models` has no entry for mini_resnet. Expected the model that came with its row."
    assert failing(found.trained, "mini_resnet") == said


NAMES = SimpleNamespace(compared_backbones=("mini_vgg", "mini_resnet"))


def compared(*rows):
    student = Student(comparison_table=lambda rows: None)
    return SimpleNamespace(table=lambda: list(rows), submission=student, trainings=lambda: (), recommended=lambda: None)


def test_of_the_table():
    row = ROWS[0] | {"name": "mini_vgg"}
    assert "`table` has no row for mini_resnet. Expected rows for mini_vgg, mini_resnet. Try: one call" in told(
        measuring.table_measures_every_backbone, compared(row), NAMES
    )
    assert "`table` has no row for any of the backbones. Expected a row for each. Try: take rows" in told(
        measuring.every_row_speaks_of_its_model, compared(ROWS[0]), NAMES
    )
    assert "`table` has 1 rows. Expected one for each backbone. Try:" in told(measuring.table_is_sorted, compared(row))
    assert "The rows of `table` are in the order oak, elm, fir. Expected elm, oak, fir. Try:" in told(
        measuring.table_is_sorted, compared(*ROWS[:3])
    )
    empty = compared()
    empty.validation_accuracy = lambda: 0.5
    assert "`table` has no rows. Expected one for each backbone." in told(
        measuring.recommended_model_belongs_to_its_row, empty
    )


def test_of_a_model_without_the_backbone_of_its_row(monkeypatch):
    def charged(problem, *_):
        raise problem

    monkeypatch.setattr(measuring, "_charge_once", charged)
    found = compared(ROWS[0] | {"name": "mini_vgg"})
    found.trained = lambda name: SimpleNamespace(arrays=(np.zeros(3),))
    assert told(measuring.every_row_speaks_of_its_model, found, NAMES).startswith(
        "The model of mini_vgg in `trained_models` does not hold that backbone. Expected a head on mini_vgg. Try: "
    )


def test_of_epochs_of_the_notebook(monkeypatch):
    images = np.zeros((1, 2, 2, 3)), np.array([9])
    found = SimpleNamespace(notebook_images=lambda split: images, trained=lambda name: failing_model())
    said = failing(measuring._expect_trained, found, ("mini_vgg", "mini_resnet"), ())
    assert said == (
        "`fit` has run for 0 epochs altogether on the 400 images of the notebook. Expected "
        f"{measured.NOTEBOOK_EPOCHS} epochs for each of the 2 backbones."
    )


def failing_model():
    raise Failed("there is none")


# --- functions that decide


def frame(rows):
    return Table({name: [row[name] for row in rows] for name in rows[0]}) if rows else Table({"name": []})


def front(change):
    return Student(pareto_front=lambda table: frame(change(rows_of(table))))


MODELS = [ROWS[1], ROWS[2]]


@pytest.mark.parametrize(
    ("check", "change", "given", "said"),
    [
        (
            deciding.pareto_front_keeps_order_and_columns,
            lambda rows: [row for row in rows[::-1] if row["name"] != "worst"],
            (MODELS, 0, False),
            "Of the rows worst, elm, fir, the answer holds fir, elm, in this order. Expected rows of the table in the",
        ),
        (
            deciding.pareto_front_keeps_order_and_columns,
            lambda rows: rows,
            (MODELS, 0, False),
            "A row came back that is worse than every other in everything. Expected the rows that no other beats, and",
        ),
        (
            deciding.pareto_front_keeps_order_and_columns,
            lambda rows: [rows[1] | {"name": "pine"}],
            (MODELS, 0, False),
            "A row named 'pine' came back. Expected the rows that no other beats, and only these.",
        ),
        (
            deciding.pareto_front_keeps_order_and_columns,
            lambda rows: [row | {"note": None} for row in rows if row["name"] != "worst"],
            (MODELS, 0, False),
            "`note` of elm came back as None. Expected as it was given. Try: filter with a mask",
        ),
        (
            deciding.pareto_front_holds_exactly_the_unbeaten_rows,
            lambda rows: [rows[0] | {"name": "pine"}],
            (MODELS,),
            "A row named 'pine' came back. Expected rows of the table only.",
        ),
    ],
)
def test_of_fronts(check, change, given, said):
    assert said in told(check, front(change), *given)


def nothing(table):
    return Table({name: [] for name in (*model_tables.COLUMNS, deciding.NOTE)})


def test_of_empty_fronts():
    student = Student(pareto_front=nothing)
    said = "No row came back. Expected the rows that no other beats, and only these."
    assert said in told(deciding.pareto_front_keeps_order_and_columns, student, MODELS, 0, False)
    said = "Of a table with one row, [] came back. Expected that row."
    assert said in failing(deciding._expect_front_of_one, student, ROWS[0])


def test_of_fronts_without_names():
    student = Student(pareto_front=lambda table: table)
    said = failing(deciding._expect_front_of_few_columns, student, ROWS[0])
    assert said == (
        "Called `pareto_front(table)` with no other columns than these three. Of rows with the parameters [400, 401, "
        "399] came back [400, 401, 399]. Expected all but the second."
    )


def test_of_recommendations():
    said = told(deciding.recommend_refuses_other_scenarios, Student(recommend=lambda table, scenario: "elm"))
    assert (
        "Called `recommend`. It names the same model whatever it is asked for. Expected the best one for each." in said
    )
    said = told(deciding.recommend_refuses_other_scenarios, Student(recommend=lambda table, scenario: None))
    assert "It returned None. Expected a name of the table. Try: does the function end with `return`?" in said


def test_of_comparison_tables():
    rows = ROWS[:3]
    student = Student(comparison_table=frame)
    assert (
        "For oak 0.75 400; elm 0.8 300; fir 0.7 100 (name, accuracy, parameters) the order is oak, elm, fir. Expected "
        "elm, oak, fir."
    ) in told(deciding.comparison_table_is_sorted, student, rows)
    student = Student(comparison_table=lambda rows: frame(rows[:2]))
    said = told(deciding.comparison_table_refuses_what_is_no_comparison, student, rows)
    assert "A table of 2 rows came back. Expected the three rows it was given. Try: compare `len(rows)`" in said


def test_of_entries_of_a_summary():
    student = Student(summarise_run=lambda *given: {"val_accuracy": None})
    said = told(deciding.summarise_run_takes_the_best_accuracy, student, [10, 20])
    assert said.endswith(
        "'val_accuracy' is None. Expected a finite number. Try: `max` of the accuracies: that of the best epoch, which "
        "need not be the last"
    )


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ({"accuracy": 0.5}, "It returned a dict with accuracy. Expected a dict with an entry 'val_accuracy'."),
        ({}, "It returned an empty dictionary. Expected a dict with an entry 'val_accuracy'."),
        ([0.5], "It returned [0.5]. Expected a dict with an entry 'val_accuracy'."),
    ],
)
def test_of_a_summary_without_an_entry(returned, said):
    answer = Answer("`summarise_run(…)`", returned)
    assert failing(deciding._expect_entry, answer, "val_accuracy", 0.5) == f"Called `summarise_run(…)`. {said}"
