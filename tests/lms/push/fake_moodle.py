"""A Moodle site as a running Moodle 4.5 behaved: what it does not know it drops, what it dislikes it says in JSON."""

import html
import re

from tests.lms.push.fake_web import FakeSite

TOKEN = "a-moodle-token"


class FakeMoodle(FakeSite):
    def __init__(self, maximum=9):
        super().__init__()
        self.people = [
            (11, "ada", "Ada Lovelace", "ada@x.org"),
            (12, "", "Bob_Under O'Neil-Smith", "ben@x.org"),
            (13, "cy", "Łukasz 王", "cy@x.org"),
            (14, "dee", "Dee Absent", "dee@x.org"),
        ]
        self.assignment = {"id": 3, "cmid": 42, "name": "HW: loops & data", "grade": maximum}
        self.feedback_types = {"comments": "1", "file": "1"}
        self.statuses = {11: "submitted", 12: "submitted", 13: "submitted"}
        self.grades, self.comments, self.files, self.drafts = {}, {}, {}, {}
        self.saved = []
        self.forgets = set()
        self.address = f"{self.url}/mod/assign/view.php?id=42"

    def is_write(self, request):
        return request.fields.get("wsfunction") == "mod_assign_save_grade"

    def respond(self, request):
        fields = request.fields
        if request.path == "/webservice/upload.php":
            if fields.get("token") != TOKEN:
                return 200, {}, {"error": "Invalid token", "errorcode": "invalidtoken"}
            item = int(fields["itemid"]) or 900 + len(self.drafts)
            self.drafts.setdefault(item, {}).update(request.files.values())
            return 200, {}, [{"itemid": item, "filename": next(iter(request.files.values()))[0]}]
        if request.path != "/webservice/rest/server.php":
            return 404, {"Content-Type": "text/html"}, b"<p>Not found"
        if fields.get("wstoken") != TOKEN:
            return 200, {}, {"exception": "moodle_exception", "errorcode": "invalidtoken", "message": "Invalid token"}
        return getattr(self, fields["wsfunction"])(fields)

    def mod_assign_get_assignments(self, _):
        configs = [
            {"plugin": plugin, "subtype": "assignfeedback", "name": "enabled", "value": value}
            for plugin, value in self.feedback_types.items()
        ]
        escaped = {**self.assignment, "name": html.escape(self.assignment["name"]), "configs": configs}
        return 200, {}, {"courses": [{"id": 2, "assignments": [escaped]}], "warnings": []}

    def mod_assign_list_participants(self, _):
        people = [
            {"id": number, "idnumber": idnumber, "fullname": html.escape(name), "email": mail}
            for number, idnumber, name, mail in self.people
        ]
        return 200, {}, people

    def mod_assign_get_submissions(self, fields):
        assert fields["assignmentids[0]"] == "3"
        found = [{"userid": user, "status": status, "attemptnumber": 0} for user, status in self.statuses.items()]
        return 200, {}, {"assignments": [{"assignmentid": 3, "submissions": found}]}

    def mod_assign_get_grades(self, _):
        grades = [{"userid": user, "grade": f"{grade:.5f}", "attemptnumber": 0} for user, grade in self.grades.items()]
        return 200, {}, {"assignments": [{"assignmentid": 3, "grades": grades}]}

    def mod_assign_save_grade(self, fields):
        user, grade = int(fields["userid"]), float(fields["grade"])
        if grade > self.assignment["grade"]:
            error = {"exception": "dml_write_exception", "errorcode": "dmlwriteexception", "message": "Error writing"}
            return 200, {}, error
        self.saved.append(user)
        if user not in self.forgets:
            self.grades[user] = grade
        if self.feedback_types.get("comments") == "1":
            text = fields["plugindata[assignfeedbackcomments_editor][text]"]
            self.comments[user] = html.unescape(re.sub("<br>", "\n", text))
        item = fields.get("plugindata[files_filemanager]")
        if item and self.feedback_types.get("file") == "1":
            self.files[user] = self.drafts[int(item)]
        return 200, {}, None
