"""Classes for the benchmarks: course folders with submissions, graded by our command or by stock nbgrader.

The submissions are the golden ones of tests/submissions, without the hostile ones: stock nbgrader would run those with
all rights of whoever measures.
"""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.course.course import Course
from autograder.course.exercise import grade_id_of, is_judged, without_hidden_region
from autograder.course.secret import write_secret
from autograder.grading.store import VerdictStore
from tests.submissions.build import build_submission, submission_places

PROJECT = Path(__file__).resolve().parent.parent
ASSIGNMENT = "transfer_learning"
SECRET = b"everybody knows the benchmarks' secret"
CORES = len(os.sched_getaffinity(0))
_STUB = 'raise NotImplementedError("Write your answer here, then delete this line.")'
Handed = tuple[bytes, dict[str, bytes]]


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    wall_seconds: float
    cpu_seconds: float
    """Of the command and all its children that have ended."""


def measured(command: Sequence[str], folder: Path, **environment: str) -> Cost:
    """Run a command to its end.

    Args:
        command: Program and arguments.
        folder: Where.
        environment: Variables beside those of this process.

    Raises:
        RuntimeError: It failed; the message ends with what it said.
    """
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    variables = {**os.environ, "PATH": path, "PYTHONPATH": str(PROJECT), **environment}
    ran = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(command)} failed: {ran.stderr[-2_000:]}")
    used = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return Cost(wall, used)


def golden_class(size: int | None, seed: int = 0) -> list[dict[str, Handed]]:
    """Return what the students of the golden class hand in: the first golden submission of every exercise, and so on.

    Args:
        size: How many students; fewer than there are: a seeded choice with every reference solution. None: all.
        seed: Of the choice.

    Returns:
        For each student, exercise to notebook and files.
    """
    columns = []
    for name, exercise in Course.load(PROJECT).exercises.items():
        folders = [folder for folder in submission_places(name) if not folder.name.startswith("hostile")]
        first = [folder for folder in folders if folder.name == "reference"]
        others = [folder for folder in folders if folder.name != "reference"]
        if size is not None:
            others = random.Random(seed).sample(others, max(0, min(len(others), size - len(first))))  # noqa: S311
        columns.append([(name, build_submission(folder, exercise.source)) for folder in [*first, *others]])
    longest = max(map(len, columns))
    return [dict(column[place] for column in columns if place < len(column)) for place in range(longest)]


def light_class(size: int) -> list[dict[str, Handed]]:
    """Return students who answered the functions on arrays and nothing else, so that nothing is trained.

    Args:
        size: How many students, each with a notebook of his own.
    """
    name, exercise = next(iter(Course.load(PROJECT).exercises.items()))
    answered = list(exercise.judged)[:3]
    students = []
    for number in range(size):
        notebook = nbformat.from_dict(exercise.notebook)
        is_open = True
        for cell in notebook.cells:
            grade_id = grade_id_of(cell)
            cell.source = without_hidden_region(cell.source)
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell.source = cell.source if is_open else _STUB
            is_open = is_open and grade_id != answered[-1]
        notebook.cells.insert(1, nbformat.v4.new_code_cell(f"student = {number}", id=f"own-{number}"))
        students.append({name: (nbformat.writes(notebook).encode(), {})})
    return students


def make_course(root: Path, students: Sequence[dict[str, Handed]], *, is_stock: bool = False) -> Course:
    """Make a course folder with its release, gradebook and submissions.

    Args:
        root: Where; must not exist.
        students: What they hand in.
        is_stock: nbgrader's own configuration, and hidden tests as plain asserts in the judged cells: the visible
            checks once more. That is less than a stock course would test, and so in stock nbgrader's favour.

    Returns:
        The course.
    """
    names = {name for handed in students for name in handed}
    source = root / "source" / ASSIGNMENT
    source.mkdir(parents=True)
    for path in (PROJECT / "source" / ASSIGNMENT).iterdir():
        if path.stem in names:
            (source / path.name).write_bytes(_with_asserts(path.read_bytes()) if is_stock else path.read_bytes())
        elif path.suffix != ".ipynb" and path.is_file():
            shutil.copy(path, source)
    if is_stock:
        (root / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'stock'\n")
    else:
        shutil.copy(PROJECT / "nbgrader_config.py", root)
        write_secret(root / ".course_secret", SECRET)
    measured([sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT], root)
    for number, handed in enumerate(students):
        folder = root / "submitted" / f"s{number:03}" / ASSIGNMENT
        for name, (notebook, files) in handed.items():
            for path, content in {f"{name}.ipynb": notebook, **files}.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
    return Course.load(root)


def _with_asserts(source: bytes) -> bytes:
    notebook = nbformat.reads(source.decode(), as_version=4)
    for cell in notebook.cells:
        if is_judged(cell):
            visible = without_hidden_region(cell.source)
            cell.source = f"{visible}\n### BEGIN HIDDEN TESTS\n{visible}\n### END HIDDEN TESTS"
    return nbformat.writes(notebook).encode()


def grade_with_stock(root: Path, scratch: Path) -> Cost:
    """Grade a stock course with `nbgrader autograde`, in the kernel environment and with all rights.

    Args:
        root: From `make_course(..., is_stock=True)`.
        scratch: A folder for the kernel's description.
    """
    kernel = scratch / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True, exist_ok=True)
    python = str(PROJECT / ".venv" / "kernel" / "bin" / "python")
    described = {
        "argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    (kernel / "kernel.json").write_text(json.dumps(described))
    command = [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT, "--force", "--create"]
    return measured(command, root, JUPYTER_PATH=str(scratch / "jupyter"), TF_CPP_MIN_LOG_LEVEL="3")


def grade_with_ours(root: Path, *options: str) -> Cost:
    """Grade a course with `autograder grade`.

    Args:
        root: From `make_course`.
        options: Further options of the command.
    """
    return measured([sys.executable, "-m", "autograder.cli", "grade", ASSIGNMENT, *options], root)


def start_only(root: Path) -> Cost:
    """Start what a class run starts, and end it: both templates, nothing graded.

    Args:
        root: A course folder.
    """
    program = (
        "import autograder.cli; from autograder.classes.verdicts import default_jobs; "
        "from autograder.course.course import Course; "
        "from autograder.grading.grader import LazyEngine; from pathlib import Path; "
        "engine = LazyEngine(Course.load(Path('.')), default_jobs()); engine.running(); engine.close()"
    )
    return measured([sys.executable, "-c", program], root)


def figures(course: Course) -> dict[str, list[float]]:
    """Collect what the verdicts of a graded course say they cost.

    Args:
        course: The course.

    Returns:
        Figure to one value for each notebook.
    """
    store = VerdictStore(course.state_directory)
    found: dict[str, list[float]] = {}
    for pointer in store.pointers(ASSIGNMENT):
        record = store.get(pointer.key)
        for name, value in (record.verdict.figures if record else {}).items():
            found.setdefault(name, []).append(value)
    return found


def total(values: Iterable[float]) -> float:
    """Add up figures to two digits."""
    return round(sum(values), 2)
