"""What an engine is: whatever runs and judges one notebook, in this process, in others, or on other machines."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from autograder.course.exercise import Exercise
from autograder.judge.verdict import Verdict


@dataclass(frozen=True)
class Graded:
    """What came of one notebook."""

    verdict: Verdict
    notebook: bytes
    """The executed notebook, judged cells without outputs."""
    answers: bytes = b""
    """What it answered, for `Engine.grade` under another check page; empty if it is too much to keep."""


class Engine(Protocol):
    """Runs and judges one notebook at a time for each of its slots; thread-safe."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

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
        """Run and judge a notebook that can be read, or judge it by what it answered before.

        All calls of the check `in_full` are kept in its evidence; `*` for all checks.
        """
        ...
