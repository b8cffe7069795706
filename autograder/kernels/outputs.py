"""Collect a cell's outputs from a kernel's messages, as Jupyter would show them, within a bound on bytes."""

import math
from typing import Any

MIB = 2**20
MAX_DEPTH, MAX_NUMBER = 20, 10**300
TEXT_FIELDS = {"stream": ("name", "text"), "error": ("ename", "evalue")}


class Outputs:
    """The outputs of one running cell.

    Display-id updates reach only displays of this cell: a later cell cannot rewrite what an earlier one showed. Comms
    and widgets are ignored.
    """

    def __init__(self, limit_mib: int) -> None:
        self.items: list[dict[str, Any]] = []
        """nbformat output dicts."""
        self.bytes = 0
        self.limit_mib = limit_mib
        self._clear_next = False
        self._by_display_id: dict[str, list[dict[str, Any]]] = {}

    @property
    def full(self) -> bool:
        """Whether more was sent than a cell may show."""
        return self.bytes > self.limit_mib * MIB

    def overflow(self) -> None:
        """Note that more was sent than arrived."""
        self.bytes = max(self.bytes, self.limit_mib * MIB + 1)

    def take(self, message: dict[str, Any], size: int) -> None:
        """Add what a message shows.

        Args:
            message: an IOPub message whose parent is the cell's request.
            size: its bytes.
        """
        self.bytes += size
        if self.full:
            return
        kind, content = message["header"].get("msg_type"), message["content"]
        if kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self._clear()
            return
        output = _as_output(str(kind), content)
        if output is None:
            return
        if kind == "update_display_data":
            self._update(_display_id(content), output)
            return
        if self._clear_next:
            self._clear()
        self._append(output, _display_id(content))

    def _clear(self) -> None:
        self._clear_next = False
        self.items.clear()
        self._by_display_id.clear()

    def _append(self, output: dict[str, Any], display_id: str | None) -> None:
        last = self.items[-1] if self.items else {}
        if output["output_type"] == "stream" and last.get("output_type") == "stream" and last["name"] == output["name"]:
            last.setdefault("_parts", [last["text"]]).append(output["text"])
            return
        self.items.append(output)
        if display_id is not None:
            self._by_display_id.setdefault(display_id, []).append(output)

    def _update(self, display_id: str | None, output: dict[str, Any]) -> None:
        for shown in self._by_display_id.get(display_id or "", []):
            shown["data"], shown["metadata"] = output["data"], output["metadata"]

    def finished(self) -> list[dict[str, Any]]:
        """Return the outputs as nbformat dicts, streams joined."""
        for item in self.items:
            if "_parts" in item:
                item["text"] = "".join(item.pop("_parts"))
        return self.items


def _display_id(content: dict[str, Any]) -> str | None:
    transient = content.get("transient")
    value = transient.get("display_id") if isinstance(transient, dict) else None
    return value if isinstance(value, str) else None


def _as_output(kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """Turn a message into an nbformat output; None if it is not one, or not a well-formed one."""
    fields = TEXT_FIELDS.get(kind, ())
    if not all(isinstance(content.get(field), str) for field in fields):
        return None
    if kind == "stream":
        name = content["name"] if content["name"] in {"stdout", "stderr"} else "stdout"
        return {"output_type": "stream", "name": name, "text": content["text"]}
    if kind == "error":
        lines = content.get("traceback")
        lines = [str(line) for line in lines] if isinstance(lines, list) else []
        return {"output_type": "error", "ename": content["ename"], "evalue": content["evalue"], "traceback": lines}
    if kind not in {"display_data", "update_display_data", "execute_result"}:
        return None
    data, metadata = content.get("data"), content.get("metadata")
    if not isinstance(data, dict):
        return None
    output: dict[str, Any] = {
        "output_type": "display_data",
        "data": {name: shown for name, shown in data.items() if _can_be_shown(name, shown)},
        "metadata": metadata if isinstance(metadata, dict) and _is_small(metadata) else {},
    }
    if kind == "execute_result":
        count = content.get("execution_count")
        output |= {"output_type": kind, "execution_count": count if type(count) is int and 0 <= count < 10**9 else None}
    return output


def _can_be_shown(name: str, shown: Any) -> bool:
    """Whether a notebook may hold this: text, or data (plotly, vega) under a name that says so."""
    return isinstance(shown, str) or (name.endswith("json") and _is_small(shown))


def _is_small(data: Any, depth: int = MAX_DEPTH) -> bool:
    """Whether everything that reads notebooks later can walk through the data, and write it down."""
    if isinstance(data, float):
        return math.isfinite(data)
    if isinstance(data, int):
        return abs(data) < MAX_NUMBER
    if not isinstance(data, dict | list):
        return True
    return depth > 0 and all(_is_small(part, depth - 1) for part in (data.values() if isinstance(data, dict) else data))
