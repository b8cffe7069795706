"""nbgrader's gradebook on a PostgreSQL server, written to by two graders at once."""

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import sample_course

from autograder.course.course import Course
from autograder.gradebook.access import open_gradebook, writer_lock
from autograder.gradebook.rows import assignment_rows
from autograder.grading.store import VerdictStore
from autograder.marking.desk import Changed, Desk
from autograder.marking.records import Mark

HOMEWORK = sample_course.ASSIGNMENT
INITDB = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path.cwd())}
IN_ANOTHER_PROCESS = """
import sys, time
from pathlib import Path
from autograder.course.course import Course
from autograder.gradebook.access import writer_lock
with writer_lock(Course.load(Path(sys.argv[1]))):
    print("held", time.time(), flush=True)
    time.sleep(float(sys.argv[2]))
    print("freed", time.time(), flush=True)
"""


@pytest.fixture(scope="session")
def server():
    """A server of its own on a Unix socket, run by a user without rights; yields the folder of the socket."""
    if not INITDB:
        pytest.skip("PostgreSQL is not installed; scripts/system-packages --tests installs it")
    user = "nobody" if os.geteuid() == 0 else None  # the server refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    if user:
        shutil.chown(folder, user)
    call = partial(subprocess.run, user=user, cwd=folder, check=True, capture_output=True)
    programs = INITDB[-1].parent
    call([INITDB[-1], "-D", folder / "data", "-U", "grader", "--auth=trust", "--no-sync", "--locale=C.UTF-8"])
    settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    control = [programs / "pg_ctl", "-D", folder / "data", "-w"]
    call([*control, "-l", folder / "log", "-o", settings, "start"])
    yield folder
    call([*control, "-m", "immediate", "stop"])
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def pg_root(server, tmp_path_factory):
    """A course whose gradebook is on the server, with its assignment released."""
    root = sample_course.make_course(tmp_path_factory.mktemp("postgresql") / "course")
    url = f"postgresql+psycopg://grader@/postgres?host={server}"
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(f"c.CourseDirectory.db_url = {url!r}\n")
    Course.load(root).secret()
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", HOMEWORK]
    subprocess.run(command, cwd=root, check=True, capture_output=True, env=ENVIRONMENT)
    return root


def test_two_graders_write_at_once(pg_root, tmp_path, run):
    other = shutil.copytree(pg_root, tmp_path / "another_machine")
    words = ("right", "half", "undecided", "wrong")
    for number in range(8):
        code = sample_course.submission(f"answer{number} = 1  # {words[number % 4]}")
        sample_course.hand_in(pg_root, f"a{number}", code)
        sample_course.hand_in(other, f"b{number}", code)

    with ThreadPoolExecutor(2) as pool:
        ours = pool.submit(run, pg_root, "autograder.cli", "grade", HOMEWORK)
        stock = pool.submit(run, other, "nbgrader", "autograde", HOMEWORK)

    assert ours.result().returncode == 0, ours.result().stderr
    assert stock.result().returncode == 0, stock.result().stderr
    expected = {f"{letter}{number}": (6, 3, 0, 0)[number % 4] for letter in "ab" for number in range(8)}
    course = Course.load(pg_root)
    with open_gradebook(course) as gradebook:
        points = {
            row.student.id: sum(grade.auto_score or 0 for notebook in row.notebooks for grade in notebook.grades)
            for row in gradebook.assignment_submissions(HOMEWORK)
        }
        rows = assignment_rows(course, gradebook, HOMEWORK, VerdictStore(course.state_directory))
    assert points == expected
    assert [row.problems for row in rows if row.student.startswith("a")] == [()] * 8
    again = run(pg_root, "autograder.cli", "grade", HOMEWORK)
    assert "8 known" in again.stderr


def test_the_lock_holds_across_machines(pg_root, tmp_path):
    other = shutil.copytree(pg_root, tmp_path / "another_machine")
    course = Course.load(pg_root)
    with writer_lock(course), writer_lock(course):  # twice in a thread is fine
        waiting = subprocess.Popen(
            [sys.executable, "-c", IN_ANOTHER_PROCESS, str(other), "0"], stdout=subprocess.PIPE, text=True,
            env=ENVIRONMENT,
        )  # fmt: skip
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(8)
    said, _ = waiting.communicate(timeout=60)
    assert said.startswith("held")


def test_a_killed_holder_frees_the_lock(pg_root, tmp_path):
    other = shutil.copytree(pg_root, tmp_path / "another_machine")
    holder = subprocess.Popen(
        [sys.executable, "-c", IN_ANOTHER_PROCESS, str(other), "600"], stdout=subprocess.PIPE, text=True,
        env=ENVIRONMENT,
    )  # fmt: skip
    assert holder.stdout.readline().startswith("held")
    holder.kill()
    holder.wait()
    with writer_lock(Course.load(pg_root)):
        pass


def test_two_markers_mark_at_once(pg_root, run):
    students = [f"w{number}" for number in range(6)]
    for student in students:
        sample_course.hand_in(pg_root, student, sample_course.submission("right = 1", written=f"Because of {student}."))
    graded = run(pg_root, "autograder.cli", "grade", HOMEWORK)
    assert graded.returncode == 0, graded.stderr

    def mark(marker, points):
        desk = Desk(Course.load(pg_root), HOMEWORK, marker)
        [question] = desk.questions
        marked = {}
        while (held := desk.next_open(desk.view(), question)) is not None:
            desk.look(held)
            try:
                desk.save(held.key, Mark(adjustment=points, comment=f"Read by {marker}."), held.seen)
                marked[held.key.student] = (points, f"Read by {marker}.", False)
            except Changed:
                pass  # the other was quicker
        return marked

    with ThreadPoolExecutor(2) as pool:
        mia, bea = pool.submit(mark, "mia", 1.5), pool.submit(mark, "bea", 2.5)
    expected = {**mia.result(), **bea.result()}
    assert len(expected) == len(mia.result()) + len(bea.result()), "nobody's mark was overwritten"
    assert expected.keys() >= set(students)
    found = {}
    with open_gradebook(Course.load(pg_root)) as gradebook:
        for student in expected:
            grade = gradebook.find_grade("why", sample_course.SLUG, HOMEWORK, student)
            comment = gradebook.find_comment("why", sample_course.SLUG, HOMEWORK, student)
            found[student] = (grade.manual_score, comment.manual_comment, grade.needs_manual_grade)
    assert found == expected
