"""The two environments: what may be in them, and that what is imported is declared."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest


def normalized(requirement):
    """Return the name of a requirement the way package indexes compare names."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement).group()).lower()


def locked(path):
    """Return the packages of a lock."""
    return {normalized(line) for line in path.read_text().split("\n") if line and not line.startswith("#")}


@pytest.fixture(scope="module")
def declared(project_root):
    """What each of the two distributions may import, by the name of its package."""
    project = tomllib.loads((project_root / "pyproject.toml").read_text())
    students = tomllib.loads((project_root / "transferlab" / "pyproject.toml").read_text())
    asked = students["project"]["dependencies"] + students["project"]["optional-dependencies"]["notebook"]
    transferlab = set(map(normalized, asked))
    kernel = set(map(normalized, project["dependency-groups"]["kernel"])) | transferlab
    extras = [line for lines in project["project"]["optional-dependencies"].values() for line in lines]
    return {
        "transferlab": transferlab,
        "autograder": set(map(normalized, project["project"]["dependencies"] + extras)) | kernel,
    }


@pytest.fixture(scope="module")
def kernel_packages(project_root):
    """The folder of packages of the kernel environment."""
    return next((project_root / ".venv" / "kernel" / "lib").glob("python3.*")) / "site-packages"


def without_type_checking(tree):
    """Yield all nodes but those that only a type checker sees."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            yield from without_type_checking(node)


def third_party_imports(package):
    """Yield file and top-level name of every import, at run time, of something neither ours nor Python's own."""
    for path in sorted(package.rglob("*.py")):
        for node in without_type_checking(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            for top in {name.split(".")[0] for name in names}:
                if top.startswith("_") and path.with_name(f"{top}.py").is_file():
                    continue  # beside a check page of a course of its own
                if top not in sys.stdlib_module_names and top not in {"autograder", "transferlab"}:
                    yield path, top


@pytest.mark.parametrize("package", ["autograder", "transferlab"])
def test_what_is_imported_is_declared(project_root, declared, package):
    distributions = packages_distributions()
    undeclared = {}
    for path, name in third_party_imports(project_root / package):
        # tensorflow-cpu is the build of tensorflow that is installed for grading
        owners = {
            normalized(owner).replace("tensorflow-cpu", "tensorflow") for owner in distributions.get(name, [name])
        }
        if not owners & declared[package]:
            undeclared.setdefault(name, []).append(str(path.relative_to(project_root)))
    assert undeclared == {}


def test_what_is_declared_is_locked(project_root, declared):
    kernel, grader = (locked(project_root / "requirements" / f"{name}.txt") for name in ("kernel", "grader"))
    assert declared["transferlab"] - kernel == {"tensorflow"}  # locked as tensorflow-cpu
    assert declared["autograder"] - kernel - grader == {"tensorflow"}
    assert kernel & grader == set()


def test_the_kernel_environment_knows_nothing_of_grading(kernel_packages):
    assert list(kernel_packages.parents[2].rglob("*autograder*")) == []
    assert not (kernel_packages / "nbgrader").exists()


def test_the_kernel_environment_does_not_say_where_the_project_lies(kernel_packages):
    assert list(kernel_packages.glob("transferlab-*/direct_url.json")) == []


def test_students_code_imports_the_transferlab_of_this_folder(project_root, kernel_packages):
    """The wheel of the kernel environment is the folder, byte for byte; if not, run `make setup`."""

    def contents(folder: Path):
        files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    assert (kernel_packages / "transferlab").is_dir(), "run `make setup`"
    folder, installed = contents(project_root / "transferlab"), contents(kernel_packages / "transferlab")
    del folder["pyproject.toml"]
    assert installed.pop("LICENSE") == (project_root / "LICENSE").read_bytes()
    assert installed == folder


def test_both_distributions_have_the_version_the_changelog_begins_with(project_root):
    paths = [project_root / "pyproject.toml", project_root / "transferlab" / "pyproject.toml"]
    versions = {tomllib.loads(path.read_text())["project"]["version"] for path in paths}
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", (project_root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions == {newest.group(1)}
