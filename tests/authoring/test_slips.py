"""Slips: four lines that become a submission, and sentences for those that do not apply."""

import pytest

from autograder.authoring.golden import build_submission, read_expected, submission_places
from autograder.authoring.slips import SlipError, read_slips
from autograder.build.notebooks import notebook_from_text, to_bytes
from tests.submissions.build import SUBMISSIONS

EXERCISE = "exercise_1_two_classes"
TEXTS = {"double": "def double(number):\n    return 2 * number\n", "halve": "def halve(n):\n    return n / 2\n"}
SLIP = """
[wrong_tripled]
cell = "double"
replace = "2 * number"
by = "3 * number"
checks = ["double_doubles"]
says = "the answer"
"""


@pytest.fixture
def slips(tmp_path):
    """Reads the text of a `slips.toml`."""

    def read(text):
        (tmp_path / "slips.toml").write_text(text)
        return read_slips(tmp_path)

    return read


def test_a_slip_replaces_its_text_and_nothing_else(slips):
    slip = slips(SLIP)["wrong_tripled"]
    assert slip.apply(TEXTS) == {"double": "def double(number):\n    return 3 * number\n"}
    assert slip.cells == ("double",)


def test_a_slip_may_have_several_places(slips):
    two = SLIP.replace('cell = "double"\nreplace = "2 * number"\nby = "3 * number"\n', "") + (
        'edits = [{cell = "double", replace = "2", by = "3"}, {cell = "halve", replace = "/", by = "//"},'
        ' {cell = "double", replace = "number", by = "n", count = 2}]'
    )
    assert slips(two)["wrong_tripled"].apply(TEXTS) == {
        "double": "def double(n):\n    return 3 * n\n",
        "halve": "def halve(n):\n    return n // 2\n",
    }


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("2 * number", "2 * nummer", "does not hold `2 * nummer`; the nearest there is `    return 2 * number`"),
        ('replace = "2 * number"', 'replace = "number"', "stands 2 times in the reference's cell double, not 1"),
        ('cell = "double"', 'cell = "duoble"', "no cell 'duoble'; did you mean 'double'?"),
    ],
)
def test_a_slip_that_does_not_apply_says_what_is_nearest(slips, old, new, sentence):
    with pytest.raises(SlipError) as caught:
        slips(SLIP.replace(old, new))["wrong_tripled"].apply(TEXTS)
    assert sentence in str(caught.value)
    assert "wrong_tripled" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("replace", "replaces", "no word 'replaces'; did you mean 'replace'?"),
        ('by = "3 * number"', 'by = "2 * number"', "changes nothing"),
        ('by = "3 * number"\n', "", "does not say by"),
        ('checks = ["double_doubles"]', "checks = []", "must name the checks that notice it"),
        ('says = "the answer"', "", "must name the checks that notice it"),
        ('checks = ["double_doubles"]', 'checks = "double_doubles"', "`checks` must be a list"),
        ("wrong_tripled", "right_tripled", "loses no check"),
        ("wrong_tripled", "tripled", "must begin with wrong_ or right_"),
        ("[wrong_tripled]", "[wrong_tripled", "is no TOML"),
    ],
)
def test_a_slip_that_is_none_is_refused(slips, old, new, sentence):
    with pytest.raises(SlipError) as caught:
        slips(SLIP.replace(old, new, 1))
    assert sentence in str(caught.value)


@pytest.fixture
def submissions(tmp_path):
    """The folder of an exercise's submissions that holds one slip, and what makes it."""

    def make(**changed):
        entry = {
            "cell": "select_classes",
            "replace": "enumerate(classes)",
            "by": "enumerate(sorted(classes))",
            "checks": ["select_classes_numbers_labels_by_position"],
            "says": "the labels",
        } | changed
        folder = tmp_path / EXERCISE
        folder.mkdir()
        text = "\n".join(f"{word} = {value!r}" for word, value in entry.items())
        (folder / "slips.toml").write_text(f"[wrong_by_value]\n{text}\n")
        return folder

    return make


def test_a_slip_is_a_submission_like_any_other(submissions, project_root):
    folder = submissions()
    assert [place.name for place in submission_places(folder)] == ["blank", "reference", "wrong_by_value"]
    source = to_bytes(notebook_from_text((project_root / "source" / f"{EXERCISE}.py").read_text(), EXERCISE))
    notebook, files = build_submission(folder / "wrong_by_value", source)
    assert b"enumerate(sorted(classes))" in notebook
    assert files == {}


def test_what_is_expected_of_a_slip_follows_from_the_check_pages(submissions):
    expected = read_expected(submissions() / "wrong_by_value")
    assert expected.checks == {"select_classes_numbers_labels_by_position": "FAIL"}
    assert expected.points == 34
    assert expected.why == "by value"
    assert expected.says == "the labels"


def test_reference_and_blank_need_no_folder(submissions, project_root):
    folder = submissions()
    source = to_bytes(notebook_from_text((project_root / "source" / f"{EXERCISE}.py").read_text(), EXERCISE))
    for name in ("reference", "blank"):
        written = SUBMISSIONS / EXERCISE / name
        assert build_submission(folder / name, source) == build_submission(written, source)
        assert read_expected(folder / name).points == read_expected(written).points
        assert read_expected(folder / name).checks == read_expected(written).checks


def test_a_check_that_does_not_exist_is_named(submissions):
    folder = submissions(checks=["select_classes_numbers_label_by_position"])
    with pytest.raises(SlipError, match="did you mean 'select_classes_numbers_labels_by_position'"):
        read_expected(folder / "wrong_by_value")


def test_a_submission_that_does_not_exist_is_named(submissions):
    with pytest.raises(SlipError, match="no submission 'wrong_by_values'; did you mean 'wrong_by_value'"):
        read_expected(submissions() / "wrong_by_values")


def test_a_name_is_a_folder_or_a_slip(submissions):
    folder = submissions()
    (folder / "wrong_by_value").mkdir()
    (folder / "wrong_by_value" / "submission.py").touch()
    with pytest.raises(SlipError, match=r"both as a folder and in slips\.toml"):
        submission_places(folder)
