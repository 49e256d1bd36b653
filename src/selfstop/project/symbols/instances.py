"""Of which class of the program an object is: seen from where it is made, from annotations, from what returns it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from selfstop.flow.code import Function
from selfstop.flow.terms import App, Attr, Func, Instance, Item, Result, Term, Var, last_name
from selfstop.project.symbols.table import class_id, is_class, is_receiver

if TYPE_CHECKING:
    from selfstop.project.symbols.program import Program

_IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*")
_WRAPPER_TYPES = frozenset({"Optional", "Union", "None", "Annotated", "Final", "ClassVar", "type", "Type"})


class Instances:
    """Remembers for terms of which class they are instances."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[Term, str | None] = {}
        self._provisional: dict[Term, str | None] = {}
        """Answers for the sake of one question, which may hang on what is still open; None for what is."""
        self._met_open = False

    def forget(self) -> None:
        """Find everything anew from now on."""
        self._known.clear()
        self._provisional.clear()

    def class_of(self, term: Term) -> str | None:
        """The class of the program that ``term`` is an instance of, where the code shows it."""
        if term in self._known:
            return self._known[term]
        if term in self._provisional:
            self._met_open = True
            return self._provisional[term]
        is_first = not self._provisional
        met_before, self._met_open = self._met_open, False
        self._provisional[term] = None
        self._provisional[term] = found = self._find(term)
        if is_first or not self._met_open:
            self._known[term] = found
        self._met_open = self._met_open or met_before
        if is_first:
            self._provisional.clear()
            self._met_open = False
        return found

    def _find(self, term: Term) -> str | None:
        match term:
            case Instance(cls=cls):
                return cls
            case Result(callee=callee) if callee is not None:
                return self._of_call(callee)
            case App(op="call", args=(callee, *_)):
                return self._of_call(callee)
            case App(op="or" | "if", args=args):
                found = {self.class_of(arg) for arg in args} - {None}
                return found.pop() if len(found) == 1 else None
            case Var(scope=scope, name=name):
                function = self._program.functions.get(scope)
                if function is not None and function.cls and is_receiver(function, name):
                    return function.cls
                return self._of_place(term) or self._of_parameter(function, name)
            case Attr():
                return self._of_property(term) or self._of_place(term)
            case Item():
                return self._of_place(term) or self._in_table(term)
        return None

    def _in_table(self, term: Item) -> str | None:
        """The class of what a table holds that is made with one: ``defaultdict(Backend)``, ``Registry(Backend)``."""
        table: Term = term
        while isinstance(table, Item):
            table = table.base
        found: set[str | None] = set()
        for definition in self._program.definitions(table):
            match definition.value:
                case Result(args=args) | App(op="call", args=(_, *args)):
                    classes = [meant for arg in args if is_class(meant := self._program.resolve(arg))]
                    found.add(class_id(classes[0]) if len(classes) == 1 else None)
                case _:
                    found.add(None)
        return found.pop() if len(found) == 1 else None

    def _of_property(self, term: Attr) -> str | None:
        """The class that a property says it returns."""
        method = self._program.property_of(term)
        function = None if method is None else self._program.functions[method]
        return None if function is None else self._annotated_class(function.module, function.returns)

    def _of_call(self, callee: Term) -> str | None:
        target = self._program.resolve(callee)
        if is_class(target):
            return class_id(target)
        if last_name(callee) == "super" and isinstance(callee, Var):
            return None
        if isinstance(target, Func):
            function = self._program.functions[target.function]
            return self._annotated_class(function.module, function.returns) or self._returned(function)
        return None

    def _returned(self, function: Function) -> str | None:
        classes = {self.class_of(value) for value in self._program.returned_values(Func(function.id))}
        return classes.pop() if len(classes) == 1 else None

    def _of_place(self, place: Term) -> str | None:
        found: set[str] = set()
        for definition in self._program.definitions(place):
            if definition.annotation:
                module = self._program.functions[definition.function].module
                annotated = self._annotated_class(module, definition.annotation)
                if annotated is not None:
                    return annotated
            if definition.value is not None and definition.value != place:
                cls = self.class_of(definition.value)
                if cls is not None:
                    found.add(cls)
        return found.pop() if len(found) == 1 else None

    # Annotations

    def _of_parameter(self, function: Function | None, name: str) -> str | None:
        if function is None:
            return None
        for parameter in function.parameters:
            if parameter.name == name and parameter.annotation:
                return self._annotated_class(function.module, parameter.annotation)
        return None

    def _annotated_class(self, module: str, annotation: str) -> str | None:
        meanings = self._annotated(module, annotation)
        return next((class_id(found) for found in meanings if is_class(found)), None)

    def annotated_name(self, module: str, annotation: str) -> Term | None:
        """What the first name in an annotation means that says what an object is, rather than whether there is one."""
        return next(self._annotated(module, annotation), None)

    def _annotated(self, module: str, annotation: str) -> Iterator[Term]:
        """What the names in an annotation mean, as far as they are those of modules, imported or of the program."""
        for name in _IDENTIFIER.findall(annotation):
            first, _, rest = name.partition(".")
            found = None if name in _WRAPPER_TYPES else self._program.module_member(module, first)
            for part in filter(None, rest.split(".")):
                if isinstance(found, Var) and found.scope == "import":
                    found = self._program.resolve(Var("import", f"{found.name}.{part}"))
                else:
                    found = None if found is None else self._program.member(found, part)
            if found is not None and last_name(found) not in _WRAPPER_TYPES:
                yield found
