"""What Moodle does since 5.0 and its predecessors did not: files and push, in one process.

From the sources of 5.1 to 5.3 (public/mod/assign: gradingtable.php, feedback/offline, locallib.php, externallib.php).
"""

from types import SimpleNamespace

import pytest
from lms_writers import Pupil, moodle_worksheet

from autograder.lms.identities import Identities, Person
from autograder.lms.moodle import grades as moodle_grades
from autograder.lms.moodle.grades import MoodleReturn, write_moodle
from autograder.lms.moodle.push import MoodleAssignment
from autograder.lms.moodle.worksheet import read_worksheet
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.ledger import open_ledger
from autograder.lms.push.sending import Overwrite, SendStatus, push
from autograder.lms.results import Did
from tests.lms.push.fake_moodle import TOKEN, FakeMoodle
from tests.lms.push.fake_moodle_files import upload_worksheet, worksheet
from tests.lms.push.fake_web import InProcess

ADA, BEN, CY = (Pupil(number, name, f"{name}@x.org") for number, name in ((11, "ada"), (12, "ben"), (13, "cy")))
CLASS = [ADA, BEN, CY]
MARKED = {
    111: [(3.333, "<p>by <b>me</b></p>"), (4.0, "<p>hers</p>")],
    112: [(5.0, ""), (6.0, "")],
    113: [(1.0, ""), (1.0, "")],
}
HAS_IT = "Moodle has it already, and is not asked to write it again"


def entry(pupil, points, said=""):
    return Outgoing(
        pupil.name, "", pupil.email, is_absent=False, points=points, max_points=9.0, penalty=0.0,
        exercises={"doubling": (points, 9.0)}, comment=f"{points:g} of 9 points.{said}",
    )  # fmt: skip


@pytest.fixture
def site():
    site = FakeMoodle()
    site._server.server_close()
    site.people = [(100 + one.number, "", one.name, one.email) for one in CLASS]
    site.statuses = {100 + one.number: "submitted" for one in CLASS}
    return site


class Round:
    """A course that was collected from the site, and its grades."""

    def __init__(self, site, folder, monkeypatch):
        self.site, self.folder = site, folder
        self.course = SimpleNamespace(state_directory=folder / "state")
        self.points = {"ada": 8.5, "ben": 5.5, "cy": 0.0}
        identities = Identities.load(self.course, "homework", "moodle")
        identities.put(Person(str(one.number), one.name, one.name, one.email) for one in CLASS)
        identities.save()
        monkeypatch.setattr(moodle_grades, "outgoing", lambda *_: self.entries())
        monkeypatch.setattr(moodle_grades, "known_students", lambda *_: [])

    def entries(self):
        return [entry(one, self.points[one.name]) for one in CLASS]

    def by_file(self, **asked):
        """Download, fill, and upload as Moodle takes it; rows by student, and the notes."""
        sheet = worksheet(self.site, self.folder / "sheet.csv", CLASS, "folders")
        out = self.folder / "out"
        for path in out.glob("*"):
            path.unlink()
        identities = Identities.load(self.course, "homework", "moodle")
        for fact in [fact for fact in identities.facts if fact.startswith("filled")]:
            del identities.facts[fact]  # a fresh worksheet may be letter for letter the one before
        identities.save()
        results = write_moodle(self.course, "homework", MoodleReturn(sheet, out, with_pages=False, **asked))
        for path in sorted(out.glob("*.csv")):
            upload_worksheet(self.site, path, 9.0)
        return {row.who.split(" (")[0]: row for row in results.rows}, " ".join(results.notes)

    def by_push(self, overwrite=Overwrite(), *, again=False, dry_run=False):  # noqa: B008 - it is frozen
        platform = MoodleAssignment(
            InProcess(self.site).web, self.site.address, TOKEN, with_pages=False, overwrite=overwrite
        )
        with open_ledger(self.folder, "moodle") as ledger:
            rows = push(self.entries(), platform, ledger, again=again, dry_run=dry_run)
        return {row.student: row for row in rows}


@pytest.fixture
def term(site, tmp_path, monkeypatch):
    return Round(site, tmp_path, monkeypatch)


def several_markers(site):
    site.assignment |= {"markingworkflow": 1, "markingallocation": 1, "markercount": 2}
    site.marks_given = {user: list(given) for user, given in MARKED.items()}


@pytest.mark.parametrize("words", [None, {f"Marker {number}": f"Bewerter/in {number}" for number in (1, 2)}])
def test_columns_of_markers_are_neither_teams_nor_grades(tmp_path, words):
    pupils = [one.but(marks=(("9.00", "x"), ("9.00", "")), grade="9.00", group="Team 9") for one in CLASS]
    sheet = read_worksheet(moodle_worksheet(tmp_path / "sheet.csv", pupils, "team", words))
    assert sheet.has_several_markers
    assert {one.groups for one in sheet.participants} == {("Team 9",)}
    assert {(one.grade, one.maximum, one.comment) for one in sheet.participants} == {("9.00", 9.0, "")}
    one_marker = [one.but(marks=(("9.00", ""),)) for one in CLASS]
    assert not read_worksheet(moodle_worksheet(tmp_path / "sheet.csv", one_marker, "blind", words)).has_several_markers


def test_a_worksheet_in_the_shape_of_5_2_is_read_by_its_places(tmp_path):
    header = (
        '"Identifier","Full name","Email address","Status","Allow submissions from","Due date","Cut-off date","Group",'
        '"Marker 1","Marker 2","Grade","Maximum grade","Marking workflow state","Grade can be changed",'
        '"Last modified (submission)","Online text","Last modified (grade)","Feedback comments","Marker 1 comment",'
        '"Marker 2 comment"'
    )
    when = '"Monday, 23 November 2026, 9:05 AM"'
    lines = [
        (
            f'"Participant 4","Mara Two","mara@x.org","Submitted for grading - In marking -  - ",,{when},,"Team 1",'
            f'10.00,,,20.00,"In marking","Yes",{when},"<p>x</p>","-",,"first",'
        ),
        (
            '"Participant 9","Nils Two","nils@x.org","No submission - Not marked -  - ",,,,"Default group",,,,20.00,'
            '"Not marked","Yes","-",,"-",,,'
        ),
    ]
    path = tmp_path / "sheet.csv"
    path.write_text("\ufeff" + "\n".join([header, *lines, ""]), encoding="utf-8")
    sheet = read_worksheet(path)
    mara, nils = sheet.participants
    assert (mara.groups, nils.groups) == (("Team 1",), ("Default group",))
    assert (mara.grade, mara.maximum, mara.due_text) == ("", 20.0, when.strip('"'))
    assert sorted(sheet.columns.of_others) == [8, 9, 18, 19]
    assert sheet.columns.comment == 17


def test_a_grade_that_markers_make_is_not_written_unasked(site, term):
    several_markers(site)
    rows, _ = term.by_file()
    assert {row.did for row in rows.values()} == {Did.PERSON}
    assert "this assignment has 2 markers, and Moodle works out the grade from their marks" in rows["ada"].why
    assert site.records == {}
    assert not (term.folder / "out").exists()


def test_marks_and_comments_of_markers_stay_where_the_grade_is_written(site, term):
    several_markers(site)
    term.points["cy"] = 1.0
    rows, notes = term.by_file(overwrite_marks=True)
    assert {row.did for row in rows.values()} == {Did.DONE}
    assert site.grades == {111: 8.5, 112: 5.5, 113: 1.0}
    assert site.marks_given == MARKED, "two decimals, and a comment without its form, would be taken for new ones"
    assert "mod/assign:managerestrictedgrades" in notes
    assert {row.why for row in term.by_file()[0].values()} == {HAS_IT}


def test_a_single_allocated_marker_changes_nothing_but_the_zero(site, term):
    site.marks_given, site.drops_zeros = {user: [given[0]] for user, given in MARKED.items()}, True
    rows, _ = term.by_file()
    assert site.grades == {111: 8.5, 112: 5.5}
    assert site.marks_given[111] == [(3.333, "<p>by <b>me</b></p>")]
    assert rows["cy"].did is Did.PERSON
    assert "from 5.2 on Moodle drops a 0 from a worksheet without a word" in rows["cy"].why
    assert 113 not in site.comments, "no comment of 0 points beside no grade"


def test_zeros_are_named_and_a_moodle_that_takes_them_has_them(site, term):
    rows, notes = term.by_file()
    assert rows["cy"].did is Did.DONE
    assert "0 points: cy (13). Moodle up to 5.1 takes them; from 5.2 on it drops a 0" in notes
    assert "lms push moodle" in notes
    assert site.grades[113] == 0
    rows, notes = term.by_file()
    assert rows["cy"].why == HAS_IT
    assert "0 points" not in notes


def test_a_moodle_that_drops_zeros_is_found_out_and_they_are_left_to_a_person(site, term):
    site.drops_zeros = True
    term.by_file()
    assert (113 in site.grades, site.comments[113]) == (False, "0 of 9 points.")
    term.points["ben"] = 0.0
    rows, _ = term.by_file()
    assert (rows["ben"].did, rows["cy"].did) == (Did.PERSON, Did.PERSON)
    assert "0 points, and Moodle has no grade; nothing is written" in rows["cy"].why
    assert "0 points, and Moodle has 5.50" in rows["ben"].why
    assert (site.grades[112], site.comments[112]) == (5.5, "5.5 of 9 points."), "no new comment beside an old grade"
    sent = term.by_push(Overwrite(grades=True))
    assert (sent["cy"].status, sent["ben"].status) == (SendStatus.SENT, SendStatus.SENT), sent
    assert (site.grades[112], site.grades[113]) == (0, 0)
    assert term.by_file()[0]["cy"].why == HAS_IT


def test_a_zero_that_was_locked_or_exchanged_since_says_nothing_about_the_site(site, term):
    term.points |= {"ada": 0.0, "ben": 0.0}
    term.by_file()
    site.records[111]["grade"], site.records[112]["grade"] = -1, 3.0
    site.overridden[111] = 2.0
    term.points["cy"] = 1.0
    term.by_file()
    term.points["cy"] = 0.0
    assert term.by_file()[0]["cy"].did is Did.DONE
    assert site.grades[113] == 0


def test_a_grade_that_markers_make_is_not_sent_unasked_and_a_refused_one_is_told(site, term):
    several_markers(site)
    assert {row.status for row in term.by_push().values()} == {SendStatus.LEFT}
    assert "give yours there, or --overwrite-marks sets the grade itself" in term.by_push()["ada"].why
    assert site.saved == []
    site.marks(112, grade=5.5)  # which the marks made
    assert term.by_push()["ben"].status is SendStatus.LEFT, "its comment is not readable before release"
    everything = Overwrite(marks=True, comments=True, files=True)
    assert {row.status for row in term.by_push(everything).values()} == {SendStatus.SENT}
    site.restricts_grades = True
    term.points["ada"] = 7.0
    told = term.by_push(everything)["ada"]
    assert told.status is SendStatus.FAILED
    assert "holds 8.5" in told.why
    assert "mod/assign:managerestrictedgrades, by default managers only" in told.why


def test_moodles_own_penalty_is_no_change_by_others(site, term):
    site.assignment["gradepenalty"] = 1
    site.deductions = {112: 2.0}
    assert "Moodle's own penalty for lateness" in term.by_push(dry_run=True)["ben"].stays
    assert term.by_push()["ben"].status is SendStatus.SENT
    assert site.student_sees(112)[0] == 3.5
    assert term.by_push()["ben"].status is SendStatus.ALREADY
    term.points["ben"] = 6.0
    assert term.by_push()["ben"].status is SendStatus.SENT
    assert sorted(site.saved) == [111, 112, 112, 113]


def test_whether_an_override_hides_a_grade_that_was_there_is_not_guessed(site, term, monkeypatch):
    site.may_see_gradebook = False
    assert {row.status for row in term.by_push().values()} == {SendStatus.SENT}, (
        "a new grade in the assignment proves it"
    )
    site.overridden[112] = 2.0
    monkeypatch.setattr(term, "entries", lambda: [entry(one, term.points[one.name], " See page 2.") for one in CLASS])
    planned = term.by_push(dry_run=True)["ben"]
    assert "whether the gradebook overrides it is not shown to this token" in planned.there
    rows = term.by_push()
    assert {row.status for row in rows.values()} == {SendStatus.UNCHECKED}
    assert "this token may not read the gradebook: look under Grades" in rows["ben"].why
    assert {row.status for row in term.by_push().values()} == {SendStatus.ALREADY}, "nobody is told again and again"
    term.points |= {"ada": 7.0, "ben": 6.0}
    rows = term.by_push()
    assert rows["ada"].status is SendStatus.SENT
    assert (rows["ben"].status, "holds 5.5" in rows["ben"].why) == (SendStatus.FAILED, True)
    site.may_see_gradebook = True
    assert "overridden in Moodle's gradebook" in term.by_push()["ben"].why


def test_a_grade_that_opens_the_next_attempt_is_found_in_the_last(site, term):
    site.assignment |= {"attemptreopenmethod": "untilpass", "maxattempts": -1}
    site.passes_at = 6.0
    rows = term.by_push()
    assert {row.status for row in rows.values()} == {SendStatus.SENT}, rows
    assert site.earlier == {112: "5.50000", 113: "0.00000"}
    assert "another attempt is open" in term.by_push()["ben"].why
    assert sorted(site.saved) == [111, 112, 113]


def due_dates(site):
    platform = MoodleAssignment(InProcess(site).web, site.address, TOKEN)
    return platform.shows_overrides, platform.due_dates(["111", "112", "113"])


def test_overrides_come_by_token_where_the_service_has_them(site):
    site.extensions = {111: 900}
    site.user_groups = {112: [7, 8], 113: [8]}
    site.overrides = [
        {"userid": 111, "duedate": 500},
        {"groupid": 8, "sortorder": 2, "duedate": 300},
        {"groupid": 7, "sortorder": 1, "duedate": 200},
        {"groupid": 9, "sortorder": 0, "duedate": 100},
    ]
    assert due_dates(site) == (False, {"111": 900}), "the app's service does not have them"
    site.functions.add("mod_assign_get_overrides")
    assert due_dates(site) == (True, {"111": 900, "112": 200, "113": 300}), "the first group's, and an extension counts"
    site.overrides += [{"userid": 112, "cutoffdate": 50}, {"userid": 113, "duedate": 0}]
    assert due_dates(site)[1] == {"111": 900, "113": site.handed_in}, "a student's own replaces the groups' as a whole"
    site.may_manage_overrides = False
    assert due_dates(site) == (False, {"111": 900})


def test_no_answer_about_functions_is_no_function(site):
    site.core_webservice_get_site_info = lambda _: (200, {}, {"exception": "x", "errorcode": "accessexception"})
    assert due_dates(site) == (False, {})
