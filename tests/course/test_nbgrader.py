"""nbgrader's own commands, with a course's configuration: the gradebook holds the judge's points and nothing else."""

import asyncio
import json
import re
from pathlib import Path

import nbformat
import pytest
import sample_course
from nbgrader.apps import NbGraderAPI

from autograder.course.course import Course
from autograder.gradebook.access import course_directory, open_gradebook
from autograder.grading.store import VerdictStore

HOMEWORK = sample_course.ASSIGNMENT


def tampered():
    """Right by no check, but with everything that gives points in plain nbgrader."""
    notebook = sample_course.submission("import sys; sys.displayhook(float('nan'))")
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution"]
        if cell.cell_type == "code":
            cell.outputs = [{"output_type": "display_data", "data": {"text/plain": "5"}, "metadata": {}}]
    notebook.cells[3].metadata["nbgrader"]["points"] = 1000
    notebook.cells[5].cell_type = "markdown"
    del notebook.cells[5]["outputs"], notebook.cells[5]["execution_count"]
    return notebook


def without_judged_cells():
    notebook = sample_course.submission()
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("check_")]
    return notebook


def odd_metadata():
    notebook = sample_course.submission()
    notebook.cells[1].metadata["nbgrader"] = {"grade": True, "solution": 3}
    notebook.cells[6].metadata["nbgrader"]["schema_version"] = 99
    return notebook


CLASS = {
    # student: (what is handed in, points of check_double, of check_answer, does a person have to look at them)
    "right": (sample_course.submission, 2, 4, False),
    "half": (lambda: sample_course.submission("half = 1"), 1, 2, False),
    "wrong": (lambda: sample_course.submission("no = 1"), 0, 0, False),
    "undecided": (lambda: sample_course.submission("half = 1  # undecided"), 1, 2, True),
    "tampered": (tampered, 0, 0, False),
    "deleted": (without_judged_cells, 2, 4, False),
    "odd": (odd_metadata, 2, 4, False),
    "no_json": (lambda: b"not a notebook", 0, 0, False),
    "latin": (lambda: "é".encode("latin-1"), 0, 0, False),
    "deep": (lambda: b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 0, 0, False),
}


def grades(root, student):
    """What stands in the gradebook: cell to (points, does a person have to look)."""
    with open_gradebook(Course.load(root)) as gradebook:
        notebook = gradebook.find_submission_notebook("doubling", HOMEWORK, student)
        return {grade.name: (grade.auto_score, grade.needs_manual_grade) for grade in notebook.grades}


@pytest.fixture(scope="module")
def graded(tmp_path_factory, _released):
    """A class graded by `nbgrader autograde`, once."""
    import os
    import shutil
    import subprocess
    import sys

    root = Path(shutil.copytree(_released, tmp_path_factory.mktemp("graded") / "course"))
    for student, (notebook, *_) in CLASS.items():
        sample_course.hand_in(root, student, notebook(), timestamp="2025-01-01 12:00:00 UTC")
    folder = root / "submitted" / "right" / HOMEWORK
    (folder / "stolen.txt").symlink_to(root / "gradebook.db")
    (folder / "numpy.py").write_text("raise SystemExit")
    project = str(Path(__file__).resolve().parent.parent.parent)
    outcome = {}
    for command in ("autograde", "generate_feedback"):
        outcome[command] = subprocess.run(
            [sys.executable, "-m", "nbgrader", command, HOMEWORK],
            cwd=root, env={**os.environ, "PYTHONPATH": project}, capture_output=True, text=True, check=False,
        )  # fmt: skip
    return root, outcome


def test_the_commands_end_well_whatever_was_handed_in(graded):
    for command, outcome in graded[1].items():
        assert outcome.returncode == 0, f"{command}: {outcome.stderr}"


@pytest.mark.parametrize("student", CLASS)
def test_points_are_the_verdicts(graded, student):
    _, double, answer, undecided = CLASS[student]
    found = grades(graded[0], student)
    assert found["check_double"] == (double, undecided)
    assert found["check_answer"] == (answer, undecided)
    verdict = VerdictStore(graded[0] / ".autograder").verdict(HOMEWORK, student, "doubling")
    assert [cell.points for cell in verdict.cells] == [double, answer]


def test_written_answers_wait_for_a_person_unless_there_is_none(graded):
    assert grades(graded[0], "right")["why"] == (None, True)
    assert grades(graded[0], "no_json")["why"] == (0, False)


def test_feedback_shows_each_check_with_points_and_message_but_no_check_source(graded):
    page = (graded[0] / "feedback" / "half" / HOMEWORK / "doubling.html").read_text()
    text = re.sub(r"<[^>]*>", "", page)
    assert "1 of 2 points" in text
    assert "✓&nbsp;passed" in page or "✓\xa0passed" in page
    assert "Waits for: doubles a number." in text
    assert "Score: 3.0 / 9.0" in text
    assert "HIDDEN TESTS" not in page
    assert "judged outside the notebook" not in page
    assert "check_double_doubles" not in page
    wrong = (graded[0] / "feedback" / "wrong" / HOMEWORK / "doubling.html").read_text()
    assert "5 &lt;b&gt;came back&lt;/b&gt;" in wrong
    assert "<script>alert" not in page
    assert "alert(2)" not in page


def test_feedback_on_a_file_that_is_no_notebook_says_so(graded):
    page = (graded[0] / "feedback" / "no_json" / HOMEWORK / "doubling.html").read_text()
    assert "This notebook was not graded." in page
    assert "The file is not valid JSON (line 1, column 1)" in page


def test_the_engine_starts_once_and_is_closed(graded):
    log = (graded[0] / "engine.log").read_text().splitlines()
    assert (log.count("started"), log.count("stopped")) == (1, 1)
    assert sum(line.startswith("graded") for line in log) == 7, "equal work is judged once, unreadable work never"


def test_a_students_link_brings_no_copy_of_what_it_points_to(graded):
    for step in ("autograded", "feedback"):
        folder = graded[0] / step / "right" / HOMEWORK
        assert not (folder / "stolen.txt").exists()
        assert (folder / "numpy.py").exists()
    verdict = VerdictStore(graded[0] / ".autograder").verdict(HOMEWORK, "right", "doubling")
    assert verdict.notes == ("'stolen.txt' was left out: it is a link or a device, not a file.",)


def test_the_autograded_notebook_holds_the_verdict_and_valid_marks(graded):
    path = graded[0] / "autograded" / "tampered" / HOMEWORK / "doubling.ipynb"
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    cells = {cell.id: cell for cell in notebook.cells}
    assert cells["check_double"].outputs[0].data["text/plain"].startswith("0 of 2 points")
    assert cells["check_answer"].cell_type == "code"
    assert "changed to markdown; it was put back" in cells["autograder-summary"].source
    assert "tags" not in cells["double"].metadata
    assert not any(
        output.output_type == "execute_result" for cell in notebook.cells for output in cell.get("outputs", [])
    )


def test_grading_again_changes_nothing_and_runs_nothing(graded, run):
    root = graded[0]
    before = {student: grades(root, student) for student in CLASS}
    ran = (root / "engine.log").read_text()
    outcome = run(root, "nbgrader", "autograde", HOMEWORK, "--force")
    assert outcome.returncode == 0, outcome.stderr
    assert "(judged before)" in outcome.stderr
    assert {student: grades(root, student) for student in CLASS} == before
    assert (root / "engine.log").read_text() == ran


def test_export_refuses_undecided_cells_and_writes_the_rest_if_asked(graded, run):
    root = graded[0]
    refused = run(root, "nbgrader", "export", "--to", "a.csv")
    assert refused.returncode == 1
    assert "homework, undecided: cell 'check_answer' is undecided" in refused.stderr
    assert not (root / "a.csv").exists()
    written = run(root, "nbgrader", "export", "--to", "b.csv", "--VerdictExporter.skip_refused=True")
    assert written.returncode == 0, written.stderr
    lines = (root / "b.csv").read_text().splitlines()
    assert "homework,right,,,,2025-01-01 12:00:00,to be graded by hand,6,0,6,9,,6" in lines
    assert "homework,undecided,,,,2025-01-01 12:00:00,undecided,,,,9,," in lines


def test_the_formgraders_button_takes_the_same_path_from_inside_a_running_event_loop(course):
    root = course.root
    sample_course.hand_in(root, "ada")
    api = NbGraderAPI(coursedir=course_directory(course), config=course.config)

    async def press_the_button():
        return api.autograde(HOMEWORK, "ada")

    outcome = asyncio.run(press_the_button())
    assert outcome["success"], outcome
    assert grades(root, "ada")["check_answer"] == (4, False)


def test_points_set_by_hand_stay_and_are_looked_at_again(course):
    sample_course.hand_in(course.root, "ada", sample_course.submission("half = 1  # undecided"))
    api = NbGraderAPI(coursedir=course_directory(course), config=course.config)
    assert api.autograde(HOMEWORK, "ada")["success"]
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("check_double", "doubling", HOMEWORK, "ada")
        grade.manual_score, grade.needs_manual_grade = 2, False
        gradebook.db.commit()
    assert api.autograde(HOMEWORK, "ada")["success"]
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("check_double", "doubling", HOMEWORK, "ada")
        assert (grade.score, grade.auto_score, grade.needs_manual_grade) == (2, 1, True)


def test_without_a_verdict_nothing_is_saved(course):
    sample_course.hand_in(course.root, "ada")
    steps = [step for step in course.config.Autograde.autograde_preprocessors if "JudgeExecute" not in step]
    course.config.Autograde.autograde_preprocessors = steps
    outcome = NbGraderAPI(coursedir=course_directory(course), config=course.config).autograde(HOMEWORK, "ada")
    assert not outcome["success"]
    assert "There is no verdict on doubling, so no points are saved; name JudgeExecute before" in outcome["log"]
    assert {points for points, _ in grades(course.root, "ada").values()} == {None}


def test_a_gradebook_that_knows_other_cells_is_not_written(course):
    path = course.source_directory / HOMEWORK / "doubling.ipynb"
    notebook = sample_course.source_notebook()
    notebook.cells[5].metadata["nbgrader"]["points"] = 7
    nbformat.write(notebook, path)
    sample_course.hand_in(course.root, "ada")
    outcome = NbGraderAPI(coursedir=course_directory(course), config=course.config).autograde(HOMEWORK, "ada")
    assert (
        "Gradebook and source/ disagree about check_answer of doubling; run `autograder prepare homework`"
        in (outcome["log"])
    )


def test_plain_nbgrader_gives_an_honest_notebook_nothing(root, run):
    """Without this course's configuration, the guard in each judged cell fails and says why."""
    sample_course.hand_in(root, "ada")
    (root / "nbgrader_config.py").write_text("c = get_config()\n")
    outcome = run(root, "nbgrader", "autograde", HOMEWORK)
    assert outcome.returncode == 0, outcome.stderr
    with open_gradebook(Course.load(root)) as gradebook:
        notebook = gradebook.find_submission_notebook("doubling", HOMEWORK, "ada")
        assert {grade.name: grade.auto_score for grade in notebook.grades} == {
            "check_double": 0, "check_answer": 0, "why": None,
        }  # fmt: skip
    autograded = json.loads((root / "autograded/ada/homework/doubling.ipynb").read_text())
    said = [output.get("evalue") for cell in autograded["cells"] for output in cell.get("outputs", [])]
    assert "This cell is judged outside the notebook." in said
