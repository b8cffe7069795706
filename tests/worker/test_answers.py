"""A changed check page is judged by kept answers if it asks the same, and only then."""

import io
import json
import time
import zipfile
from dataclasses import replace

import nbformat
import pytest

from autograder.grading.answers import Diverged, Recording, Replay
from autograder.grading.engine import WarmEngine
from autograder.grading.engines import Graded
from autograder.judge.verdict import Outcome
from tests.worker.conftest import Make

SECRET = b"a secret for tests"
PAGE = """
import numpy as np

@check("check_double", points=1)
def doubles(submission):
    '''`double` doubles.'''
    expect_array(submission.call("double", 4).returned(), np.array(8), "the answer")
    expect_array(submission.call("double", 5).returned(), np.array(10), "the answer")

@check("check_weigh", points=1)
def weighs(submission):
    '''`weigh` gives an array.'''
    expect_array(submission.call("weigh", 3).returned(), np.ones(3), "the weights")
"""
COUNTING = {
    "double": "print('a line')\nasked = []\ndef double(n):\n    asked.append(n)\n    return 2 * n + (len(asked) == 3)",
    "weigh": "import numpy as np\ndef weigh(n): return np.ones(n)",
}


def grade(engine: WarmEngine, made: object, source: bytes, answers: bytes = b"") -> Graded:
    return engine.grade(source, {}, made, SECRET, answers)  # type: ignore[arg-type]


def was_run(graded: Graded) -> bool:
    return graded.verdict.figures["student"] + graded.verdict.figures["fixed"] > 0


@pytest.mark.parametrize(
    ("old", "new", "is_run", "outcomes"),
    [
        ("`double` doubles.", "`double` gives twice its input.", False, ["PASS", "PASS"]),
        ("np.array(10)", "np.array(11)", False, ["FAIL", "PASS"]),
        ('call("double", 5)', 'call("double", 6)', True, ["FAIL", "PASS"]),
        # Asked a third time this function adds one: an answer from memory would hide it.
        (
            'submission.call("double", 4).returned()',
            'submission.call("double", 5).returned() * submission.call("double", 4).returned() / 10',
            True,
            ["FAIL", "PASS"],
        ),
        ('submission.call("weigh", 3).returned(), np.ones(3)', "np.ones(3), np.ones(3)", True, ["PASS", "PASS"]),
    ],
    ids=["claim", "expectation", "another call", "one call more", "one call less"],
)
def test_a_changed_page_runs_the_notebook_only_if_it_asks_something_else(
    engine: WarmEngine, exercise: Make, old: str, new: str, is_run: bool, outcomes: list[str]
) -> None:
    first = exercise(PAGE, COUNTING)
    before = grade(engine, first, first.source)
    assert was_run(before)
    assert [check.outcome for check in before.verdict.checks()] == [Outcome.PASS] * 2

    exercise(PAGE.replace(old, new), COUNTING)  # writes the page anew
    after = grade(engine, first, first.source, before.answers)

    assert was_run(after) is is_run
    fresh = grade(engine, first, first.source)
    assert [check.outcome.value for check in after.verdict.checks()] == outcomes
    assert [(check.claim, check.message) for check in after.verdict.checks()] == [
        (check.claim, check.message) for check in fresh.verdict.checks()
    ]
    assert after.notebook == fresh.notebook
    assert nbformat.reads(after.notebook.decode(), as_version=4).cells[0].outputs[0].text == "a line\n"


def test_kept_answers_hold_what_a_limit_or_a_death_stopped(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(PAGE, COUNTING | {"double": "import os\ndef double(n): os._exit(1)"})
    before = grade(engine, made, made.source)

    after = grade(engine, made, made.source, before.answers)

    assert not was_run(after)
    assert [check.message for check in after.verdict.checks()] == [check.message for check in before.verdict.checks()]
    assert after.verdict.notes == before.verdict.notes


def test_damaged_answers_are_no_answers(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(PAGE, COUNTING)
    assert was_run(grade(engine, made, made.source, b"PK, but not for long"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("answers.json", json.dumps({"format": 0}))
    with pytest.raises(Diverged, match="these are no answers: it has another format"):
        Replay(stream.getvalue())


def test_more_than_may_be_kept_is_dropped(engine: WarmEngine, exercise: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_settings", replace(engine._settings, answers_mib=1))
    made = exercise(
        PAGE.replace('"weigh", 3).returned(), np.ones(3)', '"weigh", 300_000).returned(), np.ones(300_000)'), COUNTING
    )
    graded = grade(engine, made, made.source)
    assert graded.verdict.points == 2
    assert graded.answers == b""


def test_kept_answers_say_how_long_the_kernel_took():
    """A check that takes the time of a call must find the same time in a replay, which takes none."""

    class Slow:
        kernels, errors, held_up = 1, {}, ""

        def probe(self, content, buffers, cpu_seconds, wall_seconds):
            time.sleep(0.05)
            return {"waited_seconds": 1e9}, []

    recording = Recording(Slow(), 1)
    asked = {"op": "call"}, (), 1.0, 1.0
    first, _ = recording.probe(*asked)
    again, _ = Replay(recording.packed(b"", ())).probe(*asked)
    assert 0.05 <= first["waited_seconds"] < 60
    assert again == first


def test_a_check_that_takes_the_time_passes_by_kept_answers_as_well(engine: WarmEngine, exercise: Make) -> None:
    page = """
    @check("check_nap", points=1)
    def naps(submission):
        '''`nap` takes a while.'''
        answer = submission.call("nap")
        if not 0.3 <= answer.waited_seconds < 60:
            fail(f"it took {answer.waited_seconds} seconds")
    """
    nap = {"nap": "import time\ndef nap(): time.sleep(0.3)"}
    made = exercise(page, nap)
    before = grade(engine, made, made.source)
    exercise(page.replace("a while", "its time"), nap)
    after = grade(engine, made, made.source, before.answers)

    assert not was_run(after)
    for graded in (before, after):
        assert [(check.outcome, check.message) for check in graded.verdict.checks()] == [(Outcome.PASS, "")]
