"""A class run killed at seeded moments: on the next start nothing is lost, doubled or half-written.

`benchmarks/crashes.py` does the same with real kernels, judges and templates, and kills those as well.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sample_course

from autograder.classes.classrun import ClassRun
from autograder.course.course import Course
from autograder.gradebook.access import open_gradebook
from autograder.grading.store import VerdictStore

HOMEWORK = sample_course.ASSIGNMENT
STUDENTS, KILLS = 10, 6


@pytest.fixture
def handed_in(root):
    for number in range(STUDENTS):
        word = ("right", "half", "undecided")[number % 3]
        sample_course.hand_in(root, f"s{number}", sample_course.submission(f"slow = {number}  # {word}"))
    Course.load(root).secret()
    return root


def judged(root):
    log = root / "engine.log"
    return sum(line.startswith("graded") for line in log.read_text().splitlines()) if log.exists() else 0


def kept(root):
    """What was kept before must still be there and intact; a damaged file would raise a warning, which is an error."""
    store = VerdictStore(root / ".autograder")
    return {
        path.stem: store.get(path.stem)
        for path in (root / ".autograder" / "verdicts").rglob("*.gz")
        if not path.name.startswith(".")
    }


def test_a_run_killed_again_and_again_comes_to_the_same_end(handed_in):
    draw = random.Random(4)
    before = {}
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    for _ in range(KILLS):
        run = subprocess.Popen(
            [sys.executable, "-m", "autograder.cli", "grade", HOMEWORK, "--jobs", "2"],
            cwd=handed_in, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        started = judged(handed_in)
        deadline = time.monotonic() + 60
        while judged(handed_in) == started and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(draw.uniform(0.0, 0.8))
        run.send_signal(signal.SIGKILL)
        run.wait()
        after = kept(handed_in)
        assert None not in after.values(), "a record is half-written"
        assert before.items() <= after.items(), "a record is lost or another"
        before = after
    ran = judged(handed_in)

    course = Course.load(handed_in)
    results = {result.row.student: result for result in ClassRun(course, HOMEWORK, course.secret(), jobs=2).run()}

    assert judged(handed_in) == ran + STUDENTS - len(before), "only what had no verdict yet was judged"
    assert len(kept(handed_in)) == STUDENTS
    expected = {f"s{number}": (6, 3, 0)[number % 3] for number in range(STUDENTS)}
    assert {student: result.row.points for student, result in results.items()} == expected
    assert not any(result.problem for result in results.values())
    assert not list((handed_in / ".autograder").rglob("*.tmp"))
    assert not list((handed_in / "autograded").glob("*/.*"))
    with open_gradebook(course) as gradebook:
        assert sorted(row.student.id for row in gradebook.assignment_submissions(HOMEWORK)) == sorted(expected)
