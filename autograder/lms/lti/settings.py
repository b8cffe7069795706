"""What a tool needs to know to send scores: registration and addresses, from a TOML file."""

import json
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.lms.push.errors import PlatformRefused

_AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
_NRPS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


@dataclass(frozen=True)
class LtiSettings:
    """Registration of the tool, and where scores and members are.

    Source of the words: LTI Advantage, https://www.imsglobal.org/spec/security/v1p0/ and /spec/lti-ags/v2p0/.
    """

    token_url: str
    """Where the platform gives out access tokens; on Moodle `/mod/lti/token.php`."""
    client_id: str
    private_key: str
    """PEM."""
    key_id: str
    """The `kid` under which the platform finds the public key."""
    memberships_url: str
    """Names and Role Provisioning: who is in the course."""
    line_item_url: str = ""
    """The gradebook column; or else `line_items_url`, where it is found by its tag or made."""
    line_items_url: str = ""
    label: str = ""
    """Title of a column that is made."""
    audience: str = ""
    """`aud` of the assertion; the token URL by default."""
    is_canvas: bool = False
    """Whether to tell Canvas that a score is no new submission."""


def read_settings(path: Path) -> LtiSettings:
    """Read `lti.toml`.

    It names token_url, client_id and key_file; line_item_url or line_items_url, and memberships_url, or instead of
    these launch_file, a launch's claims as JSON, which holds them, or moodle (the site), course_id and deployment_id,
    from which they follow; and if wanted key_id, label, audience and canvas.

    Raises:
        PlatformRefused: Something is missing, or others may read the key.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlatformRefused(f"{path} cannot be read ({error}); see docs/lms-lti.md for what stands in it.") from error
    found = {"key_id": "autograder"} | _of_moodle(found) | _from_launch(path, found) | found
    missing = [key for key in ("token_url", "client_id", "key_file", "memberships_url") if not found.get(key)]
    if not (found.get("line_item_url") or found.get("line_items_url")):
        missing.append("line_item_url (or line_items_url)")
    if missing:
        raise PlatformRefused(f"{path} lacks {', '.join(missing)}; see docs/lms-lti.md for where to find it.")
    return LtiSettings(
        token_url=found["token_url"],
        client_id=found["client_id"],
        private_key=read_secret_file(path.parent / found["key_file"]),
        key_id=found["key_id"],
        memberships_url=found["memberships_url"],
        line_item_url=found.get("line_item_url", ""),
        line_items_url=found.get("line_items_url", ""),
        label=found.get("label", ""),
        audience=found.get("audience", ""),
        is_canvas=bool(found.get("canvas", False)),
    )


def _of_moodle(found: dict[str, Any]) -> dict[str, str]:
    """Addresses on Moodle, which can be written down without any launch."""
    site, course, deployment = (str(found.get(key) or "") for key in ("moodle", "course_id", "deployment_id"))
    if not (site and course and deployment):
        return {}
    services = f"{site.rstrip('/')}/mod/lti/services.php"
    return {
        "token_url": f"{site.rstrip('/')}/mod/lti/token.php",
        "line_items_url": f"{services}/{course}/lineitems?type_id={deployment}",
        "memberships_url": f"{services}/CourseSection/{course}/bindings/{deployment}/memberships",
    }


def _from_launch(path: Path, found: dict[str, Any]) -> dict[str, str]:
    if "launch_file" not in found:
        return {}
    launch = path.parent / str(found["launch_file"])
    try:
        claims = json.loads(launch.read_bytes())
    except (OSError, ValueError) as error:
        raise PlatformRefused(f"{launch} cannot be read ({error}); it holds a launch's claims as JSON.") from error
    endpoint, members = claims.get(_AGS, {}), claims.get(_NRPS, {})
    addresses = {
        "line_item_url": endpoint.get("lineitem"),
        "line_items_url": endpoint.get("lineitems"),
        "memberships_url": members.get("context_memberships_url"),
    }
    return {key: str(value) for key, value in addresses.items() if value}


def read_secret_file(path: Path) -> str:
    """Read a secret that nobody else can read.

    Raises:
        PlatformRefused: It is missing, empty, or open to others.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PlatformRefused(f"The secret in {path} cannot be read ({error}).") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PlatformRefused(f"{path} holds a secret and is open to others (mode {mode & 0o777:o}): chmod 600 {path}")
    if not text:
        raise PlatformRefused(f"{path} is empty; put the secret into it.")
    return text
