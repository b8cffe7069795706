"""Figures of plotly, read from the JSON that it publishes. Nothing is evaluated."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.judge.figure_specs import MAX_ROWS, CannotRead, number_or_category, plain_text, title_text
from autograder.judge.figures import Axes, Entry, Figure, Point, Series, Words


def plotly_figure(spec: Mapping[str, Any]) -> Figure:
    """Read a plotly figure.

    Args:
        spec: Its `data` and `layout`.

    Raises:
        CannotRead: It holds a kind of trace that is not read, and none that is.
    """
    layout = spec.get("layout") or {}
    traces = [trace for trace in spec.get("data") or [] if isinstance(trace, Mapping)][:200]
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for trace in traces:
        if trace.get("type", "scatter") in ("scatter", "scattergl", "bar") and trace.get("visible", True) is True:
            groups.setdefault((trace.get("xaxis") or "x", trace.get("yaxis") or "y"), []).append(trace)
    if not groups:
        raise CannotRead("a plotly figure of a kind that is not read")
    keys = list(groups)
    axes = [_plotly_axes(key, groups[key], layout, len(traces), _twins(keys, key, layout)) for key in keys]
    loose = [plain_text(note.get("text")) for note in layout.get("annotations") or [] if note.get("xref") == "paper"]
    words = tuple(filter(None, (title_text(layout.get("title")), *loose)))
    figure = Figure(tuple(axes), words, is_interactive=True)
    return _with_facets(figure, keys, layout)


def _twins(keys: Sequence[tuple[str, str]], key: tuple[str, str], layout: Mapping[str, Any]) -> tuple[int, ...]:
    """Places of the axes that lie over each other: their y axis says over which."""

    def base(y: str) -> str:
        return str(_axis(layout, y).get("overlaying") or y)

    return tuple(place for place, other in enumerate(keys) if base(other[1]) == base(key[1]) or other == key)


def _axis(layout: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = layout.get(f"{name[0]}axis{name[1:]}")
    return found if isinstance(found, Mapping) else {}


def _plotly_axes(
    key: tuple[str, str],
    traces: Sequence[Mapping[str, Any]],
    layout: Mapping[str, Any],
    count: int,
    twins: tuple[int, ...],
) -> Axes:
    x, y = _axis(layout, key[0]), _axis(layout, key[1])
    categories: tuple[list[str], list[str]] = ([], [])
    series: list[Series] = []
    texts: list[Words] = []
    entries: list[Entry] = []
    for trace in traces:
        found, words = _trace(trace, categories)
        shows = layout.get("showlegend", count > 1) is not False and trace.get("showlegend", True) is not False
        if shows and found and found[0].hidden_label:
            entries.append(Entry(found[0].hidden_label, found[0].colors, found[0].marker, found[0].dash))
        named = [
            Series(
                one.points,
                one.kind,
                one.hidden_label if shows else "",
                one.hidden_label,
                one.colors,
                one.marker,
                one.dash,
                one.names,
            )
            for one in found
        ]
        series += named
        texts += words
    for note in layout.get("annotations") or []:
        place = _plotly_place(note, key, (x, y), categories)
        if place is not None:
            texts.append(Words(plain_text(note.get("text")), place))
    ticks = tuple(tuple((float(place), name) for place, name in enumerate(names)) for names in categories)
    own = tuple(_plotly_ticks(axis) for axis in (x, y))
    return Axes(
        series=tuple(series),
        xlabel=title_text(x.get("title")),
        ylabel=title_text(y.get("title")),
        is_log=(x.get("type") == "log", y.get("type") == "log"),
        ticks=(ticks[0] or own[0], ticks[1] or own[1]),
        texts=tuple(texts),
        legend=tuple(entries),
        twins=twins,
    )


def _plotly_ticks(axis: Mapping[str, Any]) -> tuple[tuple[float, str], ...]:
    values, texts = _values(axis.get("tickvals")), _values(axis.get("ticktext"))
    return tuple(
        (float(value), plain_text(text))
        for value, text in zip(values, texts, strict=False)
        if isinstance(value, int | float)
    )


def _plotly_place(
    note: Mapping[str, Any],
    key: tuple[str, str],
    axes: tuple[Mapping[str, Any], ...],
    categories: tuple[list[str], ...],
) -> Point | None:
    if (note.get("xref") or "x", note.get("yref") or "y") != key:
        return None
    place = []
    for way, name in enumerate("xy"):
        number = number_or_category(note.get(name), categories[way])
        if number is None:
            return None
        place.append(10**number if axes[way].get("type") == "log" and abs(number) < 300 else number)
    return place[0], place[1]


def _trace(trace: Mapping[str, Any], categories: tuple[list[str], list[str]]) -> tuple[list[Series], list[Words]]:
    """A trace as series of one look each, and its texts."""
    xs, ys = _values(trace.get("x")), _values(trace.get("y"))
    xs, ys = xs or list(range(len(ys))), ys or list(range(len(xs)))
    kind = (
        "bars" if trace.get("type") == "bar" else ("line" if "lines" in str(trace.get("mode", "lines")) else "points")
    )
    marker, line = trace.get("marker") or {}, trace.get("line") or {}
    colors = _each(marker.get("color", line.get("color")), len(xs))
    symbols = _each(marker.get("symbol"), len(xs))
    name = plain_text(trace.get("name"))
    hover = _each(trace.get("hovertext"), len(xs))
    texts = _each(trace.get("text"), len(xs))
    writes = "text" in str(trace.get("mode", "")) or kind == "bars"
    bar = marker.get("colorbar") if marker.get("showscale") or "coloraxis" in marker else None
    numbers = marker.get("color") if not isinstance(marker.get("color"), str) else None
    on_bar = (
        _each(numbers, len(xs))
        if numbers is not None and (bar is not None or "coloraxis" in marker)
        else [None] * len(xs)
    )
    groups: dict[Any, list[tuple[Point, str]]] = {}
    words = []
    for place, (x, y) in enumerate(zip(xs, ys, strict=False)):
        point = number_or_category(x, categories[0]), number_or_category(y, categories[1])
        if point[0] is None or point[1] is None:
            continue
        at = (point[0], point[1])
        if writes and isinstance(texts[place], str | int | float):
            words.append(Words(plain_text(str(texts[place])), at))
        told = on_bar[place]
        look = (str(colors[place] or name), str(symbols[place] or ""), plain_text(str(hover[place] or "")))
        groups.setdefault(look if kind != "line" else ("", "", ""), []).append(
            (at, f"{told:g}" if isinstance(told, int | float) else "")
        )
    series = [
        Series(
            points=tuple(point for point, _ in members),
            kind=kind,
            hidden_label=" ".join(filter(None, (name, look[2]))) if len(groups) > 1 or look[2] else name,
            colors=frozenset({look[0] or str(line.get("color") or name)}),
            marker=look[1],
            dash=str(line.get("dash") or ""),
            names=tuple(told for _, told in members) if all(told for _, told in members) else (),
        )
        for look, members in groups.items()
    ]
    return series, words


def _with_facets(figure: Figure, keys: Sequence[tuple[str, str]], layout: Mapping[str, Any]) -> Figure:
    """Give each plot of several the headline that stands over it: plotly places these on the paper."""
    axes = []
    for found, key in zip(figure.axes, keys, strict=True):
        low, high = _domain(layout, key[0])
        left, right = _domain(layout, key[1])
        titles = [
            plain_text(note.get("text"))
            for note in layout.get("annotations") or []
            if note.get("xref") == "paper"
            and isinstance(note.get("x"), int | float)
            and isinstance(note.get("y"), int | float)
            and low - 1e-6 <= note["x"] <= high + 0.05
            and left - 1e-6 <= note["y"] <= right + 0.12
        ]
        is_one = len(figure.axes) == 1
        axes.append(found if is_one else replace(found, title=" ".join(titles)))
    return replace(figure, axes=tuple(axes), words=figure.words if len(figure.axes) == 1 else figure.words[:1])


def _domain(layout: Mapping[str, Any], name: str) -> tuple[float, float]:
    axis = _axis(layout, name)
    domain = axis.get("domain") or _axis(layout, str(axis.get("overlaying") or name)).get("domain") or [0, 1]
    return float(domain[0]), float(domain[1])


def _values(found: Any) -> list[Any]:
    """A list, or the packed array that newer versions write."""
    if isinstance(found, Mapping) and isinstance(found.get("bdata"), str):
        kind = np.dtype(str(found.get("dtype")))
        if kind.kind not in "iuf":
            raise CannotRead("a plotly figure with data of an unknown kind")
        return list(np.frombuffer(base64.b64decode(found["bdata"]), kind)[:MAX_ROWS].tolist())
    return found[:MAX_ROWS] if isinstance(found, list) else []


def _each(found: Any, count: int) -> list[Any]:
    values = _values(found)
    return [*values, *[None] * count][:count] if values else [found if not isinstance(found, Mapping) else None] * count
