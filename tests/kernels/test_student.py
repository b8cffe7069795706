"""A student's kernel: what it shows, and what becomes of cells that misbehave."""

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


def test_the_template_leaves_no_thread_behind(warm):
    assert warm.threads == 1


def test_a_kernel_is_ready_soon_and_small(kernel):
    kernel.run_cell("pass")
    used = kernel.usage()
    assert kernel.ready_seconds < 3.0, "0.3 s on an idle machine"
    assert used.cpu_seconds < 0.6
    assert used.memory_mib < 200


def test_outputs_are_those_of_jupyter(kernel):
    run = kernel.run_cell("import sys\nprint('out')\nprint('more')\nprint('err', file=sys.stderr)\n41 + 1")
    assert run.status == "ok"
    assert run.reason is None
    assert run.execution_count == 1
    assert [(o["output_type"], o.get("name")) for o in run.outputs] == [
        ("stream", "stdout"),
        ("stream", "stderr"),
        ("execute_result", None),
    ]
    assert run.outputs[0]["text"] == "out\nmore\n"
    assert run.outputs[2]["data"] == {"text/plain": "42"}


def test_an_exception_is_an_error_and_the_kernel_goes_on(kernel):
    run = kernel.run_cell("x = 1\n1 / 0")
    assert run.status == "error"
    assert run.outputs[-1]["ename"] == "ZeroDivisionError"
    assert kernel.run_cell("x").outputs[0]["data"]["text/plain"] == "1"


def test_outputs_are_valid_nbformat(kernel):
    import nbformat

    run = kernel.run_cell("from IPython.display import display\ndisplay({'text/plain': 'a'}, raw=True)\nprint(1)\n1/0")
    cell = nbformat.v4.new_code_cell("x", outputs=[nbformat.from_dict(output) for output in run.outputs])
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))


def test_figures_become_pictures_without_being_shown(kernel):
    run = kernel.run_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert [list(output["data"]) for output in run.outputs] == [["text/plain", "image/png"]]


def test_the_probe_sees_figures_before_they_are_closed(kernel):
    kernel.run_cell("import matplotlib.pyplot as plt\nplt.plot([1, 2], label='loss');")
    answer, _ = kernel.probe({"op": "figures"}, cpu_seconds=5, wall_seconds=10)
    assert "loss" in str(answer)


def test_display_updates_reach_their_own_cell_only(kernel):
    code = "from IPython.display import display, update_display\nhandle = display('one', display_id='d')"
    assert kernel.run_cell(f"{code}\nupdate_display('two', display_id='d')").outputs[0]["data"]["text/plain"] == "'two'"
    later = kernel.run_cell(
        "update_display('forged', display_id='d')\nfrom IPython.display import clear_output\nclear_output()"
    )
    assert later.outputs == []


def test_input_fails_at_once(kernel):
    assert kernel.run_cell("input('name? ')").outputs[-1]["ename"] == "StdinNotImplementedError"


def test_seeds_repeat_in_all_generators(kernel):
    code = "import random, numpy, tensorflow, keras\n(random.random(), numpy.random.rand(), float(tensorflow.random.uniform(())), float(keras.random.uniform(())))"
    one = kernel.run_cell(code, seed=7).outputs[-1]["data"]["text/plain"]
    two = kernel.run_cell(code, seed=7).outputs[-1]["data"]["text/plain"]
    three = kernel.run_cell(code, seed=8).outputs[-1]["data"]["text/plain"]
    assert one == two != three


def test_a_model_trains(kernel):
    run = kernel.run_cell(
        """
import keras, numpy as np
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(np.random.rand(32, 4), np.arange(32) % 2, epochs=2, verbose=0)
len(history.history["loss"])
""",
        seed=1,
    )
    assert run.outputs[-1]["data"]["text/plain"] == "2"
    assert run.cpu_seconds > 0.1


def test_the_same_seed_trains_the_same_model_in_two_kernels(warm):
    code = """
import keras, numpy as np
model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(2)])
model.compile("adam", "mse")
model.fit(np.random.rand(32, 8, 8, 3), np.random.rand(32, 2), epochs=1, verbose=0)
print(repr(model.get_weights()[-1].tolist()), hash("x"))
"""
    seen = set()
    for _ in range(2):
        with StudentKernel.start(warm, limits=SMALL, seed=1) as kernel:
            seen.add(texts(kernel.run_cell(code, seed=5)))
    assert len(seen) == 1
    assert seen != {""}


def test_autograder_is_unknown_inside(kernel):
    assert kernel.run_cell("import autograder").outputs[-1]["ename"] == "ModuleNotFoundError"


def test_a_students_files_are_there_and_can_be_imported(warm):
    with StudentKernel.start(warm, files={"helper.py": b"answer = 42"}, limits=SMALL) as kernel:
        assert kernel.run_cell("import helper; helper.answer").outputs[0]["data"]["text/plain"] == "42"


# --- limits ---------------------------------------------------------------------------------------------------------


def test_an_endless_loop_is_stopped_and_the_kernel_lives(warm):
    with StudentKernel.start(warm, limits=changed(cell_cpu_seconds=0.5)) as kernel:
        run = kernel.run_cell("x = 5\nwhile True: pass")
        assert run.status == "stopped"
        assert run.reason == "stopped after 0.5 CPU-seconds; an endless loop?"
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
            "print('before')\nwhile True:\n    try:\n        while True: sum(range(1000))\n    except BaseException: pass"
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
    assert run.reason == "the kernel died (os._exit, or a crash in native code)"
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
        for _ in range(3):
            run = kernel.run_cell("import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass")
    assert run.status == "died"
    assert run.reason == "the whole notebook used more than 0.8 CPU-seconds"


def test_a_background_process_between_cells_is_watched(warm):
    with StudentKernel.start(warm, limits=changed(memory_mib=256)) as kernel:
        code = "import threading, time\ndef bomb():\n    time.sleep(0.2)\n    global kept\n    kept = [b'x' * (1 << 20) for _ in range(600)]\nthreading.Thread(target=bomb).start()"
        assert kernel.run_cell(code).status == "ok"
        assert kernel._child.wait(10)  # noqa: SLF001
        assert kernel.run_cell("1").reason == "used more than 256 MiB of memory"


# --- the probe ------------------------------------------------------------------------------------------------------


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
