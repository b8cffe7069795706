"""What a judged notebook got: one result a check, grouped by graded cell.

These are the only result types of the project. Everything downstream (gradebook, feedback, reports, LMS files) is
derived from a `Verdict`, never from notebook outputs.
"""

import enum
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from autograder.judge.evidence import Evidence

A_PERSON_LOOKS = "This check could not be decided by the computer; a person will look at it."
"""Ends the message of a check that is undecided."""


class Outcome(enum.StrEnum):
    """What one check came to."""

    PASS = "PASS"
    """The claim holds."""
    FAIL = "FAIL"
    """The claim does not hold, and the cause lies in the submission."""
    ERROR = "ERROR"
    """Undecided: a person has to look; the points are withheld, not lost."""
    SKIPPED = "SKIPPED"
    """Not tried: in verdicts of before, when a check could wait for another one."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one hidden check."""

    name: str
    """Function name on the check page: a claim such as `select_classes_keeps_the_order`."""
    claim: str
    """The line the student sees."""
    outcome: Outcome
    points: float
    """Points won, between 0 and `max_points`."""
    max_points: float
    message: str = ""
    """What was called, what came back, what was expected, what to try. Empty for a pass."""
    milliseconds: int = 0
    """Wall time of the check, calls into the student's kernel included."""
    trace: str = ""
    """Of an error inside the check, which is one of the course: where on the page it is and what it says in one line,
    then the traceback. For logs and instructors; students never see it."""
    evidence: Evidence | None = None
    """What it rests on; None in verdicts of earlier versions, and where no check was tried. Students see of it only
    the example."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.points) and 0 <= self.points <= self.max_points):
            raise ValueError(f"points of {self.name} must lie between 0 and {self.max_points} (got {self.points!r})")

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "CheckResult":
        """Read what a judge, or a verdict of this version or another, says; words that are not known are left out.

        Args:
            data: Plain values.
        """
        names = {found.name for found in fields(cls)}
        known = {name: value for name, value in data.items() if name in names}
        evidence = known.get("evidence")
        known["evidence"] = Evidence.from_dict(evidence) if evidence else None
        return cls(**known | {"outcome": Outcome(known["outcome"])})


@dataclass(frozen=True)
class CellVerdict:
    """All checks of one graded cell."""

    grade_id: str
    checks: tuple[CheckResult, ...]

    @property
    def points(self) -> float:
        """Sum of the points won."""
        return sum(check.points for check in self.checks)

    @property
    def max_points(self) -> float:
        """Sum of the points that could be won."""
        return sum(check.max_points for check in self.checks)

    @property
    def undecided(self) -> bool:
        """Whether a person has to look at this cell."""
        return any(check.outcome is Outcome.ERROR for check in self.checks)


@dataclass(frozen=True)
class Verdict:
    """Everything decided about one notebook."""

    exercise: str
    cells: tuple[CellVerdict, ...]
    notes: tuple[str, ...] = ()
    """Sentences about the run as a whole, e.g. a cell that was stopped. Shown to student and instructor."""
    key: str = ""
    """Content address: digest of the work, the check page, the secret and the versions that decide."""
    held_up: str = ""
    """Why the machine could not run the notebook to its end; empty if it could. Such a verdict is looked for again."""
    missing: tuple[str, ...] = ()
    """Top-level modules that the notebook's cells import and kernels do not have."""
    figures: dict[str, float] = field(default_factory=dict)
    """Measured CPU-seconds: `student`, `probe`, `judge`, `fixed`; and `memory_mib`, the kernel's peak."""
    made: dict[str, str] = field(default_factory=dict)
    """What it was found with: versions, digests of check pages and code. Empty in verdicts of earlier versions."""

    @property
    def points(self) -> float:
        """Sum over all cells."""
        return sum(cell.points for cell in self.cells)

    @property
    def max_points(self) -> float:
        """Points that could be won automatically."""
        return sum(cell.max_points for cell in self.cells)

    @property
    def undecided(self) -> bool:
        """Whether a person has to look at any cell."""
        return any(cell.undecided for cell in self.cells)

    def cell(self, grade_id: str) -> CellVerdict:
        """Return the verdict of one graded cell.

        Raises:
            KeyError: No such cell was judged.
        """
        for cell in self.cells:
            if cell.grade_id == grade_id:
                return cell
        raise KeyError(grade_id)

    def checks(self) -> Iterator[CheckResult]:
        """Iterate over the checks of all cells, in order."""
        for cell in self.cells:
            yield from cell.checks

    def to_json(self) -> str:
        """Serialise; `from_json` gives the same verdict back."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Verdict":
        """Read what `to_json` wrote.

        Raises:
            ValueError: The text is not a verdict.
        """
        try:
            return cls._from_dict(json.loads(text))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a verdict: {error!r}; the file is damaged, delete it and grade again") from error

    @classmethod
    def _from_dict(cls, data: dict[str, Any]) -> "Verdict":
        cells = tuple(
            CellVerdict(
                grade_id=cell["grade_id"],
                checks=tuple(map(CheckResult.from_dict, cell["checks"])),
            )
            for cell in data["cells"]
        )
        return cls(
            exercise=data["exercise"],
            cells=cells,
            notes=tuple(data["notes"]),
            key=data["key"],
            held_up=data.get("held_up", ""),
            missing=tuple(data.get("missing", ())),
            figures=dict(data["figures"]),
            made=dict(data.get("made", {})),
        )
