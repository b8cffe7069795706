"""The contracts of a course: the clauses of each exercise, beside its text, its checks and its submissions."""

from autograder.authoring.clauses import Contract, clauses_path, read_clauses
from autograder.authoring.pages import checks_of
from autograder.course.course import Course


def contracts_of(course: Course) -> dict[str, Contract]:
    """Read the contracts of all exercises that have clauses, by name.

    Args:
        course: The course.

    Raises:
        ValueError: A file of clauses cannot be read.
    """
    return {
        name: Contract(
            clauses=read_clauses(clauses_path(exercise.page)),
            text=_text(course, name),
            settings=checks_of(exercise.pages),
            cells=frozenset([*exercise.judged, *exercise.written]),
            submissions=course.root / "tests" / "submissions" / name,
        )
        for name, exercise in course.exercises.items()
        if clauses_path(exercise.page).is_file()
    }


def _text(course: Course, name: str) -> str:
    return (course.source_directory / f"{name}.py").read_text(encoding="utf-8")
