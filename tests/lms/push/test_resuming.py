"""A push killed at any moment goes on where it was, and nobody gets anything twice; the ledger survives torn lines."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sample_course

from autograder.lms.push.errors import PlatformRefused
from autograder.lms.push.ledger import BEGUN, DONE, open_ledger
from autograder.lms.push.web import Patience, Web
from tests.lms.push.fake_canvas import FakeCanvas
from tests.lms.push.fake_moodle import FakeMoodle

PROJECT = Path(__file__).resolve().parents[3]
HOMEWORK = sample_course.ASSIGNMENT


def run_until_killed(site, platform, course):
    """Run the command as a process of its own, which the site may kill; return its exit status."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "MOODLE_TOKEN": "a-moodle-token"}
    environment["CANVAS_TOKEN"] = "a-canvas-token"
    line = [sys.executable, "-m", "autograder.cli", "lms", "push", platform, HOMEWORK, site.address]
    with subprocess.Popen(
        line, cwd=course.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as run:
        site.victim = lambda: run.pid
        run.communicate(timeout=60)
    return run.returncode


@pytest.mark.parametrize("moment", ["killed before", "killed after"])
@pytest.mark.parametrize(("platform", "make"), [("moodle", FakeMoodle), ("canvas", FakeCanvas)])
def test_killed_half_way_the_next_run_posts_the_rest_and_nothing_twice(with_pages, platform, make, moment):
    with make() as site:
        site.at_writes = {2: moment}
        assert run_until_killed(site, platform, with_pages) == -9
        assert run_until_killed(site, platform, with_pages) == 0

        if platform == "canvas":
            assert [len(comments) for comments in site.comments.values()] == [1, 1, 1]
            assert site.scores == {"101": 8.5, "102": 5.5, "103": 8.5}
        else:
            assert site.grades == {11: 8.5, 12: 5.5, 13: 8.5}
            # the one in doubt is sent again, which on Moodle replaces what is there
            assert max(site.saved.count(user) for user in site.grades) <= 2
            assert sorted(set(site.saved)) == [11, 12, 13]


def test_a_line_that_was_cut_off_counts_as_not_written(tmp_path):
    with open_ledger(tmp_path, "a site/7") as ledger:
        ledger.begin("ada", "d1")
        ledger.finish("ada", "d1")
    path = tmp_path / "a_site_7.jsonl"
    path.write_bytes(path.read_bytes() + b'{"student": "ben", "sta')

    with open_ledger(tmp_path, "a site/7") as ledger:
        assert ledger.last("ben") is None
        ledger.begin("ben", "d2")
    with open_ledger(tmp_path, "a site/7") as ledger:
        assert (ledger.last("ada").state, ledger.last("ben").state) == (DONE, BEGUN)


def test_a_damaged_ledger_stops_rather_than_sends_twice(tmp_path):
    (tmp_path / "x.jsonl").write_text("nonsense\n")

    with pytest.raises(PlatformRefused, match=r"Line 1 of .*x\.jsonl is damaged"), open_ledger(tmp_path, "x"):
        pass


def test_two_pushes_at_once_are_refused(tmp_path):
    with (
        open_ledger(tmp_path, "x"),
        pytest.raises(PlatformRefused, match="Another push to x is at work"),
        open_ledger(tmp_path, "x"),
    ):
        pass


def test_waits_grow_and_follow_the_platforms_wish():
    class State:
        def __init__(self, attempt_number, error=None):
            self.attempt_number = attempt_number
            self.outcome = type("Outcome", (), {"exception": lambda _: error})()

    with Web(Patience(first_wait_seconds=1, longest_wait_seconds=5)) as web:
        assert [web._wait(State(number)) for number in (1, 2, 3, 4)] == [1, 2, 4, 5]
        from autograder.lms.push.web import _Busy

        answer = type("Response", (), {"headers": {"Retry-After": "3"}, "status_code": 429})()
        assert web._wait(State(1, _Busy(answer))) == 3
