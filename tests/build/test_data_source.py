"""One line of the configuration decides which images the notebooks name."""

import pytest

from autograder.build import build, check
from autograder.build.data_source import configured_source, with_data_source

TEXT = 'import transferlab\n\nDATA_SOURCE = "sketches"  # where from\nother = "sketches"\n'


def test_only_the_line_of_the_source_changes():
    assert with_data_source(TEXT, "cifar10") == TEXT.replace('DATA_SOURCE = "sketches"', 'DATA_SOURCE = "cifar10"')


def test_the_default_needs_no_line_in_the_configuration(course):
    assert configured_source(course / "nbgrader_config.py") == "sketches"


@pytest.mark.parametrize("folder", ["source", "release"])
def test_notebooks_name_what_the_configuration_says(course, folder):
    text = course / "source" / "exercise_9_total.py"
    text.write_text(f"# %%\n{TEXT}\n{text.read_text()}")
    build(course)
    with (course / "nbgrader_config.py").open("a") as config:
        config.write('c.CourseSettings.data_source = "cifar10"\n')
    assert len(check(course)) == 2

    build(course)
    notebook = (course / folder / "transfer_learning" / "exercise_9_total.ipynb").read_text()
    assert 'DATA_SOURCE = \\"cifar10\\"' in notebook
    assert 'other = \\"sketches\\"' in notebook
