"""A worker without kernels, for tests of the judge: cells run in this process, so only trusted code is judged."""

import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.course.exercise import names_bound
from autograder.judge.channel import Channel, ChannelClosed
from autograder.judge.checking import Failed, sentence
from autograder.judge.plugin import JudgePlugin
from autograder.judge.session import run_page
from autograder.judge.submission import Answer, Submission
from autograder.judge.verdict import CheckResult
from autograder.judge.wording import call_text
from autograder.kernels import probe

CHECKS = Path(__file__).parents[2] / "autograder" / "checks"


class LocalWorker:
    """Answers a judge from a namespace of this process.

    Args:
        cells: Code to run before each judged cell, by its grade_id, in order.
        namespace: Where the code runs.
    """

    def __init__(self, cells: Mapping[str, str], namespace: dict[str, Any]) -> None:
        ours, self.judges = socket.socketpair()
        self._channel = Channel(ours)
        self._cells = dict(cells)
        self.namespace = namespace
        self.questions: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                content, buffers = self._channel.receive()
            except ChannelClosed:
                return
            if content["do"] == "run_until":
                while content["grade_id"] in self._cells:
                    exec(self._cells.pop(next(iter(self._cells))), self.namespace)
                probe.after_cell()
                self._channel.send({})
            else:
                self.questions.append(content["content"]["op"])
                answer, arrays = probe.handle(content["content"], buffers, self.namespace)
                self._channel.send({"content": answer}, arrays)

    def close(self) -> None:
        """Stop answering."""
        self._channel.close()
        self.judges.close()


class Student:
    """A notebook of plain functions and values, for a check that is called directly.

    Args:
        names: What it has.
    """

    generation = 0

    def __init__(self, **names: Any) -> None:
        self._names = names

    def call(self, name: str, *args: Any, inputs_after: bool = False, model: bool = False) -> Answer:
        """Call one of the functions; errors are not caught."""
        called = call_text(name, args, {})
        given = [value.copy() if isinstance(value, np.ndarray) else value for value in args]
        value = self._names[name](*given)
        return Answer(called, value, inputs_after=(given, {}) if inputs_after else None)

    def read(self, name: str) -> Any:
        """Return a value."""
        return self._names[name]

    read_model = read


def told(check: Callable[..., object], *args: Any) -> str:
    """Return what a student reads when a check fails; one that draws its inputs is given them here."""
    settings = check.check_settings  # type: ignore[attr-defined]
    with pytest.raises(Failed) as caught:
        getattr(getattr(check, "hypothesis", None), "inner_test", check)(*args)
    return sentence(caught.value, settings.hint)


def judge(
    pages: Sequence[Path],
    cells: Mapping[str, str],
    order: Sequence[str],
    namespace: dict[str, Any] | None = None,
    key: bytes = b"a key for tests",
    others: Sequence[str] = (),
) -> dict[str, CheckResult]:
    """Judge code with check pages and draws of a key; return the results by check name.

    Checks may ask for what the code defines, what is in the namespace, and `others`.
    """
    worker = LocalWorker(cells, {} if namespace is None else namespace)
    results: dict[str, CheckResult] = {}
    problems: list[str] = []

    def tell(message: dict[str, Any]) -> None:
        if message.get("nowhere"):
            problems.append(f"checks of cells that do not exist: {message['nowhere']}")
        if message["do"] == "result":
            found = message["result"]
            results[found["name"]] = CheckResult.from_dict(found)

    names = [name for code in cells.values() for name in names_bound(code)] + [*worker.namespace, *others]
    plugin = JudgePlugin(Submission(Channel(worker.judges), names), key, order, {}, tell, "sketches")
    try:
        status, said = run_page(list(pages), plugin)
    finally:
        worker.close()
    if status not in (0, 1) or problems:
        raise RuntimeError(f"pytest ended with status {status}:\n{said}{problems}")
    return results
