"""Moodle's worksheet, filled, and the feedback zip: what Moodle would drop or damage is held back, with the word."""

import csv
import html
import io
import random
import re
import shutil
import zipfile
from datetime import datetime

import pytest
import sample_course
from lms_writers import DRAFT, GERMAN, NOTHING, Pupil, imported, moodle_worksheet, moodle_zip, notebook

from autograder.gradebook.access import open_gradebook

HOMEWORK, SLUG = sample_course.ASSIGNMENT, "doubling.ipynb"
ALICE = Pupil(7, "Alice Anderson", "alice@x.org", {SLUG: notebook()})
BOB = Pupil(6, "Bob_Under O'Neil-Smith", "bob@x.org", {SLUG: notebook("half = 6")})
EVE = Pupil(5, "伊芙 李", "eve@x.org", {SLUG: notebook("half = 5")}, status=DRAFT)
FRANK = Pupil(3, "Frank, Jr.", "frank@x.org", status=NOTHING)
CLASS = [ALICE, BOB, EVE, FRANK]


@pytest.fixture
def graded(lms, grade_once, tmp_path):
    """Collected and graded: Alice has 8.5 of 9, Bob 5.5; with feedback pages."""

    def run(pupils=CLASS, layout="folders"):
        def collect():
            archive = moodle_zip(tmp_path / "sub.zip", pupils, layout)
            sheet = moodle_worksheet(tmp_path / "sheet.csv", pupils, layout)
            assert lms("collect", "moodle", archive, "--worksheet", sheet, "--time-zone", "UTC")[0] == 0

        course = grade_once(layout, collect)
        for folder in (course.root / "submitted").iterdir():
            page = course.root / "feedback" / folder.name / HOMEWORK / "doubling.html"
            page.parent.mkdir(parents=True)
            page.write_text(f"<head></head><p>of {folder.name}</p><script src='https://x.org/a.js'></script>")
        return course

    return run


@pytest.fixture
def fill(lms, tmp_path):
    def run(pupils=CLASS, *options, layout="folders", words=None):
        sheet = moodle_worksheet(tmp_path / "sheet.csv", pupils, layout, words)
        return lms("grades", "moodle", "--worksheet", sheet, "--to", tmp_path / "out", *options)

    return run


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def rows(path):
    """By participant number: grade and comment."""
    lines = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    grade = len(lines[0]) - 6
    return {line[0].split()[-1]: (line[grade], line[-1]) for line in lines[1:]}


def test_points_and_comments_stand_in_the_right_rows_and_nobody_else_is_in_the_file(graded, fill, out, tmp_path):
    graded()
    status, said = fill()
    assert status == 0, said
    found = rows(out / "sheet_filled.csv")
    assert found["7"] == ("8.5", "<p>8.5 of 9 points.<br>doubling: 8.5 of 9</p>")
    assert found["6"][0] == "5.5"
    assert found.keys() == {"7", "6"}, "a row that only stands there would have its comment rewritten"
    before = (tmp_path / "sheet.csv").read_text(encoding="utf-8").splitlines()
    after = (out / "sheet_filled.csv").read_text(encoding="utf-8").splitlines()
    assert after[0] == before[0]
    assert (
        after[1]
        == before[1].replace(' -  - ",,9.00', ' -  - ",8.5,9.00') + '"<p>8.5 of 9 points.<br>doubling: 8.5 of 9</p>"'
    )
    assert (out / "sheet_filled.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_feedback_zip_is_one_moodle_accepts_and_pages_stand_by_themselves(graded, fill, out):
    graded()
    fill()
    with zipfile.ZipFile(out / "homework_feedback.zip") as archive:
        pages = {imported(name, {7, 6, 5, 3}): archive.read(name).decode() for name in archive.namelist()}
    assert set(pages) == {(7, "doubling.html"), (6, "doubling.html")}
    assert "of alice@x.org" in pages[7, "doubling.html"]
    assert "of bob@x.org" in pages[6, "doubling.html"]
    assert "x.org/a.js" not in pages[7, "doubling.html"]


def test_it_says_what_to_click(graded, fill):
    graded()
    said = fill()[1]
    assert 'two boxes have to be ticked: "Offline grading worksheet" and "File feedback"' in said
    assert "Allow updating records that have been modified more recently in Moodle than in the spreadsheet" in said


def test_a_german_worksheet_is_filled_by_its_places(graded, fill, out):
    graded()
    status, said = fill([pupil.but(maximum="9,00") for pupil in CLASS], words=GERMAN)
    assert status == 0, said
    text = (out / "sheet_filled.csv").read_text(encoding="utf-8")
    assert '"Zur Bewertung abgegeben -  - ",8.5,"9,00",Ja,' in text, "a decimal point is read in every language"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": DRAFT}, "graded here, but Moodle says 'Draft (not submitted)': nothing is filled in"),
        ({"can_change": "No"}, "Moodle says this grade cannot be changed"),
        ({"grade": "4.00"}, "Moodle has 4.00, which was not written here, and the gradebook has 8.5; --overwrite"),
        ({"grade": "A+"}, "the grade 'A+' is no number"),
    ],
)
def test_what_moodle_would_drop_or_lose_is_held_back(graded, fill, out, change, said):
    graded()
    status, output = fill([ALICE.but(**change), BOB])
    assert status == 1
    assert said in output
    assert rows(out / "sheet_filled.csv").keys() == {"6"}, "nothing of Alice's is touched"


def test_grades_over_the_maximum_are_named(graded, fill, out):
    graded()
    status, said = fill([ALICE, BOB, FRANK.but(grade="11")])
    assert status == 1
    assert "11 is over the maximum of 9, and Moodle would drop it without a word" in said


def test_a_decimal_comma_in_an_english_worksheet_is_that_rows_trouble(graded, fill, out):
    graded()
    status, said = fill([ALICE, BOB.but(grade="7,5")])
    assert status == 1
    assert "the grade '7,5' for participant 6 was typed with a comma, and Moodle would read it as 7" in said
    assert rows(out / "sheet_filled.csv").keys() == {"7"}


def test_another_maximum_is_refused_or_converted(graded, fill, out):
    graded()
    pupils = [pupil.but(maximum="100.00") for pupil in CLASS]
    status, said = fill(pupils)
    assert status == 2
    assert "sheet.csv has a maximum of 100, but the assignment gives 9 points" in said
    assert fill(pupils, "--rescale")[0] == 0
    assert rows(out / "sheet_filled.csv")["7"][0] == "94.44444"


def test_a_comment_somebody_wrote_stays(graded, fill, out):
    graded()
    status, said = fill([ALICE.but(comment="see me   "), BOB])
    assert status == 0
    assert "somebody's comment in Moodle stays as it is" in said
    assert rows(out / "sheet_filled.csv").keys() == {"6"}
    left = (out / "sheet_filled_without_comments.csv").read_text(encoding="utf-8-sig").splitlines()
    assert "Feedback comments" not in left[0], "without the column Moodle touches no comment"
    assert "Last modified (grade)" in left[0]
    assert [line.split(",")[0] for line in left[1:]] == ['"Participant 7"']
    assert ",8.5,9.00," in left[1]
    fill([ALICE.but(comment="see me   "), BOB], "--again", "--overwrite-comments")
    assert rows(out / "sheet_filled.csv")["7"][1].startswith("<p>8.5 of 9")


def exported(comment):
    """What Moodle's worksheet makes of a comment it keeps."""
    return html.unescape(re.sub("<[^>]*>", "", re.sub("</p>|\r|\n", "   ", comment)))


def test_a_second_round_touches_only_who_has_changed(graded, fill, out):
    course = graded()
    fill()
    ours = rows(out / "sheet_filled.csv")
    uploaded = [
        one.but(grade=f"{float(ours[number][0]):.2f}", comment=exported(ours[number][1]))
        for number, one in (("7", ALICE), ("6", BOB))
    ]
    shutil.rmtree(out)
    status, said = fill(uploaded)
    assert status == 0, said
    assert said.count("Moodle has it already") == 2
    assert not out.exists()
    with open_gradebook(course) as gradebook:
        gradebook.find_grade("why", "doubling", HOMEWORK, "bob@x.org").manual_score = 1
        gradebook.db.commit()
    page = course.root / "feedback" / "bob@x.org" / HOMEWORK / "doubling.html"
    page.write_text("new page")
    assert fill(uploaded, "--again", "--dry-run")[1].count("grade written") == 2, "--again sends all once more"
    fill(uploaded, "--again")
    shutil.rmtree(out)
    edited = uploaded[1].but(comment=uploaded[1].comment + "see me")
    status, said = fill([uploaded[0], edited])
    assert (status, "somebody added to the comment that was written here" in said) == (1, True), "no new beside old"
    assert not out.exists()


def test_a_page_alone_goes_alone(graded, fill, out):
    course = graded()
    fill()
    ours = rows(out / "sheet_filled.csv")
    uploaded = [
        one.but(grade=f"{float(ours[number][0]):.2f}", comment=exported(ours[number][1]))
        for number, one in (("7", ALICE), ("6", BOB))
    ]
    (course.root / "feedback" / "bob@x.org" / HOMEWORK / "doubling.html").write_text("another page")
    shutil.rmtree(out)
    assert "feedback page written" in fill(uploaded)[1]
    assert [path.name for path in out.iterdir()] == ["homework_feedback.zip"]
    with zipfile.ZipFile(out / "homework_feedback.zip") as archive:
        assert archive.namelist() == ["x_6_assignfeedback_file/doubling.html"]


def test_work_handed_in_again_is_not_given_the_old_grade(graded, fill, out):
    graded()
    status, said = fill([ALICE.but(time=datetime(2026, 11, 22, 8, 0)), BOB])  # noqa: DTZ001 - the teacher's clock
    assert status == 1
    assert "handed in again since it was collected" in said
    assert rows(out / "sheet_filled.csv").keys() == {"6"}


def test_large_zips_are_written_in_parts_no_person_torn(graded, fill, out):
    course = graded()
    for folder in (course.root / "feedback").iterdir():
        for name in ("doubling",):
            (folder / HOMEWORK / f"{name}.html").write_text(random.Random(folder.name).randbytes(2000).hex())
    assert fill(CLASS, "--max-zip", "4K")[0] == 0
    assert sorted(path.name for path in out.glob("*.zip")) == [
        "homework_feedback_1of2.zip",
        "homework_feedback_2of2.zip",
    ]
    assert all(path.stat().st_size <= 4096 for path in out.glob("*.zip"))
    (course.root / "feedback" / "alice@x.org" / HOMEWORK / "doubling.html").write_text(
        random.Random(1).randbytes(9000).hex()
    )
    status, said = fill(CLASS, "--again", "--max-zip", "4K")
    assert (status, "alone is larger than --max-zip" in said) == (1, True)
    assert rows(out / "sheet_filled.csv").keys() == {"6"}, "one person's large page is one person's"
    assert "such as 100M or 500K (got 'big')" in fill(CLASS, "--again", "--max-zip", "big")[1]


def test_a_worksheet_is_filled_once_and_a_regrade_takes_a_fresh_one(graded, fill, out):
    course = graded()
    fill()
    status, said = fill()
    assert status == 2
    assert "sheet.csv was filled on" in said
    assert "download a fresh worksheet. If it was not, say --again" in said
    assert fill(CLASS, "--again")[0] == 0
    with open_gradebook(course) as gradebook:
        gradebook.find_grade("why", "doubling", HOMEWORK, "alice@x.org").manual_score = 1
        gradebook.db.commit()
    ours = rows(out / "sheet_filled.csv")["7"]
    assert fill([ALICE.but(grade="8.50", comment=ours[1]), BOB])[0] == 0
    assert rows(out / "sheet_filled.csv")["7"] == ("7", "<p>7 of 9 points.<br>doubling: 7 of 9</p>")


def test_undecided_and_unfinished_and_unbacked_points_stay(graded, fill, out):
    course = graded()
    with open_gradebook(course) as gradebook:
        gradebook.find_grade("why", "doubling", HOMEWORK, "alice@x.org").needs_manual_grade = True
        gradebook.find_grade("check_double", "doubling", HOMEWORK, "bob@x.org").auto_score = 2
        gradebook.db.commit()
    status, said = fill()
    assert status == 1
    assert "not final: why still to be graded in formgrader" in said
    assert "its verdict says 1; run `autograder grade`" in said
    assert "There is no grade to return that Moodle does not have, so no file was written." in said
    assert not out.exists()


def test_missing_and_stale_pages_need_a_person(graded, fill, out):
    course = graded()
    (course.root / "feedback" / "alice@x.org" / HOMEWORK / "doubling.html").unlink()
    stale = course.root / "feedback" / "bob@x.org" / HOMEWORK / "doubling.html"
    stale.write_text("<h4>doubling (Score: 3.0 / 9.0)</h4>")
    status, said = fill()
    assert status == 1
    assert "doubling has no feedback page; run `nbgrader generate_feedback homework`" in said
    assert "its feedback page still says 3 points; run `nbgrader generate_feedback --force`" in said
    assert not out.exists(), "no grade beside an old page"
    assert fill(CLASS, "--no-pages")[0] == 0
    assert rows(out / "sheet_filled.csv")["7"][0] == "8.5"


def test_blind_grades_go_back_to_their_number(graded, fill, out):
    graded(CLASS, "blind")
    assert fill(CLASS, layout="blind")[0] == 0
    assert {number: grade for number, (grade, _) in rows(out / "sheet_filled.csv").items()} == {
        "7": "8.5", "6": "5.5"
    }  # fmt: skip


def test_blind_numbers_of_another_assignment_get_nothing(graded, fill, out):
    graded(CLASS, "blind")
    other = [pupil.but(time=datetime(2026, 10, 3, 12, 0)) for pupil in CLASS]  # noqa: DTZ001 - the teacher's clock
    status, said = fill(other, layout="blind")
    assert status == 1
    assert "it must be the worksheet of the same assignment" in said
    assert not out.exists()


def test_team_feedback_waits_for_word_on_its_number(graded, fill, out):
    team = [pupil.but(group="Team_A", group_number=15, files=ALICE.files) for pupil in (ALICE, BOB)]
    course = graded(team, "team")
    status, said = fill(team, layout="team")
    assert status == 1
    assert "no feedback file: say --team-feedback group or participant" in said
    assert {grade for grade, _ in rows(out / "sheet_filled.csv").values()} == {"8.5"}
    status, said = fill(team, "--again", "--team-feedback", "group", layout="team")
    assert status == 1
    assert "no feedback file for the team Team A: its page names alice@x.org, and would reach everybody" in said
    for folder in ("alice@x.org", "bob@x.org"):
        (course.root / "feedback" / folder / HOMEWORK / "doubling.html").write_text("of the team")
    assert fill(team, "--again", "--team-feedback", "group", layout="team")[0] == 0
    with zipfile.ZipFile(out / "homework_feedback.zip") as archive:
        assert archive.namelist() == ["x_15_assignfeedback_file/doubling.html"]
    (out / "homework_feedback.zip").unlink()
    new = FRANK.but(group="Team_A", status=ALICE.status)
    said = fill([*team, new], "--again", "--team-feedback", "group", layout="team")[1]
    assert "participant 3 is in it and has no settled grade" in said, "a member who was never collected would get it"
    assert not (out / "homework_feedback.zip").exists()


def test_a_dry_run_writes_nothing(graded, fill, out, root):
    graded()
    kept = (root / ".autograder" / "lms" / HOMEWORK / "moodle.json").read_bytes()
    status, said = fill(CLASS, "--dry-run")
    assert status == 0
    assert "dry run" in said
    assert not out.exists()
    assert (root / ".autograder" / "lms" / HOMEWORK / "moodle.json").read_bytes() == kept


def test_a_file_that_is_no_worksheet_is_refused(graded, lms, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\nx,1\n")
    status, said = lms("grades", "moodle", "--worksheet", other)
    assert status == 2
    assert "other.csv is no grading worksheet: its first column should read `Participant 12`" in said
