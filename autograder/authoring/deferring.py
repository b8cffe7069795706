"""Cells of the reference that are left out until something asks for what they leave.

A mutant of one answer needs few of the cells before it: most show what an earlier answer does, or make large models
that nobody looks at again. Which ones it needs is read off the names in their code. That suffices for code of one's
own, which reaches for no names by other ways (`globals()["table"]`); students' work is never run so.
"""

import ast
import symtable
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

_FIXED = (str, bytes, int, float, complex, type(None), FunctionType, ModuleType, type)
"""Nothing that is done to one of these changes it."""


@dataclass(frozen=True)
class Names:
    """What a cell has to do with names of the notebook."""

    mentions: frozenset[str]
    """Read when it runs, or when a function that it defines is called."""
    leaves: frozenset[str]
    """Bound by it."""


@dataclass(frozen=True)
class Effects:
    """What a cell does beside leaving names."""

    trains: bool
    draws: bool


def names_of(source: str) -> Names:
    """Read the names in a cell.

    Args:
        source: Python, perhaps with IPython's `%` and `!` lines.

    Raises:
        SyntaxError: It is none; or all of it is text for a magic, as after `%%time`.
    """
    if source.lstrip().startswith("%%"):
        raise SyntaxError("what a cell magic does with its text is not known")
    manager: Any = TransformerManager  # which is not typed
    source = manager().transform_cell(source)
    top = symtable.symtable(source, "cell", "exec")
    found = top.get_symbols()
    leaves = {one.get_name() for one in found if one.is_assigned() or one.is_imported()}
    mentions = {one.get_name() for one in found if one.is_referenced()}
    scopes = list(top.get_children())
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        outside = [one for one in scope.get_symbols() if one.is_global()]
        mentions |= {one.get_name() for one in outside}
        leaves |= {one.get_name() for one in outside if one.is_assigned()}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            mentions.add(node.target.id)
    return Names(frozenset(mentions), frozenset(leaves))


class Deferred:
    """The cells that have been left out, and the names of all before them."""

    def __init__(self) -> None:
        self._names: dict[int, Names] = {}
        self._left_out: dict[int, Effects] = {}
        self._is_blind = False
        """Whether the names of a cell could not be read: everything is needed then."""

    @property
    def places(self) -> list[int]:
        """Places of the cells that have been left out, in order."""
        return sorted(self._left_out)

    def ran(self, place: int, source: str) -> None:
        """Note a cell that is run.

        Args:
            place: In the notebook.
            source: Its code.
        """
        self._left_out.pop(place, None)
        self._read(place, source)

    def leave_out(self, place: int, source: str, effects: Effects) -> None:
        """Note a cell that is not run for now.

        Args:
            place: In the notebook.
            source: Its code.
            effects: What else it does.
        """
        self._read(place, source)
        self._left_out[place] = effects

    def _read(self, place: int, source: str) -> None:
        try:
            self._names[place] = names_of(source)
        except SyntaxError:
            self._is_blind = True

    def needed_by(self, source: str, namespace: Mapping[str, Any]) -> list[int]:
        """Return the cells to be run before other code is, in order.

        Args:
            source: The code.
            namespace: What there is.
        """
        try:
            names = names_of(source)
        except SyntaxError:
            return self.places
        return self.needed_for(names.mentions, namespace)

    def needed_for(self, wanted: Collection[str], namespace: Mapping[str, Any]) -> list[int]:
        """Return the cells to be run so that names have the values that they have in a whole notebook.

        Those that bind them, or may have changed what they are bound to, and whatever these need.

        Args:
            wanted: The names.
            namespace: What there is.
        """
        if self._is_blind:
            return self.places
        names, chosen = set(wanted), set[int]()
        known = frozenset[str]().union(*(cell.leaves for cell in self._names.values()))
        is_growing = bool(self._left_out)
        while is_growing:
            is_growing = False
            for place, cell in self._names.items():
                if place in chosen:
                    continue
                bound = cell.leaves & names
                if place not in self._left_out:
                    # what a function of it calls has to be there, too
                    is_wanted = any(callable(namespace.get(name)) for name in bound)
                else:
                    is_wanted = bool(bound) or any(
                        _may_change(name, namespace) for name in cell.mentions & names & known
                    )
                if is_wanted:
                    chosen.add(place)
                    names |= cell.mentions | (cell.leaves if place in self._left_out else frozenset())
                    is_growing = True
        return sorted(chosen & self._left_out.keys())

    def training(self) -> list[int]:
        """Return the cells that train something."""
        return [place for place in self.places if self._left_out[place].trains]

    def drawing(self) -> list[int]:
        """Return the cells that draw something."""
        return [place for place in self.places if self._left_out[place].draws]


def _may_change(name: str, namespace: Mapping[str, Any]) -> bool:
    """Whether code that mentions a name may change what it is bound to: what is not there yet may be anything."""
    return name not in namespace or not _is_fixed(namespace[name])


def _is_fixed(value: Any) -> bool:
    return all(map(_is_fixed, value)) if type(value) is tuple else isinstance(value, _FIXED)
