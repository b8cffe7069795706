"""A mended check: who changes is shown first, points given by hand stay, and all can be put back."""

import json

import pytest
import sample_course
from sample_course import ASSIGNMENT, SLUG
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course.course import Course, CourseError
from autograder.gradebook.access import open_gradebook
from autograder.grading.grader import Grader, LazyEngine
from autograder.grading.store import VerdictStore
from autograder.instruments.regrading import plan_regrading, undo_regrading, write_regrading


def mend(root, text="half_is_enough = True\n"):
    with (root / "checks" / f"{SLUG}.py").open("a") as page:
        page.write(text)


@pytest.fixture
def work(graded):
    """Calls a function with course and grader."""

    def work(function, *words, **options):
        course = Course.load(graded)
        with LazyEngine(course) as engine:
            return function(course, Grader(course, course.secret(), engine), *words, **options)

    return work


def rows(root, student):
    with open_gradebook(Course.load(root)) as gradebook:
        found = gradebook.find_submission_notebook(SLUG, ASSIGNMENT, student).grades
        return {grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade) for grade in found}


def give(root, student, cell, points):
    with open_gradebook(Course.load(root)) as gradebook:
        grade = gradebook.find_grade(cell, SLUG, ASSIGNMENT, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


def state(root):
    counting = [(pointer.student, pointer.key) for pointer in VerdictStore(root / ".autograder").pointers(ASSIGNMENT)]
    return counting, {student: rows(root, student) for student in ("ada", "ben", "cleo")}


def test_a_plan_says_who_changes_by_how_much_and_writes_nothing(graded, work):
    before = state(graded)
    mend(graded)
    plan = work(plan_regrading, ASSIGNMENT)

    assert [(change.student, change.points) for change in plan.changes] == [("cleo", 3.0)]
    (change,) = plan.changes
    assert [(part.check, part.before, part.after, part.points) for part in change.checks] == [
        ("check_double_doubles", "FAIL", "PASS", 1.0),
        ("check_answer_doubles", "FAIL", "PASS", 2.0),
    ]
    assert plan.same == 2
    assert state(graded) == before


def test_it_is_written_and_put_back_and_points_given_by_hand_stay_settled(graded, work):
    give(graded, "cleo", "why", 2.5)
    give(graded, "ben", "why", 1.0)
    before = state(graded)
    mend(graded)
    plan = work(plan_regrading, ASSIGNMENT)
    path, problems = work(write_regrading, plan)

    assert problems == []
    assert path.stat().st_mode & 0o777 == 0o600
    after = rows(graded, "cleo")
    assert after["check_double"][0] == 1.0
    assert after["why"] == (None, 2.5, False), "the written answer is the same, so its points stay settled"
    assert rows(graded, "ben") == before[1]["ben"]
    assert work(plan_regrading, ASSIGNMENT).changes == []

    assert work(undo_regrading, ASSIGNMENT) == (["cleo"], [])
    assert state(graded) == before
    with pytest.raises(CourseError, match="no regrading of 'homework' to undo"):
        work(undo_regrading, ASSIGNMENT)


def test_points_a_person_gave_a_judged_cell_are_listed_where_its_verdict_changes(graded, work):
    give(graded, "cleo", "check_double", 2.0)
    mend(graded)
    (change,) = work(plan_regrading, ASSIGNMENT).changes
    assert change.by_hand == ("check_double",)
    work(write_regrading, work(plan_regrading, ASSIGNMENT))
    assert rows(graded, "cleo")["check_double"] == (1.0, 2.0, True), "a person looks again"


def test_what_was_given_since_stays_when_it_is_undone(graded, work):
    mend(graded)
    work(write_regrading, work(plan_regrading, ASSIGNMENT))
    give(graded, "cleo", "why", 3.0)
    _, said = work(undo_regrading, ASSIGNMENT)
    assert said == ["cleo: what was given by hand since for why stays"]
    assert rows(graded, "cleo")["why"][1] == 3.0
    assert rows(graded, "cleo")["check_double"][0] == 0.0


def test_with_one_check_named_work_on_which_more_changes_is_left(graded, work):
    mend(graded)
    (change,) = work(plan_regrading, ASSIGNMENT, "check_double_doubles").changes
    assert change.left == "check_answer_doubles would change as well"
    with pytest.raises(CourseError, match="did you mean 'check_double_doubles'"):
        work(plan_regrading, ASSIGNMENT, "check_double_double")


def test_work_handed_in_again_is_left_with_what_a_person_gave_for_the_old_one(graded, work):
    give(graded, "cleo", "why", 2.5)
    sample_course.hand_in(graded, "cleo", sample_course.submission(written="Another text."))
    sample_course.hand_in(graded, "dora")
    mend(graded)
    plan = work(plan_regrading, ASSIGNMENT)
    assert plan.changes == []
    assert {student: why for student, _, why in plan.left} == {
        "cleo": "another notebook was handed in since it was graded; points given by hand for the old one: why",
        "dora": "it has not been graded yet",
    }


def test_the_commands_of_the_guide_run(graded, project_root, monkeypatch):
    """Every `autograder` line of docs/complaints.md, with the small course's names."""
    monkeypatch.chdir(graded)
    mend(graded)
    guide = (project_root / "docs" / "complaints.md").read_text(encoding="utf-8")
    blocks = [block for number, block in enumerate(guide.split("```")) if number % 2]
    lines = [line.split("#")[0].split() for block in blocks for line in block.splitlines() if line.strip()]
    names = {
        "transfer_learning": ASSIGNMENT,
        "exercise_1": SLUG,
        "select_classes_keeps_the_order": "check_double_keeps",
    }
    assert len(lines) >= 6
    for words in lines:
        assert words[0] == "autograder"
        ran = CliRunner().invoke(app, [names.get(word, word) for word in words[1:]])
        assert ran.exit_code == 0, (words, ran.output)
    assert (graded / "cleo.html").read_text().startswith("<!doctype html>")
    shown = CliRunner().invoke(app, ["regrade", ASSIGNMENT, "--dry-run", "--json"])
    assert json.loads(shown.stdout)["changes"][0]["student"] == "cleo"
