"""From instructor notebooks to the students' release, through nbgrader's own generate_assignment."""

import io
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.build.layout import BuildError


def compile_release(config_file: Path, assignment: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Let nbgrader make the release of one assignment, in a folder of its own that is gone afterwards.

    Args:
        config_file: The course's `nbgrader_config.py`.
        assignment: Name of the assignment.
        files: What lies in `source/<assignment>/`: content by file name.

    Returns:
        What lies in `release/<assignment>/` then: content by file name.

    Raises:
        BuildError: nbgrader refused; the message holds what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        # nbgrader derives patterns from the root, which therefore must be the path it really has
        root = Path(folder).resolve()
        (root / "source" / assignment).mkdir(parents=True)
        for name, content in files.items():
            (root / "source" / assignment / name).write_bytes(content)
        _generate(_configuration(config_file, root), assignment)
        released = root / "release" / assignment
        return {str(path.relative_to(released)): path.read_bytes() for path in released.rglob("*") if path.is_file()}


def _configuration(config_file: Path, root: Path) -> Config:
    config: Config = PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config()
    config.CourseDirectory.root = str(root)
    # What `nbgrader generate_assignment --no-db` sets: no gradebook is made for a folder that will not last.
    config.SaveCells.enabled = False
    config.GenerateAssignment.no_database = True
    return config


def _generate(config: Config, assignment: str) -> None:
    said = io.StringIO()
    # not from getLogger: a handler of its own, gone with it, and no say in anybody else's logging
    log = logging.Logger(__name__, level=logging.WARNING)  # noqa: LOG001
    log.addHandler(logging.StreamHandler(said))
    course = CourseDirectory(config=config, assignment_id=assignment, log=log)
    try:
        GenerateAssignment(coursedir=course, config=config, log=log).start()
    except NbGraderException as error:
        raise BuildError(f"nbgrader could not make the release of {assignment}; it said:\n{said.getvalue()}") from error
