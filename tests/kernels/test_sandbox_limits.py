"""Processes, disk and memory run out inside a sandbox, not outside; runs as root and as an ordinary user."""

import pytest

from autograder.kernels.limits import Limits
from tests.kernels.conftest import SMALL


def test_a_fork_bomb_ends_at_the_limit(inside):
    found = inside(
        """
import os, signal, time
children = []
try:
    while len(children) < 1000:
        pid = os.fork()
        if pid == 0:
            time.sleep(30); os._exit(0)
        children.append(pid)
except OSError as error:
    found["error"] = type(error).__name__
found["children"] = len(children)
for pid in children:
    os.kill(pid, signal.SIGKILL)
""",
        limits=Limits(processes=40, memory_mib=512),
    )
    assert found["error"] == "BlockingIOError"
    assert found["children"] < 40


@pytest.mark.parametrize("place", ["/submission", "/tmp", "/dev/shm", "/home/student"])
def test_disks_fill_at_their_size(inside, place):
    found = inside(
        f"""
written = 0
try:
    for number in range(10):
        with open(f"{place}/big{{number}}", "wb") as stream:
            for _ in range(8):
                written += stream.write(bytes(1 << 20))
except OSError as error:
    found["error"] = error.strerror
found["mib"] = written >> 20
"""
    )
    assert found["error"] == "No space left on device"
    assert found["mib"] <= SMALL.file_mib


def test_one_file_has_a_limit(inside):
    found = inside(
        """
try:
    with open("/submission/big", "wb") as stream:
        stream.truncate(1 << 30)
except OSError as error:
    found["error"] = error.strerror
"""
    )
    assert found == {"error": "File too large"}


def test_memory_beyond_the_limit_is_refused(inside):
    found = inside(
        """
import mmap
kept = []
try:
    for _ in range(100):
        kept.append(mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
except OSError:
    found["mib"] = 64 * len(kept)
"""
    )
    assert found["mib"] <= SMALL.memory_mib + 600
