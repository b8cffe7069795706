"""The first of the made-up courses (made_up_courses.py), through every route."""

import pytest

from tests.lms.made_up_courses import ROUTES

COURSES = 25


@pytest.mark.parametrize("route", ROUTES)
def test_everybody_gets_theirs_and_nothing_of_others_changes(route, tmp_path, monkeypatch):
    graded = ROUTES[route](range(COURSES), tmp_path, monkeypatch)

    assert graded > 5 * COURSES, "the test would be of nothing"
