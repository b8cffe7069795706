"""Pushing to Canvas: comments only add up there, so everybody gets exactly one."""

import pytest
import sample_course

from tests.lms.push.fake_canvas import FakeCanvas

HOMEWORK = sample_course.ASSIGNMENT


@pytest.fixture
def site():
    with FakeCanvas() as site:
        yield site


def test_grade_and_one_comment_with_the_page(with_pages, site, command):
    status, said = command("canvas", HOMEWORK, site.address)

    assert status == 0, said
    assert site.scores == {"101": 8.5, "102": 5.5, "103": 8.5}
    [(text, files)] = site.comments["102"]
    assert text.startswith("5.5 of 9 points.\ndoubling: 5.5 of 9\n[ref ")
    assert [name for name, _ in files] == ["doubling.html"]
    assert files[0][1].endswith(b"<p>feedback of ben</p>")


def test_a_second_run_adds_no_comment(with_pages, site, command):
    command("canvas", HOMEWORK, site.address)
    status, said = command("canvas", HOMEWORK, site.address)

    assert status == 0
    assert "3 already there" in said
    assert [len(comments) for comments in site.comments.values()] == [1, 1, 1]


def test_a_lost_answer_leads_to_no_second_comment(with_pages, site, command):
    site.at_writes = {2: "no answer"}
    status, said = command("canvas", HOMEWORK, site.address)
    assert status == 0
    assert "the answer was lost, but the LMS has it" in said

    assert command("canvas", HOMEWORK, site.address)[0] == 0
    assert [len(comments) for comments in site.comments.values()] == [1, 1, 1]


def test_a_busy_site_is_asked_again(with_pages, site, command):
    limited = (403, {}, b"403 Forbidden (Rate Limit Exceeded)")
    site.busy = [(503, {}, b""), limited, (429, {"Retry-After": "7"}, b"")]

    assert command("canvas", HOMEWORK, site.address)[0] == 0
    assert len(site.scores) == 3


def test_a_site_that_never_answers_is_given_up(with_pages, site, command):
    site.busy = [(503, {}, b"")] * 100
    status, said = command("canvas", HOMEWORK, site.address)

    assert status == 2
    assert "did not answer GET (HTTP 503); nothing more was sent, run the same command again later" in said


@pytest.mark.parametrize(
    ("change", "said", "status", "sent"),
    [
        (lambda site: site.assignment.update(points_possible=100.0), "Canvas's maximum is 100, here it is 9", 1, 0),
        (lambda site: site.excused.add("102"), "excused on Canvas; a grade would undo that", 1, 2),
        (lambda site: site.assignment.update(points_possible=None), "has no points on Canvas", 2, 0),
        (lambda site: site.assignment.update(anonymize_students=True), "is graded anonymously on Canvas", 2, 0),
        (lambda site: site.users["103"].update(login_id="other"), "nobody on the LMS has this id", 1, 2),
    ],
)
def test_what_would_go_wrong_is_said(with_pages, site, command, change, said, status, sent):
    change(site)
    exit_status, printed = command("canvas", HOMEWORK, site.address)

    assert exit_status == status
    assert said in printed
    assert len(site.scores) == sent


@pytest.mark.parametrize(
    ("address", "token", "said"),
    [
        ("{url}/courses/7", "a-canvas-token", "is not the address of a Canvas assignment"),
        ("{url}/courses/7/assignments/6", "a-canvas-token", "HTTP 404); is this the address of the assignment"),
        ("{url}/courses/7/assignments/5", "an old one", "HTTP 401); is the token still valid?"),
    ],
)
def test_a_wrong_address_or_token_is_one_sentence(graded, site, command, monkeypatch, address, token, said):
    monkeypatch.setenv("CANVAS_TOKEN", token)
    status, printed = command("canvas", HOMEWORK, address.format(url=site.url))

    assert status == 2
    assert said in printed
