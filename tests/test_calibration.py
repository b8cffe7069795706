"""A threshold follows from its evidence, and the evidence on file is that of the thresholds in force."""

import json

import pytest

from autograder.calibration.bounds import BAND, RISK, gate_figures
from autograder.checks.thresholds import THRESHOLDS, gate

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


@pytest.mark.parametrize("name", ["exercise_1/feature", "exercise_1/fine_tuned"])
def test_the_thresholds_in_force_follow_from_the_evidence_on_file(name: str) -> None:
    record = json.loads(THRESHOLDS.read_text())["gates"][name]
    figures = gate_figures(name, record["right"], record["wrong"])

    assert gate(name).threshold == pytest.approx(figures.threshold)
    assert gate(name).band == BAND
    assert figures.failing_right <= RISK


@pytest.mark.parametrize("name", ["exercise_1/feature", "exercise_1/fine_tuned"])
def test_the_gates_stop_what_learnt_nothing_from_the_pretraining(name: str) -> None:
    record = json.loads(THRESHOLDS.read_text())["gates"][name]
    figures = gate_figures(name, record["right"], record["wrong"])

    stopped = {arm.name: figures.stopped(arm) for arm in figures.wrong}
    assert stopped["shuffled labels"] == 1.0
    assert stopped["random backbone"] == 1.0
