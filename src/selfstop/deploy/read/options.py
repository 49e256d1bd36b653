"""Options of command lines, as programs written in Go with pflag (docker) and the aws CLI read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from selfstop.deploy.model import Unresolved, Value
from selfstop.deploy.read.variables import Argument

_NOTHING: Final = Argument(Value(), 0)


@dataclass(frozen=True)
class Options:
    """Which options take no value, written out and as letters; all others take one.

    With ``value_letters``, one-letter options may be bundled: flags, and last one that takes the rest as its value.
    """

    flags: frozenset[str] = frozenset()
    flag_letters: frozenset[str] = frozenset()
    value_letters: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Option:
    """An option as given, with its value (empty for a flag)."""

    name: str
    argument: Argument


@dataclass(frozen=True)
class Parsed:
    """The options of a command line, the other words, and how many words were read."""

    options: tuple[Option, ...]
    others: tuple[Argument, ...]
    consumed: int

    def value(self, *names: str) -> Value | None:
        """The last value given to an option."""
        found = [option.argument.value for option in self.options if option.name in names]
        return found[-1] if found else None


def parse(words: tuple[Argument, ...], known: Options, *, interspersed: bool = False) -> Parsed:
    """Read options up to the first other word, or, with ``interspersed``, among other words."""
    options: list[Option] = []
    others: list[Argument] = []
    position = 0
    while position < len(words):
        word = words[position]
        if word.literal == "--":
            others.extend(words[position + 1 :] if interspersed else ())
            return Parsed(tuple(options), tuple(others), len(words) if interspersed else position + 1)
        if starts_with(word, "-") and word.literal != "-":
            following = words[position + 1] if position + 1 < len(words) else None
            position += 1 + _read(word, following, known, options)
            continue
        if not interspersed:
            break
        others.append(word)
        position += 1
    return Parsed(tuple(options), tuple(others), min(position, len(words)))


def starts_with(word: Argument, text: str) -> bool:
    """Whether a word begins with a text, as far as it is known."""
    parts = word.value.parts
    return bool(parts) and isinstance(parts[0], str) and parts[0].startswith(text)


def _read(word: Argument, following: Argument | None, known: Options, options: list[Option]) -> int:
    """Read one word of options onto ``options``; how many words of values it took."""
    text = word.value.parts[0]
    assert isinstance(text, str)
    if text.startswith("--") or not known.value_letters:
        return _read_long(word, text, following, known, options)
    for index, letter in enumerate(text[1:], start=1):
        if letter in known.flag_letters:
            options.append(Option(f"-{letter}", _NOTHING))
            continue
        rest = _after(word, index + 1)
        if rest.value.parts:
            rest = _after(word, index + 2) if starts_with(rest, "=") else rest
            options.append(Option(f"-{letter}", rest))
            return 0
        options.append(Option(f"-{letter}", following or _NOTHING))
        return 1
    return 0


def _read_long(word: Argument, text: str, following: Argument | None, known: Options, options: list[Option]) -> int:
    name, sign, _ = text.partition("=")
    if sign:
        options.append(Option(name, _after(word, len(name) + 1)))
        return 0
    if name in known.flags:
        options.append(Option(name, _NOTHING))
        return 0
    options.append(Option(name, following or _NOTHING))
    return 1


def _after(word: Argument, count: int) -> Argument:
    """What a word says after its first characters."""
    first, *others = word.value.parts
    assert isinstance(first, str)
    parts: tuple[str | Unresolved, ...] = (first[count:], *others) if first[count:] else tuple(others)
    return Argument(Value(parts), word.line)
