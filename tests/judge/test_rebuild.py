"""Models made of built-in parts are rebuilt exactly, in every style; anything else is refused in a sentence."""

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from autograder.kerasmodels.rebuild import Forbidden, Refused, TooLarge, rebuild
from transferlab import portable

IMAGES = np.random.default_rng(0).uniform(0, 255, (3, 32, 32, 3)).astype(np.float32)


def description(model: keras.Model) -> str:
    return portable.describe(model)[0]


def arrays(model: keras.Model) -> list[Any]:
    return [np.asarray(variable) for variable in model.weights]


def functional_with_ops() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = layers.RandomFlip("horizontal")(inputs)
    x = (x / 127.5 - 1.0)[..., ::-1]
    x = layers.Conv2D(4, 3, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3))(x)
    x = layers.BatchNormalization()(x)
    x = keras.ops.stop_gradient(x)
    x = keras.ops.mean(x, axis=(1, 2))
    return keras.Model(inputs, layers.Dense(3, activation=keras.activations.softmax)(x))


def sequential_with_nested_backbone() -> keras.Model:
    backbone = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Conv2D(4, 3, strides=2), layers.LeakyReLU()], name="backbone"
    )
    return keras.Sequential(
        [
            layers.Rescaling(1 / 255),
            backbone,
            layers.GlobalMaxPooling2D(),
            layers.Dropout(0.3),
            layers.Dense(2, "softmax"),
        ]
    )


def with_adapted_normalization() -> keras.Model:
    normalization = layers.Normalization()
    normalization.adapt(IMAGES)
    return keras.Sequential([keras.Input((32, 32, 3)), normalization, layers.Flatten(), layers.Dense(2, "softmax")])


def with_preprocess_input() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = keras.applications.resnet50.preprocess_input(inputs)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


def with_branches() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = layers.SeparableConv2D(4, 3, padding="same")(inputs)
    y = layers.DepthwiseConv2D(3, padding="same")(inputs)
    x = layers.Concatenate()([x, y, layers.Activation("gelu")(x)])
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling2D()(x)))


@pytest.mark.parametrize(
    "make",
    [
        functional_with_ops,
        sequential_with_nested_backbone,
        with_adapted_normalization,
        with_preprocess_input,
        with_branches,
    ],
)
def test_a_model_of_built_in_parts_gives_the_same_outputs(make: Callable[[], keras.Model]) -> None:
    model = make()
    expected = np.asarray(model(IMAGES, training=False))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

    outputs = portable.outputs_of(model, portable.drawn_inputs(model))
    copy = rebuild(description(model), arrays(model), outputs).model

    np.testing.assert_allclose(np.asarray(copy(IMAGES, training=False)), expected, rtol=1e-5, atol=1e-6)


def test_a_copy_that_predicts_something_else_is_none():
    model = with_branches()
    outputs = [0.99 * output for output in portable.outputs_of(model, portable.drawn_inputs(model))]

    with pytest.raises(Refused, match="a copy of the model that is made from its description predicts something else"):
        rebuild(description(model), arrays(model), outputs)


def test_a_model_of_more_parameters_than_are_judged_is_refused(monkeypatch):
    model = with_branches()
    monkeypatch.setattr("autograder.kerasmodels.rebuild.MAX_PARAMETERS", 20)

    with pytest.raises(TooLarge, match="at most 20 are judged"):
        rebuild(description(model), arrays(model))


@pytest.mark.parametrize("build", [lambda: keras.applications.VGG16, lambda: keras.applications.MobileNetV2])
def test_real_architectures_pass_the_walker(build: Callable[[], Callable[..., keras.Model]]) -> None:
    model = build()(include_top=False, weights=None, input_shape=(32, 32, 3))

    assert rebuild(description(model), arrays(model)).model.count_params() == model.count_params()


def test_frozen_layers_stay_frozen() -> None:
    model = sequential_with_nested_backbone()
    model(IMAGES)
    model.layers[1].trainable = False

    assert len(rebuild(description(model), arrays(model)).model.trainable_weights) == 2


@keras.saving.register_keras_serializable("student")
class Custom(layers.Layer):  # type: ignore[misc] # Keras ships no types
    def call(self, inputs: Any) -> Any:
        return inputs


def changed(change: Callable[[dict[str, Any]], None]) -> tuple[str, list[Any]]:
    model = sequential_with_nested_backbone()
    model(IMAGES)
    data = json.loads(description(model))
    change(data)
    return json.dumps(data), arrays(model)


def last_layer(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = [entry["layer"] for entry in data["objects"] if "layer" in entry][-1]
    return found


def nodes(data: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data["objects"][data["model"]]["graph"]["nodes"]
    return found


def weighty(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in data["objects"] if entry.get("variables")]


def doubled(data: dict[str, Any], times: int) -> None:
    """Put models around the model, each of which uses the one before it twice."""
    for _ in range(times):
        node = {"object": data["model"], "args": {"list": [{"tensor": [0, 0]}]}, "kwargs": {"dict": {}}}
        first = {"object": 0, "args": {"list": []}, "kwargs": {"dict": {}}}
        graph = {"name": "m", "inputs": {"tensor": [0, 0]}, "outputs": {"tensor": [1, 0]}, "nodes": [first, node, node]}
        data["objects"].append({"graph": graph, "flag": True, "policy": None})
        data["model"] = len(data["objects"]) - 1


REFUSALS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "another module": (lambda data: last_layer(data).update(module="os", class_name="system"), "'system' from 'os'"),
    "a registered class": (lambda data: last_layer(data).update(registered_name="student>Custom"), "registered class"),
    "a class of keras internals": (
        lambda data: last_layer(data).update(module="keras.src.saving.saving_lib"),
        "from 'keras.src.saving",
    ),
    "a TFSMLayer": (lambda data: last_layer(data).update(class_name="TFSMLayer"), "'TFSMLayer'"),
    "a vocabulary read from a file": (
        lambda data: last_layer(data).update(class_name="StringLookup"),
        "'StringLookup'",
    ),
    "a function": (
        lambda data: last_layer(data)["config"].update(
            activation={"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"}
        ),
        "the function 'eval'",
    ),
    "a lambda": (
        lambda data: last_layer(data)["config"].update(
            activation={"class_name": "__lambda__", "config": {"value": "x"}}
        ),
        "uses a lambda",
    ),
    "ten million units": (lambda data: last_layer(data)["config"].update(units=10**7), "too large"),
    "more parameters than it has": (
        lambda data: last_layer(data)["config"].update(units=50_000),
        "the model's description asks for more parameters than the model has",
    ),
    "another number of units": (lambda data: last_layer(data)["config"].update(units=1), "do not fit"),
    "units that are text": (lambda data: last_layer(data)["config"].update(units="many"), "cannot rebuild"),
    "a node of a part that is not there": (lambda data: nodes(data)[-1].update(object=99), "not there"),
    "a node that uses what comes after it": (
        lambda data: nodes(data)[1].update(args={"list": [{"tensor": [5, 0]}]}),
        "not there",
    ),
    "a model inside itself": (lambda data: nodes(data)[1].update(object=len(data["objects"]) - 1), "not there"),
    "a value of another kind": (lambda data: nodes(data)[-1].update(kwargs={"call": "os.system"}), "holds a 'call'"),
    "an array of objects": (
        lambda data: nodes(data)[-1].update(
            kwargs={"dict": {"x": {"array": {"dtype": "O", "shape": [1], "data": ""}}}}
        ),
        "none of numbers",
    ),
    "an array larger than its bytes": (
        lambda data: nodes(data)[-1].update(
            kwargs={"dict": {"x": {"array": {"dtype": "float32", "shape": [10**9], "data": ""}}}}
        ),
        "another size",
    ),
    "models inside models, twice each": (lambda data: doubled(data, 40), "more than 8000 times"),
    "inputs of gigabytes": (
        lambda data: data["objects"][0]["layer"]["config"].update(batch_shape=[None, 100_000, 100_000, 3]),
        "cannot rebuild|too large|do not fit",
    ),
    "variables of another layer": (
        lambda data: weighty(data)[0]["variables"][0].__setitem__(0, weighty(data)[-1]["variables"][0][0]),
        "do not fit",
    ),
    "state of an attribute it does not have": (
        lambda data: weighty(data)[-1]["state"].append(
            [0, "call", {"dtype": "float32", "shape": [1], "data": "AAAAAA==", "of": "float32"}]
        ),
        "has computed something",
    ),
    "units that are a number like an array": (
        lambda data: last_layer(data)["config"].update(units={"class_name": "__traced__", "number": 99}),
        "not there",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_configuration_is_refused_for(name: str) -> None:
    change, words = REFUSALS[name]
    text, values = changed(change)

    with pytest.raises(Refused, match=words):
        rebuild(text, values)


def test_a_build_config_that_allocates_gigabytes_is_dropped() -> None:
    text, values = changed(lambda data: last_layer(data).update(build_config={"input_shape": [None, 10**9]}))

    assert rebuild(text, values).model.count_params() == sum(value.size for value in values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read"),
        ("[]", "none of the format"),
        ("[" * 200_000, "cannot be read"),
        ('{"format": 1, "objects": [], "model": 0}', "not there"),
        ('{"format": 1, "objects": [7], "model": 0}', "malformed"),
        (
            '{"format": 1, "objects": [{"layer": {"class_name": "Dense", "module": "keras.layers", "config": '
            + '{"a":' * 200
            + "1"
            + "}" * 202
            + '], "model": 0}',
            "nested too deeply",
        ),
        ("x" * (17 * 2**20), "too large"),
    ],
)
def test_text_that_is_no_model_is_refused(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        rebuild(text, [])


def test_a_lambda_layer_is_refused_with_advice() -> None:
    model = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Lambda(lambda x: x / 255), layers.Flatten(), layers.Dense(2)]
    )

    with pytest.raises(Forbidden, match="Lambda layer; use a built-in layer"):
        rebuild(description(model), arrays(model))


def test_a_custom_layer_is_refused() -> None:
    model = keras.Sequential([keras.Input((32, 32, 3)), Custom(), layers.Flatten(), layers.Dense(2)])

    with pytest.raises(Forbidden, match="'Custom'"):
        rebuild(description(model), arrays(model))


def test_inputs_of_any_size_are_drawn_as_large_as_the_model_inside_wants_them():
    backbone = keras.Sequential([keras.Input((24, 40, 3)), layers.Conv2D(4, 3), layers.MaxPooling2D(2)])
    head = keras.Sequential([keras.Input((11, 19, 4)), layers.GlobalAveragePooling2D()])
    of_any_size = keras.Sequential([keras.Input((None, None, 3)), layers.RandomFlip()])
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, head(backbone(of_any_size(inputs))))
    assert portable.drawn_inputs(model).shape == (4, 24, 40, 3)
    # what a model further back wants is no size of the input
    assert portable.drawn_inputs(keras.Model(inputs, head(layers.Conv2D(4, 3)(inputs)))).shape == (4, 32, 32, 3)
