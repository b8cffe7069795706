"""`autograder gradescope-zip`, and what runs inside that zip."""

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.terminal import CourseOption, IsolationOption, ending_well, err, find_course, out, take_secret
from autograder.lms.gradescope.results import Visibility


def gradescope_zip(
    assignment: Annotated[str, typer.Argument(help="The nbgrader assignment.", show_default=False)],
    *,
    to: Annotated[
        Path | None, typer.Option("--to", help="The zip to write; ASSIGNMENT-gradescope.zip here.", show_default=False)
    ] = None,
    visibility: Annotated[Visibility, typer.Option(help="When students see the tests.")] = Visibility.VISIBLE,
    course: CourseOption = None,
    isolation: IsolationOption = None,
) -> None:
    """Make the autograder zip that is uploaded to a Gradescope programming assignment.

    It holds the check pages, the solutions and the course secret: keep it as safe as those.
    """
    with ending_well():
        from autograder.lms.gradescope.packing import write_zip

        found = find_course(course, isolation=isolation)
        target = to or Path(f"{assignment}-gradescope.zip")
        names = write_zip(
            found,
            assignment,
            take_secret(found),
            target,
            visibility=visibility,
            isolation=found.isolation.value,
        )
        size = target.stat().st_size / 2**20
        out.print(f"{target} ({size:.1f} MiB, {len(names)} files)", highlight=False, markup=False, soft_wrap=True)
        out.print(
            "On Gradescope: Assignment > Configure Autograder > upload it, Ubuntu 22.04 or 24.04, "
            "at least 2 CPUs and 6 GB.\nIt holds solutions, check pages and the course secret: do not hand it around.",
            highlight=False,
        )


def gradescope_run(*, base: Annotated[Path, typer.Option(help="Gradescope's folder.")] = Path("/autograder")) -> None:
    """Grade one submission on Gradescope's machine; `run_autograder` calls this."""
    with ending_well():
        from autograder.lms.gradescope.running import run

        written = run(base)
        err.print(f"wrote {written}", highlight=False, markup=False, soft_wrap=True)
