"""The circle, step by step; each step is made once, and asks for the one before it."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.circle.world import ASSIGNMENT, EXERCISES, PROJECT, World

BUTTON_STUDENT_FILE = "Größe – 大きさ.txt"


@pytest.fixture(scope="session")
def world():
    """A course folder with the project's own configuration, and an exchange everybody may use."""
    root = Path(tempfile.mkdtemp(prefix="circle-"))  # pytest's own folders may be entered by their owner only
    root.chmod(0o755)
    made = World(root)
    made.course.mkdir()
    shutil.copy(PROJECT / "nbgrader_config.py", made.course)
    (made.course / "source" / ASSIGNMENT).mkdir(parents=True)
    for exercise in EXERCISES:
        shutil.copy(PROJECT / "source" / ASSIGNMENT / f"{exercise}.ipynb", made.course / "source" / ASSIGNMENT)
    made.exchange.mkdir()
    made.exchange.chmod(0o777)
    (root / "configuration").mkdir()
    (root / "configuration" / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(made.exchange)!r}\n"
    )
    yield made
    shutil.rmtree(root)


@pytest.fixture(scope="session")
def released(world):
    """The assignment in the gradebook, in release/ and in the exchange."""
    world.instructor("generate_assignment", ASSIGNMENT)
    world.instructor("release_assignment", ASSIGNMENT)
    return world


@pytest.fixture(scope="session")
def submitted(released):
    """Fetched by two students, answered in part by the first, handed in by both."""
    for student in dict.fromkeys(released.students):
        released.said[f"fetch {student}"] = released.student(student, "fetch_assignment", ASSIGNMENT)
    first, second = released.students
    released.answer(first, tasks=1)
    if second != first:
        (released.home(second) / ASSIGNMENT / BUTTON_STUDENT_FILE).write_text("notes")
    for student in dict.fromkeys(released.students):
        released.said[f"submit {student}"] = released.student(student, "submit", ASSIGNMENT)
    return released


@pytest.fixture(scope="session")
def collected(submitted):
    """Handed-in work in submitted/."""
    submitted.instructor("collect", ASSIGNMENT)
    return submitted


@pytest.fixture(scope="session")
def autograded(collected):
    """The first student graded by the command."""
    first, _ = collected.students
    collected.instructor("autograde", ASSIGNMENT, "--student", first)
    return collected


@pytest.fixture(scope="session")
def formgrader(autograded):
    """A running Jupyter server with nbgrader's extensions, in the course folder."""
    with autograded.jupyter_server() as found:
        yield found


@pytest.fixture(scope="session")
def graded(autograded, formgrader):
    """The second student graded by formgrader's button, and the written answers by hand."""
    first, second = autograded.students
    autograded.said["button"] = formgrader.press(f"submission/{ASSIGNMENT}/{second}/autograde")
    for notebook in formgrader.get(f"notebooks/{ASSIGNMENT}"):
        for submission in formgrader.get(f"submitted_notebooks/{ASSIGNMENT}/{notebook['name']}"):
            if submission["student"] == first:
                grade_by_hand(formgrader, submission["id"])
    return autograded


def grade_by_hand(formgrader, submission):
    """Give every waiting answer half its points and a comment, as a person does in formgrader."""
    comments = {found["name"]: found for found in formgrader.get("comments", submission_id=submission)}
    for grade in formgrader.get("grades", submission_id=submission):
        if grade["needs_manual_grade"]:
            formgrader.put(f"grade/{grade['id']}", {**grade, "manual_score": grade["max_score"] / 2})
            comment = comments[grade["name"]]
            formgrader.put(f"comment/{comment['id']}", {**comment, "manual_comment": "Well argued; name a figure."})


@pytest.fixture(scope="session")
def fed_back(graded, formgrader):
    """Feedback made by the command, released by formgrader's button, fetched by the students."""
    graded.instructor("generate_feedback", ASSIGNMENT)
    graded.said["release button"] = formgrader.press(f"assignment/{ASSIGNMENT}/release_feedback")
    for student in dict.fromkeys(graded.students):
        graded.said[f"feedback {student}"] = graded.student(student, "fetch_feedback", ASSIGNMENT)
    return graded
