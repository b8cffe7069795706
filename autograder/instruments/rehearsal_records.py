"""What is known of a course's rehearsal, in its state folder, by the digest of all that decides it."""

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import autograder
from autograder.authoring.pages import checks_of
from autograder.authoring.trying import Bench
from autograder.course.course import Course
from autograder.course.whole_files import write_whole
from autograder.grading.keys import course_version, file_digest

if TYPE_CHECKING:
    from autograder.instruments.rehearsal import Item

_FORMAT = 3
_IMPORTS = re.compile(r"^\s*(?:from|import)\b.*?(?:\([^)]*\))?$", re.MULTILINE)


class Records:
    """Outcomes by the digest of what decides them: the cells as far as they are run, the pages that are asked.

    What stands behind the last judged cell that is asked, and pages of other checks with what only they import, decide
    nothing.

    Args:
        course: The course.
        bench: The exercise.
        sealed: Whether it is graded as a class is graded.
    """

    def __init__(self, course: Course, bench: Bench, *, sealed: bool) -> None:
        self._folder = course.state_directory / "dry-run"
        self._bench, self._sealed = bench, sealed
        version = dict(course_version(course, bench.exercise))
        for narrower in ("reference", "judged", "pages", "beside"):
            version.pop(narrower, None)
        version["beside"] = {path.name: file_digest(path) for path in bench.exercise.beside if path.suffix != ".py"}
        here = Path(autograder.__path__[0]) / "authoring"
        engine = [file_digest(here / f"{name}.py") for name in ("in_process", "deferring", "trying")]
        self._version = json.dumps([_FORMAT, version, engine, sealed, bench.data_source])
        self._pages = {page: _digest_with_neighbours(page) for page in bench.exercise.pages}
        self._checks = {page: checks_of((page,)).keys() for page in bench.exercise.pages}

    def read(self, item: "Item", number: int) -> tuple[dict[str, str], str] | None:
        """Return outcomes by check, and why there are none; None if nothing is known.

        Args:
            item: The submission.
            number: Of the secret.
        """
        try:
            known = json.loads(self._path(item, number).read_text(encoding="utf-8"))
            return dict(known["found"]), str(known["problem"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, item: "Item", number: int, found: dict[str, str], problem: str) -> None:
        """Keep what was found. What was lost to the clock or to memory is not for here: it may go better next time.

        Args:
            item: The submission.
            number: Of the secret.
            found: Outcomes by check.
            problem: Why there are none.
        """
        write_whole(self._path(item, number), json.dumps({"found": found, "problem": problem}).encode(), private=True)

    def _path(self, item: "Item", number: int) -> Path:
        work = item.work
        asked = {self._bench.settings[check].cell for check in work.checks}
        places = {cell: place for cell, place in work.prepared.judged.items() if cell in asked}
        end = None if self._sealed or not places else max(places.values())
        cells = [[cell.cell_type, cell.source] for cell in work.prepared.notebook.cells[:end]]
        pages = [digest for page, digest in self._pages.items() if self._checks[page] & set(work.checks)]
        # a mutant has no folder; its name holds a line of code, which no disk would take
        beside = [] if item.is_mutant else sorted((self._bench.submissions / item.name / "files").rglob("*"))
        files = [_digest(path.read_bytes()) for path in beside if path.is_file()]
        deciding = [self._version, work.stops_early, cells, files, places, pages, list(work.checks), number]
        name = _digest(json.dumps(deciding, sort_keys=True).encode())
        return self._folder / name[:2] / f"{name}.json"


def _digest_with_neighbours(page: Path) -> str:
    """Digest a check page with the modules beside it that it imports, and those that these import."""
    found, waiting = set[Path](), [page]
    while waiting:
        path = waiting.pop()
        found.add(path)
        words = set(re.findall(r"\w+", " ".join(_IMPORTS.findall(path.read_text(encoding="utf-8")))))
        waiting += [near for near in page.parent.glob("*.py") if near.stem in words and near not in found]
    return _digest("".join(file_digest(path) for path in sorted(found)).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
