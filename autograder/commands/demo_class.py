"""The sample class of `autograder demo`: who hands in what, made from the golden submissions in tests/."""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.course.errors import CourseError

if TYPE_CHECKING:
    from autograder.course.course import Course

DUE = datetime(2025, 3, 1, 23, 59)  # noqa: DTZ001 - nbgrader keeps times in UTC without saying so
_IN_TIME = "2025-03-01 17:30:00 UTC"
_LATE = "2025-03-03 08:15:00 UTC"


@dataclass(frozen=True)
class SampleStudent:
    """One student of the sample class."""

    student: str
    first_name: str
    last_name: str
    hands_in: str
    """A golden submission, `broken file`, or empty for nothing."""
    stands_for: str
    is_late: bool = False


CLASS = (
    SampleStudent("ada", "Ada", "Ahlgren", "reference", "a right solution"),
    SampleStudent("bilal", "Bilal", "Batur", "right_functional_loops", "right, written differently"),
    SampleStudent("chen", "Chen", "Cao", "right_sequential_augmented", "right, and late", is_late=True),
    SampleStudent("dana", "Dana", "Doyle", "wrong_batch_norm_unfrozen", "a classic mistake"),
    SampleStudent("emil", "Emil", "Ek", "wrong_backbone_left_unfrozen", "another classic mistake"),
    SampleStudent("fatou", "Fatou", "Fall", "blank", "handed in as released"),
    SampleStudent("goran", "Goran", "Galić", "hostile_killed_kernel", "kills its own kernel"),
    SampleStudent("hana", "Hana", "Hirano", "hostile_displayhook", "tries to forge points"),
    SampleStudent("ivo", "Ivo", "Ilić", "broken file", "a file that is no notebook"),
    SampleStudent("jo", "Jo", "Jensen", "", "handed in nothing"),
)

Files = Mapping[str, bytes]
BuildSubmission = Callable[[Path, bytes], tuple[bytes, Files]]
_BROKEN: tuple[bytes, Files] = (b'{"cells": [{"cell_type": "code", "source": "impo', {})


def hand_in(project: Path, course: "Course", assignment: str, slug: str) -> None:
    """Fill submitted/ of the demonstration's course folder.

    Args:
        project: The project folder, which holds the golden submissions.
        course: The demonstration's course.
        assignment: The nbgrader assignment.
        slug: The exercise.

    Raises:
        CourseError: The golden submissions are not there.
    """
    from autograder.course.gradebook import submitted_folder

    build = _builder(project)
    source = course.exercises[slug].source
    for sample in CLASS:
        if not sample.hands_in:
            continue
        folder = submitted_folder(course, assignment, sample.student)
        folder.mkdir(parents=True)
        if sample.hands_in == "broken file":
            notebook, files = _BROKEN
        else:
            notebook, files = build(project / "tests" / "submissions" / slug / sample.hands_in, source)
        for name, content in {**files, f"{slug}.ipynb": notebook}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        (folder / "timestamp.txt").write_text(_LATE if sample.is_late else _IN_TIME, encoding="utf-8")


def enrol(course: "Course", assignment: str) -> None:
    """Put the class and the due date into the demonstration's gradebook.

    Args:
        course: The demonstration's course.
        assignment: The nbgrader assignment, which the gradebook knows already.
    """
    from autograder.course.gradebook import open_gradebook

    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(assignment, duedate=DUE)
        for sample in CLASS:
            names = {"first_name": sample.first_name, "last_name": sample.last_name}
            gradebook.update_or_create_student(sample.student, **names)


def _builder(project: Path) -> BuildSubmission:
    path = project / "tests" / "submissions" / "build.py"
    specification = importlib.util.spec_from_file_location("golden_submissions", path)
    if specification is None or specification.loader is None or not path.is_file():
        raise CourseError(
            f"The demonstration needs the golden submissions, but there is no {path}; run it in the project."
        )
    module: Any = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    build: BuildSubmission = module.build_submission
    return build
