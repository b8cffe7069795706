"""What all commands share: where they print, how they find the course, how they end."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.course.errors import CourseError, JudgeFailed, UnusableNotebook
from autograder.kernels.errors import SandboxUnavailable, TemplateFailed

if TYPE_CHECKING:
    from autograder.course.course import Course, Secret

NEEDS_ATTENTION, UNUSABLE, INTERRUPTED = 1, 2, 130

out = Console()
err = Console(stderr=True)

CourseOption = Annotated[
    Path | None,
    typer.Option("--course", help="The course folder; by default the one this is run in.", show_default=False),
]
IsolationOption = Annotated[
    str | None,
    typer.Option(
        "--isolation",
        help="'off' runs student code with your own rights, unsealed: only for work you trust.",
        show_default=False,
    ),
]


def find_course(course: Path | None, *places: Path, isolation: str | None = None) -> "Course":
    """Find the course a command works on.

    Args:
        course: What `--course` said, if anything.
        places: Files or folders the course may be found above, after the current folder.
        isolation: What `--isolation` said, if anything.

    Returns:
        The course.

    Raises:
        CourseError: There is none, or the option is wrong.
    """
    from autograder.course.course import Course

    found = Course.load(course) if course is not None else Course.find(Path.cwd(), *places)
    if isolation is not None:
        if isolation not in ("sealed", "off"):
            raise CourseError(f"--isolation is 'sealed' or 'off' (got '{isolation}').")
        found.config.CourseSettings.isolation = isolation
        found = Course(found.root, found.config)
    if found.isolation.value == "off":
        err.print(
            "[bold red]Isolation is off:[/] student code runs with your rights and can read and change all you can, "
            "the gradebook and the course secret included."
        )
    return found


def take_secret(course: "Course") -> "Secret":
    """Return the course secret, and say so if it is new or the demonstration's.

    Args:
        course: The course.
    """
    secret = course.secret()
    if secret.was_created:
        err.print(
            f"Made a new course secret in {course.root / '.course_secret'}: keep a copy, and keep it out of git. "
            "It seeds the hidden tests, so grading with another one may decide close cases differently.",
            soft_wrap=True,
        )
    if secret.is_demo:
        err.print("[yellow]This is the demonstration's secret, which everybody knows: never grade with it.[/]")
    return secret


@contextmanager
def ending_well() -> Iterator[None]:
    """Turn what can go wrong into one sentence and an exit status, and interrupts into a quiet end.

    Yields:
        Nothing.
    """
    # nbgrader calls its helper alembic by name; it lies beside this interpreter.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="nbgrader")  # SQLAlchemy's advice to its authors
            warnings.filterwarnings("ignore", module="authlib")  # its advice to move on from httpx
            warnings.showwarning = _show_warning
            yield
    except (UnusableNotebook, CourseError) as problem:
        err.print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(UNUSABLE) from problem
    except (JudgeFailed, SandboxUnavailable, TemplateFailed) as problem:
        err.print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
        err.print("Nothing was graded. `autograder doctor` shows what this machine can do.", soft_wrap=True)
        raise typer.Exit(NEEDS_ATTENTION) from problem
    except KeyboardInterrupt as interrupt:
        err.print("\nStopped. What was graded is kept; the same command goes on from there.")
        raise typer.Exit(INTERRUPTED) from interrupt


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    err.print(str(message), style="yellow", markup=False, highlight=False, soft_wrap=True)
