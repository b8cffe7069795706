"""Requests to an LMS: time-outs, retries with growing waits, rate limits; and no secret in any message."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import tenacity

from autograder.lms.push.errors import NoAnswer, PlatformRefused

_BUSY = frozenset({429, 502, 503, 504})
_DID_NOTHING = frozenset({429, 503})
"""Answers that promise that nothing was done."""
_MOST_PAGES = 1_000


@dataclass(frozen=True)
class Patience:
    """How long to wait for an LMS, and how often to ask again."""

    attempts: int = 6
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    answer_seconds: float = 60.0
    """Until a request counts as unanswered."""


class _Busy(Exception):
    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        super().__init__(f"HTTP {response.status_code}")


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
        self, method: str, url: str, *, repeatable: bool = True, with_headers: bool = True, **arguments: Any
    ) -> httpx.Response:
        """Make a request; ask again while the LMS is busy.

        Args:
            method: GET, POST, ...
            url: Absolute address.
            repeatable: Whether doing it twice does no harm. If not, it is asked again only when nothing was done.
            with_headers: Whether the headers of the site go along; not to another server, such as a file store.
            arguments: As for httpx.

        Returns:
            The answer, whatever its status, unless that says busy.

        Raises:
            NoAnswer: There was none, after all attempts.
            PlatformRefused: The address is unencrypted.
        """
        self.refuse_plain_http(url)
        headers = {**(self._headers if with_headers else {}), **arguments.pop("headers", {})}

        def ask() -> httpx.Response:
            response = self._client.request(method, url, headers=headers, **arguments)
            if response.status_code in (_BUSY if repeatable else _DID_NOTHING) or _is_rate_limit(response):
                raise _Busy(response)
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
        return response.json()
    except ValueError as error:
        raise PlatformRefused(
            f"{_host(str(response.url))} answered {what} with HTTP {response.status_code} and no JSON; "
            "is this the address of the LMS itself?"
        ) from error


def _is_rate_limit(response: httpx.Response) -> bool:
    # Canvas says it with 403
    return response.status_code == 403 and "rate limit exceeded" in response.text.lower()


def _is_here(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _host(url: str) -> str:
    return urlsplit(url).netloc
