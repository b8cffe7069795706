"""An engine that stays: its templates are warm when the next command comes, which then waits for no import.

One process a course and user serves whatever command asks over a Unix socket, in a folder that nobody else can enter.
It reads the course anew for each notebook, so a check page that was mended meanwhile counts; what it has imported
itself, and has changed since, ends it. Commands that cannot use it start an engine of their own, as without it.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import autograder
from autograder.course.course import Course
from autograder.course.errors import CourseError
from autograder.course.exercise import Exercise
from autograder.grading.engines import Engine, Graded
from autograder.grading.keys import terms_of
from autograder.grading.orders import Disagreement, carry_out, graded, order

STATUS, STOP, GRADE = b"status", b"stop", b"grade"
"""What may be asked of it: the first message of a connection."""
OUTDATED = b""
"""Its answer to an order that it cannot carry out as it is."""
LOOK_SECONDS = 1.0
START_SECONDS = 180.0
ANSWER_SECONDS = 10.0
"""One that says nothing for so long does not count as there: it hangs, or was stopped."""
CALLERS = 64
"""How many may wait to be heard."""
LOG = "engine.log"
"""In the course's folder of state: what the process of an engine in the background says."""


@dataclass(frozen=True)
class Status:
    """An engine that is there."""

    pid: int
    slots: int
    """Notebooks at once."""
    graded: int
    """Notebooks so far."""
    idle_seconds: float
    """Since the last one."""
    idle_minutes: float
    """After so many it ends."""

    @property
    def idle(self) -> str:
        """How long nobody has asked, in words."""
        return f"idle for {self.idle_seconds / 60:.0f} of {self.idle_minutes:g} minutes"


def socket_path(course: Course) -> Path:
    """Return where the engine of a course and of this user listens.

    Args:
        course: The course.

    Raises:
        CourseError: The folder is not this user's alone.
    """
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base, "autograder") if base else Path(tempfile.gettempdir(), f"autograder-{os.getuid()}")
    if folder.is_symlink() or folder.exists():
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise CourseError(
                f"{folder} is not for you alone, so no engine can be reached there safely; remove it, or name another"
                " folder in XDG_RUNTIME_DIR."
            )
    return folder / f"{hashlib.sha256(os.fsencode(course.root.resolve())).hexdigest()[:24]}.socket"


def status(course: Course) -> Status | None:
    """Ask the engine of a course how it is; None if there is none.

    Args:
        course: The course.
    """
    answer = _ask(course, STATUS)
    return None if answer is None else Status(**json.loads(answer))


def stop(course: Course) -> bool:
    """End the engine of a course once it has graded what it is grading.

    Args:
        course: The course.

    Returns:
        Whether there was one.
    """
    return _ask(course, STOP) is not None


def _ask(course: Course, what: bytes) -> bytes | None:
    try:
        with Client(str(socket_path(course)), "AF_UNIX") as connection:
            connection.send_bytes(what)
            return connection.recv_bytes() if connection.poll(ANSWER_SECONDS) else None
    except (OSError, EOFError, CourseError):
        return None


def start(course: Course, slots: int, idle_minutes: float) -> Status:
    """Start an engine in the background, and return when it is ready.

    Args:
        course: The course.
        slots: Notebooks at once.
        idle_minutes: It ends when nobody has asked for so long.

    Raises:
        CourseError: There is one already, or it could not start; the sentence says why.
    """
    if (there := status(course)) is not None:
        raise CourseError(f"There is an engine already (process {there.pid}); `autograder engine stop` ends it.")
    course.state_directory.mkdir(parents=True, exist_ok=True)
    log = course.state_directory / LOG
    options = ["--course", str(course.root), "--jobs", str(slots), "--idle-minutes", f"{idle_minutes:g}"]
    command = [sys.executable, "-m", "autograder.cli", "engine", "serve", *options]
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, cwd=course.root, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if (there := status(course)) is not None:
            return there
        time.sleep(0.1)
    process.kill()
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise CourseError(f"The engine did not start: {lines[-1] if lines else 'it said nothing'} (see {log})")


class ResidentEngine:
    """Sends notebooks to an engine that stays; what that one cannot do, one of this process does.

    Args:
        course: The course.
        own: Starts an engine of this process.
    """

    def __init__(self, course: Course, own: Callable[[], Engine]) -> None:
        self._course = course
        self._terms = dict(terms_of(course, course.secret(create=False).digest))
        self._start_own = own
        self._own: Engine | None = None
        self._starting = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._starting:
            own, self._own = self._own, None
        if own is not None:
            own.__exit__(kind, error, trace)

    def grade(
        self,
        notebook: bytes,
        files: Mapping[str, bytes],
        exercise: Exercise,
        secret: bytes,
        answers: bytes = b"",
        *,
        in_full: str = "",
    ) -> Graded:
        """Let it run and judge a notebook; see `autograder.grading.engines.Engine.grade`.

        Raises:
            JudgeFailed: It was not graded; the sentence says why.
        """
        reply = None
        if self._own is None:
            reply = _grade_there(self._course, order(exercise.name, self._terms, notebook, files, answers, in_full))
        if reply is not None:
            return graded(reply)
        with self._starting:
            if self._own is None:
                self._own = self._start_own().__enter__()
        return self._own.grade(notebook, files, exercise, secret, answers, in_full=in_full)


def _grade_there(course: Course, ordered: bytes) -> bytes | None:
    try:
        with Client(str(socket_path(course)), "AF_UNIX") as connection:
            connection.send_bytes(GRADE)
            connection.send_bytes(ordered)
            return connection.recv_bytes() or None
    except (OSError, EOFError, CourseError):  # it has ended, whyever
        return None


def find(course: Course, slots: int, own: Callable[[], Engine]) -> ResidentEngine | None:
    """Return the engine that stays, if there is one and it serves as many notebooks at once as are to be run.

    Args:
        course: The course.
        slots: How many that are.
        own: Starts an engine of this process, in case the other one ends.
    """
    there = status(course)
    if there is None or there.slots < slots:
        return None
    try:
        return ResidentEngine(course, own)
    except CourseError:  # no secret: whoever starts an engine says so
        return None


class Host:
    """Serves an engine to commands of this user until it is stopped, idle for too long, or outdated.

    Args:
        course: The course.
        engine: Running.
        slots: Notebooks at once.
        idle_minutes: It ends when nobody has asked for so long.
    """

    def __init__(self, course: Course, engine: Engine, slots: int, idle_minutes: float) -> None:
        self._root = course.root
        self._engine, self._slots, self._idle_minutes = engine, slots, idle_minutes
        self._imported = _imported(course)
        self._over = threading.Event()
        self._counting = threading.Lock()
        self._under_way, self._graded, self._last = 0, 0, time.monotonic()

    def serve(self, path: Path) -> None:
        """Listen until it is over; what is being graded then is graded to its end.

        Args:
            path: Of the socket.

        Raises:
            CourseError: Another one listens there.
        """
        with _alone_at(path), Listener(str(path), "AF_UNIX", CALLERS) as listener:
            path.chmod(0o600)
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            while not self._over.wait(LOOK_SECONDS) and not self._is_idle():
                pass
            self._over.set()
        # nobody finds it any more, so that another one can start beside it
        while self._under_way:
            time.sleep(0.05)

    def _is_idle(self) -> bool:
        return not self._under_way and time.monotonic() - self._last > 60 * self._idle_minutes

    def _accept(self, listener: Listener) -> None:
        while not self._over.is_set():
            try:
                connection = listener.accept()
            except OSError:  # a caller that went away; or it is over
                time.sleep(0.05)
                continue
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: Connection) -> None:
        # a caller that goes away needs no answer, nor one that talks nonsense
        with connection, contextlib.suppress(OSError, EOFError, zipfile.BadZipFile):
            if _user_of(connection) != os.getuid() or self._over.is_set():
                return
            asked = connection.recv_bytes()
            if asked == STATUS:
                connection.send_bytes(json.dumps(self._status()).encode())
            elif asked == STOP:
                self._over.set()
                connection.send_bytes(STOP)
            elif asked == GRADE:
                with self._busy():
                    connection.send_bytes(self._grade(connection.recv_bytes()))

    def _status(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "slots": self._slots,
            "graded": self._graded,
            "idle_seconds": 0.0 if self._under_way else time.monotonic() - self._last,
            "idle_minutes": self._idle_minutes,
        }

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        with self._counting:
            self._under_way += 1
        try:
            yield
        finally:
            with self._counting:
                self._under_way -= 1
                self._graded += 1
                self._last = time.monotonic()

    def _grade(self, ordered: bytes) -> bytes:
        try:
            course = Course.load(self._root)
            secret = course.secret(create=False)
            is_outdated = _imported(course) != self._imported
        except (CourseError, OSError):  # the caller meets the same, and says so
            return OUTDATED
        if is_outdated:
            self._over.set()
            return OUTDATED
        try:
            return carry_out(ordered, course, secret, lambda: self._engine)
        except Disagreement:  # it was asked for by other settings or another secret than the course folder's
            return OUTDATED


@contextlib.contextmanager
def _alone_at(path: Path) -> Iterator[None]:
    """Hold the place of a socket, and clear away what a killed engine left there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CourseError("Another engine of this course has just been started; it is used.") from error
        path.unlink(missing_ok=True)
        yield


def _imported(course: Course) -> str:
    """Digest what an engine has read for good: code that it or its templates have imported, settings, data.

    Check pages are not among it: each judge imports them anew.
    """
    package = Path(autograder.__path__[0])
    pages = {page.resolve() for found in course.exercises.values() for page in found.pages}
    beside = {path.resolve() for found in course.exercises.values() for path in found.beside}
    files = sorted(({path.resolve() for path in package.rglob("*.py")} | beside) - pages)
    seen = [(str(path), (entry := path.stat()).st_mtime_ns, entry.st_size) for path in files]
    terms = terms_of(course, "")
    read_anew = ("exercises in source/", "check pages", "course secret")
    chosen = {name: terms[name] for name in terms if name not in read_anew}
    return hashlib.sha256(json.dumps([seen, chosen], sort_keys=True).encode()).hexdigest()


def _user_of(connection: Connection) -> int:
    """Return the user id of whoever is at the other end, as the kernel has it."""
    with socket.socket(fileno=os.dup(connection.fileno())) as same:
        credentials = same.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])
