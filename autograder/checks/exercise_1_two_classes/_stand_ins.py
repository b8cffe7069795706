"""Functions that take the place of a student's wrong ones, so that what is trained with them is not lost as well.

Stand-alone: its text is run in the notebook's kernel, after the notebook's own function has been judged, and lost
points; see `STAND_INS` on the page.
"""

from typing import Any


def _freeze(backbone: Any, first: int) -> None:
    """Freeze the layers of a backbone that count before number `first`, and all that do not count."""
    import keras

    counted = [
        layer for layer in backbone.layers if layer.weights and not isinstance(layer, keras.layers.BatchNormalization)
    ]
    if first < 0 or len(counted) < first:
        raise ValueError(f"there are {len(counted)} layers that count, {len(counted) - first} were asked for")
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = any(layer is found for found in counted[first:])


def build_feature_extractor(backbone: Any, num_classes: int, *_: Any, **__: Any) -> Any:
    """As the exercise describes it; arguments of the student's own are left aside."""
    import keras

    backbone.trainable = False
    inputs = keras.Input(backbone.input_shape[1:])
    features = keras.layers.GlobalAveragePooling2D()(backbone(inputs))
    hidden = keras.layers.Dense(64, activation="relu")(features)
    model = keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(hidden))
    _compile(model, 1e-3)
    return model


def start_fine_tuning(model: Any, backbone: Any, unfrozen_layers: int, learning_rate: float, *_: Any, **__: Any) -> Any:
    """As the exercise describes it; arguments of the student's own are left aside."""
    import keras

    kinds = keras.layers.BatchNormalization
    count = sum(bool(layer.weights) and not isinstance(layer, kinds) for layer in backbone.layers)
    _freeze(backbone, count - unfrozen_layers)
    _compile(model, learning_rate)
    return model


def _compile(model: Any, learning_rate: float) -> None:
    import keras

    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
