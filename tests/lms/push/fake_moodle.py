"""A Moodle site as strict as a running Moodle 4.5.6, with state.

What it does not know it drops, what it dislikes it says in JSON, and afterwards a test can ask what a student sees.
From mod/assign/externallib.php and locallib.php (apply_grade_to_user, get_assign_feedback_status_renderable),
webservice/upload.php and gradereport_user: names come escaped; a plain teacher sees addresses but neither ID numbers
nor logins; blind participants have a number and no address; a suspended account is not listed; a team's submission has
no user, and its members' own rows may say draft; save_grade sets the workflow state to whatever it is given, replaces
all feedback files, needs the comment's field, and keeps a grade that is overridden; feedback is not shown before
release.

Of later versions, each behind a switch (read in public/mod/assign of 5.1 to 5.3, not run): several markers, whose marks
make the grade, and a grade that only managers may set then (5.3: grading_restricted); an importer of worksheets that
takes 0 for no grade (5.2); penalties for lateness, which leave the assignment's own grade as it was sent (5.0);
overrides that are shown to services that have the function, which the app's has not (5.3).
"""

import html
import re

from tests.lms.push.fake_web import FakeSite

TOKEN = "a-moodle-token"
TEACHER = 2


class FakeMoodle(FakeSite):
    def __init__(self, maximum=9):
        super().__init__()
        self.people = [
            (11, "ada", "Ada Lovelace", "ada@x.org"),
            (12, "", "Bob_Under O'Neil-Smith", "ben@x.org"),
            (13, "cy", "Łukasz 王", "cy@x.org"),
            (14, "dee", "Dee Absent", "dee@x.org"),
        ]
        self.shows_id_numbers = False
        self.may_see_numbers = False
        self.may_see_gradebook = True
        self.assignment = {"id": 3, "cmid": 42, "name": "HW: loops & data", "grade": maximum}
        self.feedback_types = {"comments": "1", "file": "1"}
        self.statuses = {11: "submitted", 12: "submitted", 13: "submitted"}
        self.group_statuses, self.groups = {}, {}
        """By group number (0: the default group); group number by user id."""
        self.suspended = set()
        self.numbers = {}
        """Participant number by user id."""
        self.states, self.extensions = {}, {}
        self.overridden = {}
        """Grade in the gradebook, by user id."""
        self.functions = {"core_webservice_get_site_info", "mod_assign_save_grade"}
        """What the token's service has, as far as it matters; the app's has no overrides."""
        self.may_manage_overrides = True
        self.overrides, self.user_groups = [], {}
        """As mod_assign_get_overrides lists them; numbers of their groups by user id."""
        self.passes_at = 0
        """Where "Grant attempts: Automatically until pass" opens the next attempt; it has no grade."""
        self.earlier = {}
        """Of the attempt before, by user id."""
        self.drops_zeros = False
        self.restricts_grades = False
        """Whether the teacher may not set the grade itself where several markers make it."""
        self.marks_given = {}
        """Where work is allocated to markers: pairs of mark and comment by user id; the token's owner is the first."""
        self.deductions = {}
        """Points that Moodle takes off for lateness, by user id."""
        self.records, self.drafts = {}, {}
        """What the assignment keeps, by user id: grade, comment, files, time, grader."""
        self.notified = {}
        self.clock = self.handed_in = 1_795_000_000
        self.saved = []
        self.forgets = set()
        self.address = f"{self.url}/mod/assign/view.php?id=42"

    # what a test asks

    @property
    def grades(self):
        return {user: one["grade"] for user, one in self.records.items() if one["grade"] >= 0}

    @property
    def comments(self):
        return {
            user: html.unescape(re.sub("<br>", "\n", re.sub("</?p>", "", one["comment"])))
            for user, one in self.records.items()
            if one["comment"]
        }

    @property
    def files(self):
        return {
            user: {name: content for (_, name), content in one["files"].items()}
            for user, one in self.records.items()
            if one["files"]
        }

    def student_sees(self, user):
        """Grade, comment and files as the student's own page shows them."""
        record = self.records.get(user)
        is_released = not self.assignment.get("markingworkflow") or self.states.get(user) == "released"
        if record is None or not is_released:
            return None, "", {}
        grade = record["grade"] - self.deductions.get(user, 0)
        return self.overridden.get(user, grade), self.comments.get(user, ""), self.files.get(user, {})

    def marks(self, user, grade=None, comment=None, files=None):
        """Another marker at work in the browser."""
        record = self._record(user)
        self.clock += 60
        record |= {"time": self.clock, "grader": 7}
        record |= {"grade": grade} if grade is not None else {}
        record |= {"comment": comment} if comment is not None else {}
        record["files"] |= {("/", name): content for name, content in (files or {}).items()}
        return record

    def releases(self, user):
        """Another marker releases a grade."""
        self.states[user] = "released"
        return self.records.get(user)

    # what a site answers

    def is_write(self, request):
        return request.fields.get("wsfunction") == "mod_assign_save_grade"

    def respond(self, request):
        fields = request.fields
        if request.path == "/webservice/upload.php":
            return self._uploaded(request)
        if request.path.startswith("/webservice/pluginfile.php/"):
            user, name = request.path.rsplit("/", 2)[1:]
            if fields.get("token") != TOKEN:
                return 200, {}, {"error": "Invalid token", "errorcode": "invalidtoken"}
            return 200, {"Content-Type": "application/octet-stream"}, self.files[int(user)][name]
        if request.path != "/webservice/rest/server.php":
            return 404, {"Content-Type": "text/html"}, b"<p>Not found"
        if fields.get("wstoken") != TOKEN:
            return 200, {}, _exception("invalidtoken", "Invalid token")
        return getattr(self, fields["wsfunction"])(fields)

    def core_webservice_get_site_info(self, _):
        functions = [{"name": name, "version": "2026100500"} for name in sorted(self.functions)]
        return 200, {}, {"userid": TEACHER, "release": "5.3 (Build: 20261005)", "functions": functions}

    def mod_assign_get_overrides(self, fields):
        if "mod_assign_get_overrides" not in self.functions:
            return 200, {}, _exception("accessexception", "Access control exception")
        if not self.may_manage_overrides:
            return 200, {}, _exception("nopermissions", "Sorry, but you do not currently have permissions to do that")
        assert fields["assignid"] == "3"
        empty = dict.fromkeys(("userid", "groupid", "sortorder", "allowsubmissionsfromdate", "duedate", "cutoffdate"))
        found = [{**empty, "id": place, "assignid": 3, **one} for place, one in enumerate(self.overrides, start=1)]
        return 200, {}, {"overrides": found}

    def _uploaded(self, request):
        fields = request.fields
        if fields.get("token") != TOKEN:
            return 200, {}, {"error": "Invalid token", "errorcode": "invalidtoken"}
        item = int(fields["itemid"]) or 900 + len(self.drafts)
        (file,) = request.files.values()
        place = (fields.get("filepath", "/"), file[0])
        if place in self.drafts.setdefault(item, {}):
            return 200, {}, [{"filename": file[0], "errortype": "filenameexist", "error": "File name already exists"}]
        self.drafts[item][place] = file[1]
        return 200, {}, [{"itemid": item, "filename": file[0]}]

    def mod_assign_get_assignments(self, _):
        configs = [
            {"plugin": plugin, "subtype": "assignfeedback", "name": "enabled", "value": value}
            for plugin, value in self.feedback_types.items()
        ]
        escaped = {**self.assignment, "name": html.escape(self.assignment["name"]), "configs": configs}
        return 200, {}, {"courses": [{"id": 2, "assignments": [escaped]}], "warnings": []}

    @property
    def _is_blind(self):
        return self.assignment.get("blindmarking") and not self.assignment.get("revealidentities")

    def mod_assign_list_participants(self, _):
        people = []
        for number, idnumber, name, mail in self.people:
            if number in self.suspended:
                continue
            one = {"id": number, "fullname": html.escape(name), "email": mail, "recordid": -1}
            one |= {"idnumber": idnumber} if self.shows_id_numbers else {}
            if self._is_blind:
                one = {
                    "id": number,
                    "fullname": f"Participant {self.numbers[number]}",
                    "recordid": self.numbers[number],
                }
            if self.groups.get(number):
                one["groupid"] = self.groups[number]
            people.append(one)
        return 200, {}, people

    def mod_assign_get_user_mappings(self, _):
        if not self.may_see_numbers:
            return 200, {}, {"assignments": [], "warnings": [_NO_RIGHTS]}
        mappings = [{"id": number, "userid": user} for user, number in self.numbers.items()]
        return 200, {}, {"assignments": [{"assignmentid": 3, "mappings": mappings}], "warnings": []}

    def mod_assign_get_submissions(self, fields):
        assert fields["assignmentids[0]"] == "3"
        rows = [(user, 0, status) for user, status in self.statuses.items()]
        rows += [(0, group, status) for group, status in self.group_statuses.items()]
        found = [
            {"userid": user, "groupid": group, "status": status, "attemptnumber": 0, "timemodified": self.handed_in}
            for user, group, status in rows
        ]
        return 200, {}, {"assignments": [{"assignmentid": 3, "submissions": found}]}

    def mod_assign_get_user_flags(self, _):
        users = {*self.states, *self.extensions}
        flags = [
            {
                "userid": user,
                "locked": 0,
                "mailed": 0,
                "workflowstate": self.states.get(user, ""),
                "extensionduedate": self.extensions.get(user, 0),
            }
            for user in users
        ]
        return 200, {}, {"assignments": [{"assignmentid": 3, "userflags": flags}], "warnings": []}

    def mod_assign_get_grades(self, fields):
        grades = [
            {
                "userid": user,
                "grade": f"{one['grade']:.5f}",
                "attemptnumber": 0,
                "timemodified": one["time"],
                "grader": one["grader"],
            }
            for user, one in self.records.items()
            if one["time"] >= int(fields.get("since", 0))
        ]
        if not grades:
            return 200, {}, {"assignments": [], "warnings": [{"item": "assignment", "itemid": 3, "warningcode": "3"}]}
        return 200, {}, {"assignments": [{"assignmentid": 3, "grades": grades}], "warnings": []}

    def gradereport_user_get_grade_items(self, fields):
        if not self.may_see_gradebook:
            return 200, {}, _exception("accessexception", "Access control exception")
        assert (fields["courseid"], fields["userid"]) == ("2", "0")
        grades = [
            {
                "userid": user,
                "gradeitems": [
                    {
                        "itemmodule": "assign",
                        "iteminstance": 3,
                        "graderaw": self._in_gradebook(user),
                        "gradeisoverridden": user in self.overridden,
                        "gradeislocked": False,
                    }
                ],
            }
            for user, *_ in self.people
        ]
        return 200, {}, {"usergrades": grades, "warnings": []}

    def mod_assign_get_submission_status(self, fields):
        user = int(fields["userid"])
        record = self.records.get(user)
        is_released = not self.assignment.get("markingworkflow") or self.states.get(user) == "released"
        graded = "graded" if record and record["grade"] >= 0 else "notgraded"
        has_workflow = self.assignment.get("markingworkflow")
        last = {"gradingstatus": (self.states.get(user) or "notmarked") if has_workflow else graded}
        last["usergroups"] = self.user_groups.get(user, [])
        earlier = [{"attemptnumber": 0, "grade": {"grade": self.earlier[user]}}] if user in self.earlier else []
        before = {"previousattempts": earlier} if earlier else {}
        if record is None or not (user in self.overridden or is_released):
            return 200, {}, {"lastattempt": last, **before, "warnings": []}
        if record["grade"] < 0 and not record["comment"] and not record["files"]:
            return 200, {}, {"lastattempt": last, "warnings": []}
        text = record["comment"]
        if fields.get("moodlewssettingraw") != "1":
            text = f'<div class="no-overflow">{text}</div>' if text else ""
        files = [
            {
                "filename": name,
                "filepath": folder,
                "filesize": len(content),
                "fileurl": f"{self.url}/webservice/pluginfile.php/20/assignfeedback_file/feedback_files/{user}/{name}",
            }
            for (folder, name), content in record["files"].items()
        ]
        plugins = [
            {"type": "comments", "name": "Feedback comments", "editorfields": [{"name": "comments", "text": text}]},
            {"type": "file", "name": "Feedback files", "fileareas": [{"area": "feedback_files", "files": files}]},
        ]
        grade = {"userid": user, "grade": f"{record['grade']:.5f}", "timemodified": record["time"]}
        return 200, {}, {"lastattempt": last, "feedback": {"grade": grade, "plugins": plugins}, "warnings": []}

    def _in_gradebook(self, user):
        grade = self.grades.get(user)
        return self.overridden.get(user, grade if grade is None else grade - self.deductions.get(user, 0))

    def _record(self, user):
        return self.records.setdefault(user, {"grade": -1, "comment": "", "files": {}, "time": 0, "grader": 0})

    def mod_assign_save_grade(self, fields):
        user, grade = int(fields["userid"]), float(fields["grade"])
        if user in self.suspended or user not in [one[0] for one in self.people]:
            return 200, {}, _exception("invaliduser", "Invalid user")
        if grade > self.assignment["grade"]:
            return 200, {}, _exception("dmlwriteexception", "Error writing to database")
        if (
            self.feedback_types.get("comments") == "1"
            and "plugindata[assignfeedbackcomments_editor][text]" not in fields
        ):
            return 200, {}, _exception("errorwriting", "Undefined property: assignfeedbackcomments_editor")
        self.saved.append(user)
        self.clock += 60
        record = self._record(user)
        if user not in self.overridden and not self.restricts_grades:
            if user not in self.forgets:
                record["grade"] = grade
            if self.assignment.get("markingworkflow"):
                self.states[user] = fields["workflowstate"]
        record |= {"time": self.clock, "grader": TEACHER}
        if self.feedback_types.get("comments") == "1":
            record["comment"] = fields["plugindata[assignfeedbackcomments_editor][text]"]
        item = fields.get("plugindata[files_filemanager]")
        if item and self.feedback_types.get("file") == "1":
            record["files"] = dict(self.drafts[int(item)])
        if not self.assignment.get("markingworkflow") or self.states.get(user) == "released":
            self.notified[user] = self.notified.get(user, 0) + 1
        self._reopen(user, is_passed=grade >= self.passes_at)
        return 200, {}, None

    def _reopen(self, user, *, is_passed):
        if not is_passed:
            self.earlier[user] = f"{self.records.pop(user)['grade']:.5f}"
            self.statuses[user] = "reopened"


_NO_RIGHTS = {"item": "assignment", "itemid": 3, "warningcode": "1", "message": "No access rights in module context"}


def _exception(code, message):
    return {"exception": "moodle_exception", "errorcode": code, "message": message}
