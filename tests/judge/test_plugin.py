"""One page of checks becomes results: four outcomes, in notebook order, with seeds nobody knows, at a bounded price."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis.internal.conjecture import providers

from autograder.judge.plugin import seed_for
from autograder.judge.verdict import CheckResult, Outcome
from tests.judge.local import judge

HEADER = """
from hypothesis import given, strategies as st
from autograder.judge.checking import Undecided, check, fail
from autograder.judge.comparators import *
import numpy as np
"""
Judge = Callable[..., dict[str, CheckResult]]


@pytest.fixture
def run(tmp_path: Path) -> Judge:
    """Judge some code with a page written in the test."""

    def run(
        page: str, code: str = "", order: tuple[str, ...] = ("cell",), others: tuple[str, ...] = ()
    ) -> dict[str, CheckResult]:
        path = tmp_path / f"{tmp_path.name}.py"
        path.write_text(HEADER + textwrap.dedent(page))
        return judge([path], {order[0]: textwrap.dedent(code)}, order, others=others)

    return run


def test_a_check_that_ends_passes_with_its_points(run: Judge) -> None:
    results = run(
        """
        @check("cell", points=2)
        def doubles(submission):
            '''`double` doubles.'''
            if submission.call("double", 4).returned() != 8:
                fail("no")
        """,
        "def double(n): return 2 * n",
    )

    assert results["doubles"].outcome is Outcome.PASS
    assert results["doubles"].points == 2
    assert results["doubles"].claim == "`double` doubles."
    assert results["doubles"].message == ""


def test_a_failure_says_called_came_back_expected_try(run: Judge) -> None:
    results = run(
        """
        @check("cell", points=1, hint="multiply by two")
        def doubles(submission):
            '''`double` doubles.'''
            answer = submission.call("double", 4)
            expect_array(answer.value, np.array(8), "the number", answer.called)
        """,
        "def double(n): return n",
    )

    assert results["doubles"].outcome is Outcome.FAIL
    assert results["doubles"].points == 0
    assert (
        results["doubles"].message == "Called `double(4)`. The number came back as 4. Expected 8. Try: multiply by two"
    )


def test_what_the_submission_raises_is_its_failure(run: Judge) -> None:
    results = run(
        """
        @check("cell", points=1)
        def doubles(submission):
            '''`double` doubles.'''
            submission.call("double", 4).returned()
        """,
        "def double(n): raise KeyError('oops')",
    )

    assert results["doubles"].outcome is Outcome.FAIL
    assert "It raised KeyError: 'oops'" in results["doubles"].message


def test_an_unanswered_stub_is_called_unanswered(run: Judge) -> None:
    results = run(
        """
        @check("cell", points=1)
        def doubles(submission):
            '''`double` doubles.'''
            submission.call("double", 4).returned()
        """,
        'def double(n): raise NotImplementedError("Write your answer here, then delete this line.")',
    )

    assert "not answered yet" in results["doubles"].message


def test_a_missing_function_names_it(run: Judge) -> None:
    results = run(
        """
        @check("cell", points=1)
        def doubles(submission):
            '''`double` doubles.'''
            submission.call("double", 4).returned()
        """,
        others=("double",),
    )

    assert results["doubles"].outcome is Outcome.FAIL
    assert "there is no `double` in the notebook" in results["doubles"].message.lower()


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            "submission.call('duoble', 4)",
            "there is no name in the exercise 'duoble'; did you mean 'double'?",
        ),
        ("submission.read('duoble')", "there is no name in the exercise 'duoble'; did you mean 'double'?"),
        ("submission.red('double')", "AttributeError: 'Submission' object has no attribute 'red'"),
        ("submision.double(4)", "NameError: name 'submision' is not defined"),
    ],
)
def test_a_misspelt_name_on_a_page_is_no_fault_of_the_student(run: Judge, asked: str, sentence: str) -> None:
    results = run(
        f"""
        @check("cell", points=1)
        def doubles(submission):
            '''`double` doubles.'''
            {asked}
        """,
        "def double(n): return 2 * n",
    )

    assert results["doubles"].outcome is Outcome.ERROR
    assert sentence in results["doubles"].trace
    assert "duoble" not in results["doubles"].message


def test_a_check_of_a_cell_that_does_not_exist_is_told(run: Judge) -> None:
    with pytest.raises(RuntimeError, match=r"doubles.*celll"):
        run(
            """
            @check("celll", points=1)
            def doubles(submission):
                '''`double` doubles.'''
            """
        )


def test_what_a_check_raises_is_an_error_and_nobodys_failure(run: Judge) -> None:
    results = run("""
        @check("cell", points=1)
        def broken(submission):
            '''A check with a mistake of ours.'''
            {}["missing"]

        @check("cell", points=1)
        def close(submission):
            '''A gate that nobody can decide.'''
            raise Undecided("0.861 is too close to 0.86.")
        """)

    assert results["broken"].outcome is Outcome.ERROR
    assert results["broken"].message == "This check could not be decided by the computer; a person will look at it."
    place, *_, last = results["broken"].trace.strip().splitlines()
    assert place.endswith("line 10, in broken: KeyError: 'missing'")
    assert last == "KeyError: 'missing'"
    assert results["close"].outcome is Outcome.ERROR
    assert results["close"].message == (
        "0.861 is too close to 0.86. This check could not be decided by the computer; a person will look at it."
    )


def test_cells_are_judged_in_notebook_order(run: Judge) -> None:
    results = run(
        """
        @check("late", points=1)
        def late(submission):
            '''Late.'''

        @check("early", points=1)
        def early(submission):
            '''Early.'''
        """,
        order=("early", "late"),
    )

    assert list(results) == ["early", "late"]


def test_two_answers_to_one_question_are_a_failure(run: Judge) -> None:
    results = run(
        """
        @check("cell", points=1)
        @given(n=st.integers(0, 100))
        def steady(submission, n):
            '''`double` answers steadily.'''
            if submission.call("double", n).returned() != 2 * n or submission.call("double", n).returned() != 2 * n:
                fail("other", called=f"double({n})")
        """,
        """
        calls = 0
        def double(n):
            global calls
            calls += 1
            return 2 * n if calls != 5 else 0
        """,
    )

    assert results["steady"].outcome is Outcome.FAIL


def test_a_wrong_answer_costs_little_more_than_a_right_one(tmp_path: Path) -> None:
    page = tmp_path / f"{tmp_path.name}.py"
    page.write_text(
        HEADER
        + textwrap.dedent("""
            @check("cell", points=1)
            @given(numbers=st.lists(st.integers(0, 1000), min_size=5, max_size=40))
            def adds(submission, numbers):
                '''`add` adds.'''
                if submission.call("add", numbers).returned() != sum(numbers):
                    fail("other", called=f"add({numbers})")
            """)
    )
    namespace: dict[str, list[int]] = {"calls": []}
    results = judge(
        [page],
        {"cell": "def add(numbers):\n    calls.append(1)\n    return sum(numbers) + (sum(numbers) > 50)"},
        ["cell"],
        namespace,
    )

    assert results["adds"].outcome is Outcome.FAIL
    assert len(namespace["calls"]) <= 12 + 41


def test_helpers_on_a_page_are_no_checks(run: Judge) -> None:
    results = run("""
        def test_helper(submission):
            raise RuntimeError

        @check("cell", points=1)
        def only(submission):
            '''Only.'''
        """)

    assert list(results) == ["only"]


def test_seeds_depend_on_the_secret_and_the_name_alone() -> None:
    assert seed_for(b"one", "check") == seed_for(b"one", "check")
    assert len({seed_for(b"one", "check"), seed_for(b"two", "check"), seed_for(b"one", "other")}) == 3


def test_a_check_needs_points_and_a_line_for_the_student(run: Judge) -> None:
    with pytest.raises(RuntimeError, match="points above 0 and a docstring"):
        run("""
            @check("cell", points=1)
            def silent(submission):
                pass
            """)


def test_draws_do_not_depend_on_constants_in_the_sources_of_modules_at_hand() -> None:
    provider = providers.HypothesisProvider(None)

    assert list(provider._local_constants) == []


def test_no_codes_for_terminals_reach_a_message(run: Judge) -> None:
    results = run(
        """
        @check("cell", points=1)
        def doubles(submission):
            '''`double` doubles.'''
            submission.call("double", 4).returned()
        """,
        r"def double(n): raise ValueError('\x1b[1mInput 0\x1b[0m is \x1b[35mincompatible\x1b[0m \x9b3m\x07now \x1b[3')",
    )
    assert "It raised ValueError: Input 0 is incompatible now" in results["doubles"].message
    assert all(character.isprintable() for character in results["doubles"].message)
