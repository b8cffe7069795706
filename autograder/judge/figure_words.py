"""Words by which people of several languages name what figures show.

Only to notice names that have been swapped, and axes that say what they measure: a word that is not here is no mistake.
"""

import re
from collections.abc import Sequence

_TIME = (
    r"time|second|duration|\bs\b|\bsec|minute|\bmin\b|zeit|dauer|sekund|minut|tiempo|segundo|duraci|temps|durée|duree"
    r"|seconde|时间|時間|秒|время|секунд|tempo|secondi|czas|시간|초|süre"
)
_ACCURACY = (
    r"accura|\bacc|right|correct|genauigk|richtig|treffer|exactitud|precisi|aciert|précision|justesse|exactitude"
    r"|准确|精度|正解|正确|точност|accuratezz|dokładn|정확|doğrul|acur"
)


def names_in(text: str, names: Sequence[str]) -> set[str]:
    """Tell which of some things a text speaks of, in full or by the part that tells them apart, such as "VGG".

    Args:
        text: Of a figure.
        names: Of the things that there are.
    """
    plain = _letters(text)
    whole = {name for name in names if _letters(name) in plain}
    if whole:
        longer = {name for name in whole if any(name != other and _letters(name) in _letters(other) for other in whole)}
        return whole - longer
    found = set()
    for name in names:
        parts = [_letters(part) for part in re.split(r"[^a-zA-Z]+", name)]
        others = [_letters(other) for other in names if other != name]
        own = [part for part in parts if len(part) >= 3 and not any(part in other for other in others)]
        if any(part in plain for part in own):
            found.add(name)
    return found


def speaks_of_time(text: str) -> bool:
    """Whether words name a time or its unit."""
    return re.search(_TIME, spaced(text)) is not None


def speaks_of_accuracy(text: str) -> bool:
    """Whether words name an accuracy."""
    return re.search(_ACCURACY, spaced(text)) is not None


def spaced(text: str) -> str:
    """A text in small letters, with single blanks between its words."""
    return re.sub(r"[_\-\s]+", " ", text.lower())


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
