"""The lesson's figures show what they are given, and wrong arguments are told in one sentence. About 3 s."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import transferlab
from tests.transferlab.contrast import pale_words

NAMES = ("sun", "cup", "car")


@pytest.fixture(autouse=True)
def _figures_off_screen() -> Iterator[None]:
    mpl.use("Agg")
    before = dict(mpl.rcParams)
    yield
    for number in plt.get_fignums():
        assert list(pale_words(plt.figure(number))) == []  # what cannot be drawn fails here, too
    plt.close("all")
    assert dict(mpl.rcParams) == before


def pictures(axes_of: plt.Figure) -> list[plt.Axes]:
    return [axes for axes in axes_of.axes if axes.images]


def test_each_filter_is_stretched_around_a_grey_zero() -> None:
    kernel = np.zeros((3, 3, 3, 20))
    kernel[0, 0, 0, 1], kernel[2, 2, 2, 1] = 0.2, -0.1
    figure = transferlab.plot_filters({"one": kernel, "other": kernel[..., :2]}, columns=8)
    shown = pictures(figure)
    assert len(shown) == 22
    second = np.asarray(shown[1].images[0].get_array())
    assert (second[0, 0, 0], second[2, 2, 2], second[1, 1, 1]) == (1.0, 0.25, 0.5)
    assert [part.get_suptitle() for part in figure.subfigs] == ["one", "other"]


def test_the_liveliest_channels_of_each_layer_stand_beside_the_image() -> None:
    maps = np.zeros((4, 4, 5))
    maps[0, 0] = [1, 5, 2, 4, 3]
    figure = transferlab.plot_feature_maps(np.full((8, 8, 3), 300.0), {"conv": maps, "late": maps[:1, :1]}, channels=3)
    shown = pictures(figure)
    assert len(shown) == 1 + 2 * 3
    assert [np.asarray(axes.images[0].get_array()).max() for axes in shown[1:4]] == [5, 4, 3]
    assert {text.get_text() for axes in figure.axes for text in axes.texts} == {"conv\n4 × 4 × 5", "late\n1 × 1 × 5"}


def test_a_channel_shows_the_images_it_answers_to_most() -> None:
    images = np.arange(6, dtype=np.uint8).repeat(12).reshape(6, 2, 2, 3)
    responses = np.array([[3, 0], [1, 0], [2, 9], [0, 0], [5, 1], [4, 0]])
    shown = pictures(transferlab.plot_strongest(images, responses, [0, 1], count=3))
    assert [int(np.asarray(axes.images[0].get_array())[0, 0, 0]) for axes in shown[:4]] == [4, 5, 0, 2]


def test_the_spread_shows_every_run_and_the_mean_with_its_deviation() -> None:
    axes = transferlab.plot_spread({"scratch": [0.3, 0.4], "frozen": [0.8]}, chance=0.1)
    assert axes.lines[0].get_xdata().tolist() == [30, 40]
    assert list(axes.lines[1].get_xdata()) == [35, 35]
    assert [text.get_text() for text in axes.texts] == ["35.0 ± 7.1", "80.0", "chance"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["scratch", "frozen"]


def test_the_data_curve_has_a_line_of_means_and_dots_of_runs() -> None:
    axes = transferlab.plot_data_curve([10, 100], {"frozen": [[0.6, 0.8], [0.9, 0.9]], "scratch": [0.2, 0.4]})
    assert axes.get_xscale() == "log"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["10", "100"]
    assert np.allclose(axes.lines[0].get_ydata(), [70, 90])
    assert np.allclose(axes.lines[1].get_xydata(), [[10, 60], [10, 80], [100, 90], [100, 90]])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["frozen", "scratch"]


def test_confusions_are_counted_by_truth_and_saying() -> None:
    axes = transferlab.plot_confusion([0, 0, 1, 2], [0, 1, 1, 0], NAMES)
    assert transferlab.confusion_counts([0, 0, 1, 2], [0, 1, 1, 0], 3).tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert sorted((*text.get_position(), text.get_text()) for text in axes.texts) == [
        (0, 0, "1"), (0, 2, "1"), (1, 0, "1"), (1, 1, "1"),
    ]  # fmt: skip


def test_changed_sides_tells_the_won_from_the_lost() -> None:
    images = np.zeros((4, 8, 8, 3), np.uint8)
    figure = transferlab.plot_changed_sides(images, [0, 1, 2, 2], [1, 1, 0, 2], [0, 0, 2, 2], NAMES, columns=3)
    titles = [part.get_suptitle() for part in figure.subfigs]
    assert titles == ["won: 2 images were wrong and are right now", "lost: 1 images were right and are wrong now"]
    assert [axes.get_title() for axes in pictures(figure)] == ["sun", "car", "cup"]
    assert [axes.texts[0].get_text() for axes in pictures(figure)] == ["was cup", "was sun", "now sun"]


def test_embeddings_draw_each_class_with_a_marker_of_its_own() -> None:
    points = np.arange(12.0).reshape(6, 2)
    figure = transferlab.plot_embeddings({"pixels": points, "features": -points}, [0, 1, 2, 0, 1, 2], NAMES)
    assert [axes.get_title() for axes in figure.axes] == ["pixels", "features"]
    assert figure.axes[1].collections[1].get_offsets().tolist() == [[-2, -3], [-8, -9]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(NAMES)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: transferlab.plot_filters({}), "kernels is empty; give at least one"),
        (lambda: transferlab.plot_filters({"a": np.zeros((3, 3, 8, 2))}), r"'a' has shape \(3, 3, 8, 2\); \(height"),
        (lambda: transferlab.plot_feature_maps(np.zeros((2, 2, 3)), {}), "maps is empty; give at least one"),
        (lambda: transferlab.plot_feature_maps(np.zeros((2, 2, 3)), {"a": [[1]]}), r"'a' has shape \(1, 1\); one"),
        (lambda: transferlab.plot_strongest(np.zeros((2, 4, 4, 3)), [[1.0]], [0]), "do not belong together"),
        (lambda: transferlab.plot_strongest(np.zeros((1, 4, 4, 3)), [[1.0]], [1]), r"channels is \[1\]; name at least"),
        (lambda: transferlab.plot_spread({"a": []}), "each row needs at least one accuracy"),
        (lambda: transferlab.plot_data_curve([1, 2], {"a": [0.5]}), "the curve 'a' has 1 rows for 2 sizes"),
        (lambda: transferlab.plot_confusion([1], [1, 2], NAMES), "there are 1 labels but 2 predictions"),
        (lambda: transferlab.plot_embeddings({}, [0], NAMES), "points is empty; give at least one panel"),
        (lambda: transferlab.plot_embeddings({"a": [[1, 2]]}, [0, 1], NAMES), r"'a' have shape \(1, 2\); \(2, 2\) is"),
    ],
)
def test_wrong_arguments_are_told_in_one_sentence(call, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        call()
