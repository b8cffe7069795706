"""What a notebook answered, kept so that a changed check page can be judged without running the notebook again.

A kernel has a memory: what it answers may depend on everything it was asked before. So kept answers stand in for the
kernel only while the judge asks exactly the questions of the first time, in the same order, and all of them; at the
first other question the notebook is run for real. A changed message, hint, tolerance, threshold or number of points
asks the same questions; a changed draw or call does not.
"""

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from autograder.judge.cell_errors import CellError
from autograder.kernels.errors import KernelDied, KernelGone

_FORMAT = 4
_HEAD, _NOTEBOOK = "answers.json", "notebook.ipynb"
MIB = 2**20


class Diverged(Exception):
    """The judge asked something these answers do not hold; the notebook has to be run."""


class Questioned(Protocol):
    """What a judge puts its questions to: a running notebook, or its kept answers."""

    @property
    def kernels(self) -> int:
        """How many kernels were started so far."""
        ...

    @property
    def errors(self) -> Mapping[str, CellError]:
        """How the cells ended that ended in an error."""
        ...

    @property
    def held_up(self) -> str:
        """Why this machine could not run the notebook to its end; empty if it could."""
        ...

    def start(self) -> None:
        """Get ready ahead of the first question."""
        ...

    def run_until(self, grade_id: str) -> None:
        """Run the cells before a judged cell."""
        ...

    def probe(
        self, content: dict[str, Any], buffers: Sequence[bytes], cpu_seconds: float, wall_seconds: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Carry a question to the kernel."""
        ...


class Recording:
    """Passes questions on to a running notebook and keeps what it answers.

    Args:
        run: The notebook.
        limit_mib: More than this is not kept at all.
    """

    def __init__(self, run: Questioned, limit_mib: int) -> None:
        self._run = run
        self._room = limit_mib * MIB
        self._entries: list[dict[str, Any]] = []
        self._arrays: dict[str, bytes] = {}

    @property
    def kernels(self) -> int:
        """How many kernels were started so far."""
        return self._run.kernels

    @property
    def errors(self) -> Mapping[str, CellError]:
        """How the cells ended that ended in an error."""
        return self._run.errors

    @property
    def held_up(self) -> str:
        """Why this machine could not run the notebook to its end; empty if it could."""
        return self._run.held_up

    def start(self) -> None:
        """Get ready ahead of the first question."""
        self._run.start()

    def run_until(self, grade_id: str) -> None:
        """Run the cells before a judged cell."""
        self._run.run_until(grade_id)
        self._keep(_digest("run_until", grade_id), {"errors": dict(self._run.errors)})

    def probe(
        self, content: dict[str, Any], buffers: Sequence[bytes], cpu_seconds: float, wall_seconds: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Carry a question to the kernel; the answer says how long that took, so that kept answers can say it again.

        Raises:
            KernelGone: As the notebook does.
        """
        question = _digest("probe", [content, cpu_seconds, wall_seconds], buffers)
        started = time.perf_counter()
        try:
            answer, arrays = self._run.probe(content, buffers, cpu_seconds, wall_seconds)
        except KernelGone as gone:
            self._keep(question, {"stopped": gone.reason, "by_itself": isinstance(gone, KernelDied) and gone.by_itself})
            raise
        if isinstance(answer, dict):
            answer["waited_seconds"] = time.perf_counter() - started
        self._keep(question, {"content": answer}, arrays)
        return answer, arrays

    def _keep(self, question: str, answer: dict[str, Any], arrays: Sequence[bytes] = ()) -> None:
        if self._room <= 0:
            return
        names = []
        for data in arrays:
            name = hashlib.sha256(data).hexdigest()
            if name not in self._arrays:  # a model's frozen weights come again and again
                self._arrays[name] = data
                self._room -= len(data)
            names.append(name)
        entry = {"question": question, "answer": answer, "arrays": names, "kernels": self.kernels}
        self._room -= len(json.dumps(entry))
        self._entries.append(entry)

    def packed(self, notebook: bytes, notes: Sequence[str], missing: Sequence[str] = ()) -> bytes:
        """Return everything as one file; empty if it is more than may be kept.

        Args:
            notebook: The executed notebook.
            notes: Of the run.
            missing: Modules it imports and kernels do not have.
        """
        if self._room <= 0 or self.held_up:
            return b""
        head = {"format": _FORMAT, "entries": self._entries, "notes": list(notes), "missing": list(missing)}
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, content in ((_HEAD, json.dumps(head).encode()), (_NOTEBOOK, notebook)):
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, compresslevel=1)
            for name, content in self._arrays.items():  # weights and noisy images: packing them saves nothing
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_STORED)
        return stream.getvalue()


class Replay:
    """Answers questions as a notebook once did.

    Args:
        packed: What `Recording.packed` gave.

    Raises:
        Diverged: That is not what it is.
    """

    def __init__(self, packed: bytes) -> None:
        try:
            with zipfile.ZipFile(io.BytesIO(packed)) as archive:
                head = json.loads(archive.read(_HEAD))
                self._arrays = {name: archive.read(name) for name in archive.namelist()}
            if head["format"] != _FORMAT:
                raise ValueError("it has another format")
            self.notes: tuple[str, ...] = tuple(head["notes"])
            self.missing: tuple[str, ...] = tuple(head["missing"])
            self._entries = list(head["entries"])
            self.notebook = self._arrays.pop(_NOTEBOOK)
        except (zipfile.BadZipFile, ValueError, KeyError, TypeError, OSError) as error:
            raise Diverged(f"these are no answers: {error}") from error
        self._next = 0
        self.kernels = 1
        self.errors: dict[str, CellError] = {}
        self.held_up = ""

    @property
    def is_finished(self) -> bool:
        """Whether everything was asked that was asked the first time."""
        return self._next == len(self._entries)

    def start(self) -> None:
        """Nothing has to be started."""

    def run_until(self, grade_id: str) -> None:
        """Answer as if the cells before a judged cell had been run.

        Raises:
            Diverged: This was not asked here the first time.
        """
        errors = self._answer(_digest("run_until", grade_id))["answer"]["errors"]
        self.errors = {cell: CellError(*error) for cell, error in errors.items()}

    def probe(
        self, content: dict[str, Any], buffers: Sequence[bytes], cpu_seconds: float, wall_seconds: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Answer a question to the kernel.

        Raises:
            Diverged: This was not asked here the first time.
            KernelGone: As the first time.
        """
        entry = self._answer(_digest("probe", [content, cpu_seconds, wall_seconds], buffers))
        if "stopped" in entry["answer"]:
            raise KernelDied(entry["answer"]["stopped"], by_itself=entry["answer"]["by_itself"])
        return entry["answer"]["content"], [self._arrays[name] for name in entry["arrays"]]

    def _answer(self, question: str) -> dict[str, Any]:
        if self.is_finished or self._entries[self._next]["question"] != question:
            raise Diverged("the judge asks something else than the first time")
        entry: dict[str, Any] = self._entries[self._next]
        self._next += 1
        self.kernels = entry["kernels"]
        return entry


def _digest(kind: str, content: Any, buffers: Sequence[bytes] = ()) -> str:
    digest = hashlib.sha256(json.dumps([kind, content, len(buffers)], sort_keys=True).encode())
    for data in buffers:
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()
