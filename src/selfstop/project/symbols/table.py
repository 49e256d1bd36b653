"""The program as a table: functions, classes and bindings of all its modules, as they are written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from selfstop.flow.cfg import Call
from selfstop.flow.code import MODULE_BODY, Class, Definition, Function, ModuleCode, around
from selfstop.flow.terms import App, Attr, Const, Term, Var, last_name
from selfstop.project.symbols.questions import Questions


class Table:
    """All modules under analysis, by name. It knows what is bound to what, not what anything means."""

    def __init__(
        self,
        modules: Iterable[ModuleCode],
        suffixes: Mapping[str, str] = MappingProxyType({}),
        names: Collection[str] = (),
    ) -> None:
        """``suffixes`` maps further names under which modules are imported to their names.

        ``names`` are those of all modules of the project, under analysis or not.
        """
        self._suffixes = suffixes
        self.questions = Questions()
        self.modules: dict[str, ModuleCode] = {module.name: module for module in modules}
        self._packages = {name.partition(".")[0] for name in (*self.modules, *suffixes, *names)}
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, Class] = {}
        self._definitions: dict[Term, list[Definition]] = defaultdict(list)
        self._variables: dict[tuple[str, str], list[Definition]] = {}
        """Those of variables, by scope and name."""
        self._class_attributes: dict[tuple[str, str], list[Definition]] = defaultdict(list)
        self._foreign_attributes: dict[str, list[Definition]] = defaultdict(list)
        """Bindings of attributes, by name, of objects other than the method's own."""
        self._imports = {name: dict(module.imports) for name, module in self.modules.items()}
        self._arguments: dict[Term, list[Definition]] = defaultdict(list)
        self._known_arguments: set[Definition] = set()
        self._added: list[Definition] = []
        for module in self.modules.values():
            self.functions.update({function.id: function for function in module.functions})
            self.classes.update({cls.id: cls for cls in module.classes})
        self._bind_all()
        self._methods = {cls.id: dict(cls.methods) for cls in self.classes.values()}

    def add(self, definition: Definition) -> None:
        """Take in a binding that is none of its module's."""
        self._added.append(definition)
        self._bind(definition)

    def replace_modules(self, changed: Iterable[ModuleCode]) -> None:
        """Take ``changed`` for the modules of their names: they say the same in other terms."""
        for module in changed:
            self.modules[module.name] = module
            self.functions.update({function.id: function for function in module.functions})
        for bindings in (self._definitions, self._class_attributes, self._foreign_attributes):
            bindings.clear()
        self._variables.clear()
        self._bind_all()

    def _bind_all(self) -> None:
        for module in self.modules.values():
            for definition in module.definitions:
                self._bind(definition)
        for definition in self._added:
            self._bind(definition)

    def _bind(self, definition: Definition) -> None:
        known = self._definitions[definition.target]
        known.append(definition)
        if isinstance(definition.target, Var):
            self._variables[definition.target.scope, definition.target.name] = known
        if isinstance(definition.target, Attr):
            owner = self._owner(definition)
            if owner is not None:
                self._class_attributes[owner, definition.target.name].append(definition)
            else:
                self._foreign_attributes[definition.target.name].append(definition)

    def _owner(self, definition: Definition) -> str | None:
        """The class whose attribute a definition in one of its methods binds."""
        match definition.target:
            case Attr(base=Var(scope=scope, name=name)):
                function = self.functions.get(scope)
                if function is not None and function.cls and is_receiver(function, name):
                    return function.cls
        return None

    # Arguments

    def add_argument(self, parameter: Var, value: Term, function: str) -> bool:
        """Record that a call gives ``value`` for ``parameter``; returns whether that is new.

        What was resolved before may be out of date then: see ``Program.resolve_anew``.
        """
        definition = Definition(parameter, value, function)
        known = self._known_arguments
        if definition in known:
            return False
        known.add(definition)
        self._arguments[parameter].append(definition)
        return True

    def take_arguments(self, other: Table) -> None:
        """Take over what calls were found to give for parameters in a program that was part of this one."""
        self._known_arguments = other._known_arguments
        self._arguments = other._arguments

    # Answers

    def body(self, identity: str) -> Function | None:
        """A function of the program, None where it was left out."""
        function = self.functions[identity]
        if function.outlined:
            self.questions.body_of(identity)
            return None
        return function

    def call_at(self, site: str) -> Call | None:
        """The call whose result is named ``site``."""
        identity, _, number = site.rpartition("@")
        function = self.functions.get(identity)
        operation = None if function is None else function.graph.nodes[int(number)].operation
        return operation if isinstance(operation, Call) else None

    def home_of(self, variable: Var) -> str:
        """The function in whose graph a variable lives."""
        scope = around(variable.scope)
        return scope if scope in self.functions else f"{scope.partition(':')[0]}:{MODULE_BODY}"

    def module_named(self, dotted: str) -> str | None:
        """The name of the module that ``import dotted`` loads, if it is under analysis."""
        module = dotted if dotted in self.modules else self._suffixes.get(dotted, dotted)
        return module if module in self.modules else None

    def is_own(self, dotted: str) -> bool:
        """Whether an imported name is one of the project's, whatever of it is under analysis."""
        return dotted.partition(".")[0] in self._packages

    def fields(self, identity: str, name: str) -> Sequence[Definition]:
        """The bindings of a name in the body of a class."""
        return self._variables.get((identity, name), ())

    def is_settled(self, place: Term) -> bool:
        """Whether a place is a variable of a function that nothing but that function itself binds."""
        return (
            isinstance(place, Var)
            and place.scope in self.functions
            and all(definition.function == place.scope for definition in self._definitions.get(place, ()))
        )

    def outlives(self, target: Term) -> bool:
        """Whether what is bound is anything but a variable of a function."""
        return not (isinstance(target, Var) and target.scope in self.functions)


def is_receiver(function: Function, name: str) -> bool:
    """Whether ``name`` is the ``self`` of a method."""
    decorators = {last_name(decorator) for decorator in function.decorators}
    return bool(
        function.cls
        and function.parameters
        and function.parameters[0].name == name
        and "staticmethod" not in decorators
    )


def is_class(term: Term | None) -> bool:
    """Whether a term is a class of the program."""
    return isinstance(term, App) and term.op == "class"


def class_id(term: Term) -> str:
    """The id in a class term."""
    match term:
        case App(op="class", args=(Const(value=str() as identity),)):
            return identity
    raise ValueError(f"not a class: {term}")
