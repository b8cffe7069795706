"""What a student can find out before submitting: does the notebook run from top to bottom, and is anything missing?

Nothing here knows the grade. The notebook is read and run in a fresh kernel; the file itself stays as it is.
"""

import ast
import builtins
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGE_MEGABYTES = 10.0
"""Above this a submission may be refused by a learning platform."""

_NAMES_MARK = "transferlab-check-names:"
_ANSWER_HERE = re.compile(r"^\W*(write )?your answer here\W*$", re.MULTILINE | re.IGNORECASE)
_COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")

Progress = Callable[[int, int], None]


class UnusableNotebook(Exception):
    """The file cannot be checked at all; the text is one sentence for the student."""


@dataclass
class Findings:
    """What the check found, as lines for the student."""

    code_cells: int = 0
    """Code cells that hold something."""
    seconds: float = 0.0
    """Wall time of the run."""
    unanswered: list[str] = field(default_factory=list)
    """Cells that still hold their stub."""
    waiting: list[str] = field(default_factory=list)
    """Cells that stopped because they called something unanswered."""
    failed: list[str] = field(default_factory=list)
    """Cells that raised, with the error in one line."""
    missing: list[str] = field(default_factory=list)
    """Names that checks need and the notebook does not define."""
    warnings: list[str] = field(default_factory=list)
    """Anything else worth a look."""

    def count(self) -> int:
        """How many things there are to look at; cells that only wait for an answer are not counted again."""
        return sum(map(len, (self.unanswered, self.failed, self.missing, self.warnings)))


def check(path: Path, cell_seconds: float, progress: Progress) -> Findings:
    """Read a notebook, run all of it in a fresh kernel, and list what to look at.

    Args:
        path: Of the notebook; it is not changed. Its folder is the working directory of the run.
        cell_seconds: A cell that takes longer is interrupted.
        progress: Called with the cells done and the number of cells.

    Returns:
        The findings.

    Raises:
        UnusableNotebook: The file is missing or no notebook, or what runs notebooks is not installed.
    """
    notebook = read(path)
    findings = Findings(code_cells=sum(_holds_code(cell) for cell in notebook.cells))
    _look_at_file(path, notebook, findings)
    findings.unanswered += [_name(index, cell) for index, cell in enumerate(notebook.cells) if _is_unanswered(cell)]
    started = time.perf_counter()
    last = run(notebook, path.parent, cell_seconds, progress)
    findings.seconds = time.perf_counter() - started
    _look_at_outputs(notebook, last, findings)
    return findings


def read(path: Path) -> Any:
    """The notebook in a file, in today's format.

    Args:
        path: Of the notebook.

    Returns:
        An nbformat notebook.

    Raises:
        UnusableNotebook: One sentence that says why not.
    """
    try:
        import nbformat
    except ImportError as error:
        raise _not_installed(error) from error
    if not path.exists():
        raise UnusableNotebook(f"There is no file {path}; give the path of your notebook, ending in .ipynb.")
    if path.is_dir():
        raise UnusableNotebook(f"{path} is a folder; give the path of one notebook in it, ending in .ipynb.")
    try:
        notebook = nbformat.reads(path.read_text("utf-8"), as_version=4)
        nbformat.validate(notebook)
    except OSError as error:
        raise UnusableNotebook(f"{path} cannot be read: {error.strerror}.") from error
    except Exception as error:  # nbformat raises AttributeError, KeyError and others on what is no notebook
        raise UnusableNotebook(
            f"{path} is not a Jupyter notebook; save yours in Jupyter as .ipynb and check that file."
        ) from error
    return notebook


def run(notebook: Any, folder: Path, cell_seconds: float, progress: Progress) -> int:
    """Run all code cells in a fresh kernel; outputs, errors among them, replace those in the cells.

    Args:
        notebook: As read; changed in place, one cell is put at its end.
        folder: Working directory of the run.
        cell_seconds: A cell that takes longer is interrupted.
        progress: Called with the cells done and the number of cells.

    Returns:
        Position of the last cell that was started: the one at the end, unless the kernel died.

    Raises:
        UnusableNotebook: What runs notebooks is not installed, or no kernel starts.
    """
    try:
        import ipykernel  # noqa: F401
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import DeadKernelError
    except ImportError as error:
        raise _not_installed(error) from error
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            cell.metadata.pop("tags", None)  # a tag such as skip-execution would hide a cell from this run
    names = sorted(_needed_names(notebook))
    question = f"print({_NAMES_MARK!r} + __import__('json').dumps([n for n in {names!r} if n not in globals()]))"
    notebook.cells.append(nbformat.v4.new_code_cell(question))
    started = [0]

    def note_start(cell: Any, cell_index: int) -> None:
        if _holds_code(cell):
            started.append(cell_index)
        progress(cell_index, len(notebook.cells) - 1)

    client = NotebookClient(
        notebook,
        timeout=cell_seconds,
        interrupt_on_timeout=True,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=note_start,
    )
    try:
        # what libraries log beside the notebook would only hide the findings
        client.execute(stderr=subprocess.DEVNULL)
    except DeadKernelError:
        pass  # the cells that did not run say so themselves
    except Exception as error:
        raise UnusableNotebook(f"The notebook could not be run: {type(error).__name__}: {error}") from error
    return started[-1]


def _look_at_file(path: Path, notebook: Any, findings: Findings) -> None:
    megabytes = path.stat().st_size / 1e6
    if megabytes > LARGE_MEGABYTES:
        findings.warnings.append(
            f"the file has {megabytes:.0f} MB, more than {LARGE_MEGABYTES:.0f}; clear large outputs before submitting"
        )
    ids = Counter(_grade_id(cell) for cell in notebook.cells if _grade_id(cell))
    if not ids:
        findings.warnings.append("no cell is marked as graded; is this the notebook you were given?")
    findings.warnings += [
        f"the graded cell {name} is there {times} times; only the first one counts, delete the copies"
        for name, times in ids.items()
        if times > 1
    ]


def _look_at_outputs(notebook: Any, last: int, findings: Findings) -> None:
    *cells, question = notebook.cells
    answered = [output.text for output in question.outputs if output.get("name") == "stdout"]
    stubs = set(findings.unanswered)
    # What a cell that stopped should have left behind is missing below: those cells only wait for it.
    lost: dict[str, str] = {}
    for index, cell in enumerate(cells):
        error = next((output for output in cell.get("outputs", []) if output.output_type == "error"), None)
        name = _name(index, cell)
        if name in stubs:
            lost |= dict.fromkeys([*_bound_names(cell.source), *_promised_names(cell.source)], name)
        if error is None or name in stubs:
            continue
        cause = lost.get(_undefined(error))
        if error.ename == "NotImplementedError":
            findings.waiting.append(name)
        elif cause:
            findings.waiting.append(f"{name}: {_undefined(error)} comes from {cause}")
        else:
            findings.failed.append(f"{name}: {_one_line(error)}")
            lost |= dict.fromkeys(filter(None, [_undefined(error)]), name)
        lost |= dict.fromkeys(_bound_names(cell.source), cause or name)
    if not answered or not answered[0].startswith(_NAMES_MARK):
        cell = _name(last, notebook.cells[last])
        findings.failed.append(
            f"{cell}: the kernel died here; the cells below did not run (out of memory, or a crash in a library)"
        )
        return
    needed = _needed_names(notebook)
    for missing in json.loads(answered[0].removeprefix(_NAMES_MARK)):
        if missing in lost:
            continue  # its cell is named already
        findings.missing.append(f"{missing}, which {needed[missing]} needs")


def _undefined(error: Any) -> str:
    """The name that a NameError is about, or nothing."""
    found = re.search(r"name '(\w+)' is not defined", error.evalue) if error.ename == "NameError" else None
    return found[1] if found else ""


_BOUND = re.compile(
    r"^(?:def|class)\s+(\w+)|^((?:\w+\s*,\s*)*\w+)\s*=(?!=)|^(?:import|from)\b.*?\b(\w+)\s*$", re.MULTILINE
)


def _bound_names(source: str) -> list[str]:
    """Names a cell would leave behind; read line by line, since it may not parse."""
    groups = (name for found in _BOUND.finditer(source) for name in found.groups() if name)
    return [name.strip() for names in groups for name in names.split(",")]


def _promised_names(source: str) -> list[str]:
    """Words of a cell's comments: a stub says there which names the answer should leave behind."""
    comments = (line.partition("#")[2] for line in source.splitlines())
    return [word for comment in comments for word in re.findall(r"\w+", comment)]


def _one_line(error: Any) -> str:
    if error.ename == "KeyboardInterrupt":
        return "stopped, it took too long (an endless loop? --cell-seconds allows more)"
    text = _COLOUR_CODES.sub("", error.evalue).strip()
    line = re.sub(r"\(\d+\.py, line", "(line", text.splitlines()[0]) if text else ""
    return f"{error.ename}: {line[:160]}" if line else str(error.ename)


def _is_unanswered(cell: Any) -> bool:
    marks = cell.metadata.get("nbgrader", {})
    if not marks.get("solution") and not marks.get("task"):
        return False
    if cell.cell_type == "markdown":
        return bool(_ANSWER_HERE.search(cell.source)) or not cell.source.strip()
    tree = _parsed(cell.source)
    return tree is not None and any(
        isinstance(node, ast.Raise) and "NotImplementedError" in ast.dump(node) for node in ast.walk(tree)
    )


def _needed_names(notebook: Any) -> dict[str, str]:
    """Names that locked cells read and do not bind themselves, each with the first cell that needs it."""
    needed: dict[str, str] = {}
    for index, cell in enumerate(notebook.cells):
        marks = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and marks.get("grade") and not marks.get("solution"):
            for name in _free_names(cell.source):
                needed.setdefault(name, _name(index, cell))
    return needed


def _free_names(source: str) -> Iterator[str]:
    tree = _parsed(source)
    if tree is None:
        return
    read: set[str] = set()
    bound = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    yield from sorted(read - bound - {"get_ipython", "display"})


def _parsed(source: str) -> ast.Module | None:
    """The syntax tree, magics left out; None where it does not parse (running the cell will say so)."""
    lines = [("pass" if line.startswith(("%", "!")) else line) for line in source.splitlines()]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError):
        return None


def _holds_code(cell: Any) -> bool:
    return bool(cell.cell_type == "code" and cell.source.strip())


def _grade_id(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _name(index: int, cell: Any) -> str:
    """How a student finds the cell: its number from the top, and its name if it has one."""
    grade_id = _grade_id(cell)
    return f"cell {index + 1} ({grade_id})" if grade_id else f"cell {index + 1}"


def _not_installed(error: ImportError) -> UnusableNotebook:
    return UnusableNotebook(
        f"The check runs your notebook with nbclient, nbformat and ipykernel, and {error.name} is not installed: "
        "python -m pip install nbclient nbformat ipykernel"
    )
