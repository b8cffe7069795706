"""What each student has been sent: a file that survives being killed at any moment.

One JSON object a line, only ever appended to and synced: `begun` before the LMS is asked, `done` after it has
answered. A student whose last line is `begun` may or may not have received it; whoever sends looks first.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from filelock import FileLock, Timeout

from autograder.lms.outgoing import Outgoing
from autograder.lms.push.errors import PlatformRefused

BEGUN, DONE = "begun", "done"
MARK_LETTERS = 10
"""Of a digest, as many as tell one content from another for somebody."""


@dataclass(frozen=True)
class Entry:
    """The last word about one student."""

    state: str
    digest: str
    at: str
    """ISO 8601, UTC."""
    what: Mapping[str, Any] = field(default_factory=dict)
    """What was sent, as the LMS keeps it: `grade`, `comment`, `pages` (name to SHA-256); of older ledgers nothing."""


def digest_of(outgoing: Outgoing) -> str:
    """Return a name for what a student is sent: the same content has the same name."""
    pages = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(outgoing.pages.items())}
    content = [outgoing.points, outgoing.max_points, outgoing.comment, pages]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class Ledger:
    """One ledger, held by one process; made by `open_ledger`.

    Args:
        path: Of the file.
        stream: The file, open for appending.
    """

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self._stream = stream
        self._entries: dict[str, list[Entry]] = {}
        for student, entry in _read(path):
            self._entries.setdefault(student, []).append(entry)

    def last(self, student: str) -> Entry | None:
        """Return the last word about a student."""
        said = self._entries.get(student)
        return said[-1] if said else None

    def sent(self, student: str) -> list[Mapping[str, Any]]:
        """Return all that a student was sent, or may have been sent, newest last."""
        return [entry.what for entry in self._entries.get(student, []) if entry.what]

    def begin(self, student: str, digest: str, what: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Note that the LMS is about to be asked."""
        self._note(student, BEGUN, digest, what)

    def finish(self, student: str, digest: str, what: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Note that the LMS has taken it."""
        self._note(student, DONE, digest, what)

    def _note(self, student: str, state: str, digest: str, what: Mapping[str, Any]) -> None:
        entry = Entry(state, digest, datetime.now(UTC).isoformat(timespec="milliseconds"), dict(what))
        said = {"student": student, "state": state, "digest": digest, "at": entry.at, "what": entry.what}
        line = json.dumps(said, ensure_ascii=False)
        self._stream.write(line.encode() + b"\n")
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._entries.setdefault(student, []).append(entry)


@contextmanager
def open_ledger(folder: Path, name: str) -> Iterator[Ledger]:
    """Open the ledger of one assignment of one LMS for this process alone.

    Args:
        folder: Where ledgers lie; made if absent.
        name: What the ledger is of; becomes its file name.

    Yields:
        The ledger.

    Raises:
        PlatformRefused: Another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '_', name)}.jsonl"
    try:
        with FileLock(path.with_suffix(".lock"), timeout=0):
            _cut_torn_line(path)
            with path.open("ab") as stream:
                yield Ledger(path, stream)
    except Timeout as busy:
        raise PlatformRefused(f"Another push to {name} is at work; wait for it.") from busy


def _cut_torn_line(path: Path) -> None:
    """Drop a last line that was cut off; what it would have said counts as not said."""
    content = path.read_bytes() if path.exists() else b""
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)


def _read(path: Path) -> Iterator[tuple[str, Entry]]:
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            found: dict[str, Any] = json.loads(line)
            yield found["student"], Entry(found["state"], found["digest"], found["at"], found.get("what") or {})
        except (ValueError, KeyError, TypeError) as error:
            raise PlatformRefused(
                f"Line {number} of {path} is damaged ({error}); mend or remove that line. "
                "Without the ledger, students might be sent things twice."
            ) from error
