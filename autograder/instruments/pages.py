"""HTML pages of the instruments: self-contained, no script, readable on a phone and on paper."""

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder.gradebook.feedback import points_text, with_code
from autograder.report.visible import visible

MARKS = {"PASS": "✓ passed", "FAIL": "✗ not passed", "ERROR": "? undecided", "SKIPPED": "– not tried"}


@lru_cache(maxsize=4)
def environment(room: str = "autograder.instruments") -> Environment:
    """Return what the pages are made with.

    Args:
        room: The package whose templates they are.
    """
    made = Environment(
        loader=PackageLoader(room),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update({"points": points_text, "with_code": with_code, "visible": visible})
    made.globals["marks"] = MARKS
    return made
