"""The table of checks students find in their notebook."""

import re
from dataclasses import replace

import pytest
from nbformat import validate
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course.lesson import Lesson
from autograder.gradebook.feedback import PASTE, cell_html, cell_text, notes_html, points_text, show_verdict
from autograder.judge.evidence import Asked, Evidence
from autograder.judge.verdict import CellVerdict, CheckResult, Outcome, Verdict


def check(outcome, points, message="", claim="`double` keeps <b>order</b>.", name="double_keeps_order"):
    return CheckResult(name, claim, outcome, points, 1.0, message)


FAILED = "Called `double([1])`. <script>alert(1)</script> came back.\nTry: look again."
CELL = CellVerdict(
    "check_double",
    (
        check(Outcome.PASS, 1.0),
        check(Outcome.FAIL, 1 / 3, FAILED),
        check(Outcome.ERROR, 0.0, "A person will look."),
        check(Outcome.SKIPPED, 0.0, "Waits for the first."),
    ),
)


def visible(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).replace("&nbsp;", " ").replace("\xa0", " ").split())


def test_every_check_shows_outcome_claim_points_and_message():
    text = visible(cell_html(CELL))
    assert "1.33 of 4 points" in text
    assert (
        "1 of 4 checks passed. 1 could not be decided: a person will look, the points are withheld, not lost." in text
    )
    for words in ("✓ passed", "✗ not passed", "? undecided", "– not tried", "0.33 of 1", "A person will look."):
        assert words in text
    assert "double keeps" in text
    assert "double_keeps_order" not in text, "names of checks belong to the check page"


def test_html_is_escaped_and_needs_no_style_sheet():
    html = cell_html(CELL)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;order&lt;/b&gt;" in html
    assert "<style" not in html
    assert re.search(r"<code[^>]*>double\(\[1\]\)</code>", html)


def test_the_same_stands_in_plain_text():
    lines = cell_text(CELL).splitlines()
    assert lines[0].startswith("1.33 of 4 points. 1 of 4 checks passed.")
    assert lines[1].split() == ["✓", "passed", "1/1", "`double`", "keeps", "<b>order</b>."]
    assert "Try: look again." in cell_text(CELL)


def test_what_failed_shows_an_example_to_paste_and_where_to_read_again_and_nothing_else_does():
    evidence = Evidence((Asked("double([7])", "8", "double([7])"),), 1, "1", "2", "double(['<b>'])", 12345, "traceback")
    outcomes = [Outcome.FAIL, Outcome.PASS, Outcome.ERROR, Outcome.SKIPPED]
    cell = CellVerdict("check_double", tuple(replace(check(found, 0.0), evidence=evidence) for found in outcomes))
    lesson = Lesson("the_lesson", {"check_double": "2 Twice <i>", "other": "3"}, "https://x.org/lesson.html")
    html = cell_html(cell, lesson)
    assert html.count("double([&#39;&lt;b&gt;&#39;])</pre>") == html.count(PASTE) == 1
    assert html.count('<a href="https://x.org/lesson.html#2-Twice-&lt;i&gt;"') == 1
    assert "<i>" not in html
    assert "[7]" not in html
    text = cell_text(cell, lesson)
    assert text.count("double(['<b>'])") == text.count("Read again: 2 Twice <i>, in the_lesson.") == 1
    assert "Read again" not in cell_html(cell)
    of_its_own = replace(lesson, sections={"check_double": "2", "double_keeps_order": "3 Order"}, address="")
    assert "<em>3 Order</em>" in cell_html(cell, of_its_own)


def test_a_lonely_backtick_is_left_alone():
    html = cell_html(CellVerdict("c", (check(Outcome.FAIL, 0.0, "a ` b <"),)))
    assert "a ` b &lt;" in html


def test_notes_stand_above_the_notebook_in_one_block():
    verdict = Verdict("doubling", (CELL,), notes=("The cell ended:\n\n# <img src=x onerror=alert(1)>", "Second."))
    html = notes_html(verdict)
    assert "\n\n" not in html, "a blank line would make markdown of the rest"
    assert "<img" not in html
    assert "Second." in visible(html)


def test_a_verdict_goes_into_its_notebook_once():
    marks = {"grade_id": "check_double", "grade": True, "solution": False, "locked": True}
    judged = new_code_cell("assert 1", metadata={"nbgrader": marks})
    notebook = new_notebook(cells=[new_markdown_cell("text", id="text"), judged])
    judged.outputs = ["whatever a student put here"]
    for _ in range(2):
        show_verdict(notebook, Verdict("doubling", (CELL,)))
        assert [cell.id for cell in notebook.cells] == ["autograder-summary", "text", judged.id]
        (output,) = judged.outputs
        assert output.output_type == "display_data"
        assert set(output.data) == {"text/html", "text/plain"}
    validate(notebook)


@pytest.mark.parametrize(
    ("points", "text"), [(0, "0"), (2.0, "2"), (0.5, "0.5"), (1 / 3, "0.33"), (10, "10"), (100.0, "100")]
)
def test_points_are_written_without_needless_decimals(points, text):
    assert points_text(points) == text


def test_what_did_not_pass_stands_on_top():
    cell = CellVerdict(
        "check_double",
        (check(Outcome.PASS, 1.0), check(Outcome.FAIL, 0.0, "5 came back."), check(Outcome.SKIPPED, 0.0)),
    )
    page = visible(notes_html(Verdict("doubling", (cell, CellVerdict("check_other", (check(Outcome.PASS, 1.0),))))))
    assert "double: 1 of 3 points" in page
    assert "✗" in page
    assert "–" in page
    assert "5 came back" not in page, "the message stands below its task"
    assert "other" not in page
    assert "Every check passed." in visible(
        notes_html(Verdict("doubling", (CellVerdict("c", (check(Outcome.PASS, 1.0),)),)))
    )
