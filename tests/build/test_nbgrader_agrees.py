"""That nbgrader's own command, with a gradebook, makes the release we compare with."""

import sqlite3
import subprocess

from autograder.build import build


def test_generate_assignment_gives_the_same_bytes(course):
    build(course)
    release = course / "release/transfer_learning/exercise_9_total.ipynb"
    ours = release.read_bytes()
    release.unlink()

    command = ["nbgrader", "generate_assignment", "transfer_learning", "--force"]
    subprocess.run(command, cwd=course, check=True, capture_output=True)

    assert release.read_bytes() == ours


def test_the_gradebook_learns_points_and_no_secret(course):
    build(course)
    subprocess.run(["nbgrader", "generate_assignment", "transfer_learning", "--force"], cwd=course, check=True)
    with sqlite3.connect(course / "gradebook.db") as gradebook:
        points = gradebook.execute("select sum(max_score) from grade_cells").fetchone()
        sources = [row[0] for row in gradebook.execute("select source from source_cell where locked")]
    assert points == (3.0,)
    assert all("BEGIN HIDDEN TESTS" not in source or "judged outside the notebook" in source for source in sources)


def test_an_ungraded_lesson_is_an_assignment_of_its_own(course):
    """Its folded headings survive, and the gradebook gives it no points."""
    folded = "# %% [markdown] jp-MarkdownHeadingCollapsed=true\n# ### Go deeper\n\n# %%\n1 + 1\n"
    (course / "source" / "lesson_9_adding.py").write_text(folded)
    build(course)
    release = course / "release/lesson/lesson_9_adding.ipynb"
    ours = release.read_bytes()
    assert b'"jp-MarkdownHeadingCollapsed": true' in ours
    release.unlink()

    subprocess.run(
        ["nbgrader", "generate_assignment", "lesson", "--force"], cwd=course, check=True, capture_output=True
    )

    assert release.read_bytes() == ours
    with sqlite3.connect(course / "gradebook.db") as gradebook:
        assert gradebook.execute("select count(*) from grade_cells").fetchone() == (0,)
