"""Figures of Vega-Lite, which Altair draws with, read from the JSON that it publishes. Nothing is evaluated."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograder.judge.figure_specs import MAX_ROWS, CannotRead, number_or_category, plain_text, title_text
from autograder.judge.figures import Axes, Entry, Figure, Point, Series, Words

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
    words = (title_text(spec.get("title")),) if len(axes) > 1 and spec.get("title") else ()
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
            return [axes for part in _repeated(inner, spec["repeat"]) for axes in _views(part, datasets, rows, heading)]
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


def _repeated(inner: Mapping[str, Any], repeat: Any) -> list[Any]:
    """The plots that are one plot of several columns in turn, each with its columns put in."""
    ways = repeat if isinstance(repeat, Mapping) else {"repeat": repeat}
    if not set(ways) <= {"repeat", "row", "column"} or not all(isinstance(names, list) for names in ways.values()):
        raise CannotRead("an Altair figure that repeats a plot")
    chosen = itertools.islice(itertools.product(*ways.values()), 20)
    return [_with_columns(inner, dict(zip(ways, names, strict=True))) for names in chosen]


def _with_columns(part: Any, columns: Mapping[str, Any]) -> Any:
    if isinstance(part, Mapping):
        if set(part) == {"repeat"}:
            return columns.get(str(part["repeat"]))
        return {key: _with_columns(content, columns) for key, content in part.items()}
    return [_with_columns(content, columns) for content in part] if isinstance(part, list) else part


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
    title = " ".join(filter(None, (title_text(spec.get("title")), *heading)))
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
        place = tuple(
            number_or_category(row.get(field), categories[way]) if field else None for way, field in enumerate(fields)
        )
        if place[0] is None or place[1] is None:
            continue
        at = (place[0], place[1])
        if kind == "text":
            text = row.get(written) if written else (mark.get("text") if isinstance(mark, Mapping) else None)
            if text is None and isinstance(encoding.get("text"), Mapping):
                text = encoding["text"].get("value")
            words.append(Words(plain_text(str(text if text is not None else "")), at))
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
            return title_text(place["title"])
    return str(channel.get("field", ""))
