"""An assignment into gradebook and release/, before and after students were graded."""

import csv
import json
from types import SimpleNamespace

import nbformat
import pytest
import sample_course
from nbformat.v4 import new_code_cell, new_markdown_cell
from traitlets.config import Configurable

from autograder.classes.classrun import ClassRun
from autograder.course.course import Course, CourseError
from autograder.gradebook.access import open_gradebook
from autograder.gradebook.releasing import prepare_assignment

HOMEWORK, SLUG = sample_course.ASSIGNMENT, sample_course.SLUG


class Directory(Configurable):
    """What one of nbgrader's steps takes the course folder from."""

    def __init__(self, root):
        super().__init__()
        self.coursedir = SimpleNamespace(root=str(root))


def change_source(root, change, name=SLUG):
    path = root / "source" / HOMEWORK / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    nbformat.write(notebook, path)


def prepare(root, **options):
    return prepare_assignment(Course.load(root), HOMEWORK, **options)


def grade(root, **options):
    course = Course.load(root)
    return {result.row.student: result for result in ClassRun(course, HOMEWORK, course.secret(), **options).run()}


def rows(root, student):
    with open_gradebook(Course.load(root)) as gradebook:
        notebook = gradebook.find_submission_notebook(SLUG, HOMEWORK, student)
        comments = {comment.name: comment.manual_comment for comment in notebook.comments}
        return {grade.name: (grade.auto_score, grade.manual_score) for grade in notebook.grades}, comments


def release(root):
    folder = root / "release"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def graded(root):
    """Ada is graded, also by hand; Ben has handed in nothing; Cy is graded."""
    sample_course.hand_in(root, "ada")
    sample_course.hand_in(root, "cy", sample_course.submission("nothing = 0"))
    (root / "submitted" / "ben" / HOMEWORK).mkdir(parents=True)
    with open_gradebook(Course.load(root)) as gradebook:
        gradebook.update_or_create_submission(HOMEWORK, gradebook.update_or_create_student("ben").id)
    grade(root)
    with open_gradebook(Course.load(root)) as gradebook:
        notebook = gradebook.find_submission_notebook(SLUG, HOMEWORK, "ada")
        found = next(grade for grade in notebook.grades if grade.name == "why")
        found.manual_score, found.needs_manual_grade = 2.0, False
        next(comment for comment in notebook.comments if comment.name == "why").manual_comment = "nicely said"
        gradebook.db.commit()
    return root


def added(notebook):
    judged = sample_course.mark("check_more", grade=True, locked=True, points=1)
    notebook.cells.append(new_code_cell("assert True" + sample_course.GUARD, id="check_more", metadata=judged))


def removed(notebook):
    notebook.cells = [cell for cell in notebook.cells if cell.id != "check_answer"]


def written_removed(notebook):
    notebook.cells = [cell for cell in notebook.cells if cell.id != "why"]


def repointed(notebook):
    next(cell for cell in notebook.cells if cell.id == "check_double").metadata.nbgrader.points = 5


def solution_added(notebook):
    mark = sample_course.mark("more", solution=True)
    notebook.cells.insert(3, new_code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", id="more", metadata=mark))


def question_added(notebook):
    mark = sample_course.mark("how", grade=True, solution=True, points=2)
    notebook.cells.append(new_markdown_cell("Like this.", id="how", metadata=mark))


def into_task(notebook):
    cell = next(cell for cell in notebook.cells if cell.id == "why")
    cell.metadata = sample_course.mark("why", task=True, locked=True, points=3)


@pytest.mark.parametrize(
    "changes", [[added, removed, repointed, solution_added, question_added], [written_removed], [into_task]],
    ids=["code", "question", "kind"],
)  # fmt: skip
def test_a_question_repaired_in_the_running_term(graded, changes):
    for change in changes:
        change_source(graded, change)
    before = release(graded)
    planned = prepare(graded, dry_run=True)
    assert planned.lines
    assert release(graded) == before
    done = prepare(graded)
    assert done.lines == planned.lines
    assert next(path.suffix for path in done.kept) == ".db"
    found = grade(graded)
    assert [result.problem for result in found.values()] == [""] * 3
    exercise = Course.load(graded).exercises[SLUG]
    assert found["ada"].row.notebooks[SLUG].max_points == sum([*exercise.judged.values(), *exercise.written.values()])
    for student in ("ada", "ben", "cy"):
        assert rows(graded, student)[0].keys() == exercise.judged.keys() | exercise.written.keys()
    if "why" in exercise.written:
        assert rows(graded, "ada")[0]["why"][1] == 2
        assert rows(graded, "ada")[1]["why"] == "nicely said"
    assert set(found["ben"].row.to_grade) <= {"check_double", "check_answer", "why"}, "what is new waits for nobody"
    assert release(graded) != before
    assert (done.kept[-1] / f"{SLUG}.ipynb").read_bytes() == before[f"{HOMEWORK}/{SLUG}.ipynb"]
    assert prepare(graded).lines == []
    # What nbgrader would make of the same source is the same.
    assert {cell.id for cell in nbformat.reads(release(graded)[f"{HOMEWORK}/{SLUG}.ipynb"], as_version=4).cells} >= (
        exercise.judged.keys()
    )


def test_what_was_given_by_hand_for_a_cell_that_is_gone_is_written_down(graded):
    change_source(graded, written_removed)
    done = prepare(graded)
    assert f"cell why of {SLUG} is removed, 3 points; what was given by hand to ada is written down" in done.lines
    with done.kept[1].open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["student"], row["cell"], row["manual_score"], row["comment"]) == ("ada", "why", "2.0", "nicely said")
    assert all(path.stat().st_mode & 0o77 == 0 for path in done.kept)


def test_nbgrader_goes_on_with_what_prepare_has_made(graded, run):
    change_source(graded, added)
    prepare(graded)
    assert run(graded, "nbgrader", "autograde", HOMEWORK, "--force").returncode == 0
    assert rows(graded, "ada")[0]["check_more"] == (1, None)
    generated = run(graded, "nbgrader", "generate_assignment", HOMEWORK, "--force")
    assert generated.returncode == 0, generated.stderr
    assert prepare(graded).lines == []


def test_grading_waits_for_it_and_names_it(graded):
    change_source(graded, repointed)
    with pytest.raises(
        CourseError, match=f"disagree about check_double of {SLUG}; run `autograder prepare {HOMEWORK}`"
    ):
        grade(graded)


def test_a_notebook_that_comes_or_goes(graded):
    source = graded / "source" / HOMEWORK
    second = json.loads((source / f"{SLUG}.ipynb").read_text())
    (source / "second.ipynb").write_text(json.dumps(second))
    (graded / "checks" / "second.py").write_text('"""Hidden checks."""\n')
    assert any("notebook second is added, also for the 3 who handed in" in line for line in prepare(graded).lines)
    assert grade(graded)["ada"].row.notebooks["second"].points == 0
    (source / "second.ipynb").unlink()
    with pytest.raises(CourseError, match="notebook second; run"):
        grade(graded)
    assert any("notebook second is removed" in line for line in prepare(graded).lines)
    assert grade(graded)["ada"].row.points == 8


def test_the_first_time_and_in_a_fresh_checkout(bare_root):
    course = Course.load(bare_root)
    assert f"{HOMEWORK} goes into the gradebook" in prepare(bare_root, dry_run=True).lines
    assert not (bare_root / "gradebook.db").exists()
    assert not (bare_root / "release").exists()
    assert f"{HOMEWORK} goes into the gradebook" in prepare(bare_root).lines
    made = release(bare_root)
    assert (bare_root / "gradebook.db").stat().st_mode & 0o777 == 0o600
    (bare_root / "gradebook.db").unlink()
    assert prepare(bare_root).lines == [f"{HOMEWORK} goes into the gradebook"]
    assert release(bare_root) == made
    sample_course.hand_in(bare_root, "ada")
    assert grade(bare_root)["ada"].row.points == 6
    assert course.root == bare_root


def broken(notebook):
    notebook.cells.append(
        new_code_cell("### BEGIN SOLUTION\nx = 1", metadata=sample_course.mark("open", solution=True))
    )


def doubled(notebook):
    notebook.cells.append(next(cell for cell in notebook.cells if cell.id == "check_double").copy())


@pytest.mark.parametrize("change", [broken, doubled], ids=["marker", "copied cell"])
def test_what_nbgrader_refuses_changes_nothing(graded, change):
    (graded / "release" / HOMEWORK / "extra.txt").write_text("mine")
    before, book = release(graded), (graded / "gradebook.db").read_bytes()
    change_source(graded, change)
    with pytest.raises(CourseError, match=r"correct it in source/. Nothing was changed|give each its own grade_id"):
        prepare(graded)
    assert release(graded) == before
    assert (graded / "gradebook.db").read_bytes() == book
    assert not list((graded / ".autograder").glob("prepare-*"))


def test_a_release_that_cannot_be_written_is_still_there(graded, monkeypatch):
    from pathlib import Path

    change_source(graded, added)
    before = release(graded)
    rename = Path.rename

    def refuse(path, target):
        if path.name.endswith(".new"):
            raise OSError(28, "No space left on device", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OSError, match="No space"):
        prepare(graded)
    monkeypatch.undo()
    assert {name: text for name, text in release(graded).items() if ".new" not in name} == before
    assert prepare(graded).lines


def test_a_cell_copied_in_one_assignment_stops_no_other(graded):
    other = graded / "source" / "other"
    other.mkdir()
    notebook = sample_course.source_notebook()
    doubled(notebook)
    nbformat.write(notebook, other / "copied.ipynb")
    (other / "scratch.ipynb").write_text("no notebook")
    (graded / "checks" / "copied.py").write_text("# a page of its own")
    log = (graded / "engine.log").read_text()
    assert grade(graded)["ada"].problem == ""
    assert (graded / "engine.log").read_text() == log, "nothing is run again for it"
    with pytest.raises(CourseError, match="names two cells 'check_double'"):
        Course.load(graded).exercises_of("other")


def test_points_are_not_taken_back_because_source_cannot_be_read(graded):
    from autograder.gradebook.nbgrader_glue import SaveVerdicts

    change_source(graded, doubled)
    named = {"notebook": SLUG, "assignment": HOMEWORK, "student": "ada", "db_url": f"sqlite:///{graded}/gradebook.db"}
    step = SaveVerdicts(parent=Directory(graded))
    with pytest.raises(CourseError, match="names two cells 'check_double'"):
        step.preprocess(None, {"nbgrader": named})
    assert rows(graded, "ada")[0]["check_double"] == (2, None)


def test_a_cell_copied_by_a_student_stops_nobody(graded, run):
    mine = sample_course.submission()
    mine.cells.insert(3, mine.cells[2].copy())
    mine.cells.append(mine.cells[4].copy())
    sample_course.hand_in(graded, "dee", mine)
    sample_course.hand_in(graded, "eve")
    assert run(graded, "nbgrader", "autograde", HOMEWORK).returncode == 0
    found = grade(graded)
    assert (found["dee"].problem, found["eve"].problem) == ("", "")
    assert found["eve"].row.points == 6


def test_an_assignment_that_is_not_there_is_said(bare_root):
    with pytest.raises(CourseError, match=r"There is no assignment 'hw9' with notebooks in .*; there is: homework\."):
        prepare_assignment(Course.load(bare_root), "hw9")
