"""`python -m transferlab check NOTEBOOK`: the self-check before submitting."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from transferlab.selfcheck import Findings, UnusableNotebook, check

FINE, SOMETHING_TO_LOOK_AT, UNUSABLE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; those of the process by default.

    Returns:
        Exit status: 0 nothing to look at, 1 something to look at, 2 unusable input.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="replace")  # a Windows console may not know every letter of an error
    options = _parser().parse_args(arguments)
    path = Path(options.notebook)
    try:
        findings = check(path, options.cell_seconds, _show_progress)
    except UnusableNotebook as reason:
        _show_progress(0, 0)
        print(reason, file=sys.stderr)
        return UNUSABLE
    _show_progress(0, 0)
    print("\n".join(lines(path.name, findings)))
    return SOMETHING_TO_LOOK_AT if findings.count() else FINE


def lines(name: str, findings: Findings) -> list[str]:
    """The findings as the student reads them.

    Args:
        name: Of the notebook.
        findings: What the check found.

    Returns:
        Lines of text.
    """
    text = [f"{name}: {findings.code_cells} code cells run in a fresh kernel, {findings.seconds:.0f} s"]
    sections = {
        "Not answered yet": findings.unanswered,
        "Waiting for an answer above": findings.waiting,
        "Failed": findings.failed,
        "Not defined": findings.missing,
        "Have a look": findings.warnings,
    }
    for title, entries in sections.items():
        if entries:
            text += ["", title, *(f"  {entry}" for entry in entries)]
    count = findings.count()
    if count:
        return [*text, "", f"{count} thing{'s' if count > 1 else ''} to look at."]
    return [*text, "", "Runs from top to bottom. Good to submit."]


def _show_progress(done: int, total: int) -> None:
    """One line that overwrites itself, on terminals only."""
    if sys.stderr.isatty():
        message = f"running cell {done + 1} of {total}" if total else ""
        print(f"\r{message:<40}\r", end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m transferlab", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "check",
        help="run a notebook from top to bottom and list what to look at",
        description="Runs the notebook in a fresh kernel without changing the file, and lists cells that fail, cells "
        "not answered yet and names that are missing. Exit status: 0 fine, 1 something to look at, 2 unusable input.",
    )
    command.add_argument("notebook", help="path of your .ipynb file")
    command.add_argument(
        "--cell-seconds", type=_positive, default=600.0, help="interrupt a cell after so many seconds (default: 600)"
    )
    return parser


def _positive(text: str) -> float:
    seconds = float(text)
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return seconds


if __name__ == "__main__":
    if sys.platform == "win32":
        import asyncio

        # ZeroMQ needs a selector; Windows defaults to another event loop
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    sys.exit(main())
