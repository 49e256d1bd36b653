"""Values on their way through a program: parts of terms, at points that were reached by certain calls."""

from __future__ import annotations

from dataclasses import dataclass

from selfstop.flow.code import Function
from selfstop.flow.terms import App, Const, Func, Term, Var
from selfstop.project.symbols.passing import ELEMENT, Pairs, Part, Parts

UNKNOWN = App("opaque")
_SAME = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "upper", "casefold", "title", "str", "sorted", "unpack", "max", "min"}
)


@dataclass(frozen=True)
class Point:
    """A node of a function, and the call by which that function was entered; None for any call."""

    function: str
    node: int
    frame: Frame | None = None

    @property
    def depth(self) -> int:
        """How many calls are known to have been made to get here."""
        return 0 if self.frame is None else 1 + self.frame.caller.depth


@dataclass(frozen=True)
class Frame:
    """One call of a function of the program."""

    func: Func
    args: tuple[Term, ...]
    keywords: Pairs
    caller: Point


@dataclass(frozen=True)
class Value:
    """The part ``path`` of a term, as it is at a point."""

    term: Term
    point: Point
    path: Parts = ()


def standing_in(function: str, point: Point) -> Point | None:
    """The point in ``function`` from which control got to ``point``, or ``point`` itself."""
    current: Point | None = point
    while current is not None and current.function != function:
        current = None if current.frame is None else current.frame.caller
    return current


def trail_to(leaf: Value, before: dict[Value, Value | None]) -> tuple[Value, ...]:
    """The values through which a leaf was reached, where ``before`` gives the one before each."""
    trail: list[Value] = []
    current: Value | None = leaf
    while current is not None:
        trail.append(current)
        current = before[current]
    return tuple(reversed(trail))


def item_part(key: Term) -> Part:
    """The part that ``value[key]`` asks for; a slice gives elements."""
    return ELEMENT if isinstance(key, App) and key.op == "slice" else Part("item", key)


def inside(path: Parts) -> Parts:
    """What is asked of the elements where ``path`` is asked of their collection."""
    return path[1:] if path and path[0].kind != "attribute" else path


def differ(part: Part, key: Term) -> bool:
    """Whether a part that is asked for is certainly not the one stored under ``key``."""
    return part.kind == "item" and isinstance(part.key, Const) and isinstance(key, Const) and part.key != key


def is_collected(target: Term) -> bool:
    """Whether a variable holds what a comprehension collects: it starts empty."""
    return isinstance(target, Var) and target.name.startswith("$items")


def alternatives(term: App) -> tuple[Term, ...]:
    """The operands of which an operation gives one, or whose texts or elements it puts together."""
    match term:
        case App(op="+" | "or" | "and", args=args):
            return args
        case App(op="if", args=(_, *branches)):
            return tuple(branches)
        case App(op="fstring", args=(Const(value=str() as text), inner)) if _is_bare(text):
            return (inner,)
        case App(op=op, args=(inner, *_)) if op in _SAME:
            return (inner,)
    return ()


def _is_bare(text: str) -> bool:
    """Whether an f-string is nothing but one expression."""
    inner = text.lstrip("rRfF").strip("\"'").strip()
    return inner.startswith("{") and inner.endswith("}") and inner.count("{") == 1


def surplus(function: Function, frame: Frame) -> list[Term]:
    """The positional arguments that ``*args`` takes."""
    receiver = [] if frame.func.receiver is None else [frame.func.receiver]
    values = [*receiver, *frame.func.args, *frame.args]
    return values[sum(parameter.kind == "positional" for parameter in function.parameters) :]
