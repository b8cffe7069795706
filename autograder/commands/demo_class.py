"""The sample class of `autograder demo`: who hands in what, made from the golden submissions in tests/."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.course.errors import CourseError

if TYPE_CHECKING:
    from autograder.course.course import Course

DUE = datetime(2025, 3, 1, 23, 59)  # noqa: DTZ001 - nbgrader keeps times in UTC without saying so
_IN_TIME = "2025-03-01 17:30:00 UTC"
_LATE = "2025-03-03 08:15:00 UTC"
_BROKEN = b'{"cells": [{"cell_type": "code", "source": "impo'


@dataclass(frozen=True)
class SampleStudent:
    """One student of the sample class."""

    student: str
    first_name: str
    last_name: str
    stands_for: str
    kind: str = "reference"
    """Kind of golden submission handed in for every exercise; empty for nothing at all."""
    names: tuple[str, ...] = ()
    """Those preferred; an exercise that has none of them gives its `number`-th of that kind, or else the reference."""
    number: int = 0
    is_late: bool = False
    first_file: str = ""
    """What is odd about the file of the first exercise: `broken`, `renamed`, or nothing."""
    only_first: bool = False


CLASS = (
    SampleStudent("ada", "Ada", "Ahlgren", "a right solution"),
    SampleStudent("bilal", "Bilal", "Batur", "right, written differently", "right"),
    SampleStudent("chen", "Chen", "Cao", "right, and late", "right", number=1, is_late=True),
    SampleStudent("dana", "Dana", "Doyle", "a classic mistake", "wrong", ("wrong_batch_norm_unfrozen",)),
    SampleStudent(
        "emil", "Emil", "Ek", "another classic mistake", "wrong", ("wrong_backbone_left_unfrozen",), number=3
    ),
    SampleStudent("fatou", "Fatou", "Fall", "handed in as released", "blank"),
    SampleStudent("goran", "Goran", "Galić", "kills its own kernel", "hostile", ("hostile_killed_kernel",)),
    SampleStudent("hana", "Hana", "Hirano", "tries to forge points", "hostile", ("hostile_displayhook",), number=1),
    SampleStudent("ivo", "Ivo", "Ilić", "a file that is no notebook", first_file="broken"),
    SampleStudent("kofi", "Kofi", "Kuma", "a notebook under another name", first_file="renamed"),
    SampleStudent("lea", "Lea", "Lund", "handed in the first exercise only", only_first=True),
    SampleStudent("jo", "Jo", "Jensen", "handed in nothing", ""),
)


def hand_in(project: Path, course: "Course", assignment: str) -> None:
    """Fill submitted/ of the demonstration's course folder.

    Args:
        project: The project folder, which holds the golden submissions.
        course: The demonstration's course.
        assignment: The nbgrader assignment.

    Raises:
        CourseError: The golden submissions are not there.
    """
    from autograder.authoring.golden import build_submission
    from autograder.gradebook.access import submitted_folder

    exercises = sorted(course.exercises_of(assignment).items())
    for sample in CLASS:
        if not sample.kind:
            continue
        folder = submitted_folder(course, assignment, sample.student)
        folder.mkdir(parents=True)
        for place, (slug, exercise) in enumerate(exercises[:1] if sample.only_first else exercises):
            notebook, files = build_submission(
                chosen(project / "tests" / "submissions" / slug, sample), exercise.source
            )
            odd = sample.first_file if place == 0 else ""
            name = f"{slug} (1).ipynb" if odd == "renamed" else f"{slug}.ipynb"
            for path, content in {**files, name: _BROKEN if odd == "broken" else notebook}.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
        (folder / "timestamp.txt").write_text(_LATE if sample.is_late else _IN_TIME, encoding="utf-8")


def chosen(submissions: Path, sample: SampleStudent) -> Path:
    """Choose the golden submission a student hands in for an exercise.

    Args:
        submissions: Folder of the exercise's golden submissions.
        sample: The student.

    Returns:
        Its place.

    Raises:
        CourseError: There is not even a reference.
    """
    from autograder.authoring.golden import submission_places

    found = [place.name for place in submission_places(submissions)]
    of_kind = [name for name in found if name.split("_")[0] == sample.kind]
    names = [name for name in sample.names if name in of_kind] or of_kind[sample.number :] or of_kind[-1:]
    names = names or [name for name in found if name == "reference"]
    if not names:
        raise CourseError(f"The demonstration needs a golden submission in {submissions}; run it in the project.")
    return submissions / names[0]


def enrol(course: "Course", assignment: str) -> None:
    """Put the class and the due date into the demonstration's gradebook.

    Args:
        course: The demonstration's course.
        assignment: The nbgrader assignment, which the gradebook knows already.
    """
    from autograder.gradebook.access import open_gradebook

    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(assignment, duedate=DUE)
        for sample in CLASS:
            names = {"first_name": sample.first_name, "last_name": sample.last_name}
            gradebook.update_or_create_student(sample.student, **names)
