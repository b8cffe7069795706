"""Forks of this process, several at once, each with a clock over it; what they return comes back as JSON."""

import contextlib
import fcntl
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait
from typing import Any, NoReturn, cast

from autograder.kernels.inner import seal

Work = Callable[[], Any]
CROWDED = 12.0
"""Seconds on the wall for one of a processor, where many share it."""
PAUSE, LONG_PAUSE = 0.05, 0.5
"""Seconds until slots, and until clocks, are looked at again."""


@dataclass(frozen=True)
class Lost:
    """A fork that gave no answer."""

    why: str
    is_certain: bool = False
    """Whether it would be lost again: a clock of its own CPU time ran out, whatever else the machine did."""


class Slots:
    """So many pieces of work at once, over a process and all its forks; whoever dies gives his own back."""

    def __init__(self, count: int) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as this is: each slot is a locked byte)
        weakref.finalize(self, self._file.close)
        self._count = count
        self._taken: dict[int, set[int]] = {}

    def take(self) -> int | None:
        """Return a free slot, or None."""
        mine = self._taken.setdefault(os.getpid(), set())  # a lock belongs to a process, not to its forks
        for slot in set(range(self._count)) - mine:
            with contextlib.suppress(OSError):
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
                mine.add(slot)
                return slot
        return None

    def give(self, slot: int) -> None:
        """Give a slot back."""
        self._taken[os.getpid()].discard(slot)
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, slot)


@dataclass
class _Fork:
    pid: int
    reading: int
    until: float
    data: bytearray
    slot: int

    def fileno(self) -> int:
        return self.reading


def run_forked(
    works: Iterable[tuple[str, Work]], jobs: int | Slots, cpu_seconds: int, seconds: float = 0.0
) -> Iterator[tuple[str, Any]]:
    """Run each piece of work in a fork of its own.

    Args:
        works: Name and work; each is taken when its fork is to begin, so that this process may go on in between. What
            they return goes through JSON; what they print is lost.
        jobs: How many at once, or the slots for it, where other processes take theirs of the same.
        cpu_seconds: How much of a processor's time each may take: more means an endless loop, most likely.
        seconds: How long each may take by the clock on the wall, which also runs while others have the processor;
            0 for as long as `cpu_seconds` may need on a crowded machine.

    Yields:
        Name and what it returned, as they end; `Lost` for one that raised, died or took too long.
    """
    seconds = seconds or CROWDED * cpu_seconds
    slots = jobs if isinstance(jobs, Slots) else Slots(jobs)
    waiting = iter(works)
    running: dict[str, _Fork] = {}
    is_over = False
    try:
        while running or not is_over:
            while not is_over and (slot := slots.take()) is not None:
                name, work = next(waiting, ("", None))
                if work is None:
                    is_over = True
                    slots.give(slot)
                else:
                    running[name] = _fork(work, cpu_seconds, seconds, slot)
            ready = _readable(running.values(), LONG_PAUSE if is_over else PAUSE)
            for name, fork in list(running.items()):
                if fork.reading in ready and (part := os.read(fork.reading, 2**20)):
                    fork.data += part
                elif fork.reading in ready or time.monotonic() > fork.until:
                    del running[name]
                    came = _end(fork, cpu_seconds, seconds)
                    slots.give(fork.slot)
                    yield name, came
    finally:
        for fork in running.values():
            _end(fork, 0, 0)
            slots.give(fork.slot)


def _readable(forks: Iterable[_Fork], seconds: float) -> set[Any]:
    reading = [fork.reading for fork in forks]
    if not reading:
        time.sleep(PAUSE)  # until another process gives a slot back
    return set(wait(reading, timeout=seconds))


@dataclass
class _Leader:
    pid: int
    reading: int
    data: bytearray


def led_together(leads: Iterable[Callable[[], Iterator[Any]]], most: int) -> Iterator[Any]:
    """Go through several iterators, each in a fork of this process.

    Args:
        leads: Each makes an iterator, in its fork; what it yields goes through JSON. Each is taken when its fork is to
            begin, so that this process may go on in between.
        most: How many at once.

    Yields:
        What they yield, as it comes; what is missing when a fork dies is missing.
    """
    waiting = iter(leads)
    running: dict[int, _Leader] = {}
    is_over = False
    try:
        while running or not is_over:
            while not is_over and len(running) < most:
                lead = next(waiting, None)
                if lead is None:
                    is_over = True
                else:
                    pid, reading = _begin(partial(_lead, lead))
                    running[reading] = _Leader(pid, reading, bytearray())
            for ready in wait(list(running)) if running else ():
                leader = running[cast("int", ready)]
                part = os.read(leader.reading, 2**20)
                leader.data += part
                *lines, leader.data = leader.data.split(b"\n")
                yield from map(json.loads, lines)
                if not part:
                    os.waitpid(running.pop(leader.reading).pid, 0)
                    os.close(leader.reading)
    finally:
        for leader in running.values():
            os.close(leader.reading)
            os.kill(leader.pid, signal.SIGTERM)
            os.waitpid(leader.pid, 0)


def led(lead: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """Go through an iterator in a fork of this process.

    Args:
        lead: Makes the iterator, in the fork; what it yields goes through JSON.

    Returns:
        What it yields, as it comes; what is missing when the fork dies is missing.
    """
    return led_together([lead], 1)


def _begin(child: Callable[[int], NoReturn]) -> tuple[int, int]:
    """Fork, and have the child write to a pipe; return its process id and the end to read from."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        child(writing)
    os.close(writing)
    return pid, reading


def _lead(lead: Callable[[], Iterator[Any]], writing: int) -> NoReturn:
    try:
        seal.prctl(seal.PR_SET_PDEATHSIG, signal.SIGTERM)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that its own forks end with it
        _see_nothing()
        with os.fdopen(writing, "w") as stream:
            for found in lead():
                stream.write(json.dumps(found) + "\n")
                stream.flush()
    finally:
        os._exit(0)


def _see_nothing() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)


def _fork(work: Work, cpu_seconds: int, seconds: float, slot: int) -> _Fork:
    pid, reading = _begin(partial(_work, work, cpu_seconds))
    return _Fork(pid, reading, time.monotonic() + seconds, bytearray(), slot)


def _work(work: Work, cpu_seconds: int, writing: int) -> NoReturn:
    try:
        seal.prctl(seal.PR_SET_PDEATHSIG, signal.SIGKILL)  # nobody would take its answer
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
        _see_nothing()
        answer = {"came": work()}
    except BaseException:  # noqa: BLE001 (whatever it is, this copy of the process must end here)
        answer = {"raised": traceback.format_exc()}
    try:
        with os.fdopen(writing, "w") as stream:
            json.dump(answer, stream)
    finally:
        os._exit(0)


def _end(fork: _Fork, cpu_seconds: int, seconds: float) -> Any:
    late = time.monotonic() > fork.until
    os.kill(fork.pid, signal.SIGKILL)
    status = os.waitpid(fork.pid, 0)[1]
    os.close(fork.reading)
    try:
        answer = json.loads(bytes(fork.data))
    except ValueError:
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            return Lost(f"it took more than {cpu_seconds} s of a processor", is_certain=True)
        late_after = f"it had not ended after {seconds:g} s, with less than {cpu_seconds} s of a processor"
        return Lost(late_after if late else "its process died")
    return answer["came"] if "came" in answer else Lost(answer["raised"])
