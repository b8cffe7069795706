"""The pytest plugin that turns a check page into results: collection, order, seeds, outcomes.

One pytest session drives one notebook. Checks are grouped by judged cell in notebook order; before the first check of
a cell the notebook is run up to it, so each cell is judged on the state it has then.
"""

import functools
import hashlib
import hmac
import inspect
import random
import time
import traceback
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from typing import Any

import hypothesis
import pytest
from hypothesis.errors import Flaky, HypothesisException
from hypothesis.internal.conjecture import providers

import transferlab
from autograder.judge.channel import ChannelClosed
from autograder.judge.checking import CheckSettings, Failed, Undecided, sentence
from autograder.judge.evidence import as_plain
from autograder.judge.submission import Stopped, Submission
from autograder.judge.verdict import A_PERSON_LOOKS, Outcome
from autograder.judge.wording import plain_words

MAX_CALLS_WHILE_SHRINKING = 40
STAND_INS = "_stand_ins.py"
"""Beside a page: functions that are right, for cells whose own function lost points where it was judged."""

PROFILE = "judge"

hypothesis.settings.register_profile(
    PROFILE,
    max_examples=12,
    database=None,
    deadline=None,
    derandomize=False,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate, hypothesis.Phase.shrink],
)

# Hypothesis mixes constants from the sources of all modules at hand into what it draws. Draws must not change with a
# line of code elsewhere, and reading those sources would cost every notebook a fifth of a CPU-second.
providers._get_local_constants = lambda: providers._local_constants  # noqa: SLF001


def seed_for(key: bytes, name: str) -> int:
    """Derive the seed of a check's draws from the course secret: unknown to students, the same next year.

    Args:
        key: The exercise's key, itself derived from the course secret.
        name: Name of the check.
    """
    return int.from_bytes(hmac.digest(key, name.encode(), hashlib.sha256)[:6], "big")


class JudgePlugin:
    """Runs the checks of one page against one submission.

    Args:
        submission: The submission.
        key: Key for the draws.
        cells: grade_ids of the judged cells in notebook order.
        decided: Results of an earlier session of the same run that must not be repeated, by check name.
        tell: Called with a message for the worker: what is planned, what is started, what is decided.
        data_source: Where the course's images come from.
        left_out: grade_ids of judged cells that are not judged this time.
    """

    def __init__(
        self,
        submission: Submission,
        key: bytes,
        cells: Sequence[str],
        decided: Mapping[str, Outcome],
        tell: Callable[[dict[str, Any]], None],
        data_source: str,
        left_out: Collection[str] = (),
    ) -> None:
        hypothesis.settings.load_profile(PROFILE)  # before any page is imported: its checks take the settings of then
        self._submission = submission
        self._key = key
        self._cells, self._left_out = list(cells), frozenset(left_out)
        self._outcomes = dict(decided)
        self._decided = frozenset(decided)
        self._tell = tell
        self._data = transferlab.course_data(data_source)
        self._reached: str | None = None
        self._cell_of: dict[str, str] = {}
        self._started = 0.0
        self.problems: list[str] = []
        """Why a page could not be collected, if so."""
        self.shrinks = True
        """Whether a smaller input is sought for which a check fails as well."""
        self.stops_early = False
        """Whether the first check that does not pass is enough."""
        self.in_full = ""
        """Name of the check whose calls are all kept; `*` for all checks."""
        self.watch: Callable[[str, BaseException], None] | None = None
        """Called with the name of each check that does not pass, and what it raised."""

    @pytest.fixture(scope="session")
    def submission(self) -> Submission:
        """The submission, as check pages know it."""
        return self._submission

    @pytest.fixture(scope="session")
    def data(self) -> transferlab.CourseData:
        """Images and backbones of the course."""
        return self._data

    @pytest.fixture(scope="session")
    def draw_seed(self) -> Callable[[str], int]:
        """A function that gives a secret seed for a purpose."""
        return functools.partial(seed_for, self._key)

    def pytest_pycollect_makeitem(self, collector: pytest.Module, name: str, obj: object) -> Any:
        """Collect functions that carry `check_settings` and nothing else."""
        if not inspect.isfunction(obj):
            return None
        if isinstance(getattr(obj, "check_settings", None), CheckSettings) and obj.__module__ == collector.obj.__name__:
            return pytest.Function.from_parent(collector, name=name)
        return []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Order the checks by cell, leave out what is decided, and seed every draw."""
        settings = {item: settings_of(item) for item in items}
        everything = [item for item in items if settings[item].cell in self._cells]
        nowhere = {
            item.name: settings[item].cell
            for item in items
            if settings[item].cell not in {*self._cells, *self._left_out}
        }
        everything.sort(key=lambda item: self._cells.index(settings_of(item).cell))
        self._cell_of = {item.name: settings_of(item).cell for item in everything}
        items[:] = [item for item in everything if item.name not in self._decided]
        for item in items:
            self._seed(item)
        self._tell({"do": "planned", "checks": [self._plan(item) for item in everything], "nowhere": nowhere})

    def _seed(self, item: pytest.Item) -> None:
        function = item.obj  # type: ignore[attr-defined]
        inner = getattr(getattr(function, "hypothesis", None), "inner_test", None)
        if inner is None:
            return
        hypothesis.seed(seed_for(self._key, item.name))(function)
        if not self.shrinks:
            found = function._hypothesis_internal_use_settings  # noqa: SLF001 (where `@settings` keeps them)
            phases = [phase for phase in found.phases if phase is not hypothesis.Phase.shrink]
            function._hypothesis_internal_use_settings = hypothesis.settings(found, phases=phases)  # noqa: SLF001

        @functools.wraps(inner)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return inner(*args, **kwargs)
            except Failed:
                self._submission.shrink_at_most(MAX_CALLS_WHILE_SHRINKING)
                raise

        function.hypothesis.inner_test = guarded

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what is wrong with a page itself."""
        if report.failed:
            self.problems.append(str(report.longrepr))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Start one check.

        What a check comes to is told at once, so it survives whatever happens to the next one.
        """
        self._started = time.perf_counter()
        self._tell({"do": "started", "name": item.name})

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Run the check and turn what it raises into an outcome."""
        settings = settings_of(item)
        self._submission.begin_check(in_full=self.in_full in (item.name, "*"))
        # Keras draws initial arrays and the seeds of dropout from Python's generator: the same each time, so that kept
        # answers of a kernel still fit the questions.
        random.seed(seed_for(self._key, f"arrays/{item.name}"))
        try:
            if self._reached != settings.cell:
                self._prepare_for_wrong_functions(item)
                self._submission.run_until(settings.cell)
                self._reached = settings.cell
            result = yield
        except Failed as problem:
            self._look_at(item, problem)
            led = self._submission.led_by_cells(problem)
            self._conclude(item, Outcome.FAIL, sentence(led, settings.hint), problem=problem)
        except Stopped as stopped:
            self._conclude(item, Outcome.FAIL, f"The kernel gave no answer: {stopped.reason}.")
        except Flaky:
            two = "Same input, two answers: called twice with the same arguments it answered differently."
            # a call that did not come to an end is not made again, which hypothesis takes for a second answer
            unanswered = self._submission.stopped
            self._conclude(
                item, Outcome.FAIL, sentence(unanswered, settings.hint) if unanswered else two, problem=unanswered
            )
        except Undecided as undecided:
            said = f"{undecided} {A_PERSON_LOOKS}".strip()
            self._conclude(item, Outcome.ERROR, said, gave_up=_trace(item, undecided))
        except (ChannelClosed, KeyboardInterrupt):
            raise
        except (MemoryError, RecursionError) as error:  # as when it dies: large or deep answers can do that to it
            self._look_at(item, error)
            self._conclude(
                item,
                Outcome.ERROR,
                f"{A_PERSON_LOOKS} ({type(error).__name__})",
                exhausted=True,
                gave_up=_where(item, error),
            )
        except (Exception, HypothesisException) as error:  # noqa: BLE001 (whatever a check raises becomes an outcome)
            self._look_at(item, error)
            trace = _trace(item, error)
            self._conclude(item, Outcome.ERROR, A_PERSON_LOOKS, trace=trace, gave_up=trace)
        else:
            self._conclude(item, Outcome.PASS, "")
            return result
        return None

    def _prepare_for_wrong_functions(self, item: pytest.Item) -> None:
        """Do what the page of a check wants done about functions that lost points, before cells that use them are run.

        `STAND_INS` says, for a judged cell, which functions are replaced by those of `_stand_ins.py` beside the page,
        and where they were judged; `OWN_CALLS` likewise, of which functions it is noted what the cells get from them.
        Several cells are a tuple.
        """
        for wish, operation in (("STAND_INS", "stand_in"), ("OWN_CALLS", "note_calls")):
            wanted = getattr(item.module, wish, {}).get(settings_of(item).cell, {})  # type: ignore[attr-defined]
            for function, judged in wanted.items():
                cells = (judged,) if isinstance(judged, str) else judged
                checks = [name for name, cell in self._cell_of.items() if cell in cells]
                if any(self._outcomes.get(name) is not Outcome.PASS for name in checks):
                    code = {"code": item.path.with_name(STAND_INS).read_text()} if operation == "stand_in" else {}
                    self._submission.probe({"op": operation, "name": function, **code})

    def _conclude(
        self,
        item: pytest.Item,
        outcome: Outcome,
        message: str,
        *,
        trace: str = "",
        exhausted: bool = False,
        problem: Failed | None = None,
        gave_up: str = "",
    ) -> None:
        self._outcomes[item.name] = outcome
        if self.stops_early and outcome is not Outcome.PASS:
            item.session.shouldstop = "one is enough"
        settings = settings_of(item)
        decided = {
            "outcome": outcome.value,
            "points": settings.points if outcome is Outcome.PASS else 0.0,
            "message": plain_words(message),
            "milliseconds": round(1_000 * (time.perf_counter() - self._started)),
            "trace": trace,
            "evidence": as_plain(self._submission.witness.evidence(seed_for(self._key, item.name), problem, gave_up)),
        }
        plan = self._plan(item)
        self._tell({"do": "result", "grade_id": plan.pop("grade_id"), "result": plan | decided, "exhausted": exhausted})

    def _look_at(self, item: pytest.Item, error: BaseException) -> None:
        if self.watch is not None:
            self.watch(item.name, error)

    @staticmethod
    def _plan(item: pytest.Item) -> dict[str, Any]:
        """What is known of a check before it is tried."""
        settings = settings_of(item)
        function = item.obj  # type: ignore[attr-defined]
        return {
            "grade_id": settings.cell,
            "name": item.name,
            "claim": inspect.cleandoc(function.__doc__).splitlines()[0],
            "outcome": Outcome.ERROR.value,
            "points": 0.0,
            "max_points": settings.points,
        }


def _where(item: pytest.Item, error: BaseException) -> str:
    """Say it in one line: there may be neither memory nor room on the stack for more."""
    return f"{type(error).__name__} in {item.name}"


def _trace(item: pytest.Item, error: BaseException) -> str:
    """Say where on the page an error is, and what it says, in one line; then its traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    on_page = [frame for frame in frames if frame.filename == str(item.path)]
    where = f"{item.path.name}, line {on_page[-1].lineno}" if on_page else item.path.name
    ours = frames[frames.index(on_page[0]) :] if on_page else frames
    said = traceback.format_exception_only(error)
    return "".join([f"{where}, in {item.name}: {said[0]}", *traceback.format_list(ours)[-20:], *said])[:6_000]


def settings_of(item: pytest.Item) -> CheckSettings:
    """Return what the `check` decorator said about a collected check."""
    settings: CheckSettings = item.obj.check_settings  # type: ignore[attr-defined]
    return settings
