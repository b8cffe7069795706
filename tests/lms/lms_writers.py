"""Small faithful writers of what Moodle and Canvas let a teacher download, and Moodle's rule for feedback zips."""

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass, field, replace
from datetime import datetime

import sample_course

SUBMITTED, DRAFT, NOTHING = "Submitted for grading", "Draft (not submitted)", "No submission"
GERMAN = {
    "Identifier": "ID", "Full name": "Vollständiger Name", "Email address": "E-Mail-Adresse", "Grade": "Bewertung",
    "Maximum grade": "Bestwertung", "Grade can be changed": "Bewertung kann geändert werden", "Group": "Gruppe",
    "Last modified (submission)": "Zuletzt geändert (Abgabe)", "Last modified (grade)": "Zuletzt geändert (Bewertung)",
    "Feedback comments": "Feedback als Kommentar", "Yes": "Ja", "No": "Nein", "Participant ": "Teilnehmer/in",
    SUBMITTED: "Zur Bewertung abgegeben", DRAFT: "Entwurf (nicht abgegeben)", NOTHING: "Keine Abgabe",
}  # fmt: skip


@dataclass(frozen=True)
class Pupil:
    number: int
    name: str
    email: str = ""
    files: dict = field(default_factory=dict)
    status: str = SUBMITTED
    time: datetime = datetime(2026, 11, 21, 19, 0)  # noqa: DTZ001 - the teacher's clock
    group: str = ""
    group_number: int | None = None
    grade: str = ""
    comment: str = ""
    can_change: str = "Yes"
    maximum: str = "9.00"
    due: str | None = None
    """As Moodle writes it; a worksheet has it where anybody has an override."""
    marks: tuple = ()
    """Mark and comment of each marker, from Moodle 5.2 on where work is allocated to markers."""

    def but(self, **changes):
        return replace(self, **changes)


def notebook(code="def double(number):\n    return 2 * number  # right", **extra):
    return json.dumps(sample_course.submission(code, **extra)).encode()


def clean_filename(name):
    """Moodle's PARAM_FILE."""
    name = re.sub(r"[\x00-\x1f\x7f]|[&<>\"`|':\\/]", "", name)
    name = re.sub(r"\.\.+", "", name)
    return re.sub(r"/(\./)+", "/", name)


def moodle_zip(path, pupils, layout="folders"):
    """Layouts: folders, old (trailing underscore), flat, blind, team; blind team is written as team."""
    entries = {}
    for pupil in pupils:
        if "team" in layout:
            number = f"_{pupil.group_number}" if pupil.group_number is not None else ""
            prefix = clean_filename(pupil.group.replace("_", " ") + number)
        else:
            name = "Participant" if layout == "blind" else pupil.name
            prefix = clean_filename(f"{name.replace('_', ' ')}_{pupil.number}")
        for inner, content in pupil.files.items():
            plugin = "onlinetext" if inner == "onlinetext.html" else "file"
            head = f"{prefix}_assignsubmission_{plugin}"
            if layout == "flat":
                entries[f"{head}_{inner.rpartition('/')[2]}"] = content
            else:
                entries[f"{head}{'_' if layout == 'old' else ''}/{inner}"] = content
    return zip_file(path, entries)


def zip_file(path, entries):
    path.write_bytes(zipped(entries))
    return path


def zipped(entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def fputcsv(values):
    """PHP's quoting."""
    return ",".join(
        '"' + value.replace('"', '""') + '"' if re.search(r'[,"\\\n\r\t ]', value) else value for value in values
    )


def moodle_worksheet(path, pupils, layout="folders", words=None):
    """Moodle 4.5's columns, and 5.2's of markers, in English or another language."""
    is_blind, is_team = "blind" in layout, "team" in layout
    header = ["Identifier", *([] if is_blind else ["Full name", "Email address"]), "Status"]
    has_overrides = any(pupil.due is not None for pupil in pupils)
    header += ["Allow submissions from", "Due date", "Cut-off date"] * has_overrides + ["Group"] * is_team
    markers = range(1, max(len(pupil.marks) for pupil in pupils) + 1)
    header += [f"Marker {number}" for number in markers]
    header += ["Grade", "Maximum grade", "Grade can be changed", "Last modified (submission)", "Last modified (grade)"]
    say = (words or {}).get
    behind = ["Feedback comments", *(f"Marker {number} comment" for number in markers if len(markers) > 1)]
    lines = [[say(text, text) for text in [*header, *behind]]]
    for pupil in pupils:
        time = f"{pupil.time:%A, %d %B %Y, %I:%M %p}" if pupil.status != NOTHING else "-"
        who = [] if is_blind else [pupil.name, pupil.email]
        state = [f"{say(pupil.status, pupil.status)} -  - ", *["", pupil.due or "", ""] * has_overrides]
        marks = [*pupil.marks, *[("", "")] * (len(markers) - len(pupil.marks))]
        state += [*([pupil.group] * is_team), *(mark for mark, _ in marks), pupil.grade, pupil.maximum]
        dates = [say(pupil.can_change, pupil.can_change), time, "-", pupil.comment]
        dates += [comment for _, comment in marks if len(markers) > 1]
        lines.append([f"{say('Participant ', 'Participant ')}{pupil.number}", *who, *state, *dates])
    path.write_bytes(("\ufeff" + "".join(fputcsv(line) + "\n" for line in lines)).encode())
    return path


def sortable(name):
    """Canvas: last name first, letters and digits only, small."""
    first, _, last = name.rpartition(" ")
    return re.sub(r"[^\w]|_", "", f"{last}{first}".lower())


def canvas_zip(path, pupils, late=(), first_file=1000):
    entries = {}
    for pupil in pupils:
        for place, (inner, content) in enumerate(pupil.files.items()):
            mark = "LATE_" if pupil.number in late else ""
            file_id = first_file + 100 * pupil.number + place
            entries[f"{sortable(pupil.name)}_{mark}{pupil.number}_{file_id}_{inner.rpartition('/')[2]}"] = content
    return zip_file(path, entries)


def canvas_gradebook(path, pupils, column="homework (4321)", possible="9"):
    lines = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column, "Current Score"]]
    lines.append(["    Points Possible", "", "", "", "", possible, "(read only)"])
    for pupil in pupils:
        first, _, last = pupil.name.rpartition(" ")
        name = f"{last}, {first}" if first else last
        lines.append([name, str(pupil.number), "", pupil.email, "Sec 1", pupil.grade, ""])
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(lines)
    path.write_text(stream.getvalue(), encoding="utf-8")
    return path


def imported(path, participants):
    """Whom Moodle gives a file of a feedback zip to, and under which name: the rule of its importziplib.php."""
    parts = path.split("/")
    if parts[-1].startswith((".", "~")):
        return None
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) < 4 or not info[1].isdecimal() or int(info[1]) not in participants:
            continue
        if info[2] not in ("assignsubmission", "assignfeedback") or info[3] != "file":
            continue
        rest = [*(info[4:] or [""]), *parts]
        return int(info[1]), "/".join(rest).lstrip("/")
    return None
