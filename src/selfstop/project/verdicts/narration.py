"""From the records of a way to the steps that a reader follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from selfstop.flow.cfg import Assign, Call, Dispatch, EdgeKind, Graph, Iterate, Raise, Skip, Test
from selfstop.flow.code import MODULE_BODY
from selfstop.flow.facts import Record
from selfstop.flow.known import Condition
from selfstop.flow.roles import Kind
from selfstop.flow.terms import App, Attr, Result, Term, Var, dotted, last_name, mention_key, walk
from selfstop.flow.world import callable_of
from selfstop.model import StepKind, WitnessStep
from selfstop.project.callgraph.uses import Mode, Use
from selfstop.project.symbols.binding import unwrapped
from selfstop.project.verdicts.deciding import deciding
from selfstop.project.verdicts.entries import entered
from selfstop.project.verdicts.legs import Leg, marks
from selfstop.project.verdicts.notes import EITHER, Notes, strongest

_MAX_GIVEN = 3
_AFTER = {
    "raise": "`finally` runs after the exception",
    "return": "`finally` runs after `return`",
    "break": "`finally` runs after `break`",
    "continue": "`finally` runs after `continue`",
}
_AT_THE_END = "`finally` runs at the end of the `try`"
_BY_NAME = "found by its name alone"
_BY_ARGUMENT = "an argument, given so by the caller"
_ANSWERED = "a call's answer, with no guard behind it"


@dataclass(frozen=True)
class _Move:
    """The operation at ``before`` ran, and control took an edge of ``kind``."""

    before: Record
    after: Record

    @property
    def kind(self) -> EdgeKind:
        return self.after.kind


class Narration:
    """Tells one leg of a way. ``told`` collects the conditions that were mentioned."""

    def __init__(self, notes: Notes, leg: Leg, told: set[object]) -> None:
        self.notes = notes
        self.leg = leg
        self.told = told
        self.program = notes.verdicts.program
        self.linker = notes.verdicts.linker
        self.function = self.program.functions[leg.function]
        self.graph = self.function.graph
        self._deciding = deciding(self.graph, leg.records, self.linker.dependence(leg.function))
        self._dominating = {mark for condition in notes.judgement.dominating for mark in marks(condition)}
        self._asked = _answers_asked(self.graph, leg.records)
        self._brought: dict[object, list[Condition]] = {}
        self._left_by = ""

    def enter(self, *, first: bool) -> WitnessStep:
        """The entry of the function; where that is the program's, with who enters."""
        name = self.function.qualname
        note = entered(self.notes.verdicts.reach, self.function, [r.node for r in self.leg.records]) if first else ""
        text = "enter the module" if name == MODULE_BODY else f"enter {name}"
        return self._step(self.function.line, text, StepKind.ENTER, note)

    def on_the_way(self) -> Iterator[WitnessStep]:
        """What matters between the entry of the function and the call that leaves it."""
        for before, after in pairwise(self.leg.records):
            yield from self._of_move(_Move(before, after))

    def known_besides(self, conditions: Iterable[Condition]) -> Iterator[WitnessStep]:
        """Conditions that hold at the call for reasons that lie off the way, as where a list was filled."""
        return self._given(condition for condition in conditions if self.told.isdisjoint(marks(condition)))

    def leave(self) -> WitnessStep:
        """The call that leaves the function."""
        call = self.graph.nodes[self.leg.end.node].operation
        assert isinstance(call, Call)
        use = self.leg.use
        kind = StepKind.STOP if use.func is None else StepKind.CALL
        if not self._is_handed(call):
            return self._step(call.span.line, f"call {call.text}()", kind, self._link(call))
        name = last_name(unwrapped(use.term)[0]).replace("<lambda>", "a lambda")
        text = f"hand {name} to {call.text}()" if use.mode is Mode.NOW else f"register {name} with {call.text}()"
        return self._step(call.span.line, text, kind, self._kept(use))

    def _kept(self, use: Use) -> str:
        """Where an object calls what it is given to keep."""
        if use.kept is None:
            return ""
        function = self.notes.verdicts.program.functions[use.kept.function]
        call = function.graph.nodes[use.kept.node].operation
        assert isinstance(call, Call)
        return f"{function.qualname} calls it ({function.path}:{call.span.line})"

    def _step(self, line: int, text: str, kind: StepKind, note: str = "") -> WitnessStep:
        return WitnessStep(self.function.path, line, _on_one_line(text), kind, self.function.qualname, note)

    def _of_move(self, move: _Move) -> Iterator[WitnessStep]:
        node = self.graph.nodes[move.before.node]
        match node.operation:
            case Test(text=text, negated=negated) if text:
                outcome = (move.kind is EdgeKind.TRUE) != negated
                yield from self._test(move, f"{text} is {'true' if outcome else 'false'}")
            case Iterate(text=text) if move.kind is EdgeKind.FALSE:
                yield from self._test(move, f"{text} exhausted")
            case Call() as call:
                yield from self._returned(move, call)
            case Raise(exception=exception):
                yield from self._raised(node.line, exception)
            case Skip(label=label):
                yield from self._passed(move, label)
            case _ if move.kind is EdgeKind.RAISE:
                yield self._step(node.line, "an exception is raised", StepKind.RAISE)

    # Tests

    def _test(self, move: _Move, text: str) -> Iterator[WitnessStep]:
        number = move.before.node
        own, implied = self._established(move)
        condition = strongest(own)
        if not self._matters(number, condition):
            return
        self.told.update(mark for condition in own for mark in marks(condition))
        answers = [item for call in self._asked.get(number, ()) for item in self._brought.pop(call, ())]
        given = list(self._given([*implied, *answers]))
        yield self._step(self.graph.nodes[number].line, text, StepKind.TEST, self._note(move, condition, given))
        yield from given

    def _established(self, move: _Move) -> tuple[list[Condition], list[Condition]]:
        """What a test established itself, and what it implied."""
        known = move.before.state.conditions
        place = (self.leg.function, move.before.node)
        new = [condition for key, condition in move.after.state.conditions.items() if known.get(key) is not condition]
        own = [condition for condition in new if condition.test == place]
        operation = self.graph.nodes[move.before.node].operation
        if not own and isinstance(operation, Test):
            term = self.linker.resolve(move.before.state.evaluate(operation.term))
            same = known.get((term, move.kind is EdgeKind.TRUE))
            own = [] if same is None else [same]
        return own, [condition for condition in new if condition.test != place]

    def _matters(self, number: int, condition: Condition | None) -> bool:
        """Whether a test decides about the call, or looks as if it did."""
        if number in self._deciding:
            return True
        if condition is None:
            return False
        role = condition.role
        telling = role.kind in {Kind.GUARD, Kind.INVERTED} or (role.kind is Kind.OFF_SWITCH and role.thresholds)
        return bool(telling) or not self._dominating.isdisjoint(marks(condition))

    def _note(self, move: _Move, condition: Condition | None, given: Sequence[WitnessStep]) -> str:
        """Why a test is no guard; what is given with it speaks for itself."""
        if condition is not None and condition.role.kind is Kind.GUARD:
            return self.notes.of_condition(condition)
        if given:
            return ""
        if condition is None:
            return self._settled(move)
        decides = move.before.node in self._deciding or not self._dominating.isdisjoint(marks(condition))
        return self.notes.of_condition(condition) if decides else EITHER

    def _settled(self, move: _Move) -> str:
        """Of a test whose outcome is a matter of a known value: where that comes from."""
        operation = self.graph.nodes[move.before.node].operation
        term = operation.term if isinstance(operation, Test) else None
        for record in reversed(self.leg.records[: self.leg.records.index(move.before)]):
            node = self.graph.nodes[record.node]
            match node.operation:
                case Assign(target=target) if target == term:
                    return f"a flag, set so at line {node.line}"
        if isinstance(term, Result):
            return _ANSWERED
        return _BY_ARGUMENT if term in self.linker.calls.parameters else "known to be so on this way"

    def _given(self, conditions: Iterable[Condition]) -> Iterator[WitnessStep]:
        """What held elsewhere: in a predicate, where a flag was set, where an exception was raised."""
        known = [c for c in dict.fromkeys(conditions) if c.text and c.test[0] in self.program.functions]
        self.told.update(mark for condition in known for mark in marks(condition))
        for condition in known[:_MAX_GIVEN]:
            function = self.program.functions[condition.test[0]]
            text = _on_one_line(f"{condition.text} is {'true' if condition.outcome else 'false'}")
            note = self.notes.of_condition(condition)
            yield WitnessStep(function.path, condition.line, text, StepKind.GIVEN, function.qualname, note)

    # Calls, exceptions, clean-up

    def _returned(self, move: _Move, call: Call) -> Iterator[WitnessStep]:
        known = move.before.state.conditions
        new = [condition for key, condition in move.after.state.conditions.items() if key not in known]
        if move.kind is not EdgeKind.RAISE:
            self._brought[mention_key(call.result)] = new
            return
        cls = self.linker.exceptions.class_of(move.after.state.evaluate(self.graph.pending))
        what = "an exception" if cls is None else self.program.classes[cls].name
        yield self._step(call.span.line, f"{call.text}() raises {what}", StepKind.RAISE)
        yield from self._given(new)

    def _raised(self, line: int, exception: Term | None) -> Iterator[WitnessStep]:
        match exception:
            case Var(name=name) if name.startswith("$"):
                return
            case App(op="class" | "call", args=(named, *_)):
                name = last_name(named)
            case _:
                name = last_name(exception)
        yield self._step(line, f"raise {name}".rstrip(), StepKind.RAISE)

    def _passed(self, move: _Move, label: str) -> Iterator[WitnessStep]:
        node = self.graph.nodes[move.before.node]
        if label.startswith("finally on "):
            self._left_by = label.removeprefix("finally on ")
        elif label == "finally":
            left_by, self._left_by = self._left_by, ""
            around = self.graph.nodes[self.leg.end.node].finallies
            if left_by == "raise" or (node.finallies and node.finallies[-1] in around):
                yield self._step(node.line, _AFTER.get(left_by, _AT_THE_END), StepKind.FINALLY)
        elif label == "except":
            yield self._step(node.line, self._taken(move.before.node, "handled"), StepKind.EXCEPT)
        elif label == "suppressed":
            yield self._step(node.line, self._taken(move.before.node, "suppressed"), StepKind.EXCEPT)

    def _taken(self, handler: int, what: str) -> str:
        """What a handler, or a context manager, takes, as far as it names that, and ``what`` becomes of it."""
        taken = f"the exception is {what}"
        for number in self.graph.predecessors[handler]:
            node = self.graph.nodes[number]
            for edge in node.edges:
                if edge.target == handler and edge.kind is EdgeKind.CATCH and isinstance(node.operation, Dispatch):
                    names = ", ".join(map(last_name, node.operation.clauses[edge.clause]))
                    return f"except {names}: {taken}" if names else taken
        return taken

    # The call that leaves the function

    def _is_handed(self, call: Call) -> bool:
        """Whether what runs is an argument of the call, not what is called."""
        wanted = {self.leg.use.term, unwrapped(self.leg.use.term)[0]}
        evaluated = [self.leg.end.state.evaluate(operand) for operand in call.operands]
        parts = (part for operand in (*call.operands, *evaluated) for part in walk(operand))
        return any(not wanted.isdisjoint({part, self.linker.resolve(part)}) for part in parts)

    def _link(self, call: Call) -> str:
        """What the text of a call does not say: that it stands for something else, or was found by its name alone."""
        use = self.leg.use
        target = unwrapped(use.term)[0]
        name = last_name(target)
        if name.isidentifier() and call.text.rpartition(".")[2] != name:
            return f"which is `{dotted(target) or name}`"
        func = callable_of(self.linker, self.leg.end.state, call.func)
        return _BY_NAME if use.func is not None and self._is_unknown(func) else ""

    def _is_unknown(self, func: Term) -> bool:
        """Whether ``func`` is a method of an object whose class the code does not show."""
        if not isinstance(func, Attr) or self.program.definitions(func):
            return False
        return self.program.class_of(func.base) is None


def _answers_asked(graph: Graph, records: Iterable[Record]) -> Mapping[int, tuple[object, ...]]:
    """For each test on the way the calls for whose answers it asks, directly or through variables, as they ran."""
    holding: dict[object, object] = {}
    ran: dict[object, int] = {}
    asked: dict[int, tuple[object, ...]] = {}
    for step, record in enumerate(records):
        match graph.nodes[record.node].operation:
            case Call(result=result):
                holding[mention_key(result)] = mention_key(result)
                ran[mention_key(result)] = step
            case Assign(target=target, value=Var() | Result() as value):
                holding[mention_key(target)] = holding.get(mention_key(value))
            case Test(term=term):
                calls = {holding[mention] for mention in term.mentions if holding.get(mention)}
                asked[record.node] = tuple(sorted(calls, key=ran.__getitem__))
    return asked


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
