"""The functions that take the place of wrong ones are right."""

import keras
import numpy as np
import pytest

from autograder.checks.exercise_1_two_classes import _stand_ins as stand_ins


def backbone():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(2, 3),
            layers.BatchNormalization(),
            layers.Conv2D(2, 3),
            layers.LayerNormalization(),
        ]
    )


@pytest.mark.parametrize(("count", "trained"), [(0, []), (1, [3]), (3, [0, 2, 3])])
def test_the_stand_ins_do_what_the_contract_says(count, trained):
    given = backbone()
    model = stand_ins.build_feature_extractor(given, 3, dropout=0.5)
    assert given.trainable_weights == []
    assert np.asarray(model(np.zeros((2, 8, 8, 3)))).shape == (2, 3)
    assert stand_ins.start_fine_tuning(model, given, count, 0.5) is model
    assert [place for place, layer in enumerate(given.layers) if layer.trainable] == trained
    assert float(model.optimizer.learning_rate) == 0.5
    with pytest.raises(ValueError, match="4 were asked for"):
        stand_ins.start_fine_tuning(model, given, 4, 0.5)
