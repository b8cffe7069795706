"""From accuracies over seeds to a threshold: what right solutions are all but sure to clear, what wrong ones reach."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

RISK = 0.001
"""Chance that the next right solution falls below its bound."""
BAND = 0.005
"""Half-width of the band around a threshold: another kind of machine may move an accuracy by this much."""
STEP = 0.005
LEAST_SEEDS = 3


@dataclass(frozen=True)
class ArmFigures:
    """One solution's accuracies on hidden images."""

    name: str
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean accuracy, 0 to 1."""
        return float(np.mean(self.accuracies))

    @property
    def deviation(self) -> float:
        """Standard deviation over seeds."""
        return float(np.std(self.accuracies, ddof=1))

    def lower_bound(self) -> float:
        """What the next run stays above, but for a chance of `RISK` (prediction bound, normality assumed)."""
        return self.mean - self._reach()

    def upper_bound(self) -> float:
        """What the next run stays below, but for a chance of `RISK`."""
        return self.mean + self._reach()

    def chance_below(self, accuracy: float) -> float:
        """Chance that the next run falls below an accuracy (Student's t, normality assumed)."""
        count = len(self.accuracies)
        scale = max(self.deviation, 1e-9) * math.sqrt(1 + 1 / count)
        return float(stats.t.cdf((accuracy - self.mean) / scale, count - 1))

    def _reach(self) -> float:
        count = len(self.accuracies)
        return float(stats.t.ppf(1 - RISK, count - 1)) * self.deviation * math.sqrt(1 + 1 / count)


@dataclass(frozen=True)
class GateFigures:
    """A gate's threshold and what speaks for it."""

    name: str
    right: tuple[ArmFigures, ...]
    wrong: tuple[ArmFigures, ...]

    @property
    def threshold(self) -> float:
        """The highest step at which every right solution clears threshold and band, but for a chance below `RISK`."""
        lowest = min(arm.lower_bound() for arm in self.right) - BAND
        return math.floor(lowest / STEP + 1e-9) * STEP

    @property
    def failing_right(self) -> float:
        """The largest chance, over the right solutions, of falling below threshold plus band."""
        return max(arm.chance_below(self.threshold + BAND) for arm in self.right)

    def stopped(self, arm: ArmFigures) -> float:
        """The share of a wrong solution's runs that the gate stops, as measured."""
        return float(np.mean([accuracy < self.threshold - BAND for accuracy in arm.accuracies]))


def gate_figures(name: str, right: Mapping[str, Sequence[float]], wrong: Mapping[str, Sequence[float]]) -> GateFigures:
    """Put a gate's evidence together.

    Args:
        name: E.g. `fine_tuned`.
        right: Accuracies by right solution, one a seed, at least three.
        wrong: Likewise of wrong ones.

    Raises:
        ValueError: Fewer than three seeds.
    """
    for arm, accuracies in {**right, **wrong}.items():
        if len(accuracies) < LEAST_SEEDS:
            raise ValueError(
                f"a threshold needs at least {LEAST_SEEDS} seeds ({arm} has {len(accuracies)});"
                " run with --seeds 20 for one to be kept"
            )
    return GateFigures(
        name,
        tuple(ArmFigures(arm, tuple(found)) for arm, found in right.items()),
        tuple(ArmFigures(arm, tuple(found)) for arm, found in wrong.items()),
    )
