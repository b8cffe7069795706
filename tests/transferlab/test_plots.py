"""The figures hold what they are asked to show, with units, and leave Matplotlib as it was."""

from collections.abc import Iterator
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from tests.transferlab.contrast import pale_words
from transferlab import load_images, plot_comparison, plot_histories, plot_images, plot_trade_off


@pytest.fixture(autouse=True)
def _figures_off_screen() -> Iterator[None]:
    mpl.use("Agg")
    before = dict(mpl.rcParams)
    yield
    for number in plt.get_fignums():
        assert list(pale_words(plt.figure(number))) == []  # what cannot be drawn fails here, too
    plt.close("all")
    assert dict(mpl.rcParams) == before


def texts(axes: plt.Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_the_grid_shows_the_first_images_with_their_names() -> None:
    drawn = load_images(per_class=2)
    figure = plot_images(drawn.images, drawn.labels[:, None], drawn.class_names, rows=2, columns=4, title="Sketches")
    (axes,) = figure.axes
    assert len(axes.images) == 8
    assert texts(axes) == [drawn.class_names[label] for label in drawn.labels[:8]]
    assert np.array_equal(axes.images[3].get_array(), drawn.images[3])
    lefts, tops = zip(*((image.get_extent()[0], image.get_extent()[3]) for image in axes.images), strict=True)
    assert lefts[:4] == lefts[4:]
    assert sorted(set(lefts)) == list(lefts[:4])
    assert len(set(tops[:4])) == len(set(tops[4:])) == 1
    assert tops[4] > axes.images[0].get_extent()[2]  # the second row is below the first: rows are counted downwards
    assert figure.get_suptitle() == "Sketches"


def test_the_grid_shrinks_to_few_images_and_takes_floats() -> None:
    figure = plot_images(load_images(classes=["car"], per_class=3).images.astype("float32"))
    (axes,) = figure.axes
    assert len(axes.images) == 3
    assert not texts(axes)


def test_curves_have_epochs_percentages_and_names() -> None:
    fitted = SimpleNamespace(history={"val_accuracy": [0.5, 0.75], "loss": [1.0, 0.5]})
    axes = plot_histories({"baseline": fitted, "features": {"val_accuracy": [0.6, 0.9, 0.95]}})
    assert [line.get_label() for line in axes.lines] == ["baseline", "features"]
    assert axes.lines[0].get_xydata().tolist() == [[1, 50], [2, 75]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "validation accuracy (%)")
    assert texts(axes) == ["baseline", "features"]


def test_losses_are_no_percentages_and_given_axes_are_used() -> None:
    _, given = plt.subplots()
    axes = plot_histories({"a": {"loss": [2.0, 1.0]}}, "loss", ax=given)
    assert axes is given
    assert axes.lines[0].get_ydata().tolist() == [2, 1]
    assert axes.get_ylabel() == "training loss"


def test_names_at_the_ends_do_not_overlap() -> None:
    axes = plot_histories({str(number): {"val_accuracy": [0.1, 0.9 + number / 1e4]} for number in range(4)})
    heights = [text.xy[1] for text in axes.texts]
    low, high = axes.get_ylim()
    assert np.diff(heights).min() > 0.07 * (high - low)


def test_a_diverged_loss_can_be_drawn() -> None:
    axes = plot_histories({"diverged": {"loss": [1.0, float("nan")]}}, "loss")
    assert axes.get_legend() is not None


def test_bars_show_percentages_and_chance() -> None:
    axes = plot_comparison({"scratch": 0.75, "frozen": 0.95}, chance=0.5)
    assert [bar.get_width() for bar in axes.patches] == [75, 95]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["scratch", "frozen"]
    assert texts(axes) == ["75.0", "95.0", "chance"]
    assert axes.get_xlabel() == "accuracy (%)"
    assert axes.yaxis_inverted()


def test_bars_of_something_else_keep_their_unit() -> None:
    axes = plot_comparison({"a": 3.5}, label="seconds")
    assert axes.patches[0].get_width() == 3.5


def test_trade_off_tells_the_unbeaten_from_the_beaten() -> None:
    table = {"name": ["a", "b", "c"], "seconds": [1.0, 2.0, 3.0], "val_accuracy": [0.7, 0.9, 0.8]}
    axes = plot_trade_off(table, x="seconds", name="name")
    unbeaten, beaten = axes.collections
    assert unbeaten.get_offsets().tolist() == [[1, 70], [2, 90]]
    assert beaten.get_offsets().tolist() == [[3, 80]]
    assert texts(axes) == ["a", "b", "c"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("training time (seconds)", "validation accuracy (%)")


def test_trade_off_takes_data_frames_and_names_numbers() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"fraction": [0.0, 0.25], "seconds": [1.0, 2.0], "val_accuracy": [0.7, 0.7]})
    axes = plot_trade_off(frame, x="seconds", name="fraction")
    assert texts(axes) == ["fraction 0", "fraction 0.25"]


def test_trade_off_takes_a_list_of_rows() -> None:
    rows = [{"fraction": number / 2, "seconds": 1.0 + number, "val_accuracy": 0.7} for number in range(2)]
    axes = plot_trade_off(rows, x="seconds", name="fraction")
    assert texts(axes) == ["fraction 0", "fraction 0.5"]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: plot_images(np.zeros((32, 32, 3))), r"images have shape \(32, 32, 3\); plot_images needs \(n, height"),
        (lambda: plot_images(np.zeros((2, 8, 8, 3)), [1]), "there are 2 images but 1 labels"),
        (lambda: plot_histories({}), "histories is empty; give at least one"),
        (lambda: plot_histories({"a": {"loss": [1]}}), "the history of 'a' has no 'val_accuracy'; it has loss"),
        (lambda: plot_comparison({}), "values is empty; give at least one"),
        (lambda: plot_trade_off({"seconds": [1]}, x="seconds", name="n"), "the table has no column 'val_accuracy'; it"),
        (lambda: plot_trade_off({"x": [], "y": [], "n": []}, x="x", y="y", name="n"), "the table has no rows"),
    ],
)
def test_wrong_arguments_are_told_in_one_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
