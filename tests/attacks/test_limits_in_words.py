"""Each limit says in the student's words what it stopped, and what stood before keeps its points."""

import pytest

from autograder.judge.verdict import Outcome
from tests.attacks.light_course import HONEST, notebook

STOPPED = {
    "while True: pass": "The cell `model` did not come to an end: stopped after",
    "import time; time.sleep(60)": "stopped after 4 seconds of waiting; for something that never comes?",
    "hoard = []\nwhile True: hoard.append(bytes(range(256)) * 2**16)": "memory",
    "import numpy; numpy.ones(2**36)": "The cell `model` asked for more memory than there is for it (400 MiB).",
    "import time, threading\nwhile True: threading.Thread(target=time.sleep, args=(9,)).start()": (
        "The cell `model` started more than 80 processes and threads."
    ),
    "import subprocess\nwhile True: subprocess.Popen(['sleep', '9'])": (
        "The cell `model` started more than 80 processes and threads."
    ),
    "for n in range(9): open(f'big{n}', 'wb').write(bytes(2**23))": (
        "The cell `model` filled its disk: the files in each folder may take 32 MiB together."
    ),
    "while True: print('x' * 1000)": "The cell `model` did not come to an end: printed more than 1 MiB",
}


@pytest.mark.parametrize("code", STOPPED)
def test_a_limit_is_named_and_earlier_cells_keep_their_points(code, grade):
    verdict = grade(notebook(HONEST | {"model": code})).verdict

    found = {check.name: check.outcome for check in verdict.checks()}
    assert found == {
        "double_doubles": Outcome.PASS,
        "answer_is_the_sum": Outcome.PASS,
        "model_finds_the_largest": Outcome.FAIL,
    }
    assert STOPPED[code] in " ".join(verdict.notes)
