"""Where texts, notebooks and releases lie."""

from dataclasses import dataclass
from pathlib import Path

from autograder.build.data_source import course_settings

ASSIGNMENT_OF = {"exercise": "transfer_learning", "lesson": "lesson"}
"""Assignment (a folder of `source/` and `release/`) by the first word of a slug, unless the configuration says so."""

UNGRADED = frozenset({"lesson"})
"""Assignments that are read and run, not handed in; nothing in them carries points."""

RELEASED_FILES: frozenset[str] = frozenset()
"""What students get beside the notebooks, as `<assignment>/<name>`; each lies in `source/<assignment>/`."""


class BuildError(Exception):
    """The texts cannot be built, or the release would give an answer away; the message is for the author."""


@dataclass(frozen=True)
class Unit:
    """One exercise: a text and the two notebooks made from it."""

    slug: str
    """Name of the exercise, e.g. `exercise_1_first`: also of its check page and its submissions."""
    assignment: str
    """Name of nbgrader's assignment it belongs to."""

    @property
    def text(self) -> Path:
        """The py:percent text, relative to the project."""
        return Path("source") / f"{self.slug}.py"

    @property
    def notebook(self) -> Path:
        """The instructor notebook, relative to the project."""
        return Path("source") / self.assignment / f"{self.slug}.ipynb"

    @property
    def release(self) -> Path:
        """The students' notebook, relative to the project."""
        return Path("release") / self.assignment / f"{self.slug}.ipynb"


def find_units(root: Path) -> tuple[Unit, ...]:
    """List the exercises of a project.

    Args:
        root: Folder that holds `source/`.

    Returns:
        One unit a text, sorted by slug.

    Raises:
        BuildError: a text belongs to no assignment, or a notebook has no text.
    """
    units = []
    assignments = dict(course_settings(root / "nbgrader_config.py").get("assignments", {})) or ASSIGNMENT_OF
    for text in sorted((root / "source").glob("*.py")):
        assignment = assignments.get(text.stem.split("_")[0])
        if assignment is None:
            words = ", ".join(f"{word}_" for word in assignments)
            raise BuildError(f"source/{text.name} belongs to no assignment: its name must begin with {words}")
        units.append(Unit(text.stem, assignment))
    notebooks = {path.relative_to(root) for path in (root / "source").glob("*/*.ipynb")}
    for orphan in sorted(notebooks - {unit.notebook for unit in units}):
        raise BuildError(
            f"{orphan} has no text source/{orphan.stem}.py: make one with `jupytext --sync {orphan}`, or delete it."
        )
    return tuple(units)
