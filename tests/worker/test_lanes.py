"""Who takes far longer than others stands still while they need the cores, and loses nothing by it."""

import contextlib
import itertools
import os
import subprocess
import sys
import threading
import time

import pytest

from autograder.grading.lanes import LEAST_KNOWN, Lanes, slow_places
from autograder.kernels.processes import give_way, go_on, stand_still


def with_known(lanes, kind="exercise", seconds=1.0, steps=()):
    for _ in range(LEAST_KNOWN):
        with lanes.place(kind) as place:
            for number, step in enumerate(steps, 1):
                place.reaches(step)
                place.has_taken(number * seconds / (len(steps) + 1), 0.0)
            place.has_taken(seconds, 0.0)
    return lanes


@pytest.fixture
def lanes():
    return with_known(Lanes(1, needed_mib=1))


@pytest.fixture
def begun():
    """Begin notebooks that stay under way until the test is over."""
    with contextlib.ExitStack() as stack:
        yield lambda lanes, kind="exercise": stack.enter_context(lanes.place(kind))


def test_a_slow_notebook_stands_still_while_another_is_under_way_and_then_goes_on(lanes, begun):
    slow = begun(lanes)
    assert not slow.has_taken(1.4, 1.4)
    assert slow.has_taken(1.6, 1.6)
    assert slow.has_taken(0.0, 0.0), "it stays slow, also while a new kernel begins from nothing"
    assert slow.is_on(), "nobody else needs the core"
    with lanes.place("exercise") as fresh:
        assert fresh.is_on()
        assert not slow.is_on()
        assert not slow.wait(0.0)
    assert slow.wait(0.0)


def test_a_slow_notebook_is_known_by_the_step_it_does_not_come_beyond(begun):
    lanes = with_known(Lanes(1, needed_mib=1), seconds=30.0, steps=("first", "second"))
    place = begun(lanes)
    place.reaches("first")
    assert not place.has_taken(11.0, 11.0), "the first step takes 10 seconds"
    assert place.has_taken(16.0, 16.0), "half of what a whole one takes, and far more than that step"


def test_who_is_the_slower_of_two_lets_the_other_pass(lanes, begun):
    slower, slow = begun(lanes), None
    slower.has_taken(50.0, 50.0)
    slow = begun(lanes)
    slow.has_taken(2.0, 2.0)
    assert slow.is_on()
    assert not slower.is_on()
    slow.has_taken(99.0, 99.0)
    assert slower.is_on()
    assert not slow.is_on()


def test_a_slow_notebook_that_only_waits_takes_nobody_a_core(lanes, begun, monkeypatch):
    clock = itertools.count(100.0, 5.0)
    monkeypatch.setattr("autograder.grading.lanes.time.monotonic", lambda: next(clock))
    waiting, computing = begun(lanes), None
    for seconds in (2.0, 4.0, 6.0):
        waiting.has_taken(seconds, 0.0)
    computing = begun(lanes)
    for seconds in (10.0, 20.0):
        computing.has_taken(seconds, seconds)
    assert computing.is_on()


def test_where_nothing_is_known_whoever_has_taken_most_lets_others_begin(begun):
    lanes = Lanes(1, needed_mib=1, unknown_seconds=5.0)
    first = begun(lanes)
    assert not first.has_taken(4.0, 4.0)
    assert not first.has_taken(6.0, 6.0), "that it is slow is not known"
    second = begun(lanes)
    assert second.is_on()
    assert not first.is_on()
    second.has_taken(12.0, 12.0)
    assert first.is_on()
    assert not second.is_on()


def test_once_it_is_known_what_is_usual_the_first_ones_are_not_slow(begun):
    lanes = Lanes(1, needed_mib=1, unknown_seconds=5.0)
    first = begun(lanes)
    first.has_taken(20.0, 20.0)
    with_known(lanes, seconds=30.0)
    assert first.level == 0


def test_not_more_begin_than_there_is_room_for(begun):
    lanes = with_known(Lanes(1, needed_mib=1))
    for _ in range(1 + slow_places(1)):
        begun(lanes).has_taken(9.0, 9.0)
    assert not lanes._room()


def test_where_memory_is_short_nothing_more_begins_beside_a_slow_one(begun):
    lanes = with_known(Lanes(1, needed_mib=1e9))
    place = begun(lanes)
    place.has_taken(9.0, 9.0)
    assert not lanes._room()
    assert place.is_on(), "and the slow one goes on"


def test_a_notebook_waits_for_room_and_begins_when_there_is_some(lanes):
    done = threading.Event()

    def another():
        with lanes.place("exercise"):
            done.set()

    with lanes.place("exercise") as slow:
        thread = threading.Thread(target=another, daemon=True)
        thread.start()
        slow.has_taken(9.0, 9.0)
        assert done.wait(60)
    thread.join(60)


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


def state(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


def becomes(pid, states):
    deadline = time.monotonic() + 60
    while state(pid) not in states and time.monotonic() < deadline:
        time.sleep(0.005)
    return state(pid)


def test_a_tree_stands_still_and_goes_on_but_for_what_it_has_stopped_itself():
    code = """
import os, signal, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
stopped = subprocess.Popen([sys.executable, "-c", "while True: pass"])
os.kill(stopped.pid, signal.SIGSTOP)
os.waitid(os.P_PID, stopped.pid, os.WSTOPPED | os.WNOWAIT)
print(child.pid, stopped.pid, flush=True)
while True: pass
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        pids = [process.pid, *map(int, process.stdout.readline().split())]
        try:
            still = stand_still([process.pid])
            assert set(still) == set(pids[:2])
            assert [becomes(pid, "T") for pid in pids] == ["T", "T", "T"]
            go_on(still | {2**22 + 1: "0"})
            assert [becomes(pid, "RS") in "RS" for pid in pids[:2]] == [True, True]
            assert state(pids[2]) == "T", "its own doing"
            go_on({process.pid: "another process of that number"})
        finally:
            for pid in pids:
                os.kill(pid, 9)
