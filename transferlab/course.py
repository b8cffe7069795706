"""What the exercises of a course work with, for each source of images; one configuration value decides."""

from dataclasses import dataclass

from transferlab.cifar10 import CLASSES
from transferlab.drawing.sketches import SKETCHES


@dataclass(frozen=True)
class CourseData:
    """Images and backbones of a course; notebooks, hidden checks and calibration all read the same."""

    source: str
    """Name for `load_images`."""
    pictures: str
    """What the images are, in a word for sentences: "drawings", say."""
    pair: tuple[str, str]
    """The two classes told apart where two are enough."""
    classes: tuple[str, ...]
    """All ten classes."""
    backbone: str
    """Name for `load_backbone`: the backbone that exercises build on unless they say otherwise."""
    compared_backbones: tuple[str, str, str]
    """Three backbones that differ, with the default among them."""
    usual_accuracy: float
    """About the share of the pair's test images that a small head on the frozen default backbone gets right."""
    usual_accuracy_of_ten: float
    """Likewise of all ten classes, from 40 images each."""
    fine_tuning_rate: float
    """Learning rate that carries over where the last block learns in a second stage: exercise 1 and the lesson."""
    unfreezing_rate: float
    """Likewise where any fraction of the backbone learns, for a few steps: exercise 2."""
    input_shape: tuple[int, int, int] = (32, 32, 3)
    """Of the images and of every model; a backbone that needs larger ones enlarges them inside."""
    train_per_class: int = 200
    """Images of each of the two classes to train on."""
    validation_per_class: int = 100
    """Images of each class to watch."""
    test_per_class: int = 300
    """Images of each class to test with at the end."""


_COURSES = {
    "sketches": CourseData(
        source="sketches",
        pictures="drawings",
        pair=("house", "car"),
        classes=tuple(SKETCHES),
        backbone="mini_vgg",
        compared_backbones=("mini_vgg", "mini_resnet", "mini_mobilenet"),
        usual_accuracy=0.95,
        usual_accuracy_of_ten=0.80,
        fine_tuning_rate=3e-4,
        unfreezing_rate=1e-3,
    ),
    "cifar10": CourseData(
        source="cifar10",
        pictures="photographs",
        pair=("cat", "dog"),
        classes=CLASSES,
        backbone="mobilenet_0.75@96",
        # the third was pretrained on drawn emblems: small and quick, but from far away
        compared_backbones=("mobilenet_0.75@96", "mobilenet_v2_0.35@96", "mini_mobilenet"),
        usual_accuracy=0.80,
        usual_accuracy_of_ten=0.60,
        fine_tuning_rate=3e-5,
        unfreezing_rate=3e-5,
    ),
}


def course_sources() -> tuple[str, ...]:
    """Sources of images that a course can be built on."""
    return tuple(_COURSES)


def course_data(source: str = "sketches") -> CourseData:
    """What a course works with when its images come from `source`.

    Args:
        source: One of `course_sources()`.

    Returns:
        Classes, backbones and numbers of images.

    Raises:
        ValueError: No course can be built on this source.
    """
    if source not in _COURSES:
        raise ValueError(f"no course is built on {source!r}; c.CourseSettings.data_source can be {', '.join(_COURSES)}")
    return _COURSES[source]
