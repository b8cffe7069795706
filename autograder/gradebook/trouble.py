"""What can go wrong outside of this program, each said in one sentence with what to do."""

import errno
import re
from collections.abc import Callable
from typing import Any

from nbgrader.api import InvalidEntry, MissingEntry
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from traitlets import TraitError

_KEPT = "Verdicts that were found are kept in .autograder/."

_GRADEBOOK = {
    r"database is locked": "is in use by another program, such as formgrader; end that and try again",
    r"readonly|read-only": "cannot be written: it, or its folder, is read-only; allow writing and try again",
    r"database or disk is full": "cannot be written: the disk is full; make room and try again",
    r"disk I/O error": "cannot be read or written: its disk reports an error; look at the disk, and use your backup",
    r"unable to open database file": (
        "cannot be opened: its folder is missing or may not be read; allow it, or correct c.CourseDirectory.db_url"
    ),
    r"not a database|file is encrypted": "is no gradebook, but some other file; move it away and put your backup there",
    r"malformed|corrupt": (
        "is damaged; put your backup in its place, or move it away and run `autograder prepare` and `autograder grade` "
        "again, which lose only what was given by hand"
    ),
    r"no such (?:table|column)|has no column|does not exist|Undefined(?:Table|Column)": (
        "is of another version of nbgrader; make a copy of it, then run `nbgrader db upgrade`"
    ),
    r"can't load plugin|no module named": (
        "is on a database nothing here can talk to; install its driver, or correct c.CourseDirectory.db_url"
    ),
    r"connect|password|authentication|could not translate host|timeout": (
        "is on a server that cannot be reached; start it, or correct c.CourseDirectory.db_url"
    ),
}
"""What databases say, and what it means."""

_SYSTEM = {
    errno.ENOSPC: "the disk is full; make room and try again",
    errno.EDQUOT: "your share of the disk is used up; make room and try again",
    errno.EROFS: "its disk can only be read; allow writing and try again",
    errno.EACCES: "you have no right to it; change its rights (`ls -ld` shows them) and try again",
    errno.EPERM: "you have no right to it; change its rights (`ls -ld` shows them) and try again",
    errno.ENOENT: "it is not there; put it back, or name another",
    errno.ENOTDIR: "a file stands where a folder belongs; move it away",
    errno.EISDIR: "a folder stands where a file belongs; move it away",
    errno.EEXIST: "something else stands in its place; move it away",
    errno.ENAMETOOLONG: "its name is too long for the disk; give it a shorter one",
    errno.ELOOP: "it is a link that leads to itself; remove it",
    errno.EMFILE: "too many files are open; allow more with `ulimit -n 4096` and try again",
    errno.ENFILE: "too many files are open on this machine; close some programs and try again",
    errno.EIO: "the disk reports an error; look at the disk",
    errno.ESTALE: "its network disk has forgotten it; mount it again and try again",
}

EVERYBODYS_TROUBLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE})
"""What is no single student's trouble: a class run ends with it, instead of saying it for everybody."""


def in_words(error: BaseException, otherwise: Callable[[], str] = str) -> str:
    """Return what went wrong and what to do, as one sentence.

    Args:
        error: Anything that was raised.
        otherwise: Looks for a reason where the error says none, and returns a sentence, or nothing.
    """
    if isinstance(error, SQLAlchemyError):
        return _gradebook(error)
    if isinstance(error, TraitError):
        return f"A setting in nbgrader_config.py has a value that does not fit: {_line(error)}; correct it there."
    if isinstance(error, MissingEntry | InvalidEntry):
        return f"The gradebook lacks something: {_line(error)}; run `autograder doctor`, which says what to do."
    if isinstance(error, OSError) and error.errno is not None:
        return _system(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory; close other programs, or grade fewer at once (`--jobs 1`)."
    return otherwise() or (
        f"Something happened that should not: {type(error).__name__}: {_line(error)}. {_KEPT} "
        "Run it again with --debug and report what that prints."
    )


def _gradebook(error: SQLAlchemyError) -> str:
    said = _line(getattr(error, "orig", None) or error)
    for pattern, meaning in _GRADEBOOK.items():
        if re.search(pattern, said, re.IGNORECASE):
            return f"The gradebook {meaning}. {_KEPT}"
    kind = "could not be used" if isinstance(error, OperationalError) else "holds something unexpected"
    return f"The gradebook {kind}: {said}; run `autograder doctor`. {_KEPT}"


def _system(error: OSError) -> str:
    named: Any = error.filename2 or error.filename
    what = f"{named}" if named is not None else "A file or folder"
    meaning = _SYSTEM.get(error.errno or 0, f"{error.strerror}; look at it and try again")
    return f"{what} cannot be used: {meaning}."


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    text = " ".join(lines[0].split()) if lines else "without a word"
    return (text if len(text) <= 300 else text[:299] + "…").rstrip(".")
