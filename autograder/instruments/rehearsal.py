"""A course graded before its release: do the hidden checks catch what they should, and nothing else?

Reference, right and wrong submissions, slips, the blank release, and mutants of the reference, each with the draws of
several secrets. In this process and its forks, for the course's own code; or sealed, as a class is graded, hostile ones
included. What is known is not judged again: a record's name is the digest of all that decides it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import nbformat

from autograder.authoring.forks import Lost
from autograder.authoring.golden import build_submission, read_expected, slip_at
from autograder.authoring.in_process import LocalRun
from autograder.authoring.mutants import answers_of, equivalents, work_of
from autograder.authoring.mutations import mutations
from autograder.authoring.pages import checks_that_draw
from autograder.authoring.trying import Bench, Errand, Work, run_errands
from autograder.course.course import Course
from autograder.instruments.pages import environment
from autograder.instruments.rehearsal_records import Records
from autograder.judge.verdict import Outcome

LEAST_NOTICED = 0.98
"""Share of the mutants that has to be noticed for a course to be fit."""
CPU_SECONDS = 150
"""Of a processor, for one submission with all secrets: a whole reference takes a fifth of it."""
_OWN, _RIGHT, _WRONG, _HOSTILE, _BLANK, _MUTANT = "reference", "right", "wrong", "hostile", "blank", "mutant"
KINDS = (_OWN, _RIGHT, _BLANK, _WRONG, _HOSTILE, _MUTANT)
SIGNS = {"": " ", "PASS": "·", "FAIL": "x", "ERROR": "?", "SKIPPED": "-", "differs": "~"}
_DIFFERS, _PASS, _FAIL = "differs", Outcome.PASS.value, Outcome.FAIL.value
Found = dict[str, str]
"""Outcome by name, of every check that was asked."""


@dataclass(frozen=True)
class Item:
    """One submission, or one mutant, and what came of it."""

    kind: str
    name: str
    work: Work
    before: str = ""
    """Of a mutant: the line as it was."""
    after: str = ""
    """Of a mutant: the line as it has become."""
    chance: tuple[str, ...] = ()
    """Checks of which nothing is expected."""
    found: dict[int, Found] = field(default_factory=dict)
    """By number of the secret. A mutant is asked until the first check that does not pass; see `is_settled`."""
    problems: dict[int, str] = field(default_factory=dict)
    """By number of the secret: why nothing came of it."""

    @property
    def is_mutant(self) -> bool:
        """Whether it was made of the reference, and lies in no folder."""
        return self.kind == _MUTANT

    def outcome(self, check: str) -> str:
        """Return what a check came to with all secrets: one outcome, empty if not asked, `differs` otherwise.

        Args:
            check: Name of the check.
        """
        seen = {outcomes[check] for outcomes in self.found.values() if check in outcomes}
        return "" if not seen else seen.pop() if len(seen) == 1 else _DIFFERS

    def lost(self, number: int) -> list[str]:
        """Return the checks that did not pass with a secret.

        Args:
            number: Of the secret.
        """
        return self.lost_of(self.found.get(number, {}))

    @staticmethod
    def lost_of(found: Mapping[str, str]) -> list[str]:
        """Return the checks that did not pass.

        Args:
            found: Outcome by name of check.
        """
        return [check for check, outcome in found.items() if outcome != _PASS]

    @property
    def drawing(self) -> frozenset[str]:
        """Checks that draw with the secret."""
        return checks_that_draw(tuple(self.work.bench.exercise.pages))

    def is_enough(self, found: Mapping[str, str]) -> bool:
        """Whether this decides, whatever the secret: a check noticed this mutant that draws nothing.

        Args:
            found: Outcome by name of check.
        """
        return self.is_mutant and any(check not in self.drawing for check in self.lost_of(found))

    def is_settled(self, number: int) -> bool:
        """Whether other secrets need not be tried.

        Args:
            number: Of the secret it was tried with.
        """
        return (self.is_mutant and number in self.problems) or self.is_enough(self.found.get(number, {}))

    @property
    def is_noticed(self) -> bool:
        """Whether it loses something with every secret tried. What does not come to an end loses everything."""
        numbers = self.found.keys() | self.problems.keys()
        return bool(numbers) and all(number in self.problems or self.lost(number) for number in numbers)


@dataclass(frozen=True)
class Extent:
    """How much of what an exercise has is tried, and how."""

    only: str = ""
    """Those with this in their names; all if empty."""
    mutants: bool = True
    """Whether mutants are made."""
    sealed: bool = False
    """Whether it is graded as a class is graded, hostile ones included, instead of in this process."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out that decides whether the exercise is fit."""
        return self.mutants and not self.only


@dataclass
class Rehearsal:
    """What came of one exercise."""

    bench: Bench
    items: list[Item]
    is_whole: bool
    """Whether everything there is was tried: only then the exercise can be called fit."""
    equivalents: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Mutants declared to do what the reference does, with the reason: by cell and mutation."""
    stale: Sequence[tuple[str, str]] = ()
    """Those of them that cannot be made of the reference any more."""

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
        return [item for item in self.of(*kinds) if item.outcome(check) in (_FAIL, _DIFFERS)]

    @property
    def unfailed(self) -> list[str]:
        """Checks that nothing fails; nothing is said of them where only a part was tried."""
        others = (_WRONG, _HOSTILE, _MUTANT)
        return [check for check in self.checks if self.is_whole and not self.failed_by(check, *others)]

    @property
    def unjust(self) -> list[tuple[str, str]]:
        """Right submissions with the checks they do not pass."""
        found = []
        for item in self.of(_OWN, _RIGHT):
            lost = {check for number in item.found for check in item.lost(number)} - set(item.chance)
            found += [(item.name, check) for check in self.checks if check in lost]
            found += [(item.name, problem.strip().splitlines()[-1]) for problem in item.problems.values()]
        return list(dict.fromkeys(found))

    @property
    def given(self) -> list[str]:
        """Checks that the blank release passes."""
        return [check for item in self.of(_BLANK) for check in self.checks if item.outcome(check) in (_PASS, _DIFFERS)]

    @property
    def kept(self) -> list[str]:
        """Wrong submissions that lose nothing with at least one secret."""
        return [item.name for item in self.of(_WRONG) if not item.is_noticed and item.work.checks]

    @property
    def unfinished(self) -> list[tuple[str, str]]:
        """Wrong submissions that did not come to an end, and why: they tell nothing of their checks."""
        return [
            (item.name, problem.strip().splitlines()[-1])
            for item in self.of(_WRONG, _HOSTILE, _BLANK)
            for problem in set(item.problems.values())
        ]

    @property
    def differing(self) -> list[tuple[str, str]]:
        """Submissions and checks whose outcome depends on the secret."""
        return [
            (item.name, check)
            for item in self.items
            for check in self.checks
            if item.outcome(check) == _DIFFERS and check not in item.chance
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
    def is_sound(self) -> bool:
        """Whether nothing was found that stands against a release, in what was tried."""
        is_wrong = self.unfailed or self.unjust or self.given or self.kept or self.stale
        return not is_wrong and self.noticed >= LEAST_NOTICED

    @property
    def is_fit(self) -> bool:
        """Whether the exercise may be released: never said of one that was tried in part."""
        return self.is_whole and self.is_sound

    @property
    def judgement(self) -> str:
        """Whether it may be released, in words."""
        if self.is_fit:
            return "fit to be released"
        if self.is_sound:
            return "nothing found against a release, but only a part was tried"
        return "NOT fit to be released"

    def as_plain(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "exercise": self.bench.exercise.name,
            "is_fit": self.is_fit,
            "is_whole": self.is_whole,
            "judgement": self.judgement,
            "checks_nothing_fails": self.unfailed,
            "right_ones_that_fail": self.unjust,
            "checks_the_blank_release_passes": self.given,
            "wrong_ones_that_lose_nothing": self.kept,
            "wrong_ones_that_did_not_end": self.unfinished,
            "outcomes_that_change_with_the_secret": self.differing,
            "mutants": len(self.of(_MUTANT)),
            "mutants_noticed": round(self.noticed, 4),
            "equivalents": [
                {"cell": cell, "mutant": mutant, "reason": reason}
                for (cell, mutant), reason in self.equivalents.items()
            ],
            "equivalents_that_are_no_mutant": [list(one) for one in self.stale],
            "survivors": [{"mutant": item.name, "before": item.before, "after": item.after} for item in self.survivors],
            "matrix": {
                item.name: {check: found for check in self.checks if (found := item.outcome(check))}
                for item in self.items
            },
        }

    def matrix_lines(self) -> Iterator[str]:
        """Write the matrix as text, a line a submission, a sign a check."""
        for kind in KINDS:
            for item in self.of(kind):
                signs = "".join(SIGNS.get(item.outcome(check), "?") for check in self.checks)
                ended = f"  ({item.problems[min(item.problems)].strip().splitlines()[-1]})" if item.problems else ""
                yield f"|{signs}| {item.name}{ended}"


def rehearse(
    course: Course,
    bench: Bench,
    draws: Sequence[int],
    jobs: int,
    extent: Extent,
    *,
    warm_up: Callable[[], None] = lambda: None,
    step: Callable[[int, int, int], None] = lambda *_: None,
) -> Rehearsal:
    """Grade what an exercise has.

    Args:
        course: The course.
        bench: The exercise.
        draws: Numbers of the secrets.
        jobs: How many at once.
        extent: What to try.
        warm_up: Called before the first is judged in this process.
        step: Told how many are done, of how many, and how many of them were known.

    Raises:
        ValueError: An entry of slips or equivalents does not fit.
    """
    declared = equivalents(bench) if extent.mutants else {}
    made = list(_mutants(bench)) if extent.mutants else []
    items = [*_submissions(bench, hostile=extent.sealed), *(item for place, item in made if place not in declared)]
    items = [item for item in items if extent.only in item.name]
    stale = sorted(declared.keys() - {place for place, _ in made})
    rehearsal = Rehearsal(bench, items, extent.is_whole, declared, stale)
    records = Records(course, bench, sealed=extent.sealed)
    unknown: dict[str, tuple[Item, list[int]]] = {}
    for item in items:
        missing = _missing(records, item, draws)
        if missing:
            unknown[item.name] = item, missing
    total = len(items) * len(draws)
    known = done = total - sum(len(numbers) for _, numbers in unknown.values())
    step(done, total, known)
    if unknown and not extent.sealed:
        warm_up()
    judged = _sealed(course, bench, unknown, jobs) if extent.sealed else _here(bench, unknown, jobs)
    for name, came in judged if unknown else ():
        item = unknown[name][0]
        for number, (found, problem, is_certain) in came.items():
            if problem:
                item.problems[number] = problem
            else:
                item.found[number] = found
            if is_certain:
                records.write(item, number, found, problem)
        done += len(came) if extent.sealed else len(unknown[name][1])
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


def _submissions(bench: Bench, *, hostile: bool) -> Iterator[Item]:
    everything = tuple(bench.settings)
    for place in bench.places(""):
        kind = next((kind for kind in KINDS if place.name.startswith(kind)), "")
        if not kind or (kind == _HOSTILE and not hostile):
            continue
        chance = read_expected(place).chance if place.name != _OWN else ()
        # What passes everything has to pass everything, from the first cell to the last; a slip, where it can show.
        if kind != _WRONG and slip_at(place) is None:
            work = Work(bench, place.name, bench.prepared(place.name), 0, everything)
        else:
            work = Work.plan(bench, place, whole=False, checks=())
        yield Item(kind, place.name, work, chance=chance)


def _mutants(bench: Bench) -> Iterator[tuple[tuple[str, str], Item]]:
    """Make every mutant, with its cell and mutation."""
    seen: Counter[str] = Counter()
    for cell, source in answers_of(bench).items():
        for mutation in mutations(source):
            name = f"{cell}, line {mutation.line}: {mutation.name}"
            seen[name] += 1
            if seen[name] > 1:  # the line that is named has become the same, the next one has not
                name += f" ({seen[name]})"
            work = work_of(bench, name, cell, mutation)
            yield (cell, mutation.name), Item(_MUTANT, name, work, mutation.before, mutation.after)


def _missing(records: Records, item: Item, draws: Sequence[int]) -> list[int]:
    """Take over what is known; return the secrets that are still to be tried."""
    missing = []
    for number in draws:
        if not _remember(records, item, number):
            missing.append(number)
        elif item.is_settled(number):
            return missing
    return missing


def _remember(records: Records, item: Item, number: int) -> bool:
    known = records.read(item, number)
    if known is None:
        return False
    found, problem = known
    if problem:
        item.problems[number] = problem
    else:
        item.found[number] = found
    return True


_Came = dict[int, tuple[Found, str, bool]]
"""By number of the secret: outcomes, why there are none, and whether it would be so again."""


def _here(bench: Bench, items: Mapping[str, tuple[Item, list[int]]], jobs: int) -> Iterator[tuple[str, _Came]]:
    errands = [
        Errand(name, item.work.first, partial(_ask, item=item, numbers=numbers))
        for name, (item, numbers) in items.items()
    ]
    for name, came in run_errands(bench, errands, jobs, CPU_SECONDS):
        if isinstance(came, Lost):
            yield name, {number: ({}, came.why, came.is_certain) for number in items[name][1]}
        else:
            yield name, {int(number): (found, "", True) for number, found in came.items()}


def _ask(run: LocalRun, item: Item, numbers: Sequence[int]) -> dict[str, Found]:
    """Put the checks: at each judged cell with the draws of all secrets, before the notebook goes on."""
    run.take(item.work.prepared)
    bench, came = item.work.bench, {number: Found() for number in numbers}
    for cell in bench.exercise.judged:
        here = [check for check in item.work.checks if bench.settings[check].cell == cell]
        for number in numbers:
            found = came[number]
            for checks in _in_turn(item, here, found, came) if here else ():
                known = {check: Outcome(outcome) for check, outcome in found.items()}
                results = replace(bench, draws=number).judge(
                    run, checks, known=known, stops_early=item.work.stops_early
                )
                found |= {check: result.outcome.value for check, result in results.items()}
                if item.work.stops_early and item.lost_of(found):
                    break
            if item.is_enough(found):
                return {str(number): found}
    return {str(number): found for number, found in came.items()}


def _in_turn(item: Item, here: Sequence[str], found: Found, came: Mapping[int, Found]) -> Iterator[list[str]]:
    """Yield the checks of one cell to put with one secret; note in `found` what is known from another one.

    Of wrong ones and mutants, whose fault is no luck, what draws nothing comes out as before, and with a further secret
    those checks are put first that noticed it: the others only where these do not. A mutant is asked until a check
    notices it.
    """
    if item.work.stops_early and item.lost_of(found):
        return
    others = [one for one in (*item.found.values(), *came.values()) if one is not found]
    known = {check: outcome for one in others for check, outcome in one.items() if check in here}
    if item.kind in (_OWN, _RIGHT, _BLANK):
        yield list(here)
        return
    found |= {check: outcome for check, outcome in known.items() if check not in item.drawing}
    if item.work.stops_early and item.lost_of(found):
        return
    waiting = [check for check in here if check not in found]
    noticed = [check for check in item.lost_of(known) if check in waiting]
    first = noticed[:1] if item.work.stops_early else noticed
    rest = [check for check in waiting if check not in first]
    if first:
        yield first
        is_enough = not item.is_mutant and any(found[check] != _PASS for check in first)
    else:
        is_enough = not item.is_mutant and any(map(item.lost_of, others))  # at another cell
    if rest and not is_enough:
        yield rest


def _sealed(
    course: Course, bench: Bench, items: Mapping[str, tuple[Item, list[int]]], jobs: int
) -> Iterator[tuple[str, _Came]]:
    from autograder.grading.grader import start_engine

    def judge(item: Item, number: int) -> Found:
        if item.is_mutant:
            notebook, files = nbformat.writes(item.work.prepared.notebook).encode(), dict[str, bytes]()
        else:
            notebook, files = build_submission(bench.submissions / item.name, bench.exercise.source)
        graded = engine.grade(notebook, files, bench.exercise, f"rehearsal, secret {number}".encode())
        asked = set(item.work.checks)
        return {one.name: one.outcome.value for one in graded.verdict.checks() if one.name in asked}

    with start_engine(course, jobs) as engine, ThreadPoolExecutor(jobs) as pool:
        futures = {
            pool.submit(judge, item, number): (name, number)
            for name, (item, numbers) in items.items()
            for number in numbers
        }
        for future in as_completed(futures):
            name, number = futures[future]
            yield name, {number: (future.result(), "", True)}
