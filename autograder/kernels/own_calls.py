"""A notebook's own functions: what its cells get from them, and how their slips do no harm while others are judged.

Stand-alone, like `probe.py`, which loads it by path in a kernel. Calls are noted only of a function that has lost
points; see `autograder.kerasmodels.charged_once`, which asks whether a cell has left what its own function gave it.
"""

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
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


@contextlib.contextmanager
def mended(namespace: dict[str, Any], fallbacks: dict[str, Any]) -> Iterator[None]:
    """Have functions of the notebook that raise, or return nothing, do no harm while a later one is judged.

    What they do otherwise stays as it is: no answer of ours ever enters a kernel. Of one that only looks at a model,
    which gives a dictionary, the model's flags are put back.

    Args:
        namespace: The notebook's names.
        fallbacks: Name of a function to what it gives where it gives nothing: a dictionary, of which it also gets the
            entries that its own lacks; None: its first argument.
    """
    own = {name: namespace[name] for name in fallbacks if callable(namespace.get(name))}
    ours = {name: _mended(function, fallbacks[name]) for name, function in own.items()}
    namespace.update(ours)
    try:
        yield
    finally:
        namespace.update({name: own[name] for name in own if namespace.get(name) is ours[name]})


def _flags(given: list[Any]) -> list[tuple[Any, str, bool]]:
    """Return who holds the flags of models, under what name, and which they are: each layer for itself, and variables.

    Setting the flag of a layer sets those of all layers inside, so they are put back one by one behind that name.
    """
    import keras

    found = []
    for model in (value for value in given if isinstance(value, keras.Model)):
        for layer in model._flatten_layers():  # noqa: SLF001 (no public way to layers inside layers)
            found.append((layer, "_trainable", layer._trainable))  # noqa: SLF001
            found += [(variable, "trainable", variable.trainable) for variable in layer._trainable_variables]  # noqa: SLF001
    return found


def _mended(function: Callable[..., Any], fallback: dict[str, Any] | None) -> Callable[..., Any]:
    @functools.wraps(function)
    def mended_function(*args: Any, **kwargs: Any) -> Any:
        found = None
        flags = [] if fallback is None else _flags([*args, *kwargs.values()])
        with contextlib.suppress(Exception):  # the slip is charged where this function is judged
            found = function(*args, **kwargs)
        for holder, name, flag in flags:
            setattr(holder, name, flag)
        if fallback is None:
            return next(iter((*args, *kwargs.values())), None) if found is None else found
        return {**fallback, **found} if isinstance(found, dict) else dict(fallback)

    return mended_function
