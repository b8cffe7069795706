"""Made-up courses whose work is collected: everybody's own under their id, nobody else's, and a row for the rest."""

import random
import re
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace

from fake_gradebooks import Gradebook
from lms_writers import NOTHING, SUBMITTED, moodle_zip, notebook, sortable, zip_file

from autograder.lms import collecting
from autograder.lms.canvas import collect as canvas_collect
from autograder.lms.moodle import collect as moodle_collect
from tests.lms.made_up_courses import make, moodle_site
from tests.lms.push.fake_moodle_files import worksheet

CLASS_DUE = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
DUE, LATER = "Friday, 20 November 2026, 6:00 PM", "Sunday, 22 November 2026, 6:00 PM"
NAMES = ["doubling.ipynb", "doubling (1).ipynb", "work/doubling.ipynb", "final.ipynb"]


class Course:
    """A course without an engine and a gradebook: what collecting puts where."""

    def __init__(self, folder, patch):
        doubling = SimpleNamespace(name="doubling", assignment="homework")
        self.state_directory = folder / "state"
        self.exercises = {"doubling": doubling}
        self.recognise = lambda _cells, _name: doubling
        self.exercises_of = lambda _: ["doubling"]
        self.submitted, self.due_dates = folder / "submitted", {}
        patch.setattr(collecting, "submitted_folder", lambda _course, name, who: self.submitted / who / name)
        patch.setattr(collecting, "writer_lock", lambda _: nullcontext())
        patch.setattr(collecting, "_enrol", lambda *_: None)
        patch.setattr(moodle_collect, "known_students", lambda *_: [])
        patch.setattr(canvas_collect, "known_students", lambda *_: [])
        patch.setattr(moodle_collect, "class_due_date", lambda *_: CLASS_DUE)
        patch.setattr(moodle_collect, "set_due_dates", lambda _, __, due, *___, **____: self.due_dates.update(due))

    def files(self):
        """Content by name, by student."""
        found = {path.name: path / "homework" for path in self.submitted.glob("*")}
        return {
            student: {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            for student, folder in found.items()
        }


class Class:
    """What the people of a made-up course hand in, round by round."""

    def __init__(self, made, draw, *, has_default_group=True):
        self.made, self.draw, self.has_default_group = made, draw, has_default_group
        self.late = {one.number for one in made.pupils if draw.random() < 0.2}
        # of a school that allocates work to markers, in a version that shows what each gave
        self.marks = draw.choice([(), (), (("9.00", ""),), (("9.00", "see me"), ("", ""))])
        self.work = {}

    def owner(self, pupil):
        """Whose work it is: a team's, or a person's own."""
        is_shared = self.made.is_team and (pupil.group_number or self.has_default_group)
        return f"[{pupil.group if is_shared else pupil.email}]"

    def hand_in(self, round_number):
        """In the first round everybody, in the second some or all again, then nobody."""
        chosen = {self.owner(one) for one in self.made.pupils if round_number == 0 or self.draw.random() < 0.5}
        for owner in sorted(chosen) if round_number < 2 else ():
            name, said = self.draw.choice(NAMES), f"work of {owner} in round {round_number}"
            beside = f"{name.rpartition('/')[0]}/notes.txt".lstrip("/")
            content = {name: notebook(f"half = 1  # {said}"), beside: said.encode()}
            self.work[owner] = content, datetime(2026, 11, 20, 17 + round_number)  # noqa: DTZ001 - the teacher's clock
        return [self._handed_in(one, is_open=round_number > 0) for one in self.made.pupils]

    def _handed_in(self, pupil, *, is_open):
        content, time = self.work[self.owner(pupil)]
        due = (LATER if pupil.number in self.late else DUE) if self.late else None
        pupil = pupil.but(files=content if pupil.status != NOTHING else {}, time=time, due=due, marks=self.marks)
        is_reopened = is_open and pupil.number in self.made.reopened
        return pupil.but(status="Reopened", files={}) if is_reopened else pupil


def collected_from_moodle(seeds, tmp_path, monkeypatch):
    """Collect from Moodle's own download and worksheet; return how often somebody's work lay in its place."""
    found = 0
    for seed in seeds:
        draw = random.Random(f"{seed} collecting")
        made = make(seed, tmp_path / "pages")
        site, course = moodle_site(made, draw), Course(tmp_path / f"collected-{seed}", monkeypatch)
        pupils = Class(made, draw)
        layout = " ".join(["blind"] * made.is_blind + ["team"] * made.is_team)
        layout = layout or draw.choice(["folders", "old", "flat"])
        lies = {}
        for round_number in range(3):
            handed = pupils.hand_in(round_number)
            ready = [one for one in handed if one.status == SUBMITTED and 100 + one.number not in site.suspended]
            if not ready:
                break
            archive = moodle_zip(tmp_path / "download.zip", handed, layout)
            sheet = worksheet(site, tmp_path / "sheet.csv", handed, layout)
            report = moodle_collect.collect_moodle(
                course, "homework", moodle_collect.MoodleDownload(archive, sheet, UTC)
            )
            lies |= {id_of(made, one): (pupils.owner(one), one.files) for one in ready}
            where = (seed, round_number, layout)
            check(course, lies, where)
            # of somebody who is suspended Moodle gives out their own work at most
            told = [one for one in handed if 100 + one.number not in site.suspended or (one.files and not made.is_team)]
            check_rows(report.rows, told, ready, where)
            late = {id_of(made, one) for one in ready if one.number in pupils.late}
            assert late <= course.due_dates.keys() <= lies.keys(), where
            assert all(due.day == 22 for due in course.due_dates.values()), where
            if round_number == 2:
                assert sum("already there, the same files" in row.why for row in report.rows) == len(ready), where
            found += len(ready)
    return found


def collected_from_canvas(seeds, tmp_path, monkeypatch):
    """Collect from an archive and a gradebook of Canvas; return how often somebody's work lay in its place."""
    found = 0
    for seed in seeds:
        draw = random.Random(f"{seed} collecting from canvas")
        made = make(seed, tmp_path / "pages")
        course = Course(tmp_path / f"collected-{seed}", monkeypatch)
        pupils = Class(made, draw, has_default_group=False)
        # one at most: an archive most of which is nobody's of the gradebook is of another course
        gone = set(draw.sample([one.number for one in made.pupils], draw.choice([0, 0, 1])))
        users = {str(100 + one.number): (one.name, one.email) for one in made.pupils if one.number not in gone}
        groups, lies, round_of = tmp_path / "groups.csv", {}, {}
        groups.write_text(
            "name,canvas_user_id,canvas_group_id,group_name\n"
            + "".join(f"x,{100 + one.number},{one.group_number or ''},{one.group}\n" for one in made.pupils)
        )
        for round_number in range(3):
            handed = [one.but(number=100 + one.number) for one in pupils.hand_in(round_number)]
            round_of |= {pupils.owner(one): pupils.work[pupils.owner(one)][1].hour for one in handed}
            work = {pupils.owner(one): one.files for one in handed if one.files}
            ready = [one for one in handed if pupils.owner(one) in work and str(one.number) in users]
            if len(work) < 3:
                break
            archive = zip_file(tmp_path / "download.zip", archived(made, pupils, handed, round_of))
            book = Gradebook("canvas", users, draw).export(tmp_path / "gradebook.csv")
            download = canvas_collect.CanvasDownload(archive, book, groups=groups if made.is_team else None)
            report = canvas_collect.collect_canvas(course, "homework", download)
            lies |= {one.email: (pupils.owner(one), pupils.work[pupils.owner(one)][0]) for one in ready}
            where = (seed, round_number)
            check(course, lies, where, has_times=False)
            told = [one for one in handed if str(one.number) in users or (one.files and not made.is_team)]
            check_rows(report.rows, told, ready, where)
            if round_number == 2:
                assert sum("already there, the same files" in row.why for row in report.rows) == len(ready), where
            found += len(ready)
    return found


def archived(made, pupils, handed, round_of):
    """The entries of Canvas's archive: a group's work once; a later file has a higher number, and -1 in its name."""
    entries, shown = {}, set()
    for one in handed:
        owner = pupils.owner(one)
        name = sortable(f" {one.group}") if made.is_team and one.group_number else sortable(one.name)
        for place, (path, content) in enumerate(one.files.items() if owner not in shown else ()):
            number, stem = 10_000 * round_of[owner] + 10 * one.number + place, path.rpartition("/")[2]
            stem = re.sub(r"\.", "-1.", stem, count=1) if round_of[owner] > 17 else stem
            entries[f"{name}_{one.number}_{number}_{stem}"] = content
        shown |= {owner} if one.files else set()
    return entries


COLLECTED = {"moodle": collected_from_moodle, "canvas": collected_from_canvas}


def id_of(made, pupil):
    return f"homework-participant-{pupil.number}" if made.is_blind else pupil.email


def check(course, lies, where, *, has_times=True):
    """Everybody's work, the newest there was of it, and nothing else."""
    there = course.files()
    assert there.keys() == lies.keys(), where
    for student, (owner, files) in lies.items():
        content = there[student]
        assert len(content) == 2 + has_times, (where, student)
        assert content["doubling.ipynb"] in files.values(), (where, student)
        assert set(content.values()) >= set(files.values()), (where, student)
        told = re.findall(r"work of (\[.*?\])", b"".join(content.values()).decode())
        assert set(told) == {owner}, (where, student)


def check_rows(rows, handed, ready, where):
    """Whoever was not collected is in the report, with the reason."""
    for one in handed:
        if one not in ready:
            mine = [row for row in rows if f"({one.number})" in row.who]
            assert mine, (where, one.number)
            assert all(row.why for row in mine), (where, one.number)
