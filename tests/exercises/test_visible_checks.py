"""The checks students see: right answers of any style pass them, the usual slips get a sentence that helps."""

import inspect

import pytest

from tests.submissions.build import read_plan

from .conftest import EXERCISES

PLANS = {exercise: read_plan(exercise) for exercise in EXERCISES}
RIGHT = [(exercise, name) for exercise, plan in PLANS.items() for name in plan.right]
FUNCTIONS = [(exercise, function) for exercise, plan in PLANS.items() for function in plan.functions]
SLIPS = [
    (exercise, function, name, sentence)
    for exercise, plan in PLANS.items()
    for function, said in plan.said.items()
    for name, sentence in said.items()
]


def skip_unless(chosen: bool, config: pytest.Config) -> None:
    if config.getoption("golden") == "few" and not chosen:
        pytest.skip("more right answers and slips with --golden=some or --golden=all")


@pytest.mark.parametrize(("exercise", "name"), RIGHT)
def test_right_answers_pass(notebook, exercise, name, pytestconfig):
    skip_unless(name in PLANS[exercise].right[:2], pytestconfig)
    answers = notebook(exercise, name)
    answers.run(*PLANS[exercise].before)
    for function in PLANS[exercise].functions:
        answers.run(function, f"check_{function}")


@pytest.mark.parametrize(("exercise", "function", "name", "sentence"), SLIPS)
def test_a_slip_gets_a_sentence_that_helps(notebook, exercise, function, name, sentence, pytestconfig):
    skip_unless(name in list(PLANS[exercise].said[function])[:2], pytestconfig)
    answers = notebook(exercise, name)
    answers.run(*PLANS[exercise].before, function)
    with pytest.raises(AssertionError) as caught:
        answers.run(f"check_{function}")
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 160


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_unanswered_notebook_stops_at_the_first_task(notebook, exercise):
    with pytest.raises(NotImplementedError, match="Write your answer here"):
        notebook(exercise, "blank").run_all()


@pytest.mark.parametrize(("exercise", "function"), FUNCTIONS)
def test_a_contract_names_every_argument(notebook, exercise, function):
    for name in ("reference", "blank"):
        found = notebook(exercise, name).run("setup", function)[function]
        for argument in inspect.signature(found).parameters:
            assert f"\n        {argument}: " in found.__doc__
        assert all(f"\n    {part}:\n" in found.__doc__ for part in ("Args", "Returns"))


@pytest.mark.parametrize("exercise", EXERCISES)
def test_fast_halves_the_epochs_for_the_student_and_not_for_the_grader(notebook, exercise, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)  # nbgrader sets it for good where it grades in this process

    def epochs(**before):
        answers = notebook(exercise, "reference")
        answers.namespace |= before
        found = answers.run("setup")
        return {name: value for name, value in found.items() if name.endswith("EPOCHS")}

    if not any(cell.source.startswith("FAST = False") for cell in notebook(exercise, "blank").cells):
        assert not epochs(), "a text that trains has a cell `FAST = False`"
        return
    full = epochs(FAST=False)
    assert full
    assert epochs() == full
    assert epochs(FAST=True) == {name: value // 2 for name, value in full.items()}
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert epochs(FAST=True) == full
