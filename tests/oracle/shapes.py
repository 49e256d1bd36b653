"""All small ``try`` statements, with a guard, a stop call and one way to leave in every place.

A shape has up to six slots: before the ``try``, its body, handler, ``else`` and ``finally``, and after it. A guard
(``if idle < LIMIT: return``), a stop call and one more action are put into the slots in all orders. Every body begins
with a call that may raise, so that all edges of the graph are taken. Nested shapes have a second ``try`` in the body,
the handler or the ``finally`` of the first.

Why no larger: what the analysis keeps of a ``try`` on its way through it is which ``finally`` blocks are still to be
run, and what comes afterwards. Two levels show every pair of an entry into a ``finally`` and an exit from it; a third
repeats what the second does. Of two guards either is redundant or the first is lost, which one guard and one
replaced measure show already.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.oracle.blocks import STOP

HEADER: Final = """\
import boto3
ec2 = boto3.client("ec2")
LIMIT = 2
class Trouble(Exception):
    pass
"""
WORK: Final = "queue.work()"
GUARD: Final = "if idle < LIMIT: return"
LEAVING: Final = ("return", "raise Trouble()", "break", "continue", "idle = queue.idle_rounds()")
NESTED_LEAVING: Final = ("return", "raise Trouble()")
HANDLERS: Final = ("except ValueError:", "except:")

Slots = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Shape:
    """Which parts a ``try`` has: its handler's header or none, ``else``, ``finally``."""

    handler: str = ""
    orelse: bool = False
    final: bool = False

    def slots(self, name: str = "") -> list[str]:
        """Its parts by name, in the order of the source."""
        parts = ["body", *(["handler"] if self.handler else []), *(["orelse"] if self.orelse else [])]
        return [name + part for part in (*parts, *(["final"] if self.final else []))]

    def lines(self, blocks: dict[str, list[str]]) -> list[str]:
        """The statement, with what is in its parts."""
        headers = {"body": "try:", "handler": self.handler, "orelse": "else:", "final": "finally:"}
        return [
            line
            for part in self.slots()
            for line in (headers[part], *(f"    {inner}" for inner in blocks[part] or ["pass"]))
        ]


def shapes(handlers: Sequence[str] = HANDLERS, *, orelse: bool = True) -> list[Shape]:
    """All that Python takes."""
    found = [Shape(final=True)]
    for handler in handlers:
        for has_else, has_final in itertools.product((False, True) if orelse else (False,), (False, True)):
            found.append(Shape(handler, has_else, has_final))
    return found


def placements(slots: Sequence[str], leaving: Sequence[str]) -> Iterator[Slots]:
    """A guard, a stop call and at most one way to leave, in all places and orders."""
    for extra in ("", *leaving):
        actions = [STOP, GUARD, *([extra] if extra else [])]
        for where in itertools.product(slots, repeat=len(actions)):
            yield from _ordered(list(zip(where, actions, strict=True)))


def _ordered(placed: list[tuple[str, str]]) -> Iterator[Slots]:
    """The orders in which actions can stand in the slots that they share."""
    by_slot: dict[str, list[str]] = {}
    for slot, action in placed:
        by_slot.setdefault(slot, []).append(action)
    orders = [list(itertools.permutations(actions)) for actions in by_slot.values()]
    for chosen in itertools.product(*orders):
        yield dict(zip(by_slot, chosen, strict=True))


def single() -> Iterator[str]:
    """Functions with one ``try`` in a loop."""
    for shape in shapes():
        for slots in placements(["before", *shape.slots(), "after"], LEAVING):
            blocks = {part: [*slots.get(part, ())] for part in shape.slots()}
            blocks["body"].insert(0, WORK)
            yield _function([*slots.get("before", ()), *shape.lines(blocks), *slots.get("after", ())])


def nested() -> Iterator[str]:
    """Functions with a ``try`` within a ``try``."""
    plain = shapes(HANDLERS[1:], orelse=False)
    for outer, inner in itertools.product(plain, plain):
        for host in outer.slots():
            for slots in placements([*outer.slots(), *inner.slots("inner "), "after"], NESTED_LEAVING):
                inside = {part: [*slots.get(f"inner {part}", ())] for part in inner.slots()}
                inside["body"].insert(0, WORK)
                blocks = {part: [*slots.get(part, ())] for part in outer.slots()}
                blocks["body"].insert(0, WORK)
                blocks[host] += inner.lines(inside)
                yield _function([*outer.lines(blocks), *slots.get("after", ())])


def _function(lines: list[str]) -> str:
    return "\n".join(["def f(queue, idle):", "    while queue.has_job():", *(f"        {line}" for line in lines), ""])
