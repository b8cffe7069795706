"""Requests to an LMS: time-outs, retries with growing waits, rate limits; bounded answers; no secret in any message."""

import ipaddress
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import httpx
import tenacity

from autograder.lms.push.errors import NoAnswer, PlatformRefused

_BUSY = frozenset({429, 500, 502, 503, 504})
_DID_NOTHING = frozenset({429})
"""Answers that promise that nothing was done."""
_MOST_ANSWER_MIB = 64
_MOST_DEPTH = 64
_WHOLE_ANSWER = 10.0
"""A whole answer may take as many times as long as its beginning."""
_MOST_PAGES = 1_000


@dataclass(frozen=True)
class Patience:
    """How long to wait for an LMS, and how often to ask again."""

    attempts: int = 6
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    answer_seconds: float = 60.0
    """Until a request counts as unanswered."""


_OF_THE_TRANSFER = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class _Busy(Exception):
    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        half = ", half an answer" if response.is_success else ""
        super().__init__(f"HTTP {response.status_code}{half}")


class Web:
    """A connection to one LMS. Use as a context manager.

    Args:
        patience: Time-outs and retries.
        headers: Sent with every request to the site itself, e.g. the authorization.
        allow_plain_http: Whether a secret may travel unencrypted to a machine other than this one.
    """

    def __init__(
        self, patience: Patience, *, headers: dict[str, str] | None = None, allow_plain_http: bool = False
    ) -> None:
        self._patience = patience
        self._allow_plain_http = allow_plain_http
        self._headers = headers or {}
        self._client = httpx.Client(timeout=patience.answer_seconds, follow_redirects=False)

    @property
    def answer_seconds(self) -> float:
        """Until a request counts as unanswered."""
        return self._patience.answer_seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        repeatable: bool = True,
        with_headers: bool = True,
        is_file: bool = False,
        **arguments: Any,
    ) -> httpx.Response:
        """Make a request; ask again while the LMS is busy.

        Args:
            method: GET, POST, ...
            url: Absolute address.
            repeatable: Whether doing it twice does no harm. If not, it is asked again only when nothing was done.
            with_headers: Whether the headers of the site go along; not to another server, such as a file store.
            is_file: Whether the answer is somebody's file, whatever it holds.
            arguments: As for httpx.

        Returns:
            The answer, whatever its status, unless that says busy.

        Raises:
            NoAnswer: There was none after all attempts, or one that does not say whether it was done.
            PlatformRefused: The address is unencrypted, or the answer without end.
        """
        self.refuse_plain_http(url)
        headers = {**(self._headers if with_headers else {}), **arguments.pop("headers", {})}

        def ask() -> httpx.Response:
            response = self._asked(method, url, headers=headers, **arguments)
            if response.status_code in (_BUSY if repeatable else _DID_NOTHING) or _is_rate_limit(response):
                raise _Busy(response)
            if repeatable and not is_file and _is_torn(response):
                raise _Busy(response)
            if response.status_code >= 500:  # may have been said after it was stored
                raise NoAnswer(f"{_host(url)} did not answer {method} (HTTP {response.status_code})")
            return response

        retried = (_Busy, httpx.TransportError) if repeatable else (_Busy, httpx.ConnectError, httpx.ConnectTimeout)
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._patience.attempts),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(retried),
            reraise=True,
        )
        try:
            return retrying(ask)
        except (_Busy, httpx.TransportError) as problem:
            said = str(problem) or type(problem).__name__
            raise NoAnswer(f"{_host(url)} did not answer {method} ({said})") from problem

    def _asked(self, method: str, url: str, **arguments: Any) -> httpx.Response:
        """One request, whose whole answer is bounded in size and time: a time-out of httpx is for each piece alone."""
        ends = time.monotonic() + _WHOLE_ANSWER * self._patience.answer_seconds
        with self._client.stream(method, url, **arguments) as response:
            pieces, size = [], 0
            for piece in response.iter_bytes():
                pieces.append(piece)
                size += len(piece)
                if size > _MOST_ANSWER_MIB * 2**20:
                    raise PlatformRefused(
                        f"{_host(url)} answered {method} with more than {_MOST_ANSWER_MIB} MiB, which is no answer of "
                        "an LMS; is this its address?"
                    )
                if time.monotonic() > ends:
                    raise httpx.ReadTimeout(f"more than {_WHOLE_ANSWER * self._patience.answer_seconds:.0f} seconds")
        return httpx.Response(
            response.status_code,
            headers=[(name, value) for name, value in response.headers.multi_items() if name not in _OF_THE_TRANSFER],
            content=b"".join(pieces),
            request=response.request,
        )

    def pages(self, url: str, **arguments: Any) -> Iterator[httpx.Response]:
        """GET a list page by page, following `Link: rel="next"`.

        Args:
            url: Of the first page.
            arguments: As for `request`.

        Yields:
            One answer a page.

        Raises:
            PlatformRefused: The pages have no end, or lead to another server.
        """
        following: str | None = url
        for _ in range(_MOST_PAGES):
            if following is None:
                return
            response = self.request("GET", following, **arguments)
            yield response
            link = response.links.get("next", {}).get("url")
            link = urljoin(url, link) if link else None
            if link is not None and urlsplit(link).netloc != urlsplit(url).netloc:
                raise PlatformRefused(
                    f"A list of {_host(url)} goes on at another server, {_host(link)}; nothing was sent."
                )
            following = link
            arguments.pop("params", None)  # the next address holds them
        raise PlatformRefused(f"A list of {_host(url)} has more than {_MOST_PAGES} pages; nothing was sent.")

    def refuse_plain_http(self, url: str) -> None:
        """Refuse an address over which a secret would travel in the clear.

        Raises:
            PlatformRefused: It is no https address, nor one on this machine, and that was not allowed.
        """
        parts = urlsplit(url)
        if parts.scheme == "https" or (parts.scheme == "http" and (self._allow_plain_http or _is_here(parts.hostname))):
            return
        raise PlatformRefused(
            f"{parts.scheme or '(no scheme)'}://{parts.netloc} is not encrypted, and everybody on the way could read "
            "the secret; use its https address, or --insecure on a network of your own."
        )

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.response.headers.get("Retry-After", "") if isinstance(error, _Busy) else ""
        grown = self._patience.first_wait_seconds * 2.0 ** (state.attempt_number - 1)
        return min(float(asked) if asked.isdecimal() else grown, self._patience.longest_wait_seconds)


def json_of(response: httpx.Response, what: str) -> Any:
    """Return the JSON of an answer, whatever its content type says.

    Args:
        response: The answer.
        what: What was asked for, for the message.

    Raises:
        PlatformRefused: It is none.
    """
    try:
        # older Canvas puts a loop in front, which keeps a browser from running it as a script
        found = json.loads(response.content.decode("utf-8-sig").removeprefix("while(1);"))
        if _is_deep(found):
            raise ValueError("nested too deeply")
        return found
    except (ValueError, RecursionError) as error:
        raise PlatformRefused(
            f"{_host(str(response.url))} answered {what} with HTTP {response.status_code} and no JSON; "
            "is this the address of the LMS itself?"
        ) from error


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_MOST_DEPTH):
        inner = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list)]
        level = [one for part in inner for one in part if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def _is_rate_limit(response: httpx.Response) -> bool:
    # Canvas says it with 403
    return response.status_code == 403 and "rate limit exceeded" in response.text.lower()


def _is_torn(response: httpx.Response) -> bool:
    """Whether an answer says it is JSON and breaks off: it is asked for once more where that does no harm."""
    if not (response.is_success and response.content and "json" in response.headers.get("Content-Type", "")):
        return False
    try:
        json_of(response, "it")
    except PlatformRefused:
        return response.content.lstrip()[:1] in (b"{", b"[", b"w")  # not a page of some other server
    return False


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _host(url: str) -> str:
    return urlsplit(url).netloc
