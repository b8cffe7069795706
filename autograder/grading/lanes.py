"""Who of the notebooks under way computes: whoever takes more than others did stands still while others need the cores.

A notebook that uses up all its limits takes a hundred times as long as one that is right. If each is run to its end
before the next, a few of them hold up a class; if all share the machine, each slows all the others down. So as many
notebooks as there are places compute, and those that have taken least, compared with what is usual, come first.
Nobody loses anything by it: limits count what a notebook itself computes and waits, and while it stands still it does
neither.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from autograder.kernels.processes import available_mib

LEAST_KNOWN = 3
"""How many notebooks of an exercise must have come as far before another one can be called slow."""
REMEMBERED = 100
USUAL_SHARE = 0.75
"""Usual is what so many of those before took at the most: up to a quarter of them may have been out of all measure."""
SLOW_FACTOR, SLOW_SECONDS, SLOW_SHARE = 1.2, 0.5, 0.05
"""Slow is who takes this many times as long to get as far, and longer by so many seconds, and by this share of what is
usual for a whole notebook."""
LEVEL_FACTOR = 1.25
"""What a notebook has taken more from one level to the next: of those that are slow, the lower ones go on."""
UNKNOWN_SECONDS = 20.0
"""What a notebook may take before others come first, as long as nobody knows what is usual."""
BUSY_SHARE, BUSY_SECONDS = 0.1, 1.0
"""A notebook that uses less than this share of a core only waits; one that used more counts as computing so long."""
LOOK_AGAIN_SECONDS = 1.0
_WHOLE = ""


def slow_places(fast: int) -> int:
    """Return how many notebooks may be under way beside those that compute.

    Args:
        fast: How many compute at once.
    """
    return 2 * fast + 2


class Lanes:
    """Places for notebooks. Thread-safe.

    Args:
        fast: How many compute at once.
        needed_mib: What a notebook may take of the machine's memory: so much must be free, twice, before one more
            begins beside a slow one.
        unknown_seconds: What a notebook may take where nobody knows what is usual.
    """

    def __init__(self, fast: int, needed_mib: float, unknown_seconds: float = UNKNOWN_SECONDS) -> None:
        self._fast, self._needed_mib, self._unknown_seconds = fast, needed_mib, unknown_seconds
        self.changed = threading.Condition()
        self._places: list[Place] = []
        self._begun = self._waiting = 0
        self._taken: dict[tuple[str, str], deque[float]] = {}
        self._usual: dict[tuple[str, str], float] = {}

    @contextmanager
    def place(self, kind: str) -> Iterator["Place"]:
        """Wait until a notebook may begin, and have its place.

        Args:
            kind: What the notebook is to be compared with: the name of its exercise.

        Yields:
            The place.
        """
        with self.changed:
            self._waiting += 1
            try:
                while not self._room():
                    self.changed.wait(LOOK_AGAIN_SECONDS)
            finally:
                self._waiting -= 1
            self._begun += 1
            place = Place(self, kind, self._begun)
            self._places.append(place)
        try:
            yield place
        finally:
            with self.changed:
                if place.seconds:
                    place.note_step()
                    self.note(kind, _WHOLE, place.seconds)
                self._places.remove(place)
                self.changed.notify_all()

    def _room(self) -> int:
        """How many may begin now."""
        slow = sum(place.level > 0 for place in self._places)
        if slow and available_mib() < 2 * self._needed_mib:
            return 0
        under_way = len(self._places)
        return max(0, min(self._fast - (under_way - slow), self._fast + slow_places(self._fast) - under_way))

    def note(self, kind: str, step: str, seconds: float) -> None:
        """Keep how much a notebook had taken when it had done a step.

        Args:
            kind: Of the notebook.
            step: Name of the step.
            seconds: Processor time and waiting.
        """
        known = self._taken.setdefault((kind, step), deque(maxlen=REMEMBERED))
        known.append(seconds)
        if len(known) >= LEAST_KNOWN:
            self._usual[kind, step] = sorted(known)[int(USUAL_SHARE * (len(known) - 1))]

    def allowed_seconds(self, kind: str, step: str) -> tuple[float, bool]:
        """Return how much a notebook may have taken before others come first, and whether that is known.

        Args:
            kind: Of the notebook.
            step: What it is doing.
        """
        usual = self._usual.get((kind, step))
        if usual is None:
            return self._unknown_seconds, False
        more = max(SLOW_SECONDS, SLOW_SHARE * self._usual.get((kind, _WHOLE), 0.0))
        return max(SLOW_FACTOR * usual, usual + more), True

    def is_on(self, place: "Place") -> bool:
        """Whether it is a notebook's turn: fewer than may compute at once come before it.

        Args:
            place: Its place.
        """
        before = sum(other.rank < place.rank and other.needs_a_core for other in self._places)
        # Those that are about to begin come before it, too: else it would go on for the moment between two of them.
        return before + (min(self._waiting, self._room()) if place.level else 0) < self._fast


class Place:
    """One notebook's place: what it has taken, and whether it is its turn to compute.

    Args:
        lanes: Whose.
        kind: What it is compared with.
        number: Of those that have begun: of two that have taken as much, the earlier one comes first.
    """

    def __init__(self, lanes: Lanes, kind: str, number: int) -> None:
        self.kind = kind
        self.seconds = 0.0
        """What the notebook has taken so far: processor time and waiting."""
        self.is_slow = False
        """Whether it is known to take more than is usual; that stays, also where it catches up."""
        self._lanes, self._number = lanes, number
        self._step = _WHOLE
        self._before: tuple[float, float] | None = None
        self._busy_until = math.inf

    @property
    def level(self) -> int:
        """0: within what is usual; the higher, the more it has taken."""
        return max(self._times_over()[0], int(self.is_slow))

    def _times_over(self) -> tuple[int, bool]:
        allowed, is_known = self._lanes.allowed_seconds(self.kind, self._step)
        return (0 if self.seconds <= allowed else 1 + int(math.log(self.seconds / allowed, LEVEL_FACTOR))), is_known

    @property
    def rank(self) -> tuple[int, int]:
        """Who has the lower one comes first."""
        return self.level, self._number

    @property
    def needs_a_core(self) -> bool:
        """Whether it would compute if it may; a slow one that waits for something leaves its core to others."""
        return self.level == 0 or time.monotonic() < self._busy_until

    def reaches(self, step: str) -> None:
        """Note that the notebook has done what it was at, and goes on to a step.

        Args:
            step: Its name.
        """
        with self._lanes.changed:
            self.note_step()
            self._step = step

    def note_step(self) -> None:
        """Keep what the notebook has taken until now as what the step it was at takes."""
        if self._step != _WHOLE:
            self._lanes.note(self.kind, self._step, self.seconds)

    def has_taken(self, seconds: float, cpu_seconds: float) -> bool:
        """Note what a notebook has taken; whether that is more than is usual.

        Args:
            seconds: Processor time and waiting of all its kernels so far.
            cpu_seconds: The processor time alone.
        """
        now = time.monotonic()
        with self._lanes.changed:
            self.seconds = max(self.seconds, seconds)
            if self._before is not None:
                then, before = self._before
                if cpu_seconds - before > BUSY_SHARE * (now - then):
                    self._busy_until = now + BUSY_SECONDS
                elif self._busy_until == math.inf:
                    self._busy_until = now
            self._before = now, cpu_seconds
            times, is_known = self._times_over()
            self.is_slow |= is_known and times > 0
            self._lanes.changed.notify_all()
            return self.is_slow

    def is_on(self) -> bool:
        """Whether it is this notebook's turn to compute."""
        with self._lanes.changed:
            return self._lanes.is_on(self)

    def wait(self, wall_seconds: float) -> bool:
        """Wait for this notebook's turn.

        Args:
            wall_seconds: How long at most.

        Returns:
            Whether it is its turn.
        """
        with self._lanes.changed:
            self._busy_until, self._before = math.inf, None  # it would compute, and what passes meanwhile says nothing
            self._lanes.changed.wait_for(lambda: self._lanes.is_on(self), wall_seconds)
            return self._lanes.is_on(self)
