"""The sandbox holds for an ordinary user as well: root runs its tests once more as one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.kernels.settings import default_kernel_python

UID = 60_999
HERE = Path(__file__).parent
FILES = [str(HERE / f"test_{name}.py") for name in ("sandbox", "sandbox_limits", "template")]


@pytest.fixture
def run_as_user(project_root, tmp_path):
    """Run Python with these arguments as an ordinary user, from the project's folder."""
    if os.getuid() != 0:
        pytest.skip("this is an ordinary user already")
    home = Path("/tmp") / f"ordinary-user-{os.getpid()}"  # tmp_path lies in a folder only root may enter
    home.mkdir(mode=0o700)
    os.chown(home, UID, UID)
    kernel = default_kernel_python()
    folders = {project_root, Path(sys.prefix), Path(sys.base_prefix), kernel.parent.parent, kernel.resolve().parents[1]}
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(project_root),
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def run(*arguments):
        command = [sys.executable, str(HERE / "as_ordinary_user.py"), str(UID), *map(str, folders), "--"]
        return subprocess.run(
            [*command, sys.executable, *arguments],
            env=environment,
            cwd=project_root,
            capture_output=True,
            text=True,
            check=False,
        )

    yield run
    subprocess.run(["rm", "-rf", str(home)], check=True)


def test_the_sandbox_tests_pass_as_an_ordinary_user(run_as_user):
    result = run_as_user("-m", "pytest", "-q", "-p", "no:cacheprovider", *FILES)
    assert result.returncode == 0, result.stdout + result.stderr
    passed, skipped = (re.search(rf"(\d+) {word}", result.stdout) for word in ("passed", "skipped"))
    assert passed is not None
    assert int(passed[1]) > 25
    assert skipped is None or int(skipped[1]) == 1, result.stdout


def test_a_kernel_trains_as_an_ordinary_user(run_as_user):
    tests = (
        "test_student.py::test_a_model_trains",
        "test_student_limits.py::test_an_endless_loop_is_stopped_and_the_kernel_lives",
        "test_student_limits.py::test_a_memory_bomb_is_killed_or_refused",
        "test_memory_accounting.py",
    )
    names = [f"{HERE}/{name}" for name in tests]
    result = run_as_user("-m", "pytest", "-q", "-p", "no:cacheprovider", *names)
    assert result.returncode == 0, result.stdout + result.stderr
    passed = re.search(r"(\d+) passed", result.stdout)
    assert passed is not None
    assert int(passed[1]) >= len(tests), result.stdout
    assert "skipped" not in result.stdout, result.stdout
