"""Of several attempts the latest counts; on request, the best one does."""

import shutil
from pathlib import Path

from autograder.course.course import Course, Secret
from autograder.course.submission import read_submission
from autograder.gradebook.access import submitted_folder, writer_lock
from autograder.gradebook.feedback import points_text
from autograder.grading.grader import Grader, LazyEngine
from autograder.lms.collecting import attempts_folder, put, read_folder, time_of
from autograder.lms.results import Did, Results


def count_best(course: Course, assignment: str, secret: Secret, *, dry_run: bool = False) -> Results:
    """Put each student's best attempt into submitted/; what was there becomes an attempt.

    Attempts are compared by what the checks give, not by written answers. Unknown ones are graded.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        secret: The course secret.
        dry_run: Say only what would be done.

    Returns:
        One row for each student with several attempts.
    """
    results = Results(f"Best attempts of {assignment}")
    everybody = attempts_folder(course, assignment, "anybody").parent
    with LazyEngine(course) as engine, writer_lock(course):
        grader = Grader(course, secret, engine)
        for kept in sorted(everybody.glob("*")) if everybody.is_dir() else ():
            _one(grader, assignment, kept, results, dry_run=dry_run)
    if any(row.did is Did.DONE for row in results.rows):
        results.notes.append(f"Now run `autograder grade {assignment}`. Collecting again brings the latest back.")
    return results


def _one(grader: Grader, assignment: str, kept: Path, results: Results, *, dry_run: bool) -> None:
    student = kept.name
    folder = submitted_folder(grader.course, assignment, student)
    if not folder.is_dir():
        results.add(Did.PERSON, student, f"has attempts in {kept}, but nothing in submitted/: collect again")
        return
    # of equals the later one counts, so what is there stays unless another is better
    tried = [*sorted(path for path in kept.iterdir() if path.is_dir()), folder]
    points = {path: _points(grader, assignment, path) for path in tried}
    best = max(tried, key=lambda path: (points[path], tried.index(path)))
    listed = ", ".join(points_text(points[path]) for path in tried)
    if best == folder:
        results.add(Did.SKIPPED, student, f"the latest is the best: {listed} by the checks")
        return
    if not dry_run:
        put(folder, read_folder(best), time_of(best), kept)
        shutil.rmtree(best)
    results.add(Did.DONE, student, f"attempt {tried.index(best) + 1} counts: {listed} by the checks")


def _points(grader: Grader, assignment: str, folder: Path) -> float:
    exercises = grader.course.exercises_of(assignment)
    source = grader.course.source_directory / assignment
    return sum(
        grader.grade(read_submission(folder, name, source), exercise).record.verdict.points
        for name, exercise in exercises.items()
        if (folder / f"{name}.ipynb").exists()
    )
