"""A push killed at any moment goes on where it was, and nobody gets anything twice; the ledger survives torn lines."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import sample_course

from autograder.lms.canvas.push import CanvasAssignment
from autograder.lms.lti import push as lti_push
from autograder.lms.lti.push import LtiLineItem
from autograder.lms.lti.settings import LtiSettings
from autograder.lms.moodle.push import MoodleAssignment
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.errors import NoAnswer, PlatformRefused
from autograder.lms.push.ledger import BEGUN, DONE, open_ledger
from autograder.lms.push.sending import SendStatus, push
from autograder.lms.push.web import Patience, Web
from tests.lms.push.fake_canvas import FakeCanvas
from tests.lms.push.fake_lti import CLIENT, KID, FakeLti
from tests.lms.push.fake_moodle import FakeMoodle
from tests.lms.push.fake_web import InProcess

PROJECT = Path(__file__).resolve().parents[3]
HOMEWORK = sample_course.ASSIGNMENT


@pytest.mark.parametrize(
    ("platform", "make", "moment"),
    [("moodle", FakeMoodle, "killed after"), ("canvas", FakeCanvas, "killed before"), ("lti", FakeLti, "killed after")],
)  # each moment of each platform: below, without a process
def test_killed_half_way_the_next_run_posts_the_rest_and_nothing_twice(with_pages, command, platform, make, moment):
    with make() as site:
        where = write_settings(with_pages, site) if platform == "lti" else site.address
        site.at_writes = {2: moment}
        line = [sys.executable, "-m", "autograder.cli", "lms", "push", platform, HOMEWORK, str(where)]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        with subprocess.Popen(
            line, cwd=with_pages.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as run:
            site.victim = lambda: run.pid
            run.communicate(timeout=300)
        assert run.returncode == -9
        status, said = command(platform, HOMEWORK, where)
        assert status == 0, said

        if platform == "canvas":
            assert [len(comments) for comments in site.comments.values()] == [1, 1, 1]
            assert site.scores == {"101": 8.5, "102": 5.5, "103": 8.5}
        elif platform == "lti":
            assert sorted(post["userId"] for post in site.posts) == ["21", "22", "23"]
        else:
            assert site.grades == {11: 8.5, 12: 5.5, 13: 8.5}
            assert sorted(site.saved) == [11, 12, 13], "nobody is told twice"


def write_settings(course, site):
    key, settings = course.root / "key.pem", course.root / "lti.toml"
    key.write_bytes(site.private_pem)
    key.chmod(0o600)
    settings.write_text(
        f'token_url = "{site.url}/token.php"\nclient_id = "{CLIENT}"\nkey_id = "{KID}"\nkey_file = "key.pem"\n'
        f'memberships_url = "{site.memberships}"\nline_item_url = "{site.line_item}"\n'
    )
    return settings


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

        answer = httpx.Response(429, headers={"Retry-After": "3"})
        assert web._wait(State(1, _Busy(answer))) == 3


class Ticking:
    """A clock on which nobody waits."""

    now = 1_795_000_000.0

    def time(self):
        self.now += 0.1
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Killed(BaseException):
    """The process is gone: nothing may catch it."""


MANY = 300


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """What goes to three hundred students."""
    folder = tmp_path_factory.mktemp("pages")
    entries = []
    for number in range(MANY):
        page = folder / f"{number}.html"
        page.write_text(f"<p>only for {number}</p>")
        points = number % 10
        entries.append(
            Outgoing(
                f"student{number}",
                "",
                f"s{number}@x.org",
                is_absent=False,
                points=points,
                max_points=9.0,
                penalty=0.0,
                exercises={"doubling": (points, 9.0)},
                comment=f"{points} of 9 points.",
                pages={"doubling": page},
            )
        )
    return [replace(entry, points=min(entry.points, 9.0)) for entry in entries]


def moodle_of_many(web_of):
    site = FakeMoodle()
    site._server.server_close()
    site.people = [(1000 + number, "", f"Student {number}", f"s{number}@x.org") for number in range(MANY)]
    site.statuses = {1000 + number: "submitted" for number in range(MANY)}
    return site, lambda: MoodleAssignment(web_of(site), site.address, "a-moodle-token")


def canvas_of_many(web_of):
    site = FakeCanvas()
    site._server.server_close()
    users = range(1000, 1000 + MANY)
    site.users = {
        str(user): {"id": user, "name": f"Student {user}", "login_id": f"s{user - 1000}@x.org"} for user in users
    }
    site.comments = {user: [] for user in site.users}
    site.page_size = 100

    def platform():
        web = web_of(site)
        web._headers = {"Authorization": "Bearer a-canvas-token"}
        return CanvasAssignment(web, site.address)

    return site, platform


def lti_of_many(web_of):
    site = FakeLti()
    site._server.server_close()
    site.tokens = {"token"}
    site.page_size = 100
    site.members = [
        site._member(str(1000 + number), "Learner", f"id{number}", f"s{number}@x.org") for number in range(MANY)
    ]
    settings = LtiSettings(f"{site.url}/token.php", CLIENT, "", KID, site.memberships, site.line_item)

    def platform():
        column = LtiLineItem(web_of(site), settings, HOMEWORK)
        column._token = type("Token", (), {"value": lambda _: "token"})()
        return column

    return site, platform


@pytest.mark.parametrize("make", [moodle_of_many, canvas_of_many, lti_of_many])
def test_three_hundred_each_exactly_once_whatever_befalls(many, make, tmp_path, monkeypatch):  # noqa: C901 - all mishaps
    monkeypatch.setattr(lti_push, "time", Ticking())
    draw = random.Random(300)
    calm = False

    def mishap(request, *, after):
        chance = 1.0 if calm else draw.random()
        if after:  # it has been done, and the answer goes astray
            if chance < 0.01:
                return 500, {}, b"<p>Internal error"
            if chance < 0.02:
                return 200, {}, b'{"id": 12, "comm'
            if chance < 0.03:
                raise httpx.ReadTimeout("too slow", request=None)
        elif chance < 0.02:
            return 429, {"Retry-After": "0"}, b""
        if chance > 0.998 and not calm:
            raise Killed
        return None

    site, platform = make(lambda site: InProcess(site, mishap).web)
    for run in range(40):
        calm = run == 39
        try:
            with open_ledger(tmp_path, "many") as ledger:
                rows = push(many, platform(), ledger)
        except (Killed, NoAnswer, PlatformRefused):
            continue
        if all(row.status in (SendStatus.SENT, SendStatus.ALREADY) for row in rows):
            break
    else:
        pytest.fail("it never came to an end")
    if make is moodle_of_many:
        assert sorted(site.saved) == sorted(site.statuses), "each once"
        assert {user: site.grades[user] for user in site.statuses} == {1000 + n: n % 10 for n in range(MANY)}
        assert all(f"only for {n}<".encode() in site.files[1000 + n]["doubling.html"] for n in range(MANY))
    elif make is lti_of_many:
        assert sorted(post["userId"] for post in site.posts) == sorted(str(1000 + n) for n in range(MANY)), "each once"
        shares = {user: result["resultScore"] for user, (_, result) in site.results.items()}
        assert shares == {str(1000 + n): round(100 * (n % 10) / 9, 5) for n in range(MANY)}
    else:
        assert {len(comments) for comments in site.comments.values()} == {1}, "each once"
        assert site.scores == {str(1000 + n): n % 10 for n in range(MANY)}
