"""Reads the arrays that PyTorch before 1.6 wrote with `torch.save(model.state_dict(), ...)`; NumPy is enough.

Such a file is a row of pickles (a magic number, a version, sizes of C types, the names and shapes of the arrays, the
order of their storages) and then the bare numbers. A pickle can call anything, so nothing here is unpickled: a small
stack machine walks through the instructions, knows the few that a dictionary of arrays needs, and refuses all others.
"""

import io
import math
import pickletools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Arrays = dict[str, np.ndarray[Any, Any]]
MAX_BYTES = 512 * 2**20
MAX_INSTRUCTIONS = 200_000
MAX_DIMENSIONS = 8
_MAGIC = 119547037146038801333356
_VERSION = 1001
_TYPES: dict[str, np.dtype[Any]] = {
    "torch FloatStorage": np.dtype("<f4"),
    "torch DoubleStorage": np.dtype("<f8"),
    "torch LongStorage": np.dtype("<i8"),
    "torch IntStorage": np.dtype("<i4"),
}


class NotArraysOnly(ValueError):
    """The file is no dictionary of arrays in PyTorch's format of before 1.6."""


class _Name(str):
    """What a pickle names by module and attribute; only some names mean something here, and none is imported."""

    __slots__ = ()


class _Storage(NamedTuple):
    key: str
    dtype: np.dtype[Any]
    size: int


class _Lazy(NamedTuple):
    """An array before its numbers are read."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_arrays(path: Path) -> Arrays:
    """Read all arrays of a state dictionary.

    Args:
        path: Of the file.

    Returns:
        Name to array, in the order of the file.

    Raises:
        NotArraysOnly: It holds anything else, is cut short, or is too large; the sentence says which.
        OSError: It cannot be read.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise NotArraysOnly(f"{path} has {size:,} bytes, more than the {MAX_BYTES:,} that are read")
    stream = io.BytesIO(path.read_bytes())
    try:
        return _arrays(stream)
    except NotArraysOnly as reason:
        raise NotArraysOnly(f"{path} is no file of arrays in PyTorch's format of before 1.6: {reason}") from None


def _arrays(stream: io.BytesIO) -> Arrays:
    if _value(stream) != _MAGIC or _value(stream) != _VERSION:
        raise NotArraysOnly("it does not begin with PyTorch's magic number and version")
    system, named, keys = _value(stream), _value(stream), _value(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise NotArraysOnly("its numbers are not stored with the lowest byte first")
    if not isinstance(named, dict) or not all(
        isinstance(name, str) and isinstance(value, _Lazy) for name, value in named.items()
    ):
        raise NotArraysOnly("it holds something beside arrays with names")
    storages = {lazy.storage.key: lazy.storage for lazy in named.values()}
    if not isinstance(keys, list) or len(keys) != len(storages) or set(keys) != set(storages):
        raise NotArraysOnly("its list of storages is not that of its arrays")
    numbers = {key: _numbers(stream, storages[key]) for key in keys}
    return {name: _cut(lazy, numbers[lazy.storage.key]) for name, lazy in named.items()}


def _numbers(stream: io.BytesIO, storage: _Storage) -> np.ndarray[Any, Any]:
    size = int.from_bytes(stream.read(8), "little")
    raw = stream.read(size * storage.dtype.itemsize) if size == storage.size else b""
    if size != storage.size or len(raw) != size * storage.dtype.itemsize:
        raise NotArraysOnly(f"storage {storage.key!r} is cut short or has another size than announced")
    return np.frombuffer(raw, storage.dtype)


def _cut(lazy: _Lazy, numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array as a view into its storage, which may hold its axes in another order."""
    last = lazy.offset + sum((side - 1) * stride for side, stride in zip(lazy.shape, lazy.strides, strict=True))
    if last >= len(numbers) or math.prod(lazy.shape) > len(numbers) or 0 in lazy.shape:
        raise NotArraysOnly("an array does not lie within its storage")
    strides = [stride * numbers.itemsize for stride in lazy.strides]
    return np.lib.stride_tricks.as_strided(numbers[lazy.offset :], lazy.shape, strides, writeable=False)


# --- the stack machine


def _value(stream: io.BytesIO) -> Any:
    """What one pickle stands for."""
    machine = _Machine()
    try:
        for instruction, argument, _ in _bounded(pickletools.genops(stream)):
            if instruction.name == "STOP":
                return machine.take()
            machine.run(instruction.name, argument)
    except NotArraysOnly:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise NotArraysOnly(f"one of its pickles is damaged ({error})") from error
    raise NotArraysOnly("it is cut short")


def _bounded(instructions: Iterator[Any]) -> Iterator[Any]:
    for count, instruction in enumerate(instructions):
        if count > MAX_INSTRUCTIONS:
            raise NotArraysOnly(f"one of its pickles has more than {MAX_INSTRUCTIONS:,} instructions")
        yield instruction


class _Machine:
    """Knows texts, numbers, tuples, lists, dictionaries, and how PyTorch rebuilds an array."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def take(self) -> Any:
        """The topmost value, off the stack."""
        return self.stack.pop()

    def since_mark(self) -> list[Any]:
        """All values above the last mark, off the stack."""
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def run(self, name: str, argument: Any) -> None:
        """Carry out one instruction.

        Args:
            name: As pickletools names it.
            argument: What stands behind it in the file.

        Raises:
            NotArraysOnly: It is none of those that a dictionary of arrays needs.
        """
        if name in _PUSHING:
            self.stack.append(_PUSHING[name](argument))
        elif name in _TUPLES:
            count = _TUPLES[name]
            values = [self.take() for _ in range(count)][::-1] if count else self.since_mark()
            self.stack.append(tuple(values))
        elif name in _DOING:
            _DOING[name](self, argument)
        else:
            raise NotArraysOnly(f"it asks for the pickle instruction {name}, which arrays do not need")

    def remember(self, number: int) -> None:
        """Note the topmost value."""
        self.memo[number] = self.stack[-1]

    def recall(self, number: int) -> None:
        """Put a noted value on the stack."""
        self.stack.append(self.memo[number])

    def mark(self) -> None:
        """Mark where a row of values begins."""
        self.marks.append(len(self.stack))

    def append(self, values: list[Any]) -> None:
        """Add texts to the list on the stack."""
        self.stack[-1].extend(_plain(value, str) for value in values)

    def enter(self, values: list[Any]) -> None:
        """Add keys and values, in turn, to the dictionary on the stack."""
        self.stack[-1].update({_plain(k, str): v for k, v in zip(values[::2], values[1::2], strict=True)})

    def refer(self) -> None:
        """Put in place of its description a storage whose numbers come later."""
        self.stack.append(_storage(self.take()))

    def call(self) -> None:
        """Put in place of a name and its arguments what PyTorch would rebuild from them."""
        arguments = self.take()
        self.stack.append(_rebuilt(self.take(), arguments))


_PUSHING: dict[str, Callable[[Any], Any]] = {
    "GLOBAL": _Name,
    "EMPTY_DICT": lambda _: {},
    "EMPTY_LIST": lambda _: [],
    "EMPTY_TUPLE": lambda _: (),
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    **dict.fromkeys(("BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1"), lambda value: value),
}
_DOING: dict[str, Callable[[_Machine, Any], Any]] = {
    "PROTO": lambda *_: None,
    "BINPUT": _Machine.remember,
    "LONG_BINPUT": _Machine.remember,
    "BINGET": _Machine.recall,
    "LONG_BINGET": _Machine.recall,
    "MARK": lambda machine, _: machine.mark(),
    "APPEND": lambda machine, _: machine.append([machine.take()]),
    "APPENDS": lambda machine, _: machine.append(machine.since_mark()),
    "SETITEM": lambda machine, _: machine.enter([machine.take(), machine.take()][::-1]),
    "SETITEMS": lambda machine, _: machine.enter(machine.since_mark()),
    "BINPERSID": lambda machine, _: machine.refer(),
    "REDUCE": lambda machine, _: machine.call(),
    "BUILD": lambda machine, _: machine.take(),  # attributes of the dictionary: version numbers of PyTorch's layers
}
_TUPLES = {"TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def _plain(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise NotArraysOnly(f"{kind.__name__} was expected where it has {type(value).__name__}")
    return value


def _said(value: Any) -> str:
    """A name, or only the kind of anything else, whose text might be endless."""
    return value[:100] if type(value) is _Name else f"a {type(value).__name__}"


def _storage(described: Any) -> _Storage:
    kind, dtype, key, _place, size, _view = _plain(described, tuple)
    if kind != "storage" or type(dtype) is not _Name or dtype not in _TYPES:
        raise NotArraysOnly(f"it refers to {_said(dtype)}, which is no storage of numbers")
    if not 0 <= _plain(size, int) <= MAX_BYTES:
        raise NotArraysOnly(f"a storage announces {size:,} numbers")
    return _Storage(_plain(key, str), _TYPES[dtype], size)


def _rebuilt(called: Any, arguments: Any) -> Any:
    """The two things a state dictionary calls: an empty ordered dictionary, and PyTorch's way to rebuild an array."""
    if type(called) is _Name and called == "collections OrderedDict" and arguments == ():
        return {}
    if type(called) is not _Name or called != "torch._utils _rebuild_tensor_v2":
        raise NotArraysOnly(f"it wants to call {_said(called)}, which is never done here")
    storage, offset, shape, strides, _gradient, _hooks = _plain(arguments, tuple)
    numbers = (offset, *_plain(shape, tuple), *_plain(strides, tuple))
    if len(shape) > MAX_DIMENSIONS or len(shape) != len(strides) or any(_plain(n, int) < 0 for n in numbers):
        raise NotArraysOnly("an array has a shape that no array has")
    return _Lazy(_plain(storage, _Storage), offset, shape, strides)
