"""Made-up courses whose work is collected: everybody's own under their id, nobody else's, and a row for the rest."""

import random
import re
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace

from lms_writers import NOTHING, SUBMITTED, moodle_zip, notebook

from autograder.lms import collecting
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

    def __init__(self, made, draw):
        self.made, self.draw = made, draw
        self.late = {one.number for one in made.pupils if draw.random() < 0.2}
        # of a school that allocates work to markers, in a version that shows what each gave
        self.marks = draw.choice([(), (), (("9.00", ""),), (("9.00", "see me"), ("", ""))])
        self.work = {}

    def owner(self, pupil):
        """Whose work it is: a team's, or a person's own."""
        return f"[{pupil.group if self.made.is_team else pupil.email}]"

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


def id_of(made, pupil):
    return f"homework-participant-{pupil.number}" if made.is_blind else pupil.email


def check(course, lies, where):
    """Everybody's work, the newest there was of it, and nothing else."""
    there = course.files()
    assert there.keys() == lies.keys(), where
    for student, (owner, files) in lies.items():
        content = there[student]
        assert set(content) == {"doubling.ipynb", "notes.txt", "timestamp.txt"}, (where, student)
        assert content["doubling.ipynb"] in files.values(), (where, student)
        assert content["notes.txt"] in files.values(), (where, student)
        told = re.findall(r"work of (\[.*?\])", b"".join(content.values()).decode())
        assert set(told) == {owner}, (where, student)


def check_rows(rows, handed, ready, where):
    """Whoever was not collected is in the report, with the reason."""
    for one in handed:
        if one not in ready:
            mine = [row for row in rows if f"({one.number})" in row.who]
            assert mine, (where, one.number)
            assert all(row.why for row in mine), (where, one.number)
