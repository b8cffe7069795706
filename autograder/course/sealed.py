"""Students' bytes are read under a clock: parsers run in a sealed process, and the grader waits for a bounded time.

What a student hands in is read before anything of his is run: JSON, markdown, HTML, code to be highlighted. Parsers of
others read it, and some of their times grow with the square of the input. So they run where kernels run: in a process
without network, gradebook or secret, with limits on processor time and memory. What goes beyond them could not be
read, for that student; everybody else goes on.
"""

import atexit
import contextlib
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

import autograder
from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import Exercise
from autograder.course.notebooks import Prepared
from autograder.course.own_code import OwnCell
from autograder.judge.channel import Channel, ChannelClosed
from autograder.kernels.children import Child
from autograder.kernels.errors import SandboxUnavailable, TemplateFailed
from autograder.kernels.limits import Limits
from autograder.kernels.payload import readable
from autograder.kernels.settings import Isolation, TemplateSettings
from autograder.kernels.warm import Template

CPU_SECONDS = 10.0
"""Of one question. The largest notebook that is read takes about three."""
BUSY_FACTOR = 30.0
"""Wall seconds for each CPU second of a question, before it counts as stuck: others want the cores too."""
MEMORY_MIB = 2_048
QUESTIONS_A_CHILD = 500
_POLL_SECONDS = 0.1
_AGAIN = "open it in Jupyter, save it, and hand it in again"


class CouldNotRead(Exception):
    """Something of a student's was too much for its reader.

    Args:
        reason: In words, without a final dot.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass
class _Desk:
    """A sealed process that reads, and the line to it."""

    child: Child
    channel: Channel
    line: socket.socket
    left: int = QUESTIONS_A_CHILD

    def close(self) -> None:
        self.channel.close()
        self.child.close()


class SealedReader:
    """Asks sealed processes to read; they start when first needed. Thread-safe.

    Args:
        slots: How many may read at the same time.
        cpu_seconds: What one question may take.
    """

    def __init__(self, slots: int = 8, cpu_seconds: float = CPU_SECONDS) -> None:
        self._slots, self._cpu_seconds = slots, cpu_seconds
        self._free: list[_Desk] = []
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(slots)
        self._template: Template | None = None

    def ask(self, content: dict[str, Any], buffers: Sequence[bytes]) -> tuple[dict[str, Any], list[bytes]]:
        """Have something read.

        Args:
            content: Which operation of `autograder.course.reading_room`, and its arguments.
            buffers: What is to be read.

        Returns:
            What the operation gives.

        Raises:
            UnusableNotebook: A notebook that is none; the message is for the student.
            CouldNotRead: It took too long or too much memory, or its reader failed on it.
            TemplateFailed: Readers cannot be started.
        """
        with self._desk() as desk:
            try:
                desk.channel.send(content, buffers)
                self._wait(desk)
                answer, given = desk.channel.receive()
            except (ChannelClosed, ValueError) as gone:
                raise CouldNotRead("its reader came to no end (memory, or a crash)") from gone
            desk.left -= 1
        if "unusable" in answer:
            raise UnusableNotebook(answer["unusable"])
        if "failed" in answer:
            raise CouldNotRead(answer["failed"])
        return answer, given

    def _wait(self, desk: _Desk) -> None:
        begun, used = time.monotonic(), -1.0
        while not readable(desk.line.fileno(), _POLL_SECONDS):
            now = desk.child.usage().cpu_seconds
            used = now if used < 0 else used  # what earlier questions took, a tenth of a second into this one
            waited = time.monotonic() - begun
            if now - used > self._cpu_seconds or waited > self._cpu_seconds * BUSY_FACTOR:
                raise CouldNotRead(f"reading it takes more than {self._cpu_seconds:g} processor seconds")

    @contextlib.contextmanager
    def _desk(self) -> Iterator[_Desk]:
        """Lend a process that reads; one that was stopped or has read enough is ended."""
        with self._room:
            with self._lock:
                desk = self._free.pop() if self._free else None
            if desk is not None and not desk.child.alive:
                desk.close()
                desk = None
            desk = desk or self._open()
            try:
                yield desk
            except BaseException:
                desk.close()
                raise
            if desk.left > 0:
                with self._lock:
                    self._free.append(desk)
            else:
                desk.close()

    def _open(self) -> _Desk:
        ours, theirs = socket.socketpair()
        with theirs, contextlib.ExitStack() as on_failure:
            on_failure.enter_context(ours)
            try:
                child = self._fork(theirs)
            except TemplateFailed:  # killed from outside: a fresh one costs half a second
                with self._lock:
                    if self._template is not None:
                        self._template.close()
                        self._template = None
                child = self._fork(theirs)
            on_failure.pop_all()
            return _Desk(child, Channel(ours), ours)

    def _fork(self, theirs: socket.socket) -> Child:
        return self._running().fork({}, [theirs.fileno()], limits=_limits(self._cpu_seconds))

    def _running(self) -> Template:
        with self._lock:
            if self._template is None:
                try:
                    self._template = Template.start(_settings(Isolation.SEALED, self._slots))
                except SandboxUnavailable:
                    # Nothing is graded on such a machine, but pages can be looked at: with the clock, without the seal.
                    self._template = Template.start(_settings(Isolation.OFF, self._slots))
            return self._template

    def begin(self) -> None:
        """Start what reads, beside whatever the caller does next; what goes wrong with it is said when it is asked."""

        def start() -> None:
            with contextlib.suppress(TemplateFailed, SandboxUnavailable, OSError):
                self._running()

        threading.Thread(target=start, name="starting to read", daemon=True).start()

    def close(self) -> None:
        """End all processes; the next question starts new ones."""
        with self._lock:
            desks, self._free = self._free, []
            template, self._template = self._template, None
        for desk in desks:
            desk.close()
        if template is not None:
            template.close()


def _limits(cpu_seconds: float) -> Limits:
    """Bound a reader over its whole life; the clock of one question is kept by who asks."""
    life = max(600.0, QUESTIONS_A_CHILD * cpu_seconds)
    return Limits(
        cell_cpu_seconds=life,
        cell_wall_seconds=24 * 3_600,
        notebook_cpu_seconds=life,
        notebook_wall_seconds=24 * 3_600,
        memory_mib=MEMORY_MIB,
        processes=16,
        file_mib=1,
        output_mib=1,
        notebook_output_mib=1,
    )


def _settings(isolation: Isolation, slots: int) -> TemplateSettings:
    package = Path(autograder.__path__[0])
    return TemplateSettings(
        python=Path(sys.executable),
        entry="autograder.course.reading_room:main",
        preload=("nbformat", "autograder.course.reading_room"),
        readable=tuple(package / room for room in ("__init__.py", "course", "judge", "kernels")),
        pythonpath=(package.parent,),
        isolation=isolation,
        slots=slots,
    )


_shared: dict[int, SealedReader] = {}


def reader() -> SealedReader:
    """Return the reader of this process; a forked process has one of its own."""
    if os.getpid() not in _shared:
        _shared.clear()
        _shared[os.getpid()] = SealedReader()
        atexit.register(_shared[os.getpid()].close)
    return _shared[os.getpid()]


def read_submitted(notebook: bytes) -> NotebookNode:
    """Read a submitted notebook; see `autograder.course.reading.read_notebook`, which does it, sealed.

    Args:
        notebook: The file as it was handed in.

    Returns:
        The notebook.

    Raises:
        UnusableNotebook: The bytes are no notebook, or reading them takes too much.
    """
    try:
        _, (read,) = reader().ask({"do": "notebook"}, [notebook])
    except CouldNotRead as problem:
        raise UnusableNotebook(f"The notebook could not be read ({problem.reason}); {_AGAIN}.") from problem
    found: NotebookNode = nbformat.from_dict(json.loads(read))
    return found


def prepare_submitted(notebook: bytes, exercise: Exercise) -> Prepared:
    """Lay a submitted notebook over the instructor's; see `autograder.course.notebooks.prepare`, which does it, sealed.

    Args:
        notebook: The file as it was handed in.
        exercise: The exercise it belongs to.

    Returns:
        The notebook to run, the places of its judged cells, and notes.

    Raises:
        UnusableNotebook: The bytes are no notebook, or reading them takes too much.
    """
    found, prepared = _ask_about("prepared", notebook, exercise)
    cells = nbformat.from_dict(json.loads(prepared))
    return Prepared(cells, found["judged"], tuple(found["notes"]), found["doubt"], frozenset(found["doubted"]))


def own_code_of(notebook: bytes, exercise: Exercise) -> list[OwnCell]:
    """Return a student's own code as words to compare; see `autograder.course.own_code`, which does it, sealed.

    Args:
        notebook: The file as it was handed in.
        exercise: The exercise it belongs to.

    Raises:
        UnusableNotebook: The bytes are no notebook, or reading them takes too much.
    """
    _, cells = _ask_about("own_code", notebook, exercise)
    return [OwnCell(cell["source"], tuple(cell["words"]), tuple(cell["lines"])) for cell in json.loads(cells)]


def _ask_about(operation: str, notebook: bytes, exercise: Exercise) -> tuple[dict[str, Any], bytes]:
    """Ask for something that needs the notebook and the instructor's."""
    described = {
        "name": exercise.name,
        "judged": dict(exercise.judged),
        "written": dict(exercise.written),
        "assignment": exercise.assignment,
    }
    try:
        found, (given,) = reader().ask({"do": operation, "exercise": described}, [notebook, exercise.source])
    except CouldNotRead as problem:
        raise UnusableNotebook(f"The notebook could not be read ({problem.reason}); {_AGAIN}.") from problem
    return found, given
