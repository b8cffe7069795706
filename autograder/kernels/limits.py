"""What one sandbox may use. One value object, checked when it is made, units in the names."""

import math
from dataclasses import asdict, dataclass, fields


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds on one kernel or judge: none of them depends on what else the machine does."""

    cell_cpu_seconds: float = 60.0
    """CPU seconds of all processes while one cell runs."""
    cell_wall_seconds: float = 180.0
    """Seconds in which one cell waits instead of working, those left out in which the machine keeps it waiting."""
    notebook_cpu_seconds: float = 300.0
    """CPU seconds of all processes of all kernels of one notebook."""
    notebook_wall_seconds: float = 900.0
    """Seconds in which all kernels of one notebook wait instead of working."""
    memory_mib: int = 2048
    """Private memory of all processes together: what is shared with the template does not count."""
    processes: int = 128
    """Processes and threads together. TensorFlow and Jupyter start about 30 threads."""
    file_mib: int = 256
    """Largest file, and size of each writable place (home, work folder, /tmp, /dev/shm)."""
    output_mib: int = 8
    """Outputs of one cell."""
    notebook_output_mib: int = 64
    """Outputs of all cells; what is beyond is left out."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not (number and math.isfinite(value) and value > 0):
                raise ValueError(f"the limit {field.name} must be a number above 0 (got {value!r})")
            if field.type is int and not isinstance(value, int):
                raise ValueError(f"the limit {field.name} must be a whole number (got {value!r})")
        for smaller, larger in (
            ("cell_cpu_seconds", "notebook_cpu_seconds"),
            ("cell_wall_seconds", "notebook_wall_seconds"),
            ("output_mib", "notebook_output_mib"),
        ):
            if getattr(self, smaller) > getattr(self, larger):
                raise ValueError(
                    f"{smaller} ({getattr(self, smaller):g}) must not be above {larger} ({getattr(self, larger):g})"
                )


CROWDED_FACTOR = 2.0
"""How much more CPU time the same work takes on cores and caches that others use as well: 1.6 was measured."""


def allowed_cpu_seconds(limit: float, used: float, held_up: float) -> float:
    """Return how many CPU seconds a limit allows, which is more on a crowded machine: there they are worth less.

    Args:
        limit: On a machine of one's own.
        used: CPU seconds used so far.
        held_up: Seconds so far in which the machine had no room.
    """
    return limit * (CROWDED_FACTOR if held_up > used / 2 else 1.0)


_SAID_BY_THE_SYSTEM = (
    ("No space left on device", "filled its disk: the files in each folder may take {file_mib} MiB together"),
    ("File too large", "wrote a file larger than {file_mib} MiB"),
    ("can't start new thread", "started more than {processes} processes and threads"),
    ("Resource temporarily unavailable", "started more than {processes} processes and threads"),
    ("MemoryError", "asked for more memory than there is for it ({memory_mib} MiB)"),
)


def in_words(error: str, limits: Limits) -> str | None:
    """Say which limit stands behind an error that the operating system has worded.

    Args:
        error: what the cell ended with, as `OSError: [Errno 28] No space left on device`.
        limits: of the kernel.

    Returns:
        What the cell did, as a verb and what follows it; None if no limit is behind the error.
    """
    for words, sentence in _SAID_BY_THE_SYSTEM:
        if words in error:
            return sentence.format(**asdict(limits))
    return None
