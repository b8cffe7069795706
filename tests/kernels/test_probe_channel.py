"""Questions to a kernel, and what an unwilling kernel sends instead of answers."""

from dataclasses import asdict

import pytest

from autograder.kernels.errors import KernelDied, ProbeStopped
from autograder.kernels.limits import Limits
from autograder.kernels.student import StudentKernel
from tests.kernels.conftest import SMALL


def texts(run):
    return "".join(output["text"] for output in run.outputs if output["output_type"] == "stream")


def changed(**changes):
    return Limits(**(asdict(SMALL) | changes))


def test_the_probe_calls_and_carries_buffers(kernel):
    kernel.run_cell("import numpy as np\nvalues = np.arange(6)")
    content, buffers = kernel.probe({"op": "read", "name": "values"}, cpu_seconds=5, wall_seconds=10)
    assert content["value"]["k"] == "array"
    assert len(buffers) == 1


def test_what_a_probe_prints_is_nobodys_output(kernel):
    kernel.run_cell("def f():\n    print('loud')\n    return 1")
    kernel.probe({"op": "call", "name": "f", "args": [], "kwargs": {}}, cpu_seconds=5, wall_seconds=10)
    assert texts(kernel.run_cell("print('own')")) == "own\n"


def test_an_endless_probe_is_stopped_and_the_kernel_lives(kernel):
    kernel.run_cell("def f():\n    while True: pass")
    with pytest.raises(ProbeStopped, match="endless loop"):
        kernel.probe({"op": "call", "name": "f", "args": [], "kwargs": {}}, cpu_seconds=0.3, wall_seconds=10)
    assert kernel.run_cell("1").status == "ok"


def test_a_probe_that_kills_the_kernel_says_so(kernel):
    kernel.run_cell("import os\ndef f():\n    os._exit(1)")
    with pytest.raises(KernelDied, match="the kernel died"):
        kernel.probe({"op": "call", "name": "f", "args": [], "kwargs": {}}, cpu_seconds=1, wall_seconds=10)


@pytest.mark.parametrize(
    "sabotage",
    [
        "k.shell_handlers['probe_request'] = lambda *a: None",
        "k.session.key = b'wrong'",
        "k.session.send = lambda *a, **b: None",
        "k.io_loop.add_callback(k.io_loop.stop)",
    ],
)
def test_a_kernel_that_stops_answering_costs_bounded_time(warm, sabotage, monkeypatch):
    monkeypatch.setattr("autograder.kernels.student.GRACE_SECONDS", 0.3)
    with StudentKernel.start(warm, limits=changed(cell_wall_seconds=0.5)) as kernel:
        kernel.run_cell(f"k = get_ipython().kernel\n{sabotage}")
        with pytest.raises((ProbeStopped, KernelDied)):
            kernel.probe({"op": "read", "name": "k"}, cpu_seconds=1, wall_seconds=0.5)
        assert kernel.run_cell("1").wall_seconds < 10


def test_garbage_on_the_channels_is_dropped(kernel):
    code = """
import zmq
k = get_ipython().kernel
for _ in range(50):
    k.iopub_thread.socket.send_multipart([b"garbage", b"<IDS|MSG>", b"", b"{", b"[]", b"\\xff", b"1"])
print("fine")
"""
    run = kernel.run_cell(code)
    assert run.status == "ok"
    assert texts(run) == "fine\n"


def test_forged_replies_of_other_requests_are_dropped(kernel):
    code = """
k = get_ipython().kernel
k.session.send(k.iopub_socket, "stream", {"name": "stdout", "text": "forged"}, parent={"header": {"msg_id": "other"}})
k.session.send(k.iopub_socket, "stream", {"name": "stdout", "text": 7}, parent=k.get_parent())
k.session.send(k.iopub_socket, "display_data", {"data": "none"}, parent=k.get_parent());
"""
    assert kernel.run_cell(code).outputs == []


def test_closing_is_quick_and_final(warm):
    import time

    kernel = StudentKernel.start(warm, limits=SMALL)
    started = time.monotonic()
    kernel.close()
    kernel.close()
    assert time.monotonic() - started < 2.0
    assert not kernel.alive
    assert kernel.run_cell("1").status == "died"


def test_kernels_hold_none_of_the_graders_modules(kernel):
    run = kernel.run_cell("import sys\nprint([name for name in sys.modules if 'autograder' in name])")
    assert texts(run) == "[]\n"
