"""Short words for values, for the messages that students read; and for names that do not exist."""

import difflib
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograder.kernels.values import Foreign, Handle, Table

__all__ = ["brief"]

_FEW = 12
_DEEPEST = 2


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """Say that there is no such name, and which comes nearest.

    Args:
        what: E.g. `check`.
        name: As it was written.
        known: Those there are.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        return f"there is no {what} {name!r}; did you mean {near[0]!r}?"
    return f"there is no {what} {name!r}; there is: {', '.join(names) or 'none'}"


def brief(value: Any, depth: int = 0) -> str:
    """Describe a value in a few words: small things by their content, arrays by shape and dtype.

    Args:
        value: It.
        depth: How many values it stands in.
    """
    if isinstance(value, np.ndarray):
        if value.ndim == 0:
            return str(value[()])
        if value.ndim == 1 and value.size <= _FEW and value.dtype.kind in "biu":
            return f"{value.tolist()}"
        return f"an array of shape {value.shape}, {value.dtype}"
    if isinstance(value, Table):
        rows = max((len(column) for column in value.columns.values() if hasattr(column, "__len__")), default=0)
        return f"a table of {rows} row{'s' * (rows != 1)} with columns {', '.join(value.columns)}"
    if isinstance(value, Handle):
        return _with_article(value.type_name)
    if isinstance(value, Foreign):
        kind, text = _with_article(value.type_name), one_line(value.text, 80)
        return f"{kind} ({text})" if text and not text.startswith("<") else kind  # `<function f at 0x7f…>` says no more
    if isinstance(value, tuple | list):
        return _sequence(value, depth)
    if isinstance(value, dict):
        return _dictionary(value, depth)
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _with_article(noun: str) -> str:
    return f"an {noun}" if noun[:1].lower() in "aeio" else f"a {noun}"


def _sequence(value: tuple[Any, ...] | list[Any], depth: int) -> str:
    if all(isinstance(part, int | float | str | bool) for part in value) and len(value) <= _FEW:
        return repr(value)
    kind = "tuple" if isinstance(value, tuple) else "list"
    if depth >= _DEEPEST:
        return f"a {kind}"
    if len(value) > 1 and all(isinstance(part, dict) for part in value):
        entries = list(dict.fromkeys(plain_words(str(key))[:40] for part in value for key in part))
        return f"a {kind} of {len(value)} dictionaries with {', '.join(map(repr, entries[:_FEW]))}"
    if len(value) <= 4:
        return f"a {kind} of " + ", ".join(brief(part, depth + 1) for part in value)
    return f"a {kind} of {len(value)} parts, the first {brief(value[0], depth + 1)}"


def _dictionary(value: dict[Any, Any], depth: int) -> str:
    if not value:
        return "an empty dictionary"
    if depth >= _DEEPEST:
        return "a dictionary"
    parts = [f"{plain_words(str(key))[:40]!r}: {brief(part, depth + 1)}" for key, part in list(value.items())[:_FEW]]
    more = f", and {len(value) - _FEW} more" if len(value) > _FEW else ""
    return "a dictionary with " + ", ".join(parts) + more


def call_text(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Write a call the way a student would type it."""
    parts = [brief(part) for part in args] + [f"{key}={brief(part)}" for key, part in kwargs.items()]
    return f"`{name}({', '.join(parts)})`"


# What a terminal takes for colours and the like; Keras writes its errors in bold.
_TERMINAL_CODES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]?|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])?|\x9b[0-?]*[ -/]*[@-~]?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Where in its own machinery TensorFlow met an error.
_OF_TENSORFLOW = re.compile(r"\{\{(?:function_)?node [^{}]*\}\}\s?|\s?\[Op:\w+\](?: name:)?\s?")

OF_THE_CHECK = "__of_the_check"
"""Ends the names of the judge's own layers, so that they are no student's; nobody has to read it."""


def plain_words(text: str) -> str:
    """Return a text without codes for terminals, which a page would show as they are, and without marks of machinery.

    Args:
        text: A message that may quote an error of a library or of a student.
    """
    text = _OF_TENSORFLOW.sub("", _CONTROL.sub("", _TERMINAL_CODES.sub("", text)))
    return text.replace(OF_THE_CHECK, "")


# What Keras adds to its errors for those who know its inside, and what it begins them with.
_FOR_INSIDERS = re.compile(r"(?:Call a|A)rguments received by\b.*", re.DOTALL)
# All numbers of a variable that an error is about.
_NUMBERS_OF_A_VARIABLE = re.compile(r"(<Variable path=[^<>]*?), value=[^<>]*(?:>|$)")
_ENCOUNTERED = re.compile(r"^Exception encountered when calling ([\w.]+)\(\)\.\s+")


def one_line(text: str, limit: int = 300) -> str:
    """Return what an error says, in one line of bounded length.

    Args:
        text: As the error says it, perhaps over many lines.
        limit: Characters.
    """
    plain = _ENCOUNTERED.sub(r"in \1(): ", _FOR_INSIDERS.sub("", plain_words(text)).strip())
    plain = _NUMBERS_OF_A_VARIABLE.sub(r"\1>", " ".join(plain.split()))
    return plain if len(plain) <= limit else plain[: limit - 1].rstrip() + "…"


def is_of_a_stub(message: str) -> bool:
    """Whether this is what the released stubs, or nbgrader's own, raise `NotImplementedError` with."""
    return not message.strip() or message.startswith("Write your answer here")


# Errors that do not say what was done, and what to look at.
_HELP = (
    (
        re.compile(r"dtype='string' is not a valid dtype|Expected `loss_weights` argument"),
        "write `metrics=['accuracy']`, by name: the third argument of `compile` is `loss_weights`, not the metrics",
    ),
    (
        re.compile(r"\bUnknown variable: <|optimizer can only be called for the variables"),
        "make a new optimizer for each model, and inside the function: it knows the arrays of one model only",
    ),
    # Slips of writing, of which no hint of a check speaks.
    (re.compile(r"^name '\w+' is not defined"), "is this name spelt like that, and set before it is used?"),
    (
        re.compile(r"^cannot access local variable|^local variable '\w+' referenced before"),
        "give this variable a value on every way through the function",
    ),
    (re.compile(r"^No module named '"), "this is not there where notebooks are graded; do without it"),
    (
        re.compile(r"^module '[\w.]+' has no attribute '"),
        "is this spelt like that, and does the package have it in the version of the course?",
    ),
)
_ONLY_A_NUMBER = re.compile(r"^-?\d+$")


def what_helps(error: str, type_name: str = "") -> str:
    """Return what to try where an error does not say it by itself, "" where nothing is known.

    Args:
        error: What it says.
        type_name: Of its class, if known.
    """
    if type_name == "MemoryError":
        return "it takes more memory than a notebook has where it is graded"
    if type_name == "KeyError" and _ONLY_A_NUMBER.match(error):
        return "rows of a filtered table keep the numbers they had: count with `iloc`, or `reset_index` of a copy"
    return next((help_ for pattern, help_ in _HELP if pattern.search(error)), "")


def ordinal_list(names: list[str]) -> str:
    """Join names the way a sentence does: `a, b and c`."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
