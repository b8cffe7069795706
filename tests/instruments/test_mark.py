"""Written answers of a graded class: what marking them means for everything else that reads the gradebook."""

import json
import shlex

import nbformat
from sample_course import ASSIGNMENT, SLUG
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course.course import Course
from autograder.gradebook.access import open_gradebook
from autograder.gradebook.rows import assignment_rows
from autograder.grading.store import VerdictStore
from autograder.instruments.archive import term_of
from autograder.marking.desk import Desk
from autograder.marking.records import Mark
from autograder.marking.rubric import Item, QuestionRubric, RubricFile


def rows(root):
    course = Course.load(root)
    with open_gradebook(course) as gradebook:
        found = assignment_rows(course, gradebook, ASSIGNMENT, VerdictStore(course.state_directory))
    return {row.student: row for row in found}


def test_a_marked_answer_waits_no_more_counts_and_has_to_be_confirmed_by_nobody(graded):
    before = rows(graded)["ada"]
    desk = Desk(Course.load(graded), ASSIGNMENT, "mia")
    question = desk.questions[0]
    rubric = QuestionRubric((Item("reason", "Gives a reason", 2.5, "You say why."),))
    desk.change_rubric(question, rubric, desk.rubric.digest)
    [ada] = [held for held in desk.view().order(question) if held.key.student == "ada"]
    desk.save(ada.key, Mark(("reason",)), ada.seen)
    after = rows(graded)["ada"]

    assert (before.to_grade, after.to_grade) == (("why",), ())
    assert after.points == before.points + 2.5
    assert after.changed == after.problems == ()
    left = term_of(Course.load(graded))
    assert ".autograder/marking" in left.leaves
    assert "rubrics" in left.stays


def test_the_rubric_of_this_course_is_one_for_its_questions(project_root):
    course = Course.load(project_root)
    found = RubricFile.of(course, "transfer_learning")
    written = [(name, cell, points) for name, one in course.exercises.items() for cell, points in one.written.items()]

    assert len(written) == 3
    for name, cell, points in written:
        rubric = found.question(name, cell)
        assert [rubric.points([level], 0, points) for level in ("full", "half", "restates")] == [4, 2, 0]
        assert [rubric.points([level, "above"], 0, points) for level in ("full", "half", "restates")] == [4, 3, 1]
        source = nbformat.read(course.source_directory / "transfer_learning" / f"{name}.ipynb", as_version=4)
        assert "| **2** |" in "".join(one.source for one in source.cells), "the levels that students were told of"


def test_the_commands_of_the_guide_work(graded, monkeypatch, project_root):
    guide = (project_root / "docs" / "marking.md").read_text(encoding="utf-8")
    lines = [line.partition("#")[0] for line in guide.splitlines() if line.startswith("autograder ")]
    example = guide.partition("```toml\n")[2].partition("```")[0]
    (graded / "rubrics").mkdir()
    (graded / "rubrics" / f"{ASSIGNMENT}.toml").write_text(
        example.replace("exercise_1_two_classes.reflection", f"{SLUG}.why")
    )
    monkeypatch.chdir(graded)
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)

    said = []
    for line in lines:
        result = CliRunner().invoke(app, shlex.split(line.replace("transfer_learning", ASSIGNMENT))[1:])
        assert result.exit_code == 0, result.output
        said.append(result.stdout)
    assert len(said) == 5
    assert all(words.startswith("http://127.0.0.1:") for words in said[:3])
    (question,) = json.loads(said[-1])["questions"]
    assert (question["answers"], question["left"], question["marked"]) == (3, 3, 0)
    assert question["second"]["items"][0]["title"] == "Reasons from own numbers"


def test_what_cannot_be_marked_is_said_in_a_sentence(graded, monkeypatch):
    monkeypatch.chdir(graded)
    said = [
        CliRunner().invoke(app, ["mark", *words]).output
        for words in (["homewrok", "--status"], [ASSIGNMENT, "--json"], [ASSIGNMENT, "--status"])
    ]
    assert "does not know the assignment 'homewrok'" in said[0]
    assert "it goes with --status" in said[1]
    path = graded / "rubrics" / f"{ASSIGNMENT}.toml"
    path.parent.mkdir()
    path.write_text(f'[{SLUG}.why]\n[[{SLUG}.why.items]]\nid = "a"\ntitle = "b"\npoints = "many"\n')
    assert "has points = 'many'" in CliRunner().invoke(app, ["mark", ASSIGNMENT, "--status"]).output
