"""Tables that are written out in the code and that nothing changes: what is in them is constant."""

from __future__ import annotations

from collections.abc import Iterator

from selfstop.flow.cfg import Assign, Call, Iterate, Operation, Test
from selfstop.flow.terms import App, Attr, Const, Item, Term, Var, children
from selfstop.flow.vocabulary import vocabulary
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.questions import Crowded

_READING = frozenset({"get", "items", "keys", "values", "copy"})
_LOOKED_AT = frozenset({"in", "==", "not", "bool", "len", "str", "is", "element"})
_LOOKING = frozenset({"len", "print", "str", "repr", "bool", "sorted", "list", "dict", "enumerate"})
_TELLING = vocabulary("debug info warning error exception critical log dumps pprint")


class Tables:
    """Tells what is in the tables of a program."""

    def __init__(self, program: Program, crowded: Crowded) -> None:
        """``crowded`` are names of which so many files speak that not all of these are known."""
        self._program = program
        self._crowded = crowded
        self._settled: dict[Var, bool] = {}

    def value(self, place: Term) -> Term | None:
        """What ``config["idle"]`` or ``config.get("idle", 5)`` is, if the table is written out and stays as it is."""
        match place:
            case Item(base=Var() as base, key=Const() as key) | App(op="get", args=(Var() as base, Const() as key, *_)):
                return self._looked_up(base, key)
        return None

    def _looked_up(self, base: Var, key: Const) -> Term | None:
        known = self._program.definitions(base)
        if len(known) != 1 or known[0].step or not isinstance(table := known[0].target, Var):
            return None
        found = [value for name, value in _entries(known[0].value) if name in {key, None}]
        if len(found) != 1 or self._is_parameter(table) or not self._is_settled(table):
            return None
        return found[0]

    def _is_parameter(self, variable: Var) -> bool:
        function = self._program.functions.get(variable.scope)
        return function is not None and variable in function.places

    def _is_settled(self, table: Var) -> bool:
        """Whether nothing changes a table, nor hands it to what may."""
        if table not in self._settled:
            if table.scope in self._program.modules:
                self._program.questions.table(table)
            functions = self._program.functions.values()
            self._settled[table] = table not in self._crowded.tables and not any(
                self._may_change(node.operation, table) for function in functions for node in function.graph.nodes
            )
        return self._settled[table]

    def _may_change(self, operation: Operation, table: Var) -> bool:
        match operation:
            case Assign(target=target, value=value):
                changed = isinstance(target, Item) and self._is(_innermost(target), table)
                return changed or (value is not None and self._is_given(value, table))
            case Call(func=Attr(base=base, name=name)) if self._is(base, table) and name not in _READING:
                return True
            case Call(func=Var(scope="builtins", name=name)) if name in _LOOKING:
                return False
            case Call(func=Attr(name=name) | Var(scope="import", name=name)) if name.rpartition(".")[2] in _TELLING:
                return False
            case Call(func=func, args=args, keywords=keywords):
                return any(self._is_given(part, table) for part in (func, *args, *(value for _, value in keywords)))
            case Test(term=term) | Iterate(iterable=term):
                return not self._is(term, table) and self._is_given(term, table)
        return False

    def _is(self, term: Term, table: Var) -> bool:
        """Whether ``term`` is the table, by whatever name."""
        if isinstance(term, Var) and term.scope == "import" and term.name.endswith(f".{table.name}"):
            return self._program.resolve(term) == table
        return term == table

    def _is_given(self, term: Term, table: Var) -> bool:
        """Whether whoever has ``term`` has the table, and not only something out of it."""
        if self._is(term, table):
            return True
        match term:
            case Attr(base=base, name=name) if name in _READING and self._is(base, table):
                return False
            case Item(base=base, key=key) if self._is(base, table):
                return self._is_given(key, table)
            case App(op=op, args=args) if op in _LOOKED_AT or op == "get":
                return any(self._is_given(arg, table) for arg in args if not self._is(arg, table))
        return any(self._is_given(part, table) for part in children(term))


def _innermost(target: Term) -> Term:
    while isinstance(target, (Item, Attr)):
        target = target.base
    return target


def _entries(table: Term | None) -> Iterator[tuple[Term | None, Term | None]]:
    """Keys and values of a table that is written out; None for what is not."""
    match table:
        case App(op="dict", args=parts):
            yield from map(_entry, parts)
        case App(op="call", args=(Var(scope="builtins", name="dict"), *parts)):
            yield from map(_entry, parts)


def _entry(part: Term) -> tuple[Term | None, Term | None]:
    match part:
        case App(op="pair", args=(Const() as key, value)):
            return key, value
        case App(op=op, args=(value,)) if op.startswith("keyword:"):
            return Const(op.removeprefix("keyword:")), value
    return None, None
