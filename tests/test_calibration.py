"""A threshold follows from its evidence, and the evidence on file is that of the thresholds in force."""

import importlib
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import transferlab
from autograder.calibration import evidence, page, run
from autograder.calibration.bounds import BAND, RISK, GateFigures, gate_figures
from autograder.calibration.journal import Journal, Measured, Task
from autograder.calibration.training import Cut, Draw, predicted
from autograder.checks.thresholds import gate
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


MEASURED = [
    (one.source, gate.name) for source in course_sources() if (one := evidence.read(source)) for gate in one.gates
]
"""Every gate with evidence; one that an exercise has only proposed has none yet."""


def figures_of(source: str, name: str) -> GateFigures:
    return next(gate for gate in evidence.read(source).gates if gate.name == name)


def test_exercise_1_has_evidence() -> None:
    assert {("sketches", "exercise_1/feature"), ("sketches", "exercise_1/fine_tuned")} <= set(MEASURED)


@pytest.mark.parametrize(("source", "name"), MEASURED)
def test_the_thresholds_in_force_follow_from_the_evidence_on_file(source: str, name: str) -> None:
    figures = figures_of(source, name)

    assert gate(name, source).threshold == pytest.approx(figures.threshold)
    assert gate(name, source).band == BAND
    assert figures.failing_right <= RISK


@pytest.mark.parametrize(("source", "name"), MEASURED)
def test_the_gates_stop_what_learnt_nothing_from_the_pretraining(source: str, name: str) -> None:
    figures = figures_of(source, name)

    stopped = {arm.name: figures.stopped(arm) for arm in figures.wrong}
    random = next(share for arm, share in stopped.items() if arm.startswith("random backbone"))
    assert stopped["shuffled labels"] == 1.0
    assert random == 1.0


def test_a_gate_that_nobody_measured_says_what_to_do() -> None:
    with pytest.raises(KeyError, match="the gate exercise_1/luck has no threshold for sketches; run `autograder cal"):
        gate("exercise_1/luck")


def test_the_page_on_file_is_that_of_the_evidence(project_root: Path, tmp_path: Path) -> None:
    written = page.write(tmp_path)

    assert (tmp_path / "calibration.md").read_text() == (project_root / "docs" / "calibration.md").read_text()
    for path in written:
        assert (project_root / "docs" / path.name).is_file(), f"commit docs/{path.name}"


def test_a_proposed_gate_is_no_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "thresholds_file", lambda source: tmp_path / f"{source}.json")
    path = evidence.write("sketches", [gate_figures("a", RIGHT, WRONG)], {})
    record = json.loads(path.read_text())
    record["gates"]["b"] = {"threshold": 0.5, "band": 0.005, "right": {"reference": [0.8]}, "wrong": {}}
    path.write_text(json.dumps(record))

    assert [found.name for found in evidence.read("sketches").gates] == ["a"]


def test_a_picture_is_told_in_words() -> None:
    told = evidence.Evidence("sketches", (gate_figures("gate", RIGHT, WRONG),), {}, {})

    assert page.describe(told).startswith("Every run as a dot, right solutions above wrong ones. gate: right solutions")
    assert "reached in some runs by: lucky." in page.describe(told)


def test_evidence_goes_to_its_file_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "thresholds_file", lambda source: tmp_path / f"{source}.json")
    first, second = gate_figures("a", RIGHT, WRONG), gate_figures("b", RIGHT, WRONG)
    evidence.write("sketches", [first, second], {"exercise_1": 9.5})
    evidence.write("sketches", [second], {"exercise_2": 1.0})

    found = evidence.read("sketches")
    assert found.gates == (first, second)
    assert found.cpu_seconds == {"exercise_1": 9.5, "exercise_2": 1.0}
    assert '"steady": [0.92, 0.93, 0.94, 0.93, 0.92]' in (tmp_path / "sketches.json").read_text()


TASKS = run.tasks(["exercise_1"], "sketches", 3)
DONE = Measured({"reference": {"feature": 0.9}}, 1.0)


def process_id(task: Task) -> Measured:
    """Stands in for a training: says where it took place."""
    return Measured({"reference": {"feature": float(os.getpid())}}, float(task.seed))


def test_no_process_serves_more_than_four_seeds_and_all_come_to_an_end() -> None:
    tasks = run.tasks(["exercise_1"], "sketches", 10)

    found = dict(run._in_processes(tasks, 2, process_id))  # as `measure` does it, without the training

    assert {task: one.cpu_seconds for task, one in found.items()} == {task: float(task.seed) for task in tasks}
    served = Counter(one.accuracies["reference"]["feature"] for one in found.values())
    assert os.getpid() not in served
    assert max(served.values()) <= 4


def measured_again(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> list[Task]:
    """Which tasks a run would train, without training."""
    asked: list[Task] = []

    def instead(missing: list[Task], jobs: int) -> list[tuple[Task, Measured]]:
        asked.extend(missing)
        return [(task, DONE) for task in missing]

    monkeypatch.setattr(run, "_in_processes", instead)
    found = run.measure(TASKS, journal, 2, lambda done, total: None)
    assert list(found) == TASKS
    return asked


def test_a_killed_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "journal.jsonl"
    Journal(path).add(TASKS[1], DONE)
    with path.open("a") as file:
        file.write('{"exercise": "exercise_1", "sour')  # killed while it wrote

    assert measured_again(Journal(path), monkeypatch) == [TASKS[0], TASKS[2]]


def test_nothing_finished_is_done_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    measured_again(journal, monkeypatch)

    assert measured_again(journal, monkeypatch) == []


def test_other_code_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    measured_again(journal, monkeypatch)
    monkeypatch.setattr("autograder.calibration.journal.digest", lambda exercise: "another")

    assert measured_again(journal, monkeypatch) == TASKS


NEW = "no hidden layer, then SGD"


def test_a_new_solution_is_measured_alone_and_the_others_keep_their_figures(tmp_path: Path) -> None:
    tasks = run.tasks(run.EXERCISES, "sketches", 3, [NEW])
    assert {(task.exercise, task.only) for task in tasks} == {("exercise_1", (NEW,))}
    journal = Journal(tmp_path / "journal.jsonl")
    journal.add(tasks[0], DONE)
    assert list(journal.read()) == [tasks[0]]  # and not those of all solutions

    measured = Measured({NEW: {"feature": 0.91, "fine_tuned": 0.92}}, 1.0)
    gates = run.gates(dict.fromkeys(tasks, measured), evidence.read("sketches").gates)
    arms = {gate.name: {arm.name: arm.accuracies for arm in gate.right} for gate in gates}
    assert arms["exercise_1/fine_tuned"][NEW] == (0.92, 0.92, 0.92)
    kept = {arm.name: arm.accuracies for arm in figures_of("sketches", "exercise_1/feature").right}
    assert arms["exercise_1/feature"] == kept | {NEW: (0.91, 0.91, 0.91)}


def test_a_solution_that_there_is_not_is_said_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="no solution 'reference 2'; did you mean 'reference'"):
        run.tasks(run.EXERCISES, "sketches", 3, ["reference 2"])


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


@pytest.mark.parametrize("exercise", run.EXERCISES)
def test_each_exercise_has_right_solutions_and_wrong_ones(exercise: str) -> None:
    solutions = importlib.import_module(f"autograder.calibration.{exercise}")

    assert len(solutions.RIGHT) >= 3
    assert {"from scratch", "shuffled labels", "rescaled twice"} < set(solutions.WRONG)
    assert not set(solutions.RIGHT) & set(solutions.WRONG)
