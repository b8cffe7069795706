"""The command line: `autograder COMMAND`."""

import platform
import sys
from importlib import metadata
from typing import Annotated

import typer

from autograder.commands.build import build
from autograder.commands.calibrate import calibrate
from autograder.commands.check import check
from autograder.commands.clauses import clauses
from autograder.commands.confirm_changes import confirm_changes
from autograder.commands.demo import demo
from autograder.commands.doctor import doctor
from autograder.commands.dry_run import dry_run
from autograder.commands.engine import app as engine
from autograder.commands.explain import explain
from autograder.commands.grade import grade
from autograder.commands.gradescope import gradescope_run, gradescope_zip
from autograder.commands.lms import app as lms
from autograder.commands.mark import mark
from autograder.commands.mutants import mutants
from autograder.commands.new_course import new_course
from autograder.commands.new_term import new_term
from autograder.commands.prepare import prepare
from autograder.commands.regrade import regrade
from autograder.commands.report import report
from autograder.commands.similar import similar
from autograder.commands.terminal import Commands, out
from autograder.commands.try_check import try_check
from autograder.commands.worker import worker

# Where this package is, jsonschema, which nbformat imports, compiles a grammar of international URIs: 1.3 of the 2.9
# CPU-seconds a command takes to start. No notebook's schema has such a field, and jsonschema does without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

app = typer.Typer(
    name="autograder",
    cls=Commands,
    help="Grade notebooks in sealed kernels, with checks no notebook can see.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        out.print(f"autograder {metadata.version('autograder')}, Python {platform.python_version()}", highlight=False)
        raise typer.Exit


@app.callback()
def _before_any_command(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="When something goes wrong, show where in the program; may stand anywhere.")
    ] = False,
) -> None:
    """Take what belongs to no single command; what `--debug` asks for is noticed by `Commands`."""


for command in (
    prepare,
    check,
    grade,
    explain,
    regrade,
    mark,
    report,
    similar,
    worker,
    doctor,
    build,
    clauses,
    mutants,
    calibrate,
    demo,
):
    app.command()(command)
app.add_typer(lms, name="lms")
app.add_typer(engine, name="engine")
app.command("confirm-changes")(confirm_changes)
app.command("try-check")(try_check)
app.command("dry-run")(dry_run)
app.command("new-course")(new_course)
app.command("new-term")(new_term)
app.command("gradescope-zip")(gradescope_zip)
app.command("gradescope-run", hidden=True)(gradescope_run)


if __name__ == "__main__":
    app()
