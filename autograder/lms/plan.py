"""A plan: what would be sent to whom, what stands there now, and what stays; as JSON and as a page."""

import html
import json
from collections import Counter
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
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 90rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { text-align: left; vertical-align: top; padding: .4rem .5rem; border-bottom: 1px solid #8886;
  overflow-wrap: anywhere; }
th { position: sticky; top: 0; background: Canvas; }
th:nth-child(1) { width: 19%; } th:nth-child(2) { width: 9%; } th:nth-child(3) { width: 6%; }
th:nth-child(4), th:nth-child(5), th:nth-child(6) { width: 13%; }
tr.person td { background: #f9a82522; }
tr.person td:nth-child(2) { font-weight: 600; }
@media (max-width: 50rem) {
  table, tbody, tr, td { display: block; }
  thead { display: none; }
  tr { border: 1px solid #8886; border-radius: .4rem; margin: 0 0 .8rem; overflow: hidden; }
  td { border: 0; padding: .2rem .6rem; }
  td:empty { display: none; }
  td::before { content: attr(data-title) ": "; color: GrayText; }
  td:nth-child(1) { font-weight: 600; padding-top: .5rem; }
  td:nth-child(1)::before { content: none; }
}
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
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in _COLUMNS.values())
    # who needs a person stands first: there is something to do
    rows = sorted(rows_of(results), key=lambda row: not row["needs_person"])
    body = "".join(
        f'<tr class="{"person" if row["needs_person"] else "other"}">'
        + "".join(
            f'<td data-title="{html.escape(title)}">{html.escape(str(row[column]))}</td>'
            for column, title in _COLUMNS.items()
        )
        + "</tr>\n"
        for row in rows
    )
    counts = Counter(str(row["outcome"]) for row in rows)
    summary = ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "nothing to do"
    needing = sum(bool(row["needs_person"]) for row in rows)
    waits = f" <strong>{needing} of them need a person</strong>, and stand first." if needing else ""
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in results.notes)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Plan: {html.escape(results.title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>Plan: {html.escape(results.title)}</h1><p>Nothing has been written or sent. "
        f"{len(rows)} rows: {html.escape(summary)}.{waits}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>{notes}</body></html>\n"
    )
