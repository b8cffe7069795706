"""LTI 1.3 Advantage: scores by Assignment and Grade Services, the join of people by Names and Roles.

What platforms really do with scores is noted where it matters. Sources:
https://www.imsglobal.org/spec/lti-ags/v2p0/ and
https://www.imsglobal.org/spec/lti-nrps/v2p0/.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx

from autograder.gradebook.feedback import points_text
from autograder.lms.comments import Whose, whose
from autograder.lms.lti.settings import LtiSettings
from autograder.lms.lti.token import AccessToken
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.errors import PlatformRefused, StudentRefused
from autograder.lms.push.people import People, Recipient
from autograder.lms.push.sending import Confirmed, Overwrite, Prepared
from autograder.lms.push.web import Web, json_of

SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
_LINE_ITEM_TYPE = "application/vnd.ims.lis.v2.lineitem+json"
_LINE_ITEMS_TYPE = "application/vnd.ims.lis.v2.lineitemcontainer+json"
_RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"
_MEMBERS_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"
_SAME_SHARE = 1e-4
"""Platforms keep four or five decimals of a score they have rescaled."""
_ATTEMPTS_AT_A_NEW_SECOND = 3


class LtiLineItem:
    """One gradebook column of a platform.

    Args:
        web: The connection; without authorization of its own.
        settings: Registration and addresses.
        assignment: The nbgrader assignment: tag and default title of a column that is made.
        overwrite: What of other people's may be replaced: grades, comments.
        may_make: Whether a column may be made; not in a dry run.
    """

    def __init__(
        self,
        web: Web,
        settings: LtiSettings,
        assignment: str,
        overwrite: Overwrite = Overwrite(),  # noqa: B008 - it is frozen
        *,
        may_make: bool = True,
    ) -> None:
        self._web = web
        self._may_make = may_make
        self._overwrite = overwrite
        self._settings = settings
        self._assignment = assignment
        self._token = AccessToken(web, settings)
        self._last_second: dict[str, int] = {}
        for url in (settings.memberships_url, settings.line_item_url or settings.line_items_url):
            web.refuse_plain_http(url)

    @property
    def ledger_name(self) -> str:
        """See `Platform`."""
        parts = urlsplit(self._settings.line_item_url or self._settings.line_items_url)
        return f"lti-{parts.netloc}{parts.path}-{self._assignment}"

    def people(self) -> People:
        """See `Platform`. Only active learners: scores of others are refused by platforms."""
        found = []
        for page in self._web.pages(self._settings.memberships_url, headers=self._accept(_MEMBERS_TYPE)):
            self._refuse_trouble(page, "the list of members")
            found += [_person(member) for member in json_of(page, "the members")["members"] if _is_learner(member)]
        return People(found)

    def refusal(self, person: Recipient, outgoing: Outgoing) -> str:  # noqa: ARG002 - see `Platform`
        """See `Platform`. The platform rescales to the column's maximum, so any maximum will do."""
        return "" if outgoing.max_points > 0 else "the assignment has no points"

    shares_grades = False
    """See `Platform`: a score is one person's, whatever teams there are."""

    def lost(self, person: Recipient, outgoing: Outgoing) -> str:
        """See `Platform`."""
        share, _ = self._results.get(person.id, (None, ""))
        if share is not None and abs(share - _share(outgoing)) <= _SAME_SHARE:
            return ""
        return f"the platform holds {_told(share, outgoing)} now: changed there since; --again sends it once more"

    def prepare(self, person: Recipient, outgoing: Outgoing, sent: Sequence[Mapping[str, Any]]) -> Prepared:
        """See `Platform`."""
        share, comment = self._result(person)
        standing = whose(comment, outgoing.comment, [str(one.get("comment", "")) for one in sent])
        shares = [_share(outgoing), *(float(one["share"]) for one in sent if "share" in one)]
        refusal = ""
        if share is not None and not self._overwrite.grades and all(abs(share - one) > _SAME_SHARE for one in shares):
            refusal = (
                f"the platform holds {_told(share, outgoing)}, which was not sent from here (overridden, or from "
                f"another tool), and the gradebook has {points_text(outgoing.points)}; --overwrite takes the "
                "gradebook's"
            )
        elif standing in (Whose.OTHERS, Whose.EDITED, Whose.EXTENDED) and not self._overwrite.comments:
            refusal = "somebody else's comment stands there, and a score would replace it; --overwrite-comments does"
        return Prepared(
            what={"share": _share(outgoing), "comment": outgoing.comment},
            refusal=refusal,
            is_there=share is not None and abs(share - _share(outgoing)) <= _SAME_SHARE and standing is Whose.NEW,
            there=", ".join(filter(None, [_told(share, outgoing), f"a comment, {standing}" * bool(comment)])),
            sends=f"score {points_text(outgoing.points)} of {points_text(outgoing.max_points)}, comment",
        )

    def holds(self, person: Recipient, outgoing: Outgoing, *_: object) -> bool:
        """See `Platform`."""
        return self._result_is(person, outgoing)

    def send(self, person: Recipient, outgoing: Outgoing, *_: object) -> None:
        """See `Platform`. AGS carries no files. The comment always goes along: leaving it out erases the last one."""
        for attempt in range(_ATTEMPTS_AT_A_NEW_SECOND):
            response = self._post(person, outgoing)
            if response.status_code != 409:
                break
            if attempt == 0 and self._result_is(person, outgoing):
                return
        else:
            raise StudentRefused(
                "the platform holds a score with a later time than now, and takes no earlier one; enter this grade by "
                "hand, or run the command again when that time has passed"
            )
        if not response.is_success:
            raise StudentRefused(f"the platform did not take it (HTTP {response.status_code}: {_said(response)})")

    def confirm(self, sent: Sequence[tuple[Recipient, Outgoing]]) -> dict[str, Confirmed]:
        """See `Platform`. A score is answered with success also where it is capped, or overridden in the gradebook."""
        if not sent:
            return {}
        self.__dict__.pop("_results", None)
        found = {}
        for person, outgoing in sent:
            share, _ = self._results.get(person.id, (None, ""))
            is_held = share is not None and abs(share - _share(outgoing)) <= _SAME_SHARE
            found[outgoing.student] = Confirmed(
                ""
                if is_held
                else f"the platform took the score, but holds {_told(share, outgoing)}: overridden in its gradebook, "
                "or capped? Look at it there"
            )
        return found

    @cached_property
    def _results(self) -> dict[str, tuple[float | None, str]]:
        """Share of the maximum and comment, by user id, as the gradebook has them."""
        # there may be no column yet
        return self._read_results(below(self.line_item, "results")) if self.line_item else {}

    def _result(self, person: Recipient) -> tuple[float | None, str]:
        """One person's, at this moment: other tools and markers may be at work while the others are sent theirs."""
        if not self.line_item:
            return None, ""
        found = self._read_results(_with_query(below(self.line_item, "results"), {"user_id": person.id}))
        return found.get(person.id, (None, ""))

    def _read_results(self, url: str) -> dict[str, tuple[float | None, str]]:
        found: dict[str, tuple[float | None, str]] = {}
        for page in self._web.pages(url, headers=self._accept(_RESULTS_TYPE)):
            self._refuse_trouble(page, "the results")
            found |= {str(result.get("userId")): _read(result) for result in json_of(page, "the results")}
        return found

    @cached_property
    def line_item(self) -> str:
        """Address of the column: the one named, else the one with this assignment's tag, else a new one.

        Raises:
            PlatformRefused: It can be neither found nor made.
        """
        if self._settings.line_item_url:
            return self._settings.line_item_url
        listed = self._settings.line_items_url
        # not paged: one platform writes links that cannot be followed; a tag filter keeps the list short
        response = self._web.request(
            "GET", _with_query(listed, {"tag": self._assignment}), headers=self._accept(_LINE_ITEMS_TYPE)
        )
        self._refuse_trouble(response, "the gradebook columns")
        for item in json_of(response, "the gradebook columns"):
            if item.get("tag") == self._assignment:
                return str(item["id"])
        return self._new_line_item(listed) if self._may_make else ""

    def _new_line_item(self, listed: str) -> str:
        # without resourceLinkId: with it, one platform leaves the column out of later launches
        about = {
            "scoreMaximum": 100,
            "label": self._settings.label or self._assignment.replace("_", " "),
            "tag": self._assignment,
        }
        headers = self._accept(_LINE_ITEM_TYPE) | {"Content-Type": _LINE_ITEM_TYPE}
        made = self._web.request("POST", listed, json=about, headers=headers, repeatable=False)
        self._refuse_trouble(made, "a new gradebook column")
        return str(json_of(made, "a new gradebook column")["id"])

    def _post(self, person: Recipient, outgoing: Outgoing) -> httpx.Response:
        score: dict[str, Any] = {
            "userId": person.id,
            "timestamp": self._new_second(person),
            "activityProgress": "Completed",
            # never anything else: another word wipes an existing grade; what is not final is not sent at all
            "gradingProgress": "FullyGraded",
            "scoreGiven": round(outgoing.points, 5),
            "scoreMaximum": outgoing.max_points,
            "comment": outgoing.comment,
        }
        if self._settings.is_canvas:
            score[_CANVAS_SUBMISSION] = {"new_submission": False}
        headers = self._authorization() | {"Content-Type": SCORE_TYPE}
        return self._web.request("POST", below(self.line_item, "scores"), json=score, headers=headers)

    def _new_second(self, person: Recipient) -> str:
        """Now, in a second that this person's scores have not used: platforms compare whole seconds and refuse equals.

        A time in the future is never made up: it would lock the column until then.
        """
        last = self._last_second.get(person.id, 0)
        wait = last + 1 - time.time()
        if wait > 0:
            time.sleep(wait)
        now = int(time.time())
        self._last_second[person.id] = now
        return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def _result_is(self, person: Recipient, outgoing: Outgoing) -> bool:
        share, comment = self._result(person)
        if share is None or abs(share - _share(outgoing)) > _SAME_SHARE:
            return False
        return not comment or comment.strip() == outgoing.comment.strip()

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token.value()}"}

    def _accept(self, media_type: str) -> dict[str, str]:
        return self._authorization() | {"Accept": media_type}

    def _refuse_trouble(self, response: httpx.Response, what: str) -> None:
        if not response.is_success:
            is_column = response.status_code in (401, 403) and "column" in what
            advice = (
                'on Moodle the tool is for "grade sync only", which may not list or make columns: name line_item_url, '
                'or have "grade sync and column management" allowed'
                if is_column
                else "is the tool registered with Assignment and Grade Services and Names and Roles?"
            )
            raise PlatformRefused(
                f"The platform refused {what} (HTTP {response.status_code}: {_said(response)}); {advice}"
                + "." * is_column
            )


def _share(outgoing: Outgoing) -> float:
    return outgoing.points / outgoing.max_points


def _read(result: Mapping[str, Any]) -> tuple[float | None, str]:
    score = result.get("resultScore")
    share = None if score is None else float(score) / float(result.get("resultMaximum") or 1)
    return share, str(result.get("comment") or "")


def _told(share: float | None, outgoing: Outgoing) -> str:
    return (
        "no score"
        if share is None
        else f"{points_text(share * outgoing.max_points)} of {points_text(outgoing.max_points)}"
    )


def below(url: str, word: str) -> str:
    """Put a word behind the path of an address; a query string, which a line item's may have, stays at the end."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{word}"))


def _with_query(url: str, more: dict[str, str]) -> str:
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *more.items()])
    return urlunsplit(parts._replace(query=query))


def _is_learner(member: dict[str, Any]) -> bool:
    roles = [str(role).rsplit("#", 1)[-1].rsplit("/", 1)[-1] for role in member.get("roles", ())]
    return bool(member.get("user_id")) and "Learner" in roles and str(member.get("status", "Active")) == "Active"


def _person(member: dict[str, Any]) -> Recipient:
    keys = ("lis_person_sourcedid", "ext_user_username", "email")
    return Recipient(
        id=str(member["user_id"]),
        name=str(member.get("name") or member["user_id"]),
        keys=frozenset(str(member[key]) for key in keys if member.get(key)),
        email=str(member.get("email") or ""),
    )


def _said(response: httpx.Response) -> str:
    return " ".join(response.text.split())[:200] or "no reason given"
