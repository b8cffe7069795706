"""What trainings and an evaluation show of a model that a student's function has made or changed."""

import contextlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from autograder.judge.checking import Failed, Undecided, fail
from autograder.judge.submission import Answer, Submission
from autograder.judge.wording import brief
from autograder.kerasmodels.models import ModelFacts
from autograder.kernels.values import array_to_bytes

__all__ = ["Evaluation", "Witness", "evaluated", "expect_loss_of_integer_labels"]

Array = np.ndarray[Any, Any]
HEAD_RATE = 1e-3
BETWEEN_CLASSES, LEAST_CLEAR, MOST_CLEAR = 0.01, 8, 32
"""Probabilities that are nearer to each other may change places when another machine, or half precision, rounds; how
many images without such ones are enough to tell what is counted; and how many are asked about at most."""
LOSSES_OF_OTHER_LABELS = frozenset(
    {"mse", "mean_squared_error", "mae", "mean_absolute_error", "mean_absolute_percentage_error", "log_cosh"}
    | {"mean_squared_logarithmic_error", "huber", "huber_loss", "hinge", "squared_hinge", "categorical_hinge"}
    | {"poisson", "cosine_similarity", "kl_divergence", "kullback_leibler_divergence", "dice", "tversky"}
    | {"categorical_crossentropy", "binary_crossentropy", "categorical_focal_crossentropy"}
    | {"binary_focal_crossentropy"}
)
"""Losses that take labels for numbers, or want them one-hot, by their names in Keras."""

OWN, LIVE = "a few training steps", "`fit`"
"""How a training is called in messages: the judge's on its own copy, the one in the student's kernel."""


class Witness(NamedTuple):
    """What one training of a model moved."""

    name: str
    moved: tuple[bool, ...]
    """One flag an array, in the order of `model.weights`."""


@dataclass(frozen=True)
class FineTuned:
    """A model of ours after a student's function has set what learns, and what training it then moved."""

    called: str
    before: tuple[Array, ...]
    """Arrays just before the call."""
    facts: ModelFacts
    """The model just after the call."""
    layers: tuple[tuple[str, tuple[int, ...]], ...]
    """Backbone layers that count, in order: name and places of their arrays among the model's."""
    normalization: tuple[int, ...]
    """Places of all BatchNormalization arrays."""
    head: tuple[int, ...]
    """Places of the head's arrays."""
    witnesses: tuple["Witness", ...]
    """Trainings after the call: the judge's own, and where asked for the live one."""
    history: Answer | None
    """Answer of the live `fit`, if there was one."""
    is_the_model_given: bool = True
    """Whether the model itself came back, or nothing, and not another one."""
    head_scale: tuple[int, ...] = ()
    """Places of the arrays of a BatchNormalization in the head."""
    evaluation: "Evaluation | None" = None
    """What `evaluate` says of it, if it was asked."""

    @property
    def idle_witness(self) -> "Witness | None":
        """The first training that moved nothing; None: every one moved something."""
        return next((witness for witness in self.witnesses if not any(witness.moved)), None)

    def expect_moved(self, unfrozen_layers: int) -> None:
        """Expect that the head and the last layers moved in every training, and no other layer.

        Raises:
            Failed: Another layer moved, or one of these stood still.
        """
        first = len(self.layers) - unfrozen_layers
        wanted = f"only the last {unfrozen_layers} to change" if unfrozen_layers else "none to change"
        for witness in self.witnesses:
            for index, (name, places) in enumerate(self.layers):
                moves = any(witness.moved[place] for place in places)
                which = f"`{name}`, layer {index + 1} of {len(self.layers)} that count"
                if moves and index < first:
                    fail(f"{witness.name} changed {which}", wanted, called=self.called)
                if not moves and index >= first:
                    fail(f"{witness.name} left {which}, as it was", wanted, called=self.called)
            if not all(witness.moved[place] for place in self.head):
                hint = "freeze layers of the backbone only, not those of the model around it"
                part = "a layer of the head" if any(witness.moved[place] for place in self.head) else "the head"
                came = f"{witness.name} left {part} as it was"
                fail(came, "a head that goes on learning", called=self.called, hint=hint)
            if self.head_scale and not all(witness.moved[place] for place in self.head_scale):
                came = f"{witness.name} left the BatchNormalization of the head as it was"
                hint = "freeze the BatchNormalization layers of the backbone only, not those of the head"
                fail(came, "a head that goes on learning, all of it", called=self.called, hint=hint)

    def expect_normalization_still(self) -> None:
        """Expect that no BatchNormalization array moved in any training.

        Raises:
            Failed: One did.
        """
        for witness in self.witnesses:
            count = sum(witness.moved[place] for place in self.normalization)
            if count:
                came = f"{witness.name} changed {count} of the {len(self.normalization)} BatchNormalization arrays"
                fail(came, "all of them to stand still", called=self.called)

    def expect_accuracy_reported(self) -> None:
        """Expect that the live `fit` still reported `accuracy`.

        Raises:
            Failed: It raised, or did not.
        """
        history = self.history.returned() if self.history is not None else None
        if not isinstance(history, dict) or "accuracy" not in history:
            came = f"`fit` reports {sorted(history) if isinstance(history, dict) else brief(history)}"
            fail(came, "`loss` and `accuracy`", called=self.called)


def expect_loss_of_integer_labels(loss: str, called: str) -> None:
    """Expect a loss that takes class numbers; of another one, `fit` would only say that shapes do not fit.

    Args:
        loss: Its name.
        called: The call that compiled with it.

    Raises:
        Failed: It wants other labels.
    """
    if loss.lower() in LOSSES_OF_OTHER_LABELS:
        hint = "use `sparse_categorical_crossentropy`: it takes class numbers"
        fail(f"the loss is {loss}", "one for integer labels", called=called, hint=hint)


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` says of a model, on images of which it classifies a known share correctly."""

    called: str
    answer: Answer
    loss: str
    """Name of the loss it is compiled with."""
    right: float
    """Share of the images whose label is the class that the model's probabilities speak for."""

    def expect_integer_labels(self) -> None:
        """Expect that loss and accuracy are those of integer labels.

        Raises:
            Failed: `evaluate` raised, the accuracy is another number, or the loss wants other labels.
        """
        expect_loss_of_integer_labels(self.loss, self.called)
        found = self.answer.returned()
        accuracy = found.get("accuracy") if isinstance(found, dict) else None
        if not isinstance(accuracy, float) or abs(accuracy - self.right) > 0.05:
            fail(
                f"`evaluate` reports {brief(found)} for images of which the model gets {self.right:.2f} right",
                "their share as `accuracy`",
                called=self.called,
                hint="`metrics=['accuracy']`; a metric for one-hot labels, or of the best two, counts something else",
            )


def expect_accuracy_meant(submission: Submission, facts: ModelFacts, images: Array, called: str) -> None:
    """Expect that what a model reports as `accuracy` is the share of images that it classifies correctly.

    Nothing is expected of a model that cannot be asked: that is charged elsewhere, once.

    Args:
        submission: Whose model.
        facts: Of the model.
        images: As it takes them.
        called: The call that made it.

    Raises:
        Failed: It is something else.
    """
    with contextlib.suppress(Undecided):  # what no copy shows is no reason to take points
        found = evaluated(submission, facts, images, called)
        if found is not None and found.answer.raised is None:
            found.expect_integer_labels()


def evaluated(submission: Submission, facts: ModelFacts, images: Array, called: str) -> Evaluation | None:
    """Evaluate a model in the kernel: labels are what it says itself, but for every fourth, its second guess.

    Images between two classes are left out, as the kernel may round to the other one.

    Args:
        submission: Whose model.
        facts: Of the model.
        images: As it takes them.
        called: The call that made it.

    Returns:
        What it says; None if nothing can be told, which is charged elsewhere, once.

    Raises:
        Undecided: No copy is proven to be the same.
    """
    try:
        outputs = facts.predict(images)
    except Failed:
        return None  # a model of parts that are not allowed
    if outputs.ndim != 2 or outputs.shape[1] < 2:
        return None
    second, first = np.sort(outputs.astype(np.float64), axis=1)[:, -2:].T
    clear = (first - second > BETWEEN_CLASSES) | (first == second)  # a head of zeros gives all the very same
    if clear.sum() < LEAST_CLEAR:
        return None
    clearest = np.sort(np.argsort(np.where(clear, first - second, -1.0))[::-1][: min(clear.sum(), MOST_CLEAR)])
    images, outputs = images[clearest], outputs[clearest]
    rows, labels = np.arange(len(outputs)), outputs.argmax(axis=1).astype(np.int64)
    without = np.where(np.arange(outputs.shape[1]) == labels[:, None], -np.inf, outputs)
    labels = np.where(rows % 4, labels, without.argmax(axis=1))  # who counts the best two counts all
    content = {"op": "evaluate", "model": facts.handle.id}
    reply, buffers = submission.probe(content, [array_to_bytes(images), array_to_bytes(labels)], model=True)
    answer = submission.read_answer(f"`model.evaluate` on {len(images)} images of ours", reply, buffers)
    return Evaluation(called, answer, facts.loss, 1 - len(labels[::4]) / len(labels))
