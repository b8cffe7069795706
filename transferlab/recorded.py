"""Results over seeds that the lesson shows beside its own run; `python -m benchmarks.claims record` wrote them."""

import json
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("recorded.json")


def recorded() -> dict[str, Any]:
    """Return all that is recorded: by part, its date, versions and, for each seed, the values measured."""
    found: dict[str, Any] = json.loads(PATH.read_text()) if PATH.is_file() else {}
    return found


def recorded_accuracies(part: str) -> dict[str, list[float]]:
    """What a part of the recording measured, over its seeds.

    Args:
        part: Such as "curve"; `python -m benchmarks.claims` names them all.

    Returns:
        By name of what was measured, a value for each seed, in the order of the seeds.

    Raises:
        ValueError: Nothing is recorded under this name.
    """
    known = recorded()
    if part not in known:
        raise ValueError(f"nothing is recorded for {part!r}; recorded are {', '.join(known)}")
    seeds = sorted(known[part]["seeds"].items(), key=lambda entry: int(entry[0]))
    return {name: [values[name] for _, values in seeds] for name in seeds[0][1]}


def recorded_on(part: str) -> str | None:
    """When a part of the recording was measured.

    Args:
        part: As for `recorded_accuracies`.

    Returns:
        The date, such as "2026-11-29", or None if nothing is recorded under this name.
    """
    found: str | None = recorded().get(part, {}).get("date")
    return found
