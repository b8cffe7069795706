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
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from autograder.judge.channel import Channel, Conversation
from autograder.judge.plugin import JudgePlugin
from autograder.judge.submission import Submission
from autograder.judge.verdict import Outcome
from autograder.judge.vocabulary import why_not
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
            `names` (those the instructor's notebook binds), `decided` (check name to outcome), `data_source` (of the
            course's images), `left_out` (grade_ids of judged cells that are not judged this time), `in_full`
            (name of the check whose calls are all kept, if any).
        descriptors: One connected stream socket to the worker.
    """
    channel = Channel(socket.socket(fileno=descriptors[0]))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"

    plugin = plugin_for(request, channel)
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


def plugin_for(request: dict[str, Any], channel: Conversation) -> JudgePlugin:
    """Make what drives pytest.

    Args:
        request: See `main`.
        channel: To the worker.
    """
    plugin = JudgePlugin(
        submission=Submission(channel, request["names"]),
        key=bytes.fromhex(request["key"]),
        cells=request["cells"],
        decided={name: Outcome(outcome) for name, outcome in request["decided"].items()},
        tell=channel.send,
        data_source=request["data_source"],
        left_out=request["left_out"],
    )
    plugin.in_full = request.get("in_full", "")
    return plugin


@contextlib.contextmanager
def importing_beside(pages: Sequence[Path]) -> Iterator[None]:
    """Let check pages import the modules that lie beside them, which begin with an underscore, by their names.

    Args:
        pages: The check pages of one exercise.
    """
    folders = list(dict.fromkeys(str(page.parent) for page in pages))
    before = list(sys.path)
    sys.path[:0] = folders
    try:
        yield
    finally:
        sys.path[:] = before
        # another exercise may have modules of the same names
        for name, module in list(sys.modules.items()):
            if name.startswith("_") and str(Path(getattr(module, "__file__", None) or "/").parent) in folders:
                del sys.modules[name]


def run_page(pages: list[Path], plugin: JudgePlugin, *, aloud: bool = False) -> tuple[int, str]:
    """Run pytest on the pages of one exercise; return its exit status and what it printed.

    Args:
        pages: The check pages.
        plugin: What judges.
        aloud: Let checks print, and stop at breakpoints, instead.
    """
    refused = list(filter(None, map(why_not, pages)))
    if refused:
        return int(pytest.ExitCode.USAGE_ERROR), " ".join(refused)
    arguments = [
        *_PYTEST_OPTIONS,
        "-c",
        os.devnull,
        "--rootdir",
        str(pages[0].parent),
        "--import-mode=importlib",
        *(("-p", "no:debugging") if aloud else ()),  # its prompt would not know that student code's output is caught
        *map(str, pages),
    ]
    said = io.StringIO()
    with contextlib.ExitStack() as caught:
        if not aloud:
            caught.enter_context(contextlib.redirect_stdout(said))
            caught.enter_context(contextlib.redirect_stderr(said))
        sys.dont_write_bytecode = True
        os.environ.pop("PYTEST_ADDOPTS", None)  # somebody's own options for their own tests
        caught.enter_context(importing_beside(pages))
        status = int(pytest.main(arguments, plugins=[plugin]))
    return status, "\n".join([*plugin.problems, said.getvalue()])
