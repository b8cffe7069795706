"""Slow, readable statements of what is right about comparisons of models."""

from collections.abc import Sequence
from typing import Any


def beats(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether one model is at least as good as another in accuracy, parameters and time, and better in one of them."""
    gains = [
        one["val_accuracy"] - other["val_accuracy"],
        other["parameters"] - one["parameters"],
        other["ms_per_image"] - one["ms_per_image"],
    ]
    return bool(min(gains) >= 0 and max(gains) > 0)


def pareto_front(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Names of the models that no other beats, in order."""
    return [row["name"] for row in rows if not any(beats(other, row) for other in rows)]


def recommended(rows: Sequence[dict[str, Any]], scenario: str) -> str:
    """Name of the best model for a scenario: best in one column, then fewest parameters, then first in the alphabet."""
    column = {"accuracy": "val_accuracy", "speed": "ms_per_image", "size": "parameters"}[scenario]
    better = max if scenario == "accuracy" else min
    best = better(row[column] for row in rows)
    candidates = [row for row in rows if row[column] == best]
    fewest = min(row["parameters"] for row in candidates)
    return min(str(row["name"]) for row in candidates if row["parameters"] == fewest)


def compared(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Names of the models as a comparison lists them: the most accurate first, then the smallest, then by name."""
    left, names = list(rows), []
    while left:
        names.append(recommended(left, "accuracy"))
        left = [row for row in left if row["name"] != names[-1]]
    return names


def median(numbers: Sequence[float]) -> float:
    """The number in the middle; of an even count, the mean of the two in the middle."""
    ordered = sorted(numbers)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
