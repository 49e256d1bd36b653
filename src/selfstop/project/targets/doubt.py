"""Whether machines that the API listed may have been narrowed down to this one on the way to the call."""

from __future__ import annotations

from collections.abc import Sequence

from selfstop.flow.cfg import Assign, Test
from selfstop.flow.terms import App, Attr, Const, Result, Term, Var, walk
from selfstop.model import Target
from selfstop.project.symbols.passing import Part
from selfstop.project.symbols.values import Frame, Point, Value
from selfstop.project.targets.following import Follower
from selfstop.project.targets.identity import Identity

MAX_FUNCTIONS = 12


class Doubt:
    """Looks at what the functions on the way of an id test.

    A comparison with a constant (a state, the key of a tag) picks no single machine, unless it asks for a name,
    and neither does one by size. Everything else that looks at what was listed may.
    """

    def __init__(self, follower: Follower, identity: Identity) -> None:
        self._follower = follower
        self._identity = identity
        self._program = follower.program

    def arises(self, trail: Sequence[Value]) -> bool:
        """Whether there is doubt about an id that came along ``trail``."""
        if any(self._picks(part, value.point) for value in trail for part in value.path):
            return True
        seen: set[str] = set()
        frames = {value.point.function: value.point.frame for value in trail}
        return any(self._arises_in(function, frame, seen) for function, frame in frames.items())

    def _picks(self, part: Part, point: Point) -> bool:
        """Whether a part is one that is looked up, other than by counting."""
        if part.kind != "item" or isinstance(part.key, Const):
            return False
        return not all(_is_counted(leaf.term) for leaf in self._follower.leaves(Value(part.key, point)))

    def _arises_in(self, function: str, frame: Frame | None, seen: set[str]) -> bool:
        if function in seen:
            return False
        seen.add(function)
        body = self._program.body(function)
        if body is None or len(seen) > MAX_FUNCTIONS or self._asks_for_itself(function, frame):
            return True
        return any(
            self._is_doubtful(node.operation.term, Point(function, number, frame), seen)
            for number, node in enumerate(body.graph.nodes)
            if isinstance(node.operation, Test)
        )

    def _asks_for_itself(self, function: str, frame: Frame | None) -> bool:
        """Whether a function reads this machine's id, for whatever reason."""
        calls = self._program.functions[function].graph.calls()
        return any(
            self._identity.of(leaf) is Target.SELF
            for number, call in calls
            for leaf in self._follower.leaves(Value(call.result, Point(function, number, frame)))
        )

    def _is_doubtful(self, test: Term, point: Point, seen: set[str]) -> bool:
        if not self._looks_at_listed(test, point):
            return False
        match test:
            case App(op="<" | "<="):
                return False
            case App(op="==" | "in" | "is", args=(left, right)):
                return not (self._is_harmless(left, point) and self._is_harmless(right, point))
            case Result(site=site):
                return self._is_doubtful_call(site, point, seen)
        return not self._is_harmless(test, point)

    def _is_doubtful_call(self, site: str, point: Point, seen: set[str]) -> bool:
        """A predicate: one of the program is looked into, a method of what was listed must not be told anything."""
        found = self._follower.call_at(site)
        if found is None:
            return True
        call = self._follower.invocation(found[1])
        functions = self._follower.functions_called(call, point)
        if functions:
            frames = [(func.function, Frame(func, args, keywords, point)) for func, args, keywords in functions]
            return any(
                self._arises_in(function, frame, seen) or self._returns_doubt(function, frame, seen)
                for function, frame in frames
            )
        receiver = [call.func.base] if isinstance(call.func, Attr) else []
        foreign = isinstance(call.func, Var) and call.func.scope == "import"
        told = [*receiver, *call.args, *(value for _, value in call.keywords)]
        return foreign or not all(self._is_harmless(term, point) for term in told)

    def _returns_doubt(self, function: str, frame: Frame, seen: set[str]) -> bool:
        """Whether what a predicate returns is a doubtful test of its own."""
        for spot in self._follower.assignments.of(self._program.functions[function].graph.returned):
            operation = self._program.functions[function].graph.nodes[spot.node].operation
            value = operation.value if isinstance(operation, Assign) else None
            if value is not None and self._is_doubtful(value, Point(function, spot.node, frame), seen):
                return True
        return False

    def _looks_at_listed(self, term: Term, point: Point) -> bool:
        return any(self._is_listed(part, point) for part in walk(term) if isinstance(part, Var))

    def _is_listed(self, term: Term, point: Point) -> bool:
        return any(self._identity.of(leaf) is Target.OTHER for leaf in self._follower.leaves(Value(term, point)))

    def _is_harmless(self, term: Term, point: Point) -> bool:
        """Whether a term is a constant, or a part of what was listed."""
        return all(
            leaf.term != Const("Name") if isinstance(leaf.term, Const) else self._identity.of(leaf) is Target.OTHER
            for leaf in self._follower.leaves(Value(term, point))
        )


def _is_counted(term: Term) -> bool:
    match term:
        case Const():
            return True
        case Result(callee=Var(scope="builtins", name="range")):
            return True
    return False
