"""What a verdict rests on is for instructors: of it students see the failing example, by whatever way out, and no more.

Every field of the evidence, and the trace, is planted with a mark; then everything that leaves the house is made and
searched, archives and the gradebook too.
"""

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import fields, replace

import fake_engine
import pytest
import sample_course
from lms_writers import Pupil, moodle_worksheet, moodle_zip, notebook
from typer.testing import CliRunner

from autograder.cli import app
from autograder.grading.store import VerdictStore
from autograder.judge.evidence import Asked, Evidence
from autograder.lms.gradescope.results import Visibility, results_object
from tests.course.conftest import _environment

SEED = 918273645546
MARK, EXAMPLE = "KEEP-THIS-HERE", "double(2)  # EXAMPLE-FOR-STUDENTS"
PLANTED = Evidence(
    asked=(Asked(f"{MARK} called", f"{MARK} came back", f"{MARK} code"),),
    calls=1,
    came_back=f"{MARK} came back",
    expected=f"{MARK} expected",
    example=EXAMPLE,
    seed=SEED,
    traceback=f"{MARK} traceback",
)
WAYS = ("check --json", "check", "autograded", "gradebook", "feedback", "export", "moodle", "csv", "gradescope")
_made: dict[str, bytes] = {}


def everything_in(*places):
    """The content of files and folders, archives unpacked, as one text."""
    parts = []
    for place in places:
        paths = [place] if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
        assert paths, f"nothing in {place}"
        for path in paths:
            content = path.read_bytes()
            parts.append(content)
            if zipfile.is_zipfile(io.BytesIO(content)):
                with zipfile.ZipFile(path) as archive:
                    parts += [archive.read(name) for name in archive.namelist()]
    return b"\n".join(parts)


@pytest.fixture
def way_out(lms, grade, root, tmp_path, monkeypatch):
    """Make everything that leaves the house, once; return what one way gives out."""

    def make():
        judge = fake_engine._judge
        monkeypatch.setattr(fake_engine, "_judge", lambda *words: planted(judge(*words)))
        pupils = [
            Pupil(7, "Ada", "ada@x.org", {"doubling.ipynb": notebook("wrong = 1")}),
            Pupil(8, "Ben", "ben@x.org", {"doubling.ipynb": notebook("half = 6")}),
        ]
        sheet = moodle_worksheet(tmp_path / "sheet.csv", pupils)
        archive = moodle_zip(tmp_path / "sub.zip", pupils)
        status, said = lms("collect", "moodle", archive, "--worksheet", sheet, "--time-zone", "UTC")
        assert status == 0, said
        handed_in = next((root / "submitted").rglob("doubling.ipynb"))
        for option in ("--json", ""):
            words = ["check", str(handed_in), *([option] if option else [])]
            _made[" ".join(["check", *words[2:]])] = CliRunner().invoke(app, words).stdout.encode()
        course = grade()
        verdicts = [
            VerdictStore(course.state_directory).verdict(sample_course.ASSIGNMENT, folder.name, sample_course.SLUG)
            for folder in (root / "submitted").iterdir()
        ]
        _made["kept"] = "".join(verdict.to_json() for verdict in verdicts).encode()
        _made["gradescope"] = json.dumps(results_object(verdicts, 1.0, Visibility.VISIBLE)).encode()
        for command in (["generate_feedback", sample_course.ASSIGNMENT], ["export", "--to", "grades.csv"]):
            line = [sys.executable, "-m", "nbgrader", *command]
            subprocess.run(line, cwd=root, capture_output=True, env=_environment(), check=False)
        assert lms("grades", "csv", "--to", tmp_path / "csv" / "out.csv")[0] in (0, 1)
        assert lms("grades", "moodle", "--worksheet", sheet, "--to", tmp_path / "moodle")[0] in (0, 1)
        _made["autograded"] = everything_in(root / "autograded")
        _made["gradebook"] = everything_in(root / "gradebook.db")
        _made["feedback"] = everything_in(root / "feedback")
        _made["export"] = everything_in(root / "grades.csv")
        _made["csv"] = everything_in(tmp_path / "csv")
        _made["moodle"] = everything_in(tmp_path / "moodle")

    if not _made:
        make()
    return _made


def planted(cell):
    traced = (replace(check, evidence=PLANTED, trace=f"{MARK} trace") for check in cell.checks)
    return replace(cell, checks=tuple(traced))


def test_every_field_of_the_evidence_is_planted(way_out):
    kept = way_out["kept"].decode()
    assert all(getattr(PLANTED, field.name) != field.default for field in fields(Evidence))
    for what in ("called", "came back", "code", "expected", "traceback", "trace"):
        assert f"{MARK} {what}" in kept
    assert str(SEED) in kept


@pytest.mark.parametrize("way", WAYS)
def test_nothing_of_it_leaves_the_house(way_out, way):
    found = way_out[way]
    assert len(found) > 20
    assert MARK.encode() not in found
    assert str(SEED).encode() not in found


def test_only_who_lost_something_sees_the_example(way_out):
    assert "EXAMPLE-FOR-STUDENTS" in way_out["feedback"].decode()
