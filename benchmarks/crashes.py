"""What survives `kill -9`: a class is graded while one of its processes is killed, again and again, and compared.

python -m benchmarks.crashes                    50 seeded kills over a class of 30 light notebooks (about 15 minutes)
python -m benchmarks.crashes --quick            6 kills over a class of 6
python -m benchmarks.crashes --kills 20 --students 10 --seed 7

Each round starts `autograder grade`, and at a seeded moment kills the run itself, a student's kernel, a judge, or one
of the two template processes. Then every record of the store is read and checked, and no process may be left of a
killed run. Once the class is graded it is begun anew. At the end everybody must have the points of an undisturbed run,
once, in store, gradebook and autograded/; but for a cell whose kernel was killed, which fails, as if it had done so
itself.
"""

import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from autograder.course.course import Course
from autograder.gradebook.access import open_gradebook
from autograder.gradebook.rows import assignment_rows
from autograder.grading.store import VerdictStore
from benchmarks import classroom

VICTIMS = ("run", "kernel", "judge", "kernels' template", "judges' template")
GONE_SECONDS = 10.0
_err = Console(stderr=True)


@dataclass
class Report:
    """What came of the kills."""

    hit: Counter[str] = field(default_factory=Counter)
    """Victims that were there when they were to be killed."""
    classes: int = 0
    """How often the whole class came to its end."""
    faults: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    """Command lines of processes that outlived a killed run."""
    cut: list[str] = field(default_factory=list)
    """Students with a cell that failed because its kernel was killed: nobody can tell that from a cell's own doing."""


def main(
    *,
    kills: Annotated[int, typer.Option(help="How often something is killed.")] = 50,
    students: Annotated[int, typer.Option(help="Size of the class.")] = 30,
    seed: Annotated[int, typer.Option(help="Of victims and moments.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="6 kills over a class of 6.")] = False,
) -> None:
    """Kill, look, go on; at the end nothing may be lost, doubled or half-written. Exit status 1 if something is."""
    kills, students = (6, 6) if quick else (kills, students)
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o755)
        course = classroom.make_course(Path(scratch) / "course", classroom.light_class(students))
        classroom.grade_with_ours(course.root)
        report = torment(course, kills, seed)
    table = Table("killed", "times", title=f"{kills} kills over a class of {students}, seed {seed}")
    for victim in VICTIMS:
        table.add_row(victim, str(report.hit[victim]))
    Console().print(table)
    Console().print(
        f"{report.classes} whole classes graded in between. Processes left behind by a killed run: "
        f"{len(report.orphans)}. Cells failed with their kernel: {len(report.cut)}. "
        f"Lost, doubled or half-written: {len(report.faults)}.",
        *report.faults[:10],
        *report.orphans[:10],
        sep="\n",
    )
    if report.faults or report.orphans:
        raise typer.Exit(1)


def torment(course: Course, kills: int, seed: int) -> Report:
    """Kill processes of class runs and compare what is kept with an undisturbed run.

    Args:
        course: A course whose class is graded: the undisturbed run.
        kills: How often.
        seed: Of victims and moments.

    Returns:
        What happened.
    """
    expected = state_of(course)
    draw = random.Random(seed)  # noqa: S311 - a benchmark repeats itself
    report = Report()
    _begin_anew(course)
    for number in _until_killed(kills, report):
        _one_kill(course, VICTIMS[number % len(VICTIMS)], draw.uniform(0.0, 6.0), report)
        report.faults += damaged_records(course)
        if _is_complete(course, len(expected)):
            _compare(expected, course, report)
            report.classes += 1
            _begin_anew(course)
    classroom.grade_with_ours(course.root)
    report.classes += 1
    _compare(expected, course, report)
    if len(report.cut) > report.hit["kernel"]:
        report.faults.append(f"{len(report.cut)} notebooks have other points, but fewer kernels were killed")
    return report


def _until_killed(kills: int, report: Report) -> Iterator[int]:
    """Count rounds until so many kills have hit: a victim may have ended by itself just before."""
    with Progress(console=_err) as progress:
        task = progress.add_task("killing", total=kills)
        for number in itertools.count():
            progress.update(task, completed=report.hit.total())
            if report.hit.total() >= kills:
                return
            if number == 3 * kills:
                report.faults.append(f"only {report.hit.total()} of {kills} kills found their victim")
                return
            yield number


def state_of(course: Course) -> dict[str, tuple[object, ...]]:
    """Return what store, gradebook and autograded/ say about everybody.

    Args:
        course: The course.

    Returns:
        Student to key, points by cell, number of autograded notebooks, and what disagrees.
    """
    store = VerdictStore(course.state_directory)
    with open_gradebook(course) as gradebook:
        rows = assignment_rows(course, gradebook, classroom.ASSIGNMENT, store)
    found = {}
    for row in rows:
        autograded = course.root / "autograded" / row.student / classroom.ASSIGNMENT
        for name, notebook in row.notebooks.items():
            pointer = store.pointer(classroom.ASSIGNMENT, row.student, name)
            shown = len(list(autograded.glob("*.ipynb")))
            key = pointer.key if pointer else ""
            found[row.student] = (key, tuple(sorted(notebook.cells.items())), shown, row.problems)
    return found


def damaged_records(course: Course) -> list[str]:
    """Read every record of the store.

    Args:
        course: The course.

    Returns:
        A sentence for each that cannot be read back.
    """
    store = VerdictStore(course.state_directory)
    paths = [path for path in (store.root / "verdicts").rglob("*.gz") if not path.name.startswith(".")]
    return [f"{path.name} is damaged" for path in paths if store.get(path.stem) is None]


def _one_kill(course: Course, victim: str, seconds: float, report: Report) -> None:
    command = [sys.executable, "-m", "autograder.cli", "grade", classroom.ASSIGNMENT]
    variables = {**os.environ, "PYTHONPATH": str(classroom.PROJECT)}
    run = subprocess.Popen(
        command, cwd=course.root, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        tree = psutil.Process(run.pid)
        _wait_for_work(course, run)
        time.sleep(seconds)
        pids = _find(victim, run.pid)
        before = _descendants(tree)
        if pids:
            os.kill(pids[0], signal.SIGKILL)
            report.hit[victim] += 1
        if victim == "run":
            run.wait()
            report.orphans += _left_of(before)
        else:
            # The run goes on for a moment, and notices; then it is stopped as well, in the middle of whatever.
            time.sleep(seconds / 3)
    except psutil.NoSuchProcess:
        pass
    finally:
        if run.poll() is None:
            before = _descendants(psutil.Process(run.pid))
            run.kill()
            run.wait()
            report.orphans += _left_of(before)


def _left_of(processes: list[psutil.Process]) -> list[str]:
    """Wait for processes to end, and describe those that do not; what waits for init to notice its end has ended."""
    found = []
    for process in psutil.wait_procs(processes, timeout=GONE_SECONDS)[1]:
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid}, {process.status()}: {' '.join(process.cmdline())[:200]}")
        except psutil.NoSuchProcess:
            continue
    return found


def _wait_for_work(course: Course, run: "subprocess.Popen[bytes]") -> None:
    """Wait until both templates run and a kernel has been forked, or the run is over."""
    kept = _records(course)
    while run.poll() is None and not _find("kernel", run.pid) and _records(course) == kept:
        time.sleep(0.05)


def _records(course: Course) -> int:
    return sum(1 for _ in (course.state_directory / "verdicts").rglob("*.gz"))


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _find(victim: str, run: int) -> list[int]:
    """Find the processes of one kind that descend from a run: templates first, then what they forked."""
    if victim == "run":
        return [run]
    templates = [child for child in psutil.Process(run).children() if "template.py" in " ".join(child.cmdline())]
    templates.sort(key=lambda child: child.pid)
    by_kind: dict[str, Callable[[], list[int]]] = {
        "kernels' template": lambda: [child.pid for child in templates[:1]],
        "judges' template": lambda: [child.pid for child in templates[1:2]],
        "kernel": lambda: _forked(templates[:1]),
        "judge": lambda: _forked(templates[1:2]),
    }
    try:
        return by_kind[victim]()
    except psutil.NoSuchProcess:
        return []


def _forked(templates: list[psutil.Process]) -> list[int]:
    return [
        child.pid for template in templates for child in template.children() if "bwrap" not in " ".join(child.cmdline())
    ]


def _is_complete(course: Course, students: int) -> bool:
    pointers = list(VerdictStore(course.state_directory).pointers(classroom.ASSIGNMENT))
    return len(pointers) == students


def _begin_anew(course: Course) -> None:
    """Forget all verdicts, and keep gradebook and autograded/ as they are: rows without a verdict must be mended."""
    for name in ("verdicts", "graded", "answers"):
        shutil.rmtree(course.state_directory / name, ignore_errors=True)


def _compare(expected: dict[str, tuple[object, ...]], course: Course, report: Report) -> None:
    classroom.grade_with_ours(course.root)  # what is derived is reconciled at the next start
    found = state_of(course)
    for student in sorted(expected.keys() | found.keys()):
        have, wanted = found.get(student), expected.get(student)
        if have == wanted:
            continue
        if have is not None and wanted is not None and (have[0], *have[2:]) == (wanted[0], *wanted[2:]):
            report.cut.append(student)
        else:
            report.faults.append(f"{student}: {have} instead of {wanted}")


if __name__ == "__main__":
    typer.run(main)
