"""Build empty sandboxes with bubblewrap, and bring what must be readable inside within its reach.

bubblewrap executes a program, so it cannot wrap a fork. It builds the sandbox around an idle process; a child forked
from the template then enters it (`child.py`). Run by root it would be no sandbox at all (full capabilities inside: a
read-only bind can be remounted writable), so root hands it to an unprivileged uid, another one for each sandbox that
runs at the same time.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import seccomp
from .seal import CLONE_NEWNS, MIB, NotSealed, libc

HOME, WORK, INSIDE_ID = "/home/student", "/submission", 1000
BUILD_SECONDS = 20.0
STAGES = ("/mnt", "/media", "/srv", "/opt", "/run")
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
SYSTEM_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime", "/etc/mime.types")
SMALL_FILES = {
    "/etc/passwd": f"student:x:{INSIDE_ID}:{INSIDE_ID}:student:{HOME}:/bin/sh\n",
    "/etc/group": f"student:x:{INSIDE_ID}:\n",
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


@dataclass(frozen=True)
class Bind:
    """A folder or file that can be read inside, at the path it has outside."""

    source: str
    """Where bubblewrap finds it."""
    destination: str
    """Its path inside."""


@dataclass
class Sandbox:
    """An empty sandbox: bubblewrap's own process, and the first process inside as seen from outside."""

    bwrap: subprocess.Popen[bytes]
    init_pid: int
    init_pidfd: int
    lifeline: int = field(repr=False)
    """Writing end of the idle process's standard input: when it closes, whoever dies first, the sandbox ends."""

    def kill(self) -> None:
        """Kill the first process inside, and with it everything in its pid namespace."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.init_pidfd, signal.SIGKILL)

    def close(self) -> None:
        """Reap bubblewrap. The caller has killed the sandbox and reaped, or never started, its child inside."""
        os.close(self.lifeline)
        try:
            self.bwrap.wait(BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            self.bwrap.kill()
            self.bwrap.wait()
        # It may end before it has reaped the first process inside, which is then ours: the template is a subreaper.
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PIDFD, self.init_pidfd, os.WEXITED)
        os.close(self.init_pidfd)


def needed(paths: Sequence[str]) -> list[str]:
    """Order the paths to bind: each once, parents first, without what lies in /usr or in another of them."""
    both = {str(form) for path in paths for form in (Path(path).absolute(), Path(path).resolve(strict=True))}
    chosen: list[str] = []
    for path in sorted(both, key=lambda path: (path.count("/"), path)):
        if not any(Path(path).is_relative_to(parent) for parent in ("/usr", *chosen)):
            chosen.append(path)
    return chosen


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount something; an error becomes `NotSealed`."""
    texts = [text.encode() if text is not None else None for text in (source, target, kind)]
    if libc.mount(*texts, ctypes.c_ulong(flags), data.encode() if data is not None else None):
        reason = os.strerror(ctypes.get_errno())
        raise NotSealed(
            f"mounting at {target} as root: {reason}; give this container CAP_SYS_ADMIN, or grade as an ordinary user"
        )


def stage(paths: Sequence[str]) -> list[Bind]:
    """Make the paths reachable for the sandboxes' owners.

    An ordinary user reaches what he is to bind. Root's environments may lie below a folder that only root may enter,
    such as /root, so root binds them, in a mount namespace of the template's own, into a small tmpfs that everybody
    may enter. Nothing on the host changes.
    """
    wanted = needed(paths)
    if os.geteuid() != 0:
        return [Bind(path, path) for path in wanted]
    if libc.unshare(ctypes.c_int(CLONE_NEWNS)):
        reason = os.strerror(ctypes.get_errno())
        raise NotSealed(
            f"a mount namespace for the template: {reason}; run as an ordinary user, or allow root CAP_SYS_ADMIN"
        )
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    taken = [Path(path) for path in wanted]
    free = [Path(place) for place in STAGES if not any(path.is_relative_to(place) for path in taken)]
    base = next((place for place in free if place.is_dir() and not place.is_symlink()), None)
    if base is None:
        raise NotSealed(f"one of {', '.join(STAGES)} must be a folder that holds no environment; create an empty /mnt")
    mount("sealed", str(base), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
    binds = []
    for number, path in enumerate(wanted):
        target = base / str(number)
        if Path(path).is_dir():
            target.mkdir(mode=0o755)
        else:
            target.touch(mode=0o644)
        mount(path, str(target), None, MS_BIND)
        mount(None, str(target), None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
        binds.append(Bind(str(target), path))
    return binds


def _system() -> list[str]:
    """/usr, the links into it, and the few files of /etc that programs expect."""
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in SYSTEM_LINKS:
        path = Path("/", name)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for name in SYSTEM_FILES:
        if Path(name).exists():
            arguments += ["--ro-bind", str(Path(name).resolve()), name]
    return arguments


def arguments(binds: Sequence[Bind], file_mib: int, cache: str | None, text_descriptors: dict[str, int]) -> list[str]:
    """Bubblewrap's options: an allow-list, with sized writable places and everything else read-only or absent.

    Args:
        binds: what to bind besides the system.
        file_mib: size of each writable place.
        cache: path inside `binds` (as a source) of a Keras cache, shown read-only in the home folder's `.keras`.
        text_descriptors: path inside to a descriptor its content can be read from.

    Returns:
        Options, without the program to run.
    """
    size = str(file_mib * MIB)
    options = ["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    options += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    options += ["--uid", str(INSIDE_ID), "--gid", str(INSIDE_ID), *_system(), "--proc", "/proc", "--dev", "/dev"]
    # Mapped and shared, /dev/zero is memory that no reading shows (see SHARED_ANONYMOUS in seccomp.py).
    options += ["--dev-bind", "/dev/null", "/dev/zero"]
    for place, permissions in (("/tmp", "1777"), ("/dev/shm", "1777"), (HOME, "0700"), (WORK, "0700")):  # noqa: S108
        options += ["--perms", permissions, "--size", size, "--tmpfs", place]
    for bind in binds:
        options += ["--ro-bind", bind.source, bind.destination]
    if cache is not None:
        for name in ("models", "datasets"):
            options += ["--ro-bind-try", f"{cache}/{name}", f"{HOME}/.keras/{name}"]
    for path, descriptor in text_descriptors.items():
        options += ["--perms", "0444", "--file", str(descriptor), path]
    # bubblewrap's own /dev and root are tmpfs without a size: writable, they would be memory nobody counts.
    return [*options, "--remount-ro", "/dev", "--remount-ro", "/"]


def _pipe_with(text: bytes) -> int:
    """A descriptor from which a short text can be read once."""
    reading, writing = os.pipe()
    os.write(writing, text)
    os.close(writing)
    return reading


def _read(descriptor: int, enough: bytes, what: str) -> bytes:
    """Read until `enough` is seen; the end or BUILD_SECONDS without it is an error."""
    data = b""
    while enough not in data:
        ready = select.select([descriptor], [], [], BUILD_SECONDS)[0]
        part = os.read(descriptor, 4096) if ready else b""
        if not part:
            raise NotSealed(f"bubblewrap gave no {what}")
        data += part
    return data


def build(binds: Sequence[Bind], uid: int | None, file_mib: int, cache: str | None = None) -> Sandbox:
    """Build one sandbox.

    Args:
        binds: what to bind besides the system.
        uid: as root, the unprivileged owner; None: whoever this is.
        file_mib: size of each writable place.
        cache: a Keras cache, see `arguments`.

    Returns:
        The sandbox, ready to be entered.

    Raises:
        NotSealed: bubblewrap is missing or was refused something; the sentence says what.
    """
    program, idle = shutil.which("bwrap"), shutil.which("cat")
    if program is None or idle is None:
        raise NotSealed("bubblewrap (the program bwrap) is not installed; on Debian or Ubuntu: apt install bubblewrap")
    texts = {path: _pipe_with(text.encode()) for path, text in SMALL_FILES.items()}
    filter_read = _pipe_with(seccomp.program())
    # Options go through a descriptor: as a command line they could be read in the sandbox's own /proc/1/cmdline.
    options = arguments(binds, file_mib, cache, texts)
    info_read, info_write = os.pipe()
    options += ["--seccomp", str(filter_read), "--info-fd", str(info_write)]
    options_read = _pipe_with("\0".join(options).encode() + b"\0")
    idle_read, lifeline = os.pipe()
    os.write(lifeline, b"\n")  # the idle `cat` hands it back as soon as it runs: the sandbox is complete
    passed = (*texts.values(), filter_read, info_write, options_read)
    groups: list[int] | None = None if uid is None else []
    try:
        bwrap = subprocess.Popen(
            [program, "--args", str(options_read), "--", idle],
            stdin=idle_read,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=passed,
            env={},
            cwd="/",
            user=uid,
            group=uid,
            extra_groups=groups,
        )
    finally:
        for descriptor in (*passed, idle_read):
            os.close(descriptor)
    return _await(bwrap, info_read, lifeline)


def _await(bwrap: subprocess.Popen[bytes], info_read: int, lifeline: int) -> Sandbox:
    """Wait until the idle process runs inside."""
    if bwrap.stdout is None or bwrap.stderr is None:
        raise NotSealed("bubblewrap was started without pipes")
    try:
        init_pid = int(json.loads(_read(info_read, b"}", "process id"))["child-pid"])
        _read(bwrap.stdout.fileno(), b"\n", "sign of life")
        return Sandbox(bwrap, init_pid, os.pidfd_open(init_pid), lifeline)
    except (NotSealed, OSError) as error:
        bwrap.kill()
        words = bwrap.stderr.read().decode(errors="replace").strip()
        bwrap.wait()
        os.close(lifeline)
        raise NotSealed(f"bubblewrap failed: {words or error}") from error
    finally:
        os.close(info_read)
        bwrap.stdout.close()
        bwrap.stderr.close()
