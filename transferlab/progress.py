"""A line that says how far a training is; in Jupyter it is rewritten in place, in a terminal too, elsewhere silent."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import keras

_Item = TypeVar("_Item")
_WIDTH = 20
_SECONDS_BETWEEN = 0.2


class _Line:
    """One line of text, written anew as often as needed."""

    def __init__(self, what: str, total: int, unit: str) -> None:
        self.what, self.total, self.unit = what, total, unit
        self.begun = time.perf_counter()
        self.written = float("-inf")
        self.handle: Any = None

    def say(self, done: int) -> None:
        now = time.perf_counter()
        if done < self.total and now - self.written < _SECONDS_BETWEEN:
            return
        self.written = now
        self._write(self.text(done, now - self.begun), last=done >= self.total)

    def text(self, done: int, seconds: float) -> str:
        filled = _WIDTH * done // self.total
        bar = "█" * filled + "░" * (_WIDTH - filled)
        text = f"{self.what}  {bar}  {self.unit} {done} of {self.total}"
        if done >= self.total:
            return f"{text}, {seconds:.0f} s"
        return f"{text}, about {seconds / done * (self.total - done):.0f} s left" if done else text

    def _write(self, text: str, *, last: bool) -> None:
        if "ipykernel" in sys.modules:
            from IPython import display
            from IPython.core.getipython import get_ipython

            if get_ipython() is not None:
                if self.handle is None:
                    self.handle = display.DisplayHandle()  # type: ignore[no-untyped-call]
                    self.handle.display({"text/plain": text}, raw=True)
                else:
                    self.handle.update({"text/plain": text}, raw=True)
                return
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text}\x1b[K" + ("\n" if last else ""))
            sys.stderr.flush()


def progress(items: Sequence[_Item], what: str) -> Iterator[_Item]:
    """Go through a sequence and show how far one is.

    Args:
        items: What to go through.
        what: Stands in front of the bar, such as "learning rates".

    Yields:
        The items, one by one.
    """
    line = _Line(what, len(items), "run")
    for number, item in enumerate(items):
        line.say(number)
        yield item
    if len(items):
        line.say(len(items))


def epoch_bar(what: str) -> "keras.callbacks.Callback":
    """A callback for `fit` that shows one line in place of Keras's line an epoch; use it with `verbose=0`.

    Args:
        what: Stands in front of the bar, such as "baseline".

    Returns:
        The callback.
    """
    import keras

    class EpochBar(keras.callbacks.Callback):  # type: ignore[misc, unused-ignore]
        line: _Line

        def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - Keras passes it by name
            self.line = _Line(what, self.params["epochs"], "epoch")
            self.line.say(0)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            self.line.say(epoch + 1)

    return EpochBar()
