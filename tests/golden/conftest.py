"""Golden submissions of all exercises, graded by the real worker: two at once, each as far as its changes reach."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from autograder.course.course import Course
from autograder.course.exercise import Exercise, grade_id_of
from autograder.course.worker import Engine, EngineSettings
from autograder.judge.verdict import Verdict
from autograder.kernels.limits import Limits
from tests.submissions.build import build_submission, exercise_names, read_plan, submission_folders

SECRET = b"the secret of the golden submissions"
LIMITS = Limits(cell_cpu_seconds=20, cell_wall_seconds=45, memory_mib=1_200)
"""Tighter than a course's, because some submissions do nothing but reach them."""


class Case(NamedTuple):
    """One golden submission."""

    exercise: str
    name: str

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return next(folder for folder in submission_folders(self.exercise) if folder.name == self.name)

    def __str__(self) -> str:
        return f"{'_'.join(self.exercise.split('_')[:2])}-{self.name}"


@cache
def all_cases() -> list[Case]:
    """All golden submissions of all exercises, those first that wait rather than compute."""
    cases = [Case(exercise, folder.name) for exercise in exercise_names() for folder in submission_folders(exercise)]
    return sorted(cases, key=lambda case: case.name != "hostile_sleeps")


class Golden:
    """Grades every golden submission once, in the background from the first question on.

    Args:
        engine: A running engine.
        exercises: The exercises, by name.
    """

    def __init__(self, engine: Engine, exercises: dict[str, Exercise]) -> None:
        self._engine, self.exercises = engine, exercises
        self._pool = ThreadPoolExecutor(2)

    @cached_property
    def _futures(self) -> dict[Case, Future[Verdict]]:
        return {case: self._pool.submit(self._grade, case) for case in all_cases()}

    def verdict(self, case: Case) -> Verdict:
        """Return the verdict on a submission."""
        return self._futures[case].result()

    def _grade(self, case: Case) -> Verdict:
        notebook, files = build_submission(case.folder, self.exercises[case.exercise].source)
        return self._engine.grade(notebook, files, self.reach(case), SECRET).verdict

    def reach(self, case: Case) -> Exercise:
        """Return the exercise as far as a submission is run: right ones whole, others to the stage behind a change."""
        exercise = self.exercises[case.exercise]
        if case.name.startswith(("wrong_", "hostile_")):
            changed = _last_change(case, exercise)
            for stage in read_plan(case.exercise).stages:
                if changed < _place(exercise, stage):
                    return _cut(exercise, stage)
        return exercise

    def close(self) -> None:
        """Wait for what runs, and drop the rest."""
        self._pool.shutdown(cancel_futures=True)


def _last_change(case: Case, exercise: Exercise) -> int:
    """Place of the last cell of the exercise at or behind which the submission differs from the reference."""
    reference = Case(case.exercise, "reference").folder
    theirs, ours = (_texts(build_submission(found, exercise.source)[0]) for found in (reference, case.folder))
    places = {name: place for place, name in enumerate(theirs)}
    changed = [places[name] for name in theirs.keys() - ours.keys()]
    before = 0
    for name, text in ours.items():
        before = places.get(name, before)  # a cell of the student's own changes what comes behind its neighbour
        if theirs.get(name) != text:
            changed.append(before)
    return max(changed, default=len(exercise.notebook.cells))


def _place(exercise: Exercise, grade_id: str) -> int:
    return next(place for place, cell in enumerate(exercise.notebook.cells) if grade_id_of(cell) == grade_id)


def _texts(notebook: bytes) -> dict[str, str]:
    cells = nbformat.reads(notebook.decode(), as_version=4).cells
    return {
        grade_id_of(cell) or cell.id: json.dumps([cell.cell_type, cell.source, cell.metadata], sort_keys=True)
        for cell in cells
    }


def _cut(exercise: Exercise, last: str) -> Exercise:
    """Return the exercise up to and including a judged cell."""
    notebook = nbformat.from_dict(exercise.notebook)
    end = next(place for place, cell in enumerate(notebook.cells) if grade_id_of(cell) == last)
    names = list(exercise.judged)
    kept = {name: exercise.judged[name] for name in names[: names.index(last) + 1]}
    source = nbformat.writes(
        nbformat.v4.new_notebook(cells=notebook.cells[: end + 1], metadata=notebook.metadata)
    ).encode()
    return replace(exercise, source=source, judged=kept, written={})


@pytest.fixture(scope="session")
def golden(project_root: Path) -> Iterator[Golden]:
    """All golden submissions."""
    exercises = Course.load(project_root).exercises
    with Engine(EngineSettings(limits=LIMITS, slots=2)) as engine:
        graded = Golden(engine, exercises)
        yield graded
        graded.close()
