"""The template process: import what is slow, then fork children on request until the owner is gone.

One request at a time over a SOCK_SEQPACKET socket; descriptors travel with the messages. Nothing in here may create a
thread, an event loop or a TensorFlow operation before a fork: none of them survives one.
"""

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import bubble, child, seal

MESSAGE_BYTES = 64 * 1024
MAX_DESCRIPTORS = 64
END_SECONDS = 10.0


@dataclass
class Running:
    """A child that has not been reaped yet."""

    pid: int
    sandbox: bubble.Sandbox | None


@dataclass(frozen=True)
class Ground:
    """What every sandbox of this template is built on."""

    binds: list[bubble.Bind]
    cache: str | None


def main(descriptor: int) -> None:
    """Serve the owner at the other end of the socket `descriptor`."""
    owner = socket.socket(fileno=descriptor)
    settings = json.loads(owner.recv(MESSAGE_BYTES))
    if settings["die_with_parent"]:
        seal.prctl(seal.PR_SET_PDEATHSIG, signal.SIGKILL)
    seal.prctl(seal.PR_SET_CHILD_SUBREAPER, 1)
    try:
        ground = _prepare_ground(settings) if settings["sealed"] else Ground([], None)
        started = time.perf_counter()
        entry = _preload(settings)
        ready = {"seconds": round(time.perf_counter() - started, 3), "threads": int(seal.status()["Threads"])}
    except Exception as error:  # noqa: BLE001 (the owner turns it into an exception of its own)
        kind = "sandbox" if isinstance(error, seal.NotSealed) else "preload"
        _send(owner, {"failed": kind, "error": f"{type(error).__name__}: {error}"})
        return
    _send(owner, ready)
    serve(owner, ground, entry, sealed=settings["sealed"])


def _prepare_ground(settings: dict[str, Any]) -> Ground:
    """Stage what is bound, and build one sandbox at once: a refusal should not take an import to find out."""
    cache = settings["cache"]
    binds = bubble.stage([*_environment(), *settings["readable"], *([cache] if cache else [])])
    source = None
    if cache:
        # The cache shows in the home folder only, unless it happens to lie in something that is bound anyway.
        holder = next(bind for bind in reversed(binds) if Path(cache).resolve().is_relative_to(bind.destination))
        source = str(Path(holder.source) / Path(cache).resolve().relative_to(holder.destination))
        binds = [
            bind for bind in binds if Path(bind.destination) not in {Path(cache).absolute(), Path(cache).resolve()}
        ]
    trial = bubble.build(binds, settings["trial_uid"], file_mib=1, cache=source)
    trial.kill()
    trial.close()
    return Ground(binds, source)


def _environment() -> list[str]:
    """List what this interpreter reads from, but no folder that a project was installed in place from."""
    packages = [
        path for path in sys.path if Path(path).name in {"site-packages", "dist-packages"} and Path(path).is_dir()
    ]
    return [sys.prefix, sys.base_prefix, sys.exec_prefix, *packages]


def _preload(settings: dict[str, Any]) -> child.Entry:
    """Import everything named, warm up, find the entry.

    The collector never looks at these objects again: pages stay shared.
    """
    gc.disable()
    sys.path[:0] = settings["pythonpath"]
    with greetings_held_back():
        for name in settings["preload"]:
            if name.endswith(".py"):
                _load_file(Path(name))
            else:
                importlib.import_module(name)
        for name in settings["preload_if_present"]:
            if importlib.util.find_spec(name) is not None:
                importlib.import_module(name)
        for name in settings["warm_up"]:
            _named(name)()
    entry: child.Entry = _named(settings["entry"])
    gc.collect()
    gc.freeze()
    gc.enable()
    return entry


@contextlib.contextmanager
def greetings_held_back() -> Iterator[None]:
    """Hold back what imports write to the terminal, TensorFlow's about oneDNN first, unless one of them fails."""
    said, held = os.dup(2), os.memfd_create("held-back")
    os.dup2(held, 2)
    try:
        yield
    except BaseException:
        os.lseek(held, 0, os.SEEK_SET)
        os.write(said, os.read(held, MESSAGE_BYTES))
        raise
    finally:
        sys.stderr.flush()
        os.dup2(said, 2)
        os.close(said)
        os.close(held)


def _named(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def _load_file(path: Path) -> None:
    """Import a stand-alone file by its path, as a top-level module of its name with `kernel_` in front."""
    name = f"kernel_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


def serve(owner: socket.socket, ground: Ground, entry: child.Entry, *, sealed: bool) -> None:
    """Answer requests until the owner closes the socket or dies.

    Args:
        owner: the connected socket.
        ground: what sandboxes are built on.
        entry: what a child calls.
        sealed: whether children run in a sandbox.
    """
    running: dict[int, Running] = {}
    while True:
        message, descriptors, _, _ = socket.recv_fds(owner, MESSAGE_BYTES, MAX_DESCRIPTORS)
        if not message:
            break
        request = json.loads(message)
        try:
            if request["op"] == "fork":
                started = _fork(request, descriptors, ground, entry, sealed=sealed)
                running[started.pid] = started
                _answer_started(owner, started)
            elif request["op"] == "prepare":
                _named(request["function"])(*request["arguments"])
                _send(owner, {"prepared": True})
            else:
                _send(owner, {"status": _end(running.pop(request["pid"]))})
                if not sealed:
                    _end_orphans(running)
        except Exception as error:  # noqa: BLE001 (one child's trouble must not end the template)
            _send(owner, {"error": f"{type(error).__name__}: {error}"})
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
    for left in running.values():
        _end(left)


def _send(owner: socket.socket, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    with contextlib.suppress(
        BrokenPipeError, ConnectionResetError
    ):  # the owner is gone: the next receive ends the loop
        socket.send_fds(owner, [json.dumps(message).encode()], descriptors)


def _fork(
    request: dict[str, Any], descriptors: list[int], ground: Ground, entry: child.Entry, *, sealed: bool
) -> Running:
    payload, status, words, *passed = descriptors
    kept = child.Descriptors(payload, status, words, tuple(passed))
    uid = request["uid"]
    sandbox = bubble.build(ground.binds, uid, request["file_mib"], ground.cache) if sealed else None
    try:
        return Running(child.launch(entry, sandbox, uid, kept, request["folder"]), sandbox)
    except Exception:
        if sandbox is not None:
            sandbox.kill()
            sandbox.close()
        raise


def _answer_started(owner: socket.socket, started: Running) -> None:
    """Send process descriptors rather than numbers: a number may belong to somebody else by the time it is used."""
    process = os.pidfd_open(started.pid)
    try:
        init = started.sandbox.init_pid if started.sandbox is not None else 0
        _send(owner, {"pid": started.pid, "init": init}, [process])
    finally:
        os.close(process)


def _end_orphans(running: dict[int, Running]) -> None:
    """Without a pid namespace, processes that left their parents fall to this one: end them as well."""
    while left := set(map(int, Path("/proc/self/task", str(os.getpid()), "children").read_text().split())) - set(
        running
    ):
        for pid in left:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _end(ended: Running) -> int | None:
    """Kill a child with everything it started, and reap it.

    Args:
        ended: the child, running or dead.

    Returns:
        Its wait status (os.waitstatus_to_exitcode reads it); None: it could not be reaped in time.
    """
    if ended.sandbox is not None:
        # If the child has died by itself its status is kept: a signal to the sandbox cannot change it any more.
        ended.sandbox.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(ended.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(ended.pid, signal.SIGKILL)
    deadline = time.monotonic() + END_SECONDS
    status = None
    while time.monotonic() < deadline:
        pid, found = os.waitpid(ended.pid, os.WNOHANG)
        if pid:
            status = found
            break
        time.sleep(0.001)
    if ended.sandbox is not None:
        ended.sandbox.close()
    return status
