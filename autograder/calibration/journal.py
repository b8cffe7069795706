"""What a calibration has measured so far, on disk after every seed: a killed run goes on where it stopped.

A line holds one seed of one exercise, with the digest of everything that decides its figures; lines of another digest
are left alone and not used.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import transferlab

Accuracies = dict[str, dict[str, float]]
"""Accuracy by arm and gate."""


class CalibrationTask(NamedTuple):
    """One seed of one exercise."""

    exercise: str
    source: str
    seed: int
    only: tuple[str, ...] = ()
    """Names of the solutions that are measured; empty for all."""


class Measured(NamedTuple):
    """What came of it."""

    accuracies: Accuracies
    cpu_seconds: float


class Journal:
    """Remembers finished seeds.

    Args:
        path: A file; made when the first seed is done.
        solutions: Files with the solutions of exercises, by name of the exercise.
    """

    def __init__(self, path: Path, solutions: Mapping[str, Path]) -> None:
        self._path = path
        self._digests = {exercise: digest(file) for exercise, file in solutions.items()}

    def read(self) -> dict[CalibrationTask, Measured]:
        """Return everything measured with today's code; a line that a kill left half-written is skipped."""
        found: dict[CalibrationTask, Measured] = {}
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.is_file() else []
        for line in lines:
            try:
                record = json.loads(line)
                task = CalibrationTask(
                    record["exercise"], record["source"], record["seed"], tuple(record.get("only", ()))
                )
                if record["digest"] == self._digests.get(task.exercise):
                    found[task] = Measured(record["accuracies"], record["cpu_seconds"])
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def add(self, task: CalibrationTask, measured: Measured) -> None:
        """Keep one seed, whatever happens next."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        record = {**task._asdict(), "digest": self._digests[task.exercise], **measured._asdict()}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())


def digest(solutions: Path) -> str:
    """Digest of what decides an exercise's figures: its solutions, images, backbones, and the versions that compute."""
    package = Path(transferlab.__path__[0])
    deciding = [Path(__file__).with_name("training.py"), solutions, *_files(package)]
    known = hashlib.sha256()
    for path in deciding:
        known.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    for source in transferlab.course_sources():
        data = transferlab.course_data(source)
        drawn_from = (source, data.pair, data.classes)
        trained = (data.backbone, data.compared_backbones, data.fine_tuning_rate, data.unfreezing_rate)
        known.update(repr((*drawn_from, *trained)).encode())
    known.update(" ".join(metadata.version(name) for name in ("keras", "numpy")).encode())
    return known.hexdigest()


def _files(package: Path) -> Iterable[Path]:
    """What draws images and holds weights; plots and the like decide nothing."""
    rooms = ("images.py", "cifar10.py", "drawing/*.py", "backbones/*.py", "weights/*.npz")
    return sorted(path for room in rooms for path in package.glob(room))
