"""What a notebook's own cells get from a function of theirs: with what it is called, and what it returns.

Stand-alone, like `probe.py`, which loads it by path in a kernel. Only a function that has lost points is noted; see
`autograder.kerasmodels.charged_once`, which asks whether a cell has left what its own function gave it.
"""

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

MAX_CALLS = 40


class Notes(NamedTuple):
    """How calls are noted."""

    as_plain: Callable[[Any], Any]
    """Makes of what is given or returned something that does not change afterwards."""
    is_asked: Callable[[], bool]
    """Whether the judge asks: its own calls are not noted."""
    trainings: Callable[[], int]
    """How many trainings of the notebook's have been noted so far."""


_calls: dict[str, list[dict[str, Any]]] = {}
"""By name of the function, oldest first: what was `given`, which of it are `functions`, what was `returned`, and how
many `trainings` there had been before it and after."""


def note(name: str, namespace: dict[str, Any], notes: Notes) -> None:
    """From now on, note the calls of a function of the notebook.

    Args:
        name: Of the function.
        namespace: The notebook's names.
        notes: How.
    """
    function = namespace.get(name)
    _calls[name] = []
    if callable(function):
        namespace[name] = _noting(function, _calls[name], notes)


def forget() -> None:
    """Forget all calls."""
    _calls.clear()


def calls_of(name: str) -> list[dict[str, Any]]:
    """Return the records of a function's calls."""
    return _calls.get(name, [])


def _noting(function: Callable[..., Any], calls: list[dict[str, Any]], notes: Notes) -> Callable[..., Any]:
    def noted(*args: Any, **kwargs: Any) -> Any:
        if notes.is_asked():
            return function(*args, **kwargs)
        given, before = _arguments(function, args, kwargs), notes.trainings()
        record = {"given": notes.as_plain(given), "functions": [value if callable(value) else None for value in given]}
        returned = function(*args, **kwargs)
        calls.append(record | {"returned": notes.as_plain(returned), "trainings": (before, notes.trainings())})
        del calls[:-MAX_CALLS]
        return returned

    with contextlib.suppress(Exception):  # an object that can be called may be made in any way
        functools.update_wrapper(noted, function)
    return noted


def _arguments(function: Callable[..., Any], args: Any, kwargs: Any) -> list[Any]:
    """Return what a call gives, in the order of the function's parameters, whatever their names are."""
    try:
        return list(inspect.signature(function).bind(*args, **kwargs).arguments.values())
    except (TypeError, ValueError):
        return [*args, *kwargs.values()]
