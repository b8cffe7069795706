"""Entry point of a judge: a sealed process that runs the check pages of one exercise against one notebook.

Called by the warm template in a forked child that has no gradebook, no network and no other submission in reach; it
reaches the notebook through its worker only.
"""

import contextlib
import io
import os
import resource
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.judge.channel import Channel
from autograder.judge.plugin import JudgePlugin
from autograder.judge.submission import Submission
from autograder.judge.verdict import Outcome
from transferlab.images import drawn_so_far

_PYTEST_OPTIONS = (
    "-p",
    "no:cacheprovider",
    "-p",
    "no:terminal",
    "-p",
    "no:logging",
    "-p",
    "no:capture",
    "-p",
    "no:threadexception",
    "-p",
    "no:unraisableexception",  # it collects garbage several times before the end
    "--assert=plain",
)


def main(request: dict[str, Any], descriptors: list[int]) -> None:
    """Judge one notebook and tell the worker each result, then the end.

    Args:
        request: `pages` (paths below the folder it starts in), `key` (hexadecimal), `cells` (grade_ids in order),
            `decided` (check name to outcome), `data_source` (of the course's images).
        descriptors: One connected stream socket to the worker.
    """
    channel = Channel(socket.socket(fileno=descriptors[0]))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

    plugin = JudgePlugin(
        submission=Submission(channel),
        key=bytes.fromhex(request["key"]),
        cells=request["cells"],
        decided={name: Outcome(outcome) for name, outcome in request["decided"].items()},
        tell=channel.send,
        data_source=request["data_source"],
    )
    status, said = run_page([Path(page) for page in request["pages"]], plugin)
    used = resource.getrusage(resource.RUSAGE_SELF)
    channel.send(
        {
            "do": "finished",
            "status": status,
            "said": said[-2_000:],
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "drawn": drawn_so_far(),
        }
    )
    channel.close()


def run_page(pages: list[Path], plugin: JudgePlugin) -> tuple[int, str]:
    """Run pytest on the pages of one exercise; return its exit status and what it printed."""
    arguments = [
        *_PYTEST_OPTIONS,
        "-c",
        os.devnull,
        "--rootdir",
        str(pages[0].parent),
        "--import-mode=importlib",
        *map(str, pages),
    ]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        sys.dont_write_bytecode = True
        status = int(pytest.main(arguments, plugins=[plugin]))
    return status, "\n".join([*plugin.problems, said.getvalue()])
