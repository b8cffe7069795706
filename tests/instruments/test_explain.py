"""A complaint is answered from the verdict, the work and the check put again; the student's page tells no more."""

import json

import pytest
import sample_course

from autograder.course.course import Course, CourseError
from autograder.grading.grader import Grader, LazyEngine
from autograder.grading.store import VerdictStore
from autograder.instruments.explaining import complaint_page, explain
from autograder.instruments.regrading import plan_regrading, write_regrading


@pytest.fixture
def ask(graded):
    def ask(*words, **options):
        course = Course.load(graded)
        with LazyEngine(course) as engine:
            return explain(course, Grader(course, course.secret(), engine), *words, **options)

    return ask


def test_what_did_not_pass_is_explained_with_code_evidence_and_history(ask):
    found = ask("cleo", "doub")

    first = found[0]
    assert first.result.name == "check_double_doubles"
    assert first.answer == "def double(n):\n    return n"
    assert first.evidence.came_back == "5 <b>came back</b>"
    assert first.again.outcome is first.result.outcome
    assert not first.notes
    assert [past.outcome for past in first.history] == ["FAIL"]
    assert set(first.history[0].made) > {"code", "page doubling.py", "python"}
    json.dumps([one.as_plain() for one in found])


def test_a_check_that_passed_can_be_asked_for(ask):
    (one,) = ask("ada", "doubling", "check_answer_keeps")
    assert one.result.points == one.result.max_points == 2
    assert ask("ada", "doubling") == []


def test_the_page_for_the_student_holds_no_other_draws_no_seed_and_escapes(ask, graded):
    found = ask("cleo", "doubling")
    page = complaint_page(found)
    assert "double(2)" in page
    assert "5 &lt;b&gt;came back&lt;/b&gt;" in page
    for secret in ("double(7)", "12345", (graded / ".course_secret").read_text().strip(), "<script"):
        assert secret not in page
    assert Course.load(graded).secret().digest[:12] not in page
    assert complaint_page([]).count("Every check passed") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("clio", "doubling"), "there is no graded work of a student 'clio'; did you mean 'cleo'?"),
        (("cleo", "doublin g"), "there is no exercise 'doublin g'; did you mean 'doubling'?"),
        (("cleo", "doubling", "check_double_double"), "did you mean 'check_double_doubles'?"),
    ],
)
def test_a_name_that_does_not_exist_is_said_with_the_nearest(ask, words, sentence):
    with pytest.raises(CourseError, match=sentence.replace("?", r"\?")):
        ask(*words)


def test_work_handed_in_again_is_not_mixed_with_the_verdict_of_before(ask, graded):
    sample_course.hand_in(graded, "cleo", sample_course.submission("def double(n):\n    return 3 * n"))
    (one, *_) = ask("cleo", "doubling")
    assert one.again is None
    assert "Another notebook has been handed in since" in one.notes[0]


def test_when_the_page_has_changed_since_it_says_so_and_the_history_grows(ask, graded):
    with (graded / "checks" / "doubling.py").open("a") as page:
        page.write("half_is_enough = True\n")
    (one, *_) = ask("cleo", "doubling", "check_double_doubles")
    assert one.again.outcome.value == "PASS"
    assert "Put again it came to PASS; since then these have changed: page doubling.py." in one.notes[0]

    course = Course.load(graded)
    with LazyEngine(course) as engine:
        grader = Grader(course, course.secret(), engine)
        write_regrading(course, grader, plan_regrading(course, grader, sample_course.ASSIGNMENT))
    (one,) = ask("cleo", "doubling", "check_double_doubles")
    assert [past.outcome for past in one.history] == ["FAIL", "PASS"]
    assert len(VerdictStore(course.state_directory).history(sample_course.ASSIGNMENT, "cleo", "doubling")) == 2
