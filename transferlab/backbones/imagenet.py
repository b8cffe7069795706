"""Networks of keras.applications, set up to take raw images."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from transferlab.backbones.catalogue import Application, Preprocessing, cache_folder, missing_sentence

DOWNLOAD_TIMEOUT_SECONDS = 20.0
"""A server silent for so long counts as out of reach."""


class WeightsMissing(FileNotFoundError):
    """ImageNet weights are not in the Keras cache, and were not or could not be downloaded."""


def build(
    name: str,
    application: Application,
    input_shape: tuple[int, int, int],
    *,
    pretrained: bool,
    resized_to: int | None = None,
) -> keras.Model:
    """A network of keras.applications without its classifier, raw images in, its own layers flat in `layers`.

    Args:
        name: Of the model.
        application: Which network.
        input_shape: Height, width and 3; large enough for the network, unless images are resized.
        pretrained: Load the ImageNet weights from the cache; they must be there.
        resized_to: Height and width that a first layer brings images to.

    Returns:
        A functional model: float32 (batch, height, width, 3) in [0, 255] to a map (batch, h, w, channels).

    Raises:
        OSError: The weights file is damaged or belongs to another network.
    """
    image = keras.Input(input_shape, name="image")
    resized = image
    if resized_to is not None:
        resized = keras.layers.Resizing(resized_to, resized_to, name="resizing")(image)
    preprocessed = _preprocess(resized, application.preprocessing)
    network = _function(application)(include_top=False, weights=None, input_tensor=preprocessed, **application.options)
    # the same layers, but called with an image instead of a list of one, which Keras would warn about
    backbone = keras.Model(image, network.output, name=name)
    if pretrained:
        path = cache_folder() / application.file
        try:
            backbone.load_weights(path)
        except (OSError, ValueError, KeyError) as error:
            raise OSError(
                f"{path} is damaged or holds another network than {name}; delete it, then load_backbone({name!r}, "
                "download=True) fetches it anew"
            ) from error
        _adapt_to_raw_images(backbone, application)
    return backbone


def download(name: str, application: Application) -> None:
    """Let Keras fetch the ImageNet weights into its cache, checked against Keras's own digest.

    Args:
        name: The backbone asked for.
        application: Which network.

    Raises:
        WeightsMissing: No connection, or the server does not answer.
    """
    with _network_timeout(DOWNLOAD_TIMEOUT_SECONDS):
        try:
            side = max(application.smallest, 224)
            _function(application)(
                include_top=False, weights="imagenet", input_shape=(side, side, 3), **application.options
            )
        except Exception as error:
            reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
            raise WeightsMissing(f"{missing_sentence(name, application)} (The download failed: {reason})") from error


def _function(application: Application) -> Callable[..., keras.Model]:
    function: Callable[..., keras.Model] = getattr(keras.applications, application.function)
    return function


def _preprocess(image: Any, preprocessing: Preprocessing) -> Any:
    if preprocessing == "minus one to one":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")(image)
    if preprocessing == "centred on ImageNet":
        # keras.applications also turns RGB into BGR here; _adapt_to_raw_images turns the first kernel instead
        return keras.layers.Rescaling(1.0, offset=[-123.68, -116.779, -103.939], name="preprocessing")(image)
    return image


def _adapt_to_raw_images(backbone: keras.Model, application: Application) -> None:
    """Put into the first arrays what would otherwise need another layer; the outputs are the same."""
    if application.preprocessing == "centred on ImageNet":
        first = next(layer for layer in backbone.layers if layer.weights)
        kernel, *rest = first.get_weights()
        first.set_weights([kernel[:, :, ::-1], *rest])
    elif application.preprocessing == "inside the network":
        # with weights="imagenet" Keras adds a layer that divides by the root of each colour's deviation once more
        normalization = next(layer for layer in backbone.layers if isinstance(layer, keras.layers.Normalization))
        mean, variance, *rest = normalization.get_weights()
        deviation = np.array([0.229, 0.224, 0.225], np.float32)
        normalization.set_weights([mean, variance * deviation, *rest])
        normalization.finalize_state()


@contextlib.contextmanager
def _network_timeout(seconds: float) -> Iterator[None]:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
