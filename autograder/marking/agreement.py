"""How far two markers agree on the answers that both have marked."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.marking.records import Mark
from autograder.marking.rubric import QuestionRubric

_STEP = 0.25
"""Points are compared in quarters, so that kappa weighs how far apart two are."""


@dataclass(frozen=True)
class ItemAgreement:
    """Of one item: whether it was given."""

    title: str
    same: int
    kappa: float | None


@dataclass(frozen=True)
class Agreement:
    """Of one question."""

    both: int
    """Answers that both have marked."""
    same_points: int
    mean_difference: float | None
    """Points of the second marker less those of the first."""
    kappa: float | None
    """Cohen's, of the points, with quadratic weights; None where both always gave the same points, or too few."""
    items: tuple[ItemAgreement, ...] = ()


def agreement(pairs: Sequence[tuple[Mark, Mark]], rubric: QuestionRubric, max_points: float) -> Agreement:
    """Compare two markers.

    Args:
        pairs: What the first and the second have given, an answer a pair.
        rubric: Of the question.
        max_points: What it gives.
    """
    points = [tuple(rubric.points(mark.items, mark.adjustment, max_points) for mark in pair) for pair in pairs]
    first, second = ([one[place] for one in points] for place in (0, 1))
    levels = range(round(max_points / _STEP) + 1)
    kappa = _kappa([round(one / _STEP) for one in first], [round(one / _STEP) for one in second], levels, "quadratic")
    items = []
    for item in rubric.items:
        one, other = ([item.id in pair[place].items for pair in pairs] for place in (0, 1))
        same = sum(first_has == second_has for first_has, second_has in zip(one, other, strict=True))
        items.append(ItemAgreement(item.title, same, _kappa(one, other, (False, True))))
    same = sum(abs(one - other) < 1e-9 for one, other in zip(first, second, strict=True))
    difference = (sum(second) - sum(first)) / len(pairs) if pairs else None
    return Agreement(len(pairs), same, difference, kappa, tuple(items))


def _kappa(one: Sequence[int], other: Sequence[int], levels: Sequence[int], weights: str | None = None) -> float | None:
    if len(one) < 2 or len({*one, *other}) < 2:
        return None  # chance alone would agree as well
    from sklearn.metrics import cohen_kappa_score

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = float(cohen_kappa_score(one, other, labels=list(levels), weights=weights))
    return found if found == found else None  # noqa: PLR0124 - not a number
