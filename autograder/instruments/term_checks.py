"""What an instructor should know before a new term: work that waits, thresholds without evidence, pages in public."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from autograder.calibration import evidence
from autograder.classes.collecting import collect
from autograder.course.course import Course
from autograder.course.exercise import Exercise
from autograder.course.secret import SECRET_NAME
from autograder.gradebook.access import existing_gradebook
from autograder.gradebook.rows import StudentRow, assignment_rows
from autograder.grading.store import VerdictStore
from autograder.judge.thresholds import thresholds_file

_SECONDS = 15
_GATE = re.compile(r"""\bgate\(\s*__file__,\s*["']([^"']+)["']""")
_SSH = re.compile(r"(?:ssh://)?[\w.-]+@([\w.-]+)[:/](?:\d+/)?(.+)")


def waiting(course: Course) -> list[str]:
    """Return what waits for a person or for grading, a sentence an assignment.

    Args:
        course: The course; it has a gradebook.
    """
    store = VerdictStore(course.state_directory)
    said = []
    with existing_gradebook(course, "ASSIGNMENT") as gradebook:
        rows = {found.name: assignment_rows(course, gradebook, found.name, store) for found in gradebook.assignments}
    known = {exercise.assignment for exercise in course.exercises.values()} - course.broken.keys()
    for name, students in rows.items():
        graded = {row.student for row in students if not row.is_absent}
        handed_in = collect(course, name).keys() if name in known else set()
        counted = [*_counts(students), ("not graded yet", len(handed_in - graded))]
        found = [f"{count} {what}" for what, count in counted if count]
        if found:
            said.append(f"{name}: {', '.join(found)}")
    return said


def _counts(rows: Sequence[StudentRow]) -> Iterator[tuple[str, int]]:
    yield "with a check that a person decides", sum(bool(row.undecided) for row in rows)
    yield "with a written answer that nobody has marked", sum(bool(row.to_grade) for row in rows)
    yield "whose points rest on no verdict", sum(bool(row.problems) for row in rows)


def thresholds(course: Course) -> list[str]:
    """Return where an accuracy threshold does not follow from what was measured.

    Args:
        course: The course.
    """
    return [said for _, exercise in sorted(course.exercises.items()) for said in _thresholds(course, exercise)]


def _thresholds(course: Course, exercise: Exercise) -> Iterator[str]:
    source = course.settings.data_source
    measure = f"run `autograder calibrate --source {source}`"
    text = "".join(page.read_text(encoding="utf-8") for page in exercise.pages)
    used = set(_GATE.findall(text))
    if not used:
        return
    path = thresholds_file(exercise.folder, source)
    if not path.is_file():
        yield f"no threshold of {exercise.name} has been measured for {source}; {measure}"
        return
    record = json.loads(path.read_text(encoding="utf-8"))
    found = evidence.read(exercise.folder, source)
    measured = {gate.name: gate for gate in found.gates} if found else {}
    for name in sorted(used - measured.keys()):
        yield f"{exercise.name} has no threshold `{name}` that was measured; {measure}"
    for name, gate in measured.items():
        stored = record["gates"][name]["threshold"]
        if name in used and abs(stored - gate.threshold) > 1e-6:
            rest = f"but what was measured gives {gate.threshold:g}; {measure}"
            yield f"the threshold `{name}` of {exercise.name} is {stored:g}, {rest}"
    for package, version in record["versions"].items():
        if (now := metadata.version(package)) != version:
            yield f"thresholds of {exercise.name} were measured with {package} {version}, now it is {now}; {measure}"


def in_public(course: Course) -> list[str]:
    """Return which of secret and check pages lie, or may lie, where others read them.

    A remote is asked without any password whether it lets everybody read; nothing is sent but its own address.

    Args:
        course: The course.
    """
    said = []
    secret = course.root / SECRET_NAME
    if _git(course.root, "log", "--all", "-1", "--format=%h", "--", str(secret)):
        said.append(
            f"the course secret {secret.name} was committed to git once, so old copies have it; the new one is not"
        )
    if _git(course.root, "ls-files", "--", str(secret)):
        said.append(f"git tracks {secret.name}, so the new one would be committed; run `git rm --cached {secret.name}`")
    asked: dict[str, bool | None] = {}
    for page in sorted(course.pages):
        if not _git(page.parent, "ls-files", "--", str(page)):
            continue
        for name in _git(page.parent, "remote").split():
            url = _git(page.parent, "remote", "get-url", name)
            if url not in asked and (address := _web_address(url)):
                asked[url] = _is_public(address)
    for url, is_public in asked.items():
        if is_public:
            said.append(
                f"everybody can read {url}, which gets the check pages; make it private, then change the checks"
            )
        elif is_public is None:
            said.append(
                f"whether everybody can read {url}, which gets the check pages, could not be found out; look there"
            )
    return said


def _git(folder: Path, *words: str) -> str:
    try:
        ran = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""


def _web_address(url: str) -> str:
    """Return the address at which everybody would read a remote; nothing for one on this machine."""
    if url.startswith(("http://", "https://", "git://")):
        return re.sub(r"//[^/@]*@", "//", url)
    found = _SSH.fullmatch(url)
    return f"https://{found[1]}/{found[2]}" if found else ""


def _is_public(address: str) -> bool | None:
    """Tell whether a remote lets everybody read; None if nobody answers."""
    alone = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    try:
        ran = subprocess.run(
            ["git", "-c", "credential.helper=", "ls-remote", "--", address],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
            stdin=subprocess.DEVNULL,
            cwd=os.sep,
            env={**os.environ, **alone},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if ran.returncode == 0:
        return True
    refused = ("authentication failed", "could not read", "not found", "403", "401", "denied")
    return False if any(word in ran.stderr.lower() for word in refused) else None
