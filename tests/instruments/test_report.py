"""A made-up class of 300 whose figures are known otherwise: by numpy, pandas and scipy."""

import csv
import io
import json
import re
import shlex

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from typer.testing import CliRunner

from autograder.cli import app
from autograder.gradebook.rows import StudentRow
from autograder.instruments.reporting import report_csv, report_of, report_page
from autograder.judge.verdict import CellVerdict, CheckResult, Outcome, Verdict

CHECKS = 8


def verdict(passes, *, undecided=()):
    """A verdict whose check number 3 can be half right, and whose last one is skipped where the first fails."""
    checks = []
    for place, passed in enumerate(passes):
        outcome = Outcome.PASS if passed else Outcome.FAIL
        if place == CHECKS - 1 and not passes[0]:
            outcome = Outcome.SKIPPED
        if place in undecided:
            outcome = Outcome.ERROR
        points = 2.0 if outcome is Outcome.PASS else 1.0 * (place == 3 and outcome is Outcome.FAIL)
        said = f"double({place * 7 + sum(passes)}) came back as None; return something." * (outcome is Outcome.FAIL)
        checks.append(CheckResult(f"check_{place}", f"`double` claim {place} <b>", outcome, points, 2.0, said))
    return Verdict("doubling", (CellVerdict("cell", tuple(checks)),), figures={"student": 2.0, "memory_mib": 300.0})


def made_up(students):
    random = np.random.default_rng(8)
    ability = random.normal(size=students)
    passes = ability[:, None] + random.normal(size=(students, CHECKS)) > np.linspace(-2, 2, CHECKS)
    passes[:, 5] = ability < 0  # a check that is upside down
    undecided = [(1,) if number % 25 == 0 else () for number in range(students)]
    return [verdict([bool(one) for one in row], undecided=what) for row, what in zip(passes, undecided, strict=True)]


def of_class(verdicts):
    rows = [StudentRow(f"student_{number}", is_absent=False) for number in range(len(verdicts))]
    rows[0] = StudentRow("student_0", is_absent=False, seconds_late=90.0)
    return report_of("homework", [*rows, StudentRow("zoe")], {"doubling": verdicts})


def frames(verdicts):
    """Outcomes and points as pandas sees them, a row a student."""
    checks = [list(one.checks()) for one in verdicts]
    outcomes = pd.DataFrame([{check.name: check.outcome.value for check in row} for row in checks])
    points = pd.DataFrame([{check.name: check.points for check in row} for row in checks])
    return outcomes, points


def test_figures_of_300_are_those_of_scipy_and_pandas():
    verdicts = made_up(300)
    (found,) = of_class(verdicts).exercises
    outcomes, points = frames(verdicts)
    complete = (outcomes != "ERROR").all(axis=1)
    kept = points[complete]

    for check in found.checks:
        column = outcomes[check.name]
        decided, passed = int((column != "ERROR").sum()), int((column == "PASS").sum())
        interval = stats.binomtest(passed, decided).proportion_ci(method="wilson")
        rest = kept.drop(columns=check.name).sum(axis=1)
        expected = stats.pointbiserialr(column[complete] == "PASS", rest).statistic
        assert (check.share, check.low, check.high) == pytest.approx((passed / decided, *interval))
        assert check.discrimination == pytest.approx(expected)
    covariance = kept.cov().to_numpy()
    total, trace, ones = covariance.sum(), np.trace(covariance), np.ones(CHECKS)
    assert found.alpha == pytest.approx(CHECKS / (CHECKS - 1) * (1 - trace / total))
    resampled = []
    random = np.random.default_rng(1)
    for _ in range(400):
        again = np.cov(kept.to_numpy()[random.integers(0, len(kept), len(kept))].T)
        resampled.append(CHECKS / (CHECKS - 1) * (1 - np.trace(again) / (ones @ again @ ones)))
    assert found.alpha_error == pytest.approx(np.std(resampled), rel=0.3)
    assert found.complete == 288
    assert "those who pass do worse elsewhere" in found.checks[5].flags
    assert found.checks[1].flags == ("undecided for 12",)


def test_one_mistake_counts_once_whatever_was_drawn():
    verdicts = made_up(300)
    (found,) = of_class(verdicts).exercises
    outcomes, _ = frames(verdicts)

    failed = (outcomes == "FAIL").sum()
    assert [one.students for one in found.misconceptions] == sorted((n for n in failed if n), reverse=True)


def test_below_twenty_students_it_only_counts_and_says_so():
    report = of_class(made_up(19))
    (found,) = report.exercises

    assert found.alpha is None
    assert {(check.share, check.low, check.discrimination) for check in found.checks} == {(None, None, None)}
    assert sum(check.passed for check in found.checks)
    assert "Below 20 students only counts" in report_page(report, with_names=False)


@pytest.mark.parametrize("verdicts", [[], made_up(1), [verdict([True] * CHECKS)] * 30])
def test_a_class_in_which_nothing_varies_has_a_page(verdicts):
    report = of_class(verdicts) if verdicts else report_of("homework", [], {"doubling": []})

    assert report.exercises[0].alpha is None
    assert "nan" not in report_page(report, with_names=True).lower()


def test_the_page_stands_by_itself_and_names_nobody_unasked():
    report = of_class(made_up(30))
    page, named = report_page(report, with_names=False), report_page(report, with_names=True)

    assert "default-src 'none'" in page
    assert not re.search(r"<script|https?://|<b>", page)
    assert "1 absent" in page
    assert "zoe" not in page
    assert "student_0" not in page
    assert "zoe" in named


def test_the_table_holds_the_numbers_and_no_formula():
    verdicts = [verdict([True] * CHECKS)]
    report = report_of("homework", [], {"=1+1": verdicts})

    rows = list(csv.DictReader(io.StringIO(report_csv(report).decode())))
    assert [row["check"] for row in rows] == [f"check_{place}" for place in range(CHECKS)]
    assert rows[0]["exercise"] == "'=1+1"
    assert (rows[0]["passed"], rows[0]["share_passed"]) == ("1", "")


def test_the_commands_of_the_guide_work(graded, monkeypatch, project_root):
    guide = (project_root / "docs" / "class-report.md").read_text(encoding="utf-8")
    lines = [line.partition("#")[0] for line in guide.splitlines() if line.startswith("autograder ")]
    monkeypatch.chdir(graded)

    said = []
    for line in lines:
        words = shlex.split(line.replace("transfer_learning", "homework"))[1:]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        said.append(result.stdout)
    assert len(said) == 4
    found = json.loads(said[-1])
    assert (found["students"], found["groups"]["written answers open"]) == (3, 3)
    assert found["exercises"][0]["students"] == 3
    assert "ben" in (graded / "report_homework.html").read_text(encoding="utf-8")
    assert len((graded / "checks.csv").read_text(encoding="utf-8").splitlines()) > 4
