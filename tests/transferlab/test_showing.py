"""Figures with words and numbers, lines that say how far a training is, and decisions that check themselves."""

import io
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import transferlab
from transferlab.progress import _Line


@pytest.fixture(autouse=True)
def _off_screen():
    mpl.use("Agg")
    yield
    plt.close("all")


def test_a_figure_comes_with_description_caption_and_table():
    table = pd.DataFrame({"accuracy": [0.5]}, index=["scratch"])
    shown = transferlab.show(plt.subplots()[1], alt='bars of "a" & b', caption="Bars <1>", table=table)
    page = shown._repr_html_()
    assert 'alt="bars of &quot;a&quot; &amp; b"' in page
    assert "<figcaption>Bars &lt;1&gt;</figcaption>" in page
    assert "<summary>The same as a table</summary>" in page
    assert "<td>0.5</td>" in page
    assert shown.picture.startswith(b"\x89PNG")
    assert repr(shown).split("\n")[:2] == ['[figure: bars of "a" & b]', "Bars <1>"]
    assert "scratch" in repr(shown)


def test_the_figure_is_closed_so_that_it_is_not_drawn_twice():
    transferlab.show(plt.figure(), alt="nothing")
    assert plt.get_fignums() == []


def test_a_figure_without_description_is_refused():
    with pytest.raises(ValueError, match="alt is empty; say in a sentence what there is to see"):
        transferlab.show(plt.figure(), alt=" ")
    with pytest.raises(TypeError, match="figure is a str; show needs a Matplotlib figure, or Axes in one"):
        transferlab.show("bars", alt="bars")


def test_the_line_tells_how_far_and_how_long():
    line = _Line("baseline", 12, "epoch")
    assert line.text(0, 0.0) == f"baseline  {'░' * 20}  epoch 0 of 12"
    assert line.text(3, 1.5) == f"baseline  {'█' * 5}{'░' * 15}  epoch 3 of 12, about 4 s left"
    assert line.text(12, 6.2) == f"baseline  {'█' * 20}  epoch 12 of 12, 6 s"


def test_progress_passes_everything_on_and_writes_to_terminals_only(monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)  # other tests in this process may have had a shell
    assert list(transferlab.progress([3, 4], "rates")) == [3, 4]
    assert list(transferlab.progress([], "rates")) == []
    assert capsys.readouterr() == ("", "")

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert list(transferlab.progress([3, 4], "rates")) == [3, 4]
    assert terminal.getvalue().startswith("\rrates  ░")
    assert "run 2 of 2, 0 s\x1b[K\n" in terminal.getvalue()


def test_the_epoch_bar_follows_a_fit(monkeypatch):
    import keras

    said = []
    monkeypatch.setattr(_Line, "say", lambda self, done: said.append((self.what, done, self.total)))
    keras.utils.set_random_seed(1)  # other tests make TensorFlow deterministic, which then wants a seed
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(np.ones((2, 1)), np.ones(2), epochs=2, verbose=0, callbacks=[transferlab.epoch_bar("line")])
    assert said == [("line", 0, 2), ("line", 1, 2), ("line", 2, 2)]


def test_decisions_are_agreed_with_nudged_or_left_open():
    lines = transferlab.check_scenarios({1: "features", 2: "scratch", 3: None}).lines
    assert lines[0].startswith("1, the florist: agreed. Few images")
    assert lines[1].startswith("2, the web shop: scratch can be argued for, another fits better. Both the data")
    assert lines[2] == "3, the satellites: not decided yet."


def test_the_fitting_decisions_are_all_agreed_with_and_nothing_else_is():
    fitting = {1: "features", 2: "fine-tune", 3: "scratch", 4: "compare", 5: "fine-tune"}
    assert all(": agreed. " in line for line in transferlab.check_scenarios(fitting).lines)
    for number, choice in fitting.items():
        for other in {"scratch", "features", "fine-tune", "compare"} - {choice}:
            (line,) = transferlab.check_scenarios({number: other}).lines
            assert "another fits better" in line


def test_unknown_decisions_are_told_in_one_sentence():
    with pytest.raises(ValueError, match="there is no scenario 6; they are numbered 1 to 5"):
        transferlab.check_scenarios({6: "scratch"})
    with pytest.raises(
        ValueError, match="scenario 1 says 'Features'; choose one of scratch, features, fine-tune, compare"
    ):
        transferlab.check_scenarios({1: "Features"})
