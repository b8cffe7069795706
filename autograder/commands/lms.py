"""`autograder lms`: submissions in, grades and feedback out. Each group of commands is a module beside this one."""

import typer

app = typer.Typer(
    name="lms",
    help="Submissions in, grades and feedback out: Moodle, Canvas and others.",
    no_args_is_help=True,
)
collect = typer.Typer(name="collect", help="Put downloaded submissions into submitted/.", no_args_is_help=True)
grades = typer.Typer(name="grades", help="Write grades as files an LMS takes.", no_args_is_help=True)
for group in (collect, grades):
    app.add_typer(group)
