"""The course's settings for nbgrader are few, explained, and lead to code that exists."""

import pytest
from traitlets.config.loader import PyFileConfigLoader
from traitlets.utils.importstring import import_item

NAME = "nbgrader_config.py"


@pytest.fixture(scope="module")
def config(project_root):
    return PyFileConfigLoader(NAME, path=str(project_root)).load_config()


def test_it_is_short_and_gives_a_reason_for_each_setting(project_root):
    lines = (project_root / NAME).read_text().split("\n")
    assert len(lines) <= 60
    for number, line in enumerate(lines):
        if line.startswith(("c.", '    "')):
            assert "#" in line or lines[number - 1].startswith(("#", "c.")), (
                f"line {number + 1} gives no reason: {line}"
            )


def test_a_stub_raises(config):
    with pytest.raises(NotImplementedError, match="Write your answer here"):
        exec(config.ClearSolutions.code_stub["python"])


def test_neither_kernel_nor_outputs_decide_about_points(config):
    steps = config.Autograde.autograde_preprocessors
    assert "nbgrader.preprocessors.Execute" not in steps
    assert "nbgrader.preprocessors.SaveAutoGrades" not in steps
    judge, save = (f"autograder.course.nbgrader_glue.{name}" for name in ("JudgeExecute", "SaveVerdicts"))
    assert steps.index(judge) < steps.index(save)


def test_everything_it_names_can_be_imported(config):
    for name in [*config.Autograde.autograde_preprocessors, config.ExportApp.plugin_class]:
        assert isinstance(import_item(name), type), name
