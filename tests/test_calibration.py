"""A threshold follows from its evidence, and the evidence on file is that of the thresholds in force."""

import functools
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import transferlab
from autograder.authoring.pages import CHECKS
from autograder.calibration import evidence, page, run
from autograder.calibration.bounds import BAND, RISK, GateFigures, gate_figures
from autograder.calibration.journal import CalibrationTask, Journal, Measured
from autograder.calibration.training import Cut, Draw, predicted
from autograder.course.exercise import CALIBRATION
from autograder.judge.thresholds import gate
from transferlab import course_sources

RIGHT = {"steady": [0.92, 0.93, 0.94, 0.93, 0.92], "wider": [0.90, 0.94, 0.92, 0.95, 0.91]}
WRONG = {"guessing": [0.50, 0.52, 0.48, 0.51, 0.49], "lucky": [0.70, 0.90, 0.80, 0.95, 0.60]}


def test_the_threshold_lets_every_right_solution_through() -> None:
    figures = gate_figures("gate", RIGHT, WRONG)

    assert figures.threshold + BAND <= min(arm.lower_bound() for arm in figures.right)
    assert figures.failing_right <= RISK


def test_a_wider_spread_lowers_the_threshold() -> None:
    narrow = gate_figures("gate", {"steady": RIGHT["steady"]}, WRONG)

    assert gate_figures("gate", RIGHT, WRONG).threshold < narrow.threshold


def test_the_share_of_stopped_wrong_solutions_is_counted() -> None:
    figures = gate_figures("gate", {"steady": RIGHT["steady"]}, WRONG)

    assert [figures.stopped(arm) for arm in figures.wrong] == [
        1.0,
        pytest.approx(0.6) if figures.threshold < 0.9 else pytest.approx(0.8),
    ]


def test_two_seeds_are_no_evidence() -> None:
    with pytest.raises(ValueError, match="at least 3 seeds"):
        gate_figures("gate", {"short": [0.9, 0.9]}, {})


SOLUTIONS = {file.parent.name: file for file in sorted(CHECKS.glob(f"*/{CALIBRATION}"))}
"""Of every exercise that has accuracy gates."""
MEASURED = [
    (exercise, source, gate.name)
    for exercise, file in SOLUTIONS.items()
    for source in course_sources()
    if (one := evidence.read(file.parent, source))
    for gate in one.gates
]
"""Every gate with evidence; one that an exercise has only proposed has none yet."""
EXERCISE = next(iter(SOLUTIONS))


def figures_of(exercise: str, source: str, name: str) -> GateFigures:
    return next(gate for gate in evidence.read(CHECKS / exercise, source).gates if gate.name == name)


def test_every_gate_has_evidence_for_the_usual_source() -> None:
    gates = {(exercise, name) for exercise, file in SOLUTIONS.items() for name in run.load_solutions(file).GATES}
    assert {(exercise, name) for exercise, source, name in MEASURED if source == "sketches"} == gates


@pytest.mark.parametrize(("exercise", "source", "name"), MEASURED)
def test_the_thresholds_in_force_follow_from_the_evidence_on_file(exercise: str, source: str, name: str) -> None:
    figures = figures_of(exercise, source, name)
    page = str(CHECKS / exercise / "page.py")

    assert gate(page, name, source).threshold == pytest.approx(figures.threshold)
    assert gate(page, name, source).band == BAND
    assert figures.failing_right <= RISK


@pytest.mark.parametrize(("exercise", "source", "name"), MEASURED)
def test_the_gates_stop_what_learnt_nothing_from_the_pretraining(exercise: str, source: str, name: str) -> None:
    figures = figures_of(exercise, source, name)

    stopped = {arm.name: figures.stopped(arm) for arm in figures.wrong}
    random = next(share for arm, share in stopped.items() if arm.startswith("random backbone"))
    assert stopped["shuffled labels"] == 1.0
    assert random == 1.0


def test_a_gate_that_nobody_measured_says_what_to_do() -> None:
    with pytest.raises(KeyError, match="the gate luck has no threshold for sketches; run `autograder cal"):
        gate(str(SOLUTIONS[EXERCISE]), "luck", "sketches")


def test_the_page_on_file_is_that_of_the_evidence(project_root: Path, tmp_path: Path) -> None:
    written = page.write(tmp_path, [file.parent for file in SOLUTIONS.values()])

    assert (tmp_path / "calibration.md").read_text() == (project_root / "docs" / "calibration.md").read_text()
    for path in written:
        assert (project_root / "docs" / path.name).is_file(), f"commit docs/{path.name}"


def test_a_proposed_gate_is_no_evidence(tmp_path: Path) -> None:
    path = evidence.write(tmp_path, "sketches", [gate_figures("a", RIGHT, WRONG)], 1.0)
    record = json.loads(path.read_text())
    record["gates"]["b"] = {"threshold": 0.5, "band": 0.005, "right": {"reference": [0.8]}, "wrong": {}}
    path.write_text(json.dumps(record))

    assert [found.name for found in evidence.read(tmp_path, "sketches").gates] == ["a"]


def test_a_picture_is_told_in_words() -> None:
    told = [evidence.Evidence("one", "sketches", (gate_figures("gate", RIGHT, WRONG),), {}, 0.0)]

    assert page.describe(told).startswith("Every run as a dot, right solutions above wrong ones. one/gate: right solut")
    assert "reached in some runs by: lucky." in page.describe(told)


def test_evidence_goes_to_its_file_and_comes_back(tmp_path: Path) -> None:
    first, second = gate_figures("a", RIGHT, WRONG), gate_figures("b", RIGHT, WRONG)
    evidence.write(tmp_path, "sketches", [first, second], 9.5)
    evidence.write(tmp_path, "sketches", [second], 10.5)

    found = evidence.read(tmp_path, "sketches")
    assert found.gates == (first, second)
    assert (found.exercise, found.cpu_seconds) == (tmp_path.name, 10.5)
    assert '"steady": [0.92, 0.93, 0.94, 0.93, 0.92]' in (tmp_path / "thresholds_sketches.json").read_text()


ONE = {EXERCISE: SOLUTIONS[EXERCISE]}
TASKS = run.tasks(ONE, "sketches", 3)
DONE = Measured({"reference": {"feature": 0.9}}, 1.0)


def process_id(task: CalibrationTask) -> Measured:
    """Stands in for a training: says where it took place."""
    return Measured({"reference": {"feature": float(os.getpid())}}, float(task.seed))


def test_no_process_serves_more_than_four_seeds_and_all_come_to_an_end() -> None:
    tasks = run.tasks(ONE, "sketches", 5)

    found = dict(run._in_processes(tasks, 1, process_id))  # as `measure` does it, without the training

    assert {task: one.cpu_seconds for task, one in found.items()} == {task: float(task.seed) for task in tasks}
    served = Counter(one.accuracies["reference"]["feature"] for one in found.values())
    assert os.getpid() not in served
    assert max(served.values()) <= 4


def measured_again(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> list[CalibrationTask]:
    """Which tasks a run would train, without training."""
    asked: list[CalibrationTask] = []

    def instead(missing: list[CalibrationTask], jobs: int, work: object) -> list[tuple[CalibrationTask, Measured]]:
        asked.extend(missing)
        return [(task, DONE) for task in missing]

    monkeypatch.setattr(run, "_in_processes", instead)
    found = run.measure(TASKS, journal, 2, lambda done, total: None, functools.partial(run.train, ONE))
    assert list(found) == TASKS
    return asked


def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "journal.jsonl"
    Journal(path, ONE).add(TASKS[1], DONE)
    with path.open("a") as file:
        file.write('{"exercise": "exercise, "sour')  # killed while it wrote

    assert measured_again(Journal(path, ONE), monkeypatch) == [TASKS[0], TASKS[2]]


def test_nothing_finished_is_done_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "journal.jsonl", ONE)
    measured_again(journal, monkeypatch)

    assert measured_again(journal, monkeypatch) == []


def test_other_code_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured_again(Journal(tmp_path / "journal.jsonl", ONE), monkeypatch)
    changed = tmp_path / CALIBRATION
    changed.write_bytes(ONE[EXERCISE].read_bytes() + b"OTHER = 1\n")

    assert measured_again(Journal(tmp_path / "journal.jsonl", {EXERCISE: changed}), monkeypatch) == TASKS


def test_a_new_solution_is_measured_alone_and_the_others_keep_their_figures(tmp_path: Path) -> None:
    solutions = run.load_solutions(ONE[EXERCISE])
    new, (first, *_) = list(solutions.RIGHT)[-1], solutions.GATES
    tasks = run.tasks(SOLUTIONS, "sketches", 3, [new])
    assert {(task.exercise, task.only) for task in tasks if task.exercise == EXERCISE} == {(EXERCISE, (new,))}
    tasks = [task for task in tasks if task.exercise == EXERCISE]
    journal = Journal(tmp_path / "journal.jsonl", ONE)
    journal.add(tasks[0], DONE)
    assert list(journal.read()) == [tasks[0]]  # and not those of all solutions

    measured = Measured({new: dict.fromkeys(solutions.GATES, 0.91)}, 1.0)
    on_file = evidence.read(ONE[EXERCISE].parent, "sketches").gates
    gates = run.gates(ONE[EXERCISE], "sketches", [measured] * len(tasks), on_file)
    arms = {gate.name: {arm.name: arm.accuracies for arm in gate.right} for gate in gates}
    kept = {arm.name: arm.accuracies for arm in figures_of(EXERCISE, "sketches", first).right}
    assert arms[first] == kept | {new: (0.91, 0.91, 0.91)}


def test_runs_that_the_notebook_itself_refuses_are_no_evidence(tmp_path: Path) -> None:
    file = tmp_path / "_calibration.py"
    file.write_text(
        "GATES, WRONG = ['a'], {'random': None}\nRIGHT = {'usual': None, 'slips once': None, 'does not suit': None}\n"
        "def least_shown(source):\n    return {'sketches': 0.85, 'cifar10': 0.7}[source]\n"
    )
    accuracies = {"usual": [0.8, 0.82, 0.81, 0.8], "slips once": [0.79, 0.55, 0.8, 0.78], "random": [0.5] * 4}
    accuracies["does not suit"] = [0.6, 0.72, 0.65, 0.62]
    measured = [Measured({arm: {"a": runs[seed]} for arm, runs in accuracies.items()}, 1.0) for seed in range(4)]

    (gate,) = run.gates(file, "cifar10", measured)

    assert {arm.name: arm.accuracies for arm in gate.right} == {
        "usual": (0.8, 0.82, 0.81, 0.8),
        "slips once": (0.79, 0.8, 0.78),
    }


def test_a_solution_that_there_is_not_is_said_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="no solution 'reference 2'; did you mean 'reference'"):
        run.tasks(SOLUTIONS, "sketches", 3, ["reference 2"])


@pytest.mark.parametrize("unfrozen_layers", [0, 2, 8])
def test_a_cut_backbone_computes_what_the_whole_one_does(unfrozen_layers: int) -> None:
    drawn = Draw.make("sketches", 1, classes=("house", "car"), training=4, validation=1, hidden=1)
    whole = transferlab.load_backbone("mini_vgg")
    expected = predicted(whole, drawn.training[0])
    cut = Cut(drawn, "mini_vgg", unfrozen_layers)
    cut.unfreeze()

    maps = cut.maps("training")
    found = maps if cut.above is None else predicted(cut.above, maps)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    learning = [] if cut.above is None else [layer for layer in cut.above.layers if layer.trainable_weights]
    assert len(learning) == unfrozen_layers


@pytest.mark.parametrize("exercise", SOLUTIONS)
def test_each_exercise_has_right_solutions_and_wrong_ones(exercise: str) -> None:
    solutions = run.load_solutions(SOLUTIONS[exercise])

    assert len(solutions.RIGHT) >= 3
    assert {"from scratch", "shuffled labels", "rescaled twice"} < set(solutions.WRONG)
    assert not set(solutions.RIGHT) & set(solutions.WRONG)
