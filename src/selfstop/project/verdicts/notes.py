"""What a witness says of the conditions on its way: why each of them is no threshold guard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from selfstop.flow import reasons
from selfstop.flow.cfg import Assign, Call, EdgeKind, Operation, Test
from selfstop.flow.facts import Record
from selfstop.flow.known import Condition
from selfstop.flow.roles import Kind
from selfstop.flow.settings import switches
from selfstop.flow.state import EMPTY
from selfstop.flow.terms import App, Attr, Const, Result, Term, dotted, last_name, mention_key
from selfstop.project.callgraph.paths import Judgement
from selfstop.project.callgraph.uses import Mode
from selfstop.project.verdicts.legs import Leg, Legs, marks
from selfstop.project.verdicts.verdict import Verdicts

EITHER = "asked, but both outcomes lead to the call"
BOTH_STOP = "no guard: the other outcome stops it as well"
LEFT_BEHIND = "it is asked where the call is registered, not when it runs"
OUTSIDE = "a guard, but outside of the clean-up"


@dataclass(frozen=True)
class Notes:
    """Explains conditions on one way, for one judgement."""

    verdicts: Verdicts
    judgement: Judgement
    way: Legs

    def of_condition(self, condition: Condition) -> str:
        """Why ``condition``, which was established on the way, is no threshold guard at its end."""
        if condition.role.kind is Kind.GUARD:
            return self._of_guard(condition)
        if condition.role.kind is Kind.OFF_SWITCH and self._misses(condition):
            return "an off switch, but of another limit"
        written = self._by_form(condition.written or condition.term, condition)
        if written not in {reasons.UNRECOGNISED, reasons.TRUTH}:
            return written
        meant = self._by_form(condition.term, condition)
        return written if meant == reasons.UNRECOGNISED else meant

    def _by_form(self, term: Term, condition: Condition) -> str:
        """The reason by the form of a condition: as it is written, or with the values of the way put in."""
        evidence = self.verdicts.linker.evidence(EMPTY, condition.test[0])
        return reasons.reason(term, condition.truth, condition.role, evidence)

    # Guards

    def _of_guard(self, guard: Condition) -> str:
        path = self.judgement.path
        if guard.key in path.void:
            return BOTH_STOP
        if not _among(guard, path.guards):
            return f"a guard, but {self._lost(guard)}"
        if self.judgement.code == "SST201":
            return _by_default(guard)
        if _among(guard, path.unswitched):
            return _always_true(guard)
        return OUTSIDE if self.judgement.cleanup else reasons.GUARD

    def _misses(self, switch: Condition) -> bool:
        """Whether an off switch is none for the guard that lacks one."""
        culprit = self.judgement.culprit
        return self.judgement.code == "SST104" and culprit is not None and not switches(switch.role, culprit.role)

    def _lost(self, guard: Condition) -> str:
        """Where on the way ``guard`` ceased to hold."""
        established = False
        set_back = ""
        for leg, before, after in self._moves():
            if after is None:
                if established:
                    return LEFT_BEHIND
                continue
            held, holds = before.state.conditions.get(guard.key), after.state.conditions.get(guard.key)
            if held is None:
                established = established or holds is not None
                continue
            if holds is None:
                return self._loss(guard, leg, before, set_back)
            if holds.reset and not held.reset:
                set_back = self._set_back(guard, leg, before)
        return set_back or "it no longer holds at the call"

    def _set_back(self, guard: Condition, leg: Leg, before: Record) -> str:
        operation = self._operation(leg, before)
        what = _name(operation.target) if isinstance(operation, Assign) else "what it counts"
        return f"{what} is set back at {self._place(guard, leg, before)}"

    def _moves(self) -> Iterator[tuple[Leg, Record, Record | None]]:
        """Each step of the records, and, with None, each call of a function that does not know what its caller did."""
        for position, leg in enumerate(self.way.legs[: self.way.landing + 1]):
            for before, after in pairwise(leg.records):
                yield leg, before, after
            if position < self.way.landing and leg.use.mode is not Mode.NOW:
                yield leg, leg.end, None

    def _loss(self, guard: Condition, leg: Leg, before: Record, set_back: str) -> str:
        graph = self.verdicts.program.functions[leg.function].graph
        place = self._place(guard, leg, before)
        again = any(edge.kind is EdgeKind.BACK for edge in graph.nodes[before.node].edges)
        match self._operation(leg, before):
            case Assign(target=target) if not again:
                return f"{_name(target)} is assigned anew at {place}"
            case Call(text=text, result=result) if mention_key(result) in guard.mentions:
                return f"`{text}()` is asked anew at {place}"
            case Call(text=text):
                return f"what it speaks of may be changed by `{text}()` at {place}"
            case Test(text=text):
                return f"`{text}` comes out otherwise at {place}"
        if set_back:
            return f"{set_back}, and the loop starts over" if again else set_back
        return f"not all ways to {place} passed it"

    def _operation(self, leg: Leg, record: Record) -> Operation:
        return self.verdicts.program.functions[leg.function].graph.nodes[record.node].operation

    def _place(self, guard: Condition, leg: Leg, record: Record) -> str:
        """The line, with the file where that is another one than the guard's."""
        functions = self.verdicts.program.functions
        function, asking = functions[leg.function], functions.get(guard.test[0])
        line = function.graph.nodes[record.node].line
        return f"line {line}" if asking is None or asking.path == function.path else f"{function.path}:{line}"


def _among(condition: Condition, others: Iterable[Condition]) -> bool:
    return any(not marks(condition).isdisjoint(marks(other)) for other in others)


def strongest(conditions: Sequence[Condition]) -> Condition | None:
    """Of what one test established, what matters most to the verdict."""
    order = [Kind.GUARD, Kind.INVERTED, Kind.OFF_SWITCH, Kind.PLAIN]
    return min(conditions, key=lambda condition: order.index(condition.role.kind), default=None)


def _name(place: Term) -> str:
    name = dotted(place) or last_name(place)
    return f"`{name}`" if name else "what it speaks of"


def _always_true(guard: Condition) -> str:
    return f"a guard, but always true if `{guard.role.origin.variable or threshold_name(guard)}` is 0"


def _by_default(guard: Condition) -> str:
    origin = guard.role.origin
    if not origin.default:
        return reasons.GUARD
    return f"a guard, but `{origin.variable or threshold_name(guard)}` is {origin.default} by default"


def threshold_name(guard: Condition) -> str:
    """The threshold of a guard as the reader knows it: the shortest name among its atoms."""
    names = sorted(
        filter(None, (_called(atom) for atom in guard.role.thresholds)),
        key=lambda n: (n == "getenv", len(n), n),
    )
    written = [name for name in names if name in guard.text]
    name = (written or names or ["THRESHOLD"])[0]
    return guard.role.origin.variable or name if name == "getenv" else name


def _called(threshold: Term) -> str:
    """What a reader calls a threshold: by its key where it is looked up (``config.get("idle")``)."""
    match threshold:
        case App(op="get", args=(_, Const(value=str() as key), *_)):
            return key
        case Result(callee=Attr(), args=(*_, Const(value=str() as key))):
            return key
        case App(op=op, args=args) if op not in {"getenv", "call"}:
            return next(filter(None, map(_called, args)), "")
    name = last_name(threshold)
    return "" if name.startswith("$") else name
