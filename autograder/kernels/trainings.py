"""What one call of a student's function trains: every `fit`, with the arrays before and after it; and parts of models.

Stand-alone, like `probe.py`, which loads it by path in a kernel.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

MAX_FITS = 24
MAX_PARAMETERS = 200_000
"""Of a model whose arrays are kept; the judge's own backbones are far smaller."""


def maker(config: str, arrays: list[Any]) -> Callable[[], Any]:
    """Return a function without arguments that makes a fresh copy of a model at each call."""
    import keras

    def make_backbone() -> Any:
        model = keras.models.model_from_json(config)
        model.set_weights(arrays)
        return model

    return make_backbone


@contextlib.contextmanager
def watched() -> Iterator[list[dict[str, Any]]]:
    """Note every `fit` of a Keras model while the context lasts.

    Yields:
        One record a `fit`: `model`, `epochs` as done, `seconds`, `trainable` (one flag an array), `before` and `after`
        (arrays in the order of `model.weights`), `val_accuracy` (one an epoch, if there was validation data), and of
        the model as it was left: how it is `described`, and its `outputs` for drawn inputs.
    """
    import keras

    original, own = keras.Model.fit, "fit" in vars(keras.Model)
    fits: list[dict[str, Any]] = []

    def fit(model: Any, *args: Any, **kwargs: Any) -> Any:
        trainable = {id(variable) for variable in model.trainable_variables}
        record = {
            "model": model,
            "trainable": [id(variable) in trainable for variable in model.weights],
            "before": _arrays(model),
        }
        started = time.perf_counter()
        history = original(model, *args, **kwargs)
        seconds = time.perf_counter() - started
        record |= {
            "seconds": seconds,
            "epochs": len(history.epoch),
            "val_accuracy": [float(value) for value in history.history.get("val_accuracy", ())],
            "after": _arrays(model),
        }
        if record["after"]:
            record["described"], carried = described(model)
            record["outputs"] = carried[len(record["trainable"]) :]
        fits[MAX_FITS - 1 :] = []  # an endless row of trainings keeps only its first ones and its last
        fits.append(record)
        return history

    keras.Model.fit = fit
    try:
        yield fits
    finally:
        if own:
            keras.Model.fit = original
        else:
            del keras.Model.fit


def described(model: Any) -> tuple[dict[str, Any], list[Any]]:
    """Write a model down as plain data, with what it predicts for inputs that everybody draws alike.

    Args:
        model: A built keras.Model.

    Returns:
        Its `description`, or why it is `not_described`, and its flags, one an array; and its arrays, then its outputs.
    """
    from transferlab import portable
    from transferlab.portable_parts import Refused

    trainable = {id(variable) for variable in model.trainable_variables}
    answer = {"trainable": [id(variable) in trainable for variable in model.weights], "description": ""}
    try:
        answer["description"], arrays = portable.describe(model)
        outputs = portable.outputs_of(model, portable.drawn_inputs(model))
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


def layer_flags(model: Any, frozen: list[int] | None) -> list[dict[str, Any]]:
    """Describe the layers of a model without their arrays; first set all their flags, if asked to.

    Args:
        model: A Keras model.
        frozen: Positions in `model.layers` of the layers to freeze, all others become trainable; None: change nothing.

    Returns:
        One entry a layer: its name, its class, its number of parameters, and how many of them are in variables that a
        model around it would train.
    """
    if frozen is not None:
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


def report(
    fits: list[dict[str, Any]], keep: Callable[[Any], str], first_buffer: int
) -> tuple[list[dict[str, Any]], list[Any]]:
    """Turn the records into plain values.

    Args:
        fits: As `watched` gave them.
        keep: Gives the handle of a model.
        first_buffer: Number of the buffer that the first array will be.

    Returns:
        The records, models as handle and configuration, arrays as numbers of buffers; and the arrays.
    """
    arrays: list[Any] = []

    def numbers(found: list[Any]) -> list[int]:
        arrays.extend(found)
        return list(range(first_buffer + len(arrays) - len(found), first_buffer + len(arrays)))

    records = [
        {
            **{key: found[key] for key in ("epochs", "seconds", "val_accuracy", "trainable")},
            **{f"{key}_after": value for key, value in found.get("described", {}).items()},
            "model": keep(found["model"]),
            "before": numbers(found["before"]),
            "after": numbers(found["after"]),
            "outputs": numbers(found.get("outputs", [])),
        }
        for found in fits
    ]
    return records, arrays


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


def _arrays(model: Any) -> list[Any]:
    if sum(_size(variable) for variable in model.weights) > MAX_PARAMETERS:
        return []
    return [array.copy() for array in arrays_of(model)]
