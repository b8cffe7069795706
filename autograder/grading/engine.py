"""The worker: bytes in (notebook, files, exercise, secret), bytes out (executed notebook, verdict).

Everything that grades goes through it. An `WarmEngine` holds two warm templates, one of student kernels and one of
judges, both forked sealed. It knows no gradebook and no student.
"""

import hashlib
import hmac
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import nbformat

import autograder
from autograder.course.data_files import data_files
from autograder.course.exercise import Exercise
from autograder.course.image_draws import image_draws
from autograder.course.notebooks import prepare, read_notebook
from autograder.course.sealed import prepare_submitted
from autograder.grading.ahead import imported_ahead, pages_that_come_along, warm_ups
from autograder.grading.answers import Diverged, Questioned, Recording, Replay
from autograder.grading.engines import Graded
from autograder.grading.judging import Judgement, judge_notebook, task_of
from autograder.grading.lanes import Lanes, slow_places
from autograder.grading.notebook_run import NotebookRun
from autograder.judge.verdict import A_PERSON_LOOKS, CellVerdict, CheckResult, Outcome, Verdict
from autograder.kernels.errors import TemplateFailed
from autograder.kernels.limits import Limits
from autograder.kernels.settings import Isolation, TemplateSettings, default_kernel_python, kernel_settings
from autograder.kernels.warm import Template
from transferlab.course import course_sources

JUDGE_ENTRY = "autograder.judge.session:main"

KEEP_DRAWN = "transferlab.images:keep_drawn"
"""What templates do ahead: kernels and judges of one exercise all draw the same images."""


@dataclass(frozen=True)
class EngineSettings:
    """How an engine runs notebooks."""

    limits: Limits = field(default_factory=Limits)
    """For student kernels."""
    isolation: Isolation = Isolation.SEALED
    slots: int = 1
    """Notebooks at once; slow ones go on beside them (`lanes`)."""
    answers_mib: int = 32
    """Answers of a notebook that are kept for the next check page; more than this is dropped."""
    data_source: str = course_sources()[0]
    """Where the course's images come from."""
    pages: tuple[Path, ...] = field(default_factory=pages_that_come_along)
    """Check pages that judges make ready for: what these import is imported before judges are forked."""


JUDGE_ENVIRONMENT = {"TF_ENABLE_ONEDNN_OPTS": "1"}
"""The judge rounds in its own way anyway, eagerly and in other parts; this one takes half the time."""


def judge_settings(settings: EngineSettings) -> TemplateSettings:
    """Return the settings of the judges' template: this environment, the kernels' below it, and our own rooms.

    Args:
        settings: Of the engine.
    """
    package = Path(autograder.__path__[0])
    rooms = [package / room for room in ("__init__.py", "judge", "kerasmodels", "checks", "kernels")]
    beside = package.parent / "transferlab"  # in a checkout it hides the installed one, which holds the same
    rooms += [beside] if beside.is_dir() else []
    preload = imported_ahead(settings.pages)
    return TemplateSettings(
        python=Path(sys.executable),
        entry=JUDGE_ENTRY,
        preload=preload,
        warm_up=warm_ups(preload),
        readable=(default_kernel_python().parent.parent, *rooms),
        pythonpath=(package.parent,),
        environment=JUDGE_ENVIRONMENT,
        isolation=settings.isolation,
        slots=_places(settings),
    )


def _places(settings: EngineSettings) -> int:
    """Count the children that a template may have at once: one more for the reference, which is asked for rarely."""
    return settings.slots + slow_places(settings.slots) + 1


def _with_data(settings: TemplateSettings, source: str) -> TemplateSettings:
    """Show a template's children the images and weights of the course."""
    files = data_files(source)
    return replace(
        settings,
        keras_cache=files.keras_cache,
        readable=(*settings.readable, *files.readable),
        environment={**settings.environment, **files.environment},
    )


class WarmEngine:
    """Runs and judges notebooks; thread-safe, one notebook at a time for each slot. Use as a context manager.

    Args:
        settings: How.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._templates: dict[str, Template] = {}
        self._starting = threading.Lock()
        self._lanes = Lanes(settings.slots, settings.limits.memory_mib, settings.limits.cell_cpu_seconds / 3)
        self._references: dict[str, dict[str, Outcome]] = {}
        self._reference_lock = threading.Lock()

    def __enter__(self) -> Self:
        """Start both templates; they warm up side by side.

        Raises:
            SandboxUnavailable: This machine refuses what sealing needs.
            TemplateFailed: An environment is incomplete.
        """
        try:
            for template in [self._start(kind, wait=False) for kind in ("kernels", "judges")]:
                template.wait_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._templates:
            self._templates.popitem()[1].close()

    def template_pids(self) -> tuple[int, ...]:
        """Process ids of the templates: first the kernels', then the judges'."""
        return tuple(self._templates[kind].pid for kind in ("kernels", "judges"))

    def _start(self, kind: str, *, wait: bool) -> Template:
        settings = self._settings
        if kind == "kernels":
            chosen = _with_data(
                kernel_settings(isolation=settings.isolation, slots=_places(settings)), settings.data_source
            )
        else:
            chosen = _with_data(judge_settings(settings), settings.data_source)
        self._templates[kind] = Template.start(chosen, wait=wait)
        return self._templates[kind]

    def _template(self, kind: str) -> Template:
        """Return a warm template; one that has died is started again, so that its death costs one notebook at most."""
        with self._starting:
            if kind not in self._templates:
                raise RuntimeError("the engine is not running; use it as a context manager")
            if not self._templates[kind].alive:
                self._templates[kind].close()
                self._start(kind, wait=True)
            return self._templates[kind]

    def grade(
        self,
        notebook: bytes,
        files: Mapping[str, bytes],
        exercise: Exercise,
        secret: bytes,
        answers: bytes = b"",
        *,
        in_full: str = "",
    ) -> Graded:
        """Run and judge one notebook.

        Args:
            notebook: As handed in.
            files: What lies beside it: relative path to content.
            exercise: Which exercise it answers.
            secret: The course secret.
            answers: What this very notebook answered under an earlier check page; it is run only if more is asked.
            in_full: Name of the check whose calls are all kept in its evidence; `*` for all checks.

        Returns:
            The verdict and the executed notebook.

        Raises:
            UnusableNotebook: The bytes are no notebook.
            JudgeFailed: The judge could not do its work; nothing is decided.
            TemplateFailed: A template died, and died again.
        """
        try:
            known = self._answered(answers, exercise, secret, in_full)
            return known or self._grade(notebook, files, exercise, secret, in_full)
        except TemplateFailed:
            # killed from outside, say for memory: nothing was decided, and a fresh one costs seconds
            return self._grade(notebook, files, exercise, secret, in_full)

    def _grade(
        self, notebook: bytes, files: Mapping[str, bytes], exercise: Exercise, secret: bytes, in_full: str = ""
    ) -> Graded:
        prepared = prepare_submitted(notebook, exercise)
        with self._lanes.place(exercise.name) as place:
            template = self._template("kernels")
            template.prepare(KEEP_DRAWN, image_draws(exercise.source, self._settings.data_source))
            run = NotebookRun(template, prepared, files, self._settings.limits, exercise.name, place)
            with run:
                recording = Recording(run, self._settings.answers_mib)
                judgement = self._judge(recording, exercise, secret, in_full)
                if not template.alive:  # then its kernels died with it, through no fault of the notebook
                    raise TemplateFailed("the kernels' template died while a notebook was judged; start another one")
        figures = {
            "student": run.student_cpu_seconds,
            "probe": run.probe_cpu_seconds,
            "judge": judgement.cpu_seconds,
            "fixed": run.start_cpu_seconds,
            "memory_mib": run.peak_memory_mib,
        }
        verdict = replace(self._verdict(judgement, exercise, secret, run.notes, figures), missing=tuple(run.missing))
        executed = nbformat.writes(prepared.notebook).encode()
        return Graded(verdict, executed, recording.packed(executed, run.notes, run.missing))

    def _answered(self, answers: bytes, exercise: Exercise, secret: bytes, in_full: str = "") -> Graded | None:
        """Judge by kept answers; None if there are none, or the checks do not ask just what they hold."""
        if not answers:
            return None
        try:
            replay = Replay(answers)
            with self._lanes.place(""):
                judgement = self._judge(replay, exercise, secret, in_full)
        except Diverged:
            return None
        if not replay.is_finished:  # cells would be shown as executed that these checks do not reach
            return None
        figures = {"student": 0.0, "probe": 0.0, "judge": judgement.cpu_seconds, "fixed": 0.0}
        verdict = self._verdict(judgement, exercise, secret, replay.notes, figures)
        return Graded(replace(verdict, missing=replay.missing), replay.notebook, answers)

    def _verdict(
        self,
        judgement: Judgement,
        exercise: Exercise,
        secret: bytes,
        notes: Sequence[str],
        figures: Mapping[str, float],
    ) -> Verdict:
        cells = self._decided(judgement, exercise, secret)
        rounded = {name: round(seconds, 3) for name, seconds in figures.items()}
        if judgement.held_up:
            notes = [*notes, f"The notebook was not run to its end, through no fault of its own: {judgement.held_up}."]
        return Verdict(
            exercise=exercise.name, cells=cells, notes=tuple(notes), held_up=judgement.held_up, figures=rounded
        )

    def _judge(self, run: Questioned, exercise: Exercise, secret: bytes, in_full: str = "") -> Judgement:
        key = hmac.digest(secret, f"draws/{exercise.name}".encode(), hashlib.sha256)
        task = replace(task_of(exercise, key, self._settings.data_source), in_full=in_full)
        template = self._template("judges")
        judgement = judge_notebook(template, run, task)
        template.prepare(KEEP_DRAWN, judgement.drawn)
        return judgement

    def _decided(self, judgement: Judgement, exercise: Exercise, secret: bytes) -> tuple[CellVerdict, ...]:
        """Group the results by cell; that a judge died stands undecided only if the reference kills it as well."""
        by_cell: dict[str, list[CheckResult]] = {grade_id: [] for grade_id in exercise.judged}
        for name, (cell, _) in judgement.planned.items():
            result = judgement.results[name][1]
            if (
                name in judgement.exhausted
                and self._reference(exercise, secret).get(name, Outcome.PASS) is not Outcome.ERROR
            ):
                result = _charged(result)
            by_cell[cell].append(result)
        return tuple(CellVerdict(grade_id, tuple(results)) for grade_id, results in by_cell.items())

    def _reference(self, exercise: Exercise, secret: bytes) -> dict[str, Outcome]:
        """Outcomes of the same checks with the same draws on the reference solution. Asked for rarely, made once."""
        digest = hashlib.sha256(
            secret + exercise.source + b"".join(page.read_bytes() for page in (*exercise.pages, *exercise.beside))
        ).hexdigest()
        with self._reference_lock:
            if digest not in self._references:
                prepared = prepare(read_notebook(exercise.source), exercise)
                with NotebookRun(self._template("kernels"), prepared, {}, self._settings.limits, exercise.name) as run:
                    judgement = self._judge(run, exercise, secret)
                self._references[digest] = {name: result.outcome for name, (_, result) in judgement.results.items()}
            return self._references[digest]


def _charged(result: CheckResult) -> CheckResult:
    """Turn an error that only this submission provokes into a failure."""
    message = (
        f"The check could not be carried out on what your code gave; with a right answer it can. {result.message}"
    ).strip()
    message = message.replace(A_PERSON_LOOKS, "").strip()
    return CheckResult(result.name, result.claim, Outcome.FAIL, 0.0, result.max_points, message, result.milliseconds)
