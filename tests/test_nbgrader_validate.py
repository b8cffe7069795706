"""`nbgrader validate`, which students may run before submitting: visible checks speak, guards keep quiet."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.submissions.build import SUBMISSIONS, build_submission

SOURCE = Path(__file__).resolve().parents[1] / "source" / "transfer_learning"
EXERCISES = sorted(path.stem for path in SOURCE.glob("exercise_*.ipynb"))
QUICKEST = "exercise_2_freezing_strategies"
"""What trains least."""


def validate(folder: Path, slug: str, name: str) -> str:
    notebook, _ = build_submission(SUBMISSIONS / slug / name, (SOURCE / f"{slug}.ipynb").read_bytes())
    (folder / f"{slug}.ipynb").write_bytes(notebook)
    command = [sys.executable, "-m", "nbgrader", "validate", "--ValidatorApp.timeout=300", "--Execute.timeout=300"]
    done = subprocess.run([*command, f"{slug}.ipynb"], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("slug", EXERCISES)
def test_the_reference_passes(tmp_path: Path, slug: str, pytestconfig: pytest.Config) -> None:
    if slug != QUICKEST and pytestconfig.getoption("golden") == "few":
        pytest.skip("other exercises with --golden=some or --golden=all")
    said = validate(tmp_path, slug, "reference")

    if "Success! Your notebook passes all the tests." not in said:
        pytest.fail(said)


def test_an_unanswered_notebook_is_told_what_to_do(tmp_path: Path) -> None:
    said = validate(tmp_path, QUICKEST, "blank")

    assert "VALIDATION FAILED" in said
    assert "Write your answer here, then delete this line." in said
    assert "judged outside the notebook" not in said
