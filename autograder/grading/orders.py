"""Notebooks sent to an engine in another process, or on another machine: bytes there, bytes back.

Sender and engine each have a course folder and compare what they would grade with. So neither the secret nor check
pages travel, and neither side can be wrong about what the other graded with.
"""

import io
import json
import zipfile
from collections.abc import Callable, Mapping

from autograder.course.course import Course, Secret
from autograder.course.errors import JudgeFailed
from autograder.grading.engines import Engine, Graded
from autograder.grading.keys import terms_of
from autograder.judge.verdict import Verdict

_ORDER, _NOTEBOOK, _ANSWERS, _FILES, _OUTCOME = "order.json", "notebook.ipynb", "answers.zip", "files/", "outcome.json"


class Disagreement(JudgeFailed):
    """Sender and engine would not grade with the same; the sentence names what differs."""


def order(
    exercise: str,
    terms: Mapping[str, str],
    notebook: bytes,
    files: Mapping[str, bytes],
    answers: bytes = b"",
    in_full: str = "",
) -> bytes:
    """Pack what it takes to grade one notebook; arguments as in `autograder.grading.engines.Engine.grade`.

    Args:
        exercise: Its name.
        terms: What the sender grades with: `terms_of`.
        notebook: As handed in.
        files: What lies beside it.
        answers: What it answered before.
        in_full: Name of a check.
    """
    head = json.dumps({"exercise": exercise, "terms": dict(terms), "in_full": in_full}).encode()
    named = {f"{_FILES}{name}": content for name, content in files.items()}
    return _packed({_ORDER: head, _NOTEBOOK: notebook, _ANSWERS: answers, **named})


def carry_out(ordered: bytes, course: Course, secret: Secret, engine: Callable[[], Engine]) -> bytes:
    """Grade what was ordered, or say in one sentence why that failed.

    Args:
        ordered: By `order`.
        course: This side's.
        secret: This side's.
        engine: Returns what runs and judges, running; it is asked only if both sides agree.

    Returns:
        For `graded`.

    Raises:
        Disagreement: Sender and this side would not grade with the same.
    """
    parts = _unpacked(ordered)
    asked = json.loads(parts[_ORDER])
    problem = disagreement(asked["terms"], terms_of(course, secret.digest))
    if problem:
        raise Disagreement(problem)
    files = {name.removeprefix(_FILES): content for name, content in parts.items() if name.startswith(_FILES)}
    exercise = course.exercises[asked["exercise"]]
    try:
        found = engine().grade(
            parts[_NOTEBOOK], files, exercise, secret.value, parts[_ANSWERS], in_full=asked["in_full"]
        )
    except Exception as error:  # noqa: BLE001 (an exception would have to be pickled; the sender takes text only)
        return refused(str(error))
    outcome = json.dumps({"verdict": found.verdict.to_json()}).encode()
    return _packed({_OUTCOME: outcome, _NOTEBOOK: found.notebook, _ANSWERS: found.answers})


def refused(problem: str) -> bytes:
    """Pack a sentence that says why a notebook was not graded, for `graded`.

    Args:
        problem: The sentence.
    """
    return _packed({_OUTCOME: json.dumps({"problem": problem}).encode()})


def graded(reply: bytes) -> Graded:
    """Read what `carry_out` or `refused` returned.

    Args:
        reply: Its bytes.

    Raises:
        JudgeFailed: The notebook was not graded; the sentence says why.
    """
    parts = _unpacked(reply)
    outcome = json.loads(parts[_OUTCOME])
    if "problem" in outcome:
        raise JudgeFailed(outcome["problem"])
    return Graded(Verdict.from_json(outcome["verdict"]), parts[_NOTEBOOK], parts[_ANSWERS])


def disagreement(sender: Mapping[str, str], worker: Mapping[str, str]) -> str:
    """Say in one sentence what a worker and its sender do not agree about.

    Args:
        sender: What the sender grades with.
        worker: What the worker grades with.

    Returns:
        The sentence; empty if they agree.
    """
    different = sorted(name for name in sender.keys() | worker.keys() if sender.get(name) != worker.get(name))
    if not different:
        return ""
    named = [
        f"{name} (here {sender.get(name, 'none')}, there {worker.get(name, 'none')})"
        if name.startswith("package")
        else name
        for name in different
    ]
    return (
        f"this worker does not grade with the same {', '.join(named)}; give it the same course folder, course secret "
        "and environments as the machine `autograder grade` runs on"
    )


def _packed(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
