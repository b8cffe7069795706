"""Cases that several checks share, so that each trip to the kernel is made once.

A case that cannot be made (the function raised, returned no model, ...) fails every check that asks for it, with the
same message.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from autograder.judge.checking import Failed, Undecided
from autograder.judge.submission import Stopped, Submission

__all__ = ["Cases"]

T = TypeVar("T")


class Cases:
    """Makes each case once and remembers how that ended.

    Args:
        submission: Whose functions are called.
    """

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self._made: dict[Any, Any] = {}
        self._generation = submission.generation

    def once(self, key: Any, make: Callable[[], T]) -> T:
        """Return what `make` gave the first time it was asked for under `key`.

        Raises:
            Failed: Making it failed, now or the first time.
            Undecided: It could not be decided, likewise.
        """
        if self.submission.generation != self._generation:
            # another kernel answers: what was made in the last one is gone
            self._made = {known: made for known, made in self._made.items() if isinstance(made, Failed)}
            self._generation = self.submission.generation
        if key not in self._made:
            try:
                self._made[key] = make()
            except (Failed, Undecided) as problem:
                self._made[key] = problem
            except Stopped as stopped:
                self._made[key] = Failed(f"the kernel gave no answer: {stopped.reason}", "an answer")
            self._generation = self.submission.generation
        made = self._made[key]
        if isinstance(made, Failed | Undecided):
            raise made
        return made  # type: ignore[no-any-return]
