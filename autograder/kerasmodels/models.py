"""Two witnesses for a student's model: the judge, who rebuilds it, and the kernel, which trains it and reports.

*Rebuilt*: description and arrays cross, the judge builds the model itself and takes the step itself. *Live*: the
judge's data is fitted in the student's kernel with the compile state that a rebuilt model loses. Live facts are
reported by untrusted code.

A rebuilt model speaks for the student's only if it is proven to be the same: same arrays, same flags, and the same
predictions as the original for images that are drawn. Where it is not, the original is asked for what nobody can make
up, the classes of images nobody has seen; all else is undecided. A model is never failed for what its copy lacks.
"""

import hashlib
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from autograder.judge.checking import Failed, Undecided, fail
from autograder.judge.submission import Answer, Submission
from autograder.judge.wording import brief, one_line
from autograder.kerasmodels.rebuild import Forbidden, Refused, TooLarge, rebuild
from autograder.kerasmodels.tiny import of_ours
from autograder.kernels.values import Handle, ProtocolError, array_from_bytes, array_to_bytes
from transferlab import portable

__all__ = [
    "ModelFacts",
    "describe",
    "expect_model",
    "find_arrays",
    "fit",
    "frozen_layers_beside",
    "load_backbone",
    "moved",
    "own_steps",
    "part_of",
    "place",
    "same_bits",
]

Array = np.ndarray[Any, Any]
MAX_OUTPUTS_MIB, MAX_IMAGES_A_CALL = 512, 500
_NO_OUTPUTS = "Asked in its own kernel, it did not give one output for each image."


@dataclass(frozen=True)
class ModelFacts:
    """What the kernel says about a model at one moment."""

    handle: Handle
    description: str
    """As `transferlab.portable` writes it."""
    arrays: tuple[Array, ...]
    """In the order of `model.weights`, which does not change when layers are frozen."""
    trainable: tuple[bool, ...]
    """Reported flags, one an array."""
    outputs: tuple[Array, ...]
    """What the original predicts for `portable.drawn_inputs`, by its own account."""
    not_described: str = ""
    """Why there is no description, or nothing is predicted, if so."""
    compiled: bool = True
    optimizer: str | None = None
    learning_rate: float | str | None = None
    """A constant rate, the name of a schedule, or None when not compiled."""
    loss: str = ""

    def rebuilt(self) -> portable.Copy:
        """Return the judge's own copy of the model, which is the same. Copies are shared: put back what you change.

        Raises:
            Failed: The model holds parts that bring code of their own, or is too large.
            Undecided: There is no copy that is proven to be the same.
        """
        try:
            if self.not_described:
                raise Refused(self.not_described)
            copy = rebuild(self.description, self.arrays, self.outputs)
            trained = {id(variable) for variable in copy.model.trainable_variables}
            if tuple(id(variable) in trained for variable in copy.variables) != self.trainable:
                raise Refused("a copy of the model that is made from its description trains other arrays")
        except TooLarge as refused:
            raise Failed(str(refused), "a smaller model") from refused
        except Forbidden as refused:
            raise Failed(
                str(refused), "a model of built-in layers", hint="build it from keras.layers and keras.ops only"
            ) from refused
        except Refused as refused:
            raise Undecided(f"The grader could not make a copy of the model that is the same: {refused}.") from refused
        return copy

    def predict(self, images: Array) -> Array:
        """Return the model's output on `images` (n, height, width, channels), as float32; not to be written.

        Raises:
            Failed: It has parts that are not allowed, or several outputs.
            Undecided: There is no copy that is proven to be the same.
        """
        model = self.rebuilt().model
        _expect_one_output(model)
        _expect_to_take(model, images)
        question = (id(model), hashlib.sha256(np.ascontiguousarray(images).tobytes()).hexdigest())
        if question not in _predicted:
            outputs = np.concatenate(
                [
                    np.asarray(
                        keras.tree.flatten(model(keras.ops.convert_to_tensor(part), training=False))[0], np.float32
                    )
                    for part in _portions(images.astype(np.float32), model)
                ]
            )
            outputs.flags.writeable = False
            _predicted[question] = model, outputs
        return _predicted[question][1]

    def differs_with_other_heads(self, images: Array, fixed: Collection[int]) -> bool:
        """Tell whether a copy whose other trainable arrays are drawn anew says different things of these images.

        What the model itself says may be one and the same: a head that starts with zeros hides what comes in.

        Args:
            images: (n, height, width, channels).
            fixed: Places of the arrays that stay: the backbone's.

        Raises:
            Failed: It has parts that are not allowed.
            Undecided: There is no copy that is proven to be the same.
        """
        model, variables = self.rebuilt()
        generator = np.random.default_rng(5)
        drawn = [
            (variable, array)
            for place, (variable, array) in enumerate(zip(variables, self.arrays, strict=True))
            if self.trainable[place] and place not in fixed
        ]
        try:
            for _ in range(3):
                for variable, array in drawn:
                    values = np.asarray(generator.uniform(-0.5, 1.0, array.shape))
                    variable.assign(values.astype(array.dtype))
                outputs = np.asarray(model(keras.ops.convert_to_tensor(images.astype(np.float32)), training=False))
                if float(np.ptp(outputs, axis=0).max()) > 1e-6:
                    return True
            return False
        finally:
            for variable, array in drawn:
                variable.assign(array)

    def reaching(self, array: int, images: Array, *, times: int) -> float | None:
        """Return the largest value that reaches the layer with an array while the model trains on images.

        Augmentation works only then, and no prediction shows what it does.

        Args:
            array: Place of one of the layer's arrays among `arrays`.
            images: (n, height, width, channels), which it is shown so many times.
            times: As augmentation draws.

        Returns:
            The largest absolute value; None where no such layer is called by itself.

        Raises:
            Failed: It has parts that are not allowed.
            Undecided: There is no copy that is proven to be the same.
        """
        model, variables = self.rebuilt()
        held = variables[array]
        layers = model._flatten_layers(include_self=False)  # noqa: SLF001 (as above)
        layer = next((found for found in layers if any(own is held for own in found._trainable_variables)), None)  # noqa: SLF001
        if layer is None:
            return None
        seen: list[float] = []
        call = layer.call

        def noted(given: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(float(np.abs(np.asarray(given, np.float32)).max()))
            return call(given, *args, **kwargs)

        layer.call = noted
        try:
            for _ in range(times):
                model(keras.ops.convert_to_tensor(images.astype(np.float32)), training=True)
        finally:
            layer.call = call
            for variable, array_before in zip(variables, self.arrays, strict=True):
                variable.assign(array_before)
        return max(seen, default=None)

    def lacks(self, layers: Sequence[keras.layers.Layer]) -> list[str]:
        """Name those of some layers that are nowhere in the model.

        Args:
            layers: Of a backbone, whose names nobody else uses.

        Raises:
            Failed: It has parts that are not allowed.
            Undecided: There is no copy that is proven to be the same.
        """
        held = {layer.name for layer in self.rebuilt().model._flatten_layers()}  # noqa: SLF001 (as above)
        return [
            layer.name for layer in layers if layer.name not in held and not isinstance(layer, keras.layers.InputLayer)
        ]

    def predict_unseen(self, submission: Submission, images: Array) -> Array:
        """Return the same for images that the kernel has not seen and whose labels it never gets.

        A model that cannot be copied answers for itself: to classify such images it has to be able to.

        Raises:
            Failed: It has parts that are not allowed, or several outputs.
            Undecided: No copy is proven to be the same, and what the original says does not hold together.
        """
        try:
            return self.predict(images)
        except Undecided as undecided:
            outputs = _ask(submission, self, images, undecided)
            again = _ask(submission, self, images[::-7], undecided)  # in other company, in another order
            if not portable.same_outputs([outputs[::-7]], [again], coarse=True):
                came = "Asked in its own kernel, the model gave the same images other outputs the second time."
                raise Undecided(f"{undecided} {came}") from undecided
            return outputs


def _ask(submission: Submission, facts: ModelFacts, images: Array, undecided: Undecided) -> Array:
    """Have the original predict in its kernel, and make sure that it is still the model that was described."""
    parts: list[Array] = []
    for start in range(0, len(images), MAX_IMAGES_A_CALL):
        part = images[start : start + MAX_IMAGES_A_CALL].astype(np.float32)
        content = {"op": "predict", "model": facts.handle.id}
        try:
            reply, buffers = submission.probe(content, [array_to_bytes(part)], model=True)
            outputs, *arrays = (array_from_bytes(data) for data in buffers)
        except (ProtocolError, ValueError, Failed) as error:
            raise Undecided(f"{undecided} {_NO_OUTPUTS}") from error
        if reply.get("outputs") != 1 or len(outputs) != len(part):
            raise Undecided(f"{undecided} {_NO_OUTPUTS}")
        if any(moved(facts.arrays, arrays)):
            raise Undecided(f"{undecided} In its own kernel, it has changed since.")
        parts.append(outputs.astype(np.float32))
    return np.concatenate(parts)


_predicted: dict[tuple[int, str], tuple[keras.Model, Array]] = {}
"""Outputs by model and images: several checks ask the same. The model is kept, so that its id stays its own."""


def _portions(images: Array, model: keras.Model) -> Iterator[Array]:
    """Cut images into as few parts as keep all layers' outputs together below `MAX_OUTPUTS_MIB`.

    Each call has its price, and Keras holds what every layer gives until the call ends.
    """
    numbers = sum(
        math.prod(side or 1 for side in tensor.shape)
        for layer in model._flatten_layers()  # noqa: SLF001 (there is no public way to the layers inside layers)
        for node in layer._inbound_nodes  # noqa: SLF001 (nor to the outputs of one that is used twice)
        for tensor in node.output_tensors
    )
    size = min(max(int(MAX_OUTPUTS_MIB * 2**20 / (4 * numbers)), 1), MAX_IMAGES_A_CALL)
    return (images[start : start + size] for start in range(0, len(images), size))


def _expect_one_output(model: keras.Model) -> None:
    """Expect one output; `outputs=[x]` is one."""
    if len(model.outputs) != 1:
        fail(f"the model has {len(model.outputs)} outputs", "one output of shape (n, num_classes)")


def _expect_to_take(model: keras.Model, images: Array) -> None:
    """Expect one input, for images of this shape."""
    if len(model.inputs) != 1:
        fail(f"the model has {len(model.inputs)} inputs", "one, for images")
    wanted, given = tuple(model.inputs[0].shape[1:]), images.shape[1:]
    if len(wanted) != len(given) or any(side not in (None, ours) for side, ours in zip(wanted, given, strict=True)):
        fail(
            f"the model takes images of shape {wanted}", f"one that takes images of shape {given}, as the backbone does"
        )


def expect_model(value: Any, called: str = "") -> Handle:
    """Return the handle of a model that came back.

    Args:
        value: What came back.
        called: The call, for the message.

    Raises:
        Failed: It is no Keras model.
    """
    if not isinstance(value, Handle):
        fail(f"it returned {brief(value)}", "a keras.Model", called=called)
    return value


def describe(submission: Submission, handle: Handle, what: str = "the model") -> ModelFacts:
    """Ask the kernel for everything about a model.

    Raises:
        Failed: It is not a built Keras model, or the answer cannot be read.
    """
    reply, buffers = submission.probe({"op": "describe", "model": handle.id}, model=True)
    if "problem" in reply:
        fail(f"{what}: {str(reply['problem'])[:300]}", "a keras.Model that knows its input shape")
    try:
        rate = reply["learning_rate"]
        trainable = tuple(flag is True for flag in reply["trainable"])
        arrays = [array_from_bytes(data) for data in buffers]
        return ModelFacts(
            handle=handle,
            description=str(reply["description"]),
            arrays=tuple(arrays[: len(trainable)]),
            trainable=trainable,
            outputs=tuple(arrays[len(trainable) :]),
            not_described=str(reply["not_described"])[:300],
            compiled=reply["compiled"] is True,
            optimizer=reply["optimizer"],
            learning_rate=(
                None if rate is None else float(rate["constant"]) if "constant" in rate else str(rate["schedule"])
            ),
            loss=str(reply["loss"]),
        )
    except (ProtocolError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise Failed(f"{what} could not be read ({error})", "a keras.Model") from error


def fit(
    submission: Submission, handle: Handle, images: Array, labels: Array, *, traced: bool = False
) -> tuple[Answer, tuple[Array, ...]]:
    """Train a model in the student's kernel for one epoch on the judge's data.

    Args:
        submission: Whose kernel.
        handle: Of the model.
        images: (n, height, width, channels), levels 0 to 255.
        labels: Class numbers (n,).
        traced: Leave it with a traced training step, as every model has that was trained in a notebook.

    Returns:
        The answer (its value is the history as a dict of lists) and the model's arrays afterwards.

    Raises:
        Failed: The arrays cannot be read.
    """
    content = {"op": "fit", "model": handle.id, "batch_size": 8, "traced": traced}
    buffers = [array_to_bytes(images.astype(np.float32)), array_to_bytes(labels)]
    reply, arrays = submission.probe(content, buffers, model=True)
    answer = submission.read_answer(f"`model.fit` on {len(images)} images of ours", reply, arrays)
    try:
        return answer, tuple(array_from_bytes(data) for data in arrays)
    except ProtocolError as error:
        raise Failed(f"the model's arrays could not be read after training ({error})") from error


def place(
    submission: Submission,
    model: keras.Model,
    *,
    frozen_layers: Sequence[int] = (),
    learning_rate: float | None = None,
    metrics: Sequence[str] = ("accuracy",),
) -> Handle:
    """Build a model of the judge's in the student's kernel, the same arrays included, and return its handle there.

    Args:
        submission: Whose kernel.
        model: Ours.
        frozen_layers: Positions of its layers that are frozen.
        learning_rate: It is compiled with this rate; not at all without one.
        metrics: And with these, and the loss for integer labels.
    """
    content = {
        "op": "build",
        "config": model.to_json(),
        "frozen_layers": list(frozen_layers),
        "learning_rate": learning_rate,
        "metrics": list(metrics),
    }
    return _handle(submission, content, [array_to_bytes(np.asarray(variable)) for variable in model.weights])


def part_of(
    submission: Submission,
    handle: Handle,
    *,
    layer: int | None = None,
    until: str | None = None,
    again: int | None = None,
) -> Handle:
    """Return the handle of one layer of a model in the kernel, or of another model that shares layers with it.

    Args:
        submission: Whose kernel.
        handle: Of the model.
        layer: Position of the layer.
        until: Or the name of the last layer of the frozen model to return.
        again: Or the position of a layer that is to be used once more behind the model.
    """
    where: dict[str, Any] = {"layer": layer} if again is None else {"again": again}
    if until is not None:
        where = {"until": until, "name": of_ours("backbone"), "trainable": False}
    return _handle(submission, {"op": "part", "model": handle.id, **where})


def load_backbone(submission: Submission, name: str, weights: str | None) -> Handle:
    """Load one of the course's backbones in the student's kernel and return its handle."""
    return _handle(submission, {"op": "load", "backbone": name, "weights": weights})


def _handle(submission: Submission, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> Handle:
    reply, _ = submission.probe(content, buffers, model=True)
    value = reply.get("value")
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        fail("the kernel's answer could not be read")
    return Handle(value["id"][:40], str(value.get("type"))[:200])


def find_arrays(wanted: Sequence[Array], arrays: Sequence[Array]) -> list[int | None]:
    """Say where each wanted array stands among `arrays`, by shape, dtype and every bit; None where it is not found."""
    places = {_fingerprint(array): index for index, array in reversed(list(enumerate(arrays)))}
    return [places.get(_fingerprint(array)) for array in wanted]


def _fingerprint(array: Array) -> tuple[tuple[int, ...], str, bytes]:
    return array.shape, str(array.dtype), np.ascontiguousarray(array).tobytes()


def same_bits(first: Array, second: Array) -> bool:
    """Whether two arrays are equal in shape, dtype and every bit (so NaN equals itself, and -0.0 differs from 0.0)."""
    return _fingerprint(first) == _fingerprint(second)


def moved(before: Sequence[Array], after: Sequence[Array]) -> list[bool]:
    """Say for each array whether it changed; a list of another length counts as changed throughout."""
    if len(before) != len(after):
        return [True] * len(before)
    return [not same_bits(first, second) for first, second in zip(before, after, strict=True)]


def own_steps(facts: ModelFacts, images: Array, labels: Array, steps: int = 3) -> list[bool]:
    """Train the judge's copy for up to `steps` steps of plain gradient descent, and say which arrays moved.

    The copy's arrays are put back afterwards. Dropout, augmentation and BatchNormalization are in training mode.
    """
    model, variables = facts.rebuilt()
    _expect_one_output(model)
    _expect_to_take(model, images)
    before = [np.asarray(variable).copy() for variable in variables]
    # That a single output unit is not what was asked for is judged elsewhere, once.
    loss = "binary_crossentropy" if model.outputs[0].shape[-1] == 1 else "sparse_categorical_crossentropy"
    model.compile(optimizer=keras.optimizers.SGD(0.05), loss=loss, run_eagerly=True)
    try:
        found: list[bool] = []
        for _ in range(steps):
            model.train_on_batch(images.astype(np.float32), labels)
            found = moved(before, [np.asarray(variable) for variable in variables])
            if all(flag for flag, trains in zip(found, facts.trainable, strict=True) if trains):
                break  # statistics move with the first step, so nothing is left that could
        return found
    except (ValueError, TypeError, tf.errors.OpError) as error:
        raise Failed(
            f"a training step on the model is not possible ({type(error).__name__}: {one_line(str(error), 160)})",
            "a model that can be trained with integer labels",
        ) from error
    finally:
        for variable, array in zip(variables, before, strict=True):
            variable.assign(array)


def frozen_layers_beside(facts: ModelFacts, places: Collection[int]) -> list[str]:
    """Name the kinds of the layers that could learn and are frozen, of those that hold none of some arrays.

    A BatchNormalization may be frozen on purpose: it stays what it was, which is a choice as good as leaving it out.

    Args:
        facts: Of a model.
        places: Of the arrays, a backbone's say, among the model's.

    Returns:
        Class names, none where no copy of the model shows its layers.
    """
    try:
        copy = facts.rebuilt()
    except Undecided:
        return []
    known = {id(copy.variables[place]) for place in places}
    found, waiting = [], list(copy.model.layers)
    while waiting:
        layer = waiting.pop(0)
        if isinstance(layer, keras.Model):
            waiting += layer.layers
        elif isinstance(layer, keras.layers.BatchNormalization):
            continue
        elif layer.weights and not layer.trainable and not known & set(map(id, layer.weights)):
            layer.trainable = True  # statistics would not learn then either
            found += [type(layer).__name__] if layer.trainable_weights else []
            layer.trainable = False
    return found
