"""A Jupyter kernel in a sealed child.

Its five sockets listen already when it gets them (libzmq's USE_FD), so that no folder has to be shared with the
outside for them. Two message types are added on the shell channel: `seed_request` seeds every random generator before
a cell, `probe_request` is answered by `probe.py`.
"""

import contextlib
import functools
import inspect
import logging
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, ModuleType
from typing import Any

import zmq
from ipykernel.compiler import get_tmp_directory
from ipykernel.heartbeat import Heartbeat
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

CHANNELS = ("shell", "iopub", "stdin", "hb", "control")
PROBE_MODULE = "kernel_probe"
QUIET = ("seed_request", "probe_request")
"""Requests that nothing is published about: `kernels/waiting.py` does not wait for it."""


class ListeningHeartbeat(Heartbeat):
    """A heartbeat on a socket that listens already."""

    descriptor = -1

    def _bind_socket(self) -> None:
        self.socket.setsockopt(zmq.USE_FD, self.descriptor)
        self.socket.bind("ipc://heartbeat")


class SealedKernel(IPythonKernel):
    """IPython's kernel with two more requests on the shell channel."""

    shell: Any
    session: Any
    io_loop: Any

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        probe: Any = sys.modules.get(PROBE_MODULE)
        self._answer_probe: Callable[..., Any] | None = getattr(probe, "handle", None)
        self.shell_handlers["seed_request"] = self._seed
        self.shell_handlers["probe_request"] = self._probe
        if "keras" in sys.modules and hasattr(probe, "before_cells"):
            probe.before_cells()
        after_cell = getattr(probe, "after_cell", None)
        if after_cell is not None:
            probe.forget_figures()  # what the template drew to warm up is none of the notebook's
            # Before matplotlib's own hook is registered, which closes the figures.
            self.shell.events.register("post_execute", lambda: after_cell(self.shell))
            probe.watch_displays(self.shell)

    @contextlib.contextmanager
    def _cancel_on_sigint(self, future: Any) -> Iterator[None]:
        """Let an interrupt end a cell that awaits: IPython's own handler waits until something else wakes the loop.

        A second interrupt is for what computes instead of awaiting: there a request to cancel would never be read.
        """
        with super()._cancel_on_sigint(future):
            cancel: Any = signal.getsignal(signal.SIGINT)
            interrupts = 0

            def cancel_and_wake(number: int, frame: FrameType | None) -> None:
                nonlocal interrupts
                interrupts += 1
                if interrupts > 1:
                    raise KeyboardInterrupt
                cancel(number, frame)
                self.io_loop.asyncio_loop.call_soon_threadsafe(lambda: None)

            signal.signal(signal.SIGINT, cancel_and_wake)
            yield

    def _publish_status(self, status: str, channel: str, parent: Any = None) -> None:
        """Say whether the kernel is busy, but not around the grader's hundreds of small requests: it awaits replies."""
        request = parent or self.get_parent(channel)  # type: ignore[no-untyped-call]
        if request.get("header", {}).get("msg_type") not in QUIET:
            super()._publish_status(status, channel, parent)  # type: ignore[no-untyped-call]

    def _seed(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        seed = int(parent["content"]["seed"])
        seed_everything(seed)
        self.session.send(stream, "seed_reply", {"status": "ok"}, parent, ident=ident)

    def _probe(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        content: dict[str, Any] = {"failed": {"type": "LookupError", "text": "this kernel has no probe"}}
        buffers: list[bytes] = []
        try:
            if self._answer_probe is not None:
                questions = [bytes(buffer) for buffer in parent["buffers"]]
                content, buffers = self._answer_probe(parent["content"], questions, self.shell.user_ns)
        except BaseException as error:  # noqa: BLE001 (an interrupt, or student code that leaves: answer all the same)
            content = {"failed": {"type": type(error).__name__, "text": str(error)[:2000]}}
        try:
            self.session.send(stream, "probe_reply", content, parent, ident=ident, buffers=buffers)
        except Exception as error:  # noqa: BLE001 (text that UTF-8 cannot hold, numbers that JSON cannot)
            failed = {"type": type(error).__name__, "text": "the answer cannot be sent"}
            self.session.send(stream, "probe_reply", {"failed": failed}, parent, ident=ident)


class SealedApp(IPKernelApp):
    """IPython's kernel application without a connection file."""

    listening: dict[str, int]
    context: Any

    def init_connection_file(self) -> None:
        """Nothing: the connection is given."""

    def write_connection_file(self, **_: Any) -> None:
        """Nothing: nobody reads it."""

    def init_sockets(self) -> None:
        """Also keep the debugger's socket from calling an address that does not exist in here."""
        super().init_sockets()  # type: ignore[no-untyped-call]
        self.debug_shell_socket.close()
        self.debug_shell_socket = self.context.socket(zmq.DEALER)
        self.debug_shell_socket.linger = 0

    def _bind_socket(self, socket: Any, port: int) -> int:
        # The application binds in this order; each call says only which number it would like.
        channel = CHANNELS[port - 1]
        socket.setsockopt(zmq.USE_FD, self.listening[channel])
        if channel == "iopub":
            # Outputs wait rather than vanish when a cell prints faster than the grader reads; memory is limited anyway.
            socket.setsockopt(zmq.SNDHWM, 0)
        socket.bind(f"ipc://{channel}")
        return port

    def init_heartbeat(self) -> None:
        """Start the heartbeat on its socket."""
        address = ("ipc", "heartbeat", self.hb_port)
        self.heartbeat = ListeningHeartbeat(zmq.Context(), address)  # type: ignore[no-untyped-call]
        self.heartbeat.descriptor = self.listening["hb"]
        self.heartbeat.start()


def seed_everything(seed: int) -> None:
    """Seed Python, numpy, TensorFlow and Keras.

    Args:
        seed: 0 to 2**32 - 1.
    """
    random.seed(seed)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(seed)
    if (tensorflow := sys.modules.get("tensorflow")) is not None:
        tensorflow.random.set_seed(seed)
    if (keras := sys.modules.get("keras")) is not None:
        keras.utils.set_random_seed(seed)


NICENESS = 5
"""Student code gives way: a fork bomb must not slow down the side that counts and ends it."""


def main(request: dict[str, Any], descriptors: list[int]) -> int:
    """Run a kernel until its process ends.

    Args:
        request: `key`: text that signs the messages; `seed`: int, or None to leave the generators as they are.
        descriptors: five listening sockets, in the order of CHANNELS.

    Returns:
        Exit code.
    """
    os.nice(NICENESS)
    if request.get("seed") is not None:
        seed_everything(int(request["seed"]))
    numbers = {f"{channel}_port": number for number, channel in enumerate(CHANNELS, 1)}
    app: Any = SealedApp.instance(kernel_class=SealedKernel, transport="ipc", ip="sealed", log_level=50, **numbers)
    app.listening = dict(zip(CHANNELS, descriptors, strict=True))
    app.session.key = request["key"].encode()
    # History would be a database file and a thread that nobody reads.
    app.config.HistoryManager.enabled = False
    with _standard_output_to_null():
        app.initialize([])
    _show_figures_inline(app.shell)
    _keep_no_tracebacks(app.shell)
    _know_cells_from_modules()
    _log_into_the_notebook()
    if "" not in sys.path:
        # As in any notebook: modules lying beside it can be imported, and come behind the standard library.
        packages = (place for place, path in enumerate(sys.path) if os.path.basename(path) == "site-packages")  # noqa: PTH119
        sys.path.insert(next(packages, 0), "")
    app.start()
    return 0


def _log_into_the_notebook() -> None:
    """Do for loggers what importing their packages in a notebook does: the template has imported them without one."""
    for reference in logging._handlerList:  # type: ignore[attr-defined]  # noqa: SLF001 (there is no public list)
        handler = reference()
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.__stderr__:
            handler.setStream(sys.stderr)
    if "tensorflow" in sys.modules:  # in an interactive session it says more, and says it on standard output
        logger = logging.getLogger("tensorflow")
        logger.setLevel(logging.INFO)
        for handler in logger.handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(sys.stdout)


@contextlib.contextmanager
def _standard_output_to_null() -> Iterator[None]:
    """Let IPython take over descriptors 1 and 2, which it also echoes: the grader's small pipe would soon be full.

    What goes wrong meanwhile is still said to the grader.
    """
    said = [os.dup(number) for number in (1, 2)]
    null = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(null, number)
    os.close(null)
    try:
        yield
    except BaseException:
        for number, before in zip((1, 2), said, strict=True):
            os.dup2(before, number)
        raise
    finally:
        for before in said:
            os.close(before)


def _show_figures_inline(shell: Any) -> None:
    """Connect matplotlib, which the template has imported before there was a shell to connect it to."""
    if "matplotlib" in sys.modules:
        shell.enable_matplotlib("inline")
        sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]  # what it is called in a plain kernel
        # After each cell, pyplot draws the figures that the inline backend then draws again, for good.
        with contextlib.suppress(AttributeError, ValueError):
            shell.events.unregister("post_execute", sys.modules["matplotlib.pyplot"]._draw_all_if_interactive)  # noqa: SLF001


def _keep_no_tracebacks(shell: Any) -> None:
    """Spare what IPython does with an error it has shown: put it into words again, for a history that is not kept."""
    if hasattr(shell, "_format_exception_for_storage"):
        shell._format_exception_for_storage = lambda *_, **__: {}  # noqa: SLF001


def _know_cells_from_modules() -> None:
    """Spare `inspect` a search for each frame of a traceback: whether one of thousands of modules is the cell."""
    find, cells = inspect.getmodule, get_tmp_directory() + os.sep

    @functools.wraps(find)
    def getmodule(object: Any, _filename: str | None = None) -> ModuleType | None:  # noqa: A002 (as in inspect)
        code = object.f_code if isinstance(object, FrameType) else object
        if isinstance(code, CodeType) and code.co_filename.startswith(cells):
            return None
        return find(object, _filename)

    inspect.getmodule = getmodule
