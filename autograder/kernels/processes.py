"""What a sandbox uses: CPU seconds, memory and processes, counted from outside."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MIB = 2**20
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PF_EXITING = 0x4
"""Flag in /proc/PID/stat (include/linux/sched.h)."""
SOCKET_MIB, TCP_MIB = 0.25, 4.0
"""What a socket's buffers grow to (net.core.wmem_default, net.ipv4.tcp_wmem), rounded up."""
INODE_MIB = 1 / 1024
"""What a file or folder takes in a tmpfs before it holds anything."""


@dataclass(frozen=True)
class Usage:
    """A reading of everything that runs in one sandbox."""

    cpu_seconds: float
    """User and system time of all processes, with that of the ended ones their parents have waited for."""
    memory_mib: float
    """Private memory: pages still shared with the template do not count."""
    processes: int


def tree(roots: Iterable[int]) -> list[int]:
    """List the processes with these ids and all that descend from them.

    Args:
        roots: process ids; those that are gone are left out.

    Returns:
        Process ids, each once.
    """
    found: dict[int, None] = {}
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found and _read(f"/proc/{pid}/stat"):
            found[pid] = None
            waiting += _children(pid)
    return list(found)


def _children(pid: int) -> list[int]:
    """Ask for a process's children: what that costs does not grow with what else runs on the machine."""
    return [int(child) for thread in _threads(pid) for child in _read(f"/proc/{pid}/task/{thread}/children").split()]


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 (ten times a second for each kernel)
    except (FileNotFoundError, ProcessLookupError):
        return []


def _read(path: str) -> bytes:
    """Read a file of /proc without Python's text layers; empty if the process is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return b""
    try:
        content = os.read(descriptor, 2**16)
        while len(part := os.read(descriptor, 2**16)):
            content += part
        return content
    except ProcessLookupError:
        return b""
    finally:
        os.close(descriptor)


def _stat(pid: int) -> list[str]:
    """Read the fields of /proc/PID/stat after the name: state, parent, ...; empty if the process is gone."""
    return _read(f"/proc/{pid}/stat").rpartition(b")")[2].decode().split()


def is_ending(pid: int) -> bool:
    """Whether a process is gone, or on its way out."""
    fields = _stat(pid)
    return not fields or bool(int(fields[6]) & PF_EXITING)


def anonymous_mib(pid: int) -> float:
    """Resident anonymous and shared memory of a process, pages shared with a parent included (cheap to read)."""
    return _resident_mib(pid)[0]


def _resident_mib(pid: int) -> tuple[float, float]:
    """Read the same, and the page tables: terabytes that are only looked at, never written, take gibibytes of them."""
    sizes = dict.fromkeys((b"RssAnon", b"RssShmem", b"VmPTE"), 0.0)
    for line in _read(f"/proc/{pid}/status").splitlines():
        name, _, rest = line.partition(b":")
        if name in sizes:
            sizes[name] = int(rest.split()[0]) / 1024
    anonymous, shared, tables = sizes.values()
    return anonymous + shared, tables


def sockets_mib(pid: int) -> float:
    """Most that the sockets of a process's own network namespace can hold: their buffers are nobody's memory."""
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = _read(f"/proc/{pid}/net/sockstat").decode(errors="replace").splitlines()
    counts = {line.split(":")[0]: int(line.split()[2]) for line in lines if line.startswith(("sockets:", "TCP:"))}
    return counts.get("sockets", 0) * SOCKET_MIB + counts.get("TCP", 0) * TCP_MIB


def _rolled_up(pid: int) -> tuple[float, float]:
    """Read (private, proportional anonymous and shared) memory in MiB: exact, but takes the kernel milliseconds."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    except PermissionError:  # it called itself undumpable
        return 0.0, anonymous_mib(pid)
    sizes = {name: int(rest.split()[0]) / 1024 for name, _, rest in (line.partition(":") for line in lines[1:])}
    private = sizes.get("Private_Dirty", 0.0) + sizes.get("Private_Clean", 0.0)
    return private, sizes.get("Pss_Anon", 0.0) + sizes.get("Pss_Shmem", 0.0)


def exact_mib(pids: Iterable[int], shared_mib: float) -> float:
    """Measure what would become free if these processes ended.

    Args:
        pids: process ids.
        shared_mib: anonymous memory of the template at the fork.

    Returns:
        The larger of two sums: private pages miss what the processes share among themselves; proportional shares
        count that, and with it at most the template's own memory, which is taken off.
    """
    readings = [_rolled_up(pid) for pid in pids]
    # Of each page that n processes still share with the template, at most n parts of n + 1 are in their sum.
    of_the_template = shared_mib * len(readings) / (len(readings) + 1)
    return max(sum(private for private, _ in readings), sum(share for _, share in readings) - of_the_template)


class CpuClock:
    """Adds up the CPU time of a process tree, also of processes that vanish without anybody waiting for them."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int]] = {}
        self._lost_ticks = 0
        self._lock = threading.Lock()

    def read(self, pids: Iterable[int]) -> float:
        """Take a reading.

        Args:
            pids: all processes of the tree that are alive now.

        Returns:
            CPU seconds since the tree began; what short-lived orphans use between two readings is missed.
        """
        now = {}
        for pid in pids:
            if fields := _stat(pid):
                user, system, waited_user, waited_system = map(int, fields[11:15])
                now[pid] = (user + system, waited_user + waited_system)
        with self._lock:
            vanished = sum(sum(ticks) for pid, ticks in self._seen.items() if pid not in now)
            # Usually a parent has waited for them, and their time is now in its own account.
            waited = sum(ticks[1] - self._seen.get(pid, (0, 0))[1] for pid, ticks in now.items())
            self._lost_ticks += max(0, vanished - waited)
            self._seen = now
            return (sum(sum(ticks) for ticks in now.values()) + self._lost_ticks) / TICKS_PER_SECOND


def usage(roots: Iterable[int], clock: CpuClock, *, shared_mib: float = 0.0, exact_above_mib: float = 0.0) -> Usage:
    """Take a reading of a process tree.

    Args:
        roots: process ids the tree hangs from.
        clock: the tree's own, of all its readings.
        shared_mib: anonymous memory of the template at the fork.
        exact_above_mib: memory that cannot be above this is only estimated (anonymous memory less `shared_mib`); 0:
            always exact.

    Returns:
        CPU, memory and number of processes; zeros if all are gone.
    """
    pids = tree(roots)
    if not pids:
        return Usage(0.0, 0.0, 0)
    anonymous, tables = map(sum, zip(*map(_resident_mib, pids), strict=True))
    bound = anonymous  # counts what is still shared with the template as well
    memory_mib = exact_mib(pids, shared_mib) if bound + tables >= exact_above_mib else bound - shared_mib
    return Usage(clock.read(pids), max(memory_mib, 0.0) + tables, len(pids))


def queues(pids: Iterable[int]) -> tuple[dict[int, float], str]:
    """Read how long threads have been held up by what else runs on the machine.

    Args:
        pids: process ids.

    Returns:
        For each thread the seconds, since it began, in which it could have computed and had no processor, without the
        turn it is waiting for now; and the states they are in at this moment, a letter each: `R` computes or waits for
        a processor, `D` cannot be woken, as when it waits for a disk or for memory.
    """
    waited, states = {}, ""
    for pid in pids:
        for thread in _threads(pid):
            place = f"/proc/{pid}/task/{thread}"
            if fields := _read(f"{place}/schedstat").split():
                waited[int(thread)] = int(fields[1]) / 1e9
            states += _read(f"{place}/stat").rpartition(b")")[2][1:2].decode()
    return waited, states


def stalled_seconds() -> float:
    """Add up the seconds, since it started, in which something on this machine waited for a disk or for memory."""
    total = 0.0
    for what in ("io", "memory"):
        for line in _read(f"/proc/pressure/{what}").splitlines():
            if line.startswith(b"some "):
                total += int(line.rpartition(b"=")[2]) / 1e6
    return total


class IdleClock:
    """Adds up the seconds in which a process tree waits by itself: what a limit in wall seconds is meant for.

    What it computes is counted elsewhere, as CPU seconds. When it would go on but the machine has no processor, disk or
    memory for it, that is nobody's time. It counts only between `begin` and `end`.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.held_up_seconds = 0.0
        """Seconds in which it would have gone on, all threads together, but the machine had no room."""
        self._before: tuple[float, float, float, dict[int, float]] | None = None
        self._lock = threading.Lock()

    def begin(self, pids: Iterable[int], cpu_seconds: float) -> None:
        """Start counting.

        Args:
            pids: all processes of the tree that are alive now.
            cpu_seconds: what they have used until now.
        """
        with self._lock:
            self._before = (time.monotonic(), cpu_seconds, stalled_seconds(), queues(pids)[0])

    def read(self, pids: Iterable[int], cpu_seconds: float) -> float:
        """Count what has passed since the last reading.

        Args:
            pids: all processes of the tree that are alive now.
            cpu_seconds: what they have used until now.

        Returns:
            Idle seconds in all.
        """
        with self._lock:
            if self._before is not None:
                then, cpu_before, stalled_before, queues_before = self._before
                waited, states = queues(pids)
                if "R" in states:  # not idle now; how long it has had to queue is known once it has had its turn
                    return self.seconds
                now, stalled = time.monotonic(), stalled_seconds()
                queued = sum(seconds - queues_before.get(thread, 0.0) for thread, seconds in waited.items())
                # A thread can also be made one that cannot be woken: that alone stops no clock.
                lost = queued + (stalled - stalled_before if "D" in states else 0.0)
                self.held_up_seconds += lost
                self.seconds += max(0.0, now - then - max(0.0, cpu_seconds - cpu_before) - lost)
                self._before = (now, cpu_seconds, stalled, waited)
            return self.seconds

    def end(self) -> None:
        """Stop counting."""
        with self._lock:
            self._before = None


def available_mib() -> float:
    """Read how much memory this machine can still give without swapping; infinite if it does not say."""
    lines = _read("/proc/meminfo").splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(b"MemAvailable:")), float("inf"))


LOWEST_PRIORITY = 19
"""Of 40 levels: beside a process of the usual one, about a fiftieth of a core."""


def give_way(pids: Iterable[int], known: set[tuple[int, str]]) -> None:
    """Let processes have only what others leave of the processors; there is no way back for an ordinary user.

    Args:
        pids: process ids; those that are gone are left out.
        known: Processes, with the session each was in, that give way already and are not asked again: what they start
            in that session does so too. Those that are new are added.
    """
    for pid in pids:
        if not (fields := _stat(pid)) or (place := (pid, fields[3])) in known:
            continue
        known.add(place)
        for thread in _threads(pid):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, int(thread), LOWEST_PRIORITY)
        # Where Linux shares the processors between sessions, priorities count within one only, but for this one.
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/autogroup").write_text(str(LOWEST_PRIORITY))


_BEGAN, _STILL = 19, "TtZX"
"""Of the fields of /proc/PID/stat after the name: when the process began; and states in which it does not move."""
STILL_ROUNDS = 20
"""How often it is looked for processes that others have started, or woken, since the last look."""


def stand_still(roots: Iterable[int]) -> dict[int, str]:
    """Stop the processes of a tree until `go_on`; those that are stopped already are left as they are.

    Args:
        roots: process ids the tree hangs from.

    Returns:
        Those that were stopped: process id to when it began, since a number may be given to another process later.
    """
    stopped: dict[int, str] = {}
    for _ in range(STILL_ROUNDS):
        found = {pid: fields for pid in tree(roots) if (fields := _stat(pid))}
        moving = {pid: fields[_BEGAN] for pid, fields in found.items() if fields[0] not in _STILL}
        if not moving:
            break
        stopped |= {pid: began for pid, began in moving.items() if _signal(pid, began, signal.SIGSTOP)}
        time.sleep(0.001)
    return stopped


def go_on(stopped: Mapping[int, str]) -> None:
    """Let processes go on that `stand_still` has stopped.

    Args:
        stopped: What it returned.
    """
    for pid, began in stopped.items():
        _signal(pid, began, signal.SIGCONT)


def _signal(pid: int, began: str, number: signal.Signals) -> bool:
    """Send a signal to a process, and to no other that has its number now; whether it was sent."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        fields = _stat(pid)
        if not fields or fields[_BEGAN] != began:
            return False
        signal.pidfd_send_signal(descriptor, number)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def out_of_memory_kills() -> int:
    """Count the processes that this machine has ended, since it started, to get memory back; 0 if it does not say."""
    lines = _read("/proc/vmstat").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(b"oom_kill ")), 0)


def files_mib(pid: int, places: Iterable[str]) -> float:
    """Measure the files in places that only a process in a sandbox sees.

    Args:
        pid: a process in there.
        places: mount points, as seen from inside.

    Returns:
        What they hold together, deleted files that are still open and empty ones included; 0 if the process is gone.
    """
    total = 0.0
    for place in places:
        with contextlib.suppress(OSError):
            seen = os.statvfs(f"/proc/{pid}/root{place}")
            total += (seen.f_blocks - seen.f_bfree) * seen.f_frsize / MIB + (seen.f_files - seen.f_ffree) * INODE_MIB
    return total


def own_memory_mib() -> float:
    """Resident memory of the calling process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES / MIB


def wait_gone(pids: Iterable[int], wall_seconds: float) -> list[int]:
    """Wait until none of the processes is left.

    Args:
        pids: process ids.
        wall_seconds: how long at most.

    Returns:
        Those that are still there.
    """
    deadline = time.monotonic() + wall_seconds
    left = [pid for pid in pids if _stat(pid)]
    while left and time.monotonic() < deadline:
        time.sleep(0.005)
        left = [pid for pid in left if _stat(pid)]
    return left
