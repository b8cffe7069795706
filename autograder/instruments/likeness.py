"""How alike the work of two students is, given what their class shares.

A fingerprint that nobody else has counts fully, one that everybody has counts nothing; in between it counts by its
rarity on a logarithmic scale. The instructor's solution is one of the others. So what the task itself brings about
weighs little, the more surely the larger the class is.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TypeVar

from autograder.course.own_code import OwnCell
from autograder.instruments.winnowing import RUN, digests, fingerprints

WHOLE_SHARE = 0.4
"""Of the shorter notebook's fingerprints: more than any two independent right solutions share, docs/similar-work.md."""
CELL_SHARE = 0.65
"""The same of one cell, since a copy may be of one task only."""
CELL_WORDS = 60
"""A cell of fewer words says nothing by itself."""
FEWEST_PRINTS = 15
"""A notebook of fewer fingerprints has hardly been begun."""
_FEWEST_OTHERS = 30
"""In a smaller class a few who wrote the same do not show that all would: rarity is reckoned as in one of these."""
_HAVE_IT_TOO = 0.75
_RARE = 0.5
_Name = TypeVar("_Name")


@dataclass(frozen=True)
class Written:
    """What a student has written in one notebook."""

    student: str
    cells: tuple[OwnCell, ...]
    is_earlier: bool = False
    """Whether it is of another term: compared with this one's, not with others of its own."""

    @cached_property
    def cell_prints(self) -> tuple[frozenset[int], ...]:
        """The fingerprints of each cell."""
        return tuple(fingerprints(cell.words) for cell in self.cells)

    @cached_property
    def prints(self) -> frozenset[int]:
        """The fingerprints of all cells."""
        return frozenset().union(*self.cell_prints)


@dataclass(frozen=True)
class Line:
    """A line of code on the page."""

    text: str
    mark: str = ""
    """`rare`: hardly anybody else wrote so; `common`: others did as well; empty: the other one did not."""


@dataclass(frozen=True)
class Passage:
    """Cells of two students that hold the same."""

    first: tuple[tuple[Line, ...], ...]
    second: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True)
class Pair:
    """Two students whose notebooks are alike."""

    first: str
    second: str
    share: float
    """Of the shorter notebook's fingerprints, each counted by its rarity; 0 to 1."""
    cell_share: float
    """The same of the one cell that is most alike."""
    elsewhere: float
    """The largest share that one of the two has with anybody else."""
    have_it_too: int
    """Others who wrote at least three quarters of what these two share."""
    others: int
    """How many others there are."""
    passages: tuple[Passage, ...] = ()

    @property
    def strength(self) -> float:
        """How far it is above what is shown; 1 is just there."""
        return max(self.share / WHOLE_SHARE, self.cell_share / CELL_SHARE)


@dataclass(frozen=True)
class Likeness:
    """All pairs of an exercise."""

    exercise: str
    students: int
    """Whose notebooks were compared, those of other terms included."""
    shares: tuple[float, ...]
    """Of all pairs, ascending."""
    pairs: tuple[Pair, ...]
    """Those that are alike, the most alike first."""
    groups: tuple[tuple[str, ...], ...]
    """Three students and more who hang together by such pairs."""

    def below(self, part: float) -> float:
        """Return the share that a part of all pairs stays below.

        Args:
            part: 0 to 1.
        """
        return self.shares[min(int(part * len(self.shares)), len(self.shares) - 1)] if self.shares else 0.0


class ClassWork:
    """One notebook of everybody in a class.

    Args:
        works: One a student.
        reference: The instructor's own code, which counts as one of the others.
    """

    def __init__(self, works: Sequence[Written], reference: Sequence[OwnCell] = ()) -> None:
        self.works = [work for work in works if len(work.prints) >= FEWEST_PRINTS]
        self._given = Written("", tuple(reference)).prints
        self._had_by = Counter(found for work in self.works for found in work.prints)
        self._others = len(self.works) - 2 + bool(self._given)
        self._weights = [self._weight(had_by) for had_by in range(max(self._others, 0) + 1)]

    def _weight(self, had_by: int) -> float:
        """How much a fingerprint counts that so many others have."""
        return 1 - math.log(had_by + 1) / math.log(max(self._others, _FEWEST_OTHERS) + 1)

    def weight(self, found: int) -> float:
        """Return how much a fingerprint of two students counts.

        Args:
            found: The fingerprint.
        """
        return self._weights[min(self._had_by[found] - 2 + (found in self._given), len(self._weights) - 1)]

    def compare(self, exercise: str, most: int) -> Likeness:
        """Compare everybody with everybody.

        Args:
            exercise: Its name.
            most: For so many pairs the passages are worked out; the others have figures only.
        """
        shares: dict[tuple[int, int], float] = {}
        alike: list[tuple[int, int, float]] = []
        for one, other in combinations(range(len(self.works)), 2):
            first, second = self.works[one], self.works[other]
            if first.is_earlier and second.is_earlier:
                continue
            weights = {found: self.weight(found) for found in first.prints & second.prints}
            share = sum(weights.values()) / min(len(first.prints), len(second.prints))
            of_a_cell = max(_best_cell(first, weights), _best_cell(second, weights))
            shares[one, other] = share
            if share >= WHOLE_SHARE or of_a_cell >= CELL_SHARE:
                alike.append((one, other, of_a_cell))
        closest = self._closest(shares)
        pairs = [self._pair(one, other, shares[one, other], cell, closest) for one, other, cell in alike]
        pairs.sort(key=lambda pair: (-pair.strength, pair.first, pair.second))
        shown = [*(self._with_passages(pair) for pair in pairs[:most]), *pairs[most:]]
        return Likeness(exercise, len(self.works), tuple(sorted(shares.values())), tuple(shown), _groups(pairs))

    def _closest(self, shares: Mapping[tuple[int, int], float]) -> list[list[tuple[float, int]]]:
        """Of each student the two who are most alike."""
        found: list[list[tuple[float, int]]] = [[] for _ in self.works]
        for (one, other), share in shares.items():
            for place, with_whom in ((one, other), (other, one)):
                found[place] = sorted([*found[place], (share, with_whom)], reverse=True)[:2]
        return found

    def _pair(
        self, one: int, other: int, share: float, cell_share: float, closest: list[list[tuple[float, int]]]
    ) -> Pair:
        first, second = self.works[one], self.works[other]
        shared = first.prints & second.prints
        rest = [work for work in self.works if work not in (first, second)]
        have = sum(len(shared & work.prints) >= _HAVE_IT_TOO * len(shared) for work in rest)
        apart = [
            share for place in (one, other) for share, with_whom in closest[place] if with_whom not in (one, other)
        ]
        return Pair(first.student, second.student, share, cell_share, max(apart, default=0.0), have, len(rest))

    def _with_passages(self, pair: Pair) -> Pair:
        work = {one.student: one for one in self.works}
        first, second = work[pair.first], work[pair.second]
        shared = first.prints & second.prints
        sides = [{place for place, prints in enumerate(one.cell_prints) if prints & shared} for one in (first, second)]
        rows = _rows(first, second, *sides)
        passages = [
            Passage(
                tuple(self._lines(first.cells[place], shared) for place in ours),
                tuple(self._lines(second.cells[place], shared) for place in theirs),
            )
            for ours, theirs in rows
        ]
        figures = (pair.first, pair.second, pair.share, pair.cell_share, pair.elsewhere, pair.have_it_too, pair.others)
        return Pair(*figures, tuple(passages))

    def _lines(self, cell: OwnCell, shared: frozenset[int]) -> tuple[Line, ...]:
        weights: dict[int, float] = {}
        for start, found in enumerate(digests(cell.words)):
            if found in shared:
                for line in cell.lines[start : start + RUN]:
                    weights[line] = max(weights.get(line, 0.0), self.weight(found))
        marks = {line: "rare" if weight >= _RARE else "common" for line, weight in weights.items()}
        return tuple(Line(text, marks.get(number, "")) for number, text in enumerate(cell.source.split("\n")))


def _best_cell(work: Written, weights: Mapping[int, float]) -> float:
    found = [
        sum(weights.get(one, 0.0) for one in prints) / len(prints)
        for cell, prints in zip(work.cells, work.cell_prints, strict=True)
        if len(cell.words) >= CELL_WORDS
    ]
    return max(found, default=0.0)


def _rows(
    first: Written, second: Written, ours: set[int], theirs: set[int]
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Put cells side by side: each beside the other's that holds most of it, cut or run together as they may be."""
    links = [(one, _fullest(first.cell_prints[one], second, theirs)) for one in sorted(ours)]
    links += [(_fullest(second.cell_prints[other], first, ours), other) for other in sorted(theirs)]
    rows: list[tuple[set[int], set[int]]] = []
    for one, other in links:
        touched = [row for row in rows if one in row[0] or other in row[1]]
        rows = [row for row in rows if row not in touched]
        rows.append(({one}.union(*(row[0] for row in touched)), {other}.union(*(row[1] for row in touched))))
    return sorted((tuple(sorted(ours)), tuple(sorted(theirs))) for ours, theirs in rows)


def _fullest(prints: frozenset[int], work: Written, places: set[int]) -> int:
    return max(sorted(places), key=lambda place: len(prints & work.cell_prints[place]))


def hang_together(links: Iterable[tuple[_Name, _Name]]) -> list[set[_Name]]:
    """Return those who hang together, by whatever way of links.

    Args:
        links: Each between two.
    """
    groups: list[set[_Name]] = []
    for one, other in links:
        touched = [group for group in groups if group & {one, other}]
        groups = [group for group in groups if group not in touched]
        groups.append({one, other}.union(*touched))
    return groups


def _groups(pairs: Sequence[Pair]) -> tuple[tuple[str, ...], ...]:
    groups = hang_together((pair.first, pair.second) for pair in pairs)
    return tuple(sorted(tuple(sorted(group)) for group in groups if len(group) > 2))
