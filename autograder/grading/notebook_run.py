"""One submission's notebook in its sealed kernel: run cell by cell, questioned in between, started again if it dies.

A dead kernel costs only its culprit: a new one is started, the cells before are run again without the culprit, and
the run goes on. A kernel that nobody has killed may have been ended by a cell long before the one that runs (a timer,
a request to shut down), so the culprit is looked for. All kernels of a notebook live on one budget.
"""

import hashlib
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.course.exercise import grade_id_of, names_left
from autograder.course.notebooks import Prepared
from autograder.judge.cell_errors import CellError, missing_name
from autograder.judge.wording import is_of_a_stub, plain_words
from autograder.kernels.errors import KernelDied
from autograder.kernels.limits import Limits, in_words
from autograder.kernels.student import StudentKernel
from autograder.kernels.waiting import CellRun
from autograder.kernels.warm import Template
from autograder.kernels.watch import Spent, Turns, beyond_budget

MAX_KERNELS = 16
SETTLE_SECONDS = 2.0
"""How long a kernel is left alone to see whether what ran before ends it."""
TURN_SECONDS = 1.0
"""How often it is looked, while others have their turn, whether anything can be started at all."""
_MAX_ERROR = 600
_ENVIRONMENT = {"NBGRADER_EXECUTION": "autograde"}


class NotebookRun:
    """Drives one prepared notebook. Use as a context manager: the kernel is killed on the way out.

    Args:
        template: Warm template of student kernels.
        prepared: The notebook; its cells receive outputs and execution counts.
        files: What lies beside the notebook.
        limits: For each cell, and the kernel as a whole.
        seed_text: Text from which the seed of every cell is derived.
        turns: Shares the machine out among notebooks; None if this one has it for itself.
    """

    def __init__(
        self,
        template: Template,
        prepared: Prepared,
        files: Mapping[str, bytes],
        limits: Limits,
        seed_text: str,
        turns: Turns | None = None,
    ) -> None:
        self._template = template
        self._cells = prepared.notebook.cells
        self._judged = dict(prepared.judged)
        self._files = files
        self._limits = limits
        self._seed_text = seed_text
        self._turns = turns
        self._kernel: StudentKernel | None = None
        self._next = 0
        self._culprits: set[int] = set()
        self._executed = 0
        self.kernels = 0
        self.held_up = ""
        """Why this machine could not run the notebook to its end; empty if it could."""
        self._over = ""
        """Why no kernel is started any more."""
        self._spent = Spent()
        self.notes: list[str] = []
        self.missing: list[str] = []
        """Modules that cells import and kernels do not have."""
        self.errors: dict[str, CellError] = {}
        """How the cells ended that ended in an error, by grade_id or position."""
        self._output_bytes = 0
        self.student_cpu_seconds = 0.0
        self.start_cpu_seconds = 0.0
        self._own_processes = 0
        self.start_seconds = 0.0
        self.peak_memory_mib = 0.0
        """The most memory a kernel used beyond what it shares with the template."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop_kernel()

    @property
    def probe_cpu_seconds(self) -> float:
        """What the kernels used beyond starting and running cells. Complete once the run is left."""
        return max(0.0, self._spent.cpu_seconds - self.student_cpu_seconds - self.start_cpu_seconds)

    def start(self) -> None:
        """Start the kernel ahead of its first use."""
        self._alive()

    def run_until(self, grade_id: str) -> None:
        """Run all code cells before a judged cell that have not been run; judged cells are never run."""
        end = self._judged[grade_id]
        if self._turns is not None:
            self._turns.reaches(grade_id)
        while self._next < end:
            if self._runs(self._next):
                self._run_first(self._next)
            self._next += 1

    def probe(
        self, content: dict[str, Any], buffers: Sequence[bytes], cpu_seconds: float, wall_seconds: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Carry a question of the judge to the probe in the kernel.

        Raises:
            KernelGone: A limit stopped it, the kernel died, or it cannot be started any more; `reason` is in the
                student's words.
        """
        kernel = self._alive()
        if kernel is None:
            raise KernelDied(self._over)
        try:
            # an answer may cost what a cell may, if that is less
            return kernel.probe(
                content,
                buffers,
                cpu_seconds=min(cpu_seconds, self._limits.cell_cpu_seconds),
                wall_seconds=min(wall_seconds, self._limits.cell_wall_seconds),
            )
        except KernelDied:
            self._note_held_up(kernel)
            raise

    def _alive(self) -> StudentKernel | None:
        """Return the kernel; after a death, a new one in which the cells so far have been run again."""
        if self._kernel is not None and self._kernel.alive:
            return self._kernel
        # Whoever ended it may do so again, some time after he has run once more.
        is_open = self._kernel is not None and self._kernel.died_by_itself
        settle_seconds = 0.0
        while (kernel := self._start()) is not None:
            culprit, run, is_open_now = self._run_again(kernel, settle_seconds)
            if culprit is None and not (is_open and self._settles_not(kernel, SETTLE_SECONDS)):
                return kernel
            if culprit is not None and (settle_seconds or not is_open_now):
                self._blame(culprit, run, kernel)
                is_open, settle_seconds = False, 0.0
            else:  # it ended in or behind a cell that it survived the first time: look behind each of them
                is_open, settle_seconds = True, SETTLE_SECONDS
        return None

    def _start(self) -> StudentKernel | None:
        self._drop_kernel()
        if self.kernels >= MAX_KERNELS:
            self._over = self._over or "the notebook's kernel died too often and is not started again"
        spent = self._spent
        self._over = self._over or beyond_budget(self._limits, spent) or ""
        if self._over:
            return None
        while self._turns is not None and self._template.alive and not self._turns.wait(TURN_SECONDS):
            pass
        self.kernels += 1
        started = time.perf_counter()
        self._kernel = StudentKernel.start(
            self._template,
            files=self._files,
            limits=self._limits,
            environment=_ENVIRONMENT,
            seed=cell_seed(self._seed_text, "kernel"),
            spent=spent,
            turns=self._turns,
        )
        self.start_seconds += time.perf_counter() - started
        used = self._kernel.usage()
        self.start_cpu_seconds += used.cpu_seconds
        self._own_processes = used.processes
        return self._kernel

    def _run_again(self, kernel: StudentKernel, settle_seconds: float) -> tuple[int | None, CellRun | None, bool]:
        """Run the cells so far in a new kernel.

        Args:
            kernel: The kernel.
            settle_seconds: How long to wait, after each cell, whether the kernel ends.

        Returns:
            The cell in or behind which the kernel ended, what came of it, and whether nobody had killed it; None if it
            lives.
        """
        for index in filter(self._runs, range(self._next)):
            run = self._run(kernel, index)
            if self._is_gone(kernel, run) or (settle_seconds and self._settles_not(kernel, settle_seconds)):
                return index, run, kernel.died_by_itself
        return None, None, False

    def _settles_not(self, kernel: StudentKernel, wall_seconds: float) -> bool:
        """Whether a kernel ends while nothing is asked of it; the time comes off the notebook's own."""
        started = time.monotonic()
        ends = kernel.dies_within(wall_seconds)
        self._spent.idle_seconds += time.monotonic() - started
        return ends

    def _runs(self, index: int) -> bool:
        cell = self._cells[index]
        return cell.cell_type == "code" and index not in self._judged.values() and index not in self._culprits

    def _name(self, index: int) -> str:
        return cell_name(self._cells[index], index)

    def _run(self, kernel: StudentKernel, index: int) -> CellRun:
        run = kernel.run_cell(self._cells[index].source, seed=cell_seed(self._seed_text, self._name(index)))
        self.student_cpu_seconds += run.cpu_seconds
        return run

    def _is_gone(self, kernel: StudentKernel, run: CellRun) -> bool:
        """Whether a kernel cannot go on after a cell."""
        # Processes that a stopped cell has left behind would take later cells their share of time and processes.
        return run.status == "died" or (run.status == "stopped" and kernel.usage().processes > self._own_processes)

    def _run_first(self, index: int) -> None:
        """Run a cell for the first time; once more, if the kernel ended and it is open what ended it."""
        kernel = self._alive()
        if kernel is None:
            return
        run = self._run(kernel, index)
        if run.status == "died" and kernel.died_by_itself and (another := self._alive()) is not None:
            kernel, run = another, self._run(another, index)
        self._executed += 1
        self._cells[index].execution_count = self._executed
        if self._is_gone(kernel, run):
            self._blame(index, run, kernel)
        else:
            self._keep(index, run)

    def _blame(self, index: int, run: CellRun | None, kernel: StudentKernel) -> None:
        """Never run a cell again that has ended a kernel."""
        self._culprits.add(index)
        if run is not None:
            self._keep(index, replace(run, reason=run.reason or kernel.cause_of_death), ended=kernel.died_by_itself)
        self._drop_kernel()

    def _note_held_up(self, kernel: StudentKernel) -> None:
        """Give a notebook up that this machine cannot run now; what is decided so far stays."""
        if kernel.held_up and not self.held_up:
            self.held_up = self._over = kernel.held_up

    def _keep(self, index: int, run: CellRun, *, ended: bool = False) -> None:
        """Keep what a cell has shown, and say what went wrong with it.

        Args:
            index: The cell's place.
            run: What came of it.
            ended: Whether it has ended its kernel, then or a little later.
        """
        cell, name = self._cells[index], self._name(index)
        cell.outputs = [new_output(**output) for output in self._that_fit(run)]
        if run.reason:
            what = "ended the kernel, and what follows went on in a new one" if ended else "did not come to an end"
            cell.outputs.append(
                new_output(
                    "error",
                    ename="Stopped",
                    evalue=run.reason,
                    traceback=[f"This cell {what}: {run.reason}."],
                )
            )
            self.notes.append(f"The cell `{name}` {what}: {run.reason}.")
        error = next((output for output in cell.outputs if output.output_type == "error"), None)
        if error is not None:
            checks = (self._cells[place].source for place in self._judged.values())
            self.errors[name] = error_of_cell(cell.source, error.ename, error.evalue, checks)
            if (words := in_words(self.errors[name].said, self._limits)) is not None:
                self.notes.append(f"The cell `{name}` {words}.")
            self._note_missing(name, str(error.ename), str(error.evalue))

    def _note_missing(self, name: str, kind: str, text: str) -> None:
        """Name a module that there is not: whoever has it at home does not learn of it otherwise."""
        found = re.match(r"No module named '(\w{1,60})", text) if kind == "ModuleNotFoundError" else None
        if found is None:
            return
        self.missing += [found[1]] if found[1] not in self.missing else []
        self.notes.append(
            f"The cell `{name}` imports `{found[1]}`, which there is not where notebooks are graded: a package beyond "
            "those of the course, or a file of your own that was not handed in with the notebook."
        )

    def _that_fit(self, run: CellRun) -> list[dict[str, Any]]:
        """Leave out outputs when all cells together have shown more than a notebook may."""
        self._output_bytes += run.output_bytes
        if self._output_bytes <= self._limits.notebook_output_mib * 2**20:
            return run.outputs
        note = (
            f"The whole notebook printed more than {self._limits.notebook_output_mib} MiB; what is beyond is left out."
        )
        if note not in self.notes:
            self.notes.append(note)
        return [output for output in run.outputs if output["output_type"] == "error"][-1:]

    def _drop_kernel(self) -> None:
        if self._kernel is not None:
            self._note_held_up(self._kernel)
            self._spent.cpu_seconds += self._kernel.usage().cpu_seconds
            self._spent.idle_seconds += self._kernel.idle_seconds
            self._spent.held_up_seconds += self._kernel.held_up_seconds
            self.peak_memory_mib = max(self.peak_memory_mib, self._kernel.peak_memory_mib)
            self._kernel.close()
            self._kernel = None


def cell_name(cell: NotebookNode, index: int) -> str:
    """Return what a cell is called in messages: its grade_id, or else its number.

    Args:
        cell: The cell.
        index: Its place in the notebook.
    """
    return grade_id_of(cell) or f"number {index + 1}"


def error_of_cell(source: str, kind: str, text: str, checks: Iterable[str] = ()) -> CellError:
    """Return how a cell ended, as messages quote it.

    Args:
        source: Of the cell.
        kind: Class of the error.
        text: What it says.
        checks: Code of the judged cells, which run on the student's computer and not here.
    """
    if kind == "NotImplementedError" and is_of_a_stub(text) and not re.search(r"^raise NotImpl", source, re.MULTILINE):
        text = "a function that it calls is not answered yet"
    if kind == "NameError" and (name := missing_name(text)) and any(name in (names_left(one) or ()) for one in checks):
        text += " (a check sets it, and the grader runs none)"
    return CellError(f"{kind}: {plain_words(text)}"[:_MAX_ERROR].rstrip(": "), names_left(source))


def cell_seed(text: str, name: str) -> int:
    """Derive the seed of all random generators before a cell.

    Args:
        text: Of the exercise.
        name: Of the cell.
    """
    return int.from_bytes(hashlib.sha256(f"{text}\0{name}".encode()).digest()[:4], "big")
