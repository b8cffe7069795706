"""`autograder confirm-changes`: points of judged cells that were changed by hand count from now on."""

from typing import Annotated

import typer

from autograder.commands.terminal import CourseOption, ending_well, find_course, out


def confirm_changes(
    assignment: Annotated[str, typer.Argument(help="The assignment, a folder in source/.", show_default=False)],
    *,
    student: Annotated[
        list[str] | None, typer.Option("--student", help="Only this student; may be repeated.", show_default="all")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show them; confirm nothing.")] = False,
    course: CourseOption = None,
) -> None:
    """Let points count that somebody changed by hand, though a verdict had decided them; shows each.

    Until then the verdict's points count, and grades of that student do not go out.
    """
    with ending_well():
        from autograder.course.errors import CourseError
        from autograder.gradebook.access import existing_gradebook, writer_lock
        from autograder.gradebook.changes import HandChanges
        from autograder.gradebook.rows import assignment_rows
        from autograder.grading.store import VerdictStore

        found = find_course(course)
        with writer_lock(found), existing_gradebook(found, assignment) as gradebook:
            rows = assignment_rows(found, gradebook, assignment, VerdictStore(found.state_directory))
            if unknown := sorted(set(student or ()) - {row.student for row in rows}):
                raise CourseError(f"There is no student '{unknown[0]}' in the gradebook.")
            open_ones = [
                change
                for row in rows
                if not student or row.student in student
                for change in row.changed
                if not change.confirmed_at
            ]
            for change in open_ones:
                line = f"{change.student}, {change.notebook}, {change.in_words}"
                out.print(line, markup=False, highlight=False, soft_wrap=True)
            if not dry_run and open_ones:
                HandChanges(found.state_directory, assignment).confirm(open_ones)
        counted = f"{len(open_ones)} change{'s' if len(open_ones) != 1 else ''} by hand"
        out.print(f"{counted} {'would be' if dry_run else 'are' if len(open_ones) != 1 else 'is'} confirmed.")
