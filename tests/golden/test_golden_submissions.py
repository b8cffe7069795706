"""Golden submissions get the verdict they should: right ones lose nothing, hostile ones gain nothing."""

import pytest

from autograder.judge.verdict import Outcome
from tests.submissions.build import exercise_names, read_expected

from .conftest import Case, Golden, all_cases

each_case = pytest.mark.parametrize("case", all_cases(), ids=str)
each_exercise = pytest.mark.parametrize("exercise", exercise_names())


@each_case
def test_a_submission_gets_the_outcomes_it_should(golden: Golden, case: Case) -> None:
    verdict = golden.verdict(case)
    expected = read_expected(case.place)

    judged = {check.name: check for check in verdict.checks() if check.name not in expected.chance}
    found = {check.name: check.outcome.value for check in judged.values() if check.outcome is not Outcome.PASS}
    wanted = {check: outcome for check, outcome in expected.checks.items() if check in judged}
    assert found == wanted, "\n".join(f"{check.name}: {check.message}" for check in judged.values() if check.message)


@each_case
def test_the_first_check_that_notices_a_slip_says_what_it_should(golden: Golden, case: Case) -> None:
    verdict, expected = golden.verdict(case), read_expected(case.place)

    messages = {check.name: check.message for check in verdict.checks()}
    first = next(iter(expected.checks), "")
    assert expected.says.casefold() in messages.get(first, expected.says).casefold()  # it may begin a sentence


@each_case
def test_a_submission_gets_the_points_it_should(golden: Golden, case: Case) -> None:
    verdict, expected = golden.verdict(case), read_expected(case.place)

    decided = [check for check in verdict.checks() if check.name not in expected.chance]
    won = sum(check.max_points for check in decided if check.name not in expected.checks)
    assert sum(check.points for check in decided) == pytest.approx(won)
    if golden.is_whole(case) and not expected.chance:
        assert verdict.points == pytest.approx(expected.points)


@each_exercise
def test_judged_again_by_its_kept_answers_a_notebook_is_not_run(golden: Golden, exercise: str) -> None:
    # every question comes out the same, the random arrays of the judge's own models included
    reference = Case(exercise, "reference")
    verdict = golden.verdict_by_answers(reference)

    assert verdict.figures["student"] == 0
    assert verdict.points == golden.verdict(reference).points


@each_exercise
def test_every_check_is_failed_by_some_wrong_submission(
    golden: Golden, exercise: str, pytestconfig: pytest.Config
) -> None:
    if pytestconfig.getoption("golden") == "few":
        pytest.skip("wrong submissions are graded with --golden=some or --golden=all")
    checks = {check.name for check in golden.verdict(Case(exercise, "reference")).checks()}
    failed = {
        check.name
        for case in golden.cases_of(exercise, "wrong_")
        for check in golden.verdict(case).checks()
        if check.outcome is Outcome.FAIL
    }

    assert checks - failed == set()


@each_exercise
def test_every_check_is_passed_by_every_right_submission(
    golden: Golden, exercise: str, pytestconfig: pytest.Config
) -> None:
    right = golden.cases_of(exercise, "reference", "right_")

    # by default tests/style grades one more, written differently throughout
    assert len(right) >= (2 if pytestconfig.getoption("golden") == "few" else 3)
    for case in right:
        lost = [
            (check.name, check.message) for check in golden.verdict(case).checks() if check.outcome is not Outcome.PASS
        ]
        assert lost == [], case.name


@each_case
def test_every_failure_says_what_is_wrong(golden: Golden, case: Case) -> None:
    for check in golden.verdict(case).checks():
        assert (check.outcome is Outcome.PASS) == (check.message == ""), check.name
        assert "Traceback" not in check.message
        assert len(check.message) < 1_500, check.name


@each_exercise
def test_a_blank_notebook_gets_nothing(golden: Golden, exercise: str) -> None:
    assert golden.verdict(Case(exercise, "blank")).points == 0


@each_case
def test_nothing_of_the_judge_is_undecided(golden: Golden, case: Case) -> None:
    expected = read_expected(case.place)
    undecided = {check.name for check in golden.verdict(case).checks() if check.outcome is Outcome.ERROR}

    assert undecided - set(expected.chance) == {name for name, found in expected.checks.items() if found == "ERROR"}
