"""A class run: everything graded once, whatever is handed in and wherever it is stopped."""

import json
import os
import threading
import time

import pytest
import sample_course
from filelock import FileLock

from autograder.classes import collecting, verdicts
from autograder.classes.classrun import ClassRun
from autograder.course.course import Course
from autograder.course.errors import CourseError
from autograder.course.submission import HandedIn
from autograder.gradebook.access import open_gradebook
from autograder.gradebook.deriving import Deriver
from autograder.grading.grader import Grader, LazyEngine
from autograder.grading.store import VerdictStore

HOMEWORK = sample_course.ASSIGNMENT


def run_class(root, student="*", **options):
    course = Course.load(root)
    steps = []
    results = ClassRun(course, HOMEWORK, course.secret(), **options).run(student, steps.append)
    return {result.row.student: result for result in results}, steps


def judged(root):
    log = root / "engine.log"
    return sum(line.startswith("graded") for line in log.read_text().splitlines()) if log.exists() else 0


def points(results):
    return {student: result.row.points for student, result in results.items()}


@pytest.fixture
def handed_in(root):
    sample_course.hand_in(root, "right")
    sample_course.hand_in(root, "half", sample_course.submission("half = 1"))
    sample_course.hand_in(root, "broken", b"no notebook")
    return root


def test_a_class_is_graded_and_derived(handed_in):
    results, steps = run_class(handed_in, jobs=2)
    assert points(results) == {"broken": 0, "half": 3, "right": 6}
    assert [step.done for step in steps] == [1, 2, 3]
    assert all(step.is_new for step in steps)
    assert not any(result.problem for result in results.values())
    assert (handed_in / "autograded" / "right" / HOMEWORK / "doubling.ipynb").is_file()
    assert results["broken"].notes[0].startswith("The file is not valid JSON")


def test_a_second_run_runs_nothing_and_writes_nothing(handed_in):
    first, _ = run_class(handed_in)
    ran = judged(handed_in)
    paths = [
        *handed_in.glob("autograded/*/*/*.ipynb"),
        handed_in / "gradebook.db",
        *handed_in.glob(".autograder/graded/*/*/*"),
    ]
    times = {path: path.stat().st_mtime_ns for path in paths}
    second, steps = run_class(handed_in)
    assert judged(handed_in) == ran
    assert not any(step.is_new for step in steps)
    assert {path: path.stat().st_mtime_ns for path in paths} == times
    assert points(second) == points(first)


def test_only_new_work_is_run(handed_in):
    run_class(handed_in)
    ran = judged(handed_in)
    sample_course.hand_in(handed_in, "half", sample_course.submission("wrong = 1"))
    sample_course.hand_in(handed_in, "late", sample_course.submission("wrong = 1"))
    results, _ = run_class(handed_in)
    assert judged(handed_in) == ran + 1, "equal work of two students is run once"
    assert points(results) == {"broken": 0, "half": 0, "right": 6, "late": 0}


def test_absent_is_not_zero(handed_in):
    course = Course.load(handed_in)
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_student("absent")
    (handed_in / "students.csv").write_text("id,first_name\nlisted,Lis\nright,Ri\n")
    with (handed_in / "nbgrader_config.py").open("a") as config:
        config.write("c.CourseSettings.class_list = 'students.csv'\n")
    sample_course.hand_in(handed_in, "misnamed")
    path = handed_in / "submitted" / "misnamed" / HOMEWORK / "doubling.ipynb"
    path.rename(path.with_name("doubling (1).ipynb"))
    results, _ = run_class(handed_in)
    assert {student for student, result in results.items() if result.row.is_absent} == {"absent", "listed"}
    assert not results["broken"].row.is_absent


def test_a_renamed_notebook_is_found_by_what_is_in_it(handed_in):
    for student in ("misnamed", "twice", "same twice", "other"):
        folder = sample_course.hand_in(handed_in, student)
        (folder / "doubling.ipynb").rename(folder / "doubling (1).ipynb")
        if "twice" in student:
            text = sample_course.submission(*["double = 1"][: student == "twice"])
            (folder / "my work.ipynb").write_text(json.dumps(text))
        if student == "other":
            (folder / "doubling (1).ipynb").write_text('{"cells": [], "nbformat": 4}')
    results, _ = run_class(handed_in)
    assert points(results) | {"misnamed": 6, "twice": 0, "same twice": 6, "other": 0} == points(results)
    assert results["misnamed"].notes == (
        "doubling (1).ipynb is doubling.ipynb by what is in it; it was copied to that name.",
    )
    assert results["twice"].notes[0] == (
        "There is no doubling.ipynb, but doubling (1).ipynb, my work.ipynb are of that exercise; "
        "rename the one that counts."
    )
    assert results["other"].notes == (
        "There is no doubling.ipynb, but doubling (1).ipynb; rename it if it is that notebook.",
    )
    assert results["twice"].row.is_absent


@pytest.mark.parametrize(("text", "sentence"), [("name\nx\n", "has no column 'id'"), (None, "cannot be read")])
def test_a_class_list_that_is_none_is_refused(handed_in, text, sentence):
    with (handed_in / "nbgrader_config.py").open("a") as config:
        config.write("c.CourseSettings.class_list = 'students.csv'\n")
    if text:
        (handed_in / "students.csv").write_text(text)
    with pytest.raises(CourseError, match=f"The class list .*students.csv {sentence}"):
        run_class(handed_in)


def test_one_student(handed_in):
    results, _ = run_class(handed_in, "half")
    assert points(results) == {"half": 3}
    assert not (handed_in / "autograded" / "right").exists()
    with pytest.raises(CourseError, match="There is no student 'nobody': neither in the gradebook nor in submitted/"):
        run_class(handed_in, "nobody")


def test_one_notebooks_trouble_does_not_stop_the_class(handed_in):
    sample_course.hand_in(handed_in, "crash", sample_course.submission("crash = 1"))
    sample_course.hand_in(handed_in, "clock", timestamp="yesterday, more or less")
    results, _ = run_class(handed_in)
    assert results["crash"].problem == "doubling was not graded: the judge could not start"
    assert results["clock"].problem.startswith("its timestamp.txt is no time of a form that is known")
    assert points(results)["right"] == 6
    sample_course.hand_in(handed_in, "crash")
    assert run_class(handed_in)[0]["crash"].row.points == 6


def test_a_machine_that_cannot_seal_stops_the_run_before_it_begins(handed_in, monkeypatch):
    monkeypatch.setenv("FAKE_ENGINE_REFUSES", "1")
    with pytest.raises(RuntimeError, match="refuses user namespaces"):
        run_class(handed_in)
    assert not (handed_in / "autograded").exists()


def test_killed_anywhere_it_goes_on_from_there(handed_in, run):
    sample_course.hand_in(handed_in, "zoe", sample_course.submission("kill the grader = 1"))
    killed = run(handed_in, "autograder.cli", "grade", HOMEWORK, "--jobs", "1")
    assert killed.returncode == -9
    ran = judged(handed_in)
    assert ran == 3, "two before the one that kills"
    sample_course.hand_in(handed_in, "zoe", sample_course.submission("# right at last"))
    results, _ = run_class(handed_in)
    assert judged(handed_in) == ran + 1, "what had been judged before the kill is not judged again"
    assert points(results) == {"broken": 0, "half": 3, "right": 6, "zoe": 6}


@pytest.mark.parametrize("lost", ["autograded", "gradebook row", "record", "pointer", "half derived"])
def test_what_is_lost_is_made_again(handed_in, lost):
    run_class(handed_in)
    autograded = handed_in / "autograded" / "half" / HOMEWORK / "doubling.ipynb"
    if lost == "autograded":
        autograded.unlink()
    elif lost == "gradebook row":
        with open_gradebook(Course.load(handed_in)) as gradebook:
            gradebook.find_grade("check_double", "doubling", HOMEWORK, "half").auto_score = 2
            gradebook.db.commit()
    elif lost == "half derived":
        autograded.chmod(0o644)
        autograded.write_bytes((handed_in / "submitted" / "half" / HOMEWORK / "doubling.ipynb").read_bytes())
    else:
        (path, *_) = handed_in.glob(".autograder/graded/homework/half/*.json")
        key = json.loads(path.read_text())["key"]
        (path if lost == "pointer" else handed_in / f".autograder/verdicts/{key[:2]}/{key}.gz").unlink()
    results, _ = run_class(handed_in)
    assert points(results)["half"] == 3
    assert not results["half"].problem
    assert "1 of 2 points" in autograded.read_text()
    assert VerdictStore(handed_in / ".autograder").verdict(HOMEWORK, "half", "doubling").points == 3


def test_a_forced_run_judges_everything_again(handed_in):
    run_class(handed_in)
    ran = judged(handed_in)
    results, steps = run_class(handed_in, force=True)
    assert judged(handed_in) == ran + 2
    assert all(step.is_new for step in steps)
    assert points(results) == {"broken": 0, "half": 3, "right": 6}


def test_two_runs_at_once_are_refused(handed_in):
    (handed_in / ".autograder").mkdir()
    with (
        FileLock(handed_in / ".autograder" / "run.lock"),
        pytest.raises(CourseError, match="Another `autograder grade`"),
    ):
        run_class(handed_in)


def test_an_interrupt_keeps_what_is_done_and_stops_the_engine(handed_in):
    for number in range(6):
        sample_course.hand_in(handed_in, f"slow{number}", sample_course.submission(f"slow = {number}  # right"))
    course = Course.load(handed_in)

    def interrupt(step):
        if step.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ClassRun(course, HOMEWORK, course.secret(), jobs=1).run("*", interrupt)
    deadline = time.monotonic() + 20
    while (left := [thread for thread in threading.enumerate() if thread.name.startswith("grading")]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.01)
    assert not left
    assert (handed_in / "engine.log").read_text().splitlines()[-1] in ("stopped", "graded []")
    kept = len(list((handed_in / ".autograder" / "verdicts").rglob("*.gz")))
    assert 3 <= kept < 9  # what was under way is graded to its end: how many those are is up to the machine
    results, _ = run_class(handed_in)
    assert len(results) == 9
    assert not any(result.problem for result in results.values())


def test_an_assignment_without_a_release_says_what_to_run(bare_root):
    with pytest.raises(CourseError, match=r"There is no gradebook .* yet; run `autograder prepare homework` first"):
        run_class(bare_root)
    assert not (bare_root / "gradebook.db").exists()
    with open_gradebook(Course.load(bare_root)):
        pass
    with pytest.raises(CourseError, match="does not know the assignment 'homework'; run `autograder prepare homework`"):
        run_class(bare_root)


def test_student_ids_with_odd_characters(handed_in):
    for student in ("ü ß", "a.b@c", "[ab]*"):
        sample_course.hand_in(handed_in, student)
    results, _ = run_class(handed_in)
    assert [points(results)[student] for student in ("ü ß", "a.b@c", "[ab]*")] == [6, 6, 6]
    assert not any(result.problem for result in results.values())


def test_what_a_busy_machine_could_not_run_is_tried_again_behind_the_others(handed_in, monkeypatch):
    waited = []
    monkeypatch.setattr("autograder.classes.verdicts.wait_until_quiet", lambda left: waited.append(left) or left)
    sample_course.hand_in(handed_in, "before", sample_course.submission("right = 'busy'"))
    sample_course.hand_in(handed_in, "poor", sample_course.submission("right = 'always busy'"))

    results, steps = run_class(handed_in)

    assert points(results) == {"before": 6, "broken": 0, "half": 3, "poor": 6, "right": 6}
    assert {step.student for step in steps[-2:]} == {"before", "poor"}
    assert len(steps) == len(results)
    assert len(waited) == 2
    ran = judged(handed_in)
    run_class(handed_in)
    assert judged(handed_in) == ran + 2  # what is still open, and its second try, and nothing else


def test_a_notebook_by_itself_is_tried_again_when_the_machine_has_room(root, monkeypatch):
    waited = []
    monkeypatch.setattr("autograder.grading.grader.wait_until_quiet", waited.append)
    course = Course.load(root)
    exercise = course.exercises["doubling"]
    with LazyEngine(course) as engine:
        grader = Grader(course, course.secret(), engine)
        found = [
            grader.grade_alone(
                HandedIn(json.dumps(sample_course.submission(said)).encode(), {}), exercise
            ).record.verdict
            for said in ("right = 1", "right = 'busy'", "right = 'always busy'")
        ]

    assert [bool(verdict.held_up) for verdict in found] == [False, False, True]
    assert len(waited) == 2


def test_an_error_in_a_check_is_named_to_the_instructor_with_its_place(handed_in):
    sample_course.hand_in(handed_in, "unlucky", sample_course.submission("half = 'undecided, a mistake of the course'"))

    results, _ = run_class(handed_in)

    named = [note for note in results["unlucky"].notes if "page.py, line 7, in keeps: KeyError: 'x'" in note]
    assert len(named) == 1
    assert "the rest" not in named[0]
    assert not any("page.py" in note for student in ("right", "half") for note in results[student].notes)


def folder_for_notebook(folder):
    (folder / "doubling.ipynb").rename(folder / "mine.ipynb")
    (folder / "doubling.ipynb").mkdir()


def pipe_for_notebook(folder):
    (folder / "doubling.ipynb").rename(folder / "mine.ipynb")
    os.mkfifo(folder / "doubling.ipynb")


def sparse_for_notebook(folder):
    (folder / "doubling.ipynb").rename(folder / "mine.ipynb")
    with (folder / "doubling.ipynb").open("wb") as stream:
        stream.truncate(3 * 2**30)


def loop_for_notebook(folder):
    (folder / "doubling.ipynb").rename(folder / "mine.ipynb")
    (folder / "doubling.ipynb").symlink_to("doubling.ipynb")


def names_of_many_lines(folder):
    (folder / "doubling.ipynb").unlink()
    for number in range(300):
        (folder / f"{number}\nright  6 of 6.ipynb").touch()


def a_table_in_a_time_stamp(folder):
    (folder / "timestamp.txt").mkdir()


ODD = [folder_for_notebook, pipe_for_notebook, sparse_for_notebook, loop_for_notebook, names_of_many_lines]
ODD += [a_table_in_a_time_stamp]


def fails_for(name, real):
    """Do what a function does, but for one student in whose files something unforeseen happens."""

    def call(*args, **kwargs):
        if name in map(str, args) or any(name in str(getattr(one, "student", "")) for one in args):
            raise RecursionError("maximum recursion depth exceeded")
        return real(*args, **kwargs)

    return call


def test_whatever_one_person_hands_in_is_a_row_and_everybody_else_goes_on(handed_in, monkeypatch):
    for make in ODD:
        sample_course.hand_in(handed_in, make.__name__)
        make(handed_in / "submitted" / make.__name__ / HOMEWORK)
    for name in ("not_found", "not_read", "not_derived"):
        sample_course.hand_in(handed_in, name)
    monkeypatch.setattr(collecting, "_look_into", fails_for("not_found", collecting._look_into))
    monkeypatch.setattr(verdicts, "_known", fails_for("not_read", verdicts._known))
    monkeypatch.setattr(Deriver, "_save", fails_for("not_derived", Deriver._save))

    results, _ = run_class(handed_in, jobs=2)

    assert {name: results[name].row.points for name in ("broken", "half", "right")} == {
        "broken": 0, "half": 3, "right": 6
    }  # fmt: skip
    for name in ("not_found", "not_read", "not_derived", "a_table_in_a_time_stamp"):
        assert results[name].problem, name
        assert len(results[name].problem) < 300
    for make in ODD:
        said = [results[make.__name__].problem, *results[make.__name__].notes]
        assert any(said), make.__name__
        assert all(len(one) < 700 and "\n" not in one for one in said), said
    assert len(results) == 3 + len(ODD) + 3
