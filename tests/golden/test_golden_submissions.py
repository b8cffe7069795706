"""Golden submissions get the verdict they should: right ones lose nothing, hostile ones gain nothing."""

import pytest

from autograder.judge.verdict import Outcome
from tests.submissions.build import read_expected, submission_folders

from .conftest import NAME, Golden, golden_names

FOLDERS = {folder.name: folder for folder in submission_folders(NAME)}


@pytest.mark.parametrize("name", golden_names())
def test_a_submission_gets_the_outcomes_it_should(golden: Golden, name: str) -> None:
    verdict = golden.verdict(name)
    expected = read_expected(FOLDERS[name])

    judged = {check.name: check for check in verdict.checks()}
    found = {check.name: check.outcome.value for check in judged.values() if check.outcome is not Outcome.PASS}
    wanted = {check: outcome for check, outcome in expected.checks.items() if check in judged}
    assert found == wanted, "\n".join(f"{check.name}: {check.message}" for check in judged.values() if check.message)


@pytest.mark.parametrize("name", golden_names())
def test_a_submission_gets_the_points_it_should(golden: Golden, name: str) -> None:
    verdict, expected = golden.verdict(name), read_expected(FOLDERS[name])

    lost = sum(check.max_points for check in verdict.checks() if check.name in expected.checks)
    assert verdict.points == verdict.max_points - lost
    if golden.reach(name) is golden.exercise:
        assert verdict.points == expected.points


def test_every_check_is_failed_by_some_wrong_submission(golden: Golden) -> None:
    checks = {check.name for check in golden.verdict("reference").checks()}
    failed = {
        check.name
        for name in golden_names()
        if name.startswith("wrong_")
        for check in golden.verdict(name).checks()
        if check.outcome is Outcome.FAIL
    }

    assert checks - failed == set()


def test_every_check_is_passed_by_every_right_submission(golden: Golden) -> None:
    right = [name for name in golden_names() if name == "reference" or name.startswith("right_")]

    assert len(right) >= 4
    for name in right:
        lost = [
            (check.name, check.message) for check in golden.verdict(name).checks() if check.outcome is not Outcome.PASS
        ]
        assert lost == [], name


def test_every_failure_says_what_is_wrong(golden: Golden) -> None:
    for name in golden_names():
        for check in golden.verdict(name).checks():
            assert (check.outcome is Outcome.PASS) == (check.message == ""), (name, check.name)
            assert "Traceback" not in check.message
            assert len(check.message) < 1_500, (name, check.name)


def test_a_blank_notebook_gets_nothing(golden: Golden) -> None:
    assert golden.verdict("blank").points == 0


def test_nothing_of_the_judge_is_undecided(golden: Golden) -> None:
    undecided = [
        (name, check.name)
        for name in golden_names()
        for check in golden.verdict(name).checks()
        if check.outcome is Outcome.ERROR
    ]

    assert undecided == []
