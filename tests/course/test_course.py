"""The course folder, its settings and its secret."""

import os
import re
import threading

import nbformat
import pytest
import sample_course

from autograder.course.course import Course
from autograder.course.errors import CourseError
from autograder.course.secret import DEMO_SECRET, write_secret
from autograder.course.settings import CourseSettings
from autograder.kernels.settings import Isolation


def use(root):
    course = Course.load(root)
    return course.exercises_of("homework"), course.limits


def configure(root, text):
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(text + "\n")


def test_exercises_are_read_off_the_source_notebooks(bare_root):
    exercise = Course.load(bare_root).exercises["doubling"]
    assert exercise.assignment == "homework"
    assert exercise.judged == {"check_double": 2.0, "check_answer": 4.0}
    assert exercise.written == {"why": 3.0}
    assert exercise.max_points == 6.0
    assert exercise.page == bare_root / "checks" / "doubling.py"


def test_check_pages_may_be_several(bare_root):
    (bare_root / "checks" / "doubling_models.py").write_text("")
    (bare_root / "checks" / "tripling.py").write_text("")
    pages = Course.load(bare_root).exercises["doubling"].pages
    assert [page.name for page in pages] == ["doubling.py", "doubling_models.py"]


def test_the_nearest_course_folder_above_is_found(bare_root, tmp_path):
    inner = bare_root / "submitted" / "ada"
    inner.mkdir(parents=True)
    assert Course.find(inner).root == bare_root
    with pytest.raises(CourseError, match=r"There is no course folder here: neither .* nor a folder above it holds"):
        Course.find(tmp_path)


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda root: (root / "nbgrader_config.py").unlink(), "is no course folder: it has no nbgrader_config.py"),
        (lambda root: (root / "source").rename(root / "sources"), "is no course folder: it has no source/ folder"),
        (lambda root: configure(root, "1/0"), "nbgrader_config.py cannot be read: ZeroDivisionError"),
        (lambda root: (root / "checks/doubling.py").unlink(), "doubling has graded cells but no check page; write "),
        (
            lambda root: configure(root, "c.CourseSettings.cell_cpu_seconds = 1e9"),
            "cell_cpu_seconds .* must not be above",
        ),
    ],
)
def test_a_broken_course_folder_gets_one_sentence(bare_root, break_it, sentence):
    break_it(bare_root)
    with pytest.raises(CourseError, match=sentence):
        use(bare_root)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"points": None}, r"Cell 'check_double' of doubling.ipynb in source/ has no points \(got None\)"),
        ({"points": True}, r"has no points \(got True\)"),
        ({"grade_id": "why", "points": 1}, "names two cells 'why'"),
    ],
)
def test_a_broken_source_notebook_gets_one_sentence(bare_root, change, sentence):
    path = bare_root / "source" / "homework" / "doubling.ipynb"
    notebook = sample_course.source_notebook()
    notebook.cells[3].metadata["nbgrader"].update(change)
    nbformat.write(notebook, path)
    with pytest.raises(CourseError, match=sentence):
        Course.load(bare_root).exercises_of("homework")


def test_an_unknown_assignment_names_the_known_ones(bare_root):
    with pytest.raises(CourseError, match=r"There is no assignment 'hw2' .*; there is: homework\."):
        Course.load(bare_root).exercises_of("hw2")


def test_limits_and_isolation_come_from_the_configuration(bare_root):
    assert Course.load(bare_root).isolation is Isolation.SEALED
    configure(bare_root, "c.CourseSettings.memory_mib = 512\nc.CourseSettings.isolation = 'off'")
    course = Course.load(bare_root)
    assert course.limits.memory_mib == 512
    assert course.isolation is Isolation.OFF


@pytest.mark.parametrize(
    ("grade_ids", "name", "found"),
    [
        ({"double", "check_answer"}, "renamed", "doubling"),
        ({"unknown"}, "doubling", "doubling"),
        (set(), "renamed", None),
    ],
)
def test_an_exercise_is_recognised_by_its_cells_then_by_its_name(bare_root, grade_ids, name, found):
    cells = [{"metadata": {"nbgrader": {"grade_id": grade_id, "locked": True}}} for grade_id in grade_ids]
    exercise = Course.load(bare_root).recognise(cells, name)
    assert (exercise.name if exercise else None) == found


def test_a_secret_is_made_once_and_only_its_owner_can_read_it(bare_root):
    first = Course.load(bare_root).secret()
    assert first.was_created
    assert (bare_root / ".course_secret").stat().st_mode & 0o777 == 0o600
    again = Course.load(bare_root).secret()
    assert (again.value, again.was_created) == (first.value, False)
    assert len(first.value) >= 32
    assert first.value.decode() not in repr(first)


def test_all_who_make_a_secret_at_once_get_the_same(bare_root):
    found = []
    threads = [threading.Thread(target=lambda: found.append(Course.load(bare_root).secret())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({secret.value for secret in found}) == 1
    assert sum(secret.was_created for secret in found) == 1
    assert [path.name for path in bare_root.iterdir() if "secret" in path.name] == [".course_secret"]


def test_a_secret_others_can_read_is_refused(bare_root):
    secret = Course.load(bare_root).secret()
    (bare_root / ".course_secret").chmod(0o640)
    with pytest.raises(CourseError, match=r"is open to others \(mode 640\); run `chmod 600 ") as caught:
        Course.load(bare_root).secret()
    assert secret.value.decode() not in str(caught.value)


def test_the_environment_wins_and_a_short_secret_is_refused(bare_root, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_SECRET", "from the environment")
    assert Course.load(bare_root).secret().value == b"from the environment"
    assert not (bare_root / ".course_secret").exists()
    monkeypatch.setenv("AUTOGRADER_SECRET", "short")
    with pytest.raises(CourseError, match=r"the variable AUTOGRADER_SECRET is too short \(5 bytes, at least 16"):
        Course.load(bare_root).secret()


def test_the_demonstrations_secret_is_known_as_such(bare_root):
    write_secret(bare_root / ".course_secret", DEMO_SECRET)
    assert Course.load(bare_root).secret().is_demo


def test_without_a_secret_and_leave_to_make_one_it_says_so(bare_root):
    with pytest.raises(
        CourseError, match=r"cannot be read \(No such file or directory\); `autograder grade` makes one"
    ):
        Course.load(bare_root).secret(create=False)
    assert not os.path.exists(bare_root / ".course_secret")


def test_the_instructors_page_names_every_setting_with_its_default(project_root):
    page = (project_root / "docs" / "instructors.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^\| `c\.CourseSettings\.(\w+)` \| `?\"?([\w.]+)", page, re.MULTILINE))
    for name, trait in CourseSettings.class_traits(config=True).items():
        default = trait.default()
        said = f"{default:g}" if isinstance(default, float) else str(default or "")
        assert shown.pop(name) == (said or shown_empty(name))
    assert not shown


def shown_empty(name):
    return {"assignments": "this", "checks_directory": "installed"}.get(name, "none")
