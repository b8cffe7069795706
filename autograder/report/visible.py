"""Text of anybody's, as a terminal may show it: what would steer the terminal is spelt out."""

import json
import re
from typing import Any

# Control characters, but for line breaks and tabs; marks that turn the direction of writing; separators that some
# terminals take for line breaks; and halves of characters, which file names that are no text leave.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""Return a text in which nothing steers a terminal: an escape character is shown as `\x1b`.

    Args:
        text: Any text: of a student, of a file, of another program.
    """
    return _STEERING.sub(lambda found: _spelt(ord(found.group())), text)


def _spelt(code: int) -> str:
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is no text
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def machine_text(value: Any) -> str:
    """Return a value as JSON that programs read and a terminal can show.

    Args:
        value: What `json` can write.
    """
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return re.sub(r"[^\n]", lambda found: _escaped(found.group()), text) if _STEERING.search(text) else text


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}" if _STEERING.match(character) else character
