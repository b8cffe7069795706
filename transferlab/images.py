"""Labelled images for the exercises: rendered from a seed, or drawn from the batches of CIFAR-10."""

import functools
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from transferlab import cifar10
from transferlab.drawing import kept
from transferlab.drawing.emblems import EMBLEMS
from transferlab.drawing.pen import CHUNK, IMAGE_SIZE, Drawing
from transferlab.drawing.render import render_chunk
from transferlab.drawing.sketches import SKETCHES

SPLITS = ("train", "validation", "test")
HIDDEN = "hidden"
"""One more split, which no notebook draws from: graders measure on it."""
_SOURCES: dict[str, Mapping[str, Drawing]] = {"sketches": SKETCHES, "emblems": EMBLEMS}


class ImageSet(NamedTuple):
    """Images with their labels; unpacks as `images, labels, class_names = ...`."""

    images: npt.NDArray[np.uint8]
    """Colour images (n, 32, 32, 3), levels 0 to 255."""
    labels: npt.NDArray[np.int64]
    """Class numbers (n,): positions in `class_names`."""
    class_names: tuple[str, ...]
    """Name of each class."""


def source_names() -> tuple[str, ...]:
    """Names of the image sources `load_images` knows."""
    return (*_SOURCES, "cifar10")


def class_names(source: str = "sketches") -> tuple[str, ...]:
    """Names of all classes of a source, in the order of their labels.

    Args:
        source: "sketches" (10 classes), "emblems" (80 classes) or "cifar10" (10 classes).

    Returns:
        The class names.

    Raises:
        ValueError: There is no such source.
    """
    if source not in source_names():
        raise ValueError(f"there is no image source {source!r}; known sources are {_listed(source_names())}")
    return cifar10.CLASSES if source == "cifar10" else tuple(_SOURCES[source])


def load_images(
    source: str = "sketches",
    split: str = "train",
    *,
    classes: Sequence[str] | None = None,
    per_class: int = 100,
    seed: int = 0,
    folder: str | os.PathLike[str] | None = None,
    batches: Sequence[str] | None = None,
    download: bool = False,
) -> ImageSet:
    """Draw labelled images.

    An image depends on the source, split, class, seed and its number within the class only: asking for more images or
    other classes as well gives the same ones again, and no two splits share a draw. Rendered images of two seeds are
    never the same either; CIFAR-10 is finite, so two seeds draw some of its images both, but never one twice.

    Args:
        source: "sketches": ten kinds of drawn things. "emblems": the 80 signs the small backbones were trained on.
            "cifar10": photographs of ten kinds, from the official batches.
        split: "train", "validation" or "test"; "hidden" is for graders.
        classes: Names of the classes wanted; labels follow this order. All classes of the source by default.
        per_class: Images of each class, 1 or more.
        seed: Any whole number from 0; another seed draws other images.
        folder: cifar10 only: where the batches lie; by default the folder that the environment variable
            TRANSFERLAB_CIFAR10 names, else the Keras cache.
        batches: cifar10 only: names of the batches to use, such as ("data_batch_1", "test_batch"), for a machine
            that has only these; by default those that TRANSFERLAB_CIFAR10_BATCHES names, else all six, which then must
            be there. Draws start with the first batch, so they are the same as long as it holds enough.
        download: cifar10 only: let Keras fetch what is missing into its cache.

    Returns:
        Images uint8 (n, 32, 32, 3), labels int64 (n,), class names; rows in an order drawn from the seed.

    Raises:
        ValueError: An argument is none of these; the sentence says which and what is possible.
        TypeError: `per_class` or `seed` is not a whole number, or `classes` or `batches` is a single text.
        FileNotFoundError: Batches of CIFAR-10 are missing; the sentence says which and what to do.
        OSError: A batch is damaged.
    """
    known = class_names(source)
    if split not in (*SPLITS, HIDDEN):
        raise ValueError(f"there is no split {split!r}; the splits are {_listed(SPLITS)}")
    wanted = known if classes is None else _checked_classes(classes, known, source)
    per_class = _whole_number("per_class", per_class, 1)
    seed = _whole_number("seed", seed, 0)
    if source == "cifar10":
        images = _from_cifar10(split, wanted, per_class, seed, _CifarFiles.find(folder, batches, download=download))
    elif folder is not None or batches is not None or download:
        raise ValueError(f"{source} is drawn, not read: leave out folder, batches and download")
    else:
        images = _rendered(source, split, wanted, per_class, seed)
    order = _generator(source, split, "order of rows", seed, 0).permutation(len(wanted) * per_class)
    labels = np.repeat(np.arange(len(wanted), dtype=np.int64), per_class)
    return ImageSet(images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE, 3)[order], labels[order], wanted)


def keep_drawn(source: str, split: str, classes: Sequence[str] | None, per_class: int, seed: int) -> None:
    """Draw images once and keep them in memory: here, and in all processes that are forked later, they cost nothing.

    For graders, whose kernels all draw the same. Nothing happens for cifar10, which is read, nor for more images than
    can be kept (`kept.MAX_CHUNKS`).

    Args:
        source: As in `load_images`, and so are the others.
        split: "train", "validation", "test" or "hidden".
        classes: Names of the classes wanted; None: all.
        per_class: Images of each class.
        seed: Which images.
    """
    if source != "cifar10" and per_class <= kept.MAX_CHUNKS * CHUNK:
        with kept.keeping():
            load_images(source, split, classes=classes, per_class=per_class, seed=seed)


def drawn_so_far() -> list[tuple[str, str, tuple[str, ...], int, int]]:
    """Tell what this process has drawn (the latest, each once), as arguments for `keep_drawn`."""
    return list(_drawn)


_drawn: dict[tuple[str, str, tuple[str, ...], int, int], None] = {}
_MAX_DRAWN = 64


def _note(*draw: Any) -> None:
    _drawn[draw] = _drawn.pop(draw, None)
    if len(_drawn) > _MAX_DRAWN:
        del _drawn[next(iter(_drawn))]


def _rendered(source: str, split: str, wanted: Sequence[str], per_class: int, seed: int) -> npt.NDArray[np.uint8]:
    _note(source, split, tuple(wanted), per_class, seed)
    images = np.empty((len(wanted), per_class, IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    for row, name in enumerate(wanted):
        for start in range(0, per_class, CHUNK):
            chunk = (source, split, name, seed, start // CHUNK)
            drawn = kept.find(chunk, functools.partial(_draw_chunk, *chunk))
            images[row, start : start + CHUNK] = drawn[: per_class - start]
    return images


def _draw_chunk(source: str, split: str, name: str, seed: int, chunk: int) -> npt.NDArray[np.uint8]:
    return render_chunk(_SOURCES[source][name], _generator(source, split, name, seed, chunk))


class _CifarFiles(NamedTuple):
    """Batches that are there and whole."""

    folder: Path
    batches: tuple[str, ...]

    @classmethod
    def find(
        cls, folder: str | os.PathLike[str] | None, batches: Sequence[str] | None, *, download: bool
    ) -> "_CifarFiles":
        names, place = cifar10.wanted_batches(batches), cifar10.find_folder(folder)
        if download and not all((place / name).is_file() for name in names):
            cifar10.download()
            place = cifar10.find_folder(folder)
        cifar10.check_files(place, names)
        return cls(place, names)


def _from_cifar10(
    split: str, wanted: Sequence[str], per_class: int, seed: int, files: _CifarFiles
) -> npt.NDArray[np.uint8]:
    images = np.empty((len(wanted), per_class, IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    for row, name in enumerate(wanted):
        found = 0
        for number, pool in enumerate(cifar10.pools(*files, split, name)):
            chosen = _generator("cifar10", split, name, seed, number).permutation(len(pool))[: per_class - found]
            images[row, found : found + len(chosen)] = pool[chosen]
            found += len(chosen)
        if found < per_class:
            raise ValueError(
                f"cifar10 has {found} {split} images of {name!r} in {_listed(files.batches)}, per_class={per_class} "
                "were asked for; ask for fewer"
            )
    return images


def _generator(source: str, split: str, name: str, seed: int, chunk: int) -> np.random.Generator:
    """A generator of its own for each chunk; the text that seeds it holds the split, so draws never overlap."""
    text = f"transferlab|{source}|{split}|{name}|{seed}|{chunk}"
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(text.encode()).digest())))


def _checked_classes(classes: Sequence[str], known: tuple[str, ...], source: str) -> tuple[str, ...]:
    if isinstance(classes, str):
        raise TypeError(f"classes is the text {classes!r}; give a list of class names such as [{classes!r}]")
    wanted = tuple(classes)
    if not wanted:
        raise ValueError("classes is empty; name at least one class, or leave it out for all of them")
    for name in wanted:
        if name not in known:
            some = known if len(known) <= 10 else (*known[:4], "...", known[-1])
            raise ValueError(f"{source} has no class {name!r}; its classes are {_listed(some)}")
    repeated = sorted({name for name in wanted if wanted.count(name) > 1})
    if repeated:
        raise ValueError(f"classes names {_listed(repeated)} more than once; name each class once")
    return wanted


def _whole_number(what: str, value: int, smallest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{what} is {value!r}; it must be a whole number from {smallest}")
    if value < smallest:
        raise ValueError(f"{what} is {value}; it must be {smallest} or more")
    return int(value)


def _listed(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(names)
