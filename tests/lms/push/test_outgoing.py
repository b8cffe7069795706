"""What goes back to a student is what the gradebook holds, if it rests on settled verdicts."""

import pytest
import sample_course

from autograder.course.course import CourseError
from autograder.gradebook.access import course_directory, open_gradebook
from autograder.lms.outgoing import outgoing

HOMEWORK = sample_course.ASSIGNMENT


@pytest.fixture
def found(graded):
    return {entry.student: entry for entry in outgoing(graded, HOMEWORK)}


def test_points_maximum_and_comment_of_each_student(found):
    ada, ben, dee = found["ada"], found["ben"], found["dee"]

    assert (ada.points, ada.max_points, ada.is_complete) == (8.5, 9.0, True)
    assert ada.comment == "8.5 of 9 points.\ndoubling: 8.5 of 9"
    assert (ben.name, ben.email, ben.points) == ("Bob_Under O'Neil-Smith", "ben@x.org", 5.5)
    assert (dee.is_absent, dee.is_complete, dee.comment) == (True, False, "")


def test_what_a_person_still_has_to_grade_is_said(graded):
    with open_gradebook(graded) as gradebook:
        gradebook.find_grade("why", "doubling", HOMEWORK, "ada").needs_manual_grade = True
        gradebook.db.commit()
    ada = next(entry for entry in outgoing(graded, HOMEWORK) if entry.student == "ada")

    assert ada.waiting == ("why",)
    assert not ada.is_complete
    assert ada.comment.endswith("Still to be graded by a person: why.")


def test_points_without_a_verdict_are_refused(graded):
    with open_gradebook(graded) as gradebook:
        gradebook.find_grade("check_double", "doubling", HOMEWORK, "ben").auto_score = 2
        gradebook.db.commit()
    ben = next(entry for entry in outgoing(graded, HOMEWORK) if entry.student == "ben")

    assert "its verdict says 1" in ben.refused
    assert not ben.is_complete


def test_feedback_pages_are_found_by_notebook(graded):
    directory = course_directory(graded)
    page = graded.root / directory.format_path("feedback", "ada", HOMEWORK) / "doubling.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>well done</p>")
    ada = next(entry for entry in outgoing(graded, HOMEWORK) if entry.student == "ada")

    assert ada.pages == {"doubling": page}


def test_an_unknown_assignment_is_one_sentence(graded):
    with pytest.raises(CourseError, match="does not know the assignment 'nothing'"):
        outgoing(graded, "nothing")
