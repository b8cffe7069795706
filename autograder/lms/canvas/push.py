"""Canvas's REST API: a grade, and a comment that carries the feedback pages.

Comments on Canvas only ever add up, so each holds a short mark of its content; where an earlier run was stopped in
between, the comments there are looked at before another one is added. Source: Canvas's Submissions API and
Submission Comments API.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from autograder.gradebook.feedback import points_text
from autograder.gradebook.pages import page_bytes
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.errors import NoAnswer, PlatformRefused, StudentRefused
from autograder.lms.push.ledger import MARK_LETTERS, digest_of
from autograder.lms.push.people import People, Recipient
from autograder.lms.push.sending import Confirmed, Overwrite, Prepared
from autograder.lms.push.web import Web, json_of

_SAME_POINTS = 1e-6
_SHOWN = 0.005
"""Canvas shows two decimals."""
_EXCUSED = "excused on Canvas; a grade would undo that"


class CanvasAssignment:
    """One assignment of a Canvas course.

    Args:
        web: The connection, with its authorization.
        address: Of the assignment's page: `https://site/courses/12/assignments/34`.
        rescale: Whether points are converted when Canvas's maximum is another one.
        with_pages: Whether feedback pages are attached.
        overwrite: What of other people's may be replaced: grades; comments only ever add up.

    Raises:
        PlatformRefused: The address is not that of an assignment.
    """

    def __init__(
        self,
        web: Web,
        address: str,
        *,
        rescale: bool = False,
        with_pages: bool = True,
        overwrite: Overwrite = Overwrite(),  # noqa: B008 - it is frozen
    ) -> None:
        self._web = web
        self._overwrite = overwrite
        self._rescale = rescale
        self._with_pages = with_pages
        self._site, self._path = _parts(address)
        web.refuse_plain_http(self._site)

    @property
    def ledger_name(self) -> str:
        """See `Platform`."""
        return f"canvas-{urlsplit(self._site).netloc}-{self._path.replace('/', '-')}"

    @cached_property
    def assignment(self) -> Mapping[str, Any]:
        """What Canvas says about the assignment.

        Raises:
            PlatformRefused: There is none that this token may see, or it has no points.
        """
        found = self._get(f"{self._site}/api/v1/{self._path}", "the assignment")
        if not found.get("points_possible"):
            raise PlatformRefused(f"{found.get('name')} has no points on Canvas; set Points there.")
        if found.get("anonymize_students"):
            raise PlatformRefused(
                f"{found.get('name')} is graded anonymously on Canvas; turn that off to push by name."
            )
        return dict(found)

    def people(self) -> People:
        """See `Platform`."""
        _ = self.assignment  # one that cannot be used at all is refused before anybody is looked at
        return People(
            Recipient(
                id=str(submission["user_id"]),
                name=str(submission["user"].get("name", "")),
                keys=frozenset(
                    str(submission["user"][key])
                    for key in ("sis_user_id", "login_id", "email")
                    if submission["user"].get(key)
                ),
                email=str(submission["user"].get("email") or submission["user"].get("login_id") or ""),
                group=str((submission.get("group") or {}).get("id") or ""),
            )
            for submission in self._submissions.values()
        )

    def refusal(self, person: Recipient, outgoing: Outgoing) -> str:
        """See `Platform`."""
        maximum = float(self.assignment["points_possible"])
        if abs(maximum - outgoing.max_points) > _SAME_POINTS and not self._rescale:
            return (
                f"Canvas's maximum is {points_text(maximum)}, here it is {points_text(outgoing.max_points)}; set it on "
                "Canvas, or use --rescale"
            )
        submission = self._submissions[person.id]
        if submission.get("excused"):
            return _EXCUSED
        if submission.get("assignment_visible") is False:
            return "the assignment is not assigned to this student on Canvas, which would drop the grade"
        return ""

    @property
    def shares_grades(self) -> bool:
        """See `Platform`."""
        return bool(
            self.assignment.get("group_category_id") and not self.assignment.get("grade_group_students_individually")
        )

    def lost(self, person: Recipient, outgoing: Outgoing) -> str:
        """See `Platform`."""
        score = _score(self._submissions[person.id])
        if score is not None and abs(score - self._grade(outgoing)) <= _SHOWN:
            return ""
        holds = "no grade" if score is None else points_text(score)
        return f"Canvas holds {holds} now: changed there since; --again sends it once more"

    def prepare(self, person: Recipient, outgoing: Outgoing, sent: Sequence[Mapping[str, Any]]) -> Prepared:
        """See `Platform`. Comments on Canvas only add up, so nobody's is lost."""
        grade, submission = self._grade(outgoing), self._submission(person)
        score, comments = _score(submission), submission.get("submission_comments") or []
        ours = [grade, *(float(one["grade"]) for one in sent if "grade" in one)]
        refusal = ""
        if score is not None and not self._overwrite.grades and all(abs(score - one) > _SHOWN for one in ours):
            refusal = (
                f"Canvas has {points_text(score)}, which was not sent from here, and the gradebook has "
                f"{points_text(grade)}; --overwrite takes the gradebook's"
            )
        if submission.get("excused"):
            refusal = _EXCUSED
        pages = [f"{name}.html" for name, _ in _pages(outgoing)] if self._with_pages else []
        is_same, mark = score is not None and abs(score - grade) <= _SHOWN, digest_of(outgoing)[:MARK_LETTERS]
        return Prepared(
            what={"grade": grade, "comment": outgoing.comment},
            refusal=refusal,
            # another one would only add up: of another ledger's, or of the same without pages
            is_there=is_same and _has_comment(submission, outgoing, mark, is_bare=not pages),
            there=f"{'no grade' if score is None else f'grade {points_text(score)}'}, {len(comments)} comment(s)",
            sends=", ".join([f"grade {points_text(grade)}", "comment", *pages]),
            stays=f"{len(comments)} comment(s)" if comments else "",
        )

    def due_dates(self) -> dict[str, str]:
        """Due dates as Canvas holds them for each student, ISO 8601 and empty for none, by Canvas's user id."""
        found = self._submissions.items()
        return {user: str(one["cached_due_date"] or "") for user, one in found if "cached_due_date" in one}

    def handed_in(self) -> dict[str, tuple[int, str]]:
        """Number of the newest file, and when it was handed in, ISO 8601, by Canvas's user id."""
        return {
            user: (max((int(file["id"]) for file in one.get("attachments") or ()), default=0), str(one["submitted_at"]))
            for user, one in self._submissions.items()
            if one.get("submitted_at")
        }

    def holds(self, person: Recipient, outgoing: Outgoing, prepared: Prepared, mark: str) -> bool:  # noqa: ARG002
        """See `Platform`."""
        found = self._submission(person)
        score, is_bare = _score(found), not (self._with_pages and outgoing.pages)
        is_held = score is not None and abs(score - self._grade(outgoing)) <= _SHOWN
        return is_held and _has_comment(found, outgoing, mark, is_bare=is_bare)

    def _submission(self, person: Recipient) -> Mapping[str, Any]:
        url = f"{self._site}/api/v1/{self._path}/submissions/{person.id}"
        found: Mapping[str, Any] = self._get(url, "a submission", params={"include[]": "submission_comments"})
        return found

    def send(self, person: Recipient, outgoing: Outgoing, prepared: Prepared, mark: str) -> None:  # noqa: ARG002
        """See `Platform`."""
        url = f"{self._site}/api/v1/{self._path}/submissions/{person.id}"
        form: list[tuple[str, str]] = [
            ("submission[posted_grade]", repr(self._grade(outgoing))),
            ("comment[text_comment]", f"{outgoing.comment}\n{_marked(mark)}"),
        ]
        if self._with_pages:
            form += [
                ("comment[file_ids][]", self._upload(url, name, page_bytes(path))) for name, path in _pages(outgoing)
            ]
        # not repeatable: a second call would add a second comment
        response = self._web.request("PUT", url, repeatable=False, data=dict(_grouped(form)))
        self._expect(response, f"the grade of {person.name}")
        score = _score(_json(response, "a grade"))
        if score is None or abs(score - self._grade(outgoing)) > _SHOWN:
            raise StudentRefused(f"Canvas took the call, but holds the score {score}; look at it there")

    def confirm(self, sent: Sequence[tuple[Recipient, Outgoing]]) -> dict[str, Confirmed]:  # noqa: ARG002 - see `Platform`
        """See `Platform`. Canvas answers each call with what it holds, which `send` has compared."""
        return {}

    def _grade(self, outgoing: Outgoing) -> float:
        maximum = float(self.assignment["points_possible"])
        scale = maximum / outgoing.max_points if self._rescale and outgoing.max_points else 1.0
        return round(outgoing.points * scale, 5)

    @cached_property
    def _submissions(self) -> dict[str, Mapping[str, Any]]:
        url = f"{self._site}/api/v1/{self._path}/submissions"
        found: dict[str, Mapping[str, Any]] = {}
        for page in self._web.pages(url, params={"include[]": ["user", "group", "visibility"], "per_page": "100"}):
            _refuse_trouble(page, "the list of submissions")
            found |= {str(entry["user_id"]): entry for entry in json_of(page, "the submissions") if entry.get("user")}
        return found

    def _upload(self, url: str, name: str, content: bytes) -> str:
        """Upload a page in Canvas's three steps; return the file's id."""
        about = {"name": f"{name}.html", "size": str(len(content)), "content_type": "text/html"}
        response = self._web.request("POST", f"{url}/comments/files", data=about)
        self._expect(response, f"{name}.html")
        place = _json(response, "an upload")
        # another server, which wants the parameters first, the file last, and not our token
        sent = self._web.request(
            "POST",
            str(place["upload_url"]),
            with_headers=False,
            data={str(key): str(value) for key, value in place["upload_params"].items()},
            files={"file": (f"{name}.html", content, "text/html")},
        )
        if sent.status_code in (201, 301, 302, 303) and sent.headers.get("Location"):
            location = urljoin(str(sent.url), sent.headers["Location"])
            if urlsplit(location).netloc != urlsplit(self._site).netloc:
                raise StudentRefused(
                    f"Canvas sends the upload of {name}.html on to another server, which is not followed"
                )
            sent = self._web.request("GET", location)
        self._expect(sent, f"{name}.html")
        return str(_json(sent, "an upload")["id"])

    def _get(self, url: str, what: str, **arguments: Any) -> Any:
        response = self._web.request("GET", url, **arguments)
        _refuse_trouble(response, what)
        return json_of(response, what)

    def _expect(self, response: httpx.Response, what: str) -> None:
        if response.status_code == 401:
            _refuse_trouble(response, what)
        if not response.is_success:
            raise StudentRefused(f"Canvas did not take {what} (HTTP {response.status_code}: {_said(response)})")


def _score(submission: Mapping[str, Any]) -> float | None:
    # the score before any deduction for lateness, which is Canvas's
    score = submission.get("entered_score", submission.get("score"))
    return None if score is None else float(score)


def _json(response: httpx.Response, what: str) -> Any:
    """The answer about one student: half of one leaves open what was done."""
    try:
        return json_of(response, what)
    except PlatformRefused as problem:
        raise NoAnswer(f"Canvas did not answer {what} with a whole answer") from problem


def _refuse_trouble(response: httpx.Response, what: str) -> None:
    if response.is_success:
        return
    advice = {
        401: "is the token still valid? Canvas makes one under Account > Settings > Approved Integrations",
        403: "you need the teacher's role in this course",
        404: "is this the address of the assignment, and may the token's owner see it?",
    }.get(response.status_code, _said(response))
    raise PlatformRefused(f"Canvas refused {what} (HTTP {response.status_code}); {advice}.")


def _parts(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    words = parts.path.strip("/").split("/")
    named = len(words) >= 4 and (words[0], words[2]) == ("courses", "assignments")
    if not parts.netloc or not named or not (words[1].isdecimal() and words[3].isdecimal()):
        raise PlatformRefused(
            f"{address} is not the address of a Canvas assignment; open the assignment in your browser and copy its "
            "address, https://…/courses/…/assignments/…"
        )
    return f"{parts.scheme}://{parts.netloc}", "/".join(words[:4])


def _pages(outgoing: Outgoing) -> list[tuple[str, Any]]:
    return list(outgoing.pages.items())


def _has_comment(submission: Mapping[str, Any], outgoing: Outgoing, mark: str, *, is_bare: bool) -> bool:
    """Whether the last comment from here is this one, or without pages at least says the same."""
    texts = [str(comment.get("comment") or "") for comment in submission.get("submission_comments") or ()]
    last = next((text for text in reversed(texts) if "[ref " in text), "")
    return _marked(mark) in last or (is_bare and last.rpartition("\n")[0] == outgoing.comment)


def _grouped(form: list[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for key, value in form:
        grouped.setdefault(key, []).append(value)
    return grouped


def _marked(mark: str) -> str:
    return f"[ref {mark}]"


def _said(response: httpx.Response) -> str:
    return " ".join(response.text.split())[:200] or "no reason given"
