"""A student's first hour and the instructor's side of it, in a real browser, on the main path."""

import os
import pwd
import shutil
import tempfile
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.lab import ARGUMENTS, CHROMIUM, PATIENCE_MS, Notebook, serving
from tests.circle.world import ASSIGNMENT, COURSE_ID, PROJECT, TOKEN, World

EXERCISE = "exercise_1_two_classes"
STUDENT = pwd.getpwuid(os.getuid()).pw_name
COMMENT = "Well argued; name a figure."

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: sudo apt-get install chromium")


@pytest.fixture(scope="module")
def world():
    """One exercise released to an exchange; the student and the instructor are the same account here."""
    root = Path(tempfile.mkdtemp(prefix="browser-"))
    made = World(root)
    (made.course / "source" / ASSIGNMENT).mkdir(parents=True)
    shutil.copy(PROJECT / "nbgrader_config.py", made.course)
    shutil.copy(PROJECT / "source" / ASSIGNMENT / f"{EXERCISE}.ipynb", made.course / "source" / ASSIGNMENT)
    made.exchange.mkdir()
    made.home("student").mkdir(parents=True)
    (root / "configuration").mkdir()
    (root / "configuration" / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(made.exchange)!r}\nc.CourseDirectory.course_id = {COURSE_ID!r}\n"
    )
    made.instructor("generate_assignment", ASSIGNMENT)
    made.instructor("release_assignment", ASSIGNMENT)
    yield made
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def page():
    """An empty page of a browser. With SCREENSHOTS=folder, each test leaves a picture of its end there."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1300, "height": 1100})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield page
        browser.close()


@pytest.fixture(autouse=True)
def _picture(page, request):
    yield
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{request.node.name}.png")


@pytest.fixture(scope="module")
def student(world):
    """Address of the student's JupyterLab."""
    with serving(world, world.home("student")) as address:
        yield address


@pytest.fixture(scope="module")
def instructor(world):
    """Address of the instructor's JupyterLab."""
    with serving(world, world.course) as address:
        yield address


def solution():
    source = nbformat.read(PROJECT / "source" / ASSIGNMENT / f"{EXERCISE}.ipynb", as_version=4)
    return next(cell.source for cell in source.cells if cell.source.startswith("def select_classes"))


def open_assignments(page, address):
    page.goto(f"{address}/lab?token={TOKEN}&reset")
    page.locator(".lm-MenuBar-item", has_text="Nbgrader").click()
    page.locator(".lm-Menu-item", has_text="Assignment List").click()


def test_the_student_fetches_the_assignment(page, student, world):
    open_assignments(page, student)
    page.get_by_text("Fetch", exact=True).click()

    expect(page.get_by_text("Submit", exact=True)).to_be_visible()
    assert (world.home("student") / ASSIGNMENT / f"{EXERCISE}.ipynb").is_file()


def test_running_all_stops_at_the_first_task_with_a_sentence(page, student):
    notebook = Notebook(page, student, f"{ASSIGNMENT}/{EXERCISE}.ipynb")
    notebook.menu("Run", "Run All Cells")

    stopped = notebook.panel.locator(".jp-OutputArea-output", has_text="NotImplementedError").first
    expect(stopped).to_contain_text("Write your answer here, then delete this line.")
    stopped.scroll_into_view_if_needed()
    expect(notebook.panel.locator(".jp-OutputArea-output img").first).to_be_visible()


def test_a_typed_solution_turns_the_visible_checks_green(page, student, world):
    notebook = Notebook(page, student, f"{ASSIGNMENT}/{EXERCISE}.ipynb")
    for cell in ("import keras", "images, labels, class_names ="):
        notebook.run(cell)
    notebook.write("def select_classes", solution())
    notebook.run("def select_classes")
    said = notebook.run("# Visible checks for task 1")

    expect(said).to_contain_text("✔ Task 1: the visible checks pass.")
    expect(said.locator(".ansi-green-fg")).to_be_visible()
    notebook.write_text("Write your answer here.", "Pretrained features see shapes.")
    notebook.save()
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    assert "flat_labels" in (world.home("student") / ASSIGNMENT / f"{EXERCISE}.ipynb").read_text()


def test_the_validate_button_names_the_next_cell_that_fails(page, student):
    Notebook(page, student, f"{ASSIGNMENT}/{EXERCISE}.ipynb")
    page.get_by_role("button", name="Validate").first.click()

    dialog = page.locator(".jp-Dialog", has_text="Validation Results")
    expect(dialog).to_contain_text("# Visible checks for task 2")
    expect(dialog).not_to_contain_text("# Visible checks for task 1")


def test_the_student_hands_in(page, student, world):
    open_assignments(page, student)
    page.get_by_text("Submit", exact=True).click()

    expect(
        page.locator(".list_container", has_text="Submitted assignments").get_by_text(ASSIGNMENT).first
    ).to_be_visible()
    assert list((world.exchange / COURSE_ID / "inbound").iterdir())


def test_the_instructor_collects_and_grades_in_formgrader(page, instructor):
    page.goto(f"{instructor}/formgrader/manage_assignments?token={TOKEN}")
    page.locator("td.collect a").click()
    expect(page.locator(".modal.in")).to_contain_text("Successfully collected")
    page.locator(".modal.in .modal-footer button").last.click()
    page.goto(f"{instructor}/formgrader/manage_submissions/{ASSIGNMENT}")
    page.locator("td.autograde a").click()

    expect(page.locator(".modal.in")).to_contain_text("Successfully autograded")
    page.reload()
    expect(page.locator("td.status")).to_contain_text("needs manual grading")
    expect(page.locator("td.score")).to_contain_text("6 / 40")


def test_the_instructor_grades_the_written_answer_with_the_checks_in_view(page, instructor):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{instructor}/formgrader/gradebook/{ASSIGNMENT}/{EXERCISE}")
    page.locator("td.name a").first.click()
    expect(page.locator("body")).to_contain_text("checks passed")
    # What is typed before formgrader has fetched the grades is not listened to.
    page.wait_for_function("formgrader.grades?.loaded && formgrader.comments?.loaded")
    for field, text, kept in (("input.score#reflection", "3", "grade"), ("#reflection-comment", COMMENT, "comment")):
        page.locator(field).fill(text)
        with page.expect_response(lambda reply, kept=kept: f"/api/{kept}/" in reply.url and reply.ok):
            page.locator(field).blur()

    page.goto(f"{instructor}/formgrader/manage_submissions/{ASSIGNMENT}")
    expect(page.locator("td.score")).to_contain_text("9 / 40")
    assert [url for url in asked if not url.startswith((instructor, "data:"))] == [], "something comes from elsewhere"


def test_the_student_reads_the_feedback(page, instructor, student, world):
    page.goto(f"{instructor}/formgrader/manage_assignments?token={TOKEN}")
    for action in ("generate-feedback", "release-feedback"):
        page.locator(f"td.{action} a").first.click()
        expect(page.locator(".modal.in")).to_contain_text("Successfully")
        page.locator(".modal.in .modal-footer button").last.click()
    open_assignments(page, student)
    page.get_by_text("Fetch Feedback", exact=True).first.click()
    expect(page.get_by_text("view feedback").first).to_be_visible()
    [feedback] = (world.home("student") / ASSIGNMENT / "feedback").rglob("*.html")
    page.goto(feedback.as_uri())

    expect(page.locator("body")).to_contain_text(COMMENT)
    expect(page.locator("body")).to_contain_text("`select_classes` keeps exactly the images".replace("`", ""))
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "on a phone the page is as wide as the phone"
