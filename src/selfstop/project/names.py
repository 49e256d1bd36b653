"""Module names: which file a dotted name in an import means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath


def module_name(path: str) -> tuple[str, bool]:
    """The dotted name of the module at ``path`` below the root, and whether it is a package.

    A leading ``src`` is a source root, not a package.
    """
    stem, dot, suffix = path.rpartition(".")
    parts = (stem if dot and stem and "/" not in suffix else path).split("/")
    if parts[0] == "src" and len(parts) > 1:
        parts = parts[1:]
    is_package = parts[-1] == "__init__" and len(parts) > 1
    return ".".join(parts[:-1] if is_package else parts), is_package


def by_suffix(names: Iterable[str]) -> Mapping[str, str]:
    """The names that modules can also be imported by from beside them: each suffix that only one module has.

    A script started in its own directory imports its neighbours by their bare names.
    """
    found: dict[str, str | None] = {}
    for name in names:
        parts = name.split(".")
        for start in range(1, len(parts)):
            suffix = ".".join(parts[start:])
            found[suffix] = None if suffix in found else name
    return {suffix: name for suffix, name in found.items() if name is not None}


def beside(path: str, files: Iterable[str]) -> Mapping[str, str]:
    """The modules that a script imports by bare name because they stand in its own directory.

    In a package the directory is not on the path, and at the root bare names are dotted names anyway.
    """
    directory = PurePosixPath(path).parent
    known = files if isinstance(files, Mapping) else set(files)
    if directory == PurePosixPath() or (directory / "__init__.py").as_posix() in known:
        return {}
    found = {}
    for other in known:
        pure = PurePosixPath(other)
        if pure.parent == directory and pure.stem != "__init__":
            found[pure.stem] = module_name(other)[0]
        elif pure.name == "__init__.py" and pure.parent.parent == directory:
            found[pure.parent.name] = module_name(other)[0]
    return found
