"""The judge's view of one submission: from outside its kernel, cells are run, functions called and names read."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import hypothesis

from autograder.judge.calls import Witness
from autograder.judge.cell_errors import CellError, how_it_ended, missing_name, why_missing
from autograder.judge.channel import Conversation
from autograder.judge.checking import Failed, fail
from autograder.judge.wording import brief, call_text, is_of_a_stub, no_such, one_line, what_helps
from autograder.kernels.values import Decoder, Encoder, Foreign, Handle, ProtocolError

__all__ = ["Answer", "Handle", "Stopped", "Submission"]

CALL_CPU_SECONDS = 20.0
CALL_WALL_SECONDS = 60.0
MODEL_CPU_SECONDS = 60.0
MODEL_WALL_SECONDS = 180.0
_OF_THE_NOTEBOOK = ("call", "read", "watch")
"""Operations of the probe that are about a global name of the notebook."""

_EARLIER_FIRST = "put that cell right first, then this check can say more"


@dataclass(frozen=True)
class Raised:
    """An exception that left a student's function."""

    type_name: str
    bases: tuple[str, ...]
    message: str
    line: str
    function: str = ""
    """Name of the notebook's function that this line is in, as far as it is known."""

    @property
    def is_of_a_stub(self) -> bool:
        """Whether it is what an unanswered stub raises; an answer, or a library it calls, may raise one as well."""
        if self.line and "NotImplementedError" not in self.line:
            return False
        return self.type_name == "NotImplementedError" and is_of_a_stub(self.message)

    def is_a(self, name: str) -> bool:
        """Whether the exception is of the built-in class `name` or derived from it."""
        return name in self.bases

    def __str__(self) -> str:
        where = f", at `{self.line}`" if self.line else ""
        said = one_line(self.message)
        return f"raised {self.type_name}: {said}{where}" if said else f"raised {self.type_name}{where}"


@dataclass(frozen=True)
class Answer:
    """What came back from one call."""

    called: str
    """The call, as text."""
    value: Any = None
    raised: Raised | None = None
    printed: str = ""
    seconds: float = 0.0
    inputs_after: tuple[list[Any], dict[str, Any]] | None = None
    """Positional and keyword arguments as the call left them, if asked for."""
    waited_seconds: float = 0.0
    """How long the kernel took, by a clock it cannot reach; 0 where nobody took the time."""
    earlier: str = ""
    """How cells before failed, if a name that they would have left was missing; a clause without its final dot."""

    def returned(self) -> Any:
        """Return the value.

        Raises:
            Failed: The call raised instead.
        """
        if self.raised is not None:
            self._explain(self.raised)
        return self.value

    def _explain(self, raised: Raised) -> None:
        if raised.is_of_a_stub:
            if raised.function.isidentifier() and not self.called.startswith(f"`{raised.function}("):
                came = f"it calls `{raised.function}`, which is not answered yet"
                fail(came, "a value", called=self.called, hint=f"write the body of `{raised.function}` first")
            fail(
                "it is not answered yet (the stub's NotImplementedError was raised)",
                called=self.called,
                hint="write the body of the function",
            )
        if self.earlier:
            fail(f"{self.earlier}, and it {raised}", "a value", called=self.called, hint=_EARLIER_FIRST)
        hint = what_helps(raised.message, raised.type_name)
        if raised.line.lstrip().startswith("raise "):
            hint = "this error is raised by the function itself, for something that the task allows"
        fail(f"it {raised}", "a value", called=self.called, hint=hint)


class Submission:
    """One submission, through the worker.

    Args:
        channel: To the worker.
        names: What the instructor's notebook defines. A check that asks for another name is wrong itself.
    """

    def __init__(self, channel: Conversation, names: Collection[str]) -> None:
        self._channel = channel
        self._names = frozenset(names)
        self._gone: dict[str, str] = {}
        self._answered: dict[str, tuple[dict[str, Any], list[bytes]]] = {}
        self._calls_left: int | None = None
        self._cell_errors: dict[str, CellError] = {}
        self._errors_before = 0
        self.stopped: Failed | None = None
        """How the first call of this check that did not come to an end failed, if there was one."""
        self.witness = Witness()
        """Notes what this check asks."""
        self.generation = 0
        """Number of the kernel that answers; handles of an earlier one are gone with it."""

    def begin_check(self, *, in_full: bool = False) -> None:
        """Forget what the last check was told.

        Args:
            in_full: Whether many calls of this check are noted, and not only the last ones.
        """
        self.witness = Witness(in_full=in_full)
        self._answered.clear()
        self._calls_left = None
        self.stopped = None

    def shrink_at_most(self, calls: int) -> None:
        """The check has failed for some input: while a smaller one is sought, ask at most `calls` new questions more.

        A wrong answer must not cost more than a right one by much. Questions asked before are answered from memory.
        """
        if self._calls_left is None:
            self._calls_left = calls

    def run_until(self, grade_id: str) -> None:
        """Run the notebook's cells up to the judged cell `grade_id`; cells already run are not run again."""
        reply, _ = self._ask({"do": "run_until", "grade_id": grade_id})
        self._errors_before = len(self._cell_errors)
        self._cell_errors = {cell: CellError(*error) for cell, error in reply.get("errors", {}).items()}

    def led_by_cells(self, problem: Failed) -> Failed:
        """Put first how cells of this task have ended, where a check fails that looks at what they have left behind.

        What a function does when it is called stands by itself. A cell without a name is a student's own experiment.

        Args:
            problem: How the check fails.
        """
        told = self._failed_of_task()
        if problem.called or not told or "the cell `" in problem.came_back:
            return problem
        came = f"{how_it_ended(told[0], self._cell_errors[told[0]])}, and {problem.came_back}"
        return Failed(came, problem.expected, hint=what_helps(came) or _EARLIER_FIRST)

    def _failed_of_task(self) -> list[str]:
        return [cell for cell in list(self._cell_errors)[self._errors_before :] if cell.isidentifier()]

    def call(self, name: str, *args: Any, inputs_after: bool = False, model: bool = False, **kwargs: Any) -> Answer:
        """Call a student's function.

        Args:
            name: Global name in the notebook.
            args: Plain values, arrays, handles.
            inputs_after: Whether to bring the arguments back as well.
            model: Whether the call builds or trains a model, which is given more time.
            kwargs: Keyword arguments of the function.

        Raises:
            Failed: There is no such name, or the call did not come to an end.
        """
        called = call_text(name, args, kwargs)
        if name in self._gone:
            fail(
                f"it is not called again, because an earlier call did not come to an end: {self._gone[name]}",
                called=called,
            )
        encoder = Encoder(lambda value: value if isinstance(value, Handle) else None)
        content = {
            "op": "call",
            "name": name,
            "args": [encoder.encode(value) for value in args],
            "kwargs": {key: encoder.encode(value) for key, value in kwargs.items()},
            "inputs_after": inputs_after,
        }
        try:
            reply, buffers = self._call_once(content, encoder.buffers, model)
        except Stopped as stopped:
            self._gone[name] = stopped.reason
            hint = "run this call yourself in the notebook and watch it"
            self.stopped = Failed(f"no answer came: {stopped.reason}", "an answer", called, hint)
            self.witness.note(called, name, args, kwargs, None, f"no answer: {stopped.reason}")
            raise self.stopped from stopped
        if reply.get("missing"):
            self._fail_missing(name, f"a function called `{name}`")
        answer = self.read_answer(called, reply, buffers)
        self.witness.note(called, name, args, kwargs, answer.value, str(answer.raised or ""))
        return answer

    def _call_once(
        self, content: dict[str, Any], buffers: list[bytes], model: bool
    ) -> tuple[dict[str, Any], list[bytes]]:
        question = hashlib.sha256(json.dumps(content).encode() + b"".join(buffers)).hexdigest()
        if self._calls_left is not None:
            if question in self._answered:
                return self._answered[question]
            if self._calls_left == 0:
                hypothesis.reject()
            self._calls_left -= 1
        answer = self.probe(content, buffers, model=model)
        if not model:
            self._answered[question] = answer
        return answer

    def read_answer(self, called: str, reply: dict[str, Any], buffers: Sequence[bytes]) -> Answer:
        """Read the probe's report of one piece of student code that ran.

        Raises:
            Failed: The report is malformed.
        """
        decoder = Decoder(buffers)
        try:
            raised = _raised(reply["raised"]) if "raised" in reply else None
            value = decoder.decode(reply["returned"]) if raised is None else None
            after = decoder.decode(reply["inputs_after"]) if "inputs_after" in reply else None
            left = tuple(after) if after else None
            waited = float(reply.get("waited_seconds", 0))
            seconds, printed = float(reply["seconds"]), str(reply["printed"])
            missing = missing_name(raised.message) if raised is not None and raised.is_a("NameError") else ""
            earlier = why_missing(missing, self._cell_errors) if missing else ""
            return Answer(called, value, raised, printed, seconds, left, waited, earlier)
        except (ProtocolError, KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise Failed(f"what it returned could not be read ({error})", "a plain value", called) from error

    def read(self, name: str) -> Any:
        """Return the value of a global name of the notebook.

        Raises:
            Failed: No such name, or a value that cannot be carried.
        """
        reply, buffers = self.probe({"op": "read", "name": name})
        if reply.get("missing"):
            self._fail_missing(name, f"a variable called `{name}`")
        try:
            return Decoder(buffers).decode(reply["value"])
        except (ProtocolError, KeyError) as error:
            raise Failed(f"`{name}` could not be read ({error})", "a plain value") from error

    def _fail_missing(self, name: str, expected: str) -> NoReturn:
        missing = f"there is no `{name}` in the notebook at this point"
        earlier = why_missing(name, self._cell_errors, self._failed_of_task())
        if earlier:
            fail(f"{earlier}, and {missing}", expected, hint=what_helps(earlier) or _EARLIER_FIRST)
        fail(missing, expected, hint=f"is there a cell that sets `{name}`, and is the name spelt like that?")

    def read_model(self, name: str) -> Handle:
        """Return the handle of a model that the notebook left under a global name.

        Raises:
            Failed: No such name, or no Keras model under it.
        """
        value = self.read(name)
        if not isinstance(value, Handle):
            fail(f"`{name}` is {brief(value)}", "a keras.Model")
        return value

    def probe(
        self, content: dict[str, Any], buffers: Sequence[bytes] = (), *, model: bool = False
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send one operation to the probe in the student's kernel; see `autograder.kernels.probe` for the operations.

        Raises:
            Stopped: A limit stopped it, or the kernel died.
            Failed: The probe could not carry it out.
            LookupError: The check asks for a name that the exercise does not have.
        """
        name = content.get("name", "")
        if content["op"] in _OF_THE_NOTEBOOK and name not in self._names:
            raise LookupError(no_such("name in the exercise", name, self._names))
        limits = (MODEL_CPU_SECONDS, MODEL_WALL_SECONDS) if model else (CALL_CPU_SECONDS, CALL_WALL_SECONDS)
        question = {"do": "probe", "content": content, "cpu_seconds": limits[0], "wall_seconds": limits[1]}
        reply, answer_buffers = self._ask(question, buffers)
        self.generation = int(reply.get("generation", 0))
        if "stopped" in reply:
            raise Stopped(str(reply["stopped"]))
        found = reply["content"]
        if not isinstance(found, dict):
            fail("the kernel's answer could not be read")
        if "failed" in found:
            raised = _raised(found["failed"])
            fail(f"asking the kernel did not work: it {raised}")
        return found, answer_buffers

    def _ask(self, content: dict[str, Any], buffers: Sequence[bytes] = ()) -> tuple[dict[str, Any], list[bytes]]:
        self._channel.send(content, buffers)
        return self._channel.receive()


class Stopped(Exception):
    """A call did not come to an end: a limit stopped it, or the kernel died.

    Args:
        reason: In the student's words, e.g. `stopped after 20 CPU-seconds; an endless loop?`.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def _raised(data: Any) -> Raised:
    if not isinstance(data, dict):
        return Raised("Exception", ("Exception",), "", "")
    bases = data.get("bases")
    names = tuple(str(name)[:100] for name in bases[:20]) if isinstance(bases, list) else ()
    return Raised(
        str(data.get("type"))[:100],
        names,
        str(data.get("message", ""))[:1_000],
        str(data.get("line", ""))[:200],
        str(data.get("function", ""))[:100],
    )


def plain(value: Any, what: str, called: str = "") -> Any:
    """Return `value`, unless it is something that was not carried across.

    Raises:
        Failed: It is a generator, a function, or the like.
    """
    if isinstance(value, Foreign | Handle) or value is None:
        fail(f"{what} came back as {brief(value)}", "a value that can become an array", called=called)
    return value
