"""The system calls nothing inside a sandbox may make, as a filter program for the kernel.

Written out here rather than compiled by libseccomp, because the environment that students' kernels run in has neither
libseccomp nor a binding to it, and because a program of pairs "is it this number? refuse" can be read. A test
compares every number with libseccomp's.

Source: Linux Documentation/userspace-api/seccomp_filter.rst; struct seccomp_data and struct sock_filter in the
kernel's headers.
"""

import errno
import platform
import socket
import stat
import struct

_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000

AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32_BIT = 0x40000000

# CLONE_NEWTIME | NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
NAMESPACE_FLAGS = 0x80 | 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000
SOCKET_DOMAINS = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
TERMINAL_INJECTIONS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX

REFUSED: dict[str, tuple[int | None, int | None]] = {  # name: (x86_64, aarch64)
    # namespaces and mounts
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "process_mrelease": (448, 448),
    # the kernel itself
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105), "finit_module": (313, 273),
    "delete_module": (176, 106), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "personality": (135, 92),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "fanotify_init": (300, 262),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "acct": (163, 89), "swapon": (167, 224), "swapoff": (168, 225),
    "reboot": (169, 142), "syslog": (103, 116), "vhangup": (153, 58), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266), "sethostname": (170, 161),
    "setdomainname": (171, 162), "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None),
    # memory that no process owns, and so no limit would count
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "msgget": (68, 186),
    "semget": (64, 190), "vmsplice": (278, 75),
    # what an ordinary user has only so much of, for all his programs together
    "inotify_init": (253, None), "inotify_init1": (294, 26),
}  # fmt: skip
CLONE, CLONE3 = (56, 220), (435, 435)
SOCKET, IOCTL = (41, 198), (16, 29)
MKNOD, MKNODAT = (133, None), (259, 33)
MMAP = (9, 222)
SHARED_ANONYMOUS = 0x01 | 0x20
"""MAP_SHARED with MAP_ANONYMOUS. Such pages stay when no page table shows them any more, and then no reading does."""


def _step(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, when_true, when_false, value)


def _refuse(number: int, error: int = errno.EPERM) -> bytes:
    return _step(_EQUAL, number, 0, 1) + _step(_RETURN, _ERRNO | error)


def _when(number: int, argument: int, tests: bytes) -> bytes:
    """For call `number`: load the low half of an argument and decide by `tests`, which must end in a return."""
    body = _step(_LOAD, _FIRST_ARGUMENT + 8 * argument) + tests
    return _step(_EQUAL, number, 0, len(body) // 8) + body


def _refuse_bits(bits: int) -> bytes:
    refused = _step(_RETURN, _ERRNO | errno.EPERM)
    return _step(_AND, bits) + _step(_EQUAL, 0, 1, 0) + refused + _step(_RETURN, _ALLOW)


def _refuse_values(values: tuple[int, ...], mask: int = 0xFFFFFFFF) -> bytes:
    tests = b"".join(_refuse(value) for value in values)
    return _step(_AND, mask) + tests + _step(_RETURN, _ALLOW)


def _allow_values(values: tuple[int, ...], error: int) -> bytes:
    tests = b"".join(_step(_EQUAL, value, 0, 1) + _step(_RETURN, _ALLOW) for value in values)
    return tests + _step(_RETURN, _ERRNO | error)


def program(machine: str | None = None) -> bytes:
    """Assemble the filter.

    Args:
        machine: "x86_64" or "aarch64"; None: the one this runs on.

    Returns:
        An array of struct sock_filter, as PR_SET_SECCOMP and `bwrap --seccomp` take it.

    Raises:
        NotImplementedError: another machine, for whose numbers nobody has looked yet.
    """
    machine = machine or platform.machine()
    if machine not in AUDIT_ARCHITECTURES:
        raise NotImplementedError(f"the sandbox knows x86_64 and aarch64, not {machine}; run graders on one of these")
    column = list(AUDIT_ARCHITECTURES).index(machine)
    steps = [_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, AUDIT_ARCHITECTURES[machine], 1, 0)]
    steps += [_step(_RETURN, _KILL_PROCESS), _step(_LOAD, _NUMBER)]
    if machine == "x86_64":
        # The same calls have second numbers in the x32 interface: none of them.
        steps += [_step(_AT_LEAST, X32_BIT, 0, 1), _step(_RETURN, _ERRNO | errno.EPERM)]
    steps += [_refuse(number) for numbers in REFUSED.values() if (number := numbers[column]) is not None]
    # clone3 takes its flags in memory, where a filter cannot look: "no such call" makes libc fall back to clone.
    steps += [_refuse(CLONE3[column], errno.ENOSYS), _when(CLONE[column], 0, _refuse_bits(NAMESPACE_FLAGS))]
    # vsock, packet, bluetooth and the like are not bounded by a network namespace, or not well.
    steps.append(_when(SOCKET[column], 0, _allow_values(SOCKET_DOMAINS, errno.EAFNOSUPPORT)))
    steps.append(_when(IOCTL[column], 1, _refuse_values(TERMINAL_INJECTIONS)))
    steps.append(_when(MMAP[column], 3, _refuse_values((SHARED_ANONYMOUS,), mask=SHARED_ANONYMOUS)))
    for numbers, argument in ((MKNOD, 1), (MKNODAT, 2)):
        if (number := numbers[column]) is not None:
            steps.append(_when(number, argument, _refuse_values((stat.S_IFCHR, stat.S_IFBLK), mask=0o170000)))
    return b"".join(steps) + _step(_RETURN, _ALLOW)
