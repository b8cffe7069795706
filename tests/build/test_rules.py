"""What the build refuses before nbgrader sees it."""

import pytest

from autograder.build import GUARD, BuildError, build
from autograder.build.markers import MARKERS, is_nearly_a_marker

TEXT = "source/exercise_9_total.py"


@pytest.mark.parametrize("marker", sorted(MARKERS))
def test_knows_a_marker_however_it_is_disfigured(marker):
    for line in (marker, f"    {marker}", marker.lower(), marker.replace("### ", "#"), marker.replace("BEGIN", "BEGN")):
        assert is_nearly_a_marker(line), line
    assert is_nearly_a_marker(marker[:-1])
    assert is_nearly_a_marker(f"{marker} (mine)")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "x = 1",
        "# The solution of a linear system begins with its rank.",
        "raise NotImplementedError",
        "    return marks",
    ],
)
def test_takes_ordinary_lines_for_what_they_are(line):
    assert not is_nearly_a_marker(line)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("    ### BEGIN SOLUTION", "    ### BEGN SOLUTION", "line 7 looks like a marker"),
        ("    ### BEGIN SOLUTION", "    # begin solution", "line 7 looks like a marker"),
        ("    ### END SOLUTION\n", "", "'### BEGIN SOLUTION' has no end"),
        ("    ### BEGIN SOLUTION\n", "", "'### END SOLUTION' has no beginning"),
        ("### END HIDDEN TESTS", "### END SOLUTION", "'### END SOLUTION' stands inside 'HIDDEN TESTS'"),
        ('"grade_id": "check_total"', '"grade_id": "total"', "2 cells have the grade_id 'total'"),
        ('"grade_id": "check_total"', '"grade_id": "check total"', "must be 1 to 64 letters"),
        ('"solution": true', '"solution": false', "is not allowed in this kind of cell"),
        ("judged outside the notebook", "graded", "must end with the guard"),
        (GUARD, "### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS", "must end with the guard"),
        (GUARD, f"### BEGIN HIDDEN TESTS\nassert total([4]) == 4\n### END HIDDEN TESTS\n{GUARD}", "hides nothing but"),
        ('"locked": true', '"locked": false', "must be locked"),
    ],
)
def test_refuses(course, old, new, sentence):
    text = (course / TEXT).read_text()
    assert old in text
    (course / TEXT).write_text(text.replace(old, new, 1))
    with pytest.raises(BuildError) as raised:
        build(course)
    assert sentence in str(raised.value)
    assert str(raised.value).startswith(f"{TEXT}: ")
    assert not (course / "release").exists()


def test_the_build_writes_the_guard_where_a_text_hides_nothing(course):
    build(course)
    written = {path: path.read_bytes() for path in course.rglob("*.ipynb")}
    text = (course / TEXT).read_text()
    (course / TEXT).write_text(text.replace(f"\n{GUARD}", "", 1))
    assert not build(course)
    assert {path: path.read_bytes() for path in course.rglob("*.ipynb")} == written
