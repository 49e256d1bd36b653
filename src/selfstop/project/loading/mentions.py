"""By which names files mention what reaches a stop call, told from the bytes of a file alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import cached_property

from selfstop.flow.code import MODULE_BODY
from selfstop.flow.terms import Var
from selfstop.project.callgraph.holders import Holders
from selfstop.project.callgraph.reach import Reach
from selfstop.project.repository.outline import syntax_tree
from selfstop.project.symbols.calls import GENERIC_NAMES


@dataclass(frozen=True)
class Owner:
    """A module that has a name, or a class in it; ``module`` is dotted."""

    module: str
    cls: str = ""

    @property
    def word(self) -> str:
        """The word by which a file that means the owner names it."""
        return self.cls or self.stem

    @property
    def stem(self) -> str:
        """The last part of the module's name."""
        return self._parts[-1]

    @property
    def _parts(self) -> list[str]:
        # A module whose name another one has is numbered by these.
        return self.module.rstrip("~").split(".")

    @cached_property
    def names(self) -> frozenset[str]:
        """The dotted names under which the module may be imported, whatever directory imports start from."""
        parts = self._parts
        return frozenset(".".join(parts[start:]) for start in range(len(parts)))

    @cached_property
    def packages(self) -> frozenset[str]:
        """The dotted names of packages through which the module is had as an attribute."""
        parts = self._parts[:-1]
        runs = ((start, end) for start in range(len(parts)) for end in range(start + 1, len(parts) + 1))
        return frozenset(".".join(parts[start:end]) for start, end in runs)


@dataclass(frozen=True)
class Spoken:
    """How a name is spoken: ``owners`` are the modules and classes that have it.

    A file can only mean it ``by_import`` of an owner, or of the name itself out of the file's own package, where it is
    that of a function, which no object has, or where it is too common to mean anything else.
    """

    owners: frozenset[Owner]
    by_import: bool
    makers: frozenset[Owner] = frozenset()
    """Modules that have it for a class, or something else, which gives objects that matter."""

    def but(self, owners: Set[Owner]) -> Spoken:
        """The same without some of those who have it."""
        return replace(self, owners=self.owners - owners, makers=self.makers - owners)

    @property
    def having(self) -> frozenset[Owner]:
        """All who have it."""
        return self.owners | self.makers


def spoken_of(reach: Reach) -> dict[str, Spoken]:
    """The names of what reaches a stop call, and how each is spoken."""
    owners: dict[str, set[Owner]] = {}
    free: set[str] = set()
    for identity in (reach.functions - reach.told) | reach.spelling():
        function = reach.program.functions[identity]
        if function.qualname == MODULE_BODY or function.name.startswith("<"):
            continue
        cls = function.qualname.rpartition(".")[0].rpartition(".")[2] if function.cls is not None else ""
        owners.setdefault(function.name, set()).add(Owner(function.module, cls))
        if function.cls is not None:
            free.add(function.name)
    # Who gives a helper something that reaches a stop call mentions that.
    for name, module in reach.aliases():
        owners.setdefault(name, set()).add(Owner(module))
        free.add(name)
    for name, module in _handed_on(reach, frozenset(owners)):
        owners[name].add(Owner(module))
    makers: dict[str, set[Owner]] = {}
    for name, module in Holders(reach).makers:
        makers.setdefault(name, set()).add(Owner(module))
    return {
        name: Spoken(
            frozenset(owners.get(name, ())),
            by_import=name in GENERIC_NAMES or name not in free,
            makers=frozenset(makers.get(name, ())),
        )
        for name in owners.keys() | makers.keys()
    }


def _handed_on(reach: Reach, names: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The names that a module imports, and from which others may import them, each with that module."""
    program = reach.program
    for module in program.modules.values():
        for local, path in module.imports:
            if local in names and reach.stops_if_called(program.resolve(Var("import", path))):
                yield local, module.name
        for star in module.star_imports:
            known = program.modules.get(star)
            if known is not None:
                yield from ((each.name, module.name) for each in known.functions if each.name in names)


class Mention:
    """Whether a file mentions one of the names: by a fast search first, then word by word."""

    def __init__(self, names: Mapping[str, Spoken]) -> None:
        self._names = [(_bytes(name), _word(name), name, each) for name, each in sorted(names.items())]
        self._words = {
            word
            for name, each in names.items()
            for word in ({owner.word for owner in each.having} if name in GENERIC_NAMES and each.by_import else {name})
        }

    @property
    def words(self) -> list[str]:
        """Words one of which is in each file that is accepted: of a common name that of who is imported for it."""
        return sorted(self._words)

    def __call__(self, data: bytes) -> bool:
        """Whether ``data`` mentions one of the names as it must be spoken."""
        imported: Imported | None = None
        for letters, word, name, each in self._names:
            if letters in data and word.search(data):
                if each.owners and not each.by_import:
                    return True
                imported = imported or Imported.of(data)
                if imported.has(name, each):
                    return True
        return False


@dataclass(frozen=True)
class Imported:
    """What the import statements of a file name.

    ``modules`` are the dotted names of all that is imported and of the packages around it, of a relative import without
    its dots. ``near`` are the names in imports out of the file's own packages, which name no module (``from . import
    name``). ``words`` are those of statements that cannot be told apart from text. ``is_open`` if one of the statements
    imports all there is.
    """

    data: bytes
    modules: frozenset[str]
    near: frozenset[str]
    words: frozenset[str]
    is_open: bool

    @classmethod
    def of(cls, data: bytes) -> Imported:
        """What a file with these bytes imports."""
        modules: set[str] = set()
        near: set[str] = set()
        words: set[str] = set()
        for found in _IMPORT.findall(data):
            statement = found.decode("utf-8", "surrogateescape").strip()
            tree = syntax_tree(statement)
            if tree is None:
                words.update(_WORDS.findall(statement))
                continue
            for node in tree.body:
                match node:
                    case ast.Import(names=aliases):
                        modules.update(alias.name for alias in aliases)
                    case ast.ImportFrom(module=None, names=aliases):
                        near.update(alias.name for alias in aliases)
                        modules.update(alias.name for alias in aliases)
                    case ast.ImportFrom(module=str() as module, names=aliases):
                        modules.update(f"{module}.{alias.name}" for alias in aliases)
        is_open = "*" in words or any(name.endswith("*") for name in modules)
        return cls(data, _with_packages(modules), frozenset(near), frozenset(words), is_open)

    def has(self, name: str, spoken: Spoken) -> bool:
        """Whether ``name`` may be imported, or one of its owners."""
        if spoken.owners and (name in self.near or (self.is_open and name not in GENERIC_NAMES)):
            return True
        return any(map(self._has, spoken.owners)) or any(self._has_member(name, maker) for maker in spoken.makers)

    def _has(self, owner: Owner) -> bool:
        if owner.word in self.words:
            return True
        if not owner.cls:
            return self._has_module(owner)
        return owner.cls in self._last or (self._reads(owner.cls) and self._has_module(owner))

    def _has_module(self, owner: Owner) -> bool:
        if not owner.names.isdisjoint(self.modules):
            return True
        return not owner.packages.isdisjoint(self.modules) and self._reads(owner.stem)

    def _has_member(self, name: str, owner: Owner) -> bool:
        """Whether ``name`` is imported, or read, as one of the module ``owner``, or of a package around it."""
        if name in self.near or name in self.words:
            return True
        if any(f"{module}.{each}" in self.modules for module in owner.names | owner.packages for each in (name, "*")):
            return True
        if not owner.names.isdisjoint(self.modules):
            return self._reads(name)
        return not owner.packages.isdisjoint(self.modules) and self._reads(f"{owner.stem}.{name}")

    def _reads(self, attribute: str) -> bool:
        """Whether the file has an attribute of that name."""
        return re.search(rb"\.[ \t]*" + re.escape(_bytes(attribute)) + rb"\b", self.data) is not None

    @cached_property
    def _last(self) -> frozenset[str]:
        return frozenset(name.rpartition(".")[2] for name in self.modules)


def _with_packages(modules: Set[str]) -> frozenset[str]:
    """Dotted names, and all those that they begin with."""
    parted = [name.split(".") for name in modules]
    return frozenset(".".join(parts[:end]) for parts in parted for end in range(1, len(parts) + 1))


_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t.]+[\w. \t]*\bimport\b|import\b)(?:[^\n(\\]|\\\r?\n)*(?:\([^)]*\))?", re.MULTILINE
)
_WORDS = re.compile(r"\w+|\*")


def _word(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"\b" + re.escape(_bytes(name)) + rb"\b")


def _bytes(name: str) -> bytes:
    """A name as it stands in a file; names of modules come from file names, which may be any bytes."""
    return name.encode("utf-8", "surrogateescape")
