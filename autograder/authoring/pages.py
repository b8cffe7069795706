"""What stands on the check pages of an exercise, read without judging anything."""

import functools
import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

import hypothesis

import autograder.checks
from autograder.course.exercise import page_of, pages_from
from autograder.judge.checking import CheckSettings
from autograder.judge.session import importing_beside
from autograder.kernels.inner.server import greetings_held_back

CHECKS = Path(autograder.checks.__path__[0])


def pages_of(exercise: str, checks: Path = CHECKS) -> tuple[Path, ...]:
    """List the check pages of an exercise.

    Args:
        exercise: The slug.
        checks: The folder of check pages.
    """
    return pages_from(page_of(exercise, checks))


@functools.cache
def checks_of(pages: tuple[Path, ...]) -> dict[str, CheckSettings]:
    """Read what the `check` decorators of some pages say, by name of check, in the order of the pages.

    Args:
        pages: The check pages.
    """
    return {
        name: found.check_settings
        for page in pages
        for name, found in vars(_module(page)).items()
        if isinstance(getattr(found, "check_settings", None), CheckSettings) and found.__module__ == _name(page)
    }


@functools.cache
def checks_that_draw(pages: tuple[Path, ...]) -> frozenset[str]:
    """Name the checks whose arguments are drawn by hypothesis: luck may decide whether they notice something.

    Args:
        pages: The check pages.
    """
    return frozenset(
        name for page in pages for name in checks_of((page,)) if hasattr(vars(_module(page))[name], "hypothesis")
    )


def _name(page: Path) -> str:
    if not page.is_relative_to(CHECKS):
        return f"check_page_{page.stem}"
    return ".".join(["autograder.checks", *page.relative_to(CHECKS).with_suffix("").parts])


def _module(page: Path) -> ModuleType:
    """Import a page with the judge's settings for draws: what is imported here is judged with in this process."""
    from autograder.judge import plugin  # registers them

    before = hypothesis.settings.get_current_profile_name()
    hypothesis.settings.load_profile(plugin.PROFILE)
    try:
        return _imported(page)
    finally:
        hypothesis.settings.load_profile(before)


def _imported(page: Path) -> ModuleType:
    if page.is_relative_to(CHECKS):
        with greetings_held_back():
            return importlib.import_module(_name(page))
    specification = importlib.util.spec_from_file_location(_name(page), page)
    if specification is None or specification.loader is None:
        raise ImportError(f"{page} is no check page; it must be a Python file")
    module = importlib.util.module_from_spec(specification)
    with importing_beside([page]), greetings_held_back():
        specification.loader.exec_module(module)
    return module
