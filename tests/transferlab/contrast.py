"""Whether the words in a figure can be read: their colour against what is drawn behind them."""

from collections.abc import Iterator

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.text import Text

LEAST = 4.5
"""What WCAG 2 asks for, of text."""


def _luminance(colour: np.ndarray) -> float:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def pale_words(figure: plt.Figure) -> Iterator[str]:
    """Yield each text of a figure that has too little contrast with what is behind it, with the ratio.

    Args:
        figure: Drawn anew, without its texts.
    """
    figure.canvas.draw()
    unseen = {
        id(text)
        for axes in figure.axes
        if not axes.axison
        for text in axes.xaxis.findobj(Text) + axes.yaxis.findobj(Text)
    }
    texts = [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in unseen
    ]
    boxes = {text: text.get_window_extent() for text in texts}
    figure.set_layout_engine("none")  # or all would move together
    for text in texts:
        text.set_visible(False)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3] / 255
    for text, box in boxes.items():
        rows, columns = (slice(max(int(low), 0), int(high) + 1) for low, high in ((box.y0, box.y1), (box.x0, box.x1)))
        behind = pixels[rows, columns].reshape(-1, 3)
        if text.get_bbox_patch() is not None:
            behind = np.array([mpl.colors.to_rgb(text.get_bbox_patch().get_facecolor())])
        if len(behind):
            shades = sorted(map(_luminance, (np.median(behind, axis=0), np.array(mpl.colors.to_rgb(text.get_color())))))
            ratio = (shades[1] + 0.05) / (shades[0] + 0.05)
            if ratio < LEAST:
                yield f"{text.get_text()!r}: {ratio:.1f}"
