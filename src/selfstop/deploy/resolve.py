"""The deployment of a repository, joined: what runs where, under which values, in which groups, with which rights."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from selfstop.deploy.arguments import with_arguments, with_parameters
from selfstop.deploy.careful import ReadEnvFile, ReadText, of_texts
from selfstop.deploy.collect import Collector, Unit
from selfstop.deploy.files import DeploymentFiles
from selfstop.deploy.groups import Group, groups, instances
from selfstop.deploy.images import Gap, Images
from selfstop.deploy.launches import Launch, Launches, console_scripts
from selfstop.deploy.model import Extra, Language, Launcher, Place, Problem, Reading, Script, Setting, Strength
from selfstop.deploy.programs import Locator, Program
from selfstop.deploy.roles import RoleVerdict, verdict
from selfstop.deploy.settings import SettingsFiles
from selfstop.deploy.templates import with_templates
from selfstop.deploy.unexplained import unexplained
from selfstop.deploy.values import Resolved, Surroundings, resolve

_OF_DESKTOPS: Final = (".ps1", ".bat", ".cmd")
"""Scripts that start a process of their own machine, which is somebody's desk: servers that they deploy to run
containers, or get their commands by ``ssh``.
"""


@dataclass(frozen=True)
class Readers:
    """The readers, as the joins need them: by language, for a script in a script, for env files."""

    languages: Callable[[str, str], Iterable[Language]]
    text: ReadText
    env_file: ReadEnvFile


@dataclass(frozen=True)
class Own:
    """What a program does to its own environment before it reads it.

    ``strongest`` wins over everything outside, ``weakest`` stands in where nothing is set outside; of ``doubts`` it is
    not known whether they come in time.
    """

    strongest: tuple[Setting, ...] = ()
    weakest: tuple[Setting, ...] = ()
    doubts: tuple[Extra, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """What a repository says of its deployment.

    ``launches`` are all runs but those that are only printed. ``missing`` maps libraries to the files that were
    not read for lack of them, ``duplicates`` documents to the one with the same contents that was read.
    """

    launches: tuple[Launch, ...] = ()
    groups: tuple[Group, ...] = ()
    roles: tuple[RoleVerdict, ...] = ()
    problems: tuple[Problem, ...] = ()
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict)
    duplicates: Mapping[str, str] = field(default_factory=dict)
    files: int = 0
    read: tuple[str, ...] = ()
    settings: SettingsFiles | None = field(default=None, repr=False)
    units: tuple[Unit, ...] = field(default=(), repr=False)

    def role_of(self, group: Group) -> RoleVerdict | None:
        """The verdict on the role of a group's machines."""
        number = self.groups.index(group)
        return self.roles[number] if number < len(self.roles) else None

    def groups_of(self, launch: Launch) -> list[Group]:
        """The groups whose machines make this start."""
        return [group for group in self.groups if launch.unit in group.units]

    def unexplained(self) -> Iterator[Gap]:
        """Files that name a threshold of which nothing is known; to be asked once all values are resolved."""
        if self.settings is not None and self.settings.wanted:
            yield from unexplained(self.settings.files, self.units, self.settings.wanted, self.settings.used)

    def text_of(self, path: str) -> str:
        """The text of a deployment file; nothing for one that could not be read."""
        return "" if self.settings is None else self.settings.files.text(path) or ""

    def value(self, launch: Launch, program: Program, variable: str, own: Own) -> Resolved:
        """The value of a variable for a program of a launch."""
        assert self.settings is not None
        around = Surroundings(
            contents=self.settings.contents,
            program=own.strongest,
            script=program.script,
            image=(*own.weakest, *(() if launch.built is None else launch.built.settings)),
            host=self.settings.host(launch.run),
        )
        return resolve(variable, launch.run.launcher, (*launch.run.sources, *own.doubts), around)


def deployment(
    files: DeploymentFiles,
    readers: Readers,
    python: Mapping[str, str],
    *,
    words: Collection[str],
    variables: Collection[str],
) -> Deployment:
    """Read and join what deploys the modules ``python`` (name to path).

    ``words`` are names by which deployment files speak of what matters: without any, nothing does but what looks like
    a threshold. ``variables`` are those whose values are asked for.
    """
    failed: list[Problem] = []
    readers = replace(readers, text=of_texts(readers.text, failed))
    collector = Collector(files, readers.languages, readers.text, images_only=not words)
    collected = collector.collect({*words, *variables})
    collected.units = with_arguments(with_parameters(collected.units), files.paths)
    collected.units = with_templates(collected.units, files.paths)
    images = Images(collected.facts, files.paths)
    locator = _locator(files, readers, python)
    launches = Launches(collected, images, locator).all()
    found = [*groups(collected, files.paths), *instances(collected, files.paths)]
    joined = frozenset(unit for group in found for unit in group.units)
    kept = [
        replace(launch, strength=_strength(launch, joined)) for launch in launches if launch.strength < Strength.PRINTED
    ]
    return Deployment(
        launches=tuple(sorted(kept, key=lambda launch: (launch.strength, launch.run.place, launch.image))),
        groups=tuple(found),
        roles=tuple(verdict(group.profile, collected, files.paths) for group in found),
        problems=tuple(sorted({*collected.problems, *failed})),
        missing={name: tuple(paths) for name, paths in collected.missing.items()},
        duplicates=dict(collected.duplicates),
        files=len(files.paths),
        read=tuple(collected.read),
        settings=SettingsFiles(files, collected.facts, readers.env_file, frozenset(variables)),
        units=tuple(collected.units),
    )


def _strength(launch: Launch, joined: frozenset[int]) -> Strength:
    """What user data starts, nobody has to start, template or not; so it is with services."""
    if launch.unit in joined and launch.strength in {Strength.OPERATOR, Strength.TEMPLATE}:
        return Strength.UNATTENDED
    if launch.run.launcher is Launcher.PROCESS and launch.run.place.path.lower().endswith(_OF_DESKTOPS):
        return max(launch.strength, Strength.LOCAL)
    if launch.run.launcher is Launcher.SYSTEMD and launch.strength is Strength.OPERATOR:
        return Strength.UNATTENDED
    return launch.strength


def _locator(files: DeploymentFiles, readers: Readers, python: Mapping[str, str]) -> Locator:
    declaring = {path: text for path in ("pyproject.toml", "setup.cfg") if (text := _text(files, path))}

    def read(text: str, place: Place) -> Reading:
        return readers.text(Script(Language.SHELL, text, place))

    return Locator(
        python=python,
        scripts=lambda path: _text(files, path),
        files=frozenset((*files.paths, *python.values())),
        commands=console_scripts(declaring),
        read=read,
    )


def _text(files: DeploymentFiles, path: str) -> str | None:
    return files.text(path) if path in files.paths else None
