"""CIFAR-10 through `load_images`: official batches only, checked before they are read, drawn as sketches are."""

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from transferlab import cifar10, load_images

SPLITS = ("train", "validation", "test", "hidden")


def made_batch(number: int) -> bytes:
    """A batch as the official ones are stored: every image carries its number, so that it can be recognised."""
    labels = np.random.default_rng(number).permutation(np.repeat(np.arange(10), 1_000))
    data = np.zeros((10_000, 3072), np.uint8)
    data[:, 0] = number
    data[:, 1] = np.arange(10_000) // 256
    data[:, 2] = np.arange(10_000) % 256
    data[:, 3] = labels
    content = {b"batch_label": b"made", b"labels": labels.tolist(), b"data": data, b"filenames": []}
    return pickle.dumps(content, protocol=3).replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cifar-10-batches-py")
    for number, name in enumerate(cifar10.MD5):
        (folder / name).write_bytes(made_batch(number))
    return folder


@pytest.fixture
def batches(made: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Made batches that count as the official ones."""
    digests = {name: hashlib.md5((made / name).read_bytes()).hexdigest() for name in cifar10.MD5}
    monkeypatch.setattr(cifar10, "MD5", digests)
    monkeypatch.setenv(cifar10.FOLDER_VARIABLE, str(made))
    monkeypatch.delenv(cifar10.BATCHES_VARIABLE, raising=False)
    return made


def numbers(images: np.ndarray) -> list[tuple[int, int]]:
    """Batch and row of each image: its first four levels of red lie along the first row of pixels."""
    top = images[:, 0, :4, 0].astype(int)
    return [(batch, high * 256 + low) for batch, high, low, _ in top]


def test_images_labels_and_names_belong_together(batches: Path) -> None:
    images, labels, names = load_images("cifar10", "test", classes=("dog", "cat"), per_class=30, seed=3)
    assert images.shape == (60, 32, 32, 3)
    assert images.dtype == np.uint8
    assert labels.dtype == np.int64
    assert names == ("dog", "cat")
    official = np.array([5, 3])  # of dog and cat
    np.testing.assert_array_equal(images[:, 0, 3, 0], official[labels])
    assert {batch for batch, _ in numbers(images)} == {5}


def test_splits_never_share_an_image_and_none_is_drawn_twice(batches: Path) -> None:
    drawn = [
        numbers(load_images("cifar10", split, per_class=500, seed=seed).images) for split in SPLITS for seed in (0,)
    ]
    drawn.append(numbers(load_images("cifar10", "hidden", per_class=500, seed=1).images))
    assert [len(set(rows)) for rows in drawn] == [5_000] * 5
    assert len(set().union(*drawn[:4])) == 20_000
    assert set(drawn[3]) == set(drawn[4])  # all there are


def test_more_images_and_other_classes_keep_the_same_ones(batches: Path) -> None:
    few = numbers(load_images("cifar10", classes=["cat"], per_class=50, seed=7).images)
    many = numbers(load_images("cifar10", classes=["frog", "cat"], per_class=900, seed=7).images)
    other = numbers(load_images("cifar10", classes=["cat"], per_class=50, seed=8).images)
    assert set(few) < set(many)
    assert len({batch for batch, _ in many}) == 2  # 750 of each class in the first batch
    assert set(few) != set(other)


def test_the_first_batch_alone_gives_the_same_images(batches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load_images("cifar10", per_class=100, seed=5)
    part = load_images("cifar10", per_class=100, seed=5, batches=("test_batch", "data_batch_1"))
    monkeypatch.setenv(cifar10.BATCHES_VARIABLE, "data_batch_1, test_batch")
    named = load_images("cifar10", per_class=100, seed=5)
    np.testing.assert_array_equal(whole.images, part.images)
    np.testing.assert_array_equal(whole.images, named.images)


def test_too_many_images_are_told(batches: Path) -> None:
    with pytest.raises(
        ValueError, match=r"cifar10 has 500 test images of 'cat' in data_batch_1, .*, per_class=501 were"
    ):
        load_images("cifar10", "test", classes=["cat"], per_class=501)


def test_a_split_whose_batch_is_not_used_is_told(batches: Path) -> None:
    with pytest.raises(ValueError, match="the split 'hidden' needs test_batch, batches names data_batch_2 only"):
        load_images("cifar10", "hidden", batches=["data_batch_2"])


def test_missing_batches_are_named(batches: Path, tmp_path: Path) -> None:
    for name in ("data_batch_1", "test_batch"):
        (tmp_path / name).symlink_to(batches / name)
    with pytest.raises(FileNotFoundError) as caught:
        load_images("cifar10", folder=tmp_path)
    assert str(caught.value) == (
        "CIFAR-10 is incomplete: data_batch_2, data_batch_3, data_batch_4, data_batch_5 missing in "
        f"{tmp_path}; call load_images('cifar10', download=True) where there is a network connection, name the folder "
        "of the official batches in TRANSFERLAB_CIFAR10, or ask for a part by name, such as "
        "batches=('data_batch_1', 'test_batch')"
    )
    assert (
        len(load_images("cifar10", folder=tmp_path, batches=("data_batch_1", "test_batch"), per_class=1).images) == 10
    )


def test_a_broken_batch_is_named_and_not_read(batches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_batch").write_bytes((batches / "test_batch").read_bytes()[:-1])
    monkeypatch.setattr(cifar10, "_read", lambda *_: pytest.fail("read before its digest was checked"))
    with pytest.raises(
        OSError, match=r"test_batch is not the official test_batch: its md5 is \w{32}, published is \w{32}"
    ):
        load_images("cifar10", "test", folder=tmp_path, batches=["test_batch"])


class Shell:
    """What a crafted file would hold."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch harm",)


def test_a_crafted_file_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_batch").write_bytes(pickle.dumps({b"data": Shell()}, protocol=3))
    with pytest.raises(
        OSError, match=r"test_batch is no batch of CIFAR-10 \(it names (posix|nt)\.system, which no batch"
    ):
        cifar10.read_batch(tmp_path / "test_batch")
    assert not (tmp_path / "harm").exists()


def test_keras_own_folder_is_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(cifar10.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    older = tmp_path / "datasets" / "cifar-10-batches-py"
    assert cifar10.find_folder() == older
    today = tmp_path / "datasets" / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    today.mkdir(parents=True)
    assert cifar10.find_folder() == today
    assert cifar10.find_folder(tmp_path) == tmp_path


def test_the_download_is_kerass_own_and_only_on_request(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import keras

    monkeypatch.delenv(cifar10.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    asked = []

    def dead() -> None:
        asked.append("asked")
        raise OSError("no route to host")

    monkeypatch.setattr(keras.datasets.cifar10, "load_data", dead)
    with pytest.raises(FileNotFoundError, match="CIFAR-10 is incomplete"):
        load_images("cifar10")
    assert asked == []
    with pytest.raises(
        FileNotFoundError, match=r"CIFAR-10 could not be downloaded \(no route to host\); put the official"
    ):
        load_images("cifar10", download=True)
    assert asked == ["asked"]


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        (
            ["data_batch_6"],
            ValueError,
            "CIFAR-10 has no batch 'data_batch_6'; its batches are data_batch_1, data_batch_2",
        ),
        ("test_batch", TypeError, "batches is the text 'test_batch'; give a list of names such as ['test_batch']"),
    ],
)
def test_wrong_names_are_told(given: object, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error) as caught:
        load_images("cifar10", batches=given)  # type: ignore[arg-type]
    assert str(caught.value).startswith(sentence)


def test_the_official_batches(project_root: Path) -> None:
    folder = (
        Path(os.environ.get("TRANSFERLAB_REAL_DATA", project_root.parent / "shared" / "data")) / "cifar-10-batches-py"
    )
    if not (folder / "test_batch").is_file():
        pytest.skip(f"no test_batch in {folder}; TRANSFERLAB_REAL_DATA names the folder with cifar-10-batches-py/")
    images, labels, names = load_images(
        "cifar10", "test", classes=("ship", "frog"), per_class=100, seed=1, folder=folder, batches=["test_batch"]
    )
    ships, frogs = images[labels == 0].mean((0, 1, 2)), images[labels == 1].mean((0, 1, 2))
    assert names == ("ship", "frog")
    assert ships[2] - ships[0] > 0  # sea and sky
    assert frogs[0] - frogs[2] > 0  # leaves and earth
