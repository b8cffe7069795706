"""Thirty written answers marked with the keys of a real browser; the gradebook holds them."""

import os
import re
import threading

import pytest
from playwright.sync_api import expect, sync_playwright

from autograder.marking import serving
from tests.browser.lab import ARGUMENTS, CHROMIUM
from tests.marking.conftest import MadeUp, _made, made_up  # noqa: F401

PATIENCE_MS = 60_000
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: sudo apt-get install chromium")


@pytest.fixture
def address(made_up, monkeypatch):  # noqa: F811
    """A class of thirty, and the page of its answers served as `autograder mark` does."""
    elsewhere = "http://elsewhere.example/x.png"  # nothing is asked of it, whatever an answer holds
    acting = f'![x]({elsewhere}) <img src="{elsewhere}"> <p style="background: url({elsewhere})">x</p>'
    said = "Answer {0}: I measured 0.{1}, so I would. {2}"
    made_up.hand_in({f"s{number:02}": said.format(number, 50 + number, acting) for number in range(30)})
    made_up.rubric()
    told, servers = [], []
    real = serving.uvicorn.Server
    monkeypatch.setattr(serving.uvicorn, "Server", lambda config: servers.append(real(config)) or servers[-1])
    is_ready = threading.Event()

    def ready(address):
        told.append(address)
        is_ready.set()

    run = threading.Thread(target=serving.serve, args=(made_up.desk(), 0, ready))
    run.start()
    assert is_ready.wait(60)
    yield told[0]
    servers[0].should_exit = True
    run.join(30)
    assert not run.is_alive()


KEYS = [("1",), ("2",), ("1", "2"), ("1", "2", "1")]
POINTS = [1, 2, 3, 2]


def give(page):
    """Mark the answer on the page by keys; return its number."""
    expect(page.locator("#points")).to_contain_text("Points")  # the script is there
    number = int(re.search(r"Answer (\d+):", page.locator("#text").inner_text())[1])
    for key in KEYS[number % 4]:
        page.keyboard.press(key)
    if number % 5 == 0:
        page.keyboard.press("c")
        page.keyboard.type(comment_on(number))
    expect(page.locator("#points")).to_have_text(f"Points: {POINTS[number % 4]} of 3")
    return number


def comment_on(number):
    return f"Of {number}: 1 2 u n." if number % 5 == 0 else ""


@pytest.fixture
def page():
    """A page that notes what it asks for, and on which a script that fails is a failure."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.asked.append(str(error)))
        yield page
        browser.close()


def test_thirty_answers_are_marked_by_keys_and_the_gradebook_is_right(made_up, address, page):  # noqa: F811
    page.goto(address)
    with page.expect_navigation():
        page.keyboard.press("m")
    for place in range(30):
        number = give(page)
        if os.environ.get("SCREENSHOTS") and place == 3:
            pictures(page, os.environ["SCREENSHOTS"])
        with page.expect_navigation():
            page.keyboard.press("Control+Enter" if comment_on(number) else "Enter")
        expect(page.locator("#said")).to_contain_text(f"Saved: {POINTS[number % 4]} of 3 points")
    expect(page.locator("#said")).to_contain_text("All answers to this question are marked.")
    with page.expect_navigation():
        page.keyboard.press("u")
    expect(page.locator("h1")).to_be_focused()
    assert made_up.rows()[f"s{number:02}"] == (None, None, True)
    assert give(page) == number
    page.get_by_role("button", name="Save, and go on").click()
    expect(page.locator("h1")).to_have_text("homework: written answers")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("", "q/1"):
        page.goto(address.split("?")[0] + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, "as wide as the phone"

    expected = {
        f"s{number:02}": (
            float(POINTS[number % 4]),
            "\n\n".join(filter(None, ["You say why." * (number % 4 in (0, 2)), comment_on(number)])) or None,
            False,
        )
        for number in range(30)
    }
    assert made_up.rows() == expected
    here = address.split("?")[0]
    assert [url for url in page.asked if not url.startswith((here, "data:"))] == [], "nothing is fetched from elsewhere"


def pictures(page, folder):
    for width in (1200, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=f"{folder}/mark_{width}.png", full_page=True)
    page.set_viewport_size({"width": 1200, "height": 900})
