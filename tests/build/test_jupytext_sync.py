"""That an instructor may edit either the text or the notebook."""

import os
import shutil
import subprocess

import pytest

from autograder.build import build

TEXT = "source/exercise_9_total.py"
NOTEBOOK = "source/transfer_learning/exercise_9_total.ipynb"


@pytest.fixture
def built_course(course, project_root):
    shutil.copy(project_root / "pyproject.toml", course)
    build(course)
    return course


def edit(path, old, new, *, seconds_ahead):
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new))
    ahead = path.stat().st_mtime + seconds_ahead
    os.utime(path, (ahead, ahead))


def sync(course, path):
    subprocess.run(["jupytext", "--sync", path], cwd=course, check=True, capture_output=True)


def test_an_edit_in_jupyter_reaches_the_text_and_nothing_else_does(built_course):
    before = (built_course / TEXT).read_text()
    edit(built_course / NOTEBOOK, "adds all numbers", "adds up all the numbers", seconds_ahead=5)
    sync(built_course, NOTEBOOK)
    assert (built_course / TEXT).read_text() == before.replace("adds all numbers", "adds up all the numbers")


def test_after_a_sync_the_build_brings_back_ids_and_metadata(built_course):
    before = (built_course / NOTEBOOK).read_bytes()
    edit(built_course / NOTEBOOK, "adds all numbers", "adds up all the numbers", seconds_ahead=5)
    sync(built_course, NOTEBOOK)
    build(built_course)
    assert (built_course / NOTEBOOK).read_bytes() == before.replace(b"adds all numbers", b"adds up all the numbers")


def test_an_edit_of_the_text_reaches_the_notebook(built_course):
    edit(built_course / TEXT, "adds all numbers", "adds up all the numbers", seconds_ahead=5)
    sync(built_course, TEXT)
    assert "adds up all the numbers" in (built_course / NOTEBOOK).read_text()
    assert "adds up all the numbers" in (built_course / TEXT).read_text()


def test_a_lesson_is_synced_with_its_own_folder(built_course):
    text, notebook = "source/lesson_9_adding.py", "source/lesson/lesson_9_adding.ipynb"
    (built_course / text).write_text("# %% [markdown] jp-MarkdownHeadingCollapsed=true\n# ### Go deeper\n")
    build(built_course)
    edit(built_course / notebook, "Go deeper", "Go much deeper", seconds_ahead=5)
    sync(built_course, notebook)
    expected = "# %% [markdown] jp-MarkdownHeadingCollapsed=true\n# ### Go much deeper\n"
    assert (built_course / text).read_text() == expected
