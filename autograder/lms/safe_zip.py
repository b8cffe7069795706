"""Read an archive somebody else made: checked as a whole before anything is unpacked, and never unpacked to disk."""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from autograder.lms.errors import LmsError


@dataclass(frozen=True)
class ZipLimits:
    """What an archive may hold."""

    entries: int = 100_000
    file_mib: int = 256
    total_mib: int = 8_192
    ratio: int = 200
    """Unpacked size over packed size of the whole archive, looked at above 64 MiB."""


CLASS_LIMITS = ZipLimits()
STUDENT_LIMITS = ZipLimits(entries=2_000, file_mib=64, total_mib=256)
_RATIO_FROM_MIB = 64
_JUNK = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", ".ipynb_checkpoints"})


class SafeZip:
    """An archive that has passed all checks; made by `open_zip`.

    Args:
        archive: The open archive.
        name: What to call it in messages.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        self.files: dict[str, zipfile.ZipInfo] = {}
        """Path with forward slashes, to entry; without folders and what operating systems leave behind."""

    def read(self, path: str) -> bytes:
        """Return a file's content.

        Args:
            path: One of `files`.

        Raises:
            LmsError: The content is damaged.
        """
        try:
            with self._archive.open(self.files[path]) as stream:
                content = stream.read(self.files[path].file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
            raise LmsError(f"{self._name} is damaged at {path!r} ({error}); download it again.") from error
        return content


@contextmanager
def open_zip(source: Path | bytes, name: str, limits: ZipLimits = CLASS_LIMITS) -> Iterator[SafeZip]:
    """Open an archive and check all of it that can be checked without unpacking.

    Args:
        source: The file, or its content.
        name: What to call it in messages.
        limits: What it may hold.

    Yields:
        The archive.

    Raises:
        LmsError: It is no archive, too large, or holds names or entries that must not be.
    """
    opened: Path | IO[bytes] = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        archive = zipfile.ZipFile(opened)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LmsError(f"{name} is no zip archive that can be read ({reason}); download it again.") from error
    with archive:
        safe = SafeZip(archive, name)
        _refuse_sizes(archive, name, limits)
        for entry in archive.infolist():
            _refuse_entry(entry, name)
            if entry.is_dir() or _JUNK & set(PurePosixPath(entry.filename).parts) or _is_resource(entry.filename):
                continue
            if entry.filename in safe.files:
                raise LmsError(f"{name} holds {entry.filename!r} twice; download it again.")
            safe.files[entry.filename] = entry
        yield safe


def _is_resource(filename: str) -> bool:
    return PurePosixPath(filename).name.startswith("._")


def _refuse_sizes(archive: zipfile.ZipFile, name: str, limits: ZipLimits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise LmsError(f"{name} holds {len(entries):,} entries, more than the {limits.entries:,} that are read.")
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    largest = max(entries, key=lambda entry: entry.file_size, default=None)
    if unpacked > limits.total_mib * 2**20:
        raise LmsError(
            f"{name} would unpack to {unpacked / 2**20:,.0f} MiB, more than the {limits.total_mib:,} MiB that are read."
        )
    if largest is not None and largest.file_size > limits.file_mib * 2**20:
        raise LmsError(
            f"{largest.filename!r} in {name} would unpack to {largest.file_size / 2**20:,.0f} MiB, "
            f"more than the {limits.file_mib} MiB that are read."
        )
    if unpacked > _RATIO_FROM_MIB * 2**20 and unpacked > limits.ratio * max(1, packed):
        raise LmsError(
            f"{name} would unpack to {unpacked / max(1, packed):,.0f} times its size: it looks made to fill the disk."
        )


def _refuse_entry(entry: zipfile.ZipInfo, name: str) -> None:
    # zipfile cuts a name at a zero byte, so that what is shown and what was meant differ
    for filename in (entry.filename, getattr(entry, "orig_filename", entry.filename)):
        parts = filename.replace("\\", "/").split("/")
        is_absolute = filename.startswith(("/", "\\")) or (len(parts[0]) == 2 and parts[0][1] == ":")
        if is_absolute or ".." in parts or "\\" in filename or any(ord(letter) < 32 for letter in filename):
            raise LmsError(
                f"{name} holds the name {filename!r}, which leads out of its folder or is no plain name; "
                "no LMS writes such a name."
            )
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise LmsError(f"{name} holds {entry.filename!r}, which is a link or a device, not a file.")
    if entry.flag_bits & 0x1:
        raise LmsError(f"{name} is encrypted at {entry.filename!r}; unpack it, and make an archive without a password.")
