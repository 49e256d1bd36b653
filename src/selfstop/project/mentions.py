"""By which names files mention what reaches a stop call, told from the bytes of a file alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from selfstop.flow.code import MODULE_BODY
from selfstop.flow.terms import Var
from selfstop.project.reach import GENERIC_NAMES, Reach


@dataclass(frozen=True)
class Spoken:
    """How a name is spoken: ``owners`` are the modules and classes that have it.

    A file can only mean it ``by_import`` of an owner, or of the name itself out of the file's own package, where it is
    that of a function, which no object has, or where it is too common to mean anything else.
    """

    owners: frozenset[str]
    by_import: bool


def spoken_of(reach: Reach) -> dict[str, Spoken]:
    """The names of what reaches a stop call, and how each is spoken."""
    owners: dict[str, set[str]] = {}
    free: set[str] = set()
    for identity in (reach.functions - reach.told) | reach.spelling():
        function = reach.program.functions[identity]
        if function.qualname == MODULE_BODY or function.name.startswith("<"):
            continue
        cls = function.qualname.rpartition(".")[0].rpartition(".")[2]
        owner = cls if function.cls is not None else function.module.rpartition(".")[2]
        owners.setdefault(function.name, set()).add(owner)
        if function.cls is not None:
            free.add(function.name)
    # Who gives a helper something that reaches a stop call mentions that.
    for name, module in reach.aliases():
        owners.setdefault(name, set()).add(module.rpartition(".")[2])
        free.add(name)
    for name, module in _handed_on(reach, frozenset(owners)):
        owners[name].add(module.rpartition(".")[2])
    return {
        name: Spoken(frozenset(found), by_import=name in GENERIC_NAMES or name not in free)
        for name, found in owners.items()
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
        self._names = [
            (_bytes(name), _word(name), name, each.owners if each.by_import else None)
            for name, each in sorted(names.items())
        ]
        self._words = {
            word
            for name, each in names.items()
            for word in (each.owners if name in GENERIC_NAMES and each.by_import else [name])
        }

    @property
    def words(self) -> list[str]:
        """Words one of which is in each file that is accepted: of a common name that of who is imported for it."""
        return sorted(self._words)

    def __call__(self, data: bytes) -> bool:
        """Whether ``data`` mentions one of the names as it must be spoken."""
        imported: Imported | None = None
        for letters, word, name, owners in self._names:
            if letters in data and word.search(data):
                if owners is None:
                    return True
                imported = imported or Imported.of(data)
                if imported.has(name, owners):
                    return True
        return False


@dataclass(frozen=True)
class Imported:
    """The words in the import statements of a file.

    ``near`` are those in imports out of its own packages, which name no module (``from . import name``); ``is_open`` if
    one of the statements imports all there is.
    """

    words: frozenset[str]
    near: frozenset[str]
    is_open: bool

    @classmethod
    def of(cls, data: bytes) -> Imported:
        """What a file with these bytes imports."""
        found = [statement.decode("utf-8", "surrogateescape") for statement in _IMPORT.findall(data)]
        statements = "\n".join(found)
        near = "\n".join(statement for statement in found if _NEAR.match(statement))
        return cls(frozenset(_WORDS.findall(statements)), frozenset(_WORDS.findall(near)), "*" in statements)

    def has(self, name: str, owners: Set[str]) -> bool:
        """Whether ``name`` may be imported, or one of its ``owners``."""
        if name in self.near or not self.words.isdisjoint(owners):
            return True
        return self.is_open and name not in GENERIC_NAMES


_IMPORT = re.compile(rb"^[ \t]*(?:from|import)\b(?:[^\n(\\]|\\\r?\n)*(?:\([^)]*\))?", re.MULTILINE)
_NEAR = re.compile(r"\s*from\s*\.+\s*import\b")
_WORDS = re.compile(r"\w+")


def any_word(names: Set[str]) -> re.Pattern[str]:
    """Any of ``names`` as a word; nothing where there are none."""
    if not names:
        return re.compile(r"(?!)")
    return re.compile(r"\b(?:" + "|".join(re.escape(name) for name in sorted(names)) + r")\b")


def _word(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"\b" + re.escape(_bytes(name)) + rb"\b")


def _bytes(name: str) -> bytes:
    """A name as it stands in a file; names of modules come from file names, which may be any bytes."""
    return name.encode("utf-8", "surrogateescape")
