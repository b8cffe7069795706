"""Moodle's files from the state of a fake site: the worksheet it exports, and what its importers make of what comes.

From mod/assign/feedback/offline (importgradeslib.php, locallib.php), feedback/file/importziplib.php and format_text in
lib/table/classes/base_export_format.php: the export loses the form of comments; the importer takes rows as they are,
compares the comment's cell with the HTML it keeps, and tells the student about every difference. From 5.2 on there are
columns of each marker, of which the importer takes the uploader's own, and a grade of 0 is no grade to it.
"""

import csv
import html
import io
import re
import zipfile

from lms_writers import imported, moodle_worksheet


def format_text(stored):
    """What an export makes of a cell."""
    bare = re.sub("<[^>]*>", "", re.sub("</p>|\n|\r", "   ", stored))
    return html.unescape(bare.replace("&#39;", "\0")).replace("\0", "&#39;")


def worksheet(site, path, pupils, layout):
    """The worksheet of everybody whose account is not suspended."""
    listed = []
    for pupil in pupils:
        user = 100 + pupil.number
        record = site.records.get(user, {"grade": -1, "comment": ""})
        if user in site.suspended:
            continue
        shown = f"{record['grade']:.2f}" if record["grade"] >= 0 else ""
        can_change = "No" if user in site.overridden else "Yes"
        marks = [(f"{mark:.2f}", format_text(comment)) for mark, comment in site.marks_given.get(user, ())]
        comment = format_text(record["comment"])
        listed.append(pupil.but(grade=shown, comment=comment, can_change=can_change, marks=tuple(marks)))
    return moodle_worksheet(path, listed, layout)


def upload_worksheet(site, path, maximum):
    """Import a worksheet, with "Allow updating records …" ticked."""
    rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    for row in rows:
        user = 100 + int(row["Identifier"].split()[-1])
        if user in site.suspended:
            continue
        record = site._record(user)
        takes = row["Grade"] and float(row["Grade"]) <= maximum and user not in site.overridden
        takes = takes and not site.restricts_grades and not (site.drops_zeros and float(row["Grade"]) == 0)
        if "Marker 1" in row:
            mark, comment = site.marks_given[user][0]
            comment = row.get("Marker 1 comment", comment)
            site.marks_given[user][0] = float(row["Marker 1"] or mark), comment
        if takes and record["grade"] != float(row["Grade"]):
            record["grade"] = float(row["Grade"])
            site.notified[user] = site.notified.get(user, 0) + 1
        if "Feedback comments" in row and row["Feedback comments"] != record["comment"]:
            record["comment"] = row["Feedback comments"]
            site.notified[user] = site.notified.get(user, 0) + 1


def upload_zip(site, path, owners):
    """Import feedback files; `owners` has the users of each number."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            found = imported(name, set(owners))
            for user in owners[found[0]] if found else ():
                site._record(user)["files"]["/", found[1]] = archive.read(name)
                site.notified[user] = site.notified.get(user, 0) + 1
