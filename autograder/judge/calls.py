"""Notes what a check asked and what came back, for `autograder.judge.evidence`: in little room, calls as code."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.judge.checking import Failed
from autograder.judge.evidence import Asked, Evidence
from autograder.judge.wording import brief, plain_words
from autograder.kernels.values import Table

MAX_TEXT, MAX_EXAMPLE, MAX_TRACEBACK = 300, 2_500, 4_000
"""Characters."""
MAX_NUMBERS = 400
"""In one array of an example."""
KEPT_CALLS, KEPT_CALLS_IN_FULL = 3, 40
_DEEPEST = 6
_CUT = "…"


@dataclass(frozen=True)
class _Said:
    text: str


class Witness:
    """Notes the calls of one check, in little room.

    Args:
        in_full: Keep many calls, as code where that is possible.
    """

    def __init__(self, *, in_full: bool = False) -> None:
        self._in_full = in_full
        self._calls: deque[tuple[str, str, tuple[Any, ...], Mapping[str, Any], Any]] = deque(
            maxlen=KEPT_CALLS_IN_FULL if in_full else KEPT_CALLS
        )
        self._count = 0

    def note(
        self, called: str, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], came: Any, said: str = ""
    ) -> None:
        """Note a call.

        Args:
            called: The call, as text.
            name: Of the function.
            args: What it was given.
            kwargs: What it was given by name.
            came: What it returned.
            said: What is said instead: of what it raised, say.
        """
        self._count += 1
        self._calls.append((called, name, args, kwargs, _Said(said) if said else came))

    def evidence(self, seed: int, problem: Failed | None = None, traceback: str = "") -> Evidence:
        """Return what was noted.

        Args:
            seed: Of the check's draws.
            problem: How the check failed, if so.
            traceback: Of an error inside the check.
        """
        example = ""
        if problem is not None and self._calls:
            called, name, args, kwargs, _ = self._calls[-1]
            if problem.called == called or f"{name}(" in problem.called:  # another one would lead astray
                example = call_code(name, args, kwargs)
        return Evidence(
            asked=tuple(self._asked(*call) for call in self._calls),
            calls=self._count,
            came_back=_clip(problem.came_back) if problem else "",
            expected=_clip(problem.expected) if problem else "",
            example=example,
            seed=seed,
            traceback=plain_words(traceback)[-MAX_TRACEBACK:],
        )

    def _asked(self, called: str, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], came: Any) -> Asked:
        return Asked(_clip(called), _clip(_shown(came)), call_code(name, args, kwargs) if self._in_full else "")


def call_code(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Write a call as code that can be pasted and run; empty if its values are too many, or only the judge has them.

    Args:
        name: Of the function.
        args: What it is given.
        kwargs: What it is given by name.
    """
    try:
        parts = [_code(value) for value in args] + [f"{key}={_code(value)}" for key, value in kwargs.items()]
    except (ValueError, RecursionError):
        return ""
    call = f"{name}({', '.join(parts)})"
    if len(call) > 100:
        call = f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + ")"
    imports = ["import numpy as np"] * ("np." in call) + ["import pandas as pd"] * ("pd." in call)
    code = "\n".join([*imports, call])
    return code if len(code) <= MAX_EXAMPLE else ""


def _code(value: Any, depth: int = 0) -> str:
    """Write a value as an expression.

    Raises:
        ValueError: That cannot be done, or not shortly.
    """
    if depth > _DEEPEST:
        raise ValueError("too deep")
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if np.isfinite(value) else f'float("{value}")'
    if isinstance(value, np.ndarray):
        return _array_code(value)
    if isinstance(value, np.generic):
        return f"np.{value.dtype.name}({_code(value.item(), depth + 1)})"
    if isinstance(value, Table):
        index = "" if value.index is None else f", index={_code(value.index, depth + 1)}"
        return f"pd.DataFrame({_code(dict(value.columns), depth + 1)}{index})"
    if isinstance(value, dict):
        pairs = (f"{_code(key, depth + 1)}: {_code(part, depth + 1)}" for key, part in value.items())
        return "{" + ", ".join(pairs) + "}"
    if type(value) in (list, tuple):
        inner = ", ".join(_code(part, depth + 1) for part in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    raise ValueError(f"a {type(value).__name__} cannot be written as code")


def _array_code(array: np.ndarray[Any, Any]) -> str:
    if array.dtype.kind not in "biuf":
        raise ValueError(f"an array of {array.dtype} cannot be written as code")
    dtype = "bool" if array.dtype.kind == "b" else f"np.{array.dtype.name}"
    if not array.size or (array.size > 1 and (array == array.flat[0]).all()):
        fill = _code(array.flat[0].item()) if array.size else "0"
        return f"np.full({array.shape}, {fill}, dtype={dtype})"
    if array.size > MAX_NUMBERS:
        raise ValueError("too many numbers")
    numbers = "[" + ", ".join(map(_number_code, array.ravel().tolist())) + "]"
    return f"np.array({numbers}, dtype={dtype})" + (f".reshape({array.shape})" if array.ndim != 1 else "")


def _number_code(value: float) -> str:
    return _code(value) if np.isfinite(value) else f"np.{value}" if value > 0 or np.isnan(value) else "-np.inf"


def _shown(value: Any) -> str:
    try:
        return value.text if isinstance(value, _Said) else brief(value)
    except (RecursionError, ValueError, TypeError):
        return "a value that cannot be shown"


def _clip(text: str) -> str:
    plain = plain_words(text[: 4 * MAX_TEXT])
    return plain if len(plain) <= MAX_TEXT else plain[: MAX_TEXT - 1] + _CUT
