"""Grades for Brightspace and Blackboard: keys and columns are those of the teacher's own export, nothing is made up."""

import csv
import io

import pytest
import sample_course
from lms_writers import Pupil, moodle_worksheet, moodle_zip, notebook

HOMEWORK = sample_course.ASSIGNMENT
CLASS = [
    Pupil(7, "Alice Anderson", "alice@x.org", {"doubling.ipynb": notebook()}),
    Pupil(6, "Bob Brown", "bob@x.org", {"doubling.ipynb": notebook("half = 6")}),
]
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,Email,"
    "homework Points Grade <Numeric MaxPoints:9 Category:Lecture>,Other Points Grade,End-of-Line Indicator\r\n"
)
BLACKBOARD = '"Last Name","First Name","Username","homework [Total Pts: 9 Score] |409586","Essay |409587"\r\n'


@pytest.fixture
def graded(lms, grade_once, tmp_path):
    def collect():
        archive = moodle_zip(tmp_path / "sub.zip", CLASS)
        sheet = moodle_worksheet(tmp_path / "sheet.csv", CLASS)
        assert lms("collect", "moodle", archive, "--worksheet", sheet, "--time-zone", "UTC")[0] == 0

    return grade_once("other", collect)


@pytest.fixture
def export(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "export.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def rows(path):
    return list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_brightspace(graded, lms, export, tmp_path):
    book = export(
        BRIGHTSPACE + "#100,alice@x.org,Anderson,Alice,alice@x.org,,5,#\r\n#101,b,Brown,Bob,bob@x.org,,,#\r\n"
    )
    status, said = lms("grades", "--format", "brightspace", "--export", book, "--to", tmp_path / "out.csv")
    assert status == 0, said
    header = BRIGHTSPACE.split(",")
    assert rows(tmp_path / "out.csv") == [
        ["OrgDefinedId", "Username", header[5], "End-of-Line Indicator"],
        ["#100", "alice@x.org", "8.5", "#"],
        ["#101", "b", "5.5", "#"],
    ]
    assert "It caps what is over the maximum" in said


def test_blackboard_keeps_its_number_and_reads_utf_16(graded, lms, export, tmp_path):
    text = BLACKBOARD.replace(",", "\t") + '"Anderson"\t"Alice"\t"alice@x.org"\t"Needs Grading"\t""\r\n'
    book = export(text + '"Brown"\t"Bob"\t"bob@x.org"\t"4.00"\t""\r\n', "utf-16")
    status, said = lms("grades", "blackboard", "--export", book, "--to", tmp_path / "out.csv")
    assert status == 1
    assert "the LMS has 4.00, which was not written here; --overwrite takes 5.5" in said
    assert rows(tmp_path / "out.csv") == [["Username", "homework [Total Pts: 9 Score] |409586"], ["alice@x.org", "8.5"]]
    assert lms("grades", "blackboard", "--export", book, "--to", tmp_path / "out.csv", "--overwrite")[0] == 0


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "brightspace",
            "Email,homework Points Grade,End-of-Line Indicator\r\na@x.org,,#\r\n",
            "By e-mail alone Brightspace",
        ),
        ("brightspace", BRIGHTSPACE.replace("homework", "HW") + "#1,a,b,c,d,,,#\r\n", "no single column 'homework'"),
        (
            "brightspace",
            BRIGHTSPACE.replace("Points:9", "Points:100") + "#1,alice@x.org,b,c,d,,,#\r\n",
            "maximum of 100",
        ),
        (
            "blackboard",
            BLACKBOARD.replace(" |409586", "") + "a,b,alice@x.org,,\r\n",
            "no single column 'homework' (|number)",
        ),
        ("blackboard", BLACKBOARD.replace("Username", "Login") + "a,b,c,,\r\n", "has no column Username"),
    ],
)
def test_what_the_importer_would_misread_is_refused(graded, lms, export, tmp_path, name, text, said):
    status, printed = lms("grades", name, "--export", export(text), "--to", tmp_path / "out.csv")
    assert status == 2
    assert said in printed
    assert not (tmp_path / "out.csv").exists()


def test_nobody_is_left_out_silently(graded, lms, export, tmp_path):
    book = export(BRIGHTSPACE + "#100,alice@x.org,A,A,,,,#\r\n#9,somebody,S,S,s@x.org,,,#\r\n")
    status, said = lms("grades", "brightspace", "--export", book, "--to", tmp_path / "out.csv")
    assert status == 1
    assert "bob@x.org graded here, but in no line of export.csv" in said
    assert "nobody in the gradebook has this id or address" in said
    status, said = lms("plan", "brightspace", HOMEWORK, book, "--json")
    assert '"sends": "grade 8.5"' in said
