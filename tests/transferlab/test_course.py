"""What a course works with is whole: its classes and backbones exist."""

import pytest

from transferlab import class_names, course_data, course_sources, load_backbone


@pytest.mark.parametrize("source", course_sources())
def test_a_courses_classes_are_those_of_its_images(source):
    data = course_data(source)

    assert data.source == source
    assert data.classes == class_names(source)
    assert set(data.pair) < set(data.classes)
    assert data.backbone in data.compared_backbones
    assert len(set(data.compared_backbones)) == 3


@pytest.mark.parametrize("source", course_sources())
def test_a_courses_backbones_take_its_images(source):
    data = course_data(source)

    for name in data.compared_backbones:
        assert load_backbone(name, weights=None, input_shape=data.input_shape).input_shape[1:] == data.input_shape


def test_another_source_is_refused():
    with pytest.raises(ValueError, match=r"no course is built on 'photos'; c\.CourseSettings\.data_source can be"):
        course_data("photos")
