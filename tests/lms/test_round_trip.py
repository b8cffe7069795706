"""What goes in under a name comes back to the same person."""

import csv
import io
import tempfile
import zipfile
from pathlib import Path

import awkward_class
import sample_course
from hypothesis import given, settings
from hypothesis import strategies as st
from lms_writers import (
    Pupil,
    canvas_gradebook,
    canvas_zip,
    imported,
    moodle_worksheet,
    moodle_zip,
)

from autograder.lms.identities import Identities
from autograder.lms.moodle.collect import find_owners
from autograder.lms.moodle.worksheet import read_worksheet
from autograder.lms.moodle.zip import read_layout
from autograder.lms.names import folded, released_name, split_name, student_id
from autograder.lms.safe_zip import open_zip
from autograder.lms.students import Candidate, assign_ids

# names as people may have them, and as an input form lets them through: no control characters but anything else
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(awkward_class.NAMES)


def test_a_class_of_thirty_through_moodle(lms, grade, root, tmp_path):
    pupils = awkward_class.pupils()
    archive = moodle_zip(tmp_path / "sub.zip", pupils)
    sheet = moodle_worksheet(tmp_path / "sheet.csv", pupils)
    status, said = lms("collect", "moodle", archive, "--worksheet", sheet, "--time-zone", "UTC")
    assert status == 0, said
    grade()
    for student in (root / "submitted").iterdir():
        page = root / "feedback" / student.name / sample_course.ASSIGNMENT / "doubling.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"for {student.name}")

    status, said = lms("grades", "moodle", "--worksheet", sheet, "--to", tmp_path)
    assert status == 0, said
    text = (tmp_path / "sheet_filled.csv").read_bytes().decode("utf-8-sig")
    returned = {line[0].split()[-1]: line[4] for line in list(csv.reader(io.StringIO(text, newline="")))[1:]}
    assert returned == {
        str(pupil.number): awkward_class.expected(pupil) for pupil in pupils if awkward_class.expected(pupil)
    }
    with zipfile.ZipFile(tmp_path / "homework_feedback.zip") as feedback:
        given_to = {imported(name, set(range(32)))[0]: feedback.read(name).decode() for name in feedback.namelist()}
    assert {number: page.rpartition("for ")[2] for number, page in given_to.items()} == {
        pupil.number: pupil.email for pupil in pupils if awkward_class.expected(pupil)
    }


def test_a_class_of_thirty_through_canvas(lms, grade, tmp_path):
    pupils = awkward_class.pupils()[:-1]  # Canvas has no drafts
    archive = canvas_zip(tmp_path / "sub.zip", pupils)
    book = canvas_gradebook(tmp_path / "book.csv", pupils)
    status, said = lms("collect", "canvas", archive, "--gradebook", book)
    assert status == 0, said
    grade()
    status, said = lms("grades", "canvas", "--gradebook", book, "--to", tmp_path / "out.csv")
    assert status == 0, said
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))[2:]
    handed_in = [pupil for pupil in pupils if pupil.files]
    assert {line[1]: line[-1] for line in lines} == {
        str(pupil.number): awkward_class.expected(pupil) for pupil in handed_in
    }


@settings(max_examples=60)
@given(st.lists(names, min_size=1, max_size=6), st.sampled_from(["folders", "old", "flat", "blind"]), st.data())
def test_any_name_leads_back_to_its_number(given_names, layout, data):
    numbers = data.draw(st.permutations(range(1, 1 + len(given_names))))
    pupils = [
        Pupil(number, name, f"s{number}@x.org", {"a.ipynb": str(number).encode()})
        for number, name in zip(numbers, given_names, strict=True)
    ]
    with tempfile.TemporaryDirectory() as folder:
        archive = moodle_zip(Path(folder) / "sub.zip", pupils, layout)
        sheet = read_worksheet(moodle_worksheet(Path(folder) / "sheet.csv", pupils, layout))
        with open_zip(archive, "sub.zip") as opened:
            handed, strangers = read_layout(opened, "sub.zip")
            owned = find_owners(handed, sheet, "sub.zip").owned
            read = {number: opened.read(one.files["a.ipynb"]) for number, one in owned.items()}
    assert strangers == []
    assert read == {str(number): str(number).encode() for number in numbers}
    cells = {(one.record, sheet.columns.grade): one.number for one in sheet.participants}
    refilled = list(csv.reader(io.StringIO(sheet.csv.exchanged(cells).decode("utf-8-sig"), newline="")))
    assert [line[sheet.columns.grade] for line in refilled[1:]] == [str(number) for number in numbers]
    if layout != "blind":
        assert [line[1] for line in refilled[1:]] == given_names, "names stay as they were"


@given(st.lists(st.tuples(names, names), min_size=1, max_size=6))
def test_nobody_gets_anothers_id_and_every_id_is_one_folder_name(people):
    candidates = [
        Candidate(str(number), name, f"{login}@x.org", fallback=f"participant-{number}")
        for number, (name, login) in enumerate(people)
    ]
    ids, problems = assign_ids(candidates, [], Identities(Path("unused")))
    assert len(set(ids.values())) == len(ids)
    assert ids.keys() | problems.keys() == {candidate.key for candidate in candidates}
    for student in ids.values():
        assert student == student_id(student)
        assert Path(student).name == student
        assert not set("*?[]/\\\0") & set(student)


@given(names)
def test_a_name_survives_being_split(name):
    first, last = split_name(name)
    assert folded(f"{first} {last}") == folded(name)


@given(st.sampled_from(["", " (1)", "(12)", "-1", "-2-1", " - Copy", "_3", " copy", "-Copy1", " (1) (2)"]))
def test_what_browsers_and_lmss_append_comes_off(tail):
    released = frozenset({"exercise_1_two_classes", "exercise_2"})
    for name in released:
        assert released_name(name + tail, released) == name
    assert released_name("exercise_7" + tail, released) == "exercise_7" + tail
