"""Golden submissions tried in this process and its forks: which checks each loses, against what is expected of it."""

import contextlib
import gc
import io
import itertools
import os
import random
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.authoring.deferring import Effects
from autograder.authoring.forks import Lost, Slots, led, led_together, run_forked
from autograder.authoring.golden import build_submission, read_expected, slip_at, submission_places
from autograder.authoring.in_process import NOTHING, LocalRun, judge_here, task_here
from autograder.authoring.pages import checks_of
from autograder.authoring.remembered_fits import remembering
from autograder.authoring.slips import SlipError
from autograder.course.course import Course
from autograder.course.exercise import Exercise, grade_id_of, is_answer
from autograder.course.notebooks import Prepared, prepare, read_notebook
from autograder.judge.checking import CheckSettings
from autograder.judge.verdict import CheckResult, Outcome
from autograder.judge.wording import no_such

TRY_CPU_SECONDS = 400
"""Of a processor; after that, a try is given up: an endless loop, most likely."""
AWAKE_SECONDS = 120.0
"""For a fork in which TensorFlow is awake: what has not ended by then waits for a thread that is not there."""
REFUSALS = 2
"""So many forks that needed TensorFlow's threads, and the others of the same cell are not tried there."""


AT_ONCE = 3
"""At so many places of the reference at once; else cores would wait for the last errand of each."""


@dataclass(frozen=True)
class Bench:
    """An exercise laid out for trying: what its pages say, and where its cells are."""

    exercise: Exercise
    submissions: Path
    """Folder of its golden submissions."""
    settings: Mapping[str, CheckSettings]
    """What every check says, by name."""
    data_source: str
    draws: int = 0
    """Which draws."""

    @classmethod
    def find(cls, course: Course, name: str, draws: int = 0) -> "Bench":
        """Lay out an exercise of a course, as its text in `source/` has it now.

        Args:
            course: The course.
            name: The exercise; any part of its name that no other has will do.
            draws: Which draws: another number asks about other arrays, tables and models.

        Raises:
            SlipError: There is no such exercise, or a check names a cell that it does not have.
        """
        known = [found for found in course.exercises if name in found]
        if len(known) != 1:
            raise SlipError(no_such("exercise", name, course.exercises))
        exercise = _as_its_text(course, course.exercises[known[0]])
        submissions = course.root / "tests" / "submissions" / exercise.name
        bench = cls(exercise, submissions, checks_of(exercise.pages), course.settings.data_source, draws)
        bench.verify()
        return bench

    def verify(self) -> None:
        """See that pages and notebook fit each other.

        Raises:
            SlipError: A check names a cell that does not exist, or a judged cell has no check.
        """
        for name, settings in self.settings.items():
            if settings.cell not in self.exercise.judged:
                nearest = no_such("judged cell", settings.cell, self.exercise.judged)
                raise SlipError(f"the check `{name}` would never be run: {nearest}")
        bare = self.exercise.judged.keys() - {settings.cell for settings in self.settings.values()}
        if bare:
            raise SlipError(f"the check pages of {self.exercise.name} hold no check for {', '.join(sorted(bare))}")

    def places(self, *prefixes: str) -> list[Path]:
        """List the golden submissions whose names begin so.

        Args:
            prefixes: E.g. `wrong_`.
        """
        return [place for place in submission_places(self.submissions) if place.name.startswith(prefixes)]

    @cached_property
    def reference(self) -> Prepared:
        """The reference, ready to be run; not to be changed."""
        return self.prepared("reference")

    def prepared(self, name: str) -> Prepared:
        """Return a golden submission, ready to be run.

        Args:
            name: Of the submission.
        """
        slip = slip_at(self.submissions / name)
        if slip is not None:
            answers = {str(grade_id_of(cell)): cell.source for cell in self.reference.notebook.cells if is_answer(cell)}
            return self.with_answers(slip.apply(answers))
        notebook, _ = build_submission(self.submissions / name, self.exercise.source)
        return prepare(read_notebook(notebook), self.exercise)

    def with_answers(self, answers: Mapping[str, str]) -> Prepared:
        """Return the reference with other texts in some of its answers, ready to be run.

        Args:
            answers: By grade_id.
        """
        notebook = NotebookNode(self.reference.notebook)
        notebook.cells = [
            NotebookNode(cell | {"source": answers.get(grade_id_of(cell) or "", cell.source)})
            for cell in self.reference.notebook.cells
        ]
        return Prepared(notebook, self.reference.judged, ())

    def check_names(self, wanted: Collection[str]) -> list[str]:
        """Return the checks of these names, in order; all if none is named.

        Args:
            wanted: Names of checks.

        Raises:
            SlipError: There is no such check.
        """
        for name in wanted:
            if name not in self.settings:
                raise SlipError(no_such("check", name, self.settings))
        return [name for name in self.settings if not wanted or name in wanted]

    def judge(
        self,
        run: LocalRun,
        checks: Collection[str],
        *,
        known: Mapping[str, Outcome] = NOTHING,
        aloud: bool = False,
        watch: Callable[[str, BaseException], None] | None = None,
        stops_early: bool = False,
    ) -> dict[str, CheckResult]:
        """Judge a notebook; see `judge_here`.

        Args:
            run: The notebook.
            checks: Names of those to run.
            known: Outcomes of those that have been run before.
            aloud: Let checks print and stop at breakpoints.
            watch: Called with what a check raised that does not pass.
            stops_early: End with the first check that does not pass.
        """
        named = {*checks, *known}
        cells = [cell for cell in self.exercise.judged if cell in {self.settings[name].cell for name in named}]
        pages = [page for page in self.exercise.pages if checks_of((page,)).keys() & named]
        task = task_here(self.exercise, self.draws, self.data_source)
        part = replace(task, pages=pages, cells=cells, left_out=list(self.exercise.judged))
        found = judge_here(run, part, checks, known=known, aloud=aloud, watch=watch, stops_early=stops_early)
        return {name: result for name, (_, result) in found.items()}


def _as_its_text(course: Course, exercise: Exercise) -> Exercise:
    """Take the exercise's text where it is newer than its notebook: authors change it all the time."""
    from autograder.build import instructor_notebook
    from autograder.build.notebooks import to_bytes

    text = course.source_directory / f"{exercise.name}.py"
    if not text.is_file():
        return exercise
    source = to_bytes(instructor_notebook(course.root, exercise.name))
    return Exercise.from_source(exercise.name, source, exercise.page, exercise.assignment)


@dataclass(frozen=True)
class Tried:
    """What came of one submission."""

    name: str
    expected: Mapping[str, str]
    """Outcome by name, for every check that should not pass."""
    found: Mapping[str, str]
    """Outcome by name, for every check that did not pass."""
    says: str
    """Part of what the first expected check should say."""
    messages: Mapping[str, str]
    """What the checks said that did not pass."""
    lost: Mapping[str, float]
    """Points lost, by judged cell."""
    problem: str = ""
    """Why it could not be tried, if so."""
    is_certain: bool = True
    """Whether it would come out so again."""

    @property
    def status(self) -> str:
        """OK, SURVIVED (it loses nothing), DOUBLE (in more tasks than it should), SAYS (not what it should), OTHER."""
        if self.problem:
            return "OTHER"
        if self.found == self.expected:
            first = next(iter(self.expected), "")
            return "OK" if self.says.casefold() in self.messages.get(first, self.says).casefold() else "SAYS"
        if not self.found:
            return "SURVIVED"
        return "DOUBLE" if len(self.lost) > 1 and set(self.expected) <= set(self.found) else "OTHER"


def try_all(
    bench: Bench, places: Sequence[Path], jobs: int, *, whole: bool = False, checks: Collection[str] = ()
) -> Iterator[Tried]:
    """Try golden submissions, several at once, each in a fork of this process.

    What they share with the reference is run once, as far as it leaves TensorFlow asleep: threads do not survive a
    fork.

    Args:
        bench: The exercise.
        places: The submissions.
        jobs: How many at once.
        whole: Run each from its first change to its last cell, to see what else it loses.
        checks: Run no others than these; none for all that it may lose.

    Returns:
        What came of each, as they end.
    """
    return try_works(bench, [Work.plan(bench, place, whole=whole, checks=checks) for place in places], jobs)


def try_works(
    bench: Bench, planned: "Sequence[Work]", jobs: int, cpu_seconds: int = TRY_CPU_SECONDS
) -> Iterator[Tried]:
    """Try what has been planned; see `try_all`.

    Args:
        bench: The exercise.
        planned: What to try.
        jobs: How many at once.
        cpu_seconds: How much of a processor's time each may take.

    Yields:
        What came of each, as they end.
    """
    works = {work.name: work for work in planned}
    errands = [Errand(work.name, work.first, work.judge) for work in planned]
    for name, came in run_errands(bench, errands, jobs, cpu_seconds):
        yield works[name].tried(came)


@dataclass(frozen=True)
class Errand:
    """Something to do in a fork of this process, in which the reference has been run for a while."""

    name: str
    first: int
    """Place of the cell before which the reference has to stop."""
    do: Callable[[LocalRun], Any]
    """Takes over the run; what it returns goes through JSON."""


def run_errands(bench: Bench, errands: Sequence[Errand], jobs: int, cpu_seconds: int) -> Iterator[tuple[str, Any]]:
    """Run the reference once, and in a fork of it each errand, from where it begins.

    A fork has none of the threads that TensorFlow starts when it wakes. So cells that wake it are left out until
    something needs what they leave (see `deferring`), each time anew. Behind trainings that costs much: what comes
    there is tried first in forks of a process that has run everything, which end where they would need a thread, for
    `fit`, `predict` or any other graph; these begin once more as the others do.

    Args:
        bench: The exercise.
        errands: What to do.
        jobs: How many at once.
        cpu_seconds: How much of a processor's time each may take.

    Yields:
        Name and what came of it, as they end.
    """
    ahead = LocalRun(bench.reference, bench.exercise.name)
    gc.collect()
    gc.freeze()  # else each fork copies what it only looks through for garbage
    slots = Slots(jobs)

    def in_order() -> Iterator[Callable[[], Iterator[_Told]]]:
        for first, here in itertools.groupby(sorted(errands, key=_first), key=_first):
            _run_ahead(ahead, bench.reference, first)
            yield partial(_from_here, ahead, list(here), slots, cpu_seconds)

    missing = {errand.name for errand in errands}
    with remembering(), tempfile.TemporaryDirectory(prefix="tries-") as folder:
        errands = [replace(errand, do=partial(_in_a_folder_of_its_own, errand.do, folder)) for errand in errands]
        for name, came, lost in led_together(in_order(), AT_ONCE):
            missing.discard(name)
            yield name, Lost(**lost) if lost else came
    for name in sorted(missing):
        yield name, Lost("the process died that was to try it")


def _in_a_folder_of_its_own(do: Callable[[LocalRun], Any], folder: str, run: LocalRun) -> Any:
    """Do an errand where nothing of others lies, and what it writes is in nobody's way."""
    with contextlib.chdir(tempfile.mkdtemp(dir=folder)):
        return do(run)


_Told = tuple[str, Any, dict[str, Any] | None]
"""Name of an errand, what came of it, and how it was lost, as it goes through JSON."""


def _first(errand: Errand) -> int:
    return errand.first


def _from_here(ahead: LocalRun, group: Sequence[Errand], slots: Slots, cpu_seconds: int) -> Iterator[_Told]:
    """Do the errands that begin where the reference has been run to, in a fork that stays there while it goes on."""
    done = set()
    if ahead.has_left_out_trainings and len(group) > 1:
        for name, came in led(partial(_awake, ahead, group, slots, cpu_seconds)):
            done.add(name)
            yield name, came, None
    rest = ((errand.name, partial(errand.do, ahead)) for errand in group if errand.name not in done)
    for name, came in run_forked(rest, slots, cpu_seconds):
        yield (name, None, asdict(came)) if isinstance(came, Lost) else (name, came, None)


def _awake(ahead: LocalRun, errands: Sequence[Errand], slots: Slots, cpu_seconds: int) -> Iterator[tuple[str, Any]]:
    """Run what was left out, and try what then needs none of TensorFlow's threads; what comes to no end is missing."""
    ahead.catch_up()
    refused = 0

    def in_order() -> Iterator[tuple[str, Callable[[], Any]]]:
        for errand in errands:
            if refused < REFUSALS:
                yield errand.name, partial(_without_threads, errand, ahead)

    for name, came in run_forked(in_order(), slots, cpu_seconds, AWAKE_SECONDS):
        if isinstance(came, Lost):
            refused += 1
        else:
            yield name, came


def _without_threads(errand: Errand, run: LocalRun) -> Any:
    """Do an errand in a fork in which TensorFlow's threads are missing; end the fork where they are asked for."""
    if "tensorflow" in sys.modules:
        from tensorflow.python.data.ops import iterator_ops
        from tensorflow.python.eager import context

        context.Context.call_function = _leave
        iterator_ops.OwnedIterator.__init__ = _leave
        context.Context._set_global_seed = _seed_only  # noqa: SLF001 (Keras and TensorFlow seed by it)
    return errand.do(run)


def _seed_only(context: Any, seed: int) -> None:
    """Do what TensorFlow does, but for the kernels it keeps: some of them would wait for their threads to end."""
    context._seed, context._rng = seed, random.Random(seed)  # noqa: SLF001, S311 (as TensorFlow has it)


def _leave(*_: Any, **__: Any) -> None:
    os._exit(1)


def _run_ahead(run: LocalRun, prepared: Prepared, stop: int) -> None:
    """Run the reference's cells before a place, but leave out those that would wake TensorFlow."""
    for place in range(run.reached, stop):
        cell = prepared.notebook.cells[place]
        effects = None
        if cell.cell_type == "code" and place not in prepared.judged.values():
            effects = _effects_if_it_wakes_tensorflow(run, place)
        if effects is not None:
            run.leave_out(effects)
        else:
            with contextlib.redirect_stdout(io.StringIO()):
                run.run_to(place + 1)


def _effects_if_it_wakes_tensorflow(run: LocalRun, place: int) -> Effects | None:
    """Find out in a fork; where that comes to no end, anything may be."""

    def attempt() -> dict[str, bool]:
        run.run_to(place + 1)
        effects = run.effects()
        return {"awake": _is_awake(), "trains": effects.trains, "draws": effects.draws}

    came = dict(run_forked([("", attempt)], 1, TRY_CPU_SECONDS))[""]
    if isinstance(came, Lost):
        return Effects(trains=True, draws=True)
    return Effects(came["trains"], came["draws"]) if came["awake"] else None


def _is_awake() -> bool:
    if "tensorflow" not in sys.modules:
        return False
    from tensorflow.python.eager import context

    return context.context()._context_handle is not None  # noqa: SLF001 (no public way to ask)


@dataclass(frozen=True)
class Work:
    """One submission to try."""

    bench: Bench
    name: str
    prepared: Prepared
    first: int
    """Place of the first cell that differs from the reference."""
    checks: tuple[str, ...]
    expected: Mapping[str, str] = field(default_factory=dict)
    says: str = ""
    stops_early: bool = False

    @classmethod
    def plan(cls, bench: Bench, place: Path, *, whole: bool, checks: Collection[str]) -> "Work":
        """Plan a golden submission; see `try_all`."""
        expected = read_expected(place)
        prepared = bench.prepared(place.name)
        changed = changed_places(prepared, bench.reference)
        asked = asked_cells(prepared, changed, whole=whole) | {bench.settings[name].cell for name in expected.checks}
        names = [
            name
            for name, settings in bench.settings.items()
            if settings.cell in asked and name not in expected.chance and (not checks or name in checks)
        ]
        wanted = {name: outcome for name, outcome in expected.checks.items() if name in names}
        says = expected.says if next(iter(expected.checks), "") in names else ""
        return cls(bench, place.name, prepared, min(changed, default=0), tuple(names), wanted, says)

    def judge(self, run: LocalRun) -> dict[str, list[str]]:
        """Judge it; the reference has been run up to its first change, or less far."""
        run.take(self.prepared)
        results = self.bench.judge(run, self.checks, stops_early=self.stops_early)
        return {
            name: [result.outcome.value, result.message, result.trace]
            for name, result in results.items()
            if result.outcome is not Outcome.PASS
        }

    def tried(self, came: "dict[str, list[str]] | Lost") -> Tried:
        """Compare."""
        if isinstance(came, Lost):
            return Tried(self.name, self.expected, {}, self.says, {}, {}, came.why, is_certain=came.is_certain)
        lost: dict[str, float] = {}
        for name in came:
            settings = self.bench.settings[name]
            lost[settings.cell] = lost.get(settings.cell, 0.0) + settings.points
        errors = [f"error of the course: {trace}" for _, _, trace in came.values() if trace]
        found = {name: outcome for name, (outcome, _, _) in came.items()}
        messages = {name: message for name, (_, message, _) in came.items()}
        return Tried(self.name, self.expected, found, self.says, messages, lost, "\n".join(errors))


def changed_places(ours: Prepared, theirs: Prepared) -> list[int]:
    """Places of a notebook at which it differs from another one of the same exercise.

    Args:
        ours: The notebook.
        theirs: The other, usually the reference.
    """
    texts = {grade_id_of(cell): cell.source for cell in theirs.notebook.cells}
    loose = {cell.source for cell in theirs.notebook.cells if grade_id_of(cell) is None}
    return [
        place
        for place, cell in enumerate(ours.notebook.cells)
        if cell.cell_type == "code"
        and (cell.source != texts.get(name) if (name := grade_id_of(cell)) else cell.source not in loose)
    ]


def asked_cells(prepared: Prepared, changed: Sequence[int], *, whole: bool) -> set[str]:
    """Judged cells at which changes can show: the next one behind each, or all behind the first.

    Args:
        prepared: The notebook.
        changed: Places that differ from the reference.
        whole: Whether to take all.
    """
    behind = [[name for name, place in prepared.judged.items() if place > change] for change in changed]
    if whole or not behind:
        return set(behind[0]) if behind else set(prepared.judged)
    return {names[0] for names in behind if names}
