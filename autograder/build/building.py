"""The build as two functions: write what is out of date, or only say what is."""

import warnings
from pathlib import Path

import nbformat.warnings

from autograder.build.data_source import checks_folder, configured_source, with_data_source
from autograder.build.guard import give_guard
from autograder.build.layout import RELEASED_FILES, BuildError, Unit, find_units
from autograder.build.leaks import leaks
from autograder.build.notebooks import notebook_from_text, same_content, to_bytes
from autograder.build.points import give_points, points_of
from autograder.build.release import compile_release
from autograder.build.rules import broken_rules
from autograder.build.sections import missing_sections

_CLOCK_SLACK_SECONDS = 1.0
"""A checkout writes text and notebook in any order, within about this time."""


def build(root: Path, *, force: bool = False) -> list[Path]:
    """Write instructor notebooks and release from the texts in `source/`.

    Args:
        root: The project: holds `source/` and `nbgrader_config.py`.
        force: Overwrite an instructor notebook even though it was edited after its text.

    Returns:
        The files that were written or removed, relative to `root`; empty when everything was up to date.

    Raises:
        BuildError: a text breaks a rule, the release would give an answer away, or a notebook is newer than its text.
    """
    units = find_units(root)
    products = _products(root, units)
    if not force:
        _refuse_to_lose_edits(root, units)
    changed = _stale(root, products)
    for path in changed:
        if path in products:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(products[path])
        else:
            (root / path).unlink()
    return changed


def check(root: Path) -> list[Path]:
    """Say which files `build` would write or remove, and change nothing.

    Args:
        root: The project: holds `source/` and `nbgrader_config.py`.

    Returns:
        The files that are out of date, missing or too many, relative to `root`.

    Raises:
        BuildError: a text breaks a rule, or the release would give an answer away.
    """
    return _stale(root, _products(root, find_units(root)))


def _products(root: Path, units: tuple[Unit, ...]) -> dict[Path, bytes]:
    """Return the content of every file the build is responsible for, by its path relative to the project."""
    products = {}
    if findings := list(missing_sections(root)):
        raise BuildError("\n".join(findings))
    for unit in units:
        notebook = instructor_notebook(root, unit.slug)
        if findings := broken_rules(notebook):
            raise BuildError("\n".join(f"{unit.text}: {finding}" for finding in findings))
        products[unit.notebook] = to_bytes(notebook)
    for assignment in sorted({unit.assignment for unit in units}):
        products |= _release(root, assignment, [unit for unit in units if unit.assignment == assignment], products)
    return products


def _release(root: Path, assignment: str, units: list[Unit], products: dict[Path, bytes]) -> dict[Path, bytes]:
    files = {unit.notebook.name: products[unit.notebook] for unit in units}
    source = root / "source" / assignment
    extras = [Path(name).name for name in RELEASED_FILES if Path(name).parts[0] == assignment]
    files |= {name: (source / name).read_bytes() for name in extras}
    if strangers := sorted(path.name for path in _plain_files(source) if path.name not in files):
        raise BuildError(
            f"source/{assignment}/ holds {', '.join(strangers)}, which nbgrader would hand out to students: "
            "move it elsewhere, or name it in RELEASED_FILES of autograder/build/layout.py."
        )
    released = compile_release(root / "nbgrader_config.py", assignment, files)
    for unit in units:
        findings = leaks(_read(products[unit.notebook]), _read(released[unit.release.name]))
        if findings:
            raise BuildError("\n".join(f"{unit.text}: {finding}" for finding in findings))
    return {Path("release") / assignment / name: content for name, content in released.items()}


def _stale(root: Path, products: dict[Path, bytes]) -> list[Path]:
    differing = {path for path, content in products.items() if _content(root / path) != content}
    released = {path.relative_to(root) for path in _plain_files(root / "release")}
    return sorted(differing | (released - products.keys()))


def _refuse_to_lose_edits(root: Path, units: tuple[Unit, ...]) -> None:
    for unit in units:
        text, notebook = root / unit.text, root / unit.notebook
        if not notebook.exists() or notebook.stat().st_mtime - text.stat().st_mtime < _CLOCK_SLACK_SECONDS:
            continue
        if not same_content(_read(notebook.read_bytes()), instructor_notebook(root, unit.slug)):
            raise BuildError(
                f"{unit.notebook} was edited after its text {unit.text}: carry the edits over with "
                f"`jupytext --sync {unit.notebook}`, or drop them with `scripts/build --force`."
            )


def instructor_notebook(root: Path, slug: str) -> nbformat.NotebookNode:
    """Make the instructor notebook of a text, on the images of the course, with the points of its checks and the guard.

    Args:
        root: The project.
        slug: Name of the exercise.

    Raises:
        BuildError: A check page cannot be read, or the text says other points than it.
    """
    text = Path("source") / f"{slug}.py"
    source = configured_source(root / "nbgrader_config.py")
    notebook = notebook_from_text(with_data_source((root / text).read_text(encoding="utf-8"), source), slug)
    folder = checks_folder(root) / slug
    give_guard(notebook)
    give_points(notebook, points_of(folder if folder.is_dir() else folder.with_suffix(".py")), text)
    return notebook


def _read(content: bytes) -> nbformat.NotebookNode:
    with warnings.catch_warnings():
        # Jupyter may have added cells without ids; ids play no part here.
        warnings.simplefilter("ignore", nbformat.warnings.MissingIDFieldWarning)
        notebook: nbformat.NotebookNode = nbformat.reads(content.decode(), as_version=4)
    return notebook


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _plain_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and ".ipynb_checkpoints" not in path.parts]
