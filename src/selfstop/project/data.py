"""Guards in the data: a list that only receives ids under a guard stops nothing else.

``if idle >= LIMIT: ids.append(i)`` … ``ec2.stop_instances(InstanceIds=ids)`` is the commonest guarded form in
schedulers of fleets. It counts where every way into the list is in sight.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from selfstop.flow.cfg import Assign, Call
from selfstop.flow.facts import Analysis
from selfstop.flow.known import Condition
from selfstop.flow.terms import App, Attr, Item, Term, Var
from selfstop.project.linker import Linker
from selfstop.project.program import Program

_WRAPPERS = frozenset({"list", "tuple", "set", "sorted", "unpack", "element"})
_ADDING = frozenset({"append", "add"})
_HARMLESS = frozenset({"remove", "discard", "clear", "pop", "sort", "reverse", "copy", "index", "count"})


class GuardedData:
    """Finds what was established whenever something was put into a collection."""

    def __init__(self, program: Program, linker: Linker) -> None:
        self.program = program
        self.linker = linker

    def alternatives(self, operands: Iterable[Term], analyses: dict[str, Analysis]) -> Sequence[tuple[Condition, ...]]:
        """The conditions under which the operands got their content; one empty tuple where that is unknown."""
        for operand in operands:
            place = _collection(operand)
            if place is not None:
                found = self._insertions(place, analyses)
                if found:
                    return found
        return [()]

    def _insertions(self, place: Var, analyses: dict[str, Analysis]) -> list[tuple[Condition, ...]]:
        function = self.program.functions.get(place.scope)
        if function is None or not self._starts_empty(place):
            return []
        insertions = []
        for number, node in enumerate(function.graph.nodes):
            kind = _touch(node.operation, place)
            if kind == "unknown":
                return []
            if kind == "insertion":
                insertions.append(number)
        analysis = analyses.get(function.id)
        if analysis is None:
            records = self.linker.states_at(function.id, insertions)
        else:
            records = [record for number in insertions for record in analysis.states(number)]
        return [tuple(record.state.conditions.values()) for record in records]

    def _starts_empty(self, place: Var) -> bool:
        """Whether all that is ever assigned to ``place`` is a new, empty collection, or something added to it."""
        if place.name.startswith("$items"):
            return True
        values = [definition.value for definition in self.program.definitions(place) if not definition.step]
        return bool(values) and all(
            isinstance(value, App) and value.op in {"list", "set", "tuple"} and not value.args for value in values
        )


def _collection(term: Term) -> Var | None:
    """The variable whose items are passed on: ``ids``, ``list(ids)``, ``[i]`` for an ``i`` from ``ids``."""
    while True:
        match term:
            case App(op=op, args=(inner,)) | App(op="element" as op, args=(inner, _)) if op in _WRAPPERS:
                term = inner
            case Item(base=base):
                term = base
            case _:
                break
    return term if isinstance(term, Var) and term.scope not in {"import", "builtins"} else None


def _touch(operation: object, place: Var) -> str:
    """How an operation affects the collection: an insertion, not at all (empty), or in an unknown way."""
    match operation:
        case Assign(target=target, value=App(op="appended")) if target == place:
            return "insertion"
        case Assign(target=target, value=App(op="+", args=(left, _))) if target == place and left == place:
            return "insertion"
        case Assign(target=Item(base=base)) if base == place:
            return "unknown"
        case Call(func=Attr(base=base, name=name)) if base == place:
            if name in _ADDING:
                return "insertion"
            return "" if name in _HARMLESS else "unknown"
    return ""
