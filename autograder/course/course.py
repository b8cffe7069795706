"""The course folder: its exercises, settings and secret.

A course folder is where `nbgrader_config.py` lies beside `source/`. Settings are traits (`c.CourseSettings...`), so
nbgrader's commands and ours read one file.
"""

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from traitlets import Enum, Float, Integer, Unicode
from traitlets.config import Config, Configurable
from traitlets.config.loader import PyFileConfigLoader

from autograder.course.exercise import CourseError, Exercise
from autograder.kernels.limits import Limits
from autograder.kernels.settings import Isolation

__all__ = ["DEMO_SECRET", "Course", "CourseError", "CourseSettings", "Exercise", "Secret"]

CONFIG_NAME = "nbgrader_config.py"
SECRET_NAME = ".course_secret"  # noqa: S105 - the name of a file, not its content
SECRET_VARIABLE = "AUTOGRADER_SECRET"  # noqa: S105 - the name of a variable, not its value
DEMO_SECRET = b"demo: everybody knows this secret, never grade with it"
_SHORTEST_SECRET = 16
_LIMITS = Limits()


class CourseSettings(Configurable):
    """What an instructor may set for the whole course in `nbgrader_config.py`."""

    cell_cpu_seconds = Float(_LIMITS.cell_cpu_seconds, help="CPU-seconds one cell may use.").tag(config=True)
    cell_wall_seconds = Float(_LIMITS.cell_wall_seconds, help="Seconds one cell may last.").tag(config=True)
    notebook_cpu_seconds = Float(_LIMITS.notebook_cpu_seconds, help="CPU-seconds one notebook may use.").tag(
        config=True
    )
    notebook_wall_seconds = Float(_LIMITS.notebook_wall_seconds, help="Seconds one notebook may last.").tag(config=True)
    memory_mib = Integer(_LIMITS.memory_mib, help="Memory one notebook may use.").tag(config=True)
    processes = Integer(_LIMITS.processes, help="Processes and threads one notebook may have at once.").tag(config=True)
    file_mib = Integer(_LIMITS.file_mib, help="Largest file, and size of each folder a notebook may write to.").tag(
        config=True
    )
    output_mib = Integer(_LIMITS.output_mib, help="Outputs one cell may send.").tag(config=True)
    isolation = Enum(
        [kind.value for kind in Isolation],
        default_value=Isolation.SEALED.value,
        help="'sealed' locks every notebook in; 'off' runs student code with your own rights: only for work you trust.",
    ).tag(config=True)
    data_source = Unicode("sketches", help="Where the exercises' images come from.").tag(config=True)
    checks_directory = Unicode(
        "", help="Folder of the hidden check pages, relative to the course folder; empty: the installed ones."
    ).tag(config=True)
    class_list = Unicode(
        "", help="CSV file with a column 'id' naming the class, relative to the course folder; empty: the gradebook."
    ).tag(config=True)


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


class Course:
    """A course folder, read once."""

    def __init__(self, root: Path, config: Config) -> None:
        """Take a folder that is known to be one; use `Course.load`."""
        self.root = root
        self.config = config
        self.settings = CourseSettings(config=config)

    @classmethod
    def load(cls, root: Path, *, config: Config | None = None) -> "Course":
        """Read the course folder at `root`.

        Args:
            root: The folder with `nbgrader_config.py` and `source/`.
            config: Settings that win over the file's, such as those of a running nbgrader command.

        Returns:
            The course.

        Raises:
            CourseError: There is no such folder, or its configuration cannot be read.
        """
        root = root.resolve()
        if not (root / CONFIG_NAME).is_file():
            raise CourseError(f"{root} is no course folder: it has no {CONFIG_NAME}; name one with --course.")
        loaded = _read_config(root)
        if config is not None:
            loaded.merge(config)
        course = cls(root, loaded)
        if not course.source_directory.is_dir():
            raise CourseError(f"{root} is no course folder: it has no {course.source_directory.name}/ folder.")
        return course

    @classmethod
    def find(cls, *places: Path) -> "Course":
        """Read the nearest course folder that holds one of some places.

        Args:
            places: Files or folders, tried in order; each is searched upwards.

        Returns:
            The course.

        Raises:
            CourseError: None of them lies in a course folder.
        """
        for place in places:
            for folder in (place.resolve(), *place.resolve().parents):
                if (folder / CONFIG_NAME).is_file():
                    return cls.load(folder)
        raise CourseError(
            f"There is no course folder here: neither {places[0].resolve()} nor a folder above it holds {CONFIG_NAME}; "
            "change into the course folder, or name it with --course."
        )

    @property
    def source_directory(self) -> Path:
        """Where the instructor's assignments lie."""
        return self.root / str(self.config.get("CourseDirectory", {}).get("source_directory", "source"))

    @property
    def state_directory(self) -> Path:
        """Where verdicts and locks are kept; readable by its owner only."""
        return self.root / ".autograder"

    @cached_property
    def exercises(self) -> dict[str, Exercise]:
        """All notebooks of all assignments that have judged cells, by name.

        Raises:
            CourseError: An exercise has no check page, or its notebook cannot be used.
        """
        found: dict[str, Exercise] = {}
        for path in sorted(self.source_directory.glob("*/*.ipynb")):
            exercise = Exercise.from_source(path.stem, path.read_bytes(), self._page(path.stem), path.parent.name)
            if not exercise.judged:
                continue
            if path.stem in found:
                raise CourseError(
                    f"Two assignments hold a notebook {path.name}; rename one, notebooks need unique names."
                )
            if not exercise.page.is_file():
                raise CourseError(f"{path.stem} has graded cells but no check page; write {exercise.page}.")
            found[path.stem] = exercise
        return found

    def exercises_of(self, assignment: str) -> dict[str, Exercise]:
        """Return the exercises of one assignment, by name.

        Args:
            assignment: The nbgrader assignment, a folder in `source/`.

        Raises:
            CourseError: There is no such assignment, or nothing in it is judged.
        """
        chosen = {name: exercise for name, exercise in self.exercises.items() if exercise.assignment == assignment}
        if not chosen:
            known = sorted({exercise.assignment for exercise in self.exercises.values()})
            raise CourseError(
                f"There is no assignment '{assignment}' with graded notebooks in {self.source_directory}; "
                f"there is: {', '.join(known) or 'none'}."
            )
        return chosen

    def recognise(self, grade_ids: frozenset[str], name: str = "") -> Exercise | None:
        """Tell which exercise a notebook belongs to.

        Args:
            grade_ids: The grade ids found in it.
            name: Its file name without suffix, used when the ids decide nothing.

        Returns:
            The exercise that shares most grade ids, or the one of that name, or None.
        """
        shared = {known: len(grade_ids & exercise.cells.keys()) for known, exercise in self.exercises.items()}
        best = max(shared, key=lambda candidate: (shared[candidate], candidate == name), default="")
        if shared.get(best):
            return self.exercises[best]
        return self.exercises.get(name)

    @cached_property
    def limits(self) -> "Limits":
        """What one notebook may use.

        Raises:
            CourseError: A limit makes no sense.
        """
        try:
            return Limits(**{field.name: getattr(self.settings, field.name) for field in fields(Limits)})
        except ValueError as error:
            raise CourseError(f"CourseSettings in {self.root / CONFIG_NAME}: {error}.") from error

    @property
    def isolation(self) -> Isolation:
        """Whether student code is sealed."""
        return Isolation(self.settings.isolation)

    def secret(self, *, create: bool = True) -> Secret:
        """Return the course secret: from the environment, or from its file in the course folder.

        Args:
            create: Make a random one if there is none yet.

        Returns:
            The secret; `was_created` tells whether it is new.

        Raises:
            CourseError: There is none and none was to be made, it is too short, or others may read its file.
        """
        from_environment = os.environ.get(SECRET_VARIABLE)
        if from_environment is not None:
            return _checked(from_environment.encode(), f"the variable {SECRET_VARIABLE}")
        path = self.root / SECRET_NAME
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

    def _page(self, name: str) -> Path:
        if self.settings.checks_directory:
            return self.root / self.settings.checks_directory / f"{name}.py"
        import autograder.checks

        return Path(autograder.checks.__path__[0]) / f"{name}.py"


def _read_config(root: Path) -> Config:
    try:
        config: Config = PyFileConfigLoader(CONFIG_NAME, path=str(root)).load_config()
    except Exception as error:
        # The file is the instructor's Python: whatever it raises, the sentence has to name the file.
        raise CourseError(f"{root / CONFIG_NAME} cannot be read: {type(error).__name__}: {error}.") from error
    return config


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


def plain_settings(course: Course) -> Mapping[str, Any]:
    """Return the settings that decide verdicts, as plain values.

    Args:
        course: The course.
    """
    return {**asdict(course.limits), "data_source": course.settings.data_source}
