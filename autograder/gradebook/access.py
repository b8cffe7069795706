"""nbgrader's folders and gradebook of a course: found, opened, locked for the one who writes, and closed to others."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import NullPool, create_engine, make_url, text

from autograder.course.course import Course, CourseError
from autograder.gradebook.database_file import close_to_others, gradebook_path, refuse_unusable


def course_directory(course: Course) -> Any:
    """Return nbgrader's own idea of a course folder.

    Args:
        course: The course.
    """
    return CourseDirectory(config=course.config, root=str(course.root))


def private_places(course: Course) -> list[Path]:
    """Return what holds students' work and points, which nobody else of this machine should read.

    Args:
        course: The course.
    """
    directory = course_directory(course)
    book = gradebook_path(str(directory.db_url))
    folders = [directory.autograded_directory, directory.feedback_directory, directory.submitted_directory]
    return [*([book] if book else []), *(Path(directory.root) / folder for folder in folders)]


def is_shared(course: Course) -> bool:
    """Whether the course is one of a group, by nbgrader's own setting `c.CourseDirectory.groupshared`.

    Args:
        course: The course.
    """
    return bool(course_directory(course).groupshared)


@contextmanager
def open_gradebook(course: Course) -> Iterator[Any]:
    """Open nbgrader's gradebook of a course.

    Args:
        course: The course.

    Yields:
        An `nbgrader.api.Gradebook`.
    """
    directory = course_directory(course)
    refuse_unusable(directory.db_url)
    path = gradebook_path(directory.db_url)
    is_new = path is not None and not path.exists()
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        if path is not None and is_new:
            close_to_others(path, is_group_allowed=bool(directory.groupshared))
        yield gradebook


@contextmanager
def existing_gradebook(course: Course, assignment: str) -> Iterator[Any]:
    """Open the gradebook, unless there is none yet; a new one would only say that it is empty.

    Args:
        course: The course.
        assignment: The nbgrader assignment it is wanted for.

    Yields:
        An `nbgrader.api.Gradebook`.

    Raises:
        CourseError: There is none.
    """
    path = gradebook_path(str(course_directory(course).db_url))
    if path is not None and not path.exists() and path.parent.is_dir():
        raise CourseError(f"There is no gradebook {path} yet; run `autograder prepare {assignment}` first.")
    with open_gradebook(course) as gradebook:
        yield gradebook


@contextmanager
def writer_lock(course: Course) -> Iterator[None]:
    """Hold the lock of whoever writes gradebook or autograded/; entering it twice in a thread is fine.

    It holds for every process that works in this course folder and, if the gradebook is on a PostgreSQL server, for
    every machine that writes to it.

    Args:
        course: The course.

    Yields:
        Nothing.
    """
    course.state_directory.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(course.state_directory / "writer.lock", is_singleton=True)
    with lock:
        if lock.lock_counter > 1:  # this thread holds both already
            yield
            return
        with _server_lock(str(course_directory(course).db_url)):
            yield


@contextmanager
def _server_lock(db_url: str) -> Iterator[None]:
    if make_url(db_url).get_backend_name() != "postgresql":
        yield
        return
    engine = create_engine(db_url, poolclass=NullPool)
    # A lock of the session: the server frees it when the connection ends, also after kill -9.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext('autograder writer'))"))
        yield


def submitted_folder(course: Course, assignment: str, student: str) -> Path:
    """Return where nbgrader keeps what a student handed in.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        student: The nbgrader student id.
    """
    directory = course_directory(course)
    return Path(directory.format_path(directory.submitted_directory, student, assignment))
