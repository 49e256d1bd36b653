"""A condition that is known to hold: what it says, what it excludes, and what assignments leave of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from selfstop.flow.answers import answer
from selfstop.flow.cfg import is_computed
from selfstop.flow.linear import Comparison, comparison, contradict, number
from selfstop.flow.roles import PLAIN, Kind, Role
from selfstop.flow.terms import App, Attr, Const, Item, Result, Term, Var, dotted, mention_key
from selfstop.flow.vocabulary import CLOCKS

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
    def forms(self) -> frozenset[tuple[Term, bool]]:
        """What it says, and what it says as it is written."""
        return frozenset({self.key, (self.term if self.written is None else self.written, self.truth)})

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
    return not isinstance(raw, (Var, Attr, Item)) or is_computed(raw)


def _step(effect: str, step: Term) -> str:
    """A step of unknown sign is taken to go the way it is written, but nothing is proved by that."""
    value = number(step)
    if value is not None:
        return effect if value > 0 else "replaced"
    return "replaced" if isinstance(step, App) else f"{_PERHAPS}{effect}"


def _is_clock_reading(value: Term) -> bool:
    return isinstance(value, Result) and dotted(value.callee) in CLOCKS


def after(condition: Condition, place: Term, effect: str) -> Condition | None:
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


def is_answered_anew(known: Condition, condition: Condition) -> bool:
    """Whether a guard is old news: the same was asked once more, and the answer was on the other side of the limit."""
    if known.role.kind is not Kind.GUARD or condition.answer is None or known.answer is None:
        return False
    return known.term != condition.term and contradict(known.answer, condition.answer)


def exclude(first: Condition, second: Condition) -> bool:
    """Whether two conditions cannot both hold."""
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
