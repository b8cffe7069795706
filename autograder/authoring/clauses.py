"""Clauses: what the texts of an exercise demand, each with the checks that judge it and a slip that breaks it.

`autograder/checks/<exercise>/clauses.toml` holds one entry a clause:

    [select_order]
    says = "in the order they had in `images`"     a sentence, or sentences, that students read in source/<exercise>.py
    task = "check_select_classes"                  the judged cell
    checks = ["select_classes_keeps_..."]          those that judge it
    slip = "wrong_order_not_kept"                  or several: submissions that break it and lose its points
    right = "right_..."                            optional: a right submission just inside the edge
    person = true                                  instead of task, checks and slip: no program can judge it
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.authoring.golden import read_expected, submission_places
from autograder.course.exercise import table_beside
from autograder.judge.checking import CheckSettings
from autograder.judge.wording import no_such

_WORDS = ("says", "task", "checks", "slip", "right", "person")
_COMMENT = re.compile(r"^[ \t]*# ?", re.MULTILINE)


@dataclass(frozen=True)
class Clause:
    """One thing that an exercise demands, or expressly does not."""

    name: str
    says: tuple[str, ...]
    """What students read."""
    task: str
    """grade_id of the judged cell, or of the cell that a person grades."""
    checks: tuple[str, ...]
    slips: tuple[str, ...]
    """Submissions that break it."""
    right: tuple[str, ...]
    """Right submissions just inside the edge."""
    person: bool


def clauses_path(page: Path) -> Path:
    """Return where the clauses of an exercise stand.

    Args:
        page: Its first check page.
    """
    return table_beside(page, "clauses.toml")


def read_clauses(path: Path) -> list[Clause]:
    """Read the clauses of an exercise, in their order.

    Args:
        path: The file.

    Raises:
        ValueError: It cannot be read, or an entry is no clause.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path} holds no clauses: {error}") from error
    return [_clause(name, entry) for name, entry in found.items()]


def _clause(name: str, entry: Any) -> Clause:
    if not isinstance(entry, dict):
        raise ValueError(f"clause {name}: it must be a table, [{name}]")  # noqa: TRY004 (a bad file, like those below)
    for word in entry:
        if word not in _WORDS:
            raise ValueError(f"clause {name}: {no_such('word', word, _WORDS)}")
    for word in ("says", "task"):
        if not entry.get(word) and not (word == "task" and entry.get("person") is True):
            raise ValueError(f"clause {name}: it does not say `{word}`")
    says, checks, slips, right = (_texts(entry.get(word, ())) for word in ("says", "checks", "slip", "right"))
    return Clause(name, says, str(entry.get("task", "")), checks, slips, right, entry.get("person") is True)


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


@dataclass(frozen=True)
class Contract:
    """The clauses of one exercise, and all they have to agree with."""

    clauses: Sequence[Clause]
    text: str
    """Of the exercise, as students read it."""
    settings: Mapping[str, CheckSettings]
    """What every check says, by name."""
    cells: frozenset[str]
    """grade_ids of judged and written cells."""
    submissions: Path
    """Folder of the exercise's golden submissions."""

    def problems(self) -> list[str]:
        """Say in a sentence each what is missing, or does not agree."""
        found = [problem for clause in self.clauses for problem in self._problems_of(clause)]
        judged = {check for clause in self.clauses for check in clause.checks}
        found += [f"the check `{check}` judges what no clause says" for check in self.settings if check not in judged]
        return found

    def _problems_of(self, clause: Clause) -> list[str]:
        found = [f"the text does not say {part!r}" for part in clause.says if _folded(part) not in _folded(self.text)]
        if clause.task not in self.cells and not (clause.person and not clause.task):
            found.append(no_such("judged cell", clause.task, self.cells))
        if clause.person:
            found += ["a person judges it, so it has no checks and no slip"] if clause.checks or clause.slips else []
            return [f"clause {clause.name}: {problem}" for problem in found]
        found += ["it names no check"] if not clause.checks else []
        found += ["it names no slip"] if not clause.slips else []
        found += [no_such("check", check, self.settings) for check in clause.checks if check not in self.settings]
        known = [place.name for place in submission_places(self.submissions)]
        for name in (*clause.slips, *clause.right):
            if name not in known:
                found.append(no_such("submission", name, known))
            elif bool(lost := read_expected(self.submissions / name).checks) != (name in clause.slips):
                found.append(f"{name} {'loses points' if lost else 'loses nothing'}")
            elif name in clause.slips and not lost.keys() & set(clause.checks):
                found.append(f"{name} is noticed by {', '.join(lost)} only, which the clause does not name")
        return [f"clause {clause.name}: {problem}" for problem in found]

    def points_of(self, clause: Clause) -> float:
        """Points that its checks give, together.

        Args:
            clause: One of them.
        """
        return sum(self.settings[check].points for check in clause.checks if check in self.settings)


def _folded(text: str) -> str:
    """The words of a text alone: comment signs and line breaks of a source are not what students read."""
    return " ".join(_COMMENT.sub("", text).split())


def clauses_page(contracts: Mapping[str, Contract]) -> str:
    """Return the page for instructors, in Markdown.

    Args:
        contracts: By exercise.
    """
    parts = [_HEAD]
    for exercise, contract in contracts.items():
        counted = f"{len(contract.clauses)} clauses, {len(contract.settings)} checks"
        parts.append(
            f"## {exercise}\n\n{counted}.\n\n| clause | students read | checks | slip | points |\n|---|---|---|---|---|"
        )
        parts[-1] += "".join(f"\n| {' | '.join(map(_cell, _row(contract, clause)))} |" for clause in contract.clauses)
    return "\n\n".join(parts) + "\n"


CLAUSES_PAGE = Path("docs") / "clauses.md"
"""Where the page lies in a course folder."""

_HEAD = """# What is demanded, and what judges it

Written by `autograder clauses` from the `clauses.toml` beside the check pages; change those. Every clause stands word
for word in the text that students read, is judged by the checks named, and is broken by the slips named
(`tests/submissions/<exercise>/`), which lose points for it. Points are those of the checks named; checks that stand
with several clauses give theirs once."""


def _row(contract: Contract, clause: Clause) -> tuple[str, str, str, str, str]:
    if clause.person:
        return clause.name, " … ".join(clause.says), "a person", "–", "by hand"
    points = f"{contract.points_of(clause):g}"
    return clause.name, " … ".join(clause.says), _coded(clause.checks), _coded((*clause.slips, *clause.right)), points


def _coded(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
