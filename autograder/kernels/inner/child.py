"""From a fork of the template to the entry: the steps of one child.

The payload (the request, the student's files) is read only here, never in the template: its memory is copied into
every later child, where student code could search it for what an earlier student handed in.
"""

import fcntl
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from . import inside, seal
from .bubble import WORK, Sandbox

FIRST_KEPT = 3
Entry = Callable[[dict[str, Any], list[int]], int | None]


@dataclass(frozen=True)
class Descriptors:
    """What a child keeps of all the open descriptors."""

    payload: int
    """A memory file: length, JSON header, contents of the files."""
    status: int
    """Pipe: one JSON line says that the child is sealed, or why not."""
    words: int
    """Pipe for standard output and error, which never blocks and which nobody has to read."""
    passed: tuple[int, ...]
    """The caller's own descriptors."""


def launch(entry: Entry, sandbox: Sandbox | None, uid: int | None, kept: Descriptors, folder: str) -> int:
    """Fork a child that enters the sandbox and calls the entry.

    Args:
        entry: what to call in the end.
        sandbox: None: no sandbox (isolation off), run in `folder`.
        uid: as root, the owner of the sandbox.
        kept: the descriptors the child keeps.
        folder: without a sandbox, where to run.

    Returns:
        Process id of the child, which is ours to reap (this process is a subreaper).

    Raises:
        NotSealed: the child could not enter the sandbox.
    """
    if sandbox is None:
        pid = os.fork()
        if pid == 0:
            _run(entry, kept, folder, sealed=False, started_by_root=False)
        return pid
    reading, writing = os.pipe()
    first = os.fork()
    if first == 0:
        _enter(entry, sandbox, uid, kept, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        words = answer.read().decode()
    os.waitpid(first, 0)
    if not words.isdigit():
        raise seal.NotSealed(words or "the child died on its way into the sandbox")
    return int(words)


def _enter(entry: Entry, sandbox: Sandbox, uid: int | None, kept: Descriptors, answer: int) -> NoReturn:
    """Join the sandbox; a second fork is inside its pid namespace, and the first is not needed any more."""
    try:
        seal.become(uid)
        seal.enter(sandbox.init_pidfd)
        pid = os.fork()
    except BaseException as error:  # noqa: BLE001 (whatever it is, this copy of the template must end here)
        os.write(answer, f"{type(error).__name__}: {error}".encode())
        os._exit(1)
    if pid:
        os.write(answer, str(pid).encode())
        os._exit(0)
    _run(entry, kept, WORK, sealed=True, started_by_root=uid is not None)


def _run(entry: Entry, kept: Descriptors, folder: str, *, sealed: bool, started_by_root: bool) -> NoReturn:
    code = 1
    status: int | None = None
    try:
        kept = _keep_only(kept)
        status = kept.status
        header, files = _read_payload(kept.payload)
        os.close(kept.payload)
        _settle(header["environment"], folder, files)
        claims: list[tuple[str, bool, str]] = []
        if sealed:
            seal.limit(header["limits"])
            seal.drop()
            claims = seal.prove(started_by_root=started_by_root)
            # A process that changed its user cannot read its own /proc files until it says that it may.
            seal.prctl(seal.PR_SET_DUMPABLE, 1)
            seal.first_to_go()
        else:
            seal.prctl(seal.PR_SET_PDEATHSIG, signal.SIGKILL)
        report = {"claims": claims}
        if header["look_around"]:
            report |= inside.look_around(header["absent"])
        _say(status, report)
        status = None
        code = 0 if header["look_around"] else entry(header["request"], list(kept.passed)) or 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException as error:  # noqa: BLE001 (nothing may return into the copy of the template's loop)
        traceback.print_exc()
        if status is not None:
            _say(status, {"error": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(code)


def _say(status: int, report: dict[str, Any]) -> None:
    with os.fdopen(status, "w") as stream:
        json.dump(report, stream)


def _keep_only(kept: Descriptors) -> Descriptors:
    """Move the kept descriptors to 3, 4, ... with /dev/null as input and the words pipe as output; close all others."""
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL if number != signal.SIGPIPE else signal.SIG_IGN)
    os.setsid()
    wanted = [kept.payload, kept.status, kept.words, *kept.passed]
    # First out of the way of their new places, then into them.
    above = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_KEPT + len(wanted)) for descriptor in wanted]
    for place, descriptor in enumerate(above, FIRST_KEPT):
        os.dup2(descriptor, place, inheritable=False)
    os.closerange(FIRST_KEPT + len(wanted), os.sysconf("SC_OPEN_MAX"))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    payload, status, words, *passed = range(FIRST_KEPT, FIRST_KEPT + len(wanted))
    for standard in (1, 2):
        os.dup2(words, standard)
    os.close(words)
    return Descriptors(payload, status, -1, tuple(passed))


def _read_payload(descriptor: int) -> tuple[dict[str, Any], dict[str, bytes]]:
    with os.fdopen(os.dup(descriptor), "rb") as stream:
        stream.seek(0)
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "big")))
        return header, {name: stream.read(size) for name, size in header["files"]}


def _settle(environment: dict[str, str], folder: str, files: dict[str, bytes]) -> None:
    """Replace the environment, go to the work folder, lay out the files."""
    os.environ.clear()
    os.environ.update(environment)
    os.umask(0o022)
    os.chdir(folder)
    if not (os.access(os.__file__, os.R_OK) and os.access(sys.executable, os.X_OK)):
        raise seal.NotSealed(f"the environment {sys.prefix} cannot be read by others; run: chmod -R a+rX {sys.prefix}")
    for name, content in files.items():
        place = Path(name)
        if place.is_absolute() or ".." in place.parts:
            raise ValueError(f"the file name {name!r} leaves the work folder; expected a relative name without '..'")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
