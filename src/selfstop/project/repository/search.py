"""The first look at a project: which files call or refer to a stop call at all.

A search of their bytes comes first, then a look at their syntax with Python's own parser. In almost every
project that is the end of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from selfstop import source
from selfstop.config import EngineOptions
from selfstop.model import AnalysisError
from selfstop.project.repository.files import select
from selfstop.project.repository.outline import Outline, referring

_QUOTES = ('"', "'")
_BEFORE = ('"', "'", "}", "%s")
_AFTER = ('"', "'", "{", "%s")
"""What stands beside the constant part of a name that is put together."""
_RESOURCE = ("Instance(", ".Instance", ".instances", "boto3_ec2")
"""One of these is in every file that uses the resource interface, or declares that it is given machines."""


@dataclass(frozen=True)
class Start:
    """A file that refers to a stop call, and the functions (by line) that do."""

    outline: Outline
    lines: frozenset[int]


def starts(files: Mapping[str, bytes], options: EngineOptions) -> tuple[dict[str, Start], list[AnalysisError]]:
    """The files that refer to a stop call, and those of which that cannot be said."""
    names, verbs = search_words(options)
    parts = fragments(options)
    found: dict[str, Start] = {}
    errors: list[AnalysisError] = []
    may_stop = MayStop(options)
    for path in select(files, may_stop, may_stop.words):
        try:
            text = source.decode(files[path])
        except source.NotAnalysable as error:
            errors.append(AnalysisError(path, error.line, error.code, error.message))
            continue
        reference = referring(text, names, verbs, parts if "getattr" in text else frozenset())
        if reference is not None:
            found[path] = Start(*reference)
    return found, errors


def search_words(options: EngineOptions) -> tuple[frozenset[str], frozenset[str]]:
    """The words one of which occurs wherever a machine is stopped: names, and methods of the resource interface."""
    known = options.stop_names
    return known.calls | known.commands | known.subcommands, known.methods


def fragments(options: EngineOptions) -> frozenset[tuple[str, str]]:
    """Verb and noun of each name, where one of them may be a constant in a name that is put together."""
    names, _ = search_words(options)
    parted = [name.partition("_") for name in sorted(names)]
    return frozenset((f"{verb}_", f"_{noun}") for verb, _, noun in parted if verb and noun)


class MayStop:
    """Whether a file may contain a stop call, by a search of its bytes."""

    def __init__(self, options: EngineOptions) -> None:
        names, verbs = search_words(options)
        self._names = [name.encode("utf-8") for name in sorted(names)]
        self._verbs = [b"." + verb.encode("utf-8") for verb in sorted(verbs)]
        parts = fragments(options)
        self._quoted = sorted(
            {f"{noun}{quote}" for _, noun in parts for quote in _QUOTES}
            | {f"{quote}{verb}" for verb, _ in parts for quote in _QUOTES}
        )
        self._pieces = [
            piece.encode("utf-8")
            for quote in _QUOTES
            for verb, noun in sorted(parts)
            for piece in (
                *(f"{before}{noun}{quote}" for before in _BEFORE),
                *(f"{quote}{verb}{after}" for after in _AFTER),
            )
        ]

    @property
    def words(self) -> list[str]:
        """Words one of which is in each file that is accepted."""
        return [name.decode() for name in self._names] + [*_RESOURCE, *self._quoted]

    def __call__(self, data: bytes) -> bool:
        """Whether ``data`` has one of the names, or what every use of the resource interface has."""
        return any(name in data for name in self._names) or self._has_resource(data) or self._composes(data)

    def _composes(self, data: bytes) -> bool:
        """Whether a name may be put together and looked up: ``getattr(ec2, f"{verb}_instances")``."""
        return b"getattr" in data and any(piece in data for piece in self._pieces)

    def _has_resource(self, data: bytes) -> bool:
        """Whether the resource interface may be in use: ``Instance(id).stop()``, ``instances.filter(…).stop()``."""
        if b"ec2" not in data or not any(part.encode() in data for part in _RESOURCE):
            return False
        return any(verb in data for verb in self._verbs)
