"""Two right answers never differ in points because of style: the reference solutions, mechanically rewritten."""

import ast
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.course.course import Course
from autograder.grading.engine import EngineSettings, WarmEngine
from autograder.judge.verdict import Outcome, Verdict
from tests.style.rewrites import REWRITES, Rewrite, rewritten
from tests.submissions.build import SUBMISSIONS, build_submission

PROJECT = Path(__file__).resolve().parents[2]
EXERCISES = Course.load(PROJECT).exercises


def answers(exercise: str) -> dict[str, str]:
    """The answered code cells of the reference solution, by grade id."""
    notebook = nbformat.reads(_reference(exercise).decode(), as_version=4)
    marks = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    return {
        grade_id: cell.source.replace("plot_histories(histories);", "plot_histories(histories)")
        for grade_id, cell in marks.items()
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }


def _reference(exercise: str) -> bytes:
    return build_submission(SUBMISSIONS / exercise / "reference", EXERCISES[exercise].source)[0]


def with_style(exercise: str, rewrites: list[Rewrite], seed: int) -> bytes:
    """The reference solution's notebook after some rewrites of every answer."""
    notebook = nbformat.reads(_reference(exercise).decode(), as_version=4)
    styled = {grade_id: rewritten(source, rewrites, seed) for grade_id, source in answers(exercise).items()}
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = styled.get(grade_id, cell.source)
    return str(nbformat.writes(notebook)).encode()


def _signatures(source: str) -> dict[str, list[str]]:
    tree = ast.parse(source)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return {function.name: [argument.arg for argument in function.args.args] for function in functions}


@given(
    exercise=st.sampled_from(sorted(EXERCISES)),
    rewrites=st.lists(st.sampled_from(REWRITES), min_size=1, unique=True),
    seed=st.integers(0, 1_000),
)
@settings(max_examples=40)
def test_a_rewrite_is_python_with_the_same_contract(exercise: str, rewrites: list[Rewrite], seed: int) -> None:
    for source in answers(exercise).values():
        styled = rewritten(source, rewrites, seed)
        compile(styled, "<answer>", "exec")
        assert _signatures(styled) == _signatures(source)
        assert rewritten(source, rewrites, seed) == styled


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda rewrite: rewrite.__name__)
def test_every_rewrite_changes_some_answer(rewrite: Rewrite) -> None:
    sources = [source for exercise in EXERCISES for source in answers(exercise).values()]

    assert any(rewritten(source, [rewrite], 1) != rewritten(source, [], 1) for source in sources)


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Verdict]]]:
    """The reference in another style throughout, judged, two at once; of one exercise, or of all if more is asked."""
    wanted = sorted(EXERCISES)[-1:] if request.config.getoption("golden") == "few" else sorted(EXERCISES)
    with WarmEngine(EngineSettings(slots=2)) as engine, ThreadPoolExecutor(2) as pool:
        yield {
            name: pool.submit(
                lambda name: engine.grade(with_style(name, list(REWRITES), 7), {}, EXERCISES[name], b"style").verdict,
                name,
            )
            for name in wanted
        }


@pytest.mark.parametrize("exercise", sorted(EXERCISES))
def test_another_style_gets_the_same_points(verdicts: dict[str, Future[Verdict]], exercise: str) -> None:
    if exercise not in verdicts:
        pytest.skip("other exercises with --golden=some or --golden=all")
    verdict = verdicts[exercise].result()

    assert [(check.name, check.message) for check in verdict.checks() if check.outcome is not Outcome.PASS] == []
    assert verdict.points == verdict.max_points == EXERCISES[exercise].max_points
