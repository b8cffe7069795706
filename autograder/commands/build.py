"""`autograder build`: notebooks and release from the texts in source/."""

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.terminal import NEEDS_ATTENTION, ending_well, out


def build(
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; say what is out of date.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a notebook that is newer than its text.")] = False,
) -> None:
    """Write notebooks and release/ from the texts in source/. Run it in the project folder.

    Exit status: 0 when all is up to date, 1 when `--check` found something that is not, 2 when it cannot be built.
    """
    with ending_well():
        from autograder.build import build as write
        from autograder.build import check as find_stale

        if check:
            stale = list(find_stale(Path.cwd()))
            for path in stale:
                out.print(f"{path} is not what its text in source/ gives; run `autograder build`.", soft_wrap=True)
            raise typer.Exit(NEEDS_ATTENTION if stale else 0)
        for path in write(Path.cwd(), force=force):
            out.print(f"wrote {path}", markup=False, highlight=False, soft_wrap=True)
