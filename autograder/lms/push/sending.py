"""The one loop that sends: who gets something, who has it already, who is left alone and why."""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from autograder.course.feedback import points_text
from autograder.lms.holding import why_held
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.errors import NoAnswer, StudentRefused
from autograder.lms.push.ledger import BEGUN, DONE, Ledger, digest_of
from autograder.lms.push.people import Collected, People, Person

_GIVE_UP_AFTER = 3
"""Students in a row for whom the LMS gave no answer, after all retries: it is down."""


class Status(enum.StrEnum):
    """What became of one student's grade."""

    SENT = "sent"
    ALREADY = "already there"
    WOULD_SEND = "would be sent"
    ABSENT = "absent"
    LEFT = "left alone"
    """A person has to act first."""
    FAILED = "failed"


@dataclass(frozen=True)
class Row:
    """One line of the table at the end."""

    student: str
    name: str
    status: Status
    points: str = ""
    why: str = ""


class Platform(Protocol):
    """One assignment on one LMS."""

    @property
    def ledger_name(self) -> str:
        """What its ledger is called: the same for the same assignment of the same site."""
        ...

    def people(self) -> People:
        """The students of the course."""
        ...

    def refusal(self, person: Person, outgoing: Outgoing) -> str:
        """Why the LMS would drop or damage this grade, or an empty string."""
        ...

    def holds(self, person: Person, outgoing: Outgoing, mark: str) -> bool:
        """Whether the LMS has this very grade; asked where an earlier run was stopped in between."""
        ...

    def send(self, person: Person, outgoing: Outgoing, mark: str) -> None:
        """Send points, comment and pages.

        Args:
            person: To whom.
            outgoing: What.
            mark: A short name for the content, for platforms that keep everything they are sent.

        Raises:
            StudentRefused: The LMS does not take it.
            NoAnswer: It did not answer.
        """
        ...

    def confirm(self, sent: Sequence[tuple[Person, Outgoing]]) -> dict[str, str]:
        """Read back what was sent, if the platform's answers do not say; return what is wrong, by student."""
        ...


def push(
    entries: Sequence[Outgoing],
    platform: Platform,
    ledger: Ledger,
    *,
    dry_run: bool = False,
    collected: Mapping[str, Collected] = MappingProxyType({}),
    on_progress: Callable[[Row], None] = lambda _: None,
) -> list[Row]:
    """Send every student what is new since the ledger's last word.

    Args:
        entries: What everybody gets.
        platform: Where to.
        ledger: What has been sent before.
        dry_run: Ask the LMS who is there, and send nothing.
        collected: Whom work was collected from, by student.
        on_progress: Called after each student.

    Returns:
        One row a student.
    """
    people = platform.people()
    found = {
        entry.student: people.find(entry, collected.get(entry.student)) for entry in entries if not entry.is_absent
    }
    doubled = people.doubled([(student, person) for student, (person, _) in found.items() if person])
    rows: list[Row] = []
    unanswered = 0
    for entry in entries:
        person, why = found.get(entry.student, (None, ""))
        if unanswered >= _GIVE_UP_AFTER:
            row = _row(entry, Status.FAILED, "not tried: the LMS has stopped answering; run the same command later")
        else:
            row = _one(entry, person, doubled.get(entry.student, why), platform, ledger, dry_run=dry_run)
            unanswered = unanswered + 1 if row.status is Status.FAILED and "did not answer" in row.why else 0
        rows.append(row)
        on_progress(row)
    sent = [
        (person, entry)
        for entry, row in zip(entries, rows, strict=True)
        if row.status is Status.SENT and (person := found[entry.student][0])
    ]
    wrong = platform.confirm(sent)
    for _, entry in sent:
        if entry.student in wrong:
            ledger.begin(entry.student, digest_of(entry))  # not there after all: the next run sends it again
    return [
        _row(entry, Status.FAILED, wrong[entry.student]) if entry.student in wrong else row
        for entry, row in zip(entries, rows, strict=True)
    ]


def _one(entry: Outgoing, person: Person | None, why: str, platform: Platform, ledger: Ledger, *, dry_run: bool) -> Row:
    if entry.is_absent:
        return _row(entry, Status.ABSENT, "nothing was handed in, nothing is sent")
    reason = why_held(entry, has_option=False) or why
    if person is not None and not reason:
        reason = platform.refusal(person, entry)
    if reason or person is None:
        return _row(entry, Status.LEFT, reason)
    digest = digest_of(entry)
    last = ledger.last(entry.student)
    if last is not None and (last.state, last.digest) == (DONE, digest):
        return _row(entry, Status.ALREADY, f"since {last.at[:16].replace('T', ' ')} UTC")
    if dry_run:
        return _row(entry, Status.WOULD_SEND)
    mark = digest[:10]
    try:
        if last is not None and (last.state, last.digest) == (BEGUN, digest) and platform.holds(person, entry, mark):
            ledger.finish(entry.student, digest)
            return _row(entry, Status.ALREADY, "an earlier run was stopped just after sending it")
        ledger.begin(entry.student, digest)
        platform.send(person, entry, mark)
    except (StudentRefused, NoAnswer) as problem:
        return _row(entry, Status.FAILED, str(problem))
    ledger.finish(entry.student, digest)
    return _row(entry, Status.SENT)


def _row(entry: Outgoing, status: Status, why: str = "") -> Row:
    points = "" if entry.is_absent else f"{points_text(entry.points)}/{points_text(entry.max_points)}"
    return Row(entry.student, entry.name, status, points, why)
