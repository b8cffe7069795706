"""The families' drawings, neighbours with their pictures, and what is recorded. Under 2 s."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import transferlab
from tests.transferlab.contrast import pale_words


@pytest.fixture(autouse=True)
def _figures_off_screen() -> Iterator[None]:
    mpl.use("Agg")
    before = dict(mpl.rcParams)
    yield
    for number in plt.get_fignums():
        assert list(pale_words(plt.figure(number))) == []  # what cannot be drawn fails here, too
    plt.close("all")
    assert dict(mpl.rcParams) == before


def test_each_family_has_a_drawing_and_the_last_one_is_the_key() -> None:
    figure = transferlab.plot_families()
    titles = [axes.get_title() for axes in figure.axes]
    assert [title.split()[0] for title in titles] == ["VGG", "ResNet", "Inception", "MobileNet", "EfficientNet", "How"]
    assert all(text.get_fontsize() >= 9 for axes in figure.axes for text in axes.texts)


def test_neighbours_are_the_nearest_others_on_a_common_scale() -> None:
    points = np.array([[0, 0], [1, 0], [10, 0], [0, 1000]])
    nearest = transferlab.nearest_neighbours(points, 2)
    assert nearest.tolist()[:3] == [[1, 3], [0, 2], [1, 0]]
    with pytest.raises(ValueError, match=r"points have shape \(2, 2\); \(n, dimensions\) with n above 5 is needed"):
        transferlab.nearest_neighbours(points[:2])


def test_a_neighbour_of_the_same_class_has_a_frame_and_a_bold_name() -> None:
    images = np.arange(4, dtype=np.uint8).repeat(12).reshape(4, 2, 2, 3)
    rows = np.array([[1, 2], [0, 2], [1, 0], [0, 1]])
    figure = transferlab.plot_neighbours(images, [0, 0, 1, 1], ("sun", "cup"), {"by pixels": rows}, [0])
    assert [axes.get_title() for axes in figure.axes] == ["sun", "sun", "cup"]
    assert [axes.title.get_fontweight() for axes in figure.axes] == ["bold", "bold", "normal"]
    assert [axes.spines["top"].get_visible() for axes in figure.axes] == [False, True, False]
    with pytest.raises(ValueError, match="nothing to draw; give at least one block"):
        transferlab.plot_neighbours(images, [0] * 4, ("sun",), {}, [0])


def test_what_is_not_recorded_is_said_with_what_is() -> None:
    with pytest.raises(ValueError, match=r"nothing is recorded for 'moon'; recorded are .*fractions"):
        transferlab.recorded_accuracies("moon")
