"""Compose services as several files describe them: overrides laid over the base, ``extends`` filled in."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from selfstop.deploy import names
from selfstop.deploy.model import Launcher, Run

_OVERRIDE: Final = re.compile(r"(?:docker-)?compose\.override\.ya?ml")
_BASE: Final = re.compile(r"(?:docker-)?compose\.ya?ml")
_EXTENDED: Final = 8


def merged(runs: Sequence[Run]) -> Iterator[Run]:
    """All runs, compose's override files laid over the services that they change.

    Compose reads ``compose.override.yaml`` by itself; other files are only laid over where somebody names them with
    ``-f``, so each of those stands for itself.
    """
    services: dict[tuple[str, str], Run] = {}
    overrides: dict[tuple[str, str], list[Run]] = defaultdict(list)
    for run in runs:
        if run.launcher is not Launcher.COMPOSE or run.name is None:
            continue
        directory, name = posixpath.split(run.place.path)
        if _OVERRIDE.fullmatch(name):
            overrides[directory, str(run.name)].append(run)
        else:
            services[run.place.path, str(run.name)] = run
    for run in runs:
        directory, name = posixpath.split(run.place.path)
        if run.launcher is not Launcher.COMPOSE or run.name is None:
            yield run
        elif _OVERRIDE.fullmatch(name):
            if not _has_base(run, services):
                yield run
        else:
            whole = _extended(run, services, 0)
            for over in overrides.get((directory, str(run.name)), ()) if _BASE.fullmatch(name) else ():
                whole = laid_over(whole, over)
            yield whole


def _has_base(run: Run, services: dict[tuple[str, str], Run]) -> bool:
    directory = posixpath.dirname(run.place.path)
    return any(
        posixpath.dirname(path) == directory and name == str(run.name)
        for path, name in services
        if _BASE.fullmatch(posixpath.basename(path))
    )


def laid_over(base: Run, over: Run) -> Run:
    """A service with another file's description laid over it: later settings win, the rest where it is given."""
    return replace(
        base,
        image=over.image or base.image,
        sources=(*base.sources, *over.sources),
        entrypoint=over.entrypoint or base.entrypoint,
        command=over.command or (None if over.entrypoint else base.command),
        restart=over.restart or base.restart,
        mounts=(*base.mounts, *over.mounts),
        workdir=over.workdir or base.workdir,
    )


def _extended(run: Run, services: dict[tuple[str, str], Run], depth: int) -> Run:
    """A service with what it extends filled in."""
    extends = getattr(run, "extends", None)
    if extends is None or depth > _EXTENDED:
        return run
    path: str | None = run.place.path
    if extends.file is not None:
        found = [known for known, _ in services]
        path = names.find_file(extends.file, found, [names.directory(run.place.path)])
    base = services.get((path or "", extends.service))
    if base is None:
        return run
    return replace(laid_over(_extended(base, services, depth + 1), run), place=run.place, name=run.name)
