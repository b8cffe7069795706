"""What a check page is written with: the `check` decorator and the ways a check can end.

    @check("check_standardize", points=2, hint="...")
    def columns_keep_their_order(submission):
        '''`standardize` keeps the columns in their order.'''

The function name is a claim, its docstring the line that the student sees.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

__all__ = ["Failed", "Undecided", "check", "fail"]

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class CheckSettings:
    """What the decorator says about a check."""

    cell: str
    """grade_id of the judged cell whose points this check is part of."""
    points: float
    hint: str
    """What to try, added to the message of a failure."""


def check(cell: str, *, points: float, hint: str = "") -> Callable[[F], F]:
    """Mark a function of a check page as a check.

    Args:
        cell: grade_id of the judged cell.
        points: Points for a pass, more than 0.
        hint: What a student whose work fails should look at.

    Raises:
        ValueError: No points, or no docstring.
    """

    def mark(function: F) -> F:
        if points <= 0 or not (function.__doc__ or "").strip():
            raise ValueError(
                f"a check must have points above 0 and a docstring that the student can read: {function.__name__}"
            )
        function.check_settings = CheckSettings(cell, points, hint)  # type: ignore[attr-defined]
        return function

    return mark


class Failed(AssertionError):
    """The claim does not hold; the message goes to the student.

    Args:
        came_back: What was seen, a sentence without its final dot.
        expected: What should have been seen, likewise.
        called: What the judge did, likewise.
        hint: What to try; replaces the check's own hint.
    """

    def __init__(self, came_back: str, expected: str = "", called: str = "", hint: str = "") -> None:
        self.came_back, self.expected, self.called, self.hint = came_back, expected, called, hint
        super().__init__(came_back)


class Undecided(Exception):
    """A person has to look: the outcome is ERROR and the points are withheld."""


def fail(came_back: str, expected: str = "", *, called: str = "", hint: str = "") -> NoReturn:
    """End the check with FAIL. See `Failed` for the arguments."""
    raise Failed(came_back, expected, called, hint)


_NOTHING = re.compile(r"^(?:the answer (?:came back as|is)|it returned) None$")
"""What is said of an answer, and not of a part of one: a part is not left out with a `return`."""
_NO_RETURN = "does the function end with `return`?"


def sentence(problem: Failed, hint: str) -> str:
    """Put a failure into the form *called - came back - expected - try*."""
    parts = [f"Called {problem.called}." if problem.called else "", f"{problem.came_back.removesuffix('.')}."]
    parts += [f"Expected {problem.expected}." if problem.expected else ""]
    hint = problem.hint or (_NO_RETURN if problem.called and _NOTHING.search(problem.came_back) else hint)
    parts += [f"Try: {hint}" if hint else ""]
    return " ".join(part[0].upper() + part[1:] for part in parts if part).replace("?.", "?")
