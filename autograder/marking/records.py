"""What was marked by whom, one row a decision; nothing is ever changed or removed.

Rows are in a SQLite file of the course's state folder, which takes a decision wholly or not at all, also when it is
killed. What counts for an answer is its last row. An undo is a row as well. Beside the rows is kept what was written to
the gradebook, so that what somebody changed there is told from what a killed process did not come to write.
"""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from autograder.gradebook.marks import AnswerKey, Given

FIRST, SECOND = "first", "second"
"""Sittings: the first one's marks count, the second one's are compared with them."""
_LOOKING_SECONDS = 600
"""So long an answer that somebody has opened is offered to nobody else."""
_TABLES = """
CREATE TABLE IF NOT EXISTS decisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, marker TEXT NOT NULL, sitting TEXT NOT NULL,
    notebook TEXT NOT NULL, cell TEXT NOT NULL, student TEXT NOT NULL, is_marked INTEGER NOT NULL,
    items TEXT NOT NULL, adjustment REAL NOT NULL, comment TEXT NOT NULL, answer TEXT NOT NULL,
    batch INTEGER NOT NULL, undoes INTEGER
);
CREATE INDEX IF NOT EXISTS by_answer ON decisions (sitting, notebook, cell, student, number);
CREATE TABLE IF NOT EXISTS rubrics (
    batch INTEGER PRIMARY KEY, at TEXT NOT NULL, marker TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
    undoes INTEGER
);
CREATE TABLE IF NOT EXISTS written (
    notebook TEXT NOT NULL, cell TEXT NOT NULL, student TEXT NOT NULL,
    found_score REAL, found_comment TEXT, found_needs INTEGER NOT NULL,
    score REAL, comment TEXT, meant_score REAL, meant_comment TEXT, decision INTEGER NOT NULL,
    PRIMARY KEY (notebook, cell, student)
);
CREATE TABLE IF NOT EXISTS looking (
    sitting TEXT NOT NULL, notebook TEXT NOT NULL, cell TEXT NOT NULL, student TEXT NOT NULL,
    marker TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (sitting, notebook, cell, student)
);
CREATE TABLE IF NOT EXISTS batches (number INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_DECISION = "number, at, marker, notebook, cell, student, is_marked, items, adjustment, comment, answer, batch"


@dataclass(frozen=True)
class Mark:
    """What a person decided about an answer."""

    items: tuple[str, ...] = ()
    """Ids of the rubric."""
    adjustment: float = 0.0
    comment: str = ""


@dataclass(frozen=True)
class Decision:
    """A mark, or that there is none any more, and whose it is."""

    key: AnswerKey
    marker: str
    mark: Mark | None
    """None if it was taken back."""
    answer: str = ""
    """Digest of the text that was marked."""
    number: int = 0
    """Grows with each decision of the assignment; 0 for one that was not kept yet."""
    at: str = ""
    """ISO 8601, UTC."""
    batch: int = 0
    """Decisions of one stroke, which one undo takes back."""


@dataclass(frozen=True)
class RubricChange:
    """A rubric that somebody changed on the page."""

    before: str
    """The text of the file."""
    after: str


@dataclass(frozen=True)
class Written:
    """What was written to the gradebook for an answer."""

    found: Given
    """What it held before the first mark: it comes back when the mark is taken back."""
    score: float | None
    comment: str | None
    meant_score: float | None
    """What was to be written last; another one than `score` only if that was interrupted."""
    meant_comment: str | None
    decision: int
    """The number of the decision that is in the gradebook; 0 for none yet."""

    def is_ours(self, there: Given) -> bool:
        """Whether the gradebook holds what was written, or was about to be; anything else somebody else has written.

        Args:
            there: What it holds.
        """
        return there.is_same(self.score, self.comment) or there.is_same(self.meant_score, self.meant_comment)


class Records:
    """The decisions of an assignment. Thread-safe, and safe with other processes on the same file.

    Args:
        state: The course's state folder.
        assignment: The nbgrader assignment.
    """

    def __init__(self, state: Path, assignment: str) -> None:
        self._path = state / "marking" / f"{quote(assignment, safe=' ')}.sqlite"
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)
        with self._open() as database:
            database.executescript(_TABLES)
        self.key = self._setting("key", secrets.token_hex(16))
        """What answers are named and drawn with; tells nobody who wrote them."""

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction, which is kept if nothing is raised."""
        database = sqlite3.connect(self._path, timeout=60, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = FULL")
            database.execute("BEGIN IMMEDIATE")
            yield database
            if database.in_transaction:
                database.execute("COMMIT")
        finally:
            database.close()  # what was begun and not kept is taken back

    def _setting(self, name: str, value: str) -> str:
        with self._open() as database:
            database.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, value))
            found: tuple[str] = database.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return found[0]

    def seed(self, wanted: int | None) -> str:
        """Return the seed of the order; the one of the first time unless another is wanted.

        Args:
            wanted: What was asked for, if anything; it is kept.
        """
        if wanted is not None:
            with self._open() as database:
                database.execute("INSERT OR REPLACE INTO settings VALUES ('seed', ?)", (str(wanted),))
        return self._setting("seed", secrets.token_hex(8))

    def last(self, sitting: str) -> dict[AnswerKey, Decision]:
        """Return the last decision on each answer.

        Args:
            sitting: `FIRST` or `SECOND`.
        """
        last = "SELECT max(number) FROM decisions WHERE sitting = ? GROUP BY notebook, cell, student"
        with self._open() as database:
            rows = database.execute(f"SELECT {_DECISION} FROM decisions WHERE number IN ({last})", (sitting,))  # noqa: S608 - our own words
            return {found.key: found for found in map(_decision, rows)}

    def last_of(self, sitting: str, key: AnswerKey) -> Decision | None:
        """Return the last decision on an answer.

        Args:
            sitting: `FIRST` or `SECOND`.
            key: The answer.
        """
        with self._open() as database:
            return _last_of(database, sitting, key)

    def decide(
        self, sitting: str, decisions: Sequence[Decision], seen: Mapping[AnswerKey, int], undoes: int | None = None
    ) -> list[Decision]:
        """Keep decisions, all of them or none.

        Args:
            sitting: `FIRST` or `SECOND`.
            decisions: What was decided in one stroke.
            seen: The number of the last decision that the person knew, by answer; 0 for none.
            undoes: The batch that this takes back.

        Returns:
            Decisions that the person did not know; if there are any, nothing is kept.
        """
        with self._open() as database:
            lasts = [_last_of(database, sitting, decision.key) for decision in decisions]
            stale = [last for last in lasts if last is not None and last.number != seen.get(last.key, 0)]
            if stale:
                return stale
            batch = database.execute("INSERT INTO batches DEFAULT VALUES").lastrowid
            for decision in decisions:
                mark, key = decision.mark or Mark(), decision.key
                database.execute(
                    "INSERT INTO decisions (at, marker, sitting, notebook, cell, student, is_marked, items, adjustment,"
                    " comment, answer, batch, undoes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        *(_now(), decision.marker, sitting, key.notebook, key.cell, key.student),
                        *(decision.mark is not None, json.dumps(mark.items), mark.adjustment, mark.comment),
                        *(decision.answer, batch, undoes),
                    ),
                )
        return []

    def change_rubric(self, marker: str, change: RubricChange, undoes: int | None = None) -> None:
        """Note that a rubric was changed on the page.

        Args:
            marker: By whom.
            change: What it was and is.
            undoes: The batch that this takes back.
        """
        with self._open() as database:
            batch = database.execute("INSERT INTO batches DEFAULT VALUES").lastrowid
            row = (batch, _now(), marker, change.before, change.after, undoes)
            database.execute("INSERT INTO rubrics VALUES (?, ?, ?, ?, ?, ?)", row)

    def to_undo(self, sitting: str, marker: str) -> tuple[int, list[tuple[Decision, Decision]], RubricChange | None]:
        """Return what a marker did last that is not undone.

        Args:
            sitting: `FIRST` or `SECOND`.
            marker: Who.

        Returns:
            The batch, 0 for none; each of its decisions with what was before it; and the change of a rubric it is.
        """
        undone = "SELECT undoes FROM decisions WHERE undoes IS NOT NULL UNION SELECT undoes FROM rubrics WHERE undoes IS NOT NULL"  # noqa: E501 - one query
        mine = "marker = ? AND undoes IS NULL AND batch NOT IN"
        with self._open() as database:
            (decided,) = database.execute(
                f"SELECT max(batch) FROM decisions WHERE sitting = ? AND {mine} ({undone})",  # noqa: S608 - our own words
                (sitting, marker),
            ).fetchone()
            (changed,) = database.execute(
                f"SELECT max(batch) FROM rubrics WHERE {mine} ({undone})",  # noqa: S608 - our own words
                (marker,),
            ).fetchone()
            batch = max(decided or 0, changed or 0)
            if batch and batch == changed:
                row = database.execute("SELECT before, after FROM rubrics WHERE batch = ?", (batch,)).fetchone()
                return batch, [], RubricChange(*row)
            rows = database.execute(f"SELECT {_DECISION} FROM decisions WHERE batch = ?", (batch,)).fetchall()  # noqa: S608 - our own words
            decisions = [_decision(row) for row in rows]
            before = [_last_of(database, sitting, found.key, found.number) for found in decisions]
        nothing = [Decision(found.key, marker, None) for found in decisions]
        return batch, [(now, then or none) for now, then, none in zip(decisions, before, nothing, strict=True)], None

    def look(self, sitting: str, key: AnswerKey, marker: str, now: float) -> None:
        """Note that somebody has opened an answer.

        Args:
            sitting: `FIRST` or `SECOND`.
            key: The answer.
            marker: Who.
            now: Seconds since the epoch.
        """
        with self._open() as database:
            database.execute(
                "DELETE FROM looking WHERE (sitting = ? AND marker = ?) OR at < ?",
                (sitting, marker, now - _LOOKING_SECONDS),
            )
            row = (sitting, key.notebook, key.cell, key.student, marker, now)
            database.execute("INSERT OR IGNORE INTO looking VALUES (?, ?, ?, ?, ?, ?)", row)

    def looked_at_by_others(self, sitting: str, marker: str, now: float) -> set[AnswerKey]:
        """Return answers that others have open.

        Args:
            sitting: `FIRST` or `SECOND`.
            marker: Who asks.
            now: Seconds since the epoch.
        """
        with self._open() as database:
            rows = database.execute(
                "SELECT notebook, cell, student FROM looking WHERE sitting = ? AND marker != ? AND at >= ?",
                (sitting, marker, now - _LOOKING_SECONDS),
            )
            return {AnswerKey(*row) for row in rows}

    def written(self) -> dict[AnswerKey, Written]:
        """Return what was written to the gradebook."""
        with self._open() as database:
            rows = database.execute("SELECT * FROM written").fetchall()
        return {
            AnswerKey(*row[:3]): Written(Given(row[3], row[4], bool(row[5])), row[6], row[7], row[8], row[9], row[10])
            for row in rows
        }

    def intend(self, meant: Mapping[AnswerKey, Given], found: Mapping[AnswerKey, Given]) -> None:
        """Note what is about to be written to the gradebook.

        Args:
            meant: By answer.
            found: What it holds now.
        """
        with self._open() as database:
            for key, given in meant.items():
                name, there = (key.notebook, key.cell, key.student), found[key]
                database.execute(
                    "INSERT OR IGNORE INTO written VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
                    (
                        *(*name, there.score, there.comment, there.needs_person),
                        *(there.score, there.comment, there.score, there.comment),
                    ),
                )
                # What is there now is ours from now on, also where a person has decided to write over another's.
                database.execute(
                    "UPDATE written SET score = ?, comment = ?, meant_score = ?, meant_comment = ?"
                    " WHERE notebook = ? AND cell = ? AND student = ?",
                    (there.score, there.comment, given.score, given.comment, *name),
                )

    def wrote(self, numbers: Mapping[AnswerKey, int], given_back: Sequence[AnswerKey]) -> None:
        """Note that what was intended is in the gradebook.

        Args:
            numbers: Of the decision on each answer.
            given_back: Answers in which the gradebook holds again what it held before the first mark.
        """
        with self._open() as database:
            for key in given_back:
                database.execute(
                    "DELETE FROM written WHERE notebook = ? AND cell = ? AND student = ?",
                    (key.notebook, key.cell, key.student),
                )
            for key, number in numbers.items():
                database.execute(
                    "UPDATE written SET score = meant_score, comment = meant_comment, decision = ?"
                    " WHERE notebook = ? AND cell = ? AND student = ?",
                    (number, key.notebook, key.cell, key.student),
                )


def _last_of(database: sqlite3.Connection, sitting: str, key: AnswerKey, below: int = 2**62) -> Decision | None:
    row = database.execute(
        f"SELECT {_DECISION} FROM decisions WHERE sitting = ? AND notebook = ? AND cell = ? AND student = ?"  # noqa: S608 - our own words
        " AND number < ? ORDER BY number DESC LIMIT 1",
        (sitting, key.notebook, key.cell, key.student, below),
    ).fetchone()
    return _decision(row) if row else None


def _decision(row: tuple[object, ...]) -> Decision:
    number, at, marker, notebook, cell, student, is_marked, items, adjustment, comment, answer, batch = row
    mark = Mark(tuple(json.loads(str(items))), float(str(adjustment)), str(comment)) if is_marked else None
    key = AnswerKey(str(notebook), str(cell), str(student))
    return Decision(key, str(marker), mark, str(answer), int(str(number)), str(at), int(str(batch)))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
