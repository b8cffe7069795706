"""Two lanes for notebooks: whoever takes far longer than others did lets them pass, and goes on beside them.

A notebook that uses up all its limits takes a hundred times as long as one that is right. In one lane a few of them
hold up a class; in a lane of their own, with what the others leave of the processors, they delay themselves alone.
Nobody loses anything by it: limits count what a notebook itself computes and waits.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from autograder.kernels.processes import available_mib

LEAST_KNOWN = 3
"""How many notebooks of an exercise must have been run before another one can be called slow."""
REMEMBERED = 100
SLOW_FACTOR, SLOW_SECONDS = 1.5, 0.5
"""Slow is who takes this many times as long as the middle one of those before, and this much longer."""


def slow_places(fast: int) -> int:
    """Return how many notebooks may be under way beside those in the fast lane.

    Args:
        fast: Places in the fast lane.
    """
    return 2 * fast + 2


class Lanes:
    """Places for notebooks. Thread-safe.

    Args:
        fast: How many run at once at full speed.
        needed_mib: What a notebook may take of the machine's memory: so much must be free, twice, before one more
            begins beside a slow one.
    """

    def __init__(self, fast: int, needed_mib: float) -> None:
        self._free_fast, self._free_slow = fast, slow_places(fast)
        self._needed_mib = needed_mib
        self._changed = threading.Condition()
        self._taken: dict[str, deque[float]] = {}

    @contextmanager
    def place(self, kind: str) -> Iterator["Place"]:
        """Wait for a place in the fast lane, and have it.

        Args:
            kind: What the notebook is to be compared with: the name of its exercise.

        Yields:
            The place.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._free_fast > 0)
            self._free_fast -= 1
        place = Place(self, kind)
        try:
            yield place
        finally:
            self._leave(place)

    def _leave(self, place: "Place") -> None:
        with self._changed:
            if place.seconds:
                self._taken.setdefault(place.kind, deque(maxlen=REMEMBERED)).append(place.seconds)
            if place.is_slow:
                self._free_slow += 1
            else:
                self._free_fast += 1
            self._changed.notify_all()

    def let_pass(self, place: "Place") -> bool:
        """Move a notebook into the slow lane if it has become slow and there is room; it stays there.

        Args:
            place: Its place.

        Returns:
            Whether it is in the slow lane.
        """
        with self._changed:
            known = self._taken.get(place.kind, ())
            if place.is_slow or len(known) < LEAST_KNOWN or not self._free_slow:
                return place.is_slow
            usual = median(known)
            if place.seconds <= max(SLOW_FACTOR * usual, usual + SLOW_SECONDS):
                return False
            if available_mib() < 2 * self._needed_mib:
                return False
            place.is_slow = True
            self._free_slow -= 1
            self._free_fast += 1
            self._changed.notify_all()
            return True


class Place:
    """One notebook's place.

    Args:
        lanes: Whose.
        kind: What it is compared with.
    """

    def __init__(self, lanes: Lanes, kind: str) -> None:
        self.kind = kind
        self.is_slow = False
        self.seconds = 0.0
        """What the notebook has taken so far: processor time and waiting."""
        self._lanes = lanes

    def lets_pass(self, seconds: float) -> bool:
        """Say whether a notebook should give way to others now.

        Args:
            seconds: Processor time and waiting of all its kernels so far.
        """
        self.seconds = max(self.seconds, seconds)
        return self._lanes.let_pass(self)
