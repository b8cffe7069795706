"""A course graded before its release: do the hidden checks catch what they should, and nothing else?

Reference, right and wrong submissions, slips, the blank release, and mutants of the reference, each with the draws of
several secrets. In this process and its forks, for the course's own code; or sealed, as a class is graded, hostile ones
included. What is known is not judged again: a record's name is the digest of all that decides it.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat

import autograder
from autograder.authoring.golden import build_submission, read_expected
from autograder.authoring.mutants import MUTANT_SECONDS, answers_of, equivalents, work_of
from autograder.authoring.mutations import mutations
from autograder.authoring.trying import TRY_SECONDS, Bench, Work, try_works
from autograder.course.course import Course
from autograder.course.keys import course_version
from autograder.course.whole_files import write_whole
from autograder.instruments.pages import environment
from autograder.judge.verdict import Outcome

LEAST_NOTICED = 0.98
"""Share of the mutants that has to be noticed for a course to be fit."""
_OWN, _RIGHT, _WRONG, _HOSTILE, _BLANK, _MUTANT = "reference", "right", "wrong", "hostile", "blank", "mutant"
KINDS = (_OWN, _RIGHT, _BLANK, _WRONG, _HOSTILE, _MUTANT)


@dataclass(frozen=True)
class Item:
    """One submission, or one mutant, and what came of it."""

    kind: str
    name: str
    work: Work
    about: str = ""
    """Of a mutant: the changed line."""
    chance: tuple[str, ...] = ()
    """Checks of which nothing is expected."""
    found: dict[int, dict[str, str]] = field(default_factory=dict)
    """By number of the secret: outcome by check, for every check asked that did not pass."""
    problems: dict[int, str] = field(default_factory=dict)
    """By number of the secret: why nothing came of it."""

    def outcome(self, check: str) -> str:
        """Return what a check came to with all secrets: one outcome, empty if not asked, `differs` otherwise.

        Args:
            check: Name of the check.
        """
        if check not in self.work.checks or not self.found:
            return ""
        seen = {outcomes.get(check, Outcome.PASS.value) for outcomes in self.found.values()}
        return seen.pop() if len(seen) == 1 else "differs"

    @property
    def is_noticed(self) -> bool:
        """Whether it loses something with every secret. What does not come to an end loses everything."""
        return bool(self.found or self.problems) and all(self.found.values())


@dataclass
class Rehearsal:
    """What came of one exercise."""

    bench: Bench
    items: list[Item]
    is_whole: bool
    """Whether everything there is was tried: only then it means something that a check was not failed."""
    equivalents: int = 0
    """Mutants declared to do what the reference does."""

    @property
    def checks(self) -> list[str]:
        """Names of all checks, in order."""
        return list(self.bench.settings)

    def of(self, *kinds: str) -> list[Item]:
        """Return the items of some kinds.

        Args:
            kinds: Of `KINDS`.
        """
        return [item for item in self.items if item.kind in kinds]

    def failed_by(self, check: str, *kinds: str) -> list[Item]:
        """Return who fails a check, with whatever secret.

        Args:
            check: Name of the check.
            kinds: Of `KINDS`.
        """
        return [item for item in self.of(*kinds) if item.outcome(check) not in ("", Outcome.PASS.value)]

    @property
    def unfailed(self) -> list[str]:
        """Checks that nothing fails."""
        others = tuple(kind for kind in KINDS if kind not in (_OWN, _RIGHT, _BLANK))
        return [check for check in self.checks if self.is_whole and not self.failed_by(check, *others)]

    @property
    def unjust(self) -> list[tuple[str, str]]:
        """Right submissions with the checks they do not pass."""
        found = []
        for item in self.of(_OWN, _RIGHT):
            lost = {check for outcomes in item.found.values() for check in outcomes if check not in item.chance}
            found += [(item.name, check) for check in self.checks if check in lost]
            found += [(item.name, problem.strip().splitlines()[-1]) for problem in item.problems.values()]
        return found

    @property
    def given(self) -> list[str]:
        """Checks that the blank release passes."""
        return [
            check for item in self.of(_BLANK) for check in self.checks if item.outcome(check) in ("PASS", "differs")
        ]

    @property
    def kept(self) -> list[str]:
        """Wrong submissions that lose nothing with at least one secret."""
        return [item.name for item in self.of(_WRONG) if item.found and not item.is_noticed]

    @property
    def differing(self) -> list[tuple[str, str]]:
        """Submissions and checks whose outcome depends on the secret."""
        return [
            (item.name, check)
            for item in self.items
            for check in self.checks
            if item.outcome(check) == "differs" and check not in item.chance
        ]

    @property
    def survivors(self) -> list[Item]:
        """Mutants that are not noticed with at least one secret."""
        return [item for item in self.of(_MUTANT) if not item.is_noticed]

    @property
    def noticed(self) -> float:
        """Share of the mutants that is noticed."""
        tried = self.of(_MUTANT)
        return 1 - len(self.survivors) / len(tried) if tried else 1.0

    @property
    def is_fit(self) -> bool:
        """Whether the exercise may be released."""
        return not (self.unfailed or self.unjust or self.given or self.kept) and self.noticed >= LEAST_NOTICED

    def as_plain(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "exercise": self.bench.exercise.name,
            "is_fit": self.is_fit,
            "is_whole": self.is_whole,
            "checks_nothing_fails": self.unfailed,
            "right_ones_that_fail": self.unjust,
            "checks_the_blank_release_passes": self.given,
            "wrong_ones_that_lose_nothing": self.kept,
            "outcomes_that_change_with_the_secret": self.differing,
            "mutants": len(self.of(_MUTANT)),
            "mutants_noticed": round(self.noticed, 4),
            "mutants_declared_equivalent": self.equivalents,
            "survivors": [{"mutant": item.name, "line": item.about} for item in self.survivors],
            "matrix": {item.name: {check: item.outcome(check) for check in item.work.checks} for item in self.items},
        }


def rehearse(
    course: Course,
    bench: Bench,
    draws: Sequence[int],
    jobs: int,
    *,
    only: str = "",
    mutants: bool = True,
    sealed: bool = False,
    step: Callable[[int, int, int], None] = lambda *_: None,
) -> Rehearsal:
    """Grade what an exercise has.

    Args:
        course: The course.
        bench: The exercise.
        draws: Numbers of the secrets.
        jobs: How many at once.
        only: Those with this in their names.
        mutants: Whether to make mutants.
        sealed: Grade as a class is graded, hostile ones included, instead of in this process.
        step: Told how many are done, of how many, and how many of them were known.

    Raises:
        ValueError: An entry of slips or equivalents does not fit.
    """
    items = [item for item in _items(bench, mutants=mutants, hostile=sealed) if only in item.name]
    is_whole = mutants and not only
    rehearsal = Rehearsal(bench, items, is_whole, len(equivalents(bench)) if mutants else 0)
    total, done, known = len(items) * len(draws), 0, 0
    kept = _Kept(course, bench, sealed=sealed)
    for number in draws:
        unknown = {}
        for item in items:
            if kept.read(item, number):
                done, known = done + 1, known + 1
            else:
                unknown[item.name] = item
        step(done, total, known)
        judged = _sealed(course, bench, unknown, number, jobs) if sealed else _here(bench, unknown, number, jobs)
        for name, found, problem in judged if unknown else ():
            item = unknown[name]
            if problem:
                item.problems[number] = problem
            item.found[number] = found
            kept.write(item, number)
            done += 1
            step(done, total, known)
    return rehearsal


def page(rehearsals: Sequence[Rehearsal], seconds: float, draws: Sequence[int]) -> str:
    """Return the matrix and what follows from it as one HTML page.

    Args:
        rehearsals: Of all exercises.
        seconds: How long it took.
        draws: Numbers of the secrets.
    """
    template = environment().get_template("rehearsal.html.j2")
    return template.render(
        rehearsals=rehearsals, seconds=seconds, draws=draws, kinds=KINDS, least=LEAST_NOTICED, signs=SIGNS
    )


SIGNS = {"": " ", "PASS": "·", "FAIL": "x", "ERROR": "?", "SKIPPED": "-", "differs": "~"}


def _items(bench: Bench, *, mutants: bool, hostile: bool) -> Iterator[Item]:
    everything = tuple(bench.settings)
    for place in bench.places(""):
        kind = next((kind for kind in KINDS if place.name.startswith(kind)), "")
        if not kind or (kind == _HOSTILE and not hostile):
            continue
        expected = read_expected(place) if place.name != _OWN else None
        if kind == _WRONG:
            work = Work.plan(bench, place, whole=False, checks=())
        else:  # all checks, from the first cell: what passes everything has to pass everything
            work = Work(bench, place.name, bench.prepared(place.name), 0, everything)
        yield Item(kind, place.name, work, chance=expected.chance if expected else ())
    if not mutants:
        return
    same = equivalents(bench)
    for cell, source in answers_of(bench).items():
        for mutation in mutations(source):
            if (cell, mutation.name) not in same:
                name = f"mutant of {cell}, line {mutation.line}: {mutation.name}"
                digest = hashlib.sha256(mutation.code.encode()).hexdigest()[:6]
                work = replace(work_of(bench, f"{name} [{digest}]", cell, mutation), stops_early=False)
                yield Item(_MUTANT, work.name, work, mutation.after)


_Judged = Iterator[tuple[str, dict[str, str], str]]


def _here(bench: Bench, items: Mapping[str, Item], number: int, jobs: int) -> _Judged:
    with_draws = replace(bench, draws=number)
    for kinds, seconds in (((_MUTANT,), MUTANT_SECONDS), (tuple(set(KINDS) - {_MUTANT}), TRY_SECONDS)):
        works = [replace(item.work, bench=with_draws) for item in items.values() if item.kind in kinds]
        for tried in try_works(with_draws, works, jobs, seconds) if works else ():
            is_lost = bool(tried.problem) and not tried.found
            lost = dict.fromkeys(items[tried.name].work.checks, Outcome.FAIL.value) if is_lost else dict(tried.found)
            yield tried.name, lost, tried.problem if is_lost else ""


def _sealed(course: Course, bench: Bench, items: Mapping[str, Item], number: int, jobs: int) -> _Judged:
    from autograder.course.grading import start_engine

    def judge(item: Item) -> dict[str, str]:
        if item.kind == _MUTANT:
            notebook, files = nbformat.writes(item.work.prepared.notebook).encode(), dict[str, bytes]()
        else:
            notebook, files = build_submission(bench.submissions / item.name, bench.exercise.source)
        graded = engine.grade(notebook, files, bench.exercise, f"rehearsal, secret {number}".encode())
        results = graded.verdict.checks()
        asked = set(item.work.checks)
        return {one.name: one.outcome.value for one in results if one.name in asked and one.outcome != Outcome.PASS}

    with start_engine(course, jobs) as engine, ThreadPoolExecutor(jobs) as pool:
        futures = {pool.submit(judge, item): name for name, item in items.items()}
        for future in as_completed(futures):
            yield futures[future], future.result(), ""


class _Kept:
    """Outcomes in the course's state folder, by the digest of all that decides them."""

    def __init__(self, course: Course, bench: Bench, *, sealed: bool) -> None:
        self._folder = course.state_directory / "dry-run"
        package = Path(autograder.__path__[0])
        rooms = sorted([*(package / "authoring").glob("*.py"), *(package / "course").glob("*.py")])
        code = [hashlib.sha256(path.read_bytes()).hexdigest() for path in rooms]
        version = course_version(course, bench.exercise)
        self._version = json.dumps([version, code, sealed, bench.data_source], sort_keys=True)

    def _path(self, item: Item, number: int) -> Path:
        cells = [[cell.cell_type, cell.source] for cell in item.work.prepared.notebook.cells]
        deciding = json.dumps([self._version, item.kind, cells, list(item.work.checks), number])
        digest = hashlib.sha256(deciding.encode()).hexdigest()
        return self._folder / digest[:2] / f"{digest}.json"

    def read(self, item: Item, number: int) -> bool:
        """Fill in what is known; say whether it is."""
        try:
            known = json.loads(self._path(item, number).read_text(encoding="utf-8"))
            item.found[number] = dict(known["found"])
            if known["problem"]:
                item.problems[number] = known["problem"]
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    def write(self, item: Item, number: int) -> None:
        """Keep what was found; not what was lost to the clock or to memory, which may go better next time."""
        if number in item.problems:
            return
        content = json.dumps({"found": item.found[number], "problem": ""}).encode()
        write_whole(self._path(item, number), content, private=True)


def matrix_lines(rehearsal: Rehearsal, kinds: Collection[str]) -> Iterator[str]:
    """Write the matrix as text, a line a submission, a sign a check.

    Args:
        rehearsal: The exercise.
        kinds: Which submissions.

    Yields:
        Lines.
    """
    for item in rehearsal.of(*kinds):
        signs = "".join(SIGNS.get(item.outcome(check), "?") for check in rehearsal.checks)
        yield f"|{signs}| {item.name}"
