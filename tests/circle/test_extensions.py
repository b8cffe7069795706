"""JupyterLab in the grader's environment: its commands are there, and nbgrader's extensions are enabled in it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.circle.world import PROJECT

SERVER_EXTENSIONS = ("formgrader", "validate_assignment", "assignment_list", "course_list")


def jupyter(*arguments: str, home: Path) -> str:
    command = [str(Path(sys.executable).parent / "jupyter"), *arguments]
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(home)}
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize("extension", ["@jupyter/nbgrader", "@jupyter-notebook/lab-extension", "jupyterlab-jupytext"])
def test_the_lab_extension_is_enabled(tmp_path, extension):
    lines = [line for line in jupyter("labextension", "list", home=tmp_path).splitlines() if f" {extension} " in line]
    assert len(lines) == 1
    assert "enabled" in lines[0]
    assert "OK" in lines[0]


def test_the_server_extensions_are_enabled_and_can_be_loaded(tmp_path):
    said = jupyter("server", "extension", "list", home=tmp_path)
    for name in (*(f"nbgrader.server_extensions.{name}" for name in SERVER_EXTENSIONS), "jupyterlab", "notebook"):
        lines = [line for line in said.splitlines() if line.split()[:1] == [name]]
        assert any("enabled" in line for line in lines), said
        assert any("OK" in line for line in lines), said


def test_jupyter_looks_beside_the_graders_python(tmp_path):
    assert str(Path(sys.prefix) / "share" / "jupyter" / "lab") in jupyter("lab", "path", home=tmp_path)


def test_the_projects_own_extra_asks_for_what_is_locked():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    asked = {requirement.split(">")[0] for requirement in project["optional-dependencies"]["jupyterlab"]}
    locked = "".join((PROJECT / "requirements" / name).read_text() for name in ("kernel.txt", "grader.txt"))
    assert asked == {"jupyterlab", "notebook"}
    assert all(f"\n{name}==" in locked for name in asked)
