"""Figures in pages of HTML: those of libraries whose call for drawing holds the data."""

import json
import re
from typing import Any

from autograder.judge.figure_plotly import plotly_figure
from autograder.judge.figure_specs import CannotRead
from autograder.judge.figure_vega import vega_figure
from autograder.judge.figures import Figure


def figure_in_page(html: str) -> Figure:
    """Read the figure that a page of HTML draws, if it is one of plotly's or Vega's.

    Args:
        html: The page, or its part from the drawing call on.

    Raises:
        CannotRead: It is another one.
    """
    if html.startswith("Plotly.newPlot("):
        places = [found.start() for found in re.finditer(r"[\[{]", html[:20_000])][:1]
        for start in places:
            data, end = _decoded(html, start, "a plotly figure")
            layout_at = html.find("{", end)
            layout = _decoded(html, layout_at, "a plotly figure")[0] if 0 <= layout_at < end + 50 else {}
            return plotly_figure({"data": data, "layout": layout})
    if "vegaEmbed" in html:
        for found in re.finditer(r"\}\)\(\s*\{|=\s*\{", html):
            spec, _ = _decoded(html, found.end() - 1, "")
            if isinstance(spec, dict) and any(
                key in spec for key in ("mark", "layer", "hconcat", "vconcat", "concat", "facet", "repeat")
            ):
                return vega_figure(spec)
        raise CannotRead("an Altair figure")
    kind = next((name for tag, name in (("<svg", "a drawing"), ("<img", "a picture")) if tag in html), "a page of HTML")
    raise CannotRead(kind)


def _decoded(text: str, start: int, what: str) -> tuple[Any, int]:
    try:
        return json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        if what:
            raise CannotRead(what) from error
        return None, start
