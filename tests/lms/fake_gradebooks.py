"""Gradebooks of Canvas, Brightspace and Blackboard as files: what they export, and what their importers make of a file.

Canvas from lib/gradebook_exporter.rb and gradebook_importer.rb: two decimals in the teacher's language, `;` and a byte
order mark as the teacher likes, "Student, Test", `N/A` and `EX`; the importer skips columns called like its totals,
sets the assignment's points from the row of points, and gives a group's grade to all of it. The others from their
documentation.
"""

import csv
import io
import re

COLUMN = {
    "canvas": "homework (4321)",
    "brightspace": "homework Points Grade <Numeric MaxPoints:9 Category:Lecture>",
    "blackboard": "homework [Total Pts: 9 Score] |409586",
}
_TOTALS = re.compile(r"(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)|\(read only\)")


class Gradebook:
    """The state of one LMS's gradebook, by user."""

    def __init__(self, lms, users, draw):
        self.lms = lms
        self.users = users
        """Name and address by user."""
        self.scores, self.excused, self.not_assigned, self.groups = {}, set(), set(), {}
        self.others = dict.fromkeys(users, 4.0)
        """A column that is none of our business."""
        self.points, self.changes = 9.0, {}
        self.delimiter, self.has_mark = draw.choice([",", ";"]), draw.random() < 0.5
        self.writes_commas = self.delimiter == ";" and draw.random() < 0.5

    def marks(self, user, score):
        """Somebody gives a grade, in Canvas maybe to a whole group."""
        members = [one for one, group in self.groups.items() if group == self.groups.get(user)] or [user]
        for one in members:
            if self.scores.get(one) != score:
                self.scores[one] = score
                self.changes[one] = self.changes.get(one, 0) + 1

    def export(self, path):
        """Write the file a teacher gets."""
        lines = getattr(self, f"_{self.lms}")()
        stream = io.StringIO(newline="")
        csv.writer(stream, delimiter=self.delimiter if self.lms == "canvas" else ",").writerows(lines)
        text = stream.getvalue()
        path.write_bytes((("\ufeff" if self.has_mark else "") + text).encode())
        return path

    def upload(self, path):
        """Import a file."""
        header, *rows = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
        key = {"canvas": "ID", "brightspace": "Username", "blackboard": "Username"}[self.lms]
        assert COLUMN[self.lms] in header, "a new column would be made"
        assert not [name for name in header if _TOTALS.search(name)]
        for row in rows:
            line = dict(zip(header, row, strict=True))
            text = line[COLUMN[self.lms]]
            if self.lms == "canvas" and line["Student"].strip() == "Points Possible":
                self.points = float(text)
                continue
            user = line[key] if self.lms == "canvas" else line[key].lstrip("#").removeprefix("login")
            assert user in self.users, "nobody's line"
            if user not in self.not_assigned:
                self.excused.discard(user)
                self.marks(user, float(text))

    def _number(self, value):
        return f"{value:.2f}".replace(".", "," if self.writes_commas else ".")

    def _cell(self, user):
        if user in self.not_assigned:
            return "N/A"
        return "EX" if user in self.excused else self._number(self.scores[user]) if user in self.scores else ""

    def _canvas(self):
        empty = ["", "", "", ""]
        yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", COLUMN["canvas"], "Essay (7)", "Final Score"]
        yield ["", *empty, "Manual Posting", "", ""]
        yield ["    Points Possible", *empty, self._number(self.points), self._number(4), "(read only)"]
        for user, (name, address) in self.users.items():
            first, _, last = name.rpartition(" ")
            shown = f"{last}, {first}" if first else last
            yield [shown, user, "", address, "S 1", self._cell(user), self._number(self.others[user]), "50"]
        yield ["Student, Test", "999", "", "a" * 40, "S 1", "", "", ""]

    def _brightspace(self):
        yield ["OrgDefinedId", "Username", "Last Name", "Email", COLUMN["brightspace"], "Essay Points Grade",
               "End-of-Line Indicator"]  # fmt: skip
        for user, (name, address) in self.users.items():
            yield [f"#{user}", f"#login{user}", name, address, self._cell(user), self.others[user], "#"]

    def _blackboard(self):
        yield ["Last Name", "Username", "Email", COLUMN["blackboard"], "Essay |409587"]
        for user, (name, address) in self.users.items():
            yield [name, f"login{user}", address, self._cell(user) or "Needs Grading", self.others[user]]
