"""What the configuration of a course says to the build, and the line of a text that names the source of its images."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from traitlets.config.loader import PyFileConfigLoader

from transferlab.course import course_sources

_LINE = re.compile(r'^DATA_SOURCE = "[^"\n]*"', re.MULTILINE)
DEFAULT = course_sources()[0]


def configured_source(config_file: Path) -> str:
    """Read `c.CourseSettings.data_source`.

    Args:
        config_file: The course's `nbgrader_config.py`.

    Returns:
        Its value; the first source that there is where it is not set.
    """
    return str(course_settings(config_file).get("data_source", DEFAULT))


def course_settings(config_file: Path) -> Mapping[str, Any]:
    """Read what a configuration sets of `c.CourseSettings`; nothing where there is no such file.

    Args:
        config_file: The course's `nbgrader_config.py`.
    """
    if not config_file.is_file():
        return {}
    loaded = PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config()
    found: Mapping[str, Any] = loaded.get("CourseSettings", {})
    return found


def checks_folder(root: Path) -> Path:
    """Return where the hidden check pages of a project are.

    Args:
        root: The project.
    """
    named = str(course_settings(root / "nbgrader_config.py").get("checks_directory", ""))
    return root / named if named else root / "autograder" / "checks"


def with_data_source(text: str, source: str) -> str:
    """Let the line `DATA_SOURCE = "..."` of a py:percent text name a source.

    Args:
        text: The text; it may have no such line.
        source: Name of the source.

    Returns:
        The text, otherwise unchanged.
    """
    return _LINE.sub(f'DATA_SOURCE = "{source}"', text)
