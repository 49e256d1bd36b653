"""What a program does to its environment itself: assignments, defaults, files that it loads."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from selfstop.deploy.launches import Launch
from selfstop.deploy.model import Extra, Layer, Place, Setting, Unresolved, Value
from selfstop.deploy.programs import Program
from selfstop.deploy.resolve import Own
from selfstop.deploy.settings import SettingsFiles
from selfstop.project.repository.environment import Change, EnvironmentChange, changes
from selfstop.project.repository.imports import Imports


@dataclass
class OwnChanges:
    """Finds the changes of ``variables`` that programs make to their own environment."""

    imports: Imports
    variables: Collection[str]
    settings: SettingsFiles
    _known: dict[str, tuple[EnvironmentChange, ...]] = field(default_factory=dict)

    def of(self, launch: Launch, program: Program, reader: str) -> Own:
        """Those of a program, as far as they may come before the file ``reader`` reads its settings."""
        if program.file is None:
            return Own()
        strongest: list[Setting] = []
        weakest: list[Setting] = []
        doubts: list[Extra] = []
        for change in self._in(program.file):
            settings, doubt = self._settings(change, launch)
            doubts += doubt
            if change.change in {Change.DEFAULT, Change.LOADED}:
                weakest += settings
            elif change.change is Change.LOADED_OVER or self._in_time(change, program.file, reader):
                strongest += settings
            else:
                doubts += [_doubt(setting) for setting in settings]
        return Own(tuple(strongest), tuple(weakest), tuple(doubts))

    def _in(self, file: str) -> Iterable[EnvironmentChange]:
        for path in sorted(self.imports.closure(file)):
            if path not in self._known:
                self._known[path] = tuple(changes(path, self.imports.text(path), self.variables))
            yield from self._known[path]

    def _settings(self, change: EnvironmentChange, launch: Launch) -> tuple[list[Setting], list[Extra]]:
        place = Place(change.path, change.line)
        if change.variable:
            value = Value.of(change.text) if change.text is not None else _open(f"os.environ[{change.variable!r}]")
            return [Setting(change.variable, value, Layer.PROGRAM, place)], []
        contents = self.settings.named(change.text) if change.text is not None else None
        if contents is not None and contents.settings is not None:
            found = [Setting(each.name, each.value, Layer.PROGRAM, each.place) for each in contents.settings]
            return found, []
        is_bare = launch.run.image is None and not launch.image
        if is_bare or (launch.built is not None and launch.built.contents.takes_everything()):
            return [], [Extra(_open(f"what load_dotenv() reads at {place}"), place)]
        return [], []

    def _in_time(self, change: EnvironmentChange, entry: str, reader: str) -> bool:
        """Whether an assignment comes before the settings are read: above what imports their reader."""
        if not change.certain or change.path != entry:
            return False
        if reader == entry:
            text = self.imports.text(entry)
            mentions = [number for number, line in enumerate(text.splitlines(), 1) if change.variable in line]
            return not mentions or change.line <= mentions[0]
        return all(change.line < line for line in self.imports.lines_loading(entry, reader))


def _open(text: str) -> Value:
    return Value((Unresolved(text, ""),))


def _doubt(setting: Setting) -> Extra:
    inner = Setting(setting.name, setting.value, Layer.TABLE, setting.place)
    return Extra(_open(f"an assignment in {setting.place}"), setting.place, ((inner,),))
