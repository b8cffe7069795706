"""Where the images and weights of a course lie on this machine, and how a sandbox comes to see them, read-only."""

import functools
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.errors import CourseError
from transferlab import cifar10
from transferlab.backbones.catalogue import APPLICATIONS, NARROW, cache_folder
from transferlab.backbones.registry import missing_weights
from transferlab.course import course_data


@dataclass(frozen=True)
class DataFiles:
    """What sandboxes are shown besides their environment."""

    keras_cache: Path | None = None
    """The Keras cache, if the course needs it."""
    readable: tuple[Path, ...] = ()
    """Folders that lie elsewhere."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that say where, and which part."""


def needs_files(source: str) -> bool:
    """Tell whether images or weights of a source lie outside of the project."""
    return source == "cifar10"


def data_files(source: str) -> DataFiles:
    """Say what the sandboxes of a course have to see.

    Args:
        source: Where the course's images come from.

    Returns:
        Nothing for rendered images; for CIFAR-10 the Keras cache, and the folder of the batches if it lies elsewhere.
    """
    if not needs_files(source):
        return DataFiles()
    cache = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    folder = cifar10.find_folder().resolve()
    environment = {cifar10.BATCHES_VARIABLE: ",".join(cifar10.wanted_batches())}
    readable: tuple[Path, ...] = ()
    if not folder.is_relative_to(cache.resolve()):
        readable = (folder,)
        environment[cifar10.FOLDER_VARIABLE] = str(folder)
    return DataFiles(cache if cache.is_dir() else None, readable, environment)


def data_digest(source: str) -> str:
    """Digest what a course's verdicts owe to files outside of the project.

    Args:
        source: Where the course's images come from.

    Returns:
        64 hexadecimal digits: which batches are used, whose content their published md5 fixes, and the content of every
        file of weights that is there. Empty for images and weights that come with the project.
    """
    if not needs_files(source):
        return ""
    known = APPLICATIONS | NARROW
    networks = {name.split("@")[0] for name in course_data(source).compared_backbones} & set(known)
    files = [cache_folder() / known[network].file for network in sorted(networks)]
    lines = [*cifar10.wanted_batches()]
    for path in files:
        if path.is_file():
            found = path.stat()
            lines.append(f"{path.name} {_file_digest(path, found.st_size, found.st_mtime_ns)}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@functools.lru_cache(maxsize=32)
def _file_digest(path: Path, _size: int, _changed: int) -> str:
    """Read a file again only when it has changed: it is asked for with every notebook."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_missing_files(source: str) -> None:
    """Stop before anything is graded if images or weights are not there.

    Args:
        source: Where the course's images come from.

    Raises:
        CourseError: Something is missing or broken; the sentence says what.
    """
    if needs_files(source):
        try:
            cifar10.check_files(cifar10.find_folder(), cifar10.wanted_batches())
        except (OSError, ValueError) as error:
            raise CourseError(f"This course's images are not in order. {error}.") from error
    for name in course_data(source).compared_backbones:
        if sentence := missing_weights(name):
            raise CourseError(f"This course's backbones are not in order. {sentence}")
