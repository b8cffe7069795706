"""Memory that no page table shows as a process's own is counted, or cannot be had; as root and as an ordinary user."""

import pytest

SOCKETS = """
import socket
pairs = [socket.socketpair() for _ in range(200)]
"""
INODES = """
import os
for number in range(20_000):
    os.mknod(f"/tmp/{number}")
"""
PAGE_TABLES = """
import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
area = libc.mmap(None, 16 << 30, 1, 0x4022, -1, 0)
libc.madvise(area, 16 << 30, 15)  # no huge pages
for offset in range(0, 16 << 30, 2 << 20):
    ctypes.c_char.from_address(area + offset).value
"""


@pytest.mark.parametrize(("code", "mib"), [(SOCKETS, 90), (INODES, 19), (PAGE_TABLES, 30)])
def test_memory_of_the_kernels_own_is_counted(kernel, code, mib):
    before = kernel.usage().memory_mib
    run = kernel.run_cell(code)
    assert run.status == "ok", run.outputs
    assert mib < kernel.usage().memory_mib - before < mib + 80


def test_memory_that_could_vanish_from_sight_is_refused(kernel):
    run = kernel.run_cell("import mmap; mmap.mmap(-1, 4096)")
    assert run.outputs[-1]["ename"] == "PermissionError"
    run = kernel.run_cell("import os; mmap.mmap(os.open('/dev/zero', os.O_RDWR), 4096)")
    assert run.status == "error"


def test_files_shared_between_processes_still_work(kernel):
    run = kernel.run_cell("import multiprocessing; print(multiprocessing.Array('d', 10)[:][0])")
    assert run.outputs[0]["text"] == "0.0\n"


def test_the_kernel_goes_first_when_the_machine_is_out_of_memory(kernel):
    run = kernel.run_cell("print(open('/proc/self/oom_score_adj').read())")
    assert int(run.outputs[0]["text"]) == 1000
