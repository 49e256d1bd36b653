"""Which program of which run reaches which stop call, and what its guards come to there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from selfstop.audit.model import Exposure, Trial, Unread
from selfstop.audit.own import OwnChanges
from selfstop.deploy.collect import looks_like_stop_threshold
from selfstop.deploy.contents import Presence
from selfstop.deploy.images import Gap
from selfstop.deploy.launches import Launch
from selfstop.deploy.model import Extra, Setting, Source
from selfstop.deploy.programs import Program
from selfstop.deploy.resolve import Deployment, Own
from selfstop.deploy.values import Given, Resolved, State
from selfstop.evaluation import UNKNOWN, Effect, Mark, Outcome, outcome, worst
from selfstop.project.repository.imports import Imports
from selfstop.ways import MODULE_BODY, StopSite, Way

_MOST: Final = 64
"""Combinations of values that are tried."""

_Options = Sequence["tuple[str | Mark | None, str]"]


@dataclass(frozen=True)
class Exposer:
    """Joins a deployment with the stop calls of the code."""

    deployment: Deployment
    sites: Sequence[StopSite]
    imports: Imports
    own: OwnChanges

    def exposures(self) -> Iterator[Exposure]:
        """All of them, launch by launch."""
        for launch in self.deployment.launches:
            for program in launch.programs:
                for site in self.sites:
                    ways, perhaps = self._ways(program, site)
                    if ways:
                        yield self._exposure(launch, program, site, ways, perhaps=perhaps)

    def unread(self) -> Iterator[Unread]:
        """Variables that look like thresholds, set for programs that never read them."""
        for launch in self.deployment.launches:
            for program in launch.programs:
                if program.file is None or program.gap:
                    continue
                for name in sorted(set(_set_by(launch))):
                    if looks_like_stop_threshold(name) and not self._reads(program.file, name):
                        value = self.deployment.value(launch, program, name, Own())
                        yield Unread(launch, program, value, tuple(self.deployment.groups_of(launch)))

    def _reads(self, file: str, name: str) -> bool:
        """Whether a program may read a variable: some file that it may load mentions it, whatever the prefix."""
        wanted = name.lower()
        texts = [self.imports.text(path).lower() for path in self.imports.closure(file)]
        return any(wanted in text for text in texts) or any(
            "env_prefix" in text and any(wanted.endswith(f"_{field}") for field in text.split()) for text in texts
        )

    # Ways

    def _ways(self, program: Program, site: StopSite) -> tuple[tuple[Way, ...], bool]:
        """The ways from a program to a site, and whether only an import leads to where they begin."""
        if program.file is None:
            return (), False
        direct = tuple(way for way in site.ways if _begins(way, program))
        if direct:
            return direct, False
        if not any(way.entry.path != program.file and not way.entry.scripted for way in site.ways):
            return (), False
        loaded = self.imports.closure(program.file)
        imported = [way for way in site.ways if way.entry.path in loaded and not way.entry.scripted]
        at_import = tuple(way for way in imported if way.entry.function == MODULE_BODY)
        return (at_import, False) if at_import else (tuple(imported), True)

    def _exposure(
        self, launch: Launch, program: Program, site: StopSite, ways: tuple[Way, ...], *, perhaps: bool
    ) -> Exposure:
        own = self.own.of(launch, program, ways[0].files[-1])
        values = tuple(self.deployment.value(launch, program, name, own) for name in site.variables)
        presences = {
            path: launch.presence_of(path, program) for way in ways for path in (program.file or "", *way.files)
        }
        missing = tuple(sorted(path for path, found in presences.items() if found is Presence.NO))
        return Exposure(
            launch,
            program,
            site,
            ways,
            values,
            judged(ways, values),
            tuple(_trials(ways, values)),
            missing,
            perhaps,
            tuple(self.deployment.groups_of(launch)),
            tuple(_gaps(launch, program, missing)),
        )


def _begins(way: Way, program: Program) -> bool:
    """Whether a way begins with what a program runs."""
    entry = way.entry
    if entry.path != program.file:
        return False
    if program.function:
        return entry.function == program.function or (entry.function == MODULE_BODY and entry.scripted)
    if entry.function == MODULE_BODY:
        return program.started or not entry.scripted
    return program.served


def _set_by(launch: Launch) -> Iterator[str]:
    sources: Sequence[Source] = (*launch.run.sources, *(launch.built.settings if launch.built is not None else ()))
    for source in sources:
        if isinstance(source, Setting):
            yield source.name
        elif isinstance(source, Extra):
            yield from (each.name for inner in source.alternatives for each in inner if isinstance(each, Setting))


def _gaps(launch: Launch, program: Program, missing: Sequence[str]) -> Iterator[Gap]:
    yield from launch.gaps
    if missing:
        yield Gap(f"the image {launch.image} does not contain {', '.join(missing)}", launch.run.place)
    if program.gap:
        yield Gap(program.gap, program.place)


# Values


def judged(ways: Sequence[Way], values: Sequence[Resolved]) -> Outcome:
    """What the guards come to: unknown where it depends on what is not known, or on the branch that is taken."""
    options = [_options(value, told=value.complete or value.state is not State.UNKNOWN) for value in values]
    outcomes = [outcome(ways, environment) for environment in _environments(values, options)]
    found = worst(outcomes)
    if len({each.effect for each in outcomes}) > 1 and any(each.effect is Effect.OFF for each in outcomes):
        return Outcome(Effect.UNKNOWN)
    return found


def _trials(ways: Sequence[Way], values: Sequence[Resolved]) -> Iterator[Trial]:
    """What comes of each value that is possible, where it is not settled."""
    for number, value in enumerate(values):
        if value.state is not State.UNKNOWN:
            continue
        rest = [_options(other, told=False)[:1] for other in values]
        for text, source in _options(value, told=True):
            rest[number] = [(text, source)]
            environment = next(_environments(values, rest))
            yield Trial(text if isinstance(text, str) else None, source, outcome(ways, environment))


def _options(value: Resolved, *, told: bool) -> list[tuple[str | Mark | None, str]]:
    """The texts that a variable may have; ``told``: with what a value that is not known would be."""
    match value.state:
        case State.KNOWN:
            return [(value.text, _source(value.given))]
        case State.UNSET:
            return [(None, "the code's default")]
    if not told:
        return [(UNKNOWN, "")]
    return [(None if each is None else each.text, _source(each)) for each in value.candidates]


def _source(given: Given | None) -> str:
    return "the code's default" if given is None else str(given.place)


def _environments(values: Sequence[Resolved], options: Sequence[_Options]) -> Iterator[dict[str, str | Mark | None]]:
    names = [value.variable for value in values]
    for texts in itertools.islice(itertools.product(*options), _MOST):
        yield dict(zip(names, (text for text, _ in texts), strict=True))
