"""Which machine a stop call stops: the instance id is followed from the call back to where it was born."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from selfstop.families import API
from selfstop.flow.cfg import Call
from selfstop.flow.known import Condition
from selfstop.flow.terms import App, Attr, Const, Result, Term, Var, dotted, last_name, substitute
from selfstop.model import IdSource, Span, Target
from selfstop.project.callgraph.callers import given
from selfstop.project.callgraph.paths import Judgement
from selfstop.project.callgraph.reach import Reach
from selfstop.project.callgraph.registration import is_serverless
from selfstop.project.callgraph.uses import Use
from selfstop.project.symbols.binding import bind, unwrapped
from selfstop.project.symbols.passing import IDS, Invocation, Pairs, Part
from selfstop.project.symbols.values import Frame, Point, Value
from selfstop.project.targets.doubt import Doubt
from selfstop.project.targets.following import MAX_FRAMES, Follower
from selfstop.project.targets.identity import Identity, Reading, joined, reading
from selfstop.project.targets.picking import Picking
from selfstop.project.targets.texts import Texts

MAX_STOPS = 40
SELF_BY_DEFINITION = "_stop_self_ec2"
"""The one stop call that is known to stop the machine it runs on, though no id is handed to it."""


@dataclass(frozen=True)
class Aim:
    """The target of a stop call and the places where the id is read, or comes from."""

    target: Target = Target.UNKNOWN
    sources: tuple[IdSource, ...] = ()


@dataclass(frozen=True)
class Stop:
    """A call that stops a machine in the end, with the values that may be the id.

    ``exact`` tells that these are ids, so that others' count; ``itself`` that the call needs none, ``reads`` that
    it reads this machine's on its own.
    """

    point: Point
    values: tuple[Value, ...] = ()
    exact: bool = True
    itself: bool = False
    reads: bool = False


class Targets:
    """Finds the targets of the stop calls of one program."""

    def __init__(self, reach: Reach, excerpt: Callable[[str, Span], str] | None = None) -> None:
        """``excerpt`` gives the source at a place."""
        self.reach = reach
        self.program = reach.program
        self.follower = Follower(reach)
        self._texts = Texts(self.follower)
        self._identity = Identity(self.follower, reach.stops)
        self._picking = Picking(self.follower, self._identity)
        self._doubt = Doubt(self.follower, self._identity)
        self._excerpt = excerpt

    def of(self, judgement: Judgement) -> Aim:
        """The target of the call that a judgement is about."""
        self.follower.start()
        site = judgement.site
        points = [Point(site.function, node) for node in site.nodes]
        reached = (stop for point in points for use in dict.fromkeys(site.uses) for stop in self._stops(point, use))
        stops = list(itertools.islice(reached, MAX_STOPS))
        self.follower.exhausted = len(stops) == MAX_STOPS
        aim = self._joined([answer for stop in stops for answer in self._answers(stop, judgement.dominating)])
        if aim.target is Target.SELF or (aim.target is Target.OTHER and not self.follower.exhausted):
            return aim
        if any(self._is_named_self(stop.point) for stop in stops):
            return Aim(Target.SELF)
        return self._without_machine(site.function) or Aim()

    def ask(self) -> None:
        """Ask for all that the ids come through, without a look at the conditions on the way."""
        for identity in sorted(self.reach.functions):
            for number, _ in self.program.functions[identity].graph.calls():
                point = Point(identity, number)
                stops = [stop for use in self._uses(point) if use.func is None for stop in self._stops(point, use)]
                for value in (value for stop in stops for value in stop.values):
                    self._ask_about(value)

    def _ask_about(self, value: Value) -> None:
        """Follow a value, what its sources are told, and the objects that they are asked of."""
        self.follower.start()
        for leaf in self.follower.leaves(value):
            self._identity.of(leaf)
            match leaf.term:
                case Result(callee=callee) if callee is not None:
                    method = self.program.resolve(callee)
                    if isinstance(method, Attr):
                        self.follower.leaves(Value(method.base, leaf.point))

    def _is_named_self(self, point: Point) -> bool:
        return any(self.program.functions[identity].name == SELF_BY_DEFINITION for identity in _entered(point))

    # From the site to the calls that stop a machine

    def _call(self, point: Point) -> Call:
        call = self.program.functions[point.function].graph.nodes[point.node].operation
        assert isinstance(call, Call)
        return call

    def _stops(self, point: Point, use: Use) -> Iterator[Stop]:
        call = self._call(point)
        args, keywords = given(call, use)
        if use.func is None:
            yield self._stop(point, Invocation(self._named(call, use), args, keywords))
            return
        callee = use.func.function
        if point.depth >= MAX_FRAMES or callee in _entered(point) or callee not in self.reach.functions:
            return
        frame = Frame(use.func, args, keywords, point)
        body = self.program.body(callee)
        for number, _ in () if body is None else body.graph.calls():
            inside = Point(callee, number, frame)
            for inner in dict.fromkeys(self._uses(inside)):
                yield from self._stops(inside, inner)

    def _named(self, call: Call, use: Use) -> Term:
        """What a use calls: as it is written, if it is a method."""
        target, _, _ = unwrapped(use.term)
        if use.handed < 0 and isinstance(call.func, Attr) and call.func.name == last_name(target):
            return call.func
        return self.program.resolve(target)

    def _uses(self, point: Point) -> Iterator[Use]:
        """What a call uses as it is written; what a parameter stands for is put in."""
        call = self._call(point)
        found = list(self.reach.uses.of(call, call.func, call.args, call.keywords))
        if not found and point.frame is not None:
            function = self.program.functions[point.function]
            bound = bind(function, point.frame.func, point.frame.args, point.frame.keywords)
            told = {place: self.program.resolve(value) for place, value in bound.items()}
            func = self.program.resolve(substitute(call.func, told))
            found = list(self.reach.uses.of(call, func, call.args, call.keywords)) if func != call.func else []
        yield from (use for use in found if use.func is None or use.func.function in self.reach.functions)

    def _stop(self, point: Point, call: Invocation) -> Stop:
        """Where the id stands in a call that stops a machine."""
        name = last_name(call.func)
        if name == SELF_BY_DEFINITION:
            return Stop(point, itself=True)
        if name in API:
            return self._by_api(point, call)
        if name == "stop_notebook_instance":
            named = call.keyword("NotebookInstanceName")
            return Stop(point, () if named is None else (Value(named, point),))
        if name in self.reach.stops.names:
            return Stop(point, _all_arguments(point, call), exact=False)
        match call.func:
            case Attr(base=base, name="stop" | "terminate"):
                return Stop(point, (Value(base, point),))
        return self._by_command(point, call)

    @staticmethod
    def _by_api(point: Point, call: Invocation) -> Stop:
        ids = call.keyword(*IDS)
        unpacked = call.keyword("**")
        if ids is not None:
            return Stop(point, (Value(ids, point),))
        if unpacked is not None:
            return Stop(point, (Value(unpacked, point, (Part("item", Const("InstanceIds")),)),))
        if call.args and (isinstance(call.func, Attr) or len(call.args) == 1):
            return Stop(point, (Value(call.args[0], point),))
        return Stop(point, _all_arguments(point, call), exact=False)

    def _by_command(self, point: Point, call: Invocation) -> Stop:
        """The operating system's commands stop the machine they run on, the API's command line the ids it is given."""
        command = call.args[0] if call.args else call.keyword("args", "cmd")
        if command is None:
            return Stop(point)
        texts = self._texts.of(command, point)
        words = [*call.args[1:], *_members(command)]
        if not any("stop-instances" in text for text in texts):
            return Stop(point, itself=True)
        if any(reading(text) is Reading.ID for text in texts):
            return Stop(point, itself=True, reads=True)
        return Stop(point, tuple(Value(word, point) for word in words), exact=False)

    # From the id to where it was born

    def _answers(self, stop: Stop, dominating: Sequence[Condition]) -> Iterator[Aim]:
        if stop.itself:
            yield Aim(Target.SELF, (self._step(stop.point, self._call(stop.point)),) if stop.reads else ())
            return
        for value in stop.values:
            picked = self._picking.by_conditions(value, dominating) if stop.point.frame is None else None
            if picked is not None:
                yield Aim(picked.target, tuple(self._born(leaf) for leaf in picked.sources))
                continue
            for leaf, trail in self.follower.trails(value):
                yield from self._answer(leaf, trail, exact=stop.exact)
        if not stop.values:
            yield Aim()

    def _answer(self, leaf: Value, trail: Sequence[Value], *, exact: bool) -> Iterator[Aim]:
        target = self._identity.of(leaf)
        if target is None:
            return
        if target is not Target.SELF:
            picked = self._picking.on_the_way(trail)
            if picked is not None:
                yield Aim(picked.target, tuple(self._born(source) for source in picked.sources))
                return
        if target is Target.OTHER and (not exact or self._doubt.arises(trail)):
            target = Target.UNKNOWN
        yield Aim(target, () if target is Target.UNKNOWN else (self._born(leaf),))

    @staticmethod
    def _joined(answers: Sequence[Aim]) -> Aim:
        target = joined(answer.target for answer in answers)
        if target is Target.UNKNOWN:
            return Aim()
        sources = [source for answer in answers if answer.target is target for source in answer.sources]
        return Aim(target, tuple(dict.fromkeys(sources)))

    # Functions that run on no instance

    def _without_machine(self, function: str) -> Aim | None:
        """Where only handlers of serverless functions lead to the call, it stops a machine it does not run on."""
        entries = [self.program.functions[entry] for entry in sorted(self.follower.callers.entries(function))]
        if not entries or not all(is_serverless(entry) for entry in entries):
            return None
        return Aim(
            Target.OTHER,
            tuple(IdSource(entry.path, entry.line, f"{entry.name}(event, context)") for entry in entries),
        )

    # Places

    def _born(self, leaf: Value) -> IdSource:
        function = self.program.functions[leaf.point.function]
        match leaf.term:
            case Result(site=site) if (found := self.follower.call_at(site)) is not None:
                return self._step(Point(found[0].function, found[0].node), found[1])
            case App(op="call", args=(callee, *_)):
                for number, call in function.graph.calls():
                    if call.func == callee:
                        return self._step(Point(function.id, number), call)
            case Var(name=name):
                line = function.graph.nodes[leaf.point.node].line
                return IdSource(function.path, line, ".".join(name.split(".")[-2:]))
        return IdSource(function.path, function.graph.nodes[leaf.point.node].line, dotted(leaf.term))

    def _step(self, point: Point, call: Call) -> IdSource:
        path = self.program.functions[point.function].path
        text = f"{call.text}()" if self._excerpt is None else self._excerpt(path, call.span)
        return IdSource(path, call.span.line, text)


def _entered(point: Point) -> set[str]:
    """The functions through which control got to a point."""
    found = {point.function}
    while point.frame is not None:
        point = point.frame.caller
        found.add(point.function)
    return found


def _all_arguments(point: Point, call: Invocation) -> tuple[Value, ...]:
    values: Pairs = (*(("", arg) for arg in call.args), *call.keywords)
    return tuple(Value(value, point) for _, value in values)


def _members(command: Term) -> Iterator[Term]:
    """The parts of a command of which one may be an id."""
    match command:
        case App(op="list" | "tuple" | "fstring" | "+" | "%", args=args):
            for arg in args:
                yield from _members(arg)
        case Const():
            return
        case _:
            yield command
