"""What a result rests on: what a check asked, what came back, and a call that a student can run himself.

All of it is short, whatever the submission answers. Instructors see it; students see `example` alone, which holds
nothing but what was sent into their own kernel. `autograder.judge.calls` fills it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One call of a check, and what came of it."""

    called: str
    """The call as a student would type it, large values in words."""
    came_back: str
    code: str = ""
    """The call as code that runs, where its values are few enough."""


@dataclass(frozen=True)
class Evidence:
    """What one check did and saw."""

    asked: tuple[Asked, ...] = ()
    """The last calls; the one that decided a failure is the last of all."""
    calls: int = 0
    """How many there were."""
    came_back: str = ""
    """Of a failure: what was seen."""
    expected: str = ""
    """Of a failure: what should have been seen."""
    example: str = ""
    """Of a failure: the call as code that can be pasted below the notebook's own cells."""
    seed: int = 0
    """Of the check's draws: with it all calls can be made again. Tells of other draws, so students never see it."""
    traceback: str = ""
    """Of an undecided check: where the judge gave up."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Evidence":
        """Read what `dataclasses.asdict` gave; words of later versions are left out."""
        known = _known(cls, data)
        asked = tuple(Asked(**_known(Asked, one)) for one in known.pop("asked", ()))
        return cls(asked=asked, **known)


def _known(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    names = {found.name for found in fields(kind)}
    return {name: value for name, value in data.items() if name in names}


def as_plain(evidence: Evidence) -> dict[str, Any]:
    """Return evidence as plain values."""
    return asdict(evidence)
