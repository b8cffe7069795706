"""Time stamps of all forms, penalties that follow due dates and points."""

import os
from datetime import UTC, datetime, timedelta

import pytest
import sample_course

from autograder.classes.classrun import ClassRun
from autograder.course.course import Course
from autograder.course.times import UnclearTime, handed_in_at, moment
from autograder.gradebook.access import open_gradebook
from autograder.gradebook.rows import assignment_rows
from autograder.grading.store import VerdictStore

HOMEWORK = sample_course.ASSIGNMENT
ZERO = "c.LateSubmissionPlugin.penalty_method = 'zero'\n"


def at(hour, minute=0, day=21):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21 19:00:00.000000 +08", at(11)),  # nbgrader in Asia/Singapore
        ("2026-11-21 19:00:00 +0800", at(11)),
        ("2026-11-21 19:00:00 -03", at(22)),
        ("2026-11-21 19:00:00.000000 -0330", at(22, 30)),
        ("2026-11-21 19:00:00 +05:30", at(13, 30)),
        ("2026-11-21 19:00:00+05:30", at(13, 30)),
        ("2026-11-21 19:00:00 +0545", at(13, 15)),
        ("2026-11-21T19:00:00Z", at(19)),  # Canvas
        ("2026-11-21T19:00:00.5+08:00", at(11) + timedelta(seconds=0.5)),
        ("2026-11-21 19:00:00 UTC", at(19)),
        ("2026-11-21 19:00:00.000000", at(19)),  # nbgrader zip_collect, in UTC without saying so
        ("2026-11-21 19:00:00 CET", at(18)),
        ("2026-11-21 19:00:00 EST", at(0, day=22)),
        ("2026-11-21 19:00:00 JST", at(10)),
        ("2026-11-21 19:00:00 Europe/Berlin", at(18)),
        ("2026-11-21 19:00:00 America/Argentina/Buenos_Aires", at(22)),
        ("2026-11-21 19:00:00 UTC+8", at(11)),
        ("2026-11-21 06:00:00 PM UTC", at(18)),
        ("2026-11-21 12:30:00 am +00", at(0, 30)),
        ("2026-11-21 12:30 p.m. UTC", at(12, 30)),
        ("Sat, 21 Nov 2026 19:00:00 +0800", at(11)),
        ("Sat Nov 21 07:00:00 PM CET 2026", at(18)),
        ("Saturday, 21 November 2026, 7:00 PM +01", at(18)),
    ],
)
def test_a_clear_time_is_read_right(text, expected):
    assert moment(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21 19:00:00 CST",  # Chicago, Shanghai, Havana
        "2026-11-21 19:00:00 IST",
        "2026-11-21 19:00:00 XYZ",
        "2026-11-21 19:00:00 +99",
        "2026-11-21 19:00:00 +0860",
        "2026-11-21 19:00:00 +08:00 CET",
        "2026-11-21 06:00:00 PM",
        "2026-11-21 13:00:00 PM UTC",
        "2026-10-25 02:30:00 Europe/Berlin",  # twice that night
        "Saturday, 21 November 2026, 7:00 PM",  # Moodle's pages, in the reader's zone
        "11/12/2026 19:00 UTC",
        "2026-11-21",
        "2026-02-30 19:00:00 UTC",
        "2026-11-21 25:00:00 UTC",
        "0001-01-01 00:00:00 +08",
        "1764000000",
        "yesterday, more or less",
    ],
)
def test_what_is_not_clear_is_asked_about_and_not_quoted(text):
    with pytest.raises(UnclearTime) as said:
        moment(text)
    assert text not in str(said.value)
    assert "write the time like 2026-12-01 18:00:00 +0100, or remove the file" in str(said.value)


def test_an_abbreviation_of_the_exchanges_own_zone_is_clear():
    assert moment("2026-11-21 19:00:00 CST", "Asia/Shanghai") == at(11)
    assert moment("2026-11-21 19:00:00 CST", "America/Chicago") == at(1, day=22)


def test_a_time_stamp_is_a_small_plain_file(tmp_path):
    path = tmp_path / "timestamp.txt"
    assert handed_in_at(tmp_path) is None
    secret = tmp_path / "secret"
    secret.write_text("2026-11-21 19:00:00 UTC")
    for make in (
        lambda: path.symlink_to(secret),
        lambda: os.mkfifo(path),
        path.mkdir,
        lambda: path.write_text("2026-11-21 19:00:00 UTC" + " " * 100),
        lambda: path.write_bytes(b"\xff\xfe2026"),
    ):
        make()
        with pytest.raises(UnclearTime) as said:
            handed_in_at(tmp_path)
        assert "2026-11" not in str(said.value)
        path.rmdir() if path.is_dir() else path.unlink()
    path.write_bytes(b"\xef\xbb\xbf2026-11-21 19:00:00 UTC\r\n")
    assert handed_in_at(tmp_path) == at(19)


def configure(root, text):
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(text)


def set_due(root, moment):
    with open_gradebook(Course.load(root)) as gradebook:
        gradebook.update_or_create_assignment(HOMEWORK)
        gradebook.find_assignment(HOMEWORK).duedate = moment and moment.replace(tzinfo=None)
        gradebook.db.commit()


def grade(root, **options):
    course = Course.load(root)
    return {result.row.student: result for result in ClassRun(course, HOMEWORK, course.secret(), **options).run()}


def kept(root, student):
    """What nbgrader's own pages show: seconds late, and points off."""
    with open_gradebook(Course.load(root)) as gradebook:
        submission = gradebook.find_submission(HOMEWORK, student)
        return submission.total_seconds_late, submission.late_submission_penalty


def read(root, student):
    course = Course.load(root)
    with open_gradebook(course) as gradebook:
        rows = assignment_rows(course, gradebook, HOMEWORK, VerdictStore(course.state_directory))
    return next(row for row in rows if row.student == student)


def test_singapore_in_time_is_in_time_for_both_commands(root, run):
    configure(root, ZERO)
    set_due(root, at(12))
    sample_course.hand_in(root, "ada", timestamp="2026-11-21 19:00:00.000000 +08")
    assert run(root, "nbgrader", "autograde", HOMEWORK).returncode == 0
    assert kept(root, "ada") == (0, 0)
    assert grade(root)["ada"].row.seconds_late == 0
    assert kept(root, "ada") == (0, 0)


def test_what_was_taken_for_seconds_before_is_put_right(root):
    configure(root, ZERO)
    set_due(root, at(12))
    sample_course.hand_in(root, "ada", timestamp="2026-11-21 19:00:00 +08")
    grade(root)
    with open_gradebook(Course.load(root)) as gradebook:
        submission = gradebook.find_submission(HOMEWORK, "ada")
        submission.timestamp = at(19).replace(tzinfo=None)
        submission.notebooks[0].late_submission_penalty = 6
        gradebook.db.commit()
    assert (read(root, "ada").penalty, read(root, "ada").is_settled) == (0, False)
    grade(root)
    assert kept(root, "ada") == (0, 0)


def test_work_with_an_unclear_time_waits_and_nobody_else_does(root):
    sample_course.hand_in(root, "ada", timestamp="2026-11-21 19:00:00 CST")
    sample_course.hand_in(root, "ben")
    found = grade(root)
    assert "'CST' stands for several times" in found["ada"].problem
    assert "c.Exchange.timezone" in found["ada"].problem
    assert found["ben"].problem == ""
    configure(root, "c.Exchange.timezone = 'Asia/Shanghai'\n")
    assert grade(root)["ada"].problem == ""


@pytest.fixture
def late(root):
    configure(root, ZERO)
    set_due(root, at(12))
    sample_course.hand_in(root, "ada", timestamp="2026-11-21 19:00:00 UTC")
    assert grade(root)["ada"].row.penalty == 6
    assert kept(root, "ada") == (7 * 3600, 6)
    return root


@pytest.mark.parametrize("due", [at(12, day=23), None], ids=["moved", "removed"])
def test_a_penalty_follows_the_due_date(late, due):
    set_due(late, due)
    row = read(late, "ada")
    assert (row.penalty, row.is_settled) == (0, False)
    assert grade(late)["ada"].row.is_settled
    assert kept(late, "ada") == (0, 0)


def test_a_penalty_follows_an_extension_even_where_the_due_date_is_removed(late):
    with open_gradebook(Course.load(late)) as gradebook:
        gradebook.find_submission(HOMEWORK, "ada").extension = timedelta(days=1)
        gradebook.db.commit()
    assert read(late, "ada").penalty == 0
    set_due(late, None)
    assert read(late, "ada").seconds_late == 0
    grade(late)
    with open_gradebook(Course.load(late)) as gradebook:
        assert gradebook.find_submission(HOMEWORK, "ada").late_submission_penalty == 0


def test_points_given_by_hand_later_are_late_too_and_are_not_asked_for_again(late):
    with open_gradebook(Course.load(late)) as gradebook:
        found = gradebook.find_grade("why", "doubling", HOMEWORK, "ada")
        found.manual_score, found.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    row = read(late, "ada")
    assert (row.points, row.penalty, row.is_settled) == (8, 8, False)
    row = grade(late)["ada"].row
    assert (row.points, row.penalty, row.to_grade) == (8, 8, ())
    assert kept(late, "ada")[1] == 8


def test_a_plugin_of_the_courses_own_that_fails_is_named(late):
    configure(
        late,
        "from nbgrader.plugins import LateSubmissionPlugin\n"
        "class Mine(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return score / 0\n"
        "c.AssignLatePenalties.plugin_class = Mine\n",
    )
    with pytest.raises(Exception, match=r"The late penalties of Mine cannot be worked out for ada: ZeroDivisionError"):
        grade(late)
