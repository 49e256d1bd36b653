"""From states to verdicts: whether every path to a stop call is guarded, and if not, what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from selfstop.flow.cfg import Call, EdgeKind
from selfstop.flow.facts import Record
from selfstop.flow.known import Condition
from selfstop.flow.origins import Source, is_text, settings
from selfstop.flow.roles import Kind
from selfstop.flow.state import State
from selfstop.flow.terms import NONE, App, Attr, Const, Func, Term, Var
from selfstop.model import Span
from selfstop.project.binding import bind, unwrapped
from selfstop.project.data import GuardedData
from selfstop.project.linker import Linker
from selfstop.project.propagation import Origin, Propagation
from selfstop.project.reach import Reach
from selfstop.project.uses import Mode, Use

GUARDED = ""
_DEPTH = 8


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
        switches = [c for c in self.conditions if c.role.kind is Kind.OFF_SWITCH and c.key not in self.void]
        open_guards = []
        for guard in self.guards:
            role = guard.role
            limits = settings(role.thresholds)
            covered = any(not s.role.thresholds or settings(s.role.thresholds) & limits for s in switches)
            if not role.needs_off_switch or covered:
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
class _Collected:
    call: Call
    paths: list[Path]
    uses: list[Use]


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


@dataclass(frozen=True, eq=False)
class _Step:
    """A call site in a chain of calls, and the one that it leads to."""

    function: str
    node: int
    below: _Step | None = None

    @property
    def name(self) -> str:
        """What the function is called."""
        return self.function.rpartition(":")[2]

    def passed(self) -> frozenset[str]:
        """The functions of the chain up to here."""
        found = set()
        step: _Step | None = self
        while step is not None:
            found.add(step.function)
            step = step.below
        return frozenset(found)


class Verdicts:
    """Judges every stop call of a program."""

    def __init__(self, reach: Reach, linker: Linker, propagation: Propagation) -> None:
        self.reach = reach
        self.linker = linker
        self.propagation = propagation
        self.program = reach.program
        self._data = GuardedData(reach.program, linker)
        self._found: dict[str, list[Site]] = {}
        self._inner: dict[object, tuple[tuple[Condition, ...], ...]] = {}
        self._running: set[str] = set()
        self._handed_up: dict[str, bool] = {}

    def judgements(self) -> Iterator[Judgement]:
        """The verdicts on all sites, function by function."""
        for identity in sorted(self.reach.functions):
            self._found[identity] = list(self._sites(identity))
        for identity in sorted(self.reach.functions):
            for site in self._found[identity]:
                yield self._judge(site)

    # Sites

    def hands_up(self, identity: str) -> bool:
        """Whether the question is the callers': a stopper that says so by its name, or was told what to call."""
        if identity not in self._handed_up:
            self._handed_up[identity] = False
            self._handed_up[identity] = self._is_handing_up(identity)
        return self._handed_up[identity]

    def _is_handing_up(self, identity: str) -> bool:
        if not any(caller in self.propagation.analyses for caller, _, _ in self.reach.callers_of(identity)):
            return False
        if not (self.reach.says_stop(identity) or self._is_told(identity)):
            return False
        alternatives = self._inner_paths(Func(identity), (), ())
        if self._is_told(identity):
            return True
        return any(not any(c.role.kind is Kind.GUARD for c in conditions) for conditions in alternatives)

    def _is_told(self, identity: str) -> bool:
        """Whether the function calls what its caller names: a string given to ``getattr``, or a callable."""
        function = self.program.functions[identity]
        own = {Var(identity, parameter.name) for parameter in function.parameters}
        return not own.isdisjoint(self.reach.telling.telling(function))

    def _sites(self, identity: str) -> Iterator[Site]:
        found: dict[tuple[int, Span], _Collected] = {}
        hands_up = self.hands_up(identity)
        if hands_up and not (self.reach.is_exposed(identity) or self.reach.cleanup_of(identity)):
            return
        for node, record, use in self.propagation.uses(identity):
            if hands_up and entry_of(record).origin is not None:
                continue  # of what its callers know, that call of theirs is judged
            alternatives = self._alternatives(use)
            if alternatives is None:
                continue
            call = self.program.functions[identity].graph.nodes[node].operation
            assert isinstance(call, Call)
            collected = found.setdefault((node, call.span), _Collected(call, [], []))
            collected.uses.append(use)
            base = tuple(record.state.conditions.values())
            operands = [*use.args, *(value for _, value in use.keywords), *_receiver(use.term)]
            for inserted in self._data.alternatives(operands, self.propagation.analyses):
                collected.paths.extend(
                    Path(record, use, _joined(_joined(inserted, base), inner)) for inner in alternatives
                )
        yield from self._merged(identity, found)

    @staticmethod
    def _merged(identity: str, found: dict[tuple[int, Span], _Collected]) -> Iterator[Site]:
        """One site a call, though ``finally`` copies may have given it several nodes."""
        by_span: dict[Span, list[tuple[int, _Collected]]] = {}
        for (node, span), collected in found.items():
            if collected.paths:
                by_span.setdefault(span, []).append((node, collected))
        for span in sorted(by_span):
            group = by_span[span]
            nodes = tuple(node for node, _ in group)
            paths = _without_void(_without_stale([path for _, collected in group for path in collected.paths]))
            uses = tuple(use for _, collected in group for use in collected.uses)
            yield Site(identity, nodes, group[0][1].call, paths, uses)

    def _alternatives(self, use: Use) -> Sequence[tuple[Condition, ...]] | None:
        """What holds in addition once a use stops the machine; None if the decision is not made here."""
        if use.func is None:
            return [()]
        identity = use.func.function
        if identity not in self.reach.functions or not self.hands_up(identity) or self._lands_further_on(use):
            return None
        return self._inner_paths(use.func, use.args, use.keywords)

    def _lands_further_on(self, use: Use) -> bool:
        """Whether a helper is given a function that is reported at its own stop call."""
        given = [self.program.resolve(unwrapped(value)[0]) for value in (*use.args, *(v for _, v in use.keywords))]
        functions = [v.function for v in given if isinstance(v, Func) and v.function in self.reach.functions]
        return any(not self.hands_up(function) for function in functions)

    def _inner_paths(
        self, func: Func, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]
    ) -> tuple[tuple[Condition, ...], ...]:
        """For each class of paths from the function's entry to a stop call: what was established on the way."""
        identity = func.function
        told = self.told(func, args, keywords)
        key = (identity, frozenset(told.values.items()))
        if key not in self._inner:
            if identity in self._running or len(self._running) > _DEPTH:
                return ()
            self._running.add(identity)
            self._inner[key] = self._find_inner(identity, told)
            self._running.discard(identity)
        return self._inner[key]

    def told(self, func: Func, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]) -> State:
        """What a function learns from its arguments about what it is to stop: names, callables and switches."""
        bound = bind(self.program.functions[func.function], func, args, keywords)
        resolved = {place: self.program.resolve(value) for place, value in bound.items()}
        return State(
            {
                place: value
                for place, value in resolved.items()
                if isinstance(value, (Const, Func))
                or self.reach.stops.is_reference(value)
                or any(True for _ in self.reach.telling.names(value))
            }
        )

    def _find_inner(self, identity: str, entry: State) -> tuple[tuple[Condition, ...], ...]:
        graph = self.program.functions[identity].graph
        analysis = self.propagation.begun(identity, entry)
        found: dict[frozenset[tuple[Term, bool]], tuple[Condition, ...]] = {}
        for node, call in graph.calls():
            for record in analysis.states(node):
                for use in self.propagation.uses_at(call, record.state):
                    inner: Iterable[tuple[Condition, ...]] = [()]
                    if use.func is not None:
                        if use.func.function not in self.reach.functions:
                            continue
                        inner = self._inner_paths(use.func, use.args, use.keywords)
                    for conditions in inner:
                        joined = _joined(tuple(record.state.conditions.values()), conditions)
                        found[frozenset(condition.key for condition in joined)] = joined
        return tuple(found.values())

    # Judging

    def _judge(self, site: Site) -> Judgement:
        unguarded = [path for path in site.paths if not path.guards]
        unswitched = [path for path in site.paths if path.guards and path.unswitched]
        dominating = _dominating(site.paths)
        defaults = tuple(c for path in site.paths for c in path.guards if _on_by_default(c))
        cleanup = self._cleanup(site)
        if cleanup and (unguarded or self._bare_in_finally(site)):
            shown = _after_error(unguarded or site.paths)
            return Judgement(site, "SST102", shown, dominating, cleanup, None, defaults)
        if unguarded:
            return self._unguarded(site, defaults)
        if unswitched:
            culprit = unswitched[0].unswitched[0]
            return Judgement(site, "SST104", unswitched[0], dominating, "", culprit, defaults)
        return Judgement(site, GUARDED, site.paths[0], dominating, "", None, defaults)

    def _unguarded(self, site: Site, defaults: tuple[Condition, ...]) -> Judgement:
        """The code of the worst caller's paths."""
        verdicts = []
        for paths in _by_origin(site.paths):
            worst = [path for path in paths if not path.guards]
            if worst:
                verdicts.append(self._code(site, paths, worst, defaults))
        order = ["SST101", "SST103", "SST105", "SST106"]
        return min(verdicts, key=lambda judgement: order.index(judgement.code))

    def _code(self, site: Site, paths: Sequence[Path], worst: list[Path], defaults: tuple[Condition, ...]) -> Judgement:
        dominating = _dominating(paths)
        inverted = [c for c in dominating if c.role.kind is Kind.INVERTED and not self._is_else(c, site)]
        if inverted:
            return Judgement(site, "SST106", worst[0], dominating, "", inverted[0], defaults)
        asking = {site.function, *(function for path in paths for function in _callers_on(path.record))}
        deciding = [
            c
            for c in dominating
            if not (c.loop and c.truth) and (c.test[0] in asking or c.role.kind is Kind.OFF_SWITCH)
        ]
        if deciding and all(condition.role.kind is Kind.OFF_SWITCH for condition in deciding):
            return Judgement(site, "SST105", worst[0], tuple(deciding), "", None, defaults)
        asked = dominating or all(_foreign(path, paths, site.function) for path in worst)
        if asked or not self._bare(site.function, site.nodes):
            return Judgement(site, "SST103", worst[0], dominating, "", None, defaults)
        return Judgement(site, "SST101", worst[0], dominating, "", None, defaults)

    def _is_else(self, inverted: Condition, site: Site) -> bool:
        """Whether the comparison's other outcome leads to a stop of its own: this is the ``else`` of a guard."""
        opposite = (inverted.term, not inverted.truth)
        return any(
            guard.key == opposite and guard.test == inverted.test
            for sites in self._found.values()
            for other in sites
            if other is not site
            for path in other.paths
            for guard in path.guards
        )

    def _bare(self, identity: str, nodes: Sequence[int]) -> bool:
        """Whether some chain of calls leads to one of the nodes without any test that decides about it."""
        for step in self._chains(identity, nodes):
            callers = self._further(step)
            if not callers or self.reach.is_entry(step.function):
                return True
            if any(mode is not Mode.NOW for _, _, mode in callers):
                return True
        return False

    def _chains(self, identity: str, nodes: Sequence[int]) -> Iterator[_Step]:
        """The call sites, upwards from ``nodes``, that no test decides about, each once."""
        pending = [_Step(identity, node) for node in reversed(nodes)]
        seen: set[tuple[str, int]] = set()
        while pending:
            step = pending.pop()
            if (step.function, step.node) in seen:
                continue
            seen.add((step.function, step.node))
            if self.linker.dependence(step.function).avoidable(step.node):
                yield step
                called = [(caller, node) for caller, node, mode in self._further(step) if mode is Mode.NOW]
                pending.extend(_Step(caller, node, step) for caller, node in reversed(called))

    def _further(self, step: _Step) -> list[tuple[str, int, Mode]]:
        """The call sites of a step's function, in functions that the chain has not passed yet."""
        callers = self.reach.callers_of(step.function)
        passed = step.passed() if callers else frozenset()
        return [item for item in callers if item[0] not in passed]

    def deciding_texts(self, site: Site) -> tuple[str, ...]:
        """The tests that decide about a site, where none of them is known to hold any more."""
        graph = self.program.functions[site.function].graph
        dependence = self.linker.dependence(site.function)
        tests = sorted({test for node in site.nodes for test in dependence.decisive(node)})
        return tuple(
            dict.fromkeys(text for test in tests if (text := getattr(graph.nodes[test].operation, "text", "")))
        )

    # Clean-up

    def _cleanup(self, site: Site) -> str:
        """How the site runs as clean-up without a condition of its own, or the empty string."""
        for use in site.uses:
            if use.mode is Mode.CLEANUP:
                return use.cleanup
        for node in site.nodes:
            found = self._cleanup_at(site.function, node)
            if found:
                return found
        return ""

    def _cleanup_at(self, identity: str, node: int) -> str:
        if found := self._cleanup_around(_Step(identity, node)):
            return found
        for step in self._chains(identity, [node]):
            if found := self.reach.cleanup_of(step.function):
                return found
            for caller, site, mode in self._further(step):
                if mode is Mode.CLEANUP:
                    return self._registered(caller, site)
                if mode is Mode.NOW and (found := self._cleanup_around(_Step(caller, site, step))):
                    return found
        return ""

    def _cleanup_around(self, step: _Step) -> str:
        """The ``finally`` block around a call that runs it whenever the block runs, or the empty string."""
        blocks = self.program.functions[step.function].graph.nodes[step.node].finallies
        if not blocks or not self.linker.dependence(step.function).avoidable(step.node, within=blocks[-1]):
            return ""
        return "this `finally` block" if step.below is None else f"the `finally` block of `{step.name}`"

    def _registered(self, caller: str, node: int) -> str:
        call = self.program.functions[caller].graph.nodes[node].operation
        assert isinstance(call, Call)
        uses = self.reach.uses.of(call, call.func, call.args, call.keywords)
        return next((use.cleanup for use in uses if use.cleanup), "clean-up")

    def _bare_in_finally(self, site: Site) -> bool:
        """A guard outside a ``finally`` is old news by the time the block runs; one inside the callee is not."""
        inner = [conditions for use in site.uses for conditions in self._alternatives(use) or ()]
        return any(not any(c.role.kind is Kind.GUARD for c in conditions) for conditions in inner)


def _receiver(term: Term) -> list[Term]:
    return [term.base] if isinstance(term, Attr) else []


def _without_stale(paths: Sequence[Path]) -> list[Path]:
    """Without guards whose counter was reset on some of the paths only, which ``finally`` copies have kept apart."""
    fresh = {condition.key for path in paths for condition in path.conditions if not condition.reset}
    stale = {condition for path in paths for condition in path.conditions if condition.reset and condition.key in fresh}
    if not stale:
        return list(paths)
    return [replace(path, conditions=tuple(c for c in path.conditions if c not in stale)) for path in paths]


def _without_void(paths: Sequence[Path]) -> tuple[Path, ...]:
    """A comparison both of whose outcomes lead to the stop is a guard in its natural direction at most.

    Nor is it an off switch that a setting is there at all, if the stop is reached without it just as well.
    """
    held = {condition.key for path in paths for condition in path.conditions}
    void = frozenset(
        condition.key
        for path in paths
        for condition in path.conditions
        if (not condition.role.preferred or _is_presence(condition)) and (condition.term, not condition.truth) in held
    )
    return tuple(replace(path, void=void) for path in paths)


def _is_presence(condition: Condition) -> bool:
    """Whether a condition says of a threshold that it is set, whatever to: it may be 0."""
    match condition.term:
        case App(op="is", args=args) if NONE in args:
            return condition.role.kind is Kind.OFF_SWITCH
    return condition.role.kind is Kind.OFF_SWITCH and is_text(condition.term)


def _joined(outer: tuple[Condition, ...], inner: tuple[Condition, ...]) -> tuple[Condition, ...]:
    known = {condition.key for condition in inner}
    return (*(condition for condition in outer if condition.key not in known), *inner)


def _dominating(paths: Sequence[Path]) -> tuple[Condition, ...]:
    """The conditions that hold on all paths, in the order in which the first establishes them."""
    common = {condition.key for condition in paths[0].conditions}
    for path in paths[1:]:
        common &= {condition.key for condition in path.conditions}
    return tuple(condition for condition in paths[0].conditions if condition.key in common)


def _foreign(path: Path, paths: Sequence[Path], function: str) -> list[Condition]:
    """Conditions that a called function brought along, by returning or raising as it did."""
    held = {condition.key for other in paths for condition in other.conditions}
    if all(any(record.kind is EdgeKind.CATCH for record in _backwards(other.record)) for other in paths):
        held = set()
    return [
        condition
        for condition in path.conditions
        if condition.test[0] != function and (condition.term, not condition.truth) not in held
    ]


def _by_origin(paths: Sequence[Path]) -> list[list[Path]]:
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


def _after_error(paths: Sequence[Path]) -> Path:
    """The first path on which a ``finally`` runs because of an exception, as nobody expects; else the first."""

    def raised(path: Path) -> bool:
        return any(record.kind is EdgeKind.RAISE for record in _backwards(path.record))

    return next((path for path in paths if raised(path)), paths[0])


def _callers_on(record: Record) -> Iterator[str]:
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


def _on_by_default(condition: Condition) -> bool:
    origin = condition.role.origin
    if origin.source not in {Source.ENVIRONMENT, Source.CLAMPED} or not origin.default:
        return False
    try:
        return 0 < float(origin.default) < math.inf
    except ValueError:
        return False
