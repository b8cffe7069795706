"""A notebook in this process shows the judge what a kernel shows it."""

import matplotlib.pyplot as plt
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.authoring.in_process import LocalRun
from autograder.course.notebooks import Prepared


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import matplotlib.pyplot as plt\nplt.plot([1, 2]);", "matplotlib"),
        ("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);", "matplotlib"),
        ("from matplotlib.figure import Figure\nf = Figure()\nf.subplots().plot([1, 2])\nf", "matplotlib"),
        ("import plotly.graph_objects as go\ngo.Figure(go.Scatter(y=[1, 2])).show()", "plotly"),
        ("import plotly.graph_objects as go\ngo.Figure(go.Scatter(y=[1, 2]))", "plotly"),
        ("import altair\naltair.Chart(altair.Data(values=[{'a': 1}])).mark_bar().encode(x='a:Q')", "html"),
    ],
)
def test_figures_are_noted_however_they_are_shown(code, kind, monkeypatch, capsys):
    monkeypatch.setenv("PLOTLY_RENDERER", "plotly_mimetype")
    run = LocalRun(Prepared(new_notebook(cells=[new_code_cell(code)]), {}, ()), "seed")
    run.run_to(1)

    assert run.errors == {}
    found, _ = run.probe({"op": "figures"}, (), 1, 1)
    assert [note["kind"] for note in found["figures"]] == [kind]
    plt.switch_backend("agg")  # other tests share this process
