"""Points of judged cells: they stand in the `@check(…, points=…)` lines of the check pages, and nowhere else.

The pages are read, not run: the build needs neither TensorFlow nor what judges.
"""

import ast
import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from nbformat import NotebookNode

from autograder.build.layout import BuildError
from autograder.build.markers import is_judged


def points_of(pages: Path) -> Mapping[str, float]:
    """Add up the points of the checks of an exercise.

    Args:
        pages: The folder of its check pages, or the one page.

    Returns:
        Points by grade_id of the judged cell; empty where there are no pages.

    Raises:
        BuildError: A page is no Python, or a check does not say in plain text what it is worth and for which cell.
    """
    found: dict[str, float] = defaultdict(float)
    for page in sorted(pages.glob("*.py")) if pages.is_dir() else [pages]:
        if page.is_file():
            for cell, points in _checks(page):
                found[cell] += points
    return found


def give_points(notebook: NotebookNode, points: Mapping[str, float], text: Path) -> None:
    """Write into the judged cells of a notebook what they are worth.

    Args:
        notebook: Made from a text; changed.
        points: By grade_id; empty if the exercise has no check pages yet, and nothing is changed then.
        text: Where the notebook comes from, for the message.

    Raises:
        BuildError: A text says something else than the checks give, a judged cell has no check, or a check no cell.
    """
    if not points:
        return
    judged = {
        cell.metadata.nbgrader.get("grade_id"): cell.metadata.nbgrader for cell in filter(is_judged, notebook.cells)
    }
    for name in points.keys() - judged.keys():
        near = difflib.get_close_matches(name, judged, 1, 0.4)
        raise BuildError(
            f"{text} has no judged cell '{name}', for which there are checks"
            + (f"; did you mean '{near[0]}'?" if near else "")
        )
    for name in judged.keys() - points.keys():
        raise BuildError(f"{text}: no check judges the cell {name}; write one, or give the cell no points")
    for name, role in judged.items():
        worth = points[name]
        if "points" in role and role["points"] != worth:
            raise BuildError(
                f"{text}: cell {name} says {role['points']:g} points, its checks give {worth:g}; "
                "leave them out of the text, the build writes them"
            )
        role["points"] = int(worth) if worth == int(worth) else worth


def _checks(page: Path) -> Iterator[tuple[str, float]]:
    try:
        tree = ast.parse(page.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise BuildError(f"{page.name}, line {error.lineno}: {error.msg}; no check of this page can be read") from error
    known: dict[str, object] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                known.update(_named(target, statement.value))
        elif isinstance(statement, ast.FunctionDef):
            for line in statement.decorator_list:
                if isinstance(line, ast.Call) and "check" in (
                    getattr(line.func, "id", ""),
                    getattr(line.func, "attr", ""),
                ):
                    yield _check(line, known, f"{page.name}, line {line.lineno}")


def _check(line: ast.Call, known: Mapping[str, object], where: str) -> tuple[str, float]:
    given = {keyword.arg: keyword.value for keyword in line.keywords}
    cell = _plain(line.args[0] if line.args else given.get("cell"), known)
    points = _plain(given.get("points"), known)
    if not isinstance(cell, str) or isinstance(points, bool) or not isinstance(points, int | float):
        raise BuildError(
            f'{where}: write the check as @check("grade_id", points=NUMBER), or name constants of the same page, so '
            "that its points can be read without running the page"
        )
    return cell, float(points)


def _named(target: ast.expr, value: ast.expr) -> Mapping[str, object]:
    """Read `A = "a"` and `A, B = "a", "b"`."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        return {
            name: part
            for one, other in zip(target.elts, value.elts, strict=True)
            for name, part in _named(one, other).items()
        }
    return {target.id: _plain(value, {})} if isinstance(target, ast.Name) else {}


def _plain(value: ast.expr | None, known: Mapping[str, object]) -> object:
    if isinstance(value, ast.Constant):
        return value.value
    return known.get(value.id) if isinstance(value, ast.Name) else None
