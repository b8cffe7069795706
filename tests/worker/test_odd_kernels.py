"""Odd things that right notebooks do with their kernel: none of them costs a point."""

import textwrap
from concurrent.futures import Future, ThreadPoolExecutor

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.course.exercise import Exercise
from autograder.grading.engine import WarmEngine
from autograder.judge.verdict import Verdict
from tests.worker.conftest import notebook
from tests.worker.test_worker import RIGHT, SECRET, TWO

TRAINED = """
import keras
import numpy as np
def treble(n):
    return 3 * n
x, y = np.random.default_rng(0).random((64, 4), dtype="float32"), np.arange(64) % 2
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
losses = model.fit(x, y, epochs=2, verbose=0, validation_split=0.25).history["loss"]
assert len(losses) == 2
"""
"""The second answer, in which a model is trained: behind it all that a setting can have broken shows."""
TREBLES_ONLY_IF_TRAINED = TWO.replace(
    '    expect_array(submission.call("treble"',
    "    column = submission.read('losses')\n    expect_array(column, np.array(column), 'it')\n"
    '    expect_array(submission.call("treble"',
)

ON_TOP: dict[str, tuple[str, ...]] = {
    "awaits": (
        "import asyncio\nasync def wait(n):\n    await asyncio.sleep(0.01)\n    return n",
        "assert await asyncio.gather(wait(1), wait(2)) == [1, 2]\ntask = asyncio.get_event_loop().create_task(wait(4))",
        "asyncio.run(wait(2))",
        "import nest_asyncio\nnest_asyncio.apply()\nassert asyncio.run(wait(3)) == 3\nassert await task == 4",
    ),
    "starts threads and processes": (
        "import concurrent.futures, multiprocessing, subprocess, sys, threading, time",
        "with concurrent.futures.ThreadPoolExecutor(4) as pool: print(list(pool.map(abs, range(9))))",
        "with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, range(9)))",
        "with concurrent.futures.ProcessPoolExecutor(2) as pool: print(list(pool.map(abs, range(9))))",
        "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
        "threading.Thread(target=lambda: 1 / 0).start()",
        "server = subprocess.Popen([sys.executable, '-m', 'http.server', '8123'])",
    ),
    "asks the shell": (
        "!pip list | head -3\n%pip --version",
        "!nvidia-smi",
        "%%bash\necho hello",
        "%%bash --bg\nsleep 99",
    ),
    "goes elsewhere": (
        "import os\nos.makedirs('work', exist_ok=True)\nos.chdir('work')\n%cd ..\n%cd work",
        "os.environ.update(TF_CPP_MIN_LOG_LEVEL='2', CUDA_VISIBLE_DEVICES='', PYTHONHASHSEED='42', HOME='/tmp')",
    ),
    "leaves early": (
        "import sys\ntry: sys.exit(0)\nexcept SystemExit: pass",
        "sys.exit(0)",
        "raise SystemExit('enough')",
        "1 / 0",
        "raise KeyboardInterrupt",
        "def generator():\n    yield 1\nnext(iter([]))",
    ),
    "says quit": ("quit()",),
    "restarts its kernel": ("import IPython\nIPython.Application.instance().kernel.do_shutdown(restart=True)",),
    "ends its kernel by a signal": ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)",),
    "ends its kernel a little later": ("import os, threading\nthreading.Timer(0.2, os._exit, [0]).start()",),
    "is full of magic": (
        '%matplotlib inline\n%config InlineBackend.figure_format = "retina"\n%load_ext autoreload\n%autoreload 2',
        "%timeit -n 2 -r 2 sum(range(100))\n%precision 3\n%xmode Minimal\n%who\n%history -n\n%lsmagic",
        "%%time\nsum(range(10))",
        "%matplotlib widget",
        "%matplotlib notebook",
        "%prun -q sum(range(9))",
        "%no_such_magic",
        "%load_ext tensorboard\n%tensorboard --logdir logs",
    ),
    "shows widgets and bars": (
        "import ipywidgets\nfrom IPython.display import HTML, clear_output, display\nfrom tqdm.auto import tqdm",
        "display(ipywidgets.IntSlider(3), HTML('<b>x</b>'))\nfor _ in tqdm(range(9)): pass\nclear_output(wait=True)",
        "import plotly.express\nplotly.express.line(x=[1, 2], y=[3, 4]).show()",
        "import cv2, skimage, tabulate, pydot, openpyxl, imageio, PIL, scipy, seaborn, altair, tensorboard",
        "import matplotlib.pyplot as plt\nplt.ion(); plt.plot([1, 2]); plt.show(); plt.switch_backend('agg')",
    ),
    "asks and gets no answer": ("name = input('name?')", "import getpass\ngetpass.getpass()"),
    "takes hooks over": (
        "import atexit, builtins, faulthandler, signal, sys, time\nsys.setrecursionlimit(5000)\nfaulthandler.enable()",
        "signal.signal(signal.SIGALRM, lambda *_: None)\nsignal.alarm(1)\ntime.sleep(1.1)\natexit.register(print)",
        "sys.excepthook = print\nget_ipython().set_custom_exc((ValueError,), lambda *_, **__: print('own'))",
        "raise ValueError",
        "builtins.print = lambda *_, **__: None",
    ),
    "logs": (
        "import logging, logging.config, warnings\nwarnings.filterwarnings('ignore')\nlogging.disable(logging.WARNING)",
        "logging.basicConfig(level=logging.DEBUG, force=True)\nlogging.getLogger('tensorflow').setLevel(logging.ERROR)",
        "logging.config.dictConfig({'version': 1, 'disable_existing_loggers': True, 'root': {'level': 'INFO'}})",
    ),
}
"""Cells in front of the first answer."""
BEFORE_TRAINING: dict[str, tuple[str, ...]] = {
    "sets up TensorFlow": (
        "import tensorflow as tf\ntf.config.threading.set_intra_op_parallelism_threads(2)\ntf.random.set_seed(1)",
        "for gpu in tf.config.list_physical_devices('GPU'): tf.config.experimental.set_memory_growth(gpu, True)",
        "tf.config.set_visible_devices([], 'GPU')\ntf.config.set_soft_device_placement(True)",
        "tf.config.optimizer.set_experimental_options({'layout_optimizer': True})\ntf.config.optimizer.set_jit(False)",
        "tf.debugging.enable_check_numerics()\ntf.get_logger().setLevel('ERROR')",
    ),
    "wants it all the same": (
        "import tensorflow as tf\ntf.config.experimental.enable_op_determinism()\ntf.keras.utils.set_random_seed(3)",
    ),
    "has two processors": (
        "import tensorflow as tf\ncpus = tf.config.list_physical_devices('CPU')",
        "tf.config.set_logical_device_configuration(cpus[0], [tf.config.LogicalDeviceConfiguration()] * 2)",
        "assert len(tf.config.list_logical_devices('CPU')) == 2\nstrategy = tf.distribute.get_strategy()",
    ),
    "clears and collects": (
        "import gc\nimport keras\nkeras.backend.clear_session()\nkeras.utils.set_random_seed(7)\ngc.disable()",
        "keras.utils.clear_session(free_memory=True)\nkeras.config.disable_interactive_logging()",
    ),
    "takes warnings for errors": ("import warnings\nwarnings.simplefilter('error')",),
    "prints its own way": (
        "import numpy as np, pandas as pd, random\nnp.set_printoptions(precision=2)\nnp.seterr(all='raise')",
        "import matplotlib, seaborn\nmatplotlib.use('Agg')\nseaborn.set_theme()\npd.set_option('display.max_rows', 5)",
    ),
    "runs eagerly": ("import tensorflow as tf\ntf.config.run_functions_eagerly(True)",),
}
"""Cells in front of the second answer, which trains."""


def handed_in(case: str) -> bytes:
    made = nbformat.reads(notebook(RIGHT | {"treble": TRAINED}).decode(), as_version=4)
    place, cells = (0, ON_TOP[case]) if case in ON_TOP else (2, BEFORE_TRAINING[case])
    if case in ON_TOP:
        made.cells[2].source = f"{RIGHT['treble']}\nlosses = [1.0]"
    made.cells[place:place] = [new_code_cell(textwrap.dedent(source)) for source in cells]
    return str(nbformat.writes(made)).encode()


@pytest.fixture(scope="module")
def verdicts(engine: WarmEngine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, "Future[Verdict]"]:
    folder = tmp_path_factory.mktemp("odd")
    page = folder / "odd.py"
    page.write_text(
        "from autograder.judge.checking import check, fail\nfrom autograder.judge.comparators import *\n"
        + TREBLES_ONLY_IF_TRAINED
    )
    made = Exercise.from_source("odd", notebook(RIGHT | {"treble": TRAINED}), page, "assignment")

    def grade(case: str) -> Verdict:
        return engine.grade(handed_in(case), {}, made, SECRET).verdict

    pool = ThreadPoolExecutor(2)
    return {case: pool.submit(grade, case) for case in (*ON_TOP, *BEFORE_TRAINING)}


@pytest.mark.parametrize("case", [*ON_TOP, *BEFORE_TRAINING])
def test_what_a_right_notebook_does_with_its_kernel_costs_nothing(
    verdicts: dict[str, "Future[Verdict]"], case: str
) -> None:
    verdict = verdicts[case].result()
    assert [check.message for check in verdict.checks() if check.message] == []
    assert verdict.points == verdict.max_points == 2
