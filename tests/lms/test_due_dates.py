"""Extra time: single students' due dates, in tables and in nbgrader's penalties."""

import re
from datetime import datetime, timedelta

import pytest
import sample_course
from lms_writers import Pupil, canvas_gradebook, canvas_zip, moodle_worksheet, moodle_zip, notebook

from autograder.gradebook.access import open_gradebook
from tests.lms.push.fake_canvas import TOKEN, FakeCanvas

HOMEWORK, SLUG = sample_course.ASSIGNMENT, "doubling.ipynb"
ALICE = Pupil(7, "Alice Anderson", "alice@x.org", {SLUG: notebook("half = 7")})
BOB = Pupil(6, "Bob O'Neil", "bob@x.org", {SLUG: notebook("half = 6")})
FRANK = Pupil(3, "Frank Nosubmit", "frank@x.org", {}, status="No submission")
# both handed in at 2026-11-21 19:00 UTC, an hour late


@pytest.fixture
def due(course):
    def run(moment=datetime(2026, 11, 21, 18, 0)):  # noqa: DTZ001 - nbgrader's UTC
        with open_gradebook(course) as gradebook:
            gradebook.update_or_create_assignment(HOMEWORK, duedate=moment)

    return run


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "due.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def collect(lms, tmp_path):
    def run(*options):
        archive = moodle_zip(tmp_path / "sub.zip", [ALICE, BOB, FRANK])
        sheet = moodle_worksheet(tmp_path / "sheet.csv", [ALICE, BOB, FRANK])
        return lms("collect", "moodle", archive, "--worksheet", sheet, "--time-zone", "UTC", *options)

    return run


def late(course, student):
    with open_gradebook(course) as gradebook:
        found = gradebook.find_submission(HOMEWORK, student)
        return found.total_seconds_late, found.late_submission_penalty or 0


def test_who_has_extra_time_is_not_late_and_the_others_are(collect, due, table, course, grade):
    due()
    status, said = collect("--due-dates", table("id,due\nalice@x.org,2026-11-21 20:00\n"))
    assert status == 0, said
    assert "due 2026-11-21 20:00:00 UTC, the class 2026-11-21 18:00:00 UTC; handed in in time" in said
    grade()
    assert late(course, "alice@x.org") == (0, 0)
    assert late(course, "bob@x.org") == (3600, 0), "late, and no points off: lateness is the LMS's"


def test_penalties_that_were_asked_for_follow_the_due_date(collect, due, table, course, grade, root, lms):
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text() + '\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    due()
    collect()
    grade()
    assert late(course, "alice@x.org")[1] > 0
    status, said = lms("due-dates", table("id,due\nAlice@X.org,2026-11-21T21:00+01:00\n"))
    assert status == 0, said
    assert late(course, "alice@x.org") == (0, 0)
    assert late(course, "bob@x.org")[1] > 0
    status, said = lms("due-dates", table("id,due\nalice@x.org,\n"))
    assert status == 0, said
    assert "due with the class again, 2026-11-21 18:00:00 UTC; handed in late" in said
    assert late(course, "alice@x.org")[1] > 0


LATER = "Saturday, 21 November 2026, 9:00 PM"


@pytest.fixture
def late_is_zero(root):
    config = root / "nbgrader_config.py"
    config.write_text(config.read_text() + '\nc.LateSubmissionPlugin.penalty_method = "zero"\n')


def test_moodles_overrides_and_extensions_reach_the_penalties(lms, due, course, grade, tmp_path, late_is_zero):
    due()
    carol = Pupil(2, "Carol Cool", "carol@x.org", {SLUG: notebook("half = 2")})
    dan = Pupil(4, "Dan Day", "dan@x.org", {SLUG: notebook("half = 4")})
    # most of the class have the later date by a group override; one by an extension; one has none of both
    pupils = [
        ALICE.but(due=LATER),
        BOB.but(due=LATER),
        carol.but(
            status=f"{ALICE.status} - Extension granted until: {LATER}", due="Saturday, 21 November 2026, 6:00 PM"
        ),
        dan.but(due="Saturday, 21 November 2026, 6:00 PM"),
    ]
    archive, sheet = moodle_zip(tmp_path / "s.zip", pupils), moodle_worksheet(tmp_path / "sheet.csv", pupils)
    status, said = lms("collect", "moodle", archive, "--worksheet", sheet, "--time-zone", "UTC")
    assert status == 0, said
    grade()
    for student in ("alice@x.org", "bob@x.org", "carol@x.org"):
        assert late(course, student) == (0, 0), student
    assert late(course, "dan@x.org")[1] > 0


def test_canvas_due_dates_and_times_reach_the_penalties(lms, due, course, grade, tmp_path, late_is_zero, monkeypatch):
    monkeypatch.setenv("CANVAS_TOKEN", TOKEN)
    due()
    archive, book = canvas_zip(tmp_path / "c.zip", [ALICE, BOB]), canvas_gradebook(tmp_path / "g.csv", [ALICE, BOB])
    assert lms("collect", "canvas", archive, "--gradebook", book)[0] == 0
    grade()
    assert late(course, "bob@x.org") == (0, 0), "the archive has no times"
    with FakeCanvas() as site:
        site.users = {
            str(one.number): {"id": one.number, "name": one.name, "login_id": one.email} for one in (ALICE, BOB)
        }
        site.comments = {user: [] for user in site.users}
        # everybody's date on Canvas is later than nbgrader's but Bob's; what Bob handed in since is not what is here
        site.due_dates = {"7": "2026-11-21T20:00:00Z", "6": "2026-11-21T18:00:59Z"}
        site.handed_in = {"7": (1700, "2026-11-21T19:00:00Z"), "6": (9999, "2026-11-25T19:00:00Z")}
        status, said = lms("due-dates", "--canvas", site.address)
        assert status == 0, said
        assert late(course, "alice@x.org") == (0, 0)
        assert late(course, "bob@x.org") == (0, 0), "that time is of other work"
        site.handed_in["6"] = (1600, "2026-11-21T19:00:00Z")
        site.due_dates["7"] = "2026-11-21T18:00:00Z"
        assert lms("due-dates", "--canvas", site.address)[0] == 0
    assert late(course, "bob@x.org")[1] > 0
    assert late(course, "alice@x.org")[1] > 0, "the extension was taken back on Canvas"


def test_times_without_a_zone_are_in_the_one_named(collect, due, table, course):
    due()
    collect("--due-dates", table("id,due\nalice@x.org,2026-11-21 20:00\n"), "--time-zone", "Europe/Berlin")
    with open_gradebook(course) as gradebook:
        assert gradebook.find_submission(HOMEWORK, "alice@x.org").extension == timedelta(hours=1)


def test_canvas_takes_them_too(lms, due, table, course, tmp_path):
    due()
    archive, book = canvas_zip(tmp_path / "c.zip", [ALICE, BOB]), canvas_gradebook(tmp_path / "g.csv", [ALICE, BOB])
    status, said = lms("collect", "canvas", archive, "--gradebook", book, "--time-zone", "UTC",
                       "--due-dates", table("id,due\nbob@x.org,2026-11-23 20:00\n"))  # fmt: skip
    assert status == 0, said
    assert "bob@x.org due 2026-11-23 20:00:00 UTC" in said
    assert "when it was handed in is not known" in said


def test_a_dry_run_says_the_same_and_changes_nothing(collect, due, table, root):
    due()
    status, said = collect("--dry-run", "--due-dates", table("id,due\nalice@x.org,2026-11-21 20:00\n"))
    assert status == 0, said
    assert "handed in in time" in said
    assert not (root / "submitted").exists()


def test_unknown_and_absent_students_are_listed(collect, due, table):
    due()
    status, said = collect("--due-dates", table("id,due\nzoe,2026-11-22 20:00\nfrank@x.org,2026-11-22 20:00\n"))
    assert status == 1
    assert "zoe has got no due date: nobody has this id or address, or several have" in said
    assert "frank@x.org has handed in nothing yet" in said


def test_an_address_that_two_students_share_names_neither(collect, due, table, course, lms):
    due()
    collect()
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student("twin", email="Alice@x.org")
        gradebook.update_or_create_student("alice", email="alice@x.org")
    status, said = lms("due-dates", table("id,due\ntwin,2026-11-22 20:00\nALICE@x.org,2026-11-22 20:00\n"))
    assert status == 0, "alice@x.org is an id, too, which counts before any address"
    assert "twin has handed in nothing yet" in said
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student("bob@x.org", email="both@x.org")
        gradebook.update_or_create_student("twin", email="both@x.org")
    status, said = lms("due-dates", table("id,due\nboth@x.org,2026-11-22 20:00\n"))
    assert status == 1
    assert "both@x.org has got no due date" in said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "need the columns 'id' and 'due'"),
        ("id,when\na,b\n", "need the columns 'id' and 'due'"),
        ("id,due\nalice@x.org,tomorrow\n", "Line 2 of .*due.csv has 'tomorrow' as due date; write it like"),
        ("id,due\nalice@x.org,2026-11-22\n", "has '2026-11-22' as due date; write it like 2026-12-01 18:00"),
        ("id,due\n,2026-11-22 20:00\n", "Line 2 of .* has no id"),
        ("id,due\nbob,2026-11-22 20:00\nBOB,2026-11-23 20:00\n", "Line 3 of .* has student 'BOB' a second time"),
        (None, "The due dates .* cannot be read"),
    ],
)
def test_a_table_that_cannot_be_used_stops_everything(collect, due, table, tmp_path, root, text, why):
    due()
    status, said = collect("--due-dates", tmp_path / "none.csv" if text is None else table(text))
    assert status == 2
    assert re.search(why, said), said
    assert not (root / "submitted").exists()


def test_a_class_without_due_date_has_none_to_extend(collect, table, root):
    status, said = collect("--due-dates", table("id,due\nalice@x.org,2026-11-22 20:00\n"))
    assert status == 2
    assert "homework has no due date that could be extended; set one in formgrader" in said
    assert not (root / "submitted").exists()
