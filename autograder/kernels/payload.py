"""What goes into a child at its fork, and its first report."""

import contextlib
import json
import os
import select
import time
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from autograder.kernels.errors import SandboxUnavailable

REPORT_BYTES = 1 << 20


@contextlib.contextmanager
def pack(header: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[BinaryIO]:
    """Write header and files to a memory file that only the child reads; the template never sees the content.

    Args:
        header: must go through JSON.
        files: relative name to content.

    Yields:
        The memory file.

    Raises:
        ValueError: a name is absolute or leaves its folder.
    """
    for name in files:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            raise ValueError(f"the file name {name!r} is not a relative path without '..'; rename the file")
    text = json.dumps({**header, "files": [[name, len(content)] for name, content in files.items()]}).encode()
    with os.fdopen(os.memfd_create("payload"), "w+b") as stream:
        stream.write(len(text).to_bytes(8, "big") + text)
        for content in files.values():
            stream.write(content)
        stream.flush()
        yield stream


def readable(descriptor: int, seconds: float) -> bool:
    """Wait until something can be read, or the other end is closed; unlike `select`, with any descriptor number."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


def read_report(descriptor: int, wall_seconds: float) -> dict[str, Any]:
    """Wait for the child to say that it is sealed.

    Args:
        descriptor: reading end of its status pipe.
        wall_seconds: how long at most.

    Returns:
        Its report, with the proven `claims`.

    Raises:
        SandboxUnavailable: it says why it is not, or nothing.
    """
    deadline = time.monotonic() + wall_seconds
    data = b""
    while len(data) < REPORT_BYTES:
        if not readable(descriptor, deadline - time.monotonic()):
            raise SandboxUnavailable(
                f"a child did not report within {wall_seconds:g} s that it is sealed, and was killed"
            )
        part = os.read(descriptor, 65536)
        if not part:
            break
        data += part
    if not data:
        raise SandboxUnavailable("a child died before it could report that it is sealed")
    report: dict[str, Any] = json.loads(data)
    if "error" in report:
        raise SandboxUnavailable(f"a child is not sealed and was ended: {report['error']}")
    return report
