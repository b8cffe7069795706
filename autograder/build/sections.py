"""Sections of the lesson that failed checks point to: each has to exist. See `autograder/course/lesson.py`."""

import difflib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from autograder.build.data_source import checks_folder

_TABLE = "lesson.toml"
_HEADING = re.compile(r"^# #{2,4} (.+)$", re.MULTILINE)
_CHECK = re.compile(r"^def (\w+)", re.MULTILINE)
_CELL = re.compile(r'"grade_id": "(\w+)"')


def missing_sections(root: Path) -> Iterator[str]:
    """Say what the tables beside the check pages name that does not exist: lessons, sections, cells, checks.

    Args:
        root: The project: holds `source/` and the check pages.

    Yields:
        A sentence each.
    """
    checks = checks_folder(root)
    for path in sorted(checks.glob(f"*/{_TABLE}")):
        slug = path.parent.name
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        lesson = root / "source" / f"{found.get('lesson')}.py"
        if not lesson.is_file():
            yield f"{slug}: `lesson` names {found.get('lesson')!r}, and there is no text source/{lesson.name}."
            continue
        headings = _HEADING.findall(lesson.read_text(encoding="utf-8"))
        known = _cells_and_checks(root, checks / slug)
        for name, heading in found.get("sections", {}).items():
            if name not in known:
                yield f"{slug}/{path.name}: {slug} has no judged cell and no check {name!r}{_nearest(name, known)}."
            if heading not in headings:
                yield f"{slug}/{path.name}: {lesson.name} has no section {heading!r}{_nearest(heading, headings)}."


def _cells_and_checks(root: Path, folder: Path) -> list[str]:
    text = root / "source" / f"{folder.name}.py"
    cells = _CELL.findall(text.read_text(encoding="utf-8")) if text.is_file() else []
    pages = sorted(folder.glob("*.py"))
    return cells + [name for page in pages for name in _CHECK.findall(page.read_text(encoding="utf-8"))]


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.4)
    return f"; did you mean {near[0]!r}?" if near else ""
