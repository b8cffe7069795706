"""A representative part of the attacks once more, started by root as an ordinary user.

All of them: `pytest tests/attacks` as that user; or, as root, what `run_as_user` of this file does, without `-k`.
"""

import os
import re

import pytest

from tests.kernels.test_ordinary_user import run_as_user

__all__ = ["run_as_user"]
CHOSEN = (
    "other_sockets", "other_processes", "mounts_and_namespaces", "hidden_checks_and_source", "environment",
    "dangerous_calls", "memory_in_sockets", "memory_in_page_tables", "thread_bomb", "greedy_scheduling",
)  # fmt: skip


def test_attacks_fail_as_an_ordinary_user(run_as_user, project_root):
    if os.getuid() != 0:
        pytest.skip("this is an ordinary user already")
    file = str(project_root / "tests" / "attacks" / "test_attacks.py")
    result = run_as_user("-m", "pytest", "-q", "-p", "no:cacheprovider", file, "-k", " or ".join(CHOSEN))
    assert result.returncode == 0, result.stdout + result.stderr
    passed = re.search(r"(\d+) passed", result.stdout)
    assert passed is not None, result.stdout
    assert int(passed[1]) >= len(CHOSEN), result.stdout
