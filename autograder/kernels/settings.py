"""What a template imports, what its children may read, and how they are sealed."""

import enum
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.kernels.errors import TemplateFailed
from autograder.kernels.slots import FIRST_UID

TEMPLATE = Path(__file__).with_name("template.py")
PROBE = Path(__file__).with_name("probe.py")
HOME = "/home/student"
"""Home folder of a sealed child."""
WORK_FOLDER = "/submission"
"""Where a sealed child starts, with the student's files. No environment lies below, so nothing else shows in it."""

WRITABLE = (HOME, WORK_FOLDER, "/tmp", "/dev/shm")  # noqa: S108 (the sandbox's own)
"""What a sealed child can write to: each a tmpfs of its own, `Limits.file_mib` large."""

CHANNELS = ("shell", "iopub", "stdin", "hb", "control")
"""A kernel's five sockets, in the order their descriptors are passed (inner/kernel.py)."""

KERNEL_PRELOAD = (
    "numpy", "pandas", "matplotlib.pyplot", "matplotlib_inline.backend_inline", "tensorflow", "keras", "IPython",
    "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell", "ipykernel.heartbeat", "tornado.ioloop",
)  # fmt: skip
KERNEL_PRELOAD_IF_PRESENT = (
    "transferlab", "seaborn", "ipykernel.debugger", "PIL.Image", "matplotlib.backends.backend_agg"
)  # fmt: skip

REPEATABLE = {
    # The same submission gives the same verdict: no random hashing, no race between threads, no reordered sums.
    "PYTHONHASHSEED": "0",
    "TF_DETERMINISTIC_OPS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}
STANDARD = {
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "PYTHONNOUSERSITE": "1",
    "JUPYTER_PLATFORM_DIRS": "1",
}


class Isolation(enum.StrEnum):
    """Whether children run in a sandbox."""

    SEALED = "sealed"
    OFF = "off"
    """No sandbox at all: only on explicit request, and the caller warns loudly."""


@dataclass(frozen=True, kw_only=True)
class TemplateSettings:
    """How to start a template."""

    python: Path
    """The environment's own interpreter: `.venv/kernel/bin/python`."""
    entry: str
    """`module:function`, called in each sealed child as `function(request, descriptors)`; returns the exit code."""
    preload: tuple[str, ...] = ()
    """Modules to import before forking; a path that ends in `.py` is imported as `kernel_<its name>`."""
    preload_if_present: tuple[str, ...] = ()
    warm_up: tuple[str, ...] = ()
    """`module:function`, each called once before forking, after the imports: work that every child would do again. It
    must leave no thread, no event loop and no TensorFlow operation behind."""
    readable: tuple[Path, ...] = ()
    """Folders and files bound read-only besides `/usr` and the environment itself."""
    pythonpath: tuple[Path, ...] = ()
    """Put in front of `sys.path` in the template."""
    isolation: Isolation = Isolation.SEALED
    slots: int = 4
    """How many children may live at the same time."""
    keras_cache: Path | None = None
    """A Keras cache folder whose `models` and `datasets` are shown read-only in the child's home."""
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Variables for the template and its children, beside the standard ones."""
    first_uid: int = FIRST_UID
    """As root: where the uids of sandboxes begin."""

    def __post_init__(self) -> None:
        if self.slots < 1:
            raise ValueError(f"slots must be 1 or more (got {self.slots})")
        for what, name in (("entry", self.entry), *(("warm_up", name) for name in self.warm_up)):
            if ":" not in name:
                raise ValueError(f"{what} must read 'module:function' (got {name!r})")
        if self.first_uid < 1000:
            raise ValueError(f"first_uid must be 1000 or more, below are the system's own users (got {self.first_uid})")

    def start_environment(self) -> dict[str, str]:
        """Return the template's environment: an allow-list, nothing is inherited."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograder" / "matplotlib"
        try:
            cache.mkdir(parents=True, exist_ok=True)
        except OSError:  # a home that cannot be written: the font list is built anew each time
            cache = Path("/nonexistent")
        return {
            **STANDARD,
            **REPEATABLE,
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": "/nonexistent",
            # Resolved when it is used, after the child has got a home; and not a folder that could be created now.
            "KERAS_HOME": "~/.keras",
            "MPLCONFIGDIR": str(cache),
            **self.environment,
        }

    def child_environment(self, home: str) -> dict[str, str]:
        """Return a child's environment.

        Args:
            home: its home folder.

        Returns:
            Name to value: all a child gets.
        """
        return {
            **STANDARD,
            **REPEATABLE,
            "PATH": f"{self.python.parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": home,
            "USER": "student",
            "KERAS_HOME": f"{home}/.keras",
            "MPLCONFIGDIR": f"{home}/.config/matplotlib",
            "NBGRADER_EXECUTION": "autograde",
            **self.environment,
        }

    def message(self) -> dict[str, Any]:
        """Return what the template has to know, ready for JSON."""
        return {
            "sealed": self.isolation is Isolation.SEALED,
            "readable": [str(path) for path in self.readable],
            "cache": str(self.keras_cache) if self.keras_cache is not None else None,
            "entry": self.entry,
            "preload": list(self.preload),
            "preload_if_present": list(self.preload_if_present),
            "warm_up": list(self.warm_up),
            "pythonpath": [str(path) for path in self.pythonpath],
        }


def default_kernel_python() -> Path:
    """Find the kernel environment's Python: AUTOGRADER_KERNEL_PYTHON, or `kernel/` beside the environment this runs in.

    Returns:
        Its path.

    Raises:
        TemplateFailed: it is not there.
    """
    named = os.environ.get("AUTOGRADER_KERNEL_PYTHON")
    python = Path(named) if named else Path(sys.prefix).parent / "kernel" / "bin" / "python"
    if not python.exists():
        raise TemplateFailed(
            f"there is no kernel environment at {python}; create it, or name its Python in AUTOGRADER_KERNEL_PYTHON"
        )
    return python


def kernel_settings(
    python: Path | None = None,
    *,
    isolation: Isolation = Isolation.SEALED,
    slots: int = 4,
    keras_cache: Path | None = None,
    probe: Path = PROBE,
) -> TemplateSettings:
    """Return the settings of a template for students' kernels.

    Args:
        python: the kernel environment's interpreter; None: `default_kernel_python()`.
        isolation: whether kernels are sealed.
        slots: how many kernels may live at the same time.
        keras_cache: shown read-only inside.
        probe: the stand-alone file that answers probe requests.

    Returns:
        The settings.
    """
    return TemplateSettings(
        python=python or default_kernel_python(),
        entry="sealed.kernel:main",
        preload=(*KERNEL_PRELOAD, str(probe)),
        preload_if_present=KERNEL_PRELOAD_IF_PRESENT,
        warm_up=("sealed.warm_up:main",),
        isolation=isolation,
        slots=slots,
        keras_cache=keras_cache,
    )
