"""What the variables of a script may hold at a point of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeGuard

from selfstop.deploy.model import Condition, Origin, Unresolved, Value

_MAX_ALTERNATIVES: Final = 16
_MAX_LENGTH: Final = 1 << 16
_MAX_SPENT: Final = 8 << 20
_COST_OF_PART: Final = 64


@dataclass(frozen=True, slots=True)
class Argument:
    """A word of a command after expansion; ``open``: unquoted and unresolved, so that it may be many words or none."""

    value: Value
    line: int
    open: bool = False

    @property
    def literal(self) -> str | None:
        """The whole text, ``None`` where a part of it is unresolved."""
        return self.value.literal


@dataclass(frozen=True)
class Contents(Unresolved):
    """The text of a file of the repository, as it stands there or (``encoded``) in base64.

    ``replaced`` holds the marks that are filled in on the way, with what they become.
    """

    file: Value = field(default_factory=Value)
    encoded: bool = False
    replaced: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class Encoded(Unresolved):
    """Text in base64: ``inner`` is what is encoded, ``line`` where it begins."""

    inner: Value = field(default_factory=Value)
    line: int = 0


Content = tuple[Argument, ...]
Conditions = tuple[Condition, ...]
Entry = tuple[Conditions, Content | None]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The contents that a variable may have; where ``complete``, there are no others."""

    contents: tuple[Content | None, ...]
    complete: bool

    @property
    def only(self) -> Content | None:
        """Its content, if there is but one."""
        return self.contents[0] if self.complete and len(self.contents) == 1 else None

    @property
    def texts(self) -> tuple[str, ...]:
        """Those contents that are literal."""
        texts = (joined(content).literal for content in self.contents if content is not None)
        return tuple(dict.fromkeys(text for text in texts if text is not None))

    @property
    def literal(self) -> bool:
        """Whether all contents are known and literal."""
        return all(content is not None and joined(content).literal is not None for content in self.contents)


class Variables:
    """The variables of one script, while its commands are gone through in order."""

    def __init__(self, given: Mapping[str, Value] | None = None, line: int = 1) -> None:
        self._entries: dict[str, list[Entry]] = {
            name: [((), (Argument(value, line),))] for name, value in (given or {}).items()
        }
        self._known: dict[str, tuple[Conditions, Alternatives, int]] = {}
        self._spent = 0

    @property
    def exhausted(self) -> bool:
        """Whether so much text has been put in for variables that the rest of them is left unresolved."""
        return self._spent > _MAX_SPENT

    def assign(self, name: str, content: Content | None, conditions: Conditions, *, append: bool = False) -> None:
        """Give ``name`` a content; ``None`` is one that is not known."""
        entries = self._entries.setdefault(name, [])
        self._known.pop(name, None)
        if append:
            self._append(entries, content, conditions)
            return
        kept = [entry for entry in entries if entry[0][: len(conditions)] != conditions]
        if len(kept) >= _MAX_ALTERNATIVES:
            content, kept = None, kept[:1]
        kept.append((conditions, _bounded(content)))
        newer = [entry for entry in kept if entry[0] != conditions[:-1]]
        self._entries[name] = newer if conditions and _covered(newer, conditions[:-1]) else kept

    def _append(self, entries: list[Entry], content: Content | None, conditions: Conditions) -> None:
        """What is added under a condition is an alternative to what was there."""
        bases = _compatible(entries, conditions) or [((), ())]
        added = [
            (conditions, _bounded(None if base is None or content is None else (*base, *content)))
            for _, base in bases[:_MAX_ALTERNATIVES]
        ]
        kept = [entry for entry in entries if entry[0][: len(conditions)] != conditions]
        entries[:] = kept[:_MAX_ALTERNATIVES] + added

    def replace_arguments(self, given: Mapping[str, Content]) -> dict[str, list[Entry]]:
        """Enter a function: ``given`` are its positional parameters. Gives those of the caller."""
        self._known.clear()
        outer = {name: self._entries.pop(name) for name in list(self._entries) if name.isdigit() or name in {"@", "*"}}
        self._entries.update({name: [((), content)] for name, content in given.items()})
        return outer

    def restore_arguments(self, outer: Mapping[str, list[Entry]]) -> None:
        """Leave a function: the caller has its own positional parameters again."""
        self.replace_arguments({})
        self._entries.update(outer)

    def find(self, name: str, conditions: Conditions) -> Alternatives:
        """What ``name`` may hold where ``conditions`` are known to hold."""
        known = self._known.get(name)
        if known is None or known[0] != conditions:
            known = conditions, *self._found(name, conditions)
            self._known[name] = known
        self._spent += known[2]
        return known[1] if self._spent <= _MAX_SPENT else Alternatives((), complete=False)

    def _found(self, name: str, conditions: Conditions) -> tuple[Alternatives, int]:
        """What ``name`` may hold, and how long that is."""
        entries = _compatible(self._entries.get(name, ()), conditions)
        complete = any(_covered(entries, conditions[:length]) for length in range(len(conditions) + 1))
        contents = tuple(dict.fromkeys(content for _, content in entries))
        return Alternatives(contents, complete), sum(_size(content) for content in contents if content is not None)


def named(content: Content, name: str, source: str) -> Content:
    """A content that is read from a variable: what is the output of a command goes by the variable's name."""
    return tuple(_named(argument, name, source) for argument in content)


def _named(argument: Argument, name: str, source: str) -> Argument:
    part = argument.value.parts[0] if len(argument.value.parts) == 1 else ""
    if not is_output(part):
        return argument
    return replace(argument, value=Value((replace(part, text=source, name=name),)))


def is_output(part: str | Unresolved) -> TypeGuard[Unresolved]:
    """Whether a part is what a command prints, or the contents of a file."""
    return not isinstance(part, str) and (part.origin is Origin.COMMAND or isinstance(part, Contents | Encoded))


def joined(content: Content) -> Value:
    """The words of a content with blanks between them."""
    parts: list[str | Unresolved] = []
    for argument in content:
        if parts:
            parts.append(" ")
        parts.extend(argument.value.parts)
    return value_of(parts)


def value_of(parts: Iterable[str | Unresolved]) -> Value:
    """A value of parts, with neighbouring texts joined."""
    merged: list[str | Unresolved] = []
    texts: list[str] = []
    for part in parts:
        if isinstance(part, str):
            texts.append(part)
            continue
        if text := "".join(texts):
            merged.append(text)
        texts = []
        merged.append(part)
    if text := "".join(texts):
        merged.append(text)
    return Value(tuple(merged))


def _bounded(content: Content | None) -> Content | None:
    """Nothing, where a content has grown beyond reason, as by doubling itself."""
    if content is None or len(content) > 1000:
        return None
    return content if _size(content) <= _MAX_LENGTH else None


def _size(content: Content) -> int:
    return sum(len(str(argument.value)) + _COST_OF_PART * len(argument.value.parts) for argument in content)


def negated(condition: Condition) -> Condition:
    """The opposite of a condition."""
    return replace(condition, holds=not condition.holds)


def _compatible(entries: Iterable[Entry], conditions: Conditions) -> list[Entry]:
    """The entries that are not made in the other branch of a test by which ``conditions`` hold."""
    opposites = frozenset(map(negated, conditions))
    return [entry for entry in entries if opposites.isdisjoint(entry[0])]


def _covered(entries: list[Entry], conditions: Conditions) -> bool:
    """Whether one of ``entries`` is always there where ``conditions`` hold: one without more, or both of a test."""
    if any(entry[0] == conditions for entry in entries):
        return True
    further = {entry[0][len(conditions)] for entry in entries if entry[0][: len(conditions)] == conditions}
    return any(
        _covered(entries, (*conditions, condition)) and _covered(entries, (*conditions, negated(condition)))
        for condition in further
        if condition.holds and negated(condition) in further
    )
