"""What all tests share."""

import os
import sys
from pathlib import Path

import hypothesis
import pytest

# nbgrader calls `alembic` and tests call our own commands by name, also when pytest itself was called by its full path.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

# A test that fails must fail for everybody; new examples are searched for with --hypothesis-profile=search.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1_000)
hypothesis.settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of longer runs."""
    said = "golden submissions to grade: few (default), some, all, or all from first cell to last, whatever they change"
    parser.addoption("--golden", choices=("few", "some", "all", "whole"), default="few", help=said)
    parser.addoption("--every-part", action="store_true", help="carry models of every part of Keras, not of a share")
    parser.addoption("--graphs", type=int, default=0, help="how many random models to carry")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder that holds README.md and everything else."""
    return Path(__file__).resolve().parent.parent
