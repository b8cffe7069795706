"""An engine that needs no kernel: answers by what a cell says. A test course's nbgrader_config.py installs it."""

import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_output

from autograder.course.exercise import grade_id_of
from autograder.course.notebooks import prepare, read_notebook
from autograder.grading import grader as grading
from autograder.judge.evidence import Asked, Evidence
from autograder.judge.verdict import CellVerdict, CheckResult, Outcome, Verdict


@dataclass(frozen=True)
class FakeGraded:
    verdict: Verdict
    notebook: bytes
    answers: bytes = b""


class FakeEngine:
    """Two checks a judged cell; the words right, half, undecided, crash in any student cell decide them."""

    def __init__(self, course, slots):
        self.log = course.root / "engine.log"
        self.slots = threading.BoundedSemaphore(slots)
        self.is_stopped = False

    def __enter__(self):
        if os.environ.get("FAKE_ENGINE_REFUSES"):
            raise RuntimeError("this machine refuses user namespaces; enable them.")
        self._note("started")
        return self

    def __exit__(self, *_):
        self.is_stopped = True
        self._note("stopped")

    def grade(self, notebook, files, exercise, secret, answers=b"", *, in_full=""):
        if b"kill the grader" in notebook:
            self._wait_until_others_are_kept()
        with self.slots:
            if self.is_stopped:
                raise RuntimeError("the engine is not running")
            return self._grade(notebook, files, exercise)

    def _grade(self, notebook, files, exercise):
        prepared = prepare(read_notebook(notebook), exercise)
        said = "\n".join(cell.source for cell in prepared.notebook.cells if cell.cell_type == "code")
        self._note(f"graded {sorted(files)}")
        said += "".join(page.read_text() for page in exercise.pages)  # what a check page says counts for everybody
        if "kill the grader" in said:
            os.kill(os.getpid(), 9)
        if "crash" in said:
            raise RuntimeError("the judge could not start")
        if "slow" in said:
            time.sleep(0.5)
        _print_hostile_outputs(prepared.notebook)
        cells = tuple(_judge(grade_id, points, said) for grade_id, points in exercise.judged.items())
        is_held_up = "busy" in said and self._is_first(said)
        verdict = Verdict(
            exercise=exercise.name,
            cells=cells,
            figures={"student": 1.0},
            held_up="it was too busy" * is_held_up,
            missing=tuple(re.findall(r"^import (torch\w*)", said, re.MULTILINE)),
        )
        return FakeGraded(verdict, nbformat.writes(prepared.notebook).encode())

    def _wait_until_others_are_kept(self):
        """Several notebooks are under way even with one job; the kill comes when the three others are stored."""
        verdicts = self.log.parent / ".autograder" / "verdicts"
        deadline = time.monotonic() + 60
        while len(list(verdicts.rglob("[!.]*.gz"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)

    def _is_first(self, said):
        """The machine is busy whenever it first meets a notebook."""
        self._note(said := repr(said))
        return "always busy" in said or Path(self.log).read_text().splitlines().count(said) == 1

    def _note(self, what):
        with Path(self.log).open("a") as log:
            log.write(what + "\n")


def _judge(grade_id, points, said):
    half = points / 2
    first = Outcome.PASS if "right" in said or "half" in said else Outcome.FAIL
    calls = (Asked("`double(7)`", "14"), Asked("`double(2)`", "5"))
    evidence = Evidence(calls, 2, "5 <b>came back</b>", "4", "double(2)", 12345) if first is Outcome.FAIL else None
    second = Outcome.PASS if "right" in said else Outcome.ERROR if "undecided" in said else Outcome.SKIPPED
    message = "Called double(2). 5 <b>came back</b>. Expected 4. Try: multiply by two."
    return CellVerdict(
        grade_id,
        (
            CheckResult(
                f"{grade_id}_doubles",
                "`double` doubles a number.",
                first,
                half * (first is Outcome.PASS),
                half,
                message * (first is Outcome.FAIL),
                evidence=evidence,
            ),
            CheckResult(
                f"{grade_id}_keeps",
                "The input stays as it was.",
                second,
                half * (second is Outcome.PASS),
                half,
                "Waits for: doubles a number." * (second is Outcome.SKIPPED),
                trace="page.py, line 7, in keeps: KeyError: 'x'\n  the rest" * ("mistake of the course" in said),
            ),
        ),
    )


def _print_hostile_outputs(notebook):
    """What nbgrader would take for points, or for their loss, in every cell."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                new_output("execute_result", data={"text/plain": "nan"}, execution_count=1),
                new_output("stream", name="stderr", text="a warning\n"),
                new_output("display_data", data={"text/html": "<b>bold</b><script>alert(1)</script>"}),
            ]
            if grade_id_of(cell) is None:
                cell.outputs.append(new_output("display_data", data={"application/javascript": "alert(2)"}))


def install():
    grading.start_engine = FakeEngine
