"""How the notebook's cells ended, and which of those that failed may be why a name is not there.

A cell is named only where it may be the reason: where it would have left the name that is missing. Students try things
in cells of their own, let them fail on purpose and leave them so; to put such a cell right would help nobody.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from autograder.judge.wording import is_of_a_stub, one_line

_NAME_MISSING = re.compile(r"name '(\w{1,100})' is not defined")


class CellError(NamedTuple):
    """A cell that ended in an error."""

    said: str
    """Class of the error, a colon, and what it says."""
    leaves: list[str] | None
    """Names that the cell leaves if it comes to its end; None where its code does not tell."""

    @property
    def missing(self) -> str:
        """The name whose lack it ended with, if that was it."""
        kind, _, text = self.said.partition(": ")
        return missing_name(text) if kind == "NameError" else ""

    def may_lack(self, name: str) -> bool:
        """Whether a name may be missing because the cell did not come to its end.

        Args:
            name: The name.
        """
        return self.leaves is None or name in self.leaves


def missing_name(text: str) -> str:
    """Return the global name whose lack a NameError tells of; "" where it tells of something else.

    Args:
        text: What the error says.
    """
    found = _NAME_MISSING.search(text)
    return found[1] if found else ""


def how_it_ended(cell: str, error: CellError) -> str:
    """Say how a cell ended, without claiming that it is the reason for anything; a clause without its final dot.

    Args:
        cell: What it is called.
        error: How it ended.
    """
    kind, _, said = error.said.partition(": ")
    if kind.rstrip(": ") == "NotImplementedError" and is_of_a_stub(said):
        return f"the cell `{cell}` is not answered yet"
    if kind == "Stopped":
        return f"the cell `{cell}` did not come to an end ({one_line(said)})"
    return f"the cell `{cell}` ended with {one_line(error.said).rstrip('.: ')}"


def why_missing(name: str, errors: Mapping[str, CellError], of_task: Sequence[str] = ()) -> str:
    """Say how cells ended that would have left a name.

    That is the one called like it, or the nearest. Where it failed for a name only, the first of those that led to it
    comes first, since an import that failed is followed by many a NameError.

    Args:
        name: The name that is missing.
        errors: The cells that ended in an error, in the order they ran.
        of_task: Those whose task it is to leave the name, if none of all says it would have: a stub does not.

    Returns:
        A clause without its final dot; empty where no cell is the reason.
    """
    cell = _culprit(name, errors, errors) or next(iter(of_task), "")
    if not cell:
        return ""
    first, before = cell, list(errors)
    while errors[first].missing:
        before = before[: before.index(first)]
        led_to_it = _culprit(errors[first].missing, errors, before)
        if not led_to_it:
            break
        first = led_to_it
    return " and ".join(how_it_ended(one, errors[one]) for one in dict.fromkeys([first, cell]))


def _culprit(name: str, errors: Mapping[str, CellError], among: Iterable[str]) -> str:
    suspects = [cell for cell in among if cell == name or errors[cell].may_lack(name)]
    return name if name in suspects else (suspects or [""])[-1]
