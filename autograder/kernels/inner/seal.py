"""Enter a sandbox that bubblewrap has built, give up every privilege, and prove it.

Called in a forked child, in this order: `become`, `enter`, (fork into the pid namespace), `drop`, `prove`. Nothing of
a student's may run before `prove` has returned.
"""

import ctypes
import errno
import os
import resource
from pathlib import Path
from typing import Any

from . import seccomp

libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
ALL_NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP = 1, 4, 22, 24
PR_SET_SECUREBITS, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 28, 36, 38, 47
PR_CAP_AMBIENT_CLEAR_ALL, SECCOMP_MODE_FILTER = 4, 2
LOCKED_SECUREBITS = 0b11101111  # no root, no setuid fix-up, no keeping, no raising of ambient capabilities; all locked
CAPABILITY_VERSION_3 = 0x20080522
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
MIB = 2**20
THREAD_STACKS_MIB = 512
"""RLIMIT_DATA counts the address space of thread stacks, most of which is never touched."""


class NotSealed(RuntimeError):
    """The sandbox does not hold, and so nothing may run in it."""


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise NotSealed(f"{what}: {os.strerror(number)} ({errno.errorcode.get(number, number)})")


def prctl(option: int, *arguments: int) -> int:
    """Change something about this process, with up to four numbers."""
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return int(libc.prctl(ctypes.c_int(option), *padded))


def become(uid: int | None) -> None:
    """As root: turn into the unprivileged owner of the sandbox, with no supplementary groups."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def enter(init_pidfd: int) -> None:
    """Join the namespaces of the sandbox's first process. The pid namespace takes effect at the next fork."""
    _check(libc.setns(ctypes.c_int(init_pidfd), ctypes.c_int(ALL_NAMESPACES)), "entering the sandbox (setns)")
    # An own cgroup namespace only hides names, and older kernels have none: joined when it can be.
    libc.setns(ctypes.c_int(init_pidfd), ctypes.c_int(CLONE_NEWCGROUP))


def limit(limits: dict[str, Any]) -> None:
    """Set the limits the kernel keeps by itself. Memory counts from what is shared with the template."""
    memory_mib, file_mib = int(limits["memory_mib"]), int(limits["file_mib"])
    data_bytes = int(status()["VmData"].split()[0]) * 1024
    # The grader counts CPU seconds while it runs and is exact; this holds if the grader is gone.
    cpu_seconds = int(limits["notebook_cpu_seconds"]) + 5
    for what, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_DATA, data_bytes + (memory_mib + THREAD_STACKS_MIB) * MIB),
        (resource.RLIMIT_FSIZE, file_mib * MIB),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_NPROC, int(limits["processes"])),
        (resource.RLIMIT_MEMLOCK, 8 * MIB),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        bounded = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (bounded, bounded))


def first_to_go() -> None:
    """When the whole machine runs out of memory, this process ends before anybody else's does."""
    Path("/proc/self/oom_score_adj").write_text("1000")


def drop() -> None:
    """Give up every capability for good, then refuse the system calls that could bring one back."""
    _check(prctl(PR_SET_NO_NEW_PRIVS, 1), "setting no_new_privs")
    prctl(PR_SET_SECUREBITS, LOCKED_SECUREBITS)
    for capability in range(64):
        prctl(
            PR_CAPBSET_DROP, capability
        )  # fails above the last one the running kernel knows; `prove` reads the result
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _check(libc.capset(header, (ctypes.c_uint32 * 6)()), "dropping capabilities (capset)")
    install(seccomp.program())


def install(program: bytes) -> None:
    """Put a seccomp filter on this thread and everything it starts."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))

    packed = Program(len(program) // 8, program)
    result = libc.prctl(PR_SET_SECCOMP, ctypes.c_ulong(SECCOMP_MODE_FILTER), ctypes.byref(packed), 0, 0)
    _check(result, "installing the system call filter")


def status() -> dict[str, str]:
    """Read /proc/self/status: field name to text."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def prove(*, started_by_root: bool) -> list[tuple[str, bool, str]]:
    """Look from the inside whether everything is given up.

    Args:
        started_by_root: then supplementary groups must be empty too. An ordinary user cannot drop his; they reach
            nothing that is bound.

    Returns:
        (claim, whether it holds, what was seen), all of them holding.

    Raises:
        NotSealed: one does not hold; names all that do not.
    """
    seen = status()
    capabilities = {name: seen[name] for name in CAPABILITY_SETS}
    ctypes.set_errno(0)
    refused = libc.unshare(ctypes.c_int(CLONE_NEWUSER)) == -1
    error = ctypes.get_errno()
    mapped = os.getuid() not in {0, 65534}
    claims = [
        ("all capability sets are empty", not any(int(v, 16) for v in capabilities.values()), str(capabilities)),
        ("no_new_privs is set", seen["NoNewPrivs"] == "1", f"NoNewPrivs {seen['NoNewPrivs']}"),
        ("a system call filter is in force", seen["Seccomp"] == "2", f"Seccomp {seen['Seccomp']}"),
        ("a further user namespace is refused", refused and error == errno.EPERM, os.strerror(error)),
        ("the user is neither root nor unmapped", mapped and os.getuid() == os.geteuid(), f"uid {os.getuid()}"),
        ("this is the only thread", seen["Threads"] == "1", f"{seen['Threads']} threads"),
    ]
    if started_by_root:
        claims.append(("there are no supplementary groups", not seen["Groups"], f"Groups {seen['Groups'] or 'none'}"))
    broken = [f"{claim}: {detail}" for claim, held, detail in claims if not held]
    if broken:
        raise NotSealed("the sandbox does not hold: not true that " + "; not true that ".join(broken))
    return claims
