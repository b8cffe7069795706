"""What can be seen from inside a sandbox, for `autograder doctor` and the tests."""

import os
import socket
from pathlib import Path
from typing import Any

from .seal import MIB


def look_around(absent: list[str]) -> dict[str, Any]:
    """Report what this process sees.

    Args:
        absent: paths that must not exist here.

    Returns:
        Facts that can be written as JSON; see the keys.
    """
    return {
        "uid": os.getuid(),
        "gid": os.getgid(),
        "groups": os.getgroups(),
        "root": sorted(path.name for path in Path("/").iterdir()),
        "processes": sorted(int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()),
        "interfaces": [name for _, name in socket.if_nameindex()],
        "writable": _writable_places(),
        "present": [path for path in absent if os.path.lexists(path)],
        "descriptors": _descriptors(),
        "host_name": socket.gethostname(),
    }


def _writable_places() -> dict[str, int]:
    """Mount points this user can write to, and their size in MiB."""
    places = {}
    for line in Path("/proc/self/mounts").read_text().splitlines():
        place, kind = line.split()[1:3]
        if kind in {"proc", "devpts"} or not os.access(place, os.W_OK) or not Path(place).is_dir():
            continue
        seen = os.statvfs(place)
        places[place] = seen.f_blocks * seen.f_frsize // MIB
    return places


def _descriptors() -> dict[int, str]:
    """Open descriptors of this process, by number."""
    found = {}
    for path in Path("/proc/self/fd").iterdir():
        try:
            found[int(path.name)] = str(path.readlink())
        except FileNotFoundError:  # the one that listed the folder
            continue
    return found
