"""Every backbone takes raw images and ends in a map; pretrained ones are what keras.applications would give."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import keras
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group
from sklearn.linear_model import LogisticRegression

import transferlab
from transferlab import backbone_names, load_backbone, load_images
from transferlab.backbones import arrays, imagenet
from transferlab.backbones.catalogue import APPLICATIONS, NARROW
from transferlab.backbones.registry import EMBEDDED

WEIGHTS = Path(transferlab.__file__).parent / "weights"
MAPS = {"mini_vgg": (2, 2, 128), "mini_resnet": (4, 4, 96), "mini_mobilenet": (4, 4, 128)}
COUNTED = {"mini_vgg": 8, "mini_resnet": 15, "mini_mobilenet": 23, "vgg16": 13, "resnet50": 53}


def counted_layers(backbone: keras.Model) -> list[keras.layers.Layer]:
    return [
        layer for layer in backbone.layers if layer.weights and not isinstance(layer, keras.layers.BatchNormalization)
    ]


def answer(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Without the second it takes to trace `predict`."""
    return keras.ops.convert_to_numpy(model(images, training=False))


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path


@pytest.fixture(scope="module")
def raw() -> np.ndarray:
    return load_images(per_class=2, seed=9).images.astype(np.float32)


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_takes_raw_images_and_lies_flat(name: str, raw: np.ndarray) -> None:
    backbone = load_backbone(name)
    assert backbone.name == name
    assert backbone.output_shape == (None, *MAPS[name])
    kinds = [type(layer) for layer in backbone.layers]
    assert kinds[:2] == [keras.layers.InputLayer, keras.layers.Rescaling]
    assert all(kind.__module__.startswith("keras.src.layers") for kind in kinds)
    assert not {keras.layers.Lambda, keras.Model, keras.Sequential} & set(kinds)
    assert all(layer.trainable for layer in backbone.layers)
    scaled = keras.Model(backbone.input, backbone.get_layer("preprocessing").output)(raw)
    np.testing.assert_allclose(scaled, raw / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_builds_alike_every_time(name: str) -> None:
    first, second = load_backbone(name), load_backbone(name)
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", EMBEDDED)
def test_random_weights_are_not_the_pretrained_ones(name: str) -> None:
    pretrained, random = load_backbone(name), load_backbone(name, weights=None)
    for one, other in zip(counted_layers(pretrained), counted_layers(random), strict=True):
        assert not np.allclose(one.get_weights()[0], other.get_weights()[0])


@pytest.mark.parametrize("name", EMBEDDED)
def test_pretrained_features_separate_what_random_ones_do_not(name: str) -> None:
    train, test = (load_images(split=split, classes=["house", "car"], per_class=150) for split in ("train", "test"))
    accuracies = []
    for weights in ("pretrained", None):
        backbone = load_backbone(name, weights=weights)
        pooled = [answer(backbone, part.images.astype("float32")).mean((1, 2)) for part in (train, test)]
        deviation = pooled[0].std(0) + 1e-6
        probe = LogisticRegression(C=0.05, max_iter=500).fit(pooled[0] / deviation, train.labels)
        accuracies.append(probe.score(pooled[1] / deviation, test.labels))
    assert accuracies[0] > 0.9
    assert accuracies[1] < 0.8


def test_weights_are_small_float16_and_need_no_pickle() -> None:
    files = sorted(WEIGHTS.glob("*.npz"))
    assert [file.stem for file in files] == sorted(EMBEDDED)
    assert sum(file.stat().st_size for file in files) < 3_000_000
    for file in files:
        with np.load(file, allow_pickle=False) as stored:
            assert {stored[name].dtype for name in stored.files} == {np.dtype(np.float16)}
            assert all(np.isfinite(stored[name]).all() for name in stored.files)


def test_arrays_of_another_network_are_refused() -> None:
    with pytest.raises(ValueError, match=r"mini_vgg\.npz holds the arrays of another network than mini_resnet"):
        arrays.load_into(load_backbone("mini_resnet", weights=None), WEIGHTS / "mini_vgg.npz")


def test_a_missing_file_of_ours_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.npz is missing; install transferlab again"):
        arrays.load_into(load_backbone("mini_vgg", weights=None), WEIGHTS / "gone.npz")


@pytest.mark.parametrize(("name", "count"), COUNTED.items())
def test_layers_that_count(name: str, count: int) -> None:
    assert len(counted_layers(load_backbone(name, weights=None))) == count


def store_in_cache(model: keras.Model, path: Path) -> None:
    """As keras.applications publishes its weights."""
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, model)


def with_random_statistics(model: keras.Model) -> keras.Model:
    """BatchNormalization and Normalization would do nothing at their initial values."""
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([random.uniform(0.7, 1.3, array.shape) for array in layer.get_weights()])
        elif isinstance(layer, keras.layers.Normalization):
            layer.set_weights([np.array([0.48, 0.45, 0.4]), np.array([0.23, 0.22, 0.22]), np.array(0)])
            layer.finalize_state()
    return model


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("vgg16", "vgg16"),
        ("resnet50", "resnet"),
        ("mobilenet_0.25", "mobilenet"),
        ("mobilenet_v2_0.35", "mobilenet_v2"),
    ],
)
def test_raw_images_give_what_preprocess_input_gives(name: str, module: str, keras_home: Path, raw: np.ndarray) -> None:
    application = (APPLICATIONS | NARROW)[name]
    function = getattr(keras.applications, application.function)
    original = function(include_top=False, weights=None, input_shape=(32, 32, 3), **application.options)
    store_in_cache(with_random_statistics(original), keras_home / "models" / application.file)
    preprocess = getattr(keras.applications, module).preprocess_input
    expected = answer(original, preprocess(raw.copy()))
    backbone = load_backbone(name)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="The structure of `inputs`")
        found = answer(backbone, raw)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert np.abs(expected).max() > 0
    assert not any(isinstance(layer, keras.layers.Lambda | keras.Model) for layer in backbone.layers)
    assert all(layer.trainable for layer in backbone.layers)


def test_efficientnet_is_the_one_with_imagenet_weights(
    keras_home: Path, raw: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = keras.applications.EfficientNetB0
    path = keras_home / "models" / "efficientnetb0_notop.h5"
    store_in_cache(with_random_statistics(build(include_top=False, weights=None, input_shape=(32, 32, 3))), path)
    # Keras insists on the digest of its own file, and adds a layer when it is told "imagenet"
    monkeypatch.setattr("keras.src.applications.efficientnet.file_utils.get_file", lambda *_, **__: str(path))
    original = build(include_top=False, weights="imagenet", input_shape=(32, 32, 3))
    expected = answer(original, raw)
    found = answer(load_backbone("efficientnet_b0"), raw)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(("name", "module"), [("mobilenet_0.75", "mobilenet"), ("mobilenet_v2_0.35", "mobilenet_v2")])
def test_real_imagenet_weights(name: str, module: str, keras_home: Path, project_root: Path, raw: np.ndarray) -> None:
    folder = Path(os.environ.get("TRANSFERLAB_REAL_DATA", project_root.parent / "shared" / "data")) / "keras_models"
    application = NARROW[name]
    if not (folder / application.file).is_file():
        pytest.skip(f"no {application.file} in {folder}; TRANSFERLAB_REAL_DATA names the folder that has keras_models/")
    (keras_home / "models").rmdir()
    (keras_home / "models").symlink_to(folder)
    function = getattr(keras.applications, application.function)
    shape = (64, 64, 3)
    larger = np.repeat(np.repeat(raw[:4], 2, axis=1), 2, axis=2)
    original = function(
        include_top=False, weights=str(folder / application.file), input_shape=shape, **application.options
    )
    expected = answer(original, getattr(keras.applications, module).preprocess_input(larger.copy()))
    found = answer(load_backbone(name, input_shape=shape), larger)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    enlarged = keras.layers.Resizing(96, 96)(raw[:4])
    expected = answer(load_backbone(name, input_shape=(96, 96, 3)), enlarged)
    found = answer(load_backbone(f"{name}@96"), raw[:4])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("name", "side", "map_shape"), [("mobilenet_v2_0.35@64", 64, (2, 2, 1280)), ("inception_v3", 75, (1, 1, 2048))]
)
def test_small_images_are_enlarged_inside(name: str, side: int, map_shape: tuple[int, int, int]) -> None:
    backbone = load_backbone(name, weights=None)
    assert backbone.input_shape == (None, 32, 32, 3)
    assert backbone.output_shape == (None, *map_shape)
    assert [type(layer) for layer in backbone.layers[:3]] == [
        keras.layers.InputLayer,
        keras.layers.Resizing,
        keras.layers.Rescaling,
    ]
    assert backbone.layers[1].get_config()["height"] == side
    assert backbone.name == f"{name.split('@', maxsplit=1)[0]}_at_{side}"


def test_enlarging_leaves_the_layers_that_count() -> None:
    names = [
        [layer.name for layer in counted_layers(load_backbone(name, weights=None))]
        for name in ("mobilenet_0.25", "mobilenet_0.25@64")
    ]
    assert names[0] == names[1]


def test_missing_imagenet_weights_are_told_in_one_sentence(keras_home: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        load_backbone("vgg16")
    assert str(caught.value) == (
        "The ImageNet weights of vgg16 are missing: put vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 into "
        f"{keras_home / 'models'}, or call load_backbone('vgg16', download=True) where there is a network connection; "
        "meanwhile mini_vgg, mini_resnet and mini_mobilenet come with their weights, and weights=None gives vgg16 "
        "random ones."
    )


def test_nothing_is_downloaded_unless_asked(keras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a connection was tried"))
    for name in APPLICATIONS:
        with pytest.raises(imagenet.WeightsMissing):
            load_backbone(name, input_shape=(96, 96, 3))


def test_a_dead_network_is_told_with_what_to_do(keras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("keras.src.applications.mobilenet_v2.file_utils.get_file", dead)
    with pytest.raises(FileNotFoundError, match=r"mobilenet_v2 are missing: put .* \(The download failed: no route to"):
        load_backbone("mobilenet_v2", download=True)


def test_a_damaged_weights_file_is_named(keras_home: Path) -> None:
    (keras_home / "models" / APPLICATIONS["mobilenet_v2"].file).write_bytes(b"half a download")
    with pytest.raises(OSError, match=r"_1\.0_224_no_top\.h5 is damaged or holds another network than mobilenet_v2"):
        load_backbone("mobilenet_v2")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"name": "vgg17"},
            "there is no backbone 'vgg17'; known are mini_vgg, mini_resnet, mini_mobilenet, efficientnet_lite0, vgg16,",
        ),
        ({"name": "mini_vgg", "weights": "imagenet"}, "weights is 'imagenet'; it must be 'pretrained', or None for"),
        ({"name": "mini_vgg", "input_shape": (32, 32)}, "input_shape is (32, 32); it must be (height, width, 3), such"),
        ({"name": "mini_vgg", "input_shape": (32, 32, 1)}, "input_shape is (32, 32, 1); it must be (height, width, 3)"),
        ({"name": "mini_vgg", "input_shape": (8, 32, 3)}, "mini_vgg needs images of at least 16 x 16 pixels"),
        ({"name": "vgg16", "input_shape": (0, 32, 3)}, "input_shape is (0, 32, 3); height and width must be 1 or more"),
        ({"name": "mini_vgg@96"}, "mini_vgg was made for 32 x 32 pixels and is not enlarged; leave out '@96'"),
        ({"name": "vgg16@"}, "'vgg16@': behind the @ stands a number of pixels from 32 to 512, such as vgg16@96"),
        ({"name": "inception_v3@32"}, "'inception_v3@32': behind the @ stands a number of pixels from 75 to 512"),
    ],
)
def test_wrong_arguments_are_told_in_one_sentence(arguments: dict, sentence: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        load_backbone(**arguments)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_names() -> None:
    assert backbone_names()[:3] == EMBEDDED
    assert {"vgg16", "resnet50", "mobilenet", "mobilenet_v2", "inception_v3", "efficientnet_b0"} < set(backbone_names())


@pytest.mark.parametrize("name", ["mini_resnet", "vgg16"])
def test_the_configuration_holds_built_in_layers_only(name: str) -> None:
    config = load_backbone(name, weights=None).get_config()
    assert {layer["module"] for layer in config["layers"]} == {"keras.layers"}
    assert {layer["registered_name"] for layer in config["layers"]} == {None}


def test_importing_transferlab_imports_neither_keras_nor_matplotlib(project_root: Path) -> None:
    script = "import sys, transferlab; print(sorted({'keras', 'tensorflow', 'matplotlib'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], cwd=project_root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
