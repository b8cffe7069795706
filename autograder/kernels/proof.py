"""Show that the sandbox of this machine holds: what `autograder doctor` prints."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import autograder
from autograder.kernels.limits import Limits
from autograder.kernels.settings import HOME, WORK_FOLDER, TemplateSettings, default_kernel_python
from autograder.kernels.warm import Template

SYSTEM_FOLDERS = {"bin", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "sbin", "tmp", "usr"}
STANDARD_PROCESSES = 3
"""bubblewrap's first process, the idle one, and the kernel."""


class Claim(NamedTuple):
    """Something the sandbox promises, and whether it was seen to hold."""

    claim: str
    held: bool
    detail: str


def proof(python: Path | None = None, *, absent: Sequence[Path] = (), limits: Limits | None = None) -> list[Claim]:
    """Start a sandbox and look around inside.

    Args:
        python: the kernel environment's interpreter; None: the one beside this environment.
        absent: folders and files that must not exist inside, such as the course folder's `source` and gradebook.
        limits: as kernels get them.

    Returns:
        Claims, in a fixed order.

    Raises:
        SandboxUnavailable: there is no sandbox on this machine; the sentence says why.
    """
    limits = limits or Limits()
    python = python or default_kernel_python()
    package = Path(str(autograder.__file__)).parent
    settings = TemplateSettings(python=python, entry="sealed.inside:look_around", slots=1)
    with Template.start(settings) as template:
        hidden = [str(path) for path in (package, *absent)]
        with template.fork({}, limits=limits, look_around=hidden) as child:
            report = child.report
    return [Claim(*claim) for claim in report["claims"]] + _seen(report, python, limits)


def _seen(report: dict[str, Any], python: Path, limits: Limits) -> list[Claim]:
    homes = {Path(path).parts[1] for path in (HOME, WORK_FOLDER, python.absolute(), python.resolve())}
    strangers = sorted(set(report["root"]) - SYSTEM_FOLDERS - homes)
    writable = report["writable"]
    places = ", ".join(f"{place} {size} MiB" for place, size in sorted(writable.items()))
    descriptors = {int(number): target for number, target in report["descriptors"].items()}
    opened = [target for number, target in descriptors.items() if number > 2 and not target.startswith("pipe:")]
    processes = report["processes"]
    return [
        Claim(
            "there is no network but its own loopback", report["interfaces"] == ["lo"], ", ".join(report["interfaces"])
        ),
        Claim("no other processes can be seen", len(processes) <= STANDARD_PROCESSES, f"{len(processes)} processes"),
        Claim("nothing else of the file system is there", not strangers, "/" + " /".join(report["root"])),
        Claim("the grader's own files are absent", not report["present"], ", ".join(report["present"]) or "none found"),
        Claim(
            "every writable place has a size", all(0 < size <= limits.file_mib for size in writable.values()), places
        ),
        Claim("no descriptor is inherited", not opened, ", ".join(opened) or "only pipes to the grader"),
    ]
