"""The committed evidence: thresholds with the accuracies they follow from, a file a source of images."""

import json
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from autograder.calibration.bounds import BAND, LEAST_SEEDS, GateFigures, gate_figures
from autograder.judge.thresholds import thresholds_file


class Evidence(NamedTuple):
    """What one file holds."""

    exercise: str
    source: str
    gates: tuple[GateFigures, ...]
    versions: Mapping[str, str]
    cpu_seconds: float
    """Of all seeds together."""


def read(folder: Path, source: str) -> Evidence | None:
    """Return the evidence of an exercise for a source, or None where nothing has been measured.

    A gate that its exercise has proposed, with fewer seeds than a threshold needs, is left out.

    Args:
        folder: Of the exercise's check pages, with its name.
        source: Where the images came from.
    """
    path = thresholds_file(folder, source)
    if not path.is_file():
        return None
    record = json.loads(path.read_text(encoding="utf-8"))
    gates = {name: gate for name, gate in record["gates"].items() if _seeds(gate) >= LEAST_SEEDS}
    figures = tuple(gate_figures(name, gate["right"], gate["wrong"]) for name, gate in gates.items())
    return Evidence(folder.name, source, figures, record["versions"], record["cpu_seconds"])


def write(folder: Path, source: str, gates: Iterable[GateFigures], cpu_seconds: float) -> Path:
    """Write the evidence of an exercise for a source; gates that were not measured now stay as they are.

    Args:
        folder: Of the exercise's check pages.
        source: Where the images came from.
        gates: Measured.
        cpu_seconds: What it cost.

    Returns:
        The file.
    """
    path = thresholds_file(folder, source)
    before: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    record = {
        "versions": {package: metadata.version(package) for package in ("keras", "numpy")},
        "cpu_seconds": round(cpu_seconds, 1),
        "gates": dict(sorted({**before.get("gates", {}), **{gate.name: _gate(gate) for gate in gates}}.items())),
    }
    replace_text(path, _as_text(record))
    return path


def replace_text(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def _seeds(gate: Mapping[str, Any]) -> int:
    arms = [*gate["right"].values(), *gate["wrong"].values()]
    return min(map(len, arms)) if gate["right"] else 0


def _gate(gate: GateFigures) -> dict[str, Any]:
    return {
        "threshold": round(gate.threshold, 4),
        "band": BAND,
        "chance_of_failing_a_right_solution": float(f"{gate.failing_right:.2g}"),
        "right": {arm.name: list(arm.accuracies) for arm in gate.right},
        "wrong": {arm.name: list(arm.accuracies) for arm in gate.wrong},
    }


def _as_text(record: Mapping[str, Any]) -> str:
    """JSON with one line an arm: a change of one solution shows as a change of one line."""
    rows: dict[str, str] = {}

    def folded(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: folded(inner) for key, inner in value.items()}
        if isinstance(value, list):
            mark = f"@row {len(rows)}@"
            rows[f'"{mark}"'] = json.dumps(value)
            return mark
        return value

    text = json.dumps(folded(dict(record)), indent=1)
    for mark, row in rows.items():
        text = text.replace(mark, row)
    return text + "\n"
