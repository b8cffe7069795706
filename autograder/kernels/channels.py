"""The grader's ends of a kernel's ZeroMQ channels, with every message bounded and every wait ended by a clock.

What arrives was written by untrusted code: it may be unsigned, malformed, endless or missing. Nothing here raises for
that; what cannot be read is counted and dropped.
"""

import contextlib
import hmac
import itertools
import json
import os
import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import zmq
from jupyter_client.session import Session

from autograder.kernels.settings import CHANNELS

MIB = 2**20
PATH_BYTES = 107
"""The longest path a Unix socket can have on Linux."""
SMALL_BACKLOG, BACKLOG = 8, 200
MAX_UNREADABLE = 1000
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PARTS = ("header", "parent_header", "metadata", "content")
"""JSON objects of a message on the wire, in order: behind the signature, before the buffers."""
READ = {"shell": zmq.DEALER, "iopub": zmq.SUB}
"""Nobody answers input(), a signal interrupts, and a process descriptor tells of death sooner than a heartbeat."""


class Listeners:
    """Five listening sockets in a folder of mode 700, made here and handed to the kernel as descriptors."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="k-"))
        self.prefix = str(self.folder / "k")
        """`PREFIX-1` to `PREFIX-5` are the sockets, as `transport="ipc"` names them in Jupyter."""
        self.sockets: list[socket.socket] = []
        try:
            self.renew()
        except BaseException:
            self.close()
            raise

    def renew(self) -> None:
        """Listen, again after the kernel has died, at the same paths: connected clients find the next kernel."""
        self.release()
        self.sockets.clear()
        for number in range(1, len(CHANNELS) + 1):
            path = Path(f"{self.prefix}-{number}")
            path.unlink(missing_ok=True)
            self.sockets.append(_listen(str(path)))

    @property
    def descriptors(self) -> list[int]:
        """What to pass to the kernel, in the order of CHANNELS."""
        return [listener.fileno() for listener in self.sockets]

    def release(self) -> None:
        """Close our copies: when the kernel has died, connections must fail."""
        for listener in self.sockets:
            listener.close()

    def close(self) -> None:
        """Close our copies and remove the folder."""
        self.release()
        shutil.rmtree(self.folder, ignore_errors=True)


def _listen(path: str) -> socket.socket:
    if len(path.encode()) > PATH_BYTES:
        raise ValueError(
            f"the socket path {path} is longer than {PATH_BYTES} bytes; set TMPDIR to a folder with a shorter name"
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(16)
    return listener


class Channels:
    """Connected client sockets and the signing session of one kernel."""

    def __init__(self, prefix: str, key: str, *, output_mib: int, answer_mib: int) -> None:
        self.unreadable = 0
        """Messages that were dropped since they were not signed, or not messages."""
        self.last_bytes = 0
        """Size of the message `receive` returned last."""
        self._session = Session(key=key.encode(), username="grader", unpack=_unpack)
        self._context = zmq.Context()
        # libzmq's threads get a name of their own, so that the cost of receiving can be told from other kernels' cost
        self._threads = f"{next(_numbers)}/"
        self._context.set(zmq.THREAD_NAME_PREFIX, int(self._threads[:-1]))
        self._sockets: dict[str, zmq.Socket[bytes]] = {}
        for number, channel in enumerate(CHANNELS, 1):
            if channel not in READ:
                continue
            client = self._context.socket(READ[channel])
            client.linger = 0
            # One message more than allowed breaks the connection; the backlog bounds what waits in our memory.
            client.maxmsgsize = (answer_mib if channel == "shell" else output_mib + 1) * MIB
            client.rcvhwm = SMALL_BACKLOG if channel != "iopub" else BACKLOG
            if channel == "iopub":
                client.subscribe(b"")
            client.connect(f"ipc://{prefix}-{number}")
            self._sockets[channel] = client
        self._monitors = {
            channel: self._sockets[channel].get_monitor_socket(zmq.EVENT_DISCONNECTED) for channel in READ
        }
        self._poller = zmq.Poller()
        for channel in READ:
            self._poller.register(self._sockets[channel], zmq.POLLIN)

    def send(self, channel: str, kind: str, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> str:
        """Send a request.

        Args:
            channel: "shell".
            kind: message type.
            content: goes through JSON.
            buffers: binary parts.

        Returns:
            Message id, which answers name as their parent; empty if the kernel takes no more messages.
        """
        message = self._session.msg(kind, content)
        frames = self._session.serialize(message)
        try:
            self._sockets[channel].send_multipart([*frames, *buffers], flags=zmq.NOBLOCK)
        except zmq.Again:
            return ""
        return str(message["header"]["msg_id"])

    def poll(self, seconds: float) -> list[str]:
        """Wait for messages.

        Args:
            seconds: how long at most.

        Returns:
            Channels that have some: of "shell" and "iopub".
        """
        ready = dict(self._poller.poll(max(0, int(seconds * 1000))))
        return [channel for channel in ("iopub", "shell") if self._sockets[channel] in ready]

    def receive(self, channel: str) -> dict[str, Any] | None:
        """Take one message.

        Args:
            channel: "shell" or "iopub".

        Returns:
            Header, parent header, content and buffers; None if there is none, or none that can be read.
        """
        try:
            frames = self._sockets[channel].recv_multipart(flags=zmq.NOBLOCK)
        except zmq.Again:
            return None
        self.last_bytes = sum(len(frame) for frame in frames)
        try:
            return self._message(frames)
        except Exception:  # noqa: BLE001 (bytes of a stranger's making can fail in any way, and all mean the same)
            self.unreadable += 1
            return None

    def _message(self, frames: list[bytes]) -> dict[str, Any]:
        """Read the frames of one message. `Session.deserialize` spends most of its time on dates nobody looks at."""
        _, (signature, *parts) = cast("tuple[Any, list[bytes]]", self._session.feed_identities(frames))
        if not hmac.compare_digest(signature, self._session.sign(parts[: len(PARTS)])):
            raise ValueError("the message is not signed")
        message = dict(zip(PARTS, map(_unpack, parts), strict=False))
        if not all(isinstance(message[part], dict) for part in PARTS):
            raise TypeError("the parts of a message are JSON objects")
        return message | {"buffers": parts[len(PARTS) :]}

    def cut(self) -> str | None:
        """Look whether a connection broke since the last look: libzmq cuts it when a message is larger than allowed.

        Returns:
            "shell" or "iopub"; None if neither. Connections come back by themselves, what was on its way is lost.
        """
        found = None
        for channel, monitor in self._monitors.items():
            while monitor.poll(0):
                monitor.recv_multipart()
                found = channel
        return found

    def receiving_cpu_seconds(self) -> float:
        """CPU-seconds that libzmq has spent on this kernel's messages, those included that nobody has taken yet."""
        ticks = 0
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):  # threads come and go
                before, _, rest = (thread / "stat").read_text().rpartition(")")
                if before.partition("(")[2].startswith(self._threads):
                    user, system = rest.split()[11:13]
                    ticks += int(user) + int(system)
        return ticks / TICKS_PER_SECOND

    @property
    def nonsense(self) -> bool:
        """Whether so much was unreadable that no honest kernel is speaking."""
        return self.unreadable > MAX_UNREADABLE

    def close(self) -> None:
        """Close the sockets; nothing waits to be sent."""
        for client in self._sockets.values():
            client.disable_monitor()
        self._context.destroy(linger=0)


_numbers = itertools.count(1)
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")


def _unpack(data: bytes) -> Any:
    """Read JSON; half a surrogate pair, which no file can carry later on, becomes a replacement character."""
    read = json.loads(data.decode("utf-8", "replace"))
    if _HALF_PAIR.search(data):
        text = json.dumps(read, ensure_ascii=False)
        read = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return read


def new_key() -> str:
    """Make a key that signs the messages of one kernel."""
    return secrets.token_hex(32)
