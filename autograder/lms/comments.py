"""Comments as they are sent, as an LMS gives them back, and whether one that is found there is ours.

Moodle's worksheet does not give comments back as they went in: in every cell of its export, ends of paragraphs and line
breaks of the text become three spaces, then all tags go and entities are decoded (format_text in its
base_export_format.php), so `<br>` leaves nothing. What was written is compared after the same was done to it.
"""

import html
import re
from collections.abc import Iterable
from enum import StrEnum

_TAG = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"</p>|\r|\n", re.IGNORECASE)
_POINTS = r"-?\d+(?:\.\d+)? of -?\d+(?:\.\d+)?"
# the lines of `outgoing`, in which exercises have a name, also where Moodle has pushed them together
_OURS = re.compile(
    rf"{_POINTS} points\.(?:\s*[^:<>]{{1,200}}?: {_POINTS}(?: \(not handed in\))?)*"
    r"(?:\s*Still to be graded by a person: [^.]{1,500}\.)?"
)


class Whose(StrEnum):
    """Whose comment it is that stands in the LMS."""

    NOBODY = "nobody's"
    NEW = "the one to be written"
    OURS = "one written here earlier"
    EXTENDED = "the one to be written, with something added"
    EDITED = "one written here earlier, with something added"
    OTHERS = "somebody else's"


def as_html(text: str) -> str:
    """Write a comment as the HTML Moodle keeps.

    Args:
        text: Plain text.
    """
    return "<p>" + html.escape(text, quote=False).replace("\n", "<br>") + "</p>"


def plain(comment: str) -> str:
    """Return what is left of a comment after any LMS has kept, shown or exported it: its words, without spaces.

    Args:
        comment: HTML, its export, or plain text.
    """
    bare = _TAG.sub("", _BREAK.sub(" ", comment))
    return "".join(html.unescape(bare).split())


def whose(there: str, new: str, earlier: Iterable[str]) -> Whose:
    """Tell whose comment stands in the LMS.

    Args:
        there: What stands there, in any of the forms an LMS gives it.
        new: The comment that is to be written.
        earlier: Comments that were written before, as far as they are remembered.
    """
    found = plain(there)
    if not found:
        return Whose.NOBODY
    if found == plain(new):
        return Whose.NEW
    if plain(new) and plain(new) in found:
        return Whose.EXTENDED
    known = {plain(comment) for comment in earlier} - {""}
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", there))).strip()
    shape = _OURS.match(text)
    if found in known or (shape is not None and shape.end() == len(text)):
        return Whose.OURS
    if shape is not None or any(comment in found for comment in known):
        return Whose.EDITED
    return Whose.OTHERS
