"""Which parts a description of a model may name: built-in layers and operations of Keras; nothing that runs code."""

import functools
import inspect
from typing import Any

MAX_DEPTH = 50
MAX_NODES = 60_000
MAX_WHOLE_NUMBER = 2**17

_DROPPED = frozenset({"build_config", "compile_config", "shared_object_id"})
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
_MARKERS = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__ellipsis__", "__slice__"})
_OTHER_NAMES = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax", "identity": "linear", "swish": "silu"}
"""Activations of TensorFlow's that Keras writes down under a name it does not know."""


_TRACED = "traced graph "


class Refused(ValueError):
    """The model is not carried; the text says why, a sentence without its dot."""


class Forbidden(Refused):
    """It holds a part that brings code of its own."""


@functools.cache
def allowed_classes() -> frozenset[tuple[str, str]]:
    """The (module, class name) pairs that a configuration may name."""
    import keras

    pairs = {
        ("keras.src.models.functional", "Functional"),
        ("keras", "Sequential"),
        ("keras", "Functional"),
        ("keras", "Model"),
        ("keras", "DTypePolicy"),
        ("keras.random", "SeedGenerator"),
        ("keras.src.random.seed_generator", "SeedGenerator"),
    }
    for module in (keras.initializers, keras.regularizers, keras.constraints, keras.dtype_policies, keras.quantizers):
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
    rooms = [f"ops.{name}" for name in ("numpy", "nn", "core", "math", "image", "linalg")]
    for room in (*rooms, "activations.activations"):
        module = __import__(f"keras.src.{room}", fromlist=["*"])
        operations = (
            name
            for name, found in vars(module).items()
            if inspect.isclass(found) and found.__module__ == module.__name__
        )
        pairs |= {(module.__name__, name) for name in operations if name not in _NOT_OPS}
    return frozenset(pairs)


@functools.cache
def activation_names() -> frozenset[str]:
    """Names of the built-in activations."""
    import keras

    return frozenset(
        name
        for name in vars(keras.activations)
        if not name.startswith("_") and name not in ("deserialize", "get", "serialize")
    )


@functools.cache
def _function(name: str) -> Any:
    """Return the operation of `keras.ops` that works number by number under this name, or None."""
    import keras
    import numpy as np

    found = getattr(keras.ops, name, None)
    if not inspect.isfunction(found) or name.startswith("_"):
        return None
    needed = [
        parameter for parameter in inspect.signature(found).parameters.values() if parameter.default is parameter.empty
    ]
    if len(needed) != 1:
        return None
    try:
        ones = np.ones((2, 3), np.float32)
        return found if tuple(found(ones).shape) == ones.shape else None
    except Exception:  # noqa: BLE001 (one that takes no array of numbers is none that is meant)
        return None


def functions_named(part: Any) -> dict[str, Any]:
    """Return the functions that a cleaned configuration names and Keras does not find by itself, by name."""
    found: dict[str, Any] = {}
    parts = [part]
    while parts:
        here = parts.pop()
        if isinstance(here, dict):
            name = str(here.get("config"))
            if here.get("class_name") == "function" and not name.startswith(_TRACED):
                found[name] = _function(name)
            parts += here.values()
        elif isinstance(here, list | tuple):
            parts += here
    return found


def traced_in(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of the models that stand for functions in a cleaned configuration, by the functions' names."""
    settings = configuration.get("config", {})
    found = [value for value in settings.values() if isinstance(value, dict)] if isinstance(settings, dict) else []
    names = [str(value["config"]) for value in found if value.get("class_name") == "function"]
    return {name: int(name.removeprefix(_TRACED)) for name in names if name.startswith(_TRACED)}


def wraps_tuples(value: Any) -> Any:
    """Mark tuples, which JSON does not know and some layers insist on."""
    if isinstance(value, tuple):
        return {"class_name": "__tuple__", "items": [wraps_tuples(part) for part in value]}
    if isinstance(value, list):
        return [wraps_tuples(part) for part in value]
    if isinstance(value, dict):
        return {key: wraps_tuples(part) for key, part in value.items()}
    return value


def clean_layer(part: dict[str, Any], counter: list[int] | None = None) -> dict[str, Any]:
    """Return a cleaned copy of a layer's configuration, tuples unmarked.

    Initial values are dropped: all arrays are given. So are penalties and constraints of a student's own.

    Args:
        part: Configuration, as `keras.saving.serialize_keras_object` gives it.
        counter: One number, of the parts met so far in the same model.

    Raises:
        Forbidden: It names a class that brings code of its own.
        Refused: It is malformed, too large, or names what is not carried.
    """
    walker = _Walker([0] if counter is None else counter)
    if not isinstance(part.get("class_name"), str) or part["class_name"] in _MARKERS:
        raise Refused("a part of the model names no class")
    try:
        cleaned: dict[str, Any] = walker.walk(part, 0)
    except RecursionError as error:
        raise Refused("the model is nested too deeply") from error
    return cleaned


class _Walker:
    """One pass over a configuration; returns a cleaned copy."""

    def __init__(self, counter: list[int]) -> None:
        self._counter = counter

    def walk(self, part: Any, depth: int, key: str = "") -> Any:
        self._counter[0] += 1
        if depth > MAX_DEPTH or self._counter[0] > MAX_NODES:
            raise Refused("the model is nested too deeply or has too many parts")
        if key.endswith("_initializer") and not isinstance(part, int | float):
            return "zeros"
        if isinstance(part, dict):
            return self._object(part, depth, key)
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

    def _object(self, part: dict[str, Any], depth: int, key: str) -> Any:
        name = part.get("class_name")
        if name == "__tuple__":
            return tuple(self.walk(item, depth + 1, key) for item in part["items"])
        if name == "__traced__" and type(part.get("number")) is int:
            return _named_function(f"{_TRACED}{part['number']}")
        if name == "function":
            return self._function(part)
        if name is not None and not (isinstance(name, str) and name in _MARKERS):
            if key.endswith(("_regularizer", "_constraint")) and not self._is_known(part):
                return None
            if name == "__lambda__":
                raise Refused("the model uses a lambda that is not made of keras.ops only; use a built-in activation")
            self._class(part, name)
        elif key.endswith("activation"):
            raise Refused("the model uses a function that is not made of keras.ops only; use a built-in activation")
        elif "module" in part or "registered_name" in part:
            raise Refused("a part of the model names a module but no class")
        return {str(key): self.walk(value, depth + 1, str(key)) for key, value in part.items() if key not in _DROPPED}

    @staticmethod
    def _function(part: dict[str, Any]) -> Any:
        name = part.get("config")
        name = _OTHER_NAMES.get(name, name) if isinstance(name, str) else None
        if name in activation_names():
            return name
        if name is None or _function(name) is None:
            raise Refused(f"the model uses the function {str(part.get('config'))[:60]!r}; use a built-in activation")
        return _named_function(name)

    @staticmethod
    def _is_known(part: dict[str, Any]) -> bool:
        return (part.get("module"), part.get("class_name")) in allowed_classes()

    def _class(self, part: dict[str, Any], name: Any) -> None:
        module, registered = part.get("module"), part.get("registered_name")
        if not isinstance(name, str) or not self._is_known(part):
            raise _refusal(str(name)[:60], str(module)[:80])
        if registered not in (None, name):
            raise Forbidden(
                f"the model holds a registered class {str(registered)[:60]!r}; use built-in layers and keras.ops only"
            )


def _named_function(name: str) -> dict[str, Any]:
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def _refusal(name: str, module: str) -> Refused:
    if name == "Lambda":
        return Forbidden(
            "the model holds a Lambda layer;"
            " use a built-in layer (such as Rescaling) or keras.ops on the tensors instead"
        )
    if module in ("None", "__main__"):
        return Forbidden(
            f"the model holds {name!r}, a class that is not of Keras; use built-in layers and keras.ops only"
        )
    if module.startswith("keras.") or module == "keras":
        return Refused(f"the model holds {name!r} from {module!r}, which is not carried")
    return Forbidden(f"the model holds {name!r} from {module!r}; use built-in layers and keras.ops only")
