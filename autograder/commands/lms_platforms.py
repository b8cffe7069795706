"""How the commands of `autograder lms` reach an assignment on an LMS through its own interface."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from autograder.lms.canvas.push import CanvasAssignment
    from autograder.lms.lti.push import LtiLineItem
    from autograder.lms.moodle.push import MoodleAssignment

Insecure = Annotated[bool, typer.Option("--insecure", help="Allow an address without encryption.")]
TokenFile = Annotated[
    Path | None,
    typer.Option(help="File with the token, mode 600; otherwise MOODLE_TOKEN or CANVAS_TOKEN.", show_default=False),
]
AnswerSeconds = Annotated[float, typer.Option(min=1.0, help="How long to wait for an answer.")]
Overwriting = Annotated[bool, typer.Option("--overwrite", help="Also replace grades that somebody entered in the LMS.")]
OverwritingComments = Annotated[
    bool, typer.Option("--overwrite-comments", help="Also replace comments that somebody wrote in the LMS.")
]
OverwritingFiles = Annotated[
    bool, typer.Option("--overwrite-files", help="Also replace feedback files of other people that have our names.")
]
OverwritingMarks = Annotated[
    bool, typer.Option("--overwrite-marks", help="Also grade where Moodle works it out from several markers' marks.")
]
Again = Annotated[
    bool, typer.Option("--again", help="Send also what was sent before: something was lost on the other side.")
]
NoPages = Annotated[bool, typer.Option("--no-pages", help="Points and comment without the feedback pages.")]
Rescale = Annotated[bool, typer.Option("--rescale", help="Convert points to the LMS's own maximum.")]


@dataclass(frozen=True)
class Reach:
    """How an LMS is reached, whichever it is."""

    token_file: Path | None = None
    insecure: bool = False
    answer_seconds: float = 60.0


@contextmanager
def moodle_at(
    address: str, reach: Reach, *, overwrite: tuple[bool, ...] = (), **asked: bool
) -> "Iterator[MoodleAssignment]":
    """Reach an assignment on Moodle.

    Args:
        address: Of its page.
        reach: How.
        overwrite: Grades, comments, files, marks of others.
        asked: `rescale`, `with_pages`.

    Yields:
        The assignment.
    """
    from autograder.lms.moodle.push import MoodleAssignment
    from autograder.lms.push.sending import Overwrite
    from autograder.lms.push.web import Patience, Web

    token = token_of("MOODLE_TOKEN", reach.token_file)
    with Web(Patience(answer_seconds=reach.answer_seconds), allow_plain_http=reach.insecure) as web:
        yield MoodleAssignment(web, address, token, overwrite=Overwrite(*overwrite), **asked)


@contextmanager
def canvas_at(address: str, reach: Reach, *, overwrite: bool = False, **asked: bool) -> "Iterator[CanvasAssignment]":
    """Reach an assignment on Canvas.

    Args:
        address: Of its page.
        reach: How.
        overwrite: Whether grades of others may be replaced.
        asked: `rescale`, `with_pages`.

    Yields:
        The assignment.
    """
    from autograder.lms.canvas.push import CanvasAssignment
    from autograder.lms.push.sending import Overwrite
    from autograder.lms.push.web import Patience, Web

    headers = {"Authorization": f"Bearer {token_of('CANVAS_TOKEN', reach.token_file)}"}
    patience = Patience(answer_seconds=reach.answer_seconds)
    with Web(patience, headers=headers, allow_plain_http=reach.insecure) as web:
        yield CanvasAssignment(web, address, overwrite=Overwrite(overwrite), **asked)


@contextmanager
def lti_at(
    settings: Path, assignment: str, reach: Reach, *, overwrite: tuple[bool, ...] = (), may_make: bool
) -> "Iterator[LtiLineItem]":
    """Reach a gradebook column by LTI.

    Args:
        settings: `lti.toml`.
        assignment: The nbgrader assignment.
        reach: How.
        overwrite: Grades, comments of others.
        may_make: Whether a column may be made.

    Yields:
        The column.
    """
    from autograder.lms.lti.push import LtiLineItem
    from autograder.lms.lti.settings import read_settings
    from autograder.lms.push.sending import Overwrite
    from autograder.lms.push.web import Patience, Web

    with Web(Patience(answer_seconds=reach.answer_seconds), allow_plain_http=reach.insecure) as web:
        yield LtiLineItem(web, read_settings(settings), assignment, Overwrite(*overwrite), may_make=may_make)


def token_of(variable: str, file: Path | None) -> str:
    """Return the token from a file or a variable.

    Args:
        variable: Its name.
        file: The file, which wins.

    Raises:
        PlatformRefused: There is none.
    """
    from autograder.lms.lti.settings import read_secret_file
    from autograder.lms.push.errors import PlatformRefused

    if file is not None:
        return read_secret_file(file)
    token = os.environ.get(variable, "").strip()
    if not token:
        raise PlatformRefused(
            f"There is no token: put it into the variable {variable}, or into a file of mode 600 for --token-file. "
            "On the command line others could see it."
        )
    return token
