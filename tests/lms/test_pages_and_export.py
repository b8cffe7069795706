"""Feedback pages stand by themselves; `nbgrader export` writes a quoted file or none."""

import base64
import csv
import re

import pytest
import sample_course
from lms_writers import Pupil, moodle_worksheet, moodle_zip, notebook

from autograder.gradebook.access import open_gradebook
from autograder.gradebook.pages import page_problem, self_contained
from autograder.lms.csv_grades import LmsCsvExporter
from autograder.lms.errors import LmsError

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PAGE = """<!DOCTYPE html><html><head><title>x</title>
<script src="https://cdn.example/mathjax.js"></script><script type="text/x-mathjax-config">MathJax.Hub</script>
<link rel="stylesheet" href="https://cdn.example/a.css"><style>@import url(https://x/y.css);
@font-face { font-family: 'G'; src: url(../fonts/g.woff) } p { color: red }</style></head>
<body><p>$x^2$</p><img src="{source}" alt="a {kind}"></body></html>"""


def page(source, kind="picture"):
    return PAGE.replace("{source}", source).replace("{kind}", kind)


def test_nothing_of_a_page_asks_the_network(tmp_path):
    clean = self_contained(page("https://tracker.example/x.png"), tmp_path)
    assert not re.search(r"https?://|<script|<link|@import|@font-face", clean)
    assert "[picture not shown: a picture]" in clean
    assert "p { color: red }" in clean
    assert "<p>$x^2$</p>" in clean
    assert "default-src 'none'; img-src data:" in clean


def test_pictures_beside_a_page_come_inside_it(tmp_path):
    (tmp_path / "my plot.png").write_bytes(PIXEL)
    clean = self_contained(page("my%20plot.png"), tmp_path)
    assert f'src="data:image/png;base64,{base64.b64encode(PIXEL).decode()}"' in clean
    embedded = page("data:image/png;base64,AAAA")
    assert '<img src="data:image/png;base64,AAAA"' in self_contained(embedded, tmp_path)


@pytest.mark.parametrize("source", ["../secret.png", "link.png", "/etc/hostname", "notes.txt", "file:///etc/passwd"])
def test_nothing_outside_the_folder_comes_into_a_page(tmp_path, source):
    folder = tmp_path / "page"
    folder.mkdir()
    (tmp_path / "secret.png").write_bytes(PIXEL)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "notes.txt").write_text("x")
    assert "[picture not shown" in self_contained(page(source), folder)


def test_a_page_with_old_points_is_told():
    assert page_problem("<h4>doubling (Score: 3.0 / 9.0)</h4>", 3.0) == ""
    assert page_problem("<h4>doubling (Score: 3.33 / 9.0)</h4>", 10 / 3) == ""
    assert page_problem("<h4>doubling (Score: 3.0 / 9.0)</h4>", 5.5).startswith("its feedback page still says 3 points")


@pytest.fixture
def exported(lms, grade_once, tmp_path, root):
    pupils = [Pupil(1, 'Ann "A", Jr.', "a@x.org", {"doubling.ipynb": notebook()}), Pupil(2, "Ben B", "b@x.org", {})]
    pupils[1] = pupils[1].but(status="No submission")

    def collect():
        archive = moodle_zip(tmp_path / "s.zip", pupils)
        sheet = moodle_worksheet(tmp_path / "w.csv", pupils)
        lms("collect", "moodle", archive, "--worksheet", sheet, "--time-zone", "UTC")

    course = grade_once("export", collect)

    def run():
        exporter = LmsCsvExporter(to=str(tmp_path / "out.csv"))
        with open_gradebook(course) as gradebook:
            exporter.export(gradebook)
        with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    return course, run


def test_the_exporter_quotes_and_has_a_column_an_exercise(exported):
    row, absent = exported[1]()
    assert (absent["name"], absent["points"]) == ("Ben B", ""), "absent is not 0"
    assert row == {
        "student_id": "a@x.org", "name": 'Ann "A", Jr.', "email": "a@x.org", "points": "8.5", "max_points": "9",
        "doubling": "8.5",
    }  # fmt: skip


def test_the_exporter_writes_nothing_while_a_grade_is_held(exported, tmp_path):
    course, run = exported
    with open_gradebook(course) as gradebook:
        gradebook.find_grade("why", "doubling", sample_course.ASSIGNMENT, "a@x.org").needs_manual_grade = True
        gradebook.db.commit()
    with pytest.raises(LmsError, match=r"homework, a@x\.org: not final: why still to be graded"):
        run()
    assert not (tmp_path / "out.csv").exists()
