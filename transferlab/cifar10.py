"""The official CIFAR-10 batches (Krizhevsky 2009): found, checked by their published digests, and drawn from.

Nothing is unpickled blindly: a batch is read after its md5 fits, and by a reader that knows numpy arrays only.
"""

import functools
import hashlib
import io
import os
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy._core import multiarray

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
"""Digest of each batch, as published with the data set and checked by other libraries."""
FOLDER_VARIABLE, BATCHES_VARIABLE = "TRANSFERLAB_CIFAR10", "TRANSFERLAB_CIFAR10_BATCHES"
"""Environment variables: a folder that holds the batches, and the names of those to use, with commas between."""
_NAME = "cifar-10-batches-py"
_BATCH = 10_000


class Share(NamedTuple):
    """Which images a split may take."""

    from_test_batch: bool
    of_class: tuple[float, float]
    """From which to which share of a class in each batch, in an order that is always the same."""


SPLITS = {
    "train": Share(from_test_batch=False, of_class=(0, 0.75)),
    "validation": Share(from_test_batch=False, of_class=(0.75, 1)),
    "test": Share(from_test_batch=True, of_class=(0, 0.5)),
    "hidden": Share(from_test_batch=True, of_class=(0.5, 1)),
}
"""No image is in two splits, whatever the seeds."""


class BatchesMissing(FileNotFoundError):
    """Batches of CIFAR-10 that were asked for are not there."""


class Batch(NamedTuple):
    """One batch."""

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]


def cache_folders() -> tuple[Path, ...]:
    """Where Keras keeps the batches: its folder of today, then that of older versions."""
    home = os.environ.get("KERAS_HOME")
    datasets = (Path(home).expanduser() if home else Path.home() / ".keras") / "datasets"
    return datasets / f"{_NAME}-target" / _NAME, datasets / _NAME


def find_folder(folder: str | os.PathLike[str] | None = None) -> Path:
    """Say where the batches lie.

    Args:
        folder: Named by the caller; by default that of the environment variable, then the Keras cache.

    Returns:
        The folder; it may not exist.
    """
    named = folder if folder is not None else os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named).expanduser()
    folders = cache_folders()
    return next((place for place in folders if place.is_dir()), folders[-1])


def wanted_batches(batches: Sequence[str] | None = None) -> tuple[str, ...]:
    """Say which batches are to be used.

    Args:
        batches: Names given by the caller; by default those of the environment variable, else all six.

    Returns:
        Their names in official order.

    Raises:
        ValueError: There is no such batch.
        TypeError: `batches` is a single text.
    """
    if isinstance(batches, str):
        raise TypeError(f"batches is the text {batches!r}; give a list of names such as [{batches!r}]")
    named = os.environ.get(BATCHES_VARIABLE, "").replace(",", " ").split() if batches is None else list(batches)
    if unknown := [name for name in named if name not in MD5]:
        raise ValueError(f"CIFAR-10 has no batch {unknown[0]!r}; its batches are {', '.join(MD5)}")
    return tuple(name for name in MD5 if name in named) if named else tuple(MD5)


def check_files(folder: Path, batches: Sequence[str]) -> None:
    """Make sure that batches are there and whole.

    Args:
        folder: That holds them.
        batches: Their names.

    Raises:
        BatchesMissing: Some are not there.
        OSError: One is damaged.
    """
    if missing := [name for name in batches if not (folder / name).is_file()]:
        raise BatchesMissing(
            f"CIFAR-10 is incomplete: {', '.join(missing)} missing in {folder}; call load_images('cifar10', "
            f"download=True) where there is a network connection, name the folder of the official batches in "
            f"{FOLDER_VARIABLE}, or ask for a part by name, such as batches=('data_batch_1', 'test_batch')"
        )
    for name in batches:
        path = folder / name
        found = _md5(path, path.stat().st_mtime_ns)
        if found != MD5[name]:
            raise OSError(
                f"{path} is not the official {name}: its md5 is {found}, published is {MD5[name]}; delete the file "
                "and fetch it again"
            )


def download() -> None:
    """Let Keras fetch the archive into its cache, with its own check and progress bar.

    Raises:
        BatchesMissing: No connection, or the server does not answer.
    """
    import keras

    try:
        keras.datasets.cifar10.load_data()
    except Exception as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise BatchesMissing(
            f"CIFAR-10 could not be downloaded ({reason}); put the official batches into {cache_folders()[-1]}, or "
            f"name their folder in {FOLDER_VARIABLE}"
        ) from error


def pools(folder: Path, batches: Sequence[str], split: str, name: str) -> list[npt.NDArray[np.uint8]]:
    """Return the images of one class that a split may take, batch by batch.

    Args:
        folder: That holds the batches.
        batches: Those to use.
        split: One of `SPLITS`.
        name: Of the class.

    Returns:
        One array uint8 (n, 32, 32, 3) a batch that serves this split.

    Raises:
        ValueError: None of the batches serves this split.
    """
    share = SPLITS[split]
    serving = [batch for batch in batches if (batch == "test_batch") == share.from_test_batch]
    if not serving:
        needed = "test_batch" if share.from_test_batch else "one of data_batch_1 to data_batch_5"
        raise ValueError(f"the split {split!r} needs {needed}, batches names {', '.join(batches)} only")
    found = []
    for batch in serving:
        images, labels = read_batch(folder / batch)
        rows = np.flatnonzero(labels == CLASSES.index(name))
        start, stop = (round(share.of_class[edge] * len(rows)) for edge in (0, 1))
        found.append(images[rows[start:stop]])
    return found


def read_batch(path: Path) -> Batch:
    """Read one batch whose digest has been checked.

    Args:
        path: Of the file.

    Returns:
        Images uint8 (10000, 32, 32, 3) and labels int64 (10000,).

    Raises:
        OSError: The file is not what its name says.
    """
    return _read(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _md5(path: Path, _modified: int) -> str:
    with path.open("rb") as opened:
        # a published fingerprint; what keeps a crafted file from doing harm is the reader below
        return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


@functools.lru_cache(maxsize=6)
def _read(path: Path, _modified: int) -> Batch:
    try:
        content = _ArraysOnly(io.BytesIO(path.read_bytes()), encoding="bytes").load()
        images, labels = np.asarray(content[b"data"]), np.asarray(content[b"labels"], np.int64)
        if images.shape != (_BATCH, 3072) or images.dtype != np.uint8 or labels.shape != (_BATCH,):
            raise ValueError(f"arrays of shape {images.shape} and {labels.shape}")
    except Exception as error:
        raise OSError(f"{path} is no batch of CIFAR-10 ({error}); delete the file and fetch it again") from error
    images = np.ascontiguousarray(images.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    images.flags.writeable = labels.flags.writeable = False
    return Batch(images, labels)


class _ArraysOnly(pickle.Unpickler):
    """Reads dictionaries, lists, texts, numbers and numpy arrays; anything else is refused."""

    _KNOWN = {  # noqa: RUF012 (never changed)
        ("numpy.core.multiarray", "_reconstruct"): multiarray._reconstruct,  # noqa: SLF001 (what numpy's pickles name)
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return what a batch may name."""
        if (module, name) not in self._KNOWN:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no batch does")
        return self._KNOWN[module, name]
