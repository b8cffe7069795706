"""A Keras model as plain data, and back: how somebody else can have the same model without running anybody's code.

Keras can write a model down, too, but what it reads back is another model, or none, as soon as a layer belongs to a
nested model and to its surroundings, as soon as an array stands in a graph, or a layer takes only a tuple for what its
own configuration holds. So a graph is written here by *identity*: each layer once, whoever uses it, and each use of it
as a node. What a layer is made of is still Keras's own configuration of that one layer.

A description is JSON:

    {"format": 1, "objects": [object, ...], "model": number}             the model is one of the objects

    object   {"layer": configuration, "variables": [[array, trainable, dtype], ...], "names": [...], "flags": [...],
              "state": [[sublayer, name, value], ...]}                     a layer or an operation
             {"layer": {...}, "unreadable": "TypeError"}                   one that cannot be written down
             {"graph": {"name", "inputs", "outputs", "nodes"}, "flag", "policy"}  a Functional or Sequential model
    node     {"object": number, "args": value, "kwargs": value}            one use of an object, in order
    value    {"tensor": [node, output]} | {"array": {...}} | {"tuple": [...]} | {"list": [...]} | {"dict": {...}}
             | {"slice": [...]} | {"ellipsis": true} | {"plain": ...}

Arrays of the model travel beside it, in the order of `model.weights`. `state` is what a layer has computed from its
arrays and does not compute again when they change (`Normalization` does so).
"""

import base64
import functools
import inspect
import json
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from transferlab.portable_parts import Refused, clean_layer, functions_named, traced_in, wraps_tuples

Array = np.ndarray[Any, Any]
MAX_PARAMETERS = 40_000_000
MAX_ARRAY_BYTES = 64 * 2**20
MAX_TEXT_BYTES = 16 * 2**20
MAX_OBJECTS = 2_000
MAX_USES = 8_000
MAX_VALUES = 60_000
MAX_DRAWN = 4_000_000
MAX_SETTINGS = 60
_KINDS_OF_CONSTANTS = "biuf"


class Copy(NamedTuple):
    """A model made from a description."""

    model: Any
    """A keras.Model."""
    variables: tuple[Any, ...]
    """Its variables, in the order in which the original has them."""


# --- from a model to plain data


def describe(model: Any) -> tuple[str, list[Array]]:
    """Write a model down.

    Args:
        model: A built keras.Model. It is not changed.

    Returns:
        The description, and the arrays of `model.weights`; what has no dtype of NumPy's own, such as bfloat16, comes as
        float32, which holds it exactly.

    Raises:
        Refused: It is not made of layers that are wired as a graph.
    """
    objects = _Objects(model)
    number = objects.number_of(model)
    text = json.dumps({"format": 1, "objects": objects.entries, "model": number})
    return text, arrays_of(model)


def arrays_of(model: Any) -> list[Array]:
    """Return the arrays of `model.weights`; what has no dtype of NumPy's own comes as float32."""
    arrays = [np.asarray(variable) for variable in model.weights]
    return [np.asarray(array, np.float32) if array.dtype.kind == "V" else array for array in arrays]


class _Objects:
    """Layers, operations and models by identity.

    Args:
        model: The outermost one.
    """

    def __init__(self, model: Any) -> None:
        self.entries: list[dict[str, Any]] = []
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []  # so that no id is given twice
        self._places = {id(variable): place for place, variable in enumerate(model.weights)}

    def number_of(self, found: Any) -> int:
        """Return the number of an object, which is written down when it is first met."""
        if id(found) not in self._numbers:
            graph = graph_of(found)
            entry = self._leaf(found) if graph is None else self._model(found, graph)
            self._numbers[id(found)] = len(self.entries)
            self._kept.append(found)
            self.entries.append(entry)
        return self._numbers[id(found)]

    def _leaf(self, found: Any) -> dict[str, Any]:
        import keras

        own = own_functions(found)
        try:
            vars(found).update(dict.fromkeys(own, keras.activations.linear))  # a stand-in that Keras can write down
            layer = json.loads(json.dumps(wraps_tuples(keras.saving.serialize_keras_object(found))))
            vars(found).update(own)
            layer["config"] |= self._traced(found, own, layer["config"])
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001 (a class of a student's own raises whatever it likes)
            kind = type(found)
            layer = {"module": kind.__module__, "class_name": kind.__name__, "config": {}}
            return {"layer": layer, "unreadable": type(error).__name__}
        finally:
            vars(found).update(own)
        entry: dict[str, Any] = {"layer": layer}
        if not isinstance(found, keras.layers.Layer):
            return entry
        weights = found.weights
        entry["variables"] = [
            [self._places.get(id(variable), -1), bool(variable.trainable), str(variable.dtype)] for variable in weights
        ]
        entry["names"] = names_inside(found, weights)
        inside = list(_with_layers_inside(found))
        entry["flags"] = [bool(layer._trainable) for layer in inside]  # noqa: SLF001 (the public one sets children)
        entry["state"] = [
            [number, name, _encoded_array(np.asarray(value))]
            for number, layer in enumerate(inside)
            for name, value in computed_by(layer)
        ]
        return entry

    def _traced(self, layer: Any, own: dict[str, Any], configuration: dict[str, Any]) -> dict[str, Any]:
        """Write down functions of a student's own by what they do to a tensor: they may well be made of `keras.ops`."""
        import keras

        found: dict[str, Any] = {}
        for name in own.keys() & configuration.keys():
            if name.endswith(("_initializer", "_regularizer", "_constraint")):
                found[name] = None  # nothing that is looked at depends on them
                continue
            try:
                shape = layer._inbound_nodes[0].outputs[0].shape  # noqa: SLF001 (`output` is refused after a second use)
                given = keras.Input(batch_shape=shape, dtype=layer.compute_dtype)
                model = keras.Model(given, own[name](given))
            except Exception as error:  # a function may do anything
                problem = f"the function that {layer.name!r} has as its {name} is not made of keras.ops only"
                raise Refused(f"{problem} ({type(error).__name__})") from error
            found[name] = {"class_name": "__traced__", "number": self.number_of(model)}
        return found

    def _model(self, model: Any, graph: Any) -> dict[str, Any]:
        nodes = [
            node
            for depth in sorted(graph._nodes_by_depth, reverse=True)  # noqa: SLF001 (no public way to the graph)
            for node in graph._nodes_by_depth[depth]  # noqa: SLF001
        ]
        made_by = {
            id(tensor): [number, place]
            for number, node in enumerate(nodes)
            for place, tensor in enumerate(node.outputs)
        }
        written = [
            {
                "object": self.number_of(node.operation),
                "args": _encoded(list(node.arguments.args), made_by),
                "kwargs": _encoded(dict(node.arguments.kwargs), made_by),
            }
            for node in nodes
        ]
        return {
            "graph": {
                "name": model.name,
                "inputs": _encoded(graph._inputs_struct, made_by),  # noqa: SLF001 (keeps dicts and single tensors)
                "outputs": _encoded(graph._outputs_struct, made_by),  # noqa: SLF001
                "nodes": written,
            },
            "flag": bool(model._trainable),  # noqa: SLF001 (as above)
            "policy": _policy(model),
        }


def own_functions(layer: Any) -> dict[str, Any]:
    """Return functions that a built-in layer holds and that are not built in themselves, by name of attribute."""
    kind = type(layer)
    if not kind.__module__.startswith("keras.") or kind.__name__ == "Lambda":
        return {}
    functions = {
        name: value
        for name, value in vars(layer).items()
        if inspect.isfunction(value) or isinstance(value, functools.partial)
    }
    rooms = {name: str(value.__module__).split(".")[0] for name, value in functions.items()}
    return {name: value for name, value in functions.items() if rooms[name] not in ("keras", "tensorflow")}


def graph_of(found: Any) -> Any:
    """Return the graph of a model, which is the model itself unless it is Sequential; None: it is no model.

    Raises:
        Refused: A model that has none.
    """
    import keras

    if not isinstance(found, keras.Model):
        return None
    kind: Any = type(found)
    built_in = next(base for base in kind.__mro__ if base.__module__.split(".")[0] == "keras")
    if built_in.__name__ not in ("Functional", "Sequential", "Model"):
        return None  # a built-in model of another kind: a leaf
    if kind.call is not built_in.call or kind.__call__ is not built_in.__call__:
        raise Refused(f"the model is of a class of your own, {kind.__name__!r}, with a `call` of its own")
    graph = getattr(found, "_functional", found)
    if graph is None or not hasattr(graph, "_nodes_by_depth"):
        raise Refused(f"the model {found.name!r} has no graph: its layers were not called when it was built")
    return graph


def computed_by(layer: Any) -> Iterator[tuple[str, Any]]:
    """Yield arrays that a layer keeps beside its variables, by name of attribute."""
    import keras

    for name, value in sorted(vars(layer).items()):
        if isinstance(value, np.ndarray) or (keras.ops.is_tensor(value) and not isinstance(value, keras.Variable)):
            yield name, value


def names_inside(layer: Any, variables: Sequence[Any]) -> list[str]:
    """Return the path of each variable below its layer, which does not change with what is around the layer."""
    return [str(variable.path).rpartition(f"{layer.name}/")[2] for variable in variables]


def _with_layers_inside(layer: Any) -> Iterator[Any]:
    yield from layer._flatten_layers()  # noqa: SLF001 (there is no public way to the layers inside layers)


def _policy(model: Any) -> str | None:
    name = getattr(model.dtype_policy, "name", None)
    return None if name == "float32" else name


def _encoded(value: Any, made_by: dict[int, list[int]]) -> dict[str, Any]:  # noqa: C901 (one line a kind)
    import keras

    if isinstance(value, keras.KerasTensor):
        if id(value) not in made_by:
            raise Refused("the model uses a tensor that is not part of its graph")
        return {"tensor": made_by[id(value)]}
    if isinstance(value, tuple):
        return {"tuple": [_encoded(part, made_by) for part in value]}
    if isinstance(value, list):
        return {"list": [_encoded(part, made_by) for part in value]}
    if isinstance(value, dict):
        return {"dict": {str(key): _encoded(part, made_by) for key, part in value.items()}}
    if isinstance(value, slice):
        return {"slice": [_encoded(part, made_by) for part in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if value is None or isinstance(value, bool | str) or type(value) in (int, float):
        return {"plain": value}
    if isinstance(value, np.ndarray | np.generic | keras.Variable) or keras.ops.is_tensor(value):
        return {"array": _encoded_array(np.asarray(value))}
    name = getattr(value, "name", None)  # tf.float32 and the like
    if isinstance(name, str) and type(value).__name__ == "DType":
        return {"plain": name}
    raise Refused(f"the model holds a {type(value).__name__} in its graph")


def _encoded_array(array: Array) -> dict[str, Any]:
    name = str(array.dtype)
    if array.dtype.kind == "V":
        array = np.asarray(array, np.float32)
    if array.dtype.kind not in _KINDS_OF_CONSTANTS:
        raise Refused(f"the model holds an array of {name} in its graph")
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": data, "of": name}


# --- and back


def read(text: str) -> dict[str, Any]:
    """Read a description and make sure that it names nothing but built-in parts.

    Returns:
        The description, each layer's configuration cleaned.

    Raises:
        Forbidden: It holds a layer that brings code of its own.
        Refused: It is malformed, too large, or holds what cannot be carried.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise Refused("the model's description is too large")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused("the model's description cannot be read") from error
    if not isinstance(data, dict) or data.get("format") != 1 or not isinstance(data.get("objects"), list):
        raise Refused("the model's description cannot be read: it is none of the format 1")
    if len(data["objects"]) > MAX_OBJECTS:
        raise Refused(f"the model has more than {MAX_OBJECTS} layers")
    counter = [0]
    objects = [_clean_object(found, counter) for found in data["objects"]]
    return {"objects": objects, "model": data.get("model")}


def _clean_object(found: Any, counter: list[int]) -> dict[str, Any]:
    if not isinstance(found, dict) or not isinstance(found.get("layer", found.get("graph")), dict):
        raise Refused("the model's description is malformed")
    if "graph" in found:
        if len(found["graph"].get("nodes", ())) > MAX_USES:
            raise Refused(f"the model uses its layers more than {MAX_USES} times")
        return found
    kept = str(found["layer"].get("module")).startswith("keras.") and "unreadable" in found
    layer = {} if kept else clean_layer(found["layer"], counter)
    if "unreadable" in found:
        raise Refused(f"the layer {str(found['layer'].get('class_name'))[:60]!r} cannot be written down")
    return {**found, "layer": layer}


def rebuild(text: str, arrays: Sequence[Array]) -> Copy:
    """Make the model that a description describes, and give it the arrays.

    Args:
        text: As `describe` gives it; not trusted.
        arrays: Of the original, in its order.

    Returns:
        The copy: built, not compiled, its flags as the original's.

    Raises:
        Forbidden: The description holds a layer that brings code of its own.
        Refused: Keras cannot make a model of it, or the arrays do not fit.
    """
    description = read(text)
    try:
        return _Builder(description["objects"], arrays).build(description["model"])
    except Refused:
        raise
    except Exception as error:  # Keras raises every kind for what does not fit together
        raise Refused(f"Keras cannot rebuild the model from its description ({type(error).__name__})") from error


class _Builder:
    """Makes objects in their order; each only from those before it."""

    def __init__(self, entries: Sequence[dict[str, Any]], arrays: Sequence[Array]) -> None:
        self._entries, self._arrays = entries, arrays
        self._made: list[Any] = []
        self._uses: list[int] = []
        self._values = 0

    def build(self, number: Any) -> Copy:
        import keras

        for entry in self._entries:
            self._count(entry)
            self._made.append(self._graph(entry["graph"]) if "graph" in entry else self._leaf(entry["layer"]))
        model = self._made[_number(number, len(self._made))]
        if not isinstance(model, keras.Model):
            raise Refused("the description is not that of a model")
        if any(len(made.weights) < len(entry.get("variables", ())) for made, entry in self._layers()):
            outputs_of(model, drawn_inputs(model))  # some make variables only when they are called, as in an activation
        places: dict[int, Any] = {}
        for made, entry in zip(self._made, self._entries, strict=True):
            if "layer" in entry:
                self._fill(made, entry, places)
        if sorted(places) != list(range(len(self._arrays))) or len(model.weights) != len(self._arrays):
            raise Refused("the model's arrays do not fit its description")
        for made, entry in zip(self._made, self._entries, strict=True):  # last, as a model's flag says nothing of parts
            if "graph" in entry:
                made._trainable = entry.get("flag") is True  # noqa: SLF001 (the public one sets children)
                if isinstance(entry.get("policy"), str) and entry["policy"] in ("mixed_float16", "mixed_bfloat16"):
                    made.dtype_policy = entry["policy"]
        return Copy(model, tuple(places[place] for place in range(len(places))))

    def _layers(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        import keras

        pairs = zip(self._made, self._entries, strict=True)
        return ((made, entry) for made, entry in pairs if isinstance(made, keras.layers.Layer))

    def _count(self, entry: dict[str, Any]) -> None:
        """Count how many layers run when an object does: models inside models twice each are soon more than any time.

        Raises:
            Refused: Too many.
        """
        inside = entry["graph"]["nodes"] if "graph" in entry else []
        numbers = [node["object"] for node in inside] or list(traced_in(entry.get("layer", {})).values())
        uses = 1 + sum(self._uses[_number(number, len(self._uses))] for number in numbers)
        if uses > MAX_USES:
            raise Refused(f"the model uses its layers more than {MAX_USES} times")
        self._uses.append(uses)

    def _leaf(self, configuration: dict[str, Any]) -> Any:
        import keras

        names = traced_in(configuration)
        traced = {name: _as_function(self._made[_number(number, len(self._made))]) for name, number in names.items()}
        try:
            made = _deserialized(configuration, traced)
        except (TypeError, ValueError):
            made = _by_hand(configuration, traced)
        if not isinstance(made, keras.Operation):
            raise Refused("a part of the model is no layer")
        return made

    def _graph(self, graph: dict[str, Any]) -> Any:
        import keras

        made: list[list[Any]] = []
        for node in graph["nodes"]:
            used = self._made[_number(node["object"], len(self._made))]
            args, kwargs = self._value(node["args"], made), self._value(node["kwargs"], made)
            if isinstance(used, keras.layers.InputLayer):
                made.append([used.output])
            else:
                made.append(keras.tree.flatten(used(*args, **kwargs)))
        return keras.Model(
            self._value(graph["inputs"], made), self._value(graph["outputs"], made), name=str(graph["name"])
        )

    def _value(self, value: Any, made: Sequence[Sequence[Any]], depth: int = 0) -> Any:  # noqa: C901 (likewise)
        self._values += 1
        if self._values > MAX_VALUES or depth > 20:
            raise Refused("the model is nested too deeply or has too many parts")
        ((kind, content),) = value.items()

        def inside(part: Any) -> Any:
            return self._value(part, made, depth + 1)

        if kind == "tensor":
            node, output = content
            outputs = made[_number(node, len(made))]
            return outputs[_number(output, len(outputs))]
        if kind == "plain" and (content is None or isinstance(content, bool | str | int | float)):
            return content
        if kind == "array":
            return _decoded_array(content)
        if kind == "list":
            return [inside(part) for part in content]
        if kind == "tuple":
            return tuple(inside(part) for part in content)
        if kind == "dict":
            return {key: inside(part) for key, part in content.items()}
        if kind == "slice":
            return slice(*(inside(part) for part in content))
        if kind == "ellipsis":
            return ...
        raise Refused(f"the model's description holds a {str(kind)[:20]!r}")

    def _fill(self, made: Any, entry: dict[str, Any], places: dict[int, Any]) -> None:
        """Give a layer its arrays, its flags and what it had computed."""
        import keras

        if not isinstance(made, keras.layers.Layer):
            return
        variables, told = _in_order(made, entry), entry["variables"]
        for variable, (place, trainable, dtype) in zip(variables, told, strict=True):
            number = _number(place, len(self._arrays))
            if number in places:
                raise Refused(f"the layer {made.name!r} shares variables with another one, inside a layer around it")
            array = self._arrays[number]
            if tuple(variable.shape) != array.shape or str(variable.dtype) != dtype:
                raise Refused("the model's arrays do not fit its description")
            variable.assign(keras.ops.cast(array, variable.dtype) if str(array.dtype) != dtype else array)
            variable.trainable = trainable is True
            places[number] = variable
        inside = list(_with_layers_inside(made))
        if len(inside) != len(entry["flags"]):
            raise Refused(f"the layer {made.name!r} is made of other layers than the original")
        for layer, flag in zip(inside, entry["flags"], strict=True):
            layer._trainable = flag is True  # noqa: SLF001 (the public one sets children)
        for number, name, value in entry["state"]:
            layer, array = inside[_number(number, len(inside))], _decoded_array(value)
            own = dict(computed_by(layer)).get(str(name))
            if own is None or tuple(own.shape) != tuple(array.shape):
                raise Refused(f"the layer {made.name!r} has computed something that its description does not give")
            setattr(layer, str(name), array if isinstance(own, np.ndarray) else keras.ops.cast(array, own.dtype))


def _as_function(model: Any) -> Callable[[Any], Any]:
    """Hide that it is a model: layers take those among their attributes for layers inside them."""
    return lambda tensor: model(tensor)  # noqa: PLW0108 (the function is what it is about)


def _deserialized(configuration: dict[str, Any], traced: dict[str, Any]) -> Any:
    import keras

    functions = {**functions_named(configuration), **traced}
    return keras.saving.deserialize_keras_object(configuration, custom_objects=functions, safe_mode=True)


def _by_hand(configuration: dict[str, Any], traced: dict[str, Any]) -> Any:
    """Make a layer whose own constructor refuses what its configuration says, as Keras has some: set these afterwards.

    Raises:
        Refused: The layer that comes of it has another configuration.
    """
    given = configuration["config"]
    if len(given) > MAX_SETTINGS:
        raise Refused(f"the layer {configuration['class_name']} refuses its own configuration")
    taken = dict(given)
    for name in given:  # leave out what it refuses, one by one, as long as there is something
        if _is_made(configuration, taken, traced):
            break
        taken.pop(name)
    for name, value in given.items():  # and take back what was left out in vain
        if name not in taken and _is_made(configuration, {**taken, name: value}, traced):
            taken[name] = value
    made = _deserialized({**configuration, "config": taken}, traced)
    for name in given.keys() - taken.keys():
        if not isinstance(getattr(made, name, None), str | int | float | tuple | list):
            raise Refused(f"the layer {configuration['class_name']} refuses its own configuration")
        setattr(made, name, given[name])
    again = made.get_config()
    if any(again.get(name) != given[name] for name in given.keys() - taken.keys()):
        raise Refused(f"the layer {configuration['class_name']} refuses its own configuration")
    return made


def _is_made(configuration: dict[str, Any], taken: dict[str, Any], traced: dict[str, Any]) -> bool:
    try:
        _deserialized({**configuration, "config": taken}, traced)
    except (TypeError, ValueError, AttributeError):
        return False
    return True


def _in_order(made: Any, entry: dict[str, Any]) -> list[Any]:
    """Return a layer's variables in the original's order: by name where names are clear, else as they stand."""
    variables = made.weights
    names, wanted = names_inside(made, variables), entry["names"]
    if len(variables) != len(entry["variables"]) or len(variables) != len(wanted):
        raise Refused(f"the layer {made.name!r} has {len(variables)} arrays here, and {len(wanted)} in the original")
    if len(set(names)) == len(names) and sorted(names) == sorted(wanted):
        by_name = dict(zip(names, variables, strict=True))
        return [by_name[name] for name in wanted]
    return list(variables)


def _decoded_array(found: dict[str, Any]) -> Any:
    dtype, shape = np.dtype(str(found["dtype"])), tuple(found["shape"])
    data = base64.b64decode(found["data"], validate=True)
    if dtype.kind not in _KINDS_OF_CONSTANTS or not all(type(side) is int and side >= 0 for side in shape):
        raise Refused("the model's description holds an array that is none of numbers")
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise Refused("the model's description holds an array of another size than it says")
    array = np.frombuffer(data, dtype).reshape(shape)
    if found.get("of") in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        import keras

        return keras.ops.cast(array, found["of"])
    return array if shape else array[()]


def _number(value: Any, end: int) -> int:
    if type(value) is not int or not 0 <= value < end:
        raise Refused("the model's description is malformed: it names a part that is not there")
    return value


# --- the same model?


def drawn_inputs(model: Any, count: int = 4, seed: int = 0) -> Any:
    """Draw inputs for a model: of all brightnesses where they are numbers, 0 or 1 where they are whole ones.

    Args:
        model: A built keras.Model.
        count: How many.
        seed: The same seed, the same inputs.

    Returns:
        Arrays in the structure of the model's inputs.
    """
    import keras

    generator = np.random.default_rng(seed)
    inside = _shapes_inside(model)

    def draw(tensor: Any) -> Array:
        own = tuple(tensor.shape[1:])
        # whoever puts an input of any size in front of a model of one size has to give it that one
        wanted = next((other for other in inside if _fits(own, other)), own)
        shape = (tensor.shape[0] or count, *(side or 32 for side in wanted))
        if math.prod(shape) > MAX_DRAWN:
            raise Refused(f"the model takes inputs of shape {tuple(tensor.shape)}, which are too large")
        if not str(tensor.dtype).startswith(("float", "bfloat")):
            return generator.integers(0, 2, shape).astype(str(tensor.dtype))
        brightness = np.geomspace(255, 2, shape[0]).reshape(-1, *[1] * (len(shape) - 1))
        return (generator.uniform(0, 1, shape) * brightness).astype(np.float32)

    return keras.tree.map_structure(draw, graph_of(model)._inputs_struct)  # noqa: SLF001 (keeps dicts, single tensors)


def _shapes_inside(model: Any) -> list[tuple[int, ...]]:
    """Return the shapes, without the batch, of inputs that models inside want, where nothing is left open."""
    import keras

    models = [layer for layer in model.layers if isinstance(layer, keras.Model) and layer.built]
    shapes = [tuple(tensor.shape[1:]) for found in models for tensor in getattr(found, "inputs", None) or ()]
    return [shape for shape in shapes if all(shape)]


def _fits(shape: Sequence[int | None], other: Sequence[int]) -> bool:
    return len(shape) == len(other) and all(side in (None, wanted) for side, wanted in zip(shape, other, strict=True))


def outputs_of(model: Any, inputs: Any) -> list[Array]:
    """Return all outputs of a model on some inputs, as it predicts, as float32."""
    import keras

    given = keras.tree.map_structure(keras.ops.convert_to_tensor, inputs)
    return [np.asarray(output).astype(np.float32) for output in keras.tree.flatten(model(given, training=False))]


def same_outputs(first: Sequence[Array], second: Sequence[Array], *, coarse: bool = False) -> bool:
    """Whether two models gave the same, as far as rounding allows.

    Args:
        first: Outputs of one.
        second: Outputs of the other.
        coarse: Whether the models compute with 16 bits or fewer.
    """
    if len(first) != len(second):
        return False
    share = 0.05 if coarse else 1e-3
    for one, other in zip(first, second, strict=True):
        if one.shape != other.shape:
            return False
        scale = max(float(np.max(np.abs(one), initial=0, where=np.isfinite(one))), 1e-6)
        if not np.allclose(one, other, rtol=share, atol=share * scale, equal_nan=True):
            return False
    return True


def is_coarse(model: Any) -> bool:
    """Whether a part of a model computes with 16 bits or fewer, so that the order of operations shows."""
    return any(
        str(getattr(layer, "compute_dtype", "")) in ("float16", "bfloat16")
        or getattr(layer.dtype_policy, "quantization_mode", None)
        for layer in _with_layers_inside(model)
    )


def not_carried(model: Any) -> str:
    """Say what of a model cannot be carried to somebody else as plain data.

    Args:
        model: A built keras.Model. It is not changed.

    Returns:
        A sentence without its dot; "" if nothing: the copy is the same model.
    """
    try:
        description, arrays = describe(model)
        total, largest = sum(array.size for array in arrays), max((array.nbytes for array in arrays), default=0)
        if total > MAX_PARAMETERS or largest > MAX_ARRAY_BYTES:
            limits = f"at most {MAX_PARAMETERS:,}, and 16 million in one array, are judged"
            return f"the model has {total:,} parameters; {limits}"
        copy = rebuild(description, arrays)
        inputs = drawn_inputs(model)
        first, second = outputs_of(model, inputs), outputs_of(copy.model, inputs)
    except Refused as refused:
        return str(refused)
    except Exception as error:  # noqa: BLE001 (whatever goes wrong with an unusual model is what this is about)
        return f"the model cannot be copied ({type(error).__name__})"
    if not same_outputs(first, second, coarse=is_coarse(model)):
        return "a copy of the model that is made from its description predicts something else"
    return ""


def note_not_carried(model: Any) -> None:
    """Print a note if somebody else cannot look at a model by making a copy of it; nothing otherwise.

    Args:
        model: A built keras.Model. It is not changed.
    """
    problem = not_carried(model)
    if problem:
        said = f"Note: the grader cannot make a copy of this model: {problem}."
        print(f"{said} What it cannot decide, a person will look at.")  # noqa: T201 - this is what it is for
