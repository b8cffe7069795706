"""What every kernel would do again, done once in the template before forking."""

import inspect
import io
import sys
from typing import Any

from . import quick_fit, quick_trace


def main() -> None:
    """Warm up tracebacks, figures and Keras's `fit`."""
    inspect.getmodule(sys._getframe())  # noqa: SLF001 (it notes the file of every module, for the first traceback)
    if "keras" in sys.modules:
        quick_fit.install()
        quick_trace.install()
    if "matplotlib.pyplot" in sys.modules:
        _draw()


def _draw() -> None:
    """Draw a figure that nobody sees: fonts are found, glyphs loaded, and code that runs only now is imported."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes: Any = figure.subplots(1, 2)
    axes[0].plot([1, 2], [0.5, 1.0], marker="o", label="0123456789.-%")
    axes[0].legend()
    axes[1].imshow([[0, 1], [1, 0]])
    axes[1].set_title("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    figure.suptitle("warm")
    canvas.print_figure(io.BytesIO(), format="png", bbox_inches="tight")
