"""A kernel forked from a warm template is a fresh kernel: nothing is set or started that a plain one would not have."""

import json
import os

import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from autograder.kernels.settings import REPEATABLE, STANDARD, default_kernel_python

BEFORE_ANY_IMPORT = """
import builtins, gc, json, logging, os, random, signal, sys, threading, warnings
shown = {
    "names": sorted(name for name in globals() if name not in ("shown",)),
    "builtins": sorted(name for name in dir(builtins) if "pybind11" not in name),
    "threads": sorted({thread.name.split("-")[0] for thread in threading.enumerate()} - {"IPythonHistorySavingThread"}),
    "root logger": [logging.root.level, logging.root.disabled, str(logging.root.handlers), logging.raiseExceptions],
    "logging disabled": logging.root.manager.disable,
    "collector": [gc.isenabled(), gc.get_threshold(), gc.get_debug()],
    "signals": {number.name: str(signal.getsignal(number)).split(" at ")[0] for number in signal.valid_signals()
                if isinstance(number, signal.Signals) and number.name not in ("SIGPIPE",)},
    "recursion": sys.getrecursionlimit(),
    "trace": [str(sys.gettrace()), str(sys.getprofile())],
    "hooks": [str(function).split(" at ")[0] for function in (sys.excepthook, sys.displayhook, threading.excepthook)],
    "path": [path.rsplit("/", 1)[-1] for path in sys.path],
    "magics": sorted(get_ipython().magics_manager.magics["line"]),
}
"""

AFTER_IMPORTS = """
import locale, decimal, asyncio
import numpy as np, matplotlib, matplotlib.pyplot as plt, pandas as pd, tensorflow as tf, keras, seaborn
from tensorflow.python.eager import context

def said(function):
    try:
        return str(function())
    except Exception as error:
        return f"{type(error).__name__}: {error}"

BEGIN = ("get_", "is_", "list_", "functions_", "inter", "intra", "backend", "epsilon", "floatx", "image_", "dtype_")

def getters(module):
    names = [name for name in sorted(dir(module)) if name.startswith(BEGIN) and callable(getattr(module, name))]
    # These would start the runtime.
    return {name: said(getattr(module, name)) for name in names if "logical" not in name and "memory" not in name}

plt.close(plt.figure())  # the first figure is what connects a plain kernel with pyplot

shown |= {
    "runtime": [context.context()._initialized, context.context()._context_handle is None],
    "tf.config": [getters(part) for part in
                  (tf.config, tf.config.experimental, tf.config.optimizer, tf.config.threading)],
    "tf.debugging": getters(tf.debugging) | getters(tf.debugging.experimental),
    "tf": [tf.executing_eagerly(), tf.get_logger().level, str(tf.get_logger().handlers).split(" at ")[0],
           tf.get_logger().propagate, tf.autograph.experimental.__name__, str(tf.get_static_value)[:9]],
    "keras.config": getters(keras.config),
    "keras names": [keras.layers.Dense(1).name, keras.backend.backend() if hasattr(keras.backend, "backend") else ""],
    "numpy": [np.get_printoptions() | {"formatter": None}, np.geterr(), str(np.geterrcall()), np.getbufsize()],
    "pandas": {name: str(pd.get_option(name)) for name in ("display.max_rows", "display.width", "mode.copy_on_write")},
    "matplotlib": {key: str(value) for key, value in matplotlib.rcParams.items() if key != "savefig.directory"},
    "backend": matplotlib.get_backend(),
    "interactive": [plt.isinteractive(), plt.get_fignums()],
    "loggers": {name: [found.level, found.propagate, found.disabled, [type(one).__name__ for one in found.handlers]]
                for name, found in sorted(logging.root.manager.loggerDict.items())
                if isinstance(found, logging.Logger) and name.split(".")[0] in
                ("tensorflow", "absl", "keras", "numpy", "seaborn", "PIL", "h5py")},
    "warnings": sorted(map(str, warnings.filters)),
    "decimal": str(decimal.getcontext()),
    "locale": locale.setlocale(locale.LC_ALL),
    "policy": type(asyncio.get_event_loop_policy()).__name__,
}
print(json.dumps(shown))
"""

SET_AFTERWARDS = """
tf.config.threading.set_intra_op_parallelism_threads(2)
tf.config.threading.set_inter_op_parallelism_threads(2)
tf.config.set_visible_devices([], "GPU")
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
tf.config.experimental.enable_op_determinism()
tf.debugging.experimental.enable_dump_debug_info  # there, not called: it would write
print(len(tf.config.list_logical_devices("CPU")), tf.config.threading.get_intra_op_parallelism_threads())
"""


@pytest.fixture(scope="module")
def plain():
    """Run cells in a kernel that Jupyter starts as ever; returns what they print."""
    python = str(default_kernel_python())
    manager = KernelManager()
    manager._kernel_spec = KernelSpec(argv=[python, "-m", "ipykernel_launcher", "-f", "{connection_file}"])
    manager.start_kernel(env={**os.environ, **STANDARD, **REPEATABLE})
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)

    def printed(code):
        texts = []

        def take(message):
            if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
                texts.append(message["content"]["text"])
            assert message["msg_type"] != "error", message["content"]

        client.execute_interactive(code, timeout=120, output_hook=take)
        return "".join(texts)

    yield printed
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_warm_kernel_has_nothing_set_that_a_plain_one_has_not(kernel, plain):
    def printed(code):
        run = kernel.run_cell(code)
        assert run.status == "ok", run.outputs
        return "".join(output["text"] for output in run.outputs if output.get("name") == "stdout")

    warm, cold = (
        json.loads((run(BEFORE_ANY_IMPORT) + run(AFTER_IMPORTS)).splitlines()[-1]) for run in (printed, plain)
    )
    for key, expected in cold.items():
        assert warm[key] == expected, key
    assert printed(SET_AFTERWARDS) == plain(SET_AFTERWARDS) == "2 2\n"
