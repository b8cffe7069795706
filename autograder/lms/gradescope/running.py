"""What `run_autograder` does for one submission on Gradescope's machine."""

import json
import time
from pathlib import Path

from autograder.course.course import Course, CourseError
from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import Exercise
from autograder.course.reading import read_notebook_file
from autograder.course.sealed import read_submitted
from autograder.course.submission import read_submission
from autograder.grading.grader import Grader, LazyEngine
from autograder.grading.unreadable import unreadable_verdict
from autograder.judge.verdict import Verdict
from autograder.lms.gradescope.packing import SETTINGS_NAME
from autograder.lms.gradescope.results import Visibility, results_object


def run(base: Path) -> Path:
    """Grade `base/submission` with the course in `base/source/course`.

    Args:
        base: Gradescope's folder, `/autograder` there.

    Returns:
        The `results.json` it wrote.

    Raises:
        CourseError: The folder is not what the zip was unpacked to.
    """
    started = time.monotonic()
    course_folder, submission = base / "source" / "course", base / "submission"
    assignment, isolation, visibility = _settings(course_folder / SETTINGS_NAME)
    if not submission.is_dir():
        raise CourseError(f"There is no folder {submission}; Gradescope puts the student's files there.")
    course = Course.load(course_folder)
    course.config.CourseSettings.isolation = isolation
    course = Course(course.root, course.config)
    exercises = course.exercises_of(assignment)
    handed_in = _notebooks(course, submission)
    with LazyEngine(course) as engine:
        grader = Grader(course, course.secret(create=False), engine)
        verdicts = [_verdict(grader, exercise, handed_in.get(name)) for name, exercise in exercises.items()]
    content = results_object(verdicts, time.monotonic() - started, visibility)
    path = base / "results" / "results.json"
    path.parent.mkdir(exist_ok=True)
    aside = path.with_suffix(".new")
    aside.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    aside.replace(path)
    return path


def _settings(path: Path) -> tuple[str, str, Visibility]:
    try:
        settings = json.loads(path.read_bytes())
        return settings["assignment"], settings["isolation"], Visibility(settings["visibility"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{path} cannot be used ({error}); make the zip again with `autograder gradescope-zip`."
        ) from error


def _notebooks(course: Course, folder: Path) -> dict[str, Path]:
    """Tell which notebook answers which exercise; of several, the one under the released name, else the newest."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        exercise = _recognise(course, path)
        if exercise is not None:
            found.setdefault(exercise.name, []).append(path)
    return {
        name: max(paths, key=lambda path: (path.stem == name, path.stat().st_mtime)) for name, paths in found.items()
    }


def _recognise(course: Course, path: Path) -> Exercise | None:
    try:
        return course.recognise(read_submitted(read_notebook_file(path)).cells, path.stem)
    except UnusableNotebook:
        return course.exercises.get(path.stem)


def _verdict(grader: Grader, exercise: Exercise, path: Path | None) -> Verdict:
    if path is None:
        return unreadable_verdict(exercise, f"{exercise.name}.ipynb was not handed in.")
    source = grader.course.source_directory / exercise.assignment
    return grader.grade(read_submission(path.parent, path.stem, source), exercise).record.verdict
