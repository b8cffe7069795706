"""What one student handed in for one notebook, read from a folder without trusting anything in it."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import Exercise
from autograder.course.notebooks import recognise
from autograder.course.reading import read_notebook_file
from autograder.course.sealed import read_submitted

MAX_FILES = 200
MAX_FILES_MIB = 64
MAX_ENTRIES = 5_000
"""Files, links and the like in one submission; a folder with more is not walked to its end."""
MAX_DEPTH = 16
MAX_NAME_BYTES = 1_000
"""Of a path below the submission's folder: longer ones do not fit where they are copied to."""
# nbgrader's own files, and what it never copies either; the time of a submission must not change its verdict.
IGNORED = (
    "*.ipynb",
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    "feedback",
    "timestamp.txt",
    "submission_secret.txt",
    "*_info.txt",
)


@dataclass(frozen=True)
class HandedIn:
    """A notebook and the files beside it, as bytes."""

    notebook: bytes
    files: Mapping[str, bytes]
    """Relative path with forward slashes, to content; the instructor's files win over the student's."""
    notes: tuple[str, ...] = ()
    """Sentences about files that were left out."""
    problem: str = ""
    """Why the notebook file itself was not read, e.g. because it is far too large; `notebook` is empty then."""


def read_submission(folder: Path, notebook: str, source: Path) -> HandedIn:
    """Read a notebook and the files beside it.

    Args:
        folder: The submitted folder of one student and assignment.
        notebook: The notebook's name without suffix.
        source: The instructor's folder of the assignment; its files replace the student's of the same name.

    Returns:
        The submission. Links and special files are left out, and so is what exceeds the limits on number and size.
    """
    notes: list[str] = []
    files = _read_files(folder, notes)
    files.update(_read_files(source, []))
    try:
        content, problem = read_notebook_file(folder / f"{notebook}.ipynb"), ""
    except UnusableNotebook as unusable:
        content, problem = b"", str(unusable)
    return HandedIn(notebook=content, files=files, notes=tuple(notes), problem=problem)


def renamed_notebooks(folder: Path, exercises: Mapping[str, Exercise]) -> dict[str, list[Path]]:
    """Find notebooks that were handed in under another name, by what is in them.

    Args:
        folder: The submitted folder of one student and assignment.
        exercises: Of the assignment, by name.

    Returns:
        Exercise to the files that are its notebook, exercises without any left out.
    """
    found: dict[str, list[Path]] = {}
    names = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".ipynb")
    for path in names[:MAX_FILES]:
        if path.name in {f"{name}.ipynb" for name in exercises}:
            continue
        try:
            name = recognise(read_submitted(read_notebook_file(path)).cells, exercises)
        except UnusableNotebook:
            continue
        if name:
            found.setdefault(name, []).append(path)
    return found


def copied_not(ignored: Iterable[str]) -> tuple[str, ...]:
    """Return the patterns of names that are not copied to autograded/.

    Args:
        ignored: nbgrader's own, `CourseDirectory.ignore`.
    """
    return (*ignored, "*.ipynb")


def entries_not_copied(folder: Path, ignored: Iterable[str]) -> list[Path]:
    """List what lies in a submission and is not copied to autograded/: links above all, which may lead to a secret.

    Args:
        folder: The submitted folder of one student and assignment.
        ignored: nbgrader's own patterns, `CourseDirectory.ignore`.

    Returns:
        Paths relative to the folder; no notebooks.
    """
    kept = {name for name, _ in plain_files(folder, copied_not(ignored), [])}
    others = (found for found in _walk(folder) if found[1] is None or not stat.S_ISDIR(found[1].st_mode))
    paths = (path.relative_to(folder) for path, _ in others)
    return [path for path in paths if path.as_posix() not in kept and path.suffix != ".ipynb"]


def plain_files(folder: Path, ignored: Iterable[str], notes: list[str]) -> Iterator[tuple[str, Path]]:
    """Yield the files of a folder that are read and copied: regular ones, within the limits on number and size.

    Args:
        folder: The submitted folder of one student and assignment, or the instructor's.
        ignored: Patterns of names that are passed over in silence.
        notes: What was left out is said here, a sentence each.

    Yields:
        Relative path with forward slashes, and where the file lies. Its size is checked, not its content.
    """
    patterns = tuple(ignored)
    room, count = MAX_FILES_MIB * 2**20, 0
    for seen, (path, status) in enumerate(_walk(folder)):
        if seen >= MAX_ENTRIES:
            notes.append(f"At most {MAX_ENTRIES:,} entries beside a notebook are looked at; the rest was left out.")
            return
        is_folder = status is not None and stat.S_ISDIR(status.st_mode)
        if is_folder and os.access(path, os.R_OK | os.X_OK):
            continue
        parts = path.relative_to(folder).parts
        if any(fnmatch(part, pattern) for part in parts for pattern in patterns):
            continue
        name = "/".join(parts)
        size = status.st_size if status is not None else 0
        if reason := _why_not(path, status, name, len(parts)):
            notes.append(f"{_short(name)} was left out: {reason}.")
        elif count >= MAX_FILES or size > room:
            notes.append(
                f"{_short(name)} was left out: at most {MAX_FILES} files of {MAX_FILES_MIB} MiB together are looked at."
            )
        else:
            count, room = count + 1, room - size
            yield name, path


def _why_not(path: Path, status: os.stat_result | None, name: str, depth: int) -> str:
    """Say why an entry is not read, whatever its size; empty if it may be."""
    if status is None or depth > MAX_DEPTH or len(name.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES:
        return "its path is too long or too deep, or may not be looked at"
    if stat.S_ISDIR(status.st_mode):
        return "it is a folder that may not be opened; check its permissions"
    if not stat.S_ISREG(status.st_mode):
        return "it is a link or a device, not a file"
    if not _is_text(name):
        return "its name is not UTF-8"
    if not os.access(path, os.R_OK):
        return "it may not be read; check its permissions"
    return ""


def _read_files(folder: Path, notes: list[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name, path in plain_files(folder, IGNORED, notes):
        try:
            files[name] = path.read_bytes()
        except OSError as error:
            notes.append(f"{_short(name)} was left out: it cannot be read ({error.strerror}).")
    return files


def _short(name: str) -> str:
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return repr(text if len(text) <= 80 else f"{text[:60]}…{text[-15:]}")


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result | None]]:
    """All entries, folders too, sorted, links not followed, with their status, or None where that is refused."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        within = [*names, *folders]
        if len(Path(parent).relative_to(folder).parts) > MAX_DEPTH:
            folders.clear()
        for name in sorted(within):
            path = Path(parent) / name
            try:
                status: os.stat_result | None = path.lstat()
            except OSError:
                status = None
            yield path, status
