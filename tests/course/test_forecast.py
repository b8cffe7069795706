"""`autograder grade --dry-run`: what would be graded, and why, before anything is."""

import json

import pytest
import sample_course
from test_classrun import HOMEWORK, handed_in, judged, run_class  # noqa: F401 - the fixture is asked for by name

from autograder.classes.forecast import Forecast, foresee
from autograder.course.course import Course
from autograder.course.errors import CourseError


def forecast(root, **options):
    course = Course.load(root)
    return {
        entry.student: (entry.forecast, entry.why) for entry in foresee(course, HOMEWORK, course.secret(), **options)
    }


def everything(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_before_the_first_run_everything_is_new_and_nothing_is_touched(handed_in):  # noqa: F811
    Course.load(handed_in).secret()
    before = everything(handed_in)

    assert forecast(handed_in) == dict.fromkeys(["broken", "half", "right"], (Forecast.NEW, ""))
    assert everything(handed_in) == before
    assert judged(handed_in) == 0


def test_what_was_graded_is_known_until_somebody_hands_in_again(handed_in):  # noqa: F811
    run_class(handed_in)
    sample_course.hand_in(handed_in, "half", sample_course.submission("half = 2"))
    sample_course.hand_in(handed_in, "late")

    assert forecast(handed_in) == {
        "broken": (Forecast.KNOWN, ""),
        "half": (Forecast.OTHER_WORK, ""),
        "late": (Forecast.KNOWN, ""),  # equal to the work of `right`, whose verdict is found
        "right": (Forecast.KNOWN, ""),
    }
    assert forecast(handed_in, student="right", force=True) == {"right": (Forecast.AGAIN, "--force")}


def test_a_changed_page_is_named_and_the_run_does_what_was_foretold(handed_in):  # noqa: F811
    run_class(handed_in)
    page = handed_in / "checks" / f"{sample_course.SLUG}.py"
    page.write_text(page.read_text() + "ANOTHER = 1\n")
    ran = judged(handed_in)

    found = forecast(handed_in)

    assert found["right"] == (Forecast.AGAIN, f"changed since: page {sample_course.SLUG}.py")
    assert judged(handed_in) == ran
    _, steps = run_class(handed_in)
    assert sum(step.is_new for step in steps) == sum(what is not Forecast.KNOWN for what, _ in found.values())


def test_a_renamed_notebook_is_told_and_left(handed_in):  # noqa: F811
    folder = handed_in / "submitted" / "right" / HOMEWORK
    (folder / f"{sample_course.SLUG}.ipynb").rename(folder / "mine.ipynb")

    course = Course.load(handed_in)
    said = [entry.why for entry in foresee(course, HOMEWORK, course.secret(), "right")]

    assert said[0] == "mine.ipynb is doubling.ipynb by what is in it; it would be copied to that name."
    assert [path.name for path in folder.glob("*.ipynb")] == ["mine.ipynb"]


def test_a_student_who_handed_in_nothing_is_named(handed_in):  # noqa: F811
    with pytest.raises(CourseError, match="no student 'nobody' in submitted/"):
        forecast(handed_in, student="nobody")


def test_the_command_counts_and_gives_reasons(handed_in, run):  # noqa: F811
    said = run(handed_in, "autograder.cli", "grade", HOMEWORK, "--dry-run")
    found = json.loads(run(handed_in, "autograder.cli", "grade", HOMEWORK, "--dry-run", "--json").stdout)

    assert "3 notebooks. Nothing is run and nothing is written." in said.stdout
    assert "3 new (broken, half, right)" in said.stdout
    assert not (handed_in / ".course_secret").exists()
    assert [entry["forecast"] for entry in found["notebooks"]] == ["new"] * 3
