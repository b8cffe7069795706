"""Feedback pages that stand by themselves: handed out as single files, opened anywhere, also offline.

A page holds what students wrote, made harmless before; what is left out here is what nbgrader's templates fetch. All
searches go forward once, whatever stands on the page.
"""

import base64
import html
import re
from pathlib import Path
from urllib.parse import unquote

from autograder.course.pictures import is_modest

_OPENED = re.compile(r"<(script|style|link|base|img|iframe|object|embed|form)\b", re.IGNORECASE)
_CLOSED = {
    name: re.compile(rf"</{name}[^<>]{{0,100}}>", re.IGNORECASE)
    for name in ("script", "style", "iframe", "object", "form")
}
_ATTRIBUTE = re.compile(r"\b(src|alt)\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_HEAD = re.compile(r"<head(?:\s[^<>]*)?>", re.IGNORECASE)
_SCORE = re.compile(r"\(Score:\s{0,9}([-\d.]{1,20})\s{0,9}/\s{0,9}([-\d.]{1,20})\)")
_AT_RULE = re.compile(r"@(font-face|import)\b", re.IGNORECASE)
_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}
_MOST_PICTURE_MIB = 5
# Whatever was overlooked, a browser then refuses to fetch, run or send.
POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">"
)
# nbgrader's cells grow with their longest line, and the page with them: on a phone each scrolls by itself instead.
_FOR_PHONES = (
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<style>@media (max-width: 800px) { div.input_area, div.output_area { overflow-x: auto; } "
    "div.input, div.inner_cell { min-width: 0; max-width: 100%; } }</style>"
)


def self_contained(page: str, folder: Path) -> str:
    """Make a feedback page one that needs no other file, no network and no script.

    MathJax goes with the scripts: formulas read as they were typed.

    Args:
        page: HTML as nbgrader wrote it; a page that stands by itself already stays as it is.
        folder: Where pictures that the page names lie.

    Returns:
        The page; pictures beside it are inside it, others are replaced by their description.
    """
    parts: list[str] = []
    position = 0
    while (opened := _OPENED.search(page, position)) is not None:
        parts.append(page[position : opened.start()])
        name = opened[1].lower()
        end = page.find(">", opened.end()) + 1 or len(page)
        tag = page[opened.start() : end]
        closed = _CLOSED[name].search(page, end) if name in _CLOSED and not tag.endswith("/>") else None
        if name == "img":
            parts.append(_image(tag, folder))
        elif name == "style":
            inside = page[end : closed.start() if closed else len(page)]
            parts += [tag, _without_fetching_rules(inside), closed[0] if closed else "</style>"]
        if name in _CLOSED and not tag.endswith("/>"):
            end = closed.end() if closed else len(page)
        position = end
    bare = "".join([*parts, page[position:]])
    if POLICY in bare:
        return bare
    head = _HEAD.search(bare)
    place = head.end() if head else 0
    return bare[:place] + POLICY + _FOR_PHONES + bare[place:]


def page_bytes(path: Path) -> bytes:
    """Read a feedback page so that it stands by itself.

    Args:
        path: The page as nbgrader wrote it; pictures it names lie beside it.
    """
    return self_contained(path.read_text(encoding="utf-8"), path.parent).encode("utf-8")


def page_problem(page: str, points: float) -> str:
    """Say whether a feedback page shows other points than the gradebook.

    Args:
        page: HTML as nbgrader wrote it.
        points: The notebook's points in the gradebook.

    Returns:
        A sentence, or an empty string.
    """
    score = _SCORE.search(page, max(page.find("<h4>"), 0))
    try:
        shown = float(score[1]) if score is not None else points
    except ValueError:
        shown = points
    if abs(shown - points) <= 0.011:
        return ""
    return f"its feedback page still says {shown:g} points; run `nbgrader generate_feedback --force`"


def _without_fetching_rules(css: str) -> str:
    """Leave out rules that fetch: fonts and other sheets."""
    parts: list[str] = []
    position = 0
    while (rule := _AT_RULE.search(css, position)) is not None:
        parts.append(css[position : rule.start()])
        ends_with = "}" if rule[1].lower() == "font-face" else ";"
        position = css.find(ends_with, rule.end()) + 1 or len(css)
    return "".join([*parts, css[position:]])


def _image(tag: str, folder: Path) -> str:
    attributes = {name.lower(): html.unescape(first or second) for name, first, second in _ATTRIBUTE.findall(tag)}
    source, description = attributes.get("src", ""), attributes.get("alt", "")
    if source.startswith("data:image/"):
        return tag
    data = _picture(source, folder)
    if data:
        return f'<img alt="{html.escape(description)}" src="{data}" style="max-width: 100%;">'
    return f"<em>[picture not shown: {html.escape(description or source[:80])}]</em>"


def _picture(source: str, folder: Path) -> str:
    if re.match(r"[a-z][a-z0-9+.-]{0,30}:|//", source, re.IGNORECASE) or "\0" in source:
        return ""
    path = folder / unquote(source)
    kind = _KINDS.get(path.suffix.lower())
    try:
        # a link, or a path that leads out, could show what the student may not see
        is_inside = path.resolve().is_relative_to(folder.resolve())
        if kind is None or not is_inside or not path.is_file() or path.stat().st_size > _MOST_PICTURE_MIB * 2**20:
            return ""
        content = path.read_bytes()
        return f"data:{kind};base64,{base64.b64encode(content).decode()}" if is_modest(content) else ""
    except OSError:
        return ""
