"""The renderer: what it promises about labels, splits, bytes, speed and what must tell nothing about the class."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from transferlab import ImageSet, class_names, images, load_images, source_names
from transferlab.drawing import kept
from transferlab.drawing.emblems import EMBLEMS
from transferlab.drawing.pen import CHUNK
from transferlab.drawing.render import render_chunk
from transferlab.drawing.sketches import SKETCHES
from transferlab.images import HIDDEN, SPLITS, drawn_so_far, keep_drawn

FROZEN = Path(__file__).parent / "frozen_images.npz"
FROZEN_DIGEST = "e68ff23ce9822453461b3b1755c5af0df67d7918a29944c615b7093ebb02a24f"
TEN = ("sun", "house", "tree", "fish", "boat", "star", "flower", "car", "mushroom", "cup")


def digest(images: np.ndarray) -> bytes:
    return hashlib.sha256(images.tobytes()).digest()


def test_shapes_types_and_names() -> None:
    drawn = load_images(per_class=7)
    assert isinstance(drawn, ImageSet)
    assert (drawn.images.shape, drawn.images.dtype) == ((70, 32, 32, 3), np.uint8)
    assert (drawn.labels.shape, drawn.labels.dtype) == ((70,), np.int64)
    assert drawn.class_names == class_names() == TEN == tuple(SKETCHES)
    assert np.bincount(drawn.labels).tolist() == [7] * 10
    assert drawn.images.flags.c_contiguous
    assert drawn.images.flags.writeable


def test_labels_follow_the_order_of_classes() -> None:
    both = load_images(classes=["car", "sun"], per_class=20, seed=3)
    assert both.class_names == ("car", "sun")
    cars = load_images(classes=["car"], per_class=20, seed=3).images
    assert {digest(image) for image in both.images[both.labels == 0]} == {digest(image) for image in cars}


def test_rows_are_shuffled() -> None:
    labels = load_images(per_class=50).labels
    assert (np.diff(labels) != 0).mean() > 0.8


def test_the_same_seed_gives_the_same_bytes_and_another_others() -> None:
    first, again, other = (load_images(per_class=5, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.images, again.images)
    assert np.array_equal(first.labels, again.labels)
    assert not {digest(image) for image in first.images} & {digest(image) for image in other.images}


def test_more_images_contain_the_fewer() -> None:
    few = load_images(classes=["fish"], per_class=CHUNK + 3, seed=4).images
    many = load_images(classes=["boat", "fish"], per_class=3 * CHUNK, seed=4).images
    assert {digest(image) for image in few} < {digest(image) for image in many}


def test_the_global_generator_is_neither_used_nor_moved() -> None:
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    load_images(per_class=2)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_splits_never_share_an_image() -> None:
    splits = (*SPLITS, HIDDEN)
    drawn = [{digest(image) for image in load_images(split=split, per_class=100).images} for split in splits]
    assert [len(images) for images in drawn] == [1000] * 4  # nor is one drawn twice within a split
    assert len(set.union(*drawn)) == 4000


def test_emblems_are_eighty_other_classes() -> None:
    drawn = load_images("emblems", per_class=1)
    assert len(drawn.class_names) == 80 == len(set(drawn.class_names))
    assert drawn.class_names[8 * 1 + 6] == "heart+slash"
    assert not set(EMBLEMS) & set(SKETCHES)
    assert source_names() == ("sketches", "emblems", "cifar10")


def test_the_renderer_is_frozen() -> None:
    """Published accuracies and weights belong to these very images.

    The shapes use correctly rounded operations only, so the bytes should be the same on every machine. Should a cosine
    differ in its last bit somewhere, a few pixels may be one level off: that is still the same renderer.
    """
    whole = hashlib.sha256()
    with np.load(FROZEN, allow_pickle=False) as frozen:
        for source in ("sketches", "emblems"):
            for split in SPLITS:
                drawn = load_images(source, split, per_class=12, seed=5)
                whole.update(drawn.images.tobytes())
                whole.update(drawn.labels.tobytes())
                expected = frozen[f"{source} {split}"]
                off = np.abs(drawn.images[: len(expected)].astype(int) - expected)
                assert off.max() <= 1, f"{source} {split}: the renderer draws other images than before"
                assert (off > 0).mean() < 1e-3
    if whole.hexdigest() != FROZEN_DIGEST:
        pytest.skip("the same images but for single grey levels: this machine rounds differently")


def features(images: np.ndarray, what: str) -> np.ndarray:
    levels = images.astype(float)
    if what == "colour histograms":
        cells = (images // 64).astype(int) @ [16, 4, 1]
        return np.stack([np.bincount(cell.ravel(), minlength=64) for cell in cells])
    if what == "border pixels":
        border = np.ones((32, 32), bool)
        border[2:-2, 2:-2] = False
        rows = levels[:, border]
        return np.concatenate([np.sort(rows, axis=1)[:, ::8].reshape(len(rows), -1), rows.mean(1), rows.std(1)], axis=1)
    # place: where the picture differs from its border's mean colour, as centre and spread
    ink = np.abs(levels - levels[:, [0, -1]].mean((1, 2), keepdims=True)).sum(-1)
    weight = ink / ink.sum((1, 2), keepdims=True)
    axis = np.arange(32)
    centres = np.stack([(weight.sum(1) @ axis), (weight.sum(2) @ axis)], axis=1)
    return np.concatenate([centres, levels.mean((1, 2))], axis=1)


@pytest.mark.parametrize(("what", "limit"), [("colour histograms", 0.16), ("border pixels", 0.15), ("place", 0.17)])
def test_only_shape_tells_the_class(what: str, limit: float) -> None:
    """A forest on these features stays near the 10 % of guessing; a network on the images reaches over 90 %."""
    train, test = load_images(per_class=200, seed=6), load_images(split="test", per_class=100, seed=6)
    forest = RandomForestClassifier(150, min_samples_leaf=3, random_state=0).fit(
        features(train.images, what), train.labels
    )
    accuracy = forest.score(features(test.images, what), test.labels)
    assert accuracy < limit, f"{what} tell the class in {accuracy:.1%} of the images"


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (
            {"source": "cats"},
            ValueError,
            "there is no image source 'cats'; known sources are sketches, emblems, cifar10",
        ),
        ({"split": "val"}, ValueError, "there is no split 'val'; the splits are train, validation, test"),
        (
            {"classes": ["dog"]},
            ValueError,
            "sketches has no class 'dog'; its classes are sun, house, tree, fish, boat, star,",
        ),
        ({"classes": []}, ValueError, "classes is empty; name at least one class, or leave it out for all of them"),
        ({"classes": ["car", "sun", "car"]}, ValueError, "classes names car more than once; name each class once"),
        ({"classes": "car"}, TypeError, "classes is the text 'car'; give a list of class names such as ['car']"),
        ({"folder": "here"}, ValueError, "sketches is drawn, not read: leave out folder, batches and download"),
        ({"per_class": 0}, ValueError, "per_class is 0; it must be 1 or more"),
        ({"per_class": 2.0}, TypeError, "per_class is 2.0; it must be a whole number from 1"),
        ({"per_class": True}, TypeError, "per_class is True; it must be a whole number from 1"),
        ({"seed": -1}, ValueError, "seed is -1; it must be 0 or more"),
    ],
)
def test_wrong_arguments_are_told_in_one_sentence(arguments: dict, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error) as caught:
        load_images(**arguments)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_seeds_may_be_large() -> None:
    large = load_images(classes=["sun"], per_class=2, seed=2**200 + 1).images
    assert not np.array_equal(large, load_images(classes=["sun"], per_class=2, seed=1).images)


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every drawing of a chunk, counted; nothing is kept from one test to the next."""
    drawn: list[object] = []

    def render(drawing: object, generator: np.random.Generator) -> np.ndarray:
        drawn.append(drawing)
        return render_chunk(drawing, generator)

    monkeypatch.setattr(images, "render_chunk", render)
    monkeypatch.setattr(kept, "_chunks", {})
    monkeypatch.setattr(images, "_drawn", {})
    return drawn


def test_kept_images_are_drawn_once_and_are_the_same(drawings: list[object]) -> None:
    plain = load_images("sketches", "test", classes=["car", "sun"], per_class=CHUNK + 3, seed=5)
    keep_drawn("sketches", "test", ["car", "sun"], CHUNK + 3, 5)
    assert len(drawings) == 8
    first = load_images("sketches", "test", classes=["sun", "car"], per_class=CHUNK + 3, seed=5)
    first.images[:] = 0  # they are the caller's own
    again = load_images("sketches", "test", classes=["car", "sun"], per_class=CHUNK + 3, seed=5)
    assert np.array_equal(plain.images, again.images)
    assert again.images.flags.writeable
    assert len(drawings) == 8
    load_images("sketches", "test", classes=["car", "sun"], per_class=CHUNK + 3, seed=6)
    assert len(drawings) == 12


def test_only_so_many_images_are_kept(drawings: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_CHUNKS", 2)
    keep_drawn("sketches", "train", ["car", "sun", "cup"], 5, 1)
    del drawings[:]
    load_images("sketches", "train", classes=["car", "sun", "cup"], per_class=5, seed=1)
    assert len(drawings) == 1
    keep_drawn("sketches", "train", ["car"], 10**9, 1)
    assert len(drawings) == 1


def test_what_was_drawn_is_told_the_latest_last(drawings: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_MAX_DRAWN", 3)
    for seed in (1, 2, 3, 1, 4):
        load_images("emblems", "train", classes=class_names("emblems")[:2], per_class=1, seed=seed)
    assert [draw[-1] for draw in drawn_so_far()] == [3, 1, 4]
    del drawings[:]
    for draw in drawn_so_far():
        keep_drawn(*draw)
        load_images(draw[0], draw[1], classes=draw[2], per_class=draw[3], seed=draw[4])
    assert len(drawings) == 6


def test_cifar10_is_not_drawn_and_not_kept(drawings: list[object]) -> None:
    keep_drawn("cifar10", "train", None, 10, 1)
    assert drawings == []
    assert drawn_so_far() == []
