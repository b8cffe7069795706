"""Filters for nbconvert's pages, and outputs of autograded notebooks: what students wrote, made harmless.

The work is done by `autograder.course.harmless` in a sealed process. What takes too long there is not shown, and the
page says so; the notebook itself still holds it.
"""

import base64
import functools
import html as html_text
import json
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import nbformat
from jinja2 import pass_context
from jinja2.runtime import Context
from nbformat import NotebookNode

from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import is_answer
from autograder.course.sealed import CouldNotRead, reader

MAX_TEXT_MIB = 4
"""Of one cell or output; more is nothing that a person reads."""
MAX_PICTURE_MIB, MAX_PICTURES = 5, 20
_WORTH_KEEPING = 20_000
_PICTURE_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}


@pass_context
def markdown_to_safe_html(context: Context, source: str) -> str:
    """Render a markdown cell; takes the place of nbconvert's filter `markdown2html`.

    Args:
        context: The page being made; pictures attached to its cell, or lying beside its notebook, are shown.
        source: Markdown, with mathematics.

    Returns:
        Harmless HTML.
    """
    cell = context.get("cell") or {}
    content = {
        "attachments": dict(cell.get("attachments") or {}),
        "with_links": _is_the_instructors(cell),
        "pictures": {},
    }
    html, wanted = _laid_out("markdown", source, **content)
    pictures = _pictures_beside(context, wanted)
    return _laid_out("markdown", source, **content | {"pictures": pictures})[0] if pictures else html


def text_to_safe_html(source: str, attachments: Mapping[str, Any] | None = None) -> str:
    """Render markdown that stands in no notebook's page: without links and pictures beside it.

    Args:
        source: Markdown, with mathematics.
        attachments: Pictures in the cell, as nbformat keeps them.
    """
    return _laid_out("markdown", source, attachments=dict(attachments or {}), with_links=False, pictures={})[0]


def code_to_safe_html(source: str, language: str | None = None, metadata: Any = None) -> str:  # noqa: ARG001
    """Highlight a code cell; takes the place of nbconvert's filter `highlight_code`.

    Args:
        source: Python.
        language: What nbconvert's own filter takes; every notebook here is Python.
        metadata: Likewise.
    """
    return _laid_out("code", source)[0]


def terminal_text_to_safe_html(text: str) -> str:
    """Show text with a terminal's colours; takes the place of nbconvert's filter `ansi2html`.

    Args:
        text: What a cell printed, or a traceback.
    """
    return html_text.escape(text) if "\x1b" not in text else _laid_out("terminal", text)[0]


def raw_to_safe_html(html: str) -> str:
    """Show a raw cell as the text it is; takes the place of nbconvert's filter `clean_html`.

    Args:
        html: The cell's text.
    """
    return f"<pre>{html_text.escape(html)}</pre>"


FILTERS = {
    "markdown2html": "autograder.gradebook.safe_html.markdown_to_safe_html",
    "highlight_code": "autograder.gradebook.safe_html.code_to_safe_html",
    "ansi2html": "autograder.gradebook.safe_html.terminal_text_to_safe_html",
    "clean_html": "autograder.gradebook.safe_html.raw_to_safe_html",
}
"""For `c.HTMLExporter.filters`."""


def with_safe_outputs(notebook: bytes) -> NotebookNode:
    """Read an executed notebook and rebuild the outputs of its cells from what may be shown.

    Args:
        notebook: From a record of the verdict store.

    Returns:
        The notebook; what cannot be made harmless in time is left out, with a line that says so.
    """
    try:
        _, (safe,) = reader().ask({"do": "outputs"}, [notebook])
    except CouldNotRead as problem:
        return _without_outputs(notebook, problem)
    found: NotebookNode = nbformat.from_dict(json.loads(safe))
    return found


def handed_in_with_safe_outputs(notebook: bytes) -> NotebookNode | None:
    """Read a notebook as it was handed in, outputs included, and rebuild these from what may be shown.

    Args:
        notebook: The file.

    Returns:
        The notebook; None if it cannot be read.
    """
    try:
        _, (safe,) = reader().ask({"do": "outputs"}, [notebook])
    except (CouldNotRead, UnusableNotebook):
        return None
    found: NotebookNode = nbformat.from_dict(json.loads(safe))
    return found


def _without_outputs(notebook: bytes, problem: CouldNotRead) -> NotebookNode:
    bare: NotebookNode = nbformat.reads(notebook.decode("utf-8"), as_version=4)
    said = nbformat.v4.new_output("stream", text=f"[the outputs of this notebook are not shown: {problem.reason}]\n")
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs = [said] if cell.outputs else []
    return bare


def _laid_out(kind: str, text: str, **content: Any) -> tuple[str, list[str]]:
    if len(text) > MAX_TEXT_MIB * 2**20:
        return _not_shown(f"it has {len(text) / 2**20:.0f} million characters"), []
    question = json.dumps({"do": "html", "kind": kind, **content}, sort_keys=True)
    try:
        return (_ask_once if len(text) + len(question) < _WORTH_KEEPING else _ask)(question, text)
    except CouldNotRead as problem:
        return _not_shown(problem.reason), []


def _ask(question: str, text: str) -> tuple[str, list[str]]:
    answer, (html,) = reader().ask(json.loads(question), [text.encode("utf-8", "replace")])
    return html.decode(), list(answer.get("wanted", ()))


_ask_once = functools.lru_cache(maxsize=256)(_ask)
"""The instructor's cells are the same on every page."""


def _not_shown(reason: str) -> str:
    return f"<p><em>[not shown: {html_text.escape(reason)}; the notebook itself holds it]</em></p>"


def _is_the_instructors(cell: Mapping[str, Any]) -> bool:
    """Tell whether a cell is a locked one, which grading put back as it was released."""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    return isinstance(marks, Mapping) and marks.get("locked") is True and not is_answer(cell)


def _pictures_beside(context: Context, wanted: list[str]) -> dict[str, str]:
    """Read pictures that lie in the notebook's folder; no link is followed, and no path leads out."""
    resources = context.get("resources") or {}
    folder = (resources.get("metadata") or {}).get("path") or ""
    found: dict[str, str] = {}
    for name in wanted[:MAX_PICTURES] if folder else ():
        parts = PurePosixPath(unquote(name)).parts
        kind = _PICTURE_KINDS.get(PurePosixPath(name).suffix.lower())
        if kind is None or not parts or "\0" in name or any(part in ("..", "/") or ":" in part for part in parts):
            continue
        path = Path(folder, *parts)
        try:
            places = [Path(folder, *parts[: depth + 1]).lstat() for depth in range(len(parts))]
            is_plain = stat.S_ISREG(places[-1].st_mode) and all(stat.S_ISDIR(place.st_mode) for place in places[:-1])
            if is_plain and places[-1].st_size <= MAX_PICTURE_MIB * 2**20:
                found[name] = f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
        except (OSError, ValueError):
            continue
    return found
