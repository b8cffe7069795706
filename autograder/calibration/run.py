"""Run every arm over many seeds, write the thresholds with their evidence, and the page that shows it."""

import json
import multiprocessing
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib import metadata
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.calibration.bounds import BAND, RISK, GateFigures, gate_figures
from autograder.checks.thresholds import THRESHOLDS

FIRST_SEED = 10_000
"""Far from the seeds the notebooks use, so that the evidence is not their own training data."""
_RIGHT_COLOUR, _WRONG_COLOUR = "#0072B2", "#D55E00"


def measure(seeds: int, backbone: str, jobs: int, progress: Callable[[int, int], None]) -> list[GateFigures]:
    """Train every arm with every seed.

    Args:
        seeds: How many, at least 3; 20 for thresholds that are kept.
        backbone: Name for `transferlab.load_backbone`.
        jobs: Processes at once; each uses one thread.
        progress: Called with (done, all) after every run.

    Returns:
        One gate's figures after another.
    """
    from autograder.calibration import arms

    accuracies: dict[str, dict[str, list[float]]] = {gate: defaultdict(list) for gate in arms.GATES}
    names = [*arms.RIGHT, *arms.WRONG]
    tasks = [(arm, FIRST_SEED + seed) for seed in range(seeds) for arm in names]
    found: dict[tuple[str, int], dict[str, float]] = {}
    for done, (task, result) in enumerate(_in_processes(tasks, backbone, jobs), start=1):
        found[task] = result
        progress(done, len(tasks))
    for arm, seed in tasks:
        for gate, accuracy in found[arm, seed].items():
            accuracies[gate][arm].append(round(accuracy, 4))
    return [
        gate_figures(
            f"exercise_1/{gate}",
            {arm: accuracies[gate][arm] for arm in arms.RIGHT},
            {arm: accuracies[gate][arm] for arm in arms.WRONG},
        )
        for gate in arms.GATES
    ]


def _in_processes(
    tasks: list[tuple[str, int]], backbone: str, jobs: int
) -> Iterator[tuple[tuple[str, int], dict[str, float]]]:
    os.environ |= {
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
    }
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = {pool.submit(_run, arm, seed, backbone): (arm, seed) for arm, seed in tasks}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _run(arm: str, seed: int, backbone: str) -> dict[str, float]:
    from autograder.calibration import arms

    return arms.run(arm, seed, backbone)


def write(gates: list[GateFigures], backbone: str, docs: Path) -> list[Path]:
    """Write thresholds, evidence, page and picture.

    Args:
        gates: What `measure` returned.
        backbone: The backbone they were measured with.
        docs: Folder of the page.

    Returns:
        The files written.
    """
    picture, page = docs / "calibration.png", docs / "calibration.md"
    _replace(THRESHOLDS, json.dumps(_record(gates, backbone), indent=1) + "\n")
    draw(gates, picture)
    environment = Environment(  # noqa: S701 (the page is Markdown: escaping for HTML would damage it)
        loader=PackageLoader("autograder.calibration", "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    text = environment.get_template("calibration.md.jinja").render(
        gates=gates,
        backbone=backbone,
        band=BAND,
        risk=RISK,
        seeds=len(gates[0].right[0].accuracies),
        versions=_versions(),
    )
    _replace(page, text)
    return [THRESHOLDS, page, picture]


def _record(gates: list[GateFigures], backbone: str) -> dict[str, Any]:
    return {
        "backbone": backbone,
        "versions": _versions(),
        "gates": {
            gate.name: {
                "threshold": round(gate.threshold, 4),
                "band": BAND,
                "chance_of_failing_a_right_solution": float(f"{gate.failing_right:.2g}"),
                "right": {arm.name: arm.accuracies for arm in gate.right},
                "wrong": {arm.name: arm.accuracies for arm in gate.wrong},
            }
            for gate in gates
        },
    }


def _versions() -> dict[str, str]:
    return {package: metadata.version(package) for package in ("keras", "numpy")}


def draw(gates: list[GateFigures], path: Path) -> None:
    """Draw every run as a dot, right and wrong solutions one under the other, the threshold between them."""
    rows = [(arm, _RIGHT_COLOUR) for arm in gates[0].right] + [(arm, _WRONG_COLOUR) for arm in gates[0].wrong]
    figure, axes = plt.subplots(
        1, len(gates), figsize=(5.2 * len(gates), 0.45 * len(rows) + 1.4), sharey=True, sharex=True
    )
    for axis, gate in zip(axes, gates, strict=True):
        for row, arm in enumerate((*gate.right, *gate.wrong)):
            right = row < len(gate.right)
            axis.plot(
                arm.accuracies,
                [row] * len(arm.accuracies),
                "o" if right else "x",
                color=_RIGHT_COLOUR if right else _WRONG_COLOUR,
                alpha=0.6,
                ms=5,
            )
        axis.axvspan(gate.threshold - BAND, gate.threshold + BAND, color="#999999", alpha=0.35, lw=0)
        axis.axvline(gate.threshold, color="black", lw=1)
        axis.set_title(f"{gate.name}: at least {gate.threshold:.3f}", fontsize=10)
        axis.set_xlabel("accuracy on hidden images")
        axis.grid(axis="x", alpha=0.3)
    axes[0].set_yticks(
        range(len(rows)), [f"{'right' if colour == _RIGHT_COLOUR else 'wrong'}: {arm.name}" for arm, colour in rows]
    )
    axes[0].invert_yaxis()
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
