"""Points go out only if they rest on settled verdicts."""

import csv
import shutil
from pathlib import Path

import pytest
import sample_course

from autograder.classes.classrun import ClassRun
from autograder.course.course import Course
from autograder.course.csv_files import read_table
from autograder.gradebook.access import open_gradebook
from autograder.gradebook.export import ExportRefused, VerdictExporter

HOMEWORK = sample_course.ASSIGNMENT


@pytest.fixture(scope="module")
def _graded(_released, tmp_path_factory):
    root = Path(shutil.copytree(_released, tmp_path_factory.mktemp("graded") / "course"))
    sample_course.hand_in(root, "ada")
    sample_course.hand_in(root, "ben", sample_course.submission("half = 1"))
    course = Course.load(root)
    ClassRun(course, HOMEWORK, course.secret()).run()
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student("cy", last_name='O"Neil, Jr.\nthe third', first_name="Cy;", email="c@d")
    return root


@pytest.fixture
def graded(_graded, tmp_path, monkeypatch):
    root = Path(shutil.copytree(_graded, tmp_path / "course"))
    monkeypatch.chdir(root)
    return Course.load(root)


def export(course, **settings):
    path = course.root / "grades.csv"
    with open_gradebook(course) as gradebook:
        VerdictExporter(**settings).write(gradebook, path)
    with path.open(newline="", encoding="utf-8") as stream:
        return {row["student_id"]: row for row in csv.DictReader(stream)}


def set_points(course, student, cell, **values):
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade(cell, "doubling", HOMEWORK, student)
        for name, value in values.items():
            setattr(grade, name, value)
        gradebook.db.commit()


def test_names_are_quoted_and_absent_students_have_no_points(graded):
    rows = export(graded)
    assert rows["cy"]["last_name"] == 'O"Neil, Jr.\nthe third'
    assert rows["cy"]["first_name"] == "Cy;"
    assert (rows["cy"]["status"], rows["cy"]["points"], rows["cy"]["score"]) == ("absent", "", "")
    assert (rows["ben"]["status"], rows["ben"]["points"], rows["ben"]["max_points"]) == (
        "to be graded by hand",
        "3",
        "9",
    )


def test_a_name_is_no_formula_in_a_spreadsheet_and_is_read_back(graded):
    with open_gradebook(graded) as gradebook:
        gradebook.update_or_create_student("cy", last_name="=1+1", first_name="-3")
    row = export(graded)["cy"]
    assert (row["last_name"], row["first_name"]) == ("'=1+1", "-3")
    columns, rows = read_table(graded.root / "grades.csv")
    assert "student_id" in columns
    assert next(row["last_name"] for row in rows if row["student_id"] == "cy") == "=1+1"


def test_points_of_each_notebook_and_if_asked_of_each_cell(graded):
    assert export(graded)["ben"]["doubling"] == "3"
    row = export(graded, per_cell=True)["ben"]
    assert (row["doubling.check_double"], row["doubling.check_answer"], row["doubling.why"]) == ("1", "2", "0")


def test_points_given_by_hand_count(graded):
    set_points(graded, "ben", "why", manual_score=2.5, needs_manual_grade=False)
    row = export(graded)["ben"]
    assert (row["points"], row["status"]) == ("5.5", "graded")


@pytest.mark.parametrize(
    ("value", "said"),
    [(2.0, "2 points"), (0.999, "1 points"), (None, "no points"), (float("nan"), "no points")],
)
def test_points_other_than_the_verdicts_stop_the_export(graded, value, said):
    set_points(graded, "ben", "check_double", auto_score=value)
    reason = f"homework, ben: cell 'check_double' has {said} in the gradebook, but its verdict says 1"
    with pytest.raises(ExportRefused, match=reason):
        export(graded)
    assert not (graded.root / "grades.csv").exists()
    row = export(graded, skip_refused=True)["ben"]
    assert (row["status"], row["points"], row.get("doubling", "")) == ("refused", "", "")


def test_points_without_a_verdict_stop_the_export(graded):
    (path,) = graded.root.glob(".autograder/graded/homework/ben/*.json")
    path.unlink()
    with pytest.raises(
        ExportRefused, match=r"homework, ben: cell 'check_answer' has points .* there is no verdict on it"
    ):
        export(graded)


def test_an_undecided_cell_stops_the_export_until_a_person_decides(graded):
    sample_course.hand_in(graded.root, "ben", sample_course.submission("half = 1  # undecided"))
    ClassRun(graded, HOMEWORK, graded.secret()).run()
    with pytest.raises(ExportRefused, match="homework, ben: cell 'check_answer' is undecided"):
        export(graded)
    for cell in ("check_double", "check_answer"):
        set_points(graded, "ben", cell, manual_score=1, needs_manual_grade=False)
    assert export(graded)["ben"]["points"] == "2"


def test_the_old_file_stays_when_an_export_is_refused(graded):
    export(graded)
    before = (graded.root / "grades.csv").read_bytes()
    set_points(graded, "ben", "check_double", auto_score=2)
    with pytest.raises(ExportRefused):
        export(graded)
    assert (graded.root / "grades.csv").read_bytes() == before
    assert not list(graded.root.glob(".grades*"))
