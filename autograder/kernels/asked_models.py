"""Models that the judge asks about in a student's kernel: made, described, trained, taken apart.

Stand-alone, like `probe.py`, which loads it by path in a kernel.
"""

import contextlib
from collections.abc import Callable, Iterator
from time import sleep  # bound before any code of a student's can put others in their place
from typing import Any

MAX_PARAMETERS = 200_000
"""Of a model whose arrays are kept; the judge's own backbones are far smaller."""


def maker(config: str, arrays: list[Any], pause: float = 0.0) -> Callable[[], Any]:
    """Return a function without arguments that makes a fresh copy of a model at each call, after a pause in seconds."""

    def make_backbone() -> Any:
        sleep(pause)
        return made(config, arrays)

    return make_backbone


def made(config: str, arrays: list[Any]) -> Any:
    """Make a model from its configuration as JSON, and give it its arrays."""
    import keras

    with undrawn_weights():
        model = keras.models.model_from_json(config)
    model.set_weights(arrays)
    return model


@contextlib.contextmanager
def undrawn_weights() -> Iterator[None]:
    """Have the weights of layers that are built meanwhile be zeros.

    For models whose arrays are all assigned as soon as they are built: to draw them first takes half of the time.
    """
    import keras

    original = keras.layers.Layer.add_weight

    def add_weight(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) < 2:  # the second one would be the initializer
            kwargs["initializer"] = "zeros"
        return original(layer, *args, **kwargs)

    keras.layers.Layer.add_weight = add_weight
    try:
        yield
    finally:
        keras.layers.Layer.add_weight = original


def described(model: Any) -> tuple[dict[str, Any], list[Any]]:
    """Write a model down as plain data, with what it predicts for inputs that everybody draws alike.

    Args:
        model: A built keras.Model.

    Returns:
        Its `description`, or why it is `not_described`, and its flags, one an array; and its arrays, then its outputs.
    """
    from transferlab import portable
    from transferlab.portable_parts import Refused

    outputs: list[Any] = []
    with contextlib.suppress(Exception):  # first, as some layers make variables only when they are called
        outputs = portable.outputs_of(model, portable.drawn_inputs(model))
    trainable = {id(variable) for variable in model.trainable_variables}
    answer = {"trainable": [id(variable) in trainable for variable in model.weights], "description": ""}
    try:
        answer["description"], arrays = portable.describe(model)
        outputs = outputs or portable.outputs_of(model, portable.drawn_inputs(model))
        return answer | {"not_described": ""}, [*arrays, *outputs]
    except Refused as refused:
        problem = str(refused)
    except Exception as error:  # noqa: BLE001 (a model may hold anything)
        problem = f"the model cannot be described, or predicts nothing ({type(error).__name__})"
    return answer | {"not_described": problem}, arrays_of(model)


def predict(model: Any, x: Any) -> tuple[list[Any], list[Any]]:
    """Return a model's outputs on some images, as it predicts, and its arrays."""
    import numpy as np

    from transferlab import portable

    parts = [portable.outputs_of(model, x[start : start + 100]) for start in range(0, len(x), 100)]

    return [np.concatenate(outputs) for outputs in zip(*parts, strict=True)], arrays_of(model)


def layer_flags(model: Any, frozen: list[int] | None, *, one_by_one: bool = False) -> list[dict[str, Any]]:
    """Describe the layers of a model without their arrays; first set all their flags, if asked to.

    Args:
        model: A Keras model.
        frozen: Positions in `model.layers` of the layers to freeze, all others become trainable; None: change nothing.
        one_by_one: Leave the flag of the model as a whole as it is.

    Returns:
        One entry a layer: its name, its class, its number of parameters, and how many of them are in variables that a
        model around it would train.
    """
    if frozen is not None:
        if not one_by_one:
            model.trainable = True
        for position, layer in enumerate(model.layers):
            layer.trainable = position not in frozen
    return [
        {
            "name": str(layer.name)[:100],
            "class": type(layer).__name__[:100],
            "parameters": sum(_size(variable) for variable in layer.weights),
            "trainable": sum(_size(variable) for variable in layer.weights if variable.trainable),
        }
        for layer in model.layers[:2_000]
    ]


def fit(model: Any, x: Any, y: Any, batch_size: int, *, traced: bool) -> dict[str, list[float]]:
    """Train for one epoch, compiled as the model is.

    Args:
        model: A compiled keras.Model.
        x: Images (n, height, width, channels).
        y: Labels (n,).
        batch_size: Images a step.
        traced: Trace a graph, and leave it with the model. Otherwise a model that has none trains eagerly, which moves
            the same arrays in a fraction of the time. One that has been trained keeps its graph in any case: that may
            hold flags that have changed since.

    Returns:
        What `fit` recorded: name to one value.
    """
    eagerly = not traced and getattr(model, "train_function", None) is None
    with _eager(model) if eagerly else contextlib.nullcontext():
        history = model.fit(x, y, batch_size=batch_size, epochs=1, verbose=0, shuffle=False)
    return {key: [float(value) for value in record] for key, record in history.history.items()}


def evaluate(model: Any, x: Any, y: Any) -> dict[str, float]:
    """Return what `evaluate` says, computed eagerly; the model keeps the graphs that it has."""
    before, function = model.run_eagerly, model.test_function
    model.run_eagerly, model.test_function = True, None
    try:
        found = model.evaluate(x, y, batch_size=len(x), verbose=0, return_dict=True)
    finally:
        model.run_eagerly, model.test_function = before, function
    return {str(name): float(value) for name, value in found.items()}


@contextlib.contextmanager
def _eager(model: Any) -> Iterator[None]:
    """Have a model train eagerly, and leave it as one that was never trained."""
    before = model.run_eagerly
    model.run_eagerly = True
    try:
        yield
    finally:
        model.run_eagerly, model.train_function = before, None


def part(model: Any, content: dict[str, Any]) -> Any:
    """Return a model or layer that shares its layers with a model.

    Args:
        model: A Keras model.
        content: `layer`: the position of the layer to return. `until`: the name of the layer to end at, with the `name`
            of the new model and its flag `trainable`. `again`: the position of a layer that is used once more behind
            the model, in a model around both.
    """
    import keras

    if "layer" in content:
        return model.layers[content["layer"]]
    if "again" in content:
        inputs = keras.Input(model.input_shape[1:])
        return keras.Model(inputs, model.layers[content["again"]](model(inputs)))
    until = keras.Model(model.inputs, model.get_layer(content["until"]).output, name=content.get("name"))
    # As a whole, as a student freezes it: Keras leaves the layers alone when a model's own flag does not change.
    until.trainable = content["trainable"]
    return until


def _size(variable: Any) -> int:
    size = 1
    for side in variable.shape:
        size *= int(side)
    return size


def arrays_of(model: Any) -> list[Any]:
    """Return the arrays of a model, in dtypes that can be carried."""
    from transferlab import portable

    return portable.arrays_of(model)


def kept_arrays(model: Any) -> list[Any]:
    """Return copies of the arrays of a model; none of one with more parameters than are kept."""
    if sum(_size(variable) for variable in model.weights) > MAX_PARAMETERS:
        return []
    return [array.copy() for array in arrays_of(model)]


def array_of(variable: Any) -> Any:
    """Return a copy of what a variable holds."""
    import numpy as np

    return np.asarray(variable).copy()
