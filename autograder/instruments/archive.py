"""A term of a course in one file, and a course folder made of it again.

The file is a ZIP with a list of all that is in it, each with its digest. It is written beside its place, read back and
compared, and only then moved there: what has this name is whole.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.course.course import CONFIG_NAME, Course, CourseError
from autograder.course.secret import SECRET_NAME
from autograder.gradebook.access import course_directory
from autograder.gradebook.database_file import gradebook_path

FORMAT = 1
_LIST = "term.json"
_GRADEBOOK = "gradebook.db"
_CHUNK = 2**20
_CACHES = ("answers", "dry-run")
"""Of the state folder: what is made again when it is gone, and large."""
_STAYS = ("run.lock", "writer.lock", "calibration.jsonl", *_CACHES)
"""Of the state folder: what is of no term."""


@dataclass(frozen=True)
class Term:
    """What of a course folder belongs to a term. Paths are relative to the folder."""

    leaves: tuple[str, ...]
    """What the next term begins without: gradebook, verdicts, submissions, secret."""
    stays: tuple[str, ...]
    """What goes on, and is archived as it was."""
    caches: tuple[str, ...]
    """What is dropped."""
    gradebook: str


@dataclass
class Listed:
    """The list in an archive."""

    made_at: str
    versions: Mapping[str, str]
    files: dict[str, str] = field(default_factory=dict)
    """Name to SHA-256; of the gradebook, of what its tables hold."""
    links: dict[str, str] = field(default_factory=dict)
    """Links that students handed in, and where they lead; never followed."""


def term_of(course: Course) -> Term:
    """Tell what of a course folder belongs to a term.

    Args:
        course: The course.

    Raises:
        CourseError: The gradebook is on a server, or something lies outside the course folder.
    """
    directory = course_directory(course)
    book = gradebook_path(str(directory.db_url))
    if book is None:
        raise CourseError(
            "The gradebook is on a server, which no file takes in; give the new term a database of its own in "
            "c.CourseDirectory.db_url, and a course folder of its own."
        )
    state = [path for path in sorted(course.state_directory.glob("*")) if path.name not in _STAYS]
    folders = [getattr(directory, f"{name}_directory") for name in ("submitted", "autograded", "feedback")]
    leaves = [book, *(course.root / str(name) for name in folders), *state, course.root / SECRET_NAME]
    stays = [course.root / CONFIG_NAME, course.source_directory, course.root / str(directory.release_directory)]
    stays.append(course.rubrics_directory)
    stays += [course.root / name for name in (course.settings.checks_directory, course.settings.class_list) if name]
    caches = [course.state_directory / name for name in _CACHES]

    def there(paths: list[Path]) -> tuple[str, ...]:
        return tuple(_inside(course, path) for path in paths if path.exists())

    return Term(there(leaves), there(stays), there(caches), gradebook=_inside(course, book))


def _inside(course: Course, path: Path) -> str:
    place = Path(os.path.normpath(course.root / path))
    if not place.is_relative_to(course.root):
        raise CourseError(
            f"{place} lies outside the course folder {course.root}, so it cannot be archived with it; move it there, "
            "and correct nbgrader_config.py."
        )
    if place.is_symlink():
        raise CourseError(
            f"{place} is a link, which is not followed into an archive; put what it leads to in its place."
        )
    return place.relative_to(course.root).as_posix()


def write_archive(course: Course, term: Term, target: Path, scratch: Path) -> Listed:
    """Write a term to one file, and read it back.

    Args:
        course: The course; nobody else may be writing.
        term: From `term_of`.
        target: Where to; there must be nothing.
        scratch: A folder for what is needed meanwhile.

    Returns:
        Its list.

    Raises:
        CourseError: There is something already, or what was written does not come back as it was.
    """
    if target.exists():
        raise CourseError(f"{target} is there already and is not written over; name another file with --archive.")
    target.parent.mkdir(parents=True, exist_ok=True)
    versions = {name: metadata.version(name) for name in ("autograder", "nbgrader", "keras")}
    listed = Listed(datetime.now(UTC).isoformat(timespec="seconds"), versions)
    temporary = target.with_name(f".{target.name}.new")
    temporary.unlink(missing_ok=True)  # of a run that was killed
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for name, path in _files(course.root, (*term.leaves, *term.stays), listed.links):
                    listed.files[name] = _add(archive, name, path, scratch if name == term.gradebook else None)
                archive.writestr(_LIST, json.dumps({"format": FORMAT, "gradebook": term.gradebook, **vars(listed)}))
            stream.flush()
            os.fsync(stream.fileno())
        _refuse_damaged(temporary, scratch)
        os.link(temporary, target)  # unlike a move, never over something that has come in between
        _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return listed


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files(root: Path, names: tuple[str, ...], links: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """Yield regular files; links are noted and not followed."""
    for name in names:
        top = root / name
        inner = sorted(top.rglob("*")) if top.is_dir() and not top.is_symlink() else []
        for path in [top, *inner]:
            status = path.lstat()
            said = path.relative_to(root).as_posix()
            if stat.S_ISLNK(status.st_mode):
                links[said] = str(path.readlink())
            elif stat.S_ISREG(status.st_mode):
                yield said, path


def _add(archive: zipfile.ZipFile, name: str, path: Path, scratch: Path | None) -> str:
    if scratch is None:
        digest = hashlib.sha256()
        with path.open("rb") as given, archive.open(_entry(name, path), "w", force_zip64=True) as taken:
            while chunk := given.read(_CHUNK):
                digest.update(chunk)
                taken.write(chunk)
        return digest.hexdigest()
    copy = scratch / _GRADEBOOK
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as book, closing(sqlite3.connect(copy)) as other:
        book.backup(other)  # with what is still in a journal beside the file
    with copy.open("rb") as given, archive.open(_entry(name, path), "w", force_zip64=True) as taken:
        shutil.copyfileobj(given, taken, _CHUNK)
    return gradebook_digest(copy)


def _entry(name: str, path: Path) -> zipfile.ZipInfo:
    seconds = max(path.stat().st_mtime, 315_619_200)  # ZIP knows no time before 1980
    entry = zipfile.ZipInfo(name, datetime.fromtimestamp(seconds, UTC).timetuple()[:6])
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return entry


def gradebook_digest(path: Path) -> str:
    """Return a digest of what a gradebook holds, however its file is laid out.

    Args:
        path: An SQLite file.
    """
    digest = hashlib.sha256()
    with closing(sqlite3.connect(path)) as book:
        for line in book.iterdump():
            digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file.

    Args:
        path: The file.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_list(archive: Path) -> tuple[Listed, str]:
    """Return the list of an archive, and the name of the gradebook in it.

    Args:
        archive: The file.

    Raises:
        CourseError: It is no archive of a term, or of a later version.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            found: dict[str, Any] = json.loads(opened.read(_LIST))
        if found.pop("format") != FORMAT:
            raise CourseError(f"{archive} was written by a later version of autograder; restore it with that.")
        gradebook = str(found.pop("gradebook"))
        return Listed(**found), gradebook
    except OSError as error:
        raise CourseError(f"{archive} cannot be read ({error.strerror}); check the name.") from error
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise CourseError(f"{archive} is no term that `autograder new-term` has archived; name such a file.") from error


def _refuse_damaged(path: Path, scratch: Path) -> None:
    """Read all of an archive and compare it with its list."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        _unpack(path, Path(folder), keeps=False)


def restore(archive: Path, folder: Path) -> Listed:
    """Make a course folder of an archive.

    Args:
        archive: The file.
        folder: Where to; there must be nothing.

    Returns:
        Its list.

    Raises:
        CourseError: It is no archive, it is damaged, or there is something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CourseError(f"{folder} is there already and not empty; name a folder that is not there yet.")
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
        made = Path(place) / "course"
        made.mkdir(mode=0o700)
        listed, gradebook = _unpack(archive, made)
        _own_gradebook(made / CONFIG_NAME, folder / gradebook)
        made.replace(folder)
    return listed


def _own_gradebook(config: Path, gradebook: Path) -> None:
    """Let the folder's settings name its own gradebook: an address in them would be that of the present term's."""
    if "db_url" in config.read_text(encoding="utf-8"):
        said = "\n# Written by `autograder new-term --restore`: the archived gradebook, not the one named above.\n"
        with config.open("a", encoding="utf-8") as stream:
            stream.write(f"{said}c.CourseDirectory.db_url = {f'sqlite:///{gradebook}'!r}\n")


def _unpack(archive: Path, folder: Path, *, keeps: bool = True) -> tuple[Listed, str]:
    listed, gradebook = read_list(archive)
    for name in listed.files:
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or parts[0] == "/" or "\0" in name:
            raise CourseError(f"{archive} names a file outside its folder ({name!r}); it is no archive of ours.")
    with zipfile.ZipFile(archive) as opened:
        for name, digest in listed.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                with opened.open(name) as given, target.open("xb") as taken:
                    target.chmod(0o600)
                    shutil.copyfileobj(given, taken, _CHUNK)
                found = gradebook_digest(target) if name == gradebook else file_digest(target)
            except (KeyError, EOFError, zipfile.BadZipFile, zlib.error, sqlite3.Error) as error:
                what = f"{name} cannot be read ({error})"
                raise CourseError(f"{archive} is damaged: {what}; use another copy.") from error
            if found != digest:
                raise CourseError(f"{archive} is damaged: {name} is not what was archived; use another copy.")
            if not keeps:
                target.unlink()
    return listed, gradebook
