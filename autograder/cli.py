"""The command line: `autograder COMMAND`."""

import sys

import typer

from autograder.commands.build import build
from autograder.commands.calibrate import calibrate
from autograder.commands.check import check
from autograder.commands.demo import demo
from autograder.commands.doctor import doctor
from autograder.commands.grade import grade
from autograder.commands.gradescope import gradescope_run, gradescope_zip
from autograder.commands.lms import app as lms
from autograder.commands.worker import worker

# Where this package is, jsonschema, which nbformat imports, compiles a grammar of international URIs: 1.3 of the 2.9
# CPU-seconds a command takes to start. No notebook's schema has such a field, and jsonschema does without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

app = typer.Typer(
    name="autograder",
    help="Grade notebooks in sealed kernels, with checks no notebook can see.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

for command in (check, grade, worker, doctor, build, calibrate, demo):
    app.command()(command)
app.add_typer(lms, name="lms")
app.command("gradescope-zip")(gradescope_zip)
app.command("gradescope-run", hidden=True)(gradescope_run)


if __name__ == "__main__":
    app()
