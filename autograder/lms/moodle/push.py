"""Moodle's web services: grade, comment and feedback pages of one student in one call.

What a site really does with these functions is noted where it matters; they are those of the Moodle app
(`moodle_mobile_app`), which most sites have enabled. Source: Moodle's `mod/assign/externallib.php` and `locallib.php`.
"""

import hashlib
import html
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from autograder.gradebook.feedback import points_text
from autograder.gradebook.pages import page_bytes
from autograder.lms.comments import Whose, as_html, whose
from autograder.lms.moodle.site import MoodleFile, MoodleSite, parts_of
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.errors import NoAnswer, PlatformRefused
from autograder.lms.push.people import People, Recipient
from autograder.lms.push.sending import Confirmed, Overwrite, Prepared
from autograder.lms.push.web import Web

_SAME_POINTS = 0.005
"""Moodle keeps five decimals and shows two."""
_EDITOR_HTML = "1"
_DRAFT_ATTEMPTS = 3
_NOT_MARKED = "notmarked"
"""What Moodle calls a marking workflow that nobody has begun; it is kept as an empty state."""
_NOT_HANDED_IN = {
    "draft": "on Moodle the work is a draft, not handed in (locking it does not hand it in)",
    "reopened": "on Moodle another attempt is open, and a grade would go to that one; wait for it, or close it there",
    "new": "on Moodle nothing is handed in",
}


@dataclass(frozen=True)
class _Feedback:
    """What stands on Moodle for one student."""

    is_readable: bool = True
    held: float | None = None
    """The grade at this moment; markers may be at work while the others are sent theirs."""
    state: str = ""
    """Of the marking workflow, at this moment."""
    comment: str = ""
    """As Moodle keeps it."""
    files: tuple[MoodleFile, ...] = ()


@dataclass(frozen=True)
class _Letter:
    """One call of save_grade."""

    grade: float
    comment: str
    state: str = ""
    """What is not the state it is in would be its new state: an empty one takes back a release."""
    pages: Mapping[str, bytes] = field(default_factory=dict)
    kept: Mapping[tuple[str, str], bytes] = field(default_factory=dict)
    """Other people's files: folder and name to content. Moodle drops what does not come along."""
    held: float | None = None
    """The grade that was there before."""


class MoodleAssignment:
    """One assignment activity on a Moodle site.

    Args:
        web: The connection.
        address: Of the assignment's page, as the browser shows it: `https://site/mod/assign/view.php?id=42`.
        token: Of a teacher of the course.
        rescale: Whether points are converted when Moodle's maximum is another one.
        with_pages: Whether feedback pages are sent.
        overwrite: What of other people's may be replaced.

    Raises:
        PlatformRefused: The address is not that of an assignment.
    """

    def __init__(
        self,
        web: Web,
        address: str,
        token: str,
        *,
        rescale: bool = False,
        with_pages: bool = True,
        overwrite: Overwrite = Overwrite(),  # noqa: B008 - it is frozen
    ) -> None:
        self._rescale = rescale
        self._with_pages = with_pages
        self._overwrite = overwrite
        self._site, self._course_module = parts_of(address)
        self._moodle = MoodleSite(web, self._site, token)
        self._held_before: dict[str, float | None] = {}

    @property
    def ledger_name(self) -> str:
        """See `Platform`."""
        return f"moodle-{urlsplit(self._site).netloc}{urlsplit(self._site).path}-{self._course_module}"

    @cached_property
    def assignment(self) -> Mapping[str, Any]:
        """What Moodle says about the assignment.

        Raises:
            PlatformRefused: There is none that this token may see, or it is graded otherwise than by points.
        """
        for course in self._moodle.call("mod_assign_get_assignments")["courses"]:
            for assignment in course["assignments"]:
                if assignment["cmid"] == self._course_module:
                    if assignment["grade"] <= 0:
                        raise PlatformRefused(
                            f"{_name(assignment)} is graded by a scale or not at all; set its grade type to Point."
                        )
                    return {**assignment, "course": assignment.get("course") or course["id"]}
        raise PlatformRefused(
            f"The owner of this token sees no assignment {self._course_module} on {self._site}; is the address that of "
            "the assignment, and are you a teacher of its course?"
        )

    def people(self) -> People:
        """See `Platform`.

        A plain teacher sees e-mail addresses, but ID numbers and logins only if the site shows them. Under blind
        marking the participant's number takes their place (`recordid`, otherwise -1).
        """
        listed = self._moodle.call("mod_assign_list_participants", assignid=self.assignment["id"], groupid=0, filter="")
        numbers = {} if self._is_blind else self._participant_numbers()
        return People(
            Recipient(
                id=str(person["id"]),
                name=html.unescape(str(person.get("fullname", ""))),
                keys=frozenset(str(person[key]) for key in ("idnumber", "username", "email") if person.get(key)),
                email=str(person.get("email") or ""),
                number=_number(person) or numbers.get(str(person["id"]), ""),
                group=str(person.get("groupid") or 0),
            )
            for person in listed
        )

    @property
    def _is_blind(self) -> bool:
        return bool(self.assignment.get("blindmarking")) and not self.assignment.get("revealidentities")

    @property
    def _markers(self) -> int:
        """How many give a mark, from which Moodle works out the grade (from 5.2 on)."""
        is_allocated = self.assignment.get("markingworkflow") and self.assignment.get("markingallocation")
        return int(self.assignment.get("markercount") or 1) if is_allocated else 1

    def _participant_numbers(self) -> dict[str, str]:
        """Participant number by user id, where the token may see them; addresses have to do elsewhere."""
        try:
            answer = self._moodle.call("mod_assign_get_user_mappings", assignmentids=[self.assignment["id"]])
        except PlatformRefused:
            return {}
        found = [pair for assignment in answer.get("assignments", ()) for pair in assignment["mappings"]]
        return {str(pair["userid"]): str(pair["id"]) for pair in found}

    def refusal(self, person: Recipient, outgoing: Outgoing) -> str:
        """See `Platform`."""
        maximum = float(self.assignment["grade"])
        if abs(maximum - outgoing.max_points) > _SAME_POINTS and not self._rescale:
            return (
                f"Moodle's maximum is {points_text(maximum)}, here it is {points_text(outgoing.max_points)}; set it on "
                "Moodle, or use --rescale"
            )
        if self._grade(outgoing) > maximum + 1e-9:
            return f"{points_text(self._grade(outgoing))} points are more than Moodle's maximum {points_text(maximum)}"
        if not self.assignment.get("nosubmissions") and (why := _NOT_HANDED_IN.get(self._status(person), "")):
            return why
        missing = [what for what, plugin in self._needed(outgoing) if not self._has_feedback_type(plugin)]
        if missing:
            types = " and ".join(missing)
            return f"the assignment has no feedback type for {types}; enable it in its settings, or use --no-pages"
        return self._fixed.get(person.id, "")

    def lost(self, person: Recipient, outgoing: Outgoing) -> str:
        """See `Platform`."""
        grade = self._held(person)
        if grade is not None and abs(grade - self._grade(outgoing)) <= _SAME_POINTS:
            return ""
        holds = "no grade" if grade is None else points_text(grade)
        return f"Moodle holds {holds} now: changed there since; --again sends it once more"

    def prepare(self, person: Recipient, outgoing: Outgoing, sent: Sequence[Mapping[str, Any]]) -> Prepared:
        """See `Platform`."""
        grade, feedback = self._grade(outgoing), self._feedback(person, sent)
        held = feedback.held
        pages = {f"{name}.html": page_bytes(path) for name, path in outgoing.pages.items()} if self._with_pages else {}
        comment = as_html(outgoing.comment)
        standing = whose(feedback.comment, comment, [str(one.get("comment", "")) for one in sent])
        keeps_comment = standing in (Whose.OTHERS, Whose.EXTENDED, Whose.NEW) and not self._overwrite.comments
        what = {
            "grade": grade,
            "comment": comment,
            "pages": {name: hashlib.sha256(content).hexdigest() for name, content in pages.items()},
        }
        kept = {
            (one.folder, one.name): one for one in feedback.files if (one.folder, one.name[:255]) not in _places(pages)
        }
        there = [f"grade {points_text(held)}" if held is not None else "no grade"]
        there += [f"a comment, {standing}" * bool(feedback.comment), *(one.name for one in feedback.files)]
        there += ["comment and files cannot be read before release"] * (not feedback.is_readable)
        there += ["whether the gradebook overrides it is not shown to this token"] * (self._overridden is None)
        stays = ["the comment" * (standing in (Whose.OTHERS, Whose.EXTENDED) and keeps_comment)]
        stays += [name for _, name in kept]
        stays.append(f"workflow state {feedback.state}" * bool(feedback.state))
        stays.append("Moodle's own penalty for lateness" * bool(self.assignment.get("gradepenalty")))
        refusal = self._conflict(held, grade, standing, feedback, sent)
        clashes: list[str] = []
        same_pages = True
        if not refusal:
            clashes, same_pages = self._compare_pages(pages, feedback, sent)
        if clashes and not self._overwrite.files:
            refusal = (
                f"a file {clashes[0]} that was not sent from here is among the feedback files; rename or remove it "
                "there, or --overwrite-files replaces it"
            )
        is_there = held is not None and abs(held - grade) <= _SAME_POINTS and keeps_comment and feedback.is_readable
        content = dict.fromkeys(kept, b"")
        if pages and not refusal and not (is_there and same_pages):
            content = {place: self._moodle.download(one) for place, one in kept.items()}
        return Prepared(
            what=what,
            refusal=refusal,
            is_there=is_there and same_pages,
            there=", ".join(filter(None, there)),
            sends=", ".join(filter(None, [f"grade {points_text(grade)}", "comment" * (not keeps_comment), *pages])),
            stays=", ".join(filter(None, stays)),
            details=_Letter(
                grade, feedback.comment if keeps_comment else comment, feedback.state, pages, content, held
            ),
        )

    def _conflict(
        self,
        held: float | None,
        grade: float,
        standing: Whose,
        feedback: _Feedback,
        sent: Sequence[Mapping[str, Any]],
    ) -> str:
        """What somebody else decided on Moodle, and is not replaced unasked."""
        ours = [grade, *(float(one["grade"]) for one in sent if "grade" in one)]
        is_worked_out = self._markers > 1
        if is_worked_out and not self._overwrite.marks and (held is None or abs(held - grade) > _SAME_POINTS):
            return (
                f"this assignment has {self._markers} markers, and Moodle works out the grade from their marks: give "
                "yours there, or --overwrite-marks sets the grade itself"
            )
        may_replace = self._overwrite.grades or is_worked_out
        if held is not None and not may_replace and all(abs(held - one) > _SAME_POINTS for one in ours):
            return (
                f"Moodle has {points_text(held)}, which was not sent from here, and the gradebook has "
                f"{points_text(grade)}; --overwrite takes the gradebook's"
            )
        if not feedback.is_readable and not (self._overwrite.comments and self._overwrite.files):
            return (
                "somebody has graded or commented on Moodle, which does not show web services what, as long as the "
                f"marking workflow is at {feedback.state or 'not marked'!r}; release it, or --overwrite-comments "
                "--overwrite-files replace whatever is there"
            )
        if standing is Whose.EDITED and not self._overwrite.comments:
            return (
                "somebody added to the comment that was sent from here, and it does not fit any more; change it on "
                "Moodle, or --overwrite-comments sends the new one alone"
            )
        names = {name for one in sent for name in one.get("pages", {})}
        has_old_page = not self._with_pages and any(one.name in names for one in feedback.files)
        if has_old_page and held is not None and abs(held - grade) > _SAME_POINTS:
            return "students have a feedback page with the old points; send the pages too, without --no-pages"
        return ""

    def _compare_pages(
        self, pages: Mapping[str, bytes], feedback: _Feedback, sent: Sequence[Mapping[str, Any]]
    ) -> tuple[list[str], bool]:
        """Files of our names that are not ours, and whether all our pages are there as they are."""
        known = {digest for one in sent for digest in one.get("pages", {}).values()}
        clashes: list[str] = []
        same = True
        there = {one.name: one for one in feedback.files if one.folder == "/"}
        for name, page in pages.items():
            one = there.get(name)
            content = self._moodle.download(one) if one is not None else b""
            same &= content == page
            if one is not None and content != page and not _is_our_page(content):
                clashes += [name] * (hashlib.sha256(content).hexdigest() not in known)
        return clashes, same

    def holds(self, person: Recipient, outgoing: Outgoing, prepared: Prepared, mark: str) -> bool:  # noqa: ARG002
        """See `Platform`."""
        self.__dict__.pop("_records", None)
        letter: _Letter = prepared.details
        feedback = self._feedback(person, [])
        if feedback.held is None or abs(feedback.held - letter.grade) > _SAME_POINTS:
            return False
        if not feedback.is_readable:
            return True
        standing = whose(feedback.comment, as_html(outgoing.comment), [])
        there = {(one.folder, one.name): one.size for one in feedback.files}
        return (standing in (Whose.NEW, Whose.EXTENDED) or feedback.comment == letter.comment) and all(
            there.get(("/", name)) == len(page) for name, page in letter.pages.items()
        )

    def send(self, person: Recipient, outgoing: Outgoing, prepared: Prepared, mark: str) -> None:  # noqa: ARG002
        """See `Platform`."""
        letter: _Letter = prepared.details
        self._held_before[person.id] = letter.held
        # without the comment's field Moodle fails, so one that stays is sent as it was read, which changes nothing
        feedback = {"assignfeedbackcomments_editor": {"text": letter.comment, "format": _EDITOR_HTML}}
        arguments: dict[str, Any] = {"plugindata": feedback}
        if letter.pages:
            arguments["plugindata"] = feedback | {"files_filemanager": self._draft(letter)}
        self._moodle.call(
            "mod_assign_save_grade",
            f"the grade of {person.name}",
            # Moodle tells the student each time, so it is not asked twice unless it says that it did nothing
            repeatable=False,
            assignmentid=self.assignment["id"],
            userid=person.id,
            grade=repr(letter.grade),
            attemptnumber=-1,
            addattempt=0,
            workflowstate=letter.state,
            applytoall=0,
            **arguments,
        )

    def confirm(self, sent: Sequence[tuple[Recipient, Outgoing]]) -> dict[str, Confirmed]:
        """See `Platform`. Moodle answers a call with nothing, so what it holds is read back."""
        if not sent:
            return {}
        for read in ("_records", "_overridden"):
            self.__dict__.pop(read, None)
        found = {}
        for person, outgoing in sent:
            grade, wrong = self._held(person), self._fixed.get(person.id, "")
            if grade is None and self._reopens:
                grade = self._held_in_last_attempt(person)
            if not wrong and (grade is None or abs(grade - self._grade(outgoing)) > _SAME_POINTS):
                holds = "no grade" if grade is None else points_text(grade)
                wrong = f"Moodle took the call, but holds {holds}; is it overridden in the gradebook? Look at it there"
                if self._markers > 1:
                    wrong += (
                        ". Or you may not set the grade itself of work that has several markers "
                        "(mod/assign:managerestrictedgrades, by default managers only)"
                    )
            record = self._records.get(person.id, {})
            unseen = "" if wrong else self._unseen(person, grade)
            found[outgoing.student] = Confirmed(wrong, unseen, {"time": record.get("timemodified")})
        return found

    @property
    def _reopens(self) -> bool:
        """Whether a grade, or one that is not a pass, opens the next attempt at once, which has none."""
        method = self.assignment.get("attemptreopenmethod")
        return method in ("automatic", "untilpass") and str(self.assignment.get("maxattempts", 1)) != "1"

    def _held_in_last_attempt(self, person: Recipient) -> float | None:
        answer = self._moodle.call(
            "mod_assign_get_submission_status",
            f"the question for what {person.name} has",
            assignid=self.assignment["id"],
            userid=person.id,
        )
        attempts = answer.get("previousattempts") or ()
        newest: dict[str, Any] = max(attempts, key=lambda attempt: int(attempt["attemptnumber"]), default={})
        return _grade_in(newest.get("grade"))

    def _unseen(self, person: Recipient, grade: float | None) -> str:
        """A grade that was there before says nothing: Moodle takes comment and pages, and an override stays."""
        before = self._held_before.get(person.id)
        if self._overridden is not None or before is None or grade is None or abs(before - grade) > _SAME_POINTS:
            return ""
        return (
            "comment and pages were sent, and the assignment has this grade as before; whether the gradebook overrides "
            "it could not be checked, as this token may not read the gradebook: look under Grades"
        )

    shares_grades = False
    """See `Platform`: each member of a team is sent their own."""

    @property
    def shows_overrides(self) -> bool:
        """Whether the token may see them: from Moodle 5.3 on, if its service has the function; the app's has not."""
        return self._overrides is not None

    def due_dates(self, users: Collection[str]) -> dict[str, int]:
        """Return due dates of single students, as seconds since 1970: extensions, and overrides where they are shown.

        Args:
            users: Who is asked about, by Moodle's user id.

        Returns:
            By user id, of those who have one of their own.
        """
        found = {user: due for user in users if (due := self._overriding(user)) is not None}
        flags = self._flags.values()
        extended = {str(one["userid"]): int(one["extensionduedate"]) for one in flags if one.get("extensionduedate")}
        return found | extended

    def _overriding(self, user: str) -> int | None:
        """Moodle takes the student's own override as a whole, or else that of their first group."""
        overrides = self._overrides or ()
        own = next((one for one in overrides if str(one.get("userid") or "") == user), None)
        if own is None:
            groups = self._groups(user) if any(one.get("groupid") for one in overrides) else frozenset()
            theirs = (one for one in overrides if one.get("groupid") in groups)
            own = min(theirs, key=lambda one: int(one.get("sortorder") or 0), default=None)
        due = (own or {}).get("duedate")
        # 0 is no due date: whenever it came was in time
        return None if due is None else int(due) or self._submitted.get(user) or None

    @cached_property
    def _overrides(self) -> Sequence[Mapping[str, Any]] | None:
        if "mod_assign_get_overrides" not in self._moodle.functions:
            return None
        try:
            answer = self._moodle.call("mod_assign_get_overrides", assignid=self.assignment["id"])
        except PlatformRefused:
            return None  # mod/assign:manageoverrides, which a non-editing teacher lacks
        return tuple(answer["overrides"])

    def _groups(self, user: str) -> frozenset[int]:
        answer = self._moodle.call("mod_assign_get_submission_status", assignid=self.assignment["id"], userid=user)
        return frozenset((answer.get("lastattempt") or {}).get("usergroups") or ())

    @cached_property
    def _submitted(self) -> dict[str, int]:
        return {str(one["userid"]): int(one.get("timemodified") or 0) for one in self._submissions}

    @cached_property
    def _records(self) -> dict[str, Mapping[str, Any]]:
        """What the assignment holds of each student's newest attempt, by Moodle's user id."""
        answer = self._moodle.call("mod_assign_get_grades", assignmentids=[self.assignment["id"]])
        grades = [grade for assignment in answer["assignments"] for grade in assignment["grades"]]
        newest = sorted(grades, key=lambda grade: grade.get("attemptnumber", 0))
        return {str(grade["userid"]): grade for grade in newest}

    def _refresh_record(self, person: Recipient) -> Mapping[str, Any] | None:
        """What the assignment holds at this moment, as far as it was changed since the records were read."""
        latest = max((int(one.get("timemodified") or 0) for one in self._records.values()), default=0)
        answer = self._moodle.call(
            "mod_assign_get_grades",
            f"the question for what {person.name} has",
            assignmentids=[self.assignment["id"]],
            since=latest,
        )
        grades = [grade for assignment in answer["assignments"] for grade in assignment["grades"]]
        for grade in sorted(grades, key=lambda grade: grade.get("attemptnumber", 0)):
            self._records[str(grade["userid"])] = grade
        return self._records.get(person.id)

    def _held(self, person: Recipient) -> float | None:
        return _grade_in(self._records.get(person.id))

    @cached_property
    def _flags(self) -> dict[str, Mapping[str, Any]]:
        answer = self._moodle.call("mod_assign_get_user_flags", assignmentids=[self.assignment["id"]])
        found = [flags for assignment in answer["assignments"] for flags in assignment["userflags"]]
        return {str(flags["userid"]): flags for flags in found}

    def _state(self, person: Recipient, last_attempt: Mapping[str, Any]) -> str:
        if not self.assignment.get("markingworkflow"):
            return ""
        if last_attempt.get("gradingstatus"):
            return str(last_attempt["gradingstatus"]).replace(_NOT_MARKED, "")
        return str(self._flags.get(person.id, {}).get("workflowstate") or "")

    @property
    def _fixed(self) -> dict[str, str]:
        """Who has a grade that the assignment cannot change, and why, by Moodle's user id, as far as that is shown."""
        return self._overridden or {}  # the grade that is read back tells, though later

    @cached_property
    def _overridden(self) -> dict[str, str] | None:
        """The same, or None if the token may not see the gradebook."""
        try:
            answer = self._moodle.call("gradereport_user_get_grade_items", courseid=self.assignment["course"], userid=0)
        except (PlatformRefused, NoAnswer):
            return None
        found = {}
        for user in answer.get("usergrades", ()):
            for item in user.get("gradeitems", ()):
                if item.get("itemmodule") != "assign" or str(item.get("iteminstance")) != str(self.assignment["id"]):
                    continue
                states = ("overridden", item.get("gradeisoverridden")), ("locked", item.get("gradeislocked"))
                state = next((word for word, is_so in states if is_so), "")
                if state:
                    found[str(user["userid"])] = (
                        f"{state} in Moodle's gradebook, which holds {item.get('graderaw')}: Moodle would take comment "
                        "and pages and keep that grade; undo it there first"
                    )
        return found

    @cached_property
    def _submissions(self) -> Sequence[Mapping[str, Any]]:
        """Submissions, the newest attempt last; a team's is the row without a user."""
        answer = self._moodle.call("mod_assign_get_submissions", assignmentids=[self.assignment["id"]])
        found = [submission for assignment in answer["assignments"] for submission in assignment["submissions"]]
        return sorted(found, key=lambda submission: submission.get("attemptnumber", 0))

    @cached_property
    def _statuses(self) -> dict[tuple[str, str], str]:
        """State of the newest attempt, by user id and group."""
        return {(str(one["userid"]), str(one.get("groupid") or 0)): str(one["status"]) for one in self._submissions}

    def _status(self, person: Recipient) -> str:
        # a member who has not pressed the button is a draft, also where the team's work counts as handed in
        key = ("0", person.group or "0") if self.assignment.get("teamsubmission") else (person.id, "0")
        return self._statuses.get(key, "new")

    def _feedback(self, person: Recipient, sent: Sequence[Mapping[str, Any]]) -> _Feedback:
        answer = self._moodle.call(
            "mod_assign_get_submission_status",
            f"the question for what {person.name} has",
            # as it is kept, not as it is shown
            moodlewssettingraw=1,
            moodlewssettingfileurl=0,
            assignid=self.assignment["id"],
            userid=person.id,
        )
        shown, state = answer.get("feedback"), self._state(person, answer.get("lastattempt") or {})
        if not shown:
            has_workflow = bool(self.assignment.get("markingworkflow"))
            record = self._refresh_record(person) if has_workflow else self._records.get(person.id)
            is_hidden = has_workflow and state != "released" and record is not None
            is_as_sent = bool(sent) and record is not None and sent[-1].get("time") == record.get("timemodified")
            comment = str(sent[-1].get("comment", "")) if is_hidden and is_as_sent else ""
            return _Feedback(not is_hidden or is_as_sent, _grade_in(record), state, comment)
        comment, files = "", []
        for plugin in shown.get("plugins", ()):
            if plugin["type"] == "comments":
                comment = next((str(one.get("text") or "") for one in plugin.get("editorfields", ())), "")
            if plugin["type"] == "file":
                listed = [file for area in plugin.get("fileareas", ()) for file in area.get("files", ())]
                files = [
                    MoodleFile(one.get("filepath") or "/", one["filename"], one["fileurl"], int(one["filesize"]))
                    for one in listed
                ]
        held = _grade_in(shown["grade"]) if shown.get("grade") else self._held(person)
        return _Feedback(held=held, state=state, comment=comment, files=tuple(files))

    def _grade(self, outgoing: Outgoing) -> float:
        maximum = float(self.assignment["grade"])
        scale = maximum / outgoing.max_points if self._rescale and outgoing.max_points else 1.0
        return round(outgoing.points * scale, 5)

    def _needed(self, outgoing: Outgoing) -> list[tuple[str, str]]:
        pages = [("files", "file")] if self._with_pages and outgoing.pages else []
        return [("comments", "comments"), *pages]

    def _has_feedback_type(self, plugin: str) -> bool:
        wanted = ("assignfeedback", plugin, "enabled")
        return any(
            (entry["subtype"], entry["plugin"], entry["name"]) == wanted and str(entry["value"]) == "1"
            for entry in self.assignment["configs"]
        )

    def _draft(self, letter: _Letter) -> str:
        """Put the pages, and what is to stay, into a draft area and return its item id."""
        files = {("/", name): page for name, page in letter.pages.items()} | dict(letter.kept)
        for attempt in range(1, _DRAFT_ATTEMPTS + 1):
            item = "0"  # after a lost answer anew: a name that is there already would be refused
            try:
                for (folder, name), content in files.items():
                    item = self._moodle.upload(item, folder, name, content)
            except NoAnswer:
                if attempt == _DRAFT_ATTEMPTS:
                    raise
            else:
                return item
        raise AssertionError


def _grade_in(record: Mapping[str, Any] | None) -> float | None:
    grade = (record or {}).get("grade")
    if grade in (None, "", "-") or float(grade) < 0:  # -1 is no grade
        return None
    return float(grade)


def _number(person: Mapping[str, Any]) -> str:
    number = int(person.get("recordid") or -1)
    return str(number) if number > 0 else ""


def _is_our_page(content: bytes) -> bool:
    """Whether a file that is found on Moodle is a feedback page made here, of whatever verdict."""
    return b"content=\"default-src 'none'; img-src data:" in content[: 2**16]


def _places(pages: Mapping[str, bytes]) -> set[tuple[str, str]]:
    return {("/", name) for name in pages}


def _name(assignment: Mapping[str, Any]) -> str:
    # Moodle escapes names in its answers
    return html.unescape(str(assignment["name"]))
