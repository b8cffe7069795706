"""A student's own code as words to compare: released code, imports, comments and annotations left out, names folded.

What a copy changes without thinking says nothing here: names of its own, numbers and texts, layout, comments, type
hints, the order of cells. What it has to keep stays: keywords, operators, and the names of what libraries offer.
"""

import ast
import io
import keyword
import re
import token
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

from nbformat import NotebookNode

from autograder.course.exercise import Exercise, grade_id_of, is_answer
from autograder.course.matching import MAX_PARSED, released_variants, words_of

NAME, NUMBER, TEXT = "name", "0", "text"
"""What stands for a name of the student's own, for a number, and for a text."""
_MAGIC = re.compile(r"^[ \t]*[%!?].*$", re.MULTILINE)
_SILENT = {token.COMMENT, token.NL, token.NEWLINE, token.INDENT, token.DEDENT, token.ENDMARKER, token.ENCODING}
_OPENS = {getattr(token, name, -1) for name in ("FSTRING_START", "TSTRING_START")}
_CLOSES = {getattr(token, name, -1) for name in ("FSTRING_END", "TSTRING_END")}
_MOST_BROKEN_LINES = 20
Place = tuple[int, int]


@dataclass(frozen=True)
class OwnCell:
    """The student's own code in one cell."""

    source: str
    words: tuple[str, ...]
    lines: tuple[int, ...]
    """Of each word: the line of `source` it stands on, from 0."""


@dataclass
class _Names:
    """What a student's code names: everything here may be called otherwise in a copy."""

    own: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    imported: dict[str, str] = field(default_factory=dict)
    """Name, to what it is called where it comes from: `np` is `numpy`."""


@dataclass
class _Spans:
    """Places in a cell's text."""

    left_out: list[tuple[Place, Place]] = field(default_factory=list)
    """Begin and end, in order; none is inside another."""
    keywords: set[Place] = field(default_factory=set)
    """Where the name of an argument begins in a call."""


def own_cells(cells: Iterable[NotebookNode], exercise: Exercise) -> list[OwnCell]:
    """Return a student's own code, cell by cell.

    Args:
        cells: Of the submission, as `autograder.course.notebooks.prepare` laid them over the instructor's.
        exercise: The exercise.
    """
    released, lines = _released(exercise)
    texts = []
    for cell in cells:
        original = exercise.cells.get(grade_id_of(cell) or "")
        is_own = original is None or is_answer(original)
        if cell.cell_type == "code" and is_own and words_of(cell.source) not in released:
            texts.append(cell.source[:MAX_PARSED].replace("\0", " "))
    parsed = [_parsed(text) for text in texts]
    names = _Names()
    for _, tree in parsed:
        _note_names(tree, names)
    found = [_own_cell(text, *read, names, lines) for text, read in zip(texts, parsed, strict=True)]
    return [cell for cell in found if cell.words]


def _released(exercise: Exercise) -> tuple[set[tuple[str, ...]], set[str]]:
    """The texts of the released code cells, and each line of them."""
    texts = {text for cell in exercise.notebook.cells if cell.cell_type == "code" for text in released_variants(cell)}
    return {words_of(text) for text in texts}, {line.strip() for text in texts for line in text.split("\n")}


def _parsed(text: str) -> tuple[str, ast.Module | None]:
    """Parse a cell, without the lines that keep it from being Python; one such line must not hide a copy.

    Returns:
        The text with these lines empty, and its tree; None if too many of them are in the way.
    """
    lines = _MAGIC.sub("", text).split("\n")
    for _ in range(_MOST_BROKEN_LINES):
        try:
            return "\n".join(lines), ast.parse("\n".join(lines))
        except SyntaxError as error:
            place = min(error.lineno or 1, len(lines)) - 1
            while place > 0 and not lines[place]:
                place -= 1
            lines[place] = ""
        except (ValueError, RecursionError, MemoryError):
            break
    return _MAGIC.sub("", text), None


def _note_names(tree: ast.Module | None, names: _Names) -> None:
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.own.add(node.id)
        elif isinstance(node, ast.arg):
            names.own.add(node.arg)
            names.parameters.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ExceptHandler):
            names.own |= {node.name} if node.name else set()
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                names.imported[alias.asname or alias.name.split(".")[0]] = alias.name.split(".")[-1]
        else:
            _note_names_of_objects(node, names)


def _note_names_of_objects(node: ast.AST, names: _Names) -> None:
    """Methods of the student's own classes, and what they keep in `self`."""
    if isinstance(node, ast.ClassDef):
        names.own.add(node.name)
        methods = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
        names.attributes |= {name for name in methods if not name.startswith("__")}
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node.value):
        names.attributes.add(node.attr)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _is_silent(node: ast.AST) -> TypeGuard[ast.stmt]:
    """Tell whether a statement is an import, or a text that stands for itself."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Import | ast.ImportFrom)


def _spans(tree: ast.Module, text: str) -> _Spans:
    """Find what is left out, as places that `tokenize` counts: its columns are characters, those of `ast` bytes."""
    lines = text.split("\n")
    spans = _Spans()

    def place(line: int, column: int) -> Place:
        return line, len(lines[line - 1].encode()[:column].decode(errors="ignore")) if line <= len(lines) else column

    def begin(node: ast.expr | ast.stmt | ast.arg) -> Place:
        return place(node.lineno, node.col_offset)

    def end(node: ast.expr | ast.stmt) -> Place:
        return place(node.end_lineno or node.lineno, node.end_col_offset or 0)

    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            spans.left_out.append((begin(node), end(node)))
        elif isinstance(node, ast.arg) and node.annotation:
            line, column = begin(node)
            spans.left_out.append(((line, column + len(node.arg)), end(node.annotation)))
        elif isinstance(node, ast.AnnAssign):
            spans.left_out.append((end(node.target), end(node.annotation)))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            spans.left_out.append((begin(node.returns), end(node.returns)))
        elif isinstance(node, ast.keyword) and node.arg:
            spans.keywords.add(place(node.lineno, node.col_offset))
    spans.left_out.sort()
    return spans


def _own_cell(source: str, text: str, tree: ast.Module | None, names: _Names, released: set[str]) -> OwnCell:
    spans = _spans(tree, text) if tree else _Spans()
    given = {number for number, line in enumerate(source.split("\n")) if line.strip() in released}
    words: list[str] = []
    lines: list[int] = []
    before, passed = "", 0
    for kind, word, place in _tokens(text):
        after, before = before, word
        while passed < len(spans.left_out) and spans.left_out[passed][1] <= place:
            passed += 1
        is_left_out = passed < len(spans.left_out) and spans.left_out[passed][0] <= place
        if is_left_out or place[0] - 1 in given:
            continue
        said = _folded(kind, word, after, names, place in spans.keywords, is_parsed=tree is not None)
        if said == TEXT and words[-1:] == [TEXT]:
            continue  # texts side by side are one
        words.append(said)
        lines.append(place[0] - 1)
    return OwnCell(source, tuple(words), tuple(lines))


def _tokens(text: str) -> Iterator[tuple[int, str, Place]]:
    """Yield what tells something, up to where the text stops being Python; a formatted text is one."""
    depth = 0
    try:
        for found in tokenize.generate_tokens(io.StringIO(text).readline):
            if found.type in _OPENS:
                depth += 1
                if depth == 1:
                    yield token.STRING, TEXT, found.start
            elif found.type in _CLOSES:
                depth -= 1
            elif depth == 0 and found.type not in _SILENT and found.string not in (";", "->"):
                yield found.type, found.string, found.start
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


def _folded(kind: int, word: str, before: str, names: _Names, is_keyword: bool, *, is_parsed: bool) -> str:
    if kind == token.NUMBER:
        return NUMBER
    if kind == token.STRING:
        return TEXT
    if kind != token.NAME or keyword.iskeyword(word):
        return word
    if before == ".":
        return NAME if word in names.attributes else word
    if is_keyword:
        return NAME if word in names.parameters else word
    if word in names.imported:
        return names.imported[word]
    return NAME if word in names.own or not is_parsed else word
