"""What a student's figures show, read from the kernel's notes, whichever library drew them.

`autograder.kernels.figures` says what a note holds. Notes were written by untrusted code: what does not follow the
format is left out.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.judge.submission import Submission

__all__ = ["Shown", "read_figures"]

Point = tuple[float, float]


@dataclass(frozen=True)
class Words:
    """A text in a figure, and the place it speaks of."""

    text: str
    place: Point | None = None
    colors: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Entry:
    """A line of a legend: a name, and how what it names looks."""

    text: str
    colors: frozenset[str] = frozenset()
    marker: str = ""
    dash: str = ""


@dataclass(frozen=True)
class Series:
    """A curve, a cloud of points or a group of bars, of one look."""

    points: tuple[Point, ...]
    kind: str = "line"
    """`line`, `points` or `bars`."""
    label: str = ""
    """Its name, if the figure shows it in a legend."""
    hidden_label: str = ""
    """A name that the figure knows and does not show, except on a screen perhaps, under the mouse."""
    colors: frozenset[str] = frozenset()
    marker: str = ""
    dash: str = ""
    names: tuple[str, ...] = ()
    """A name for each point, if it has one: what a colour bar says of its colour, or a text that is drawn with it."""


@dataclass(frozen=True)
class Axes:
    """What is drawn on one pair of axes."""

    series: tuple[Series, ...] = ()
    title: str = ""
    xlabel: str = ""
    ylabel: str = ""
    is_log: tuple[bool, bool] = (False, False)
    ticks: tuple[tuple[tuple[float, str], ...], tuple[tuple[float, str], ...]] = ((), ())
    """Place and text of the ticks of both axes."""
    texts: tuple[Words, ...] = ()
    legend: tuple[Entry, ...] = ()
    twins: tuple[int, ...] = ()
    """Places in the figure of the axes that lie over these, these included."""

    @property
    def words(self) -> tuple[str, ...]:
        """All texts but those of ticks."""
        parts = (self.title, self.xlabel, self.ylabel, *(entry.text for entry in self.legend))
        return tuple(filter(None, (*parts, *(words.text for words in self.texts))))


@dataclass(frozen=True)
class Figure:
    """One figure."""

    axes: tuple[Axes, ...] = ()
    words: tuple[str, ...] = ()
    """Texts that belong to no axes, such as a title above them all."""
    legend: tuple[Entry, ...] = ()
    is_interactive: bool = False
    """Whether it says more where a mouse points."""

    def entries(self, axes: Axes) -> tuple[Entry, ...]:
        """Legends that may speak of these axes: their own, their twins', and the figure's."""
        twins = (self.axes[place] for place in axes.twins if place < len(self.axes))
        own = tuple(dict.fromkeys((*axes.legend, *(entry for twin in twins for entry in twin.legend))))
        if not own and not self.legend:  # one legend for several plots, at one of them
            own = tuple(dict.fromkeys(entry for other in self.axes for entry in other.legend))
        return tuple(dict.fromkeys((*own, *self.legend)))


@dataclass
class Shown:
    """All figures of a notebook, and what of them no program can read."""

    figures: list[Figure] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    """What it was, such as `a picture`; only what was shown since the last judged cell."""
    recent: int = 0
    """How many of the figures were drawn since the last judged cell."""


def read_figures(submission: Submission) -> Shown:
    """Ask the kernel what the notebook has shown so far.

    Args:
        submission: Whose notebook.

    Returns:
        The figures, the last first.
    """
    reply, _ = submission.probe({"op": "figures"})
    notes = reply.get("figures")
    return read_notes(notes if isinstance(notes, list) else [], reply.get("stage"))


def read_notes(notes: Iterable[Any], stage: Any = None) -> Shown:
    """Read the kernel's notes.

    Args:
        notes: Each as `autograder.kernels.figures` says, or anything else.
        stage: The stage that the kernel is in.
    """
    shown = Shown()
    for note in notes:
        found = _read_note(note)
        if isinstance(note, dict) and note.get("stage") == stage:
            shown.unread += found.unread
            shown.recent += len(found.figures)
        shown.figures += found.figures
    return shown


def _read_note(note: Any) -> Shown:
    # These modules make figures of this module's kinds.
    from autograder.judge import figure_pages, figure_plotly, figure_specs, figure_vega

    shown = Shown()
    if note:
        try:
            kind = note["kind"]
            if kind == "matplotlib":
                _read_matplotlib(note, shown)
            elif kind == "plotly":
                shown.figures.append(figure_plotly.plotly_figure(note["spec"]))
            elif kind == "vega":
                shown.figures.append(figure_vega.vega_figure(note["spec"]))
            elif kind == "html":
                shown.figures.append(figure_pages.figure_in_page(str(note["text"])))
            else:
                shown.unread.append({"picture": "a picture"}.get(kind, "a figure too large to be read"))
        except figure_specs.CannotRead as problem:
            shown.unread.append(str(problem))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, RecursionError):
            shown.unread.append("a figure of an unknown kind")
    shown.figures = [figure for figure in shown.figures if any(axes.series for axes in figure.axes)]
    return shown


def _read_matplotlib(note: dict[str, Any], shown: Shown) -> None:
    figure = Figure(
        axes=tuple(_axes(axes) for axes in note["axes"]),
        words=tuple(map(str, note["words"])),
        legend=tuple(map(_entry, note["legend"])),
    )
    for axes in note["axes"]:
        for shape in axes["images"]:
            is_photo = len(shape) == 3 and min(shape[:2]) < 150
            if not is_photo and min(shape[:2]) >= 2:
                shown.unread.append("a picture" if min(shape[:2]) >= 150 else "a table of coloured fields")
        if (axes["unread"] and not axes["is_colorbar"]) or not axes["is_flat"]:
            shown.unread.append("a kind of plot that is not read")
    shown.figures.append(figure)


def _axes(data: dict[str, Any]) -> Axes:
    return Axes(
        series=() if data["is_colorbar"] else tuple(_merged(map(_series, data["series"]))),
        title=str(data["title"]),
        xlabel=str(data["xlabel"]),
        ylabel=str(data["ylabel"]),
        is_log=(data["xscale"] == "log", data["yscale"] == "log"),
        ticks=(_ticks(data["xticks"]), _ticks(data["yticks"])),
        texts=tuple(map(_words, data["texts"])),
        legend=tuple(map(_entry, data["legend"])),
        twins=tuple(map(int, data["twins"])),
    )


def _series(data: dict[str, Any]) -> Series:
    found = [
        (place, (float(x), float(y)))
        for place, (x, y) in enumerate(zip(data["x"], data["y"], strict=False))
        if x is not None and y is not None
    ]
    bar, values = data.get("colorbar"), data.get("values") or []
    bounds = [float(bound) for bound in data.get("bounds") or []]
    names = tuple(_on_bar(float(values[place]), _ticks(bar), bounds) for place, _ in found) if bar and values else ()
    return Series(
        points=tuple(point for _, point in found),
        kind=str(data["kind"]),
        hidden_label=str(data["label"]),  # shown or not: the legend says
        colors=frozenset(map(str, data["colors"])),
        marker=str(data.get("marker", "")),
        dash=str(data.get("dash", "")),
        names=names,
    )


def _on_bar(value: float, ticks: Sequence[tuple[float, str]], bounds: Sequence[float]) -> str:
    """What a colour bar says of a colour: the text of its tick there, else the number that its scale gives.

    Where it is made of bands, all values of a band have one colour, and any tick in it names them.
    """
    for low, high in itertools.pairwise(bounds):
        in_band = [text for place, text in ticks if low <= place <= high and text]
        if low <= value < high and len(in_band) == 1:
            return in_band[0]
    for place, text in ticks:
        if abs(place - value) < 1e-9 and text:
            return text
    return f"{value:g}"


def _merged(series: Iterable[Series]) -> Iterator[Series]:
    """Put together what was drawn point by point, or in short pieces, in one look."""
    short: dict[Any, list[Series]] = {}
    for one in series:
        if one.points:
            if len(one.points) <= 2:
                look = (one.kind, one.hidden_label, one.colors, one.marker, one.dash)
                short.setdefault(look, []).append(one)
            yield one
    for parts in short.values():
        if len(parts) > 1:
            points = tuple(dict.fromkeys(point for part in parts for point in part.points))
            yield Series(points, parts[0].kind, "", parts[0].hidden_label, *_look(parts[0]))


def _look(series: Series) -> tuple[frozenset[str], str, str]:
    return series.colors, series.marker, series.dash


def _words(data: dict[str, Any]) -> Words:
    place = None if data["x"] is None or data["y"] is None else (float(data["x"]), float(data["y"]))
    return Words(str(data["text"]), place, frozenset(map(str, data["colors"])))


def _entry(data: dict[str, Any]) -> Entry:
    return Entry(str(data["text"]), frozenset(map(str, data["colors"])), str(data["marker"]), str(data["dash"]))


def _ticks(data: Any) -> tuple[tuple[float, str], ...]:
    return tuple((float(place), str(text)) for place, text in data if place is not None and math.isfinite(place))
