"""What all commands share: where they print, how they find the course, how they end."""

import contextlib
import os
import sys
import traceback
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text
from typer.core import TyperGroup

from autograder.commands.extras import missing_extra
from autograder.course.errors import CourseError, JudgeFailed, UnusableNotebook
from autograder.kernels.errors import SandboxUnavailable, TemplateFailed
from autograder.report.visible import visible

if TYPE_CHECKING:
    from autograder.course.course import Course, Secret

NEEDS_ATTENTION, UNUSABLE, INTERRUPTED = 1, 2, 130

_WIDE = 10_000
"""Columns of a file or a pipe: whoever reads one has no edge at which sentences must break."""


class Terminal(Console):
    """Where all output goes: nothing in it steers the terminal, and files and pipes are not cut at an edge."""

    @property
    def size(self) -> ConsoleDimensions:
        """Columns and lines."""
        is_bounded = self._width is not None or self.is_terminal or "COLUMNS" in self._environ
        return super().size if is_bounded else ConsoleDimensions(_WIDE, 25)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self._width, self._height = new_size

    def render_str(self, text: str, **options: Any) -> Text:
        """Make a text of what a command prints; here, so that columns are as wide as what is shown."""
        return super().render_str(visible(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Turn anything into what is written; all output comes through here."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else visible(text), style, control)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; without the blanks that fill tables up to their right edge, where that edge is nobody's."""
        if self.is_terminal:
            super().print(*objects, **options)
            return
        with self.capture() as captured:
            super().print(*objects, **options)
        text = captured.get()
        if text.endswith("\n"):
            text = "\n".join(line.rstrip(" ") for line in text.split("\n"))
        try:
            self.file.write(text)
            self.file.flush()
        except BrokenPipeError:  # whoever read has seen enough
            self.on_broken_pipe()


out = Terminal()
err = Terminal(stderr=True)

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


class Commands(TyperGroup):
    """All commands; `--debug` may stand anywhere among their words."""

    wants_traceback = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take `--debug` out of the command line."""
        own = args[: args.index("--")] if "--" in args else args
        Commands.wants_traceback = "--debug" in own
        parsed: list[str] = super().parse_args(ctx, [arg for arg in own if arg != "--debug"] + args[len(own) :])
        return parsed


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
    """Turn whatever can go wrong into one sentence and an exit status, and interrupts into a quiet end.

    Yields:
        Nothing.
    """
    # nbgrader calls its helper alembic by name; it lies beside this interpreter.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no ✓ still shows the rest
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="nbgrader")  # SQLAlchemy's advice to its authors
            warnings.filterwarnings("ignore", module="authlib")  # its advice to move on from httpx
            warnings.showwarning = _show_warning
            yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt as interrupt:
        err.print("\nStopped. What was graded is kept; the same command goes on from there.")
        raise typer.Exit(INTERRUPTED) from interrupt
    except Exception as problem:
        raise typer.Exit(say(problem)) from problem


def say(problem: Exception) -> int:
    """Print what went wrong as one sentence, with a traceback only where one is asked for.

    Args:
        problem: What was raised.

    Returns:
        The exit status.
    """
    if Commands.wants_traceback:
        err.print("".join(traceback.format_exception(problem)), markup=False, highlight=False, soft_wrap=True)
    err.print(sentence(problem), style="red", markup=False, highlight=False, soft_wrap=True)
    if isinstance(problem, JudgeFailed | SandboxUnavailable | TemplateFailed):
        err.print("Nothing was graded. `autograder doctor` shows what this machine can do.", soft_wrap=True)
        return NEEDS_ATTENTION
    return UNUSABLE


def sentence(problem: Exception) -> str:
    """Return what went wrong as one sentence.

    Args:
        problem: What was raised.
    """
    if missing := missing_extra(problem):
        return missing
    if isinstance(problem, UnusableNotebook | CourseError | JudgeFailed | SandboxUnavailable | TemplateFailed):
        return str(problem)
    from autograder.build.layout import BuildError  # here: most commands need neither of them
    from autograder.gradebook.trouble import in_words

    return str(problem) if isinstance(problem, BuildError) else in_words(problem, _of_the_gradebook)


def _of_the_gradebook() -> str:
    """Say what is wrong inside this course's gradebook, if anything is."""
    from autograder.gradebook.access import course_directory
    from autograder.gradebook.database_file import orphans

    with contextlib.suppress(Exception):  # a course that cannot be read has troubles of its own
        return orphans(str(course_directory(find_course(None)).db_url))
    return ""


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    err.print(str(message), style="yellow", markup=False, highlight=False, soft_wrap=True)
