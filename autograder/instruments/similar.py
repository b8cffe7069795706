"""Who wrote alike: a class's notebooks read, compared pair by pair, and shown side by side."""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.classes.collecting import Work, collect
from autograder.course.course import Course
from autograder.course.errors import UnusableNotebook
from autograder.course.own_code import OwnCell, own_cells
from autograder.course.sealed import own_code_of
from autograder.instruments.likeness import CELL_SHARE, WHOLE_SHARE, ClassWork, Likeness, Pair, Written
from autograder.instruments.pages import environment


@dataclass
class Similar:
    """What came of an assignment."""

    assignment: str
    students: int
    exercises: list[Likeness] = field(default_factory=list)
    not_compared: list[tuple[str, str, str]] = field(default_factory=list)
    """Student, exercise, and why."""


def similar_work(
    course: Course,
    assignment: str,
    most: int,
    also: Sequence[Path] = (),
    step: Callable[[int, int], None] = lambda *_: None,
) -> Similar:
    """Compare everybody's own code with everybody's, exercise by exercise.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        most: So many pairs of an exercise are worked out line by line.
        also: Course folders of other terms, such as `autograder new-term --restore` makes; their work is compared with
            this term's, each notebook laid over its own term's release.
        step: Told how many notebooks of how many are read.

    Raises:
        CourseError: There is no such assignment.
    """
    exercises = course.exercises_of(assignment)
    students = collect(course, assignment)
    works = [(work, "") for student in students.values() for work in student.works]
    for folder in also:
        earlier = collect(Course.load(folder), assignment).values()
        works += [
            (work, f" ({folder})") for student in earlier for work in student.works if work.exercise.name in exercises
        ]
    found = Similar(assignment, len(students))
    read: dict[str, list[Written]] = {name: [] for name in exercises}
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for done, ((work, term), cells) in enumerate(zip(works, pool.map(_read, works), strict=True), 1):
            step(done, len(works))
            if isinstance(cells, str):
                found.not_compared.append((work.student + term, work.exercise.name, cells))
            else:
                read[work.exercise.name].append(Written(work.student + term, tuple(cells), is_earlier=bool(term)))
    for name, exercise in exercises.items():
        reference = own_cells(exercise.notebook.cells, exercise)
        found.exercises.append(ClassWork(read[name], reference).compare(name, most))
    return found


def _read(found: tuple[Work, str]) -> list[OwnCell] | str:
    work, _ = found
    submission = work.read()
    try:
        return submission.problem or own_code_of(submission.notebook, work.exercise)
    except UnusableNotebook as problem:
        return str(problem)


def numbered(found: Similar) -> dict[str, str]:
    """Return a name for each student that tells nothing of him, in no order of the class.

    Args:
        found: From `similar_work`.
    """
    named = {name for likeness in found.exercises for pair in likeness.pairs for name in (pair.first, pair.second)}
    named |= {student for student, _, _ in found.not_compared}
    shuffled = sorted(named, key=lambda name: hashlib.sha256(f"{found.assignment}\0{name}".encode()).digest())
    return {name: f"student {number}" for number, name in enumerate(shuffled, 1)}


def similar_page(found: Similar, *, with_names: bool) -> str:
    """Return one self-contained page.

    Args:
        found: From `similar_work`.
        with_names: Whether students are named; otherwise they are numbered.
    """
    names = _names(found, with_names=with_names)
    return (
        environment()
        .get_template("similar.html.j2")
        .render(found=found, names=names, whole=WHOLE_SHARE, cell=CELL_SHARE, with_names=with_names)
    )


def similar_object(found: Similar, *, with_names: bool) -> dict[str, Any]:
    """Return the figures as plain values, without anybody's code.

    Args:
        found: From `similar_work`.
        with_names: Whether students are named; otherwise they are numbered.
    """
    names = _names(found, with_names=with_names)
    return {
        "assignment": found.assignment,
        "students": found.students,
        "exercises": [_exercise(likeness, names) for likeness in found.exercises],
        "not_compared": [
            {"student": names[student], "exercise": exercise, "why": why}
            for student, exercise, why in found.not_compared
        ],
    }


def _names(found: Similar, *, with_names: bool) -> Mapping[str, str]:
    numbers = numbered(found)
    return {name: name for name in numbers} if with_names else numbers


def _exercise(likeness: Likeness, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "exercise": likeness.exercise,
        "compared": likeness.students,
        "median_share": round(likeness.below(0.5), 4),
        "share_of_99_percent": round(likeness.below(0.99), 4),
        "pairs": [_pair(pair, names) for pair in likeness.pairs],
        "groups": [[names[name] for name in group] for group in likeness.groups],
    }


def _pair(pair: Pair, names: Mapping[str, str]) -> dict[str, Any]:
    figures = {name: round(getattr(pair, name), 4) for name in ("share", "cell_share", "elsewhere")}
    return {
        "students": [names[pair.first], names[pair.second]],
        **figures,
        "have_it_too": pair.have_it_too,
        "others": pair.others,
    }


def count_alike(likenesses: Sequence[Likeness]) -> int:
    """Return how many pairs are alike.

    Args:
        likenesses: One an exercise.
    """
    return sum(len(likeness.pairs) for likeness in likenesses)
