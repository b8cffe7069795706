"""A Canvas site: comments only add up, lists come in pages, uploads go to another server in three steps."""

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
            return 200, {}, {"id": int(request.path.split("/")[4]), "display_name": "x"}
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
        more = f'<{self.url}{ASSIGNMENT}/submissions?page={number + 1}&per_page=2>; rel="next"'
        headers = {"Link": more} if len(users) > 2 * number else {}
        return 200, headers, [self._submission(user) for user in users[2 * number - 2 : 2 * number]]

    def _submission(self, user):
        return {
            "user_id": int(user),
            "user": self.users[user],
            "excused": user in self.excused,
            "entered_score": self.scores.get(user),
            "score": self.scores.get(user),
            "submission_comments": [{"comment": text} for text, _ in self.comments[user]],
        }

    def _put(self, user, request):
        self.scores[user] = float(request.fields["submission[posted_grade]"])
        files = [self.uploads[value] for name, value in request.form if name == "comment[file_ids][]"]
        self.comments[user].append((request.fields["comment[text_comment]"], files))
