"""Slips: submissions that are the reference with one thing written otherwise, a few lines each in `slips.toml`.

    [wrong_sample_deviation]
    cell = "standardize"                  grade_id of the answer
    replace = "values.std(axis=0)"        text of the reference's cell, word for word, which stands there once
    by = "values.std(axis=0, ddof=1)"
    checks = ["columns_have_unit_deviation"]    every check that does not pass
    says = "the deviation is"             part of what the first of them says
    why = "divide by n, not by n - 1" optional: the sentence of the contract that is broken
    count = 2                             optional: the text stands there so often, and is replaced each time
    chance = ["name_of_check"]            optional: checks that pass or fail by chance

A mistake that needs two places has `edits = [{cell = ..., replace = ..., by = ...}, ...]` instead. A name that begins
with `right_` is a right solution just inside an edge: it has neither `checks` nor `says`.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.judge.wording import no_such

FILE_NAME = "slips.toml"
_EDIT = {"cell": str, "replace": str, "by": str, "count": int}
_OTHERS = {"edits": list, "checks": list, "says": str, "why": str, "chance": list}


class SlipError(ValueError):
    """A slip cannot be read, or does not apply; the sentence says what to do."""


@dataclass(frozen=True)
class Edit:
    """One place of a slip."""

    cell: str
    """grade_id of the answer."""
    replace: str
    """Text of the reference's cell."""
    by: str
    """What stands there instead."""
    count: int = 1
    """How often the text stands in the cell; each is replaced."""


@dataclass(frozen=True)
class Slip:
    """A submission that is the reference but for a slip."""

    name: str
    edits: tuple[Edit, ...]
    checks: tuple[str, ...] = ()
    """Every check that does not pass; the first one first."""
    says: str = ""
    """Part of the message of the first of them."""
    why: str = ""
    """The sentence of the contract that is broken."""
    chance: tuple[str, ...] = ()
    """Checks of which nothing is expected."""

    @property
    def cells(self) -> tuple[str, ...]:
        """The answers it changes, each once, in the order of its edits."""
        return tuple(dict.fromkeys(edit.cell for edit in self.edits))

    def apply(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Return the cells it changes, as it has them.

        Args:
            texts: Text of the reference's answers, by grade_id.

        Raises:
            SlipError: A cell does not exist, or does not hold the text so often.
        """
        changed: dict[str, str] = {}
        for edit in self.edits:
            if edit.cell not in texts:
                raise SlipError(f"slip {self.name}: {no_such('cell', edit.cell, texts)}")
            text = changed.get(edit.cell, texts[edit.cell])
            found = text.count(edit.replace)
            if found != edit.count:
                raise SlipError(f"slip {self.name}: {_misfit(edit, text, found)}")
            changed[edit.cell] = text.replace(edit.replace, edit.by)
        return changed


def read_slips(exercise: Path) -> dict[str, Slip]:
    """Read the slips of an exercise, by name; none if it has no `slips.toml`.

    Args:
        exercise: The folder of its submissions.

    Raises:
        SlipError: The file cannot be read, or an entry is no slip.
    """
    path = exercise / FILE_NAME
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SlipError(f"{path} is no TOML: {error}") from error
    return {name: _slip(name, entry) for name, entry in found.items()}


def _slip(name: str, entry: Any) -> Slip:
    if not isinstance(entry, dict):
        raise SlipError(f"slip {name}: it must be a table, [{name}]")
    if not name.startswith(("wrong_", "right_")):
        raise SlipError(f"slip {name}: its name must begin with wrong_ or right_")
    places = entry.get("edits", [{key: value for key, value in entry.items() if key in _EDIT}])
    _refuse_other_words(name, entry, _OTHERS if "edits" in entry else _OTHERS | _EDIT)
    for place in places:
        _refuse_other_words(name, place, _EDIT)
        missing = [word for word in ("cell", "replace", "by") if word not in place]
        if missing:
            raise SlipError(f"slip {name}: it does not say {', '.join(missing)}")
        if not place["replace"] or place["replace"] == place["by"]:
            raise SlipError(f"slip {name}: it replaces {place['replace']!r} by {place['by']!r}, which changes nothing")
    is_wrong = name.startswith("wrong_")
    if is_wrong != bool(entry.get("checks")) or is_wrong != bool(entry.get("says")):
        what = "must name the checks that notice it, and what the first one says" if is_wrong else "loses no check"
        raise SlipError(f"slip {name}: it {what} (`checks`, `says`)")
    checks, chance = tuple(entry.get("checks", ())), tuple(entry.get("chance", ()))
    edits = tuple(Edit(**place) for place in places)
    return Slip(name, edits, checks, entry.get("says", ""), entry.get("why", ""), chance)


def _refuse_other_words(name: str, entry: Mapping[str, Any], words: Mapping[str, type]) -> None:
    for word, value in entry.items():
        if word not in words:
            raise SlipError(f"slip {name}: {no_such('word', word, words)}")
        if not isinstance(value, words[word]):
            raise SlipError(f"slip {name}: `{word}` must be a {words[word].__name__} (got {value!r})")


def _misfit(edit: Edit, text: str, found: int) -> str:
    if found:
        return (
            f"`{edit.replace}` stands {found} times in the reference's cell {edit.cell}, not {edit.count}; "
            f"take more of the line, or say count = {found}"
        )
    near = _nearest(edit.replace, text)
    return f"the reference's cell {edit.cell} does not hold `{edit.replace}`; the nearest there is `{near}`"


def _nearest(wanted: str, text: str) -> str:
    """The lines of a text, as many as are wanted, that come nearest."""
    count, lines = wanted.count("\n") + 1, text.splitlines()
    windows = ["\n".join(lines[start : start + count]) for start in range(max(1, len(lines) - count + 1))]
    return max(windows, key=lambda window: difflib.SequenceMatcher(None, wanted, window).ratio())
