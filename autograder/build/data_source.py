"""The line of a text that says where the course's images come from; the configuration decides what it says."""

import re
from pathlib import Path

from traitlets.config.loader import PyFileConfigLoader

_LINE = re.compile(r'^DATA_SOURCE = "[^"\n]*"', re.MULTILINE)
DEFAULT = "sketches"


def configured_source(config_file: Path) -> str:
    """Read `c.CourseSettings.data_source`.

    Args:
        config_file: The course's `nbgrader_config.py`.

    Returns:
        Its value; "sketches" where it is not set.
    """
    settings = (
        PyFileConfigLoader(config_file.name, path=str(config_file.parent)).load_config().get("CourseSettings", {})
    )
    return str(settings.get("data_source", DEFAULT))


def with_data_source(text: str, source: str) -> str:
    """Let the line `DATA_SOURCE = "..."` of a py:percent text name a source.

    Args:
        text: The text; it may have no such line.
        source: Name of the source.

    Returns:
        The text, otherwise unchanged.
    """
    return _LINE.sub(f'DATA_SOURCE = "{source}"', text)
