"""An engine that stays serves commands of its user, and nobody has to know that it is there."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Client

import nbformat
import pytest
import sample_course

from autograder.commands import findings
from autograder.course.course import Course, Secret
from autograder.course.errors import CourseError, JudgeFailed
from autograder.course.submission import HandedIn
from autograder.grading import grader as grading
from autograder.grading import orders, resident
from autograder.grading.grader import Grader, LazyEngine

SLUG = sample_course.SLUG


@pytest.fixture(autouse=True)
def runtime(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("run")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def course_root(bare_root):
    """A course with a secret; an engine in a process of its own is ended when the test is over."""
    (bare_root / ".course_secret").write_text("s" * 40)
    (bare_root / ".course_secret").chmod(0o600)
    yield bare_root
    with contextlib.suppress(CourseError):
        resident.stop(Course.load(bare_root))


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / f"{SLUG}.ipynb"
    nbformat.write(sample_course.submission(), path)
    return path


def wait_for(is_so):
    deadline = time.monotonic() + 30
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_so()


@pytest.fixture
def started(course_root, run):
    """A course whose engine is a process of its own."""
    ran = run(course_root, "autograder.cli", "engine", "start", "--jobs", "2")
    assert ran.returncode == 0, ran.stderr
    assert "is warm: 2 notebooks at once, 0 graded" in ran.stdout
    return course_root


@pytest.fixture
def hosted(course_root):
    """A course whose engine is a thread of this process, which is quicker."""
    course = Course.load(course_root)
    with hosting(course):
        yield course


@contextlib.contextmanager
def hosting(course, idle_minutes=5.0):
    with grading.start_engine(course, 2) as engine:
        host = threading.Thread(
            target=resident.Host(course, engine, 2, idle_minutes).serve, args=(resident.socket_path(course),)
        )
        host.start()
        while resident.status(course) is None:
            time.sleep(0.01)
        yield host
        resident.stop(course)
        host.join()


def log(root):
    """What the fake engines of a course have noted: one line a start, a notebook, a stop."""
    path = root / "engine.log"
    return path.read_text().splitlines() if path.exists() else []


def graded(root, code="def double(number):\n    return 2 * number  # right"):
    """Points of a notebook, by a grader that starts an engine when it needs one, as commands have them."""
    course = Course.load(root)
    content = nbformat.writes(sample_course.submission(code)).encode()
    with LazyEngine(course) as engine:
        grader = Grader(course, course.secret(create=False), engine)
        return grader.grade(HandedIn(content, {}), course.exercises[SLUG], force=True).record.verdict.points


def test_commands_use_the_engine_that_is_there(started, run, notebook):
    ran = run(started, "autograder.cli", "check", str(notebook), "--json")
    assert json.loads(ran.stdout)["points"] == 6, ran.stderr
    assert graded(started) == 6
    assert log(started) == ["started", "graded []", "graded []"]
    assert "2 graded" in run(started, "autograder.cli", "engine", "status").stdout

    again = run(started, "autograder.cli", "engine", "start")
    assert again.returncode == 2
    assert "There is an engine already (process " in again.stderr
    assert "`autograder engine stop` ends it" in again.stderr

    assert run(started, "autograder.cli", "engine", "stop").stdout.strip() == "The engine ends."
    wait_for(lambda: "stopped" in log(started))
    assert run(started, "autograder.cli", "engine", "status").returncode == 1
    again = run(started, "autograder.cli", "engine", "stop")
    assert again.returncode == 2
    assert again.stderr.strip() == "No engine of this course is running; there is nothing to stop."


def test_killed_in_the_middle_the_notebook_is_graded_by_the_command_itself(started):
    there = resident.status(Course.load(started))
    with ThreadPoolExecutor(1) as pool:
        points = pool.submit(graded, started, "def double(number):\n    return 2 * number  # right, slow")
        wait_for(lambda: "graded []" in log(started))
        os.kill(there.pid, signal.SIGKILL)
        assert points.result(60) == 6
    assert log(started) == ["started", "graded []", "started", "graded []", "stopped"]
    assert graded(started) == 6  # nothing is in the way of whoever comes next


def test_a_check_page_that_was_mended_counts_at_once(hosted):
    assert graded(hosted.root) == 6
    page = hosted.root / "checks" / f"{SLUG}.py"
    page.write_text('"""Hidden checks, which are half as good."""\n')

    assert graded(hosted.root, "def double(number):\n    return 2 * number") == 3
    assert log(hosted.root).count("started") == 1


def test_stopped_it_grades_to_the_end_and_is_gone(hosted):
    with ThreadPoolExecutor(1) as pool:
        points = pool.submit(graded, hosted.root, "def double(number):\n    return 2 * number  # right, slow")
        wait_for(lambda: "graded []" in log(hosted.root))
        assert resident.stop(hosted)
        assert points.result(60) == 6
    wait_for(lambda: resident.status(hosted) is None)
    assert log(hosted.root) == ["started", "graded []"]

    assert graded(hosted.root) == 6
    assert log(hosted.root) == ["started", "graded []", "started", "graded []", "stopped"]


@pytest.mark.parametrize("change", ["limit", "secret"])
def test_who_would_grade_with_something_else_uses_an_engine_of_their_own(hosted, monkeypatch, change):
    if change == "limit":
        config = hosted.root / "nbgrader_config.py"
        config.write_text(config.read_text() + "c.CourseSettings.cell_cpu_seconds = 7\n")
    else:
        asked = Course.load(hosted.root).secret(create=False)
        monkeypatch.setattr(Course, "secret", lambda *_, **__: other_than(asked))

    assert graded(hosted.root) == 6
    assert log(hosted.root) == ["started", "started", "graded []", "stopped"]


def other_than(secret):
    """The engine's thread has the course's secret, and whoever asks has another."""
    is_host = threading.current_thread() is not threading.main_thread()
    return secret if is_host else Secret(b"another secret, and long enough")


def test_code_that_it_has_imported_and_that_has_changed_ends_it(hosted, monkeypatch):
    monkeypatch.setattr(resident, "_imported", lambda course: "something else")

    assert graded(hosted.root) == 6
    assert log(hosted.root) == ["started", "started", "graded []", "stopped"]
    wait_for(lambda: resident.status(hosted) is None)


def test_what_it_has_imported_are_all_modules_but_the_check_pages(course_root):
    before = resident._imported(Course.load(course_root))
    (course_root / "checks" / f"{SLUG}.py").write_text('"""Mended."""\n')
    assert resident._imported(Course.load(course_root)) == before

    config = course_root / "nbgrader_config.py"
    config.write_text(config.read_text() + "c.CourseSettings.cell_cpu_seconds = 7\n")
    assert resident._imported(Course.load(course_root)) != before


def test_idle_for_too_long_it_ends(course_root):
    with hosting(Course.load(course_root), idle_minutes=0.01) as host:
        host.join(30)
        assert not host.is_alive()


def test_two_that_are_started_at_once_do_not_take_each_others_place(hosted):
    second = resident.Host(hosted, None, 2, 5.0)
    with pytest.raises(CourseError, match="Another engine of this course has just been started; it is used"):
        second.serve(resident.socket_path(hosted))
    assert graded(hosted.root) == 6
    assert log(hosted.root) == ["started", "graded []"]


def test_one_that_says_nothing_does_not_count_as_there(course_root, monkeypatch):
    monkeypatch.setattr(resident, "ANSWER_SECONDS", 0.1)
    path = resident.socket_path(Course.load(course_root))
    path.parent.mkdir(mode=0o700, parents=True)
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(path))
        deaf.listen()
        assert resident.status(Course.load(course_root)) is None
        assert graded(course_root) == 6


def test_doctor_shows_it(hosted):
    (found,) = findings.engine(hosted)
    assert found.what == (
        f"an engine stays warm (process {os.getpid()}), idle for 0 of 5 minutes; `autograder engine stop` ends it"
    )
    resident.stop(hosted)
    wait_for(lambda: resident.status(hosted) is None)
    assert list(findings.engine(hosted)) == []


def test_one_that_cannot_start_says_why(course_root, run, monkeypatch):
    monkeypatch.setenv("FAKE_ENGINE_REFUSES", "1")
    ran = run(course_root, "autograder.cli", "engine", "start")
    assert ran.returncode == 2
    said = " ".join(ran.stderr.split())
    assert said.startswith("The engine did not start: ")
    assert "this machine refuses user namespaces; enable them." in said


def test_a_class_that_needs_more_places_has_an_engine_of_its_own(hosted):
    assert resident.find(hosted, 2, lambda: None) is not None
    assert resident.find(hosted, 3, lambda: None) is None


def test_only_its_user_can_reach_it(hosted):
    path = resident.socket_path(hosted)
    assert path.stat().st_mode & 0o077 == 0
    path.parent.chmod(0o755)
    with pytest.raises(CourseError, match="is not for you alone"):
        resident.socket_path(hosted)
    assert resident.status(hosted) is None
    path.parent.chmod(0o700)


def test_nonsense_ends_a_connection_and_nothing_else(hosted):
    path = str(resident.socket_path(hosted))
    for nonsense in (b"", b"dance", resident.GRADE):
        with Client(path, "AF_UNIX") as connection:
            connection.send_bytes(nonsense)
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(path)
        raw.sendall(b"\x00\x00\x00\x04GET ")
    with Client(path, "AF_UNIX") as connection:
        connection.send_bytes(resident.GRADE)
        connection.send_bytes(b"no order at all")
        with pytest.raises(EOFError):
            connection.recv_bytes()
    assert resident.status(hosted).pid == os.getpid()


def test_what_differs_is_named():
    here = {"package keras": "3.15.0", "check pages": "a", "isolation": "sealed"}
    assert orders.disagreement(here, here) == ""
    there = here | {"package keras": "3.14.0", "check pages": "b"}
    assert orders.disagreement(here, there) == (
        "this worker does not grade with the same check pages, package keras (here 3.15.0, there 3.14.0); give it the "
        "same course folder, course secret and environments as the machine `autograder grade` runs on"
    )


def test_an_order_comes_back_as_a_verdict_or_as_a_sentence(bare_root):
    (bare_root / ".course_secret").write_text("s" * 40)
    (bare_root / ".course_secret").chmod(0o600)
    course = Course.load(bare_root)
    secret = course.secret(create=False)
    asked = []

    class Engine:
        def grade(self, notebook, files, exercise, given, answers, *, in_full):
            asked.append((notebook, files, exercise.name, given, answers, in_full))
            raise RuntimeError("no room for it.")

    terms = resident.terms_of(course, secret.digest)
    ordered = orders.order(SLUG, terms, b"notebook", {"ü/x.bin": bytes(range(256))}, b"answers", "a_check")
    with pytest.raises(JudgeFailed, match="no room for it"):
        orders.graded(orders.carry_out(ordered, course, secret, Engine))
    assert asked == [(b"notebook", {"ü/x.bin": bytes(range(256))}, SLUG, secret.value, b"answers", "a_check")]

    other = orders.order(SLUG, {**terms, "check pages": "others"}, b"notebook", {})
    with pytest.raises(orders.Disagreement, match="does not grade with the same check pages"):
        orders.carry_out(other, course, secret, Engine)
