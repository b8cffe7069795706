"""A small complete course, written into a folder: what `autograder new-course` does."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.clauses import CLAUSES_PAGE, clauses_page
from autograder.authoring.contracts import contracts_of
from autograder.build import build
from autograder.course.course import Course
from autograder.course.errors import CourseError

_STARTERS = Path(__file__).with_name("starters")
_EVERY = "every"
_RENAMED = {"gitignore": ".gitignore"}
"""A file of that name in this package would be git's own."""


def kinds() -> list[str]:
    """Name the kinds of course there are."""
    return sorted(path.name for path in _STARTERS.iterdir() if path.is_dir() and path.name != _EVERY)


def write_course(folder: Path, kind: str, course_id: str) -> list[Path]:
    """Write a course of one exercise, with its notebooks and release built, and the page of its clauses.

    Args:
        folder: Where; it may exist, and must then be empty.
        kind: One of `kinds()`.
        course_id: Name of the course in nbgrader's gradebook and exchange.

    Returns:
        The files, relative to the folder.

    Raises:
        CourseError: The folder holds something, or lies in a course; or there is no such kind.
    """
    if kind not in kinds():
        raise CourseError(f"There is no kind of course {kind!r}; there is: {', '.join(kinds())}.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CourseError(f"{folder} exists and is not empty; name a new folder.")
    above = next((place for place in folder.resolve().parents if (place / "nbgrader_config.py").is_file()), None)
    if above is not None:
        raise CourseError(f"{folder} lies in the course folder {above}; name a folder outside of it.")
    for source, name in _files(kind):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    _name_it(folder / "nbgrader_config.py", course_id)
    build(folder)
    page = folder / CLAUSES_PAGE
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(clauses_page(contracts_of(Course.load(folder))), encoding="utf-8")
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def _files(kind: str) -> Iterator[tuple[Path, Path]]:
    for part in (_STARTERS / _EVERY, _STARTERS / kind):
        for path in sorted(part.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(part)
                yield path, name.with_name(_RENAMED.get(name.name, name.name))


def _name_it(config: Path, course_id: str) -> None:
    text = config.read_text(encoding="utf-8")
    line = 'c.CourseDirectory.course_id = "my-course"'
    config.write_text(text.replace(line, f"c.CourseDirectory.course_id = {course_id!r}"), encoding="utf-8")
