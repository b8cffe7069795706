"""Whatever is wrong is one sentence that says what to do, loses nothing, and what it says mends it."""

import errno
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sample_course
from typer.testing import CliRunner

from autograder.cli import app
from autograder.commands import findings, terminal
from autograder.course.course import Course
from autograder.gradebook.access import open_gradebook
from autograder.grading.store import VerdictStore

HOMEWORK, SLUG = sample_course.ASSIGNMENT, sample_course.SLUG


@pytest.fixture
def autograder(monkeypatch):
    """Run a command line in a folder, within this process, as into a file."""
    monkeypatch.delenv("COLUMNS", raising=False)
    for slow in ("software", "machine", "sandbox"):
        monkeypatch.setattr(findings, slow, lambda *_: ())

    def autograder(folder, *arguments):
        monkeypatch.chdir(folder)
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return autograder


@pytest.fixture(scope="module")
def _graded(_released, tmp_path_factory):
    root = Path(shutil.copytree(_released, tmp_path_factory.mktemp("graded") / "course"))
    sample_course.hand_in(root, "ada", timestamp="2026-11-21 19:00:00 UTC")
    sample_course.hand_in(root, "ben", sample_course.submission("half = 1"))
    here = Path.cwd()
    os.chdir(root)
    try:
        outcome = CliRunner().invoke(app, ["grade", HOMEWORK])
    finally:
        os.chdir(here)
    assert outcome.exit_code == 0, outcome.output
    return root


@pytest.fixture
def graded(_graded, tmp_path):
    return Path(shutil.copytree(_graded, tmp_path / "course", symlinks=True))


def precious(root):
    """What must not be lost: everything but locks."""
    paths = [path for path in root.rglob("*") if path.is_file() and path.suffix not in {".lock", ".log", ".pyc"}]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def configure(root, text):
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(f"\n{text}\n")


def execute(root, *statements):
    with closing(sqlite3.connect(root / "gradebook.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def other_database(root):
    (root / "gradebook.db").unlink()
    execute(root, "CREATE TABLE assignment_of_rooms (room TEXT)")


def as_folder(path):
    path.unlink() if path.is_file() else shutil.rmtree(path, ignore_errors=True)
    path.mkdir()


def as_file(path):
    shutil.rmtree(path, ignore_errors=True)
    path.write_text("no folder")


def damage(root):
    content = bytearray((root / "gradebook.db").read_bytes())
    content[200:] = b"\x07" * (len(content) - 200)
    (root / "gradebook.db").write_bytes(content)


def cut(root):
    content = (root / "gradebook.db").read_bytes()
    (root / "gradebook.db").write_bytes(content[:5000])


def class_list(content):
    def make(root):
        configure(root, "c.CourseSettings.class_list = 'class.csv'")
        if content is not None:
            (root / "class.csv").write_bytes(content)

    return make


def setting(text):
    return lambda root: configure(root, text)


WRONG = {
    # the gradebook
    "zero bytes": (lambda root: (root / "gradebook.db").write_bytes(b""), "is empty (0 bytes)"),
    "text": (lambda root: (root / "gradebook.db").write_text("grades: none\n" * 9), "is no SQLite database"),
    "folder": (lambda root: as_folder(root / "gradebook.db"), "is no file; move that away and put your backup there"),
    "another program's": (other_database, "is another program's database"),
    "no tables": (
        lambda root: [(root / "gradebook.db").unlink(), execute(root, "CREATE TABLE a (b)", "DROP TABLE a")],
        "is a database without tables",
    ),
    "older": (
        lambda root: execute(root, "ALTER TABLE submitted_assignment DROP COLUMN extension"),
        "(it lacks submitted_assignment.extension); make a copy of it, then run `nbgrader db upgrade`",
    ),
    "older tables": (lambda root: execute(root, "DROP TABLE task_cells"), "another version of nbgrader"),
    "damaged": (damage, "is damaged"),
    "cut off": (cut, "is damaged"),
    "gone": (lambda root: (root / "gradebook.db").unlink(), "run `autograder prepare homework` first"),
    "address": (setting("c.CourseDirectory.db_url = 'gradebook.db'"), "is no address of a database"),
    "driver": (setting("c.CourseDirectory.db_url = 'oracle9://x'"), "db_url"),
    "server": (setting("c.CourseDirectory.db_url = 'postgresql://127.0.0.1:1/x'"), "a server that cannot be reached"),
    "folder missing": (setting("c.CourseDirectory.db_url = 'sqlite:////nowhere/a.db'"), "cannot be opened: its folder"),
    "due date in words": (
        lambda root: execute(root, "UPDATE assignment SET duedate = 'next Monday'"),
        "holds 'next Monday' where a time belongs, in assignment.duedate, as another program has left it; correct it",
    ),
    "due date with a zone": (
        lambda root: execute(root, "UPDATE assignment SET duedate = '2026-11-21T19:00:00+08:00'"),
        "where a time belongs, in assignment.duedate",
    ),
    "extension in days": (
        lambda root: execute(root, "UPDATE submitted_assignment SET extension = 2"),
        "holds '2' where a length of time belongs, in submitted_assignment.extension",
    ),
    "score in words": (
        lambda root: execute(root, "UPDATE grade SET auto_score = 'good'"),
        "holds 'good' where a number belongs, in grade.auto_score",
    ),
    "student deleted": (
        lambda root: execute(root, "DELETE FROM student WHERE id = 'ada'"),
        "holds rows of submitted_assignment whose student is gone, as another program has left it; put your backup",
    ),
    "notebook deleted": (lambda root: execute(root, "DELETE FROM notebook"), "whose notebook is gone"),
    # the class list
    "list missing": (class_list(None), "cannot be read (No such file or directory)"),
    "list empty": (class_list(b""), "has no column 'id'"),
    "list without id": (class_list(b"name;id\nAda;ada\n"), "has no column 'id' with student ids, separated by commas"),
    "list in UTF-16": (class_list("id\nada\n".encode("utf-16")), "is no CSV file in UTF-8"),
    "list in latin-1": (class_list("id\nj\xf6rg\n".encode("latin-1")), "is no CSV file in UTF-8"),
    "list is huge": (class_list(b"id\n" + b"a" * 200_000), "is no CSV file"),
    "list a folder": (
        lambda root: [class_list(None)(root), (root / "class.csv").mkdir()],
        "cannot be read (Is a directory)",
    ),
    "list of nobody": (class_list(b"id,first_name\n\n"), "holds nobody: its column 'id' is empty; write a row"),
    # settings
    "folders of other names": (
        setting("c.CourseDirectory.directory_structure = '{nbgrader_step}/{oops}'"),
        "write it like '{nbgrader_step}/{student_id}/{assignment_id}'",
    ),
    "folders in another order": (
        setting("c.CourseDirectory.directory_structure = '{nbgrader_step}/{assignment_id}/{student_id}'"),
        "c.CourseDirectory.directory_structure names other folders than are filled in, or in another order",
    ),
    "no memory": (setting("raise MemoryError"), "nbgrader_config.py cannot be read: MemoryError."),
    "syntax": (setting("c.CourseSettings.memory_mib ="), "nbgrader_config.py cannot be read: SyntaxError"),
    "name": (setting("c.CourseSettings.memory_mib = much"), "cannot be read: NameError"),
    "exits": (setting("raise SystemExit(3)"), "cannot be read: SystemExit"),
    "bytes": (lambda root: (root / "nbgrader_config.py").write_bytes(b"\xff\xfe"), "nbgrader_config.py cannot be read"),
    "config a folder": (lambda root: as_folder(root / "nbgrader_config.py"), "There is no course folder here"),
    "type": (setting("c.CourseSettings.memory_mib = 'much'"), "has a setting that does not fit"),
    "choice": (setting("c.CourseSettings.isolation = 'maybe'"), "has a setting that does not fit"),
    "limit": (setting("c.CourseSettings.cell_cpu_seconds = -1"), "CourseSettings in"),
    "section": (setting("c.CourseSettings = 5"), "nbgrader_config.py cannot be read"),
    "directory type": (setting("c.CourseDirectory.root = 7"), "has a value that does not fit"),
    "plugin": (setting("c.AssignLatePenalties.plugin_class = 'no.such.Plugin'"), "c.AssignLatePenalties in"),
    "penalty": (setting("c.LateSubmissionPlugin.penalty_method = 'all'"), "c.AssignLatePenalties in"),
    # folders
    "source gone": (lambda root: shutil.rmtree(root / "source"), "is no course folder: it has no source/ folder"),
    "source empty": (lambda root: shutil.rmtree(root / "source" / HOMEWORK), "There is no assignment 'homework'"),
    "no page": (lambda root: (root / "checks" / f"{SLUG}.py").unlink(), "has graded cells but no check page; write"),
    "source no notebook": (
        lambda root: (root / "source" / HOMEWORK / f"{SLUG}.ipynb").write_text("{}"),
        "is no readable notebook",
    ),
    "source a folder": (lambda root: as_folder(root / "source" / HOMEWORK / f"{SLUG}.ipynb"), "(Is a directory)"),
    "submitted a file": (lambda root: as_file(root / "submitted"), "submitted is no folder; move that away, and put"),
    "state a file": (lambda root: as_file(root / ".autograder"), "cannot be used: "),
    "secret a folder": (lambda root: as_folder(root / ".course_secret"), "secret"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_whatever_is_wrong_is_one_sentence_and_nothing_is_lost(graded, autograder, what):
    make, expected = WRONG[what]
    make(graded)
    before = precious(graded)
    outcome = autograder(graded, "grade", HOMEWORK)
    said = outcome.stderr.strip()
    assert outcome.exit_code == 2, said
    assert expected in said
    assert len(said.splitlines()) == 1
    assert "Traceback" not in outcome.output
    assert outcome.stdout == ""
    assert precious(graded) == before


@pytest.mark.parametrize("what", ["damaged", "type", "list missing", "state a file", "older", "limit"])
def test_doctor_sees_it_too_and_looks_at_the_rest(graded, autograder, what):
    make, expected = WRONG[what]
    make(graded)
    outcome = autograder(graded, "doctor")
    assert outcome.exit_code == 1, outcome.output
    assert expected in outcome.stdout
    assert "Traceback" not in outcome.output


def test_a_traceback_is_shown_only_where_it_is_asked_for(graded, autograder):
    damage(graded)
    for words in (["grade", HOMEWORK, "--debug"], ["--debug", "grade", HOMEWORK]):
        outcome = autograder(graded, *words)
        assert outcome.exit_code == 2
        assert "Traceback (most recent call last)" in outcome.stderr


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE])
def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(graded, autograder, monkeypatch, number):
    sample_course.hand_in(graded, "cy")
    write = VerdictStore._write

    def refuse(store, path, content):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(VerdictStore, "_write", refuse)
    before = precious(graded)
    outcome = autograder(graded, "grade", HOMEWORK)
    assert outcome.exit_code == 2
    assert [line for line in outcome.stderr.splitlines() if "cannot be used: " in line] == outcome.stderr.splitlines()[
        -1:
    ]
    assert precious(graded) == before
    monkeypatch.setattr(VerdictStore, "_write", write)
    assert autograder(graded, "grade", HOMEWORK).exit_code == 0


_KILLED = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
connection.execute("UPDATE grade SET auto_score = 0")
connection.execute("CREATE TABLE half (text TEXT)")
connection.executemany("INSERT INTO half VALUES (?)", [("x" * 900,)] * 2_000)
os._exit(9)
"""


def test_what_a_killed_program_left_half_written_is_taken_back(graded, autograder):
    before = (graded / "gradebook.db").read_bytes()
    subprocess.run([sys.executable, "-c", _KILLED, graded / "gradebook.db"], check=False)
    assert (graded / "gradebook.db-journal").is_file()
    assert (graded / "gradebook.db").read_bytes() != before

    outcome = autograder(graded, "grade", HOMEWORK)
    assert outcome.exit_code == 0, outcome.output
    assert not (graded / "gradebook.db-journal").exists()
    assert "half" not in str(tables_of(graded))


def tables_of(root):
    with closing(sqlite3.connect(root / "gradebook.db")) as connection:
        return connection.execute("SELECT name FROM sqlite_master").fetchall()


def test_a_gradebook_in_use_is_waited_for_and_then_named(graded, autograder):
    configure(graded, f"c.CourseDirectory.db_url = 'sqlite:///{graded}/gradebook.db?timeout=0.1'")
    sample_course.hand_in(graded, "cy")
    with closing(sqlite3.connect(graded / "gradebook.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        outcome = autograder(graded, "grade", HOMEWORK)
    assert outcome.exit_code == 2
    assert "is in use by another program, such as formgrader; end that and try again" in outcome.stderr
    assert autograder(graded, "grade", HOMEWORK).exit_code == 0


@pytest.mark.filterwarnings("default::autograder.grading.store.DamagedRecord")
@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 40, b"[]", b'{"format": 9}', b'{"format": 1, "assignment": "x"}', b"autograder verdict 1 cut"],
    ids=["empty", "zeros", "list", "newer", "foreign", "cut"],
)
def test_what_is_damaged_in_the_store_is_made_again(graded, autograder, content):
    for path in (graded / ".autograder").rglob("*.*"):
        if path.is_file() and path.suffix in {".gz", ".json"}:
            path.write_bytes(content)
    outcome = autograder(graded, "grade", HOMEWORK)
    assert outcome.exit_code == 0, outcome.output
    assert "is damaged" in outcome.stderr
    assert "ada" in outcome.stdout
    assert autograder(graded, "grade", HOMEWORK).stderr.count("is damaged") == 0


def test_every_command_ends_through_the_same_boundary():
    folder = Path(terminal.__file__).parent
    for path in folder.glob("*.py"):
        text = path.read_text()
        commands = re.findall(r"^def (\w+)\([^)]*(?:typer\.|Option|Annotated)", text, re.MULTILINE)
        if path.name not in {"terminal.py", "lms_terminal.py", "lms.py"} and commands:
            assert text.count("with ending_well():") >= 1, path.name


def test_the_version_is_said(autograder, tmp_path):
    assert re.fullmatch(r"autograder \d+\.\d+\.\d+, Python 3\.\d+\.\d+\n", autograder(tmp_path, "--version").stdout)


def test_output_to_a_file_is_not_cut(graded, autograder):
    name = "a-student-with-a-name-that-is-much-longer-than-eighty-columns-" + "x" * 60
    sample_course.hand_in(graded, name, timestamp="2026-11-21 19:00:00 CST")
    lines = autograder(graded, "grade", HOMEWORK).stdout.splitlines()
    (line,) = [line for line in lines if line.split()[:1] == [name]]
    assert line.endswith("name that in nbgrader_config.py (c.Exchange.timezone).")
    assert all(line == line.rstrip() for line in lines)


STEERING = "\x1b[2J\x07\x9b31m\u202e"


def test_nothing_steers_the_terminal(graded, autograder):
    """Names, notes and messages with control characters, through every command that shows them."""
    name = f"eve{STEERING}"
    sample_course.hand_in(graded, name, timestamp=f"{STEERING}")
    strange = sample_course.submission()
    strange.cells[2].metadata["nbgrader"]["grade_id"] = STEERING
    path = graded / f"work{STEERING}.ipynb"
    path.write_text(json.dumps(strange))
    for words in (
        ["grade", HOMEWORK],
        ["grade", HOMEWORK, "--student", name],
        ["grade", STEERING],
        ["doctor"],
        ["prepare", STEERING],
        ["check", path],
        ["check", path, "--json"],
        ["check", f"{STEERING}.ipynb"],
        ["confirm-changes", STEERING],
        ["lms", "due-dates", f"{STEERING}.csv"],
        ["lms", "collect", "moodle", f"{STEERING}.zip", "--worksheet", f"{STEERING}.csv"],
        ["lms", "grades", "csv", "--to", graded / "out.csv", "--assignment", STEERING],
        ["gradescope-zip", STEERING],
    ):
        said = autograder(graded, *words).output
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", said), (words, said)
    assert r"eve\x1b[2J\x07\x9b31m\u202e" in autograder(graded, "grade", HOMEWORK).stdout


# ---------------------------------------------------------------------------------------------------------------------
# Advice is followed word for word.


def follow(advice, root, run, autograder):
    """Run the commands that a sentence names between backticks."""
    for command in re.findall(r"`((?:autograder|nbgrader|chmod) [^`]+)`", advice):
        words = shlex.split(command)
        if words[0] == "autograder":
            assert autograder(root, *words[1:]).exit_code in (0, 1), command
        elif words[0] == "nbgrader":
            ran = run(root, *words)
            assert ran.returncode == 0, ran.stderr
        else:
            os.chmod(words[2], 0o600 if Path(words[2]).is_file() else 0o700)


def by_hand(root, cell, points, student="ada"):
    with open_gradebook(Course.load(root)) as gradebook:
        grade = gradebook.find_grade(cell, SLUG, HOMEWORK, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()


def not_released(root):
    shutil.rmtree(root / "release")


def source_changed(root):
    notebook = json.loads((root / "source" / HOMEWORK / f"{SLUG}.ipynb").read_text())
    next(cell for cell in notebook["cells"] if cell["id"] == "check_double")["metadata"]["nbgrader"]["points"] = 3
    (root / "source" / HOMEWORK / f"{SLUG}.ipynb").write_text(json.dumps(notebook))


def no_pointer(root):
    shutil.rmtree(root / ".autograder" / "graded" / HOMEWORK / "ada")


def other_points(root):
    with open_gradebook(Course.load(root)) as gradebook:
        gradebook.find_grade("check_double", SLUG, HOMEWORK, "ada").auto_score = 1
        gradebook.db.commit()


def penalty_left(root):
    with open_gradebook(Course.load(root)) as gradebook:
        gradebook.find_submission_notebook(SLUG, HOMEWORK, "ada").late_submission_penalty = 6
        gradebook.db.commit()


STATES = {
    "new assignment": lambda root: (
        shutil.copytree(root / "source" / HOMEWORK, root / "source" / "second")
        and (root / "source" / "second" / f"{SLUG}.ipynb").rename(root / "source" / "second" / "second.ipynb")
        and shutil.copy(root / "checks" / f"{SLUG}.py", root / "checks" / "second.py")
    ),
    "no release": not_released,
    "source changed": source_changed,
    "no verdict": no_pointer,
    "other points": other_points,
    "old penalty": penalty_left,
    "changed by hand": lambda root: by_hand(root, "check_double", 0.5),
    "open gradebook": lambda root: (root / "gradebook.db").chmod(0o644),
    "open folder": lambda root: (root / "autograded").chmod(0o755),
}


@pytest.mark.parametrize("state", STATES)
def test_doctor_sees_it_and_what_it_says_mends_it(graded, autograder, run, state):
    (graded / ".course_secret").chmod(0o600)
    assert autograder(graded, "doctor").exit_code == 0, autograder(graded, "doctor").stdout
    STATES[state](graded)
    outcome = autograder(graded, "doctor")
    assert outcome.exit_code == 1, outcome.stdout
    for advice in re.findall(r"What to do: (.*)", outcome.stdout):
        follow(advice, graded, run, autograder)
    if state == "source changed":
        autograder(graded, "grade", HOMEWORK)
    mended = autograder(graded, "doctor")
    assert mended.exit_code == 0, mended.stdout


def test_a_fresh_checkout_is_graded_by_the_commands_it_is_told(bare_root, autograder, run):
    sample_course.hand_in(bare_root, "ada")
    doctor = autograder(bare_root, "doctor").stdout
    assert f"no gradebook yet; `autograder prepare {HOMEWORK}` makes one" in doctor
    refused = autograder(bare_root, "grade", HOMEWORK)
    assert refused.exit_code == 2
    follow(refused.stderr, bare_root, run, autograder)
    assert autograder(bare_root, "grade", HOMEWORK).exit_code == 0
    assert "All is well." in autograder(bare_root, "doctor").stdout


def test_the_readmes_lines_grade_a_class_in_a_fresh_checkout(bare_root, autograder, run):
    """As a clone has it: release/ is there, a gradebook is not."""
    autograder(bare_root, "prepare", HOMEWORK)
    (bare_root / "gradebook.db").unlink()
    sample_course.hand_in(bare_root, "ada")
    readme = (Path(sample_course.__file__).parents[2] / "README.md").read_text()
    block = readme.split("## For instructors")[1].split("```")[1]
    lines = [line.split("#")[0].strip().replace("transfer_learning", HOMEWORK) for line in block.strip().splitlines()]
    assert len(lines) == 8
    for line in lines:
        words = line.replace("NOTEBOOK", f"source/{HOMEWORK}/{SLUG}.ipynb").split()
        if words[0] == "autograder":
            outcome = autograder(bare_root, *words[1:])
            assert outcome.exit_code == 0, (line, outcome.output)
        else:
            ran = run(bare_root, *words)
            assert ran.returncode == 0, (line, ran.stderr)
    assert "ada" in (bare_root / "grades.csv").read_text()
    assert (bare_root / "feedback" / "ada" / HOMEWORK / f"{SLUG}.html").is_file()
    assert "All is well." in autograder(bare_root, "doctor").stdout


def test_points_changed_by_hand_are_said_everywhere_and_count_once_confirmed(graded, autograder, run):
    by_hand(graded, "why", 2)
    by_hand(graded, "check_double", 0.5)
    said = autograder(graded, "grade", HOMEWORK)
    assert said.exit_code == 1
    (line,) = [line for line in said.stdout.splitlines() if line.split()[:1] == ["ada"]]
    assert re.search(
        r"8 of 9\s+changed by hand\s.*changed by hand, check_double: from 2 to 0.5 \(noticed 20..-..-..", line
    )
    assert "changed by hand, check_double: from 2 to 0.5 (noticed" in autograder(graded, "doctor").stdout
    exported = run(graded, "nbgrader", "export", "--to", "grades.csv")
    assert exported.returncode != 0
    assert "changed by hand, check_double: from 2 to 0.5" in exported.stderr
    assert run(graded, "nbgrader", "generate_feedback", HOMEWORK).returncode == 0
    page = graded / "feedback" / "ada" / HOMEWORK / f"{SLUG}.html"
    assert "Changed by hand, check_double: from 2 to 0.5" in page.read_text()
    assert "1 change by hand would be confirmed" in autograder(graded, "confirm-changes", HOMEWORK, "--dry-run").stdout
    assert autograder(graded, "grade", HOMEWORK).exit_code == 1
    confirmed = autograder(graded, "confirm-changes", HOMEWORK, "--student", "ada")
    assert "ada, doubling, check_double: from 2 to 0.5" in confirmed.stdout
    said = autograder(graded, "grade", HOMEWORK)
    assert said.exit_code == 0
    assert re.search(r"6.5 of 9 .*changed by hand, check_double: from 2 to 0.5 \(confirmed 20", said.stdout)
    assert run(graded, "nbgrader", "export", "--to", "grades.csv").returncode == 0
    assert "check_double: from 2 to 0.5 (confirmed" in (graded / "grades.csv").read_text()
    by_hand(graded, "check_double", 1)
    assert autograder(graded, "grade", HOMEWORK).exit_code == 1, "another change is asked about again"


def test_a_person_decides_what_is_undecided_without_being_asked_twice(graded, autograder):
    sample_course.hand_in(graded, "una", sample_course.submission("undecided = 1"))
    autograder(graded, "grade", HOMEWORK)
    by_hand(graded, "check_double", 2, "una")
    by_hand(graded, "check_answer", 4, "una")
    said = autograder(graded, "grade", HOMEWORK)
    assert "by hand" not in said.stdout.replace("to be decided by hand", "")


def test_a_stale_feedback_page_is_named_and_made_anew_by_what_is_said(graded, autograder, run):
    assert run(graded, "nbgrader", "generate_feedback", HOMEWORK).returncode == 0
    assert "Feedback pages" not in autograder(graded, "grade", HOMEWORK).stdout
    sample_course.hand_in(graded, "ada", sample_course.submission("half = 2"))
    said = autograder(graded, "grade", HOMEWORK).stdout
    assert "Feedback pages of ada are of an earlier state" in said
    assert "feedback pages of ada are of an earlier state" in autograder(graded, "doctor").stdout
    follow(said, graded, run, autograder)
    assert "Feedback pages" not in autograder(graded, "grade", HOMEWORK).stdout
    assert (graded / "feedback").stat().st_mode & 0o77 == 0
