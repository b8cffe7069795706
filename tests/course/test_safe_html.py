"""What students write and print cannot run in the browser of whoever grades it, nor pretend to be part of the page."""

import re

import pytest
from jinja2 import Environment

from autograder.course.harmless import harmless_html, harmless_outputs
from autograder.gradebook.safe_html import (
    code_to_safe_html,
    markdown_to_safe_html,
    raw_to_safe_html,
    terminal_text_to_safe_html,
)

PIXEL = "iVBORw0KGgo="


def rendered(source, **context):
    environment = Environment(autoescape=False)
    environment.filters["markdown2html"] = markdown_to_safe_html
    return environment.from_string("{{ source | markdown2html }}").render(source=source, **context)


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<iframe src='https://evil'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<form action='/formgrader/api'><button>x</button></form>",
    "<input class='score' id='check_select_classes' value='6'>",
    "<textarea class='comment'></textarea>",
    "<style>body{display:none}</style>",
    "<div style='position:fixed;top:0;left:0;width:100%'>cover</div>",
    "<div style='margin-top:-500px;height:9999px'>cover</div>",
    "<div style='background:url(https://evil/x)'>x</div>",
    "<div class='nbgrader_cell panel' id='check_select_classes'><span class='full-credit'>x</span></div>",
    "<meta http-equiv=refresh content='0;url=https://evil'>",
    "<object data='x'></object><embed src=x><base href='https://evil'>",
    "<picture><source srcset='https://evil/x.png'><img src='https://evil/y.png'></picture>",
    "<video poster='https://evil/p.png'></video><audio src='https://evil/a'></audio>",
    "<table background='https://evil/b.png'><tr><td>1</td></tr></table>",
    "<span tabindex=0 contenteditable>x</span>",
]
FORBIDDEN = re.compile(
    r"<(?:script|svg|iframe|form|button|input|textarea|style|meta|object|embed|base|video|audio|source|picture)\b"
    r"|<[^>]*\s(?:on\w+|id|href|srcset|poster|background|tabindex|contenteditable)\s*="
    r"|<[^>]*(?:position|url\(|margin-top:\s*-|9999)"
    r"|src=\"(?!data:image/)",
    re.IGNORECASE,
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_runs_fetches_covers_or_is_looked_for(attack):
    for shown in (harmless_html(attack), rendered(attack), rendered(f"text `code` {attack}\n\n- {attack}")):
        assert FORBIDDEN.search(shown) is None, shown
        assert set(re.findall(r'class="([^"]*)"', shown)) <= {"table table-condensed"}, shown


def test_a_heading_takes_no_id_that_a_script_looks_for():
    assert "id=" not in rendered("# check_select_classes\n\n## check_select_classes-comment")


def test_ordinary_markdown_stays_as_it_was_meant():
    source = (
        "# Why\n\nBecause `a < b` and **so** $x < y$.\n\n```\nif a < b & c:\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    shown = rendered(source)
    for part in (
        "<h1",
        "<code>a &lt; b</code>",
        "<strong>so</strong>",
        "$x &lt; y$",
        "if a &lt; b &amp; c:",
        "<td>1</td>",
    ):
        assert part in shown
    assert "¶" not in shown
    hint = rendered("<details><summary>Hint 1</summary>\n\nUse *numpy*.\n\n</details>")
    assert "<details><summary>Hint 1</summary>" in hint.replace("\n", "")
    styled = rendered("<p style='color: #0b5a2b; padding: 2px 10px; border-left: 6px solid #0a5ea8'>x</p>")
    assert "color:#0b5a2b" in styled.replace(" ", "")
    assert "border-left:6pxsolid#0a5ea8" in styled.replace(" ", "")


def test_what_a_student_writes_stands_in_a_box_that_nothing_paints_beyond():
    assert rendered("words").startswith('<div style="contain: paint; overflow: auto; max-width: 100%;">')


def test_addresses_are_shown_as_text_and_stay_links_in_the_instructors_cells():
    assert "see (https://example.org/a)" in rendered("[see](https://example.org/a)")
    locked = {"metadata": {"nbgrader": {"locked": True, "solution": False, "grade": False, "grade_id": "intro"}}}
    assert '<a href="https://example.org/a"' in rendered("[see](https://example.org/a)", cell=locked)
    answer = {"metadata": {"nbgrader": {"locked": True, "solution": True, "grade": True, "grade_id": "reflection"}}}
    assert "<a href" not in rendered("[see](https://example.org/a)", cell=answer)


def test_pictures_attached_are_shown_and_missing_ones_are_named():
    cell = {"attachments": {"mine.png": {"image/png": PIXEL}}}
    assert f'src="data:image/png;base64,{PIXEL}"' in rendered("![mine](attachment:mine.png)", cell=cell)
    missing = rendered("![my figure](attachment:gone.png)", cell=cell)
    assert "[picture not shown: my figure]" in missing
    assert "[picture not shown: far]" in rendered("![far](https://example.org/x.png)")


def test_pictures_beside_the_notebook_are_shown_but_not_through_links(tmp_path):
    folder, outside = tmp_path / "student", tmp_path / "secret.png"
    folder.mkdir()
    outside.write_bytes(b"secret")
    (folder / "own figure.png").write_bytes(b"\x89PNG")
    (folder / "link.png").symlink_to(outside)
    resources = {"metadata": {"path": str(folder)}}
    assert 'src="data:image/png;base64,iVBORw=="' in rendered("![f](own%20figure.png)", resources=resources)
    for name in ("link.png", "../secret.png", str(outside)):
        assert "[picture not shown: f]" in rendered(f"![f]({name})", resources=resources)


def test_tables_are_set_as_tables():
    assert '<table class="table table-condensed" style="width: auto;">' in rendered("| a |\n|---|\n| 1 |")


def test_code_terminal_text_and_raw_cells_are_text():
    assert "&lt;script&gt;" in code_to_safe_html("print('<script>')")
    assert terminal_text_to_safe_html("a<b") == "a&lt;b"
    assert "ansi-red-fg" in terminal_text_to_safe_html("\x1b[31ma<b\x1b[0m")
    assert "<b" not in terminal_text_to_safe_html("\x1b[31ma<b\x1b[0m").replace("<span", "")
    assert raw_to_safe_html("<script>") == "<pre>&lt;script&gt;</pre>"


def test_outputs_are_rebuilt_from_what_may_be_shown():
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": ["a", "b"], "surprise": 1},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["line"]},
        {"output_type": "execute_result", "execution_count": 1, "data": {"text/plain": "nan"}, "metadata": {"x": 1}},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {"output_type": "display_data", "data": {"image/png": 'AAAA" onerror="alert(1)', "text/plain": "figure"}},
        {"output_type": "display_data", "data": {"image/png": "iVBORw0K\n", "image/svg+xml": "<svg onload=x>"}},
        {"output_type": "display_data", "data": {"text/html": "<style>td{}</style><table><tr><td>1</td></tr></table>"}},
        {"output_type": "display_data", "data": {"text/html": "<table class='dataframe score' id='x'></table>"}},
        {"output_type": "made up"},
    ]
    stream, error, result, script, forged, picture, frame, classes, unknown = harmless_outputs(outputs)
    assert stream == {"output_type": "stream", "name": "stderr", "text": "ab"}
    assert (error["ename"], error["evalue"], error["traceback"]) == ("E", "v", ["line"])
    assert result == {"output_type": "display_data", "data": {"text/plain": "nan"}, "metadata": {}}
    assert script["data"] == {"text/plain": "[an output of a kind that is not shown here]"}
    assert forged["data"] == {"text/plain": "figure"}
    assert picture["data"] == {"image/png": "iVBORw0K\n"}
    assert "<td>1</td>" in frame["data"]["text/html"]
    assert "td{}" not in frame["data"]["text/html"]
    assert '<table class="dataframe"></table>' in classes["data"]["text/html"]
    assert unknown["data"] == {"text/plain": "[an output of a kind that is not shown here]"}
