"""Clauses: each is judged and broken by something, each check rests on one, and the page for instructors says so."""

import pytest

from autograder.authoring.clauses import Contract, clauses_page, read_clauses
from autograder.authoring.contracts import contracts_of
from autograder.course.course import Course
from autograder.judge.checking import CheckSettings
from tests.submissions.build import SUBMISSIONS

TEXT = """
# A function that doubles, *whatever
# comes in*. Nothing is rounded.
def double(number):
    '''Double a number.'''
"""
CLAUSES = """
[doubles]
says = "doubles, *whatever comes in*"
task = "check_double"
checks = ["double_doubles"]
slip = "wrong_tripled"

[style]
says = "Nothing is rounded."
task = "essay"
person = true
"""
SLIPS = """
[wrong_tripled]
cell = "double"
replace = "2"
by = "3"
checks = ["select_classes_keeps_the_right_images_in_order"]
says = "no"
"""
CHECK = "select_classes_keeps_the_right_images_in_order"


@pytest.fixture
def contract(tmp_path):
    """Makes a contract from the text of its clauses."""

    def make(text=CLAUSES):
        folder = tmp_path / "exercise_1_two_classes"
        folder.mkdir(exist_ok=True)
        (folder / "slips.toml").write_text(SLIPS)
        (tmp_path / "clauses.toml").write_text(text.replace("double_doubles", CHECK))
        settings = {CHECK: CheckSettings("check_double", 2, "")}
        cells = frozenset(["check_double", "essay"])
        return Contract(read_clauses(tmp_path / "clauses.toml"), TEXT, settings, cells, folder)

    return make


def test_clauses_that_agree_with_everything_have_no_problem(contract):
    assert contract().problems() == []


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("whatever comes in", "whatever goes in", "clause doubles: the text does not say"),
        ('"check_double"', '"check_duoble"', "no judged cell 'check_duoble'; did you mean 'check_double'?"),
        ('["double_doubles"]', '["double_double"]', "no check 'double_double'"),
        ('checks = ["double_doubles"]\n', "", "clause doubles: it names no check"),
        ('checks = ["double_doubles"]\n', "", f"the check `{CHECK}` judges what no clause says"),
        ('slip = "wrong_tripled"\n', "", "clause doubles: it names no slip"),
        ("wrong_tripled", "wrong_trippled", "no submission 'wrong_trippled'; did you mean 'wrong_tripled'?"),
        ("slip =", "right =", "wrong_tripled loses points"),
        ("person = true", 'checks = ["double_doubles"]\nperson = true', "a person judges it, so it has no checks"),
    ],
)
def test_what_does_not_agree_is_said(contract, old, new, sentence):
    assert sentence in "\n".join(contract(CLAUSES.replace(old, new, 1)).problems())


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("slip =", "slips =", "no word 'slips'; did you mean 'slip'?"),
        ('task = "check_double"\n', "", "does not say `task`"),
        ("[doubles]", "[doubles", "holds no clauses"),
    ],
)
def test_what_is_no_clause_is_refused(contract, old, new, sentence):
    with pytest.raises(ValueError, match="clause") as caught:
        contract(CLAUSES.replace(old, new, 1))
    assert sentence in str(caught.value)


def test_the_page_shows_sentence_checks_slip_and_points(contract):
    page = clauses_page({"doubling": contract()})
    assert f"| doubles | doubles, *whatever comes in* | `{CHECK}` | `wrong_tripled` | 2 |" in page
    assert "| style | Nothing is rounded. | a person | – | by hand |" in page


@pytest.fixture(scope="module")
def contracts():
    """The contracts of this project."""
    return contracts_of(Course.load(SUBMISSIONS.parents[1]))


def test_every_clause_is_judged_and_broken_and_every_check_rests_on_one(contracts):
    assert {name: problems for name, found in contracts.items() if (problems := found.problems())} == {}


def test_the_page_for_instructors_is_up_to_date(contracts):
    page = SUBMISSIONS.parents[1] / "docs" / "clauses.md"
    assert page.read_text() == clauses_page(contracts), "run `autograder clauses`"
