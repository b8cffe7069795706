"""Names as LMSs bend them: compared without what gets lost on the way, and made into ids and file names."""

import re
import unicodedata

_RENAMED = re.compile(
    r"^(?P<base>.+?)(?:\s*\(\d+\)|[-_ ]\d{1,3}|\s*-\s*copy(?:\s*\(\d+\))?|[-_ ]copy\d*)$", re.IGNORECASE
)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\*?\[\]:\"<>|{}\s]+")

_UNSEEN = frozenset({"Cf", "Cs", "Co", "Cn"})
"""Kinds of characters that nobody sees, or that turn what is seen around: two ids that look alike are two people."""
_MOST_ID_BYTES = 120


def folded(name: str) -> str:
    """Return what is left of a name after any LMS has cleaned it: its letters and digits, case and accents aside.

    Moodle turns underscores into spaces and drops apostrophes, quotes and more, after which a lone accent may join the
    letter before it; Canvas drops all but letters.

    Args:
        name: A person's or group's name.
    """
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(letter for letter in bare if letter.isalnum())


def same_name(bent: str, original: str) -> bool:
    """Tell whether a name may be what an LMS made of another.

    Args:
        bent: The name in an archive.
        original: The name in a list.
    """
    return folded(bent) == folded(original)


def student_id(text: str) -> str:
    """Return an id that is one folder name on every system and no pattern to nbgrader.

    Args:
        text: An e-mail address, login or name.

    Returns:
        The id, empty if nothing usable is left.
    """
    seen = "".join(one for one in unicodedata.normalize("NFC", text) if unicodedata.category(one) not in _UNSEEN)
    cleaned = _UNSAFE.sub("-", seen.strip().lower()).strip("-. ")
    return cleaned.encode()[:_MOST_ID_BYTES].decode(errors="ignore").strip("-. ")


def released_name(stem: str, released: frozenset[str]) -> str:
    """Return the released notebook a file name is a copy of.

    Args:
        stem: A file name without suffix, such as `exercise_1 (1)` or `exercise_1-2`.
        released: Names of the released notebooks, without suffix.

    Returns:
        One of `released`, or `stem` if it is no copy of any.
    """
    candidate = unicodedata.normalize("NFC", stem).strip()
    while candidate not in released:
        renamed = _RENAMED.match(candidate)
        if renamed is None:
            return stem
        candidate = renamed["base"].strip()
    return candidate


def split_name(full_name: str) -> tuple[str, str]:
    """Split a full name into first and last name, so that they give the full name again with a space between.

    Where the first name ends is not known; the first word is taken.

    Args:
        full_name: As the LMS shows it.
    """
    first, _, last = full_name.strip().partition(" ")
    return (first, last.strip()) if last else ("", first)
