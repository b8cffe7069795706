"""The course folder: its exercises, settings and secret.

A course folder is where `nbgrader_config.py` lies beside `source/`. Settings are traits (`c.CourseSettings...`), so
nbgrader's commands and ours read one file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import Any

from traitlets import TraitError
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.course.errors import CourseError
from autograder.course.exercise import Exercise, page_of, pages_from
from autograder.course.notebooks import recognise
from autograder.course.secret import DEMO_SECRET, Secret, read_secret
from autograder.course.settings import CourseSettings
from autograder.judge.wording import no_such
from autograder.kernels.limits import Limits
from autograder.kernels.settings import Isolation

__all__ = ["DEMO_SECRET", "Course", "CourseError", "CourseSettings", "Exercise", "Secret"]

CONFIG_NAME = "nbgrader_config.py"
_STRUCTURE = "{nbgrader_step}/{student_id}/{assignment_id}"
"""Where nbgrader keeps things unless it is told otherwise."""


class Course:
    """A course folder, read once; made by `Course.load` or `Course.find`.

    Args:
        root: A folder that is known to be one.
        config: Its configuration.
    """

    def __init__(self, root: Path, config: Config) -> None:
        self.root = root
        self.config = config
        try:
            self.settings = CourseSettings(config=config)
        except TraitError as error:
            raise CourseError(f"{root / CONFIG_NAME} has a setting that does not fit: {error}; correct it.") from error

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
        _refuse_structure(root, loaded)
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

    @property
    def rubrics_directory(self) -> Path:
        """Where rubrics of written answers are: one file an assignment, of no term."""
        return self.root / "rubrics"

    @cached_property
    def exercises(self) -> dict[str, Exercise]:
        """All notebooks of all assignments that have judged cells and can be used, by name; see `broken`."""
        return self._read_exercises[0]

    @cached_property
    def pages(self) -> frozenset[Path]:
        """The check pages of all notebooks of source/, also of those that cannot be used for the moment."""
        first = {self._page(path.stem) for path in self.source_directory.glob("*/*.ipynb")}
        return frozenset(page for found in first if found.exists() for page in pages_from(found))

    @property
    def broken(self) -> Mapping[str, Sequence[str]]:
        """What is wrong with notebooks of source/ that cannot be used, in sentences, by assignment."""
        return self._read_exercises[1]

    def refuse_broken(self, assignment: str) -> None:
        """Refuse an assignment one of whose notebooks cannot be used.

        Args:
            assignment: The nbgrader assignment, a folder in `source/`.

        Raises:
            CourseError: There is such a notebook; the sentence says what to correct.
        """
        for problem in self.broken.get(assignment, ()):
            raise CourseError(problem)

    @cached_property
    def _read_exercises(self) -> tuple[dict[str, Exercise], dict[str, list[str]]]:
        """Read all notebooks of source/. What is wrong with one assignment stops no other."""
        found: dict[str, Exercise] = {}
        broken: dict[str, list[str]] = {}
        for path in sorted(self.source_directory.glob("*/*.ipynb")):
            try:
                exercise = self._read_exercise(path)
                if exercise is not None and path.stem in found:
                    raise CourseError(
                        f"Two assignments hold a notebook {path.name}; rename one, notebooks need unique names."
                    )
            except CourseError as problem:
                broken.setdefault(path.parent.name, []).append(str(problem))
            else:
                if exercise is not None:
                    found[path.stem] = exercise
        return found, broken

    def _read_exercise(self, path: Path) -> Exercise | None:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise CourseError(f"{path} cannot be read ({error.strerror}); put it right, or move it away.") from error
        exercise = Exercise.from_source(path.stem, content, self._page(path.stem), path.parent.name)
        if not exercise.judged:
            return None
        if not exercise.page.exists():
            raise CourseError(f"{path.stem} has graded cells but no check page; write {exercise.page}.")
        return exercise

    def exercises_of(self, assignment: str) -> dict[str, Exercise]:
        """Return the exercises of one assignment, by name.

        Args:
            assignment: The nbgrader assignment, a folder in `source/`.

        Raises:
            CourseError: There is no such assignment, or nothing in it is judged, or a notebook of it cannot be used.
        """
        self.refuse_broken(assignment)
        chosen = {name: exercise for name, exercise in self.exercises.items() if exercise.assignment == assignment}
        if not chosen:
            known = sorted({exercise.assignment for exercise in self.exercises.values()})
            raise CourseError(
                f"There is no assignment '{assignment}' with graded notebooks in {self.source_directory}; "
                f"there is: {', '.join(known) or 'none'}."
            )
        return chosen

    def exercise_named(self, name: str) -> Exercise:
        """Return the exercise of a name, or of a part that no other has.

        Args:
            name: The name or a part of it.

        Raises:
            CourseError: There is none, or there are several.
        """
        known = [name] if name in self.exercises else [one for one in self.exercises if name in one]
        if len(known) != 1:
            several = f"'{name}' may be {' or '.join(known)}; name one of them." if known else ""
            raise CourseError(several or no_such("exercise", name, self.exercises))
        return self.exercises[known[0]]

    def recognise(self, cells: Sequence[Mapping[str, Any]], name: str = "") -> Exercise | None:
        """Tell which exercise a notebook belongs to: by nbgrader's marks, else by what stands in it, else by its name.

        Args:
            cells: Of the notebook, as `read_notebook` returns it.
            name: Its file name without suffix.
        """
        return self.exercises.get(recognise(cells, self.exercises, name))

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
        """Return the course secret; see `read_secret`.

        Args:
            create: Make a random one if there is none yet.
        """
        return read_secret(self.root, create=create)

    def _page(self, name: str) -> Path:
        if self.settings.checks_directory:
            return page_of(name, self.root / self.settings.checks_directory)
        import autograder.checks

        return page_of(name, Path(autograder.checks.__path__[0]))


def _read_config(root: Path) -> Config:
    try:
        config: Config = PyFileConfigLoader(CONFIG_NAME, path=str(root)).load_config()
    except (Exception, SystemExit) as error:
        # The file is the instructor's Python: whatever it raises, the sentence has to name the file.
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise CourseError(f"{root / CONFIG_NAME} cannot be read: {said}.") from error
    return config


def _refuse_structure(root: Path, config: Config) -> None:
    """Refuse a layout of folders in which nbgrader could not tell people, assignments and steps apart.

    Raises:
        CourseError: The setting names other parts than these three, or not all of them.
    """
    structure = str(config.get("CourseDirectory", {}).get("directory_structure", _STRUCTURE))
    try:
        named = {name for _, name, _, _ in Formatter().parse(structure) if name is not None}
    except ValueError:
        named = set()
    is_whole = named == {name for _, name, _, _ in Formatter().parse(_STRUCTURE) if name}
    if not is_whole or not structure.rstrip("/").endswith("{student_id}/{assignment_id}"):
        raise CourseError(
            f"{root / CONFIG_NAME} has a setting that does not fit: c.CourseDirectory.directory_structure names other "
            f"folders than are filled in, or in another order (got {structure!r}); write it like '{_STRUCTURE}'."
        )


def plain_settings(course: Course) -> Mapping[str, Any]:
    """Return the settings that decide verdicts, as plain values.

    Args:
        course: The course.
    """
    return {**asdict(course.limits), "data_source": course.settings.data_source}
