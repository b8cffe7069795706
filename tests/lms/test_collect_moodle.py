"""Moodle's download, in every layout, into submitted/ under the right person."""

from datetime import timedelta

import pytest
import sample_course
from lms_writers import DRAFT, GERMAN, NOTHING, Pupil, moodle_worksheet, moodle_zip, notebook, zip_file, zipped

from autograder.gradebook.access import open_gradebook

HOMEWORK, SLUG = sample_course.ASSIGNMENT, "doubling.ipynb"
ALICE = Pupil(7, "Alice Anderson", "alice@x.org", {SLUG: notebook("half = 7"), "helper.py": b"x=1"})
ALICE_TOO = Pupil(2, "Alice Anderson", "alice2@x.org", {SLUG: notebook("half = 2")})
BOB = Pupil(6, "Bob_Under O'Neil-Smith", "bob@x.org", {"doubling (1).ipynb": notebook("half = 6")})
DAVE = Pupil(4, "Dave Smith, Jr.", "dave@x.org", {"work/doubling.ipynb": notebook("half = 4"), "work/in.txt": b"in"})
EVE = Pupil(5, "伊芙 李", "eve@x.org", {SLUG: notebook("half = 5")}, status=DRAFT)
FRANK = Pupil(3, "Frank Nosubmit", "frank@x.org", status=NOTHING)
CLASS = [ALICE, ALICE_TOO, BOB, DAVE, EVE, FRANK]


@pytest.fixture
def collect(lms, tmp_path):
    def run(pupils=CLASS, layout="folders", *options, words=None, archive=None):
        archive = archive or moodle_zip(tmp_path / "sub.zip", pupils, layout)
        sheet = moodle_worksheet(tmp_path / "sheet.csv", pupils, layout, words)
        return lms("collect", "moodle", archive, "--worksheet", sheet, "--time-zone", "UTC", *options)

    return run


def read(root, student, name=SLUG):
    return (root / "submitted" / student / HOMEWORK / name).read_bytes()


@pytest.mark.parametrize("layout", ["folders", "old", "flat"])
def test_everybody_gets_their_own_work_and_drafts_are_listed(collect, root, layout):
    status, said = collect(layout=layout)
    assert status == 0, said
    assert {path.name for path in (root / "submitted").iterdir()} == {
        "alice@x.org", "alice2@x.org", "bob@x.org", "dave@x.org"
    }  # fmt: skip
    for pupil in (ALICE, ALICE_TOO, BOB, DAVE):
        assert f"half = {pupil.number}".encode() in read(root, pupil.email)
    assert read(root, "alice@x.org", "helper.py") == b"x=1"
    assert read(root, "dave@x.org", "in.txt") == b"in", "what lay beside the notebook lies beside it still"
    assert "伊芙 李 (5) left out: Draft (not submitted)" in said
    assert "Frank Nosubmit (3) nothing handed in" in said
    assert "doubling (1).ipynb is doubling" in said


def test_students_are_in_the_gradebook_with_name_address_and_time(collect, root, course):
    collect()
    assert read(root, "bob@x.org", "timestamp.txt") == b"2026-11-21 19:00:00 UTC"
    with open_gradebook(course) as gradebook:
        bob = gradebook.find_student("bob@x.org")
        assert (f"{bob.first_name} {bob.last_name}", bob.email) == ("Bob_Under O'Neil-Smith", "bob@x.org")
        assert gradebook.find_student("frank@x.org").last_name == "Nosubmit", (
            "who handed in nothing is of the class too"
        )


def test_times_are_in_the_teachers_zone(collect, root):
    collect(CLASS, "folders", "--time-zone", "America/New_York")
    assert read(root, "bob@x.org", "timestamp.txt") == b"2026-11-22 00:00:00 UTC"


def test_a_german_worksheet_is_read_by_its_places(collect, root):
    status, said = collect(words=GERMAN)
    assert status == 0, said
    assert "left out: Entwurf (nicht abgegeben)" in said
    assert b"half = 6" in read(root, "bob@x.org")


def test_blind_numbers_become_ids_of_this_assignment(collect, root):
    status, _ = collect(layout="blind")
    assert status == 0
    assert b"half = 7" in read(root, f"{HOMEWORK}-participant-7")


def test_every_member_of_a_team_gets_its_work(collect, root):
    files = {SLUG: notebook("half = 1")}
    others = {SLUG: notebook("half = 0")}
    team = [
        ALICE.but(group="Team_A", group_number=1, files=files),
        BOB.but(group="Team_A", group_number=1, files=files),
        DAVE.but(group="Default group", files=others),
        ALICE_TOO.but(group="Default group", files=others),
    ]
    status, said = collect(team, "team")
    assert status == 0, said
    assert read(root, "alice@x.org") == read(root, "bob@x.org") == files[SLUG]
    assert read(root, "dave@x.org") == read(root, "alice2@x.org") == others[SLUG]
    assert "for the team Team A" in said


def test_known_students_keep_their_id(collect, root, course):
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student("hub_bob", first_name="Robert", last_name="Smith", email="BOB@x.org")
    collect()
    assert b"half = 6" in read(root, "hub_bob")
    with open_gradebook(course) as gradebook:
        assert gradebook.find_student("hub_bob").first_name == "Robert"


def test_a_class_list_gives_ids(collect, root, tmp_path):
    roster = tmp_path / "class.csv"
    roster.write_text("id,email,first_name,last_name\n1002,bob@x.org,Bob_Under,O'Neil-Smith\n")
    collect(CLASS, "folders", "--roster", roster)
    assert b"half = 6" in read(root, "1002")


def test_one_name_twice_without_addresses_needs_a_person(collect, root):
    nameless = [pupil.but(email="") for pupil in (ALICE, ALICE_TOO, BOB)]
    status, said = collect(nameless)
    assert status == 1
    assert said.count("several participants have this name and the file has no e-mail addresses") == 2
    assert [path.name for path in (root / "submitted").iterdir()] == ["bob_under-o'neil-smith"]


def test_a_newer_submission_replaces_and_an_older_never_does(collect, root):
    newer = ALICE.but(files={SLUG: notebook("half = 77")}, time=ALICE.time + timedelta(hours=1))
    collect([ALICE])
    assert collect([newer])[0] == 0
    assert b"half = 77" in read(root, "alice@x.org")
    status, said = collect([ALICE])
    assert status == 0
    assert "older than what is there (2026-11-21 20:00:00 UTC), which stays" in said
    assert b"half = 77" in read(root, "alice@x.org")
    kept = list((root / ".autograder" / "lms" / HOMEWORK / "attempts" / "alice@x.org").glob("*/doubling.ipynb"))
    assert [b"half = 7\\" in path.read_bytes() or b'half = 7"' in path.read_bytes() for path in kept] == [True]
    assert not list((root / "submitted" / "alice@x.org").glob(".*")), "nothing half-written is left"


def test_the_best_attempt_counts_on_request(collect, lms, root):
    worse = ALICE.but(files={SLUG: notebook("wrong = 1")}, time=ALICE.time + timedelta(hours=1))
    even_worse = worse.but(files={SLUG: b"{oops"}, time=ALICE.time + timedelta(hours=2))
    for one in (ALICE, worse, even_worse):
        assert collect([one])[0] == 0
    status, said = lms("best", "--dry-run")
    assert (status, read(root, "alice@x.org")) == (0, b"{oops")
    status, said = lms("best")
    assert status == 0
    assert "attempt 1 counts: 3, 0, 0 by the checks" in said
    assert b"half = 7" in read(root, "alice@x.org")
    assert read(root, "alice@x.org", "timestamp.txt") == b"2026-11-21 19:00:00 UTC"
    kept = root / ".autograder" / "lms" / HOMEWORK / "attempts" / "alice@x.org"
    assert len(list(kept.glob("*/doubling.ipynb"))) == 2, "nothing is lost"
    assert "the latest is the best: 0, 0, 3 by the checks" in lms("best")[1]


def test_collecting_twice_changes_nothing(collect, root):
    collect()
    before = {path: path.stat().st_mtime_ns for path in (root / "submitted").rglob("*")}
    status, said = collect()
    assert (status, said.count("already there, the same files")) == (0, 4)
    assert {path: path.stat().st_mtime_ns for path in (root / "submitted").rglob("*")} == before


def test_the_same_time_and_other_files_needs_a_person(collect, root):
    collect([ALICE])
    other = ALICE.but(files={SLUG: notebook("half = 8")})
    status, said = collect([other])
    assert status == 1
    assert "nothing tells which are newer; --replace takes these" in said
    assert b"half = 7" in read(root, "alice@x.org")
    assert collect([other], "folders", "--replace")[0] == 0
    assert b"half = 8" in read(root, "alice@x.org")


def test_a_dry_run_writes_nothing(collect, root):
    before = sorted(path for path in root.rglob("*") if path.suffix != ".lock")
    status, said = collect(CLASS, "folders", "--dry-run")
    assert status == 0
    assert "dry run: nothing is written or sent" in said
    assert sorted(path for path in root.rglob("*") if path.suffix != ".lock") == before


def test_a_zip_of_notebooks_is_unpacked(collect, root):
    packed = zipped({"my work/doubling-2.ipynb": notebook("half = 1"), "my work/data.csv": b"1", "__MACOSX/._x": b""})
    assert collect([ALICE.but(files={"hw.zip": packed})])[0] == 0
    assert b"half = 1" in read(root, "alice@x.org")
    assert read(root, "alice@x.org", "data.csv") == b"1"


def test_a_renamed_notebook_is_known_by_what_is_in_it_and_a_broken_one_by_its_name(collect, root):
    pupils = [
        ALICE.but(files={"final FINAL.ipynb": notebook("half = 9")}),
        BOB.but(files={"doubling-1.ipynb": b"{oops"}),
    ]
    assert collect(pupils)[0] == 0
    assert b"half = 9" in read(root, "alice@x.org")
    assert read(root, "bob@x.org") == b"{oops"


def test_two_different_notebooks_of_one_exercise_need_a_person(collect, root):
    files = {SLUG: notebook("half = 1"), "doubling (2).ipynb": notebook("half = 2")}
    status, said = collect([ALICE.but(files=files)])
    assert status == 1
    assert "doubling.ipynb counts as doubling, but doubling (2).ipynb may be meant" in said
    assert b"half = 2" in read(root, "alice@x.org", "doubling (2).ipynb")


def test_no_notebook_needs_a_person_and_nothing_is_put(collect, root):
    status, said = collect([ALICE, BOB.but(files={"essay.pdf": b"%PDF", "onlinetext.html": b"<p>"})])
    assert status == 1
    assert "handed in no notebook of this assignment, but essay.pdf" in said
    assert not (root / "submitted" / "bob@x.org").exists()


def test_a_students_hostile_archive_stops_only_that_student(collect, root):
    bad = zipped({"../../evil.ipynb": notebook()})
    status, said = collect([ALICE, BOB.but(files={"hw.zip": bad})])
    assert status == 1
    assert "not collected: the archive 'hw.zip' holds the name '../../evil.ipynb', which leads out" in said
    assert (root / "submitted" / "alice@x.org").exists()
    assert not (root / "submitted" / "bob@x.org").exists()


def test_submitted_but_not_in_the_archive_needs_a_person(collect, tmp_path):
    archive = moodle_zip(tmp_path / "part.zip", [ALICE])
    status, said = collect([ALICE, BOB], archive=archive)
    assert status == 1
    assert "submitted according to the worksheet, but not in the archive" in said


@pytest.mark.parametrize(
    ("pupils", "sentence"),
    [
        (
            [BOB.but(number=7), ALICE.but(number=6)],
            "under that number: archive and worksheet must be of the same assignment",
        ),
        ([BOB], "but sheet.csv has no such participant"),
    ],
)
def test_a_worksheet_of_another_assignment_is_refused(collect, lms, root, tmp_path, pupils, sentence):
    archive = moodle_zip(tmp_path / "sub.zip", [ALICE])
    status, said = collect(pupils, archive=archive)
    assert status == 2
    assert sentence in said
    assert not (root / "submitted").exists()


def test_numbers_that_were_other_people_are_refused(collect):
    collect([ALICE, BOB])
    status, said = collect([ALICE.but(number=6), BOB.but(number=7)])
    assert status == 2
    assert "this file belongs to another assignment" in said


def test_notebooks_of_something_else_are_refused(collect, root):
    status, said = collect([ALICE.but(files={"other.ipynb": b'{"cells": [], "nbformat": 4}'})])
    assert status == 2
    assert "sub.zip holds no notebook of homework" in said
    assert not (root / "submitted").exists()


def test_an_archive_that_is_no_download_is_refused(collect, tmp_path):
    archive = zip_file(tmp_path / "photos.zip", {"holiday.jpg": b"x"})
    status, said = collect(archive=archive)
    assert status == 2
    assert "photos.zip is no download of submissions" in said


def test_files_a_real_moodle_wrote(lms, samples, root):
    """Its notebooks are of another course, so all that can be seen is that everybody is recognised."""
    from autograder.lms.moodle.collect import find_owners
    from autograder.lms.moodle.worksheet import read_worksheet
    from autograder.lms.moodle.zip import read_layout
    from autograder.lms.safe_zip import open_zip

    for archive, sheet, expected in (
        ("hw1__submissions.zip", "hw1__worksheet.csv", {"7", "2", "1", "6", "4", "5"}),
        ("hw1__submissions_flat.zip", "hw1__worksheet.csv", {"7", "2", "1", "6", "4", "5"}),
        ("hw2_blind__submissions.zip", "hw2_blind__worksheet.csv", {"12", "9", "11", "14", "8", "10"}),
        ("hw3_team__submissions.zip", "hw3_team__worksheet.csv", {"15", "18", "20", "19", "16", "21", "17"}),
        ("hw4_onlinetext__submissions.zip", "hw4_onlinetext__worksheet.csv", {"24"}),
    ):
        with open_zip(samples / archive, archive) as opened:
            handed, strangers = read_layout(opened, archive)
        read = read_worksheet(samples / sheet)
        assert set(find_owners(handed, read, archive).owned) == expected
        assert strangers == []
        assert read.csv.exchanged({}) == (samples / sheet).read_bytes()
        assert {one.status.value for one in read.participants} <= {"submitted", "draft", "none"}


@pytest.mark.parametrize(
    ("folder", "owned", "others"),
    [
        ("hw1", 20, ["Sue Suspended (12)"]),
        ("hw1c", 19, ["Sue Suspended (12)"]),
        ("hw2blind", 20, ["Participant (26)"]),
        ("hw3team", 21, []),
        ("grp6", 21, []),
        ("B_hw1c", 22, []),
    ],
)
def test_the_mess_of_a_real_term(samples, folder, owned, others):
    """Suspended accounts, names with marks, overrides, teams, a chosen group, comments: as Moodle 4.5.6 wrote them."""
    from autograder.lms.moodle.collect import find_owners
    from autograder.lms.moodle.worksheet import read_worksheet
    from autograder.lms.moodle.zip import read_layout
    from autograder.lms.safe_zip import open_zip

    place = samples / "moodle_4.5.6" / folder
    with open_zip(place / "submissions.zip", folder, refuse_troubles=False) as opened:
        handed, strangers = read_layout(opened, folder)
        assert opened.troubles == {}
    read = read_worksheet(place / "worksheet.csv")
    found = find_owners(handed, read, folder)
    assert (len(found.owned), [who for who, _ in found.others], found.problems, strangers) == (owned, others, {}, [])
    assert {one.status.value for one in read.participants} <= {"submitted", "draft", "none"}
    assert read.csv.exchanged({}) == (place / "worksheet.csv").read_bytes()


def test_a_suspended_account_leaves_the_class(collect, root, tmp_path):
    archive = moodle_zip(tmp_path / "sub.zip", CLASS)
    sheet = [pupil for pupil in CLASS if pupil is not BOB]
    status, said = collect(sheet, archive=archive)
    assert status == 1
    assert "Bob Under ONeil-Smith (6) in the archive, but not in the worksheet" in said
    assert "Moodle lists a suspended account in no worksheet" in said
    assert {path.name for path in (root / "submitted").iterdir()} == {"alice@x.org", "alice2@x.org", "dave@x.org"}


def test_one_changed_name_is_one_persons_trouble(collect, root):
    archive_class = [*CLASS[:2], BOB.but(name="Robert Married"), *CLASS[3:]]
    status, said = collect(archive_class)
    assert status == 0
    status, said = collect([*CLASS[:2], BOB.but(email="new@x.org"), *CLASS[3:]])
    assert status == 1
    assert "was 'Robert Married' when this was collected before" in said
    assert said.count("already there, the same files") == 3


def test_one_odd_file_is_one_persons_row(collect, root):
    pupils = [
        ALICE.but(files={SLUG: notebook("half = 7"), "deep/" * 30 + "data.csv": b"1"}),
        BOB.but(files={"n" * 230 + ".ipynb": notebook("half = 6")}),
        DAVE.but(files={"./timestamp.txt": b"2020-01-01 00:00:00 UTC", SLUG: notebook("half = 4")}),
        ALICE_TOO.but(files={SLUG: notebook("half = 2"), "data": b"1", "data/more.csv": b"2"}),
    ]
    status, said = collect(pupils)
    assert status == 1
    assert "left out: the archive holds 'Alice Anderson_7_assignsubmission_file/deep" in said
    assert "not collected: the archive holds the name" in said
    assert read(root, "dave@x.org", "timestamp.txt") == b"2026-11-21 19:00:00 UTC", "the student's own counts nothing"
    assert {path.name for path in (root / "submitted").iterdir()} == {"alice@x.org", "alice2@x.org", "dave@x.org"}


def test_two_teams_that_look_alike_are_their_members_trouble(collect, root):
    files = {SLUG: notebook("half = 1")}
    pupils = [
        ALICE.but(group="Team_1", group_number=1, files=files),
        BOB.but(group="Team 1", group_number=2, files=files),
        DAVE.but(group="Team_3", group_number=3, files=files),
    ]
    status, said = collect(pupils, "team")
    assert status == 1
    assert said.count("cannot be told apart; rename one in Moodle") == 2
    assert [path.name for path in (root / "submitted").iterdir()] == ["dave@x.org"]
