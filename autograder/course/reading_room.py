"""Runs in a sealed process: reads what students wrote, for a grader who only waits for the result.

Called by the warm template in a forked child (`autograder.course.sealed` is the other end). No code of a student's
runs here, only parsers on his bytes; the seal and the clock are for what odd bytes make parsers do.
"""

import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nbformat

from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import Exercise
from autograder.course.notebooks import Prepared, prepare, read_notebook
from autograder.course.own_code import own_cells
from autograder.judge.channel import Channel, ChannelClosed

Content = dict[str, Any]


def main(request: Content, descriptors: list[int]) -> None:  # noqa: ARG001 - every entry has this signature
    """Answer one question after another until the other side is gone.

    Args:
        request: Nothing.
        descriptors: One connected stream socket.
    """
    channel = Channel(socket.socket(fileno=descriptors[0]))
    while True:
        try:
            content, buffers = channel.receive()
        except ChannelClosed:
            return
        try:
            answer, given = OPERATIONS[content["do"]](content, buffers)
        except UnusableNotebook as problem:
            answer, given = {"unusable": str(problem)}, []
        except (MemoryError, RecursionError):
            answer, given = {"failed": "it is nested too deeply, or needs too much memory"}, []
        except Exception as error:  # noqa: BLE001 (other people's parsers raise anything; the grader says which)
            answer, given = {"failed": f"{type(error).__name__} while it was read"}, []
        channel.send(answer, given)


def _notebook(content: Content, buffers: Sequence[bytes]) -> tuple[Content, list[bytes]]:  # noqa: ARG001
    return {}, [json.dumps(read_notebook(buffers[0])).encode()]


def _laid_over(content: Content, buffers: Sequence[bytes]) -> tuple[Exercise, Prepared]:
    notebook, source = buffers
    exercise = Exercise(source=source, page=Path("page.py"), **content["exercise"])
    return exercise, prepare(read_notebook(notebook), exercise)


def _prepared(content: Content, buffers: Sequence[bytes]) -> tuple[Content, list[bytes]]:
    _, prepared = _laid_over(content, buffers)
    found = {
        "judged": dict(prepared.judged),
        "notes": list(prepared.notes),
        "doubt": prepared.doubt,
        "doubted": sorted(prepared.doubted),
    }
    return found, [json.dumps(prepared.notebook).encode()]


def _own_code(content: Content, buffers: Sequence[bytes]) -> tuple[Content, list[bytes]]:
    exercise, prepared = _laid_over(content, buffers)
    found = own_cells(prepared.notebook.cells, exercise)
    return {}, [json.dumps([asdict(cell) for cell in found]).encode()]


def _outputs(content: Content, buffers: Sequence[bytes]) -> tuple[Content, list[bytes]]:  # noqa: ARG001
    from autograder.course.harmless import harmless_outputs

    notebook = nbformat.reads(buffers[0].decode("utf-8"), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = harmless_outputs(cell.outputs)
    return {}, [json.dumps(notebook).encode()]


def _html(content: Content, buffers: Sequence[bytes]) -> tuple[Content, list[bytes]]:
    from autograder.course import harmless

    text = buffers[0].decode("utf-8", "replace")
    if content["kind"] == "markdown":
        html, wanted = harmless.harmless_markdown(
            text, content["attachments"], content["pictures"], with_links=content["with_links"]
        )
        return {"wanted": wanted}, [html.encode()]
    kinds: dict[str, Callable[[str], str]] = {
        "code": harmless.harmless_code,
        "terminal": harmless.harmless_terminal_text,
        "html": harmless.harmless_html,
    }
    return {}, [kinds[content["kind"]](text).encode()]


OPERATIONS: dict[str, Callable[[Content, Sequence[bytes]], tuple[Content, list[bytes]]]] = {
    "notebook": _notebook,
    "prepared": _prepared,
    "own_code": _own_code,
    "outputs": _outputs,
    "html": _html,
}
"""What can be asked; each takes JSON and byte buffers, and gives the same."""
