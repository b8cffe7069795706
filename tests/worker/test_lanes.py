"""Who takes far longer than others lets them pass, and loses nothing by it."""

import os
import subprocess
import sys
import threading
import time

import pytest

from autograder.grading.lanes import LEAST_KNOWN, Lanes, slow_places
from autograder.kernels.processes import give_way


def with_known(lanes, kind="exercise", seconds=1.0):
    for _ in range(LEAST_KNOWN):
        with lanes.place(kind) as place:
            place.lets_pass(seconds)
    return lanes


@pytest.fixture
def lanes():
    return with_known(Lanes(1, needed_mib=1))


def test_a_slow_notebook_gives_its_place_to_the_next(lanes):
    with lanes.place("exercise") as slow:
        assert not slow.lets_pass(1.4)
        assert slow.lets_pass(1.6)
        assert slow.lets_pass(0.0), "it stays there, also while a new kernel begins from nothing"
        done = threading.Event()

        def another():
            with lanes.place("exercise"):
                done.set()

        threading.Thread(target=another, daemon=True).start()
        assert done.wait(10)


def test_without_others_to_compare_with_nobody_is_slow(lanes):
    with lanes.place("another exercise") as place:
        assert not place.lets_pass(1000)


def test_where_the_slow_lane_is_full_a_notebook_keeps_its_place():
    lanes = with_known(Lanes(slow_places(1) + 1, needed_mib=1))
    lanes._free_slow = 1
    with lanes.place("exercise") as first, lanes.place("exercise") as second:
        assert first.lets_pass(9)
        assert not second.lets_pass(9)


def test_where_memory_is_short_nothing_more_begins():
    lanes = with_known(Lanes(1, needed_mib=1e9))
    with lanes.place("exercise") as place:
        assert not place.lets_pass(9)


def test_giving_way_reaches_every_thread_of_a_process():
    code = """
import threading, time
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print(1, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            time.sleep(0.1)
            give_way([process.pid, 2**22 + 1], known := set())
            threads = os.listdir(f"/proc/{process.pid}/task")
            assert len(threads) == 2
            assert [os.getpriority(os.PRIO_PROCESS, int(thread)) for thread in threads] == [19, 19]
            assert known == {(process.pid, str(os.getsid(process.pid)))}
        finally:
            process.kill()
