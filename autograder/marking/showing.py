"""What students wrote and what their notebooks put out, as harmless HTML without their names.

The harmless HTML is made where feedback pages get theirs: by parsers in a sealed process.
"""

import functools
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from autograder.gradebook import safe_html
from autograder.marking.answers import Answer, Cell, Question

NAME = "[name]"
_SHORTEST_NAME, _SHORTEST_NUMBER = 3, 5
"""Shorter ones are words, and counts of images, of everybody's; an id such as `a1` is nobody else's."""
_TAG = re.compile(r"(<[^>]*>)")
_DESCRIPTION = re.compile(r"""(\b(?:alt|title)=")([^"]*)(")""")
_PICTURES = ("image/png", "image/jpeg", "image/gif")


@dataclass(frozen=True)
class Shown:
    """A cell as the page shows it."""

    code: Markup
    """Empty for a markdown cell."""
    outputs: tuple[Markup, ...]
    is_question: bool = False


def shown_text(answer: Answer, question: Question, attachments: Mapping[str, Any], names: Sequence[str]) -> Markup:
    """Return a student's answer as HTML.

    Args:
        answer: It.
        question: What it answers.
        attachments: Pictures in its cell, as nbformat keeps them.
        names: What the student is called.
    """
    if question.is_code:
        return hide_names(_code(answer.text), names)
    return hide_names(safe_html.text_to_safe_html(answer.text, attachments), names)


def shown_solution(question: Question) -> Markup:
    """Return the instructor's own answer as HTML.

    Args:
        question: What it answers.
    """
    return Markup(_code(question.solution) if question.is_code else _markdown(question.solution))  # noqa: S704 - harmless


def shown_prompt(question: Question) -> Markup:
    """Return a question as HTML.

    Args:
        question: It.
    """
    return Markup("".join(map(_markdown, question.prompt)))  # noqa: S704 - made harmless


def shown_cells(cells: Sequence[Cell], names: Sequence[str]) -> list[Shown]:
    """Return cells of a student's notebook as HTML.

    Args:
        cells: Of an autograded notebook.
        names: What the student is called.
    """
    made = []
    for cell, outputs in zip(cells, _safe_outputs(cells), strict=True):
        if cell.kind == "code":
            code = hide_names(_code(cell.source), names)
            made.append(Shown(code, tuple(hide_names(_output(one), names) for one in outputs), cell.is_question))
        else:
            made.append(Shown(Markup(), (hide_names(_markdown(cell.source), names),), cell.is_question))
    return made


def hide_names(harmless: str, names: Sequence[str]) -> Markup:
    """Put `[name]` in the place of what a student is called, wherever it stands as a word.

    Args:
        harmless: HTML that is harmless.
        names: What the student is called, the id first; what is short enough to be a word or a count is left.
    """
    wanted = sorted(filter(_is_telling, set(names)), key=len, reverse=True)
    if not wanted:
        return Markup(harmless)  # noqa: S704 - made harmless
    # Ids and addresses in any case; of a name, `Will` and `WILL`: whatever will happen is no name.
    written = [
        f"(?i:{re.escape(html.escape(name))})"
        if name == names[0] or "@" in name
        else "|".join(re.escape(html.escape(form)) for form in {name, name.upper()})
        for name in wanted
    ]
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(written)})(?!\w)")
    parts = _TAG.split(harmless)
    for place, part in enumerate(parts):
        if place % 2:
            parts[place] = _DESCRIPTION.sub(lambda found: found[1] + pattern.sub(NAME, found[2]) + found[3], part)
        else:
            parts[place] = pattern.sub(NAME, part)
    return Markup("".join(parts))  # noqa: S704 - harmless before, and nothing was added but a word


def _is_telling(name: str) -> bool:
    if name.isdigit():
        return len(name) >= _SHORTEST_NUMBER
    return len(name) >= _SHORTEST_NAME or (len(name) > 1 and any(map(str.isdigit, name)))


def _safe_outputs(cells: Sequence[Cell]) -> list[list[Mapping[str, Any]]]:
    """Have outputs rebuilt from what may be shown: the file may have been written by somebody else than grading."""
    bare: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"cell-{place}",
            "metadata": {},
            "execution_count": None,
            "source": "",
            "outputs": list(cell.outputs),
        }
        for place, cell in enumerate(cells)
    ]
    if not any(cell["outputs"] for cell in bare):
        return [[] for _ in cells]
    notebook = {"cells": bare, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return [cell.outputs for cell in safe_html.with_safe_outputs(json.dumps(notebook).encode()).cells]


def _output(output: Mapping[str, Any]) -> str:
    if output["output_type"] == "stream":
        return f'<pre class="stream">{safe_html.terminal_text_to_safe_html(output["text"])}</pre>'
    if output["output_type"] == "error":
        return f'<pre class="stream">{safe_html.terminal_text_to_safe_html(chr(10).join(output["traceback"]))}</pre>'
    data = output["data"]
    for kind in _PICTURES:
        if kind in data:
            described = html.escape(str(data.get("text/plain", "figure"))[:200])
            return f'<img src="data:{kind};base64,{"".join(data[kind].split())}" alt="{described}">'
    if "text/html" in data:
        return str(data["text/html"])
    return f"<pre>{safe_html.terminal_text_to_safe_html(data.get('text/plain', ''))}</pre>"


@functools.lru_cache(maxsize=512)
def _markdown(text: str) -> str:
    return safe_html.text_to_safe_html(text)


@functools.lru_cache(maxsize=512)
def _code(text: str) -> str:
    return safe_html.code_to_safe_html(text)
