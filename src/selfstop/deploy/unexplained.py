"""Files that name a threshold in a way that no reader makes anything of: they are said, not passed over."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from selfstop.deploy.collect import Unit, strength_of
from selfstop.deploy.files import DeploymentFiles
from selfstop.deploy.images import Gap
from selfstop.deploy.model import (
    ConfigMap,
    Dockerfile,
    Extra,
    Fact,
    ImageBuild,
    Place,
    Run,
    Setting,
    Source,
    Stage,
    Strength,
)

_COMMENTS: Final = ("#", "//", "rem ", "::", ";", "<!--", "/*", "*")
_PROSE: Final = (".txt", ".rst")


def unexplained(
    files: DeploymentFiles, units: Sequence[Unit], variables: Collection[str], used: Collection[str]
) -> Iterator[Gap]:
    """A gap for each file that names one of ``variables`` outside of comments without a fact that says what it is.

    ``used`` are the env files that were read for some run.
    """
    explained = {*used, *(path for unit in units for fact in unit.facts for path in _paths(fact, variables))}
    names = [name.encode() for name in sorted(variables)]
    candidates = [path for path in files.paths if path not in explained and not path.endswith(_PROSE)]
    for path in files.containing(names, candidates):
        if strength_of(path) < Strength.TEMPLATE:
            yield from _gap(path, files.text(path) or "", sorted(variables))


def _gap(path: str, text: str, variables: Sequence[str]) -> Iterator[Gap]:
    for number, line in enumerate(text.split("\n"), 1):
        named = next((name for name in variables if name in line), None)
        if named is not None and not line.lstrip().lower().startswith(_COMMENTS):
            yield Gap(f"{path} names {named}, and what starts with it is not known here", Place(path, number))
            return


def _paths(fact: Fact, variables: Collection[str]) -> Iterator[str]:
    yield from (setting.place.path for setting in _settings(fact) if setting.name in variables)


def _settings(fact: Fact) -> Iterator[Setting]:
    match fact:
        case Run(sources=sources):
            yield from _of_sources(sources)
        case Dockerfile(stages=stages, arguments=arguments):
            yield from arguments
            for stage in stages:
                yield from _of_stage(stage)
        case ConfigMap(settings=settings) | ImageBuild(arguments=settings):
            yield from settings


def _of_stage(stage: Stage) -> Iterator[Setting]:
    yield from (*stage.settings, *stage.arguments)
    if stage.on_build is not None:
        yield from _of_stage(stage.on_build)


def _of_sources(sources: Sequence[Source]) -> Iterator[Setting]:
    for source in sources:
        if isinstance(source, Setting):
            yield source
        elif isinstance(source, Extra):
            for alternative in source.alternatives:
                yield from _of_sources(alternative)
