"""Watch what a sandbox uses, all its life long, also between cells, and end it when it goes beyond its limits."""

import threading
import time

from autograder.kernels import processes
from autograder.kernels.children import Child
from autograder.kernels.limits import Limits
from autograder.kernels.processes import Usage

TICK_SECONDS = 0.1
NEARLY_FULL = 0.8
"""Share of the memory limit from which on a sudden death is put down to memory."""
CRASH = "the kernel died (os._exit, or a crash in native code)"
EXACT_FROM = 0.7
"""Share of the memory limit from which on memory is measured exactly."""
OWN_GROWTH_MIB = 1024
"""How much our own memory may grow over a kernel's life: libzmq reads endless messages before one can refuse them."""


class Watch(threading.Thread):
    """Reads usage ten times a second and kills the child at a limit. `reason` says which, in the student's words."""

    def __init__(self, child: Child, limits: Limits) -> None:
        super().__init__(name=f"watch-{child.pid}", daemon=True)
        self.reason: str | None = None
        self.latest = Usage(0.0, 0.0, 0)
        self.peak_mib = 0.0
        self._child, self._limits = child, limits
        self._began = time.monotonic()
        self._own_mib = processes.own_memory_mib()
        self._over = threading.Event()

    def run(self) -> None:
        """Watch until the child is dead or `stop` is called."""
        while not self._over.wait(TICK_SECONDS) and self._child.alive:
            try:
                self.look()
            except OSError:  # processes come and go while their numbers are read
                continue

    def look(self) -> Usage:
        """Take a reading now and judge it; memory is measured exactly once it may be near the limit.

        Returns:
            The reading; the last one before, if the child is dead.
        """
        used = self._child.usage(self._limits.memory_mib * EXACT_FROM)
        if used.processes:
            self.latest = used
        self.peak_mib = max(self.peak_mib, used.memory_mib)
        reason = self._beyond(used)
        if reason is not None and self.reason is None:
            self.reason = reason
            self._child.kill()
        return self.latest

    def _beyond(self, used: Usage) -> str | None:
        limits = self._limits
        if used.memory_mib > limits.memory_mib:
            return f"used more than {limits.memory_mib} MiB of memory"
        if used.cpu_seconds > limits.notebook_cpu_seconds:
            return f"the whole notebook used more than {limits.notebook_cpu_seconds:g} CPU-seconds"
        if time.monotonic() - self._began > limits.notebook_wall_seconds:
            return f"the whole notebook took longer than {limits.notebook_wall_seconds:g} seconds"
        if processes.own_memory_mib() - self._own_mib > OWN_GROWTH_MIB:
            return "sent more than a notebook can hold"
        return None

    def cause_of_death(self) -> str:
        """Say, in the student's words, why the child is dead."""
        if self.reason is not None:
            return self.reason
        if self.peak_mib > NEARLY_FULL * self._limits.memory_mib:
            return f"the kernel died, most likely out of memory (the limit is {self._limits.memory_mib} MiB)"
        return CRASH

    def stop(self) -> None:
        """End the watch and wait for its last look."""
        self._over.set()
        if self.is_alive() and threading.current_thread() is not self:
            self.join()
