"""What is odd about one student stays that student's, by every way of sending; in one process."""

from contextlib import suppress
from dataclasses import replace

import pytest

from autograder.lms.lti import push as lti_push
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.errors import PlatformRefused
from autograder.lms.push.ledger import open_ledger
from autograder.lms.push.people import People, Recipient
from autograder.lms.push.sending import SendStatus, push
from tests.lms.made_up_courses import Clock
from tests.lms.push.fake_canvas import FakeCanvas
from tests.lms.push.fake_lti import FakeLti
from tests.lms.push.fake_moodle import FakeMoodle
from tests.lms.push.fake_web import InProcess

ODD = {
    "a page instead": (200, {"Content-Type": "text/html"}, b"<h1>Maintenance</h1>"),
    "half a body": (200, {"Content-Type": "application/json"}, b'{"feedback": {"plug'),
    "a list": (200, {}, ["?"]),
    "another shape": (200, {}, {"feedback": {"plugins": 3}, "user_id": None, "entered_score": "n/a"}),
    "nothing": (200, {}, b""),
}


def entry(student, points=8.5):
    return Outgoing(
        student, "", f"{student}@x.org", is_absent=False, points=points, max_points=9.0, penalty=0.0,
        exercises={"doubling": (points, 9.0)}, comment=f"{points:g} of 9 points.",
    )  # fmt: skip


ENTRIES = [entry(name) for name in ("ada", "ben", "cy")]


def is_about_ben(request):
    return (
        (request.fields.get("wsfunction") == "mod_assign_get_submission_status" and request.fields["userid"] == "12")
        or (request.method == "GET" and request.path.endswith("/submissions/102"))
        or request.query.get("user_id") == "22"
    )


@pytest.fixture(params=["moodle", "canvas", "lti"])
def way(request, monkeypatch):
    """The site, and its platform with a mishap."""
    from tests.lms.made_up_courses import CanvasAssignment, LtiLineItem, LtiSettings, MoodleAssignment

    monkeypatch.setattr(lti_push, "time", Clock())
    site = {"moodle": FakeMoodle, "canvas": FakeCanvas, "lti": FakeLti}[request.param]()
    site._server.server_close()

    def platform(mishap):
        web = InProcess(site, mishap).web
        if request.param == "moodle":
            return MoodleAssignment(web, site.address, "a-moodle-token")
        if request.param == "canvas":
            web._headers = {"Authorization": "Bearer a-canvas-token"}
            return CanvasAssignment(web, site.address)
        site.tokens = {"token"}
        settings = LtiSettings(f"{site.url}/token.php", "a-client", "", "kid", site.memberships, site.line_item)
        column = LtiLineItem(web, settings, "homework")
        column._token = type("Token", (), {"value": lambda _: "token"})()
        return column

    return platform


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_answer_about_one_student_stops_nobody_else(way, odd, tmp_path):
    def mishap(request, *, after):
        return ODD[odd] if not after and is_about_ben(request) else None

    with open_ledger(tmp_path, "x") as ledger:
        rows = {row.student: row for row in push(ENTRIES, way(mishap), ledger)}
    assert (rows["ada"].status, rows["cy"].status) == (SendStatus.SENT, SendStatus.SENT), rows
    assert rows["ben"].status is SendStatus.FAILED, rows["ben"]
    assert rows["ben"].why
    with open_ledger(tmp_path, "x") as ledger:
        again = {row.student: row.status for row in push(ENTRIES, way(lambda *_, **__: None), ledger)}
    assert again == {"ada": SendStatus.ALREADY, "ben": SendStatus.SENT, "cy": SendStatus.ALREADY}


def test_a_page_that_is_gone_stops_nobody_else(way, tmp_path):
    entries = [ENTRIES[0], replace(ENTRIES[1], pages={"doubling": tmp_path / "gone.html"}), ENTRIES[2]]
    with open_ledger(tmp_path, "x") as ledger:
        rows = {row.student: row for row in push(entries, way(lambda *_, **__: None), ledger)}
    assert [rows[name].status for name in ("ada", "ben", "cy")] == [SendStatus.SENT, SendStatus.FAILED, SendStatus.SENT]


def test_half_an_answer_is_asked_for_again(way, tmp_path):
    torn = []

    def mishap(request, *, after):
        if not after and is_about_ben(request) and not torn:
            torn.append(request)
            return ODD["half a body"]
        return None

    with open_ledger(tmp_path, "x") as ledger:
        rows = push(ENTRIES, way(mishap), ledger)
    assert [row.status for row in rows] == [SendStatus.SENT] * 3
    assert torn


def test_what_was_sent_is_reported_also_where_it_cannot_be_read_back(way, tmp_path):
    written = []

    def mishap(request, *, after):
        if after and (request.fields.get("wsfunction") == "mod_assign_save_grade" or request.path.endswith("/scores")):
            written.append(request)
        is_list = request.fields.get("wsfunction") == "mod_assign_get_grades" or (
            request.path.endswith("/results") and "user_id" not in request.query
        )
        return ODD["a page instead"] if len(written) == 3 and is_list and not after else None

    with open_ledger(tmp_path, "x") as ledger:
        rows = push(ENTRIES, way(mishap), ledger)
    assert len(rows) == 3
    assert all(row.status is SendStatus.SENT or "could not be read back" in row.why for row in rows), rows


def test_an_lms_that_answers_nonsense_about_everybody_is_sent_nothing(way, tmp_path):
    written = []

    def mishap(request, *, after):
        is_one = request.fields.get("wsfunction") == "mod_assign_get_submission_status" or (
            "user_id" in request.query or (request.method == "GET" and "/submissions/" in request.path)
        )
        is_write = request.method == "PUT" or request.path.endswith("/scores")
        written.extend([request] * (is_write or request.fields.get("wsfunction") == "mod_assign_save_grade"))
        return ODD["a page instead"] if is_one and not after else None

    with open_ledger(tmp_path, "x") as ledger, suppress(PlatformRefused):
        rows = push(ENTRIES, way(mishap), ledger)
        assert {row.status for row in rows} == {SendStatus.FAILED}
    assert not written


def test_somebody_who_is_listed_twice_is_one_person():
    twice = [Recipient("7", "Ada", frozenset({"ada"})), Recipient("8", "Ben", frozenset({"ben"}))] * 2
    assert People(twice).find(entry("ada"))[0].id == "7"
