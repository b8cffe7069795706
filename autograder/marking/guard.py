"""Who may see the page: whoever has the address with its token, on this machine, from the page itself.

The server listens on loopback only. Another page in the same browser may still try to reach it (by a name of its own
that leads here, or by sending a form), and another account of the machine may connect: so hosts, origins, a token and
what may be loaded are all looked at.
"""

import hmac
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
MOST_BYTES = 2**20
"""Of a form."""
_HEADERS = {
    # Styles of single elements are those of harmless HTML; pictures are in the page.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with none, browsers would not say where a form comes from
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Lets through what has the token, and puts headers on every answer.

    Args:
        app: What it guards.
        token: The secret of this run.
        port: Where the server listens; names the cookie, because browsers keep one jar for all ports.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token, self._cookie = app, token, f"mark_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                if scope["path"].startswith("/static/"):  # the same for everybody, and asked for with each answer
                    headers["Cache-Control"] = "private, max-age=600"
            await send(message)

        await (self._refusal(Request(scope)) or self._app)(scope, receive, with_headers)

    def _refusal(self, request: Request) -> ASGIApp | None:
        if request.url.hostname not in HOSTS:
            return _said("This page answers to 127.0.0.1 and localhost only.", HTTPStatus.MISDIRECTED_REQUEST)
        if request.method == "GET" and self._is_token(request.query_params.get("token", "")):
            answer = RedirectResponse(request.url.path, HTTPStatus.SEE_OTHER)
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
            return answer
        if not self._is_token(request.cookies.get(self._cookie, "")):
            return _said(
                "This page needs the address with its token, which `autograder mark` has printed.", HTTPStatus.FORBIDDEN
            )
        if request.method != "GET" and not _is_own(request):
            return _said("This was not sent from the page itself.", HTTPStatus.FORBIDDEN)
        return None

    def _is_token(self, word: str) -> bool:
        return hmac.compare_digest(word.encode(), self._token.encode())


def _is_own(request: Request) -> bool:
    """Tell whether a form was sent by a page of this server: browsers say so, and other programs must as well."""
    origin = urlsplit(request.headers.get("origin", ""))
    return origin.scheme == "http" and origin.netloc == request.url.netloc


def _said(sentence: str, status: HTTPStatus) -> PlainTextResponse:
    return PlainTextResponse(sentence + "\n", status)


async def read_form(request: Request) -> Mapping[str, Sequence[str]] | None:
    """Read a form; None for one that is larger than any that the page sends.

    Args:
        request: The request.
    """
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            return None
    return parse_qs(content.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=2_000)
