"""Messages between the judge and its worker: a JSON object and any number of byte buffers, over one socket.

A frame is a fixed head (lengths), the JSON text, then the buffers. Both sides bound what they accept, because the
buffers that the worker passes on come from a student's kernel.
"""

import json
import socket
import struct
from collections.abc import Sequence
from typing import Any, Protocol

MAX_JSON_BYTES = 16 * 2**20
MAX_BUFFERS = 20_000
MAX_BUFFER_BYTES = 96 * 2**20

_HEAD = struct.Struct("!II")
_LENGTH = struct.Struct("!Q")


class ChannelClosed(ConnectionError):
    """The other side is gone."""


class Conversation(Protocol):
    """What a judge talks through: a socket, or the worker itself where both run in one process."""

    def send(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send one message."""
        ...

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
        """Wait for one message."""
        ...


class Channel:
    """One end of the conversation.

    Args:
        connection: A connected stream socket; the channel closes it.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def send(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Send one message.

        Raises:
            ChannelClosed: The other side is gone.
        """
        text = json.dumps(content).encode()
        head = _HEAD.pack(len(text), len(buffers)) + b"".join(_LENGTH.pack(len(data)) for data in buffers)
        try:
            self._connection.sendall(b"".join((head, text, *buffers)))
        except OSError as error:
            raise ChannelClosed("the other side of the judge's channel is gone") from error

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
        """Wait for one message.

        Raises:
            ChannelClosed: The other side is gone.
            ValueError: The frame is too large, or not a JSON object.
        """
        text_bytes, count = _HEAD.unpack(self._read(_HEAD.size))
        if text_bytes > MAX_JSON_BYTES or count > MAX_BUFFERS:
            raise ValueError(f"a message of {text_bytes} bytes and {count} buffers is over the limit")
        lengths = [_LENGTH.unpack(self._read(_LENGTH.size))[0] for _ in range(count)]
        if sum(lengths) > MAX_BUFFER_BYTES:
            raise ValueError(f"a message with {sum(lengths)} bytes of arrays is over the limit")
        content = json.loads(self._read(text_bytes))
        if not isinstance(content, dict):
            raise ValueError("a message must be a JSON object")  # noqa: TRY004 (a bad frame, like those above)
        return content, [self._read(length) for length in lengths]

    def _read(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            try:
                part = self._connection.recv(min(count - len(parts), 2**20))
            except OSError as error:
                raise ChannelClosed("the other side of the judge's channel is gone") from error
            if not part:
                raise ChannelClosed("the other side of the judge's channel is gone")
            parts += part
        return bytes(parts)

    def close(self) -> None:
        """Close the socket; the other side notices."""
        self._connection.close()
