"""The Gradescope zip: unpacked and run the way the specification says, and what it makes of verdicts."""

import json
import os
import shutil
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.judge.verdict import CellVerdict, CheckResult, Outcome, Verdict
from autograder.lms.gradescope.results import Visibility, results_object
from tests.submissions.build import SUBMISSIONS, build_submission

SLUG = "exercise_1_two_classes"
SECRET = "the secret of a Gradescope course"


@pytest.fixture(scope="module")
def packed(project_root, tmp_path_factory):
    """The zip of this project's own assignment."""
    folder = tmp_path_factory.mktemp("gradescope")
    target = folder / "autograder.zip"
    patch = pytest.MonkeyPatch()
    patch.setenv("AUTOGRADER_SECRET", SECRET)
    arguments = ["gradescope-zip", "transfer_learning", "--to", str(target), "--course", str(project_root)]
    result = CliRunner().invoke(app, [*arguments, "--visibility", "after_published"])
    patch.undo()
    assert result.exit_code == 0, result.output
    assert "do not hand it around" in result.output
    return target


@pytest.fixture(scope="module")
def machine(packed, project_root, tmp_path_factory):
    """A folder as Gradescope lays it out; the environments are this project's, which setup.sh would make again."""
    base = tmp_path_factory.mktemp("machine") / "autograder"
    source = base / "source"
    source.mkdir(parents=True)
    subprocess.run(["unzip", "-q", packed, "-d", source], check=True)
    shutil.copy2(source / "run_autograder", base / "run_autograder")
    (source / "project" / ".venv").symlink_to(project_root / ".venv")
    for folder in ("submission", "results"):
        (base / folder).mkdir()
    (base / "submission_metadata.json").write_text('{"id": 123456, "users": [{"name": "Ada"}]}')
    return base


def test_what_gradescope_runs_lies_at_the_root(packed):
    with zipfile.ZipFile(packed) as unpacked:
        modes = {entry.filename: stat.S_IMODE(entry.external_attr >> 16) for entry in unpacked.infolist()}

    assert modes["setup.sh"] == modes["run_autograder"] == modes["project/scripts/setup"] == 0o755
    assert modes["course/.course_secret"] == 0o600
    assert f"course/source/transfer_learning/{SLUG}.ipynb" in modes
    assert any(name.startswith(f"project/autograder/checks/{SLUG}/") for name in modes)
    assert not any("tests/" in name or ".venv" in name or "__pycache__" in name for name in modes)
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600


def test_setup_installs_the_sandbox_and_makes_the_environments(machine, tmp_path):
    source = shutil.copytree(machine / "source", tmp_path / "source", symlinks=True)
    said = tmp_path / "said"
    for command, path in (("apt-get", tmp_path / "bin" / "apt-get"), ("setup", source / "project/scripts/setup")):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f'#!/usr/bin/env bash\necho "{command} $* ${{PYTHON:-}}" >>{said}\n')
        path.chmod(0o644)
    (tmp_path / "bin" / "apt-get").chmod(0o755)
    (source / "course" / ".course_secret").chmod(0o644)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"

    subprocess.run(["bash", source / "setup.sh"], check=True, env={**os.environ, "PATH": path})

    lines = said.read_text().splitlines()
    assert "install -y -qq --no-install-recommends bubblewrap" in lines[1]
    assert lines[-1].startswith("setup ")
    assert "python3.1" in lines[-1]
    assert stat.S_IMODE((source / "course" / ".course_secret").stat().st_mode) == 0o600


def test_a_submission_is_graded_as_the_specification_says(machine, project_root):
    submission = machine / "submission" / "my work"
    submission.mkdir()
    notebook, _ = build_submission(
        SUBMISSIONS / SLUG / "blank", (project_root / "source" / "transfer_learning" / f"{SLUG}.ipynb").read_bytes()
    )
    answered = notebook.replace(
        b'raise NotImplementedError(\\"Write your answer here, then delete this line.\\")\\n', b"raise ValueError\\n", 1
    )
    (submission / "renamed (1).ipynb").write_bytes(answered)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AUTOGRADER", "PYTHON"))}

    done = subprocess.run(
        [machine / "run_autograder"], cwd=machine, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert (machine / "source/project/autograder/lms/gradescope/__pycache__").is_dir(), "the zip's own code did not run"
    results = json.loads((machine / "results" / "results.json").read_text())
    assert "score" not in results
    assert results["stdout_visibility"] == "hidden"
    tests = results["tests"]
    assert {test["visibility"] for test in tests} == {"after_published"}
    assert sum(test["max_score"] for test in tests if SLUG in test["tags"]) == pytest.approx(36)
    assert sum(test["score"] for test in tests) == 0
    first = next(test for test in tests if SLUG in test["tags"])
    assert first["status"] == "failed"
    assert first["name"].startswith("`select_classes` keeps exactly")
    assert "select_classes(" in first["output"]
    others = [line for line in results["output"].splitlines() if "was not handed in" in line]
    assert len(others) == len(list((project_root / "source" / "transfer_learning").glob("*.ipynb"))) - 1
    assert SECRET not in (machine / "results" / "results.json").read_text() + done.stdout + done.stderr


def test_an_undecided_check_is_said_and_passes_have_no_text():
    checks = (
        CheckResult("a", "A holds.", Outcome.PASS, 1.5, 1.5),
        CheckResult("b", "B holds.", Outcome.ERROR, 0.0, 2.0, "Too close."),
        CheckResult("c", "C holds.", Outcome.SKIPPED, 0.0, 0.5, "Not tried."),
    )
    verdict = Verdict("exercise", (CellVerdict("cell", checks),), notes=("A cell was stopped.",), key="k")

    found = results_object([verdict], 12.34, Visibility.VISIBLE)

    assert [test["status"] for test in found["tests"]] == ["passed", "failed", "failed"]
    assert [test["score"] for test in found["tests"]] == [1.5, 0.0, 0.0]
    assert found["tests"][1]["output"] == "Too close. A person will look at this check; its points are added then."
    assert found["output"].splitlines() == [
        "exercise: A cell was stopped.",
        "For whoever grades: 1 checks could not be decided, look at b.",
    ]
    assert found["extra_data"]["undecided"] == ["b"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gradescope-zip", "nothing"], "There is no assignment 'nothing'"),
        (["gradescope-zip", "transfer_learning", "--visibility", "never"], "is not one of"),
    ],
)
def test_a_wrong_word_is_one_sentence(arguments, said, project_root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUTOGRADER_SECRET", SECRET)

    result = CliRunner().invoke(app, [*arguments, "--course", str(project_root)])

    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_gradescopes_is_said(tmp_path):
    result = CliRunner().invoke(app, ["gradescope-run", "--base", str(tmp_path)])

    assert result.exit_code == 2
    assert "make the zip again with `autograder gradescope-zip`" in " ".join(result.output.split())
    assert not Path(tmp_path / "results").exists()
