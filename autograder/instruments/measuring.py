"""What a class's verdicts say about the checks: classical test theory, in plain Python.

Every figure here is a hint where to look, and is made from what students did alone. An undecided check of a student is
left out of what is measured of that check, not counted as failed.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from autograder.judge.verdict import CheckResult, Outcome, Verdict

FEWEST_STUDENTS = 20
"""Below this number intervals are so wide that a figure misleads: counts only."""
_NORMAL_95 = 1.959963984540054
_LOW_DISCRIMINATION, _HARD, _EASY = 0.1, 0.2, 0.98


@dataclass(frozen=True)
class CheckFigures:
    """One check over all students."""

    name: str
    claim: str
    cell: str
    points: float
    passed: int
    failed: int
    skipped: int
    undecided: int
    share: float | None = None
    """Difficulty as test theory has it: share of those decided who passed."""
    low: float | None = None
    high: float | None = None
    discrimination: float | None = None
    """Point-biserial correlation of passing with the points of all *other* checks of the notebook."""
    flags: tuple[str, ...] = ()

    @property
    def decided(self) -> int:
        """Students of whom it is known whether they passed."""
        return self.passed + self.failed + self.skipped


@dataclass(frozen=True)
class Misconception:
    """The same words of failed checks, for several students."""

    claim: str
    message: str
    students: int


@dataclass(frozen=True)
class ExerciseFigures:
    """One notebook over all students who handed it in."""

    exercise: str
    students: int
    max_points: float
    points: tuple[float, ...]
    checks: tuple[CheckFigures, ...]
    misconceptions: tuple[Misconception, ...]
    cpu_seconds: tuple[float, ...]
    memory_mib: tuple[float, ...]
    alpha: float | None = None
    alpha_error: float | None = None
    """Asymptotic standard error of alpha, without an assumption of equal items (Duhachek and Iacobucci, 2004)."""
    complete: int = 0
    """Students without an undecided check: those whom alpha and discrimination rest on."""


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share.

    Args:
        successes: Between 0 and `trials`.
        trials: At least 1.
    """
    share, square = successes / trials, _NORMAL_95**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = _NORMAL_95 * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    return max(0.0, middle - half), min(1.0, middle + half)


def correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Pearson's correlation; None where one of both does not vary.

    Args:
        first: Numbers.
        second: As many.
    """
    if len(first) < 3:
        return None
    one, other = fmean(first), fmean(second)
    square_one = sum((value - one) ** 2 for value in first)
    square_other = sum((value - other) ** 2 for value in second)
    if square_one < 1e-12 or square_other < 1e-12:
        return None
    both = sum((left - one) * (right - other) for left, right in zip(first, second, strict=True))
    return both / math.sqrt(square_one * square_other)


def alpha(scores: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """Return Cronbach's alpha and its standard error.

    Args:
        scores: A row a student, a column a check.

    Returns:
        Both, or None where there are too few checks or students, or all have the same points.
    """
    students, items = len(scores), len(scores[0]) if scores else 0
    if students < 3 or items < 2:
        return None
    means = [fmean(column) for column in zip(*scores, strict=True)]
    centred = [[value - mean for value, mean in zip(row, means, strict=True)] for row in scores]
    columns = list(zip(*centred, strict=True))
    covariance = [[sum(map(float.__mul__, one, other)) / (students - 1) for other in columns] for one in columns]
    total = sum(map(sum, covariance))
    if total < 1e-12:
        return None
    trace = sum(covariance[place][place] for place in range(items))
    trace_of_square = sum(value**2 for row in covariance for value in row)
    sum_of_square = sum(sum(row) ** 2 for row in covariance)
    value = items / (items - 1) * (1 - trace / total)
    spread = total * (trace_of_square + trace**2) - 2 * trace * sum_of_square
    variance = 2 * items**2 / ((items - 1) ** 2 * total**3) * spread
    return value, math.sqrt(max(0.0, variance) / students)


def measure(exercise: str, verdicts: Sequence[Verdict]) -> ExerciseFigures:
    """Return the figures of one notebook.

    Args:
        exercise: Its name.
        verdicts: Those that count, one a student who handed it in.
    """
    by_student = [{check.name: check for check in verdict.checks()} for verdict in verdicts]
    names = dict.fromkeys(name for checks in by_student for name in checks)
    cells = {check.name: cell.grade_id for verdict in verdicts for cell in verdict.cells for check in cell.checks}
    complete = [
        checks
        for checks in by_student
        if checks.keys() == names.keys() and all(check.outcome is not Outcome.ERROR for check in checks.values())
    ]
    is_enough = len(complete) >= FEWEST_STUDENTS
    found = alpha([[float(checks[name].points) for name in names] for checks in complete]) if is_enough else None
    return ExerciseFigures(
        exercise=exercise,
        students=len(verdicts),
        max_points=max((verdict.max_points for verdict in verdicts), default=0.0),
        points=tuple(verdict.points for verdict in verdicts),
        checks=tuple(_check(name, cells[name], by_student, complete) for name in names),
        misconceptions=_misconceptions(verdicts),
        cpu_seconds=_figures(verdicts, "student"),
        memory_mib=_figures(verdicts, "memory_mib"),
        alpha=found[0] if found else None,
        alpha_error=found[1] if found else None,
        complete=len(complete),
    )


def _figures(verdicts: Iterable[Verdict], name: str) -> tuple[float, ...]:
    return tuple(verdict.figures[name] for verdict in verdicts if name in verdict.figures)


def _check(
    name: str, cell: str, by_student: Sequence[Mapping[str, CheckResult]], complete: Sequence[Mapping[str, CheckResult]]
) -> CheckFigures:
    results = [checks[name] for checks in by_student if name in checks]
    counts = Counter(result.outcome for result in results)
    passed, undecided = counts[Outcome.PASS], counts[Outcome.ERROR]
    decided = len(results) - undecided
    share = low = high = related = None
    flags = []
    if decided >= FEWEST_STUDENTS:
        share = passed / decided
        low, high = wilson(passed, decided)
        if high < _HARD:
            flags.append("nearly nobody passes")
        if low > _EASY:
            flags.append("nearly everybody passes")
    if len(complete) >= FEWEST_STUDENTS:
        rest = [sum(check.points for other, check in checks.items() if other != name) for checks in complete]
        related = correlation([float(checks[name].outcome is Outcome.PASS) for checks in complete], rest)
        if related is not None and related < 0:
            flags.append("those who pass do worse elsewhere")
        elif related is not None and related < _LOW_DISCRIMINATION:
            flags.append("says little about the rest")
    if undecided:
        flags.append(f"undecided for {undecided}")
    return CheckFigures(
        name=name,
        claim=results[0].claim,
        cell=cell,
        points=results[0].max_points,
        passed=passed,
        failed=counts[Outcome.FAIL],
        skipped=counts[Outcome.SKIPPED],
        undecided=undecided,
        share=share,
        low=low,
        high=high,
        discrimination=related,
        flags=tuple(flags),
    )


def _misconceptions(verdicts: Iterable[Verdict]) -> tuple[Misconception, ...]:
    """Failed checks by the sentence that says what went wrong; drawn values and numbers in it are folded."""
    counts: Counter[tuple[str, str]] = Counter()
    words: dict[tuple[str, str], tuple[str, str]] = {}
    for verdict in verdicts:
        seen = set()
        for check in verdict.checks():
            if check.outcome is Outcome.FAIL:
                sentence = " ".join(check.message.split())
                key = (check.name, _folded(sentence))
                words.setdefault(key, (check.claim, sentence))
                seen.add(key)
        counts.update(seen)
    return tuple(Misconception(*words[key], students=count) for key, count in counts.most_common())


def _folded(sentence: str) -> str:
    """The sentence without digits, so that other draws do not make it another mistake; takes linear time."""
    return " ".join("#" if any(letter.isdigit() for letter in word) else word for word in sentence.split())


def spread(values: Sequence[float]) -> tuple[float, float, float] | None:
    """Return mean, standard deviation of the sample and maximum; None below two values.

    Args:
        values: Numbers.
    """
    return (fmean(values), stdev(values), max(values)) if len(values) > 1 else None


def histogram(points: Sequence[float], max_points: float, bins: int = 10) -> tuple[int, ...]:
    """Return how many have how many points, in bins of equal width; full points are in the last one.

    Args:
        points: One a student.
        max_points: Points that can be had.
        bins: How many.
    """
    counts = [0] * bins
    for value in points:
        place = int(value / max_points * bins) if max_points else 0
        counts[min(bins - 1, max(0, place))] += 1
    return tuple(counts)
