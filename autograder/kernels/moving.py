"""What the judge does to trainings while it watches them: it moves what a model shows after an epoch, and waits.

Stand-alone, like `probe.py`, which loads it by path in a kernel.
"""

import contextlib
import sys
from time import sleep  # bound before any code of a student's can put others in their place
from typing import Any, NamedTuple

if __package__:
    from autograder.kernels import asked_models
else:  # loaded by path, by `probe.py`, which has loaded this before
    _loaded: Any = sys.modules
    asked_models = _loaded["kernel_asked_models"]

SURE, SAMPLE, SUREST_FACTOR = 16.0, 32, 1_000.0
"""How far apart the logits of the best two classes are, for the half of some images, in a model that is to be sure of
itself; how many images; and at most so many times as large its last layer is made for that."""


class Plan(NamedTuple):
    """What the judge does to trainings while it watches them, so that it knows what they must show.

    Chance decides which epoch or which model is the best one, and a slip that takes another would often go unseen. So
    what the model shows after an epoch is moved: away from the weights it began with, in the direction it has learned
    (a factor above 0, and above 1 it overdoes it) or in the opposite one. Before the next epoch it is put back. And
    clocks that run where they should not are noticed by pauses.
    """

    shown: tuple[tuple[float | None, ...], ...] = ()
    """One row a training that lasts as many epochs as the row: a factor for each epoch. None: nothing is shown, as all
    that has learned is zero, so that the model gives every image the same class, however it was trained."""
    surest: tuple[int | None, ...] = ()
    """One number a row of `shown`: the epoch after which the model is, besides, so sure of each class it names that its
    loss is high wherever it errs. So the lowest loss and the highest accuracy are of different epochs, or models. None:
    after no epoch."""
    epoch_pauses: tuple[float, ...] = ()
    """Seconds to wait within each epoch of a model, counted over all its trainings."""
    row_pauses: tuple[float, ...] = ()
    """Seconds to wait within the first epoch of the trainings to which `shown` applies, one number a training: so that
    they last differently long, and no number that was typed in fits all of them."""
    predict_pauses: tuple[float, ...] = ()
    """Seconds to wait within each call of `predict` that has as many images as one call is to have."""
    predict_images: int = 0
    """That number."""
    arrays: bool = True
    """Whether to keep the arrays of the models that are trained, before and after."""
    pause: float = 0.0
    """Seconds to wait when a backbone is made, and before a training to which `shown` does not apply."""


class Moved:
    """Moves what a model shows after each epoch, and puts it back before the next."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._rows = list(plan.shown)
        self._models: dict[int, dict[str, Any]] = {}
        self._now: dict[str, Any] = {}
        self.only_waits = False
        """Whether the training that is under way is none: all that it leaves is known, but how long it lasts counts."""
        self.sample: Any = None
        """Some of what the training that is under way learns from; None: not to be read without using it up."""

    def begin(self, model: Any, epochs: Any, initial_epoch: Any) -> None:
        """A training begins. Epochs that are trained one by one, in as many calls, count as one training."""
        known = self._models.get(id(model))
        lasts = epochs - initial_epoch if isinstance(epochs, int) and isinstance(initial_epoch, int) else 0
        matching = next((row for row in self._rows if len(row) == lasts), None)
        if matching is None and lasts == 1 and self.plan.epoch_pauses:
            matching = known["row"] if known else next(iter(self._rows), None)
        if known is None or known["row"] is not matching or known["epoch"] >= len(known["row"] or ()):
            known = {"model": model, "row": matching, "epoch": 0, "true": None}
            known["start"] = (
                [asked_models.array_of(variable) for variable in model.trainable_variables] if matching else None
            )
            self._models[id(model)] = known
            number = len(self.plan.shown) - len(self._rows)
            known["pause"] = dict(enumerate(self.plan.row_pauses)).get(number, 0.0) if matching else 0.0
            known["surest"] = dict(enumerate(self.plan.surest)).get(number) if matching else None
            if matching in self._rows:  # a model that goes on for longer than its row shows the same again
                self._rows.remove(matching)
        self._now = known
        if matching is None:
            sleep(self.plan.pause)

    @property
    def held(self) -> dict[str, Any]:
        """What is held of the model that is trained, by which the plan is carried out; with arrays."""
        return {key: value for key, value in self._now.items() if key not in ("model", "back")}

    def hold(self, held: dict[str, Any]) -> None:
        """Go on as if this had come of the training.

        Args:
            held: Of a training that began with the same.
        """
        self._now.update({key: held[key] for key in ("epoch", "true", "shown") if key in held})

    def epoch_begins(self) -> None:
        """See what is to be put back of what was moved: all that has not changed since."""
        if self.only_waits:
            return
        known = self._now
        if known.get("true") is not None:
            variables = zip(known["model"].trainable_variables, known["shown"], known["true"], strict=False)
            known["back"] = [found for found in variables if (asked_models.array_of(found[0]) == found[1]).all()]
            known["true"] = None
        factors = [factor or 0.0 for factor in known.get("row") or (0.0,)]
        most = factors.index(max(factors)) if max(factors) > 1 else None
        if known.get("epoch") not in (most, known.get("surest")) or not known.get("row"):
            self._put_back()

    def within_epoch(self) -> None:
        """Put back what was moved, and wait, if that is planned.

        In the epoch after which the model overdoes it most, or is surest, not before the first step is made: what it
        shows on the training images is then as wrong as it was before, so that the best epoch by these is not the best
        one.
        """
        self._put_back()
        epoch, pauses = self._now.get("epoch", 0), self.plan.epoch_pauses
        if self._now.get("row"):
            sleep(pauses[epoch] if epoch < len(pauses) else 0)
            sleep(self._now["pause"] if epoch == 0 else 0)

    def _put_back(self) -> None:
        """Go back to what was learned, and take along what the step since has changed."""
        for variable, shown, true in self._now.pop("back", ()):
            variable.assign(true + (asked_models.array_of(variable) - shown))

    def epoch_ends(self) -> None:
        """Move what the model shows."""
        self._put_back()
        known = self._now
        row, epoch = known.get("row"), known.get("epoch", 0)
        known["epoch"] = epoch + 1
        if self.only_waits:
            return
        is_sure = known.get("surest") == epoch
        if not row or epoch >= len(row) or (row[epoch] == 1 and not is_sure):
            return
        variables = known["model"].trainable_variables
        if len(variables) != len(known["start"]):
            return
        known["true"] = [asked_models.array_of(variable) for variable in variables]
        for variable, start, true in zip(variables, known["start"], known["true"], strict=True):
            if row[epoch] is not None:
                variable.assign(start + row[epoch] * (true - start))
            elif (start != true).any():
                variable.assign(0 * true)
        if is_sure and (last := _last_layer(known["model"])):
            factor = _until_sure(known["model"], self.sample)
            for variable in last:
                variable.assign(factor * asked_models.array_of(variable))
        known["shown"] = [asked_models.array_of(variable) for variable in variables]


def _last_layer(model: Any) -> list[Any]:
    """Return the arrays of the layer that gives the classes, if it is one that sums up what it is given."""
    classes, found = (getattr(model, "output_shape", None) or (None,))[-1], []
    for variable in reversed(model.trainable_variables):
        if variable.shape[-1:] != (classes,):
            break
        found.append(variable)
        if len(variable.shape) > 1:
            return found
    return []


def _until_sure(model: Any, images: Any) -> float:
    """By what to multiply the last layer, so that the model is sure of its classes and no number out of bounds."""
    import numpy as np

    with contextlib.suppress(Exception):  # what cannot be told is left as it is
        outputs = asked_models.array_of(model(images, training=False)).astype("float64")
        second, first = np.log(np.maximum(np.sort(outputs, axis=-1)[:, -2:], 1e-30)).T
        return float(np.clip(SURE / max(float(np.median(first - second)), 1e-9), 1, SUREST_FACTOR))
    return 1.0
