"""Golden submissions of all exercises, graded by the real worker: two at once, each as far as its changes reach.

Without `--golden` only references, another right one and a blank one of each exercise are graded. With `--golden=some`
so many that each check is failed by the wrong submission that fails the fewest others; `all` and `whole` grade all.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from autograder.course.course import Course
from autograder.course.exercise import Exercise, grade_id_of
from autograder.grading.engine import EngineSettings, WarmEngine
from autograder.judge.verdict import Verdict
from autograder.kernels.limits import Limits
from tests.submissions.build import (
    SUBMISSIONS,
    build_submission,
    exercise_names,
    read_expected,
    read_plan,
    submission_places,
)

SECRET = b"the secret of the golden submissions"
LIMITS = Limits(cell_cpu_seconds=20, cell_wall_seconds=45, memory_mib=1_200)
"""Tighter than a course's, because some submissions do nothing but reach them."""


class Case(NamedTuple):
    """One golden submission."""

    exercise: str
    name: str

    @property
    def place(self) -> Path:
        """Where it lies; a slip has a place without a folder."""
        return SUBMISSIONS / self.exercise / self.name

    def __str__(self) -> str:
        return f"{'_'.join(self.exercise.split('_')[:2])}-{self.name}"


@cache
def all_cases() -> tuple[Case, ...]:
    """All golden submissions of all exercises, those first that wait rather than compute."""
    cases = [Case(exercise, place.name) for exercise in exercise_names() for place in submission_places(exercise)]
    return tuple(sorted(cases, key=lambda case: case.name != "hostile_sleeps"))


@cache
def few_cases() -> frozenset[Case]:
    """Those that are graded without `--golden`: what must keep its points, and what must get none."""
    plans = {exercise: read_plan(exercise) for exercise in exercise_names()}
    return frozenset(
        case for case in all_cases() if case.name in ("reference", "blank", *plans[case.exercise].right[1:2])
    )


@cache
def chosen_cases() -> frozenset[Case]:
    """Those that are graded with `--golden=some`."""
    chosen: dict[tuple[str, str], tuple[int, Case]] = {}
    for case in all_cases():
        checks = read_expected(case.place).checks if case.name.startswith("wrong_") else {}
        for check in checks:
            found = (len(checks), case)
            chosen[case.exercise, check] = min(found, chosen.get((case.exercise, check), found))
    plans = {exercise: read_plan(exercise) for exercise in exercise_names()}
    others = {
        case
        for case in all_cases()
        if case.name in ("reference", "blank", *plans[case.exercise].right[:3])
        or case.name in (*plans[case.exercise].reaching, *plans[case.exercise].whole)
        or (case.name.startswith("hostile_") and case.name not in plans[case.exercise].exhausting)
    }
    return frozenset(others | {case for _, case in chosen.values()})


_CHOOSING = {"few": few_cases, "some": chosen_cases}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not chosen."""
    if config.getoption("golden") in _CHOOSING:
        graded = _CHOOSING[config.getoption("golden")]()
        cases = [getattr(item, "callspec", None) for item in items]
        left_out = [
            item
            for item, call in zip(items, cases, strict=True)
            if call and isinstance(call.params.get("case"), Case) and call.params["case"] not in graded
        ]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


class Golden:
    """Grades golden submissions, each once, in the background from the first question on.

    Args:
        engine: A running engine.
        exercises: The exercises, by name.
        cases: Which submissions.
        asked: Those of them that the tests to be run name; the others are graded only once a test asks for one.
        whole: Run every submission from its first cell to its last.
    """

    def __init__(
        self,
        engine: WarmEngine,
        exercises: dict[str, Exercise],
        cases: Sequence[Case],
        asked: Collection[Case],
        *,
        whole: bool,
    ) -> None:
        self._engine, self.exercises, self.cases, self._whole = engine, exercises, cases, whole
        self._asked = asked
        self._pool = ThreadPoolExecutor(2)
        self._futures: dict[Case, Future[Verdict]] = {}
        self._answers: dict[Case, bytes] = {}

    def cases_of(self, exercise: str, *kinds: str) -> list[Case]:
        """Return the submissions to an exercise whose names begin so."""
        return [case for case in self.cases if case.exercise == exercise and case.name.startswith(kinds)]

    def verdict(self, case: Case) -> Verdict:
        """Return the verdict on a submission."""
        if case not in self._futures:
            begun = self._asked if case in self._asked else self.cases
            for other in self.cases:
                if other in begun and other not in self._futures:
                    self._futures[other] = self._pool.submit(self._grade, other)
        return self._futures[case].result()

    def _grade(self, case: Case) -> Verdict:
        notebook, files = build_submission(case.place, self.exercises[case.exercise].source)
        graded = self._engine.grade(notebook, files, self.reach(case), SECRET)
        if case.name == "reference":
            self._answers[case] = graded.answers
        return graded.verdict

    def verdict_by_answers(self, case: Case) -> Verdict:
        """Judge a reference solution once more, by what its kernel answered the first time."""
        self.verdict(case)
        notebook, files = build_submission(case.place, self.exercises[case.exercise].source)
        return self._engine.grade(notebook, files, self.reach(case), SECRET, self._answers[case]).verdict

    def is_whole(self, case: Case) -> bool:
        """Tell whether a submission is run and judged from its first cell to its last."""
        is_right = not case.name.startswith(("wrong_", "hostile_"))
        return is_right or self._whole or case.name in read_plan(case.exercise).whole

    def reach(self, case: Case) -> Exercise:
        """Return the exercise as far as a submission is run.

        Right ones are run whole, wrong ones to the stage behind their last change, hostile ones one stage further,
        to see what they leave behind. What is judged before the first change is the reference's, so that nothing is
        asked there.
        """
        exercise = self.exercises[case.exercise]
        if self.is_whole(case):
            return exercise
        changed = _changes(case, exercise)
        first, last = min(changed, default=0), max(changed, default=len(exercise.notebook.cells))
        stages = (*read_plan(case.exercise).stages, list(exercise.judged)[-1])
        behind = [stage for stage in stages if last < _place(exercise, stage)] or [stages[-1]]
        return _cut(exercise, first, behind[: 1 + case.name.startswith("hostile_")][-1])

    def close(self) -> None:
        """Wait for what runs, and drop the rest."""
        self._pool.shutdown(cancel_futures=True)


def _changes(case: Case, exercise: Exercise) -> list[int]:
    """Places of the exercise's cells at or behind which the submission differs from the reference."""
    reference = Case(case.exercise, "reference").place
    theirs, ours = (_texts(build_submission(found, exercise.source)[0]) for found in (reference, case.place))
    places = {name: place for place, name in enumerate(theirs)}
    changed = [places[name] for name in theirs.keys() - ours.keys()]
    before = 0
    for name, text in ours.items():
        before = places.get(name, before)  # a cell of the student's own changes what comes behind its neighbour
        if theirs.get(name) != text:
            changed.append(before)
    return changed


def _place(exercise: Exercise, grade_id: str) -> int:
    return next(place for place, cell in enumerate(exercise.notebook.cells) if grade_id_of(cell) == grade_id)


def _texts(notebook: bytes) -> dict[str, str]:
    cells = nbformat.reads(notebook.decode(), as_version=4).cells
    return {
        grade_id_of(cell) or cell.id: json.dumps([cell.cell_type, cell.source, cell.metadata], sort_keys=True)
        for cell in cells
    }


def _cut(exercise: Exercise, first: int, last: str) -> Exercise:
    """Return the exercise up to and including a judged cell, of which those before a place are not judged."""
    notebook = nbformat.from_dict(exercise.notebook)
    end = _place(exercise, last)
    kept = {name: points for name, points in exercise.judged.items() if first <= _place(exercise, name) <= end}
    source = nbformat.writes(
        nbformat.v4.new_notebook(cells=notebook.cells[: end + 1], metadata=notebook.metadata)
    ).encode()
    return replace(exercise, source=source, judged=kept, written={}, left_out=tuple(exercise.judged))


@pytest.fixture(scope="session")
def golden(project_root: Path, pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> Iterator[Golden]:
    """All golden submissions."""
    chosen = pytestconfig.getoption("golden")
    cases = [case for case in all_cases() if chosen not in _CHOOSING or case in _CHOOSING[chosen]()]
    calls = [item.callspec for item in request.session.items if hasattr(item, "callspec")]
    asked = {call.params["case"] for call in calls if isinstance(call.params.get("case"), Case)}
    with WarmEngine(EngineSettings(limits=LIMITS, slots=2)) as engine:
        graded = Golden(engine, Course.load(project_root).exercises, cases, asked, whole=chosen == "whole")
        yield graded
        graded.close()
