"""What students are handed is complete, holds nothing of the grader, and is the same bytes every time."""

import io
import shutil
import zipfile

import pytest

from autograder.build import BuildError
from autograder.build.student_zip import student_files, write_student_zip


@pytest.fixture
def project(project_root, tmp_path):
    """A copy of what the zip is made from."""
    for folder in ("release", "dist", "docs"):
        shutil.copytree(project_root / folder, tmp_path / folder)
    return tmp_path


def test_it_holds_what_the_readme_names_and_unpacks_to_one_folder(project, project_root):
    with zipfile.ZipFile(write_student_zip(project)) as packed:
        names = {name.removeprefix("transfer-learning/") for name in packed.namelist()}
        assert all(name.startswith("transfer-learning/") for name in packed.namelist())
        wheel = packed.read("transfer-learning/requirements.txt").decode().strip()

    released = {
        path.relative_to(project_root / "release").as_posix() for path in (project_root / "release").rglob("*.ipynb")
    }
    assert released <= names
    assert {"README.md", "requirements.txt"} <= names
    assert wheel.removeprefix("./").removesuffix("[notebook,imagenet]") in names


def test_nothing_of_the_grader_is_in_it(project):
    for name, content in student_files(project).items():
        assert "autograder" not in name
        if name.endswith(".whl"):
            with zipfile.ZipFile(io.BytesIO(content)) as wheel:
                assert not any("autograder" in entry or "checks" in entry for entry in wheel.namelist())
        if name.endswith(".ipynb"):
            assert b"BEGIN SOLUTION" not in content


def test_the_same_release_gives_the_same_bytes(project):
    first = write_student_zip(project).read_bytes()

    assert write_student_zip(project).read_bytes() == first


def test_checkpoints_of_a_look_at_the_release_stay_out(project):
    checkpoints = project / "release" / "transfer_learning" / ".ipynb_checkpoints"
    checkpoints.mkdir()
    (checkpoints / "x-checkpoint.ipynb").write_text("{}")

    assert not any("checkpoint" in name for name in student_files(project))


def test_what_is_missing_is_said(project):
    shutil.rmtree(project / "dist")
    with pytest.raises(BuildError, match=r"one transferlab wheel, it holds none; run `make setup`"):
        student_files(project)
    shutil.rmtree(project / "release")
    with pytest.raises(BuildError, match=r"no notebooks; run `make release` first"):
        student_files(project)
