"""What a student reads below a failed check can be pasted into the notebook, and runs there with the right answer.

In this process, without a seal. Where the values are too many there is no example; these are checks that have one.
"""

import html
import re

import pytest

from autograder.authoring.in_process import LocalRun
from autograder.authoring.trying import Bench
from autograder.course.course import Course
from autograder.course.lesson import Lesson
from autograder.gradebook.feedback import PASTE, cell_html
from autograder.judge.verdict import CellVerdict, Outcome


@pytest.fixture(scope="module")
def benches(project_root):
    course = Course.load(project_root)
    return {name: Bench.find(course, name) for name in ("exercise_1", "exercise_3")}


@pytest.fixture(autouse=True, scope="module")
def nothing_is_noted_afterwards():
    """A notebook that was run in this process has left a shell, and watched methods of models."""
    import keras
    from IPython.core.interactiveshell import InteractiveShell

    before = dict(vars(keras.Model))
    yield
    InteractiveShell.clear_instance()
    for name in set(vars(keras.Model)) - set(before):
        delattr(keras.Model, name)
    for name, value in before.items():
        if vars(keras.Model)[name] is not value:
            setattr(keras.Model, name, value)


def failed(bench, slip):
    """The first check that a slip should fail, and its result."""
    from tests.submissions.build import read_expected

    first = next(iter(read_expected(bench.submissions / slip).checks))
    run = LocalRun(bench.prepared(slip), bench.exercise.name)
    # aloud: with the search for a short input that the sealed judge makes as well
    return bench.settings[first].cell, bench.judge(run, [first], aloud=True)[first]


@pytest.mark.parametrize(
    ("exercise", "slip", "answers"),
    [
        ("exercise_3", "wrong_pareto_sorted", ("setup", "pareto_front")),
        ("exercise_3", "wrong_recommend_least_accurate", ("setup", "recommend")),
        ("exercise_3", "wrong_run_last_accuracy", ("setup", "summarise_run")),
        ("exercise_1", "wrong_split_not_stratified", ("setup", "split_train_validation")),
    ],
)
def test_the_example_of_the_feedback_runs_below_the_students_own_code(benches, notebook, exercise, slip, answers):
    bench = benches[exercise]
    cell, result = failed(bench, slip)
    assert result.outcome is Outcome.FAIL
    lesson = Lesson.of(bench.exercise.page, "")
    page = cell_html(CellVerdict(cell, (result,)), lesson)
    assert PASTE in page
    assert f"Read again: <em>{lesson.section(cell, result.name).heading}</em>" in page
    code = html.unescape(re.search(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)[1])
    assert code == result.evidence.example
    assert f"{answers[-1]}(" in code
    exec(code, notebook(bench.exercise.name, "reference").run(*answers))


def test_every_judged_cell_of_the_course_has_a_section_of_the_lesson(project_root):
    course = Course.load(project_root)
    for exercise in course.exercises.values():
        lesson = Lesson.of(exercise.page, "https://course.example/lesson.html")
        for cell in exercise.judged:
            section = lesson.section(cell, "")
            assert section, cell
            assert section.address.startswith("https://course.example/lesson.html#")
            assert " " not in section.address
