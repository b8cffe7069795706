"""Whether figures hold the numbers that were measured: curves of trainings, points of a table.

Generous in form (any library, one plot or several, any axes, units, names in any language), strict in the numbers.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from autograder.judge.checking import Undecided, fail
from autograder.judge.figure_names import Found, Named, Recognise, is_number, judge_names, number_in
from autograder.judge.figures import Axes, Figure, Point, Series, Shown

_SAME = 0.00051
"""Shares that differ by less are the same, rounded to thousandths or not."""
_MOST_TRIED = 300


@dataclass(frozen=True)
class Unit:
    """A unit that a column may be drawn in.

    Args:
        factor: By which the table's numbers are multiplied.
        rounding: How far a number in this unit may be rounded.
    """

    factor: float
    rounding: float = 0.0


SHARE = (Unit(1.0, 0.0051), Unit(100.0, 0.51))


@dataclass
class Best:
    """The best that was found so far."""

    named: Named | None = None
    where: Figure | None = None

    def take(self, named: Named, where: Figure) -> None:
        """Keep a finding if it is better than what is kept."""
        if self.named is None or named.rank < self.named.rank:
            self.named, self.where = named, where


# --- curves


def find_curves(shown: Shown, curves: Mapping[str, Sequence[float]], recognise: Recognise) -> Best:
    """Look for curves, each of its own, with the values given, and judge how they are named.

    Args:
        shown: What was drawn.
        curves: Name to values, one an epoch.
        recognise: Tells from a name which of the curves it speaks of.
    """
    best = Best()
    for scope in _scopes(shown):
        candidates = {
            name: [spot for spot in scope if _shows(spot.series, values, before=_others(name, curves))]
            for name, values in curves.items()
        }
        for chosen in itertools.islice(itertools.product(*candidates.values()), _MOST_TRIED):
            if len({id(spot.series) for spot in chosen}) == len(chosen):
                found = dict(zip(curves, chosen, strict=True))
                best.take(judge_names(found, recognise, any_word=True, what="curves"), chosen[0].figure)
                if best.named is not None and not best.named.problem:
                    return best
    return best


def curves_in(shown: Shown, values: Sequence[float]) -> int:
    """Count the curves with these values."""
    return sum(_shows(spot.series, values) for spot in _everywhere(shown))


def _others(name: str, curves: Mapping[str, Sequence[float]]) -> list[Sequence[float]]:
    return [values for other, values in curves.items() if other != name]


def _scopes(shown: Shown) -> Iterator[list[Found]]:
    """Where curves that belong together may be: on the same axes, in one figure, in several."""
    for figure in shown.figures:
        for axes in figure.axes:
            yield [Found(figure, axes, series) for series in axes.series]
        if len(figure.axes) > 1:
            yield [Found(figure, axes, series) for axes in figure.axes for series in axes.series]
    if len(shown.figures) > 1:
        yield list(_everywhere(shown))


def _everywhere(shown: Shown) -> Iterator[Found]:
    for figure in shown.figures:
        for axes in figure.axes:
            for series in axes.series:
                yield Found(figure, axes, series)


def _shows(series: Series, values: Sequence[float], before: Sequence[Sequence[float]] = ()) -> bool:
    """Whether a curve runs through these values, one after another, in the course of either axis.

    It may begin with one point more, such as the accuracy before training, or go on from the end of another training.
    """
    count = len(values)
    if not count <= len(series.points) <= count + max([1, *map(len, before)]):
        return False
    for along, up in ((0, 1), (1, 0)):
        places = [point[along] for point in series.points]
        if len(set(places)) < len(places):
            continue
        drawn = [point[up] for point in sorted(series.points, key=lambda point, along=along: point[along])]  # type: ignore[misc]
        extra, rest = drawn[: len(drawn) - count], drawn[len(drawn) - count :]
        for unit in SHARE:
            if _same(rest, values, unit) and (
                len(extra) <= 1 or any(_same(extra, other[-len(extra) :], unit) for other in before)
            ):
                return True
    return False


def _same(drawn: Sequence[float], values: Sequence[float], unit: Unit) -> bool:
    if len(drawn) != len(values):
        return False
    allowed = _SAME * unit.factor
    if all(abs(value * 100 / unit.factor - round(value * 100 / unit.factor)) < 1e-6 for value in drawn):
        allowed = unit.rounding  # rounded to whole per cents
    return all(abs(value - wanted * unit.factor) <= allowed for value, wanted in zip(drawn, values, strict=True))


# --- points of a table


@dataclass(frozen=True)
class Pairs:
    """Pairs of numbers to look for, one a row."""

    keys: tuple[str, ...]
    """Names of the rows."""
    cost: tuple[float, ...]
    share: tuple[float, ...]
    """An accuracy, drawn as such or as a percentage."""
    units: tuple[Unit, ...] = (Unit(1.0),)
    """Units of the cost."""


@dataclass(frozen=True)
class Match:
    """A plot that shows pairs."""

    found: dict[str, Found]
    is_upright: bool
    """Whether the cost runs along the horizontal axis."""
    twin: Axes | None = None
    """The axes of the accuracy, if cost and accuracy have one each over a common third."""


def plots_of(shown: Shown, pairs: Pairs) -> list[Match]:
    """Find the plots that show pairs, one point a row, on the same axes, on twins, or spread over one figure."""
    matches = []
    for figure in shown.figures:
        for axes in figure.axes:
            for seen in filter(None, (axes, _as_written(axes, 0), _as_written(axes, 1))):
                matches += _on(pairs, [Found(figure, seen, series) for series in seen.series])
            matches += _on_twins(pairs, figure, axes)
        if len(figure.axes) > 1 and not matches:
            spots = [Found(figure, axes, series) for axes in figure.axes for series in axes.series]
            matches += _on(pairs, spots)
    return matches


def _as_written(axes: Axes, way: int) -> Axes | None:
    """The axes by the numbers at its ticks: bars stand at 0, 1, 2, and the ticks say of what."""
    numbers = {place: number for place, text in axes.ticks[way] if (number := number_in(text)) is not None}
    if len(numbers) < 2 or all(is_number(text, place) for place, text in axes.ticks[way]):
        return None
    series = [
        replace(one, points=tuple(moved))
        for one in axes.series
        if len(moved := list(_moved(one.points, numbers, way))) == len(one.points)
    ]
    texts = [
        replace(words, place=moved[0])
        for words in axes.texts
        if words.place is not None and (moved := list(_moved([words.place], numbers, way)))
    ]
    ticks = (axes.ticks[0] if way else (), () if way else axes.ticks[1])
    return replace(axes, series=tuple(series), ticks=ticks, texts=tuple(texts))


def _moved(points: Sequence[Point], numbers: Mapping[float, float], way: int) -> Iterator[Point]:
    for point in points:
        place = min(numbers, key=lambda place, point=point: abs(place - point[way]))  # type: ignore[misc]
        if abs(place - point[way]) <= 0.45:
            yield (point[0], numbers[place]) if way else (numbers[place], point[1])


def _on(pairs: Pairs, spots: Sequence[Found]) -> list[Match]:
    points = list(_points(spots))
    for along, up in ((0, 1), (1, 0)):
        for unit, share in itertools.product(pairs.units, SHARE):
            found = _rows(pairs, points, unit, share, lambda p, along=along: p[along], lambda p, up=up: p[up])  # type: ignore[misc]
            if found is not None:
                return [Match(found, is_upright=along == 0)]
    return []


def _points(spots: Sequence[Found]) -> Iterator[Found]:
    """Each point once: what was put together from single points comes behind them."""
    seen: set[tuple[int, Point]] = set()
    for spot in spots:
        for point in spot.series.points[:500]:
            if (id(spot.axes), point) not in seen:
                seen.add((id(spot.axes), point))
                yield spot._replace(point=point)


def _rows(
    pairs: Pairs,
    points: Sequence[Found],
    unit: Unit,
    share: Unit,
    cost_of: Callable[[Point], float],
    share_of: Callable[[Point], float],
) -> dict[str, Found] | None:
    found: dict[str, Found] = {}
    taken: set[int] = set()
    for key, cost, accuracy in zip(pairs.keys, pairs.cost, pairs.share, strict=True):
        fitting = [
            (place, spot)
            for place, spot in enumerate(points)
            if spot.point is not None
            and is_near(cost_of(spot.point), cost, unit)
            and is_near(share_of(spot.point), accuracy, share)
        ]
        if not fitting:
            return None
        # Two rows in one place are one point to see.
        fitting = [(place, spot) for place, spot in fitting if place not in taken] or fitting
        away = [abs(cost_of(spot.point) - cost * unit.factor) for _, spot in fitting if spot.point is not None]
        place, found[key] = fitting[away.index(min(away))]
        taken.add(place)
    return found


def is_near(drawn: float, measured: float, unit: Unit) -> bool:
    """Whether a number that was drawn is the one measured, in a unit, perhaps rounded as people do."""
    wanted = measured * unit.factor
    allowed = 0.0055 * abs(wanted)  # three digits
    if unit.rounding and _is_round(drawn, 2 * unit.rounding):
        allowed = max(allowed, unit.rounding)
    return abs(drawn - wanted) <= max(allowed, 1e-9)


def _is_round(value: float, step: float) -> bool:
    step = 10 ** round(math.log10(step))
    return abs(value / step - round(value / step)) < 1e-6


def _on_twins(pairs: Pairs, figure: Figure, axes: Axes) -> list[Match]:
    """Cost on one pair of axes and accuracy on another that lies over it, each above the same place."""
    for other in (figure.axes[place] for place in axes.twins if place < len(figure.axes)):
        if other is axes:
            continue
        for along, up in ((0, 1), (1, 0)):
            costs = _single(figure, axes, pairs.cost, pairs.units, up)
            shares = _single(figure, other, pairs.share, SHARE, up)
            if costs is None or shares is None:
                continue
            steps = sorted({_at(spot, along) for spot in costs})
            beside = 0.45 * min((after - before for before, after in itertools.pairwise(steps)), default=0.0)
            # bars beside each other stand within half a step
            if all(abs(_at(one, along) - _at(two, along)) <= beside for one, two in zip(costs, shares, strict=True)):
                found = {
                    key: spot._replace(name=_category((axes, other), spot, two, along))
                    for key, spot, two in zip(pairs.keys, costs, shares, strict=True)
                }
                return [Match(found, is_upright=up == 0, twin=other)]
    return []


def _at(spot: Found, way: int) -> float:
    return spot.point[way] if spot.point is not None else math.nan


def _single(figure: Figure, axes: Axes, values: Sequence[float], units: Sequence[Unit], up: int) -> list[Found] | None:
    """One point for each value, in the row's order."""
    points = list(_points([Found(figure, axes, series) for series in axes.series]))
    for unit in units:
        found, left = [], list(points)
        for value in values:
            fitting = [spot for spot in left if is_near(_at(spot, up), value, unit)]
            if not fitting:
                break
            found.append(fitting[0])
            left.remove(fitting[0])
        if len(found) == len(values):
            return found
    return None


def _category(over: Sequence[Axes], one: Found, two: Found, along: int) -> str:
    """What stands at the common axis under a row: the text of a tick, else the number."""
    place = (_at(one, along) + _at(two, along)) / 2
    ticks = [tick for some in over for tick in some.ticks[along]]
    near = [(abs(where - place), text) for where, text in ticks if text and abs(where - place) <= 0.45]
    exact = [text for away, text in near if away < 1e-9]
    named = [text for _, text in sorted(near) if any(letter.isalpha() or letter == "%" for letter in text)]
    return (exact or named or [f"{place:g}"])[0]


def judge_match(match: Match, recognise: Recognise, *, any_word: bool, what: str) -> Named:
    """Judge how the points of a plot are named; on twins the common axis may name them."""
    return judge_names(match.found, recognise, any_word=any_word, what=what)


# --- the ways a check can end


def conclude(shown: Shown, best: Best, otherwise: str, expected: str) -> None:
    """Let a check pass, fail, or leave it to a person.

    Args:
        shown: What was drawn.
        best: What was found of what was asked for.
        otherwise: What to say if nothing was found.
        expected: What was asked for.

    Raises:
        Failed: What was asked for is not there, and everything could be read.
        Undecided: It may be there.
    """
    if best.named is not None and not best.named.problem:
        return
    if best.named is not None and best.named.is_doubtful:
        undecided(f"A figure shows the right numbers, but {best.named.problem}.")
    if shown.unread:
        undecided(f"The notebook shows {_listed(shown.unread)}, which only a person can look at.")
    fail(best.named.problem if best.named is not None else otherwise, expected)


def undecided(sentence: str) -> NoReturn:
    """Leave it to a person, and say why."""
    raise Undecided(sentence)


def _listed(what: Sequence[str]) -> str:
    return " and ".join(list(dict.fromkeys(what))[:3])
