"""What a class run writes for nbgrader is what `nbgrader autograde` writes, row for row and byte for byte."""

import shutil
import stat
from datetime import datetime

import pytest
import sample_course

from autograder.classes.classrun import ClassRun
from autograder.course.course import Course, CourseError
from autograder.gradebook.access import open_gradebook

HOMEWORK = sample_course.ASSIGNMENT
LATE_PENALTY = "c.LateSubmissionPlugin.penalty_method = 'zero'\n"


@pytest.fixture
def handed_in(root):
    sample_course.hand_in(root, "right", timestamp="2025-03-01 17:30:00 UTC", files={"data/numbers.csv": b"1,2"})
    sample_course.hand_in(root, "late", timestamp="2025-03-09 17:30:00 UTC")
    sample_course.hand_in(root, "half", sample_course.submission("half = 1", written=""))
    sample_course.hand_in(root, "undecided", sample_course.submission("undecided = 1"))
    sample_course.hand_in(root, "broken", b"no notebook")
    links = sample_course.hand_in(root, "links")
    (links / "gradebook.csv").symlink_to(root / "gradebook.db")
    noisy = sample_course.submission()
    noisy.cells[1].source += "\nprint('x' * 10**6)"
    sample_course.hand_in(root, "noisy", noisy)
    (root / "source" / HOMEWORK / "given.csv").write_text("from the instructor")
    sample_course.hand_in(root, "overwriting", files={"given.csv": b"mine"})
    Course.load(root).secret()  # made now, so that a copy of the folder has the same
    with open_gradebook(Course.load(root)) as gradebook:
        gradebook.update_or_create_assignment(HOMEWORK, duedate=datetime(2025, 3, 1, 23, 59))  # noqa: DTZ001 - nbgrader's UTC
    return root


def rows(root):
    with open_gradebook(Course.load(root)) as gradebook:
        return sorted(
            (
                submission.student.id,
                str(submission.timestamp),
                notebook.name,
                notebook.late_submission_penalty,
                sorted((grade.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                       for grade in notebook.grades),
                sorted((comment.name, comment.auto_comment or "") for comment in notebook.comments),
            )
            for submission in gradebook.assignment_submissions(HOMEWORK)
            for notebook in submission.notebooks
        )  # fmt: skip


def files(root):
    return {
        str(path.relative_to(root)): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in (root / "autograded").rglob("*")
        if path.is_file()
    }


def grade_class(root, **options):
    course = Course.load(root)
    return ClassRun(course, HOMEWORK, course.secret(), **options).run()


@pytest.mark.parametrize("config", ["", LATE_PENALTY], ids=["plain", "late penalty"])
def test_both_commands_write_the_same(handed_in, tmp_path, run, config):
    with (handed_in / "nbgrader_config.py").open("a") as file:
        file.write(config)
    other = shutil.copytree(handed_in, tmp_path / "other", symlinks=True)

    results = grade_class(handed_in)
    ran = run(other, "nbgrader", "autograde", HOMEWORK)

    assert ran.returncode == 0, ran.stderr
    assert [result.problem for result in results] == [""] * 8
    assert rows(handed_in) == rows(other)
    found, expected = files(handed_in), files(other)
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    penalties = {row[0]: row[3] for row in rows(handed_in)}
    assert penalties["late"] == (6 if config else None)
    assert f"autograded/links/{HOMEWORK}/gradebook.csv" not in found


def test_a_course_with_steps_of_its_own_is_left_to_nbgrader(handed_in):
    with (handed_in / "nbgrader_config.py").open("a") as file:
        file.write(
            "c.Autograde.post_convert_hook = lambda assignment, student, notebooks: "
            "open(f'{assignment}.hook', 'a').write(f'{student}\\n')\n"
        )
    assert not any(result.problem for result in grade_class(handed_in))
    assert len((handed_in / f"{HOMEWORK}.hook").read_text().splitlines()) == 8


def test_points_given_by_hand_stay_when_work_is_graded_again(handed_in):
    grade_class(handed_in)
    with open_gradebook(Course.load(handed_in)) as gradebook:
        grade = gradebook.find_grade("why", "doubling", HOMEWORK, "right")
        grade.manual_score, grade.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    results = {result.row.student: result.row for result in grade_class(handed_in, force=True)}
    assert results["right"].points == 8
    assert results["right"].to_grade == ("why",)


def test_what_a_killed_writer_left_is_removed_and_no_half_folder_shows(handed_in):
    left = handed_in / "autograded" / "right" / ".deriving-0000"
    left.mkdir(parents=True)
    (left / "doubling.ipynb").write_text("half")
    grade_class(handed_in)
    assert [path.name for path in left.parent.iterdir()] == [HOMEWORK]


def test_a_gradebook_that_disagrees_is_said(handed_in):
    with open_gradebook(Course.load(handed_in)) as gradebook:
        gradebook.update_or_create_grade_cell("check_double", "doubling", HOMEWORK, max_score=7)
    with pytest.raises(CourseError, match=f"about check_double of doubling; run `autograder prepare {HOMEWORK}`"):
        grade_class(handed_in)
    assert not (handed_in / "engine.log").exists(), "nobody waits for what could not be saved"
