"""Which of the files somebody handed in is which notebook, whatever they were called and wherever they lay."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

from autograder.course.course import Course
from autograder.course.errors import UNFORESEEN, UnusableNotebook, in_short
from autograder.course.sealed import read_submitted
from autograder.lms.errors import LmsError, StudentFilesRefused
from autograder.lms.names import released_name
from autograder.lms.safe_zip import STUDENT_LIMITS, Budget, SafeZip, open_zip

Key = TypeVar("Key")
"""By what an LMS's archive tells whose work it is."""
_OURS = frozenset({"timestamp.txt", "submission_secret.txt"})


@dataclass
class Picked:
    """A submission as nbgrader wants it: notebooks under their released names, the files beside them kept."""

    files: dict[str, bytes] = field(default_factory=dict)
    """Path in the submitted folder, to content."""
    notebooks: dict[str, str] = field(default_factory=dict)
    """Exercise to the path it was handed in under."""
    notes: list[str] = field(default_factory=list)
    """What was renamed or unpacked."""
    doubts: list[str] = field(default_factory=list)
    """What a person should look at."""
    elsewhere: set[str] = field(default_factory=set)
    """Other assignments that some notebooks belong to."""

    @property
    def digest(self) -> str:
        """SHA-256 of names and contents."""
        return digest_of(self.files)


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 of names and contents.

    Args:
        files: Path to content.
    """
    total = hashlib.sha256()
    for path, content in sorted(files.items()):
        total.update(f"{len(path.encode())}:{path}:{len(content)}:".encode() + content)
    return total.hexdigest()


class Handed(Protocol):
    """What one person or team handed in, as it lies in an LMS's archive."""

    @property
    def files(self) -> Mapping[str, str]:
        """Path as handed in, to path in the archive."""
        ...

    @property
    def doubts(self) -> list[str]:
        """What a person should look at."""
        ...

    @property
    def refused(self) -> str:
        """Why nothing of it is to be taken."""
        ...


def pick_all(
    course: Course, assignment: str, archive: SafeZip, handed: Mapping[Key, Handed]
) -> tuple[dict[Key, Picked], dict[Key, str]]:
    """Recognise everybody's notebooks; one person's trouble is one person's.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        archive: The LMS's.
        handed: Who handed in what.

    Returns:
        What was found, and why it could not be read, each by whose it is.
    """
    picked: dict[Key, Picked] = {}
    unread: dict[Key, str] = {}
    for key, one in handed.items():
        if one.refused:
            unread[key] = one.refused
            continue
        budget = Budget()
        try:
            content = {path: archive.read(entry, budget) for path, entry in one.files.items()}
            found = pick(course, assignment, content, budget)
        except (StudentFilesRefused, LmsError) as problem:
            unread[key] = str(problem).rstrip(".")
        except UNFORESEEN as problem:
            unread[key] = f"what was handed in could not be read ({in_short(problem)})"
        else:
            found.doubts += one.doubts
            picked[key] = found
    return picked, unread


def refuse_other_assignment(assignment: str, picked: list[Picked], name: str) -> None:
    """Refuse an archive in which nothing belongs to the assignment.

    Args:
        assignment: The nbgrader assignment.
        picked: What was found in it.
        name: What to call it in messages.

    Raises:
        LmsError: There is no notebook of the assignment.
    """
    if any(one.notebooks for one in picked):
        return
    others = sorted(set().union(*(one.elsewhere for one in picked)))
    belong = f"; those in it belong to {', '.join(others)}" if others else ""
    raise LmsError(f"{name} holds no notebook of {assignment}{belong}. Is it the download of another assignment?")


def no_notebook(picked: Picked) -> str:
    """Say that somebody handed in no notebook of the assignment.

    Args:
        picked: What was handed in.
    """
    if picked.elsewhere:
        return f"handed in notebooks of {', '.join(sorted(picked.elsewhere))} only; nothing was put into submitted/"
    named = ", ".join(list(picked.files)[:5]) or "nothing that can be read"
    return f"handed in no notebook of this assignment, but {named}; nothing was put into submitted/"


def pick(course: Course, assignment: str, handed_in: Mapping[str, bytes], budget: Budget | None = None) -> Picked:
    """Recognise the notebooks of an assignment among the files of one student.

    The grade ids inside decide; the name, without what a browser or LMS appended, only where there are none.

    Args:
        course: The course.
        assignment: The nbgrader assignment.
        handed_in: Path as handed in, to content; archives that hold notebooks are unpacked.
        budget: What this person's files may still hold, archives among them included.

    Returns:
        What goes into the submitted folder.

    Raises:
        StudentFilesRefused: An archive among the files must not be unpacked.
    """
    picked = Picked()
    try:
        files = _unpacked(handed_in, picked, budget or Budget())
    except LmsError as problem:
        raise StudentFilesRefused(str(problem)) from problem
    found: dict[str, list[str]] = {}
    for path in sorted(files):
        if path.lower().endswith(".ipynb"):
            name = _recognise(course, path, files[path])
            if name and course.exercises[name].assignment == assignment:
                found.setdefault(name, []).append(path)
            elif name:
                picked.elsewhere.add(course.exercises[name].assignment)
    picked.notebooks = {name: _choose(name, paths, files, picked) for name, paths in found.items()}
    _place(files, picked)
    return picked


def _unpacked(handed_in: Mapping[str, bytes], picked: Picked, budget: Budget) -> dict[str, bytes]:
    files = {path: content for path, content in handed_in.items() if ".ipynb_checkpoints" not in path.split("/")}
    for path in sorted(path for path in files if path.lower().endswith(".zip")):
        with open_zip(files[path], f"the archive {path!r}", STUDENT_LIMITS) as archive:
            if not any(name.lower().endswith(".ipynb") for name in archive.files):
                continue  # data for a notebook, maybe
            folder = path.rpartition("/")[0]
            inside = {f"{folder}/{name}".lstrip("/"): archive.read(name, budget) for name in archive.files}
        if inside.keys() & files.keys():
            picked.doubts.append(f"{path} holds files that were also handed in beside it; the latter were taken")
        files = {**inside, **{name: content for name, content in files.items() if name != path}}
        picked.notes.append(f"{path} was unpacked")
    return files


def _recognise(course: Course, path: str, content: bytes) -> str:
    name = released_name(PurePosixPath(path).name[: -len(".ipynb")], frozenset(course.exercises))
    try:
        exercise = course.recognise(read_submitted(content).cells, name)
    except UnusableNotebook:
        exercise = course.exercises.get(name)
    return exercise.name if exercise else ""


def _choose(name: str, paths: list[str], files: Mapping[str, bytes], picked: Picked) -> str:
    def by_name(path: str) -> tuple[bool, int, str]:
        return PurePosixPath(path).name != f"{name}.ipynb", path.count("/"), path

    chosen = min(paths, key=by_name)
    others = [path for path in paths if files[path] != files[chosen]]
    if others:
        picked.doubts.append(f"{chosen} counts as {name}, but {', '.join(others)} may be meant: ask, and hand in one")
    if PurePosixPath(chosen).name != f"{name}.ipynb":
        picked.notes.append(f"{chosen} is {name}")
    return chosen


def _place(files: Mapping[str, bytes], picked: Picked) -> None:
    folders = {path.rpartition("/")[0] for path in picked.notebooks.values()}
    # What a notebook opens lies beside it, so its folder comes along to the top.
    base = f"{folders.pop()}/" if len(folders) == 1 and folders != {""} else ""
    placed = {f"{name}.ipynb": files[path] for name, path in picked.notebooks.items()}
    for path in sorted(files, key=lambda path: (not path.startswith(base), path)):
        target = path.removeprefix(base)
        if path in picked.notebooks.values():
            continue
        if target in _OURS or target.endswith("_info.txt"):
            picked.notes.append(f"{path} was left out: the name is nbgrader's own")
        elif target in placed or any(f"{target}/" == known[: len(target) + 1] for known in placed):
            placed[f"also_handed_in/{path}"] = files[path]
        else:
            placed[target] = files[path]
    picked.files = _without_clashes(placed)


def _without_clashes(placed: Mapping[str, bytes]) -> dict[str, bytes]:
    """A path that would go through a file (`a` and `a/b`) is set aside; no LMS makes one, an archive may."""
    clean: dict[str, bytes] = {}
    for path, content in placed.items():
        parents = {str(parent) for parent in PurePosixPath(path).parents}
        if not parents & placed.keys():
            clean[path] = content
        elif f"also_handed_in_{path.replace('/', '_')}" not in placed:
            clean[f"also_handed_in_{path.replace('/', '_')}"] = content
        else:
            raise StudentFilesRefused(f"the files {path!r} and its folder have one name; hand in again without it")
    return clean
