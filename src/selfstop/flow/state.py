"""What is known at one point of a function, on one class of paths.

A state is a must-fact: everything in it holds on every path it stands for. Several states at one point are
kept apart while they differ in the guards and flags they hold (trace partitioning, as in Mauborgne and Rival,
"Trace Partitioning in Abstract Interpretation Based Static Analyzers", ESOP 2005, and Das, Lerner and
Seigle's ESP, PLDI 2002), so that ``flag`` set under a guard carries that guard to where ``flag`` is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from selfstop.flow.answers import answer
from selfstop.flow.conditions import PLAIN, Kind, Role
from selfstop.flow.linear import Comparison, comparison, contradict, number
from selfstop.flow.terms import (
    MAX_SIZE,
    NONE,
    App,
    Attr,
    Const,
    Func,
    Instance,
    Item,
    Result,
    Term,
    Var,
    dotted,
    mention_key,
    rebuild,
    size,
)
from selfstop.flow.vocabulary import CLOCKS, is_constant_name, says_stop

_PERHAPS = "perhaps "


@dataclass(frozen=True)
class Shared:
    """Places that other functions assign, as mention keys: attributes by name, variables of outer scopes."""

    keys: frozenset[object] = frozenset()

    def touches(self, *terms: Term | Condition) -> bool:
        """Whether one of ``terms`` speaks of a shared place."""
        return any(not self.keys.isdisjoint(term.mentions) for term in terms)


@dataclass(frozen=True)
class Condition:
    """A test known to have given ``truth``.

    ``places`` are the variables it speaks of. ``exact`` tells that it still holds word for word; a threshold
    guard survives a ``reset`` of its counter for the rest of the iteration, but no longer word for word.
    ``text`` is how the test reads in the source, which is the opposite of ``term`` where it is ``negated``, ``written``
    what it is there before values are put in, ``test`` the graph's scope and node where it was established.
    """

    term: Term
    truth: bool
    text: str = field(compare=False, default="")
    line: int = field(compare=False, default=0)
    test: tuple[str, int] = field(compare=False, default=("", 0))
    places: frozenset[Term] = field(compare=False, default=frozenset())
    role: Role = field(compare=False, default=PLAIN)
    loop: bool = field(compare=False, default=False)
    written: Term | None = field(compare=False, default=None)
    exact: bool = True
    reset: bool = False
    negated: bool = field(compare=False, default=False)

    @property
    def outcome(self) -> bool:
        """What the test gave as it is written."""
        return self.truth != self.negated

    @cached_property
    def mentions(self) -> frozenset[object]:
        """What assignments could change in it."""
        found: frozenset[object] = frozenset()
        for place in self.places:
            found |= place.mentions
        return found

    @cached_property
    def key(self) -> tuple[Term, bool]:
        """What the condition says, whatever has happened since."""
        return self.term, self.truth

    @cached_property
    def comparison(self) -> Comparison | None:
        """The condition as an order comparison, for contradictions."""
        return comparison(self.term, self.truth, transparent=False)

    @cached_property
    def answer(self) -> Comparison | None:
        """What the condition says of an answer that may be asked for once more, wherever in the code that is done."""
        return answer(self.term, self.truth)

    @property
    def source(self) -> str:
        """The condition as a reader would write it."""
        return self.text if self.outcome else f"not ({self.text})" if " " in self.text else f"not {self.text}"


class Values(dict[Term, Term]):
    """What places are known to hold. Never changed once it is part of a state."""

    @cached_property
    def flags(self) -> frozenset[tuple[Term, Term]]:
        """The flags set, and which function a name stands for."""
        return frozenset(pair for pair in self.items() if _is_flag(pair[1]))

    @cached_property
    def callables(self) -> frozenset[tuple[Term, Term]]:
        """Which function a name stands for."""
        return frozenset(pair for pair in self.items() if _is_callable(pair[1]))

    @cached_property
    def pairs(self) -> frozenset[tuple[Term, Term]]:
        """All of it, to be looked up by."""
        return frozenset(self.items())

    @cached_property
    def keys_mentioned(self) -> frozenset[object]:
        """The mention keys of the places: a term that mentions none of them has nothing put in."""
        return frozenset(map(mention_key, self))


class Conditions(dict[tuple[Term, bool], Condition]):
    """What is known to hold, by what it says. Never changed once it is part of a state."""

    @cached_property
    def guards(self) -> frozenset[object]:
        """The guards and switches held: what a verdict depends on."""
        return self._of({Kind.GUARD, Kind.OFF_SWITCH})

    @cached_property
    def held(self) -> frozenset[object]:
        """The guards held, without switches."""
        return self._of({Kind.GUARD})

    def _of(self, kinds: set[Kind]) -> frozenset[object]:
        return frozenset((key, each.reset) for key, each in self.items() if each.role.kind in kinds)

    @cached_property
    def has_resets(self) -> bool:
        """Whether a guard is held whose counter was reset."""
        return any(condition.reset for condition in self.values())

    @cached_property
    def mentions(self) -> frozenset[object]:
        """What assignments could change in any of them."""
        return frozenset().union(*(condition.mentions for condition in self.values()))


class State:
    """Values of places, and conditions by what they say."""

    __slots__ = ("conditions", "values")

    def __init__(
        self,
        values: Mapping[Term, Term] | None = None,
        conditions: Mapping[tuple[Term, bool], Condition] | None = None,
    ) -> None:
        self.values = values if isinstance(values, Values) else Values(values or {})
        self.conditions = conditions if isinstance(conditions, Conditions) else Conditions(conditions or {})

    @property
    def flags(self) -> frozenset[tuple[Term, Term]]:
        """The flags set, and which function a name stands for."""
        return self.values.flags

    @property
    def callables(self) -> frozenset[tuple[Term, Term]]:
        """Which function a name stands for."""
        return self.values.callables

    @property
    def guards(self) -> frozenset[object]:
        """The guards and switches held: what a verdict depends on."""
        return self.conditions.guards

    @property
    def held(self) -> frozenset[object]:
        """The guards held, without switches."""
        return self.conditions.held

    @property
    def has_resets(self) -> bool:
        """Whether a guard is held whose counter was reset."""
        return self.conditions.has_resets

    def absorbs(self, other: State) -> bool:
        """Whether ``other`` adds nothing to what this state stands for.

        It knows the same and more, but for conditions that are no guards and whose opposite it holds: where
        both outcomes of a test have come together again, the test has decided nothing.
        """
        if any(other.values.get(place) != value for place, value in self.values.items()):
            return False
        for key, condition in self.conditions.items():
            twin = other.conditions.get(key)
            if twin is not None:
                if twin.reset != condition.reset:
                    return False
            elif condition.role.kind is Kind.GUARD or not _rejoined(condition, other):
                return False
        return True

    def evaluate(self, term: Term) -> Term:
        """``term`` with all known values put in."""
        values = self.values
        known = values.get(term)
        if known is not None:
            return known
        if isinstance(term, (Const, Var, Instance)) or not values:
            return term
        if values.keys_mentioned.isdisjoint(term.mentions):
            return _folded(term)
        result = simplify(rebuild(term, self.evaluate))
        return self.values.get(result, result)

    def holds(self, term: Term) -> bool | None:
        """What ``term`` is known to be as a test, None if that is open."""
        constant = truth_of(term)
        if constant is not None:
            return constant
        for truth in (True, False):
            known = self.conditions.get((term, truth))
            if known is not None and known.exact:
                return truth
        return None

    def contradicts(self, condition: Condition) -> bool:
        """Whether ``condition`` cannot hold here."""
        known = self.holds(condition.term)
        if known is not None:
            return known is not condition.truth
        mentions = condition.term.mentions
        return any(
            other.exact and not mentions.isdisjoint(other.term.mentions) and _contradict(other, condition)
            for other in self.conditions.values()
        )

    def established(self, condition: Condition) -> State:
        """The state in which ``condition`` holds as well."""
        known = self.conditions.get(condition.key)
        if known is not None and known.exact and condition.role.kind is not Kind.GUARD:
            return self
        opposite = (condition.term, not condition.truth)
        kept = {
            key: known
            for key, known in self.conditions.items()
            if key != opposite and not _is_answered_anew(known, condition)
        }
        return State(self.values, {**kept, condition.key: condition})

    def without_scope(self, scope: str) -> State:
        """Without the conditions that speak of variables of ``scope``: the function runs anew."""
        kept = {
            key: condition
            for key, condition in self.conditions.items()
            if not any(_belongs(place, scope) for place in condition.places)
        }
        return self if len(kept) == len(self.conditions) else State(self.values, kept)

    def with_value(self, place: Term, value: Term) -> State:
        """The state in which ``place`` has ``value``, nothing else changed."""
        return State({**self.values, place: value}, self.conditions)

    def restricted(self, scope: str, live: frozenset[object]) -> State:
        """Without the values of variables of ``scope`` and call results that are not ``live``."""
        dead = [key for key in self.values if _is_local(key, scope) and mention_key(key) not in live]
        if not dead:
            return self
        return State({key: value for key, value in self.values.items() if key not in dead}, self.conditions)

    def assign(self, place: Term, value: Term | None, *, raw: Term | None = None) -> State:
        """``place = value`` (None: unknown). ``raw`` is the value before evaluation, to recognise ``n += 1``."""
        if value is not None and value in {place, self.values.get(place)}:
            return self  # `x = x if x > 0 else 5`
        value = None if value is None or size(value) > MAX_SIZE else value
        effect = effect_of(place, value, raw)
        state = self.forget(place, effect)
        wanted = mention_key(place)
        if value is None or wanted in value.mentions or (raw is not None and wanted in raw.mentions):
            return state
        return state.with_value(place, value)

    def forget(self, place: Term, effect: str = "replaced") -> State:
        """Drop what was said of ``place``.

        ``effect`` is ``raised``, ``perhaps raised``, ``lowered``, ``perhaps lowered``, ``reset`` or ``replaced``.
        """
        wanted = mention_key(place)
        values = {
            key: value
            for key, value in self.values.items()
            if wanted not in key.mentions and wanted not in value.mentions
        }
        known: Mapping[Term, Term] = self.values if len(values) == len(self.values) else Values(values)
        if wanted not in self.conditions.mentions:
            return self if known is self.values else State(known, self.conditions)
        touched = [condition for condition in self.conditions.values() if wanted in condition.mentions]
        conditions = dict(self.conditions)
        for condition in touched:
            kept = _after(condition, place, effect)
            if kept is None:
                del conditions[condition.key]
            else:
                conditions[condition.key] = kept
        return State(known, conditions)

    def without(self, is_lost: Callable[[Term, Term], bool], is_open: Callable[[Condition], bool]) -> State:
        """Without the values (of place and value) that are lost; conditions that are open hold no longer word for word.

        Something has run that may have changed what they speak of.
        """
        lost = [place for place, value in self.values.items() if is_lost(place, value)]
        opened = {
            key: replace(condition, exact=False)
            for key, condition in self.conditions.items()
            if condition.exact and is_open(condition)
        }
        if not lost and not opened:
            return self
        values = {place: value for place, value in self.values.items() if place not in lost} if lost else self.values
        return State(values, {**self.conditions, **opened} if opened else self.conditions)

    def next_iteration(self) -> State:
        """What is left when a loop starts over: a guard whose counter was reset is old news."""
        if not self.has_resets:
            return self
        return State(self.values, {key: condition for key, condition in self.conditions.items() if not condition.reset})

    def meet(self, other: State) -> State:
        """What holds in both: this very state if it holds no more than the other."""
        values, conditions = self._common_values(other.values), self._common_conditions(other.conditions)
        return self if values is self.values and conditions is self.conditions else State(values, conditions)

    def _common_values(self, others: Mapping[Term, Term]) -> Mapping[Term, Term]:
        if self.values is others:
            return self.values
        common = {key: value for key, value in self.values.items() if others.get(key) == value}
        return self.values if len(common) == len(self.values) else Values(common)

    def _common_conditions(
        self, others: Mapping[tuple[Term, bool], Condition]
    ) -> Mapping[tuple[Term, bool], Condition]:
        if self.conditions is others:
            return self.conditions
        common = Conditions()
        is_changed = False
        for key, condition in self.conditions.items():
            twin = others.get(key)
            if twin is None or twin.reset != condition.reset:
                is_changed = True
            elif condition.exact and not twin.exact:
                common[key] = replace(condition, exact=False)
                is_changed = True
            else:
                common[key] = condition
        return common if is_changed else self.conditions

    def stale_beside(self, other: State) -> State:
        """Without the guards that were reset here but not on the other paths to the same point."""
        if not self.has_resets:
            return self
        stale = [
            key
            for key, condition in self.conditions.items()
            if condition.reset and (twin := other.conditions.get(key)) is not None and not twin.reset
        ]
        if not stale:
            return self
        return State(self.values, {key: condition for key, condition in self.conditions.items() if key not in stale})


@lru_cache(maxsize=1 << 14)
def _folded(term: Term) -> Term:
    """``term`` where nothing is known: all that constants alone decide is folded."""
    return simplify(rebuild(term, _folded))


def simplify(term: Term) -> Term:
    """Fold what is decided by constants alone."""
    match term:
        case App(op="not", args=(inner,)):
            known = truth_of(inner)
            return term if known is None else Const(not known)
        case App(op="==" | "is" | "<" | "<=", args=(left, right)):
            decided = _compare(term.op, left, right)
            return term if decided is None else Const(decided)
        case Item(base=App(op="tuple" | "list", args=args), key=Const(value=int() as position)):
            unpacked = any(isinstance(arg, App) and arg.op == "unpack" for arg in args)
            return args[position] if 0 <= position < len(args) and not unpacked else term
        case App(op="bool", args=(Const(value=value),)):
            return Const(bool(value))
        case App(op="neg", args=(inner,)) if (amount := number(inner)) is not None:
            return Const(-amount)
    return term


def _compare(op: str, left: Term, right: Term) -> bool | None:
    """The outcome of a comparison where the forms of both sides decide it."""
    low, high = number(left), number(right)
    if low is not None and high is not None and op != "is":
        return {"<": low < high, "<=": low <= high}.get(op, low == high)
    if op in {"<", "<="}:
        return None
    if isinstance(left, Const) and isinstance(right, Const):
        return _same_constant(op, left, right)
    match left, right:
        case App(op="member", args=(one, first)), App(op="member", args=(other, second)) if one == other:
            return first == second
    if right == NONE and op == "is":
        return False if isinstance(left, Instance) or truth_of(left) is not None else None
    return None


def _same_constant(op: str, left: Const, right: Const) -> bool | None:
    """Equal constants are one object only if they are ``None``, ``True`` or ``False``."""
    if op == "==" or left.value != right.value:
        return left.value == right.value
    if left.kind != right.kind:
        return False
    return True if left.value is None or isinstance(left.value, bool) else None


def truth_of(term: Term) -> bool | None:
    """Whether ``term`` is true as a test, if its form alone decides that."""
    match term:
        case Const(value=value):
            return bool(value)
        case Func() | App(op="class" | "member"):
            return True
        case App(op="tuple" | "list" | "dict" | "set", args=args):
            return bool(args) if not any(isinstance(arg, App) and arg.op == "unpack" for arg in args) else None
    return None


def _rejoined(condition: Condition, other: State) -> bool:
    """Whether ``other`` holds the opposite. The off switch of a threshold stays apart: it is often asked twice."""
    twin = other.conditions.get((condition.term, not condition.truth))
    return twin is not None and not any(
        item.role.kind is Kind.OFF_SWITCH and item.role.thresholds for item in (condition, twin)
    )


def is_member(term: Term) -> bool:
    """Whether ``term`` seems to name one of several alternatives, as members of an enumeration do."""
    return isinstance(term, Var) and is_constant_name(term.name)


def _is_flag(value: Term) -> bool:
    if isinstance(value, Const):
        return value.value is None or isinstance(value.value, (bool, str))
    if isinstance(value, App) and value.op == "tuple":
        return any(isinstance(part, Const) and isinstance(part.value, bool) for part in value.args)
    return is_member(value) or _is_callable(value)


def _is_callable(value: Term) -> bool:
    """Whether merging states with other values would lose which code runs next."""
    if isinstance(value, App):
        return value.op in {"partial", "class", "external"}
    if isinstance(value, Attr):
        return says_stop(value.name)
    return isinstance(value, (Func, Instance))


def _is_local(place: Term, scope: str) -> bool:
    return isinstance(place, Result) or (isinstance(place, Var) and place.scope == scope)


def _belongs(place: Term, scope: str) -> bool:
    match place:
        case Var(scope=own):
            return own == scope
        case Result(place=site):
            return site.startswith(f"{scope}@")
    return False


def effect_of(place: Term, value: Term | None, raw: Term | None) -> str:
    """What an assignment of ``raw``, which is ``value``, does to what was said of ``place``; see ``State.forget``."""
    match raw:
        case App(op="+", args=(left, right)) if place in {left, right}:
            return _step("raised", right if left == place else left)
        case App(op="-", args=(left, right)) if left == place:
            return _step("lowered", right)
    if value is not None and ((isinstance(value, Const) and _is_written_out(raw)) or _is_clock_reading(value)):
        return "reset"
    return "replaced"


def _is_written_out(raw: Term | None) -> bool:
    """Whether a constant stands in the assignment itself: another counter that is at 0 by chance sets nothing back."""
    return not isinstance(raw, (Var, Attr, Item)) or (isinstance(raw, Var) and raw.name.startswith("$"))


def _step(effect: str, step: Term) -> str:
    """A step of unknown sign is taken to go the way it is written, but nothing is proved by that."""
    value = number(step)
    if value is not None:
        return effect if value > 0 else "replaced"
    return "replaced" if isinstance(step, App) else f"{_PERHAPS}{effect}"


def _is_clock_reading(value: Term) -> bool:
    return isinstance(value, Result) and dotted(value.callee) in CLOCKS


def _after(condition: Condition, place: Term, effect: str) -> Condition | None:
    """What becomes of a condition about ``place`` when that changes."""
    way = effect.removeprefix(_PERHAPS)
    if way in {"raised", "lowered"}:
        if not _survives_step(condition, place, way):
            return None
        return condition if way == effect else replace(condition, exact=False)
    if effect == "reset" and condition.role.kind is Kind.GUARD and _in_measure(condition, place):
        return replace(condition, exact=False, reset=True)
    return None


def _in_measure(condition: Condition, place: Term) -> bool:
    return not any(mention_key(place) in threshold.mentions for threshold in condition.role.thresholds)


def _survives_step(condition: Condition, place: Term, effect: str) -> bool:
    found = comparison(condition.written or condition.term, condition.truth)
    if found is None:
        return False
    sign = dict(found.form.atoms).get(place)
    if sign is None:
        return False
    up = (sign > 0) == (effect == "raised")
    return (found.relation in {">", ">="} and up) or (found.relation in {"<", "<="} and not up)


def _is_answered_anew(known: Condition, condition: Condition) -> bool:
    """Whether a guard is old news: the same was asked once more, and the answer was on the other side of the limit."""
    if known.role.kind is not Kind.GUARD or condition.answer is None or known.answer is None:
        return False
    return known.term != condition.term and contradict(known.answer, condition.answer)


def _contradict(first: Condition, second: Condition) -> bool:
    a, b = first.comparison, second.comparison
    if a is not None and b is not None and contradict(a, b):
        return True
    return _different_constants(first, second) or _none_and_true(first, second) or _none_and_true(second, first)


def _different_constants(first: Condition, second: Condition) -> bool:
    """``x == "a"`` and ``x == "b"``, both true."""
    match first.term, second.term:
        case App(op="==" | "is", args=(left, Const() as a)), App(op="==" | "is", args=(right, Const() as b)):
            return first.truth and second.truth and left == right and a.value != b.value
    return False


def _none_and_true(first: Condition, second: Condition) -> bool:
    """``x is None`` and ``x``; ``not x`` and ``x > 0``."""
    match first.term:
        case App(op="is" | "==", args=(value, Const(value=None | False))):
            return first.truth and second.term == value and second.truth
    if not first.truth and (positive := second.comparison) is not None:
        atoms = positive.form.atoms
        if len(atoms) == 1 and atoms[0][0] == first.term:
            aligned = positive if atoms[0][1] > 0 else positive.flipped()
            return (aligned.relation == ">" and -aligned.form.constant >= 0) or (
                aligned.relation == ">=" and -aligned.form.constant > 0
            )
    return False


EMPTY = State()
