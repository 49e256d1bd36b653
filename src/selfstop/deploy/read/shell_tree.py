"""What a shell script is made of, as far as it matters for what it starts: a small syntax tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A literal piece of a word."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """``$X`` or ``${X…}``; ``operator`` is ``:-``, ``-``, ``:?`` … with its ``word``, "other" for the rest.

    Positional parameters have their digits as name, ``@`` and ``*`` stand for all. ``listed`` marks ``${X[@]}``.
    """

    name: str
    source: str
    quoted: bool = False
    operator: str = ""
    word: Word | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """The output of commands: ``$(…)``, `` `…` ``, ``<(…)``; arithmetic has no ``body``."""

    source: str
    body: Sequence = ()
    quoted: bool = False


Part = Text | Variable | Substitution


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a command: pieces that are joined."""

    parts: tuple[Part, ...]
    line: int

    @property
    def bare(self) -> str:
        """The text of a word without quotes and expansions, else ""."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Text) and not self.parts[0].quoted:
            return self.parts[0].text
        return ""

    @property
    def literal(self) -> str | None:
        """The text of a word without expansions."""
        if all(isinstance(part, Text) for part in self.parts):
            return "".join(part.text for part in self.parts if isinstance(part, Text))
        return None


@dataclass(frozen=True, slots=True)
class Assignment:
    """``X=word``, ``X+=word``, or, with ``items``, ``X=(…)``."""

    name: str
    word: Word
    line: int
    append: bool = False
    items: tuple[Word, ...] | None = None


@dataclass(frozen=True, slots=True)
class Redirection:
    """``>``, ``>>``, ``<`` … and a file; ``<<`` and ``<<<`` and the text itself."""

    operator: str
    target: Word
    descriptor: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command."""

    words: tuple[Word, ...]
    line: int
    source: str
    assignments: tuple[Assignment, ...] = ()
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class Test:
    """``[[ … ]]`` and ``(( … ))``; the words of the former."""

    words: tuple[Word, ...]
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by ``|``, or one that is negated."""

    stages: tuple[Node, ...]
    line: int
    source: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """``first && second || third``: each of ``rest`` with the operator before it."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class If:
    """``if``; each branch is the condition and what it leads to, in order."""

    branches: tuple[tuple[Sequence, Sequence], ...]
    otherwise: Sequence
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Loop:
    """``for X in words``, ``while``, ``until``; a ``for`` has no ``condition``."""

    kind: str
    variable: str
    words: tuple[Word, ...] | None
    condition: Sequence
    body: Sequence
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Case:
    """``case``; each arm is its patterns and what they lead to."""

    subject: Word
    arms: tuple[tuple[tuple[Word, ...], Sequence], ...]
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Group:
    """``{ … }`` or ``( … )``; also any compound command with redirections, as its only node."""

    body: Sequence
    line: int
    source: str
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """The definition of a function."""

    name: str
    body: Sequence
    line: int
    source: str


Node = Command | Test | Pipeline | Chain | If | Loop | Case | Group | Function
Sequence = tuple[Node, ...]
