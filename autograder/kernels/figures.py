"""What a notebook shows as figures: their data, names and words, noted as they are shown. Never how they were drawn.

Stand-alone, like `probe.py`, which loads it by path in a kernel. A note is plain JSON, one of

    {"kind": "matplotlib", "axes": [...], "words": [...], "legend": [...]}       see `_describe_axes`
    {"kind": "plotly" | "vega", "spec": {...}}                                    as the library published it
    {"kind": "html", "text": "..."}                                               a page with a picture or a script
    {"kind": "picture", "what": "..."}                                            pixels, of which nothing can be read
    {"kind": "large", "what": "..."}                                              more than is carried

A note also says in which `stage` it was made: a stage ends when the judge asks its questions and cells run afterwards.

Figures of matplotlib are noted when pyplot still holds them after a cell, when pyplot forgets them, and when anything
makes a picture of them; those of other libraries when they are displayed. What is noted twice counts once.
"""

import base64
import contextlib
import json
import math
import weakref
import zlib
from collections import deque
from typing import Any

import numpy as np
from matplotlib import _pylab_helpers
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.colors import to_hex, to_rgba_array

MAX_FIGURES = 60
MAX_NOTE_BYTES = 1_000_000
MAX_BYTES = 3_000_000
"""Of all notes together, the newest first; an answer of the probe may hold a little more."""
MAX_AXES, MAX_SERIES, MAX_POINTS, MAX_TEXTS = 20, 120, 500, 200
LEAST_PICTURE = 150
"""Pixels in each direction of a picture that may show a figure; the images of the course are smaller."""

Note = dict[str, Any]
drawn: deque[Note] = deque(maxlen=MAX_FIGURES)
"""The notes on the last figures, the newest last."""
_notes: "weakref.WeakKeyDictionary[Any, Note]" = weakref.WeakKeyDictionary()
"""The note on each figure that still exists: noted again, it is brought up to date, so that it counts once."""
_stage = [0, False]
"""The number of the stage, and whether the judge has asked since it began."""


def note_open(_shell: Any = None) -> None:
    """Note what the open figures show. Called after each cell, before the inline backend closes them."""
    for manager in list(_pylab_helpers.Gcf.figs.values()):
        _note(manager.canvas.figure)


def watch_displays(shell: Any) -> None:
    """Note what a shell displays from now on."""
    for place in (shell.display_pub, shell.displayhook):
        with contextlib.suppress(AttributeError):
            place.register_hook(displayed)


def forget() -> None:
    """Forget what was drawn so far: a notebook begins."""
    drawn.clear()
    _notes.clear()
    _stage[:] = [0, False]


def asked() -> None:
    """The judge has asked something: what is noted from now on belongs to another stage."""
    _stage[1] = True


def _current_stage() -> int:
    if _stage[1]:
        _stage[:] = [_stage[0] + 1, False]
    return _stage[0]


def report() -> dict[str, Any]:
    """Return the number of the stage, and the notes, the newest first, as many as can be carried."""
    room: int = MAX_BYTES
    kept: list[Note] = []
    for note in reversed(drawn):
        room -= _size(note)
        if room < 0:
            kept.append({"kind": "large", "what": "more figures than are looked at", "stage": note.get("stage")})
            break
        kept.append(note)
    return {"stage": _stage[0], "figures": kept}


def _note(figure: Any) -> None:
    with contextlib.suppress(Exception):  # a figure that cannot be described is no reason to fail the cell
        described = _describe(figure) | {"stage": _current_stage()}
        if figure not in _notes:
            _notes[figure] = {}
        if not any(note is _notes[figure] for note in drawn):
            drawn.append(_notes[figure])
        _notes[figure].clear()
        _notes[figure].update(described)


def _note_before_closing() -> None:
    """Note figures also when they are closed within a cell: `plt.show()` closes what it has shown."""
    for name in ("destroy", "destroy_all"):
        original = getattr(_pylab_helpers.Gcf, name)

        def closing(_cls: Any, *args: Any, _original: Any = original) -> Any:
            note_open()
            return _original(*args)

        setattr(_pylab_helpers.Gcf, name, classmethod(closing))


def _note_when_printed() -> None:
    """Note figures that pyplot does not know, when they become a picture: displayed, returned or saved."""
    original = FigureCanvasBase.print_figure

    def print_figure(canvas: Any, *args: Any, **kwargs: Any) -> Any:
        if not any(manager.canvas.figure is canvas.figure for manager in _pylab_helpers.Gcf.figs.values()):
            _note(canvas.figure)
        return original(canvas, *args, **kwargs)

    FigureCanvasBase.print_figure = print_figure  # type: ignore[method-assign, assignment]


_note_before_closing()
_note_when_printed()


def _size(note: Note) -> int:
    try:
        return len(json.dumps(note))
    except (TypeError, ValueError, RecursionError):
        return MAX_BYTES + 1


# --- what is displayed


def displayed(message: Any) -> Any:
    """Note one display, from the message that carries it; the message goes on as it is."""
    with contextlib.suppress(Exception):  # whatever a student displays is no reason to fail the cell
        data = message["content"]["data"]
        note = _of_bundle(data)
        if note is not None:
            kept = note if _size(note) <= MAX_NOTE_BYTES else {"kind": "large", "what": note["kind"]}
            drawn.append(kept | {"stage": _current_stage()})
    return message


def _of_bundle(data: dict[str, Any]) -> Note | None:
    for mime, content in data.items():
        if mime.startswith("application/vnd.plotly"):
            return {"kind": "plotly", "spec": {key: content.get(key) for key in ("data", "layout")}}
        if mime.startswith("application/vnd.vega"):
            return {"kind": "vega", "spec": content}
    if str(data.get("text/plain", "")).startswith("[figure: "):
        return None  # what `transferlab.show` shows is matplotlib's, noted when it was drawn
    html = data.get("text/html")
    if isinstance(html, str) and (found := _of_html(html)) is not None:
        return found
    if str(data.get("text/plain", "")).startswith("<Figure size"):
        return None  # matplotlib's, noted when it was drawn
    for mime in ("image/png", "image/jpeg", "image/gif", "image/svg+xml"):
        if mime in data and _may_show_a_figure(mime, data[mime]):
            return {"kind": "picture", "what": mime}
    return None


def _of_html(html: str) -> Note | None:
    """What of a page may hold a figure: from the call that draws it on, without the library that it may bring."""
    for call in ("Plotly.newPlot(", "vegaEmbed"):
        if (place := html.rfind(call)) >= 0:
            start = place if call.endswith("(") else 0
            return {"kind": "html", "text": html[start : start + MAX_NOTE_BYTES]}
    if any(tag in html for tag in ("<svg", "<canvas", "<img", "<iframe", "<script")):
        return {"kind": "html", "text": html[:200]}
    return None


def _may_show_a_figure(mime: str, content: Any) -> bool:
    """Whether pixels are so many that they may show a figure; PNG says it in its head."""
    if mime != "image/png" or not isinstance(content, str):
        return True
    head = base64.b64decode(content[:64])
    return min(int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")) >= LEAST_PICTURE


# --- matplotlib


def _describe(figure: Any) -> Note:
    every = list(figure.axes)[:MAX_AXES]
    words = [*figure.texts, figure._suptitle, figure._supxlabel, figure._supylabel]  # noqa: SLF001
    for part in figure.subfigs:
        words += [*part.texts, part._suptitle]  # noqa: SLF001
    note = {
        "kind": "matplotlib",
        "axes": [_describe_axes(axes, every) for axes in every],
        "words": [_text(word.get_text()) for word in words if word is not None and word.get_text()][:MAX_TEXTS],
        "legend": [entry for legend in figure.legends for entry in _entries(legend)],
    }
    return note if _size(note) <= MAX_NOTE_BYTES else {"kind": "large", "what": "a figure of matplotlib"}


def _describe_axes(axes: Any, every: list[Any]) -> dict[str, Any]:
    axes.get_xlim()  # what is autoscaled lazily is now; places below depend on it
    axes.get_ylim()
    labels = _labels_of_containers(axes)
    series = [_line(line, labels.get(id(line), "")) for line in axes.lines]
    unread = 0
    for collection in axes.collections:
        parts = _collection(collection, labels.get(id(collection), ""))
        unread += parts is None
        series += parts or []
    series += _bars(axes, labels)
    over = axes._twinned_axes.get_siblings(axes)  # noqa: SLF001 (nothing else tells)
    twins = [place for place, other in enumerate(every) if other in over]
    legends = [found for found in (axes.get_legend(), *axes.artists) if hasattr(found, "legend_handles")]
    return {
        "twins": twins,
        "title": " ".join(filter(None, (_text(axes.get_title(loc=side)) for side in ("left", "center", "right")))),
        "xlabel": _text(axes.get_xlabel()),
        "ylabel": _text(axes.get_ylabel()),
        "xscale": str(axes.get_xscale()),
        "yscale": str(axes.get_yscale()),
        "xticks": _ticks(axes.xaxis),
        "yticks": _ticks(axes.yaxis),
        "texts": [found for text in list(axes.texts)[:MAX_TEXTS] if (found := _placed(axes, text))["text"]],
        "legend": [entry for legend in legends for entry in _entries(legend)],
        "series": [found for found in series if found["x"]][:MAX_SERIES],
        "images": [list(np.shape(image.get_array()))[:3] for image in list(axes.images)[:MAX_SERIES]],
        "unread": unread,
        "is_flat": axes.name == "rectilinear",
        "is_colorbar": getattr(axes, "_colorbar", None) is not None,
    }


def _labels_of_containers(axes: Any) -> dict[int, str]:
    """Labels that matplotlib keeps at a group of artists, such as an error bar, by artist."""
    return {
        id(artist): str(container.get_label())
        for container in axes.containers
        if container.get_label() and not str(container.get_label()).startswith("_")
        for artist in container.get_children()
    }


def _series(x: Any, y: Any, kind: str, label: str, colors: list[str], **more: Any) -> dict[str, Any]:
    label = "" if label.startswith("_") else _text(label)
    return {"x": _numbers(x), "y": _numbers(y), "kind": kind, "label": label, "colors": sorted(set(colors)), **more}


def _line(line: Any, label: str) -> dict[str, Any]:
    return _series(
        line.get_xdata(orig=False),
        line.get_ydata(orig=False),
        "points" if line.get_linestyle() in ("None", "", " ") else "line",
        str(line.get_label()) if not str(line.get_label()).startswith("_") else label,
        _line_colors(line),
        marker=_marker_of_line(line),
        dash=_dash(line),
    )


def _line_colors(line: Any) -> list[str]:
    colors = [] if line.get_linestyle() in ("None", "", " ") else [line.get_color()]
    if line.get_marker() not in ("None", "", " ", None):
        colors += [line.get_markerfacecolor(), line.get_markeredgecolor()]
    return _hexes(colors)


def _dash(line: Any) -> str:
    return f"{line.get_linestyle()} {getattr(line, '_unscaled_dash_pattern', '')}"


def _marker_of_line(line: Any) -> str:
    style = line._marker  # noqa: SLF001 (its outline is compared)
    return "" if not style else _shape(style.get_path().transformed(style.get_transform()))


def _shape(path: Any) -> str:
    """A short name of a marker's outline, the same in lines, clouds of points and legends."""
    return f"{zlib.crc32(np.round(np.asarray(path.vertices, float), 3).tobytes()):x}" if len(path.vertices) else ""


def _collection(collection: Any, label: str) -> list[dict[str, Any]] | None:
    """A cloud of points, one series for each of its styles; or line segments. None: of a kind that is not read."""
    label = str(collection.get_label()) if not str(collection.get_label()).startswith("_") else label
    kind = type(collection).__name__
    if kind == "LineCollection":
        colors = _hexes(collection.get_colors())
        parts = [np.asarray(part, float) for part in collection.get_segments()[:MAX_SERIES]]
        return [
            _series(part[:, 0], part[:, 1], "line", label, [colors[place % len(colors)]] if colors else [])
            for place, part in enumerate(parts)
            if len(part)
        ]
    if kind != "PathCollection":
        return [] if kind in ("PolyCollection", "FillBetweenPolyCollection") else None
    places: Any = np.ma.filled(np.ma.asarray(collection.get_offsets(), float), np.nan)[:MAX_POINTS]
    values = None if collection.get_array() is None else np.asarray(collection.get_array(), float).reshape(-1)
    looks = [_look(collection, place, values) for place in range(len(places))]
    groups: dict[Any, list[int]] = {}
    for place, look in enumerate(looks):
        groups.setdefault((look[0], look[1]), []).append(place)
    bar = getattr(collection, "colorbar", None)
    return [
        _series(
            places[rows, 0],
            places[rows, 1],
            "points",
            label,
            list(colors),
            marker=marker,
            values=_numbers(values[rows]) if values is not None and len(values) == len(places) else [],
            colorbar=_ticks(bar.long_axis) if bar is not None else None,
            bounds=_numbers(getattr(bar.norm, "boundaries", ())) if bar is not None else [],
        )
        for (colors, marker), rows in groups.items()
    ]


def _look(collection: Any, place: int, values: Any) -> tuple[tuple[str, ...], str]:
    paths = collection.get_paths()
    marker = _shape(paths[place % len(paths)]) if len(paths) else ""
    if values is not None:
        return (tuple(_hexes([collection.cmap(collection.norm(values[place % len(values)]))])), marker)
    faces, edges = collection.get_facecolors(), collection.get_edgecolors()
    found = faces if len(faces) else edges
    return (tuple(_hexes([found[place % len(found)]])) if len(found) else (), marker)


def _bars(axes: Any, labels: dict[int, str]) -> list[dict[str, Any]]:
    """Bars, one series for each colour of each group: the place of a bar and what it stands for."""
    series = []
    grouped = {id(patch): container for container in axes.containers for patch in container.get_children()}
    groups: dict[Any, list[Any]] = {}
    for patch in axes.patches:
        if hasattr(patch, "get_data") and hasattr(patch, "orientation"):  # stairs
            values, edges, _ = patch.get_data()
            middles = (np.asarray(edges, float)[1:] + np.asarray(edges, float)[:-1]) / 2
            series.append(_series(middles, values, "line", str(patch.get_label()), _hexes([patch.get_edgecolor()])))
        elif hasattr(patch, "get_width"):
            container = grouped.get(id(patch))
            color = tuple(_hexes([patch.get_facecolor()]))
            groups.setdefault((id(container), color, _own_label(patch)), []).append((container, patch))
    for (_, color, own), members in groups.items():
        container, first = members[0]
        lies = getattr(container, "orientation", "vertical") == "horizontal"
        middles = [p.get_y() + p.get_height() / 2 if lies else p.get_x() + p.get_width() / 2 for _, p in members]
        values = [patch.get_width() if lies else patch.get_height() for _, patch in members]
        x, y = (values, middles) if lies else (middles, values)
        label = own or labels.get(id(first), "")
        series.append(_series(x, y, "bars", label, list(color), along="x" if lies else "y"))
    return series


def _own_label(artist: Any) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else label


def _entries(legend: Any) -> list[dict[str, Any]]:
    entries = []
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=False):
        colors: list[Any] = []
        marker = dash = ""
        if hasattr(handle, "get_markerfacecolor"):
            colors, marker, dash = _line_colors(handle), _marker_of_line(handle), _dash(handle)
        elif hasattr(handle, "get_facecolors"):
            faces = handle.get_facecolors()
            colors = _hexes(faces if len(faces) else handle.get_edgecolors())
            paths = handle.get_paths()
            marker = _shape(paths[0]) if type(handle).__name__ == "PathCollection" and len(paths) else ""
        elif hasattr(handle, "get_facecolor"):
            colors = _hexes([handle.get_facecolor()])
        entry = {"text": _text(text.get_text()), "colors": sorted(set(colors)), "marker": marker, "dash": dash}
        if entry["text"]:
            entries.append(entry)
    return entries[:MAX_TEXTS]


def _placed(axes: Any, text: Any) -> dict[str, Any]:
    """A text and the place it speaks of, in the axes' own numbers: what an annotation points at, else where it is."""
    place: Any = (None, None)
    with contextlib.suppress(Exception):
        if getattr(text, "xycoords", None) == "data":
            place = axes.convert_xunits(text.xy[0]), axes.convert_yunits(text.xy[1])
        elif hasattr(text, "xy"):
            renderer = axes.get_figure(root=True)._get_renderer()  # noqa: SLF001
            screen = text._get_xy(renderer, text.xy, text.xycoords)  # noqa: SLF001
            place = axes.transData.inverted().transform(screen)
        else:
            place = axes.transData.inverted().transform(text.get_transform().transform(text.get_unitless_position()))
    x, y = map(_number, place)
    return {"text": _text(text.get_text()), "x": x, "y": y, "colors": _hexes([text.get_color()])}


def _ticks(axis: Any) -> list[list[Any]]:
    places, texts = axis.get_majorticklocs(), axis.get_majorticklabels()
    return [[_number(place), _text(text.get_text())] for place, text in zip(places, texts, strict=False)][:MAX_TEXTS]


def _text(text: Any) -> str:
    return str(text)[:200]


def _hexes(colors: Any) -> list[str]:
    """Colours as text, whatever stands for them; how far they shine through is left out."""
    found = []
    for color in colors:
        with contextlib.suppress(ValueError, TypeError):
            red_green_blue = to_rgba_array(color)
            if len(red_green_blue) and red_green_blue[0][3] > 0:
                found.append(to_hex(red_green_blue[0][:3]))
    return found


def _numbers(values: Any) -> list[float | None]:
    return [
        _number(value) for value in np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).reshape(-1)[:MAX_POINTS]
    ]


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None
