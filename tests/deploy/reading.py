"""Reads texts in tests, with the scripts in them, and tells shortly what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from selfstop.deploy.model import (
    Command,
    Extra,
    Fact,
    Language,
    Place,
    Reading,
    Removal,
    Run,
    Script,
    Setting,
    SettingsFile,
    Source,
    Strength,
    Value,
)
from selfstop.deploy.read import batch, dockerfile, markdown, powershell, shell, startup, systemd

T = TypeVar("T")

READERS: dict[Language, Callable[[Script], Reading]] = {
    Language.SHELL: shell.read,
    Language.POWERSHELL: powershell.read,
    Language.BATCH: batch.read,
    Language.DOCKERFILE: dockerfile.read,
    Language.SYSTEMD: systemd.read,
    Language.USER_DATA: startup.read,
}


def script(text: str, language: Language, path: str = "deploy/it") -> Script:
    return Script(language, text, Place(path, 1))


def facts(text: str, language: Language = Language.SHELL, path: str = "deploy/it") -> list[Fact]:
    """All facts of a text, and of the scripts in it."""
    return list(_read(script(text, language, path), 0))


def document(text: str) -> list[Fact]:
    """All facts of a Markdown document, and of the code in it."""
    blocks = markdown.read(Script(Language.SHELL, text, Place("README.md", 1))).facts
    return [fact for block in blocks if isinstance(block, Script) for fact in (block, *_read(block, 0))]


def _read(found: Script, depth: int) -> Iterator[Fact]:
    reader = READERS.get(found.language)
    for fact in reader(found).facts if reader and depth < 5 else ():
        yield fact
        inner = fact if isinstance(fact, Script) else getattr(fact, "script", None)
        inner = inner or getattr(getattr(fact, "user_data", None), "script", None)
        if isinstance(inner, Script):
            yield from _read(inner, depth + 1)


def runs(text: str, language: Language = Language.SHELL, path: str = "deploy/it") -> list[Run]:
    """The runs in a text that are more than printed."""
    found = [fact for fact in facts(text, language, path) if isinstance(fact, Run)]
    return [run for run in found if run.strength is not Strength.PRINTED]


def only(text: str, language: Language = Language.SHELL, path: str = "deploy/it") -> Run:
    (run,) = runs(text, language, path)
    return run


def of_kind(kind: type[T], found: list[Fact]) -> list[T]:
    return [fact for fact in found if isinstance(fact, kind)]


def told(run: Run) -> str:
    """Image, sources and command of a run on one line."""
    words = [str(run.image) if run.image is not None else "-", *(_source(source) for source in run.sources)]
    words += [f"entry={shown(run.entrypoint)}"] if run.entrypoint is not None else []
    words += [f"| {shown(run.command)}"] if run.command is not None else []
    return " ".join(words)


def shown(command: Command) -> str:
    return " ".join(str(word) for word in command.words)


def _source(source: Source) -> str:
    match source:
        case Setting():
            return f"{source.name}={described(source.value)}"
        case SettingsFile():
            return f"file:{source.file}"
        case Removal():
            return f"-{source.name}"
        case Extra():
            alternatives = "/".join(",".join(_source(each) for each in one) or "nothing" for one in source.alternatives)
            return f"extra:{source.word}[{alternatives}{'' if source.complete else '…'}]"


def described(value: Value) -> str:
    """A value, its unresolved parts in ``?…?`` with their origin unless that is a plain variable."""
    return "".join(
        part if isinstance(part, str) else f"?{part.name}{'' if part.origin == 'variable' else ':' + part.origin}?"
        for part in value.parts
    )
