"""Before anything is sent: a plan; and due dates that the LMS knows."""

import json
from datetime import UTC, datetime

import pytest
import sample_course
from typer.testing import CliRunner

from autograder.cli import app
from autograder.gradebook.access import open_gradebook
from autograder.gradebook.page_state import remember
from tests.lms.push.fake_canvas import FakeCanvas
from tests.lms.push.fake_moodle import FakeMoodle

HOMEWORK = sample_course.ASSIGNMENT


@pytest.fixture
def run(command, monkeypatch):
    def run(*arguments):
        result = CliRunner().invoke(app, ["lms", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run


def test_a_plan_says_what_is_there_what_would_come_and_what_stays(with_pages, run, tmp_path):
    with FakeMoodle() as site:
        site.marks(11, comment="<p>see me</p>", files={"annotated.pdf": b"%PDF"})
        site.marks(12, grade=4.0)
        site.overridden[13] = 2.0
        page = tmp_path / "plan.html"
        status, said = run("plan", "moodle", HOMEWORK, site.address, "--json", "--page", page)
        assert site.saved == []
        assert site.drafts == {}
    assert status == 1
    rows = {row["who"].split()[0]: row for row in json.loads(said[said.index("{") :])["rows"]}
    assert rows["ada"]["sends"] == "grade 8.5, doubling.html"
    assert rows["ada"]["stays"] == "the comment, annotated.pdf"
    assert "a comment, somebody else's" in rows["ada"]["there"]
    assert "Moodle has 4, which was not sent from here" in rows["ben"]["why"]
    assert "overridden in Moodle's gradebook" in rows["cy"]["why"]
    text = page.read_text()
    assert "annotated.pdf" in text
    assert "default-src 'none'" in text
    assert "<script" not in text
    assert 'name="viewport"' in text
    assert text.index("overridden in Moodle") < text.index("annotated.pdf"), "who needs a person stands first"
    assert rows["ben"]["sends"] == "", "nothing would be sent"


def test_what_others_put_there_stays_and_the_option_that_names_it_replaces_it(with_pages, run):
    with FakeMoodle() as site:
        site.marks(11, comment="<p>see <b>me</b></p>", files={"annotated.pdf": b"%PDF", "doubling.html": b"mine"})
        status, said = run("push", "moodle", HOMEWORK, site.address)
        assert status == 1
        assert "a file doubling.html that was not sent from here" in said
        planned = run("plan", "moodle", HOMEWORK, site.address, "--overwrite-files", "--json")
        assert planned[0] == 0
        assert '"sends": "grade 8.5, doubling.html"' in planned[1]
        assert run("push", "moodle", HOMEWORK, site.address, "--overwrite-files")[0] == 0
        assert site.records[11]["comment"] == "<p>see <b>me</b></p>"
        assert site.files[11]["annotated.pdf"] == b"%PDF"
        assert site.files[11]["doubling.html"] != b"mine"
        assert run("push", "moodle", HOMEWORK, site.address, "--again", "--overwrite-comments")[0] == 0
        assert site.comments[11].startswith("8.5 of 9")
        assert site.files[11]["annotated.pdf"] == b"%PDF"


def test_a_release_is_not_taken_back(with_pages, run):
    with FakeMoodle() as site:
        site.assignment["markingworkflow"] = 1
        site.states = {11: "released", 12: "inreview", 13: ""}
        assert run("push", "moodle", HOMEWORK, site.address)[0] == 0
        assert site.states == {11: "released", 12: "inreview", 13: ""}
        assert site.notified == {11: 1}
        assert site.student_sees(12) == (None, "", {})


def test_what_was_lost_or_changed_on_the_other_side_is_said_and_sent_on_request(with_pages, run):
    with FakeMoodle() as site:
        run("push", "moodle", HOMEWORK, site.address)
        site.marks(12, grade=1.0)
        del site.records[13]
        status, said = run("push", "moodle", HOMEWORK, site.address)
        assert status == 1
        assert "Moodle holds 1 now: changed there since" in " ".join(said.split())
        assert "Moodle holds no grade now" in " ".join(said.split())
        status, said = run("push", "moodle", HOMEWORK, site.address, "--again", "--overwrite")
        assert status == 0, said
        assert site.grades == {11: 8.5, 12: 5.5, 13: 8.5}


def give_due_date(course):
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(HOMEWORK, duedate="2026-11-20 18:00 UTC")


def extensions(course):
    with open_gradebook(course) as gradebook:
        found = gradebook.assignment_submissions(HOMEWORK)
        return {one.student.id: one.extension.total_seconds() / 3600 for one in found if one.extension}


def test_extensions_come_from_moodle(graded, run):
    give_due_date(graded)
    with FakeMoodle() as site:
        site.extensions = {12: int(datetime(2026, 11, 21, 18, tzinfo=UTC).timestamp())}
        status, said = run("due-dates", "--moodle", site.address)
    assert status == 0, said
    assert extensions(graded) == {"ben": 24}


def test_due_dates_come_from_canvas(graded, run):
    give_due_date(graded)
    with FakeCanvas() as site:
        site.due_dates = {"101": "2026-11-20T18:00:00Z", "102": "2026-11-22T18:00:00Z", "103": "2026-11-20T18:00:00Z"}
        status, said = run("due-dates", "--canvas", site.address)
    assert status == 0, said
    assert extensions(graded) == {"ben": 48}
    assert "Name one source of due dates" in run("due-dates")[1]


def test_a_canvas_group_gets_one_grade_or_none(with_pages, run):
    with FakeCanvas() as site:
        site.assignment["group_category_id"] = 4
        site.groups = {"101": 9, "102": 9}
        site.hidden_from = {"103"}
        status, said = run("push", "canvas", HOMEWORK, site.address)
        assert status == 1
        assert "the members of this one have different points" in said
        assert "not assigned to this student" in said
        assert site.scores == {}


def test_a_page_made_of_other_points_holds_the_student_back(with_pages, run):
    remember(with_pages.state_directory, HOMEWORK, "ben", "doubling", "what it was made from then")
    with FakeMoodle() as site:
        status, said = run("push", "moodle", HOMEWORK, site.address)
        assert (status, site.saved) == (1, [11, 13])
        assert "its feedback page is older than its verdict or points" in " ".join(said.split())
        assert run("push", "moodle", HOMEWORK, site.address, "--no-pages")[0] == 0
        assert site.grades[12] == 5.5
