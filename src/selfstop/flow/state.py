"""What is known at one point of a function, on one class of paths.

A state is a must-fact: everything in it holds on every path it stands for. Several states at one point are
kept apart while they differ in the guards and flags they hold (trace partitioning, as in Mauborgne and Rival,
"Trace Partitioning in Abstract Interpretation Based Static Analyzers", ESOP 2005, and Das, Lerner and
Seigle's ESP, PLDI 2002), so that ``flag`` set under a guard carries that guard to where ``flag`` is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property

from selfstop.flow.folding import folded, is_member, simplify, truth_of
from selfstop.flow.known import Condition, after, effect_of, exclude, is_answered_anew
from selfstop.flow.roles import Kind
from selfstop.flow.terms import (
    MAX_SIZE,
    App,
    Attr,
    Bound,
    Const,
    Func,
    Instance,
    Result,
    Term,
    Var,
    last_name,
    mention_key,
    rebuild,
    size,
)
from selfstop.flow.vocabulary import says_stop


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
        if isinstance(term, (Const, Var, Instance, Bound)) or not values:
            return term
        if values.keys_mentioned.isdisjoint(term.mentions):
            return folded(term)
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
            other.exact and not mentions.isdisjoint(other.term.mentions) and exclude(other, condition)
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
            if key != opposite and not is_answered_anew(known, condition)
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
            kept = after(condition, place, effect)
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
        """Without the guards that were reset here but not on the other paths to the same point.

        The same may have been asked there while more, or less, was known of the counter: what is written counts, too.
        """
        if not self.has_resets:
            return self
        kept = {form for each in other.conditions.values() if not each.reset for form in each.forms}
        stale = [
            key
            for key, condition in self.conditions.items()
            if condition.reset and not kept.isdisjoint(condition.forms)
        ]
        if not stale:
            return self
        return State(self.values, {key: condition for key, condition in self.conditions.items() if key not in stale})


def _rejoined(condition: Condition, other: State) -> bool:
    """Whether ``other`` holds the opposite. The off switch of a threshold stays apart: it is often asked twice."""
    twin = other.conditions.get((condition.term, not condition.truth))
    return twin is not None and not any(
        item.role.kind is Kind.OFF_SWITCH and item.role.thresholds for item in (condition, twin)
    )


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
    if isinstance(value, (Attr, Var)):
        return says_stop(last_name(value))
    return isinstance(value, (Func, Instance, Bound))


def _is_local(place: Term, scope: str) -> bool:
    return isinstance(place, Result) or (isinstance(place, Var) and place.scope == scope)


def _belongs(place: Term, scope: str) -> bool:
    match place:
        case Var(scope=own):
            return own == scope
        case Result(place=site):
            return site.startswith(f"{scope}@")
    return False


EMPTY = State()
