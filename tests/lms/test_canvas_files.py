"""Canvas's archive in, and its gradebook out, to and from the same person."""

import csv
import shutil
import zipfile

import pytest
import sample_course
from lms_writers import Pupil, canvas_gradebook, canvas_zip, notebook, zip_file

from autograder.gradebook.access import open_gradebook

HOMEWORK, SLUG = sample_course.ASSIGNMENT, "doubling.ipynb"
ALICE = Pupil(71, "Alice Anderson", "alice@x.org", {"doubling-2.ipynb": notebook(), "in.txt": b"1"})
DAVE = Pupil(72, "Dave Smith, Jr.", "dave@x.org", {SLUG: notebook("half = 1")})
FRANK = Pupil(73, "Frank Nosubmit", "frank@x.org")
CLASS = [ALICE, DAVE, FRANK]


@pytest.fixture
def collect(lms, tmp_path):
    def run(pupils=CLASS, *options, **written):
        archive = canvas_zip(tmp_path / "submissions.zip", pupils, **written)
        return lms("collect", "canvas", archive, "--gradebook", canvas_gradebook(tmp_path / "g.csv", pupils), *options)

    return run


@pytest.fixture
def fill(lms, tmp_path):
    def run(pupils=CLASS, *options, **written):
        book = canvas_gradebook(tmp_path / "g.csv", pupils, **written)
        return lms("grades", "canvas", "--gradebook", book, "--to", tmp_path / "out.csv", *options)

    return run


def read(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_everybody_gets_their_own_work(collect, root):
    status, said = collect(late=[72])
    assert status == 0, said
    assert b"right" in (root / "submitted" / "alice@x.org" / HOMEWORK / SLUG).read_bytes()
    assert (root / "submitted" / "alice@x.org" / HOMEWORK / "in.txt").read_bytes() == b"1"
    assert b"half = 1" in (root / "submitted" / "dave@x.org" / HOMEWORK / SLUG).read_bytes()
    assert "late, says Canvas" in said
    assert "Nosubmit, Frank (73) nothing handed in" in said


def test_a_later_file_replaces_and_an_earlier_does_not(collect, root):
    collect()
    newer = [ALICE, DAVE.but(files={"doubling-1.ipynb": notebook("half = 2")})]
    assert collect(newer, first_file=5000)[0] == 0
    _, said = collect()
    assert "older than what is there, which stays" in said
    assert b"half = 2" in (root / "submitted" / "dave@x.org" / HOMEWORK / SLUG).read_bytes()


def test_grades_go_back_with_points_possible(collect, grade_once, fill, tmp_path):
    grade_once("canvas", collect)
    status, said = fill()
    assert status == 0, said
    assert read(tmp_path / "out.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "homework (4321)"],
        ["    Points Possible", "", "", "", "", "9"],
        ["Anderson, Alice", "71", "", "alice@x.org", "Sec 1", "8.5"],
        ["Jr., Dave Smith,", "72", "", "dave@x.org", "Sec 1", "5.5"],
    ]


def test_a_grade_somebody_gave_in_canvas_stays_until_asked(collect, grade_once, fill, tmp_path):
    grade_once("canvas", collect)
    status, said = fill([ALICE.but(grade="3.00"), DAVE])
    assert status == 1, said
    assert "Canvas has 3.00, which was not written here; --overwrite takes 8.5" in said
    assert [line[1] for line in read(tmp_path / "out.csv")[2:]] == ["72"]
    assert fill([ALICE.but(grade="3.00"), DAVE], "--overwrite")[0] == 0
    status, said = fill([ALICE.but(grade="EX"), DAVE], "--overwrite")
    assert (status, "excused in Canvas; a grade would undo that" in said) == (1, True)


def test_an_unknown_column_or_another_maximum_is_refused(collect, grade_once, fill, tmp_path):
    grade_once("canvas", collect)
    status, said = fill(CLASS, column="HW one (77)")
    assert status == 2
    assert "g.csv has no single column 'homework'; it has HW one (77). Name one with --column" in said
    assert fill(CLASS, "--column", "77", column="HW one (77)")[0] == 0
    status, said = fill(CLASS, possible="10")
    assert status == 2
    assert "The column 'homework (4321)' has a maximum of 10, but the assignment gives 9 points" in said
    assert fill(CLASS, "--per-exercise", "--new-columns")[0] == 0
    assert read(tmp_path / "out.csv")[0][-1] == "doubling"


def test_another_courses_gradebook_is_refused(lms, tmp_path, root):
    archive = canvas_zip(tmp_path / "s.zip", [ALICE])
    book = canvas_gradebook(tmp_path / "g.csv", [DAVE.but(number=71)])
    status, said = lms("collect", "canvas", archive, "--gradebook", book)
    assert status == 2
    assert "s.zip has 'andersonalice' as user 71, but g.csv has 'Jr., Dave Smith,' under that ID" in said
    assert not (root / "submitted").exists()


def test_one_stranger_and_one_odd_file_are_rows(lms, tmp_path, root):
    archive = canvas_zip(tmp_path / "s.zip", [ALICE, DAVE, Pupil(99, "Gone Away", "", {SLUG: notebook()})])
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("readme.txt", "x")
    status, said = lms("collect", "canvas", archive, "--gradebook", canvas_gradebook(tmp_path / "g.csv", [ALICE, DAVE]))
    assert status == 1
    assert "awaygone (99) in the archive, but not in g.csv" in said
    assert "'readme.txt' is not like" in said
    assert {path.name for path in (root / "submitted").iterdir()} == {"alice@x.org", "dave@x.org"}


def test_a_groups_work_reaches_every_member(lms, tmp_path, root):
    entries = {"team1_71_1000_doubling.ipynb": notebook("half = 1"), "jrdavesmith_72_1001_doubling.ipynb": notebook()}
    archive = zip_file(tmp_path / "s.zip", entries)
    book = canvas_gradebook(tmp_path / "g.csv", CLASS)
    status, said = lms("collect", "canvas", archive, "--gradebook", book)
    assert status == 1
    assert "the archive has 'team1' under the ID of 'Anderson, Alice': is it the work of a group?" in said
    groups = tmp_path / "groups.csv"
    groups.write_text("name,canvas_user_id,group_name\nA,71,Team 1\nF,73,Team 1\nD,72,\n")
    assert lms("collect", "canvas", archive, "--gradebook", book, "--groups", groups)[0] == 0
    for student in ("alice@x.org", "frank@x.org"):
        assert b"half = 1" in (root / "submitted" / student / HOMEWORK / SLUG).read_bytes()


def test_a_group_that_can_be_read_two_ways_is_its_members_trouble(lms, tmp_path, root):
    entries = {"team1_71_1000_doubling.ipynb": notebook("half = 1"), "jrdavesmith_72_1001_doubling.ipynb": notebook()}
    archive = zip_file(tmp_path / "s.zip", entries)
    book = canvas_gradebook(tmp_path / "g.csv", CLASS)
    groups = tmp_path / "groups.csv"
    # another group of the same name; one's own work beside the group's; two groups at once
    for lines, collected, why in (
        ("A,71,Team 1,8\nF,73,Team 1,9\n", {"alice@x.org", "dave@x.org"}, "nothing handed in"),
        ("A,71,Team 1,8\nD,72,Team 1,8\n", {"alice@x.org"}, "two pieces of work count for this student"),
        ("A,71,Team 1,8\nF,73,Team 1,8\nF,73,Team 2,9\n", {"alice@x.org", "dave@x.org"}, "in several groups"),
    ):
        groups.write_text(f"name,canvas_user_id,group_name,canvas_group_id\n{lines}")
        said = lms("collect", "canvas", archive, "--gradebook", book, "--groups", groups)[1]
        assert why in said, lines
        assert {path.name for path in (root / "submitted").iterdir()} == collected, lines
        shutil.rmtree(root / "submitted")


def test_a_group_gets_one_grade_or_none(lms, tmp_path, grade, root):
    archive = zip_file(tmp_path / "s.zip", {"team1_71_1000_doubling.ipynb": notebook()})
    book = canvas_gradebook(tmp_path / "g.csv", CLASS[:2])
    groups = tmp_path / "groups.csv"
    groups.write_text("name,canvas_user_id,group_name\nA,71,Team 1\nD,72,Team 1\n")
    assert lms("collect", "canvas", archive, "--gradebook", book, "--groups", groups)[0] == 0
    course = grade()
    assert lms("grades", "canvas", "--gradebook", book, "--to", tmp_path / "out.csv")[0] == 0
    assert len(read(tmp_path / "out.csv")) == 4
    with open_gradebook(course) as gradebook:
        given = gradebook.find_grade("why", "doubling", HOMEWORK, "dave@x.org")
        given.manual_score = 1.0
        gradebook.db.commit()
    (tmp_path / "out.csv").unlink()
    status, said = lms("grades", "canvas", "--gradebook", book, "--to", tmp_path / "out.csv")
    assert status == 1
    assert "one member's grade to the whole group Team 1, and its members have different points" in said
    assert not (tmp_path / "out.csv").exists()


def test_rows_of_nobody_and_columns_the_importer_skips(collect, grade_once, fill, lms, tmp_path):
    grade_once("canvas", collect)
    assert (
        "Canvas's importer skips a column called 'Final Grade (5)' without a word"
        in fill(CLASS, "--column", "5", column="Final Grade (5)")[1]
    )
    book = canvas_gradebook(tmp_path / "g.csv", [ALICE.but(grade="N/A"), DAVE])
    header, possible, *rows = read(book)
    names = ["Studierende/r", "Nummer", "SIS", "Anmeldung", "Abschnitt", header[5], "Aktuell"]
    student = ["Student, Test", "9", "", "a" * 40, "Sec 1", "", ""]
    lines = [names, ["", "", "", "", "", "Manual Posting", ""], possible, *rows, student]
    book.write_bytes(
        b"\xef\xbb\xbf" + "".join(";".join(f'"{cell}"' for cell in row) + "\r\n" for row in lines).encode()
    )
    status, said = lms("grades", "canvas", "--gradebook", book, "--to", tmp_path / "out.csv")
    assert status == 1
    assert "Canvas has N/A: not assigned to this student" in said
    assert "Student, Test is Canvas's own and nobody" in said
    assert [row[0] for row in read(tmp_path / "out.csv")] == [
        "Studierende/r",
        "    Points Possible",
        "Jr., Dave Smith,",
    ]


def test_a_name_that_is_a_formula_is_none_in_a_file_for_people(collect, grade, lms, tmp_path):
    evil = ALICE.but(name="=1+1 Anderson", email="=cmd@x.org")
    collect([evil, DAVE])
    grade()
    lms("grades", "csv", "--to", tmp_path / "p.csv")
    assert read(tmp_path / "p.csv")[1][:3] == ["'=cmd@x.org", "'=1+1 Anderson", "'=cmd@x.org"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("anon_x1y_55_doubling.ipynb", "is anonymous, so no grade would find its way back"),
        ("holiday.jpg", "'holiday.jpg' is not like `smithjane_12_345_name.ipynb`"),
    ],
)
def test_other_archives_are_refused(lms, tmp_path, name, sentence):
    archive = zip_file(tmp_path / "s.zip", {name: notebook()})
    status, said = lms("collect", "canvas", archive, "--gradebook", canvas_gradebook(tmp_path / "g.csv", CLASS))
    assert status == 2
    assert sentence in said


def test_a_plain_csv_file_is_quoted_and_has_a_column_an_exercise(collect, grade_once, lms, tmp_path):
    grade_once("canvas", collect)
    assert lms("grades", "csv", "--to", tmp_path / "p.csv")[0] == 0
    assert read(tmp_path / "p.csv") == [
        ["student_id", "name", "email", "points", "max_points", "doubling"],
        ["alice@x.org", "Alice Anderson", "alice@x.org", "8.5", "9", "8.5"],
        ["dave@x.org", "Dave Smith, Jr.", "dave@x.org", "5.5", "9", "5.5"],
        ["frank@x.org", "Frank Nosubmit", "frank@x.org", "", "9", ""],
    ]
