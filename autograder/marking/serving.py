"""The page served on loopback, until whoever marks has had enough."""

import logging
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from autograder.course.course import CourseError
from autograder.kernels.errors import SandboxUnavailable, TemplateFailed
from autograder.marking.desk import Desk
from autograder.marking.page import application
from autograder.marking.showing import shown_prompt


def serve(desk: Desk, port: int, ready: Callable[[str], None]) -> None:
    """Serve a desk until it is interrupted.

    Args:
        desk: Where to mark.
        port: Where to listen; 0 for any that is free.
        ready: Told the address, with the token of this run.

    Raises:
        CourseError: The port is taken.
    """
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            raise CourseError(f"Port {port} cannot be used ({error.strerror}); name another with --port.") from error
        token, found = secrets.token_urlsafe(32), listening.getsockname()[1]
        app = application(desk, token, found)
        threading.Thread(target=_warm, args=(desk,), daemon=True).start()
        # A browser keeps its line open; whoever ends the program does not wait for it.
        # No logging of uvicorn's own: configuring it would close the handlers of everybody else in this process.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=2, lifespan="off")
        ready(f"http://127.0.0.1:{found}/?token={token}")
        uvicorn.Server(config).run(sockets=[listening])


def _warm(desk: Desk) -> None:
    """Start the process that makes texts harmless, which would let the first page wait for it."""
    with suppress(SandboxUnavailable, TemplateFailed):  # each page says so
        shown_prompt(desk.questions[0])
