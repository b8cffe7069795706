"""What the fake platforms share: a server on a real socket, forms as they come over the wire, mishaps to order."""

import email.parser
import email.policy
import io
import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import httpx

from autograder.lms.push.web import Patience, Web


class Request:
    """One request, its form decoded."""

    def __init__(self, handler):
        parts = urlsplit(handler.path)
        self.method, self.path, self.query = handler.command, parts.path, dict(parse_qsl(parts.query))
        self.headers = handler.headers
        self.body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        self.form, self.files = [], {}
        kind = handler.headers.get("Content-Type") or ""
        if kind.startswith("application/x-www-form-urlencoded"):
            self.form = parse_qsl(self.body.decode(), keep_blank_values=True)
        elif kind.startswith("multipart/form-data"):
            self._read_parts(kind)

    def _read_parts(self, kind):
        header = f"Content-Type: {kind}\r\n\r\n".encode()
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(header + self.body)
        for part in message.iter_parts():
            name, file = part.get_param("name", header="content-disposition"), part.get_filename()
            if file is None:
                self.form.append((name, part.get_content().strip()))
            else:
                self.files[name] = (file, part.get_payload(decode=True))

    @property
    def fields(self):
        return dict(self.form)

    @property
    def token(self):
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ")


class FakeSite:
    """A platform; subclasses answer `respond(request)` with (status, headers, content).

    `busy` is a list of answers given instead, first ones first; `at_writes` says what befalls the client at its n-th
    writing request: "killed before" or "killed after" it was carried out, or "no answer" though it was.
    """

    def __init__(self):
        self.requests, self.busy, self.at_writes, self.victim = [], [], {}, None
        self._writes = 0
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                request = Request(self)
                site.requests.append(request)
                status, headers, content = site.answer(request)
                if status is None:
                    self.close_connection = True
                    return
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                kinds = {} if "Content-Type" in headers else {"Content-Type": "application/json"}
                for name, value in {**kinds, **headers, "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = answer  # noqa: N815 - the names http.server looks for

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request):
        if self.busy:
            return self.busy.pop(0)
        if not self.is_write(request):
            return self.respond(request)
        self._writes += 1
        mishap = self.at_writes.get(self._writes)
        if mishap == "killed before":
            os.kill(self.victim(), signal.SIGKILL)
            return None, {}, b""
        answered = self.respond(request)
        if mishap == "killed after":
            os.kill(self.victim(), signal.SIGKILL)
        return (None, {}, b"") if mishap else answered


class InProcess:
    """A web connection that asks a fake site without a socket.

    `mishap(request)` may return an answer to give instead, or raise; with `after=True` it is asked once the site has
    done what it was asked.
    """

    def __init__(self, site, mishap=lambda *_, **__: None):
        def handle(request):
            shim = SimpleNamespace(
                command=request.method,
                path=request.url.raw_path.decode(),
                headers=request.headers,
                rfile=io.BytesIO(request.read()),
            )
            asked = Request(shim)
            answer = mishap(asked, after=False)
            if answer is None:
                answer = site.respond(asked)
                answer = mishap(asked, after=True) or answer
            status, headers, content = answer
            if isinstance(content, bytes):
                return httpx.Response(status, headers=headers, content=content)
            # httpx writes nothing for None, and Moodle "null"
            return httpx.Response(status, headers=headers, content=json.dumps(content))

        # not by Web itself, which reads the machine's certificates each time
        self.web = object.__new__(Web)
        self.web._patience = Patience(attempts=3, first_wait_seconds=0.0)
        self.web._allow_plain_http = False
        self.web._headers = {}
        self.web._client = httpx.Client(transport=httpx.MockTransport(handle), trust_env=False)
