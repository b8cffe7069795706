"""The verdict store: one immutable file per verdict, from which gradebook, feedback and reports are derived.

A record's name is its key, the digest of everything that decides the verdict (see `keys`). A record carries the digest
of its own content, so a damaged one is noticed and treated as absent. A pointer names, for each notebook of each
student, the record that counts. Every file is written beside its place, synced and moved there: killed anywhere, the
store holds the old file or the new one.
"""

import glob
import gzip
import hashlib
import json
import os
import secrets
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from autograder.judge.verdict import Verdict

_MAGIC = b"autograder verdict 1 "
_POINTER_FORMAT = 1


class DamagedRecord(UserWarning):
    """A file of the store is not what was written; it is treated as absent."""


@dataclass(frozen=True)
class Record:
    """A verdict and the notebook it was found on."""

    verdict: Verdict
    notebook: bytes
    """The executed notebook, without the outputs that show the verdict."""


@dataclass(frozen=True)
class Pointer:
    """Which verdict counts for one notebook of one student."""

    assignment: str
    student: str
    notebook: str
    key: str
    submission: str
    """SHA-256 of the submitted notebook as it was handed in."""
    submitted_at: str
    """The submission's time stamp as handed in, or empty."""
    graded_at: str
    """ISO 8601, UTC."""


class VerdictStore:
    """Verdicts and pointers in a folder only its owner can read.

    Args:
        root: The folder, which need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def get(self, key: str) -> Record | None:
        """Return the record of a key.

        Args:
            key: 64 hexadecimal digits.

        Returns:
            The record, or None if there is none or it is damaged (with a `DamagedRecord` warning).
        """
        path = self._record_path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return _unpack(content, key)
        except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
            warnings.warn(f"{path} is damaged ({error}); the work is graded again.", DamagedRecord, stacklevel=2)
            return None

    def put(self, key: str, record: Record, *, replace: bool = False) -> Record:
        """Keep a record.

        Args:
            key: 64 hexadecimal digits; `record.verdict.key` must be the same.
            record: What to keep.
            replace: Whether a record that is there already gives way; otherwise the first one stays.

        Returns:
            The record that is kept now.

        Raises:
            ValueError: The verdict carries another key.
        """
        if record.verdict.key != key:
            raise ValueError(f"the verdict must carry its own key {key} (got {record.verdict.key!r})")
        if not replace:
            kept = self.get(key)
            if kept is not None:
                return kept
        self._write(self._record_path(key), _pack(record))
        return record

    def answers(self, key: str) -> bytes:
        """Return what a notebook answered, or nothing if that is not kept.

        Args:
            key: From `keys.answers_key`.
        """
        try:
            return self._answers_path(key).read_bytes()
        except FileNotFoundError:
            return b""

    def put_answers(self, key: str, answers: bytes) -> None:
        """Keep what a notebook answered. The folder may be emptied at any time: notebooks are then run again.

        Args:
            key: From `keys.answers_key`.
            answers: From the engine.
        """
        self._write(self._answers_path(key), answers)

    def sweep(self) -> int:
        """Remove what writers left that were killed in the middle; nothing that counts is among it.

        Returns:
            How many files.
        """
        left = [path for path in self.root.glob("*/**/.*.tmp") if not _is_writing(path)]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def point(self, pointer: Pointer) -> None:
        """Let a notebook of a student count with a verdict, instead of any earlier one.

        Args:
            pointer: Who, which notebook, which verdict.
        """
        path = self._pointer_path(pointer.assignment, pointer.student, pointer.notebook)
        with suppress(FileNotFoundError):
            past = path.read_bytes()
            if past not in self._past(path):
                self._write(path.with_suffix(f".{time.time_ns():020}.past"), past)
        content = json.dumps({"format": _POINTER_FORMAT, **asdict(pointer)}, indent=1, ensure_ascii=True)
        self._write(path, content.encode())

    @staticmethod
    def _past(path: Path) -> list[bytes]:
        """What a pointer was before, the oldest first."""
        pattern = f"{glob.escape(path.stem)}.*.past"
        return [found.read_bytes() for found in sorted(path.parent.glob(pattern))]

    def history(self, assignment: str, student: str, notebook: str) -> list[Pointer]:
        """Return which verdicts have counted for a notebook of a student, the one that counts now last.

        Args:
            assignment: The nbgrader assignment.
            student: The nbgrader student id.
            notebook: The notebook's name without suffix.
        """
        found = []
        for content in self._past(self._pointer_path(assignment, student, notebook)):
            with suppress(ValueError, KeyError, TypeError):
                words = json.loads(content)
                words.pop("format")
                found.append(Pointer(**words))
        present = self.pointer(assignment, student, notebook)
        found = [past for past in found if (past.student, past.notebook) == (student, notebook)]
        return list(dict.fromkeys([*found, *([present] if present else [])]))  # killed in between, both are the same

    def pointer(self, assignment: str, student: str, notebook: str) -> Pointer | None:
        """Return which verdict counts for a notebook of a student.

        Args:
            assignment: The nbgrader assignment.
            student: The nbgrader student id.
            notebook: The notebook's name without suffix.

        Returns:
            The pointer, or None if there is none or it is damaged.
        """
        pointer = _read_pointer(self._pointer_path(assignment, student, notebook))
        named = (assignment, student, notebook)
        return pointer if pointer and (pointer.assignment, pointer.student, pointer.notebook) == named else None

    def pointers(self, assignment: str) -> Iterator[Pointer]:
        """Iterate over all intact pointers of an assignment, by student and notebook.

        Args:
            assignment: The nbgrader assignment.

        Yields:
            One pointer a notebook.
        """
        for path in sorted((self.root / "graded" / _file_name(assignment)).glob("*/*.json")):
            pointer = _read_pointer(path)
            if pointer is not None:
                yield pointer

    def verdict(self, assignment: str, student: str, notebook: str) -> Verdict | None:
        """Return the verdict that counts for a notebook of a student.

        Args:
            assignment: The nbgrader assignment.
            student: The nbgrader student id.
            notebook: The notebook's name without suffix.

        Returns:
            The verdict, or None if there is no intact one.
        """
        pointer = self.pointer(assignment, student, notebook)
        record = self.get(pointer.key) if pointer else None
        return record.verdict if record else None

    def _write(self, path: Path, content: bytes) -> None:
        """Put a file in its place at once and for good."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # Without this the new name may be lost with the power, though the content is safe.
            os.fsync(folder)
        finally:
            os.close(folder)

    def _record_path(self, key: str) -> Path:
        return self.root / "verdicts" / _checked(key)[:2] / f"{key}.gz"

    def _answers_path(self, key: str) -> Path:
        return self.root / "answers" / _checked(key)[:2] / f"{key}.zip"

    def _pointer_path(self, assignment: str, student: str, notebook: str) -> Path:
        folder = self.root / "graded" / _file_name(assignment) / _file_name(student)
        return folder / f"{_file_name(notebook)}.json"


def _checked(key: str) -> str:
    if len(key) != 64 or not set(key) <= set("0123456789abcdef"):
        raise ValueError(f"a key is 64 hexadecimal digits (got {key!r})")
    return key


def _is_writing(path: Path) -> bool:
    """Whether the process that writes this file may still be at it; its number stands in the file's name."""
    try:
        os.kill(int(path.name.split(".")[-3]), 0)
    except ProcessLookupError:
        return False
    except (ValueError, IndexError, OverflowError, PermissionError):
        return True
    return True


def _file_name(name: str) -> str:
    # A leading dot would let '..' out of the store.
    return "%2E" + quote(name[1:], safe=" ") if name.startswith(".") else quote(name, safe=" ")


def _pack(record: Record) -> bytes:
    content = json.dumps({"verdict": record.verdict.to_json(), "notebook": record.notebook.decode("utf-8")})
    packed = gzip.compress(content.encode(), mtime=0)
    return _MAGIC + hashlib.sha256(packed).hexdigest().encode() + b"\n" + packed


def _unpack(content: bytes, key: str) -> Record:
    header, _, packed = content.partition(b"\n")
    if header != _MAGIC + hashlib.sha256(packed).hexdigest().encode():
        raise ValueError("its digest does not fit")
    unpacked = json.loads(gzip.decompress(packed))
    verdict = Verdict.from_json(unpacked["verdict"])
    if verdict.key != key:
        raise ValueError(f"it holds the verdict of key {verdict.key[:12]}…")
    return Record(verdict=verdict, notebook=unpacked["notebook"].encode("utf-8"))


def _read_pointer(path: Path) -> Pointer | None:
    try:
        content = json.loads(path.read_bytes())
        if content.pop("format") != _POINTER_FORMAT:
            raise ValueError("it has another format")
        return Pointer(**content)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        warnings.warn(f"{path} is damaged ({error}); the work is graded again.", DamagedRecord, stacklevel=3)
        return None
