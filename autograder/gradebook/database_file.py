"""Whether the file of nbgrader's gradebook is one, looked at before nbgrader opens it.

nbgrader takes whatever it is given: it makes its tables in another program's database, and takes an empty file, as a
full disk leaves it, for a new course. Here such a file is left as it is.
"""

import os
import sqlite3
import stat
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from nbgrader.api import Base
from sqlalchemy import Boolean, DateTime, Float, Integer, Interval, make_url
from sqlalchemy.types import TypeEngine

from autograder.course.errors import CourseError

_HEADER = b"SQLite format 3\0"
_NEWER_IS_FINE = frozenset({"alembic_version"})
_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def gradebook_path(db_url: str) -> Path | None:
    """Return the gradebook's file, or None for one on a server or in memory.

    Args:
        db_url: From nbgrader's configuration.

    Raises:
        CourseError: It is no address of a database.
    """
    try:
        url = make_url(db_url)
    except Exception as error:
        raise CourseError(
            f"c.CourseDirectory.db_url in nbgrader_config.py is no address of a database (got {db_url!r}); write it "
            "like sqlite:////home/you/course/gradebook.db."
        ) from error
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(str(url.database)) if is_file else None


def refuse_unusable(db_url: str) -> None:
    """Refuse what is no gradebook that nbgrader's installed version can use, and change nothing.

    Args:
        db_url: From nbgrader's configuration.

    Raises:
        CourseError: There is something else in the gradebook's place.
    """
    path = gradebook_path(db_url)
    if path is None or not path.exists():
        return
    if not path.is_file():
        raise CourseError(f"The gradebook {path} is no file; move that away and put your backup there.")
    with path.open("rb") as stream:
        header = stream.read(len(_HEADER))
    if not header:
        raise CourseError(
            f"The gradebook {path} is empty (0 bytes), as a full disk leaves it; put your backup there, or delete it "
            "and run `autograder prepare` and `autograder grade` for each assignment."
        )
    if header != _HEADER:
        raise CourseError(f"The gradebook {path} is no SQLite database; move it away and put your backup there.")
    _refuse_other_tables(path)


_KINDS: tuple[tuple[type[TypeEngine[Any]], str, str], ...] = (
    (DateTime, "a time", "NOT is_time({0})"),
    (Interval, "a length of time", "NOT is_time({0})"),
    (Float, "a number", "typeof({0}) NOT IN ('integer', 'real') OR abs({0}) > 1e300"),
    (Integer, "a whole number", "typeof({0}) != 'integer'"),
    (Boolean, "yes or no", "typeof({0}) != 'integer'"),
)
"""Types of columns: what belongs there, and what is none, as SQLite says it, which keeps whatever it is given."""


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is None  # as SQLAlchemy reads it
    except ValueError:
        return False


def _refuse_strange_values(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a gradebook whose values nbgrader cannot read: other programs edit such files, and check nothing."""
    connection.create_function("is_time", 1, _is_time, deterministic=True)
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            for kind, belongs, is_strange in _KINDS:
                if not isinstance(column.type, kind):
                    continue
                condition = is_strange.format(f'"{column.name}"')
                wanted = f'SELECT "{column.name}" FROM "{table.name}"'  # noqa: S608 (nbgrader's own names)
                where = f'WHERE "{column.name}" IS NOT NULL AND ({condition}) LIMIT 1'
                found = connection.execute(f"{wanted} {where}").fetchone()
                if found is not None:
                    raise CourseError(
                        f"The gradebook {path} holds {str(found[0])[:60]!r} where {belongs} belongs, in "
                        f"{table.name}.{column.name}, as another program has left it; correct it there, or put your "
                        "backup in its place."
                    )
                break


def _opened(path: Path) -> sqlite3.Connection:
    """Open a gradebook to be looked at; what a crash left half-written is taken back first, as any program would."""
    address = f"file:{quote(str(path))}?mode="
    connection = sqlite3.connect(f"{address}ro", uri=True)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if "readonly" not in str(error):
            raise
        return sqlite3.connect(f"{address}rw", uri=True)
    return connection


def _refuse_other_tables(path: Path) -> None:
    expected = {table.name: {column.name for column in table.columns} for table in Base.metadata.sorted_tables}
    try:
        with closing(_opened(path)) as connection:
            held = {
                name: {row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')}
                for name in expected
            }  # fmt: skip
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()
            if all(expected[name] <= held[name] for name in expected):
                _refuse_strange_values(path, connection)
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):  # another command is writing; whoever opens it next waits for that
            return
        raise CourseError(
            f"The gradebook {path} is damaged ({error}); put your backup there, or move it away and run "
            "`autograder prepare` and `autograder grade`, which lose only what was given by hand."
        ) from error
    if not held["assignment"] or not held["submitted_notebook"]:
        what = "another program's database" if tables else "a database without tables"
        raise CourseError(
            f"The gradebook {path} is {what}; correct c.CourseDirectory.db_url, or move it away and put your backup "
            "there."
        )
    missing = sorted(f"{name}.{column}" for name, columns in expected.items() for column in columns - held[name])
    if missing:
        raise CourseError(
            f"The gradebook {path} was made by another version of nbgrader (it lacks {', '.join(missing[:3])}); make a "
            "copy of it, then run `nbgrader db upgrade`."
        )


def orphans(db_url: str) -> str:
    """Say which rows of a gradebook belong to others that are gone: nbgrader stumbles over some of them.

    Args:
        db_url: From nbgrader's configuration.

    Returns:
        A sentence; empty if there are none, or it is no file.
    """
    path = gradebook_path(db_url)
    if path is None or not path.is_file():
        return ""
    try:
        with closing(_opened(path)) as connection:
            found = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError:
        return ""
    if found is None:
        return ""
    return (
        f"The gradebook {path} holds rows of {found[0]} whose {found[2]} is gone, as another program has left it; "
        "put your backup in its place."
    )


def refuse_unwritable(db_url: str) -> None:
    """Refuse a gradebook that cannot be written, before hours of work have to be saved in it.

    Args:
        db_url: From nbgrader's configuration.

    Raises:
        CourseError: It cannot be written.
    """
    path = gradebook_path(db_url)
    if path is None or not path.exists():
        return
    for place in (path, path.parent):
        if not os.access(place, os.W_OK):
            raise CourseError(f"{place} cannot be written, so no points can be saved; run `chmod u+w {place}`.")


def is_open_to_others(path: Path, *, is_group_allowed: bool) -> bool:
    """Whether somebody else of this machine may read, or change, a file or folder.

    Args:
        path: The file or folder.
        is_group_allowed: Whether the owner's group may.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return bool(mode & (stat.S_IRWXO if is_group_allowed else _OPEN_TO_OTHERS))


def close_to_others(path: Path, *, is_group_allowed: bool) -> None:
    """Let nobody else of this machine look into a file or folder of ours; what is somebody else's stays as it is.

    Args:
        path: The file or folder; it need not be there.
        is_group_allowed: Whether the owner's group may.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    closed = found.st_mode & ~(stat.S_IRWXO if is_group_allowed else _OPEN_TO_OTHERS)
    if closed != found.st_mode and found.st_uid == os.geteuid():
        path.chmod(stat.S_IMODE(closed))
