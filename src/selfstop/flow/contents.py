"""What objects hold, and what may change it: whether a list is empty is not settled by the name it is bound to.

A variable is replaced by assignment alone; the object it is bound to may change wherever somebody gets at it,
under another name, through an attribute, in a function it was passed to. What depends on the content of an
object is believed only as long as nobody can have touched that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from selfstop.flow.cfg import Assign, Call, Effect, Graph, Iterate, Operation
from selfstop.flow.terms import App, Attr, Const, Func, Instance, Item, Result, Term, Var, dotted, last_name
from selfstop.flow.terms import mention_key as key_of
from selfstop.flow.vocabulary import vocabulary

OUTSIDE = "what other code gets at"
ALIASED = "a display that other code gets at"
VOLATILE = "what may differ at the next look"
COMPUTED = "what is computed from attributes at each look"

_ANYTHING = (OUTSIDE, ALIASED, VOLATILE, COMPUTED)

MUTATORS = vocabulary(
    "append extend add clear pop remove update insert setdefault discard popleft appendleft extendleft popitem rotate "
    "sort reverse intersection_update difference_update symmetric_difference_update __setitem__ __delitem__"
)
_READERS = vocabulary(
    "items keys values copy index count startswith endswith join split rsplit splitlines format encode decode strip "
    "lstrip rstrip lower upper replace title isdigit isalpha isoformat strftime total_seconds timestamp issubset "
    "issuperset isdisjoint"
)
_SILENT_BUILTINS = vocabulary(
    "print len sum any all sorted min max repr str isinstance issubclass hasattr id hash type callable format range "
    "enumerate zip reversed abs round divmod int float bool bytes ord chr"
)
_SILENT_MODULES = vocabulary(
    "logging json math os time datetime random re string textwrap traceback warnings pprint sys"
)
_LOGGERS = vocabulary("log logger logging _log _logger LOG LOGGER console")
_LOGGING = vocabulary("debug info warning warn error exception critical log print")
_WAITING = vocabulary("time.sleep")
_DISPLAYS = frozenset({"list", "dict", "set"})
_REFERRING = _DISPLAYS | {"tuple", "pair", "unpack", "partial", "if", "or", "and", "get", "element", "class"}
_NO_CONTENT = frozenset(
    "< <= is + - * / // % ** & | ^ << >> @ neg ~ int ceil float str abs round timedelta total_seconds timestamp lower "
    "upper strip lstrip rstrip casefold title fstring list dict set tuple pair".split()
)
_WRAPPING_ITERABLES = frozenset({"enumerate", "zip", "reversed"})

Foreign = Callable[[Attr], str]
"""Tells how an attribute changes besides by assignment: COMPUTED, VOLATILE, or not at all (the empty string)."""


def is_silent(call: Call) -> bool:
    """Whether a call evidently neither changes nor keeps what it is given, and runs no code of the program."""
    func = call.func
    if isinstance(func, Var):
        if func.scope == "builtins":
            return func.name in _SILENT_BUILTINS
        silent = func.scope == "import" and func.name.partition(".")[0] in _SILENT_MODULES
        return silent and not func.name.startswith("os.environ")
    if not isinstance(func, Attr):
        return False
    if func.name in _LOGGING and last_name(func.base) in _LOGGERS:
        return True
    return func.name in _READERS


class Contents:
    """Which places of a graph may share an object, and what each node may change the content of."""

    def __init__(
        self, graph: Graph, parameters: Iterable[Var], is_silent: Callable[[Call], bool], foreign: Foreign
    ) -> None:
        """``parameters`` are those of the function, ``is_silent`` tells which calls change nothing."""
        self.graph = graph
        self._is_silent = is_silent
        self._foreign = foreign
        self._group: dict[object, set[object]] = {}
        self._outside: set[object] = set(parameters) | set(graph.captured)
        for node in graph.nodes:
            self._alias(node.operation)
        for group in {id(group): group for group in self._group.values()}.values():
            if not self._outside.isdisjoint(group) or any(self._is_foreign(key) for key in group):
                self._outside |= group
        self._touched: dict[int, frozenset[object]] = {}
        self._tests: dict[Term, frozenset[object]] = {}
        self._values: dict[tuple[Term, Term], frozenset[object]] = {}

    def _alias(self, operation: Operation) -> None:
        match operation:
            case Assign(target=Var(name="$yield"), value=value) if value is not None:
                self._outside |= _references(value)
            case Assign(target=target, value=value) if value is not None:
                for key in _references(value):
                    self._join(key_of(target), key)
            case Call(func=func, args=args, keywords=keywords) if not self._is_silent(operation):
                operands = (*args, *(value for _, value in keywords))
                self._outside.update(key for operand in operands for key in _references(operand))
                if not isinstance(func, Attr):
                    self._outside.update(_references(func))

    def _join(self, first: object, second: object) -> None:
        one, two = self._group.setdefault(first, {first}), self._group.setdefault(second, {second})
        if one is not two:
            one |= two
            for key in two:
                self._group[key] = one

    def _is_foreign(self, key: object) -> bool:
        """Whether ``key`` is an attribute, or a variable of another scope."""
        if isinstance(key, Var):
            return key.scope != self.graph.scope and not key.scope.startswith(f"{self.graph.scope}.<")
        return isinstance(key, str) and key.startswith(".")

    def is_outside(self, key: object) -> bool:
        """Whether other code may get at the object a place is bound to."""
        return key in self._outside or self._is_foreign(key)

    def may_be_kept(self, place: Term) -> bool:
        """Whether other code may hold what ``place`` is bound to."""
        return self.is_outside(key_of(place))

    # What a fact depends on

    def of_test(self, term: Term) -> frozenset[object]:
        """On whose content it depends whether ``term`` is true."""
        if term not in self._tests:
            self._tests[term] = self._marked(_truth(term, self._foreign))
        return self._tests[term]

    def of_value(self, place: Term, value: Term) -> frozenset[object]:
        """On whose content it depends that ``place`` has ``value``."""
        key = (place, value)
        if key not in self._values:
            self._values[key] = self._find_value(place, value)
        return self._values[key]

    def _find_value(self, place: Term, value: Term) -> frozenset[object]:
        found = {*_content(place, self._foreign), *_content(value, self._foreign)}
        if not holds_display(value):
            return self._marked(found)
        found.add(key_of(place))
        marked = self._marked(found)
        return marked | {ALIASED} if OUTSIDE in marked else marked

    def _marked(self, keys: Iterable[object]) -> frozenset[object]:
        found = frozenset(keys)
        return found | {OUTSIDE} if any(self.is_outside(key) for key in found) else found

    # What a node changes

    def touched(self, node: int) -> frozenset[object]:
        """Whose content may have changed when the operation of ``node`` is over."""
        if node not in self._touched:
            self._touched[node] = frozenset(self._find_touched(self.graph.nodes[node].operation))
        return self._touched[node]

    def _find_touched(self, operation: Operation) -> Iterator[object]:
        match operation:
            case Call():
                yield from self._touched_by(operation)
            case Assign(target=Item(base=base)):
                yield COMPUTED
                yield from self._changed(_references(base))
            case Assign(target=Attr(base=base)):
                yield COMPUTED
                yield from self._group.get(key_of(base), {key_of(base)})
            case Assign(target=target, value=App(args=(left, *_))) if left == target:
                yield from self._changed({key_of(target)})
            case Effect(suspends=True):
                yield from _ANYTHING
            case Iterate(iterable=iterable) if not is_settled(iterable):
                yield from _ANYTHING

    def _touched_by(self, call: Call) -> Iterator[object]:
        yield from (VOLATILE, COMPUTED)
        if dotted(call.func) in _WAITING:
            yield from (OUTSIDE, ALIASED)
        if self._is_silent(call):
            return
        receiver = _references(call.func.base if isinstance(call.func, Attr) else call.func)
        yield from self._changed(receiver)
        if isinstance(call.func, Attr) and call.func.name in MUTATORS and not any(map(self.is_outside, receiver)):
            return
        yield from (OUTSIDE, ALIASED)
        for operand in call.operands:
            yield from self._changed(_references(operand))

    def _changed(self, keys: Iterable[object]) -> Iterator[object]:
        for key in keys:
            yield from self._group.get(key, {key})
            if self.is_outside(key):
                yield ALIASED


def holds_display(value: Term) -> bool:
    """Whether ``value`` shows the content of an object that may change."""
    return isinstance(value, App) and (
        value.op in _DISPLAYS or (value.op == "tuple" and any(holds_display(part) for part in value.args))
    )


def _references(term: Term) -> set[object]:
    """The places whose objects whoever has ``term`` can get at."""
    match term:
        case Var(scope="import" | "builtins") | Const():
            return set()
        case Var() | Result() | Instance():
            return {key_of(term)}
        case Attr(base=base, name=name):
            return {key_of(term)} | (_references(base) if name in MUTATORS else set())
        case Item(base=base):
            return _references(base)
        case Func(receiver=receiver, args=args, keywords=keywords):
            return _all_references([*([] if receiver is None else [receiver]), *args, *(v for _, v in keywords)])
        case App(op=op, args=args) if op in _REFERRING or op.startswith("keyword:"):
            return _all_references(args)
    return set()


def _all_references(terms: Iterable[Term]) -> set[object]:
    return {key for term in terms for key in _references(term)}


def _content(term: Term, foreign: Foreign) -> Iterator[object]:
    """The places whose content decides what value ``term`` is."""
    match term:
        case Attr(base=base):
            yield from _content(base, foreign)
            change = foreign(term)
            if change:
                yield change
                yield from _truth(base, foreign)
        case Item(base=base, key=key):
            yield from _truth(base, foreign)
            yield from _content(key, foreign)
        case App(op="getenv"):
            yield OUTSIDE
        case App(op="get", args=(base, *_)):
            yield VOLATILE
            yield from _truth(base, foreign)
        case App():
            for operand, matters in _operands(term):
                yield from (_truth if matters else _content)(operand, foreign)


def _operands(term: App) -> Iterator[tuple[Term, bool]]:
    """The operands of an operation, and whether more matters of them than which objects they are."""
    match term:
        case App(op="in", args=(left, right)):
            yield from ((left, False), (right, True))
        case App(op="==", args=args):
            plain = any(isinstance(arg, Const) for arg in args)
            yield from ((arg, not plain) for arg in args)
        case App(op="max" | "min", args=args):
            yield from ((arg, len(args) < 2) for arg in args)
        case App(op=op, args=args):
            yield from ((arg, op not in _NO_CONTENT) for arg in args)


def _truth(term: Term, foreign: Foreign) -> Iterator[object]:
    """The places whose content decides whether ``term`` is true, or what is in it."""
    yield from _content(term, foreign)
    match term:
        case Var(scope=scope) if scope not in {"import", "builtins"}:
            yield key_of(term)
        case Attr() | Result() | Instance():
            yield key_of(term)
        case Item(base=base):
            yield from _truth(base, foreign)


def is_settled(iterable: Term) -> bool:
    """Whether going on with a loop over ``iterable`` runs no code of the program."""
    match iterable:
        case App(op=op):
            return op in _DISPLAYS or op in {"tuple", "sorted"}
        case Result(callee=Var(scope="builtins", name="range")):
            return True
        case Result(callee=Var(scope="builtins", name=name), args=args):
            return name in _WRAPPING_ITERABLES and all(map(is_settled, args))
    return False
