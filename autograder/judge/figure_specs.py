"""Figures of plotly and of Vega-Lite (Altair), read from the JSON that they publish. Nothing is evaluated."""

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograder.judge.figures import Axes, Entry, Figure, Point, Series, Words

MAX_ROWS = 20_000
_TAG = re.compile(r"<[^<>]{0,200}>")


class CannotRead(ValueError):
    """A figure that only a person can read; the message names it."""


def figure_in_page(html: str) -> Figure:
    """Read the figure that a page of HTML draws, if it is one of plotly's or Vega's.

    Args:
        html: The page, or its part from the drawing call on.

    Raises:
        CannotRead: It is another one.
    """
    if html.startswith("Plotly.newPlot("):
        places = [found.start() for found in re.finditer(r"[\[{]", html[:20_000])][:1]
        for start in places:
            data, end = _decoded(html, start, "a plotly figure")
            layout_at = html.find("{", end)
            layout = _decoded(html, layout_at, "a plotly figure")[0] if 0 <= layout_at < end + 50 else {}
            return plotly_figure({"data": data, "layout": layout})
    if "vegaEmbed" in html:
        for found in re.finditer(r"\}\)\(\s*\{|=\s*\{", html):
            spec, _ = _decoded(html, found.end() - 1, "")
            if isinstance(spec, dict) and any(
                key in spec for key in ("mark", "layer", "hconcat", "vconcat", "concat", "facet")
            ):
                return vega_figure(spec)
        raise CannotRead("an Altair figure")
    kind = next((name for tag, name in (("<svg", "a drawing"), ("<img", "a picture")) if tag in html), "a page of HTML")
    raise CannotRead(kind)


def _decoded(text: str, start: int, what: str) -> tuple[Any, int]:
    try:
        return json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        if what:
            raise CannotRead(what) from error
        return None, start


def _plain(text: Any) -> str:
    return _TAG.sub(" ", text).strip()[:200] if isinstance(text, str) else ""


def _titled(title: Any) -> str:
    if isinstance(title, Mapping):
        title = title.get("text")
    if isinstance(title, list):
        title = " ".join(part for part in title if isinstance(part, str))
    return _plain(title)


# --- plotly


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
    loose = [_plain(note.get("text")) for note in layout.get("annotations") or [] if note.get("xref") == "paper"]
    words = tuple(filter(None, (_titled(layout.get("title")), *loose)))
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
            texts.append(Words(_plain(note.get("text")), place))
    ticks = tuple(tuple((float(place), name) for place, name in enumerate(names)) for names in categories)
    own = tuple(_plotly_ticks(axis) for axis in (x, y))
    return Axes(
        series=tuple(series),
        xlabel=_titled(x.get("title")),
        ylabel=_titled(y.get("title")),
        is_log=(x.get("type") == "log", y.get("type") == "log"),
        ticks=(ticks[0] or own[0], ticks[1] or own[1]),
        texts=tuple(texts),
        legend=tuple(entries),
        twins=twins,
    )


def _plotly_ticks(axis: Mapping[str, Any]) -> tuple[tuple[float, str], ...]:
    values, texts = _values(axis.get("tickvals")), _values(axis.get("ticktext"))
    return tuple(
        (float(value), _plain(text))
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
        number = _number(note.get(name), categories[way])
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
    name = _plain(trace.get("name"))
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
        point = _number(x, categories[0]), _number(y, categories[1])
        if point[0] is None or point[1] is None:
            continue
        at = (point[0], point[1])
        if writes and isinstance(texts[place], str | int | float):
            words.append(Words(_plain(str(texts[place])), at))
        told = on_bar[place]
        look = (str(colors[place] or name), str(symbols[place] or ""), _plain(str(hover[place] or "")))
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
            _plain(note.get("text"))
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


def _number(value: Any, categories: list[str]) -> float | None:
    """A number; a text gets the place of its category, as on an axis of categories."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if np.isfinite(value) else None
    text = _plain(str(value))
    try:
        return float(text)
    except ValueError:
        if text not in categories:
            categories.append(text)
        return float(categories.index(text))


# --- Vega-Lite


_MARKS = {
    "line": "line",
    "trail": "line",
    "area": "line",
    "point": "points",
    "circle": "points",
    "square": "points",
    "bar": "bars",
    "tick": "points",
}
_FACETS = ("row", "column", "facet")
_SPLITS = ("color", "fill", "stroke", "shape", "strokeDash", "detail", "opacity", "size", "row", "column", "facet")
Row = Mapping[str, Any]


def vega_figure(spec: Mapping[str, Any]) -> Figure:
    """Read a Vega-Lite figure, as Altair publishes it.

    Args:
        spec: The specification with its data.

    Raises:
        CannotRead: It computes what it draws, or is of a kind that is not read.
    """
    datasets = spec.get("datasets") if isinstance(spec.get("datasets"), Mapping) else {}
    axes = _views(spec, datasets or {}, None, ())
    if not axes:
        raise CannotRead("an Altair figure of a kind that is not read")
    words = (_titled(spec.get("title")),) if len(axes) > 1 and spec.get("title") else ()
    return Figure(tuple(axes), words, is_interactive=True)


def _views(
    spec: Mapping[str, Any], datasets: Mapping[str, Any], rows: list[Row] | None, heading: tuple[str, ...]
) -> list[Axes]:
    rows = _rows(spec, datasets, rows)
    for key in ("hconcat", "vconcat", "concat"):
        if isinstance(spec.get(key), list):
            return [axes for part in spec[key][:20] for axes in _views(part, datasets, rows, heading)]
    if isinstance(spec.get("spec"), Mapping):
        inner, facet = spec["spec"], spec.get("facet")
        if isinstance(spec.get("repeat"), Mapping | list):
            raise CannotRead("an Altair figure that repeats a plot")
        if isinstance(facet, Mapping) and rows is not None:
            return _facets(inner, datasets, rows, [facet] if "field" in facet else list(facet.values()), heading)
    layers = spec["layer"][:50] if isinstance(spec.get("layer"), list) else [spec]
    shared = spec.get("encoding", {}) if "layer" in spec else {}
    facets = [channel for part in layers for name, channel in (part.get("encoding") or {}).items() if name in _FACETS]
    if facets and rows is None:
        rows = _rows(layers[0], datasets, None)
    if facets and rows is not None:
        bare = [_without_facets(part) for part in layers]
        return _facets({"layer": bare, "encoding": shared}, datasets, rows, facets, heading)
    return _layered(layers, shared, datasets, rows, spec, heading)


def _without_facets(part: Mapping[str, Any]) -> dict[str, Any]:
    """A layer that draws the rows it is given."""
    encoding = {name: channel for name, channel in (part.get("encoding") or {}).items() if name not in _FACETS}
    return {key: content for key, content in part.items() if key not in ("data", "transform")} | {"encoding": encoding}


def _facets(
    inner: Mapping[str, Any],
    datasets: Mapping[str, Any],
    rows: list[Row],
    facets: Sequence[Any],
    heading: tuple[str, ...],
) -> list[Axes]:
    fields = [_field(facet) for facet in facets if isinstance(facet, Mapping) and "field" in facet]
    values = list(dict.fromkeys(tuple(str(row.get(name)) for name in fields) for row in rows))[:20]
    found = []
    for value in values:
        part = [row for row in rows if tuple(str(row.get(name)) for name in fields) == value]
        without = {key: content for key, content in inner.items() if key != "data"}
        found += _views(without, datasets, part, (*heading, *value))
    return found


def _layered(
    layers: Sequence[Mapping[str, Any]],
    shared: Mapping[str, Any],
    datasets: Mapping[str, Any],
    rows: list[Row] | None,
    spec: Mapping[str, Any],
    heading: tuple[str, ...],
) -> list[Axes]:
    independent = (spec.get("resolve") or {}).get("scale", {}).get("y") == "independent"
    categories: tuple[list[str], list[str]] = ([], [])
    drawn: list[tuple[list[Series], list[Words], list[Entry], tuple[str, str], tuple[bool, bool]]] = []
    problem: CannotRead | None = None
    for layer in layers:
        if isinstance(layer.get("layer"), list):
            inner = {**layer, "encoding": {**shared, **(layer.get("encoding") or {})}}
            drawn += [_as_layer(axes) for axes in _views(inner, datasets, rows, ())]
            continue
        encoding = {**shared, **(layer.get("encoding") or {})}
        try:
            drawn.append(_mark(layer, encoding, _rows(layer, datasets, rows) or [], categories))
        except CannotRead as found:
            problem = found
    if not any(series for series, *_ in drawn):
        raise problem or CannotRead("an Altair figure of a kind that is not read")
    title = " ".join(filter(None, (_titled(spec.get("title")), *heading)))
    ticks = tuple(tuple((float(place), name) for place, name in enumerate(names)) for names in categories)
    parts = [[part] for part in drawn] if independent else [drawn]
    return [
        Axes(
            series=tuple(one for series, *_ in part for one in series),
            title=title,
            xlabel=next((labels[0] for *_, labels, _ in part if labels[0]), ""),
            ylabel=next((labels[1] for *_, labels, _ in part if labels[1]), ""),
            is_log=next((logs for *_, logs in part if any(logs)), (False, False)),
            ticks=(ticks[0], ticks[1]),
            texts=tuple(text for _, words, *_ in part for text in words),
            legend=tuple(dict.fromkeys(entry for _, _, entries, *_ in part for entry in entries)),
            twins=tuple(range(len(parts))) if independent else (),
        )
        for part in parts
        if independent or any(series for series, *_ in part)
    ]


def _as_layer(axes: Axes) -> tuple[list[Series], list[Words], list[Entry], tuple[str, str], tuple[bool, bool]]:
    return list(axes.series), list(axes.texts), list(axes.legend), (axes.xlabel, axes.ylabel), axes.is_log


def _rows(spec: Mapping[str, Any], datasets: Mapping[str, Any], outer: list[Row] | None) -> list[Row] | None:
    """The rows that a view draws: its own or its surroundings', through the transformations that only rearrange."""
    data = spec.get("data")
    rows = outer
    if isinstance(data, Mapping):
        found = datasets.get(str(data.get("name"))) if "name" in data else data.get("values")
        if not isinstance(found, list):
            raise CannotRead("an Altair figure whose data lie elsewhere")
        rows = [row for row in found[:MAX_ROWS] if isinstance(row, Mapping)]
    for step in spec.get("transform") or []:
        if (
            not isinstance(step, Mapping)
            or "fold" not in step
            or rows is None
            or len(rows) * len(step["fold"]) > MAX_ROWS
        ):
            raise CannotRead("an Altair figure that computes what it draws")
        key, value = (step.get("as") or ["key", "value"])[:2]
        rows = [{**row, key: name, value: row.get(name)} for row in rows for name in step["fold"]]
    return rows


def _field(channel: Any) -> str:
    """The column that a channel shows."""
    if not isinstance(channel, Mapping) or "field" not in channel:
        return ""
    if (
        channel.get("aggregate") not in (None, "mean", "average", "median", "min", "max", "sum")
        or channel.get("bin")
        or channel.get("timeUnit")
    ):
        raise CannotRead("an Altair figure that computes what it draws")
    field = channel["field"]
    if not isinstance(field, str):
        raise CannotRead("an Altair figure that repeats a plot")
    return field.replace("\\", "")


def _mark(
    layer: Mapping[str, Any], encoding: Mapping[str, Any], rows: Sequence[Row], categories: tuple[list[str], list[str]]
) -> tuple[list[Series], list[Words], list[Entry], tuple[str, str], tuple[bool, bool]]:
    mark = layer.get("mark")
    kind = str(mark.get("type") if isinstance(mark, Mapping) else mark)
    x, y = encoding.get("x") or {}, encoding.get("y") or {}
    fields = _field(x), _field(y)
    labels = (_axis_title(x), _axis_title(y))
    logs = tuple(((channel.get("scale") or {}).get("type") == "log") for channel in (x, y))
    splits = {
        name: _field(encoding[name])
        for name in _SPLITS
        if isinstance(encoding.get(name), Mapping) and "field" in encoding[name]
    }
    fixed = [
        str(channel["datum"])
        for name, channel in encoding.items()
        if name in _SPLITS and isinstance(channel, Mapping) and "datum" in channel
    ]
    written = (
        _field(encoding["text"])
        if kind == "text" and isinstance(encoding.get("text"), Mapping) and "field" in encoding["text"]
        else ""
    )
    seen = [name for name in splits if name != "detail" and encoding[name].get("legend", True) is not None]
    groups: dict[tuple[str, ...], list[Point]] = {}
    words: list[Words] = []
    hidden = [_field(each) for each in _listed(encoding.get("tooltip"))]
    for row in rows:
        place = tuple(_number(row.get(field), categories[way]) if field else None for way, field in enumerate(fields))
        if place[0] is None or place[1] is None:
            continue
        at = (place[0], place[1])
        if kind == "text":
            text = row.get(written) if written else (mark.get("text") if isinstance(mark, Mapping) else None)
            if text is None and isinstance(encoding.get("text"), Mapping):
                text = encoding["text"].get("value")
            words.append(Words(_plain(str(text if text is not None else "")), at))
        elif kind in _MARKS:
            shown = tuple(str(row.get(splits[name])) for name in seen)
            quiet = tuple(str(row.get(field)) for name, field in splits.items() if name not in seen)
            quiet += tuple(str(row.get(field)) for field in hidden if field) if _MARKS[kind] != "line" else ()
            groups.setdefault((" ".join(dict.fromkeys(shown)), " ".join(quiet)), []).append(at)
    series = [
        Series(
            points=tuple(_aggregated(points, (x, y))),
            kind=_MARKS[kind],
            label=" ".join(filter(None, (name, *fixed))),
            hidden_label=" ".join(filter(None, (name, *fixed, quiet))),
            colors=frozenset({name}) if name else frozenset(),
        )
        for (name, quiet), points in groups.items()
    ]
    entries = [Entry(one.label, one.colors) for one in series if one.label]
    return series, words, entries, labels, (bool(logs[0]), bool(logs[1]))


def _aggregated(points: list[Point], channels: Sequence[Mapping[str, Any]]) -> Iterable[Point]:
    """A mean of one value is that value; of several, it is computed, which is not read."""
    if not any(channel.get("aggregate") for channel in channels):
        return points
    ways = [way for way, channel in enumerate(channels) if not channel.get("aggregate")]
    if len({tuple(point[way] for way in ways) for point in points}) < len(points):
        raise CannotRead("an Altair figure that computes what it draws")
    return points


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found] if isinstance(found, Mapping) else []


def _axis_title(channel: Mapping[str, Any]) -> str:
    axis = channel.get("axis") if "axis" in channel else {}
    if axis is None:
        return ""
    for place in (channel, axis):
        if isinstance(place, Mapping) and "title" in place:
            return _titled(place["title"])
    return str(channel.get("field", ""))
