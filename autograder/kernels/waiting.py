"""One request on its way to a kernel: what has come back, which limit is passed, and what came of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from autograder.kernels.limits import allowed_cpu_seconds
from autograder.kernels.outputs import Outputs
from autograder.kernels.processes import Usage

Status = Literal["ok", "error", "stopped", "died"]
PROBE, PROBE_REPLY = "probe_request", "probe_reply"
TAIL_SECONDS = 3.0
"""How long to wait for the end of a cell's outputs after its reply, which travels on another channel."""

BUSY_FACTOR = 20
"""A request that takes so many times its limit on waiting is given up, and nobody is blamed but the machine."""


@dataclass(frozen=True)
class CellRun:
    """What came of running a cell."""

    outputs: list[dict[str, Any]]
    """nbformat output dicts."""
    status: Status
    """ "stopped": interrupted at a limit, the kernel lives; "died": the kernel is gone."""
    reason: str | None
    """For "stopped" and "died", in the student's words."""
    wall_seconds: float
    cpu_seconds: float
    """Of all processes in the sandbox."""
    execution_count: int | None = None
    output_bytes: int = 0
    """Of all messages that carried outputs."""


@dataclass
class Wait:
    """One request on its way: what has come back, and until when to wait."""

    message_id: str
    reply_kind: str
    cpu_limit: float
    wall_limit: float
    cpu_before: float
    outputs: Outputs
    started: float = field(default_factory=time.monotonic)
    reply: dict[str, Any] | None = None
    replied_at: float = 0.0
    idle: bool = False
    idle_before: float | None = None
    """Seconds that the kernel had only waited when the request was first found unanswered."""
    held_up_before: float = 0.0
    reason: str | None = None
    interrupted_at: float = 0.0
    interrupted_again: bool = False
    too_large: bool = False

    def take(self, channel: str, message: dict[str, Any], size: int) -> None:
        """Sort in a message; those of other requests, and of threads left running, are dropped."""
        if message["parent_header"].get("msg_id") != self.message_id:
            return
        kind = message["header"].get("msg_type")
        if channel == "shell":
            if kind == self.reply_kind and self.reply is None:
                self.reply, self.replied_at = message, time.monotonic()
        elif kind == "status":
            self.idle = self.idle or message["content"].get("execution_state") == "idle"
        else:
            self.outputs.take(message, size)

    def take_unreadable(self) -> None:
        """Count what cannot be read on the channel of answers as an empty answer: no other would come."""
        if self.reply is None:
            self.reply, self.replied_at = {"content": {}}, time.monotonic()

    def cut(self, channel: str) -> None:
        """Note that the connection broke since a message was too large."""
        if channel == "iopub":
            self.outputs.overflow()
        else:
            self.too_large = True

    def stood_still(self, seconds: float) -> None:
        """Leave seconds out in which the kernel was not allowed to do anything."""
        self.started += seconds
        self.replied_at += seconds

    @property
    def done(self) -> bool:
        """Whether everything has come, or the rest is not worth waiting for."""
        if self.reply is None:
            return False
        if self.reply_kind == PROBE_REPLY:
            return True  # what it printed is in the reply
        return self.idle or time.monotonic() - self.replied_at > TAIL_SECONDS

    def beyond(self, used: Usage, held_up: float) -> str | None:
        """Name the limit that is passed.

        Args:
            used: what the kernel has used in its life.
            held_up: how many seconds of its life it has waited for the machine.
        """
        cpu_seconds = used.cpu_seconds - self.cpu_before
        if self.too_large:
            return "answered with more than can be taken"
        if self.outputs.full:
            return f"printed more than {self.outputs.limit_mib} MiB"
        allowed = allowed_cpu_seconds(self.cpu_limit, cpu_seconds, held_up - self.held_up_before)
        if cpu_seconds > allowed:
            return f"stopped after {allowed:g} CPU-seconds; an endless loop?"
        return None

    def waited_too_long(self, idle: Callable[[], float]) -> str | None:
        """Name the limit on waiting, if it is passed.

        Args:
            idle: returns how many seconds the kernel has only waited in its life; asked only when it may matter.
        """
        if time.monotonic() - self.started > self.wall_limit and idle() - (self.idle_before or 0.0) > self.wall_limit:
            return f"stopped after {self.wall_limit:g} seconds of waiting; for something that never comes?"
        return None

    @property
    def is_held_up(self) -> bool:
        """Whether so much time has passed, in which it neither computed nor waited, that the machine is to blame."""
        return time.monotonic() - self.started > BUSY_FACTOR * self.wall_limit
