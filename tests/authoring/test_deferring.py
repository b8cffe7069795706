"""Cells before a mutant are left out until something needs what they leave; a fork without threads says so."""

import os
import time

import pytest

from autograder.authoring import forks, trying
from autograder.authoring.deferring import Deferred, Effects, names_of

NOTHING = Effects(trains=False, draws=False)


def test_names_are_those_of_the_notebook_and_not_of_its_functions():
    found = names_of(
        "import numpy as np\n"
        "def scale(rows, by=FACTOR):\n"
        "    inner = [row * by for row in rows]\n"
        "    return np.array(inner) + OFFSET\n"
        "total += 1\n"
        "for place in range(3):\n"
        "    table[place] = scale(given)\n"
    )
    assert found.leaves == {"np", "scale", "total", "place"}
    assert found.mentions == {"FACTOR", "OFFSET", "np", "range", "total", "table", "place", "scale", "given"}


@pytest.fixture
def cells():
    """Cells of a notebook that begins with two that have been run; the others are left out."""
    deferred, namespace = Deferred(), {}
    ran = ["import math\nSIZE = (3, 4)\nseen = []", "def area():\n    return math.prod(large)"]
    for place, source in enumerate(ran):
        exec(source, namespace)
        deferred.ran(place, source)
    for place, source in enumerate(
        [
            "large = [SIZE[0]] * 9",
            "print(SIZE)",
            "halved = large\nhalved[0] = 1",
            "halved.append(2)",
            "other = 1",
            "seen.append(1)",
        ],
        2,
    ):
        deferred.leave_out(place, source, NOTHING)
    return deferred, namespace


@pytest.mark.parametrize(
    ("code", "places"),
    [
        ("print(SIZE, math)", []),  # nothing that is done to these changes them
        ("other + 1", [6]),
        ("large[0]", [2, 4, 5]),  # what may have changed it, under whatever name
        ("area()", [2, 4, 5]),  # what a function needs when it is called
        ("len(seen)", [7]),
        ("print(", [2, 3, 4, 5, 6, 7]),
    ],
)
def test_what_code_needs_is_run_in_order(cells, code, places):
    deferred, namespace = cells
    assert deferred.needed_by(code, namespace) == places


def test_what_has_been_run_is_not_run_again(cells):
    deferred, namespace = cells
    deferred.ran(6, "other = 1")
    assert deferred.needed_by("other", namespace | {"other": 1}) == []
    assert deferred.places == [2, 3, 4, 5, 7]


@pytest.mark.parametrize("source", ["%%time\nother = 1", "print("])
def test_where_a_cell_cannot_be_read_everything_is_needed(cells, source):
    deferred, namespace = cells
    deferred.leave_out(8, source, NOTHING)
    assert deferred.needed_by("print(SIZE)", namespace) == [2, 3, 4, 5, 6, 7, 8]


def test_lines_for_ipython_are_no_hindrance():
    assert names_of("%matplotlib inline\n!ls\ntable = read(name)").leaves == {"table"}


def test_cells_that_train_or_draw_are_known():
    deferred = Deferred()
    deferred.leave_out(0, "fit()", Effects(trains=True, draws=False))
    deferred.leave_out(1, "plot()", Effects(trains=False, draws=True))
    assert (deferred.training(), deferred.drawing()) == ([0], [1])


def test_a_fork_that_leads_tells_what_it_finds_and_takes_its_own_forks_along(tmp_path):
    def never():
        (tmp_path / "pid").write_text(f"{os.getpid()}")
        time.sleep(60)

    def lead():
        yield from forks.run_forked([("one", lambda: 1), ("two", lambda: [2])], 1, 5)
        yield from forks.run_forked([("never", never)], 1, 99)

    found = forks.led(lead)
    assert [next(found), next(found)] == [["one", 1], ["two", [2]]]
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.01)
    found.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_forks_of_several_that_lead_share_their_slots(tmp_path):
    slots = forks.Slots(2)

    def work():
        begun = time.monotonic()
        time.sleep(0.3)
        return [begun, time.monotonic()]

    def lead(name):
        yield from forks.run_forked([(f"{name} {number}", work) for number in range(3)], slots, 5)

    came = dict(forks.led_together((lambda name=name: lead(name) for name in ("one", "two", "three")), 3))
    assert sorted(came) == [f"{name} {number}" for name in ("one", "three", "two") for number in range(3)]
    beginnings = [begun for begun, _ in came.values()]
    assert max(sum(begun <= at < ended for begun, ended in came.values()) for at in beginnings) == 2


def test_who_dies_gives_its_slot_back():
    slots = forks.Slots(1)

    def lead():
        slots.take()
        os._exit(1)
        yield

    assert list(forks.led_together([lead], 1)) == []
    assert slots.take() == 0
    assert slots.take() is None


class Run:
    """A run of a notebook whose second cell trains."""

    has_left_out_trainings = True

    def catch_up(self):
        self.has_left_out_trainings = False


def test_what_needs_threads_begins_once_more_and_after_two_nothing_else_of_that_cell_is_tried_without(monkeypatch):
    monkeypatch.setattr(trying, "LocalRun", lambda *_: Run())
    monkeypatch.setattr(trying, "_run_ahead", lambda *_: None)
    monkeypatch.setattr(trying, "_without_threads", lambda errand, run: errand.do(run))

    def needs_threads(run):
        return "with threads" if run.has_left_out_trainings else os._exit(1)

    def tells(run):
        return run.has_left_out_trainings

    errands = [trying.Errand(f"trains {place}", 1, needs_threads) for place in range(4)]
    errands += [trying.Errand("looks late", 1, tells), *(trying.Errand(f"looks {place}", 2, tells) for place in (1, 2))]
    bench = type("Bench", (), {"reference": None, "exercise": type("Exercise", (), {"name": ""})})
    found = dict(trying.run_errands(bench, errands, 1, 5))
    assert found == {
        **{f"trains {place}": "with threads" for place in range(4)},
        "looks late": True,  # after two that needed threads
        "looks 1": False,
        "looks 2": False,
    }


def test_what_a_leader_takes_along_when_it_dies_is_said(monkeypatch):
    monkeypatch.setattr(trying, "LocalRun", lambda *_: Run())
    monkeypatch.setattr(trying, "_run_ahead", lambda run, _, first: setattr(run, "first", first))
    monkeypatch.setattr(trying, "_from_here", lambda run, group, *_: os._exit(1) if run.first == 1 else _told(group))
    errands = [trying.Errand("gone", 1, lambda _: 1), trying.Errand("here", 2, lambda _: 2)]
    bench = type("Bench", (), {"reference": None, "exercise": type("Exercise", (), {"name": ""})})
    found = dict(trying.run_errands(bench, errands, 2, 5))
    assert found == {"here": 3, "gone": forks.Lost("the process died that was to try it")}


def _told(group):
    return iter([(errand.name, 3, None) for errand in group])
