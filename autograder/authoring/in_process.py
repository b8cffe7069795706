"""Notebook, judge and worker in one process, without a seal: the same code as when a class is graded, less the sockets.

For code of one's own only. Nothing is limited, `breakpoint()` works in check pages and answers, and what they print is
seen. `prepare_process` has to come before anything imports TensorFlow.
"""

import contextlib
import hashlib
import hmac
import importlib
import json
import os
import pdb  # noqa: T100 (it is what authors stop with)
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from autograder.authoring.deferring import Deferred, Effects
from autograder.course.exercise import Exercise
from autograder.course.notebooks import Prepared, prepare, read_notebook
from autograder.grading.judging import Judgement, Task, answer, task_of
from autograder.grading.notebook_run import cell_name, cell_seed, error_of_cell
from autograder.judge.cell_errors import CellError
from autograder.judge.verdict import CheckResult, Outcome
from autograder.kernels.settings import REPEATABLE, STANDARD

Watch = Callable[[str, BaseException], None]
NOTHING: Mapping[str, Outcome] = MappingProxyType({})


def prepare_process() -> None:
    """Set this process up as kernels are: one thread, repeatable sums, figures that nobody sees."""
    shown = {"MPLBACKEND": "agg", "PLOTLY_RENDERER": "plotly_mimetype"}
    os.environ.update(STANDARD | REPEATABLE | shown | {"NBGRADER_EXECUTION": "autograde"})
    sys.breakpointhook = _breakpoint


def warm_up(exercise: Exercise) -> None:
    """Import what every run imports and do what every run would do again; leaves no TensorFlow operation behind.

    Args:
        exercise: What is going to be tried.
    """
    from autograder.grading.ahead import imported_ahead, warm_ups

    modules = imported_ahead((*exercise.pages, *exercise.beside))
    for module in modules:
        importlib.import_module(module)
    for called in warm_ups(modules):
        module, _, function = called.partition(":")
        getattr(importlib.import_module(module), function)()
    if "keras" in sys.modules:
        from autograder.authoring import remembered_fits
        from autograder.kernels.inner import quick_fit

        quick_fit.install()
        remembered_fits.install()


def key_of(exercise: Exercise, draws: int) -> bytes:
    """Return a key for draws that everybody may know.

    Args:
        exercise: The exercise.
        draws: Which draws: another number asks about other arrays, tables and models.
    """
    return hmac.digest(f"draws {draws}".encode(), exercise.name.encode(), hashlib.sha256)


class LocalRun:
    """A notebook whose cells run in this process, as `NotebookRun` runs them in a kernel.

    Args:
        prepared: The notebook.
        seed_text: Text from which the seed of every cell is derived.
    """

    kernels = 1
    held_up = ""

    def __init__(self, prepared: Prepared, seed_text: str) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        from autograder.kernels import probe, trainings

        config = Config()
        config.HistoryManager.enabled = False  # would be a database file and a thread
        config.InteractiveShell.colors = "nocolor"
        self._probe = probe
        make_shell: Any = InteractiveShell
        make_shell.clear_instance()
        self._shell: Any = make_shell.instance(config=config)  # the one that `display` shows things to
        self._shell.enable_gui = lambda *_: None  # which `%matplotlib` asks for, and only kernels have
        _note_displays(self._shell, probe)
        self._cells, self._judged, self._seed_text = prepared.notebook.cells, dict(prepared.judged), seed_text
        self._next = 0
        self._deferred = Deferred()
        self.errors: dict[str, CellError] = {}
        trainings.forget_notebook()
        probe.before_cells()
        probe.forget_figures()

    @property
    def reached(self) -> int:
        """Place of the first cell that has not been run."""
        return self._next

    def start(self) -> None:
        """Nothing has to be started."""

    def run_until(self, grade_id: str) -> None:
        """Run all code cells before a judged cell that have not been run."""
        self.run_to(self._judged[grade_id])

    def run_to(self, place: int) -> None:
        """Run all code cells before a place that have not been run; judged cells are never run.

        Args:
            place: In the prepared notebook.
        """
        while self._next < place:
            index = self._next
            self._next += 1
            if self._cells[index].cell_type == "code" and index not in self._judged.values():
                self._run_cell(index)

    def leave_out(self, effects: Effects) -> None:
        """Leave the next cell out until something asks for what it leaves; see `deferring`.

        Args:
            effects: What it does beside leaving names.
        """
        self._deferred.leave_out(self._next, self._cells[self._next].source, effects)
        self._next += 1

    def catch_up(self, places: Sequence[int] | None = None) -> None:
        """Run cells that were left out.

        Args:
            places: Which; None for all.
        """
        for place in self._deferred.places if places is None else places:
            self._run_cell(place)

    @property
    def has_left_out_trainings(self) -> bool:
        """Whether cells that train something were left out and have not been run since."""
        return bool(self._deferred.training())

    def effects(self) -> Effects:
        """What the cells so far have done beside leaving names."""
        from autograder.kernels import figures, trainings

        return Effects(bool(trainings.notebook_trainings()), bool(figures.drawn))

    def take(self, prepared: Prepared) -> None:
        """Go on with another notebook that begins with the cells that have been run.

        Args:
            prepared: The other notebook.
        """
        self._cells, self._judged = prepared.notebook.cells, dict(prepared.judged)

    def _run_cell(self, index: int) -> None:
        import matplotlib.pyplot as plt

        from autograder.kernels import cell_trainings
        from autograder.kernels.inner.kernel import seed_everything

        source = self._cells[index].source
        if index not in self._deferred.places:
            self.catch_up(self._deferred.needed_by(source, self._shell.user_ns))
        self._deferred.ran(index, source)
        name = cell_name(self._cells[index], index)
        seed_everything(cell_seed(self._seed_text, name))
        with cell_trainings.noting():
            ran = self._shell.run_cell(source, store_history=False)
        self._probe.after_cell()
        plt.close("all")  # as the inline backend does
        error = ran.error_before_exec or ran.error_in_exec
        if error is not None:
            checks = (self._cells[place].source for place in self._judged.values())
            self.errors[name] = error_of_cell(source, type(error).__name__, str(error), checks)

    def probe(
        self, content: dict[str, Any], buffers: Sequence[bytes], cpu_seconds: float, wall_seconds: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Carry a question of the judge to the probe, without limits; what student code printed is shown."""
        del cpu_seconds, wall_seconds
        if self._deferred.places:
            self._catch_up_with(content)
        started = time.perf_counter()
        found, arrays = self._probe.handle(content, buffers, self._shell.user_ns)
        found["waited_seconds"] = time.perf_counter() - started
        if found.get("printed"):
            sys.stdout.write(found["printed"])
        return _as_json(found), arrays

    def _catch_up_with(self, content: dict[str, Any]) -> None:
        """Run what a question is about."""
        names = {content["name"], *content.get("mended", ())} if "name" in content else set()
        self.catch_up(self._deferred.needed_for(names, self._shell.user_ns))
        if content["op"] in ("noted", "trained"):
            self.catch_up(self._deferred.training())
        elif content["op"] == "figures":
            self.catch_up(self._deferred.drawing())


def _note_displays(shell: Any, probe: Any) -> None:
    """Note what cells display, and make pictures of figures, as a kernel does and IPython alone does not."""
    from IPython.core import pylabtools

    select_figure_formats: Any = pylabtools.select_figure_formats
    select_figure_formats(shell, {"png"})
    publish, formatted = shell.display_pub.publish, shell.displayhook.compute_format_data

    def publish_noted(data: Any, *args: Any, **kwargs: Any) -> Any:
        probe.displayed({"content": {"data": data}})
        return publish(data, *args, **kwargs)

    def formatted_and_noted(result: Any) -> Any:
        found = formatted(result)
        probe.displayed({"content": {"data": found[0]}})
        return found

    shell.display_pub.publish, shell.displayhook.compute_format_data = publish_noted, formatted_and_noted


class _DirectChannel:
    """Both ends of the conversation of judge and worker: what the judge sends is answered before `send` returns."""

    def __init__(self, take: Callable[[Any, dict[str, Any], list[bytes]], None]) -> None:
        self._take = take
        self._replies: deque[tuple[dict[str, Any], list[bytes]]] = deque()

    def send(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send one message to the worker."""
        self._take(_Replies(self._replies), _as_json(content), list(buffers))

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the worker's answer."""
        return self._replies.popleft()


class _Replies:
    def __init__(self, replies: deque[tuple[dict[str, Any], list[bytes]]]) -> None:
        self._replies = replies

    def send(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        self._replies.append((_as_json(content), list(buffers)))

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
        raise NotImplementedError("the worker is asked; it asks nothing")


def judge_here(
    run: LocalRun,
    task: Task,
    checks: Collection[str] | None = None,
    *,
    known: Mapping[str, Outcome] = NOTHING,
    aloud: bool = False,
    watch: Watch | None = None,
    stops_early: bool = False,
) -> dict[str, tuple[str, CheckResult]]:
    """Judge a notebook in this process.

    Args:
        run: The notebook.
        task: What to do with it.
        checks: Names of those to run; None for all.
        known: Outcomes of others that have been run: what lost points is stood in for. The rest is taken to pass.
        aloud: Let checks print and stop at breakpoints, and seek a small input for which they fail.
        watch: Called with the name of each check that does not pass, and what it raised.
        stops_early: End with the first check that does not pass.

    Returns:
        By name of check: grade_id of its cell, and the result.

    Raises:
        JudgeFailed: The check pages do not fit the notebook.
        RuntimeError: The check pages cannot be read; the text is pytest's.
    """
    from autograder.judge.session import plugin_for, run_page
    from autograder.kernels import cell_trainings

    judgement = Judgement()
    channel = _DirectChannel(
        lambda replies, content, buffers: answer(replies, content, buffers, run, judgement, task.cells)
    )
    decided = {} if checks is None else dict.fromkeys(_others(task, checks), Outcome.PASS) | dict(known)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    plugin = plugin_for(task.request([str(page) for page in task.pages], decided), channel)
    plugin.watch, plugin.shrinks, plugin.stops_early = watch, aloud, stops_early
    with cell_trainings.aside():  # the judge's own models train and answer here as well
        status, said = run_page(task.pages, plugin, aloud=aloud)
    if status not in (0, 1, 5) and not (status == 2 and stops_early):  # 5: nothing was to be run; 2: stopped
        raise RuntimeError(said or f"pytest ended with status {status}")
    return judgement.results


def _others(task: Task, checks: Collection[str]) -> list[str]:
    from autograder.authoring.pages import checks_of

    return [name for name in checks_of(tuple(task.pages)) if name not in checks]


def run_of(notebook: bytes, exercise: Exercise) -> LocalRun:
    """Return a notebook, ready to be run here.

    Args:
        notebook: As handed in.
        exercise: Which exercise it answers.
    """
    return LocalRun(prepare(read_notebook(notebook), exercise), exercise.name)


def task_here(exercise: Exercise, draws: int, data_source: str) -> Task:
    """Return what a judge is to do with a notebook of an exercise.

    Args:
        exercise: The exercise.
        draws: Which draws, see `key_of`.
        data_source: Where the course's images come from.
    """
    return task_of(exercise, key_of(exercise, draws), data_source)


def _as_json(content: dict[str, Any]) -> dict[str, Any]:
    """Make of a message what a socket makes of it: tuples become lists, and what is no JSON is an error."""
    made: dict[str, Any] = json.loads(json.dumps(content))
    return made


def _breakpoint(*_: Any, **__: Any) -> None:
    """Stop with a prompt on the terminal, also while the output of student code is caught."""
    with contextlib.redirect_stdout(sys.__stdout__):
        pdb.Pdb(stdin=sys.__stdin__, stdout=sys.__stdout__).set_trace(sys._getframe(1))  # noqa: SLF001
