"""`autograder grade`: everything handed in for an assignment."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.progress import showing_progress
from autograder.commands.terminal import (
    NEEDS_ATTENTION,
    CourseOption,
    IsolationOption,
    ending_well,
    err,
    find_course,
    out,
    take_secret,
)
from autograder.commands.worker import InsecureOption, TlsCaOption, TlsCertOption, TlsKeyOption
from autograder.course.errors import CourseError
from autograder.report.visible import machine_text

if TYPE_CHECKING:
    from autograder.course.course import Course, Secret
    from autograder.grading.engines import Engine

_IN_FLIGHT = 256
"""Notebooks a cluster is sent at once, unless --jobs says otherwise."""
SLOTS_A_PROCESS = 10
"""Notebooks one process drives at once: its own part of each is about a twentieth, and holds Python's global lock."""

_MOST_NAMES = 6


def grade(
    assignment: Annotated[str, typer.Argument(help="The assignment, a folder in source/.", show_default=False)],
    *,
    student: Annotated[str, typer.Option("--student", help="Grade one student only.", show_default="all")] = "*",
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            min=1,
            help="Notebooks graded at once.",
            show_default="cores and a quarter; 256 on a cluster",
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", help="Grade on a running Dask cluster, e.g. tls://host:8786.", show_default="this machine"
        ),
    ] = None,
    tls_ca: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    insecure: InsecureOption = False,
    force: Annotated[bool, typer.Option("--force", help="Grade again what was graded before.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be graded, and why; run and write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: print one JSON object.")] = False,
    course: CourseOption = None,
    isolation: IsolationOption = None,
) -> None:
    """Grade everything handed in for an assignment that is not graded yet.

    Verdicts are kept as they are found: stopped anywhere, the same command goes on from there. Exit status: 0 when
    grading worked, 1 when some work could not be graded, 2 when the course cannot be used.

    Example: autograder grade transfer_learning --dry-run

    After a change to a check, a package or the course, --dry-run says how many notebooks would be judged again.
    """
    with ending_well():
        from autograder.course.sealed import reader

        found = find_course(course, isolation=isolation)
        reader().begin()  # a second of its own, while nbgrader is imported
        from autograder.classes.classrun import ClassRun
        from autograder.classes.verdicts import default_jobs
        from autograder.commands.class_results import is_unconfirmed, results_table, summary
        from autograder.grading.grader import LazyEngine

        if dry_run:
            _show_forecast(found, assignment, student, force=force, as_json=as_json)
            return
        if as_json:
            raise CourseError("--json shows what would be graded; use it with --dry-run.")
        secret = take_secret(found)
        at_once = jobs or (_IN_FLIGHT if scheduler else default_jobs())
        start = _starter(found, secret, scheduler, at_once, (tls_ca, tls_cert, tls_key), insecure=insecure)
        run = ClassRun(found, assignment, secret, jobs=at_once, force=force, engine=LazyEngine(found, at_once, start))
        with showing_progress(err, assignment) as progress:
            results = run.run(student, progress.step, progress.start)
        out.print(results_table(assignment, results))
        out.print(summary(results), highlight=False)
        stale = [result.row.student for result in results if result.row.has_stale_page]
        if stale:
            what = f"Feedback pages of {', '.join(stale)} are of an earlier state; make them anew with"
            again = f"`nbgrader generate_feedback {assignment} --force`."
            out.print(f"{what} {again}", markup=False, highlight=False, soft_wrap=True)
        if any(result.problem or is_unconfirmed(result) for result in results):
            raise typer.Exit(NEEDS_ATTENTION)


def _show_forecast(course: "Course", assignment: str, student: str, *, force: bool, as_json: bool) -> None:
    from autograder.classes.forecast import Forecast, foresee
    from autograder.course.secret import SECRET_NAME, SECRET_VARIABLE, Secret

    # where there is no secret yet there is no verdict either, and any will do: none is made before something is graded
    has_one = SECRET_VARIABLE in os.environ or (course.root / SECRET_NAME).exists()
    secret = course.secret(create=False) if has_one else Secret(os.urandom(32))
    entries = foresee(course, assignment, secret, student, force=force)
    if as_json:
        plain = [{"student": e.student, "notebook": e.notebook, "forecast": e.forecast, "why": e.why} for e in entries]
        typer.echo(machine_text({"assignment": assignment, "notebooks": plain}))
        return
    counted = Counter(entry.forecast for entry in entries)
    out.print(f"{assignment}: {len(entries)} notebooks. Nothing is run and nothing is written.", highlight=False)
    for forecast in Forecast:
        if counted[forecast]:
            out.print(f"  {counted[forecast]:5} {forecast}", markup=False, highlight=False)
    reasons = Counter((entry.forecast, entry.why) for entry in entries if entry.forecast is not Forecast.KNOWN)
    for (forecast, why), number in sorted(reasons.items(), key=lambda item: -item[1]):
        who = [entry.student for entry in entries if (entry.forecast, entry.why) == (forecast, why)]
        named = ", ".join(dict.fromkeys(who[:_MOST_NAMES])) + (" …" if len(who) > _MOST_NAMES else "")
        what = f"{forecast}, {why}" if why else str(forecast)
        out.print(f"{number} {what} ({named})", markup=False, highlight=False, soft_wrap=True)


def _starter(
    course: "Course",
    secret: "Secret",
    scheduler: str | None,
    jobs: int,
    files: tuple[Path | None, Path | None, Path | None],
    *,
    insecure: bool,
) -> "Callable[[Course, int], Engine] | None":
    """Choose what runs notebooks: a cluster, several processes of this machine, or (None) this process."""
    is_alone = jobs <= SLOTS_A_PROCESS or course.isolation.value == "off"  # --isolation is known to this process only
    if scheduler is None and is_alone:
        return None
    from autograder.classes.cluster import Certificates, ClusterEngine, cluster_security

    if scheduler is None:
        return lambda *_: ClusterEngine.on_this_machine(course, secret, jobs, SLOTS_A_PROCESS)
    security = cluster_security(scheduler, Certificates(*files), insecure=insecure)
    return lambda *_: ClusterEngine(course, secret, scheduler, security)
