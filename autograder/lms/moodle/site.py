"""How Moodle's web services are spoken to: calls, uploads into a draft area, feedback files out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from autograder.lms.push.errors import NoAnswer, PlatformRefused, StudentRefused
from autograder.lms.push.web import Web, json_of

_MOST_KEPT_MIB = 64
"""Of other people's feedback files that have to travel along to stay."""


@dataclass(frozen=True)
class MoodleFile:
    """A feedback file on Moodle."""

    folder: str
    name: str
    url: str
    size: int


class MoodleSite:
    """One Moodle site, asked with a teacher's token.

    Args:
        web: The connection.
        site: Its address, without an assignment's page.
        token: Of a teacher.
    """

    def __init__(self, web: Web, site: str, token: str) -> None:
        web.refuse_plain_http(site)
        self._web = web
        self._token = token
        self.address = site

    @cached_property
    def functions(self) -> frozenset[str]:
        """What the token may call; nothing if the site does not say."""
        try:
            answer = self.call("core_webservice_get_site_info")
        except PlatformRefused:
            return frozenset()
        return frozenset(str(one["name"]) for one in answer.get("functions", ()))

    def call(self, function: str, what: str = "", *, repeatable: bool = True, **arguments: Any) -> Any:
        """Call a function.

        Args:
            function: Its name.
            what: What of one student it is about, for the message: then only that student is refused.
            repeatable: Whether calling it twice does no harm.
            arguments: Its arguments, nested as Moodle documents them.

        Returns:
            The answer.

        Raises:
            PlatformRefused: Moodle refuses the function, or the token.
            StudentRefused: It refuses this student.
            NoAnswer: Whether it was done is not known.
        """
        # The token travels in the body: addresses end up in servers' logs.
        form = {"wstoken": self._token, "wsfunction": function, "moodlewsrestformat": "json", **_flat(arguments)}
        url = f"{self.address}/webservice/rest/server.php"
        response = self._web.request("POST", url, repeatable=repeatable, data=form)
        answer = _json(response, function) if what else json_of(response, function)
        if isinstance(answer, dict) and ("exception" in answer or "errorcode" in answer):
            if what and answer.get("errorcode") != "invalidtoken":
                raise StudentRefused(f"Moodle did not take {what} ({_error(answer)})")
            raise PlatformRefused(f"Moodle refused {function} ({_error(answer)}); {_advice(answer)}.")
        return answer

    def upload(self, item: str, folder: str, name: str, content: bytes) -> str:
        """Put a file into a draft area.

        Args:
            item: Number of the area, "0" for a new one.
            folder: Within it, with a slash at both ends.
            name: Of the file.
            content: Of the file.

        Returns:
            Number of the area.

        Raises:
            StudentRefused: Moodle does not take it.
            NoAnswer: Whether it was done is not known.
        """
        response = self._web.request(
            "POST",
            f"{self.address}/webservice/upload.php",
            repeatable=False,
            data={"token": self._token, "itemid": item, "filearea": "draft", "filepath": folder},
            files={"file_1": (name, content, "text/html" if name.endswith(".html") else "application/octet-stream")},
        )
        answer = _json(response, "an upload")
        if not isinstance(answer, list) or not answer or "error" in answer[0]:
            said = _error(answer[0] if isinstance(answer, list) and answer else answer)
            raise StudentRefused(f"Moodle did not take {name} ({said})")
        return str(answer[0]["itemid"])

    def download(self, file: MoodleFile) -> bytes:
        """Fetch a feedback file.

        Args:
            file: As Moodle listed it.

        Raises:
            StudentRefused: It is too large, lies elsewhere, or is not given out.
        """
        if file.size > _MOST_KEPT_MIB * 2**20:
            raise StudentRefused(
                f"the feedback file {file.name} on Moodle is larger than the {_MOST_KEPT_MIB} MiB that can be kept; "
                "use --no-pages"
            )
        if urlsplit(file.url).netloc != urlsplit(self.address).netloc:
            raise StudentRefused(f"the feedback file {file.name} lies on another server than Moodle; use --no-pages")
        answer = self._web.request("POST", file.url, data={"token": self._token}, is_file=True)
        if not answer.is_success or len(answer.content) != file.size:
            raise StudentRefused(f"Moodle did not give out the feedback file {file.name}, which would be lost")
        return answer.content


def parts_of(address: str) -> tuple[str, int]:
    """Return site and number of an assignment's page.

    Args:
        address: As the browser shows it.

    Raises:
        PlatformRefused: It is none.
    """
    parts = urlsplit(address)
    number = parse_qs(parts.query).get("id", [""])[0]
    if not parts.netloc or "/mod/assign/view.php" not in parts.path or not number.isdecimal():
        raise PlatformRefused(
            f"{address} is not the address of a Moodle assignment; open the assignment in your browser and copy its "
            "address, https://…/mod/assign/view.php?id=…"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.split('/mod/assign/')[0]}", int(number)


def _json(response: httpx.Response, what: str) -> Any:
    """The answer about one student: half of one leaves open what was done."""
    try:
        return json_of(response, what)
    except PlatformRefused as problem:
        raise NoAnswer(f"Moodle did not answer {what} with a whole answer") from problem


def _flat(value: Any, name: str = "") -> dict[str, str]:
    """Write nested arguments the way Moodle reads them: `a[0][b]=c`."""
    if isinstance(value, Mapping):
        parts = {f"{name}[{key}]" if name else str(key): part for key, part in value.items()}
    elif isinstance(value, list):
        parts = {f"{name}[{index}]": part for index, part in enumerate(value)}
    else:
        return {name: str(value)}
    return {key: text for inner, part in parts.items() for key, text in _flat(part, inner).items()}


def _error(answer: Any) -> str:
    if not isinstance(answer, dict):
        return "an answer it should not give"
    code = answer.get("errorcode") or answer.get("errortype") or ""
    return f"{code}: {str(answer.get('message') or answer.get('error') or '')[:200]}"


def _advice(answer: Mapping[str, Any]) -> str:
    return {
        "invalidtoken": "get a new token, see docs/lms-push.md: one from login/token.php ends after 12 weeks",
        "accessexception": "the token's service lacks this function; use one of the service moodle_mobile_app",
        "nopermissions": "you need the teacher's role in this course",
    }.get(str(answer.get("errorcode")), "ask the administrator of the site")
