"""The worker: bytes in, verdict out, whatever the notebook does. Real kernels, real judges, both sealed."""

import os
import signal
import threading
import time

import nbformat
import psutil
import pytest

from autograder.course.errors import JudgeFailed, UnusableNotebook
from autograder.grading.engine import WarmEngine
from autograder.judge.verdict import Outcome
from tests.worker.conftest import Make, notebook

SECRET = b"a secret for tests"
DOUBLE = """
@check("check_double", points=1)
def doubles(submission):
    '''`double` doubles.'''
    expect_array(submission.call("double", 4).returned(), np.array(8), "the answer")
"""
IMPORTS = "import numpy as np\n"
TWO = (
    IMPORTS
    + DOUBLE
    + """
@check("check_treble", points=1)
def trebles(submission):
    '''`treble` trebles.'''
    expect_array(submission.call("treble", 4).returned(), np.array(12), "the answer")
"""
)
RIGHT = {"double": "def double(n): return 2 * n", "treble": "def treble(n): return 3 * n"}


def outcomes(engine: WarmEngine, exercise: object, submitted: bytes) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in engine.grade(submitted, {}, exercise, SECRET).verdict.checks()}  # type: ignore[arg-type]


def test_a_right_notebook_gets_its_points_and_its_outputs(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(TWO, RIGHT | {"double": "def double(n): return 2 * n\nprint('ready')"})

    graded = engine.grade(made.source, {}, made, SECRET)

    assert graded.verdict.points == graded.verdict.max_points == 2
    executed = nbformat.reads(graded.notebook.decode(), as_version=4)
    assert executed.cells[0].outputs[0].text == "ready\n"
    assert executed.cells[1].outputs == []
    assert set(graded.verdict.figures) == {"student", "probe", "judge", "fixed", "memory_mib"}


def test_a_wrong_function_costs_its_own_point_only(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(TWO, RIGHT)

    found = outcomes(engine, made, notebook(RIGHT | {"double": "def double(n): return n"}))

    assert found == {"doubles": Outcome.FAIL, "trebles": Outcome.PASS}


def test_the_same_work_gets_the_same_verdict(engine: WarmEngine, exercise: Make) -> None:
    page = (
        IMPORTS
        + """
from hypothesis import given, strategies as st

@check("check_double", points=1)
@given(numbers=st.lists(st.integers(0, 99), max_size=9))
def doubles(submission, numbers):
    '''`double` doubles lists.'''
    expect_array(submission.call("double", numbers).returned(), 2 * np.array(numbers, dtype=np.int64), "the answer")
"""
    )
    made = exercise(page, {"double": "import numpy as np\ndef double(n): return 2 * np.array(n, dtype=int)"})
    wrong = notebook(
        {"double": "import numpy as np\ndef double(n): return 2 * np.array(n, dtype=int) if len(n) < 4 else n"}
    )

    first, second = (engine.grade(wrong, {}, made, SECRET).verdict.cell("check_double").checks[0] for _ in range(2))

    assert first.outcome is Outcome.FAIL
    assert first.message == second.message


@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("import os; os._exit(0)", "the kernel died"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "the kernel died"),
    ],
)
def test_a_kernel_that_dies_costs_only_its_culprit(engine: WarmEngine, exercise: Make, death: str, words: str) -> None:
    made = exercise(TWO, RIGHT)
    submitted = notebook({"double": RIGHT["double"], "treble": f"def treble(n): return 3 * n\n{death}"})

    verdict = engine.grade(submitted, {}, made, SECRET).verdict

    assert verdict.cell("check_double").points == 1
    assert verdict.cell("check_treble").points == 0
    assert words in " ".join([*verdict.notes, verdict.cell("check_treble").checks[0].message])


def test_memory_without_end_is_refused_and_the_rest_goes_on(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(TWO, RIGHT)
    bomb = "parts = []\nwhile True: parts.append(bytearray(10**8))"
    submitted = notebook({"double": f"{RIGHT['double']}\n{bomb}", "treble": RIGHT["treble"]})

    graded = engine.grade(submitted, {}, made, SECRET)

    assert graded.verdict.cell("check_treble").points == 1
    assert b"MemoryError" in graded.notebook or "memory" in " ".join(graded.verdict.notes)


def test_a_call_that_kills_the_kernel_costs_only_its_check(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(TWO, RIGHT)
    submitted = notebook({"double": "import os\ndef double(n): os._exit(3)", "treble": RIGHT["treble"]})

    verdict = engine.grade(submitted, {}, made, SECRET).verdict

    assert verdict.cell("check_double").points == 0
    assert "no answer came: the kernel died" in verdict.cell("check_double").checks[0].message.lower()
    assert verdict.cell("check_treble").points == 1


def test_an_endless_cell_is_stopped_and_the_rest_goes_on(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(TWO, RIGHT)
    submitted = notebook({"double": RIGHT["double"] + "\nwhile True: pass", "treble": RIGHT["treble"]})

    verdict = engine.grade(submitted, {}, made, SECRET).verdict

    assert verdict.points == 2
    assert any("`double` did not come to an end" in note and "endless loop" in note for note in verdict.notes)


def test_an_error_inside_a_check_is_one_of_the_course_whatever_provokes_it(engine: WarmEngine, exercise: Make) -> None:
    page = """
    @check("check_double", points=1)
    def doubles(submission):
        '''`double` doubles.'''
        {8: None}[submission.call("double", 4).returned()]
    """
    made = exercise(page, {"double": RIGHT["double"]})

    verdict = engine.grade(notebook({"double": "def double(n): return 'provoked'"}), {}, made, SECRET).verdict
    check = verdict.cell("check_double").checks[0]

    assert check.outcome is Outcome.ERROR
    assert verdict.undecided
    assert "KeyError" not in check.message
    assert "in doubles: KeyError: 'provoked'" in check.trace.splitlines()[0]
    assert "Traceback" not in check.message


def test_a_check_of_a_cell_that_does_not_exist_stops_the_run(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(TWO.replace("check_treble", "check_trebel"), RIGHT)

    with pytest.raises(JudgeFailed, match="there is no judged cell 'check_trebel'; did you mean 'check_treble'"):
        engine.grade(made.source, {}, made, SECRET)


def test_a_judge_that_dies_costs_the_check_it_died_in(engine: WarmEngine, exercise: Make) -> None:
    page = (
        TWO
        + """
@check("check_treble", points=1)
def dies_on_a_wrong_answer(submission):
    '''Our own mistake, provoked.'''
    import os
    if submission.call("treble", 1).returned() != 3:
        os._exit(1)
"""
    )
    made = exercise(page, RIGHT)

    verdict = engine.grade(notebook(RIGHT | {"treble": "def treble(n): return 0"}), {}, made, SECRET).verdict
    found = {check.name: check for check in verdict.checks()}

    assert {name: check.outcome for name, check in found.items()} == {
        "doubles": Outcome.PASS,
        "trebles": Outcome.FAIL,
        "dies_on_a_wrong_answer": Outcome.FAIL,
    }
    assert found["dies_on_a_wrong_answer"].message == (  # that a person will look is said of what is undecided only
        "The check could not be carried out on what your code gave; with a right answer it can. The judge did not come "
        "to an end on this check (memory, time, or a crash)."
    )


def test_a_judge_killed_from_outside_is_followed_by_one_that_tries_again(engine: WarmEngine, exercise: Make) -> None:
    page = (
        TWO
        + """
@check("check_treble", points=1)
def takes_its_time(submission):
    '''It takes its time.'''
    import time
    time.sleep(3)
"""
    )
    made = exercise(page, RIGHT)
    judges = psutil.Process(engine.template_pids()[1])
    killed = []

    def kill_judge() -> None:
        deadline = time.monotonic() + 30
        while not judges.children() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(1)  # on a quiet machine it is in the last check by then; the verdict is the same at any moment
        for child in judges.children():
            child.kill()
            killed.append(child.pid)

    killer = threading.Thread(target=kill_judge)
    killer.start()
    found = outcomes(engine, made, made.source)
    killer.join()

    assert killed
    assert found == {"doubles": Outcome.PASS, "trebles": Outcome.PASS, "takes_its_time": Outcome.PASS}


def test_a_page_that_cannot_be_read_is_no_verdict(engine: WarmEngine, exercise: Make) -> None:
    made = exercise("import nothing_of_this_name\n", RIGHT)

    with pytest.raises(JudgeFailed, match="before it had read its check pages"):
        engine.grade(made.source, {}, made, SECRET)


def test_bytes_that_are_no_notebook_are_refused_in_a_sentence(engine: WarmEngine, exercise: Make) -> None:
    with pytest.raises(UnusableNotebook):
        engine.grade(b"no notebook", {}, exercise(TWO, RIGHT), SECRET)


def test_files_beside_the_notebook_are_there(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(IMPORTS + DOUBLE, {"double": RIGHT["double"]})
    submitted = notebook({"double": "from helpers import double"})

    verdict = engine.grade(submitted, {"helpers.py": b"def double(n): return 2 * n"}, made, SECRET).verdict

    assert verdict.points == 1


def test_two_notebooks_at_once_do_not_meet(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(TWO, RIGHT)
    found: dict[int, float] = {}

    def grade(number: int) -> None:
        wrong = notebook(RIGHT | {"double": f"def double(n): return {2 if number % 2 else 3} * n"})
        found[number] = engine.grade(wrong, {}, made, SECRET).verdict.points

    threads = [threading.Thread(target=grade, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {0: 1.0, 1: 2.0, 2: 1.0, 3: 2.0}


def test_nothing_is_left_running(engine: WarmEngine, exercise: Make) -> None:
    made = exercise(IMPORTS + DOUBLE, {"double": RIGHT["double"]})
    escaping = (
        "import subprocess\nsubprocess.Popen(['sleep', '4711'], start_new_session=True)\ndef double(n): return 2 * n"
    )

    engine.grade(notebook({"double": escaping}), {}, made, SECRET)

    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any("4711" in process.info["cmdline"] for process in _processes()):
        time.sleep(0.05)
    assert not [process for process in _processes() if "4711" in process.info["cmdline"]]


def _processes() -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["cmdline"]) if process.info["cmdline"]]


def test_a_template_that_was_killed_is_started_again(exercise: Make) -> None:
    from autograder.grading.engine import EngineSettings

    made = exercise(IMPORTS + DOUBLE, {"double": RIGHT["double"]})
    with WarmEngine(EngineSettings(slots=1)) as engine:
        os.kill(engine.template_pids()[0], signal.SIGKILL)

        assert engine.grade(made.source, {}, made, SECRET).verdict.points == 1
