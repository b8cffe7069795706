"""`nbgrader validate`, which students may run before submitting: visible checks speak, guards keep quiet."""

import subprocess
import sys
from pathlib import Path

from tests.submissions.build import SUBMISSIONS, build_submission

SLUG = "exercise_1_two_classes"


def validate(project: Path, folder: Path, name: str) -> str:
    source = (project / "source" / "transfer_learning" / f"{SLUG}.ipynb").read_bytes()
    notebook, _ = build_submission(SUBMISSIONS / SLUG / name, source)
    (folder / f"{SLUG}.ipynb").write_bytes(notebook)
    command = [sys.executable, "-m", "nbgrader", "validate", "--ValidatorApp.timeout=300", "--Execute.timeout=300"]
    done = subprocess.run([*command, f"{SLUG}.ipynb"], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_the_reference_passes(project_root: Path, tmp_path: Path) -> None:
    assert "Success! Your notebook passes all the tests." in validate(project_root, tmp_path, "reference")


def test_an_unanswered_notebook_is_told_what_to_do(project_root: Path, tmp_path: Path) -> None:
    said = validate(project_root, tmp_path, "blank")

    assert "VALIDATION FAILED" in said
    assert "Write your answer here, then delete this line." in said
    assert "judged outside the notebook" not in said
