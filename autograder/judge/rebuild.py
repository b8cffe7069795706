"""Rebuild a student's Keras model from its configuration and arrays, without trusting either.

The configuration is JSON written by untrusted code. A walker of our own validates it first: exact (module, class)
pairs from an allow-list of built-in layers and keras ops, bounded depth, size and numbers; no registered classes, no
functions but the named activations. Build and compile configurations are dropped (a `build_config` makes Keras
allocate whatever it says on load). While the model is built, every variable is counted before it is allocated,
against the arrays that came with it.
"""

import contextlib
import functools
import hashlib
import inspect
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any
from unittest import mock

import keras
import numpy as np

MAX_CONFIG_BYTES = 4 * 2**20
MAX_DEPTH = 50
MAX_NODES = 60_000
MAX_LAYERS = 2_000
MAX_WHOLE_NUMBER = 2**17
MAX_PARAMETERS = 40_000_000

_DROPPED = frozenset({"build_config", "compile_config"})
_NOT_LAYERS = frozenset(
    [
        "Lambda",
        "TFSMLayer",
        "TorchModuleWrapper",
        "JaxLayer",
        "FlaxLayer",
        "StringLookup",
        "IntegerLookup",
        "TextVectorization",
        "Hashing",
        "HashedCrossing",
        "Discretization",
        "MelSpectrogram",
        "STFTSpectrogram",
        "Layer",
        "Wrapper",
    ]
)
_NOT_OPS = frozenset(
    [
        "Map",
        "Scan",
        "WhileLoop",
        "Cond",
        "ForiLoop",
        "VectorizedMap",
        "AssociativeScan",
        "Switch",
        "CustomGradient",
        "PyFunction",
        "NumpyFunction",
    ]
)
_MARKERS = frozenset({"__keras_tensor__", "__tensor__", "__ellipsis__", "__slice__", "__tuple__"})


class Refused(ValueError):
    """The model will not be rebuilt; the message is for the student."""


@functools.cache
def allowed_classes() -> frozenset[tuple[str, str]]:
    """The (module, class name) pairs that a configuration may name."""
    pairs = {
        ("keras.src.models.functional", "Functional"),
        ("keras", "Sequential"),
        ("keras", "Functional"),
        ("keras", "Model"),
    }
    pairs |= {("keras", "DTypePolicy"), ("keras.dtype_policies", "DTypePolicy"), ("keras.random", "SeedGenerator")}
    pairs |= {("keras.src.random.seed_generator", "SeedGenerator")}
    for module in (keras.initializers, keras.regularizers, keras.constraints):
        pairs |= {
            (module.__name__.replace("keras._tf_keras.", ""), name)
            for name, found in vars(module).items()
            if inspect.isclass(found)
        }
    pairs |= {
        ("keras.layers", name)
        for name, found in vars(keras.layers).items()
        if inspect.isclass(found) and name not in _NOT_LAYERS
    }
    for room in ("numpy", "nn", "core", "math", "image", "linalg"):
        module = __import__(f"keras.src.ops.{room}", fromlist=["*"])
        operations = (
            name
            for name, found in vars(module).items()
            if inspect.isclass(found) and found.__module__ == module.__name__
        )
        pairs |= {(module.__name__, name) for name in operations if name not in _NOT_OPS}
    return frozenset(pairs)


class _Walker:
    """One pass over a configuration; returns a cleaned copy."""

    def __init__(self) -> None:
        self.nodes = 0
        self.layers = 0

    def walk(self, part: Any, depth: int, key: str = "") -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise Refused("the model is nested too deeply or has too many parts")
        if isinstance(part, dict):
            return self._object(part, depth)
        if isinstance(part, list):
            return [self.walk(item, depth + 1, key) for item in part]
        if isinstance(part, bool) or part is None or isinstance(part, str):
            return part
        if isinstance(part, int | float):
            return self._number(part, key)
        raise Refused(f"the model's configuration holds a {type(part).__name__}")

    @staticmethod
    def _number(value: float, key: str) -> float:
        if isinstance(value, int) and abs(value) > MAX_WHOLE_NUMBER and key != "seed":
            raise Refused(f"the model's configuration holds the number {str(value)[:20]} ({key}), which is too large")
        return value

    def _object(self, part: dict[str, Any], depth: int) -> dict[str, Any]:
        name = part.get("class_name")
        if name is not None and not (isinstance(name, str) and name in _MARKERS):
            self._class(part, name)
        elif "module" in part or "registered_name" in part:
            raise Refused("a part of the model names a module but no class")
        return {str(key): self.walk(value, depth + 1, str(key)) for key, value in part.items() if key not in _DROPPED}

    def _class(self, part: dict[str, Any], name: Any) -> None:
        module, registered = part.get("module"), part.get("registered_name")
        if name == "function" and module == "builtins":
            if part.get("config") not in _activation_names():
                raise Refused(
                    f"the model uses the function {str(part.get('config'))[:60]!r}; use a built-in activation"
                )
            return
        if not isinstance(name, str) or (module, name) not in allowed_classes():
            raise Refused(_advice(str(name)[:60], str(module)[:80]))
        if registered not in (None, name):
            raise Refused(
                f"the model holds a registered class {str(registered)[:60]!r}; use built-in layers and keras.ops only"
            )
        self.layers += module == "keras.layers" or str(module).startswith("keras.src.ops")
        if self.layers > MAX_LAYERS:
            raise Refused(f"the model has more than {MAX_LAYERS} layers")


@functools.cache
def _activation_names() -> frozenset[str]:
    return frozenset(
        name
        for name in vars(keras.activations)
        if not name.startswith("_") and name not in ("deserialize", "get", "serialize")
    )


def _advice(name: str, module: str) -> str:
    if name == "Lambda":
        return (
            "the model holds a Lambda layer;"
            " use a built-in layer (such as Rescaling) or keras.ops on the tensors instead"
        )
    return f"the model holds {name!r} from {module!r}; use built-in layers and keras.ops only"


def clean_configuration(text: str) -> dict[str, Any]:
    """Validate a model's JSON and return it without build and compile configurations.

    Raises:
        Refused: It is not a model made of built-in parts, or is too large.
    """
    if len(text) > MAX_CONFIG_BYTES:
        raise Refused("the model's configuration is too large")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("the model's configuration cannot be read") from error
    if not isinstance(data, dict) or data.get("class_name") not in ("Functional", "Sequential", "Model"):
        kind = data.get("class_name") if isinstance(data, dict) else type(data).__name__
        raise Refused(f"the model is a {str(kind)[:60]}; make it with keras.Sequential or keras.Model(inputs, outputs)")
    try:
        cleaned: dict[str, Any] = _Walker().walk(data, 0)
    except RecursionError as error:
        raise Refused("the model is nested too deeply") from error
    return cleaned


def rebuild(
    config_text: str, arrays: Sequence[np.ndarray[Any, Any]], input_shape: tuple[int, int, int] = (32, 32, 3)
) -> keras.Model:
    """Build the model that the configuration describes and give it the arrays.

    Args:
        config_text: JSON of `keras.saving.serialize_keras_object(model)`.
        arrays: The model's variables in the order of `model.weights`.
        input_shape: (height, width, channels) to build a Sequential that does not say its own.

    Raises:
        Refused: The configuration is not acceptable, or the arrays do not fit it.
    """
    digest = hashlib.sha256(config_text.encode())
    for array in arrays:
        digest.update(str((array.shape, array.dtype)).encode() + np.ascontiguousarray(array).tobytes())
    return _rebuild(digest.hexdigest(), _Parts(config_text, arrays, input_shape))


class _Parts:
    """Arguments of one rebuild, equal whatever they hold: the digest beside them is the cache's key."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Parts)


@functools.lru_cache(maxsize=16)
def _rebuild(_digest: str, wrapped: _Parts) -> keras.Model:
    config_text, arrays, input_shape = wrapped.parts
    configuration = clean_configuration(config_text)
    total = sum(int(array.size) for array in arrays)
    if total > MAX_PARAMETERS:
        raise Refused(f"the model has {total:,} parameters; at most {MAX_PARAMETERS:,} are judged")
    with _counted_variables(total):
        try:
            model = keras.saving.deserialize_keras_object(configuration, safe_mode=True)
            if not model.built:
                model.build((None, *input_shape))
        except Refused:
            raise
        except Exception as error:  # Keras raises every kind for a configuration that does not fit together
            raise Refused(f"Keras cannot rebuild the model from its configuration ({type(error).__name__})") from error
    shapes = [tuple(variable.shape) for variable in model.weights]
    if shapes != [array.shape for array in arrays]:
        raise Refused("the model's arrays do not fit its configuration")
    for variable, array in zip(model.weights, arrays, strict=True):
        variable.assign(array)
    for layer in model._flatten_layers():  # noqa: SLF001 (there is no public way to the layers inside layers)
        if isinstance(layer, keras.layers.Normalization) and layer.built:
            layer.finalize_state()  # it computes with constants derived from its arrays, which assigning does not renew
    return model


@contextlib.contextmanager
def _counted_variables(budget: int) -> Iterator[None]:
    """Refuse a variable that would take the sum of all above `budget`, before it is allocated."""
    original = keras.layers.Layer.add_weight
    used = 0

    def add_weight(self: Any, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
        nonlocal used
        sides = (shape,) if isinstance(shape, int) else tuple(shape or ())
        used += math.prod(int(side) for side in sides)
        if used > budget:
            raise Refused("the model's configuration asks for more parameters than the model has")
        if not args:
            kwargs["initializer"] = "zeros"  # all arrays are assigned soon; drawing them first takes time
        return original(self, shape, *args, **kwargs)

    with mock.patch.object(keras.layers.Layer, "add_weight", add_weight):
        yield
