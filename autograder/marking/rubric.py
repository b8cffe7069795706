"""What written answers are marked by: items with points and comments, in a TOML file of the course.

The file may be edited by hand while somebody marks. An item is known by its `id`, which stays when its words or points
change; so answers keep what they were given, and follow the change.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import tomlkit
import tomlkit.exceptions

from autograder.course.course import Course, CourseError
from autograder.course.whole_files import write_whole

_HEADER = """\
# What written answers are marked by: `autograder mark`. May be edited by hand, also while somebody marks: an item that
# changes changes all answers that have it, as long as its id stays. Points of an answer are `start` and those of its
# items, never below 0 nor above what the question gives.
"""
_ITEM: dict[str, type | tuple[type, ...]] = {"id": str, "title": str, "points": (int, float), "comment": str}


@dataclass(frozen=True)
class Item:
    """One thing an answer may show, or miss."""

    id: str
    title: str
    """For whoever marks."""
    points: float = 0.0
    """What it adds, or takes away."""
    comment: str = ""
    """For the student; may be empty."""


@dataclass(frozen=True)
class QuestionRubric:
    """The items of one question."""

    items: tuple[Item, ...] = ()
    start: float = 0.0
    """Points of an answer without any item."""

    def item(self, name: str) -> Item | None:
        """Return the item of an id.

        Args:
            name: The id.
        """
        return next((item for item in self.items if item.id == name), None)

    def points(self, items: Sequence[str], adjustment: float, max_points: float) -> float:
        """Return what an answer with these items comes to.

        Args:
            items: Ids.
            adjustment: Points more, or fewer, for this answer only.
            max_points: What the question gives.
        """
        given = sum(item.points for item in self.items if item.id in items)
        return round(min(max(self.start + given + adjustment, 0.0), max_points), 6)

    def comment(self, items: Sequence[str], own: str) -> str:
        """Return the comment a student reads: those of the items, in the rubric's order, then one for this answer.

        Args:
            items: Ids.
            own: Written for this answer only.
        """
        said = [item.comment.strip() for item in self.items if item.id in items]
        return "\n\n".join(part for part in (*said, own.strip()) if part)

    def missing(self, items: Sequence[str]) -> tuple[str, ...]:
        """Return ids that are no longer in the rubric.

        Args:
            items: Ids.
        """
        return tuple(name for name in items if self.item(name) is None)


class RubricFile:
    """The rubric of an assignment, as it is in its file at the moment.

    Args:
        path: The file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""
        """Why the file cannot be used as it is; what it held before is used then."""
        self._content = b""
        self._questions: dict[tuple[str, str], QuestionRubric] = {}

    @classmethod
    def of(cls, course: Course, assignment: str) -> "RubricFile":
        """Return the rubric of an assignment.

        Args:
            course: The course.
            assignment: The nbgrader assignment.

        Raises:
            CourseError: The file cannot be used.
        """
        made = cls(course.rubrics_directory / f"{quote(assignment, safe=' ')}.toml")
        made.refresh()
        if made.problem:
            raise CourseError(made.problem)
        return made

    @property
    def digest(self) -> str:
        """Of what the file held when it was read."""
        return hashlib.sha256(self._content).hexdigest()

    @property
    def text(self) -> str:
        """What the file held when it was read."""
        return self._content.decode("utf-8")

    def question(self, notebook: str, cell: str) -> QuestionRubric:
        """Return the rubric of a question; one without items if there is none yet.

        Args:
            notebook: The notebook's name.
            cell: The cell's grade id.
        """
        return self._questions.get((notebook, cell), QuestionRubric())

    def refresh(self) -> bool:
        """Read the file again if it has changed.

        Returns:
            Whether it holds something else than before. If it cannot be used, `problem` says why.
        """
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
            if content == self._content:
                self.problem = ""
                return False
            read = _read(tomllib.loads(content.decode("utf-8")))
        except OSError as error:
            self.problem = f"The rubric {self.path} cannot be read ({error.strerror}); correct that."
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            self.problem = f"The rubric {self.path} is no TOML ({error}); correct it."
        except ValueError as error:
            self.problem = f"The rubric {self.path} cannot be used: {error}"
        else:
            self.problem, self._content, self._questions = "", content, read
            return True
        return False

    def write(self, notebook: str, cell: str, rubric: QuestionRubric) -> None:
        """Put a question's rubric into the file; comments and whatever else stands there stay.

        Args:
            notebook: The notebook's name.
            cell: The cell's grade id.
            rubric: What it is to be.

        Raises:
            CourseError: It cannot be used.
        """
        document = tomlkit.parse(self.text or _HEADER)
        questions: Any = document.setdefault(notebook, tomlkit.table(is_super_table=True))
        found: Any = questions.setdefault(cell, tomlkit.table())
        if rubric.start or "start" in found:
            found["start"] = _number(rubric.start)
        held = {str(table.get("id")): table for table in found.get("items", [])}
        items = tomlkit.aot()
        for item in rubric.items:
            table = held.get(item.id, tomlkit.table())
            for name, value in (("id", item.id), ("title", item.title), ("points", _number(item.points))):
                if table.get(name) != value:
                    table[name] = value
            if table.get("comment", "") != item.comment:
                table["comment"] = tomlkit.string(item.comment, multiline="\n" in item.comment)
            items.append(table)
        found["items"] = items
        self.put(tomlkit.dumps(document))

    def put(self, text: str) -> None:
        """Write the whole file.

        Args:
            text: What it is to hold.

        Raises:
            CourseError: It cannot be used, so it is not written.
        """
        try:
            _read(tomllib.loads(text))
        except ValueError as error:
            raise CourseError(f"That is no rubric: {error}") from error
        write_whole(self.path, text.encode())
        self.refresh()


def new_id(title: str, rubric: QuestionRubric) -> str:
    """Return an id for a new item.

    Args:
        title: What it is called.
        rubric: Where it comes to.
    """
    stem = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:40].strip("_") or "item"
    number, name = 1, stem
    while rubric.item(name) is not None:
        number += 1
        name = f"{stem}_{number}"
    return name


def with_item(rubric: QuestionRubric, item: Item) -> QuestionRubric:
    """Return a rubric in which an item takes the place of the one of its id, or comes last.

    Args:
        rubric: Where to.
        item: It.
    """
    if rubric.item(item.id) is None:
        return replace(rubric, items=(*rubric.items, item))
    return replace(rubric, items=tuple(item if one.id == item.id else one for one in rubric.items))


def points_read(text: str) -> float:
    """Read points that somebody typed, with a comma or a point.

    Args:
        text: What was typed; empty is 0.

    Raises:
        CourseError: It is no number, or no sensible one.
    """
    try:
        value = float(text.strip().replace(",", ".").replace("−", "-").replace("½", ".5") or 0)
    except ValueError:
        value = float("nan")
    if not abs(value) <= 1_000:
        raise CourseError(f"'{text.strip()[:40]}' is no number of points; write one like 1.5 or -0.5.")
    return value


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _read(content: Mapping[str, Any]) -> dict[tuple[str, str], QuestionRubric]:
    found = {}
    for notebook, questions in content.items():
        for cell, table in _table(questions, notebook).items():
            where = f"{notebook}.{cell}"
            entries = _table(table, where)
            unknown = sorted(set(entries) - {"start", "items"})
            if unknown:
                raise ValueError(f"[{where}] has '{unknown[0]}'; it may have 'start' and 'items'.")
            items = entries.get("items", [])
            if not isinstance(items, list):
                raise ValueError(f"'items' of [{where}] is no list; write [[{where}.items]].")  # noqa: TRY004 - about text
            read = tuple(_item(item, where) for item in items)
            twice = [item.id for place, item in enumerate(read) if any(item.id == one.id for one in read[:place])]
            if twice:
                raise ValueError(f"[{where}] has two items of the id '{twice[0]}'; give each its own.")
            found[notebook, cell] = QuestionRubric(read, _points(entries.get("start", 0), f"'start' of [{where}]"))
    return found


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"'{where}' is no table; write [NOTEBOOK.CELL].")  # noqa: TRY004 - about a text, not a type
    return value


def _item(value: Any, where: str) -> Item:
    table = _table(value, f"an item of {where}")
    for name, entry in table.items():
        if name not in _ITEM or not isinstance(entry, _ITEM[name]) or isinstance(entry, bool):
            raise ValueError(f"an item of [{where}] has {name} = {entry!r}; it has id, title, points and comment.")
    if not table.get("id") or not table.get("title"):
        raise ValueError(f"an item of [{where}] has no id or no title; give it both.")
    points = _points(table.get("points", 0), f"the item '{table['id']}' of [{where}]")
    return Item(table["id"], table["title"], points, table.get("comment", ""))


def _points(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1_000:
        raise ValueError(f"{where} has {value!r} for points; write a number.")
    return float(value)
