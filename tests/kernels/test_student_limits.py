"""What becomes of cells that misbehave: limits, floods, deaths."""

import re
from dataclasses import asdict

import pytest

from autograder.kernels.errors import KernelDied
from autograder.kernels.limits import Limits
from autograder.kernels.student import StudentKernel
from tests.kernels.conftest import SMALL


def texts(run):
    return "".join(output["text"] for output in run.outputs if output["output_type"] == "stream")


def changed(**changes):
    return Limits(**(asdict(SMALL) | changes))


def test_an_endless_loop_is_stopped_and_the_kernel_lives(warm):
    with StudentKernel.start(warm, limits=changed(cell_cpu_seconds=0.5)) as kernel:
        run = kernel.run_cell("x = 5\nwhile True: pass")
        assert run.status == "stopped"
        assert re.fullmatch(
            r"stopped after (0.5|1) CPU-seconds; an endless loop\?", run.reason
        )  # 1: others compute, too
        assert run.wall_seconds < 5
        assert kernel.run_cell("x").outputs[0]["data"]["text/plain"] == "5"


def test_waiting_forever_is_stopped_by_the_clock(warm):
    with StudentKernel.start(warm, limits=changed(cell_wall_seconds=0.5)) as kernel:
        run = kernel.run_cell("import time\ntime.sleep(60)")
        assert run.status == "stopped"
        assert run.reason.startswith("stopped after 0.5 seconds")


def test_a_loop_that_swallows_interrupts_is_killed(warm):
    with StudentKernel.start(warm, limits=changed(cell_cpu_seconds=0.3)) as kernel:
        run = kernel.run_cell(
            """
print("before")
while True:
    try:
        while True: sum(range(1000))
    except BaseException: pass
"""
        )
        assert run.status == "died"
        assert "endless loop" in run.reason
        assert "did not react" in run.reason
        assert texts(run) == "before\n"
        assert kernel.run_cell("1").status == "died"


@pytest.mark.parametrize(
    "code", ["import os; os._exit(0)", "import ctypes; ctypes.string_at(0)", "import os; os.kill(os.getpid(), 9)"]
)
def test_a_dead_kernel_is_said_to_be_dead(kernel, code):
    run = kernel.run_cell("print('kept', flush=True)\nimport time; time.sleep(0.2)\n" + code)
    assert run.status == "died"
    assert run.reason == "the kernel died (asked to, by os._exit, or in a crash of native code)"
    assert texts(run) == "kept\n"
    with pytest.raises(KernelDied, match="the kernel died"):
        kernel.probe({"op": "read", "name": "x"}, cpu_seconds=1, wall_seconds=1)


def test_a_memory_bomb_is_killed_or_refused(warm):
    with StudentKernel.start(warm, limits=changed(memory_mib=256)) as kernel:
        run = kernel.run_cell("kept = []\nwhile True: kept.append(b'x' * (16 << 20))")
        assert run.status == "died"
        assert run.reason == "used more than 256 MiB of memory"


def test_one_huge_array_is_a_memory_error(kernel):
    run = kernel.run_cell("import numpy; numpy.ones(1 << 32)")
    assert run.status == "error"
    assert "Memory" in run.outputs[-1]["ename"]


def test_memory_shared_among_processes_counts(warm):
    code = """
import os, time
data = bytearray(b"x") * (200 << 20)
for _ in range(2):
    if os.fork() == 0:
        time.sleep(10); os._exit(0)
time.sleep(0.5)
"""
    with StudentKernel.start(warm, limits=changed(memory_mib=1024)) as kernel:
        assert kernel.run_cell(code).status == "ok"
        assert 200 < kernel.usage().memory_mib < 600


def test_files_in_memory_count_as_memory(kernel):
    before = kernel.usage().memory_mib
    kernel.run_cell("stream = open('/tmp/big', 'wb'); stream.write(bytes(10 << 20)); stream.flush()")
    kernel.run_cell("import os; os.unlink('/tmp/big')")
    assert kernel.usage().memory_mib - before > 9


def test_too_much_output_is_stopped(kernel):
    run = kernel.run_cell("while True: print('x' * 1000)")
    assert run.status in {"stopped", "died"}
    assert run.reason.startswith("printed more than 2 MiB")
    assert sum(len(output["text"]) for output in run.outputs) < 3 << 20


def test_a_hundred_mebibytes_at_once_are_survived(kernel):
    run = kernel.run_cell("print('x' * (100 << 20))")
    assert run.status in {"stopped", "died"}
    assert run.reason.startswith("printed more than 2 MiB")
    assert run.wall_seconds < 15


def test_a_flood_on_the_raw_descriptor_is_survived(kernel):
    run = kernel.run_cell("import os\nwhile True: os.write(1, b'x' * 65536)")
    assert run.status in {"stopped", "died"}
    assert run.wall_seconds < 15


def test_an_endless_message_is_cut_off(warm, monkeypatch):
    monkeypatch.setattr("autograder.kernels.watch.OWN_GROWTH_MIB", 200)
    code = """
import os, socket
for name in os.listdir("/proc/self/fd"):
    try:
        connected = socket.socket(fileno=os.dup(int(name)))
        connected.getpeername()
        if connected.getsockname().endswith("-2"):
            break
    except OSError:
        continue
part = b"\\x03" + (1 << 20).to_bytes(8, "big") + bytes(1 << 20)  # more parts follow, always
connected.setblocking(True)
while True:
    connected.sendall(part)
"""
    with StudentKernel.start(warm, limits=changed(cell_wall_seconds=10)) as kernel:
        run = kernel.run_cell(code)
    assert run.status == "died"
    assert run.reason == "sent more than a notebook can hold"


def test_a_fork_bomb_is_contained(warm):
    code = "import os, time\nwhile True:\n    if os.fork() == 0:\n        time.sleep(30)\n        os._exit(0)"
    with StudentKernel.start(warm, limits=changed(processes=40)) as kernel:
        run = kernel.run_cell(code)
        assert run.status == "error"
        assert run.outputs[-1]["ename"] == "BlockingIOError"
        assert kernel.usage().processes <= 42
    with StudentKernel.start(warm, limits=SMALL) as following:
        assert following.run_cell("1").status == "ok"


def test_the_whole_notebook_has_a_limit(warm):
    limits = changed(cell_cpu_seconds=0.6, notebook_cpu_seconds=0.8)
    with StudentKernel.start(warm, limits=limits) as kernel:
        for _ in range(6):  # three on a machine of its own
            run = kernel.run_cell("import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass")
    assert run.status == "died"
    assert re.fullmatch("the whole notebook used more than (0.8|1.6) CPU-seconds", run.reason)


def test_a_background_process_between_cells_is_watched(warm):
    with StudentKernel.start(warm, limits=changed(memory_mib=256)) as kernel:
        code = """
import threading, time
def bomb():
    time.sleep(0.2)
    globals()["kept"] = [b"x" * (1 << 20) for _ in range(600)]
threading.Thread(target=bomb).start()
"""
        assert kernel.run_cell(code).status == "ok"
        assert kernel._child.wait(10)
        assert kernel.run_cell("1").reason == "used more than 256 MiB of memory"


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio\nawait asyncio.sleep(1000)",
        "async def work():\n    while True: pass\nawait work()",
        "import threading\nthreading.Event().wait()",
    ],
)
def test_a_cell_that_awaits_is_stopped_alone(warm, code):
    with StudentKernel.start(warm, limits=changed(cell_wall_seconds=1, cell_cpu_seconds=0.5)) as kernel:
        kernel.run_cell("x = 5")
        run = kernel.run_cell(code)
        assert run.status == "stopped", run
        assert kernel.run_cell("x").outputs[0]["data"]["text/plain"] == "5"
