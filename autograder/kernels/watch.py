"""Watch what a sandbox uses, all its life long, also between cells, and end it when it goes beyond its limits."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from autograder.kernels import processes
from autograder.kernels.children import Child
from autograder.kernels.limits import Limits, allowed_cpu_seconds
from autograder.kernels.processes import IdleClock, Usage

TICK_SECONDS = 0.1
REST = 2
"""How many times as long as a look took its watch rests at the least: a look at hundreds of processes takes long."""
IDLE_SECONDS = 1.0
"""How often it is looked at whether the sandbox waits: that means a look at each of its threads."""
NEARLY_FULL = 0.8
"""Share of the memory limit from which on a sudden death is put down to memory."""
CRASH = "the kernel died (asked to, by os._exit, or in a crash of native code)"
EXACT_FROM = 0.7
"""Share of the memory limit from which on memory is measured exactly."""
FEW_AT_ONCE = 4
"""So many threads of a slow notebook that compute at once take no more than their turn allows; only more have to be
held down while it is on. Whoever has the lowest priority gets next to nothing beside others' work on the machine."""
OWN_GROWTH_MIB = 1024
"""How much our own memory may grow over a kernel's life: libzmq reads endless messages before one can refuse them."""
FLOOD_CPU_SECONDS = 0.1
"""What receiving that much costs at the least; whoever has received for less has not sent it."""

OUT_OF_MEMORY = "the machine had no memory left, and ended the kernel"

_watching: set["Watch"] = set()
"""All that watch in this process: its memory grows for all of them, and one of them is the cause."""


class Turns(Protocol):
    """What a notebook asks whoever shares the machine out among several."""

    def has_taken(self, seconds: float, cpu_seconds: float) -> bool:
        """Hear what the notebook has computed and waited so far, and computed alone.

        Returns:
            Whether it takes longer than is usual: if much of it computes at once, it is to have only what others leave.
        """
        ...

    def is_on(self) -> bool:
        """Whether the notebook may compute now."""
        ...

    def wait(self, wall_seconds: float) -> bool:
        """Wait, so long at most, until it may; whether it may."""
        ...

    def reaches(self, step: str) -> None:
        """Hear that the notebook has got as far as this step."""
        ...


@dataclass
class Spent:
    """What the kernels of one notebook have used before the present one: their limits are one budget."""

    cpu_seconds: float = 0.0
    idle_seconds: float = 0.0
    held_up_seconds: float = 0.0


class Watch(threading.Thread):
    """Reads usage ten times a second and kills the child at a limit. `reason` says which, in the student's words.

    Args:
        child: The sandbox.
        limits: What it may use.
        receiving: Returns the CPU-seconds spent so far on receiving what this child sends; None if that is not known,
            as with a client of Jupyter's own, which has one kernel to a process.
        spent: What counts towards the limits of the whole notebook already.
        turns: Shares the machine out among notebooks; None if this one has it for itself.
    """

    def __init__(
        self,
        child: Child,
        limits: Limits,
        receiving: Callable[[], float] | None = None,
        spent: Spent | None = None,
        turns: Turns | None = None,
    ) -> None:
        super().__init__(name=f"watch-{child.pid}", daemon=True)
        self.reason: str | None = None
        self.latest = Usage(0.0, 0.0, 0)
        self.peak_mib = 0.0
        self._child, self._limits = child, limits
        self._turns = turns
        self._rests = False
        self.spent = replace(spent) if spent is not None else Spent()
        self.idle = IdleClock()
        """Seconds in which it waited for nothing of this machine's, while something was asked of it."""
        self._killed_before = processes.out_of_memory_kills()
        self._own_mib = processes.own_memory_mib()
        self._receiving = receiving
        self._over = threading.Event()

    def run(self) -> None:
        """Watch until the child is dead or `stop` is called."""
        _watching.add(self)
        looked_at = time.monotonic()
        took_seconds = 0.0
        try:
            while not self._over.wait(max(TICK_SECONDS, REST * took_seconds)) and self._child.alive:
                if self._rests:
                    continue
                began = time.thread_time()
                try:
                    self.look()
                    if time.monotonic() - looked_at > IDLE_SECONDS:
                        self.idle_seconds()
                        looked_at = time.monotonic()
                except OSError:  # processes come and go while their numbers are read
                    continue
                finally:
                    took_seconds = time.thread_time() - began
        finally:
            _watching.discard(self)

    def look(self) -> Usage:
        """Take a reading now and judge it; memory is measured exactly once it may be near the limit.

        Returns:
            The reading; the last one before, if the child is dead.
        """
        used = self._child.usage(self._limits.memory_mib * EXACT_FROM)
        if used.processes:
            self.latest = used
        self.peak_mib = max(self.peak_mib, used.memory_mib)
        is_slow = self._turns is not None and self._turns.has_taken(*self._taken_seconds(used))
        if is_slow and processes.queues(self._child.pids())[1].count("R") > FEW_AT_ONCE:
            self._child.give_way()  # each time, for what it has started since
        reason = self._beyond(used)
        if reason is not None and self.reason is None:
            self.reason = reason
            self._child.kill()
        return self.latest

    def begin_idle(self) -> float:
        """Count from now on how long it waits; `idle.end` ends that.

        Returns:
            Seconds counted before.
        """
        self.idle.begin(self._child.pids(), self.latest.cpu_seconds)
        return self.idle.seconds

    def idle_seconds(self) -> float:
        """Return how long it has waited by itself up to now."""
        return self.idle.read(self._child.pids(), self.latest.cpu_seconds)

    def rest(self) -> None:
        """Count and look no more until `go_on`: the child stands still."""
        self._rests = True
        self.idle_seconds()
        self.idle.end()

    def go_on(self, *, is_asked: bool) -> None:
        """Go on looking.

        Args:
            is_asked: Whether something is asked of the child, so that its waiting counts.
        """
        if is_asked:
            self.begin_idle()
        self._rests = False

    def _taken_seconds(self, used: Usage) -> tuple[float, float]:
        cpu_seconds = self.spent.cpu_seconds + used.cpu_seconds
        return cpu_seconds + self.spent.idle_seconds + self.idle.seconds, cpu_seconds

    def _beyond(self, used: Usage) -> str | None:
        limits = self._limits
        if used.memory_mib > limits.memory_mib:
            return f"used more than {limits.memory_mib} MiB of memory"
        spent, idle = self.spent, self.idle
        so_far = Spent(
            spent.cpu_seconds + used.cpu_seconds,
            spent.idle_seconds + idle.seconds,
            spent.held_up_seconds + idle.held_up_seconds,
        )
        if over := beyond_budget(limits, so_far):
            return over
        if processes.own_memory_mib() - self._own_mib > OWN_GROWTH_MIB:
            if self._has_sent_most():
                return "sent more than a notebook can hold"
            self._own_mib = processes.own_memory_mib()  # another's doing, whose own watch sees to it
        return None

    def receiving_cpu_seconds(self) -> float:
        """CPU-seconds spent on receiving what this child has sent; 0 if that is not known."""
        return self._receiving() if self._receiving is not None else 0.0

    def _has_sent_most(self) -> bool:
        """Whether this child, of all in this process, has sent what our memory grew by."""
        if self._receiving is None:
            return True
        spent = self._receiving()
        others = [watch.receiving_cpu_seconds() for watch in tuple(_watching) if watch is not self]
        return spent >= FLOOD_CPU_SECONDS and spent >= max(others, default=0.0)

    def cause_of_death(self) -> str:
        """Say, in the student's words, why the child is dead."""
        if self.reason is not None:
            return self.reason
        if self.is_machines_fault():
            return OUT_OF_MEMORY
        if self.peak_mib > NEARLY_FULL * self._limits.memory_mib:
            return f"the kernel died, most likely out of memory (the limit is {self._limits.memory_mib} MiB)"
        return CRASH

    def is_machines_fault(self) -> bool:
        """Whether the machine has ended processes to get memory back, since this one began, which kept to its limit.

        A kernel is the first to go (inner/seal.py), whoever has taken the memory.
        """
        return self.reason is None and processes.out_of_memory_kills() > self._killed_before

    def stop(self) -> None:
        """End the watch and wait for its last look."""
        self._over.set()
        if self.is_alive() and threading.current_thread() is not self:
            self.join()


def beyond_budget(limits: Limits, spent: Spent) -> str | None:
    """Name the limit of a whole notebook that is passed.

    Args:
        limits: Of the notebook.
        spent: By all its kernels.
    """
    allowed = allowed_cpu_seconds(limits.notebook_cpu_seconds, spent.cpu_seconds, spent.held_up_seconds)
    if spent.cpu_seconds > allowed:
        return f"the whole notebook used more than {allowed:g} CPU-seconds"
    if spent.idle_seconds > limits.notebook_wall_seconds:
        return f"the whole notebook waited for more than {limits.notebook_wall_seconds:g} seconds"
    return None
