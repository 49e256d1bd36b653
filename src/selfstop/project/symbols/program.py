"""What the names, attributes and classes of a program mean, and what is bound to them.

Everything here ignores control flow. What was found is remembered, and forgotten where something is added: what calls
give for parameters, or that from now on what is not loaded is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

from selfstop.flow.cfg import Call, Graph
from selfstop.flow.code import Definition, ModuleCode
from selfstop.flow.linear import number
from selfstop.flow.terms import (
    App,
    Attr,
    Const,
    Func,
    Item,
    Result,
    Term,
    Var,
    builtin_call,
    last_name,
    substitute,
    walk,
)
from selfstop.project.symbols.binding import bind, split_arguments
from selfstop.project.symbols.instances import Instances
from selfstop.project.symbols.rebinding import call_own_methods, either, speak_of_alternatives, speak_of_rebound
from selfstop.project.symbols.table import Table, class_id, is_class

_ENUMERATIONS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"})
_PLAIN_BASES = frozenset(
    {"object", "ABC", "Protocol", "Generic", "Thread", "Process", "Exception", "BaseException", "Enum", "TestCase"}
)
_COPYING = frozenset({"dataclasses.replace", "copy.replace", "attr.evolve", "attrs.evolve"})
_RECORD_DECORATORS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs", "s"})
_RECORD_BASES = frozenset({"BaseModel", "NamedTuple", "TypedDict", "Struct"})


class Program(Table):
    """A table that knows what its names mean, and of which class objects are."""

    def __init__(
        self,
        modules: Iterable[ModuleCode],
        suffixes: Mapping[str, str] = MappingProxyType({}),
        names: Collection[str] = (),
        looked_up: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """``looked_up`` are dotted names that packages look up, with the dotted names of what they mean."""
        super().__init__(modules, suffixes, names)
        self._looked_up = looked_up
        self._instances = Instances(self)
        self._resolved: dict[Term, Term] = {}
        self._subclasses: dict[str, list[str]] = defaultdict(list)
        for cls in self.classes.values():
            for base in self.bases(cls.id):
                self._subclasses[base].append(cls.id)
        call_own_methods(self)
        speak_of_alternatives(self)
        speak_of_rebound(self)

    def ask(self) -> None:
        """From now on collect what cannot be answered; earlier answers are forgotten."""
        self.questions.open = True
        self.resolve_anew()

    @contextmanager
    def unasked(self) -> Iterator[None]:
        """For a time nothing is collected: what is not loaded counts as unknown, and nobody wants to know it."""
        was_open, self.questions.open = self.questions.open, False
        self.resolve_anew()
        try:
            yield
        finally:
            self.questions.open = was_open
            self.resolve_anew()

    # Names

    def resolve(self, term: Term) -> Term:
        """``term`` with a name of a function, class or method of the program replaced by what it means."""
        if not isinstance(term, (Var, Attr)):
            return term
        known = self._resolved.get(term)
        if known is None:
            self._resolved[term] = term
            known = self._resolved[term] = self._find_meaning(term)
        return known

    def _find_meaning(self, term: Var | Attr) -> Term:
        match term:
            case Var(scope="import", name=name):
                return self.imported(name) or term
            case Var():
                return self._variable(term) or term
            case Attr(base=base, name=name):
                return self.member(self.resolve(base), name) or term

    def imported(self, dotted: str) -> Term | None:
        """``pkg.module.name`` where ``pkg.module`` is a module of the program."""
        parts = dotted.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            module = self.module_named(".".join(parts[:cut]))
            if module is not None:
                found = self.module_member(module, parts[cut])
                for name in parts[cut + 1 :]:
                    found = None if found is None else self.member(found, name) or Attr(found, name)
                if found is None:  # the package is loaded, a module in it may not be
                    break
                return found
        self.questions.imported(dotted)
        return None

    def module_member(self, module: str, name: str) -> Term | None:
        """What ``name`` means in ``module``: a function or class of the program, or the variable itself."""
        found = self._own_member(module, name) or self._starred_member(module, name)
        if found is None and self._variables.get((module, "__getattr__")):
            return self._found_by(module, name)
        return found

    def _own_member(self, module: str, name: str) -> Term | None:
        """The same, of what a module says itself."""
        if own := self._variables.get((module, name)):
            return self.resolve(own[0].target)
        imported = self._imports.get(module, {}).get(name)
        if imported is not None:
            name_there = Var("import", imported)
            others = self.modules[module].others.get(imported)
            return either(self, name_there, others) if others else self.resolve(name_there)
        submodule = f"{module}.{name}"
        if submodule in self.modules:
            return Var("import", submodule)
        self.questions.imported(submodule)
        return None

    def _starred_member(self, module: str, name: str) -> Term | None:
        """The same, of what it imports with ``*``: the last import counts."""
        for star in self._starred(module):
            known = self.module_named(star)
            if known is None:
                self.questions.imported(f"{star}.{name}")
            elif (found := self._own_member(known, name)) is not None:
                return found
        return None

    def _starred(self, module: str) -> Iterator[str]:
        """The modules from which a module imports all there is, and those from which these do, loaded or not."""
        seen: set[str] = set()
        pending = list(self.modules[module].star_imports)
        while pending:
            star = pending.pop()
            if star not in seen:
                seen.add(star)
                yield star
                known = self.module_named(star)
                pending += () if known is None else self.modules[known].star_imports

    def _found_by(self, module: str, name: str) -> Term | None:
        """What a module looks up under a name that it does not have."""
        known = self._looked_up.get(f"{module}.{name}")
        if known is None:
            self.questions.looked_up(module, name)
        return self.resolve(Var("import", known)) if known else None

    def looking_up(self, dotted: str) -> str | None:
        """The name of a module, as others import it, if it looks up names that it does not have."""
        module = self.module_named(dotted)
        return module if module is not None and self._variables.get((module, "__getattr__")) else None

    def _variable(self, variable: Var) -> Term | None:
        """A variable that only ever stands for one function or class."""
        known = self._definitions.get(variable)
        if not known:
            return self._starred_member(variable.scope, variable.name) if variable.scope in self.modules else None
        values = {definition.value for definition in known}
        if len(values) != 1:
            return None
        (value,) = values
        match value:
            case Func() | App(op="class"):
                return value
            case Var() | Attr() if value != variable and variable.scope in self.modules:
                found = self.resolve(value)
                return found if isinstance(found, (Func,)) or is_class(found) else None
        return None

    def _super_member(self, site: str, name: str) -> Term | None:
        """``super().name`` in the method in which the call of ``super`` stands."""
        function = self.functions.get(site.rpartition("@")[0])
        if function is None or function.cls is None or not function.parameters:
            return None
        for cls in list(self.ancestors(function.cls))[1:]:
            if name in self._methods[cls]:
                return Func(self._methods[cls][name], Var(function.id, function.parameters[0].name))
        return None

    def member(self, base: Term, name: str) -> Term | None:
        """What ``base.name`` means, for a ``base`` that is resolved: a method, a class, a variable of a class."""
        match base:
            case Result(site=site, callee=Var(scope="builtins", name="super")):
                return self._super_member(site, name)
        if is_class(base):
            identity = class_id(base)
            method = self.method(identity, name)
            if method is not None:
                return Func(method)
            variable = Var(identity, name)
            return variable if self._definitions.get(variable) else None
        if isinstance(base, Var) and base.scope == "import":
            dotted = Var("import", f"{base.name}.{name}")
            found = self.resolve(dotted)
            return None if found == dotted else found
        owner = self.class_of(base)
        if owner is None:
            return None
        method = self.method(owner, name)
        if method is None:
            return self._class_variable(owner, name)
        if self.is_property(method):
            return None
        static = "staticmethod" in {last_name(decorator) for decorator in self.functions[method].decorators}
        return Func(method) if static else Func(method, base)

    def _class_variable(self, owner: str, name: str) -> Term | None:
        """A nested class, or a function kept in a class attribute."""
        for cls in self.ancestors(owner):
            if self.fields(cls, name):
                found = self.resolve(Var(cls, name))
                return found if isinstance(found, Func) or is_class(found) else None
        return None

    # Classes

    def bases(self, identity: str) -> list[str]:
        """The direct bases of a class that are classes of the program."""
        found = [self.resolve(base) for base in self.classes[identity].bases]
        return [class_id(base) for base in found if is_class(base)]

    def ancestors(self, identity: str) -> Iterator[str]:
        """The class and its bases within the program, nearest first."""
        seen: set[str] = set()
        queue = [identity]
        while queue:
            current = queue.pop(0)
            if current in seen or current not in self.classes:
                continue
            seen.add(current)
            yield current
            queue.extend(self.bases(current))

    def descendants(self, identity: str) -> Iterator[str]:
        """All classes of the program that derive from a class."""
        seen: set[str] = {identity}
        queue = list(self._subclasses.get(identity, ()))
        while queue:
            current = queue.pop(0)
            if current not in seen:
                seen.add(current)
                yield current
                queue.extend(self._subclasses.get(current, ()))

    def method(self, identity: str, name: str) -> str | None:
        """The method that an instance of the class has under ``name``."""
        for cls in self.ancestors(identity):
            found = self._methods[cls].get(name)
            if found is not None:
                return found
        return None

    def foreign_bases(self, identity: str) -> Iterator[Term]:
        """The bases of a class and its ancestors that are no classes of the program."""
        for cls in self.ancestors(identity):
            yield from (base for base in self.classes[cls].bases if not is_class(self.resolve(base)))

    def is_enumeration(self, identity: str) -> bool:
        """Whether the class is an ``enum.Enum``."""
        return identity in self.classes and any(
            last_name(base) in _ENUMERATIONS for base in self.foreign_bases(identity)
        )

    def is_always_true(self, identity: str) -> bool:
        """Whether objects of the class are true as a test, because nothing says otherwise."""
        defined = any({"__bool__", "__len__"} & self._methods[cls].keys() for cls in self.ancestors(identity))
        return not defined and all(_is_plain_base(base) for base in self.foreign_bases(identity))

    def is_record(self, identity: str) -> bool:
        """Whether objects of the class are made with values for its fields: a dataclass, or one like it."""
        cls = self.classes[identity]
        decorators = {last_name(part) for decorator in cls.decorators for part in walk(decorator)}
        return bool(decorators & _RECORD_DECORATORS) or any(last_name(base) in _RECORD_BASES for base in cls.bases)

    def field_names(self, identity: str) -> list[str]:
        """The fields of a dataclass in the order in which they are given: those of its bases first."""
        found: dict[str, None] = {}
        for cls in reversed(list(self.ancestors(identity))):
            targets = [item.target for item in self.modules[cls.partition(":")[0]].definitions if item.annotation]
            found |= {target.name: None for target in targets if isinstance(target, Var) and target.scope == cls}
        return list(found)

    def fields_given(
        self, identity: str, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]
    ) -> Iterator[tuple[Var, Term]]:
        """The fields of a record that are given a value where an object of it is made."""
        if self.is_record(identity) and self.method(identity, "__init__") is None:
            given = zip(self.field_names(identity), args, strict=False)
            yield from ((Var(identity, name), value) for name, value in (*given, *keywords))

    def made_by(self, call: Call) -> tuple[str, Sequence[Term]] | None:
        """The class of the program of which a call makes an object, and what it gives by position.

        ``dataclasses.replace`` and its like make a copy, with what they are given by name.
        """
        made = self.resolve(call.func)
        if is_class(made):
            return class_id(made), call.args
        copied = self._copied(call)
        return None if copied is None else (copied, ())

    def _copied(self, call: Call) -> str | None:
        match call.func, call.args:
            case Attr(base=original, name="_replace"), ():
                owner = self.class_of(original)
            case Var(scope="import", name=name), (original, *_) if name in _COPYING:
                owner = self.class_of(original)
            case _:
                return None
        return owner if owner is not None and self.is_record(owner) else None

    def overrides(self, identity: str, name: str) -> list[str]:
        """The method of that name and its overrides in subclasses."""
        own = self.method(identity, name)
        found = [] if own is None else [own]
        found += [self._methods[cls][name] for cls in self.descendants(identity) if name in self._methods[cls]]
        return found

    def is_property(self, function: str) -> bool:
        """Whether a method is read like an attribute."""
        names = {last_name(decorator) for decorator in self.functions[function].decorators}
        return bool(names & {"property", "cached_property"})

    def property_of(self, term: Term) -> str | None:
        """The property function that reading ``term`` runs, if it is one of the program."""
        if not isinstance(term, Attr):
            return None
        owner = self.class_of(term.base)
        method = None if owner is None else self.method(owner, term.name)
        return method if method is not None and self.is_property(method) else None

    def class_of(self, term: Term) -> str | None:
        """The class of the program that ``term`` is an instance of, where the code shows it."""
        return self._instances.class_of(term)

    def returned_values(self, callee: Term) -> list[Term]:
        """What a function of the program returns, as terms of its own variables."""
        target = self.resolve(callee)
        if not isinstance(target, Func) or target.function not in self.functions:
            return []
        function = self.body(target.function)
        if function is None:
            return []
        return [] if function.is_generator else _assigned(function.graph, function.graph.returned)

    def yielded_values(self, iterable: Term) -> list[Term]:
        """What a call of a generator of the program yields, as terms of its own variables."""
        match iterable:
            case Result(callee=callee) | App(op="call", args=(callee, *_)) if callee is not None:
                target = self.resolve(callee)
                function = self.body(target.function) if isinstance(target, Func) else None
                return [] if function is None else _assigned(function.graph, function.graph.yielded)
        return []

    def annotated_name(self, module: str, annotation: str) -> Term | None:
        """What the first name in an annotation means that says what an object is, rather than whether there is one."""
        return self._instances.annotated_name(module, annotation)

    # Definitions

    def definitions(self, place: Term) -> tuple[Definition, ...]:
        """All bindings of ``place``, wherever control is; for a parameter its default and the arguments given."""
        self.ask_about(place)
        match place:
            case Var(scope="import", name=name):
                meaning = self.resolve(place)
                return self.definitions(meaning) if meaning != place else self._imported_definitions(name)
            case Var(scope=scope, name=name) if scope in self.classes:
                return tuple(self._attribute(scope, name))
            case Var():
                return (*self._definitions.get(place, ()), *self._arguments.get(place, ()))
            case Attr(base=base, name=name):
                owner = self._owner_of(base)
                if owner is None:
                    return tuple(self._definitions.get(place, ()))
                return tuple(self._attribute(owner, name))
            case Item():
                return tuple(self._definitions.get(place, ()))
            case Result(callee=callee, args=args) if callee is not None:
                return self._returned_definitions(place, callee, args)
            case App(op="call", args=(callee, *args)):
                return self._returned_definitions(place, callee, args)
        return ()

    def ask_about(self, place: Term) -> None:
        """Ask for all bindings of a place that functions of other places may bind."""
        if not self.questions.open:
            return
        match place:
            case Attr(base=base, name=name):
                owner = self._owner_of(base)
                for module in self._homes(base, owner):
                    self.questions.attribute(name, module)
                if owner is not None and self._is_number_by_default(owner, name):
                    self.questions.made(self.classes[owner].name)
            case Var(scope=scope) if scope in self.modules:
                self.questions.variable(place)
            case Var(scope=scope, name=name) if scope in self.classes:
                self.questions.attribute(name, scope.partition(":")[0])

    def _is_number_by_default(self, owner: str, name: str) -> bool:
        """Whether a field of a record is a number unless an object is made with another one."""
        defaults = (field.value for field in self.fields(owner, name))
        return self.is_record(owner) and any(number(value) is not None for value in defaults if value is not None)

    def ask_what_is(self, decorator: Term) -> None:
        """Ask for the module that defines a decorator."""
        match decorator:
            case App(op="call", args=(factory, *_)):
                decorator = factory
        match self.resolve(decorator):
            case Var(scope="import", name=name) if self.is_own(name):
                self.questions.source(name)

    def ask_who_fills(self, place: Term) -> None:
        """Ask for what is put into a collection that an attribute holds."""
        if self.questions.open and isinstance(place, Attr):
            for module in self._homes(place.base, self._owner_of(place.base)):
                for method in ("append", "extend", "add", "insert"):
                    self.questions.attribute(f"{place.name}.{method}", module)

    def ask_who_binds(self, place: Term, names: Iterable[str] = ()) -> None:
        """Ask for all bindings of an attribute or a variable of a module, in whichever file has to do with them.

        ``names`` are those of an attribute to look for, where calls of its methods (``ids.append``) count as well.
        """
        if not self.questions.open:
            return
        match place:
            case Var(scope=scope) if scope in self.modules:
                self.questions.rebinding(place)
                return
            case Var(scope=scope, name=name) if scope in self.classes:
                near = self._family_names(scope)
            case Attr(base=base, name=name):
                owner = self._owner_of(base)
                near = {last_name(base)} if owner is None else self._family_names(owner)
            case _:
                return
        for each in names or (name,):
            self.questions.binding(each, near - {""})

    def _family_names(self, owner: str) -> set[str]:
        """The names of a class, of those that it is made of or makes, and of what holds objects of them."""
        near = {self.classes[cls].name for cls in (*self.ancestors(owner), *self.descendants(owner))}
        return near | {
            last_name(definition.target)
            for module in self.modules.values()
            for definition in module.links_of(frozenset(near))
            if self.outlives(definition.target)
        }

    def _homes(self, base: Term, owner: str | None) -> Iterator[str]:
        """The modules whose functions may bind attributes of an object, of the class ``owner`` if that is known."""
        if owner is not None:
            yield from (cls.partition(":")[0] for cls in (*self.ancestors(owner), *self.descendants(owner)))
            return
        while isinstance(base, (Attr, Item)):
            base = base.base
        if isinstance(base, Var) and (module := base.scope.partition(":")[0]) in self.modules:
            yield module

    def _returned_definitions(self, call: Term, callee: Term, args: Sequence[Term]) -> tuple[Definition, ...]:
        """What a call of the program's own code may give, in the caller's terms."""
        target = self.resolve(callee)
        if not isinstance(target, Func) or target.function not in self.functions:
            return ()
        positional, keywords = split_arguments(args)
        bound = bind(self.functions[target.function], target, positional, keywords)
        values = [substitute(value, bound) for value in self.returned_values(target)]
        return tuple(Definition(call, value, target.function) for value in values if value != call)

    def _imported_definitions(self, dotted: str, seen: frozenset[str] = frozenset()) -> tuple[Definition, ...]:
        """The bindings of an imported name; none where modules only import it from each other."""
        parent, _, name = dotted.rpartition(".")
        module = self.module_named(parent)
        if module is None or dotted in seen:
            return ()
        own = self._definitions.get(Var(module, name))
        if own:
            return tuple(own)
        seen |= {dotted}
        found = self.module_member(module, name)
        if isinstance(found, Var) and found != Var("import", dotted):
            is_import = found.scope == "import"
            return self._imported_definitions(found.name, seen) if is_import else self.definitions(found)
        imported = self._imports[module].get(name)
        return self._imported_definitions(imported, seen) if imported else ()

    def _owner_of(self, base: Term) -> str | None:
        """The class of the program that ``base`` is an instance of, or is itself."""
        match base, builtin_call(base):
            case (Attr(base=instance, name="__class__"), _) | (_, ("type", (instance,))):
                return self.class_of(instance)
        found = self.resolve(base)
        return class_id(found) if is_class(found) else self.class_of(base)

    def _attribute(self, owner: str, name: str) -> Iterator[Definition]:
        family = [*self.ancestors(owner), *self.descendants(owner)]
        for definition in self._foreign_attributes.get(name, ()):
            if isinstance(definition.target, Attr) and self._owner_of(definition.target.base) in family:
                yield definition
        for cls in family:
            yield from self._class_attributes.get((cls, name), ())
            fields = self.fields(cls, name)
            yield from (_setting(field) if self._reads_environment(cls) else field for field in fields)
            yield from self._arguments.get(Var(cls, name), ())
        method = self.method(owner, name)
        if method is not None and self.is_property(method):
            returned = self.functions[method].graph.returned
            for value in self.returned_values(Func(method)):
                yield Definition(returned, value, method)

    def _reads_environment(self, cls: str) -> bool:
        """Whether the class is a pydantic ``BaseSettings``: its fields come from variables of their names."""
        return any(
            last_name(base) == "BaseSettings"
            for ancestor in self.ancestors(cls)
            for base in self.classes[ancestor].bases
        )

    def resolve_anew(self) -> None:
        """Forget what names and classes were resolved to."""
        self._instances.forget()
        self._resolved.clear()


def _assigned(graph: Graph, place: Term) -> list[Term]:
    """The values that are assigned to ``place`` in a function."""
    return [each.value for _, each in graph.assignments.get(place, ()) if each.value is not None]


def _setting(field: Definition) -> Definition:
    name = Const(last_name(field.target).upper())
    value = App("getenv", (name,) if field.value is None else (name, field.value))
    return Definition(field.target, value, field.function, annotation=field.annotation)


def _is_plain_base(base: Term) -> bool:
    """Whether a class gets neither length nor truth from a base: what the standard library is known to offer."""
    if isinstance(base, Item):
        base = base.base
    name = last_name(base)
    return name in _PLAIN_BASES or (
        isinstance(base, Var) and base.scope == "builtins" and name.endswith(("Error", "Exception"))
    )
