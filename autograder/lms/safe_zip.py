"""Read an archive somebody else made: checked as a whole before anything is unpacked, and never unpacked to disk.

An archive of a class is many people's: what is wrong with one file is said of that file (`SafeZip.troubles`), and
everybody else's are read. Names are brought into one form before anything is compared: `./a`, `a//b` and a letter with
a loose accent are other spellings of one name.
"""

import io
import stat
import unicodedata
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
    """Unpacked size over packed size of one file, looked at above 16 MiB."""


CLASS_LIMITS = ZipLimits()
STUDENT_LIMITS = ZipLimits(entries=2_000, file_mib=64, total_mib=256)
_RATIO_FROM_MIB = 16
_MOST_NAME_BYTES = 200
"""Of one part; file systems take 255, and what is set aside gets a longer name."""
_MOST_PATH_BYTES = 800
_MOST_FOLDERS = 16
_READABLE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_JUNK = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", ".ipynb_checkpoints"})
_UTF8_FLAG = 0x800


class Budget:
    """How much one person's files may hold, all of them and their archives together.

    Args:
        limits: The most.
    """

    def __init__(self, limits: ZipLimits = STUDENT_LIMITS) -> None:
        self._limits = limits
        self._bytes, self._files = 0, 0

    def take(self, size: int) -> None:
        """Count one file.

        Args:
            size: In bytes, unpacked.

        Raises:
            LmsError: It is more than may be.
        """
        self._bytes += size
        self._files += 1
        if self._bytes > self._limits.total_mib * 2**20:
            raise LmsError(
                f"what was handed in holds more than the {self._limits.total_mib} MiB that are read of one person."
            )
        if self._files > self._limits.entries:
            raise LmsError(
                f"what was handed in holds more than the {self._limits.entries:,} files that are read of one person."
            )


class SafeZip:
    """An archive whose entries have been checked; made by `open_zip`.

    Args:
        archive: The open archive.
        name: What to call it in messages.
    """

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._archive = archive
        self._name = name
        self.files: dict[str, zipfile.ZipInfo] = {}
        """Path with forward slashes, to entry; without folders and what operating systems leave behind."""
        self.troubles: dict[str, str] = {}
        """Path of what must not be read, to why: a clause that goes on after the archive's name."""

    def read(self, path: str, budget: Budget | None = None) -> bytes:
        """Return a file's content.

        Args:
            path: One of `files`.
            budget: What the person it belongs to may still hand in.

        Raises:
            LmsError: The content is damaged, or more than may be.
        """
        entry = self.files[path]
        if budget is not None:
            budget.take(entry.file_size)
        try:
            with self._archive.open(entry) as stream:
                return stream.read(entry.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            # RuntimeError: an unknown password or packing; ValueError: what lzma says of damaged headers
            raise LmsError(f"{self._name} is damaged at {path!r} ({error}); download it again.") from error


@contextmanager
def open_zip(
    source: Path | bytes, name: str, limits: ZipLimits = CLASS_LIMITS, *, refuse_troubles: bool = True
) -> Iterator[SafeZip]:
    """Open an archive and check all of it that can be checked without unpacking.

    Args:
        source: The file, or its content.
        name: What to call it in messages.
        limits: What it may hold.
        refuse_troubles: Whether one file that must not be read is a reason to refuse the whole archive; if not, it is
            in `troubles`.

    Yields:
        The archive.

    Raises:
        LmsError: It is no archive, too large, or holds names or entries that must not be.
    """
    opened = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        archive = _opened(opened)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise LmsError(f"{name} is no zip archive that can be read ({reason}); download it again.") from error
    with archive:
        safe = SafeZip(archive, name)
        _refuse_sizes(archive, name, limits)
        doubled = set()
        for entry in archive.infolist():
            path, trouble = _path_of(entry)
            parts = set(path.split("/"))
            if not trouble and (entry.is_dir() or parts & _JUNK or PurePosixPath(path).name.startswith("._")):
                continue
            trouble = trouble or _trouble_of(entry, path, limits)
            if not trouble and (path in safe.files or path in doubled):
                doubled.add(path)
                trouble = f"holds {path!r} twice; one of them must be meant"
            if trouble and refuse_troubles:
                raise LmsError(f"{name} {trouble}.")
            if trouble:
                safe.troubles[path] = trouble
            else:
                safe.files[path] = entry
        for path in doubled:
            del safe.files[path]
        yield safe


def _opened(source: Path | io.BytesIO) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except UnicodeDecodeError:
        # one name says that it is UTF-8 and is not; the others shall not suffer for it
        stream: IO[bytes] = source if isinstance(source, io.BytesIO) else source.open("rb")
        stream.seek(0)
        archive = zipfile.ZipFile(_Mended(stream))
        archive.__dict__["_filePassed"] = 0  # closes what was opened for it
        return archive


class _Mended:
    """A zip file in whose list of contents names that are not UTF-8 no longer say that they are."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.seek, self.tell, self.close = stream.seek, stream.tell, stream.close

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        return _without_false_flags(data) if data.startswith(b"PK\x01\x02") else data


def _without_false_flags(directory: bytes) -> bytes:
    mended, place = bytearray(directory), 0
    while directory[place : place + 4] == b"PK\x01\x02" and place + 46 <= len(directory):
        flags, lengths = (
            int.from_bytes(directory[place + 8 : place + 10], "little"),
            [
                int.from_bytes(directory[place + 28 + 2 * number : place + 30 + 2 * number], "little")
                for number in range(3)
            ],
        )
        try:
            directory[place + 46 : place + 46 + lengths[0]].decode("utf-8")
        except UnicodeDecodeError:
            mended[place + 8 : place + 10] = (flags & ~_UTF8_FLAG).to_bytes(2, "little")
        place += 46 + sum(lengths)
    return bytes(mended)


def _refuse_sizes(archive: zipfile.ZipFile, name: str, limits: ZipLimits) -> None:
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise LmsError(f"{name} holds {len(entries):,} entries, more than the {limits.entries:,} that are read.")
    unpacked = sum(entry.file_size for entry in entries if not _too_large(entry, limits))
    if unpacked > limits.total_mib * 2**20:
        raise LmsError(
            f"{name} would unpack to {unpacked / 2**20:,.0f} MiB, more than the {limits.total_mib:,} MiB that are read."
        )


def _too_large(entry: zipfile.ZipInfo, limits: ZipLimits) -> bool:
    if entry.file_size > limits.file_mib * 2**20:
        return True
    return entry.file_size > _RATIO_FROM_MIB * 2**20 and entry.file_size > limits.ratio * max(1, entry.compress_size)


def _path_of(entry: zipfile.ZipInfo) -> tuple[str, str]:
    """The path in one spelling, and why it must not be one."""
    # zipfile cuts a name at a zero byte, so that what is shown and what was meant differ
    for filename in (entry.filename, getattr(entry, "orig_filename", entry.filename)):
        parts = filename.replace("\\", "/").split("/")
        is_absolute = filename.startswith(("/", "\\")) or (len(parts[0]) == 2 and parts[0][1] == ":")
        has_control = any(unicodedata.category(letter) in ("Cc", "Cs") for letter in filename)
        if is_absolute or ".." in parts or "\\" in filename or has_control:
            shown = filename.replace("\\", "/")
            return shown, (
                f"holds the name {filename!r}, which leads out of its folder or is no plain name; "
                "no LMS writes such a name"
            )
    parts = [unicodedata.normalize("NFC", part) for part in entry.filename.split("/") if part not in ("", ".")]
    path = "/".join(parts)
    if not parts:
        return entry.filename, f"holds the name {entry.filename!r}, which is no name of a file" * (not entry.is_dir())
    if len(parts) > _MOST_FOLDERS:
        return path, f"holds {path[:80]!r}…, {len(parts)} folders deep, more than the {_MOST_FOLDERS} that are read"
    if max(len(part.encode()) for part in parts) > _MOST_NAME_BYTES or len(path.encode()) > _MOST_PATH_BYTES:
        return path, f"holds the name {path[:80]!r}…, which is too long for a file; give it a shorter one"
    return path, ""


def _trouble_of(entry: zipfile.ZipInfo, path: str, limits: ZipLimits) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return f"holds {path!r}, which is a link or a device, not a file"
    if entry.flag_bits & 0x1:
        return f"is encrypted at {path!r}; unpack it, and make an archive without a password"
    if entry.compress_type not in _READABLE:
        return f"holds {path!r}, which is packed in a way that cannot be read; make an ordinary zip archive"
    if not _too_large(entry, limits):
        return ""
    size = f"holds {path!r}, which would unpack to {entry.file_size / 2**20:,.0f} MiB"
    if entry.file_size > limits.file_mib * 2**20:
        return f"{size}, more than the {limits.file_mib} MiB that are read"
    return (
        f"{size}, {entry.file_size / max(1, entry.compress_size):,.0f} times its size: it looks made to fill the disk"
    )
