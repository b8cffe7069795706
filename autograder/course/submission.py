"""What one student handed in for one notebook, read from a folder without trusting anything in it."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from autograder.course.errors import UnusableNotebook
from autograder.course.reading import read_notebook_file

MAX_FILES = 200
MAX_FILES_MIB = 64
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
class Submission:
    """A notebook and the files beside it, as bytes."""

    notebook: bytes
    files: Mapping[str, bytes]
    """Relative path with forward slashes, to content; the instructor's files win over the student's."""
    notes: tuple[str, ...] = ()
    """Sentences about files that were left out."""
    problem: str = ""
    """Why the notebook file itself was not read, e.g. because it is far too large; `notebook` is empty then."""


def read_submission(folder: Path, notebook: str, source: Path) -> Submission:
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
    return Submission(notebook=content, files=files, notes=tuple(notes), problem=problem)


def links_in(folder: Path) -> list[Path]:
    """List the symbolic links of a submission; whoever follows one may copy a secret.

    Args:
        folder: The submitted folder of one student and assignment.

    Returns:
        Their paths relative to the folder.
    """
    return [path.relative_to(folder) for path, status in _walk(folder) if stat.S_ISLNK(status.st_mode)]


def _read_files(folder: Path, notes: list[str]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    room = MAX_FILES_MIB * 2**20
    for path, status in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if any(fnmatch(part, pattern) for part in path.relative_to(folder).parts for pattern in IGNORED):
            continue
        if not stat.S_ISREG(status.st_mode):
            notes.append(f"{name!r} was left out: it is a link or a device, not a file.")
        elif len(files) >= MAX_FILES or status.st_size > room:
            notes.append(
                f"{name!r} was left out: at most {MAX_FILES} files of {MAX_FILES_MIB} MiB together are looked at."
            )
        else:
            files[name] = path.read_bytes()
            room -= status.st_size
    return files


def _walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """All entries but real folders, sorted, links not followed, with their status."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        linked = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in sorted([*names, *linked]):
            path = Path(parent) / name
            yield path, path.lstat()
