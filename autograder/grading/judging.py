"""The worker's side of a judge: starts it sealed, answers its questions from the kernel, collects what it decides.

A judge that dies is followed by another, which tries the same check once more: the first may have been killed from
outside. If that one dies as well, the check is undecided, and the next judge goes on behind it.

When the notebook's kernel ends under a question and nobody has killed it, the question need not be to blame: a cell may
have set a timer. So another judge puts the same check's questions to a new kernel, once.
"""

import json
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.course.errors import JudgeFailed
from autograder.course.exercise import Exercise
from autograder.grading.answers import Questioned
from autograder.judge.channel import MAX_BUFFER_BYTES, MAX_BUFFERS, MAX_JSON_BYTES, Channel, ChannelClosed, Conversation
from autograder.judge.verdict import A_PERSON_LOOKS, CheckResult, Outcome
from autograder.judge.wording import no_such
from autograder.kernels.children import Child
from autograder.kernels.errors import KernelDied, KernelGone
from autograder.kernels.limits import Limits
from autograder.kernels.processes import out_of_memory_kills
from autograder.kernels.warm import Template

MAX_JUDGES = 12
MAX_DEATHS_A_CHECK, MAX_DEATHS_A_CELL = 2, 3
MAX_ASKED_AGAIN = 3
"""How many checks are tried again because the notebook's kernel ended while they asked it something."""
MAX_JUDGE_CPU_SECONDS = 240.0
"""Of all judges of one notebook. A right notebook costs three; models made to be slow must not hold up a class."""
JUDGE_LIMITS = Limits(
    cell_cpu_seconds=120,
    cell_wall_seconds=3_600,
    notebook_cpu_seconds=120,
    notebook_wall_seconds=3_600,
    memory_mib=3_072,
    processes=128,
    file_mib=16,
    output_mib=8,
)
PAGES = "pages"
"""Folder of the check pages in the judge's work folder."""
_DIED = "The judge did not come to an end on this check (memory, time, or a crash)."
_BEFORE_PLAN = "before the plan"
_POLL_SECONDS = 0.5


@dataclass
class Judgement:
    """What judges have decided about one notebook."""

    results: dict[str, tuple[str, CheckResult]] = field(default_factory=dict)
    """Check name to (grade_id, result), in the order decided."""
    planned: dict[str, tuple[str, CheckResult]] = field(default_factory=dict)
    """Every check of the pages, as it would look if it were never tried."""
    exhausted: set[str] = field(default_factory=set)
    """Checks that are undecided because a judge died or ran out of something, which student code can bring about."""
    cpu_seconds: float = 0.0
    spent_seconds: float = 0.0
    """CPU seconds of all its judges, those that died included, as seen from outside."""
    running: str | None = None
    asked_again: set[str] = field(default_factory=set)
    """Checks whose questions are put to a new kernel, since the first one ended under them."""
    is_asking_again: bool = False
    """Whether the judge was ended for that."""
    said: str = ""
    held_up: str = ""
    """Why this machine could not do all that there was to do; empty if it could."""
    drawn: list[list[Any]] = field(default_factory=list)
    """Images it drew, which the next one will draw as well: arguments of `transferlab.images.keep_drawn`."""


@dataclass(frozen=True)
class Task:
    """What a judge is to do with a notebook."""

    pages: list[Path]
    """The check pages."""
    key: bytes = field(repr=False)
    """The exercise's key for draws, derived from the course secret."""
    cells: list[str]
    """grade_ids of the judged cells, in order."""
    data_source: str
    """Where the course's images come from."""
    names: list[str]
    """What the instructor's notebook defines; checks ask for nothing else."""
    left_out: list[str]
    """grade_ids of judged cells that are not judged this time."""
    beside: list[Path] = field(default_factory=list)
    """What the check pages import or read from their folder."""
    in_full: str = ""
    """Name of the check whose calls are all kept; `*` for all checks."""

    def request(self, pages: list[str], decided: Mapping[str, Outcome]) -> dict[str, Any]:
        """Return what a judge is told.

        Args:
            pages: Where it finds the check pages.
            decided: What it need not decide any more.
        """
        return {
            "pages": pages,
            "key": self.key.hex(),
            "cells": self.cells,
            "data_source": self.data_source,
            "names": self.names,
            "left_out": self.left_out,
            "in_full": self.in_full,
            "decided": {name: outcome.value for name, outcome in decided.items()},
        }


def task_of(exercise: Exercise, key: bytes, data_source: str) -> Task:
    """Return what a judge is to do with a notebook of an exercise.

    Args:
        exercise: The exercise.
        key: Its key for draws.
        data_source: Where the course's images come from.
    """
    left_out = [name for name in exercise.left_out if name not in exercise.judged]
    return Task(
        list(exercise.pages),
        key,
        list(exercise.judged),
        data_source,
        sorted(exercise.names),
        left_out,
        list(exercise.beside),
    )


def judge_notebook(template: Template, run: Questioned, task: Task) -> Judgement:
    """Judge a notebook with the pages of its exercise.

    Args:
        template: Warm template of judges.
        run: The notebook, or its kept answers.
        task: What to do with it.

    Returns:
        A result for every check.

    Raises:
        JudgeFailed: The judge did not start, or the pages cannot be collected.
    """
    judgement = Judgement()
    deaths: Counter[str] = Counter()
    for _ in range(MAX_JUDGES + MAX_ASKED_AGAIN):
        judgement.is_asking_again = False
        killed_before = out_of_memory_kills()
        if _one_judge(template, run, task, judgement):
            break
        if judgement.is_asking_again:
            continue
        if judgement.planned and out_of_memory_kills() > killed_before:
            judgement.held_up = "the machine had no memory left for the judge"
            break
        if judgement.planned and judgement.spent_seconds > MAX_JUDGE_CPU_SECONDS:
            break
        deaths.update([_BEFORE_PLAN] if not judgement.planned else [])
        if deaths[_BEFORE_PLAN] >= MAX_DEATHS_A_CHECK or (judgement.said and not judgement.planned):
            raise JudgeFailed(
                "the judge ended before it had read its check pages; `autograder doctor` may say why."
                f" {judgement.said}".rstrip()
            )
        _count_death(judgement, deaths)
    for name in judgement.planned:
        if name not in judgement.results:
            _undecided(judgement, name, "This check was not reached.")
            if judgement.held_up:
                judgement.results[name] = (judgement.results[name][0], _held_up(judgement.results[name][1], judgement))
    return judgement


def _held_up(result: CheckResult, judgement: Judgement) -> CheckResult:
    """Leave open what could not be tried since the machine was at its limits: that says nothing about the work."""
    judgement.exhausted.discard(result.name)
    message = (
        f"Not decided, through no fault of the notebook: {judgement.held_up}. The next run tries it again by itself."
    )
    return replace(result, outcome=Outcome.ERROR, points=0.0, message=message)


def _count_death(judgement: Judgement, deaths: Counter[str]) -> None:
    """Note in which check a judge died, and decide what the next one need not try any more."""
    culprit = judgement.running
    if culprit is None or culprit in judgement.results:
        return
    cell = judgement.planned[culprit][0]
    deaths.update([culprit, f"cell {cell}"])
    if deaths[culprit] >= MAX_DEATHS_A_CHECK:
        _undecided(judgement, culprit, _DIED)
    if deaths[f"cell {cell}"] >= MAX_DEATHS_A_CELL:  # what kills judges here will kill the next one too
        for name, (other_cell, _) in judgement.planned.items():
            if other_cell == cell and name not in judgement.results:
                _undecided(judgement, name, _DIED)


def _undecided(judgement: Judgement, name: str, message: str) -> None:
    cell, planned = judgement.planned[name]
    message = f"{message} {A_PERSON_LOOKS}"
    judgement.results[name] = (cell, CheckResult(name, planned.claim, Outcome.ERROR, 0.0, planned.max_points, message))
    judgement.exhausted.add(name)


def _one_judge(template: Template, run: Questioned, task: Task, judgement: Judgement) -> bool:
    """Run one judge as far as it gets; say whether it finished."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    decided = {name: result.outcome for name, (_, result) in judgement.results.items()}
    request = task.request([f"{PAGES}/{page.name}" for page in task.pages], decided)
    with theirs:
        files = {f"{PAGES}/{path.name}": path.read_bytes() for path in [*task.pages, *task.beside]}
        child = template.fork(request, [theirs.fileno()], files, limits=JUDGE_LIMITS)
    watched = threading.Event()
    guard = threading.Thread(target=_watch, args=(child, watched, judgement), daemon=True)
    guard.start()
    try:
        run.start()
        return _serve(channel, run, judgement, task.cells)
    finally:
        watched.set()
        channel.close()
        child.close()
        guard.join()


def _watch(child: Child, finished: threading.Event, judgement: Judgement) -> None:
    """Kill a judge that goes beyond its limits; its channel then closes, and the one who serves it notices."""
    before = judgement.spent_seconds
    while not finished.wait(_POLL_SECONDS):
        usage = child.usage(JUDGE_LIMITS.memory_mib / 2)
        judgement.spent_seconds = max(judgement.spent_seconds, before + usage.cpu_seconds)
        allowed = min(JUDGE_LIMITS.notebook_cpu_seconds, MAX_JUDGE_CPU_SECONDS - before)
        if usage.cpu_seconds > allowed or usage.memory_mib > JUDGE_LIMITS.memory_mib:
            child.kill()
            return


def _serve(channel: Channel, run: Questioned, judgement: Judgement, cells: list[str]) -> bool:
    while True:
        try:
            content, buffers = channel.receive()
        except (ChannelClosed, ValueError):
            return False
        if content["do"] == "finished":
            judgement.cpu_seconds += float(content["cpu_seconds"])
            judgement.said = str(content["said"])
            judgement.drawn = content["drawn"]
            return int(content["status"]) in (0, 1)
        try:
            answer(channel, content, buffers, run, judgement, cells)
        except ChannelClosed:
            return False


def answer(
    channel: Conversation,
    content: Mapping[str, Any],
    buffers: list[bytes],
    run: Questioned,
    judgement: Judgement,
    cells: list[str],
) -> None:
    """Answer one message of a judge, or note what it says.

    Args:
        channel: Where answers go.
        content: The message.
        buffers: Its arrays.
        run: The notebook, or its kept answers.
        judgement: What is decided so far.
        cells: grade_ids of the judged cells, in order.

    Raises:
        JudgeFailed: The check pages do not fit the notebook.
    """
    match content["do"]:
        case "planned":
            judgement.planned = {data["name"]: (data.pop("grade_id"), _result(data)) for data in content["checks"]}
            _refuse_misfits(cells, content["nowhere"], judgement)
        case "started":
            judgement.running = content["name"]
        case "result":
            _take_result(content, run, judgement)
        case "run_until":
            run.run_until(content["grade_id"])
            channel.send({"errors": dict(run.errors)})
        case "probe":
            try:
                found, arrays = run.probe(content["content"], buffers, content["cpu_seconds"], content["wall_seconds"])
            except KernelGone as gone:
                if isinstance(gone, KernelDied) and gone.by_itself and _is_worth_asking_again(judgement):
                    raise ChannelClosed("its questions are put to a new kernel") from gone
                channel.send({"stopped": gone.reason, "generation": run.kernels + 1})
            else:
                _pass_on(channel, found, arrays, run.kernels)
        case other:
            raise JudgeFailed(f"the judge asked for {other!r}, which the worker does not know")


def _take_result(content: Mapping[str, Any], run: Questioned, judgement: Judgement) -> None:
    result = _result(content["result"])
    if content["exhausted"]:
        judgement.exhausted.add(result.name)
    judgement.held_up = judgement.held_up or run.held_up
    if judgement.held_up and result.outcome is not Outcome.PASS:
        result = _held_up(result, judgement)
    judgement.results[result.name] = (content["grade_id"], result)


def _is_worth_asking_again(judgement: Judgement) -> bool:
    check = judgement.running
    if check is None or check in judgement.asked_again or len(judgement.asked_again) >= MAX_ASKED_AGAIN:
        return False
    judgement.asked_again.add(check)
    judgement.is_asking_again = True
    return True


def _pass_on(channel: Conversation, answer: dict[str, Any], arrays: list[bytes], generation: int) -> None:
    """Pass an answer to the judge, unless it is larger than the judge would take: then say so instead."""
    size = sum(len(data) for data in arrays)
    try:
        text_bytes = len(json.dumps(answer))
    except (RecursionError, ValueError):
        channel.send({"stopped": "the answer is nested too deeply to be passed on", "generation": generation})
        return
    if size > MAX_BUFFER_BYTES or len(arrays) > MAX_BUFFERS or text_bytes > MAX_JSON_BYTES // 2:
        reason = f"the answer is larger than {MAX_BUFFER_BYTES // 2**20} MiB, as of a model with 25 million parameters"
        channel.send({"stopped": reason, "generation": generation})
    else:
        channel.send({"content": answer, "generation": generation}, arrays)


def _refuse_misfits(cells: list[str], nowhere: Mapping[str, str], judgement: Judgement) -> None:
    for check, cell in nowhere.items():
        raise JudgeFailed(f"the check `{check}` would never be run: {no_such('judged cell', cell, cells)}")
    unjudged = sorted(set(cells) - {cell for cell, _ in judgement.planned.values()})
    if unjudged and judgement.planned:  # with no plan at all, the pages could not be read, and the judge says why
        raise JudgeFailed(
            f"the check pages hold no check for {', '.join(unjudged)}; write one, or give the cell no points"
        )


def _result(data: dict[str, Any]) -> CheckResult:
    return CheckResult.from_dict(data)
