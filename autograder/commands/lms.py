"""`autograder lms ...`: submissions in from a learning-management system, grades and feedback back to it."""

import typer

from autograder.commands.lms_collect import app as collect_app
from autograder.commands.lms_collect import best, due_dates
from autograder.commands.lms_grades import app as grades_app
from autograder.commands.lms_plan import app as plan_app
from autograder.commands.lms_push import app as push_app

app = typer.Typer(
    help="Submissions in from Moodle and Canvas, grades and feedback back to them and to others.",
    no_args_is_help=True,
)
app.add_typer(collect_app, name="collect")
app.add_typer(grades_app, name="grades")
app.add_typer(plan_app, name="plan")
app.add_typer(push_app, name="push")
app.command()(best)
app.command()(due_dates)
