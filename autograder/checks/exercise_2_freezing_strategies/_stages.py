"""Which training of a student's `compare_strategies` is the second stage of which fraction, and what the rows say."""

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from autograder.checks.exercise_2_freezing_strategies._question import (
    FRACTIONS,
    HEAD_EPOCHS,
)
from autograder.judge.checking import Failed, fail
from autograder.judge.comparators import expect_pair
from autograder.judge.submission import Handle, Submission
from autograder.judge.tables import column_of_numbers, expect_table
from autograder.judge.wording import brief
from autograder.kerasmodels import tiny
from autograder.kerasmodels.models import find_arrays, moved
from autograder.kerasmodels.watching import (
    Fit,
    Watched,
)

Array = np.ndarray[Any, Any]
COLUMNS = ("fraction", "trainable", "val_accuracy", "seconds")


class SecondStages:
    """What came back, and what was trained, by fraction.

    Args:
        submission: Whose function.
        watched: The call, and all trainings in the order in which they ended.
        pretrained: The backbone.
        training: The judge's images and labels.
        validation: Likewise.
        nothing: What stands in for the answer of a `count_parameters` that gives none.
    """

    def __init__(
        self,
        submission: Submission,
        watched: Watched,
        pretrained: keras.Model,
        training: tuple[Array, Array],
        validation: tuple[Array, Array],
        nothing: int = 0,
    ) -> None:
        self.submission, self.answer, self.fits = submission, watched.answer, watched.fits
        self.pretrained, self.training, self.validation = pretrained, training, validation
        self.nothing = nothing
        self.refused: Failed | None = None
        """How the function stopped when it was asked with images that are not square, if it was asked twice."""
        self.backbone = tuple(np.asarray(variable) for variable in pretrained.weights)
        self._strategies: tuple[Fit, ...] | None = None

    @property
    def called(self) -> str:
        """The call, as text."""
        return self.answer.called

    def columns(self) -> dict[str, list[float]]:
        """Return the table, as finite numbers by column, in the order in which the fractions were given.

        A wrong order is judged where it is asked for: what the rows say is judged row by row.

        Raises:
            Failed: There is no such table, or it does not have one row a fraction.
        """
        found = self._columns()
        if sorted(found["fraction"]) != sorted(FRACTIONS):
            return found
        order = [found["fraction"].index(fraction) for fraction in FRACTIONS]
        return {name: [values[place] for place in order] for name, values in found.items()}

    def _columns(self) -> dict[str, list[float]]:
        table, _ = expect_pair(self.answer.returned(), "the answer", self.called)
        found = expect_table(table, COLUMNS, "the table", self.called)
        numbers = {name: column_of_numbers(found, name, "the table", self.called) for name in COLUMNS}
        if len(numbers["fraction"]) != len(FRACTIONS):
            rows = len(numbers["fraction"])
            fail(f"the table has {rows} rows", f"{len(FRACTIONS)}, one for each fraction", called=self.called)
        return numbers

    def best_model(self) -> Handle:
        """Return the model that came back.

        Raises:
            Failed: It is none.
        """
        _, model = expect_pair(self.answer.returned(), "the answer", self.called)
        if not isinstance(model, Handle):
            came = f"the second part of the answer is {brief(model)}"
            fail(came, "the best model itself", called=self.called)
        return model

    def strategies(self) -> tuple[Fit, ...]:
        """Return the second-stage training of each fraction: the last one of its model, whatever number of epochs.

        Nobody said in which order the fractions are to be trained: it is the one given, or the one in which all rows
        tell the truth.

        Raises:
            Failed: There were fewer trainings of models with a backbone inside.
        """
        if self._strategies is None:
            self._strategies = self._by_fraction(self._second_stages())
        return self._strategies

    def _second_stages(self) -> tuple[Fit, ...]:
        """Return the second stages in the order in which they were trained.

        Of models that were trained equally often, that is the last training of each. One that was trained more often
        than the others has been trained on afterwards, unless its first training was the head stage of all.
        """
        whole = [found for found in self.fits if self.places(found) is not None]
        counts = Counter(found.model.id for found in whole)
        if len(counts) == len(FRACTIONS) and len(set(counts.values())) == 1:
            return tuple(self._ends(whole))
        chosen = self._ends([found for found in whole if not self._hands_its_head_on(found, whole, to_others=True)])
        if len(chosen) < len(FRACTIONS):
            ends = self._ends(whole)
            chosen = [found for found in ends if not self._hands_its_head_on(found, whole)]
            if len(chosen) < len(FRACTIONS):
                chosen = ends
        if len(chosen) < len(FRACTIONS):  # one model throughout, set back for each fraction
            chosen = [found for found in whole if not self._hands_its_head_on(found, whole)]
        if len(chosen) < len(FRACTIONS):
            came = (
                f"`fit` trained {len(chosen)} models that have the backbone inside and a head that is trained already"
            )
            fail(came, f"{len(FRACTIONS)}, one for each fraction", called=self.called)
        return tuple(chosen[-len(FRACTIONS) :])

    def _ends(self, whole: Sequence[Fit]) -> list[Fit]:
        """Of trainings, the last one of each model that was not trained more often than the others."""
        rows = {found.model.id: [other for other in whole if other.model.id == found.model.id] for found in whole}
        usual, models = next(iter(Counter(map(len, rows.values())).most_common(1)), (0, 0))
        often = usual if models > 1 else len(whole)
        last = {model: trainings[min(often, len(trainings)) - 1] for model, trainings in rows.items()}
        return [found for found in whole if last[found.model.id] is found]

    def _by_fraction(self, trained: tuple[Fit, ...]) -> tuple[Fit, ...]:
        """Put second stages into the order of the fractions."""
        try:
            told = self.columns()["trainable"]
        except Failed:
            return trained
        for ordered in itertools.permutations(trained):  # the order in which they were trained comes first
            if all(
                self.layers_moved(found) == expected_layers(self.pretrained, fraction)
                and trainable_parameters(found) == count
                for fraction, found, count in zip(FRACTIONS, ordered, told, strict=True)
            ):
                return ordered
        return trained

    def places(self, found: Fit) -> tuple[int, ...] | None:
        """Say where the backbone's arrays stand in a model: by value, else by their row of shapes; None: nowhere."""
        by_value = find_arrays(self.backbone, found.before)
        if None not in by_value:
            return tuple(index for index in by_value if index is not None)
        shapes, wanted = [array.shape for array in found.before], [array.shape for array in self.backbone]
        for start in range(len(shapes) - len(wanted) + 1):
            if shapes[start : start + len(wanted)] == wanted:
                return tuple(range(start, start + len(wanted)))
        return None

    def head(self, found: Fit) -> list[Array]:
        """Return the arrays a training began with that are not the backbone's."""
        places = set(self.places(found) or ())
        return [array for index, array in enumerate(found.before) if index not in places]

    def head_stage(self, found: Fit) -> Fit | None:
        """Return the training that this one's head comes from; None: it comes from none, or from another strategy's."""
        others = [other for other in self.fits if not any(other is strategy for strategy in self.strategies())]
        for other in others:
            if _holds(other.after, self.head(found)):
                return other
        return None

    def trained_before(self, stage: Fit) -> bool:
        """Whether a head stage began with a head that another training had left behind."""
        return any(other is not stage and _holds(other.after, self.head(stage)) for other in self.fits)

    def _hands_its_head_on(self, found: Fit, whole: Sequence[Fit], *, to_others: bool = False) -> bool:
        """Whether a later training, perhaps of another model, began with the head that this one left."""
        later = whole[next(place for place, other in enumerate(whole) if other is found) + 1 :]
        return any(
            _holds(found.after, self.head(other))
            for other in later
            if not to_others or other.model.id != found.model.id
        )

    def layers_moved(self, found: Fit) -> set[str]:
        """Names of the backbone's layers that a training moved."""
        flags = moved(found.before, found.after)
        places = self.places(found)
        return {
            name for name, index in zip(self.array_layers(), places or (), strict=places is not None) if flags[index]
        }

    def array_layers(self) -> list[str]:
        """Name the layer of each of the backbone's arrays."""
        return [variable.path.split("/")[-2] for variable in self.pretrained.weights]

    def pairs(self) -> list[tuple[float, Fit]]:
        """Return the fractions with their second stages, but for those that have none: that is charged once."""
        return [
            (fraction, found)
            for fraction, found in self._all_pairs()
            if found.epochs and not self._is_head_stage_only(found)
        ]

    def _all_pairs(self) -> list[tuple[float, Fit]]:
        return list(zip(FRACTIONS, self.strategies(), strict=True))

    def _rows(self, column: str) -> list[tuple[float, Fit, float]]:
        """Return the fractions with their second stages and what the table says of them."""
        told = dict(zip(FRACTIONS, self.columns()[column], strict=True))
        return [(fraction, found, told[fraction]) for fraction, found in self.pairs()]

    def _is_head_stage_only(self, found: Fit) -> bool:
        """Whether the only training of a model is a head stage, where others have a second one behind it."""
        counts = Counter(other.model.id for other in self.fits)
        others = [counts[other.model.id] for _, other in self._all_pairs() if other is not found]
        is_short = found.epochs == HEAD_EPOCHS and counts[found.model.id] == 1 < min(others, default=1)
        return is_short and self.head_stage(found) is None


def expected_layers(backbone: keras.Model, fraction: float) -> set[str]:
    """Names of the layers that train at a fraction for which no rounding is needed."""
    names = [layer.name for layer in tiny.counted_layers(backbone)]
    return set(names[len(names) - round(fraction * len(names)) :])


def trainable_parameters(found: Fit) -> int:
    """Count the parameters that were flagged trainable when a training began."""
    return sum(int(array.size) for array, flag in zip(found.before, found.trainable, strict=True) if flag)


def _holds(arrays: Sequence[Array], wanted: Sequence[Array]) -> bool:
    return bool(wanted) and None not in find_arrays(wanted, arrays)
