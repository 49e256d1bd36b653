"""Objects with methods that reach a stop call: what holds them, and to what they are handed.

A method of a common name (`stop`, `run`) says nothing without the class of its object. That shows where the object is
made, which may be a file that never speaks of the method, and is carried on from there, by calls, attributes,
variables of modules, and functions that give it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Set

from selfstop.flow.cfg import Call
from selfstop.flow.code import Definition
from selfstop.flow.terms import App, Attr, Func, Item, Term, Var, last_name
from selfstop.project.callgraph.reach import Reach
from selfstop.project.symbols.binding import bind


class Holders:
    """What holds objects of the classes with methods that reach a stop call, as far as the program shows it."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._program = reach.program
        methods = [self._program.functions[identity] for identity in reach.nameless_methods()]
        self.methods = frozenset(method.name for method in methods)
        self.makers: set[tuple[str, str]] = set()
        """Names by which such an object is had, each with its module: classes, functions that return one, variables."""
        self.modules: set[str] = set()
        """Those in which such an object is handed on, taken, or kept."""
        self._classes: set[str] = set()
        """The classes of such objects, and of what has one for an attribute; with those that inherit from them."""
        self._attributes: set[str] = set()
        self._holding: dict[Term, bool] = {}
        self.handing: list[Call] = []
        """The calls that are given such an object."""
        # What gives one is found forwards, from the names of its class on: nothing else needs loading to be told apart.
        with self._program.unasked():
            self._close({name for method in methods if method.cls for name in self._add(method.cls)})
            self.makers |= set(self._imported())

    @property
    def names(self) -> frozenset[str]:
        """The names that matter in ``modules``."""
        return self.methods | self._attributes | {name for name, _ in self.makers}

    def _add(self, cls: str) -> Iterator[str]:
        """Count a class among those whose objects matter; gives the names that are new by that."""
        for identity in sorted({cls, *self._program.descendants(cls)} - self._classes):
            self._classes.add(identity)
            self._holding = {value: True for value, holds in self._holding.items() if holds}
            name = self._program.classes[identity].name
            self.makers.add((name, identity.partition(":")[0]))
            yield name

    def _close(self, new: set[str]) -> None:
        """Follow the objects by the names of what holds them, from those of their classes on."""
        known: set[str] = set()
        while new:
            known |= new
            found = set(self._kept(new))
            for identity in sorted(self._reach.speaking(new)):
                found |= set(self._given_back(identity))
                found |= set(self._handed(identity))
            new = found - known

    def _imported(self) -> Iterator[tuple[str, str]]:
        """The names by which modules import what gives such an object, each with that module: others may from there."""
        names = {name for name, _ in self.makers}
        meanings = {self._program.module_member(module, name) for name, module in self.makers} - {None}
        for module in self._program.modules.values():
            for local, path in module.imports:
                if path.rpartition(".")[2] in names and self._program.resolve(Var("import", path)) in meanings:
                    yield local, module.name
                    if local not in names:
                        self.modules.add(module.name)

    def _kept(self, names: Set[str]) -> Iterator[str]:
        """The names of variables and attributes that are bound to such an object."""
        for module in self._program.modules.values():
            for definition in module.links_of(names):
                if not definition.step and definition.value is not None and self.holds(definition.value):
                    yield from self._note(definition, module.name)
                    yield last_name(definition.target)

    def _note(self, definition: Definition, module: str) -> Iterator[str]:
        """Note where an object is kept; gives the names of the classes that keep it."""
        match definition.target:
            case Attr(base=base, name=name):
                self._attributes.add(name)
                self.modules.add(module)
                self._take_into(base)
                owner = self._program.class_of(base)
                if owner is not None:
                    yield from self._add(owner)
            case Var(scope=scope, name=name) if scope == module:
                self._note_maker(name, module)

    def _given_back(self, identity: str) -> Iterator[str]:
        """The name of a function that returns such an object."""
        function = self._program.functions[identity]
        if not function.name.startswith("<") and self.holds(App("call", (Func(identity),))):
            self._note_maker(function.name, function.module)
            yield function.name

    def _note_maker(self, name: str, module: str) -> None:
        self.makers.add((name, module))
        self.modules.add(module)

    def _handed(self, identity: str) -> Iterator[str]:
        """The names of the parameters for which a function gives such an object."""
        for _, call in self._program.functions[identity].graph.calls():
            if not any(map(self.holds, call.operands)):
                continue
            self.modules.add(self._program.functions[identity].module)
            self.handing.append(call)
            self._take_by(call)
            for func in self._callees(call):
                bound = bind(self._program.functions[func.function], func, call.args, call.keywords)
                yield from (last_name(place) for place, value in bound.items() if self.holds(value))

    def _callees(self, call: Call) -> list[Func]:
        """The functions that a call may run."""
        return [func for func in self._reach.linker.calls.run_by(call) if func.function in self._program.functions]

    def takers(self, call: Call) -> Iterator[Func]:
        """The functions that may get an object which a call is given: what that runs, and what is given with it."""
        yield from self._callees(call)
        for operand in call.operands:
            meaning = self._program.resolve(operand)
            if isinstance(meaning, Func) and meaning.function in self._program.functions:
                yield meaning

    def _take_by(self, call: Call) -> None:
        """Note where an object goes that a call is given."""
        self._take_into(call.result)
        for func in self.takers(call):
            self._take(func)

    def _take(self, func: Func) -> None:
        self.modules.add(self._program.functions[func.function].module)
        if func.receiver is not None:
            self._take_into(func.receiver)

    def _take_into(self, owner: Term) -> None:
        """Note all classes in whose methods an object may be met that ``owner`` holds."""
        cls = self._program.class_of(owner)
        if cls is not None:
            family = (*self._program.ancestors(cls), *self._program.descendants(cls))
            self.modules.update(each.partition(":")[0] for each in family)

    def holds(self, value: Term) -> bool:
        """Whether a value may be such an object, or a collection of such."""
        known = self._holding.get(value)
        if known is None:
            self._holding[value] = False  # as long as it depends on itself
            known = self._holding[value] = self._may_hold(value)
        return known

    def _may_hold(self, value: Term) -> bool:
        cls = self._program.class_of(value)
        if cls is not None:
            return cls in self._classes
        match value:
            case App(op="list" | "tuple" | "set" | "dict" | "pair" | "unpack" | "if" | "or", args=args):
                return any(map(self.holds, args))
            case Item(base=base) | App(op="element" | "get", args=(base, *_)):
                return self.holds(base)
        known = self._program.definitions(value)
        return any(each.value is not None and not each.step and self.holds(each.value) for each in known)
