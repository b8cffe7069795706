"""Answers of an LMS are bounded in size, depth and whole duration; an odd one is one sentence."""

import time

import httpx
import pytest

from autograder.lms.push import web as web_module
from autograder.lms.push.errors import NoAnswer, PlatformRefused
from autograder.lms.push.web import Patience, Web, json_of

URL = "https://lms.x.org/list"


@pytest.fixture
def asked():
    def ask(content, seconds=60.0):
        web = object.__new__(Web)
        web._patience, web._allow_plain_http, web._headers = Patience(1, answer_seconds=seconds), False, {}
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
        web._client = httpx.Client(transport=transport, trust_env=False)
        return web.request("GET", URL)

    return ask


def test_an_answer_without_end_is_given_up(asked, monkeypatch):
    monkeypatch.setattr(web_module, "_MOST_ANSWER_MIB", 1)
    assert len(asked(b"x" * 2**20).content) == 2**20
    with pytest.raises(PlatformRefused, match="answered GET with more than 1 MiB, which is no answer of an LMS"):
        asked(b"x" * (2**20 + 1))


def test_an_answer_that_trickles_is_given_up(asked):
    def slowly():
        for _ in range(50):
            time.sleep(0.01)
            yield b"[1,"

    with pytest.raises(NoAnswer, match="did not answer GET"):
        asked(slowly(), seconds=0.002)


@pytest.mark.parametrize(
    "content", [b"[" * 100 + b"]" * 100, b"[" * 100_000, b'{"a": ' * 80 + b"1" + b"}" * 80, b"<p>"]
)
def test_a_deep_answer_is_none(asked, content):
    with pytest.raises(PlatformRefused, match="no JSON; is this the address of the LMS itself"):
        json_of(asked(content), "the list")


def test_a_loop_in_front_is_taken_off(asked):
    assert json_of(asked(b'while(1);{"id": 3}'), "an upload") == {"id": 3}
