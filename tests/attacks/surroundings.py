"""What a submission must not learn and must not harm: canaries, listeners, files, processes, a neighbour."""

import contextlib
import json
import os
import secrets
import select
import socket
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

from autograder.course.sealed import read_submitted
from autograder.grading.engine import WarmEngine
from autograder.kernels.processes import tree
from autograder.kernels.student import StudentKernel
from tests.attacks.light_course import make_exercise

SANDBOX_UIDS = range(61_000, 65_001)
SETTLE_SECONDS = 2.0


class Surroundings:
    """A course on this machine, full of secrets, with everything an attacker would like to know told to him."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)  # only the sandbox is to keep anybody out
        self.canaries: dict[str, str] = {}
        self.exercise = make_exercise(folder, self._canary("page"))
        self.secret = self._canary("secret").encode()
        os.environ["COURSE_CANARY"] = self._canary("environment")
        self._write("gradebook.db", self._gradebook)
        self._write(".course_secret", lambda path: path.write_bytes(self.secret))
        self._write("other_submission.ipynb", lambda path: path.write_text(self._canary("submission")))
        self.writable = folder / "writable"
        self.writable.mkdir()
        self.writable.chmod(0o777)
        self.victim = self.writable / "victim"
        self.victim.write_text("unharmed")
        self.victim.chmod(0o666)
        self.listeners = self._listen()
        self.engine: WarmEngine | None = None
        self.neighbour: StudentKernel | None = None
        self._processes: set[int] = set()
        self._descriptors = 0
        self._temporary: set[str] = set()

    def _canary(self, name: str) -> str:
        self.canaries[name] = f"canary-{secrets.token_hex(8)}"
        return self.canaries[name]

    def _write(self, name, write):
        write(self.folder / name)
        (self.folder / name).chmod(0o644)

    def _gradebook(self, path: Path) -> None:
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("create table grade (points)")
            connection.execute("insert into grade values (?)", [self._canary("gradebook")])

    def _listen(self) -> list[socket.socket]:
        tcp = socket.create_server(("127.0.0.1", 0))
        named, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        named.bind(str(self.writable / "socket"))
        os.chmod(self.writable / "socket", 0o777)
        abstract.bind(f"\0attacks-{os.getpid()}")
        for listener in (named, abstract):
            listener.listen()
        for listener in (tcp, named, abstract):
            listener.setblocking(False)
        return [tcp, named, abstract]

    def move_in(self, engine: WarmEngine) -> None:
        """Start the neighbour: a kernel of the same template with a secret of its own, alive all the time."""
        self.engine = engine
        limits = replace(engine._settings.limits, notebook_wall_seconds=7_200)  # it stays as long as the tests run
        environment = {"NEIGHBOUR": self._canary("neighbour_environment")}
        self.neighbour = StudentKernel.start(engine._template("kernels"), limits=limits, environment=environment)
        self._canary("neighbour_memory")
        self.neighbour.run_cell(f"kept = {self.canaries['neighbour_memory']!r}")
        self.note_state()

    def note_state(self) -> None:
        """Remember what there is, to see later that nothing was added or taken away."""
        self._processes = self._alive()
        read_submitted(b'{"nbformat": 4, "cells": []}')  # whoever reads what is handed in stays, with its descriptors
        self._descriptors = len(os.listdir("/proc/self/fd"))
        self._temporary = self._strangers()

    def _alive(self) -> set[int]:
        assert self.engine is not None
        return set(tree(self.engine.template_pids()))

    @staticmethod
    def _strangers() -> set[str]:
        """Files in the machine's shared folders that a sandbox's user owns."""
        found = set()
        for place in ("/tmp", "/dev/shm", "/var/tmp"):
            for entry in os.scandir(place):
                with contextlib.suppress(FileNotFoundError):
                    if entry.stat(follow_symlinks=False).st_uid in SANDBOX_UIDS and os.getuid() == 0:
                        found.add(entry.path)
        return found

    def targets(self) -> bytes:
        """Everything an attacker would have to find out first, as JSON; no canary is in it."""
        assert self.engine is not None
        assert self.neighbour is not None
        told = {
            "page": str(self.exercise.page),
            "course": str(self.folder),
            "gradebook": str(self.folder / "gradebook.db"),
            "secret": str(self.folder / ".course_secret"),
            "submission": str(self.folder / "other_submission.ipynb"),
            "source": str(self.folder / "source" / "light.ipynb"),
            "victim": str(self.victim),
            "writable": str(self.writable),
            "port": self.listeners[0].getsockname()[1],
            "sockets": [str(self.writable / "socket"), f"@attacks-{os.getpid()}"],
            "neighbour_sockets": self.neighbour._listeners.prefix,
            "neighbour_pid": self.neighbour._child.pid,
            "template_pids": self.engine.template_pids(),
            "grader_pid": os.getpid(),
        }
        return json.dumps(told).encode()

    def learnt(self, text: str) -> list[str]:
        """Name the canaries that stand in a text."""
        return [name for name, canary in self.canaries.items() if canary in text]

    def harm(self) -> list[str]:
        """Say what is not as it was, and does not become so within a moment: threads close their sockets by and by."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while (found := self._harm()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return found

    def _harm(self) -> list[str]:
        assert self.neighbour is not None
        found = []
        ready = select.select(self.listeners, [], [], 0)[0]
        found += [f"somebody connected to {listener.getsockname()}" for listener in ready]
        if sorted(os.listdir(self.writable)) != ["socket", "victim"] or self.victim.read_text() != "unharmed":
            found.append("files outside were changed")
        if self._strangers() - self._temporary:
            found.append(f"files were left: {self._strangers() - self._temporary}")
        if self._alive() != self._processes:
            found.append(f"processes: {len(self._processes)} before, {len(self._alive())} after")
        if len(os.listdir("/proc/self/fd")) > self._descriptors:
            found.append("descriptors are left open")
        if not self.neighbour.alive:
            found.append(f"the neighbour is dead: {self.neighbour._cause_of_death()}")
        return found

    def neighbour_remembers(self) -> bool:
        """Whether the neighbour's memory is what it was."""
        assert self.neighbour is not None
        outputs = self.neighbour.run_cell("print(kept)").outputs
        return [output.get("text") for output in outputs] == [f"{self.canaries['neighbour_memory']}\n"]

    def close(self) -> None:
        """End the neighbour and the listeners."""
        if self.neighbour is not None:
            self.neighbour.close()
        for listener in self.listeners:
            listener.close()
        del os.environ["COURSE_CANARY"]
