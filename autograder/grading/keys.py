"""The key of a verdict: a digest of everything that decides it.

Two pieces of work with the same key get the same verdict, so the second is not run. Whatever could change an outcome or
a message therefore has to enter the key; the student's name and the time of handing in must not. Nor do comments and
the layout of Python files, what belongs to other exercises, or the prose of the instructor's notebook.
"""

import hashlib
import io
import json
import platform
import re
import tokenize
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

import autograder
from autograder.course.course import Course, plain_settings
from autograder.course.data_files import data_digest
from autograder.course.exercise import Exercise, grade_id_of, is_answer
from autograder.course.notebooks import Prepared
from autograder.course.submission import HandedIn
from autograder.kernels.errors import TemplateFailed
from autograder.kernels.settings import default_kernel_python

_KEY_FORMAT = 1
_SHORT = 12
_STRING_OR_UNSEEN = re.compile(
    rb"""("{3}(?:\\.|[^\\])*?"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^\\\n"])*"|'(?:\\.|[^\\\n'])*')"""
    rb"|\n[ \t]*(?:\#[^\n]*)?(?=\n)|[ \t]*\#[^\n]*",
    re.DOTALL,
)
_UNSEEN = frozenset({tokenize.COMMENT, tokenize.NL})
_DECIDING_ROOMS = ("judge", "kerasmodels", "kernels")
_RUNNING_MODULES = (
    "grading/notebook_run.py",
    "course/notebooks.py",
    "course/matching.py",
    "course/reading.py",
    "course/exercise.py",
    "grading/answers.py",
)
_DECIDING_MODULES = ("grading/engine.py", "grading/judging.py", *_RUNNING_MODULES)
_DECIDING_PACKAGES = ("keras", "tensorflow", "tensorflow-cpu", "numpy", "hypothesis", "pytest", "ipykernel", "ipython")


def key_of(
    course: Course, exercise: Exercise, submission: HandedIn, prepared: Prepared | None, secret_digest: str
) -> str:
    """Return the key of a submission's verdict.

    Args:
        course: The course.
        exercise: The exercise the notebook belongs to.
        submission: What was handed in.
        prepared: The same laid over the instructor's notebook, or None if the notebook cannot be read.
        secret_digest: Digest of the course secret.

    Returns:
        64 hexadecimal digits.
    """
    deciding = {
        **_work(submission, prepared, exercise),
        "notes": [*submission.notes, *(prepared.notes if prepared else ())],
        "course": course_version(course, exercise),
        "secret": secret_digest,
    }
    return _sha256(json.dumps(deciding, sort_keys=True).encode())


def answers_key(course: Course, exercise: Exercise, submission: HandedIn, prepared: Prepared) -> str:
    """Return the key of what a submission answers: everything but who asks.

    Args:
        course: The course.
        exercise: The exercise the notebook belongs to.
        submission: What was handed in.
        prepared: The same laid over the instructor's notebook.

    Returns:
        64 hexadecimal digits, the same whatever the check pages, the judge and the secret are.
    """
    deciding = {
        **_work(submission, prepared, exercise),
        "exercise": exercise.name,
        "judged": dict(prepared.judged),
        "code": _running_digest(),
        "versions": dict(versions()),
        "settings": plain_settings(course),
        **_data(course),
    }
    return _sha256(json.dumps(deciding, sort_keys=True).encode())


def _work(submission: HandedIn, prepared: Prepared | None, exercise: Exercise) -> dict[str, Any]:
    """What was handed in; without prose that the instructor's notebook puts there, which a student cannot change."""
    unread = [_sha256(submission.notebook), submission.problem]
    given = {name for name, cell in exercise.cells.items() if cell.cell_type == "markdown" and not is_answer(cell)}
    cells = [] if prepared is None else [cell for cell in prepared.notebook.cells if grade_id_of(cell) not in given]
    return {
        "format": _KEY_FORMAT,
        "work": unread if prepared is None else [_plain(cell) for cell in cells],
        "files": {name: _sha256(content) for name, content in submission.files.items()},
    }


def course_version(course: Course, exercise: Exercise) -> Mapping[str, Any]:
    """Return what decides the verdicts of an exercise besides the work and the secret.

    Args:
        course: The course.
        exercise: One of its exercises.

    Returns:
        Plain values: digests, versions and settings.
    """
    beside = {path.name: file_digest(path) for path in exercise.beside}
    code = [cell for cell in exercise.notebook.cells if cell.cell_type == "code"]
    return {
        "exercise": exercise.name,
        **({"beside": beside} if beside else {}),
        "judged": dict(exercise.judged),
        "reference": _sha256(json.dumps([_plain(cell) for cell in code]).encode()),
        "pages": [file_digest(page) for page in exercise.pages],
        "code": _code_digest(),
        "versions": dict(versions()),
        "settings": plain_settings(course),
        **_data(course),
    }


def made_with(course: Course, exercise: Exercise, secret_digest: str) -> dict[str, str]:
    """Return what a verdict is found with, for people who look for the reason of a change.

    Args:
        course: The course.
        exercise: One of its exercises.
        secret_digest: Digest of the course secret; a part of it tells whether it is another one.
    """
    version = course_version(course, exercise)
    pages = {
        f"page {page.name}": digest[:_SHORT] for page, digest in zip(exercise.pages, version["pages"], strict=True)
    }
    found = {"reference": version["reference"][:_SHORT], "code": version["code"][:_SHORT], **pages}
    packages = {name: text[:_SHORT] if name == "transferlab" else text for name, text in version["versions"].items()}
    return {**found, "secret": secret_digest[:_SHORT], **packages}


def _data(course: Course) -> dict[str, str]:
    """What files outside of the project decide; nothing where there are none, so that keys of such courses stay."""
    found = data_digest(course.settings.data_source)
    return {"data": found} if found else {}


def terms_of(course: Course, secret_digest: str) -> Mapping[str, str]:
    """Return all that decides verdicts besides the work, for two machines to compare.

    Args:
        course: The course.
        secret_digest: Digest of the course secret.

    Returns:
        What it is, in an instructor's words, to its version or digest.
    """
    found = [course_version(course, exercise) for _, exercise in sorted(course.exercises.items())]

    def digest(*names: str) -> str:
        return _sha256(
            json.dumps(
                [[version[name] for name in names if name in version] for version in found], sort_keys=True
            ).encode()
        )

    return {
        "exercises in source/": digest("exercise", "judged", "reference"),
        "check pages": digest("pages", "beside"),
        "autograder": digest("code"),
        "limits and settings": digest("settings"),
        "images and weights": data_digest(course.settings.data_source),
        "isolation": course.isolation.value,
        "course secret": _sha256(secret_digest.encode()),
        **{f"package {name}": version[:16] for name, version in versions().items()},
    }


@lru_cache(maxsize=1)
def versions() -> Mapping[str, str]:
    """Return the versions of what runs and judges notebooks, by name; absent packages are left out."""
    found = {"python": platform.python_version(), "transferlab": _transferlab_digest()}
    for package in _DECIDING_PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """The code that runs and judges every notebook; what belongs to one exercise lies in its folder of check pages."""
    package = Path(autograder.__path__[0])
    paths = [path for room in _DECIDING_ROOMS for path in (package / room).rglob("*.py")]
    paths += [package / module for module in _DECIDING_MODULES if (package / module).is_file()]
    return _files_digest(package, paths)


@lru_cache(maxsize=1)
def _running_digest() -> str:
    """The code that runs a notebook and carries its answers."""
    package = Path(autograder.__path__[0])
    modules = [package / module for module in _RUNNING_MODULES]
    return _files_digest(package, [*(package / "kernels").rglob("*.py"), *modules])


def _transferlab_digest() -> str:
    """The students' library, as the kernels have it; beside this package where there are no kernels (in some tests)."""
    try:
        environment = default_kernel_python().parent.parent
        folders = sorted(environment.glob("lib/python*/site-packages/transferlab"))
    except TemplateFailed:
        folders = []
    folder = folders[0] if folders else Path(autograder.__path__[0]).parent / "transferlab"
    return _files_digest(folder, (path for path in folder.rglob("*") if path.is_file()))


def _files_digest(folder: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        if "__pycache__" not in path.parts:
            content = path.read_bytes()
            plain = without_comments(content) if path.suffix == ".py" else content
            digest.update(f"{path.relative_to(folder).as_posix()}\0{_sha256(plain)}\n".encode())
    return digest.hexdigest()


def without_comments(source: bytes) -> bytes:
    """Return Python code of ours without its comments and empty lines.

    Far faster than `tokenize`, and asked for by every command that grades. For code of this project only, which keeps
    to what Python 3.11 reads: in later versions a quotation mark may stand within an f-string that it would end.

    Args:
        source: In UTF-8.
    """
    return _STRING_OR_UNSEEN.sub(lambda found: found[1] or b"", source)


def file_digest(path: Path) -> str:
    """Digest a file: of Python its tokens, without comments and empty lines.

    Tokens, not `ast.parse`: in Python 3.11 that raises SystemError now and then when several threads are in it.

    Args:
        path: The file.
    """
    content = path.read_bytes()
    return _token_digest(content) if path.suffix == ".py" else _sha256(content)


@lru_cache(maxsize=1_000)
def _token_digest(content: bytes) -> str:
    """Asked for the same page with every notebook of a class, so what was found is kept."""
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(content).readline))
    except (SyntaxError, ValueError, tokenize.TokenError):
        return _sha256(content)
    return _sha256("\0".join(f"{one.type} {one.string}" for one in tokens if one.type not in _UNSEEN).encode())


def _plain(cell: NotebookNode) -> list[Any]:
    return [cell.cell_type, grade_id_of(cell), cell.source, cell.get("attachments") or {}]


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
