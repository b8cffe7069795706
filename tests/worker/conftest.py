"""A real engine, sealed and warm, and small exercises with pages of their own."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.course.exercise import Exercise
from autograder.grading.engine import EngineSettings, WarmEngine
from autograder.kernels.limits import Limits

LIMITS = Limits(
    cell_cpu_seconds=4, cell_wall_seconds=8, notebook_cpu_seconds=60, notebook_wall_seconds=120, memory_mib=700
)
PAGE_HEADER = (
    "from autograder.judge.checking import Undecided, check, fail\nfrom autograder.judge.comparators import *\n"
)
Make = Callable[..., Exercise]


@pytest.fixture(scope="session")
def engine() -> Iterator[WarmEngine]:
    """An engine with tight limits."""
    with WarmEngine(EngineSettings(limits=LIMITS, slots=2)) as engine:
        yield engine


@pytest.fixture
def exercise(tmp_path: Path) -> Make:
    """Make an exercise of judged cells, each with a solution cell before it, and the page that judges it."""

    def make(page: str, solutions: dict[str, str]) -> Exercise:
        path = tmp_path / f"{tmp_path.name}.py"
        path.write_text(PAGE_HEADER + textwrap.dedent(page))
        return Exercise.from_source(tmp_path.name, notebook(solutions), path, "assignment")

    return make


def notebook(solutions: dict[str, str]) -> bytes:
    """Make a notebook: for each name a solution cell and the judged cell `check_<name>` of one point."""
    cells = []
    for name, source in solutions.items():
        cells.append(new_code_cell(textwrap.dedent(source), metadata={"nbgrader": nbgrader(name, solution=True)}))
        cells.append(
            new_code_cell(
                "# judged", metadata={"nbgrader": nbgrader(f"check_{name}", grade=True, locked=True, points=1)}
            )
        )
    return str(nbformat.writes(new_notebook(cells=cells))).encode()


def nbgrader(grade_id: str, **flags: Any) -> dict[str, Any]:
    """Return nbgrader's metadata of a cell."""
    return {
        "grade_id": grade_id,
        "schema_version": 3,
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
    } | flags
