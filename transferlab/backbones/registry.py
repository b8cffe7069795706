"""One door to all backbones. Keras is imported when the first one is built, not before."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transferlab.backbones.catalogue import APPLICATIONS, NARROW

if TYPE_CHECKING:
    import keras

EMBEDDED = ("mini_vgg", "mini_resnet", "mini_mobilenet")
_SMALLEST_EMBEDDED = 16


def backbone_names() -> tuple[str, ...]:
    """Names `load_backbone` knows: the embedded networks first, then those of keras.applications."""
    return (*EMBEDDED, *APPLICATIONS)


def load_backbone(
    name: str,
    *,
    weights: str | None = "pretrained",
    input_shape: tuple[int, int, int] = (32, 32, 3),
    download: bool = False,
) -> "keras.Model":
    """A network without its classifier, ready for raw images.

    The embedded networks (`mini_vgg`, `mini_resnet`, `mini_mobilenet`) were pretrained on emblems and bring their
    weights along; the others are those of keras.applications with ImageNet weights, taken from the Keras cache.
    `mobilenet` and `mobilenet_v2` also come narrower: `mobilenet_0.75`, `_0.5`, `_0.25`; `mobilenet_v2_0.75`, `_0.5`,
    `_0.35`.

    Args:
        name: One of `backbone_names()`, or one of the narrow MobileNets.
        weights: "pretrained", or None for random ones.
        input_shape: Height, width and 3.
        download: Fetch absent ImageNet weights into the Keras cache; otherwise only the cache is looked at.

    Returns:
        A functional model: float32 (batch, height, width, 3) in [0, 255], to a map (batch, h, w, channels). The right
        preprocessing is its first layer, the network's own layers follow flat in `layers`, all of them trainable.

    Raises:
        ValueError: There is no such name, `weights` is neither, or the images are too small for the network.
        FileNotFoundError: The ImageNet weights are absent; the sentence says what to do.
    """
    if weights not in ("pretrained", None):
        raise ValueError(f"weights is {weights!r}; it must be 'pretrained', or None for random weights")
    _refuse_unknown(name)
    _refuse_unfit_shape(name, input_shape)
    if name in EMBEDDED:
        return _embedded(name, weights, input_shape)
    return _imagenet(name, weights, input_shape, download)


def _embedded(name: str, weights: str | None, input_shape: tuple[int, int, int]) -> "keras.Model":
    from transferlab.backbones import arrays, embedded

    backbone = embedded.build(name, input_shape)
    if weights is not None:
        arrays.load_into(backbone)
    return backbone


def _imagenet(name: str, weights: str | None, input_shape: tuple[int, int, int], download: bool) -> "keras.Model":
    from transferlab.backbones import imagenet

    application = (APPLICATIONS | NARROW)[name]
    if weights is not None and not (imagenet.cache_folder() / application.file).is_file():
        if not download:
            raise imagenet.WeightsMissing(imagenet.missing_sentence(name, application))
        imagenet.download(name, application)
    return imagenet.build(name, application, input_shape, pretrained=weights is not None)


def _refuse_unknown(name: str) -> None:
    if name not in EMBEDDED and name not in APPLICATIONS and name not in NARROW:
        known = ", ".join(backbone_names())
        raise ValueError(f"there is no backbone {name!r}; known are {known}, and narrow ones such as mobilenet_0.75")


def _refuse_unfit_shape(name: str, input_shape: Sequence[int]) -> None:
    shape = tuple(input_shape)
    if len(shape) != 3 or shape[2] != 3 or not all(isinstance(side, int) for side in shape):
        raise ValueError(f"input_shape is {shape}; it must be (height, width, 3), such as (32, 32, 3)")
    smallest = _SMALLEST_EMBEDDED if name in EMBEDDED else (APPLICATIONS | NARROW)[name].smallest
    if min(shape[:2]) < smallest:
        raise ValueError(
            f"{name} needs images of at least {smallest} x {smallest} pixels, input_shape is {shape}; build it with "
            f"input_shape=({max(smallest, 96)}, {max(smallest, 96)}, 3) and put "
            f"keras.layers.Resizing({max(smallest, 96)}, {max(smallest, 96)}) in front of it"
        )
