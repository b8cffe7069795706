"""What the hidden checks of exercise 3 take for granted."""

import nbformat
import pytest

import transferlab
from autograder.authoring.pages import checks_of, pages_of
from autograder.checks.exercise_3_comparing_models import _measured as measured
from autograder.checks.exercise_3_comparing_models import _model_tables as model_tables
from autograder.checks.exercise_3_comparing_models import _oracles as oracles
from autograder.checks.exercise_3_comparing_models import measuring as page
from tests.submissions.build import read_expected, submission_places

NAME = "exercise_3_comparing_models"


@pytest.fixture
def locked_cells(source_notebook):
    """Text of the locked cells, by grade_id."""
    cells = nbformat.reads(source_notebook(NAME).decode(), as_version=4).cells
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in cells
        if cell.metadata.get("nbgrader", {}).get("locked")
    }


@pytest.mark.parametrize("name", page.PARAMETERS)
def test_parameters_are_those_of_the_backbones(name):
    assert page.PARAMETERS[name] == transferlab.load_backbone(name, weights=None).count_params()


def test_all_networks_of_the_notebook_have_known_parameters(notebook):
    names = notebook(NAME, "reference").run("setup")
    assert {*names["BACKBONES"], *names["LARGE_NETWORKS"]} == set(page.PARAMETERS)
    assert names["LARGE_NETWORKS"] == page.LARGE_NETWORKS
    assert names["COLUMNS"] == list(model_tables.COLUMNS)
    assert names["PREDICT_IMAGES"] == measured.PREDICT_IMAGES


def test_the_judge_uses_the_notebooks_own_validation_images(locked_cells):
    count, seed = measured.VALIDATION_PER_CLASS, measured.VALIDATION_SEED
    pictures = " ".join(locked_cells["pictures"].split())
    assert f'"validation", per_class={count}, seed={seed} )' in pictures
    assert f'"train", per_class={page.TRAINING_IMAGES // 10}, seed=' in pictures
    assert f"\nEPOCHS = {page.NOTEBOOK_EPOCHS}\n" in locked_cells["setup"]


def test_the_judge_asks_for_another_backbone_and_other_epochs_than_the_checks_that_students_see(locked_cells):
    assert measured.PROFILED not in locked_cells["check_profile_backbone"]
    assert measured.EPOCHS not in (2, page.NOTEBOOK_EPOCHS)


def test_the_example_of_the_front_is_what_the_oracle_says(notebook):
    answers = notebook(NAME, "reference").run("setup", "published", "pareto_front", "check_pareto_front")
    rows = answers["animals"].to_dict("records")
    assert oracles.pareto_front(rows) == ["ant", "cat", "dog"]
    assert [oracles.recommended(rows, scenario) for scenario in ("accuracy", "speed", "size")] == ["cat", "ant", "ant"]


def test_the_published_networks_are_as_the_text_says(notebook):
    rows = notebook(NAME, "reference").run("setup", "published")["published"].to_dict("records")
    kept = set(oracles.pareto_front(rows))
    without_size = set(oracles.pareto_front([row | {"parameters": 0} for row in rows]))
    without_time = set(oracles.pareto_front([row | {"ms_per_image": 0} for row in rows]))
    by_name = {row["name"]: row for row in rows}
    larger, saved = by_name["InceptionV3"], by_name["EfficientNetB0"]

    assert set(by_name) - kept == {"VGG16", "ResNet50", "DenseNet121"}
    assert kept - without_size == {"EfficientNetB0"}
    assert "MobileNet" in kept - without_time
    assert oracles.beats(larger | {"parameters": 0}, saved | {"parameters": 0})
    assert saved["parameters"] < larger["parameters"] / 4
    assert min(rows, key=lambda row: row["parameters"])["name"] == "MobileNetV2"


def test_a_wrong_answer_loses_its_points_once():
    wrong = [place for place in submission_places(NAME) if place.name.startswith("wrong_")]
    lost = {place.name: read_expected(place).checks for place in wrong}
    cells = {name: settings.cell for name, settings in checks_of(pages_of(NAME)).items()}
    spread = {name for name, checks in lost.items() if len({cells[check] for check in checks}) > 1}
    two_mistakes = {name for name in lost if name.endswith("_behind_a_slip")}
    assert spread - two_mistakes == {"wrong_comparison_of_two_only"}
