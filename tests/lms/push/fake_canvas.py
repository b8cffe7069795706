"""A Canvas site: comments only add up, lists come in pages, uploads go to another server in three steps.

A group's grade is everybody's in it unless members are graded individually; a grade for a student whom the assignment
is not assigned to is dropped; an upload's answer has a loop in front.
"""

import json

from tests.lms.push.fake_web import FakeSite

TOKEN = "a-canvas-token"
ASSIGNMENT = "/api/v1/courses/7/assignments/5"


class FakeCanvas(FakeSite):
    def __init__(self, maximum=9.0):
        super().__init__()
        self.assignment = {"id": 5, "name": "Homework", "points_possible": maximum, "anonymize_students": False}
        self.users = {
            "101": {"id": 101, "name": "Ada Lovelace", "sis_user_id": "ada", "login_id": "alovelace"},
            "102": {"id": 102, "name": "Bob", "sis_user_id": None, "login_id": "ben@x.org"},
            "103": {"id": 103, "name": "Łukasz 王", "login_id": "cy"},
        }
        self.scores, self.comments, self.excused, self.uploads = {}, {user: [] for user in self.users}, set(), {}
        self.groups, self.hidden_from, self.due_dates, self.handed_in = {}, set(), {}, {}
        """`handed_in`: number of the newest file, and when, by user."""
        self.page_size = 2
        self.address = f"{self.url}/courses/7/assignments/5"

    def is_write(self, request):
        return request.method == "PUT"

    def respond(self, request):
        if request.path == "/inst-fs/upload":
            assert not request.token, "the token went to the file store"
            assert [name for name, _ in request.form] == ["key", "policy"]
            self.uploads[request.fields["key"]] = request.files["file"]
            return 201, {"Location": f"{self.url}/api/v1/files/{request.fields['key']}/create_success"}, b""
        if request.token != TOKEN:
            return 401, {}, {"errors": [{"message": "Invalid access token."}]}
        if request.path.endswith("/create_success"):
            answer = {"id": int(request.path.split("/")[4]), "display_name": "x"}
            return 200, {}, b"while(1);" + json.dumps(answer).encode()
        if request.path == ASSIGNMENT:
            return 200, {}, self.assignment
        if request.path == f"{ASSIGNMENT}/submissions":
            return self._page(int(request.query.get("page", 1)))
        user = request.path.removeprefix(f"{ASSIGNMENT}/submissions/").split("/")[0]
        if user not in self.users:
            return 404, {}, {"errors": "no such user"}
        if request.path.endswith("/comments/files"):
            key = str(500 + len(self.uploads))
            assert request.fields["content_type"] == "text/html"
            return 200, {}, {"upload_url": f"{self.url}/inst-fs/upload", "upload_params": {"key": key, "policy": "p"}}
        if request.method == "PUT":
            self._put(user, request)
        return 200, {}, self._submission(user)

    def _page(self, number):
        users = list(self.users)
        ends = self.page_size * number
        more = f'<{self.url}{ASSIGNMENT}/submissions?page={number + 1}&per_page={self.page_size}>; rel="next"'
        headers = {"Link": more} if len(users) > ends else {}
        return 200, headers, [self._submission(user) for user in users[ends - self.page_size : ends]]

    def _submission(self, user):
        return {
            "user_id": int(user),
            "user": self.users[user],
            "excused": user in self.excused,
            "entered_score": self.scores.get(user),
            "score": self.scores.get(user),
            "submission_comments": [{"comment": text} for text, _ in self.comments[user]],
            "assignment_visible": user not in self.hidden_from,
            "group": {"id": self.groups.get(user), "name": None},
            **({"cached_due_date": self.due_dates[user]} if user in self.due_dates else {}),
            **self._handed_in(user),
        }

    def _handed_in(self, user):
        number, when = self.handed_in.get(user, (None, None))
        return {"submitted_at": when, "attachments": [{"id": number, "filename": "x.ipynb"}] if number else []}

    def _put(self, user, request):
        if user in self.hidden_from:
            return
        is_alone = self.assignment.get("grade_group_students_individually") or user not in self.groups
        is_shared = self.assignment.get("group_category_id") and not is_alone
        members = [one for one, group in self.groups.items() if group == self.groups.get(user)] if is_shared else [user]
        grade = float(request.fields["submission[posted_grade]"])
        self.scores |= dict.fromkeys(members, grade)
        files = [self.uploads[value] for name, value in request.form if name == "comment[file_ids][]"]
        self.comments[user].append((request.fields["comment[text_comment]"], files))
