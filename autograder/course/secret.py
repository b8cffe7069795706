"""The course secret, which seeds the hidden draws: never in git, never in a notebook, readable by its owner only."""

import contextlib
import hashlib
import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from autograder.course.errors import CourseError

SECRET_NAME = ".course_secret"  # noqa: S105 - the name of a file, not its content
SECRET_VARIABLE = "AUTOGRADER_SECRET"  # noqa: S105 - the name of a variable, not its value
DEMO_SECRET = b"demo: everybody knows this secret, never grade with it"
_SHORTEST_SECRET = 16


@dataclass(frozen=True)
class Secret:
    """What seeds the hidden draws of a course."""

    value: bytes
    is_demo: bool = False
    """Whether it is the well-known secret of the demonstration."""
    was_created: bool = False
    """Whether this call made it."""

    @property
    def digest(self) -> str:
        """A name for the secret that may be written down."""
        return hashlib.sha256(b"autograder course secret\0" + self.value).hexdigest()

    def __repr__(self) -> str:
        return f"Secret({self.digest[:8]}…)"


def read_secret(folder: Path, *, create: bool = True) -> Secret:
    """Return a course's secret: from the environment, or from its file in the course folder.

    Args:
        folder: The course folder.
        create: Make a random one if there is none yet.

    Returns:
        The secret; `was_created` tells whether it is new.

    Raises:
        CourseError: There is none and none was to be made, it is too short, or others may read its file.
    """
    from_environment = os.environ.get(SECRET_VARIABLE)
    if from_environment is not None:
        return _checked(from_environment.encode(), f"the variable {SECRET_VARIABLE}")
    path = folder / SECRET_NAME
    if not path.exists() and create and _create_secret(path):
        return Secret(path.read_bytes().strip(), was_created=True)
    try:
        mode = path.stat().st_mode
        value = path.read_bytes().strip()
    except OSError as error:
        raise CourseError(
            f"The course secret {path} cannot be read ({error.strerror}); "
            "`autograder grade` makes one where there is none."
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise CourseError(
            f"The course secret {path} is open to others (mode {mode & 0o777:o}); run `chmod 600 {path}`."
        )
    return _checked(value, str(path))


def _checked(value: bytes, where: str) -> Secret:
    if len(value) < _SHORTEST_SECRET:
        raise CourseError(
            f"The course secret in {where} is too short ({len(value)} bytes, at least {_SHORTEST_SECRET} are needed); "
            "remove it, and `autograder grade` makes a good one."
        )
    return Secret(value, is_demo=value == DEMO_SECRET)


def _create_secret(path: Path) -> bool:
    """Write a new secret; tell whether this call was the one that did."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    write_secret(temporary, secrets.token_hex(32).encode())
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    return True


def write_secret(path: Path, value: bytes) -> None:
    """Write a course secret that only its owner can read.

    Args:
        path: A file that does not exist yet.
        value: The secret, at least 16 bytes.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(value + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
