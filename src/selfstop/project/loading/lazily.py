"""Names that a package looks up when they are asked for: by a ``__getattr__`` of its own (PEP 562).

What that does is not looked into. A name is taken for what the only module of the package that defines it means by it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace

from selfstop import source
from selfstop.project.loading.mentions import Owner, Spoken
from selfstop.project.repository.files import select
from selfstop.project.repository.names import ModuleNames, is_package

_LOOKS_UP = re.compile(
    rb"^(?:async[ \t]+)?def[ \t]+__getattr__\b|^[^\s#'\"][^\n=]*\b__getattr__\b[^\n=]*=", re.MULTILINE
)


class LazyPackages:
    """The packages among the modules of a project that look names up."""

    def __init__(self, files: Mapping[str, bytes], names: ModuleNames) -> None:
        self._files = files
        self._names = names
        self._known: dict[str, bool] = {}
        self.meanings: dict[str, str] = {}
        """Names that were looked for, ``package.name``, each as ``module.name`` where it is defined, or empty."""

    def _is_lazy(self, module: str) -> bool:
        if module not in self._known:
            path = self._names.paths.get(module, "")
            self._known[module] = is_package(path) and _LOOKS_UP.search(self._contents(path)) is not None
        return self._known[module]

    def _contents(self, path: str) -> bytes:
        try:
            return self._files[path]
        except source.NotAnalysable:
            return b""

    def _around(self, module: str) -> Iterator[str]:
        """The packages that may give what a module has."""
        parts = module.split(".")
        yield from filter(self._is_lazy, (".".join(parts[:end]) for end in range(1, len(parts))))

    def spoken(self, each: Spoken) -> Spoken:
        """How a name is spoken if such packages are counted among those that have it."""
        modules = {owner.module for owner in each.having if not owner.cls}
        packages = {Owner(package) for module in modules for package in self._around(module)}
        return replace(each, makers=each.makers | packages) if packages else each

    def find(self, lookups: Set[tuple[str, str]]) -> bool:
        """Find out what packages give for names, each ``(package, name)``; returns whether any of that is new."""
        new = {each for each in lookups if ".".join(each) not in self.meanings}
        if not new:
            return False
        defining = self._defining({name for package, name in new if f"{package}.{name}" not in self._names.paths})
        for package, name in new:
            directory = self._names.paths[package].rpartition("/")[0]
            within = [path for path in defining[name] if path.startswith(f"{directory}/")]
            meant = f"{self._names.by_path[within[0]]}.{name}" if len(within) == 1 else ""
            self.meanings[f"{package}.{name}"] = meant
        return True

    def _defining(self, names: Set[str]) -> Mapping[str, list[str]]:
        """For each name the files that define it at their top level."""
        definition = _definition_of(names)
        found: dict[str, list[str]] = defaultdict(list)
        if names:
            for path in select(self._files, lambda data: definition.search(data) is not None, sorted(names)):
                defined = {first or second for first, second in definition.findall(self._contents(path))}
                for name in defined:
                    found[name.decode()].append(path)
        return found


_DEFINITION = rb"^(?:(?:class|(?:async[ \t]+)?def)[ \t]+(%b)\b|(%b)[ \t]*(?::[^\n]*)?=(?!=))"


def _definition_of(names: Set[str]) -> re.Pattern[bytes]:
    """A pattern of where a module defines one of ``names``."""
    any_of = "|".join(map(re.escape, sorted(names))).encode()
    return re.compile(_DEFINITION % (any_of, any_of), re.MULTILINE)
