"""What the notebook's own cells have trained, as its kernel noted it: every `fit`, and which images a model was shown.

Reported by untrusted code, as everything live is. But what a model can do is measured elsewhere, and whoever forges
these notes has to know images and weights that are drawn from seeds, and write more than the training would take.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from autograder.judge.checking import Failed
from autograder.judge.submission import Submission
from autograder.kernels.cell_trainings import MAX_FITS, digest_of_array, digest_of_state, digests_of_images
from autograder.kernels.values import ProtocolError, array_from_bytes

__all__ = ["NotedFit", "Notes", "Seen", "digest_of_array", "digests_of_images", "read_notes"]

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Seen:
    """Images and labels that a `fit` was given."""

    images: Array
    """Digests (n,)."""
    labels: Array
    """Class numbers (n,); -1 where there are none."""


@dataclass(frozen=True)
class NotedFit:
    """One `fit` of the notebook's."""

    number: int
    """0 for the first one."""
    model: str
    """Id of its handle."""
    epochs: int
    steps: int
    """In each epoch; 0 if that is not known."""
    history: dict[str, list[float]]
    rate: float | None
    """Constant learning rate when it began."""
    before: tuple[str, ...]
    """Digests of the model's arrays when it began."""
    after: tuple[str, ...]
    passed: tuple[str, ...]
    """What the model held after each epoch, one digest for all arrays; none where there were no callbacks."""
    operations: tuple[str, ...]
    """Names of the classes of the model's layers and operations, in order."""
    learnt: Seen | None
    """What it was trained with; None if that could not be read."""
    watched: Seen | None
    """Its validation data, likewise."""
    is_over: bool = True
    """Whether it came to its end; if not, an error or a limit stopped it, and this is what it had come to."""

    @property
    def has_trained(self) -> bool:
        """Whether anything came of it: it came to its end, or had changed the model when it was stopped."""
        return self.is_over or self.before != self.after

    def has_left(self, arrays: Sequence[str]) -> bool:
        """Whether its model held exactly these arrays, digests in any order, after it or after one of its epochs."""
        return sorted(self.after) == sorted(arrays) or digest_of_state(arrays) in self.passed


@dataclass(frozen=True)
class Notes:
    """All of them."""

    fits: tuple[NotedFit, ...]
    shown: tuple[tuple[str, int, Array | None], ...]
    """Who was shown images, after how many fits, and which ones (digests; None if they could not be read)."""

    @property
    def are_all(self) -> bool:
        """Whether no `fit` was left out, of too many."""
        return len(self.fits) <= MAX_FITS

    def fits_of(self, model: str, arrays: Sequence[Array], first: int = 0, epochs: int = 0) -> list[NotedFit]:
        """Return the trainings of a model, or else of the one that held exactly its arrays after one of them.

        That other model may have been copied, or read from a file that was written after any epoch.

        Args:
            model: Id of its handle.
            arrays: Its arrays now.
            first: Number of the first `fit` that is of interest.
            epochs: How long it was to be trained: of a copy that holds an earlier epoch, up to so many count.
        """
        fits = [found for found in self.fits if found.number >= first]
        own = [found for found in fits if found.model == model]
        if own:
            return own
        now = list(map(digest_of_array, arrays))
        left = [found for found in fits if found.has_left(now)]
        if not left:
            return []
        same = [found for found in fits if found.model == left[-1].model]
        done, last = accumulate(found.epochs for found in same), left[-1].number
        return [fit for fit, so_far in zip(same, done, strict=True) if fit.number <= last or so_far <= epochs]

    def has_left(self, arrays: Sequence[str], number: int) -> bool:
        """Whether a training before that with this number has left these arrays, given as digests."""
        return any(found.has_left(arrays) for found in self.fits if found.number < number)

    def shown_since(self, fit: NotedFit) -> Array | None:
        """Return digests of all images that the model of a `fit` was shown after it; None: it may have been any.

        What other models were shown that were trained themselves does not count.
        """
        others = {found.model for found in self.fits} - {fit.model}
        parts = [images for model, fits, images in self.shown if fits > fit.number and model not in others]
        if any(images is None for images in parts):
            return None
        return np.concatenate([np.empty(0, np.uint64), *(images for images in parts if images is not None)])


def read_notes(submission: Submission) -> Notes:
    """Ask the kernel for its notes.

    Raises:
        Failed: They cannot be read.
    """
    reply, buffers = submission.probe({"op": "noted"}, model=True)
    try:
        arrays = [array_from_bytes(data) for data in buffers]
        fits = tuple(_fit(number, found, arrays) for number, found in enumerate(reply["fits"]))
        shown = tuple(
            (str(found["model"]), int(found["fits"]), None if found["images"] is None else arrays[int(found["images"])])
            for found in reply["shown"]
        )
    except (ProtocolError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise Failed(f"what the notebook trained could not be read ({error})", "models trained with `fit`") from error
    return Notes(fits, shown)


def _fit(number: int, found: dict[str, Any], arrays: Sequence[Array]) -> NotedFit:
    return NotedFit(
        number=number,
        model=str(found["model"]),
        epochs=int(found["epochs"]),
        steps=int(found["steps"]),
        history={str(name): [float(value) for value in values] for name, values in found["history"].items()},
        rate=None if found.get("rate") is None else float(found["rate"]),
        before=tuple(map(str, found.get("before", ()))),
        after=tuple(map(str, found["after"])),
        passed=tuple(map(str, found.get("passed", ()))),
        operations=tuple(map(str, found["operations"])),
        learnt=_seen(found["learnt"], arrays),
        watched=_seen(found["watched"], arrays),
        is_over=found["ended"] is True,
    )


def _seen(places: list[int] | None, arrays: Sequence[Array]) -> Seen | None:
    return None if places is None else Seen(arrays[int(places[0])].reshape(-1), arrays[int(places[1])].reshape(-1))
