"""What a command did for whom, what it left out, and why: the table every `autograder lms` command ends with."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


class Did(StrEnum):
    """What became of a row."""

    DONE = "done"
    SKIPPED = "skipped"
    """Rightly left out: nothing was handed in, or nothing has changed."""
    PERSON = "needs a person"
    """Left out, or done with a doubt that only a person can settle."""


_STYLES = {Did.DONE: "", Did.SKIPPED: "dim", Did.PERSON: "yellow"}


@dataclass(frozen=True)
class ResultRow:
    """One line of the table."""

    did: Did
    who: str
    """Student id, or the name in the LMS where there is none."""
    why: str = ""
    """One sentence: what was done, or why not and what to do."""
    points: str = ""
    """Points that were written or sent, as text."""
    outcome: str = ""
    """A word of the command's own for what became of it; that of `did` if there is none."""
    there: str = ""
    """What the LMS holds now, for a plan."""
    sends: str = ""
    """What is sent or written."""
    stays: str = ""
    """What somebody else put there and is left."""

    @property
    def shown(self) -> str:
        """What the table calls the outcome."""
        return self.outcome or self.did.value


@dataclass
class Results:
    """All rows of a command, in order."""

    title: str
    rows: list[ResultRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences for below the table, such as what to click next."""

    def add(self, did: Did, who: str, why: str = "", points: str = "", outcome: str = "", **plan: str) -> None:
        """Append a row.

        Args:
            did: What became of it.
            who: The student.
            why: One sentence.
            points: Points that were written or sent.
            outcome: A word of the command's own for what became of it.
            plan: `there`, `sends` and `stays` of the row.
        """
        self.rows.append(ResultRow(did, who, why, points, outcome, **plan))

    @property
    def needs_person(self) -> bool:
        """Whether anything is left that only a person can settle."""
        return any(row.did is Did.PERSON for row in self.rows)

    def counted(self, did: Did) -> int:
        """Return how many rows there are of a kind.

        Args:
            did: The kind.
        """
        return sum(row.did is did for row in self.rows)


def results_table(results: Results, *, is_dry_run: bool = False, is_plan: bool = False) -> RenderableType:
    """Return the table of a command.

    Args:
        results: Its rows and notes.
        is_dry_run: Whether nothing was really done.
        is_plan: Whether it also shows what stands there, what would be sent, and what stays.
    """
    title = f"{results.title} (dry run: nothing is written or sent)" if is_dry_run else results.title
    table = Table(title=Text(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("outcome", no_wrap=True)
    table.add_column("who", overflow="fold")
    has_points = any(row.points for row in results.rows)
    if has_points:
        table.add_column("points", justify="right", no_wrap=True)
    for title in ("stands there now", "would be sent", "stays") if is_plan else ():
        table.add_column(title, overflow="fold")
    table.add_column("what, or why not", overflow="fold")
    for row in results.rows:
        points = [Text(row.points)] if has_points else []
        planned = [Text(text) for text in (row.there, row.sends, row.stays)] if is_plan else []
        table.add_row(Text(row.shown), Text(row.who), *points, *planned, Text(row.why), style=_STYLES[row.did])
    in_order = sorted(results.rows, key=lambda row: list(Did).index(row.did))
    counts = Counter(row.shown for row in in_order)
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "nothing to do"
    return Group(table, Text(f"{len(results.rows)} rows: {summary}."), *(Text(note) for note in results.notes))
