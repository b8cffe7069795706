"""What the figures of a notebook show: words and series, noted before they are closed. Never how they were drawn.

Stand-alone, like `probe.py`, which loads it by path in a kernel.
"""

import contextlib
import weakref
from collections import deque
from typing import Any

from matplotlib import _pylab_helpers

MAX_FIGURES = 20

drawn: deque[dict[str, Any]] = deque(maxlen=MAX_FIGURES)
"""The last figures: each `{"axes": [{"words": [...], "ticks": [...], "series": [points of each], "bars": count}]}`."""
_notes: "weakref.WeakKeyDictionary[Any, dict[str, Any]]" = weakref.WeakKeyDictionary()
"""The note on each figure that still exists: noted again, it is brought up to date, so that it counts once."""


def note_open(_shell: Any = None) -> None:
    """Note what the open figures show. Called after each cell, before the inline backend closes them."""
    for manager in list(_pylab_helpers.Gcf.figs.values()):
        with contextlib.suppress(Exception):  # a figure that cannot be described is no reason to fail the cell
            figure = manager.canvas.figure
            described = [_describe_axes(axes) for axes in figure.axes[:20]]
            if figure not in _notes:
                _notes[figure] = {}
                drawn.append(_notes[figure])
            _notes[figure]["axes"] = described


def _note_before_closing() -> None:
    """Note figures also when they are closed within a cell: `plt.show()` closes what it has shown."""
    for name in ("destroy", "destroy_all"):
        original = getattr(_pylab_helpers.Gcf, name)

        def closing(_cls: Any, *args: Any, _original: Any = original) -> Any:
            note_open()
            return _original(*args)

        setattr(_pylab_helpers.Gcf, name, classmethod(closing))


_note_before_closing()


def _describe_axes(axes: Any) -> dict[str, Any]:
    _, labels = axes.get_legend_handles_labels()
    legend = axes.get_legend()
    figure_legends = [text for found in axes.figure.legends for text in found.get_texts()]
    words = [*labels, *(text.get_text() for text in axes.texts), *(text.get_text() for text in figure_legends)]
    words += [text.get_text() for text in legend.get_texts()] if legend is not None else []
    words += [axes.get_title(loc=side) for side in ("left", "center", "right")]
    words += [axes.get_xlabel(), axes.get_ylabel()]
    ticks = [text.get_text() for text in (*axes.get_xticklabels(), *axes.get_yticklabels())]
    lines = [len(line.get_xdata()) for line in axes.lines]
    scatters = [len(found.get_offsets()) for found in axes.collections]
    return {
        "words": [str(word)[:200] for word in words if word][:100],
        "ticks": [str(word)[:200] for word in ticks if word][:100],
        "series": [int(count) for count in (*lines, *scatters)][:100],
        "bars": len(axes.patches),
    }
