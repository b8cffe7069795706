"""A new term: archived and read back, stopped anywhere and gone on with, refused while work waits."""

import http.server
import json
import shlex
import shutil
import sqlite3
import subprocess
import threading
import zipfile
from contextlib import closing, suppress
from functools import partial

import pytest
import sample_course
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course.course import Course, CourseError
from autograder.gradebook.access import existing_gradebook, open_gradebook
from autograder.grading.store import VerdictStore
from autograder.instruments import archive, new_term, term_checks
from autograder.instruments.new_term import begin_term, plan_term

ASSIGNMENT, SLUG = sample_course.ASSIGNMENT, sample_course.SLUG


@pytest.fixture(scope="module")
def empty_gradebook(tmp_path_factory):
    """nbgrader takes two seconds to make a gradebook."""
    path = tmp_path_factory.mktemp("empty") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}", "a_course"):
        return path


@pytest.fixture(autouse=True)
def _quick_gradebooks(empty_gradebook, monkeypatch):
    def quick(url, course_id):
        shutil.copy(empty_gradebook, url.removeprefix("sqlite:///"))
        return Gradebook(url, course_id)

    monkeypatch.setattr(new_term, "Gradebook", quick)


@pytest.fixture
def term(graded, tmp_path):
    """The graded course, all marked, and a new class list."""
    (tmp_path / "autumn.csv").write_text("id,last_name,first_name,email\nnew_1,Neu,Nora,n@x.org\nnew_2,,,\n")
    with open_gradebook(Course.load(graded)) as gradebook:
        for student in ("ada", "ben", "cleo"):
            grade = gradebook.find_grade("why", SLUG, ASSIGNMENT, student)
            grade.manual_score, grade.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    (graded / "submitted" / "ada" / ASSIGNMENT / "link").symlink_to("/etc/hostname")
    return graded


def begin(root, roster, target=None):
    course = Course.load(root)
    return begin_term(course, plan_term(course, target, roster), roster)


def content(root):
    """All that counts, as a comparable value."""
    with open_gradebook(Course.load(root)) as gradebook:
        book = {
            student: [(grade.name, grade.auto_score, grade.manual_score) for grade in notebook.grades]
            for student in ("ada", "ben", "cleo")
            for notebook in [gradebook.find_submission_notebook(SLUG, ASSIGNMENT, student)]
        }
    pointers = list(VerdictStore(root / ".autograder").pointers(ASSIGNMENT))
    handed_in = {path.name: path.read_bytes() for path in (root / "submitted").rglob("*.ipynb")}
    return book, pointers, handed_in, (root / ".course_secret").read_bytes()


def test_a_term_is_archived_and_comes_back_as_it_was_and_the_new_one_is_empty(term, tmp_path):
    before, target = content(term), tmp_path / "kept" / "term.zip"
    assert begin(term, tmp_path / "autumn.csv", target) == []

    assert (term / ".course_secret").read_bytes() != before[3]
    assert (term / ".course_secret").stat().st_mode & 0o777 == 0o600
    assert target.stat().st_mode & 0o777 == 0o600
    assert not (term / "submitted").exists()
    assert list(VerdictStore(term / ".autograder").pointers(ASSIGNMENT)) == []
    assert not (term / ".new_term").exists()
    with open_gradebook(Course.load(term)) as gradebook:
        assert {one.id: one.last_name for one in gradebook.students} == {"new_1": "Neu", "new_2": None}
        assert gradebook.assignments == []

    archive.restore(target, tmp_path / "last")
    assert content(tmp_path / "last") == before
    ran = CliRunner().invoke(app, ["report", ASSIGNMENT, "--json", "--course", str(tmp_path / "last")])
    assert json.loads(ran.stdout)["students"] == 3


def test_a_restored_folder_has_a_gradebook_of_its_own(term, tmp_path):
    with (term / "nbgrader_config.py").open("a") as config:
        config.write(f"c.CourseDirectory.db_url = 'sqlite:///{term}/gradebook.db'\n")
    begin(term, None, tmp_path / "term.zip")
    archive.restore(tmp_path / "term.zip", tmp_path / "last")
    with existing_gradebook(Course.load(tmp_path / "last"), ASSIGNMENT) as gradebook:
        assert len(gradebook.students) == 3


class Killed(BaseException):
    pass


STEPS = (
    *("write_whole", "write_archive", "_write_journal", "_move_aside", "_make_new"),
    *("close_to_others", "_remove_archived", "_is_held"),
)


def killed_at(moment, monkeypatch, root, roster, target):
    """Begin a term that is killed before or after one of its steps; tell whether it got that far."""
    left = moment

    def killing(original):
        def step(*words, **options):
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            result = original(*words, **options)
            left -= 1
            if left == 0:
                raise Killed
            return result

        return step

    with monkeypatch.context() as patched:
        for name in STEPS:
            patched.setattr(new_term, name, killing(getattr(new_term, name)))
        with suppress(Killed):
            begin(root, roster, target)
            return False
    return True


def test_killed_at_any_point_it_is_run_again_and_nothing_is_lost(term, tmp_path, monkeypatch):
    for looked_at_elsewhere in ("waiting", "in_public", "thresholds"):
        monkeypatch.setattr(new_term, looked_at_elsewhere, lambda course: [])
    secret = (term / ".course_secret").read_bytes()
    expected, moment, was_killed = None, 0, True
    while was_killed:
        root, target = tmp_path / "copy", tmp_path / "term.zip"
        shutil.copytree(term, root, symlinks=True)
        was_killed = moment and killed_at(moment, monkeypatch, root, tmp_path / "autumn.csv", target)
        if was_killed and moment % 3 == 0:  # and again, some steps later
            killed_at(4, monkeypatch, root, tmp_path / "autumn.csv", target)
        if not moment or (root / ".new_term").exists() or not target.exists():
            assert begin(root, tmp_path / "autumn.csv", target) == []
        listed, _ = archive.read_list(target)  # each was compared with what it holds when it was written
        expected = expected or listed.files
        assert listed.files == expected
        assert not (root / ".new_term").exists()
        assert not (root / "submitted").exists()
        assert (root / ".course_secret").read_bytes() != secret
        with closing(sqlite3.connect(root / "gradebook.db")) as book:
            assert book.execute("SELECT count(*) FROM student").fetchone() == (2,)
        assert sorted(path.name for path in tmp_path.glob("*term*")) == ["term.zip"]
        shutil.rmtree(root)
        target.unlink()
        was_killed, moment = was_killed or not moment, moment + 1
    assert moment > 30


def test_what_came_in_after_the_archive_was_written_is_kept_and_said(term, tmp_path, monkeypatch):
    def killed(*_):
        raise Killed

    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(new_term, "_move_aside", killed)
        begin(term, tmp_path / "autumn.csv", tmp_path / "term.zip")
    sample_course.hand_in(term, "dora")
    with open_gradebook(Course.load(term)) as gradebook:
        gradebook.find_grade("why", SLUG, ASSIGNMENT, "ada").manual_score = 3.0
        gradebook.db.commit()
    said = "\n".join(begin(term, None))

    assert "dora" in said
    assert "gradebook.db is not what term.zip holds" in said
    assert (term / ".new_term" / "old" / "submitted" / "dora" / ASSIGNMENT / f"{SLUG}.ipynb").is_file()
    assert (term / ".new_term" / "old" / "gradebook.db").is_file()
    with open_gradebook(Course.load(term)) as gradebook:
        assert len(gradebook.students) == 2
    with pytest.raises(CourseError, match="holds what was kept when the last new term began"):
        begin(term, None)


def test_it_refuses_while_work_waits_and_says_what(term, tmp_path, monkeypatch):
    monkeypatch.chdir(term)
    with open_gradebook(Course.load(term)) as gradebook:
        gradebook.find_grade("why", SLUG, ASSIGNMENT, "ada").needs_manual_grade = True
        gradebook.db.commit()
    sample_course.hand_in(term, "dora")
    before = content(term)
    ran = CliRunner().invoke(app, ["new-term", "--yes"])

    assert ran.exit_code == 2
    assert "homework: 1 with a written answer that nobody has marked, 1 not graded yet" in ran.stdout
    assert "say --even-if-waiting" in ran.stderr
    assert content(term) == before
    assert not list(term.glob("term_*"))
    assert CliRunner().invoke(app, ["new-term", "--yes", "--even-if-waiting"]).exit_code == 0
    assert len(list(term.glob("term_*.zip"))) == 1


def configure(root, line):
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(line + "\n")


def submissions_elsewhere(root, target):
    configure(root, "c.CourseDirectory.submitted_directory = '../elsewhere'")
    (root.parent / "elsewhere").mkdir()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda root, target: target.write_text("mine"), "is there already and is not written over"),
        (lambda root, target: (root / "gradebook.db").unlink(), "so there is no term to archive"),
        (
            lambda root, target: configure(root, "c.CourseSettings.class_list = 'last.csv'"),
            "name the new one with --class-list",
        ),
        (submissions_elsewhere, "lies outside the course folder"),
        (
            lambda root, target: (root / "feedback").symlink_to(root / "submitted"),
            "is a link, which is not followed",
        ),
    ],
)
def test_what_cannot_be_archived_is_refused_and_left(term, tmp_path, change, sentence):
    target = tmp_path / "term.zip"
    change(term, target)
    with pytest.raises(CourseError, match=sentence):
        begin(term, None, target)
    assert (term / "submitted" / "ada").is_dir()


def test_a_damaged_archive_or_another_file_makes_no_folder(term, tmp_path):
    target = tmp_path / "term.zip"
    begin(term, None, target)
    with zipfile.ZipFile(target) as whole:
        entries = {name: whole.read(name) for name in whole.namelist()}
    for name, changed, sentence in (
        ("other.zip", {"word.txt": b"hello"}, "no term that"),
        ("changed.zip", entries | {".course_secret": b"another"}, "is not what was archived"),
        ("lost.zip", {key: value for key, value in entries.items() if key != ".course_secret"}, "cannot be read"),
        ("out.zip", {"term.json": entries["term.json"].replace(b".course_secret", b"../out")}, "outside its folder"),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as written:
            for entry, data in changed.items():
                written.writestr(entry, data)
        with pytest.raises(CourseError, match=sentence):
            archive.restore(tmp_path / name, tmp_path / "last")
        assert not (tmp_path / "last").exists()
    assert not (tmp_path / "out").exists()
    with pytest.raises(CourseError, match="not empty"):
        archive.restore(target, term)


def git(folder, *words):
    subprocess.run(["git", "-C", folder, *words], check=True, capture_output=True)


def test_a_secret_in_git_and_pages_that_everybody_can_read_are_said(term, tmp_path):
    course = Course.load(term)
    assert term_checks.in_public(course) == []
    git(term, "init", "-q")
    git(term, "add", "-f", ".course_secret", "checks")
    git(term, "-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "all")
    bare = tmp_path / "served" / "course.git"
    git(tmp_path, "clone", "-q", "--bare", term, bare)
    git(bare, "update-server-info")
    git(term, "remote", "add", "here", bare)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=bare.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        git(term, "remote", "add", "origin", f"{base}/course.git")
        git(term, "remote", "add", "private", f"{base}/absent.git")
        said = "\n".join(term_checks.in_public(course))
        server.shutdown()

    assert f"everybody can read {base}/course.git, which gets the check pages" in said
    assert "absent.git" not in said
    assert "was committed to git once" in said
    assert "git rm --cached .course_secret" in said
    assert term_checks._web_address("git@github.com:me/course.git") == "https://github.com/me/course.git"
    assert term_checks._web_address("https://me:token@host/course.git") == "https://host/course.git"


def test_a_threshold_that_does_not_follow_from_its_evidence_is_said(term, project_root):
    course = Course.load(term)
    assert term_checks.thresholds(course) == []
    with (term / "checks" / f"{SLUG}.py").open("a") as page:
        page.write('\ngate(__file__, "feature")\ngate(__file__, "new")\n')
    file, *_ = sorted((project_root / "autograder" / "checks").glob("*/thresholds_sketches.json"))
    record = json.loads(file.read_text())
    (measured, *_) = [gate["threshold"] for gate in record["gates"].values()]
    record["gates"] = {"feature": next(iter(record["gates"].values())) | {"threshold": measured + 0.01}}
    record["versions"]["keras"] = "3.0.0"
    (term / "checks" / "thresholds_sketches.json").write_text(json.dumps(record))
    said = term_checks.thresholds(course)

    assert len(said) == 3
    assert f"{SLUG} has no threshold `new` that was measured" in said[0]
    assert f"`feature` of {SLUG} is {measured + 0.01:g}, but what was measured gives {measured:g}" in said[1]
    assert "keras 3.0.0" in said[2]


def test_the_commands_of_the_guide_run(term, tmp_path, monkeypatch, project_root):
    monkeypatch.chdir(term)
    (term / "autumn.csv").write_bytes((tmp_path / "autumn.csv").read_bytes())
    guide = (project_root / "docs" / "new-term.md").read_text(encoding="utf-8")
    lines = [line.partition("#")[0] for line in guide.splitlines() if line.startswith("autograder ")]
    assert len(lines) == 5
    before = content(term)
    for line in lines:
        made = [path.name for path in term.glob("term_*.zip")]
        words = line.replace("transfer_learning", ASSIGNMENT).replace("term.zip", made[0] if made else "term.zip")
        ran = CliRunner().invoke(app, shlex.split(words)[1:])
        assert ran.exit_code == 0, (line, ran.output)
        if "--json" in line:
            assert json.loads(ran.stdout)["students"] == 2
            assert content(term) == before, "a dry run does nothing"
    assert content(term / "last_term") == before
