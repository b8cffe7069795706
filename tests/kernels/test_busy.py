"""On a busy machine, what a kernel waits for is the machine's time: limits count what the notebook does itself."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from autograder.kernels import processes, watch
from autograder.kernels.inner.kernel import NICENESS
from autograder.kernels.processes import LOWEST_PRIORITY, IdleClock
from autograder.kernels.student import StudentKernel
from autograder.kernels.watch import FEW_AT_ONCE
from tests.kernels.test_student_limits import changed

WORK = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"


@pytest.fixture
def busy() -> Iterator[None]:
    """Five processes for each core that compute without end."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(5 * (os.cpu_count() or 1))]
    yield
    for other in others:
        other.kill()
        other.wait()


def test_a_cell_that_computes_is_not_ended_by_the_clock_of_a_busy_machine(warm, busy):
    with StudentKernel.start(warm, limits=changed(cell_wall_seconds=0.5)) as kernel:
        run = kernel.run_cell(WORK)
        assert run.status == "ok"
        if run.wall_seconds <= 0.5:
            pytest.skip("Linux shares the processors among sessions here, and the kernel has one to itself")
        assert kernel.probe({"op": "read", "name": "end"}, cpu_seconds=5, wall_seconds=0.5)[0]["value"]["k"] == "float"


def test_a_cell_that_waits_is_ended_on_a_busy_machine_as_well(warm, busy):
    with StudentKernel.start(warm, limits=changed(cell_wall_seconds=0.5)) as kernel:
        run = kernel.run_cell("x = 1\nimport time\ntime.sleep(60)")
        assert run.status == "stopped"
        assert run.reason == "stopped after 0.5 seconds of waiting; for something that never comes?"
        assert kernel.run_cell("x").status == "ok"


def test_a_request_that_the_machine_holds_up_for_ever_blames_nobody(warm, monkeypatch):
    monkeypatch.setattr("autograder.kernels.waiting.BUSY_FACTOR", 2)
    monkeypatch.setattr("autograder.kernels.processes.queues", lambda pids: ({}, "D"))  # as on a disk that hangs
    monkeypatch.setattr("autograder.kernels.processes.stalled_seconds", time.monotonic)
    with StudentKernel.start(warm, limits=changed(cell_wall_seconds=0.5)) as kernel:
        run = kernel.run_cell("import time\ntime.sleep(60)")
        assert run.status == "died"
        assert run.reason == kernel.held_up
        assert run.reason.startswith("the machine was too busy to finish it within")
        assert not kernel.died_by_itself


def test_a_kernel_that_the_machine_ended_for_memory_blames_nobody(warm, monkeypatch):
    kills = processes.out_of_memory_kills()
    with StudentKernel.start(warm, limits=changed()) as kernel:
        assert kernel.held_up == ""
        monkeypatch.setattr("autograder.kernels.processes.out_of_memory_kills", lambda: kills + 1)
        kernel._child.kill()
        run = kernel.run_cell("1")
        assert run.status == "died"
        assert run.reason == kernel.held_up == watch.OUT_OF_MEMORY


def test_only_seconds_in_which_it_could_go_on_and_does_not_are_idle(monkeypatch):
    now, waited, states = 100.0, {1: 0.0, 2: 0.0}, "S"
    monkeypatch.setattr("autograder.kernels.processes.queues", lambda pids: (dict(waited), states))
    monkeypatch.setattr("autograder.kernels.processes.time.monotonic", lambda: now)
    stalled = 0.0
    monkeypatch.setattr("autograder.kernels.processes.stalled_seconds", lambda: stalled)
    clock = IdleClock()
    assert clock.read([1], 0.0) == 0.0  # nothing is asked yet
    clock.begin([1], 5.0)
    now += 10  # computes for 3, waits 4 for a processor
    waited = {1: 3.0, 2: 1.0}
    assert clock.read([1], 8.0) == pytest.approx(3)
    now, stalled, states = now + 10, stalled + 10, "SD"  # waits for a disk
    assert clock.read([1], 8.0) == pytest.approx(3)
    now += 1  # as if it did: its own child holds it up
    assert clock.read([1], 8.0) == pytest.approx(4)
    now, states = now + 10, "SR"  # in a queue whose length is not known yet
    assert clock.read([1], 8.0) == pytest.approx(4)
    states = "S"
    waited = {3: 0.5}  # a new thread; others have ended
    assert clock.read([1], 8.0) == pytest.approx(13.5)
    clock.end()
    now += 10
    assert clock.read([1], 8.0) == pytest.approx(13.5)


class OthersFirst:
    """Says every second time it is asked that it is others' turn, and for longer than a cell may wait."""

    def __init__(self) -> None:
        self.heard: list[float] = []
        self.asked = self.waited = 0

    def has_taken(self, seconds: float, cpu_seconds: float) -> bool:
        self.heard.append(seconds)
        return False

    def is_on(self) -> bool:
        self.asked += 1
        return self.asked % 2 == 1

    def wait(self, wall_seconds: float) -> bool:
        time.sleep(wall_seconds)
        self.waited += 1
        return self.waited % 10 == 0

    def reaches(self, step: str) -> None:
        raise NotImplementedError


def test_standing_still_while_others_compute_costs_a_notebook_nothing(warm):
    turns = OthersFirst()
    with StudentKernel.start(warm, limits=changed(cell_wall_seconds=0.8), turns=turns) as kernel:
        run = kernel.run_cell("import time\ntime.sleep(0.3)\nx = 7")
        assert run.status == "ok"
        assert turns.waited >= 10, "it stood still while the cell ran"
        assert kernel.idle_seconds < 0.8
        assert run.wall_seconds < 0.8
        assert kernel.probe({"op": "read", "name": "x"}, cpu_seconds=5, wall_seconds=0.8)[0]["value"]["v"] == "7"
        assert max(turns.heard) < 5
        turns.wait = lambda wall_seconds: True
        stopped = kernel.run_cell("time.sleep(60)")
        # on a full machine it may have to be killed, which is said in addition
        assert stopped.reason.startswith("stopped after 0.8 seconds of waiting; for something that never comes?")


def test_whoever_stands_still_can_be_ended(warm):
    turns = OthersFirst()
    with StudentKernel.start(warm, limits=changed(), turns=turns) as kernel:
        turns.wait = lambda wall_seconds: kernel._child.kill() or not kernel._child.wait(60)
        assert kernel.run_cell("import time\ntime.sleep(60)").status == "died"


class Slow(OthersFirst):
    """Finds the notebook slow, and never has it wait."""

    def has_taken(self, seconds: float, cpu_seconds: float) -> bool:
        return True

    def is_on(self) -> bool:
        return True


def test_a_slow_notebook_is_starved_by_others_work_only_where_much_of_it_computes_at_once(warm):
    begin = "subprocess.Popen([sys.executable, '-c', 'while True: pass'])"
    with StudentKernel.start(warm, limits=changed(), turns=Slow()) as kernel:
        kernel.run_cell("import os, subprocess, sys, time\ntime.sleep(0.5)")
        kernel.run_cell("usual = os.getpriority(os.PRIO_PROCESS, 0)")
        assert kernel.probe({"op": "read", "name": "usual"}, cpu_seconds=5, wall_seconds=60)[0]["value"]["v"] == str(
            NICENESS
        )
        kernel.run_cell(f"many = [{begin} for _ in range({FEW_AT_ONCE + 2})]\ntime.sleep(1)")
        kernel.run_cell("low = os.getpriority(os.PRIO_PROCESS, 0)")
        assert kernel.probe({"op": "read", "name": "low"}, cpu_seconds=5, wall_seconds=60)[0]["value"]["v"] == str(
            LOWEST_PRIORITY
        )
