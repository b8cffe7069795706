"""The command line: `autograder COMMAND`."""

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
