"""Which variable a name means: Python's static scoping rules.

Source: The Python Language Reference, section 4.2.2 "Resolution of names".
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import libcst as cst

from selfstop.flow.lower.walking import walk
from selfstop.flow.terms import Term, Var

IMPORTED = "import"
BUILTINS = "builtins"
_BUILTIN_NAMES = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", "__package__", "__spec__"}


@dataclass
class Bindings:
    """The names that a block binds, declares global or nonlocal, and imports (local name to dotted name).

    ``alternatives`` are further dotted names that local names are imported from, as in the ``except`` of an import.
    ``rebound`` are the names that it takes out of a module (``from … import``) and binds itself as well: variables like
    any other. A name that may be ``None`` instead, where there is no such module, is none of these.
    """

    names: set[str] = field(default_factory=set)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)
    imports: dict[str, str] = field(default_factory=dict)
    alternatives: list[tuple[str, str]] = field(default_factory=list)
    rebound: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)
    yields: bool = False

    def rebind(self, names: Iterable[str]) -> None:
        """Count those of ``names`` that are taken out of a module among the names that the block binds itself."""
        self.rebound.update(self.taken.intersection(names))


@dataclass(frozen=True)
class Importer:
    """Where imports start from: the package for relative ones, and the modules beside a script by bare name."""

    package: str = ""
    siblings: Mapping[str, str] = field(default_factory=dict)

    def absolute(self, name: str) -> str:
        """The dotted name that an import of ``name`` means here; a relative one begins with dots."""
        if name.startswith("."):
            plain = name.lstrip(".")
            return self.absolute(_from_package(plain, len(name) - len(plain), self.package))
        first, dot, rest = name.partition(".")
        return f"{self.siblings[first]}{dot}{rest}" if first in self.siblings else name


class _BindingCollector:
    """Collects the bindings of one block without entering nested functions, classes and lambdas."""

    def __init__(self, importer: Importer) -> None:
        self.importer = importer
        self.found = Bindings()
        self.bound: set[str] = set()
        """Names that are bound to something else than what is imported, or ``None``."""
        self.typing_only: dict[str, str] | None = None
        self.found_for_typing: dict[str, str] = {}

    def collect(self, node: cst.CSTNode) -> None:
        """Take up what ``node`` and everything below it binds."""
        walk(node, self._enters)

    def _enters(self, node: cst.CSTNode) -> bool:
        visit = getattr(self, f"visit_{type(node).__name__}", None)
        return visit is None or visit(node) is not False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.found.names.add(node.name.value)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        self.found.names.add(node.name.value)
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_Global(self, node: cst.Global) -> None:
        self.found.global_names.update(item.name.value for item in node.names)

    def visit_Nonlocal(self, node: cst.Nonlocal) -> None:
        self.found.nonlocal_names.update(item.name.value for item in node.names)

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._bind(target.target, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        self._bind(node.target, node.value)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:
        self._bind(node.target, node.value)

    def visit_NamedExpr(self, node: cst.NamedExpr) -> None:
        self._bind(node.target, node.value)

    def visit_For(self, node: cst.For) -> None:
        self._bind(node.target, node.iter)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._bind(node.name, node)

    def _bind(self, target: cst.CSTNode, value: cst.CSTNode | None) -> None:
        names = target_names(target)
        self.found.names.update(names)
        if value is not None and not (isinstance(value, cst.Name) and value.value == "None"):
            self.bound.update(names)

    def visit_MatchAs(self, node: cst.MatchAs) -> None:
        if node.name is not None:
            self.found.names.add(node.name.value)

    def visit_MatchStar(self, node: cst.MatchStar) -> None:
        if node.name is not None:
            self.found.names.add(node.name.value)

    def visit_MatchMapping(self, node: cst.MatchMapping) -> None:
        if node.rest is not None:
            self.found.names.add(node.rest.value)

    def visit_Del(self, node: cst.Del) -> None:
        self.found.names.update(target_names(node.target))

    def visit_Yield(self, node: cst.Yield) -> None:
        self.found.yields = True

    def visit_If(self, node: cst.If) -> bool:
        """What only the type checker imports means nothing at run time, unless nothing else has the name."""
        if dotted_name(node.test).rpartition(".")[2] != "TYPE_CHECKING":
            return True
        before, self.typing_only = self.typing_only, self.found_for_typing
        self.collect(node.body)
        self.typing_only = before
        if node.orelse is not None:
            self.collect(node.orelse)
        return False

    def visit_Import(self, node: cst.Import) -> bool:
        for alias in node.names:
            path = self.importer.absolute(dotted_name(alias.name))
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                self._bind_import(alias.asname.name.value, path)
            else:
                root = dotted_name(alias.name).partition(".")[0]
                self._bind_import(root, self.importer.absolute(root))
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        base = self.importer.absolute(absolute_module(node, self.importer.package))
        if isinstance(node.names, cst.ImportStar):
            self.found.stars.append(base)
            return False
        for alias in node.names:
            name = dotted_name(alias.name)
            local = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
            self._bind_import(local, f"{base}.{name}" if base else name)
            if self.typing_only is None:
                self.found.taken.add(local)
        return False

    def _bind_import(self, local: str, path: str) -> None:
        self.found.names.add(local)
        if self.typing_only is not None:
            self.typing_only.setdefault(local, path)
        elif not _is_same(self.found.imports.setdefault(local, path), path):
            self.found.alternatives.append((local, path))


def _is_same(first: str, second: str) -> bool:
    """Whether two dotted names are taken for one, which is imported from another directory or out of its package."""
    return f".{first}".endswith(f".{second}") or f".{second}".endswith(f".{first}")


def dotted_name(node: cst.BaseExpression | None) -> str:
    """``a.b.c`` for a name or attribute chain, else the empty string."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return ""
    return ".".join([node.value, *reversed(parts)])


def absolute_module(node: cst.ImportFrom, package: str) -> str:
    """The absolute name of the module that a ``from … import`` names, seen from ``package``."""
    return _from_package(dotted_name(node.module), len(node.relative), package)


def _from_package(name: str, level: int, package: str) -> str:
    """The absolute name of a module that is ``name`` after as many dots as ``level`` says."""
    if level == 0:
        return name
    parts = package.split(".") if package else []
    kept = parts[: len(parts) - (level - 1)] if level > 1 else parts
    return ".".join([*kept, *([name] if name else [])])


def target_names(target: cst.CSTNode) -> list[str]:
    """The plain names that an assignment to ``target`` binds."""
    if isinstance(target, cst.Name):
        return [target.value]
    if isinstance(target, (cst.Tuple, cst.List)):
        return [name for element in target.elements for name in target_names(element.value)]
    return []


def bindings_of(nodes: Iterable[cst.CSTNode], importer: Importer) -> Bindings:
    """The bindings of a block that consists of ``nodes``."""
    collector = _BindingCollector(importer)
    for node in nodes:
        collector.collect(node)
    for local, path in collector.found_for_typing.items():
        collector.found.imports.setdefault(local, path)
    collector.found.rebind(collector.bound)
    return collector.found


@dataclass
class Scope:
    """A static scope. What a walrus binds in a comprehension is a name of the scope around that.

    ``unbound`` are the names that the body of a class binds, and has not bound yet.
    """

    id: str
    kind: str
    parent: Scope | None
    bindings: Bindings
    unbound: set[str] = field(default_factory=set)

    def read(self, name: str) -> Term:
        """The variable that ``name`` means where it is read: ``LIMIT = LIMIT`` in a class is about two of them."""
        return self._meaning(name, is_own=name not in self.unbound)

    def bind(self, name: str) -> Term:
        """The variable that ``name`` means where it is bound."""
        self.unbound.discard(name)
        return self.resolve(name)

    def resolve(self, name: str) -> Term:
        """The variable that ``name`` means when it is read or written in this scope."""
        return self._meaning(name, is_own=True)

    def _meaning(self, name: str, *, is_own: bool) -> Term:
        """The variable of this scope, if ``is_own``, or of those around it, of which classes do not count."""
        scope: Scope | None = self
        while scope is not None:
            if scope.kind == "class" and not (scope is self and is_own):
                scope = scope.parent
                continue
            if name in scope.bindings.global_names:
                return self.module().own(name)
            if name in scope.bindings.names and name not in scope.bindings.nonlocal_names:
                return scope.own(name)
            scope = scope.parent
        module = self.module()
        if module.bindings.stars and name not in _BUILTIN_NAMES:
            return Var(module.id, name)
        return Var(BUILTINS, name)

    def own(self, name: str) -> Term:
        """The variable ``name`` that this scope binds, or what it imports under that name."""
        imported = None if name in self.bindings.rebound else self.bindings.imports.get(name)
        return Var(IMPORTED, imported) if imported is not None else Var(self.id, name)

    def module(self) -> Scope:
        """The scope of the module around this one, which may be this one."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope
