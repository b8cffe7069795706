"""A handle on one forked child and everything it starts."""

import contextlib
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from autograder.kernels import processes
from autograder.kernels.payload import readable
from autograder.kernels.processes import Usage
from autograder.kernels.settings import WRITABLE
from autograder.kernels.slots import Slot

LAST_WORDS_BYTES = 64 * 1024
ALL_AGAIN_SECONDS = 1.0
"""How often all processes that give way are asked anew."""


class Child:
    """A forked child and everything it starts. Close it: that kills all of it."""

    def __init__(
        self,
        end: Callable[["Child"], int | None],
        pid: int,
        init_pid: int,
        pidfd: int,
        slot: Slot,
        words: int,
        folder: str,
    ) -> None:
        self.pid = pid
        """Process id as seen from outside."""
        self.report: dict[str, Any] = {}
        """What the child proved before it began (`claims`), and what it saw, if asked."""
        self.shared_mib = 0.0
        """Anonymous memory of the template at the fork."""
        self.exit_code: int | None = None
        """After `close`: negative for a signal."""
        self._end, self._slot, self._folder = end, slot, folder
        self._init_pid = init_pid
        self._pidfd, self._words = pidfd, words
        self._clock = processes.CpuClock()
        self._giving_way: set[tuple[int, str]] = set()
        self._all_asked = 0.0
        self._closed = False
        self._lock = threading.Lock()

    @property
    def alive(self) -> bool:
        """Whether the child itself runs."""
        return not self._closed and not readable(self._pidfd, 0.0)

    def is_ending(self) -> bool:
        """Whether the child is dead or about to be: it closes its connections some time before that is seen."""
        return not self.alive or processes.is_ending(self.pid)

    def fileno(self) -> int:
        """Return a descriptor that becomes readable when the child dies, for `select` and pollers."""
        return self._pidfd

    def wait(self, wall_seconds: float) -> bool:
        """Wait for the child to die.

        Args:
            wall_seconds: how long at most.

        Returns:
            Whether it is dead.
        """
        return self._closed or readable(self._pidfd, wall_seconds)

    def signal(self, number: signal.Signals) -> None:
        """Send the child itself a signal; nothing happens if it is dead."""
        with self._lock, contextlib.suppress(ProcessLookupError):
            if not self._closed:
                signal.pidfd_send_signal(self._pidfd, number)

    def _roots(self) -> list[int]:
        return [] if self._closed else [self.pid, *([self._init_pid] if self._init_pid else [])]

    def pids(self) -> list[int]:
        """List the processes in the sandbox."""
        return processes.tree(self._roots())

    def give_way(self) -> None:
        """Let the whole sandbox compute only when nobody else wants to."""
        # Again now and then: a thread may have begun while its process was asked.
        if time.monotonic() - self._all_asked > ALL_AGAIN_SECONDS:
            self._giving_way.clear()
            self._all_asked = time.monotonic()
        processes.give_way(self.pids(), self._giving_way)

    def stand_still(self) -> dict[int, str]:
        """Stop the whole sandbox until `go_on`; it notices only that clocks have moved on.

        Returns:
            What to give to `go_on`.
        """
        return processes.stand_still(self._roots())

    def go_on(self, stopped: dict[int, str]) -> None:
        """Let the sandbox go on.

        Args:
            stopped: What `stand_still` returned.
        """
        processes.go_on(stopped)

    def usage(self, exact_above_mib: float = 0.0) -> Usage:
        """Read what the whole sandbox uses now.

        Args:
            exact_above_mib: memory that cannot be above this is only estimated, which is cheaper.

        Returns:
            The reading; zeros if the child is closed.
        """
        used = processes.usage(self._roots(), self._clock, shared_mib=self.shared_mib, exact_above_mib=exact_above_mib)
        if self._init_pid == 0 or not used.processes:
            return used
        # Files in a tmpfs are memory as well, and so is what waits in sockets.
        beside = processes.files_mib(self.pid, WRITABLE) + processes.sockets_mib(self.pid)
        return replace(used, memory_mib=used.memory_mib + beside)

    def last_words(self) -> str:
        """Read the first 64 KiB of what reached standard output and error outside any other channel."""
        if self._closed or not readable(self._words, 0.0):
            return ""
        return os.read(self._words, LAST_WORDS_BYTES).decode(errors="replace")

    def kill(self) -> None:
        """Kill the child at once; `close` ends the rest of the sandbox."""
        self.signal(signal.SIGKILL)

    def close(self) -> None:
        """Kill everything in the sandbox, reap it, and give the slot back."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self.exit_code = self._end(self)
        os.close(self._pidfd)
        os.close(self._words)
        self._slot.close()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
