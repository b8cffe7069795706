"""What plotly and Vega-Lite have in common in the JSON that they publish. Nothing in it is evaluated."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

MAX_ROWS = 20_000
_TAG = re.compile(r"<[^<>]{0,200}>")


class CannotRead(ValueError):
    """A figure that only a person can read; the message names it."""


def plain_text(text: Any) -> str:
    """Return a text without tags; nothing for what is no text."""
    return _TAG.sub(" ", text).strip()[:200] if isinstance(text, str) else ""


def title_text(title: Any) -> str:
    """Return the words of a title, however it is written down."""
    if isinstance(title, Mapping):
        title = title.get("text")
    if isinstance(title, list):
        title = " ".join(part for part in title if isinstance(part, str))
    return plain_text(title)


def number_or_category(value: Any, categories: list[str]) -> float | None:
    """A number; a text gets the place of its category, as on an axis of categories."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if np.isfinite(value) else None
    text = plain_text(str(value))
    try:
        return float(text)
    except ValueError:
        if text not in categories:
            categories.append(text)
        return float(categories.index(text))
