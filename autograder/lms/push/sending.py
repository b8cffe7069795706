"""The one loop that sends: who gets something, who has it already, who is left alone and why."""

import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Protocol

from autograder.course.errors import UNFORESEEN
from autograder.gradebook.feedback import points_text
from autograder.lms.holding import why_held
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.errors import NoAnswer, PlatformRefused, StudentRefused
from autograder.lms.push.ledger import BEGUN, DONE, MARK_LETTERS, Ledger, digest_of
from autograder.lms.push.people import Collected, People, Recipient

_GIVE_UP_AFTER = 3
"""Students in a row for whom the LMS gave no answer, after all retries, or refused everything: it is down."""


class SendStatus(enum.StrEnum):
    """What became of one student's grade."""

    SENT = "sent"
    ALREADY = "already there"
    WOULD_SEND = "would be sent"
    ABSENT = "absent"
    UNCHECKED = "could not be checked"
    """It was sent, and whether it counts is not to be seen."""
    LEFT = "left alone"
    """A person has to act first."""
    FAILED = "failed"


@dataclass(frozen=True)
class SentRow:
    """One line of the table at the end."""

    student: str
    name: str
    status: SendStatus
    points: str = ""
    why: str = ""
    there: str = ""
    """What the LMS held before."""
    sends: str = ""
    stays: str = ""
    """What somebody else put there, and is left."""


@dataclass(frozen=True)
class Overwrite:
    """What may be replaced that somebody else put into the LMS: nothing, unless it is named."""

    grades: bool = False
    comments: bool = False
    files: bool = False
    marks: bool = False
    """A grade that the LMS works out from what several markers give."""


@dataclass(frozen=True)
class Prepared:
    """What one student is sent, held against what the LMS has."""

    what: Mapping[str, Any] = field(default_factory=dict)
    """As the LMS will keep it, for the ledger: `grade`, `comment`, `pages`."""
    refusal: str = ""
    """Why it must not be sent; empty if it may."""
    is_there: bool = False
    """The LMS has all of it already."""
    there: str = ""
    sends: str = ""
    stays: str = ""
    details: Any = None
    """What the platform needs to send it."""


@dataclass(frozen=True)
class Confirmed:
    """What was read back for one student after sending."""

    wrong: str = ""
    """What the LMS holds instead; empty if it holds what was sent."""
    unseen: str = ""
    """What may be otherwise and cannot be seen, with what to do; empty if it was seen."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """What the ledger should remember besides."""


class Platform(Protocol):
    """One assignment on one LMS."""

    @property
    def ledger_name(self) -> str:
        """What its ledger is called: the same for the same assignment of the same site."""
        ...

    def people(self) -> People:
        """The students of the course.

        Raises:
            PlatformRefused: The assignment cannot be used at all.
        """
        ...

    @property
    def shares_grades(self) -> bool:
        """Whether a grade for one member of a group becomes everybody's in it."""
        ...

    def refusal(self, person: Recipient, outgoing: Outgoing) -> str:
        """Why the LMS would drop or damage this grade, or an empty string."""
        ...

    def lost(self, person: Recipient, outgoing: Outgoing) -> str:
        """Why the LMS no longer holds a grade that it was sent, or an empty string; asked of all that were sent it."""
        ...

    def prepare(self, person: Recipient, outgoing: Outgoing, sent: Sequence[Mapping[str, Any]]) -> Prepared:
        """Read what the LMS holds, and decide what is sent and what stays.

        Args:
            person: To whom.
            outgoing: What.
            sent: What this student was sent before, or may have been, newest last.

        Raises:
            StudentRefused: It cannot be read.
            NoAnswer: The LMS did not answer.
        """
        ...

    def holds(self, person: Recipient, outgoing: Outgoing, prepared: Prepared, mark: str) -> bool:
        """Whether the LMS has all of this; asked where it is not known whether it was sent."""
        ...

    def send(self, person: Recipient, outgoing: Outgoing, prepared: Prepared, mark: str) -> None:
        """Send points, comment and pages.

        Args:
            person: To whom.
            outgoing: What.
            prepared: From `prepare`.
            mark: A short name for the content, for platforms that keep everything they are sent.

        Raises:
            StudentRefused: The LMS does not take it.
            NoAnswer: It did not answer.
        """
        ...

    def confirm(self, sent: Sequence[tuple[Recipient, Outgoing]]) -> dict[str, Confirmed]:
        """Read back what was sent, by student."""
        ...


@dataclass(frozen=True)
class _Run:
    platform: Platform
    ledger: Ledger
    dry_run: bool
    again: bool
    troubles: list[Exception] = field(default_factory=list)
    """What stood in the way with the LMS itself, for students in a row."""


def push(
    entries: Sequence[Outgoing],
    platform: Platform,
    ledger: Ledger,
    *,
    dry_run: bool = False,
    again: bool = False,
    collected: Mapping[str, Collected] = MappingProxyType({}),
    on_progress: Callable[[SentRow], None] = lambda _: None,
) -> list[SentRow]:
    """Send every student what is new since the ledger's last word.

    Args:
        entries: What everybody gets.
        platform: Where to.
        ledger: What has been sent before.
        dry_run: Ask the LMS who is there and what it holds, and send nothing.
        again: Send also what was sent before, and what the LMS has.
        collected: Whom work was collected from, by student.
        on_progress: Called after each student.

    Returns:
        One row a student.
    """
    try:
        people = platform.people()
    except UNFORESEEN as problem:
        said = f"{type(problem).__name__}: {str(problem)[:100]}"
        raise PlatformRefused(
            f"The LMS's list of students cannot be understood ({said}); nothing was sent."
        ) from problem
    found = {
        entry.student: people.find(entry, collected.get(entry.student)) for entry in entries if not entry.is_absent
    }
    doubled = people.doubled([(student, person) for student, (person, _) in found.items() if person])
    persons = {student: person for student, (person, _) in found.items() if person}
    reasons = {student: doubled.get(student, why) for student, (_, why) in found.items()}
    run = _Run(platform, ledger, dry_run=dry_run, again=again)
    reasons |= _shared_grades(entries, persons, reasons, people, run)
    rows: list[SentRow] = []
    for entry in entries:
        if len(run.troubles) >= _GIVE_UP_AFTER:
            row = _row(
                entry,
                SendStatus.FAILED,
                "not tried: the LMS has stopped answering, or refuses everybody; run the same command later",
            )
        else:
            row = _one(entry, persons.get(entry.student), reasons.get(entry.student, ""), run)
        rows.append(row)
        on_progress(row)
    if run.troubles and all(row.status is SendStatus.FAILED for row in rows if row.status is not SendStatus.ABSENT):
        _raise_refusal(run.troubles)
    return _confirmed(entries, rows, persons, run)


def _raise_refusal(troubles: Sequence[Exception]) -> None:
    """Nobody was sent anything: if the LMS refuses, that is all there is to say."""
    for trouble in troubles:
        if isinstance(trouble, PlatformRefused):
            raise trouble


def _shared_grades(
    entries: Sequence[Outgoing], persons: Mapping[str, Recipient], reasons: Mapping[str, str], people: People, run: _Run
) -> dict[str, str]:
    """Say, by student, why a group that gets one grade gets none: before any of its members is sent anything."""
    if not run.platform.shares_grades:
        return {}
    by_person = {person.id: entry for entry in entries if (person := persons.get(entry.student))}
    look = replace(run, dry_run=True, troubles=[])
    stopped: dict[str, str] = {}
    for members in people.groups():
        graded = [entry for member in members if (entry := by_person.get(member.id)) and not entry.is_absent]
        if not graded or len(members) == 1:
            continue
        why = next(_against_sharing(members, by_person, reasons, look), "")
        if why:
            stopped |= {entry.student: f"the LMS gives all of a group one grade, and {why}" for entry in graded}
    return stopped


def _against_sharing(
    members: Sequence[Recipient], by_person: Mapping[str, Outgoing], reasons: Mapping[str, str], look: _Run
) -> Iterator[str]:
    entries = [by_person.get(member.id) for member in members]
    for member, entry in zip(members, entries, strict=True):
        if entry is None or entry.is_absent:
            yield f"{member.name} is in this one, whose work is not graded here or not sent now"
    if len({entry.points for entry in entries if entry}) > 1:
        yield 'the members of this one have different points; have grades assigned "to each student individually" there'
    for member, entry in zip(members, entries, strict=True):
        row = _one(entry, member, reasons.get(entry.student, ""), look) if entry else None
        if row is not None and row.status not in (SendStatus.WOULD_SEND, SendStatus.ALREADY):
            yield f"{member.name} of this one cannot be sent it: {row.why}"


def _confirmed(
    entries: Sequence[Outgoing], rows: Sequence[SentRow], found: Mapping[str, Recipient], run: _Run
) -> list[SentRow]:
    sent = [
        (found[entry.student], entry)
        for entry, row in zip(entries, rows, strict=True)
        if row.status is SendStatus.SENT and entry.student in found
    ]
    try:
        read = run.platform.confirm(sent)
    except (NoAnswer, PlatformRefused, *UNFORESEEN) as problem:
        why = f"sent, but it could not be read back ({problem}); run the same command again to compare"
        read = {entry.student: Confirmed(why) for _, entry in sent}
    for _, entry in sent:
        confirmed = read.get(entry.student, Confirmed())
        digest, last = digest_of(entry), run.ledger.last(entry.student)
        if confirmed.wrong:
            run.ledger.begin(entry.student, digest, last.what if last else {})  # the next run looks, and sends again
        elif confirmed.more and last is not None:
            run.ledger.finish(entry.student, digest, {**last.what, **confirmed.more})
    return [_as_read(row, read.get(row.student, Confirmed())) for row in rows]


def _as_read(row: SentRow, confirmed: Confirmed) -> SentRow:
    if confirmed.wrong:
        return replace(row, status=SendStatus.FAILED, why=confirmed.wrong)
    if confirmed.unseen:
        return replace(row, status=SendStatus.UNCHECKED, why="; ".join(filter(None, [row.why, confirmed.unseen])))
    return row


def _one(entry: Outgoing, person: Recipient | None, why: str, run: _Run) -> SentRow:
    """One student's line; whatever goes wrong with one is in it, and stops nobody else."""
    try:
        row = _decided(entry, person, why, run)
    except (NoAnswer, PlatformRefused) as problem:
        run.troubles.append(problem)
        return _row(entry, SendStatus.FAILED, str(problem))
    except StudentRefused as problem:  # an answer, after all
        run.troubles.clear()
        return _row(entry, SendStatus.FAILED, str(problem))
    except UNFORESEEN as problem:
        if not isinstance(problem, OSError):  # which is a page here, no trouble with the LMS
            run.troubles.append(problem)
        said = f"{type(problem).__name__}: {str(problem)[:100]}"
        return _row(entry, SendStatus.FAILED, f"an answer of the LMS, or a page here, could not be understood ({said})")
    if row.status is not SendStatus.FAILED:
        run.troubles.clear()
    return row


def _decided(entry: Outgoing, person: Recipient | None, why: str, run: _Run) -> SentRow:
    if entry.is_absent:
        return _row(entry, SendStatus.ABSENT, "nothing was handed in, nothing is sent")
    reason = why_held(entry, has_option=False) or why
    if person is not None and not reason:
        reason = run.platform.refusal(person, entry)
    if reason or person is None:
        return _row(entry, SendStatus.LEFT, reason)
    digest, last = digest_of(entry), run.ledger.last(entry.student)
    if not run.again and last is not None and (last.state, last.digest) == (DONE, digest):
        if lost := run.platform.lost(person, entry):
            return _row(entry, SendStatus.LEFT, f"sent {_when(last.at)}, but {lost}")
        return _row(entry, SendStatus.ALREADY, f"since {_when(last.at)}")
    return _prepared(entry, person, run.platform.prepare(person, entry, run.ledger.sent(entry.student)), run)


def _prepared(entry: Outgoing, person: Recipient, prepared: Prepared, run: _Run) -> SentRow:
    digest, last = digest_of(entry), run.ledger.last(entry.student)
    mark, ledger = digest[:MARK_LETTERS], run.ledger
    seen = {"there": prepared.there, "sends": prepared.sends, "stays": prepared.stays}
    was_stopped = last is not None and (last.state, last.digest) == (BEGUN, digest) and not run.again
    if was_stopped and run.platform.holds(person, entry, prepared, mark):
        if not run.dry_run:
            ledger.finish(entry.student, digest, prepared.what)
        return _row(entry, SendStatus.ALREADY, "an earlier run was stopped just after sending it", **seen)
    if prepared.refusal or prepared.is_there:
        seen["sends"] = "" if prepared.refusal or not run.again else prepared.sends
    if prepared.refusal:
        return _row(entry, SendStatus.LEFT, prepared.refusal, **seen)
    if prepared.is_there and not run.again:
        if not run.dry_run:
            ledger.finish(entry.student, digest, prepared.what)
        return _row(entry, SendStatus.ALREADY, "the LMS has it, though not from this ledger", **seen)
    if run.dry_run:
        return _row(entry, SendStatus.WOULD_SEND, **seen)
    ledger.begin(entry.student, digest, prepared.what)
    why = ""
    try:
        run.platform.send(person, entry, prepared, mark)
    except NoAnswer as problem:
        if not run.platform.holds(person, entry, prepared, mark):
            run.troubles.append(problem)
            return _row(entry, SendStatus.FAILED, str(problem), **seen)
        why = "the answer was lost, but the LMS has it"
    ledger.finish(entry.student, digest, prepared.what)
    return _row(entry, SendStatus.SENT, why, **seen)


def _when(at: str) -> str:
    return f"{at[:16].replace('T', ' ')} UTC"


def _row(entry: Outgoing, status: SendStatus, why: str = "", **seen: str) -> SentRow:
    points = "" if entry.is_absent else f"{points_text(entry.points)}/{points_text(entry.max_points)}"
    return SentRow(entry.student, entry.name, status, points, why, **seen)
