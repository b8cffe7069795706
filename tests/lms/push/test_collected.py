"""What was collected from somebody goes back to them, whatever ids and addresses have become meanwhile."""

import pytest
import sample_course

from autograder.lms.identities import Identities, Person
from tests.lms.push.fake_canvas import FakeCanvas
from tests.lms.push.fake_moodle import FakeMoodle

HOMEWORK = sample_course.ASSIGNMENT


@pytest.fixture
def noted(with_pages):
    def note(lms, **person):
        identities = Identities.load(with_pages, HOMEWORK, lms)
        identities.put([Person(**person)])
        identities.save()

    return note


def test_the_canvas_user_the_work_came_from_gets_the_grade(noted, command):
    noted("canvas", key="104", student="ben", name="Bob_Under O'Neil-Smith")
    with FakeCanvas() as site:
        site.users["104"] = {"id": 104, "name": "O'Neil-Smith, Bob Under", "login_id": "someone"}
        site.comments["104"] = []
        status, said = command("canvas", HOMEWORK, site.address)
        assert status == 0, said
        assert site.scores == {"101": 8.5, "104": 5.5, "103": 8.5}, "not 102, whose login is the address of ben"


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("103", "collected from user 103 as \"Bob_Under O'Neil-Smith\", who is 'Łukasz 王' here"),
        ("999", "collected from user 999, who is not in this course any more"),
    ],
)
def test_nobody_else_gets_it(noted, command, number, why):
    noted("canvas", key=number, student="ben", name="Bob_Under O'Neil-Smith")
    with FakeCanvas() as site:
        status, said = command("canvas", HOMEWORK, site.address)
        assert status == 1
        assert why in said
        assert site.scores == {"101": 8.5, "103": 8.5}, "ben's 5.5 went to nobody, not even to who has his address"


def test_moodle_numbers_mean_nothing_elsewhere_but_the_address_does(noted, command):
    noted("moodle", key="1", student="ben", name="Bob", email="bob.new@x.org")
    with FakeMoodle() as site:
        site.people[1] = (12, "b77", "Bob", "Bob.New@x.org")
        status, said = command("moodle", HOMEWORK, site.address)
        assert status == 0, said
        assert site.grades[12] == 5.5
