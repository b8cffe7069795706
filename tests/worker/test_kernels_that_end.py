"""Kernels that end, at once or later: what goes on in a new one, on whose account, and on one budget for all."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.course.notebooks import Prepared
from autograder.grading.notebook_run import NotebookRun
from autograder.kernels.errors import KernelDied
from autograder.kernels.limits import Limits
from autograder.kernels.processes import Usage
from autograder.kernels.waiting import CellRun

LIMITS = Limits(cell_cpu_seconds=60, notebook_cpu_seconds=100, cell_wall_seconds=60, notebook_wall_seconds=100)
CRASH = "the kernel died"


class PretendedKernel:
    """Does what cells say in words, and remembers which ran: no process, no time."""

    ran: list[list[str]]
    spent: Any
    held_up = ""

    def __init__(self, ran: list[str], spent: Any) -> None:
        self.ran, self.spent = [ran], spent
        self.alive, self.died_by_itself, self.ends_later = True, False, False
        self.cpu_seconds = self.idle_seconds = self.held_up_seconds = self.peak_memory_mib = 0.0
        self.cause_of_death = CRASH

    def run_cell(self, source: str, *, seed: int) -> CellRun:
        self.ran[0].append(source)
        if self.dies_within(0):
            return CellRun([], "died", CRASH, 0.0, 0.0)
        for word in source.split():
            if word == "exits":
                self._end()
                return CellRun([], "died", CRASH, 0.0, 0.0)
            if word.startswith("imports="):
                text = f"No module named '{word[8:]}'"
                output = {"output_type": "error", "ename": "ModuleNotFoundError", "evalue": text, "traceback": []}
                return CellRun([output], "error", None, 0.0, 0.0)
            if word == "exits-later":
                self.ends_later = True
            if word.startswith("costs="):
                self.cpu_seconds += float(word[6:])
            if word.startswith("waits="):
                self.idle_seconds += float(word[6:])
            if word == "held-up":
                self.held_up = "the machine was too busy"
                self._end()
                return CellRun([], "died", self.held_up, 0.0, 0.0)
        over = self.spent.cpu_seconds + self.cpu_seconds > LIMITS.notebook_cpu_seconds
        if over:
            self.alive, self.cause_of_death = False, "the whole notebook used more than 100 CPU-seconds"
            return CellRun([], "died", self.cause_of_death, 0.0, self.cpu_seconds)
        return CellRun([], "ok", None, 0.0, 0.0)

    def _end(self) -> None:
        self.alive, self.died_by_itself = False, True

    def dies_within(self, wall_seconds: float) -> bool:
        if self.ends_later:
            self._end()
        return not self.alive

    def probe(self, content: Mapping[str, Any], buffers: Any, **_: float) -> tuple[dict[str, Any], list[bytes]]:
        if self.ends_later or content.get("op") == "kill":
            self._end()
            raise KernelDied(CRASH, by_itself=True)
        return {"answered": len(self.ran[0])}, []

    def usage(self) -> Usage:
        return Usage(self.cpu_seconds, 0.0, 1)

    def close(self) -> None:
        self.alive = False


Make = Callable[..., tuple[NotebookRun, list[list[str]]]]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return a run over cells that pretended kernels run, and what each kernel ran."""

    def build(*sources: str) -> tuple[NotebookRun, list[list[str]]]:
        kernels: list[list[str]] = []

        def start(_template: Any, *, spent: Any, **_: Any) -> PretendedKernel:
            kernels.append([])
            return PretendedKernel(kernels[-1], spent)

        monkeypatch.setattr("autograder.grading.notebook_run.StudentKernel.start", start)
        cells = [new_code_cell(source) for source in (*sources, "# judged")]
        prepared: Any = Prepared(new_notebook(cells=cells), {"check": len(sources)}, ())
        return NotebookRun(None, prepared, {}, LIMITS, "text"), kernels  # type: ignore[arg-type]

    return build


@pytest.mark.parametrize(
    ("end", "place"), [("exits", 0), ("exits", 1), ("exits", 2), ("exits-later", 0), ("exits-later", 1)]
)
def test_only_the_cell_that_ends_the_kernel_is_to_blame(make: Make, end: str, place: int) -> None:
    others = ["a", "b"]
    run, kernels = make(*others[:place], end, *others[place:])

    run.run_until("check")

    assert run.probe({}, (), 1, 1)[0] == {"answered": 2}
    assert kernels[-1] == others
    assert run.notes == [
        f"The cell `number {place + 1}` ended the kernel, and what follows went on in a new one: {CRASH}."
    ]


def test_a_cell_that_ends_the_kernel_while_the_judge_asks_is_found(make: Make) -> None:
    run, kernels = make("a", "exits-later")
    run.run_until("check")
    with pytest.raises(KernelDied) as died:
        run.probe({}, (), 1, 1)
    assert died.value.by_itself  # so that the judge asks again

    assert run.probe({}, (), 1, 1)[0] == {"answered": 1}
    assert kernels[-1] == ["a"]
    assert "`number 2` ended the kernel" in run.notes[0]


def test_a_question_that_ends_the_kernel_blames_no_cell(make: Make) -> None:
    run, _ = make("a", "b")
    run.run_until("check")
    with pytest.raises(KernelDied):
        run.probe({"op": "kill"}, (), 1, 1)
    assert run.probe({}, (), 1, 1)[0] == {"answered": 2}
    assert not run.notes


def test_all_kernels_of_a_notebook_have_one_budget(make: Make) -> None:
    run, kernels = make("costs=30", "exits", "costs=30", "costs=30", "never")

    run.run_until("check")

    # 30 in the first kernel, 30 for the same cell in the second, and in the third; 30 more are too much
    assert sum(cell == "costs=30" for ran in kernels for cell in ran) == 4
    assert "never" not in kernels[-1]
    assert "the whole notebook used more than 100 CPU-seconds" in run.notes[-1]
    with pytest.raises(KernelDied, match="the whole notebook used more than 100 CPU-seconds"):
        run.probe({}, (), 1, 1)


def test_waiting_has_one_budget_too(make: Make) -> None:
    run, _ = make("waits=80", "exits", "a")
    run.run_until("check")
    with pytest.raises(KernelDied, match="the whole notebook waited for more than 100 seconds"):
        run.probe({}, (), 1, 1)


def test_a_machine_at_its_limits_ends_the_run_and_blames_nobody(make: Make) -> None:
    run, kernels = make("a", "held-up", "c")
    run.run_until("check")
    assert run.held_up == "the machine was too busy"
    assert "c" not in kernels[-1]
    with pytest.raises(KernelDied, match="the machine was too busy") as died:
        run.probe({}, (), 1, 1)
    assert not died.value.by_itself


def test_a_module_that_there_is_not_is_named_with_its_cell(make: Make) -> None:
    run, _ = make("imports=torch.utils", "imports=torch", "imports=own_helpers")
    run.run_until("check")
    assert run.missing == ["torch", "own_helpers"]
    assert run.notes[0].startswith("The cell `number 1` imports `torch`, which there is not where notebooks are graded")
