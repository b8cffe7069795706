"""What students get holds no answer, looked for in the files that are really handed out."""

import ast
import re

import nbformat
import pytest

from autograder.build import GUARD, check
from autograder.build.layout import ASSIGNMENT_OF, RELEASED_FILES, UNGRADED, find_units
from autograder.build.leaks import leaks
from autograder.build.markers import is_answer, is_judged, is_nearly_a_marker, regions


@pytest.fixture(scope="module")
def units(project_root):
    return find_units(project_root)


@pytest.fixture(scope="module")
def pairs(project_root, units):
    """Instructor notebook and release of every exercise and lesson, as they lie on disk."""
    return [
        tuple(nbformat.read(project_root / path, as_version=4) for path in (unit.notebook, unit.release))
        for unit in units
    ]


def test_there_is_something_to_look_at(units, pairs):
    assert {unit.assignment in UNGRADED for unit in units} == {True, False}
    for unit, (source, _) in zip(units, pairs, strict=True):
        found = [any(map(is_judged, source.cells)), any(map(is_answer, source.cells))]
        assert found == [unit.assignment not in UNGRADED] * 2, unit.slug


def test_products_are_up_to_date(project_root):
    assert check(project_root) == [], "run `make release`"


def test_only_named_files_are_handed_out(project_root, units):
    found = {str(path.relative_to(project_root)) for path in (project_root / "release").rglob("*") if path.is_file()}
    assert found == {str(unit.release) for unit in units} | {f"release/{name}" for name in RELEASED_FILES}
    assert {path.name for path in (project_root / "release").iterdir()} <= set(ASSIGNMENT_OF.values())


def test_no_leak_of_any_known_kind(pairs):
    for source, release in pairs:
        assert leaks(source, release) == []


def test_no_marker_not_even_a_misspelt_one(pairs):
    lines = [line for _, release in pairs for cell in release.cells for line in cell.source.split("\n")]
    assert [line for line in lines if is_nearly_a_marker(line)] == []


def test_every_stub_is_code_that_raises(pairs):
    for source, release in pairs:
        stubs = {cell.id: cell.source for cell in release.cells}
        for cell in source.cells:
            if is_answer(cell) and cell.cell_type == "code":
                assert "NotImplementedError" in stubs[cell.id], cell.id
                ast.parse(stubs[cell.id])


def test_hidden_regions_hold_the_guard_and_nothing_else(pairs):
    hidden = [
        "\n".join(lines)
        for source, _ in pairs
        for cell in source.cells
        for lines in regions(cell.source, "HIDDEN TESTS")
    ]
    assert set(hidden) == {"\n".join(GUARD.split("\n")[1:-1])}


def test_judged_cells_show_nothing_but_their_visible_part(pairs):
    for source, release in pairs:
        released = {cell.id: cell.source for cell in release.cells}
        for cell in filter(is_judged, source.cells):
            assert released[cell.id] == cell.source.removesuffix(GUARD).removesuffix("\n")


def test_no_line_of_a_hidden_check_is_handed_out(project_root, pairs):
    released = re.sub(r"\s+", "", "\n".join(cell.source for _, release in pairs for cell in release.cells))
    pages = [path.read_text() for path in (project_root / "autograder" / "checks").glob("exercise_*/*.py")]
    lines = {re.sub(r"\s+", "", line) for page in pages for line in page.split("\n")}
    assert [line for line in lines if len(line) >= 36 and line in released] == []
