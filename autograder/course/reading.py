"""Read a submitted notebook, whatever the bytes are.

What grading needs is kept (cell types, texts, ids, nbgrader's marks, attached pictures) and the rest is dropped, so
nothing odd in a submission travels further.
"""

import json
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from autograder.course.errors import UnusableNotebook
from autograder.course.exercise import grade_id_of

MAX_NOTEBOOK_MIB = 100
MAX_CONTAINERS = 8_000_000
"""Lists and objects in the file: each costs far more memory than the two bytes it can be written with."""
MAX_CELLS = 2_000
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_AGAIN = "open it in Jupyter, save it, and hand it in again"


def read_notebook_file(path: Path) -> bytes:
    """Read a submitted file without following links or loading one that is far too large.

    Args:
        path: The file.

    Returns:
        Its bytes.

    Raises:
        UnusableNotebook: It is missing, no regular file, too large or may not be read.
    """
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise UnusableNotebook(f"{path.name} is a link, folder or device, not a file; hand in the notebook itself.")
        _refuse_size(status.st_size)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UnusableNotebook(f"There is no file {path}; check the name.") from error
    except OSError as error:
        raise UnusableNotebook(f"{path} cannot be read ({error.strerror}); check its permissions.") from error


def read_notebook(data: bytes) -> NotebookNode:
    """Read a submitted notebook of any nbformat, keeping only what grading needs.

    Args:
        data: The file as it was handed in.

    Returns:
        A notebook of nbformat 4 whose cells have a type, a text, empty outputs and at most `nbgrader` metadata.

    Raises:
        UnusableNotebook: The bytes are no notebook; the message says why and what to do.
    """
    content = _load(data)
    version = content.get("nbformat", 4)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise UnusableNotebook(f"The notebook names no known format version (nbformat {version!r:.40}); {_AGAIN}.")
    if version > 4:
        raise UnusableNotebook(
            f"The notebook is written in nbformat {version!r:.40}; save it as nbformat 4, the newest known."
        )
    cells = _upgraded_cells(data) if version < 4 else content.get("cells")
    if not isinstance(cells, list):
        raise UnusableNotebook(f"The file is JSON but no Jupyter notebook (it has no list of cells); {_AGAIN}.")
    if len(cells) > MAX_CELLS:
        raise UnusableNotebook(f"The notebook has {len(cells):,} cells, but {MAX_CELLS:,} are allowed; delete some.")
    clean = [_clean_cell(cell, number) for number, cell in enumerate(cells) if isinstance(cell, Mapping)]
    seen: set[str] = set()
    for number, cell in enumerate(clean):
        if cell.id in seen:
            cell.id = f"student-{number}"
        seen.add(cell.id)
    return notebook_of(clean)


def notebook_of(cells: list[NotebookNode]) -> NotebookNode:
    """Make a notebook of nbformat 4 out of cells.

    Args:
        cells: Its cells; not copied.
    """
    notebook: NotebookNode = new_notebook(cells=cells, metadata=NotebookNode(language_info=NotebookNode(name="python")))
    return notebook


def _refuse_size(size_bytes: int) -> None:
    if size_bytes > MAX_NOTEBOOK_MIB * 2**20:
        raise UnusableNotebook(
            f"The notebook is {size_bytes / 2**20:.0f} MiB, more than the {MAX_NOTEBOOK_MIB} MiB allowed; "
            "clear its outputs and hand it in again."
        )


def _load(data: bytes) -> dict[str, Any]:
    _refuse_size(len(data))
    if not data.strip():
        raise UnusableNotebook("The notebook file is empty; save the notebook in Jupyter and hand it in again.")
    if data.count(b"[") + data.count(b"{") > MAX_CONTAINERS:
        raise UnusableNotebook(f"The file holds more than {MAX_CONTAINERS:,} lists and objects; clear its outputs.")
    try:
        content = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnusableNotebook(f"The file is not UTF-8 text, so it is no notebook; {_AGAIN}.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise UnusableNotebook(f"The file is not valid JSON ({where}), so it is no notebook; {_AGAIN}.") from error
    except (RecursionError, ValueError) as error:
        raise UnusableNotebook(f"The file is nested too deeply, or holds absurd numbers; {_AGAIN}.") from error
    if not isinstance(content, dict):
        raise UnusableNotebook(f"The file is JSON but no Jupyter notebook (it has no list of cells); {_AGAIN}.")
    return content


def _upgraded_cells(data: bytes) -> Any:
    try:
        return nbformat.reads(data.decode("utf-8-sig"), as_version=4).get("cells")
    except (Exception, RecursionError) as error:
        # nbformat's converters raise whatever the malformed content makes them raise.
        raise UnusableNotebook(f"The notebook's old format could not be converted; {_AGAIN}.") from error


def _clean_cell(cell: Mapping[str, Any], number: int) -> NotebookNode:
    kind = cell.get("cell_type")
    name = cell.get("id")
    clean = NotebookNode(
        id=name if isinstance(name, str) and _ID.fullmatch(name) else f"student-{number}",
        cell_type=kind if kind in ("code", "markdown", "raw") else "raw",
        metadata=NotebookNode(),
        source=_text(cell.get("source", "")),
    )
    grade_id = grade_id_of(cell)
    if grade_id is not None:
        flags = cell["metadata"]["nbgrader"]
        clean.metadata["nbgrader"] = NotebookNode(
            grade_id=grade_id, **{flag: flags.get(flag) is True for flag in ("grade", "solution", "locked", "task")}
        )
    if clean.cell_type == "code":
        clean.update(outputs=[], execution_count=None)
    else:
        _copy_attachments(cell, clean)
    return clean


def _text(source: Any) -> str:
    lines = source if isinstance(source, list) else [source]
    text = "".join(line for line in lines if isinstance(line, str))
    # JSON may hold half a surrogate pair, which no file and no kernel message can carry.
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _copy_attachments(cell: Mapping[str, Any], clean: NotebookNode) -> None:
    attachments = cell.get("attachments")
    if not isinstance(attachments, Mapping):
        return
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items():
        if isinstance(bundle, Mapping):
            texts = {mime: data for mime, data in bundle.items() if isinstance(data, str) and mime.startswith("image/")}
            kept[_text(name)] = {_text(mime): _text(data) for mime, data in texts.items()}
    if kept:
        clean["attachments"] = nbformat.from_dict(kept)
