"""A verdict's key changes with everything that decides it, and with nothing else."""

import gc
import io
import json
import time
import tokenize
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
import sample_course

from autograder.course.course import Course
from autograder.course.exercise import is_answer, parsed
from autograder.course.notebooks import prepare
from autograder.course.reading import read_notebook
from autograder.course.submission import HandedIn
from autograder.grading import keys
from autograder.grading.keys import answers_key, key_of, without_comments


def key(root, notebook=None, *, files=None, secret="s", notes=()):
    course = Course.load(root)
    exercise = course.exercises["doubling"]
    content = json.dumps(notebook or sample_course.submission()).encode()
    submission = HandedIn(content, files or {}, notes)
    return key_of(course, exercise, submission, prepare(read_notebook(content), exercise), secret)


def written(root, name, text):
    (root / name).write_text((root / name).read_text() + text)


def changed_source(root):
    path = root / "source" / "homework" / "doubling.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells[2].source += "  # another reference"
    nbformat.write(notebook, path)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: written(root, "checks/doubling.py", "NEW = 1"),
        lambda root: (root / "checks/doubling_more.py").write_text("NEW = 1"),
        lambda root: written(root, "nbgrader_config.py", "c.CourseSettings.memory_mib = 999"),
        lambda root: written(root, "nbgrader_config.py", "c.CourseSettings.data_source = 'cifar10'"),
        changed_source,
    ],
    ids=["check page", "further page", "limits", "data source", "reference"],
)
def test_it_changes_with_the_course(bare_root, change):
    before = key(bare_root)
    change(bare_root)
    assert key(bare_root) != before


def test_it_changes_with_the_weights_of_a_course_on_photographs(bare_root, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    drawn = key(bare_root)
    written(bare_root, "nbgrader_config.py", "c.CourseSettings.data_source = 'cifar10'")
    keys = [drawn, key(bare_root)]
    weights = tmp_path / "models" / "mobilenet_7_5_224_tf_no_top.h5"
    weights.parent.mkdir()
    for content in (b"trained", b"trained further"):
        weights.write_bytes(content)
        keys.append(key(bare_root))
    monkeypatch.setenv("TRANSFERLAB_CIFAR10_BATCHES", "data_batch_1,test_batch")
    keys.append(key(bare_root))

    assert len(set(keys)) == len(keys)
    assert key(bare_root) == keys[-1]


def test_it_changes_with_the_work(bare_root):
    moved = sample_course.submission()
    moved.cells.insert(1, moved.cells.pop(2))
    keys = [
        key(bare_root),
        key(bare_root, sample_course.submission("other = 1")),
        key(bare_root, sample_course.submission(written="Another answer.")),
        key(bare_root, moved),
        key(bare_root, files={"helper.py": b"1"}),
        key(bare_root, files={"helper.py": b"2"}),
        key(bare_root, notes=("a file was left out",)),
        key(bare_root, secret="other"),
    ]
    assert len(set(keys)) == len(keys)


def test_what_decides_nothing_does_not_change_it(bare_root):
    noisy = sample_course.submission()
    for cell in noisy.cells:
        cell.id = f"random-{cell.id}"
        cell.metadata["tags"] = ["skip-execution"]
        if cell.cell_type == "code":
            cell.execution_count = 3
            cell.outputs = [{"output_type": "stream", "name": "stdout", "text": "ran"}]
    noisy.metadata["kernelspec"] = {"name": "other", "display_name": "Other"}
    before = key(bare_root)
    assert key(bare_root, noisy) == before
    written(bare_root, "nbgrader_config.py", "c.CourseSettings.isolation = 'off'\nc.CourseDirectory.course_id = 'x'")
    (bare_root / "checks/tripling.py").write_text("OTHER = 1  # the page of another exercise")
    written(bare_root, "checks/doubling.py", "\n\n# a comment, below empty lines\n")
    path = bare_root / "source" / "homework" / "doubling.ipynb"
    notebook = nbformat.read(path, 4)
    prose = [cell for cell in notebook.cells if cell.cell_type == "markdown" and not is_answer(cell)]
    assert prose
    for cell in prose:
        cell.source += " More prose."
    nbformat.write(notebook, path)
    assert key(bare_root) == before


def test_code_without_comments_is_the_same_code(project_root):
    """Of every file of ours that decides verdicts: no token is lost, and no comment or empty line is left."""
    rooms = [project_root / "autograder" / room for room in ("judge", "kerasmodels", "kernels", "course")]
    rooms.append(project_root / "transferlab")
    for path in (path for room in rooms for path in room.rglob("*.py")):
        content = path.read_bytes()
        whole, bare = (
            [(one.type, one.string) for one in tokenize.tokenize(io.BytesIO(text).readline) if one.type != tokenize.NL]
            for text in (content, without_comments(content))
        )
        assert [token for token in whole if token[0] != tokenize.COMMENT] == bare, path
        assert without_comments(content + b"\n   # said\n") == without_comments(content), path


def test_what_a_notebook_answers_does_not_depend_on_who_asks(bare_root):
    def found(notebook=None, files=None):
        course = Course.load(bare_root)
        exercise = course.exercises["doubling"]
        content = json.dumps(notebook or sample_course.submission()).encode()
        submission = HandedIn(content, files or {})
        return answers_key(course, exercise, submission, prepare(read_notebook(content), exercise))

    before = found()
    written(bare_root, "checks/doubling.py", "NEW = 1")
    assert found() == before
    assert found(sample_course.submission("other = 1")) != before
    assert found(files={"helper.py": b"1"}) != before
    written(bare_root, "nbgrader_config.py", "c.CourseSettings.memory_mib = 999")
    assert found() != before


@pytest.fixture
def threads_that_take_turns():
    """Have other threads go on in the middle of a step of this one, as finalizers of garbage do now and then."""
    before = gc.get_threshold()
    gc.set_threshold(20)
    gc.callbacks.append(give_way := lambda *_: time.sleep(1e-5))
    yield
    gc.callbacks.remove(give_way)
    gc.set_threshold(*before)


@pytest.mark.usefixtures("threads_that_take_turns")
def test_several_threads_read_python_at_once(tmp_path):
    text = f"{'f(' * 40}1{')' * 40}\n" * 30
    pages = [tmp_path / f"page_{number}.py" for number in range(8)]
    for number, page in enumerate(pages):  # each another one: what was digested once is kept
        page.write_text(f"{text}number = {number}\n")
    with ThreadPoolExecutor(4) as pool:
        digests = list(pool.map(keys.file_digest, pages))
        trees = list(pool.map(lambda _: parsed(text), range(48)))
    keys._token_digest.cache_clear()
    assert digests == [keys.file_digest(page) for page in pages]
    assert len(set(digests)) == len(pages)
    assert len(trees) == 48
