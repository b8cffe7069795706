"""Where a student can read again what a failed check is about: one table beside the checks of an exercise.

`autograder/checks/<exercise>/lesson.toml`:

    lesson = "lesson_transfer_learning"
    [sections]
    check_select_classes = "3 A thousand pictures"        of a judged cell: holds for all its checks
    fine_tuning_keeps_... = "11 What a flag really does"  of one check: goes before that

`make release` refuses a section that the lesson does not have (`autograder/build/sections.py`).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

from autograder.course.exercise import table_beside

TABLE = "lesson.toml"


class Section(NamedTuple):
    """A section of the lesson."""

    heading: str
    lesson: str
    """The lesson's name, without suffix."""
    address: str
    """Where it can be opened; empty if nobody said where the lesson is."""


@dataclass(frozen=True)
class Lesson:
    """The sections of the lesson that explain an exercise."""

    name: str = ""
    sections: Mapping[str, str] = field(default_factory=dict)
    """Heading by grade_id of a judged cell, or by name of a check."""
    address: str = ""
    """Where students open the lesson."""

    @classmethod
    def of(cls, page: Path, address: str) -> Self:
        """Read what stands beside a check page; empty if nothing does.

        Args:
            page: The folder of an exercise's check pages, or the first of them.
            address: Where students open the lesson; empty if it is not known.
        """
        found = _read(table_beside(page, TABLE))
        return cls(found.get("lesson", ""), found.get("sections", {}), address)

    def section(self, cell: str, check: str) -> Section | None:
        """Return what explains a check; None if nothing is named.

        Args:
            cell: grade_id of its judged cell.
            check: Its name.
        """
        heading = self.sections.get(check) or self.sections.get(cell)
        if not heading:
            return None
        anchor = heading.replace(" ", "-")  # as Jupyter and nbconvert name it
        return Section(heading, self.name, f"{self.address}#{anchor}" if self.address else "")


@lru_cache(maxsize=64)
def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:  # another course has no such table
        return {}
