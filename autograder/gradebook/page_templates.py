"""Where nbgrader's pages, feedback and formgrader's, find their templates: ours first, then nbgrader's own."""

from importlib.util import find_spec
from pathlib import Path

_NBGRADER = find_spec("nbgrader")  # not imported: this is read wherever a course's settings are
PAGE_TEMPLATES = [
    str(Path(__file__).with_name("templates")),
    *(
        str(Path(place, "server_extensions", "formgrader", "templates"))
        for place in (_NBGRADER.submodule_search_locations or () if _NBGRADER else ())
    ),
]
"""For `c.HTMLExporter.extra_template_basedirs`. Without ours, every page fetches MathJax from elsewhere."""
