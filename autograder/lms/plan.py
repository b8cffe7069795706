"""A plan: what would be sent to whom, what stands there now, and what stays; as JSON and as a page."""

import html
import json
from collections.abc import Mapping

from autograder.lms.results import Results

_COLUMNS: Mapping[str, str] = {
    "who": "who",
    "outcome": "what would happen",
    "points": "points",
    "there": "stands there now",
    "sends": "would be sent",
    "stays": "stays",
    "why": "why not, or what else",
}
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem; color: #1c2127; background: #fff; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #d5dae0; }
th { position: sticky; top: 0; background: #f0f2f4; }
tr.person td:nth-child(2) { font-weight: 600; color: #6b4300; }
"""


def rows_of(results: Results) -> list[dict[str, str | bool]]:
    """Return the rows of a plan, each by the names of its columns.

    Args:
        results: Of a dry run.
    """
    return [
        {
            "who": row.who,
            "outcome": row.shown,
            "needs_person": row.did.value == "needs a person",
            "points": row.points,
            "there": row.there,
            "sends": row.sends,
            "stays": row.stays,
            "why": row.why,
        }
        for row in results.rows
    ]


def as_json(results: Results) -> str:
    """Write a plan as JSON, in ASCII: nothing in it steers a terminal.

    Args:
        results: Of a dry run.
    """
    return json.dumps({"title": results.title, "rows": rows_of(results), "notes": results.notes}, indent=1)


def as_page(results: Results) -> str:
    """Write a plan as a page that stands by itself, runs nothing and fetches nothing.

    Args:
        results: Of a dry run.
    """
    head = "".join(f"<th>{html.escape(title)}</th>" for title in _COLUMNS.values())
    body = "".join(
        f'<tr class="{"person" if row["needs_person"] else "other"}">'
        + "".join(f"<td>{html.escape(str(row[column]))}</td>" for column in _COLUMNS)
        + "</tr>\n"
        for row in rows_of(results)
    )
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in results.notes)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{html.escape(results.title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{html.escape(results.title)}: plan</h1><p>Nothing has been written or sent.</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>{notes}</body></html>\n"
    )
