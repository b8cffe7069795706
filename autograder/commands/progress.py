"""How far a class run is: a bar with counts on a terminal, a line now and then in a log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from autograder.classes.progress import Progress as Step

LINE_SECONDS = 30.0


class ClassProgress:
    """Shows the steps of a class run.

    Args:
        console: Where.
        name: What is graded.
        bar: The bar on a terminal; None: lines instead.
    """

    def __init__(self, console: Console, name: str, bar: Progress | None) -> None:
        self._console, self._name, self._bar = console, name, bar
        self._task: TaskID | None = bar.add_task(name, total=None, said="starting", left="") if bar else None
        self._next_line = 0.0

    def start(self, total: int) -> None:
        """Show how much there is.

        Args:
            total: Notebooks.
        """
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, total=total)
        else:
            self._say(f"{self._name}: {total} notebooks")

    def step(self, step: "Step") -> None:
        """Show one step; lines are at least half a minute apart, but for the last.

        Args:
            step: The step.
        """
        left = _left(step.seconds_left) if step.done < step.total else ""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=step.done, total=step.total, said=counts(step), left=left)
        elif time.monotonic() >= self._next_line or step.done == step.total:
            self._next_line = time.monotonic() + LINE_SECONDS
            share = f"{step.done}/{step.total}"
            self._say(f"{self._name}: {share}, {counts(step)}{f', {left}' if left else ''}")

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def counts(step: "Step") -> str:
    """Return what has come of the notebooks so far.

    Args:
        step: The latest step.
    """
    said = [f"{step.judged} graded"]
    said += [f"{step.known} known"] if step.known else []
    return ", ".join([*said, f"{step.unreadable} failed to read", f"{step.errors} errors of ours"])


@contextmanager
def showing_progress(console: Console, name: str) -> Iterator[ClassProgress]:
    """Show a class run.

    Args:
        console: Where.
        name: What is graded.

    Yields:
        What to tell about the run.
    """
    if not console.is_terminal:
        yield ClassProgress(console, name, None)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
    )
    with Progress(*columns, console=console) as bar:
        yield ClassProgress(console, name, bar)


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} left" if hours else f"{minutes}:{rest:02} left"
