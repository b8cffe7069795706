"""As root every sandbox has an unprivileged uid of its own while it runs, so that none can signal or trace another."""

import os
import socket
from dataclasses import dataclass

from autograder.kernels.errors import SandboxUnavailable

FIRST_UID = 61_000
LAST_OFFSET = 4_000


@dataclass
class Slot:
    """A uid on lease; nobody else on this machine gets it until it is closed."""

    uid: int | None
    """None: an ordinary user's sandboxes run as himself."""
    _holder: socket.socket | None = None

    def close(self) -> None:
        """Give the uid back."""
        if self._holder is not None:
            self._holder.close()


def lease(first_uid: int = FIRST_UID) -> Slot:
    """Take a uid no other sandbox on this machine uses now.

    Args:
        first_uid: where to begin looking.

    Returns:
        The lease. Its mark is an abstract socket name, which the kernel frees when the holder dies: no file to clean
        up after `kill -9`.

    Raises:
        SandboxUnavailable: thousands are in use.
    """
    if os.geteuid() != 0:
        return Slot(None)
    for uid in range(first_uid, first_uid + LAST_OFFSET):
        holder = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            holder.bind(f"\0sandbox-uid-{uid}")
        except OSError:
            holder.close()
            continue
        return Slot(uid, holder)
    raise SandboxUnavailable(
        f"all uids from {first_uid} to {first_uid + LAST_OFFSET - 1} are in use; end other graders"
    )
