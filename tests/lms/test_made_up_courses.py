"""Courses made up from a seed, with the ordinary mess of a term, through every route, against the state of the LMS.

After each round of each course: everybody who can be graded has their grade, comment and page as they are now; nobody
has anybody else's; nothing that others put there has changed; everybody else is in the report with a reason; and nobody
who has not changed is touched again.
"""

import copy
import random
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest
from lms_writers import DRAFT, NOTHING, SUBMITTED, Pupil

from autograder.gradebook.pages import self_contained
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
from autograder.lms.outgoing import Outgoing
from autograder.lms.push.ledger import open_ledger
from autograder.lms.push.people import Collected
from autograder.lms.push.sending import Status, push
from autograder.lms.results import Did
from tests.lms.push import fake_canvas, fake_lti, fake_moodle
from tests.lms.push.fake_moodle_files import upload_worksheet, upload_zip, worksheet
from tests.lms.push.fake_web import InProcess

SEEDS = range(60)
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
        comment=f"{points:g} of 9 points.\ndoubling: {points:g} of 9",
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
        if kind < 0.1:
            site.marks(user, grade=3.33)
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
        platform = MoodleAssignment(InProcess(self.site).web, self.site.address, fake_moodle.TOKEN)
        with open_ledger(self.folder, f"moodle-{self.made.seed}") as ledger:
            rows = push(list(self.made.entries.values()), platform, ledger, collected=collected)
        return {row.student: (row.status in (Status.SENT, Status.ALREADY), row.why) for row in rows}


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
    )


@pytest.mark.parametrize("kind", [MoodlePush, MoodleFiles])
def test_moodle(kind, tmp_path, monkeypatch):
    def pages(_course, _assignment, entry):
        return {name: page_of(entry).decode() for name in entry.pages}, []

    monkeypatch.setattr(moodle_grades, "feedback_pages", pages)
    monkeypatch.setattr(moodle_grades, "known_students", lambda *_: [])
    graded = 0
    for seed in SEEDS:
        draw = random.Random(f"{seed} {kind.__name__}")
        made = make(seed, tmp_path / "pages")
        monkeypatch.setattr(moodle_grades, "outgoing", lambda *_, made=made: list(made.entries.values()))
        route = kind(made, draw, tmp_path)
        ever, meddled, changed = {}, {}, {one.number for one in made.pupils}
        hidden = set()
        for round_number in range(3):
            if round_number < 2:
                meddled = meddle(made, route.site, draw, meddled)
                hidden = {
                    number
                    for number in meddled
                    if kind is MoodlePush and made.has_workflow and route.site.states[100 + number] != "released"
                }
            if round_number == 1:
                changed = regrade(made, tmp_path / "pages", draw)
            before, told = copy.deepcopy(route.site.records), dict(route.site.notified)
            states = dict(route.site.states)
            report = route.run()
            if report is None:
                break
            graded += check(made, route, (before, told, states, report), (meddled, changed, hidden, ever, round_number))
            ever |= {
                number: made.entries[number]
                for number in made.entries
                if route.site.grades.get(100 + number) == made.entries[number].points
            }
    assert graded > 300, "the test would be of nothing"


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
            if has_page(made, route, number, teams):
                assert now["files"]["/", "doubling.html"] == ours, where
            graded += 1
        else:
            assert now == then or made.is_team, where
            assert why, where
        if round_number == 2 and went:
            assert route.site.notified.get(user, 0) == told.get(user, 0), (where, "touched again")
    return graded


def has_page(made, route, number, teams):
    if not made.is_team or isinstance(route, MoodlePush):
        return True
    pupil = next(one for one in made.pupils if one.number == number)
    if not pupil.group_number or made.is_blind:
        return False
    members = teams[pupil.group_number]
    settled = all(is_gradable(made, route, member, {}) for member in members)
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


@pytest.mark.parametrize("kind", ["canvas", "lti"])
def test_canvas_and_lti(kind, tmp_path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(lti_module, "time", clock)
    graded = 0
    for seed in SEEDS:
        draw = random.Random(f"{seed} {kind}")
        made = replace(make(seed, tmp_path / "pages"), is_team=False)
        site = (canvas_site if kind == "canvas" else lti_site)(made, draw)
        foreign, told = set(), {}
        for round_number in range(3):
            if round_number == 1:
                regrade(made, tmp_path / "pages", draw)
                foreign = meddle_scores(made, site, kind, draw)
            clock.now += 5
            platform = platform_of(kind, site)
            with open_ledger(tmp_path, f"{kind}-{seed}") as ledger:
                rows = {row.student: row for row in push(list(made.entries.values()), platform, ledger)}
            for one in made.pupils:
                user, entry = str(100 + one.number), made.entries[one.number]
                where = (seed, round_number, one.number, rows[entry.student])
                score, comments, posts = standing(kind, site, user)
                went = rows[entry.student].status in (Status.SENT, Status.ALREADY)
                if user in foreign:
                    assert score == pytest.approx(2.17, abs=1e-4), (where, "somebody else's grade")
                    assert not went, where
                elif is_open(kind, site, user) and not entry.waiting:
                    assert score == pytest.approx(entry.points, abs=1e-4), where
                    assert entry.comment in comments, where
                    assert went, where
                    graded += 1
                else:
                    assert not went, where
                    assert rows[entry.student].why, where
                if round_number == 2 and went:
                    assert posts == told[user], (where, "touched again")
                told[user] = posts
    assert graded > 300, "the test would be of nothing"


def canvas_site(made, draw):
    site = fake_canvas.FakeCanvas()
    site._server.server_close()
    site.users = {
        str(100 + one.number): {"id": 100 + one.number, "name": one.name, "login_id": one.email} for one in made.pupils
    }
    site.comments = {user: [("well done, says a marker", [])] if draw.random() < 0.2 else [] for user in site.users}
    site.excused = {user for user in site.users if draw.random() < 0.1}
    site.hidden_from = {user for user in site.users if draw.random() < 0.1}
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


def platform_of(kind, site):
    web = InProcess(site).web
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
    for user in chosen:
        if kind == "canvas":
            site.scores[user] = 2.17
        else:
            site.overridden[user] = 100 * 2.17 / 9
    return chosen


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
