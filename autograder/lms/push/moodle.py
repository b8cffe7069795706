"""Moodle's web services: grade, comment and feedback pages of one student in one call.

What a site really does with these functions is noted where it matters; they are those of the Moodle app
(`moodle_mobile_app`), which most sites have enabled. Source: Moodle's `mod/assign/externallib.php`.
"""

import html
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

from autograder.course.feedback import points_text
from autograder.course.pages import page_bytes
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.errors import PlatformRefused, StudentRefused
from autograder.lms.push.people import People, Person
from autograder.lms.push.web import Web, json_of

_SAME_POINTS = 0.005
"""Moodle keeps five decimals and shows two."""
_EDITOR_HTML = "1"


class MoodleAssignment:
    """One assignment activity on a Moodle site.

    Args:
        web: The connection.
        address: Of the assignment's page, as the browser shows it: `https://site/mod/assign/view.php?id=42`.
        token: Of a teacher of the course.
        rescale: Whether points are converted when Moodle's maximum is another one.
        with_pages: Whether feedback pages are sent.

    Raises:
        PlatformRefused: The address is not that of an assignment.
    """

    def __init__(self, web: Web, address: str, token: str, *, rescale: bool = False, with_pages: bool = True) -> None:
        self._web = web
        self._token = token
        self._rescale = rescale
        self._with_pages = with_pages
        self._site, self._course_module = _parts(address)
        web.refuse_plain_http(self._site)

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
        courses = self._call("mod_assign_get_assignments")["courses"]
        for assignment in (assignment for course in courses for assignment in course["assignments"]):
            if assignment["cmid"] == self._course_module:
                if assignment["grade"] <= 0:
                    raise PlatformRefused(
                        f"{_name(assignment)} is graded by a scale or not at all; set its grade type to Point."
                    )
                return dict(assignment)
        raise PlatformRefused(
            f"The owner of this token sees no assignment {self._course_module} on {self._site}; is the address that of "
            "the assignment, and are you a teacher of its course?"
        )

    def people(self) -> People:
        """See `Platform`."""
        listed = self._call("mod_assign_list_participants", assignid=self.assignment["id"], groupid=0, filter="")
        return People(
            Person(
                id=str(person["id"]),
                name=html.unescape(str(person.get("fullname", ""))),
                keys=frozenset(str(person[key]) for key in ("idnumber", "username", "email") if person.get(key)),
                email=str(person.get("email", "")),
            )
            for person in listed
        )

    def refusal(self, person: Person, outgoing: Outgoing) -> str:
        """See `Platform`."""
        maximum = float(self.assignment["grade"])
        if abs(maximum - outgoing.max_points) > _SAME_POINTS and not self._rescale:
            return (
                f"Moodle's maximum is {points_text(maximum)}, here it is {points_text(outgoing.max_points)}; set it on "
                "Moodle, or use --rescale"
            )
        if self._grade(outgoing) > maximum + 1e-9:
            return f"{points_text(self._grade(outgoing))} points are more than Moodle's maximum {points_text(maximum)}"
        if self._statuses.get(person.id) == "draft":
            return "on Moodle the work is a draft, not handed in"
        missing = [what for what, plugin in self._needed(outgoing) if not self._has_feedback_type(plugin)]
        if missing:
            types = " and ".join(missing)
            return f"the assignment has no feedback type for {types}; enable it in its settings, or use --no-pages"
        return ""

    def holds(self, person: Person, outgoing: Outgoing, mark: str) -> bool:  # noqa: ARG002 - see `Platform`
        """See `Platform`. Sending again replaces everything, so it need not be known."""
        return False

    def send(self, person: Person, outgoing: Outgoing, mark: str) -> None:  # noqa: ARG002 - see `Platform`
        """See `Platform`."""
        feedback = {"assignfeedbackcomments_editor": {"text": _as_html(outgoing.comment), "format": _EDITOR_HTML}}
        arguments: dict[str, Any] = {"plugindata": feedback}
        if self._with_pages and outgoing.pages:
            arguments["plugindata"] = feedback | {"files_filemanager": self._upload(outgoing)}
        self._call(
            "mod_assign_save_grade",
            f"the grade of {person.name}",
            assignmentid=self.assignment["id"],
            userid=person.id,
            grade=repr(self._grade(outgoing)),
            attemptnumber=-1,
            addattempt=0,
            workflowstate="",
            applytoall=0,
            **arguments,
        )

    def confirm(self, sent: Sequence[tuple[Person, Outgoing]]) -> dict[str, str]:
        """See `Platform`. Moodle answers a call with nothing, so what it holds is read back."""
        held = self._grades_held() if sent else {}
        problems = {}
        for person, outgoing in sent:
            grade = held.get(person.id)
            if grade is None or abs(grade - self._grade(outgoing)) > _SAME_POINTS:
                holds = "no grade" if grade is None else points_text(grade)
                problems[outgoing.student] = f"Moodle took the call, but holds {holds}; look at it there"
        return problems

    def _grades_held(self) -> dict[str, float]:
        """Grades Moodle holds now, by Moodle's user id."""
        answer = self._call("mod_assign_get_grades", assignmentids=[self.assignment["id"]])
        grades = [grade for assignment in answer["assignments"] for grade in assignment["grades"]]
        newest = sorted(grades, key=lambda grade: grade.get("attemptnumber", 0))
        return {str(grade["userid"]): float(grade["grade"]) for grade in newest if grade.get("grade") not in (None, "")}

    @cached_property
    def _statuses(self) -> dict[str, str]:
        answer = self._call("mod_assign_get_submissions", assignmentids=[self.assignment["id"]])
        found = [submission for assignment in answer["assignments"] for submission in assignment["submissions"]]
        newest = sorted(found, key=lambda submission: submission.get("attemptnumber", 0))
        return {str(submission["userid"]): str(submission["status"]) for submission in newest}

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

    def _upload(self, outgoing: Outgoing) -> str:
        """Put the pages into a draft area and return its item id."""
        item = "0"
        for name, path in outgoing.pages.items():
            response = self._web.request(
                "POST",
                f"{self._site}/webservice/upload.php",
                data={"token": self._token, "itemid": item, "filearea": "draft"},
                files={"file_1": (f"{name}.html", page_bytes(path), "text/html")},
            )
            answer = json_of(response, "an upload")
            if not isinstance(answer, list) or not answer:
                raise StudentRefused(f"Moodle did not take {name}.html ({_error(answer)})")
            item = str(answer[0]["itemid"])
        return item

    def _call(self, function: str, what: str = "", **arguments: Any) -> Any:
        # The token travels in the body: addresses end up in servers' logs.
        form = {"wstoken": self._token, "wsfunction": function, "moodlewsrestformat": "json", **_flat(arguments)}
        response = self._web.request("POST", f"{self._site}/webservice/rest/server.php", data=form)
        answer = json_of(response, function)
        if isinstance(answer, dict) and ("exception" in answer or "errorcode" in answer):
            if what:
                raise StudentRefused(f"Moodle did not take {what} ({_error(answer)})")
            raise PlatformRefused(f"Moodle refused {function} ({_error(answer)}); {_advice(answer)}.")
        return answer


def _parts(address: str) -> tuple[str, int]:
    parts = urlsplit(address)
    number = parse_qs(parts.query).get("id", [""])[0]
    if not parts.netloc or "/mod/assign/view.php" not in parts.path or not number.isdecimal():
        raise PlatformRefused(
            f"{address} is not the address of a Moodle assignment; open the assignment in your browser and copy its "
            "address, https://…/mod/assign/view.php?id=…"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.split('/mod/assign/')[0]}", int(number)


def _flat(value: Any, name: str = "") -> dict[str, str]:
    """Write nested arguments the way Moodle reads them: `a[0][b]=c`."""
    if isinstance(value, Mapping):
        parts = {f"{name}[{key}]" if name else str(key): part for key, part in value.items()}
    elif isinstance(value, list):
        parts = {f"{name}[{index}]": part for index, part in enumerate(value)}
    else:
        return {name: str(value)}
    return {key: text for inner, part in parts.items() for key, text in _flat(part, inner).items()}


def _as_html(text: str) -> str:
    return "<br>".join(html.escape(line) for line in text.splitlines())


def _name(assignment: Mapping[str, Any]) -> str:
    # Moodle escapes names in its answers
    return html.unescape(str(assignment["name"]))


def _error(answer: Any) -> str:
    if not isinstance(answer, dict):
        return "an answer it should not give"
    return f"{answer.get('errorcode', '')}: {str(answer.get('message') or answer.get('error') or '')[:200]}"


def _advice(answer: Mapping[str, Any]) -> str:
    return {
        "invalidtoken": "get a new token: on Moodle under Preferences > Security keys",
        "accessexception": "the token's service lacks this function; use one of the service moodle_mobile_app",
        "nopermissions": "you need the teacher's role in this course",
    }.get(str(answer.get("errorcode")), "ask the administrator of the site")
