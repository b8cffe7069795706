"""A course is graded before its release: what its checks miss is found, what is known is not judged again.

The small course's notebooks are run by `exec`; forks and judge are those of tests/authoring/test_trying.py.
"""

import contextlib
import json
import re
import sys
from collections import Counter

import pytest
import sample_course
from typer.testing import CliRunner

from autograder.authoring import golden
from autograder.authoring.pages import checks_that_draw
from autograder.authoring.trying import Bench
from autograder.cli import app
from autograder.course.course import Course
from autograder.instruments import rehearsal, rehearsal_records
from autograder.instruments.rehearsal import Extent, page, rehearse
from autograder.judge.verdict import CheckResult, Outcome

PAGE = '''"""Hidden checks of doubling."""
from autograder.judge.checking import check

@check("check_double", points=1)
def double_doubles(found, draw):
    """It doubles."""
    assert found["double"](2 + draw) == 4 + 2 * draw

@check("check_double", points=1)
def double_keeps_zero(found, draw):
    """Zero stays zero."""
    assert found["double"](0) == 0

@check("check_answer", points=4)
def answer_is_right(found, draw):
    """The answer is 42."""
    assert found["answer"] == 42
'''
SLIPS = """
[wrong_three_times]
cell = "double"
replace = "2 *"
by = "3 *"
checks = ["double_doubles"]
says = "6"
[wrong_square]
cell = "double"
replace = "2 * number"
by = "number ** 2"
checks = ["double_doubles"]
says = "9"
[wrong_answer]
cell = "answer"
replace = "21"
by = "20"
checks = ["answer_is_right"]
says = "40"
[right_sum]
cell = "double"
replace = "2 * number"
by = "number + number"
"""
CHECKS = ("double_doubles", "double_keeps_zero", "answer_is_right")
BLANK = 'why = "nothing"\nstart = "release"\n[checks]\ndouble_doubles = "FAIL"\n'


def outcome_of(check, found, draw):
    try:
        check(found, draw)
    except Exception:  # noqa: BLE001 (whatever a mutant does)
        return Outcome.FAIL
    return Outcome.PASS


class Run:
    """A notebook, run by `exec` as far as is asked, and judged."""

    def take(self, prepared):
        self.prepared = prepared

    def outcomes(self, bench, checks):
        functions, found, begin = {}, {}, 0
        exec(PAGE, functions)
        for cell, end in self.prepared.judged.items():
            for one in self.prepared.notebook.cells[begin:end]:
                if one.cell_type == "code":
                    with contextlib.suppress(Exception):
                        exec(one.source, found)
            begin = end + 1
            for name in checks:
                if bench.settings[name].cell == cell:
                    yield name, outcome_of(functions[name], found, bench.draws)


@pytest.fixture
def small(root, monkeypatch):
    """The small course with a check page and submissions; and a list of what its judge is asked."""
    check_page = root / "checks" / "doubling.py"
    check_page.write_text(PAGE)
    submissions = root / "tests" / "submissions" / "doubling"
    for name in ("reference", "blank"):
        (submissions / name).mkdir(parents=True)
        (submissions / name / "submission.py").write_text('""\n')
    (submissions / "blank" / "expected.toml").write_text(BLANK)
    (submissions / "slips.toml").write_text(SLIPS)
    monkeypatch.setattr(golden, "pages_of", lambda _: (check_page,))
    asked = []

    def judge(bench, run, checks, *, known, stops_early=False):
        assert checks, "there is nothing to ask"
        assert not set(known) & set(checks)
        found = {}
        for name, outcome in run.outcomes(bench, checks):
            asked.append((name, bench.draws))
            found[name] = CheckResult(name, "", outcome, 0, 1)
            if stops_early and outcome is not Outcome.PASS:
                break
        return found

    def run_errands(_bench, errands, *_):
        for errand in errands:
            yield errand.name, json.loads(json.dumps(errand.do(Run())))

    monkeypatch.setattr(Bench, "judge", judge)
    monkeypatch.setattr(rehearsal, "run_errands", run_errands)
    monkeypatch.setattr(rehearsal, "checks_that_draw", lambda _: frozenset({"double_doubles"}))
    golden.slips_of.cache_clear()
    return root, asked


def rehearsed(root, extent=Extent(), **options):  # noqa: B008 (it is frozen)
    course = Course.load(root)
    return rehearse(course, Bench.find(course, "doubling"), (0, 1), 1, extent, **options)


def test_what_the_checks_miss_and_what_the_secret_decides_is_found(small):
    root, _ = small
    found = rehearsed(root)

    assert found.unfailed == ["double_keeps_zero"]
    assert found.unjust == found.given == []
    assert found.kept == ["wrong_square"]  # with the first secret 2 * 2 is 2 ** 2
    assert ("wrong_square", "double_doubles") in found.differing
    assert not found.is_fit
    outcomes = {item.name: [item.outcome(check) for check in found.checks] for item in found.items}
    assert outcomes["reference"] == ["PASS"] * 3
    assert outcomes["wrong_three_times"] == ["FAIL", "PASS", ""]  # what it cannot change is not asked
    assert outcomes["wrong_answer"] == ["", "", "FAIL"]
    assert found.survivors == []
    assert {item.work.name for item in found.of("mutant")} >= {
        "double, line 2: off by one: return 2 * number  # right -> return 3 * number  # right"
    }
    assert "|xxx| blank" in list(found.matrix_lines())
    assert "|~· | wrong_square" in list(found.matrix_lines())


def test_what_is_known_is_not_judged_again_and_a_changed_cell_judges_its_own_mutants_only(small):
    root, asked = small
    first = rehearsed(root)
    assert asked
    asked.clear()
    told = []
    again = rehearsed(root, step=lambda *numbers: told.append(numbers), warm_up=lambda: pytest.fail("nothing to do"))
    assert asked == []
    assert told == [(2 * len(first.items),) * 3]
    assert again.as_plain() == first.as_plain()

    notebook = root / "source" / sample_course.ASSIGNMENT / "doubling.ipynb"
    notebook.write_text(notebook.read_text().replace("double(21)", "double(20 + 1)"))
    slips = root / "tests" / "submissions" / "doubling" / "slips.toml"
    slips.write_text(slips.read_text().replace('replace = "21"', 'replace = "20 + 1"'))
    golden.slips_of.cache_clear()
    rehearsed(root)
    times = Counter(name for name, _ in asked)
    assert times["answer_is_right"] > 2
    assert times["double_doubles"] == times["double_keeps_zero"] == 2  # of the reference alone, which runs as a whole


def test_a_mutant_is_asked_with_another_secret_only_where_luck_may_have_noticed_it(small, monkeypatch):
    root, asked = small
    part = Extent(only="double, line 2: off by one")
    monkeypatch.setattr(rehearsal, "checks_that_draw", lambda _: frozenset())
    first = rehearsed(root, part)
    assert first.survivors == []
    assert set(asked) == {("double_doubles", 0)}
    asked.clear()
    monkeypatch.setattr(rehearsal, "checks_that_draw", lambda _: frozenset({"double_doubles"}))
    rehearsed(root, part)
    assert {number for _, number in asked} == {1}


def test_right_ones_are_asked_everything_with_every_secret_and_wrong_ones_what_draws(small):
    root, asked = small
    for name, expected in (
        ("wrong_three_times", {("double_doubles", 0), ("double_doubles", 1), ("double_keeps_zero", 0)}),
        ("wrong_answer", {("answer_is_right", 0)}),
        ("right_sum", {(name, number) for name in ("double_doubles", "double_keeps_zero") for number in (0, 1)}),
        ("reference", {(name, number) for name in CHECKS for number in (0, 1)}),
    ):
        asked.clear()
        found = rehearsed(root, Extent(only=name, mutants=False))
        assert set(asked) >= expected if name == "right_sum" else set(asked) == expected
        (item,) = found.items
        assert item.found[0].keys() == item.found[1].keys()


def test_a_wrong_one_is_asked_with_another_secret_what_noticed_it_and_the_rest_where_that_does_not(small, monkeypatch):
    root, asked = small
    monkeypatch.setattr(rehearsal, "checks_that_draw", lambda _: frozenset({"double_doubles", "double_keeps_zero"}))
    rehearsed(root, Extent(only="wrong_three_times", mutants=False))
    assert asked == [("double_doubles", 0), ("double_keeps_zero", 0), ("double_doubles", 1)]
    asked.clear()
    rehearsed(root, Extent(only="wrong_square", mutants=False))  # which the first secret does not notice
    assert set(asked) == {(name, number) for name in ("double_doubles", "double_keeps_zero") for number in (0, 1)}


def test_where_nothing_draws_another_secret_asks_nothing_of_a_wrong_one(small, monkeypatch):
    root, asked = small
    monkeypatch.setattr(rehearsal, "checks_that_draw", lambda _: frozenset())
    found = rehearsed(root, Extent(only="wrong_square", mutants=False))  # which the first secret does not notice
    assert {number for _, number in asked} == {0}
    assert found.kept == ["wrong_square"]


def test_a_page_is_known_by_what_it_imports_and_by_nothing_else(tmp_path):
    page, near, far, other = (tmp_path / f"{name}.py" for name in ("page", "_near", "_far", "_other"))
    page.write_text("from _near import (\n    one,\n    two,\n)\n")
    near.write_text("import _far\n")
    far.write_text("one = 1\n")
    other.write_text("one = 1\n")
    known = rehearsal_records._digest_with_neighbours(page)
    other.write_text("one = 2\n")
    assert rehearsal_records._digest_with_neighbours(page) == known
    far.write_text("one = 1  # one\n")
    assert rehearsal_records._digest_with_neighbours(page) == known
    far.write_text("one = 2\n")
    assert rehearsal_records._digest_with_neighbours(page) != known


def test_checks_whose_arguments_are_drawn_are_known(tmp_path):
    page = tmp_path / "page.py"
    page.write_text(
        "from hypothesis import given, strategies as st\nfrom autograder.judge.checking import check\n"
        "@check('cell', points=1)\n@given(st.integers())\ndef it_draws(number):\n    'It draws.'\n"
        "@check('cell', points=1)\ndef it_does_not():\n    'It does not.'\n"
    )
    assert checks_that_draw((page,)) == {"it_draws"}


def test_a_mutant_of_a_line_longer_than_a_files_name_is_tried_and_kept(small):
    root, asked = small
    notebook = root / "source" / sample_course.ASSIGNMENT / "doubling.ipynb"
    notebook.write_text(notebook.read_text().replace("2 * number", "2 * number" + " + 0 * number" * 30))
    found = rehearsed(root, Extent(only="line 2"))
    assert max(len(item.name) for item in found.items) > 255
    asked.clear()
    assert rehearsed(root, Extent(only="line 2")).as_plain() == found.as_plain()
    assert asked == []


def test_a_part_is_never_called_fit(small):
    root, _ = small
    found = rehearsed(root, Extent(only="wrong_three"))
    assert [item.name for item in found.items] == ["wrong_three_times"]
    assert found.is_sound
    assert not found.is_fit
    assert found.judgement == "nothing found against a release, but only a part was tried"
    assert not rehearsed(root, Extent(mutants=False)).is_fit


def test_a_right_one_that_fails_and_a_gift_to_the_blank_release_are_found(small, monkeypatch):
    root, _ = small
    slips = root / "tests" / "submissions" / "doubling" / "slips.toml"
    slips.write_text(slips.read_text() + '[right_or_not]\ncell = "double"\nreplace = "2 *"\nby = "2.5 *"\n')
    golden.slips_of.cache_clear()
    monkeypatch.setattr(sys.modules[__name__], "PAGE", PAGE.replace('assert found["double"](0) == 0', "assert True"))
    found = rehearsed(root)
    assert found.unjust == [("right_or_not", "double_doubles")]
    assert found.given == ["double_keeps_zero"]


def test_equivalents_are_declared_with_a_reason_and_shown(small):
    root, _ = small
    declared = root / "tests" / "submissions" / "doubling" / "equivalents.toml"
    mutant = "off by one: return 2 * number  # right -> return 3 * number  # right"
    declared.write_text(
        f'[[equivalent]]\ncell = "double"\nmutant = {mutant!r}\nreason = "for the test"\n'
        '[[equivalent]]\ncell = "double"\nmutant = "off by one: gone -> went"\nreason = "was there once"\n'
    )
    found = rehearsed(root)
    assert not any(mutant in item.name for item in found.items)
    assert found.stale == [("double", "off by one: gone -> went")]
    assert "for the test" in page([found], 1, (0, 1))
    declared.write_text(declared.read_text().replace('reason = "was there once"\n', ""))
    with pytest.raises(ValueError, match="`reason`"):
        rehearsed(root)


def test_the_command_shows_matrix_findings_page_and_status(small, monkeypatch, project_root):
    root, _ = small
    monkeypatch.chdir(root)
    monkeypatch.setattr("autograder.authoring.in_process.prepare_process", lambda: None)
    monkeypatch.setattr("autograder.authoring.in_process.warm_up", lambda exercise: None)
    guide = (project_root / "docs" / "dry-run.md").read_text(encoding="utf-8")
    blocks = [block for number, block in enumerate(guide.split("```")) if number % 2]
    lines = [line.split("#")[0].split() for block in blocks for line in block.splitlines() if line.strip()]
    assert len(lines) >= 5
    names = {"transfer_learning": sample_course.ASSIGNMENT, "exercise_3": "doubling", "pareto": "double"}
    said = ""
    for words in lines:
        assert words[0] == "autograder"
        if "--sealed" not in words:
            ran = CliRunner().invoke(app, [names.get(word, word) for word in words[1:]])
            assert ran.exit_code == 1, (words, ran.output)
            said += ran.stdout
    assert "NOT fit to be released" in said
    assert re.search(r"^\d+ s, \d+ s of processors, 3 secrets\.$", said, re.MULTILINE)
    assert "checks that nothing fails:\n  double_keeps_zero" in said
    assert (root / "dry-run.html").read_text().count("<tbody") >= 2
    ran = CliRunner().invoke(app, ["dry-run", "--only", "no such"])
    assert ran.exit_code == 2
    assert "Nothing of doubling has 'no such' in its name" in ran.output
