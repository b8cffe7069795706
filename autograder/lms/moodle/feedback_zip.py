"""The zip of feedback files that Moodle takes: whose pages are in it, and in how many parts.

Moodle finds the owner of a file by the number in its folder's name. In a team assignment that is the number of the
*group*, and the file goes to everybody in it: such pages are made for the team, or not at all.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.whole_files import write_whole
from autograder.lms.errors import LmsError

_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[KMG]?)i?B?", re.IGNORECASE)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}
_ENTRY_OVERHEAD = 300
"""Bytes of a zip for an entry besides name and content, generously."""


@dataclass
class TeamPages:
    """The feedback of one team, as far as its members' pages agree.

    Args:
        name: Of the team.
    """

    name: str
    pages: dict[str, str] = field(default_factory=dict)
    points: object = None
    words: set[str] = field(default_factory=set)
    """What names one member: ids and addresses."""
    problem: str = ""

    def add(self, points: object, pages: Mapping[str, str], words: Iterable[str]) -> None:
        """Hold another member's pages against those of the others.

        Args:
            points: What the member got, by exercise.
            pages: The member's.
            words: The member's id and address.
        """
        self.words |= {word.casefold() for word in words if len(word) > 3}
        if self.points is None:
            self.points, self.pages = points, dict(pages)
        elif self.points != points:
            self.problem = "its members have different points"
        elif self.pages != dict(pages):
            self._refuse_names()
        if not pages:
            self.problem = self.problem or "a member has no pages"

    def _refuse_names(self) -> None:
        # where the members' pages are the same letter for letter, nothing in them can be one member's alone
        text = "".join(self.pages.values()).casefold()
        named = sorted(word for word in self.words if word in text)
        if named:
            self.problem = f"its page names {named[0]}, and would reach everybody in the team"


def digest_of_pages(pages: Mapping[str, str]) -> str:
    """Return a name for a set of pages: the same content has the same name.

    Args:
        pages: Page by notebook.
    """
    total = hashlib.sha256()
    for name, page in sorted(pages.items()):
        total.update(f"{name}:{len(page)}:{page}".encode())
    return total.hexdigest()


def size_of(text: str) -> int:
    """Read a size such as `100M`.

    Args:
        text: A number with K, M or G.

    Returns:
        Bytes.

    Raises:
        LmsError: It is none.
    """
    match = _SIZE.fullmatch(text.strip())
    size = int(float(match["number"]) * _UNITS[match["unit"].upper()]) if match else 0
    if size < 2**10:
        raise LmsError(f"--max-zip is a size such as 100M or 500K (got {text!r}).")
    return size


def zip_of(pages: Mapping[str, str]) -> bytes:
    """Pack pages, the same ones always into the same bytes.

    Args:
        pages: Path to text.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, page in sorted(pages.items()):
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, page.encode("utf-8"))
    return packed.getvalue()


def is_too_large(pages: Mapping[str, str], most_bytes: int) -> bool:
    """Tell whether one person's pages are larger than an archive may be.

    Args:
        pages: Path to text.
        most_bytes: What an archive may be large.
    """
    return len(zip_of(pages)) + _ENTRY_OVERHEAD > most_bytes


def in_parts(pages: Mapping[str, str], most_bytes: int) -> list[bytes]:
    """Pack pages into as few archives as needed, all pages of one number in the same.

    Args:
        pages: Path to text; the first folder belongs to one number.
        most_bytes: What an archive may be large; 0 for any size.

    Returns:
        The archives.
    """
    if not most_bytes:
        return [zip_of(pages)] if pages else []
    folders: dict[str, dict[str, str]] = {}
    for path, page in pages.items():
        folders.setdefault(path.partition("/")[0], {})[path] = page
    parts: list[dict[str, str]] = []
    room = 0
    for _, inside in sorted(folders.items()):
        size = len(zip_of(inside)) + _ENTRY_OVERHEAD
        if size > room:
            parts.append({})
            room = most_bytes
        parts[-1] |= inside
        room -= size
    return [zip_of(part) for part in parts]


def write_parts(folder: Path, stem: str, parts: list[bytes]) -> list[Path]:
    """Write archives, numbered where there are several.

    Args:
        folder: Where to.
        stem: What they are called, without the number.
        parts: Their contents.

    Returns:
        The files.
    """
    names = [f"{stem}.zip"] if len(parts) == 1 else [f"{stem}_{n}of{len(parts)}.zip" for n in range(1, len(parts) + 1)]
    for name, content in zip(names, parts, strict=True):
        write_whole(folder / name, content)
    return [folder / name for name in names]
