"""A student's kernel: what it shows, and what becomes of cells that misbehave."""

from dataclasses import asdict

import pytest

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
    (figure,) = answer["figures"]  # not one that warmed the template up
    assert "loss" in str(figure)


@pytest.mark.parametrize(
    ("code", "kind", "held"),
    [
        (
            "from matplotlib.figure import Figure\nf = Figure()\nf.subplots().plot([1, 2], label='loss')\nf",
            "matplotlib",
            "loss",
        ),
        ("import altair\naltair.Chart(altair.Data(values=[{'a': 17}])).mark_bar().encode(x='a:Q')", "html", "17"),
        (
            "get_ipython().display_pub.publish({'application/vnd.plotly.v1+json': {'data': [{'y': [17]}]}})",
            "plotly",
            "17",
        ),
        ("import PIL.Image\nPIL.Image.new('RGB', (300, 300))", "picture", "image/png"),
    ],
)
def test_the_probe_sees_what_is_displayed(kernel, code, kind, held):
    kernel.run_cell(code)
    answer, _ = kernel.probe({"op": "figures"}, cpu_seconds=5, wall_seconds=10)
    note = answer["figures"][0]
    assert note["kind"] == kind
    assert note["stage"] == answer["stage"]
    assert held in str(note)


def test_a_figure_with_words_counts_once_and_is_no_picture_of_which_nothing_can_be_read(kernel):
    code = """
import matplotlib.pyplot as plt, transferlab
figure, axes = plt.subplots()
axes.plot([1, 2], label="words")
transferlab.show(axes, alt="A line that rises.")
"""
    (shown,) = kernel.run_cell(code).outputs
    assert 'alt="A line that rises."' in shown["data"]["text/html"]
    answer, _ = kernel.probe({"op": "figures"}, cpu_seconds=5, wall_seconds=10)
    here = [note for note in answer["figures"] if note["stage"] == answer["stage"]]
    assert [(note["kind"], "words" in str(note)) for note in here] == [("matplotlib", True)]


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
    kernel.run_cell("import random, numpy, tensorflow, keras")
    draws = ("random.random()", "numpy.random.rand()", "tensorflow.random.uniform(())", "keras.random.uniform(())")
    code = ", ".join(draws)
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
from keras import layers
model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(2)])
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


def test_errors_are_shown_alike_without_a_search_for_the_modules_of_cells(kernel):
    kernel.run_cell(
        "import inspect, json\ndef recur(n):\n    return recur(n - 1) if n else 1 / 0\nquick = inspect.getmodule"
    )
    quick = "".join(kernel.run_cell("recur(30)").outputs[0]["traceback"])
    kernel.run_cell("inspect.getmodule = quick.__wrapped__")
    plain = "".join(kernel.run_cell("recur(30)").outputs[0]["traceback"])
    assert quick.replace("In[2]", "In[4]") == plain
    assert "ZeroDivisionError" in plain
    known = kernel.run_cell("""
frame = inspect.currentframe()
print([find(thing) for find in (quick, quick.__wrapped__) for thing in (frame, frame.f_code, json, json.dumps)])
""")
    shown = known.outputs[0]["text"].strip("[]\n").split(", ")
    assert shown[:4] == shown[4:]
    assert shown[:2] == ["None", "None"]


def test_an_error_is_shown_once_and_a_figure_drawn_once(kernel):
    run = kernel.run_cell("""
import matplotlib.pyplot as plt
draws = []
figure, axes = plt.subplots()
figure.canvas.mpl_connect("draw_event", draws.append)
axes.plot([1, 2]);
""")
    assert [output["output_type"] for output in run.outputs].count("display_data") == 1
    once = int(kernel.run_cell("print(len(draws))").outputs[0]["text"])
    drawn = kernel.run_cell("""
draws = []
figure, axes = plt.subplots()
figure.canvas.mpl_connect("draw_event", draws.append)
figure.savefig("/tmp/figure.png", bbox_inches="tight")
print(len(draws))
plt.close(figure)
""")
    assert once == int(drawn.outputs[0]["text"])
    assert "ZeroDivisionError" in "".join(kernel.run_cell("1 / 0").outputs[0]["traceback"])
    assert kernel.run_cell("get_ipython()._format_exception_for_storage(ValueError())").outputs[0]["data"] == {
        "text/plain": "{}"
    }
