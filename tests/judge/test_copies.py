"""What the judge judges is the student's model: its copy is proven, or the original is asked, or nothing is decided.

One test for each kind of model whose copy once was another one, or none.
"""

import dataclasses
import functools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from autograder.judge.checking import Failed, Undecided
from autograder.kerasmodels import tiny
from autograder.kerasmodels.models import describe, own_steps
from autograder.kernels import probe
from autograder.kernels.values import Handle
from tests.judge.every_part import Direct, carried, problem_with
from transferlab import note_not_carried

IMAGES = np.random.default_rng(0).uniform(0, 255, (20, 32, 32, 3)).astype(np.float32)


def frozen_backbone() -> keras.Model:
    model = keras.models.clone_model(tiny.tiny_backbone(batch_norm=True, seed=1))
    model.set_weights(tiny.tiny_backbone(batch_norm=True, seed=1).get_weights())
    model.trainable = False
    return model


def classifier(x: Any, inputs: Any, **given: Any) -> keras.Model:
    return keras.Model(inputs, layers.Dense(3, **{"activation": "softmax", **given})(x))


def shared_with_surroundings() -> keras.Model:
    backbone, inputs = frozen_backbone(), keras.Input((32, 32, 3))
    average = keras.Sequential([backbone, layers.GlobalAveragePooling2D()])
    both = [average(inputs), layers.GlobalMaxPooling2D()(backbone(inputs))]
    return classifier(layers.Concatenate()(both), inputs)


def two_depths() -> keras.Model:
    backbone, inputs = frozen_backbone(), keras.Input((32, 32, 3))
    both = keras.Model(backbone.inputs, {"early": backbone.layers[5].output, "late": backbone.output})(inputs)
    pooled = [layers.GlobalAveragePooling2D()(both[name]) for name in ("early", "late")]
    return classifier(layers.Concatenate()(pooled), inputs)


def configuration_that_is_refused() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.RandomShear(0.1, 0.2),
            frozen_backbone(),
            layers.Flatten(),
            layers.Dense(3, activation=tf.nn.softmax),
        ]
    )


def constants() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(frozen_backbone()(inputs))
    x = (x - np.linspace(-1, 1, 6)) / np.full(6, 2, np.float32) * np.float32(3)
    x = keras.ops.where(x > 0, x, tf.constant([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]) * 1.0)
    return classifier(x, inputs)


def normalization_of_a_clone() -> keras.Model:
    normalization = layers.Normalization()
    normalization.adapt(np.random.default_rng(1).normal(3, 2, (40, 4, 4, 6)))
    head = keras.Sequential([keras.Input((4, 4, 6)), normalization, layers.Flatten(), layers.Dense(3, "softmax")])
    clone = keras.models.clone_model(head)
    clone.set_weights(head.get_weights())
    return keras.Sequential([frozen_backbone(), clone])


def functions_of_ops() -> keras.Model:
    def relu(x: Any) -> Any:  # the name is Keras's, the function is not
        return keras.ops.minimum(x, 0.5) * 2

    inputs = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(frozen_backbone()(inputs))
    x = layers.Dense(4, activation=relu, kernel_regularizer=lambda w: keras.ops.sum(w * w))(x)
    x = layers.Activation(tf.nn.swish)(layers.Activation(keras.ops.square)(x))
    return classifier(x, inputs, activation=lambda t: keras.ops.softmax(t, axis=-1))


def sixteen_bits() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(frozen_backbone()(inputs))
    x = layers.Dense(4, dtype="bfloat16")(layers.Dense(4, dtype="mixed_float16")(x))
    return classifier(x, inputs, dtype="float32")


def low_rank() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    hidden = layers.Dense(8)
    model = classifier(hidden(layers.Flatten()(frozen_backbone()(inputs))), inputs)
    hidden.enable_lora(2)
    hidden.trainable = False
    hidden.trainable = True  # now the kernel below the low ranks trains, too
    return model


def quantized() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    squeezed = layers.Dense(8, trainable=False)
    x = squeezed(layers.Flatten()(frozen_backbone()(inputs)))
    squeezed.quantize("int8")
    return classifier(x, inputs)


def single_variables_frozen() -> keras.Model:
    backbone, inputs = frozen_backbone(), keras.Input((32, 32, 3))
    backbone.trainable = True
    for variable in backbone.weights[::3]:
        variable.trainable = False
    backbone.layers[-3].trainable = False
    return classifier(layers.Flatten()(backbone(inputs)), inputs)


def names_of_ours() -> keras.Model:
    backbone = tiny.tiny_backbone(batch_norm=False, seed=1)
    x = layers.GlobalAveragePooling2D(name="pool")(backbone.output)
    for name in ("backbone", "images", "pooling", "hidden", "convolution_0", "input_layer", "activation_0", "bright"):
        x = layers.Dense(4, name=name)(x)
    return classifier(x, backbone.input, name="probabilities")


def moved_by_a_call() -> keras.Model:
    backbone, inputs = frozen_backbone(), keras.Input((32, 32, 3))
    backbone.trainable = True
    model = classifier(layers.Flatten()(backbone(layers.RandomFlip(seed=1)(inputs))), inputs)
    model(IMAGES, training=True)
    return model


def class_of_ones_own() -> keras.Model:
    class Classifier(keras.Model):
        """Wired as any other model; the name is all that is new."""

    class Head(keras.Sequential):
        def __init__(self) -> None:
            super().__init__([keras.Input((4, 4, 6)), layers.Flatten(), layers.Dense(3, "softmax")])

    inputs = keras.Input((32, 32, 3))
    return Classifier(inputs, Head()(frozen_backbone()(inputs)))


def layers_as_activations() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(frozen_backbone()(inputs))
    x = layers.Dense(4, activation=layers.PReLU())(layers.Dense(4, activation=layers.LeakyReLU(0.1))(x))
    x = layers.Dense(4, activation=functools.partial(keras.activations.relu, max_value=6.0))(x)
    return classifier(x, inputs)


KINDS = [
    class_of_ones_own,
    layers_as_activations,
    shared_with_surroundings,
    two_depths,
    configuration_that_is_refused,
    constants,
    normalization_of_a_clone,
    functions_of_ops,
    sixteen_bits,
    low_rank,
    quantized,
    single_variables_frozen,
    names_of_ours,
    moved_by_a_call,
]


@pytest.mark.parametrize("make", KINDS)
def test_the_copy_is_the_model_before_and_after_a_training_step(make: Any) -> None:
    assert problem_with(make(), random_parts=make is moved_by_a_call) == ""


def uncarried() -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = layers.GlobalAveragePooling2D()(frozen_backbone()(inputs))
    outputs = layers.Dense(4, activation=lambda t: tf.nn.softmax(tf.convert_to_tensor(t)))
    outputs.compute_output_spec = lambda t: keras.KerasTensor((*t.shape[:-1], 4))  # as TensorFlow's own are not traced
    return keras.Model(inputs, outputs(x))


def facts_of(model: keras.Model) -> Any:
    with pytest.raises(Undecided):
        carried(model)
    handle = probe._known(model)
    return describe(Direct(), Handle(str(handle), "keras.Model"))  # type: ignore[arg-type]


def test_a_model_that_cannot_be_copied_answers_for_itself_about_unseen_images_only() -> None:
    model = uncarried()
    facts = facts_of(model)

    outputs = facts.predict_unseen(Direct(), IMAGES)
    np.testing.assert_allclose(outputs, np.asarray(model(IMAGES, training=False)), rtol=1e-4, atol=1e-6)
    for question in (lambda: facts.predict(IMAGES), lambda: own_steps(facts, IMAGES, np.arange(20) % 3)):
        with pytest.raises(Undecided, match=r"is not made of keras\.ops only"):
            question()


def test_a_model_that_answers_differently_in_other_company_is_not_believed(monkeypatch: Any) -> None:
    model = uncarried()
    facts = facts_of(model)
    calls = iter(range(9))
    honest = type(model).__call__
    monkeypatch.setattr(type(model), "__call__", lambda self, x, **given: honest(self, x, **given) + next(calls))

    with pytest.raises(Undecided, match="other outputs the second time"):
        facts.predict_unseen(Direct(), IMAGES)


def test_a_model_that_has_changed_since_is_not_asked() -> None:
    model = uncarried()
    facts = facts_of(model)
    model.weights[0].assign(2 * model.weights[0])

    with pytest.raises(Undecided, match="it has changed since"):
        facts.predict_unseen(Direct(), IMAGES)


def two_outputs(self: Any, x: Any, **given: Any) -> Any:
    return [x, x]


def no_answer(self: Any, x: Any, **given: Any) -> Any:
    raise ValueError("no")


def one_too_few(self: Any, x: Any, **given: Any) -> Any:
    return x[1:]


@pytest.mark.parametrize("call", [two_outputs, no_answer, one_too_few])
def test_a_model_that_answers_something_else_when_it_is_asked_is_not_judged(monkeypatch: Any, call: Any) -> None:
    model = uncarried()
    facts = facts_of(model)
    monkeypatch.setattr(type(model), "__call__", call)

    with pytest.raises(Undecided, match="Asked in its own kernel, it did not give one output for each image") as caught:
        facts.predict_unseen(Direct(), IMAGES)
    assert str(caught.value).startswith("The grader could not make a copy of the model that is the same: the ")


def test_a_copy_that_would_train_other_arrays_is_none() -> None:
    facts = carried(two_depths())
    other = dataclasses.replace(facts, trainable=tuple(not flag for flag in facts.trainable))

    said = "that is the same: a copy of the model that is made from its description trains other arrays."
    with pytest.raises(Undecided, match=said):
        other.rebuilt()


def test_predictions_that_are_not_the_copys_leave_it_undecided(monkeypatch: Any) -> None:
    model = two_depths()
    honest = type(model).__call__

    def forged(self: Any, x: Any, **given: Any) -> Any:
        outputs = honest(self, x, **given)
        return 0.5 * outputs if self is model else outputs

    monkeypatch.setattr(type(model), "__call__", forged)

    with pytest.raises(Undecided, match="predicts something else"):
        carried(model)


def test_a_lambda_layer_is_wrong_as_rule_4_says() -> None:
    inputs = keras.Input((32, 32, 3))
    model = classifier(layers.Flatten()(layers.Lambda(lambda t: t * 2)(inputs)), inputs)

    with pytest.raises(Failed, match="Lambda layer"):
        carried(model)


def test_a_model_with_a_call_of_its_own_is_told_so() -> None:
    class Doubled(keras.Model):
        def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
            return super().call(inputs) * 1

    inputs = keras.Input((32, 32, 3))
    model = Doubled(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(frozen_backbone()(inputs))))

    with pytest.raises(Undecided, match="a class of your own, 'Doubled', with a `call` of its own"):
        carried(model)


def test_the_notebook_says_what_cannot_be_carried(capsys: Any) -> None:
    note_not_carried(shared_with_surroundings())
    assert capsys.readouterr().out == ""

    note_not_carried(uncarried())
    assert "cannot make a copy of this model: the function that" in capsys.readouterr().out
