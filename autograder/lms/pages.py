"""Feedback pages that stand by themselves: an LMS hands them out as single files, opened anywhere, also offline."""

import base64
import html
import re
from pathlib import Path
from urllib.parse import unquote

_SCRIPT = re.compile(
    r"<script\b.*?</script\s*>|<script\b[^>]*/>|<link\b[^>]*>|<base\b[^>]*>", re.DOTALL | re.IGNORECASE
)
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}", re.IGNORECASE)
_IMPORT = re.compile(r"@import\b[^;]*;", re.IGNORECASE)
_IMAGE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(src|alt)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_TITLE_SCORE = re.compile(r"<h4>.*?\(Score:\s*([-\d.]+)\s*/\s*([-\d.]+)\)", re.DOTALL)
_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}
_MOST_PICTURE_MIB = 5
# Whatever was overlooked, a browser then refuses to fetch or run.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)


def self_contained(page: str, folder: Path) -> str:
    """Make a feedback page one that needs no other file, no network and no script.

    MathJax goes with the scripts: formulas read as they were typed.

    Args:
        page: HTML as nbgrader wrote it.
        folder: Where pictures that the page names lie.

    Returns:
        The page; pictures beside it are inside it, others are replaced by their description.
    """
    bare = _SCRIPT.sub("", page)
    bare = _IMPORT.sub("", _FONT_FACE.sub("", bare))
    bare = _IMAGE.sub(lambda match: _image(match[0], folder), bare)
    head = re.search(r"<head\b[^>]*>", bare, re.IGNORECASE)
    place = head.end() if head else 0
    return bare[:place] + _POLICY + bare[place:]


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
    score = _TITLE_SCORE.search(page)
    if score is None or abs(float(score[1]) - points) <= 0.011:
        return ""
    return f"its feedback page still says {float(score[1]):g} points; run `nbgrader generate_feedback --force`"


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
    if re.match(r"[a-z][a-z0-9+.-]*:|//", source, re.IGNORECASE) or "\0" in source:
        return ""
    path = folder / unquote(source)
    kind = _KINDS.get(path.suffix.lower())
    try:
        # a link, or a path that leads out, could show what the student may not see
        is_inside = path.resolve().is_relative_to(folder.resolve())
        if kind is None or not is_inside or not path.is_file() or path.stat().st_size > _MOST_PICTURE_MIB * 2**20:
            return ""
        return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
    except OSError:
        return ""
