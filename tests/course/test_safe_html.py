"""What students write and print cannot run in the browser of whoever grades it."""

import pytest
from jinja2 import Environment

from autograder.course.safe_html import markdown_to_safe_html, safe_html, safe_outputs


def rendered(source):
    environment = Environment(autoescape=False)
    environment.filters["markdown2html"] = markdown_to_safe_html
    return environment.from_string("{{ source | markdown2html }}").render(source=source)


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<iframe src='https://evil'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<form action='/formgrader/api'><button>x</button></form>",
    "<style>body{display:none}</style>",
    "<div style='position:fixed;top:0;left:0;width:100%'>cover</div>",
    "<div style='background:url(https://evil/x)'>x</div>",
    "<meta http-equiv=refresh content='0;url=https://evil'>",
    "<object data='x'></object><embed src=x><base href='https://evil'>",
]
FORBIDDEN = [
    "<script",
    "onerror=",
    "onload=",
    "<svg",
    "<iframe",
    "<form",
    "<style",
    "position:",
    "url(",
    "<meta",
    "<object",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_runs_fetches_or_covers(attack):
    for shown in (safe_html(attack), rendered(attack), rendered(f"text `code` {attack}\n\n- {attack}")):
        live = shown.replace("&lt;", "")
        assert not any(word in shown for word in FORBIDDEN if f"&lt;{word[1:]}" not in shown and "=" not in word), shown
        assert "<img onerror" not in live
        assert 'href="javascript' not in shown
        assert 'href="data:' not in shown


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


def test_tables_are_set_as_tables():
    assert '<table class="table table-condensed" style="width: auto;">' in rendered("| a |\n|---|\n| 1 |")


def test_outputs_are_rebuilt_from_what_may_be_shown():
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": ["a", "b"], "surprise": 1},
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["line"]},
        {"output_type": "execute_result", "execution_count": 1, "data": {"text/plain": "nan"}, "metadata": {"x": 1}},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {"output_type": "display_data", "data": {"image/png": 'AAAA" onerror="alert(1)', "text/plain": "figure"}},
        {"output_type": "display_data", "data": {"image/png": "iVBORw0K\n", "image/svg+xml": "<svg onload=x>"}},
        {"output_type": "display_data", "data": {"text/html": "<style>td{}</style><table><tr><td>1</td></tr></table>"}},
        {"output_type": "made up"},
    ]
    stream, error, result, script, forged, picture, frame, unknown = safe_outputs(outputs)
    assert dict(stream) == {"output_type": "stream", "name": "stderr", "text": "ab"}
    assert (error.ename, error.evalue, error.traceback) == ("E", "v", ["line"])
    assert dict(result) == {"output_type": "display_data", "data": {"text/plain": "nan"}, "metadata": {}}
    assert script.data == {"text/plain": "[an output of a kind that is not shown here]"}
    assert forged.data == {"text/plain": "figure"}
    assert picture.data == {"image/png": "iVBORw0K\n"}
    assert "<td>1</td>" in frame.data["text/html"]
    assert "style" not in frame.data["text/html"].replace("<table style", "")
    assert unknown.data == {"text/plain": "[an output of a kind that is not shown here]"}
