"""Golden submissions, graded by the real worker: two at once, each as far as its changes reach."""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import nbformat
import pytest

from autograder.course.course import Course
from autograder.course.exercise import Exercise, grade_id_of
from autograder.course.worker import Engine, EngineSettings
from autograder.judge.verdict import Verdict
from autograder.kernels.limits import Limits
from tests.submissions.build import build_submission, read_expected, submission_folders

NAME = "exercise_1_two_classes"
SECRET = b"the secret of the golden submissions"
LIMITS = Limits(cell_cpu_seconds=15, cell_wall_seconds=30, memory_mib=1_200)
"""Tighter than a course's, because some submissions do nothing but reach them."""
STAGES = ("check_split_train_validation", "check_start_fine_tuning")
"""Judged cells at which a run may end: a wrong submission that changes nothing behind one is run to there only."""


class Golden:
    """Grades every golden submission once, in the background from the first question on.

    Args:
        engine: A running engine.
        exercise: The exercise.
    """

    def __init__(self, engine: Engine, exercise: Exercise) -> None:
        self._engine, self.exercise = engine, exercise
        self._pool = ThreadPoolExecutor(2)

    @cached_property
    def _futures(self) -> dict[str, Future[Verdict]]:
        return {folder.name: self._pool.submit(self._grade, folder) for folder in submission_folders(NAME)}

    def verdict(self, name: str) -> Verdict:
        """Return the verdict on a submission, by name."""
        return self._futures[name].result()

    def _grade(self, folder: Path) -> Verdict:
        notebook, files = build_submission(folder, self.exercise.source)
        return self._engine.grade(notebook, files, self.reach(folder.name), SECRET).verdict

    def reach(self, name: str) -> Exercise:
        """Return the exercise as far as a submission is run: whole, unless it changes early cells only."""
        changed = self._last_change(name)
        if name.startswith("wrong_"):
            for stage in STAGES:
                if changed < self._place(stage):
                    return _cut(self.exercise, stage)
        return self.exercise

    def _last_change(self, name: str) -> int:
        """Place of the last cell of the exercise in which the submission differs from the reference."""
        folder = next(folder for folder in submission_folders(NAME) if folder.name == name)
        reference = next(folder for folder in submission_folders(NAME) if folder.name == "reference")
        ours, theirs = (_texts(build_submission(found, self.exercise.source)[0]) for found in (reference, folder))
        if ours.keys() != theirs.keys():
            return len(self.exercise.notebook.cells)
        return max(
            (self._place(cell) for cell, text in theirs.items() if ours[cell] != text),
            default=len(self.exercise.notebook.cells),
        )

    def _place(self, grade_id: str) -> int:
        return next(place for place, cell in enumerate(self.exercise.notebook.cells) if grade_id_of(cell) == grade_id)

    def close(self) -> None:
        """Wait for what runs, and drop the rest."""
        self._pool.shutdown(cancel_futures=True)


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
    """All golden submissions of exercise 1."""
    exercise = Course.load(project_root).exercises[NAME]
    with Engine(EngineSettings(limits=LIMITS, slots=2)) as engine:
        graded = Golden(engine, exercise)
        yield graded
        graded.close()


def golden_names() -> list[str]:
    """Names of all golden submissions."""
    return [folder.name for folder in submission_folders(NAME)]


def golden_expected(name: str) -> dict[str, str]:
    """Outcome by check, for the checks that should not pass."""
    folder = next(folder for folder in submission_folders(NAME) if folder.name == name)
    return read_expected(folder).checks
