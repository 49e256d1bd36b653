"""What a PowerShell script is made of, as far as it matters for what it starts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """``$X``, ``${X}``, ``$env:X``; ``splatted`` is ``@X``."""

    name: str
    source: str
    splatted: bool = False


@dataclass(frozen=True, slots=True)
class Subexpression:
    """``$(…)``, ``(…)`` and ``@(…)``, which is ``listed``."""

    body: Sequence
    source: str
    listed: bool = False


@dataclass(frozen=True, slots=True)
class String:
    """A string or bare word: texts, variables and subexpressions that are joined."""

    parts: tuple[str | Variable | Subexpression, ...]
    line: int
    bare: bool = False

    @property
    def literal(self) -> str | None:
        """The text, ``None`` if something in it is expanded."""
        if all(isinstance(part, str) for part in self.parts):
            return "".join(part for part in self.parts if isinstance(part, str))
        return None


@dataclass(frozen=True, slots=True)
class Table:
    """``@{ key = value }``."""

    pairs: tuple[tuple[Expression, Node], ...]
    line: int


@dataclass(frozen=True, slots=True)
class Items:
    """``a, b``."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """``{ … }`` as a value."""

    body: Sequence


@dataclass(frozen=True, slots=True)
class Member:
    """``.name``, ``::name``, with ``arguments`` if it is called."""

    target: Expression
    name: str
    arguments: tuple[Expression, ...] | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """``target[key]``."""

    target: Expression
    key: Expression


@dataclass(frozen=True, slots=True)
class Operation:
    """``left -operator right``; unary ones have no ``left``."""

    operator: str
    left: Expression | None
    right: Expression


@dataclass(frozen=True, slots=True)
class TypeName:
    """``[System.Convert]``."""

    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something else."""

    source: str = ""


Expression = Variable | Subexpression | String | Table | Items | Block | Member | Index | Operation | TypeName | Unknown


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its words; ``targets`` are the files its output is redirected to."""

    words: tuple[Expression, ...]
    line: int
    source: str
    targets: tuple[tuple[Expression, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An expression that stands as a statement."""

    expression: Expression
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages joined by ``|``."""

    stages: tuple[Node, ...]
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Chain:
    """``first && second || third``: each of ``rest`` with the operator before it."""

    first: Node
    rest: tuple[tuple[str, Node], ...]
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """``$X = value``; other targets have no ``name``."""

    name: str
    value: Node | None
    line: int
    source: str
    append: bool = False


@dataclass(frozen=True, slots=True)
class If:
    """``if``; each branch is its condition, the condition's source, and what it leads to."""

    branches: tuple[tuple[Sequence, str, Sequence], ...]
    otherwise: Sequence
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Loop:
    """``foreach``, ``for``, ``while``, ``do``."""

    kind: str
    variable: str
    items: Sequence
    condition: str
    body: Sequence
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Switch:
    """``switch``; each arm is its label and what it leads to."""

    subject: Sequence
    arms: tuple[tuple[Expression, Sequence], ...]
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Try:
    """``try`` with what is done on errors, and finally."""

    body: Sequence
    handlers: Sequence
    final: Sequence
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """``param(…)``: names with their defaults."""

    defaults: tuple[tuple[str, Node | None], ...]
    line: int
    source: str


@dataclass(frozen=True, slots=True)
class Function:
    """The definition of a function."""

    name: str
    body: Sequence
    line: int
    source: str


Node = Command | Evaluation | Pipeline | Chain | Assignment | If | Loop | Switch | Try | Parameters | Function
Sequence = tuple[Node, ...]
