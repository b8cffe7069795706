"""One submission's notebook in its sealed kernel: run cell by cell, questioned in between, started again if it dies.

A dead kernel costs only its culprit: a new one is started, the cells before are run again without the culprit, and
the run goes on.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from nbformat.v4 import new_output

from autograder.course.exercise import grade_id_of
from autograder.course.notebooks import Prepared
from autograder.kernels.errors import KernelDied
from autograder.kernels.limits import Limits, in_words
from autograder.kernels.student import StudentKernel
from autograder.kernels.waiting import CellRun
from autograder.kernels.warm import Template

MAX_KERNELS = 3
_ENVIRONMENT = {"NBGRADER_EXECUTION": "autograde"}


class NotebookRun:
    """Drives one prepared notebook. Use as a context manager: the kernel is killed on the way out.

    Args:
        template: Warm template of student kernels.
        prepared: The notebook; its cells receive outputs and execution counts.
        files: What lies beside the notebook.
        limits: For each cell, and the kernel as a whole.
        seed_text: Text from which the seed of every cell is derived.
    """

    def __init__(
        self, template: Template, prepared: Prepared, files: Mapping[str, bytes], limits: Limits, seed_text: str
    ) -> None:
        self._template = template
        self._cells = prepared.notebook.cells
        self._judged = dict(prepared.judged)
        self._files = files
        self._limits = limits
        self._seed_text = seed_text
        self._kernel: StudentKernel | None = None
        self._next = 0
        self._culprits: set[int] = set()
        self._executed = 0
        self.kernels = 0
        self.notes: list[str] = []
        self.errors: dict[str, str] = {}
        """What the cells that ended in an error said, by grade_id or position."""
        self._output_bytes = 0
        self.student_cpu_seconds = 0.0
        self._kernel_cpu_seconds = 0.0
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
        return max(0.0, self._kernel_cpu_seconds - self.student_cpu_seconds - self.start_cpu_seconds)

    def start(self) -> None:
        """Start the kernel ahead of its first use."""
        self._alive()

    def run_until(self, grade_id: str) -> None:
        """Run all code cells before a judged cell that have not been run; judged cells are never run."""
        end = self._judged[grade_id]
        while self._next < end:
            index = self._next
            self._next += 1
            if self._runs(index):
                self._run_cell(index, first_time=True)

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
            raise KernelDied("the notebook's kernel died too often and is not started again")
        try:
            # an answer may cost what a cell may, if that is less
            return kernel.probe(
                content,
                buffers,
                cpu_seconds=min(cpu_seconds, self._limits.cell_cpu_seconds),
                wall_seconds=min(wall_seconds, self._limits.cell_wall_seconds),
            )
        except KernelDied:
            self._drop_kernel()
            raise

    def _alive(self) -> StudentKernel | None:
        """Return the kernel; after a death, a new one in which the cells so far have been run again."""
        if self._kernel is not None and self._kernel.alive:
            return self._kernel
        self._drop_kernel()
        if self.kernels >= MAX_KERNELS:
            return None
        self.kernels += 1
        started = time.perf_counter()
        self._kernel = StudentKernel.start(
            self._template,
            files=self._files,
            limits=self._limits,
            environment=_ENVIRONMENT,
            seed=_seed(self._seed_text, "kernel"),
        )
        self.start_seconds += time.perf_counter() - started
        used = self._kernel.usage()
        self.start_cpu_seconds += used.cpu_seconds
        self._own_processes = used.processes
        for index in range(self._next):
            if self._runs(index) and self._kernel is not None:
                self._run_cell(index, first_time=False)
        return self._kernel

    def _runs(self, index: int) -> bool:
        cell = self._cells[index]
        return cell.cell_type == "code" and index not in self._judged.values() and index not in self._culprits

    def _run_cell(self, index: int, *, first_time: bool) -> None:
        cell = self._cells[index]
        kernel = self._alive() if first_time else self._kernel
        if kernel is None:
            return
        name = grade_id_of(cell) or f"number {index + 1}"
        run = kernel.run_cell(cell.source, seed=_seed(self._seed_text, name))
        self.student_cpu_seconds += run.cpu_seconds
        if first_time:
            self._executed += 1
            cell.execution_count = self._executed
        # Processes that a stopped cell has left behind would take later cells their share of time and processes.
        gone = run.status == "died" or (run.status == "stopped" and kernel.usage().processes > self._own_processes)
        if gone:
            self._culprits.add(index)
            self._drop_kernel()
        if not first_time and not gone:
            return
        cell.outputs = [new_output(**output) for output in self._that_fit(run)]
        if run.reason:
            cell.outputs.append(
                new_output(
                    "error",
                    ename="Stopped",
                    evalue=run.reason,
                    traceback=[f"This cell did not come to an end: {run.reason}."],
                )
            )
            self.notes.append(f"The cell `{name}` did not come to an end: {run.reason}.")
        error = next((output for output in cell.outputs if output.output_type == "error"), None)
        if error is not None:
            self.errors[name] = f"{error.ename}: {error.evalue}"[:300]
            if (words := in_words(self.errors[name], self._limits)) is not None:
                self.notes.append(f"The cell `{name}` {words}.")

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
            self._kernel_cpu_seconds += self._kernel.usage().cpu_seconds
            self.peak_memory_mib = max(self.peak_memory_mib, self._kernel.peak_memory_mib)
            self._kernel.close()
            self._kernel = None


def _seed(text: str, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{text}\0{name}".encode()).digest()[:4], "big")
