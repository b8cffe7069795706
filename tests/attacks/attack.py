"""Read the hostile submissions: a file each, with a head that says what must come of it.

# why = "what it tries"
# lost = ["double"]                 checks that must fail; all others must still be passed
# undecided = ["model"]             of these, which may be left to a person instead (optional)
# may_lose = ["model"]              of its own, lost or not as the machine is slow or quick (optional)
# says = "endless loop"             words that must stand in the verdict (optional)
# prints = "REACHED []"             words that must stand in the executed notebook (optional)
# files = {"a.py" = "text"}         files beside the notebook (optional)
# %% double                         the cell that replaces the honest one; other names are cells at the end
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.light_course import CHECKS, HONEST

FOLDER = Path(__file__).with_name("submissions")


@dataclass(frozen=True)
class Attack:
    """One hostile submission and what must come of it."""

    name: str
    why: str
    answers: dict[str, str]
    lost: frozenset[str]
    undecided: frozenset[str]
    may_lose: frozenset[str]
    says: str
    prints: str
    files: dict[str, bytes]


def read_attack(path: Path) -> Attack:
    """Read one file; a misspelt head or cell is an error."""
    head, *parts = re.split(r"^# %% ", path.read_text(), flags=re.MULTILINE)
    fields = tomllib.loads(re.sub(r"^# ?", "", head, flags=re.MULTILINE))
    answers = {name.strip(): code.strip() for name, _, code in (part.partition("\n") for part in parts)}
    lost = fields.pop("lost")
    attack = Attack(
        name=f"{path.parent.name}/{path.stem}",
        why=fields.pop("why"),
        answers=HONEST | answers,
        lost=frozenset(CHECKS[name] for name in lost),
        undecided=frozenset(CHECKS[name] for name in fields.pop("undecided", ())),
        may_lose=frozenset(CHECKS[name] for name in fields.pop("may_lose", ())),
        says=fields.pop("says", ""),
        prints=fields.pop("prints", ""),
        files={name: text.encode() for name, text in fields.pop("files", {}).items()},
    )
    if fields or not answers:
        raise ValueError(f"{path} has an unknown head {sorted(fields)}, or no cell")
    return attack


def all_attacks() -> list[Attack]:
    """Read every submission of the folder."""
    return [read_attack(path) for path in sorted(FOLDER.glob("*/*.py"))]
