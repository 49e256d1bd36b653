"""Runs with what they mean: the image, what is in it, and the programs that start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from selfstop.deploy import names
from selfstop.deploy.collect import Collected
from selfstop.deploy.conditions import feasible
from selfstop.deploy.contents import Contents, Mounted, Presence, mounted, paths_in_container, presence
from selfstop.deploy.images import BuiltImage, Gap, Images
from selfstop.deploy.model import Command, Launcher, Run, Strength
from selfstop.deploy.programs import Locator, Program, programs
from selfstop.deploy.services import merged

_MODULE: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


@dataclass(frozen=True)
class Launch:
    """One start of a container or process.

    ``unit`` is the number of the text it stands in, ``image`` its image's name (empty for a process), ``built`` what
    that is as far as the repository says. ``gaps`` are the links that are missing on the way to its programs.
    """

    run: Run
    unit: int
    strength: Strength
    image: str = ""
    tag: str | None = None
    mutable: bool = False
    built: BuiltImage | None = None
    programs: tuple[Program, ...] = ()
    mounts: tuple[Mounted, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def name(self) -> str:
        """The container's, service's or unit's name."""
        return names.shown(self.run.name)

    def presence_of(self, file: str, program: Program) -> Presence:
        """Whether a program finds a file of the repository where it runs: a module in the directory of its package."""
        if self.built is None:
            return Presence.YES if self.run.image is None and not self.image else Presence.UNKNOWN
        return presence(file, self.built.contents, self.mounts, _ending(file, program))


def _ending(file: str, program: Program) -> str:
    """How the path of a file has to end where it runs: like the module's name, or in its package's directory."""
    if file != program.file:
        return "/" + "/".join(file.split("/")[-2:])
    module = f"{program.text.replace('.', '/')}.py"
    return f"/{module}" if _MODULE.fullmatch(program.text) and file.endswith(module) else ""


@dataclass(frozen=True)
class Launches:
    """Makes launches of the runs that were collected."""

    collected: Collected
    images: Images
    locator: Locator
    opened: set[str] = field(default_factory=set)

    def all(self) -> list[Launch]:
        """Every run, with one launch for each way in which its image is built."""
        units = {id(fact): number for number, unit in enumerate(self.collected.units) for fact in unit.facts}
        found: list[Launch] = []
        runs = [fact for fact in self.collected.facts if isinstance(fact, Run)]
        by_place = {(run.place, str(run.name)): units[id(run)] for run in runs}
        for run in merged(runs):
            unit = units.get(id(run), by_place.get((run.place, str(run.name)), 0))
            found.extend(self._launches(run, unit))
        return [launch for launch in found if launch.run.image is not None or not self._is_entry_script(launch)]

    def _is_entry_script(self, launch: Launch) -> bool:
        """Whether a process belongs to a script that an image runs: then it is part of that run."""
        return launch.run.launcher is Launcher.PROCESS and launch.run.place.path in self.opened

    def _launches(self, run: Run, unit: int) -> Iterator[Launch]:
        strength = max(run.strength, self.collected.units[unit].strength) if self._is_weak(unit) else run.strength
        if run.launcher is Launcher.PROCESS or (run.image is None and run.launcher is Launcher.SYSTEMD):
            yield self._process(run, unit, strength)
            return
        if run.image is None:
            variants = self.images.of_service(run.place.path, str(run.name))
            name = names.shown(run.name)
            yield from (self._container(run, unit, strength, name, "latest", built) for built in variants or (None,))
            return
        known = list(names.image_names(run.image))
        if not known:
            gap = Gap(f"which image {names.shown(run.image)} is, is not known here", run.place)
            yield Launch(run, unit, strength, image=names.shown(run.image), gaps=(gap,))
        for image in known:
            variants = self.images.of(image.name)
            for built in variants or (None,):
                yield self._container(run, unit, strength, image.name, image.tag, built, mutable=image.is_mutable)

    def _is_weak(self, unit: int) -> bool:
        return self.collected.units[unit].strength > Strength.OPERATOR

    def _process(self, run: Run, unit: int, strength: Strength) -> Launch:
        parts = [each for each in (run.entrypoint, run.command) if each is not None]
        workdir = (names.plain(run.workdir) or "").strip("/")
        found = programs(parts, replace(self.locator, workdir=workdir))
        return Launch(run, unit, strength, programs=tuple(found))

    def _container(
        self,
        run: Run,
        unit: int,
        strength: Strength,
        name: str,
        tag: str | None,
        built: BuiltImage | None,
        *,
        mutable: bool = False,
    ) -> Launch:
        mounts = mounted(run.mounts, names.directory(run.place.path))
        if built is None:
            gap = Gap(f"no Dockerfile of {name} is built in this repository", run.place)
            given = [each for each in (run.entrypoint, run.command) if each is not None]
            found = programs(given, self.locator) if given else []
            return Launch(run, unit, strength, name, tag, mutable, None, tuple(found), mounts, (gap,))
        locator = self._inside(run, built, mounts)
        found = [each for each in programs(_command(run, built), locator) if feasible(each, run, built)]
        gaps = list(built.gaps)
        if not found:
            gaps.append(Gap(f"what {name} runs is not known here", built.place))
        return Launch(run, unit, strength, name, tag, mutable, built, tuple(found), mounts, tuple(gaps))

    def _inside(self, run: Run, built: BuiltImage, mounts: Sequence[Mounted]) -> Locator:
        contents: Contents = built.contents

        def container(file: str) -> Sequence[str]:
            return paths_in_container(file, contents, mounts)

        return replace(
            self.locator,
            container=container,
            workdir=names.plain(run.workdir) or built.workdir,
            scripts=self._opening(self.locator.scripts),
        )

    def _opening(self, scripts: Callable[[str], str | None]) -> Callable[[str], str | None]:
        def opened(path: str) -> str | None:
            self.opened.add(path)
            return scripts(path)

        return opened


def _command(run: Run, built: BuiltImage) -> list[Command]:
    """What is run: the launcher's entry point drops the image's command, its command replaces it."""
    if run.entrypoint is not None:
        entry = run.entrypoint if run.entrypoint.words else None
        return [each for each in (entry, run.command) if each is not None]
    command = run.command or built.command
    return [each for each in (built.entrypoint, command) if each is not None]


def console_scripts(files: Mapping[str, str]) -> dict[str, str]:
    """The console scripts that ``pyproject.toml`` and ``setup.cfg`` (path to text) declare, by name."""
    import configparser
    import tomllib

    found: dict[str, str] = {}
    for path, text in files.items():
        if path.endswith("pyproject.toml"):
            try:
                table = tomllib.loads(text)
            except (tomllib.TOMLDecodeError, RecursionError):
                continue
            for keys in (("project", "scripts"), ("tool", "poetry", "scripts")):
                inner: object = table
                for key in keys:
                    inner = inner.get(key) if isinstance(inner, dict) else None
                if isinstance(inner, dict):
                    found.update({name: value for name, value in inner.items() if isinstance(value, str)})
        elif path.endswith("setup.cfg"):
            parser = configparser.ConfigParser(interpolation=None)
            try:
                parser.read_string(text)
            except configparser.Error:
                continue
            listed = parser.get("options.entry_points", "console_scripts", fallback="")
            pairs = (line.partition("=") for line in listed.splitlines() if "=" in line)
            found.update({name.strip(): target.strip() for name, _, target in pairs})
    return found
