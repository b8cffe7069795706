"""The filter's numbers against libseccomp's, and its size."""

import pytest

from autograder.kernels.inner import seccomp

pyseccomp = pytest.importorskip(
    "pyseccomp", reason="libseccomp is not installed", exc_type=(ImportError, RuntimeError, OSError)
)

ALL = seccomp.REFUSED | {
    "clone": seccomp.CLONE,
    "clone3": seccomp.CLONE3,
    "socket": seccomp.SOCKET,
    "ioctl": seccomp.IOCTL,
    "mknod": seccomp.MKNOD,
    "mknodat": seccomp.MKNODAT,
    "mmap": seccomp.MMAP,
}


@pytest.mark.parametrize("name", sorted(ALL))
def test_numbers_are_those_of_libseccomp(name):
    for architecture, number in zip((pyseccomp.Arch.X86_64, pyseccomp.Arch.AARCH64), ALL[name], strict=True):
        known = pyseccomp.resolve_syscall(architecture, name)
        if known == -1:
            continue  # newer than the installed libseccomp
        assert (number if number is not None else known) == known
        assert number is not None or known < 0


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_program_is_one_the_kernel_takes(machine):
    program = seccomp.program(machine)
    assert len(program) % 8 == 0
    assert len(program) // 8 < 4096


def test_an_unknown_machine_is_named():
    with pytest.raises(NotImplementedError, match="sparc"):
        seccomp.program("sparc")
