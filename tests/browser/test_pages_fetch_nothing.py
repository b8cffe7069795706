"""Whatever a student writes: nothing is fetched from anywhere when feedback, formgrader or a report is opened."""

import contextlib
import http.server
import socket
import threading
from functools import partial
from pathlib import Path

import nbformat
import nbgrader
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from playwright.sync_api import sync_playwright
from traitlets.config.loader import PyFileConfigLoader

from autograder.gradebook.nbgrader_glue import FeedbackExporter
from autograder.gradebook.rows import StudentRow
from autograder.gradebook.safe_html import with_safe_outputs
from autograder.instruments.reporting import ClassReport, report_page
from tests.browser.lab import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: sudo apt-get install chromium")

ELSEWHERE = "http://elsewhere.example/x"
STATIC = Path(nbgrader.__path__[0], "server_extensions", "formgrader", "static")
ADDRESSES = [
    '<img src="{0}.png">',
    '<img srcset="{0}.png 1x" src="data:,">',
    '<p style="background: url({0})">x</p>',
    '<p style="background-image: image-set(&quot;{0}&quot; 1x)">x</p>',
    '<style>@import "{0}"; body {{ background: url({0}) }}</style>',
    '<link rel="stylesheet" href="{0}"><link rel="preconnect" href="{0}"><link rel="prefetch" href="{0}">',
    '<script src="{0}"></script><script>fetch("{0}")</script>',
    '<iframe src="{0}"></iframe><object data="{0}"></object><embed src="{0}">',
    '<video poster="{0}" src="{0}" autoplay></video><audio src="{0}" autoplay></audio>',
    '<svg><image href="{0}"/><use href="{0}#a"/></svg><math href="{0}"><mi xlink:href="{0}">x</mi></math>',
    '<meta http-equiv="refresh" content="0;url={0}"><base href="{0}">',
    '<table background="{0}"><tr><td background="{0}">1</td></tr></table><body background="{0}">',
    '<a href="x" ping="{0}">x</a><form action="{0}"><button autofocus>x</button></form>',
    "![a picture]({0}.png)\n\n[![nested]({0}.png)]({0})\n\n![by name][there]\n\n[there]: {0}.png",
    "$\\href{{{0}}}{{x}}$ $\\includegraphics{{{0}}}$ $\\unicode[url({0})]{{65}}$",
    "<details open ontoggle=\"fetch('{0}')\"><summary>x</summary></details>",
    '<img src="data:image/svg+xml,<svg xmlns=%22http://www.w3.org/2000/svg%22><image href=%22{0}%22/></svg>">',
]


@pytest.fixture(scope="module")
def recorder():
    """What pages ask for elsewhere arrives here, plainly or not; what the browser asks for by itself does not count."""
    heard = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen():
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            with caller:
                caller.settimeout(1)
                with contextlib.suppress(OSError):
                    said = caller.recv(4096)
                    heard.extend(name for name in (b"elsewhere", b"cdnjs") if name in said)

    threading.Thread(target=listen, daemon=True).start()
    yield server.getsockname()[1], heard
    server.close()


@pytest.fixture(scope="module")
def page(recorder):
    """A browser for which every name but the page's own server is the recorder's."""
    names = f"--host-resolver-rules=MAP * 127.0.0.1:{recorder[0]}, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, names])
        yield browser.new_page()
        browser.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve pages as formgrader does, its own scripts and styles beside them; yields the folder and the address."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "formgrader").mkdir()
    (folder / "formgrader" / "static").symlink_to(STATIC)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def notebook():
    marks = {"grade": True, "solution": True, "locked": False, "task": False, "points": 3, "schema_version": 3}
    marks |= {"score": 1, "comment": ADDRESSES[0].format(ELSEWHERE)}
    cells = []
    for number, text in enumerate(address.format(ELSEWHERE) for address in ADDRESSES):
        cells.append(new_markdown_cell(text, metadata={"nbgrader": marks | {"grade_id": f"answer-{number}"}}))
        cells.append(new_raw_cell(text))
        output = new_output("display_data", data={"text/html": text, "image/svg+xml": text, "text/plain": "x"})
        told = new_output("error", ename=text, evalue=text, traceback=[f"\x1b[31m{text}\x1b]8;;{ELSEWHERE}\x07x"])
        cells.append(new_code_cell(f"# {text}".replace("\n", "\n# "), outputs=[output, told]))
    return with_safe_outputs(nbformat.writes(new_notebook(cells=cells)).encode())


def settings(project_root, template):
    config = PyFileConfigLoader("nbgrader_config.py", path=str(project_root)).load_config()
    config.HTMLExporter.template_name = template
    config.HTMLExporter.extra_template_paths = [str(STATIC / "node_modules" / "bootstrap" / "dist" / "css")]
    return config


def formgrader(project_root, folder):
    name = ADDRESSES[0].format(ELSEWHERE)
    resources = {"assignment_id": "a", "notebook_id": "n", "submission_id": "s", "index": 0, "total": 1, "base_url": ""}
    names = {"student": name, "last_name": name, "first_name": name, "notebook_path": "p"}
    exporter = HTMLExporter(config=settings(project_root, "formgrade"))
    return exporter.from_notebook_node(notebook(), resources=resources | names)[0]


def feedback(project_root, folder):
    points = {"score": {}, "max_score": 3, "comments": {}, "late_penalty": 0, "checksum": ""}
    resources = {"nbgrader": {"notebook": "n", **points}, "metadata": {"path": str(folder), "name": "n"}}
    exporter = FeedbackExporter(config=settings(project_root, "feedback"))
    return exporter.from_notebook_node(notebook(), resources=resources)[0]


def report(project_root, folder):
    students = (StudentRow(ADDRESSES[6].format(ELSEWHERE)),)
    return report_page(ClassReport(ADDRESSES[0].format(ELSEWHERE), students, ()), with_names=True)


def unprotected(project_root, folder):
    return "<!doctype html>" + ADDRESSES[0].format(ELSEWHERE)


@pytest.mark.parametrize(
    ("make", "is_silent"), [(formgrader, True), (feedback, True), (report, True), (unprotected, False)]
)
def test_nothing_is_fetched_when_a_page_is_opened(project_root, served, page, recorder, make, is_silent):
    folder, address = served
    (folder / f"{make.__name__}.html").write_text(make(project_root, folder), encoding="utf-8")
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    recorder[1].clear()

    page.goto(f"{address}/{make.__name__}.html", wait_until="networkidle")

    elsewhere = [url for url in asked if not url.startswith((address, "data:"))]
    assert (recorder[1] == []) is is_silent, recorder[1]
    assert (elsewhere == []) is is_silent, elsewhere
    if make is formgrader:
        assert page.evaluate("typeof formgrader"), said
        assert page.locator("input.score").count() == len(ADDRESSES), "formgrader's own controls, and no other"
        assert page.evaluate("[...document.styleSheets].some(sheet => sheet.href?.endsWith('formgrade.css'))")
