"""`autograder new-course`: a small complete course to begin one's own from."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.terminal import ending_well, out
from autograder.course.errors import CourseError

_COURSE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Kind(StrEnum):
    """What the exercises of a course are about."""

    KERAS = "keras"
    ARRAYS = "arrays"
    TABLES = "tables"


def new_course(
    folder: Annotated[Path, typer.Argument(help="Where to write it: a new or an empty folder.", show_default=False)],
    *,
    kind: Annotated[
        Kind,
        typer.Option("--kind", help="keras: models; arrays: NumPy; tables: pandas and scikit-learn."),
    ] = Kind.ARRAYS,
    course_id: Annotated[
        str | None,
        typer.Option("--id", help="Name of the course in gradebook and exchange.", show_default="name of the folder"),
    ] = None,
) -> None:
    """Write a course of one exercise: text, hidden checks, clauses, right answers, mistakes, and tests of all that.

    Example: autograder new-course statistics --kind tables

    It builds, releases and grades as it comes; docs/new-course.md goes on from there.
    """
    with ending_well():
        from autograder.authoring.new_course import write_course

        name = course_id if course_id is not None else folder.resolve().name
        if not _COURSE_ID.fullmatch(name):
            raise CourseError(
                f"The name of a course has 1 to 64 letters, digits, '.', '-' or '_' (got {name!r}); give one with --id."
            )
        for path in write_course(folder, kind.value, name):
            out.print(f"wrote {folder / path}", markup=False, highlight=False, soft_wrap=True)
        out.print(
            f"\nNext: cd {folder}, then `pytest` and `autograder grade --help`.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
