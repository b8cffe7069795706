"""What the judge knows of a backbone without building it is what `load_backbone` builds."""

from collections import Counter

import numpy as np
import pytest

import transferlab
from autograder.kerasmodels import pretrained
from autograder.kerasmodels.tiny import counted_layers
from transferlab.backbones.registry import EMBEDDED


@pytest.mark.parametrize("name", EMBEDDED)
def test_arrays_are_those_of_the_network_in_its_order(name):
    wanted = transferlab.load_backbone(name).weights
    found = pretrained.all_arrays(name)

    assert len(found) == len(wanted)
    assert all(np.array_equal(array, variable) for array, variable in zip(found, wanted, strict=True))


@pytest.mark.parametrize("name", EMBEDDED)
def test_layers_that_count_are_those_of_the_course(name):
    wanted = counted_layers(transferlab.load_backbone(name))
    found = pretrained.counted_layers(name)

    assert list(found) == [layer.name for layer in wanted]
    for layer, arrays in zip(wanted, found.values(), strict=True):
        assert [array.shape for array in arrays] == [tuple(variable.shape) for variable in layer.weights]


@pytest.mark.parametrize("name", ["mini_resnet", "mobilenet_0.25@96"])
def test_shapes_are_known_with_and_without_weights_at_hand(name, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    wanted = Counter(tuple(variable.shape) for variable in transferlab.load_backbone(name, weights=None).weights)

    assert pretrained.shapes(name) == wanted


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ValueError, match="there is no backbone 'vgg'"):
        pretrained.shapes("vgg")
