"""The written answers of an assignment: whose they are, which is shown when, and what stands near them.

Texts are read from the autograded notebooks. Outputs are shown as the student handed them in, whose numbers he writes
about, and as they were when the notebook was graded. Nothing here knows a name: an
answer is named by a digest, and drawn by another.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

from autograder.course.course import Course, CourseError
from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import grade_id_of, is_judged
from autograder.course.reading import read_notebook_file
from autograder.gradebook.access import course_directory
from autograder.gradebook.marks import AnswerKey, WrittenCell
from autograder.gradebook.safe_html import handed_in_with_safe_outputs
from autograder.marking.grouping import Group, group_texts

_MOST_CELLS_NEAR = 12
_SECTION = ("# ", "## ")


@dataclass(frozen=True)
class Question:
    """A cell in which students write what a person marks."""

    notebook: str
    cell: str
    points: float
    prompt: tuple[str, ...] = ()
    """What stands before it, in markdown: the question."""
    solution: str = ""
    """The instructor's own answer, in markdown or, of a code cell, code."""
    released: str = ""
    """What students found in the cell."""
    is_code: bool = False
    is_task: bool = False
    """Whether the answer is in the cells that follow: nbgrader's tasks."""

    @property
    def name(self) -> tuple[str, str]:
        """Notebook and cell."""
        return self.notebook, self.cell


@dataclass(frozen=True)
class Cell:
    """A cell of an autograded notebook."""

    kind: str
    source: str
    outputs: tuple[Mapping[str, Any], ...] = ()
    is_question: bool = False


@dataclass(frozen=True)
class Answer:
    """What a student wrote."""

    key: AnswerKey
    name: str
    """Says nothing of the student."""
    text: str
    is_there: bool = True
    """Whether the notebook still has the cell."""

    @cached_property
    def digest(self) -> str:
        """Of the text."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest()[:16]


@dataclass
class _Read:
    """A notebook, as it was when it was read."""

    stamp: tuple[int, int]
    answers: dict[str, Answer] = field(default_factory=dict)


class Answers:
    """The answers of an assignment; notebooks that were written anew are read anew.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        questions: Those a person marks.
        key: From the records.
        seed: Of the order.
    """

    def __init__(self, course: Course, assignment: str, questions: Sequence[Question], key: str, seed: str) -> None:
        self._directory = course_directory(course)
        self._assignment = assignment
        self._questions = {question.name: question for question in questions}
        self._key, self._seed = key, seed
        self._paths: dict[tuple[str, str], Path] = {}
        self._read: dict[Path, _Read] = {}
        self._names: dict[str, AnswerKey] = {}
        self._drawn: dict[tuple[str, str], list[Group]] = {}

    def path(self, student: str, notebook: str) -> Path:
        """Return where nbgrader keeps an autograded notebook.

        Args:
            student: The nbgrader student id.
            notebook: The notebook's name.
        """
        found = self._paths.get((student, notebook))
        if found is None:
            directory = self._directory
            folder = directory.format_path(directory.autograded_directory, student, self._assignment)
            found = self._paths[student, notebook] = Path(folder) / f"{notebook}.ipynb"
        return found

    def named(self, key: AnswerKey) -> str:
        """Return a name for an answer that says nothing of its student.

        Args:
            key: The answer.
        """
        return _digest(self._key, *_parts(key))[:12]

    def key_named(self, name: str) -> AnswerKey | None:
        """Return the answer of a name, if there is one.

        Args:
            name: From `named`.
        """
        return self._names.get(name)

    def drawn(self, key: AnswerKey, why: str = "") -> str:
        """Return what answers are sorted by.

        Args:
            key: The answer.
            why: For another order than that of marking.
        """
        return _digest(self._key, self._seed, why, *_parts(key))

    def refresh(self, keys: Sequence[AnswerKey]) -> None:
        """Read notebooks that are new, or have been written since.

        Args:
            keys: Answers that were given.
        """
        wanted = {self.path(key.student, key.notebook): key for key in keys}
        changed = set()
        for path, key in wanted.items():
            try:
                stat = path.stat()
            except OSError:
                if self._read.pop(path, None):
                    changed.add(key.notebook)
                continue
            stamp = (stat.st_mtime_ns, stat.st_size)
            if path not in self._read or self._read[path].stamp != stamp:
                self._read[path] = self._read_notebook(path, key, stamp)
                changed.add(key.notebook)
        self._drawn = {name: groups for name, groups in self._drawn.items() if name[0] not in changed}

    def _read_notebook(self, path: Path, key: AnswerKey, stamp: tuple[int, int]) -> _Read:
        cells = _cells(path)
        found = _Read(stamp)
        for question in self._questions.values():
            if question.notebook == key.notebook:
                own = AnswerKey(question.notebook, question.cell, key.student)
                place = _place(cells, question.cell)
                text = _text(cells, place, question) if place is not None else ""
                found.answers[question.cell] = Answer(own, self.named(own), text, place is not None)
                self._names[self.named(own)] = own
        return found

    def answer(self, key: AnswerKey) -> Answer | None:
        """Return an answer; None if there is no autograded notebook.

        Args:
            key: Which.
        """
        read = self._read.get(self.path(key.student, key.notebook))
        return read.answers.get(key.cell) if read else None

    def groups(self, question: Question, keys: Sequence[AnswerKey]) -> list[Group]:
        """Return the answers in the order they are marked in, those with nearly the same text together.

        Args:
            question: The question.
            keys: Answers that were given.
        """
        known = self._drawn.get(question.name)
        if known is not None and sum(len(group.keys) for group in known) == len(keys):
            return known
        there = [found for key in keys if (found := self.answer(key)) is not None]
        there.sort(key=lambda answer: self.drawn(answer.key))
        self._drawn[question.name] = group_texts([(answer.key, answer.text) for answer in there], question.released)
        return self._drawn[question.name]

    def near(self, key: AnswerKey) -> list[Cell]:
        """Return the cells near an answer that showed something when the notebook was graded.

        Args:
            key: The answer.
        """
        return _near(_cells(self.path(key.student, key.notebook)), key.cell)

    def near_as_handed_in(self, key: AnswerKey) -> list[Cell]:
        """Return the cells near an answer with what the student saw; nothing proves that the code puts it out.

        Args:
            key: The answer.
        """
        directory = self._directory
        folder = directory.format_path(directory.submitted_directory, key.student, self._assignment)
        try:
            found = handed_in_with_safe_outputs(read_notebook_file(Path(folder) / f"{key.notebook}.ipynb"))
        except UnusableNotebook:
            return []  # what was graded is shown beside it
        cells = [cell for cell in found.cells if isinstance(cell, dict)] if found else []
        return _near(cells, key.cell)

    def attachments(self, key: AnswerKey) -> Mapping[str, Any]:
        """Return pictures that the student has put into the cell of an answer, as nbformat keeps them.

        Args:
            key: The answer.
        """
        cells = _cells(self.path(key.student, key.notebook))
        place = _place(cells, key.cell)
        found = cells[place].get("attachments") if place is not None else None
        return found if isinstance(found, dict) else {}

    def whole(self, key: AnswerKey) -> list[Cell]:
        """Return all cells of the notebook an answer stands in.

        Args:
            key: The answer.
        """
        return [_cell(cell, grade_id_of(cell) == key.cell) for cell in _cells(self.path(key.student, key.notebook))]


def _near(cells: Sequence[Mapping[str, Any]], name: str) -> list[Cell]:
    """Find cells with outputs before a question: those of its section, or, if it has none, of the one before."""
    place = _place(cells, name)
    found: list[Cell] = []
    for cell in reversed(cells[:place] if place is not None else []):
        is_section = cell.get("cell_type") == "markdown" and _source(cell).startswith(_SECTION)
        if len(found) >= _MOST_CELLS_NEAR or (found and is_section):
            break
        if cell.get("outputs") and not is_judged(cell):
            found.append(_cell(cell))
    if place is not None and cells[place].get("outputs"):
        found.insert(0, _cell(cells[place]))
    return found[::-1]


def questions_of(course: Course, assignment: str, written: Mapping[tuple[str, str], WrittenCell]) -> list[Question]:
    """Return the questions of an assignment, in the order of its notebooks.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        written: The cells that a person marks, by notebook and cell.

    Raises:
        CourseError: A notebook of source/ cannot be read.
    """
    found = []
    for notebook in sorted({name for name, _ in written}):
        path = course.source_directory / assignment / f"{notebook}.ipynb"
        try:
            cells = nbformat.read(path, as_version=4).cells
        except Exception as error:
            raise CourseError(f"{path} cannot be read ({error}); run `autograder build`.") from error
        for place, cell in enumerate(cells):
            name = grade_id_of(cell)
            if name is not None and (notebook, name) in written:
                found.append(_question(notebook, name, written[notebook, name], cells, place))
    return found


def _question(notebook: str, name: str, written: WrittenCell, cells: Sequence[Any], place: int) -> Question:
    cell = cells[place]
    prompt: list[str] = []
    for before in reversed(cells[:place]):
        if before.cell_type != "markdown" or grade_id_of(before) is not None:
            break
        prompt.append(before.source)
    is_task = bool(cell.metadata.get("nbgrader", {}).get("task"))
    texts = (*prompt[::-1], cell.source) if is_task else tuple(prompt[::-1])
    lines = [line for line in cell.source.split("\n") if not line.strip().startswith("### ")]
    solution = "" if is_task else "\n".join(lines)
    return Question(
        notebook,
        name,
        written.points,
        texts,
        solution,
        written.released,
        is_code=cell.cell_type == "code",
        is_task=is_task,
    )


def _cells(path: Path) -> list[Mapping[str, Any]]:
    try:
        cells = json.loads(path.read_bytes()).get("cells")
    except (OSError, ValueError, RecursionError, AttributeError):
        return []  # grading writes it whole, so somebody else has; there is nothing to show then
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def _place(cells: Sequence[Mapping[str, Any]], name: str) -> int | None:
    return next((place for place, cell in enumerate(cells) if grade_id_of(cell) == name), None)


def _text(cells: Sequence[Mapping[str, Any]], place: int, question: Question) -> str:
    if not question.is_task:
        return _source(cells[place])
    texts = []
    for cell in cells[place + 1 :]:
        if grade_id_of(cell) is not None:
            break
        source = _source(cell)
        texts.append(f"```python\n{source}\n```" if cell.get("cell_type") == "code" else source)
    return "\n\n".join(text for text in texts if text.strip())


def _cell(cell: Mapping[str, Any], is_question: bool = False) -> Cell:
    outputs = cell.get("outputs")
    kept = tuple(one for one in outputs if isinstance(one, dict)) if isinstance(outputs, list) else ()
    return Cell(str(cell.get("cell_type")), _source(cell), kept, is_question)


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _parts(key: AnswerKey) -> tuple[str, str, str]:
    return key.notebook, key.cell, key.student


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()
