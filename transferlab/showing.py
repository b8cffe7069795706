"""A figure with its description, its caption and its numbers, in one output of a notebook."""

import base64
import html
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PIXELS_PER_INCH = 110


class Shown:
    """What `show` returns; Jupyter displays it as HTML, a terminal as text."""

    def __init__(self, picture: bytes, alt: str, caption: str, table: "pd.DataFrame | None") -> None:
        self.picture = picture
        self.alt = alt
        self.caption = caption
        self.table = table

    def _repr_html_(self) -> str:
        source = f"data:image/png;base64,{base64.b64encode(self.picture).decode()}"
        image = f'<img src="{source}" alt="{html.escape(self.alt)}" style="max-width: 100%">'
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>" if self.caption else ""
        table = ""
        if self.table is not None:
            inner = self.table.to_html(border=0)
            table = f"<details><summary>The same as a table</summary>{inner}</details>"
        return f'<figure style="margin: 0.5em 0">{image}{caption}{table}</figure>'

    def __repr__(self) -> str:
        parts = [f"[figure: {self.alt}]", self.caption, "" if self.table is None else self.table.to_string()]
        return "\n".join(part for part in parts if part)


def show(figure: "Figure | Axes | Any", *, alt: str, caption: str = "", table: "pd.DataFrame | None" = None) -> Shown:
    """Show a figure together with what it says in words and in numbers.

    Args:
        figure: A Matplotlib figure, or Axes in one. It is closed, so that Jupyter does not draw it a second time.
        alt: What there is to see, for those who cannot see it; one or two sentences.
        caption: Written below the figure.
        table: The numbers behind the figure, folded away below the caption.

    Returns:
        An object for the last line of a cell.

    Raises:
        ValueError: `alt` is empty.
        TypeError: `figure` is neither a figure nor Axes.
    """
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    if not alt.strip():
        raise ValueError("alt is empty; say in a sentence what there is to see")
    drawn = figure.get_figure(root=True) if isinstance(figure, Axes) else figure
    if not isinstance(drawn, Figure):
        raise TypeError(f"figure is a {type(figure).__name__}; show needs a Matplotlib figure, or Axes in one")
    written = io.BytesIO()
    drawn.savefig(written, format="png", dpi=_PIXELS_PER_INCH, bbox_inches="tight")
    plt.close(drawn)
    return Shown(written.getvalue(), alt, caption, table)
