"""The course's settings for nbgrader are few, explained, and the ones the glue is made for."""

import pytest
from traitlets.config.loader import PyFileConfigLoader
from traitlets.utils.importstring import import_item

from autograder.gradebook import nbgrader_glue

NAME = "nbgrader_config.py"


@pytest.fixture(scope="module")
def config(project_root):
    return PyFileConfigLoader(NAME, path=str(project_root)).load_config()


def test_it_is_short_and_gives_a_reason_for_each_setting(project_root):
    lines = (project_root / NAME).read_text().split("\n")
    assert len(lines) <= 60
    for number, line in enumerate(lines):
        if line.startswith(("c.", '    "')):
            has_reason = "#" in line or lines[number - 1].startswith(("#", "c."))
            assert has_reason, f"line {number + 1} gives no reason: {line}"


def test_a_stub_raises(config):
    with pytest.raises(NotImplementedError, match="Write your answer here"):
        exec(config.ClearSolutions.code_stub["python"])


def test_grading_and_feedback_take_the_steps_of_the_glue(config):
    assert config.Autograde.autograde_preprocessors == nbgrader_glue.AUTOGRADE_PREPROCESSORS
    assert config.GenerateFeedback.preprocessors == nbgrader_glue.FEEDBACK_PREPROCESSORS


def test_neither_nbgraders_kernel_nor_outputs_decide_about_points(config):
    steps = config.Autograde.autograde_preprocessors
    assert {"nbgrader.preprocessors.Execute", "nbgrader.preprocessors.SaveAutoGrades"} & set(steps) == set()


def test_everything_it_names_can_be_imported(config):
    names = [config.Autograde.exporter_class, config.ExportApp.plugin_class]
    for name in names + config.Autograde.autograde_preprocessors + config.GenerateFeedback.preprocessors:
        assert isinstance(import_item(name), type), name
