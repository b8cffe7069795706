"""The autograder zip that an instructor uploads to Gradescope: the project, one assignment, and the course secret."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import autograder
from autograder.course.course import CONFIG_NAME, Course, CourseError
from autograder.course.secret import SECRET_NAME, Secret
from autograder.lms.gradescope.results import Visibility

SETTINGS_NAME = "gradescope.json"
_PROJECT_FILES = ("LICENSE", "README.md", "pyproject.toml", "scripts/setup", "scripts/system-packages")
_PROJECT_FOLDERS = ("autograder", "transferlab", "requirements")
_HERE = Path(__file__).parent


def write_zip(
    course: Course, assignment: str, secret: Secret, target: Path, *, visibility: Visibility, isolation: str
) -> list[str]:
    """Write the autograder zip.

    Args:
        course: The course.
        assignment: The nbgrader assignment to be graded.
        secret: The course secret; it goes into the zip, so that Gradescope decides as this machine does.
        target: The zip; it is written aside and put in place whole, readable by its owner only.
        visibility: Of the tests.
        isolation: "sealed", or "off" where Gradescope's machine refuses sandboxes.

    Returns:
        Names of what is in it.

    Raises:
        CourseError: There is no such assignment, or this is no checkout of the project.
    """
    exercises = course.exercises_of(assignment)
    settings = {"assignment": assignment, "visibility": visibility.value, "isolation": isolation}
    entries: dict[str, tuple[bytes, int]] = {
        "setup.sh": ((_HERE / "setup.sh").read_bytes(), 0o755),
        "run_autograder": ((_HERE / "run_autograder").read_bytes(), 0o755),
        f"course/{SETTINGS_NAME}": (json.dumps(settings, indent=1).encode(), 0o644),
        f"course/{SECRET_NAME}": (secret.value + b"\n", 0o600),
    }
    for path, name in _project_files():
        entries[f"project/{name}"] = (path.read_bytes(), 0o755 if name.startswith("scripts/") else 0o644)
    course_files = [course.root / CONFIG_NAME, *_files(course.source_directory / assignment)]
    if course.settings.checks_directory:
        course_files += {page for exercise in exercises.values() for page in (*exercise.pages, *exercise.beside)}
    for path in course_files:
        entries[f"course/{path.relative_to(course.root).as_posix()}"] = (path.read_bytes(), 0o644)
    _write(target, entries)
    return sorted(entries)


def _project_files() -> Iterator[tuple[Path, str]]:
    root = Path(autograder.__path__[0]).parent
    if not (root / "pyproject.toml").is_file():
        raise CourseError(
            f"The zip is made from a checkout of the project, but {root} is none; run this in a checkout."
        )
    for name in _PROJECT_FILES:
        yield root / name, name
    for folder in _PROJECT_FOLDERS:
        for path in _files(root / folder):
            yield path, path.relative_to(root).as_posix()


def _files(folder: Path) -> list[Path]:
    unwanted = {"__pycache__", ".ipynb_checkpoints", "starters"}  # the last: other people's courses, to begin from
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not unwanted & set(path.parts)]


def _write(target: Path, entries: dict[str, tuple[bytes, int]]) -> None:
    aside = target.with_name(f".{target.name}.new")
    aside.unlink(missing_ok=True)
    aside.touch(mode=0o600)
    with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, (content, mode) in sorted(entries.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100000 | mode) << 16
            packed.writestr(entry, content)
    aside.replace(target)
