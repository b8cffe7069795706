"""A call of a student's function under the eyes of the judge: with every `fit` and `predict` it made.

And what the notebook's own cells have trained, in a few words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from autograder.judge.checking import Failed
from autograder.judge.comparators import predicted_classes
from autograder.judge.submission import Answer, Submission
from autograder.kerasmodels.models import ModelFacts
from autograder.kernels.examples import MAX_ROWS, row_digest
from autograder.kernels.trainings import MAX_NOTED
from autograder.kernels.values import Encoder, Foreign, Handle, ProtocolError, array_from_bytes, array_to_bytes

__all__ = ["notebook_trainings", "watch"]

Array = np.ndarray[Any, Any]
SAME_FEATURES = 0.01
"""Features are those of an image if they are so many times nearer to what we make of it than to those of any other."""
MANY_TRAININGS = f"The notebook called `fit` more than {MAX_NOTED} times, and the grader looks at the first ones only."


@dataclass(frozen=True)
class Training:
    """One `fit`, as the kernel reports it."""

    model: Handle
    epochs: int
    seconds: float
    outer_seconds: float
    """What a clock around it may have shown at most."""
    epoch_seconds: tuple[tuple[float, float, float], ...]
    """Three an epoch: how long the training took, how long with the validation, and how long until the next began."""
    train_accuracy: tuple[float, ...]
    """After each epoch, on what it learned from."""
    val_accuracy: tuple[float, ...]
    reports: frozenset[str]
    """Names in the history."""
    steps: int
    rate: str
    """Class of the optimizer, and its learning rate."""
    rows: tuple[str, ...]
    """A digest of each image it learned from; empty if these were no images, or could not be told."""
    labels: tuple[int, ...]
    """Likewise."""


@dataclass(frozen=True)
class Fit(Training):
    """A `fit` of a function that was called to be watched, with the model's arrays."""

    facts: ModelFacts
    """Of the model as the training left it."""
    trainable: tuple[bool, ...]
    """Flags when it began, one an array."""
    before: tuple[Array, ...]
    after: tuple[Array, ...]
    features: tuple[Array, ...] = ()
    """One array with a row for each example, in the order of the labels, by which they can be known again; or none."""

    def accuracy(self, images: Array, labels: Array) -> float:
        """Rebuild the model as it was afterwards, and measure it."""
        return float(np.mean(predicted_classes(self.facts.predict(images), "a model that it trained") == labels))


@dataclass(frozen=True)
class Prediction:
    """One `predict`."""

    images: int
    batch_size: int
    """0: not said."""
    seconds: float
    outer_seconds: float
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Watched:
    """A call and what it did."""

    answer: Answer
    fits: tuple[Fit, ...]
    predictions: tuple[Prediction, ...]


def watch(
    submission: Submission,
    name: str,
    called: str,
    arguments: Sequence[Any],
    *,
    plan: Mapping[str, Any],
    backbone: keras.Model | None = None,
    mended: Mapping[str, dict[str, Any] | None] | None = None,
    inputs_after: int,
) -> Watched:
    """Call a student's function and note what it trains.

    Args:
        submission: Whose function.
        name: Of the function.
        called: The call, for messages.
        arguments: Plain values and arrays.
        plan: What is done to the trainings; see `autograder.kernels.moving.Plan`.
        backbone: If given, the first argument is a function that makes a fresh copy of it at each call.
        mended: See `autograder.kernels.own_calls.mended`.
        inputs_after: How many of the last arguments to bring back as the call left them.

    Raises:
        Failed: There is no such function, it raised, or what it trained cannot be read.
    """
    encoder = Encoder()
    content: dict[str, Any] = {
        "op": "watch",
        "name": name,
        "args": [encoder.encode(value) for value in arguments],
        "plan": dict(plan),
        "mended": dict(mended or {}),
        "inputs_after": inputs_after,
    }
    buffers = list(encoder.buffers)
    if backbone is not None:
        content |= {"config": backbone.to_json(), "first_weight": len(buffers)}
        buffers += [array_to_bytes(np.asarray(variable)) for variable in backbone.weights]
    reply, arrays = submission.probe(content, buffers, model=True)
    if reply.get("missing"):
        submission.read(name)  # says so
    answer = submission.read_answer(called, reply, arrays)
    given = () if backbone is None else (Foreign("function that makes a fresh backbone", ""),)
    submission.witness.note(called, name, (*given, *arguments), {}, answer.value, str(answer.raised or ""))
    answer.returned()
    try:
        fits = tuple(_fit(found, arrays) for found in reply["fits"])
        predictions = tuple(_prediction(found) for found in reply["predictions"])
    except (ProtocolError, KeyError, TypeError, ValueError, IndexError) as error:
        raise Failed(f"what it trained could not be read ({error})", "models trained with `fit`", called) from error
    return Watched(answer, fits, predictions)


def notebook_trainings(submission: Submission) -> tuple[Training, ...] | None:
    """Read what the notebook's own cells have trained so far.

    Returns:
        All trainings; None if there were more than are noted, so that nothing is known of the last ones.

    Raises:
        Failed: It cannot be read.
    """
    reply, _ = submission.probe({"op": "trained"}, model=True)
    try:
        found = tuple(Training(**_noted(record)) for record in reply["fits"])
    except (KeyError, TypeError, ValueError) as error:
        raise Failed(f"what the notebook trained could not be read ({error})", "models trained with `fit`") from error
    return found if len(found) <= MAX_NOTED else None


def digests(images: Array) -> tuple[str, ...]:
    """Return a digest of each image, as `Training.rows` has them."""
    return tuple(row_digest(image) for image in images)


def learned_from(found: Training, unseen: tuple[Array, Array], training: tuple[Array, Array]) -> bool:
    """Whether a training has certainly learned from images that it must not see, alone or beside those it should.

    Images are known by their digests. Where features were learned from instead, only the labels are there, and they
    prove it if they come in the order of the images: as many labels may be those of a student's own experiment.

    Args:
        found: The training.
        unseen: Images and labels it must not learn from.
        training: Those that it should.
    """
    if set(digests(unseen[0])) & set(found.rows):
        return True
    others, allowed = (tuple(map(int, labels)) for _, labels in (unseen, training))
    return found.labels in (others, allowed + others, others + allowed)


def mislabelled(found: Training, training: tuple[Array, Array]) -> bool:
    """Whether a training has certainly learned an image under the label of another one.

    Args:
        found: The training.
        training: Images and labels it should learn from.
    """
    if len(found.rows) != len(found.labels):
        return False
    right = dict(zip(digests(training[0]), map(int, training[1]), strict=True))
    return any(right.get(row, label) != label for row, label in zip(found.rows, found.labels, strict=True))


def features_mislabelled(found: Fit, maps: Array, labels: Array) -> bool:
    """Whether a training on features has certainly learned those of an image under the label of another one.

    Args:
        found: The training.
        maps: What the backbone makes of the images.
        labels: Of the images.
    """
    if not found.features or len(found.features[0]) != len(found.labels):
        return False
    learned, told = found.features[0], np.asarray(found.labels)
    for known in (maps.mean(axis=(1, 2)), maps.max(axis=(1, 2)), maps.reshape(len(maps), -1)):
        if known.shape[1] != learned.shape[1]:
            continue
        distances = np.linalg.norm(learned[:, None] - known[None], axis=2)
        nearest, second = np.sort(distances, axis=1)[:, :2].T
        if (nearest < SAME_FEATURES * second).all():  # each is one image's, and no other's
            return bool((labels[distances.argmin(axis=1)] != told).any())
    return False


def may_be_of(found: Training, count: int) -> bool:
    """Whether a training may have learned from so many images: it is not known to have had others.

    A data set that repeats itself shows its images several times.
    """
    return not found.labels or len(found.labels) % count == 0 or len(found.labels) >= MAX_ROWS


def _noted(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": Handle(str(found["model"])[:40], "model"),
        "epochs": int(found["epochs"]),
        "seconds": float(found["seconds"]),
        "outer_seconds": float(found["outer_seconds"]),
        "epoch_seconds": tuple(
            (float(trained), float(whole), float(most)) for trained, whole, most in found["epoch_seconds"]
        ),
        "train_accuracy": tuple(map(float, found["accuracy"])),
        "val_accuracy": tuple(map(float, found["val_accuracy"])),
        "reports": frozenset(map(str, found["reports"])),
        "steps": int(found["steps"]),
        "rate": str(found["rate"])[:100],
        "rows": tuple(map(str, found["rows"])),
        "labels": tuple(map(int, found["labels"])),
    }


def _fit(found: dict[str, Any], buffers: Sequence[bytes]) -> Fit:
    def arrays(name: str) -> tuple[Array, ...]:
        return tuple(array_from_bytes(buffers[int(index)]) for index in found[name])

    noted = _noted(found)
    facts = ModelFacts(
        noted["model"],
        description=str(found.get("description_after", "")),
        arrays=arrays("after"),
        trainable=tuple(flag is True for flag in found.get("trainable_after", ())),
        outputs=arrays("outputs"),
        not_described=str(found.get("not_described_after", "the model is too large to be watched"))[:300],
    )
    return Fit(
        **noted,
        facts=facts,
        trainable=tuple(flag is True for flag in found["trainable"]),
        before=arrays("before"),
        after=facts.arrays,
        features=arrays("features"),
    )


def _prediction(found: dict[str, Any]) -> Prediction:
    return Prediction(
        images=int(found["images"]),
        batch_size=int(found["batch_size"]),
        seconds=float(found["seconds"]),
        outer_seconds=float(found["outer_seconds"]),
        rows=tuple(map(str, found["rows"])),
    )
