"""Rebuild a student's Keras model from its description and arrays, without trusting either, and prove it is the same.

The description is JSON written by untrusted code; `transferlab.portable` reads it and names nothing but built-in parts.
Here every variable is counted before it is allocated, against the arrays that came with it; and what the copy predicts
is compared with what the original said it predicts.
"""

import contextlib
import functools
import hashlib
import math
from collections.abc import Iterator, Sequence
from typing import Any
from unittest import mock

import keras
import numpy as np

from autograder.kernels.asked_models import undrawn_weights
from transferlab import portable
from transferlab.portable_parts import Forbidden, Refused, allowed_classes

__all__ = ["MAX_PARAMETERS", "Forbidden", "Refused", "TooLarge", "allowed_classes", "rebuild"]

Array = np.ndarray[Any, Any]
MAX_PARAMETERS = portable.MAX_PARAMETERS


class TooLarge(Refused):
    """It has more parameters than are judged."""


def rebuild(description: str, arrays: Sequence[Array], outputs: Sequence[Array] | None = None) -> portable.Copy:
    """Make the model that a description describes, and give it the arrays. Copies are shared by all who ask.

    Args:
        description: As `transferlab.portable.describe` gives it.
        arrays: The model's variables in the order of `model.weights`.
        outputs: What the original predicts for `portable.drawn_inputs`; None: nothing is compared.

    Raises:
        Forbidden: It holds a part that brings code of its own.
        TooLarge: It has too many parameters.
        Refused: It cannot be rebuilt, or the copy is another model.
    """
    digest = hashlib.sha256(description.encode())
    for array in (*arrays, *(outputs or ())):
        digest.update(str((array.shape, array.dtype)).encode() + np.ascontiguousarray(array).tobytes())
    return _rebuild(f"{digest.hexdigest()} {outputs is None}", _Parts(description, arrays, outputs))


class _Parts:
    """Arguments of one rebuild, equal whatever they hold: the digest beside them is the cache's key."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Parts)


@functools.lru_cache(maxsize=16)
def _rebuild(_digest: str, wrapped: _Parts) -> portable.Copy:
    description, arrays, outputs = wrapped.parts
    total = sum(int(array.size) for array in arrays)
    if total > MAX_PARAMETERS:
        raise TooLarge(f"the model has {total:,} parameters; at most {MAX_PARAMETERS:,} are judged")
    with undrawn_weights(), _counted_variables(total):
        copy = portable.rebuild(description, arrays)
    if outputs is not None:
        own = portable.outputs_of(copy.model, portable.drawn_inputs(copy.model))
        if not portable.same_outputs(own, outputs, coarse=portable.is_coarse(copy.model)):
            raise Refused("a copy of the model that is made from its description predicts something else")
    return copy


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
            raise Refused("the model's description asks for more parameters than the model has")
        return original(self, shape, *args, **kwargs)

    with mock.patch.object(keras.layers.Layer, "add_weight", add_weight):
        yield
