"""Attacks on what is not sealed: what is read of a student's bytes and names, and where they are shown.

One line an attack, several of each kind; `tests/course`, `tests/lms` and `tests/gradebook` hold those seen before.
"""

import base64
import contextlib
import io
import json
import re
import struct
import zipfile
from html.parser import HTMLParser

import httpx
import nbformat
import pytest
from nbformat.v4 import new_notebook

from autograder.commands.terminal import Terminal
from autograder.course.csv_files import for_spreadsheet, from_spreadsheet
from autograder.course.errors import UnusableNotebook
from autograder.course.harmless import (
    harmless_code,
    harmless_html,
    harmless_markdown,
    harmless_outputs,
    harmless_terminal_text,
)
from autograder.course.pictures import MOST_PIXELS, is_modest, is_modest_base64
from autograder.course.reading import read_notebook
from autograder.course.times import UnclearTime, moment
from autograder.lms.errors import LmsError
from autograder.lms.names import student_id
from autograder.lms.push.errors import PlatformRefused
from autograder.lms.push.web import Patience, Web, json_of
from autograder.lms.safe_zip import Budget, ZipLimits, open_zip
from autograder.report.console import ClassLine, class_table
from autograder.report.visible import visible

# ---------------------------------------------------------------------------------------------------------------------
# Markup that would run, fetch, cover the page or pass for one of formgrader's controls.

# ruff: noqa: SIM905 - names read better as words than as thirty quoted lines
TAGS = set(
    """
    a abbr acronym b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4
    h5 h6 hr i img ins kbd li mark ol p pre s small span strong sub summary sup table tbody td tfoot th thead tr u ul
    """.split()
)
ATTRIBUTES = set("abbr align alt dir lang style title open width height start colspan rowspan scope rel".split())
CLASSES = re.compile(
    r"table table-condensed|dataframe|ansi-[a-z0-9-]+( ansi-[a-z0-9-]+)*|[a-z0-9]{1,3}|highlight hl-ipython3"
)
STYLE = re.compile(
    r"position|url\s*\(|image|expression|transform|z-index|float|display|opacity|filter|animation|inset|var\(|calc",
    re.IGNORECASE,
)

PICTURE = re.compile(r"data:image/(png|gif|jpeg);base64,.*", re.DOTALL)


class Strict(HTMLParser):
    """Collects whatever should not be on a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [] if tag in TAGS else [tag]
        for name, value in attrs:
            told = (value or "").strip()
            is_fine = {
                "src": PICTURE.fullmatch(told) is not None,
                "class": CLASSES.fullmatch(told) is not None,
                "style": STYLE.search(told) is None and not re.search(r"\d{5,}|:\s*-\d|e\d", told),
            }.get(name, name in ATTRIBUTES)
            self.found += [] if is_fine else [f"{tag} {name}={told}"]


def found_in(shown):
    strict = Strict()
    strict.feed(shown)
    strict.close()
    return strict.found


MARKUP = [
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>"></svg>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<template><p class=score id=check_double></p></template><plaintext><input class=score>",
    "<xmp><p id=x></xmp><listing></listing><marquee onstart=alert(1)>x</marquee><keygen autofocus>",
    "<dialog open style='inset:0'>cover</dialog><label for=check_double>Full credit</label>",
    "<details open ontoggle=alert(1) class='nbgrader_cell'><summary accesskey=s>x</summary></details>",
    "<p style='pos/**/ition:fixed;top:0'>x</p><p style='\\70osition:fixed'>x</p>",
    "<p style='--x:fixed;position:var(--x)'>x</p><p style='width:calc(100vw*99)'>x</p>",
    "<p style='padding:1e9px'>x</p><p style='margin-left:-9e3px'>x</p><p style='line-height:99999'>x</p>",
    "<p style='list-style:url(//e.example/x)'>x</p><p style='font-family:url(//e.example)'>x</p>",
    "<p style='background-color:red;background-image:image-set(\"//e.example\" 1x)'>x</p>",
    "<p style='transform:scale(99);float:left;opacity:0;display:none;animation:x 1s'>x</p>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='><img src='data:text/html;base64,PHNjcmlwdD4='>",
    "<img src=' data:image/png;base64,iVBORw0KGgo=' usemap='#m'><map name=m><area href='//e.example'></map>",
    "<a href='jav&#x09;ascript:alert(1)' target=_top download>x</a><a xlink:href='//e.example'>x</a>",
    "<button class='btn full-credit'>Full credit</button><textarea id='why-comment' class=comment></textarea>",
    "<select class=score><option value=9>9</option></select><fieldset name=x></fieldset><output for=x></output>",
    "<html manifest=x><head><base target=_top></head><body onload=alert(1) class=container></body></html>",
    "<table class='dataframe panel' id=x background=//e.example><tr><td class=score onclick=alert(1)>1</td></tr>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]--><?xml-stylesheet href='//e.example'?>",
    "<div></div></div></div></body><div class='help'>out of the box</div>",
    "\x00<\x00img src=x onerror=alert(1)>\x0c<img\x0bsrc=x\x0conerror=alert(1)>",
]
MARKDOWN = [
    '[x][y]\n\n[y]: javascript:alert(1) "t"',
    "<javascript:alert(1)> <data:text/html,x>",
    '![a](x "t\\" onerror=alert(1) \\"") ![a" onerror="alert(1)](attachment:x.png)',
    "[![a](https://e.example/x.png)](https://e.example)",
    '```"><script>alert(1)</script>\nx\n```\n\n~~~ {.score #check_double}\nx\n~~~',
    "# Heading {#check_double .score}\n\n## check_double-comment\n\nText[^1]\n\n[^1]: <b id=x>note</b>",
    "$<img src=x onerror=alert(1)>$ $$</div></div><input class=score>$$ \\(<b id=x>\\)",
    "| <b class=score>a</b> | [x](javascript:alert(1)) |\n|---|---|\n| <input value=1> | ![x](//e.example) |",
    "\\begin{align}<script>alert(1)</script>\\end{align} `<b id=x>` ``<i onclick=x>``",
]


@pytest.mark.parametrize("attack", MARKUP)
def test_markup_keeps_nothing_that_acts(attack):
    output = {
        "output_type": "display_data",
        "data": {"text/html": attack, "image/png": attack, "text/markdown": attack},
    }
    (shown,) = harmless_outputs([output])
    for html in (harmless_html(attack), harmless_markdown(attack)[0], shown["data"].get("text/html", "")):
        assert found_in(html) == [], html
        assert len(re.findall(r"<div\b", html)) == html.count("</div>"), "nothing leaves its box"
    assert set(shown["data"]) <= {"text/html", "text/plain"}


@pytest.mark.parametrize("attack", MARKDOWN)
def test_markdown_keeps_nothing_that_acts(attack):
    attachments = {"x.png": {"image/png": 'AAAA" onerror="alert(1)'}, "attachment:x.png": "no bundle"}
    html, _ = harmless_markdown(attack, attachments, {"//e.example": "javascript:alert(1)"})
    assert found_in(html) == [], html


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]8;;https://e.example\x1b\\<b id=x>\x1b]8;;\x1b\\",
        "\x1b[38;2;999;999;999m<img src=x onerror=alert(1)>\x1b[999999999999m",
        "\x1b[31<script>alert(1)</script>m\x1b[",
        "\x1b[1;31;'onclick='alert(1)m<b class=score>x",
    ],
)
def test_what_a_terminal_would_show_is_text(text):
    assert found_in(harmless_terminal_text(text)) == []
    assert found_in(harmless_code(f"'''{text}'''\n# <input class=score id=check_double>")) == []


# ---------------------------------------------------------------------------------------------------------------------
# Pictures that unpack to gigabytes in the browser of whoever opens the page.


def png(width, height):
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 6, 0, 0, 0)


def gif(width, height, inner):
    frame = b"," + struct.pack("<HHHHB", 0, 0, *inner, 0) + b"\x02\x02\x4c\x01\x00"
    return (
        b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + b"!\xf9\x04\0\0\0\0\0" + frame + b";"
    )


def jpeg(width, height, marker=b"\xc2"):
    return b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff" + marker + struct.pack(">HBHH", 8, 8, height, width) + bytes(9)


PICTURES = {
    "png of gigapixels": png(60_000, 60_000),
    "png of one long line": png(2**31 - 1, 1),
    "gif of gigapixels": gif(65_535, 65_535, (1, 1)),
    "gif with a larger picture inside": gif(1, 1, (65_535, 65_535)),
    "gif of endless blocks": gif(1, 1, (1, 1))[:-1] + b"!\xfe\x00" * 20_000,
    "progressive jpeg": jpeg(65_535, 65_535),
    "baseline jpeg": jpeg(65_535, 65_535, b"\xc0"),
    "jpeg of endless segments": b"\xff\xd8\xff" + b"\xe0\x00\x02\xff" * 20_000,
    "a picture of another kind": b"RIFF\x00\x00\x00\x00WEBPVP8L",
    "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_unpacks_without_measure_is_not_shown(name):
    data = base64.b64encode(PICTURES[name]).decode()
    assert not is_modest(PICTURES[name])
    (shown,) = harmless_outputs([{"output_type": "display_data", "data": {"image/png": data, "text/plain": "x"}}])
    assert shown["data"] == {"text/plain": "x"}
    assert data not in harmless_html(f"<img src='data:image/png;base64,{data}'>")
    assert data not in harmless_markdown("![x](attachment:x)", {"x": {"image/gif": data}})[0]
    assert data not in harmless_markdown("![x](y.png)", None, {"y.png": f"data:image/png;base64,{data}"})[0]


def test_pictures_of_a_persons_size_are_shown():
    side = int(MOST_PIXELS**0.5)
    for picture in (png(side, side), gif(900, 900, (900, 900)), jpeg(4_000, 3_000), jpeg(4_000, 3_000, b"\xc0")):
        assert is_modest(picture)
        assert is_modest_base64(base64.encodebytes(picture).decode())
    assert not is_modest_base64("AAA")


# ---------------------------------------------------------------------------------------------------------------------
# Names and texts on a terminal, in spreadsheets, as folders.


@pytest.mark.parametrize(
    "text",
    [
        "\x1b]0;title\x07", "\x9b2J", "a\rb", "a\x08\x08b", "\x0b\x0c", "\x1bP$q\x1b\\", "\u202eevil\u2066",
        "\u2028x\u2029",
        "\ud800\udc80", "\x7f\x00", "\u061c\u200e",
    ],
)  # fmt: skip
def test_nothing_that_steers_a_terminal_reaches_it(text):
    stream = io.StringIO()
    terminal = Terminal(file=stream, force_terminal=False)
    line = ClassLine(student=f"eve{text}", points=1.0, max_points=2.0, outcome=text, notes=(f"note {text}",))
    terminal.print(class_table("a class", [line]))
    terminal.print(text, markup=False)
    shown = stream.getvalue()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u202e\u2028\u2029\u2066\ud800-\udfff]", shown)
    assert visible(visible(text)) == visible(text)


@pytest.mark.parametrize(
    "name", ["[red]x[/]", "[/]", "[/bold]", "[link=https://e.example]x[/link]", "[@click=app.bell]x"]
)
def test_a_name_is_no_markup_of_the_terminal(name):
    terminal = Terminal(file=io.StringIO(), force_terminal=False)
    line = ClassLine(student=name, points=None, max_points=2.0, outcome=name, notes=(name,))
    terminal.print(class_table("a class", [line]))
    assert terminal.file.getvalue().count(name) >= 3


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",
        "＠x",
        '=HYPERLINK("https://e")',
    ],
)
def test_a_cell_is_no_formula_and_comes_back_as_it_was(cell):
    shown = for_spreadsheet(cell)
    assert shown == f"'{cell}"
    assert from_spreadsheet(shown) == cell
    assert for_spreadsheet("-2.5") == "-2.5"
    assert from_spreadsheet("'s Gravenhage") == "'s Gravenhage"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc",
        "a/../b",
        "..",
        ".",
        "\x00",
        "con\n",
        "-rf *",
        "a\u202eb",
        "ada\u200b",
        "\ud800",
        "𝔘" * 400,
        "~",
        "{a}",
        "<img>",
    ],
)
def test_a_name_makes_one_plain_folder(name):
    made = student_id(name)
    assert len(made.encode()) <= 120
    assert not re.search(r"[/\\\x00-\x1f*?\[\]{}<>|:\u200b\u202e\ud800-\udfff]", made)
    assert not made.startswith((".", "-"))
    assert student_id("ada\u200b") == student_id("ada")


# ---------------------------------------------------------------------------------------------------------------------
# Time stamps.


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21 19:00:00 UTC\n2026-01-01 00:00:00 UTC",
        "2026-11-21 19:00:00 +0000 +0100",
        "2026-11-21 19:00:00 -00:00:00:00",
        "2026-11-21 19:00:00 UTC2026-11-20",
        "2026-11-21 19:00:00 ../../etc/localtime",
        "2026-11-21 19:00:00 posixrules",
        "2026-11-21 19:00:00 +15:00",
        "9999-12-31 23:59:59 -14:00",
        "2026-11-21 24:00:00 UTC",
        "2026-11-21 19:00:60.999999999999 UTC",
        "11-21-2026 19:00:00 UTC",
        "2026-W47-6 19:00:00Z",
        "19:00:00 UTC",
        "\x1b[2J2026-11-21 19:00:00 XX",
        "=2026-11-21 19:00:00",
        "2026-11-21 19:00:00 UTC; rm -rf /",
        "2026-11-21 19:00:00 Etc/../UTC",
    ],
)
def test_a_time_stamp_that_is_not_clear_is_never_guessed(text):
    with pytest.raises(UnclearTime) as said:
        moment(text, "Europe/Berlin")
    assert text not in str(said.value)


# ---------------------------------------------------------------------------------------------------------------------
# Archives.


def zipped(*entries, **flags):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
        archive.comment = flags.get("comment", b"")
    return stream.getvalue()


def overlapping():
    """Two names for one content, as archives have it that unpack to far more than they hold."""
    data = bytearray(zipped(("a", b"x" * 50), ("b", b"y" * 50)))
    directory = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x01\x02", directory + 4)
    data[second + 42 : second + 46] = (0).to_bytes(4, "little")
    return bytes(data)


def absurd_sizes():
    data = bytearray(zipped(("a", b"x" * 50)))
    directory = data.index(b"PK\x01\x02")
    data[directory + 20 : directory + 28] = b"\xfe\xff\xff\xff" * 2
    return bytes(data)


ARCHIVES = {
    "a file and a folder of one name": (zipped(("a", b"1"), ("a/b", b"2")), {"a", "a/b"}),
    "names that differ in what nobody sees": (zipped(("é", b"1"), ("e\u0301", b"2")), set()),
    "dots for names": (zipped((".", b"1"), ("./.", b"1"), ("ok", b"2")), {"ok"}),
    "a folder with content": (zipped(("f/", b"content"), ("ok", b"1")), {"ok"}),
    "a name with a colon": (zipped(("C:evil", b"1"), ("ok", b"1")), {"C:evil", "ok"}),
    "a name that turns around": (zipped(("a\u202egnp.exe", b"1"), ("ok", b"1")), {"a\u202egnp.exe", "ok"}),
    "a comment of 64 kB": (zipped(("ok", b"1"), comment=b"PK\x05\x06" * 16_000), set()),
    "one content under two names": (overlapping(), {"a", "b"}),
    "sizes beyond all measure": (absurd_sizes(), set()),
    "three hundred folders": (zipped(("d/" * 300 + "f", b"1"), ("ok", b"1")), {"ok"}),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_costs_what_it_says_and_reads_what_is_plain(name):
    content, most = ARCHIVES[name]
    refused = ""
    try:
        with open_zip(
            content, "hw.zip", ZipLimits(entries=50, file_mib=2, total_mib=4), refuse_troubles=False
        ) as archive:
            assert set(archive.files) <= most
            budget = Budget(ZipLimits(entries=50, file_mib=2, total_mib=4))
            for path in archive.files:
                with contextlib.suppress(LmsError):
                    assert len(archive.read(path, budget)) <= archive.files[path].file_size
            assert all(len(why) < 300 for why in archive.troubles.values())
    except LmsError as problem:
        refused = str(problem)
    assert len(refused) < 300
    assert not refused or "ok" not in most


# ---------------------------------------------------------------------------------------------------------------------
# Notebooks.

CELL = {"cell_type": "code", "source": "x = 1", "metadata": {}}
NOTEBOOKS = {
    "numbers that are none": b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": NaN, "metadata": Infinity}]}',
    "a version without end": json.dumps({"nbformat": 10**300, "cells": [CELL]}).encode(),
    "a version that is true": b'{"nbformat": true, "cells": []}',
    "cells that are a mapping": json.dumps({"nbformat": 4, "cells": {"0": CELL}}).encode(),
    "an old notebook of odd worksheets": json.dumps({"nbformat": 3, "worksheets": [{"cells": [[]]}, None, 7]}).encode(),
    "ids that are paths": json.dumps(
        {"nbformat": 4, "cells": [CELL | {"id": "../../x"}, CELL | {"id": "a" * 999}]}
    ).encode(),
    "marks that are lists": json.dumps({"nbformat": 4, "cells": [CELL | {"metadata": {"nbgrader": [{}]}}]}).encode(),
    "pictures that are code": json.dumps(
        {
            "nbformat": 4,
            "cells": [{"cell_type": "markdown", "source": ["a", 7], "attachments": {"x": {"image/png": [1]}}}],
        }
    ).encode(),
    "a cell in a cell": json.dumps({"nbformat": 4, "cells": [CELL | {"source": [CELL]}]}).encode(),
    "widgets and a kernel of its own": json.dumps(
        {"nbformat": 4, "metadata": {"widgets": {"x": 1}, "kernelspec": {"argv": ["sh"]}}, "cells": [CELL]}
    ).encode(),
    "utf-16": json.dumps({"nbformat": 4, "cells": [CELL]}).encode("utf-16"),
}


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_of_a_notebook_is_kept_what_grading_needs_or_it_is_refused(name):
    try:
        notebook = read_notebook(NOTEBOOKS[name])
    except UnusableNotebook as problem:
        refused = str(problem)
        notebook = new_notebook()
    else:
        refused = ""
    assert len(refused) < 300
    nbformat.validate(notebook)
    assert set(notebook.metadata) <= {"language_info"}
    for cell in notebook.cells:
        assert isinstance(cell.source, str)
        assert set(cell.metadata) <= {"nbgrader"}
        assert re.fullmatch(r"[\w-]{1,64}", cell.id)
        assert not cell.get("outputs")


# ---------------------------------------------------------------------------------------------------------------------
# Answers of a server that says it is an LMS.


def endless(request):
    def body():
        while True:
            yield bytes(2**20)

    return httpx.Response(200, content=body())


def list_without_end(request):
    page = int(request.url.params.get("page", 0)) + 1
    return httpx.Response(200, json=[], headers={"Link": f'<https://lms.example/x?page={page}>; rel="next"'})


ANSWERS = {
    "an answer without end": (endless, "more than 1 MiB"),
    "a nest": (lambda request: httpx.Response(200, content=b"[" * 10**5), "no JSON"),
    "a nest that is JSON": (lambda request: httpx.Response(200, content=b"[" * 100 + b"]" * 100), "no JSON"),
    "a number of a million digits": (lambda request: httpx.Response(200, content=b"9" * 10**6), "no JSON"),
    "half a character": (lambda request: httpx.Response(200, content=b'"\xff\xfe'), "no JSON"),
    "a list without end": (list_without_end, "more than 50 pages"),
    "a list that goes on elsewhere": (
        lambda request: httpx.Response(200, json=[], headers={"Link": '<https://e.example/y>; rel="next"'}),
        "goes on at another server, e.example",
    ),
    "a list that goes on in the clear": (
        lambda request: httpx.Response(200, json=[], headers={"Link": '<http://lms.example/y>; rel="next"'}),
        "is not encrypted",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_an_lms_is_bounded(name, monkeypatch):
    answer, sentence = ANSWERS[name]
    monkeypatch.setattr("autograder.lms.push.web._MOST_ANSWER_MIB", 1)
    monkeypatch.setattr("autograder.lms.push.web._MOST_PAGES", 50)
    asked = []

    def handler(request):
        asked.append(request)
        return answer(request)

    with Web(Patience(attempts=1), headers={"Authorization": "Bearer s3cr3t"}) as web:
        web._client.close()
        web._client = httpx.Client(transport=httpx.MockTransport(handler))
        with pytest.raises(PlatformRefused, match=sentence) as refused:
            [json_of(response, "a list") for response in web.pages("https://lms.example/x")]
    assert "s3cr3t" not in str(refused.value)
    assert len(str(refused.value)) < 300
    assert all(request.url.host == "lms.example" and request.url.scheme == "https" for request in asked)


def test_a_redirect_takes_no_secret_along():
    asked = []

    def handler(request):
        asked.append(request.url.host)
        return httpx.Response(302, headers={"Location": "https://e.example/"})

    with Web(Patience(attempts=1), headers={"Authorization": "Bearer s3cr3t"}) as web:
        web._client.close()
        web._client = httpx.Client(transport=httpx.MockTransport(handler))
        web.request("GET", "https://lms.example/x")
    assert asked == ["lms.example"]
