"""What every kernel would do again, done once in the template before forking."""

import functools
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
    if "tensorflow" in sys.modules:
        _let_numbers_be_checked()
    if "matplotlib.pyplot" in sys.modules:
        _draw()


def _let_numbers_be_checked() -> None:
    """Have `tf.debugging.enable_check_numerics` end TensorFlow's deterministic mode, in which it finds NaN in anything.

    That mode puts a NaN beside each sparse cross-entropy, for labels that are out of range, and the checks find it. A
    plain kernel is not in that mode; ours are, and with one thread they repeat themselves without it as well.
    """
    import tensorflow as tf
    from tensorflow.python.framework import config

    enable = tf.debugging.enable_check_numerics

    @functools.wraps(enable)
    def enable_check_numerics(*arguments: Any, **options: Any) -> None:
        config.disable_op_determinism()
        enable(*arguments, **options)

    tf.debugging.enable_check_numerics = enable_check_numerics


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
