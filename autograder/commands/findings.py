"""What `autograder doctor` looks at. Each look returns findings in plain words, with what to do about a problem."""

import enum
import shutil
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from autograder.course.data_files import needs_files, refuse_missing_files
from autograder.course.errors import CourseError
from autograder.kernels.errors import SandboxUnavailable, TemplateFailed
from autograder.kernels.settings import default_kernel_python
from transferlab.backbones.catalogue import cache_folder

if TYPE_CHECKING:
    from autograder.course.course import Course
    from autograder.gradebook.rows import StudentRow

_SHOWN = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "hypothesis", "pytest", "nbgrader", "nbclient", "ipykernel")
_LEAST_FREE_GIB = 2.0
_PLUGGED = {
    "Autograde.exporter_class": ("SubmissionExporter",),
    "Autograde.autograde_preprocessors": ("JudgeExecute", "SaveVerdicts"),
    "GenerateFeedback.preprocessors": ("GradesAsTheyStand", "HideGuards"),
    "ExportApp.plugin_class": ("VerdictExporter",),
}


class State(enum.Enum):
    """How a finding stands."""

    FINE = "✓"
    NOTE = "·"
    PROBLEM = "!"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    state: State
    what: str
    advice: str = ""
    """What to do about it; empty if nothing."""


def software() -> Iterator[Finding]:
    """Look at the two environments.

    Yields:
        Versions, and whether the kernels' environment is there.
    """
    versions = [f"Python {sys.version.split()[0]}"]
    for package in ("autograder", *_SHOWN):
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    yield Finding(State.NOTE, ", ".join(versions))
    try:
        python = default_kernel_python()
    except TemplateFailed as problem:
        yield Finding(State.PROBLEM, str(problem), "run `make setup`.")
        return
    yield Finding(State.FINE, f"kernels run on {python}")
    libraries = sorted(python.parent.parent.glob("lib/python*/site-packages/transferlab"))
    if not libraries:
        yield Finding(State.PROBLEM, "the kernels' environment has no transferlab", "run `make setup`.")
    elif _differs(libraries[0]):
        yield Finding(State.PROBLEM, "the kernels' transferlab is not what transferlab/ holds", "run `make setup`.")


def engine(course: "Course | None") -> Iterator[Finding]:
    """Look for an engine that stays between commands.

    Args:
        course: The course, or None if there is none.

    Yields:
        One finding if there is one.
    """
    if course is None:
        return
    from autograder.grading import resident

    there = resident.status(course)
    if there is not None:
        what = f"an engine stays warm (process {there.pid}), {there.idle}; `autograder engine stop` ends it"
        yield Finding(State.NOTE, what)


def images(course: "Course | None") -> Iterator[Finding]:
    """Look for the images and weights that a course on CIFAR-10 needs.

    Args:
        course: The course, or None if there is none.

    Yields:
        One finding, none for rendered images.
    """
    if course is None or not needs_files(course.settings.data_source):
        return
    source = course.settings.data_source
    try:
        refuse_missing_files(source)
    except CourseError as problem:
        yield Finding(State.PROBLEM, str(problem), "put the files there; docs/real-data.md says how.")
    else:
        yield Finding(State.FINE, f"images and weights of {source} are there and whole")


def machine(course: "Course | None") -> Iterator[Finding]:
    """Look at memory, disk and the Keras cache.

    Args:
        course: The course, whose limits and disk are meant; None if there is none.

    Yields:
        What there is, and whether it is enough.
    """
    from autograder.classes.verdicts import default_jobs

    memory = psutil.virtual_memory()
    free_gib, jobs = memory.available / 2**30, default_jobs()
    yield Finding(State.NOTE, f"{jobs} cores, {free_gib:.1f} of {memory.total / 2**30:.1f} GiB of memory free")
    if course is not None:
        needed_gib = jobs * course.limits.memory_mib / 1024
        if needed_gib > free_gib:
            advice = f"grade with fewer at once (`--jobs {max(1, int(free_gib * 1024 // course.limits.memory_mib))}`)."
            what = f"{jobs} notebooks at once may use {needed_gib:.1f} GiB, more than is free"
            yield Finding(State.PROBLEM, what, advice)
    place = course.root if course else Path.cwd()
    disk_gib = shutil.disk_usage(place).free / 2**30
    state = State.FINE if disk_gib >= _LEAST_FREE_GIB else State.PROBLEM
    yield Finding(state, f"{disk_gib:.1f} GiB free on the disk of {place}", "" if state is State.FINE else "make room.")
    models = cache_folder()
    weights = sorted(path.name for path in models.glob("*")) if models.is_dir() else []
    cached = ", ".join(weights) or "no ImageNet weights; the exercises use the embedded backbones and need none"
    yield Finding(State.NOTE, f"Keras cache {models}: {cached}")


def sandbox(course: "Course | None") -> Iterator[Finding]:
    """Start a sandbox and look around in it.

    Args:
        course: The course, whose files must not be seen inside; None if there is none.

    Yields:
        Every claim the sandbox makes, and whether it held.
    """
    from autograder.kernels.proof import proof

    hidden = [course.source_directory, course.state_directory, course.root / "gradebook.db"] if course else []
    try:
        claims = proof(absent=hidden, limits=course.limits if course else None)
    except (SandboxUnavailable, TemplateFailed) as problem:
        yield Finding(State.PROBLEM, str(problem), "nothing is graded until this works.")
        return
    for claim in claims:
        detail = f" ({claim.detail})" if claim.detail else ""
        if claim.held:
            yield Finding(State.FINE, f"{claim.claim}{detail}")
        else:
            advice = "do not grade on this machine; see docs/threat-model.md."
            yield Finding(State.PROBLEM, f"does not hold: {claim.claim}{detail}", advice)


def folder(course: "Course") -> Iterator[Finding]:
    """Look at the course folder: exercises, settings, secret.

    Args:
        course: The course.

    Yields:
        What there is, and what is missing.
    """
    try:
        for exercise in course.exercises.values():
            points = f"{exercise.max_points:g} points by {len(exercise.judged)} judged cells"
            points += f", {sum(exercise.written.values()):g} by hand" if exercise.written else ""
            yield Finding(State.FINE, f"{exercise.assignment}/{exercise.name}: {points}")
        for problems in course.broken.values():
            for problem in problems:
                yield Finding(State.PROBLEM, problem)
        if not course.exercises and not course.broken:
            yield Finding(State.PROBLEM, f"no exercises in {course.source_directory}", "run `autograder build`.")
        _ = course.limits
    except CourseError as problem:
        yield Finding(State.PROBLEM, str(problem))
    known = course.settings.traits(config=True)
    for name in sorted(set(course.config.get("CourseSettings", {})) - set(known)):
        what = f"c.CourseSettings.{name} in nbgrader_config.py is no setting, and does nothing"
        yield Finding(State.PROBLEM, what, f"correct its name; there is: {', '.join(sorted(known))}.")
    yield from _settings(course)
    if course.isolation.value == "off":
        yield Finding(State.PROBLEM, "isolation is off for this course", "remove c.CourseSettings.isolation.")
    try:
        secret = course.secret(create=False)
    except CourseError as problem:
        yield Finding(State.NOTE if not (course.root / ".course_secret").exists() else State.PROBLEM, str(problem))
        return
    if secret.is_demo:
        yield Finding(
            State.PROBLEM, "the course secret is the demonstration's", "remove .course_secret and grade again."
        )
    else:
        yield Finding(State.FINE, "there is a course secret, and only you can read it")


def gradebook(course: "Course") -> Iterator[Finding]:
    """Hold the gradebook against the verdicts.

    Args:
        course: The course.

    Yields:
        For each assignment how many students are graded, absent and undecided; every row that rests on no verdict, or
        was changed by hand, or is behind; and what others of this machine may read.
    """
    from autograder.gradebook.access import course_directory, open_gradebook
    from autograder.gradebook.database_file import gradebook_path, refuse_unwritable
    from autograder.gradebook.rows import assignment_rows
    from autograder.grading.store import VerdictStore

    assignments = sorted({exercise.assignment for exercise in course.exercises.values()} - course.broken.keys())
    address = str(course_directory(course).db_url)
    path = gradebook_path(address)
    if path is not None and not path.exists():
        wanted = " and ".join(f"`autograder prepare {name}`" for name in assignments) or "`autograder prepare`"
        yield Finding(State.NOTE, f"no gradebook yet; {wanted} makes one")
        return
    refuse_unwritable(address)
    yield from _readable_by_others(course)
    store = VerdictStore(course.state_directory)
    with open_gradebook(course) as opened:
        if path is not None:
            yield from _damage(path)
        names = [assignment.name for assignment in opened.assignments]
        for name in assignments:
            if name not in names:
                yield Finding(State.PROBLEM, f"{name} is not in the gradebook", f"run `autograder prepare {name}`.")
        for name in names:
            yield from _prepared(course, opened, name)
            rows = assignment_rows(course, opened, name, store)
            yield from _rows(name, rows)
            yield from _handed_in(course, name, rows)


def _damage(path: Path) -> Iterator[Finding]:
    with closing(sqlite3.connect(path)) as connection:
        (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        advice = "put your backup in its place, or grade into a new one, without what was given by hand."
        yield Finding(State.PROBLEM, f"the gradebook {path} is damaged ({said})", advice)


def _readable_by_others(course: "Course") -> Iterator[Finding]:
    from autograder.gradebook.access import is_shared, private_places
    from autograder.gradebook.database_file import is_open_to_others

    shared = is_shared(course)
    for place in private_places(course):
        if is_open_to_others(place, is_group_allowed=shared):
            rights = "o-rwx" if shared else "go-rwx"
            yield Finding(
                State.PROBLEM, f"others of this machine can look into {place}", f"run `chmod {rights} {place}`."
            )


def _prepared(course: "Course", opened: Any, name: str) -> Iterator[Finding]:
    from autograder.gradebook.access import course_directory
    from autograder.gradebook.rows import differing_cells

    if name not in {exercise.assignment for exercise in course.exercises.values()} or name in course.broken:
        return
    different = differing_cells(course, opened, name)
    if different:
        what = f"{name}: gradebook and source/ disagree about {', '.join(different)}"
        yield Finding(State.PROBLEM, what, f"run `autograder prepare {name}`.")
    directory = course_directory(course)
    release = Path(directory.format_path(directory.release_directory, ".", name))
    if not any(release.glob("*.ipynb")):
        yield Finding(State.PROBLEM, f"{name}: there is no release in {release}", f"run `autograder prepare {name}`.")


def _rows(name: str, rows: "Sequence[StudentRow]") -> Iterator[Finding]:
    from autograder.gradebook.changes import confirming

    absent = sum(row.is_absent for row in rows)
    yield Finding(State.NOTE, f"{name}: {len(rows) - absent} students graded, {absent} absent")
    undecided = [row.student for row in rows if row.undecided]
    if undecided:
        what = f"{name}: undecided for {', '.join(undecided)}"
        yield Finding(State.PROBLEM, what, "decide these cells by hand in formgrader; exports wait for it.")
    for row in rows:
        for problem in row.doubts:
            advice = f"run `autograder grade {name} --student {row.student}`; exports refuse it until then."
            yield Finding(State.PROBLEM, f"{name}, {row.student}: {problem}", advice)
        for change in row.changed:
            advice = "" if change.confirmed_at else (
                f"run {confirming(name, row.student)}, or take it back in formgrader; until then the verdict counts."
            )  # fmt: skip
            state = State.NOTE if change.confirmed_at else State.PROBLEM
            yield Finding(state, f"{name}, {row.student}: changed by hand, {change.in_words}", advice)
    behind = [row.student for row in rows if not row.is_settled]
    if behind:
        what = f"{name}: nbgrader's pages show an older penalty or time for {', '.join(behind)}"
        yield Finding(State.PROBLEM, what, f"run `autograder grade {name}`.")
    stale = [row.student for row in rows if row.has_stale_page]
    if stale:
        what = f"{name}: feedback pages of {', '.join(stale)} are of an earlier state"
        yield Finding(State.PROBLEM, what, f"run `nbgrader generate_feedback {name} --force`.")


def _handed_in(course: "Course", name: str, rows: "Sequence[StudentRow]") -> Iterator[Finding]:
    """Look for work that waits: for a clear time, or to be graded."""
    from autograder.classes.collecting import collect

    if name not in {exercise.assignment for exercise in course.exercises.values()} or name in course.broken:
        return
    graded = {row.student for row in rows if not row.is_absent}
    found = collect(course, name)
    for student, work in found.items():
        if work.problem:
            advice = "correct it, then grade; until then this work waits."
            yield Finding(State.PROBLEM, f"{name}, {student}: {work.problem}", advice)
    waiting = [student for student, work in found.items() if student not in graded and not work.problem]
    if waiting:
        yield Finding(State.NOTE, f"{name}: {', '.join(waiting)} not graded yet; `autograder grade {name}` does")


def _settings(course: "Course") -> Iterator[Finding]:
    missing = []
    for setting, wanted in _PLUGGED.items():
        section, name = setting.split(".")
        value = course.config.get(section, {}).get(name, "")
        said = " ".join(map(str, value)) if isinstance(value, Iterable) and not isinstance(value, str) else str(value)
        missing += [f"{word} in c.{setting}" for word in wanted if word not in said]
    if missing:
        advice = (
            "take these lines from this project's nbgrader_config.py; without them nbgrader's own rules give points."
        )
        yield Finding(State.PROBLEM, f"nbgrader_config.py does not name {', '.join(missing)}", advice)
    else:
        yield Finding(State.FINE, "nbgrader's commands grade through this project too")


def _differs(installed: Path) -> bool:
    """Whether the project's own transferlab, if this is run from the project, has other code than the installed one."""
    import autograder

    project = Path(autograder.__path__[0]).parent / "transferlab"
    ours = {path.relative_to(project): path.read_bytes() for path in project.rglob("*.py")}
    theirs = {path.relative_to(installed): path.read_bytes() for path in installed.rglob("*.py")}
    return bool(ours) and any(theirs.get(name) != content for name, content in ours.items())
