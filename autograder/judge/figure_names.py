"""Which curve or point of a figure bears which name, in whatever way a figure can say it, in any language."""

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from autograder.judge.figures import Axes, Entry, Figure, Point, Series, Words

Recognise = Callable[[str], set[str]]
"""Which of the things asked for a text speaks of; empty if it cannot be told."""

_GENERIC = re.compile(
    r"^(?:\W|_|\d|\b\w\b|line|curve|model|series|history|run|plot|trace|data|color|point|strategy|network|modell|kurve|linie"
    r"|reihe|verlauf|punkt|netz|modelo|curva|serie|línea|linea|punto|modèle|modele|courbe|série|ligne|réseau|模型|曲线|モデル|модель)*$"
)

_LOOKS = re.compile(
    r"\b(?:blue|orange|green|red|black|gr[ae]y|purple|brown|solid|dashed|dotted|dash|blau|grün|rot|schwarz|gestrichelt|azul"
    r"|naranja|verde|rojo|negro|bleue?|verte?|rouge|noire?|left|right|top|bottom|circles?|squares?|triangles?)\b"
    r"|蓝|绿|红|橙|实线|虚线"
)

_NUMBER = re.compile(r"\d+(?:[.,'\u00a0\u2009\u202f ]\d{3})*(?:[.,]\d+)?(?:[eE][+-]?\d+)?")


class Found(NamedTuple):
    """One thing asked for, where a figure shows it."""

    figure: Figure
    axes: Axes
    series: Series
    point: Point | None = None
    """The point, if it is one; None for a whole curve."""
    name: str = ""
    """What the figure says at this place by itself: the category of a bar, for instance."""


@dataclass(frozen=True)
class Named:
    """How well the things found in a figure are named."""

    problem: str = ""
    """What is wrong, for the student; empty if nothing is."""
    is_doubtful: bool = False
    """Whether a person has to say if it is wrong."""

    @property
    def rank(self) -> int:
        """Well named first, then doubtful, then wrong."""
        return (1 if self.is_doubtful else 2) if self.problem else 0


def judge_names(found: Mapping[str, Found], recognise: Recognise, *, any_word: bool, what: str) -> Named:
    """Judge how things are named.

    Args:
        found: What was asked for, and where it was found.
        recognise: Tells from a name what it speaks of.
        any_word: Whether names that nobody recognises are names as well: words of another language.
        what: What they are called, in plural, such as `curves`.
    """
    firm, loose = _legend_names(found), _texts_near(found)
    own = {key: _own_words(key, found) for key in found}
    names = {key: " ".join(filter(None, (firm[key], "" if firm[key] else loose[key][0], *own[key]))) for key in found}
    for key in found:  # a point may also lie on a line with a name of its own, such as that of the best ones
        if key not in recognise(names[key]) and recognise(loose[key][0]) == {key}:
            names[key] = loose[key][0]
    if all(names.values()):
        return _judge(
            names, recognise, any_word, what, is_firm=all(firm[key] or loose[key][1] or own[key] for key in found)
        )
    hidden = {key: names[key] or spot.series.hidden_label for key, spot in found.items()}
    others = _unplaced(found)
    recognised = [recognise(text) for text in others]
    if all(any(named == {key} for named in recognised) for key in found):
        return Named()  # each of them is named once, in a way that cannot be followed to its place
    if len(others) >= len(found) and len({frozenset(named) for named in recognised if named}) > 1:
        return Named(f"the {what} are named in a way that could not be followed", is_doubtful=True)
    if all(hidden.values()) and any(spot.figure.is_interactive for spot in found.values()):
        return Named(f"the {what} are named only where the mouse points", is_doubtful=True)
    loose_words = " ".join(word for spot in found.values() for word in (*spot.figure.words, spot.axes.title))
    if set(found) <= recognise(loose_words) and _LOOKS.search(loose_words.lower()):
        return Named(f"a headline says which of the {what} is which", is_doubtful=True)
    missing = ", ".join(key for key in found if not names[key])
    if all(hidden.values()) and not any(names.values()):
        return Named(f"the {what} have labels, but nothing shows them (a legend does)")
    return Named(f"nothing says which of the {what} is {missing}")


def _judge(names: Mapping[str, str], recognise: Recognise, any_word: bool, what: str, *, is_firm: bool) -> Named:
    for (first, one), (second, other) in itertools.combinations(names.items(), 2):
        if one == other:
            return Named(f"the {what} of {first} and {second} bear the same name, {one[:60]!r}")
    recognised = {key: recognise(text) for key, text in names.items()}
    wrong = [key for key, told in recognised.items() if told and key not in told]
    if wrong:
        # Names in one another's place are wrong; "without pretrained features" may only be read wrong.
        in_place_of = [key for key in wrong if recognised[key] & set(wrong)]
        key = (in_place_of or wrong)[0]
        swapped = f"what is named {names[key][:60]!r} are the numbers of {key}"
        return Named(swapped, is_doubtful=not (is_firm and in_place_of))
    unknown = [key for key, told in recognised.items() if not told]
    if len(unknown) <= 1:
        return Named()
    if any_word and not any(_GENERIC.match(part) for part in _differences([names[key] for key in unknown])):
        return Named()
    return Named(
        f"the names {', '.join(repr(names[key][:40]) for key in unknown)} are not understood", is_doubtful=True
    )


def _differences(names: Sequence[str]) -> list[str]:
    """What of each name is not in all of them."""
    parts = [re.findall(r"[^\W\d_]+", name.lower()) for name in names]
    shared = set(parts[0]).intersection(*parts[1:]) if len(parts) > 1 else set()
    return [" ".join(part for part in each if part not in shared) for each in parts]


# --- names that a legend gives


def _legend_names(found: Mapping[str, Found]) -> dict[str, str]:
    """What legends say of each: by its label, else by its look."""
    names = {}
    for key, spot in found.items():
        entries = spot.figure.entries(spot.axes)
        names[key] = spot.series.label or _entry_of(spot.series, entries)
    shared = {name for name, other in itertools.product(names.values(), repeat=2) if name and name == other}
    counts = {name: list(names.values()).count(name) for name in shared}
    # What two of them share, such as "validation" in each plot, tells no two apart; other words must.
    return {key: "" if counts.get(name, 0) > 1 else name for key, name in names.items()}


def _entry_of(series: Series, entries: Sequence[Entry]) -> str:
    labelled = [entry for entry in entries if entry.text == series.hidden_label]
    if len(labelled) == 1:
        return labelled[0].text
    fitting = list(entries)
    for tells in (_by_color, _by_marker, _by_dash):
        if len({tells(entry) for entry in fitting}) > 1:
            fitting = [entry for entry in fitting if _same(tells(entry), tells(series))]
    return fitting[0].text if len(fitting) == 1 and (len(entries) > 1 or _looks(series, fitting[0])) else ""


def _by_color(one: Entry | Series) -> frozenset[str]:
    return one.colors


def _by_marker(one: Entry | Series) -> str:
    return one.marker


def _by_dash(one: Entry | Series) -> str:
    return one.dash


def _same(one: frozenset[str] | str, other: frozenset[str] | str) -> bool:
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        return bool(one & other)
    return bool(one) and one == other


def _looks(series: Series, entry: Entry) -> bool:
    return bool(series.colors & entry.colors)


# --- names that stand beside


def _texts_near(found: Mapping[str, Found]) -> dict[str, tuple[str, bool]]:
    """Texts beside curves and points, each given to one; and whether it stands just there, or in the same colour."""
    names = {key: (_own_name(spot), True) for key, spot in found.items()}
    for axes in {id(spot.axes): spot.axes for spot in found.values()}.values():
        keys = [key for key, spot in found.items() if spot.axes is axes and not names[key][0]]
        names.update(_assigned(axes, {key: found[key] for key in keys}))
    return names


def _own_name(spot: Found) -> str:
    """What a colour bar says of a point."""
    if spot.point not in spot.series.points or not spot.series.names:
        return ""
    return spot.series.names[spot.series.points.index(spot.point)]


def _assigned(axes: Axes, found: Mapping[str, Found]) -> dict[str, tuple[str, bool]]:
    words = [words for words in axes.texts if words.text.strip()]
    if found and len(found) > 1:
        by_color = {
            key: [w for w in words if w.colors and w.colors & spot.series.colors] for key, spot in found.items()
        }
        apart = len({spot.series.colors for spot in found.values()}) == len(found)
        if apart and all(len(some) == 1 for some in by_color.values()):
            return {key: (some[0].text, True) for key, some in by_color.items()}
    placed = [w for w in words if w.place is not None]
    scale = _Scale(axes)
    near = {
        key: sorted((scale.distance(spot, w), place) for place, w in enumerate(placed)) for key, spot in found.items()
    }
    exact = {key: [placed[place].text for away, place in some if away < 1e-6] for key, some in near.items()}
    result = {key: (" ".join(texts), True) for key, texts in exact.items() if texts and found[key].point is not None}
    rest = [key for key in found if key not in result]
    taken = {place for key in result for away, place in near[key] if away < 1e-6}
    free = [place for place in range(len(placed)) if place not in taken]
    result.update(_nearest(rest, free, near, placed))
    return result


def _nearest(
    keys: Sequence[str], free: Sequence[int], near: Mapping[str, list[tuple[float, int]]], placed: Sequence[Words]
) -> dict[str, tuple[str, bool]]:
    """Give each of some things one of the texts, so that all together are as near as can be."""
    if not keys or len(free) < len(keys) or len(keys) > 5:
        return dict.fromkeys(keys, ("", False))
    away = {key: {place: distance for distance, place in near[key]} for key in keys}
    close = sorted({place for key in keys for place in sorted(free, key=away[key].__getitem__)[:5]})
    best = min(
        itertools.permutations(close[:8], len(keys)),
        key=lambda places: sum(away[key][place] for key, place in zip(keys, places, strict=True)),
    )
    return {key: (placed[place].text, False) for key, place in zip(keys, best, strict=True)}


class _Scale:
    """Distances as the eye sees them: in widths and heights of the axes."""

    def __init__(self, axes: Axes) -> None:
        self._log = axes.is_log
        points = [point for series in axes.series for point in series.points]
        self._spans = []
        for direction in (0, 1):
            values = [self._at(point, direction) for point in points]
            self._spans.append((max(values) - min(values)) or 1.0 if values else 1.0)

    def _at(self, point: Point, direction: int) -> float:
        value = point[direction]
        return math.log10(value) if self._log[direction] and value > 0 else value

    def _between(self, one: Point, other: Point) -> float:
        gaps = ((self._at(one, way) - self._at(other, way)) / self._spans[way] for way in (0, 1))
        return math.hypot(*gaps)

    def distance(self, spot: Found, words: Words) -> float:
        if words.place is None:
            return math.inf
        places = [spot.point] if spot.point is not None else spot.series.points
        return min(self._between(place, words.place) for place in places)


# --- names that a plot of one's own gives


def _own_words(key: str, found: Mapping[str, Found]) -> list[str]:
    """Words that speak of this one alone: its own, those of its plot or figure if it has one to itself, its tick."""
    spot = found[key]
    words = [spot.name] if spot.name else []
    if spot.point is not None and not spot.name:
        words += _at_ticks(spot)
    in_axes = sum(other.axes is spot.axes for other in found.values())
    in_figure = sum(other.figure is spot.figure for other in found.values())
    if in_axes == 1 and len(found) > 1:
        words += [spot.axes.title, spot.axes.ylabel, spot.axes.xlabel]
        words += [text.text for text in spot.axes.texts if text.place is None]
    if in_figure == 1 and len(found) > 1:
        words += spot.figure.words
    return list(filter(None, words))


def _at_ticks(spot: Found) -> list[str]:
    """The texts of ticks at a point, if they say more than the number there."""
    names = []
    for way, ticks in enumerate(spot.axes.ticks):
        for place, text in ticks:
            value = spot.point[way] if spot.point else math.nan
            if abs(place - value) <= 1e-9 * max(1.0, abs(value)) and text and not is_number(text, place):
                names.append(text)
    return names


def number_in(text: str) -> float | None:
    """Read a tick's text as a number, with a point or a comma, whatever unit follows.

    Args:
        text: Of a tick.
    """
    plain = text.replace("\N{MINUS SIGN}", "-").replace(",", ".").strip()
    try:
        return float(re.sub(r"[^\d.eE+-]", "", plain))
    except ValueError:
        return None


def is_number(text: str, value: float) -> bool:
    """Tell whether a tick's text is only the number there: also in thousands, as per cent, rounded as ticks are.

    Args:
        text: Of the tick.
        value: Where it stands.
    """
    if text.strip()[:1].isalpha() or len(_NUMBER.findall(text)) > 1:  # a name before a number, or another one beside it
        return False
    number = number_in(text)
    units = (1, 1e-2, 1e3, 1e6, 1e-3)
    return number is not None and any(math.isclose(number * unit, value, rel_tol=0.02, abs_tol=1e-12) for unit in units)


def _unplaced(found: Mapping[str, Found]) -> list[str]:
    """Texts of legends and in plots, wherever they point."""
    texts: dict[str, None] = {}
    for spot in found.values():
        texts.update(dict.fromkeys(entry.text for entry in spot.figure.entries(spot.axes)))
        texts.update(dict.fromkeys(words.text for words in spot.axes.texts))
    return [text for text in texts if text.strip()]
