"""Which functions of the program a call may run, flow aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator

from selfstop.flow.cfg import Call
from selfstop.flow.terms import App, Attr, Func, Instance, Term, Var
from selfstop.flow.vocabulary import BUILT_IN_METHODS, vocabulary
from selfstop.project.symbols.outside import Outside
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.protocols import Protocols, does_nothing
from selfstop.project.symbols.table import class_id, is_class

GENERIC_NAMES = BUILT_IN_METHODS | vocabulary(
    "stop start run main process handle execute close shutdown exit quit terminate kill call send put get "
    "update apply finish end cancel join wait poll tick work loop perform dispatch invoke submit cleanup "
    "map filter result acquire release connect disconnect flush reset open read write next"
)
"""Names of methods that say nothing: very different objects have them."""

_ASKING_NAMES = vocabulary(
    "is_set is_alive is_running is_active is_open is_closed is_closing is_file is_dir done running ready successful "
    "cancelled finished locked exists empty full closed expired timeout exception match search qsize readable writable"
)
"""Names by which objects of the standard library, and many others, are asked something."""


class Calls:
    """The call graph of a program, as far as calls can be told as they are written."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.parameters = frozenset(place for function in program.functions.values() for place in function.places)
        self._outside = Outside(program)
        self._protocols = Protocols(program, GENERIC_NAMES)
        self._callees: dict[str, frozenset[str]] = {}
        self._methods: dict[str, list[str]] = defaultdict(list)
        for function in program.functions.values():
            if function.cls is not None:
                self._methods[function.name].append(function.id)

    def run_by(self, call: Call) -> list[Func]:
        """The functions that a call may run, the ``__init__`` of a class of the program among them."""
        made = self.program.resolve(call.func)
        if not is_class(made):
            return self.targets(call.func)
        init = self.program.method(class_id(made), "__init__")
        return [] if init is None else [Func(init, Instance(class_id(made), call.result.site))]

    def targets(self, func: Term) -> list[Func]:
        """The functions of the program that calling ``func`` may run."""
        func = self.program.resolve(func)
        match func:
            case Func(function=identity, receiver=receiver):
                return [func, *self.overriding(identity, receiver)] if receiver is not None else [func]
            case Attr(base=base, name=name) if (only := self._only_method(base, name)) is not None:
                return [Func(only, base)]
            case Var() | Attr():
                found = [self.program.resolve(value) for value in self._values(func)]
                return [value for value in found if isinstance(value, Func)]
            case App(op="if", args=(_, *args)) | App(op="or", args=args):
                return [item for arg in args for item in self.targets(arg)]
        return []

    def _only_method(self, base: Term, name: str) -> str | None:
        """The one method of that name in the program, for an object of unknown class that may be one of the program."""
        known = self._methods.get(name, ())
        if len(known) != 1 or name in GENERIC_NAMES | _ASKING_NAMES or self.program.class_of(base) is not None:
            return None
        if isinstance(base, Var) and base.scope in {"import", "builtins"}:
            return None
        return None if self._outside.has(base, self.program.functions[known[0]].cls) else known[0]

    def _values(self, place: Term) -> Iterator[Term]:
        for definition in self.program.definitions(place):
            if definition.value is not None and not definition.step:
                yield definition.value

    def overriding(self, method: str, receiver: Term) -> list[Func]:
        """The methods that may run instead of ``method`` because of the receiver's class, which is another."""
        owner = self.program.class_of(receiver)
        if owner is None or isinstance(receiver, Instance):
            return []
        name = self.program.functions[method].name
        if self.program.method(owner, name) != method:
            return []  # that of a base, asked for by ``super()`` or by the name of the class
        conforming = (self.program.method(cls, name) for cls in self._protocols.classes_for(owner, receiver))
        found = dict.fromkeys((*self.program.overrides(owner, name), *filter(None, conforming)))
        return [Func(other, receiver) for other in found if other != method]

    def implementations(self, targets: Iterable[Func]) -> list[Func]:
        """``targets`` without methods that only stand for those of subclasses, as far as these are known."""
        found = [item for item in targets if item.function in self.program.functions]
        return [item for item in found if not self.is_hook(item)] or found

    def is_hook(self, func: Func) -> bool:
        """Whether a method does nothing, so that there is something to do for a subclass."""
        if func.receiver is None or isinstance(func.receiver, Instance):
            return False
        return all(does_nothing(node.operation) for node in self.program.functions[func.function].graph.nodes)

    def is_stub(self, function: str) -> bool:
        """Whether a method only says that there is one: of a protocol, or abstract."""
        return self._protocols.is_stub(function)

    def is_guess(self, func: Term) -> bool:
        """Whether nothing but its name says which function a call runs."""
        func = self.program.resolve(func)
        return isinstance(func, Attr) and self._only_method(func.base, func.name) is not None

    def is_all(self, func: Term) -> bool:
        """Whether ``targets`` are all that calling ``func`` may run."""
        func = self.program.resolve(func)
        match func:
            case Func(receiver=receiver):
                owner = None if receiver is None else self.program.class_of(receiver)
                return receiver is None or owner is None or not self._protocols.classes_for(owner, receiver)
            case App(op="if", args=(_, *args)) | App(op="or", args=args):
                return all(self.is_all(arg) for arg in args)
            case Var() | Attr():
                known = self.program.definitions(func)
                values = [definition.value for definition in known]
                return func not in self.parameters and all(
                    value is not None and isinstance(self.program.resolve(value), Func) for value in values
                )
        return False

    def callees(self, identity: str) -> frozenset[str]:
        """The functions that calls in a function may run."""
        if identity not in self._callees:
            graph = self.program.functions[identity].graph
            found = {target.function for _, call in graph.calls() for target in self.targets(call.func)}
            self._callees[identity] = frozenset(found & self.program.functions.keys())
        return self._callees[identity]

    def calls_itself(self, identity: str) -> bool:
        """Whether a function may run again before it is over, because of what it calls."""
        seen: set[str] = set()
        stack = [identity]
        while stack:
            for callee in self.callees(stack.pop()):
                if callee == identity:
                    return True
                if callee not in seen:
                    seen.add(callee)
                    stack.append(callee)
        return False

    def callees_first(self, identity: str, known: Container[str]) -> list[str]:
        """A function and all it calls that are not ``known``, callees first; calls go too deep for recursion."""
        order: list[str] = []
        seen = {identity}
        stack = [(identity, iter(sorted(self.callees(identity))))]
        while stack:
            current, callees = stack[-1]
            callee = next((callee for callee in callees if callee not in seen and callee not in known), None)
            if callee is None:
                order.append(current)
                stack.pop()
            else:
                seen.add(callee)
                stack.append((callee, iter(sorted(self.callees(callee)))))
        return order

    def is_method(self, name: str) -> bool:
        """Whether a class of the program has a method of that name."""
        return name in self._methods
