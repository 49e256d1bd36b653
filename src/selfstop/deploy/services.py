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
    """All runs, those of compose put together from what several files and commands say of a service.

    Compose reads ``compose.override.yaml`` by itself; other files are only laid over where somebody names them with
    ``-f``, so each of those stands for itself. ``docker compose run`` starts a service with options of its own.
    """
    services = _Services(runs)
    for run in runs:
        if run.launcher is not Launcher.COMPOSE or run.name is None:
            yield run
        else:
            yield from services.whole(run)


class _Services:
    """The services of all compose files."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._services: dict[tuple[str, str], Run] = {}
        self._overrides: dict[tuple[str, str], list[Run]] = defaultdict(list)
        for run in runs:
            if run.launcher is Launcher.COMPOSE and run.name is not None and _is_file(run):
                directory, file = posixpath.split(run.place.path)
                if _OVERRIDE.fullmatch(file):
                    self._overrides[directory, str(run.name)].append(run)
                else:
                    self._services[run.place.path, str(run.name)] = run

    def whole(self, run: Run) -> Iterator[Run]:
        """A service as all files describe it; nothing for a part that is laid over another."""
        directory, file = posixpath.split(run.place.path)
        if not _is_file(run):
            yield from self._started(run)
        elif not _OVERRIDE.fullmatch(file):
            yield self._overridden(run)
        elif not any(posixpath.dirname(base.place.path) == directory for base in self._named(run)):
            yield run

    def _named(self, run: Run) -> list[Run]:
        """The services of that name, in the base files."""
        return [
            service
            for (path, name), service in self._services.items()
            if name == str(run.name) and _BASE.fullmatch(posixpath.basename(path))
        ]

    def _started(self, run: Run) -> Iterator[Run]:
        """``docker compose run``: each service of that name, with the options of the command."""
        for service in self._named(run):
            whole = laid_over(self._overridden(service), run)
            yield replace(whole, place=run.place, name=run.name, strength=run.strength, conditions=run.conditions)

    def _overridden(self, run: Run) -> Run:
        whole = self._extended(run, 0)
        directory, file = posixpath.split(run.place.path)
        for over in self._overrides.get((directory, str(run.name)), ()) if _BASE.fullmatch(file) else ():
            whole = laid_over(whole, over)
        return whole

    def _extended(self, run: Run, depth: int) -> Run:
        """A service with what it extends filled in."""
        if run.extends is None or depth > _EXTENDED:
            return run
        path: str | None = run.place.path
        if run.extends.file is not None:
            paths = [known for known, _ in self._services]
            path = names.find_file(run.extends.file, paths, [names.directory(run.place.path)])
        base = self._services.get((path or "", run.extends.service))
        if base is None:
            return run
        return replace(laid_over(self._extended(base, depth + 1), run), place=run.place, name=run.name)


def _is_file(run: Run) -> bool:
    """Whether a service stands in a compose file, not on a command line."""
    return run.place.path.endswith((".yml", ".yaml"))


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
