"""Plain values across the border between a student's kernel and the judge: JSON for structure, `.npy` bytes for arrays.

Stand-alone: the template loads this file by path into kernels, where nothing of `autograder` exists, and the judge
imports it. Nothing is ever unpickled, evaluated or imported on either side. Array headers are read, and their sizes
bounded, before any data is touched.

A value becomes a *node*, a small JSON object whose `k` says what it is:

    {"k": "none" | "bool" | "int" | "float" | "str", "v": ...}      float: NaN and infinities as text
    {"k": "array", "i": 3, "type": "numpy.ndarray"}                  buffer number 3; `type` before it was converted
    {"k": "list" | "tuple" | "set", "v": [node, ...]}
    {"k": "dict", "v": [[node, node], ...]}
    {"k": "table", "v": [[name, node], ...], "index": node}          a DataFrame, by column; numbers of its rows, if
                                                                     they are not 0, 1, 2, …
    {"k": "handle", "id": "m1", "type": "Sequential"}                an object that stays where it is (a Keras model)
    {"k": "other", "type": "generator", "text": "<generator ...>"}   anything else, named but not carried
"""

import io
import math
import numbers
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

MAX_ARRAY_BYTES = 64 * 2**20
MAX_NODES = 20_000
MAX_DEPTH = 24
MAX_TEXT = 20_000
MAX_INT_BITS = 256
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
CARRIED_KINDS = "biufcUS"  # numpy dtype kinds: no objects, no records, no dates


class ProtocolError(ValueError):
    """What came across does not follow the format above."""


class Foreign(NamedTuple):
    """A value that was not carried across."""

    type_name: str
    text: str


class Handle(NamedTuple):
    """An object that stayed in the kernel."""

    id: str
    type_name: str


class Table(NamedTuple):
    """A data frame, by column; named levels of its index are columns too, in front of the others."""

    columns: dict[str, Any]
    """Arrays or lists of one length."""
    index: Any = None
    """Numbers of the rows where they are others than 0, 1, 2, …, as sorting or filtering leaves them."""


def type_name(value: object) -> str:
    """Return a short qualified name of the value's type; never runs code of the value."""
    kind = type(value)
    module = type.__getattribute__(kind, "__module__")
    name = type.__getattribute__(kind, "__qualname__")
    return str(name) if module in ("builtins", "__main__") else f"{str(module).split('.')[0]}.{name}"


def safe_text(value: object, limit: int = 200) -> str:
    """Return `repr(value)` cut to `limit` characters; a repr that raises gives the type's name."""
    try:
        text = repr(value)
    except Exception:  # a student's __repr__ may raise anything; the name of the type is still worth having
        text = f"<{type_name(value)}>"
    text = _ADDRESS.sub("", text)  # another one every time, and the same work gets the same words
    return text if len(text) <= limit else text[: limit - 1] + "…"


class Encoder:
    """Turns values into nodes and buffers.

    Args:
        handle_for: Called with every object that is not a plain value; returns a `Handle` for what should stay where
            it is, else None.
    """

    def __init__(self, handle_for: Callable[[object], Handle | None] | None = None) -> None:
        self.buffers: list[bytes] = []
        self._handle_for = handle_for or (lambda value: None)
        self._nodes = 0
        self._bytes = 0

    def encode(self, value: Any, depth: int = 0) -> dict[str, Any]:
        """Return the node of `value`; arrays go to `self.buffers`."""
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            return {"k": "other", "type": type_name(value), "text": "nested too deeply, or too many parts"}
        if value is None:
            return {"k": "none"}
        scalar = self._scalar(value)
        if scalar is not None:
            return scalar
        handle = self._handle_for(value)
        if handle is not None:
            return {"k": "handle", "id": handle.id, "type": handle.type_name}
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value, value)
        if isinstance(value, list | tuple | set | frozenset | dict) and len(value) > MAX_NODES - self._nodes:
            return {"k": "other", "type": type_name(value), "text": f"{len(value)} parts, more than are carried"}
        if isinstance(value, Table):  # before tuples, of which it is one
            return self._table(list(value.columns.items()), depth, value.index)
        if isinstance(value, list | tuple | set | frozenset):
            kind = "list" if isinstance(value, list) else "tuple" if isinstance(value, tuple) else "set"
            return {"k": kind, "v": [self.encode(part, depth + 1) for part in value]}
        if isinstance(value, dict):
            pairs = [[self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()]
            return {"k": "dict", "v": pairs}
        return self._converted(value, depth)

    def _scalar(self, value: Any) -> dict[str, Any] | None:
        if type(value) is bool:
            return {"k": "bool", "v": value}
        if isinstance(value, int) and not isinstance(value, np.generic) and abs(value).bit_length() <= MAX_INT_BITS:
            return {"k": "int", "v": str(int(value))}
        if isinstance(value, float) and not isinstance(value, np.generic):
            return {"k": "float", "v": value if math.isfinite(value) else str(float(value))}
        if isinstance(value, str):
            return {"k": "str", "v": str(value)[:MAX_TEXT]}
        if isinstance(value, numbers.Number) and not isinstance(value, np.generic | int | float | complex):
            return self._other_number(value)
        return None

    def _other_number(self, value: Any) -> dict[str, Any] | None:
        """Carry what says of itself that it is a real number, such as a Decimal or a Fraction, as the built-in one."""
        try:
            as_float = float(value)
            is_whole = bool(math.isfinite(as_float) and int(value) == value)
        except Exception:  # a number of the student's own, or none after all: it is named like any other object
            return None
        return self._scalar(int(value) if is_whole else as_float)

    def _array(self, array: Any, original: object) -> dict[str, Any]:
        hidden = int(np.count_nonzero(np.ma.getmaskarray(array))) if isinstance(array, np.ma.MaskedArray) else 0
        if hidden:  # what lies under a mask is no answer
            text = f"masked array, in which {hidden} of {array.size} values are missing"
            return {"k": "other", "type": type_name(original), "text": text}
        array = np.asarray(array)
        if array.dtype.kind == "O":
            return self._object_array(array, original)
        if array.dtype.kind not in CARRIED_KINDS:
            array = (
                np.asarray(array, dtype=np.float32) if array.dtype.kind == "V" and array.dtype.names is None else array
            )
        self._bytes += array.nbytes
        if array.dtype.kind not in CARRIED_KINDS or self._bytes > MAX_ARRAY_BYTES:
            text = f"array of shape {array.shape}, dtype {array.dtype}: too large to carry, or of a dtype that is not"
            return {"k": "other", "type": type_name(original), "text": text}
        self.buffers.append(array_to_bytes(array))
        return {"k": "array", "i": len(self.buffers) - 1, "type": type_name(original)}

    def _object_array(self, array: Any, original: object) -> dict[str, Any]:
        node = self.encode(array.tolist(), MAX_DEPTH - 4) if array.size <= 1_000 else None
        return node or {"k": "other", "type": type_name(original), "text": f"object array of shape {array.shape}"}

    def _table(self, columns: list[tuple[Any, Any]], depth: int, index: Any = None) -> dict[str, Any]:
        node = {"k": "table", "v": [[str(name)[:200], self.encode(column, depth + 1)] for name, column in columns]}
        return node if index is None else node | {"index": self.encode(index, depth + 1)}

    def _converted(self, value: Any, depth: int) -> dict[str, Any]:
        """Carry what can become an array or a table: tensors, variables, series, masked arrays, data frames."""
        columns = getattr(value, "columns", None)
        if columns is not None and hasattr(value, "iloc"):
            return self._table(_columns_of(value), depth, _index_of(value))
        if hasattr(value, "__array__"):
            try:
                array = _as_array(value)
            except Exception as error:  # an object's own conversion may raise anything; say so instead of carrying it
                return {
                    "k": "other",
                    "type": type_name(value),
                    "text": f"cannot become an array: {type(error).__name__}",
                }
            if array.dtype.kind != "O" or array.ndim:  # an object that has no numbers in it becomes an array of itself
                return self._array(array, value)
        return {"k": "other", "type": type_name(value), "text": safe_text(value)}


def _as_array(value: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(value)
    except ValueError:  # TensorFlow gives a single bfloat16 as a scalar where numpy asks for an array
        return np.asarray(value.numpy())


def _columns_of(frame: Any) -> list[tuple[Any, Any]]:
    """Named columns of a data frame; whoever made a column the index still has it."""
    names = list(getattr(frame.index, "names", ()))
    levels = [(name, frame.index.get_level_values(i)) for i, name in enumerate(names) if name is not None]
    columns = [*levels, *((name, frame.iloc[:, i]) for i, name in enumerate(frame.columns))]
    return [(name, _plain_column(np.asarray(column))) for name, column in columns]


def _index_of(frame: Any) -> Any:
    """Numbers of a data frame's rows, unless they are 0, 1, 2, … or have a name, which makes them a column."""
    index = np.asarray(frame.index)
    if getattr(frame.index, "name", None) is not None or index.dtype.kind != "i" or index.ndim != 1:
        return None
    return None if np.array_equal(index, np.arange(len(index))) else index


def _plain_column(array: np.ndarray[Any, Any]) -> Any:
    return array.tolist() if array.dtype.kind == "O" else array


class Decoder:
    """Turns nodes and buffers back into values; the other side is not trusted.

    Args:
        buffers: The arrays' bytes.
        resolve: Called with each `Handle`; by default handles are returned as they are.
        make_table: Called with each `Table`; by default tables are returned as they are.
    """

    def __init__(
        self,
        buffers: Sequence[bytes | memoryview],
        resolve: Callable[[Handle], Any] | None = None,
        make_table: Callable[[Table], Any] | None = None,
    ) -> None:
        self._buffers = buffers
        self._resolve = resolve or (lambda handle: handle)
        self._make_table = make_table or (lambda table: table)
        self._nodes = 0

    def decode(self, node: Any, depth: int = 0) -> Any:
        """Return the value of `node`.

        Raises:
            ProtocolError: The node is malformed, nested too deeply, or names a buffer that is not there.
        """
        self._nodes += 1
        if depth > MAX_DEPTH + 2 or self._nodes > 2 * MAX_NODES:
            raise ProtocolError("the value is nested too deeply, or has too many parts")
        if not isinstance(node, dict):
            raise ProtocolError(f"a node must be a JSON object (got {type(node).__name__})")
        try:
            return self._decode(node, depth)
        except ProtocolError:
            raise
        except (KeyError, TypeError, IndexError, AttributeError, ValueError, ArithmeticError) as error:
            raise ProtocolError(f"malformed node of kind {str(node.get('k'))[:20]!r}") from error

    def _decode(self, node: dict[str, Any], depth: int) -> Any:
        kind = node["k"]
        if kind in ("list", "tuple", "set"):
            parts = [self.decode(part, depth + 1) for part in node["v"]]
            return parts if kind == "list" else tuple(parts)  # a set's members may not be hashable here
        if kind == "dict":
            pairs = [(self.decode(k, depth + 1), self.decode(v, depth + 1)) for k, v in node["v"]]
            return {(k if isinstance(k, str | int | float | bool) else str(k)): v for k, v in pairs}
        if kind == "table":
            index = self.decode(node["index"], depth + 1) if "index" in node else None
            return self._make_table(Table({str(name): self.decode(part, depth + 1) for name, part in node["v"]}, index))
        if kind == "array":
            return array_from_bytes(self._buffers[_index(node["i"])])
        if kind == "handle":
            return self._resolve(Handle(str(node["id"])[:40], str(node["type"])[:200]))
        if kind == "other":
            return Foreign(str(node["type"])[:200], str(node["text"])[:400])
        return _decode_scalar(kind, node.get("v"))


def _index(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ProtocolError("a buffer number must be a whole number from 0")
    return value


def _decode_scalar(kind: str, value: Any) -> Any:
    if kind == "none":
        return None
    if kind == "bool" and isinstance(value, bool):
        return value
    if (
        kind == "int"
        and isinstance(value, str)
        and len(value) <= MAX_INT_BITS // 3 + 2
        and value.lstrip("-").isdecimal()
    ):
        return int(value)
    if kind == "float" and (isinstance(value, float | int) or value in ("nan", "inf", "-inf")):
        return float(value)
    if kind == "str" and isinstance(value, str):
        return value[:MAX_TEXT]
    raise ProtocolError(f"unknown or malformed node of kind {str(kind)[:20]!r}")


def array_to_bytes(array: np.ndarray[Any, Any]) -> bytes:
    """Serialise an array of numbers or text in numpy's `.npy` format."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), allow_pickle=False)
    return stream.getvalue()


def array_from_bytes(data: bytes | memoryview) -> np.ndarray[Any, Any]:
    """Read what `array_to_bytes` wrote: the header first, the data only if it is what the header promises.

    Raises:
        ProtocolError: Not an array, too large, of objects, or shorter or longer than its header says.
    """
    stream = io.BytesIO(bytes(data))
    try:
        version = np.lib.format.read_magic(stream)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read_header(stream, max_header_size=2_000)
    except Exception as error:  # numpy's reader meets bytes of a stranger's making
        raise ProtocolError("an array's header cannot be read") from error
    count = math.prod(shape)
    if dtype.kind not in CARRIED_KINDS or len(shape) > 16 or any(side < 0 for side in shape):
        raise ProtocolError(f"an array of dtype {dtype} with {len(shape)} axes is not carried")
    body = stream.getbuffer()[stream.tell() :]
    if max(count, *shape, 1) * max(dtype.itemsize, 1) > MAX_ARRAY_BYTES or len(body) != count * dtype.itemsize:
        raise ProtocolError(f"an array says shape {shape}, dtype {dtype}, but {len(body)} bytes came")
    flat = np.frombuffer(body, dtype=dtype) if dtype.itemsize else np.zeros(count, dtype=dtype)
    array = flat.reshape(shape[::-1]).T if fortran else flat.reshape(shape)
    return array.copy()
