"""Classes of paths to a stop call, and what is said of them together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from selfstop.flow.cfg import Call, EdgeKind
from selfstop.flow.facts import Record
from selfstop.flow.known import Condition
from selfstop.flow.origins import is_text
from selfstop.flow.roles import Kind
from selfstop.flow.settings import switches
from selfstop.flow.terms import NONE, App, Term
from selfstop.project.callgraph.propagation import Origin
from selfstop.project.callgraph.uses import Use

GUARDED = ""


@dataclass(frozen=True)
class Path:
    """One class of paths to a stop call: where it was decided, and what holds when the machine is stopped."""

    record: Record
    use: Use
    conditions: tuple[Condition, ...]
    void: frozenset[tuple[Term, bool]] = frozenset()

    @property
    def guards(self) -> list[Condition]:
        """The threshold guards that hold and are not void: asked, and then ignored."""
        return [c for c in self.conditions if c.role.kind is Kind.GUARD and c.key not in self.void]

    @property
    def unswitched(self) -> list[Condition]:
        """The guards that 0 would make always true; empty if some guard needs no off switch or has one."""
        found = [c for c in self.conditions if c.role.kind is Kind.OFF_SWITCH and c.key not in self.void]
        open_guards = []
        for guard in self.guards:
            role = guard.role
            if not role.needs_off_switch or any(switches(other.role, role) for other in found):
                return []
            open_guards.append(guard)
        return open_guards


@dataclass(frozen=True)
class Site:
    """A place where a stop was decided, with every class of paths that gets there."""

    function: str
    nodes: tuple[int, ...]
    call: Call
    paths: tuple[Path, ...]
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Judgement:
    """The verdict on a site: a rule's code, or ``GUARDED``; ``path`` is one that shows it."""

    site: Site
    code: str
    path: Path
    dominating: tuple[Condition, ...]
    cleanup: str = ""
    culprit: Condition | None = None
    defaults: tuple[Condition, ...] = ()


def without_stale(paths: Sequence[Path]) -> list[Path]:
    """Without guards whose counter was reset on some of the paths only, which ``finally`` copies have kept apart."""
    fresh = {condition.key for path in paths for condition in path.conditions if not condition.reset}
    stale = {condition for path in paths for condition in path.conditions if condition.reset and condition.key in fresh}
    if not stale:
        return list(paths)
    return [replace(path, conditions=tuple(c for c in path.conditions if c not in stale)) for path in paths]


def without_void(paths: Sequence[Path]) -> tuple[Path, ...]:
    """A comparison both of whose outcomes lead to the stop is a guard in its natural direction at most.

    Nor is it an off switch that a setting is there at all, or a boolean one on, if the stop is reached without it too.
    """
    conditions = [condition for path in paths for condition in path.conditions]
    held = {condition.key for condition in conditions}
    weak = [condition for condition in conditions if not condition.role.preferred or _is_mere_switch(condition)]
    void = frozenset(condition.key for condition in weak if (condition.term, not condition.truth) in held)
    return tuple(replace(path, void=void) for path in paths)


def _is_mere_switch(condition: Condition) -> bool:
    """Whether a condition is an off switch that says nothing of a threshold but that it is set: that may be 0."""
    if condition.role.kind is not Kind.OFF_SWITCH:
        return False
    match condition.term:
        case App(op="is", args=args) if NONE in args:
            return True
    return not condition.role.thresholds or is_text(condition.term)


def joined(outer: tuple[Condition, ...], inner: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The conditions of a caller and of what it calls; where both say the same, that is the callee's."""
    known = {condition.key for condition in inner}
    return (*(condition for condition in outer if condition.key not in known), *inner)


def held_on_all(paths: Sequence[Path]) -> tuple[Condition, ...]:
    """The conditions that hold on all paths, in the order in which the first establishes them."""
    common = {condition.key for condition in paths[0].conditions}
    for path in paths[1:]:
        common &= {condition.key for condition in path.conditions}
    return tuple(condition for condition in paths[0].conditions if condition.key in common)


def foreign(path: Path, paths: Sequence[Path], function: str) -> list[Condition]:
    """Conditions that a called function brought along, by returning or raising as it did."""
    held = {condition.key for other in paths for condition in other.conditions}
    if all(any(record.kind is EdgeKind.CATCH for record in _backwards(other.record)) for other in paths):
        held = set()
    return [
        condition
        for condition in path.conditions
        if condition.test[0] != function and (condition.term, not condition.truth) not in held
    ]


def by_origin(paths: Sequence[Path]) -> list[list[Path]]:
    """Paths grouped by the call site through which they entered the function."""
    groups: dict[object, list[Path]] = {}
    for path in paths:
        origin = entry_of(path.record).origin
        key = (origin.function, origin.record.node) if isinstance(origin, Origin) else None
        groups.setdefault(key, []).append(path)
    return list(groups.values())


def _backwards(record: Record) -> Iterator[Record]:
    """The records on the way to ``record`` within its function, last first."""
    current: Record | None = record
    while current is not None:
        yield current
        current = current.parent


def after_error(paths: Sequence[Path]) -> Path:
    """The first path on which a ``finally`` runs because of an exception, as nobody expects; else the first."""

    def raised(path: Path) -> bool:
        return any(record.kind is EdgeKind.RAISE for record in _backwards(path.record))

    return next((path for path in paths if raised(path)), paths[0])


def callers_on(record: Record) -> Iterator[str]:
    """The functions from which the function of ``record`` was called on the way to it."""
    seen: set[int] = set()
    origin = entry_of(record).origin
    while isinstance(origin, Origin) and id(origin) not in seen:
        seen.add(id(origin))
        yield origin.function
        origin = entry_of(origin.record).origin


def entry_of(record: Record) -> Record:
    """The entry record from which ``record`` was reached."""
    while record.parent is not None:
        record = record.parent
    return record
