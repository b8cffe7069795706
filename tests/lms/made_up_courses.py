"""Courses made up from a seed, with the ordinary mess of a term, through every route, against the state of the LMS.

    python -m tests.lms.made_up_courses --courses 240

runs that many through each route and says what they were; the suite runs the first few (test_made_up_courses.py).

After each round of each course: everybody who can be graded has their grade, comment and page as they are now; nobody
has anybody else's; nothing that others put there has changed; everybody else is in the report with a reason; and nobody
who has not changed is touched again.
"""

import argparse
import copy
import random
import re
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

if __name__ == "__main__":  # where the tests find each other's helpers
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "course")]

from fake_gradebooks import Gradebook
from lms_writers import DRAFT, NOTHING, SUBMITTED, Pupil

from autograder.gradebook.pages import self_contained
from autograder.lms import other_grades
from autograder.lms.canvas import grades as canvas_grades
from autograder.lms.canvas.grades import CanvasReturn
from autograder.lms.canvas.push import CanvasAssignment
from autograder.lms.comments import as_html, plain
from autograder.lms.identities import Identities
from autograder.lms.identities import Person as Noted
from autograder.lms.lti import push as lti_module
from autograder.lms.lti.push import LtiLineItem
from autograder.lms.lti.settings import LtiSettings
from autograder.lms.moodle import grades as moodle_grades
from autograder.lms.moodle.feedback_zip import digest_of_pages
from autograder.lms.moodle.grades import MoodleReturn, TeamFeedback, write_moodle
from autograder.lms.moodle.push import MoodleAssignment
from autograder.lms.other_grades import OtherReturn
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.ledger import open_ledger
from autograder.lms.push.people import Collected
from autograder.lms.push.sending import SendStatus, push
from autograder.lms.results import Did
from tests.lms.push import fake_canvas, fake_lti, fake_moodle
from tests.lms.push.fake_moodle_files import upload_worksheet, upload_zip, worksheet
from tests.lms.push.fake_web import InProcess

MAXIMUM = 9.0


@dataclass
class Made:
    """One made-up course."""

    seed: int
    is_blind: bool
    is_team: bool
    has_workflow: bool
    pupils: list
    entries: dict = field(default_factory=dict)
    """What goes to each student, by participant number."""
    reopened: set = field(default_factory=set)
    unfound: set = field(default_factory=set)
    """Whom a push cannot join: neither address nor number is shown."""
    surprises: dict = field(default_factory=dict)
    """What another marker does just before somebody is sent theirs, by user: functions."""
    left: dict = field(default_factory=dict)
    """What stood there right after that, by user."""


def make(seed, folder):
    draw = random.Random(seed)
    is_team, is_blind = draw.random() < 0.3, draw.random() < 0.3
    made = Made(seed, is_blind, is_team, draw.random() < 0.3, [])
    for number in draw.sample(range(1, 40), draw.randrange(4, 9)):
        status = draw.choices([SUBMITTED, DRAFT, NOTHING], [8, 1, 1])[0]
        name = draw.choice(["Alice Anderson", "Bob_Under O'Neil", "李 伊芙", "D’Arc", f"Nr. {number}"])
        pupil = Pupil(number, name, f"student{number}@x.org", status=status)
        if is_team:
            group = draw.choice([0, 3, 5])
            pupil = pupil.but(group=f"Team_{group}" if group else "Default group", group_number=group or None)
            # a team's work is handed in by the team
            pupil = pupil.but(status=SUBMITTED if group != 5 else DRAFT)
        made.pupils.append(pupil)
        if draw.random() < 0.1 and not is_team:
            made.reopened.add(number)
    for pupil in made.pupils:
        made.entries[pupil.number] = entry_of(made, pupil, draw.randrange(0, 37) / 4, folder, draw)
    return made


def entry_of(made, pupil, points, folder, draw):
    student = f"student-{made.seed}-{pupil.number}"
    if made.is_team:  # one piece of work, one verdict
        points = {None: 4.25, 3: 8.5, 5: 1.0}[pupil.group_number] + (points > 8.9)
    page = folder / f"{made.seed}" / student / "doubling.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    owner = f"team {pupil.group}" if made.is_team else f"only for {student}"
    page.write_text(f"<p>{owner}: {points}</p>")
    return Outgoing(
        student=student,
        name="",
        email=pupil.email,
        is_absent=False,
        points=points,
        max_points=MAXIMUM,
        penalty=0.0,
        exercises={"doubling": (points, MAXIMUM)},
        comment=f"{points:g} of 9 points.\ndoubling of {student}: {points:g} of 9",
        pages={"doubling": page},
        waiting=("why",) if draw.random() < 0.1 else (),
    )


def page_of(entry):
    path = entry.pages["doubling"]
    return self_contained(path.read_text(), path.parent).encode()


def moodle_site(made, draw):
    site = fake_moodle.FakeMoodle(maximum=9)
    site._server.server_close()
    site.assignment |= {
        "blindmarking": int(made.is_blind),
        "teamsubmission": int(made.is_team),
        "markingworkflow": int(made.has_workflow),
    }
    site.people = [(100 + one.number, "", one.name, one.email) for one in made.pupils]
    site.numbers = {100 + one.number: one.number for one in made.pupils}
    site.may_see_numbers = draw.random() < 0.5
    words = {SUBMITTED: "submitted", DRAFT: "draft", NOTHING: "new"}
    site.statuses = {100 + one.number: words[one.status] for one in made.pupils if one.status != NOTHING}
    site.statuses |= {100 + number: "reopened" for number in made.reopened}
    if made.is_team:
        site.groups = {100 + one.number: one.group_number for one in made.pupils}
        # members who did not press the button are drafts themselves; only the group's row tells
        site.statuses = {user: draw.choice(["draft", "submitted"]) for user in site.groups}
        site.group_statuses = {0: "submitted", 3: "submitted", 5: "draft"}
    for one in made.pupils:
        if draw.random() < 0.1:
            site.suspended.add(100 + one.number)
        if draw.random() < 0.1:
            site.overridden[100 + one.number] = 2.0
        if made.has_workflow:
            site.states[100 + one.number] = draw.choice(["released", "inmarking", ""])
    return site


def meddle(made, site, draw, before):
    """Other markers at work between two rounds; what they have done so far, by participant number."""
    done = dict(before)
    for one in made.pupils:
        user, kind = 100 + one.number, draw.random()
        if user in site.suspended or user in site.overridden or one.number in done:
            continue
        if kind < 0.05:
            site.marks(user, grade=3.33)
            done[one.number] = "grade"
        elif kind < 0.13:  # while the class is being sent theirs
            made.surprises[user] = lambda user=user: site.marks(user, grade=3.33)
            done[one.number] = "grade"
        elif kind < 0.2:
            site.marks(user, comment="<p>see me, <b>please</b></p>")
            done[one.number] = "comment"
        elif kind < 0.3:
            site.marks(user, files={"annotated.pdf": b"%PDF of " + str(user).encode()})
            done[one.number] = "file"
        elif kind < 0.4 and site.records.get(user, {}).get("comment"):
            site.marks(user, comment=site.records[user]["comment"] + "<p>see me</p>")
            done[one.number] = "edited"
    return done


def release(made, site, draw):
    """Somebody releases grades while the class is being sent theirs: whose."""
    released = set()
    for one in made.pupils:
        user = 100 + one.number
        if made.has_workflow and user not in made.surprises and draw.random() < 0.1:
            made.surprises[user] = lambda user=user: site.releases(user)
            released.add(user)
    return released


def surprised(made, is_about):
    """A mishap for a site in process: what `made.surprises` holds befalls the site when it is asked about a user."""

    def happen(request, *, after):
        user = is_about(request)
        if not after and user in made.surprises:
            have_happened(made, [user])

    return happen


def have_happened(made, users=None):
    """Let surprises befall the site; by default all, so that whoever was not asked about is surprised afterwards."""
    for user in users or list(made.surprises):
        made.left[user] = copy.deepcopy(made.surprises.pop(user)())


def regrade(made, folder, draw):
    changed = set()
    for one in made.pupils:
        if draw.random() < 0.4 and not made.is_team:
            entry = entry_of(made, one, draw.randrange(0, 37) / 4, folder, draw)
            if replace(entry, waiting=()) != replace(made.entries[one.number], waiting=()):
                changed.add(one.number)
            made.entries[one.number] = entry
    return changed


class MoodlePush:
    def __init__(self, made, draw, folder):
        self.made, self.site, self.folder = made, moodle_site(made, draw), folder
        for one in made.pupils:
            if draw.random() < 0.1 and not made.is_blind and not self.site.may_see_numbers:
                place = [user for user, *_ in self.site.people].index(100 + one.number)
                self.site.people[place] = (100 + one.number, "", one.name, "")
                made.unfound.add(one.number)

    def run(self):
        collected = {
            self.made.entries[one.number].student: Collected("", str(one.number), one.name) for one in self.made.pupils
        }
        happen = surprised(
            self.made,
            lambda request: (
                request.fields.get("wsfunction") == "mod_assign_get_submission_status" and int(request.fields["userid"])
            ),
        )
        platform = MoodleAssignment(InProcess(self.site, happen).web, self.site.address, fake_moodle.TOKEN)
        with open_ledger(self.folder, f"moodle-{self.made.seed}-{self.is_another_teacher}") as ledger:
            rows = push(list(self.made.entries.values()), platform, ledger, collected=collected)
        have_happened(self.made)
        return {row.student: (row.status in (SendStatus.SENT, SendStatus.ALREADY), row.why) for row in rows}


class MoodleFiles:
    def __init__(self, made, draw, folder):
        self.made, self.site, self.folder = made, moodle_site(made, draw), folder
        made.has_workflow = False
        self.site.assignment["markingworkflow"] = 0
        self.course = SimpleNamespace(state_directory=folder / f"state-{made.seed}")
        identities = Identities.load(self.course, "homework", "moodle")
        identities.put(
            Noted(
                str(one.number),
                made.entries[one.number].student,
                "" if made.is_blind else one.name,
                one.email,
                group=one.group,
                group_key=str(one.group_number or ""),
            )
            for one in made.pupils
        )
        identities.save()

    def run(self):
        have_happened(self.made)  # a file that was downloaded before cannot know
        layout = "blind" if self.made.is_blind else "team" if self.made.is_team else "folders"
        pupils = [one.but(status="Reopened") if one.number in self.made.reopened else one for one in self.made.pupils]
        listed = [one for one in pupils if 100 + one.number not in self.site.suspended]
        if not listed:
            return None
        sheet = worksheet(self.site, self.folder / "sheet.csv", pupils, layout)
        out = self.folder / "out"
        for path in out.glob("*") if out.is_dir() else ():
            path.unlink()
        asked = MoodleReturn(sheet, out, team_feedback=TeamFeedback.GROUP, again=True)
        asked = replace(asked, again=False)
        if (course_facts := Identities.load(self.course, "homework", "moodle")).facts:
            course_facts.facts.clear()  # a fresh worksheet may be letter for letter the one before
            course_facts.save()
        results = write_moodle(self.course, "homework", asked)
        for path in sorted(out.glob("*.csv")):
            upload_worksheet(self.site, path, MAXIMUM)
        owners = {one.number: [100 + one.number] for one in listed}
        if self.made.is_team:
            owners = {}
            for one in listed:
                if one.group_number:
                    owners.setdefault(one.group_number, []).append(100 + one.number)
        for path in sorted(out.glob("*.zip")):
            upload_zip(self.site, path, owners)
        return {row.who.split(" (")[0]: (row.did is not Did.PERSON, row.why) for row in results.rows}


def is_gradable(made, route, number, meddled):
    pupil, entry, site = next(one for one in made.pupils if one.number == number), made.entries[number], route.site
    user = 100 + number
    return (
        pupil.status == SUBMITTED
        and number not in made.reopened
        and number not in made.unfound
        and not entry.waiting
        and user not in site.suspended
        and user not in site.overridden
        and meddled.get(number) != "grade"
        and entry.points <= MAXIMUM
    )


def moodle(kind, seeds, tmp_path, monkeypatch):
    """Run courses on Moodle; return how often somebody got what they should."""

    def pages(_course, _assignment, entry):
        return {name: page_of(entry).decode() for name in entry.pages}, []

    monkeypatch.setattr(moodle_grades, "feedback_pages", pages)
    monkeypatch.setattr(moodle_grades, "known_students", lambda *_: [])
    graded = 0
    for seed in seeds:
        draw = random.Random(f"{seed} {kind.__name__}")
        made = make(seed, tmp_path / "pages")
        monkeypatch.setattr(moodle_grades, "outgoing", lambda *_, made=made: list(made.entries.values()))
        route = kind(made, draw, tmp_path)
        ever, meddled, changed = {}, {}, {one.number for one in made.pupils}
        hidden = set()
        for round_number in range(4 if kind is MoodlePush else 3):
            route.is_another_teacher = round_number == 3
            states = dict(route.site.states)
            if round_number < 2:
                meddled = meddle(made, route.site, draw, meddled)
                hidden = {
                    number
                    for number in meddled
                    if kind is MoodlePush and made.has_workflow and route.site.states[100 + number] != "released"
                }
            if round_number == 1:
                changed = regrade(made, tmp_path / "pages", draw)
                if kind is MoodlePush:
                    states |= dict.fromkeys(release(made, route.site, draw), "released")
            before, told, made.left = copy.deepcopy(route.site.records), dict(route.site.notified), {}
            report = route.run()
            if report is None:
                break
            before |= {user: record for user, record in made.left.items() if record}
            graded += check(made, route, (before, told, states, report), (meddled, changed, hidden, ever, round_number))
            ever |= {
                number: made.entries[number]
                for number in made.entries
                if route.site.grades.get(100 + number) == made.entries[number].points
            }
    return graded


def check(made, route, seen, what):  # noqa: C901, PLR0912 - one list of all that must hold
    before, told, states, report = seen
    meddled, changed, hidden, ever, round_number = what
    graded = 0
    assert route.site.states == states, (made.seed, "workflow states are others' business")
    teams = {}
    for one in made.pupils:
        teams.setdefault(one.group_number, []).append(one.number)
    for one in made.pupils:
        number, user, entry = one.number, 100 + one.number, made.entries[one.number]
        where = (made.seed, round_number, number, meddled.get(number), report.get(entry.student))
        now, then = route.site.records.get(user), before.get(user)
        ours = page_of(entry)
        comment = plain(as_html(entry.comment))
        for place, content in (then or {"files": {}})["files"].items():
            if place[1] != "doubling.html":
                assert now["files"][place] == content, where
        for place, content in (now or {"files": {}})["files"].items():
            if place[1] == "doubling.html" and not made.is_team:
                assert f"only for {entry.student}:".encode() in content, (where, "somebody else's page")
        assert named_in((now or {"comment": ""})["comment"]) <= {entry.student}, (where, "somebody else's comment")
        if entry.student not in report:
            assert user in route.site.suspended, where
            assert now == then, where
            continue
        went, why = report[entry.student]
        gradable = is_gradable(made, route, number, meddled)
        if meddled.get(number) == "edited" and (number in changed or number not in ever):
            gradable = False  # a new grade beside an old comment is worse than none
        if number in hidden:
            gradable = gradable and went  # nobody can see what stands there
        if gradable:
            assert now["grade"] == entry.points, where
            if meddled.get(number) == "comment":
                assert now["comment"] == "<p>see me, <b>please</b></p>", where
            else:
                assert comment in plain(now["comment"]), where
            if has_page(made, route, number, teams, meddled):
                assert now["files"].get(("/", "doubling.html")) == ours, where
            graded += 1
        else:
            assert now == then or made.is_team, where
            assert why, where
        if round_number >= 2 and went:
            assert route.site.notified.get(user, 0) == told.get(user, 0), (where, "touched again")
    return graded


def has_page(made, route, number, teams, meddled):
    if not made.is_team or isinstance(route, MoodlePush):
        return True
    pupil = next(one for one in made.pupils if one.number == number)
    if not pupil.group_number or made.is_blind:
        return False
    members = teams[pupil.group_number]
    settled = all(is_gradable(made, route, member, meddled) for member in members)
    same = len({digest_of_pages({"p": page_of(made.entries[member]).decode()}) for member in members}) == 1
    return settled and same


class Clock:
    """A clock for platforms that take one score a second."""

    def __init__(self):
        self.now = 1_795_000_000.0

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def canvas_or_lti(kind, seeds, tmp_path, monkeypatch):
    """Run courses on Canvas or through LTI; return how often somebody got what they should."""
    clock = Clock()
    monkeypatch.setattr(lti_module, "time", clock)
    graded = 0
    for seed in seeds:
        draw = random.Random(f"{seed} {kind}")
        made = make(seed, tmp_path / "pages")
        site = (canvas_site if kind == "canvas" else lti_site)(made, draw)
        foreign, told = set(), {}
        for round_number in range(4):
            if round_number == 1:
                regrade(made, tmp_path / "pages", draw)
                foreign = meddle_scores(made, site, kind, draw)
            clock.now += 5
            before = {str(100 + one.number): standing(kind, site, str(100 + one.number)) for one in made.pupils}
            platform = platform_of(kind, site, made)
            # the last round is another teacher's, whose ledger knows nothing
            with open_ledger(tmp_path, f"{kind}-{seed}-{round_number == 3}") as ledger:
                rows = {row.student: row for row in push(list(made.entries.values()), platform, ledger)}
            have_happened(made)
            settled = {str(100 + one.number) for one in made.pupils if is_settled(kind, site, made, foreign, one)}
            what = (seed, round_number, before, told, foreign, settled)
            graded += check_scores(kind, site, made, rows, what)
    return graded


def check_scores(kind, site, made, rows, what):
    seed, round_number, before, told, foreign, settled = what
    graded = 0
    for one in made.pupils:
        user, entry = str(100 + one.number), made.entries[one.number]
        where = (seed, round_number, one.number, rows[entry.student])
        score, comments, posts = standing(kind, site, user)
        went = rows[entry.student].status in (SendStatus.SENT, SendStatus.ALREADY)
        assert named_in(comments) <= {entry.student}, (where, "somebody else's comment")
        if kind == "lti" and entry.points > MAXIMUM:  # the platform caps it, and that is what is said
            assert not went, where
            assert score in (before[user][0], pytest.approx(MAXIMUM)), where
        elif user in settled and together(kind, site, made, user) <= settled and agree(kind, site, made, user):
            assert score == pytest.approx(entry.points, abs=1e-4), where
            assert entry.comment in comments, where
            assert went, where
            graded += 1
        else:
            assert not went or (user in foreign and round_number == 1), where
            assert rows[entry.student].why, where
            if user in foreign:
                assert score == pytest.approx(2.17, abs=1e-4), (where, "somebody else's grade")
            else:
                assert (score, posts) == (before[user][0], before[user][2]), (where, "changed unasked")
        if round_number >= 2 and went:
            assert posts == told[user], (where, "touched again")
        told[user] = posts
    return graded


def named_in(text):
    """Whose comments these are."""
    return set(re.findall(r"student-\d+-\d+", text))


def is_settled(kind, site, made, foreign, pupil):
    """Whether a student can be sent their own, as far as it is up to them."""
    user = str(100 + pupil.number)
    return user not in foreign and is_open(kind, site, user) and not made.entries[pupil.number].waiting


def together(kind, site, made, user):
    """Who gets one grade with somebody."""
    is_shared = kind == "canvas" and site.assignment.get("group_category_id")
    if not is_shared or site.assignment.get("grade_group_students_individually") or user not in site.groups:
        return {user}
    return {other for other, group in site.groups.items() if group == site.groups[user]}


def agree(kind, site, made, user):
    return len({made.entries[int(other) - 100].points for other in together(kind, site, made, user)}) == 1


def canvas_site(made, draw):
    site = fake_canvas.FakeCanvas()
    site._server.server_close()
    site.users = {
        str(100 + one.number): {"id": 100 + one.number, "name": one.name, "login_id": one.email} for one in made.pupils
    }
    site.comments = {user: [("well done, says a marker", [])] if draw.random() < 0.2 else [] for user in site.users}
    site.excused = {user for user in site.users if draw.random() < 0.1}
    site.hidden_from = {user for user in site.users if draw.random() < 0.1}
    if made.is_team:
        site.assignment |= {"group_category_id": 4, "grade_group_students_individually": draw.random() < 0.3}
        site.groups = {str(100 + one.number): one.group_number for one in made.pupils if one.group_number}
    return site


def lti_site(made, draw):
    site = fake_lti.FakeLti()
    site._server.server_close()
    site.tokens = {"token"}
    site.members = [
        site._member(str(100 + one.number), "Learner", f"id{one.number}", one.email)
        | {"status": "Inactive" if draw.random() < 0.1 else "Active"}
        for one in made.pupils
    ]
    site.overridden = {member["user_id"]: 100 * 2.17 / 9 for member in site.members if draw.random() < 0.1}
    return site


def platform_of(kind, site, made):
    asked_about = {
        "canvas": lambda request: request.method == "GET" and request.path.rpartition("/submissions/")[2],
        "lti": lambda request: request.query.get("user_id"),
    }
    web = InProcess(site, surprised(made, asked_about[kind])).web
    if kind == "canvas":
        web._headers = {"Authorization": f"Bearer {fake_canvas.TOKEN}"}
        return CanvasAssignment(web, site.address)
    settings = LtiSettings(f"{site.url}/token.php", "a-client", "", "kid", site.memberships, site.line_item)
    platform = LtiLineItem(web, settings, "homework")
    platform._token = SimpleNamespace(value=lambda: "token")
    return platform


def meddle_scores(made, site, kind, draw):
    """Another marker gives 2.17 points to some, which nobody gets from here."""
    chosen = {str(100 + one.number) for one in made.pupils if draw.random() < 0.15}

    def grade(user):
        if kind == "lti":
            site.overridden[user] = 100 * 2.17 / 9
            return
        site.scores |= dict.fromkeys(together(kind, site, made, user), 2.17)

    for user in sorted(chosen):
        if draw.random() < 0.5:
            grade(user)
        else:
            made.surprises[user] = lambda user=user: grade(user)
    return set().union(*(together(kind, site, made, user) for user in chosen))


def is_open(kind, site, user):
    if kind == "canvas":
        return user not in site.excused | site.hidden_from
    active = {member["user_id"] for member in site.members if member["status"] == "Active"}
    return user in active and user not in site.overridden


def standing(kind, site, user):
    """Score of nine, comments as one text, and how often something was posted."""
    if kind == "canvas":
        texts = [text for text, _ in site.comments[user]]
        return site.scores.get(user), "\n".join(texts), len(texts)
    posts = [post for post in site.posts if str(post["userId"]) == user]
    result = site.results.get(user, (0, {}))[1]
    share = site.overridden.get(user, result.get("resultScore"))
    return None if share is None else share * 9 / 100, result.get("comment", ""), len(posts)


def gradebook_files(lms, seeds, tmp_path, monkeypatch):
    """Run courses through the gradebook files of an LMS; return how often somebody got what they should."""
    module, write = {
        "canvas": (canvas_grades, canvas_grades.write_canvas),
        "brightspace": (other_grades, other_grades.write_brightspace),
        "blackboard": (other_grades, other_grades.write_blackboard),
    }[lms]
    monkeypatch.setattr(canvas_grades, "known_students", lambda *_: [])
    graded = 0
    for seed in seeds:
        draw = random.Random(f"{seed} {lms} files")
        made = make(seed, tmp_path / "pages")
        monkeypatch.setattr(module, "outgoing", lambda *_, made=made: list(made.entries.values()))
        book = Gradebook(lms, {str(100 + one.number): (one.name, one.email) for one in made.pupils}, draw)
        course = SimpleNamespace(state_directory=tmp_path / f"state-{lms}-{seed}")
        if lms == "canvas":
            note_collected(made, book, course, draw)
        foreign = set()
        for round_number in range(3):
            if round_number < 2:
                for user in sorted(book.users):
                    if draw.random() < 0.1:
                        book.marks(user, 2.17)
                foreign = {user for user, score in book.scores.items() if score == 2.17}
            if round_number == 1:
                regrade(made, tmp_path / "pages", draw)
            before, others = (dict(book.scores), dict(book.changes)), dict(book.others)
            target = tmp_path / f"{lms}.csv"
            target.unlink(missing_ok=True)
            asked = {"canvas": CanvasReturn}.get(lms, OtherReturn)(book.export(tmp_path / "export.csv"), target)
            rows = {row.who.split(" (")[0]: row for row in write(course, "homework", asked).rows}
            if target.exists():
                book.upload(target)
            assert (book.others, book.points) == (others, 9.0), (seed, "other columns, and the points possible, stay")
            graded += check_gradebook(made, book, rows, (seed, round_number, before, foreign))
    return graded


def note_collected(made, book, course, draw):
    """What collecting knows of people and groups, and what only Canvas has."""
    book.excused = {user for user in sorted(book.users) if draw.random() < 0.1}
    book.not_assigned = {user for user in sorted(book.users) if draw.random() < 0.1} - book.excused
    if made.is_team:
        book.groups = {str(100 + one.number): one.group_number for one in made.pupils if one.group_number}
    identities = Identities.load(course, "homework", "canvas")
    for one in made.pupils:
        group = (one.group, str(one.group_number)) if made.is_team and one.group_number else ("", "")
        identities.put([Noted(str(100 + one.number), made.entries[one.number].student, one.name, one.email, *group)])
    identities.save()


def check_gradebook(made, book, rows, what):
    seed, round_number, (scores, changes), foreign = what
    held = {
        user
        for one in made.pupils
        for user, entry in [(str(100 + one.number), made.entries[one.number])]
        if entry.waiting or entry.points > MAXIMUM or user in foreign | book.excused | book.not_assigned
    }
    graded = 0
    for one in made.pupils:
        user, entry = str(100 + one.number), made.entries[one.number]
        row = rows[entry.student]
        where = (seed, round_number, one.number, row)
        group = {other for other, number in book.groups.items() if number == book.groups.get(user)} or {user}
        agree = len({made.entries[int(other) - 100].points for other in group}) == 1
        if not group & held and agree:
            assert book.scores[user] == pytest.approx(entry.points), where
            assert row.did is not Did.PERSON, where
            graded += 1
        else:
            assert book.scores.get(user) == scores.get(user), (where, "changed unasked")
            assert row.did is Did.PERSON, where
            assert row.why, where
        if round_number == 2:
            assert book.changes.get(user, 0) == changes.get(user, 0), (where, "touched again")
    return graded


def collected(lms, *given):
    """Run courses through collecting."""
    from tests.lms import made_up_collecting  # which takes its courses from here

    return made_up_collecting.COLLECTED[lms](*given)


ROUTES = {
    "collecting from moodle": lambda *given: collected("moodle", *given),
    "collecting from canvas": lambda *given: collected("canvas", *given),
    "moodle by token": lambda *given: moodle(MoodlePush, *given),
    "moodle by files": lambda *given: moodle(MoodleFiles, *given),
    "canvas by token": lambda *given: canvas_or_lti("canvas", *given),
    "canvas by files": lambda *given: gradebook_files("canvas", *given),
    "brightspace by files": lambda *given: gradebook_files("brightspace", *given),
    "blackboard by files": lambda *given: gradebook_files("blackboard", *given),
    "lti": lambda *given: canvas_or_lti("lti", *given),
}


def main():
    """Run as many courses as wanted through each route."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--courses", type=int, default=200, help="through each route")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--route", choices=ROUTES, action="append", help="all by default")
    asked = parser.parse_args()
    for name in asked.route or ROUTES:
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            graded = ROUTES[name](range(asked.first, asked.first + asked.courses), Path(folder), patch)
        print(f"{name}: {asked.courses} courses; {graded} times somebody had all that is theirs after a round")


if __name__ == "__main__":
    main()
