"""What not everybody needs may be missing: everything else works, and what needs it says how to get it."""

import subprocess
import sys
import tomllib

import pytest

from autograder.commands.extras import EXTRAS, missing_extra
from autograder.commands.terminal import sentence

WITHOUT = """
import sys
for name in {names!r}:
    sys.modules[name] = None
from autograder import cli
from autograder.classes import classrun, forecast
from autograder.lms import collecting, plan
cli.app({arguments!r})
"""


def test_every_extra_is_one_of_the_project(project_root):
    project = tomllib.loads((project_root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert set(EXTRAS.values()) == set(extras) - {"jupyterlab"}
    for package, extra in EXTRAS.items():
        assert any(line.startswith(package) for line in extras[extra]), package
    assert not [line for line in project["dependencies"] if line.split(">")[0].split("[")[0] in EXTRAS]


def test_without_any_extra_the_commands_start():
    code = WITHOUT.format(names=list(EXTRAS), arguments=["lms", "--help"])
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)

    assert ran.returncode == 0, ran.stderr
    assert "push" in ran.stdout


@pytest.mark.parametrize(
    ("name", "extra"), [("distributed", "cluster"), ("uvicorn.config", "marking"), ("psycopg", "postgresql")]
)
def test_what_needs_an_extra_says_how_to_get_it(name, extra):
    said = sentence(ModuleNotFoundError(f"No module named {name!r}", name=name))

    assert (
        said
        == f"This needs {name.split('.')[0]}, which is not installed; `pip install 'autograder[{extra}]'` brings it."
    )


def test_another_missing_module_is_another_matter():
    assert missing_extra(ModuleNotFoundError("No module named 'numpy'", name="numpy")) == ""
    assert missing_extra(ValueError("distributed")) == ""
