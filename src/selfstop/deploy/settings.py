"""What settings files say of the variables that are asked for, and nothing else of what they hold."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from selfstop.deploy import names
from selfstop.deploy.careful import ReadEnvFile, of_env_files
from selfstop.deploy.files import DeploymentFiles
from selfstop.deploy.model import (
    ConfigMap,
    Dialect,
    EnvFile,
    Fact,
    Launcher,
    Origin,
    Problem,
    Reading,
    Run,
    Setting,
    SettingsFile,
)
from selfstop.deploy.values import FileContents

_TEMPLATES = (".example", ".sample", ".template", ".dist", ".tpl")


@dataclass
class SettingsFiles:
    """Reads the settings files of a repository for some variables.

    ``problems`` are those at which ``read`` failed so far.
    """

    files: DeploymentFiles
    facts: Sequence[Fact]
    read: ReadEnvFile
    wanted: frozenset[str]
    problems: list[Problem] = field(default_factory=list)
    _known: dict[tuple[str, Dialect], EnvFile | None] = field(default_factory=dict)

    @property
    def _careful(self) -> ReadEnvFile:
        return of_env_files(self.read, self.problems)

    @property
    def used(self) -> frozenset[str]:
        """The files that some launcher was found to read so far."""
        return frozenset(path for path, _ in self._known)

    def contents(self, source: SettingsFile) -> FileContents:
        """What a launcher finds in a file that it is told to read."""
        if source.secret:
            return FileContents(None, f"the secret {names.shown(source.file)} is kept elsewhere")
        if source.config_map:
            return self._config_map(source)
        if source.written_by:
            return FileContents(None, f"{names.shown(source.file)} is written by `{_first(source.written_by)}`")
        path = names.find_file(source.file, self.files.paths, self._bases(source))
        if path is None:
            if not source.required and names.plain(source.file) is not None:
                return FileContents((), "")
            return FileContents(None, self._absent(source), self._template(source))
        found = self._read(path, source.dialect)
        if found is None:
            return FileContents(None, f"{path} could not be read")
        if found.template:
            return FileContents(None, f"{path} is a template")
        return FileContents(found.settings)

    def host(self, run: Run) -> dict[str, Setting]:
        """What compose's ``.env`` beside its file sets, of the variables that the settings of a run speak of."""
        if run.launcher is not Launcher.COMPOSE:
            return {}
        spoken = {
            part.name
            for source in run.sources
            if isinstance(source, Setting) and source.name in self.wanted
            for part in source.value.unresolved
            if part.origin is Origin.HOST
        }
        path = posixpath.normpath(posixpath.join(names.directory(run.place.path), ".env"))
        text = self.files.text(path) if spoken and path in self.files.paths else None
        if text is None:
            return {}
        reading = self._careful(path, text, Dialect.COMPOSE, spoken)
        files = [fact for fact in reading.facts if isinstance(fact, EnvFile)]
        return {setting.name: setting for each in files for setting in each.settings}

    def named(self, path: str) -> FileContents:
        """What python-dotenv finds in a file of the repository."""
        found = self._read(path, Dialect.DOTENV) if path in self.files.paths else None
        return (
            FileContents(None, f"{path} is not in this repository") if found is None else FileContents(found.settings)
        )

    def _bases(self, source: SettingsFile) -> Iterator[str | None]:
        if source.base is not None:
            yield source.base
            return
        yield from names.bases_of(source.place.path)

    def _config_map(self, source: SettingsFile) -> FileContents:
        name = names.plain(source.file)
        found = [fact for fact in self.facts if isinstance(fact, ConfigMap) and fact.name == name]
        if not found:
            if not source.required:
                return FileContents(
                    None, f"the config map {names.shown(source.file)}, which may be absent, is not here"
                )
            return FileContents(None, f"the config map {names.shown(source.file)} is not in this repository")
        return FileContents(found[-1].settings)

    def _read(self, path: str, dialect: Dialect) -> EnvFile | None:
        key = (path, dialect)
        if key not in self._known:
            text = self.files.text(path)
            reading = Reading() if text is None else self._careful(path, text, dialect, self.wanted)
            self._known[key] = next((fact for fact in reading.facts if isinstance(fact, EnvFile)), None)
        return self._known[key]

    def _absent(self, source: SettingsFile) -> str:
        text = names.plain(source.file)
        if text is None:
            return f"which file {names.shown(source.file)} is, is not known here"
        return f"{text} is not in this repository"

    def _template(self, source: SettingsFile) -> tuple[Setting, ...]:
        """What a template of a file says, which is never a value."""
        name = posixpath.basename((names.plain(source.file) or ".env").replace("\\", "/"))
        for path in self.files.paths:
            base = posixpath.basename(path)
            if base in {f"{name}{ending}" for ending in _TEMPLATES}:
                found = self._read(path, source.dialect)
                if found is not None and found.settings:
                    return found.settings
        return ()


def _first(text: str) -> str:
    """The first words of a command; what follows may be secret."""
    words = text.split()
    kept = [word for word in words[:4] if not word.startswith("-") and "=" not in word]
    return " ".join(kept)[:60]
