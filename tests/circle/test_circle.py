"""nbgrader's full circle with this course's configuration, each step as a person takes it."""

import csv
import json
import os
import re
import stat
import zipfile

import nbformat
import pytest

from autograder.course.course import Course
from autograder.grading.store import VerdictStore
from tests.circle.conftest import BUTTON_STUDENT_FILE
from tests.circle.world import ASSIGNMENT, COURSE_ID, EXERCISES, PROJECT, WRITTEN

MOODLE = r".*/(?P<first_name>[^/]*?)_(?P<student_id>\d+)_assignsubmission_file_?/(?P<file_id>.*)\.ipynb$"


@pytest.fixture(scope="session")
def exercises(world):
    return Course.load(world.course).exercises


def grades(formgrader, exercise, student):
    """What formgrader shows for one notebook of one student, by cell."""
    rows = formgrader.get(f"submitted_notebooks/{ASSIGNMENT}/{exercise}")
    (found,) = [row["id"] for row in rows if row["student"] == student]
    return {grade["name"]: grade for grade in formgrader.get("grades", submission_id=found)}


def test_generate_assignment_writes_the_release_that_is_checked_in(released):
    assert len(list((released.course / "release" / ASSIGNMENT).glob("*.ipynb"))) == len(EXERCISES)
    for name in EXERCISES:
        ours = nbformat.read(released.course / "release" / ASSIGNMENT / f"{name}.ipynb", as_version=4)
        kept = nbformat.read(PROJECT / "release" / ASSIGNMENT / f"{name}.ipynb", as_version=4)
        assert [cell.source for cell in ours.cells] == [cell.source for cell in kept.cells]


def test_release_assignment_lets_students_read_and_hand_in_but_not_look_at_each_other(released):
    course = released.exchange / COURSE_ID
    assert f"Released as: {COURSE_ID} {ASSIGNMENT}" in released.said["release_assignment"]
    outbound = {path.stem for path in (course / "outbound" / ASSIGNMENT).glob("*.ipynb")}
    assert outbound == set(EXERCISES)
    mode = (course / "inbound").stat().st_mode
    assert mode & stat.S_IWOTH
    assert not mode & stat.S_IROTH


def test_students_fetch_and_hand_in(submitted):
    for student in dict.fromkeys(submitted.students):
        assert f"Fetched as: {COURSE_ID} {ASSIGNMENT}" in submitted.said[f"fetch {student}"]
        assert f"Submitted as: {COURSE_ID} {ASSIGNMENT}" in submitted.said[f"submit {student}"]
        assert "WARNING" not in submitted.said[f"submit {student}"]


def test_collect_brings_everything_as_its_owner_handed_it_in(collected):
    assert "cheating attempt" not in collected.said["collect"]
    for student in dict.fromkeys(collected.students):
        folder = collected.course / "submitted" / student / ASSIGNMENT
        assert {path.stem for path in folder.glob("*.ipynb")} == set(EXERCISES)
        assert (folder / "timestamp.txt").is_file()
    if os.getuid() == 0:
        assert (folder / BUTTON_STUDENT_FILE).read_text() == "notes"


@pytest.mark.parametrize("exercise", EXERCISES)
def test_autograde_gives_the_judges_points(autograded, formgrader, exercises, exercise):
    student, _ = autograded.students
    store = VerdictStore(autograded.course / ".autograder")
    verdict = store.verdict(ASSIGNMENT, student, exercise)
    first = verdict.cells[0]
    assert first.points == first.max_points > 0
    shown = grades(formgrader, exercise, student)
    assert {cell.grade_id: cell.points for cell in verdict.cells} == {
        name: shown[name]["auto_score"] for name in exercises[exercise].judged
    }
    for name in exercises[exercise].written:
        assert shown[name]["auto_score"] is None
    points = f"{verdict.points:g} of {verdict.max_points:g} points (judged now)"
    assert f"{exercise} of {student}: {points}" in autograded.said["autograde"]


@pytest.mark.skipif(os.getuid() != 0, reason="there is one account only")
@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_formgraders_button_takes_the_same_path(graded, formgrader, exercises, exercise):
    _, student = graded.students
    verdict = VerdictStore(graded.course / ".autograder").verdict(ASSIGNMENT, student, exercise)
    shown = grades(formgrader, exercise, student)
    for cell in verdict.cells:
        assert (shown[cell.grade_id]["auto_score"], cell.points) == (0, 0)
    for name in exercises[exercise].written:
        assert shown[name]["needs_manual_grade"] is False, "an unanswered question needs no person"
    assert f"{exercise} of {student}: 0 of {verdict.max_points:g} points (judged now)" in graded.said["button"]


def test_the_button_finds_the_verdicts_of_the_command(graded, formgrader):
    student, _ = graded.students
    again = formgrader.press(f"submission/{ASSIGNMENT}/{student}/autograde")
    assert len(re.findall(r"points \(judged before\)", again)) == len(EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_formgraders_pages_show_answers_and_checks(graded, formgrader, exercise):
    for page in ("manage_assignments", f"manage_submissions/{ASSIGNMENT}", f"gradebook/{ASSIGNMENT}/{exercise}"):
        assert "nbgrader" in formgrader.page(page)
    rows = formgrader.get(f"submitted_notebooks/{ASSIGNMENT}/{exercise}")
    (found,) = [row["id"] for row in rows if row["student"] == graded.students[0]]
    page = formgrader.page(f"submissions/{found}/")
    assert WRITTEN in page
    assert re.search(r"\d+ of \d+ checks? passed\.", page)


def test_written_answers_are_graded_by_hand(graded, formgrader, exercises):
    student, _ = graded.students
    for exercise in exercises.values():
        shown = grades(formgrader, exercise.name, student)
        for name, points in exercise.written.items():
            assert shown[name]["manual_score"] == points / 2


@pytest.mark.parametrize("exercise", EXERCISES)
def test_students_fetch_feedback_with_points_checks_and_comments(fed_back, exercises, exercise):
    student, _ = fed_back.students
    (page,) = (fed_back.home(student) / ASSIGNMENT / "feedback").rglob(f"{exercise}.html")
    text = re.sub(r"<[^>]*>", "", page.read_text())
    verdict = VerdictStore(fed_back.course / ".autograder").verdict(ASSIGNMENT, student, exercise)
    total = verdict.points + sum(exercises[exercise].written.values()) / 2
    most = verdict.max_points + sum(exercises[exercise].written.values())
    assert f"Score: {total} / {most}" in text
    assert "Well argued; name a figure." in text
    assert verdict.cells[0].checks[0].claim.replace("`", "") in text
    assert "HIDDEN TESTS" not in text


@pytest.mark.skipif(os.getuid() != 0, reason="there is one account only")
def test_nobody_reads_anybody_elses_feedback(fed_back):
    feedback = fed_back.exchange / COURSE_ID / "feedback"
    assert not feedback.stat().st_mode & stat.S_IROTH, "names in it would be listed"
    for student in fed_back.students:
        pages = list((fed_back.home(student) / ASSIGNMENT / "feedback").rglob("*.html"))
        assert len(pages) == len(EXERCISES)


def test_export_writes_points_that_rest_on_verdicts(fed_back, exercises):
    fed_back.instructor("export", "--to", "grades.csv")
    with (fed_back.course / "grades.csv").open() as stream:
        rows = {row["student_id"]: row for row in csv.DictReader(stream)}
    student, _ = fed_back.students
    store = VerdictStore(fed_back.course / ".autograder")
    for exercise in exercises.values():
        by_hand = sum(exercise.written.values()) / 2
        assert float(rows[student][exercise.name]) == store.verdict(ASSIGNMENT, student, exercise.name).points + by_hand
    assert float(rows[student]["max_points"]) == sum(
        sum(exercise.judged.values()) + sum(exercise.written.values()) for exercise in exercises.values()
    )


def test_zip_collect_unpacks_moodles_archive(released, exercises):
    archive = released.course / "downloaded" / ASSIGNMENT / "archive" / "transfer-learning-hand-in-77.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as packed:
        for person in ("Zoë Ørsted_4711", "O'Neil, Ann-Marie_4712"):
            for exercise in exercises:
                content = (PROJECT / "release" / ASSIGNMENT / f"{exercise}.ipynb").read_bytes()
                packed.writestr(f"{person}_assignsubmission_file/{exercise}.ipynb", content)
        packed.writestr("Odd One_4713_assignsubmission_file/essay.docx", b"no notebook")
    options = [f"--FileNameCollectorPlugin.named_regexp={MOODLE}", "--ZipCollectApp.strict=True"]
    released.instructor("zip_collect", ASSIGNMENT, *options)
    for student in ("4711", "4712"):
        folder = released.course / "submitted" / student / ASSIGNMENT
        assert {path.stem for path in folder.glob("*.ipynb")} == set(exercises)
    assert not (released.course / "submitted" / "4713").exists()
    assert MOODLE in (PROJECT / "docs" / "instructors.md").read_text(), "the guide names the pattern that was tried"


def test_jupyterlab_has_nbgraders_extensions(formgrader):
    released = formgrader.lab("GET", "/assignments", course_id=COURSE_ID)
    assert released["success"], released
    assert {found["assignment_id"] for found in released["value"]} == {ASSIGNMENT}
    notebook = f"source/{ASSIGNMENT}/{EXERCISES[0]}.ipynb"
    page = json.dumps(formgrader.lab("GET", f"/api/contents/{notebook}", content="0"))
    assert EXERCISES[0] in page
