"""Sections that failed checks point to: the build refuses those that the lesson does not have."""

import pytest

from autograder.build import BuildError, check

TABLE = """
lesson = "lesson_adding"
[sections]
check_total = "2 Adding"
total_of_nothing = "3 Nothing"
"""


@pytest.fixture
def table(course):
    """Writes the table, with one thing changed."""
    (course / "source" / "lesson_adding.py").write_text("# %% [markdown]\n# # Adding\n# ## 2 Adding\n# ### 3 Nothing\n")
    checks = course / "autograder" / "checks" / "exercise_9_total"
    checks.mkdir(parents=True)
    (checks / "total.py").write_text("def total_of_nothing(submission):\n    ...\n")

    def write(old="", new=""):
        assert old in TABLE
        (checks / "lesson.toml").write_text(TABLE.replace(old, new))
        return course

    return write


def test_sections_that_exist_are_fine(table):
    assert check(table())


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("2 Adding", "2 Adding up", "has no section '2 Adding up'; did you mean '2 Adding'?"),
        ("check_total", "check_totals", "has no judged cell and no check 'check_totals'; did you mean 'check_total'?"),
        ("total_of_nothing", "of_nothing", "did you mean 'total_of_nothing'?"),
        ("lesson_adding", "lesson_sums", "there is no text source/lesson_sums.py"),
    ],
)
def test_what_does_not_exist_is_said_with_the_nearest(table, old, new, sentence):
    course = table(old, new)
    with pytest.raises(BuildError) as refused:
        check(course)
    assert sentence in str(refused.value)
