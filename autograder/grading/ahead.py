"""What judges of a course import ahead of time: what its check pages import, and nothing that these do not use.

A vocabulary is a package with a module `warm_up`: its `main()` does once, before judges are forked, what each of them
would do again. `autograder.kerasmodels` is one; a course without Keras never loads it.
"""

import ast
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path

import autograder.checks
from autograder.course.exercise import CALIBRATION

ALWAYS = ("numpy", "hypothesis.extra.numpy", "pytest", "transferlab", "autograder.judge.session")
WARM_UP = "warm_up"
CHECKS = Path(autograder.checks.__path__[0])


def pages_that_come_along() -> tuple[Path, ...]:
    """List the check pages that come with the engine, and what lies beside them."""
    return tuple(sorted(page for page in CHECKS.rglob("*.py") if page.name != CALIBRATION))


def imported_ahead(pages: Iterable[Path]) -> tuple[str, ...]:
    """List the modules that judges import before they are forked.

    Args:
        pages: Check pages, and modules beside them; one that cannot be read says so when it is judged with.
    """
    pages = [page for page in pages if page.suffix == ".py"]
    theirs = {page.resolve() for page in pages if not page.name.startswith("_")}
    named = {name for page in pages for name in _imports(page)}
    # a page itself is imported by each judge anew, with the settings that its checks take
    found = {name for name in named if (place := _place(name)) is not None and place.resolve() not in theirs}
    return (*ALWAYS, *sorted(found - {*ALWAYS}))


def warm_ups(modules: Iterable[str]) -> tuple[str, ...]:
    """Name the functions that vocabularies want called ahead, as `module:function`.

    Args:
        modules: What is imported ahead.
    """
    packages = sorted({package for name in modules if (package := name.rpartition(".")[0])})
    return tuple(f"{package}.{WARM_UP}:main" for package in packages if _place(f"{package}.{WARM_UP}") is not None)


def _imports(page: Path) -> Iterator[str]:
    """Absolute names that a page imports when it is imported itself; of `from a import b` also `a.b`."""
    try:
        body = ast.parse(page.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _place(module: str) -> Path | None:
    """Find the file or folder of a module without importing anything; None where there is none, as for a neighbour."""
    first, *rest = module.split(".")
    try:
        found = importlib.util.find_spec(first)
    except (ImportError, ValueError):
        return None
    if found is None:
        return None
    if not rest:
        return Path(found.origin) if found.origin else Path(next(iter(found.submodule_search_locations or ()), "."))
    for folder in found.submodule_search_locations or ():
        place = Path(folder, *rest)
        for candidate in (place.with_suffix(".py"), place / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None
