"""Where a value comes from: followed backwards from its use, across functions and files.

Variables lead to the assignments that reach them, parameters to the arguments of the call that was taken (or,
where none was, of all calls), attributes to what the methods of their class assign, calls to what the
function returns. What cannot be followed any further is a leaf.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from selfstop.flow.cfg import Assign, Call
from selfstop.flow.code import MODULE_BODY, Function
from selfstop.flow.terms import App, Attr, Const, Func, Instance, Item, Result, Term, Var, last_name
from selfstop.project.callgraph.callers import Callers
from selfstop.project.callgraph.reach import Reach
from selfstop.project.symbols.assignments import Spot, reaching
from selfstop.project.symbols.binding import bind, unwrapped
from selfstop.project.symbols.passing import (
    ELEMENT,
    Invocation,
    Pairs,
    Part,
    Parts,
    handed,
    invocation,
    passed_on,
    selected,
)
from selfstop.project.symbols.table import class_id, is_class, is_receiver
from selfstop.project.symbols.values import (
    UNKNOWN,
    Frame,
    Point,
    Value,
    alternatives,
    differ,
    inside,
    is_collected,
    item_part,
    standing_in,
    surplus,
    trail_to,
)

MAX_STEPS = 200
BUDGET = 2000
MAX_FRAMES = 8
MAX_PARTS = 10
_COMPOSED = frozenset({"list", "tuple", "set", "dict", "+", "%", "/", "fstring"})
_DISPLAYS = frozenset({"list", "set", "dict"})
_HOLDING = frozenset({"list", "tuple", "set", "appended"})


class Follower:
    """Follows values through one program."""

    def __init__(self, reach: Reach) -> None:
        self.program = reach.program
        self.linker = reach.linker
        self.assignments = reach.assignments
        self.callers = Callers(reach)
        self.budget = BUDGET
        """How many more steps may be taken; what is not reached by then is unknown."""
        self.exhausted = False
        """Whether something was not reached since the last ``start``."""
        self._known: dict[tuple[Value, bool], tuple[Value, ...]] = {}

    def start(self) -> None:
        """Begin anew with the next question."""
        self.budget = BUDGET
        self.exhausted = False

    def leaves(self, start: Value, *, whole: bool = False) -> tuple[Value, ...]:
        """What ``start`` may stand for, nearest first. With ``whole``, displays and texts are not taken apart."""
        key = (start, whole)
        if key not in self._known:
            leaves = tuple(leaf for leaf in self._followed(start, {start: None}, whole=whole))
            if self.exhausted:
                return leaves
            self._known[key] = leaves
        return self._known[key]

    def trails(self, start: Value) -> Iterator[tuple[Value, tuple[Value, ...]]]:
        """The leaves of ``start``, each with the values through which it was reached, ``start`` first."""
        before: dict[Value, Value | None] = {start: None}
        for leaf in list(self._followed(start, before, whole=False)):
            yield leaf, trail_to(leaf, before)

    def _followed(self, start: Value, before: dict[Value, Value | None], *, whole: bool) -> Iterator[Value]:
        queue = deque([start])
        while queue:
            value = queue.popleft()
            self.budget -= 1
            exhausted = self.budget <= 0 or len(before) > MAX_STEPS
            self.exhausted = self.exhausted or exhausted
            following = None if exhausted or value.term == UNKNOWN else self._following(value, whole=whole)
            if following is None:
                leaf = replace(value, term=UNKNOWN) if exhausted else value
                self._note(leaf.term)
                before.setdefault(leaf, before[value])
                yield leaf
                if exhausted:
                    return
                continue
            for item in following:
                if item not in before:
                    before[item] = value
                    queue.append(item)

    def _note(self, leaf: Term) -> None:
        match leaf:
            case Var(scope="import", name=name):
                self.program.questions.source(name)
            case Result(callee=callee) if callee is not None:
                called = self.program.resolve(callee)
                if isinstance(called, Attr) and (cls := self.program.class_of(called.base)) is not None:
                    self._note_bases(cls)
                elif isinstance(called, Var):
                    self._note(called)

    def _note_bases(self, cls: str) -> None:
        """A class of which a part is elsewhere."""
        for owner in self.program.ancestors(cls):
            for base in self.program.classes[owner].bases:
                self._note(self.program.resolve(base))

    def _following(self, value: Value, *, whole: bool) -> list[Value] | None:
        if len(value.path) > MAX_PARTS:
            return None
        match value.term:
            case Var(scope="import"):
                meaning = self.program.resolve(value.term)
                return None if meaning == value.term else [replace(value, term=meaning)]
            case Var(scope="builtins"):
                return None
            case Var():
                return self._variable(value.term, value)
            case Attr():
                return self._attribute(value.term, value)
            case Item(base=base, key=key):
                return [replace(value, term=base, path=(item_part(key), *value.path))]
            case App(op=op) if whole and op in _COMPOSED and not value.path:
                return None
            case App():
                return self._application(value.term, value)
            case Result(site=site) | Instance(site=site):
                return self._result(site, value)
        return None

    # Variables

    def _variable(self, variable: Var, value: Value) -> list[Value] | None:
        self.program.ask_about(variable)
        home = self.program.home_of(variable)
        point = standing_in(home, value.point)
        following: list[Value] = []
        if point is None:
            spots = self.assignments.of(variable)
        else:
            graph = self.program.functions[point.function].graph
            known = reaching(graph, point.node, variable)
            following += self._assigned([Spot(point.function, node) for node in known.nodes], value.path, point.frame)
            if known.entry and self._is_parameter(variable):
                following += self._parameter(variable, point.frame, value)
            spots = [spot for spot in self.assignments.of(variable) if spot.function != home]
        if point is None and self._is_parameter(variable):
            following += self._parameter(variable, None, value)
        following += self._assigned(spots, value.path, None)
        frame = point.frame if point is not None else None
        following += self._changed(self.assignments.changes(variable), value.path, home, frame)
        if any(isinstance(item.term, App) and item.term.op in _DISPLAYS for item in following):
            following += self._filled_elsewhere(variable, value.path, point)
        return following or None

    def _is_parameter(self, variable: Var) -> bool:
        function = self.program.functions.get(variable.scope)
        return function is not None and any(item.name == variable.name for item in function.parameters)

    def _assigned(self, spots: Iterable[Spot], path: Parts, frame: Frame | None) -> list[Value]:
        found: list[Value] = []
        for spot in spots:
            operation = self.program.functions[spot.function].graph.nodes[spot.node].operation
            assert isinstance(operation, Assign)
            point = Point(spot.function, spot.node, frame)
            if operation.value is not None:
                found.append(Value(operation.value, point, path))
            elif not is_collected(operation.target):
                found.append(Value(UNKNOWN, point))
        return found

    def _changed(self, spots: Iterable[Spot], path: Parts, home: str, frame: Frame | None) -> Iterator[Value]:
        """What was put into a collection afterwards."""
        for spot in spots:
            operation = self.program.functions[spot.function].graph.nodes[spot.node].operation
            point = Point(spot.function, spot.node, frame if spot.function == home else None)
            match operation:
                case Assign(target=Item(key=key), value=stored) if stored is not None:
                    yield from _stored(key, stored, point, path)
                case Call(func=Attr(name="setdefault"), args=(key, stored)):
                    yield from _stored(key, stored, point, path)
                case Call(func=Attr(name="update" | "extend" | "extendleft")) as call:
                    yield from (Value(arg, point, path) for arg in call.args)
                    wanted = path[0].name if path else ""
                    yield from (Value(item, point, path[1:]) for name, item in call.keywords if name == wanted)
                case Call(args=(*_, last)):
                    yield Value(last, point, inside(path))

    def _filled_elsewhere(self, variable: Var, path: Parts, point: Point | None) -> Iterator[Value]:
        """What a function that was given a collection puts into it."""
        for spot in self.assignments.passed(variable):
            call = self.program.functions[spot.function].graph.nodes[spot.node].operation
            assert isinstance(call, Call)
            frame = point.frame if point is not None and point.function == spot.function else None
            for func, args, keywords in self.functions_called(self.invocation(call)):
                body = self.program.body(func.function)
                given = {} if body is None else bind(body, func, args, keywords)
                for parameter, argument in given.items():
                    changes = self.assignments.changes(parameter) if argument == variable else []
                    inner = self._framed(func, args, keywords, Point(spot.function, spot.node, frame))
                    yield from self._changed(changes, path, func.function, inner)

    # Parameters

    def _parameter(self, variable: Var, frame: Frame | None, value: Value) -> list[Value]:
        function = self.program.functions[variable.scope]
        if frame is not None:
            return self._argument(function, variable, frame, value.path)
        found = [
            item
            for call in self.callers.of(function.id)
            for item in self._argument(
                function, variable, Frame(call.func, call.args, call.keywords, Point(*call.place)), value.path
            )
        ]
        if not found and is_receiver(function, variable.name) and function.cls is not None:
            return self._object_attribute(function.cls, value.path, None, value.point)
        return found if found and not self.callers.has_others(function.id) else [*found, Value(UNKNOWN, value.point)]

    def _argument(self, function: Function, variable: Var, frame: Frame, path: Parts) -> list[Value]:
        """What a call gives for a parameter."""
        parameter = next(item for item in function.parameters if item.name == variable.name)
        if parameter.kind == "**":
            wanted = path[0].name if path else ""
            named = [item for name, item in frame.keywords if name in {wanted, "**"} or not wanted]
            return [Value(item, frame.caller, path[1:]) for item in named] or [Value(UNKNOWN, frame.caller)]
        if parameter.kind == "*":
            extra = surplus(function, frame)
            return [Value(item, frame.caller, inside(path)) for item in extra] or [Value(UNKNOWN, frame.caller)]
        given = bind(function, frame.func, frame.args, frame.keywords).get(variable)
        if given is not None and given is parameter.default:
            outer = function.parent or f"{function.module}:{MODULE_BODY}"
            return [Value(given, Point(outer, self.program.functions[outer].graph.exit), path)]
        if given is None:
            unpacked = dict(frame.keywords).get("**", UNKNOWN)
            return [Value(unpacked, frame.caller, (Part("item", Const(variable.name)), *path))]
        return [Value(given, frame.caller, path)]

    # Attributes

    def _attribute(self, term: Attr, value: Value) -> list[Value] | None:
        meaning = self.program.resolve(term)
        if meaning != term:
            return [replace(value, term=meaning)]
        method = self.program.property_of(term)
        if method is not None:
            return self._returned(Func(method, term.base), (), (), value.point, value.path)
        self.program.ask_about(term)
        for method_name in ("append", "extend", "add"):
            self.program.questions.attribute(f"{term.name}.{method_name}", value.point.function.partition(":")[0])
        graph = self.program.functions[value.point.function].graph
        here = [Spot(value.point.function, node) for node in reaching(graph, value.point.node, term).nodes]
        following = self._assigned(here, value.path, value.point.frame)
        following += self._changed(
            self.assignments.shared_changes(term), value.path, value.point.function, value.point.frame
        )
        return [*following, replace(value, term=term.base, path=(Part("attribute", Const(term.name)), *value.path))]

    def _object_attribute(self, cls: str, path: Parts, made: Frame | None, point: Point) -> list[Value]:
        """An attribute of an object of a class of the program; ``made`` is the call that made it, if known."""
        if not path or path[0].kind != "attribute":
            return [Value(UNKNOWN, point)]
        name, rest = path[0].name, path[1:]
        init = self.program.method(cls, "__init__")
        method = self.program.method(cls, name)
        if method is not None and self.program.is_property(method) and made is not None:
            return self._returned(Func(method, made.func.receiver), (), (), made.caller, rest)
        found: list[Value] = []
        for owner in (*self.program.ancestors(cls), *self.program.descendants(cls)):
            self.program.questions.attribute(name, owner.partition(":")[0])
            for spot in self.assignments.of_attribute(owner, name):
                found += self._assigned([spot], rest, self._frame_within(init, spot.function, made))
            found += self._assigned(self.assignments.of(Var(owner, name)), rest, None)
        if init is None and made is not None:
            given = self._field(cls, name, made)
            found = [Value(given, made.caller, rest)] if given is not None else found
        if not found:
            self._note_bases(cls)
        return found or [Value(UNKNOWN, point)]

    def _frame_within(self, init: str | None, method: str, made: Frame | None) -> Frame | None:
        """The call of ``method`` by which an object got an attribute: its making, or a call in ``__init__``."""
        if made is None or init is None or init == method:
            return made if init == method else None
        body = self.program.body(init)
        for number, call in () if body is None else body.graph.calls():
            for func, args, keywords in self.functions_called(self.invocation(call)):
                if func.function == method:
                    return self._framed(func, args, keywords, Point(init, number, made))
        return None

    def _field(self, cls: str, name: str, made: Frame) -> Term | None:
        """What the call that makes a dataclass gives for a field."""
        fields = self.program.field_names(cls)
        named = dict(made.keywords)
        if name in named:
            return named[name]
        position = fields.index(name) if name in fields else len(made.args)
        return made.args[position] if position < len(made.args) else None

    # Operations

    def _application(self, term: App, value: Value) -> list[Value] | None:
        path = value.path
        match term:
            case App(op="call"):
                return self._called(self.invocation(term), value)
            case App(op="element", args=(base, *_)):
                return [replace(value, term=base, path=(ELEMENT, *path))]
            case App(op="get", args=(base, key, *default)):
                method = Attr(base, "get")
                if self.linker.calls.targets(method):
                    return self._called(Invocation(method, term.args[1:]), value)
                looked_up = replace(value, term=base, path=(item_part(key), *path))
                return [looked_up, *(replace(value, term=item) for item in default)]
            case App(op="getenv", args=(_, default)):
                return [replace(value, term=UNKNOWN), replace(value, term=default)]
            case App(op="dict", args=pairs):
                return self._entries(pairs, value)
            case App(op=op, args=args) if op in _HOLDING:
                return [replace(value, term=item, path=inside(path)) for item in selected(args, path)]
        return [replace(value, term=item) for item in alternatives(term)] or None

    @staticmethod
    def _entries(pairs: tuple[Term, ...], value: Value) -> list[Value]:
        wanted = value.path[0] if value.path else ELEMENT
        found: list[Value] = []
        for pair in pairs:
            match pair:
                case App(op="pair", args=(key, item)) if not differ(wanted, key):
                    found.append(replace(value, term=item, path=value.path[1:]))
                case App(op="unpack", args=(inner,)):
                    found.append(replace(value, term=inner))
        return found or [replace(value, term=UNKNOWN)]

    # Calls

    def invocation(self, call: Call | App) -> Invocation:
        """A call, with what the name of its function means."""
        written = invocation(call)
        return replace(written, func=self.program.resolve(written.func))

    def call_at(self, site: str) -> tuple[Spot, Call] | None:
        """The call whose result is named ``site``."""
        call = self.program.call_at(site)
        if call is None:
            return None
        identity, _, number = site.rpartition("@")
        return Spot(identity, int(number)), call

    def _result(self, site: str, value: Value) -> list[Value] | None:
        found = self.call_at(site)
        if found is None:
            return None
        spot, call = found
        standing = standing_in(spot.function, value.point)
        here = replace(
            value, term=call.result, point=Point(spot.function, spot.node, standing.frame if standing else None)
        )
        return self._called(self.invocation(call), here) if here == value else [here]

    def _called(self, call: Invocation, value: Value) -> list[Value] | None:
        """What a call of the program's code, or of other code, gives."""
        cls = self.program.resolve(call.func)
        if is_class(cls):
            made = self._constructed(class_id(cls), call, value)
            return self._object_attribute(class_id(cls), value.path, made, value.point) if value.path else None
        functions = self.functions_called(call, value.point)
        returned = [
            item
            for func, args, keywords in functions
            for item in self._returned(func, args, keywords, value.point, value.path)
        ]
        if functions and not self._is_guess(call.func):
            return returned
        passed = passed_on(call, value.path) or self._run_later(call, value)
        if passed is not None:
            return [*returned, *(Value(term, value.point, path) for term, path in passed)]
        return [*returned, replace(value, term=UNKNOWN)] if returned else None

    def _is_guess(self, func: Term) -> bool:
        """Whether a method was only found by its name."""
        return isinstance(func, Attr) and not isinstance(self.program.resolve(func), Func)

    def _constructed(self, cls: str, call: Invocation, value: Value) -> Frame | None:
        init = self.program.method(cls, "__init__")
        func = Func(init or cls, value.term)
        return self._framed(func, call.args, call.keywords, value.point)

    def _framed(self, func: Func, args: tuple[Term, ...], keywords: Pairs, caller: Point) -> Frame | None:
        return Frame(func, args, keywords, caller) if caller.depth < MAX_FRAMES else None

    def _returned(self, func: Func, args: tuple[Term, ...], keywords: Pairs, caller: Point, path: Parts) -> list[Value]:
        """The values that a function returns when it is called so."""
        function = self.program.body(func.function)
        if function is None:
            return [Value(UNKNOWN, caller)]
        given = function.graph.yielded if function.is_generator else function.graph.returned
        spots = [spot for spot in self.assignments.of(given) if spot.function == function.id]
        if function.is_generator and not _is_context_manager(function):
            path = inside(path)
        return self._assigned(spots, path, self._framed(func, args, keywords, caller))

    def functions_called(
        self, call: Invocation, point: Point | None = None
    ) -> list[tuple[Func, tuple[Term, ...], Pairs]]:
        """The functions of the program that a call runs, with all arguments they get."""
        target, fixed, named = unwrapped(call.func)
        funcs = self.linker.calls.targets(target)
        if not funcs and point is not None and isinstance(target, Var) and self._is_parameter(target):
            leaves = self.leaves(Value(target, point))
            funcs = [leaf.term for leaf in leaves if isinstance(leaf.term, Func)]
        return [
            (func, (*fixed, *call.args), (*named, *call.keywords))
            for func in funcs
            if func.function in self.program.functions
        ]

    def _run_later(self, call: Invocation, value: Value) -> list[tuple[Term, Parts]] | None:
        """``asyncio.to_thread(f, x)``, ``executor.submit(f, x)``: what ``f`` returns."""
        found: list[tuple[Term, Parts]] = []
        for position, arg in enumerate(call.args):
            target = self.program.resolve(arg)
            if isinstance(target, Func) and target.function in self.program.functions:
                args, keywords = handed(call, position)
                named = tuple(App(f"keyword:{name}", (item,)) for name, item in keywords)
                found.append((App("call", (target, *args, *named)), value.path))
        return found or None


def _is_context_manager(function: Function) -> bool:
    """Whether a generator is what ``with`` runs: it yields once, what is bound there."""
    return any("contextmanager" in last_name(decorator) for decorator in function.decorators)


def _stored(key: Term, value: Term, point: Point, path: Parts) -> Iterator[Value]:
    """What is put into a dictionary under ``key``, if that may be asked for."""
    if not path or not differ(path[0], key):
        yield Value(value, point, path[1:])
