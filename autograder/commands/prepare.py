"""`autograder prepare`: an assignment from source/ into the gradebook and release/."""

from typing import Annotated

import typer

from autograder.commands.terminal import CourseOption, ending_well, find_course, out


def prepare(
    assignment: Annotated[str, typer.Argument(help="The assignment, a folder in source/.", show_default=False)],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be changed; change nothing.")] = False,
    course: CourseOption = None,
) -> None:
    """Put an assignment into the gradebook and write release/: the first time, and after every change in source/.

    Cells may be added, removed or given other points also after students were graded. What was given by hand stays; of
    a cell that is gone it is written to a file, and the gradebook is copied first. Exit status: 0 when gradebook and
    release/ are as source/ says, 2 when they cannot be brought to it, and then nothing was changed.
    """
    with ending_well():
        from autograder.gradebook.releasing import prepare_assignment

        found = find_course(course)
        prepared = prepare_assignment(found, assignment, dry_run=dry_run)
        if not prepared.lines:
            out.print(f"{assignment}: gradebook and release/ are what source/ says.", markup=False, highlight=False)
            return
        title = f"{assignment}: what {'would be' if dry_run else 'was'} done"
        for line in (title, *(f"  {line}" for line in prepared.lines)):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
        for path in prepared.kept:
            out.print(f"  what was there before is kept in {path}", markup=False, highlight=False, soft_wrap=True)
