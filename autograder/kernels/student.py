"""A student's kernel: run cells, put the judge's questions, survive whatever happens in there."""

import contextlib
import signal
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from autograder.kernels.channels import Channels, Listeners, new_key
from autograder.kernels.children import Child
from autograder.kernels.errors import KernelDied, ProbeStopped, TemplateFailed
from autograder.kernels.limits import Limits
from autograder.kernels.outputs import Outputs
from autograder.kernels.processes import Usage
from autograder.kernels.waiting import PROBE, PROBE_REPLY, CellRun, Status, Wait
from autograder.kernels.warm import Template
from autograder.kernels.watch import OUT_OF_MEMORY, Spent, Turns, Watch

TICK_SECONDS = 0.1
INSIST_SECONDS, GRACE_SECONDS = 1.0, 3.0
"""When an interrupted cell is interrupted once more, and how long it may take to give up."""
UNMOVED = " (it did not react to an interrupt, so the kernel was killed)"
READY_SECONDS = 300.0
ASK_AGAIN_SECONDS, FOLLOW_SECONDS = 1.0, 0.01
ANSWER_MIB = 256
"""The largest answer to a probe."""


class StudentKernel:
    """A kernel in a sandbox, driven by one thread. Close it, or use it as a context manager: it is killed at once."""

    def __init__(
        self,
        child: Child,
        channels: Channels,
        listeners: Listeners,
        limits: Limits,
        spent: Spent | None = None,
        turns: Turns | None = None,
    ) -> None:
        self.limits = limits
        self.ready_seconds = 0.0
        """Wall seconds from the request to a kernel that answers."""
        self._child, self._channels, self._listeners = child, channels, listeners
        self._watch = Watch(child, limits, channels.receiving_cpu_seconds, spent, turns)
        self._turns = turns
        self._watch.start()
        self._dead: str | None = None
        self._killed = False
        self._held_up = ""
        self._closed = False
        self._cut = False

    @classmethod
    def start(
        cls,
        template: Template,
        *,
        files: Mapping[str, bytes] | None = None,
        limits: Limits,
        environment: Mapping[str, str] | None = None,
        seed: int | None = None,
        spent: Spent | None = None,
        turns: Turns | None = None,
    ) -> Self:
        """Fork a kernel and return when it answers.

        Args:
            template: of `kernel_settings`.
            files: relative name to content, laid out in the kernel's work folder.
            limits: what it may use.
            environment: variables beside the standard ones.
            seed: of all random generators before anything runs; 0 to 2**32 - 1.
            spent: what counts towards the limits of the whole notebook already.
            turns: see `Watch`.

        Returns:
            The kernel.

        Raises:
            SandboxUnavailable: it could not be sealed.
            TemplateFailed: the template is gone, or the kernel did not answer.
        """
        started = time.monotonic()
        key = new_key()
        listeners = Listeners()
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(listeners.close)
            request = {"key": key, "seed": seed}
            child = template.fork(request, listeners.descriptors, files, limits=limits, environment=environment)
            on_failure.callback(child.close)
            listeners.release()
            channels = Channels(listeners.prefix, key, output_mib=limits.output_mib, answer_mib=ANSWER_MIB)
            on_failure.callback(channels.close)
            kernel = cls(child, channels, listeners, limits, spent, turns)
            on_failure.callback(kernel.close)
            kernel._wait_ready()
            on_failure.pop_all()
        kernel.ready_seconds = time.monotonic() - started
        return kernel

    def _reconnect(self, said: str | None = None) -> None:
        """After a message that was too large: wait until the subscription to outputs is in force again."""
        if self._cut:
            self._cut = False
            if not self._shake_hands(GRACE_SECONDS):
                self._kill(
                    f"{said or 'the kernel sent more than can be taken'}, and the kernel did not answer any more"
                )

    def _wait_ready(self) -> None:
        if not self._shake_hands(READY_SECONDS):
            words = self._child.last_words().strip().splitlines()[-1:] or ["it said nothing"]
            raise TemplateFailed(f"a kernel did not get ready within {READY_SECONDS:g} s: {words[0]}")

    def _shake_hands(self, wall_seconds: float) -> bool:
        """Ask until an answer comes on both channels: then the subscription to outputs is in force."""
        deadline = time.monotonic() + wall_seconds
        while time.monotonic() < deadline and self.alive:
            wait = self._request("kernel_info_request", {}, "kernel_info_reply", 1.0, 1.0)
            while self.alive and time.monotonic() - wait.started < ASK_AGAIN_SECONDS:
                self._exchange(wait, TICK_SECONDS)
                if wait.reply is not None and wait.idle:
                    return True
                if wait.reply is not None and time.monotonic() - wait.replied_at > FOLLOW_SECONDS:
                    break
        return False

    @property
    def alive(self) -> bool:
        """Whether the kernel runs."""
        return self._dead is None and self._child.alive

    @property
    def died_by_itself(self) -> bool:
        """Whether the kernel is dead and nobody has killed it for anything."""
        return not self._child.alive and not self._killed and self._watch.reason is None

    @property
    def held_up(self) -> str:
        """Why this machine, and not the notebook, is to blame for what the kernel could not do; empty: it is not."""
        if not self._held_up and self.died_by_itself and self._watch.is_machines_fault():
            self._held_up = OUT_OF_MEMORY
        return self._held_up

    def dies_within(self, wall_seconds: float) -> bool:
        """Wait whether the kernel ends without having been asked anything more.

        Args:
            wall_seconds: How long at most.
        """
        return self._child.wait(wall_seconds)

    @property
    def held_up_seconds(self) -> float:
        """How long the kernel has waited, so far, for this machine to have room for it."""
        return self._watch.idle.held_up_seconds

    @property
    def idle_seconds(self) -> float:
        """How long the kernel has waited, so far, for something that is not this machine's."""
        return self._watch.idle.seconds

    @property
    def claims(self) -> list[Any]:
        """What the kernel proved from the inside before it began: (claim, held, detail)."""
        return list(self._child.report.get("claims", []))

    def usage(self) -> Usage:
        """Read what the kernel and all it has started use now; the last reading, if it is dead."""
        return self._child.usage() if self._child.alive else self._watch.latest

    @property
    def peak_memory_mib(self) -> float:
        """The most memory seen so far, a tenth of a second apart."""
        return self._watch.peak_mib

    def run_cell(self, source: str, *, seed: int | None = None) -> CellRun:
        """Run a cell. Never raises for anything the cell does.

        Args:
            source: the cell's code.
            seed: of all random generators before the cell; 0 to 2**32 - 1.

        Returns:
            Outputs and what became of it.
        """
        if not self.alive:
            return CellRun([], "died", self.cause_of_death, 0.0, 0.0)
        self._take_turns()
        self._reconnect()
        if seed is not None:
            self._channels.send("shell", "seed_request", {"seed": seed})
        content = {
            "code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": False,
        }  # fmt: skip
        limits = self.limits
        wait = self._request(
            "execute_request", content, "execute_reply", limits.cell_cpu_seconds, limits.cell_wall_seconds
        )
        self._await(wait)
        self._reconnect(wait.reason)  # here, so that a flood that does not end is charged to its own cell
        return self._cell_run(wait)

    def _cell_run(self, wait: Wait) -> CellRun:
        wall = time.monotonic() - wait.started
        status: Status
        reason = wait.reason
        count = None
        if wait.reply is None or not self.alive:
            if wait.reason is not None and self._watch.reason is None:
                self._dead = self._dead or f"{wait.reason}{UNMOVED}"  # by the interrupt, or what it caught that with
                self._killed = True
            status, reason = "died", self.cause_of_death
        elif reason is not None:
            status = "stopped"
        else:
            status = "ok" if wait.reply["content"].get("status") == "ok" else "error"
            number = wait.reply["content"].get("execution_count")
            count = number if isinstance(number, int) else None
        cpu = self._watch.latest.cpu_seconds - wait.cpu_before
        return CellRun(wait.outputs.finished(), status, reason, wall, max(cpu, 0.0), count, wait.outputs.bytes)

    def probe(
        self, content: dict[str, Any], buffers: Sequence[bytes] = (), *, cpu_seconds: float, wall_seconds: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Put a question to `probe.py` in the kernel. What the answer holds was written by untrusted code.

        Args:
            content: goes through JSON.
            buffers: binary parts.
            cpu_seconds: how much the answer may cost.
            wall_seconds: how long it may take.

        Returns:
            Content and buffers of the answer.

        Raises:
            ProbeStopped: a limit was passed; the kernel lives.
            KernelDied: the kernel is gone.
        """
        if not self.alive:
            raise KernelDied(self.cause_of_death, by_itself=self.died_by_itself)
        self._take_turns()
        self._reconnect()
        wait = self._request(PROBE, content, PROBE_REPLY, cpu_seconds, wall_seconds, buffers)
        self._await(wait)
        if wait.reply is None and not self._child.alive:
            raise KernelDied(self.cause_of_death, by_itself=self.died_by_itself and wait.reason is None)
        if wait.reason is not None or wait.reply is None:
            raise ProbeStopped(wait.reason or "gave no answer")
        return wait.reply["content"], [bytes(buffer) for buffer in wait.reply.get("buffers", [])]

    def _request(
        self,
        kind: str,
        content: dict[str, Any],
        reply_kind: str,
        cpu_seconds: float,
        wall_seconds: float,
        buffers: Sequence[bytes] = (),
    ) -> Wait:
        # A judge asks hundreds of small questions: for them the watch's last reading, 0.1 s old, is good enough.
        before = (self._watch.latest if kind == PROBE else self._watch.look()).cpu_seconds
        self._discard()
        message_id = self._channels.send("shell", kind, content, buffers)
        return Wait(message_id, reply_kind, cpu_seconds, wall_seconds, before, Outputs(self.limits.output_mib))

    def _discard(self) -> None:
        """Throw away what came since the last request: nobody asked for it."""
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and (ready := self._channels.poll(0)):
            for channel in ready:
                self._channels.receive(channel)

    def _exchange(self, wait: Wait, seconds: float) -> None:
        """Take what arrives within a moment."""
        unreadable = self._channels.unreadable
        for channel in self._channels.poll(seconds):
            for _ in range(100):
                message = self._channels.receive(channel)
                if message is None:
                    if channel == "shell" and self._channels.unreadable > unreadable:
                        wait.take_unreadable()
                    break
                wait.take(channel, message, self._channels.last_bytes)

    def _await(self, wait: Wait) -> None:
        """Wait for the answer; at a limit interrupt, then kill."""
        next_look = time.monotonic() + TICK_SECONDS
        while not wait.done:
            self._exchange(wait, TICK_SECONDS)
            if not self._child.alive:
                self._exchange(wait, 0.0)
                break
            now = time.monotonic()
            if now < next_look and not wait.outputs.full:
                continue
            next_look = now + TICK_SECONDS
            self._enforce(wait, now)
            self._take_turns(wait)
        if wait.reply_kind != PROBE_REPLY:
            self._watch.look()
        if wait.idle_before is not None:
            self._watch.idle_seconds()
            self._watch.idle.end()

    def _take_turns(self, wait: Wait | None = None) -> None:
        """Stand still while it is others' turn: that costs the notebook none of its limits."""
        if self._turns is None or self._turns.is_on():
            return
        began = time.monotonic()
        stopped = self._child.stand_still()
        self._watch.rest()
        try:
            while self._child.alive and not self._turns.wait(TICK_SECONDS):
                pass
        finally:
            self._watch.go_on(is_asked=wait is not None and wait.idle_before is not None)
            self._child.go_on(stopped)
            if wait is not None:
                wait.stood_still(time.monotonic() - began)

    def _enforce(self, wait: Wait, now: float) -> None:
        if (channel := self._channels.cut()) is not None:
            if self._child.is_ending():
                self._child.wait(READY_SECONDS)  # connections end first, and a busy machine takes its time for the rest
                return
            self._cut = True
            wait.cut(channel)
        if wait.idle_before is None:
            wait.idle_before = self._watch.begin_idle()
            wait.held_up_before = self._watch.idle.held_up_seconds
        if wait.reason is None:
            held_up = self._watch.idle.held_up_seconds
            wait.reason = wait.beyond(self._watch.latest, held_up) or wait.waited_too_long(self._watch.idle_seconds)
            if wait.reason is not None:
                wait.interrupted_at = self._own_seconds()
                self._child.signal(signal.SIGINT)
            elif wait.is_held_up and wait.reply is None:
                self._held_up = f"the machine was too busy to finish it within {now - wait.started:.0f} seconds"
                self._kill(self._held_up)
        elif wait.reply is None:
            self._insist(wait)
        if self._channels.nonsense:
            self._kill("the kernel sent messages that are none")

    def _insist(self, wait: Wait) -> None:
        """Interrupt once more, then kill what has had its time to react, by its own clock, not a busy machine's."""
        had = self._own_seconds() - wait.interrupted_at
        if had > GRACE_SECONDS:
            self._kill(f"{wait.reason}{UNMOVED}")
        elif had > INSIST_SECONDS and not wait.interrupted_again:
            wait.interrupted_again = True
            self._child.signal(signal.SIGINT)

    def _own_seconds(self) -> float:
        return self._watch.latest.cpu_seconds + self._watch.idle_seconds()

    def _kill(self, reason: str) -> None:
        self._dead = self._dead or reason
        self._killed = True
        self._child.kill()
        self._child.wait(GRACE_SECONDS)

    @property
    def cause_of_death(self) -> str:
        """Why the kernel is dead, in the student's words."""
        self._dead = self._dead or self._watch.cause_of_death()
        return self._dead

    def kill(self) -> None:
        """Kill the kernel and all it has started."""
        self._kill("the grader ended the kernel")

    def close(self) -> None:
        """Kill the kernel, reap it, and remove its sockets."""
        if self._closed:
            return
        self._closed = True
        self._dead = self._dead or "the kernel is closed"
        self._watch.stop()
        self._child.close()
        self._channels.close()
        self._listeners.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
