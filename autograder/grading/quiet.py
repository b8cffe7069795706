"""Wait until this machine has room again, for work that it could not do while others kept it busy."""

import time
from pathlib import Path

PATIENCE_SECONDS = 300.0
"""How long at most, in one run."""
POLL_SECONDS = 2.0
QUIET_PERCENT = {"cpu": 30.0, "memory": 5.0, "io": 30.0}
"""Share of the last ten seconds in which something had to wait; a little of that is normal."""
_PRESSURE = Path("/proc/pressure")


def is_quiet(pressure: Path = _PRESSURE) -> bool:
    """Tell whether nothing on this machine had to wait for long just now; True where the kernel does not say.

    Args:
        pressure: The kernel's folder of figures on that.
    """
    return all(_some_percent(pressure / what) <= bound for what, bound in QUIET_PERCENT.items())


def _some_percent(path: Path) -> float:
    try:
        some = next(line for line in path.read_text().splitlines() if line.startswith("some"))
        return float(dict(part.split("=") for part in some.split()[1:])["avg10"])
    except (OSError, StopIteration, KeyError, ValueError):  # an older kernel, or one without these figures
        return 0.0


def wait_until_quiet(patience_seconds: float = PATIENCE_SECONDS) -> float:
    """Wait.

    Args:
        patience_seconds: How long at most.

    Returns:
        How much patience is left.
    """
    deadline = time.monotonic() + patience_seconds
    while (left := deadline - time.monotonic()) > 0 and not is_quiet():
        time.sleep(min(POLL_SECONDS, left))
    return max(0.0, deadline - time.monotonic())
