"""Moodle's "Download all submissions": which files belong to whom.

Layouts, all of them seen on running sites or in Moodle's source (mod/assign/classes/downloader.php): a folder a
participant, `{name}_{id}_assignsubmission_file/...` (before 4.1 with an underscore at its end); flat,
`{name}_{id}_assignsubmission_file_{file}`; teams, with the group's name and id; `Default group_assignsubmission_file`
for those in no group; blind, `Participant_{id}_...`.
"""

import re
from dataclasses import dataclass, field

from autograder.lms.errors import LmsError
from autograder.lms.safe_zip import SafeZip

_PART = re.compile(
    r"^(?P<name>[^_]*)(?:_(?P<id>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<rest>.*))?$", re.DOTALL
)


@dataclass
class Handed:
    """What one participant or team handed in."""

    name: str
    """As Moodle wrote it: underscores became spaces, apostrophes are gone."""
    number: str
    """Participant id, or group id for a team; empty for those in no group."""
    files: dict[str, str] = field(default_factory=dict)
    """Path as handed in, to path in the archive."""
    doubts: list[str] = field(default_factory=list)
    refused: str = ""
    """Why nothing of it is to be taken: a file that may be the notebook must not be read."""


def read_layout(archive: SafeZip, name: str) -> tuple[list[Handed], list[str]]:
    """Sort the files of a download by who handed them in.

    Args:
        archive: The archive.
        name: What to call it in messages.

    Returns:
        One entry a participant or team, and sentences about paths that belong to nobody.

    Raises:
        LmsError: Nothing in it looks like a download of submissions.
    """
    found: dict[tuple[str, str], Handed] = {}
    strangers = []
    for path in archive.files:
        placed = _place(path)
        if placed is None:
            strangers.append(f"{path} belongs to nobody")
            continue
        who, number, inner = placed
        handed = found.setdefault((who, number), Handed(who, number))
        if inner in handed.files:
            handed.doubts.append(f"two files are called {inner!r}; download again with folders")
        handed.files[inner] = path
    for path, trouble in archive.troubles.items():
        placed = _place(path)
        if placed is None:
            strangers.append(f"the archive {trouble}")
            continue
        handed = found.setdefault(placed[:2], Handed(*placed[:2]))
        if placed[2].lower().endswith((".ipynb", ".zip")):
            handed.refused = handed.refused or f"the archive {trouble}"
        else:
            handed.doubts.append(f"left out: the archive {trouble}")
    if not found:
        raise LmsError(
            f"{name} is no download of submissions: no name in it looks like `Name_12_assignsubmission_file/...`; "
            'in the assignment choose Submissions, "Download all submissions".'
        )
    return list(found.values()), strangers


def _place(path: str) -> tuple[str, str, str] | None:
    """Who, which number, and the path as handed in; a wrapping folder in front is skipped."""
    parts = path.split("/")
    for place, part in enumerate(parts):
        match = _PART.match(part)
        if match is None:
            continue
        inner = "/".join(filter(None, [match["rest"] or "", *parts[place + 1 :]]))
        if inner:
            return match["name"], match["id"] or "", inner
    return None
