"""Pushing to Moodle: everybody gets theirs once, and what Moodle would drop or damage is refused."""

import pytest
import sample_course

from autograder.gradebook.access import open_gradebook
from tests.lms.push.fake_moodle import FakeMoodle

HOMEWORK = sample_course.ASSIGNMENT


@pytest.fixture
def site():
    with FakeMoodle() as site:
        yield site


def twin(site):
    site.shows_id_numbers = True
    site.people.append((19, "ada", "Ada Twin", "t@x.org"))


def test_grade_comment_and_page_reach_the_right_person(with_pages, site, command):
    status, said = command("moodle", HOMEWORK, site.address)

    assert status == 0, said
    assert site.grades == {11: 8.5, 12: 5.5, 13: 8.5}
    assert site.comments[12] == "5.5 of 9 points.\ndoubling: 5.5 of 9"
    assert list(site.files[12]) == ["doubling.html"]
    assert site.files[12]["doubling.html"].endswith(b"<p>feedback of ben</p>")
    assert "3 sent, 1 absent" in said
    assert all("wstoken" not in request.query for request in site.requests)


def test_a_second_run_sends_nothing_and_a_changed_grade_is_sent(with_pages, site, command):
    command("moodle", HOMEWORK, site.address)
    status, said = command("moodle", HOMEWORK, site.address)

    assert (status, sorted(site.saved)) == (0, [11, 12, 13])
    assert "3 already there" in said
    with open_gradebook(with_pages) as gradebook:
        gradebook.find_grade("why", "doubling", HOMEWORK, "ben").manual_score = 3
        gradebook.db.commit()
    command("moodle", HOMEWORK, site.address)
    assert site.saved[3:] == [12]
    assert site.grades[12] == 6


def test_a_dry_run_sends_nothing(with_pages, site, command):
    status, said = command("moodle", HOMEWORK, site.address, "--dry-run")

    assert (status, site.saved, site.drafts) == (0, [], {})
    assert "3 would be sent" in said
    command("moodle", HOMEWORK, site.address)
    assert len(site.saved) == 3


@pytest.mark.parametrize(
    ("change", "said", "sent"),
    [
        (lambda site: site.assignment.update(grade=10), "Moodle's maximum is 10, here it is 9", []),
        (lambda site: site.statuses.update({12: "draft"}), "on Moodle the work is a draft", [11, 13]),
        (lambda site: site.feedback_types.update(comments="0"), "no feedback type for comments", []),
        (lambda site: site.feedback_types.update(file="0"), "no feedback type for files", []),
        (lambda site: site.people.pop(1), "nobody on the LMS has this id", [11, 13]),
        (twin, "2 people who answer to this", [12, 13]),
        (lambda site: site.forgets.add(13), "Moodle took the call, but holds no grade", [11, 12, 13]),
    ],
)
def test_what_moodle_would_be_silent_about_is_said(with_pages, site, command, change, said, sent):
    change(site)
    status, printed = command("moodle", HOMEWORK, site.address)

    assert status == 1
    assert said in printed
    assert sorted(site.saved) == sent


def test_what_is_not_final_is_left_alone(with_pages, site, command):
    with open_gradebook(with_pages) as gradebook:
        gradebook.find_grade("why", "doubling", HOMEWORK, "cy").needs_manual_grade = True
        gradebook.db.commit()
    status, said = command("moodle", HOMEWORK, site.address)

    assert (status, sorted(site.saved)) == (1, [11, 12])
    assert "not final: why still to be graded in formgrader" in said


def test_points_are_converted_when_asked(with_pages, site, command):
    site.assignment["grade"] = 100
    assert command("moodle", HOMEWORK, site.address, "--rescale", "--no-pages")[0] == 0
    assert site.grades[12] == pytest.approx(61.11111)
    assert site.files == {}


def test_a_grade_that_moodle_does_not_hold_is_sent_again(with_pages, site, command):
    site.forgets.add(13)
    command("moodle", HOMEWORK, site.address)
    site.forgets.clear()

    assert command("moodle", HOMEWORK, site.address)[0] == 0
    assert site.saved == [11, 12, 13, 13]
    assert site.grades[13] == 8.5


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("{url}/course/view.php?id=2", "is not the address of a Moodle assignment"),
        ("{url}/mod/assign/view.php?id=43", "sees no assignment 43"),
        ("http://moodle.example.org/mod/assign/view.php?id=42", "is not encrypted"),
    ],
)
def test_a_wrong_address_is_one_sentence(graded, site, command, address, said):
    status, printed = command("moodle", HOMEWORK, address.format(url=site.url))

    assert status == 2
    assert said in printed
    assert site.saved == []


def test_a_wrong_or_missing_token_is_one_sentence(graded, site, command, monkeypatch, tmp_path):
    monkeypatch.setenv("MOODLE_TOKEN", "an old one")
    assert "get a new token" in command("moodle", HOMEWORK, site.address)[1]
    monkeypatch.delenv("MOODLE_TOKEN")
    assert "There is no token: put it into the variable MOODLE_TOKEN" in command("moodle", HOMEWORK, site.address)[1]
    token = tmp_path / "token"
    token.write_text("a-moodle-token\n")
    token.chmod(0o644)
    assert "chmod 600" in command("moodle", HOMEWORK, site.address, "--token-file", token)[1]
    token.chmod(0o600)
    assert command("moodle", HOMEWORK, site.address, "--token-file", token)[0] == 0


def test_a_site_that_is_no_moodle_is_said(graded, site, command):
    site.busy = [(200, {"Content-Type": "text/html"}, b"<p>Welcome")]
    status, printed = command("moodle", HOMEWORK, site.address)

    assert status == 2
    assert "no JSON; is this the address of the LMS itself?" in printed
