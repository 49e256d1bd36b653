"""What a condition is worth: threshold guard, off switch, inverted guard, or neither.

A condition is a test and its outcome. Order comparisons are brought to ``measure relation threshold``: the
difference of both sides is taken apart into what is counted or timed and the limit it is held against.
"""

from __future__ import annotations

from collections.abc import Iterable

from selfstop.flow.limits import is_limit, rank, reached, settings_of, threshold_atoms
from selfstop.flow.linear import Comparison, comparison, linear, number
from selfstop.flow.measures import all_words, grows, is_deadline, is_growing, is_time, never_measured
from selfstop.flow.origins import Origin, Source, origin, worst
from selfstop.flow.roles import PLAIN, Evidence, Kind, Role
from selfstop.flow.switches import equality_switch, is_threshold, looks_boolean, membership, off_switch
from selfstop.flow.terms import App, Const, Term, last_name
from selfstop.flow.vocabulary import FRACTION_WORDS, LEVEL_WORDS, words


def classify(term: Term, truth: bool, evidence: Evidence) -> Role:
    """The role of the condition that ``term`` gave ``truth``."""
    match term:
        case App(op="exhausted", args=(count,)):
            return _exhausted(count, truth, evidence)
        case App(op="is", args=(left, Const(value=None))) | App(op="is", args=(Const(value=None), left)):
            return PLAIN if truth else off_switch([left], evidence)
        case App(op="in", args=(left, right)):
            return membership(left, right, truth, evidence)
    found = comparison(term, truth)
    if found is None:
        return _truthiness(term, truth, evidence)
    return _compared(found, term, evidence)


def _compared(found: Comparison, term: Term, evidence: Evidence) -> Role:
    if found.relation in {"==", "!="}:
        switch = equality_switch(term, evidence)
        if switch is not None:
            return switch
    atoms = [atom for atom, _ in found.form.atoms]
    if not atoms or any(never_measured(atom) for atom in atoms):
        return PLAIN
    thresholds = threshold_atoms(found.form, evidence)
    measures = [atom for atom in atoms if atom not in thresholds]
    countdown = _countdown(found, evidence)
    if countdown is not None:
        return countdown
    if not measures:
        return _bound(found, term, thresholds, evidence)
    if not thresholds:
        return _against_constant(found, measures, evidence)
    sign = dict(found.form.atoms)[thresholds[0]]
    aligned = found if sign < 0 else found.flipped()
    source = reached(found, term, thresholds, evidence)
    if _is_sum(found) or _asks_for_emptiness(aligned, measures, source, evidence):
        return PLAIN
    return _role(aligned, measures, settings_of(thresholds, evidence), source, evidence)


def _role(
    aligned: Comparison, measures: list[Term], thresholds: frozenset[Term], source: Origin, evidence: Evidence
) -> Role:
    """The role of ``measure - threshold relation 0``."""
    growing = is_growing(aligned.form, measures, evidence)
    level = not growing and _is_level(measures, thresholds)
    places = frozenset(measures)
    match aligned.relation:
        case ">" | ">=":
            return Role(Kind.GUARD, thresholds, source, places, preferred=not level)
        case "==" if growing:
            return Role(Kind.GUARD, thresholds, source, places)
        case "<" | "<=" if growing:
            return Role(Kind.INVERTED, thresholds, source, places)
        case "<" | "<=":
            return Role(Kind.GUARD, thresholds, source, places, low=True, preferred=level)
    return PLAIN


def _is_level(measures: Iterable[Term], thresholds: Iterable[Term]) -> bool:
    """Whether the measure shows idleness by being low, as processor load does."""
    named = any(all_words(atom) & LEVEL_WORDS for atom in measures)
    return named or any(words(last_name(atom)) & {"min", "minimum", "low", "floor"} for atom in thresholds)


def _against_constant(found: Comparison, measures: list[Term], evidence: Evidence) -> Role:
    """A comparison with a literal: an emptiness test unless the literal is a real threshold."""
    if found.form.constant == 0:
        return PLAIN
    aligned = found if found.form.constant < 0 else found.flipped()
    limit = -aligned.form.constant
    if all(coefficient < 0 for _, coefficient in aligned.form.atoms):
        return PLAIN
    scale = min(abs(coefficient) for _, coefficient in aligned.form.atoms)
    growing = is_growing(aligned.form, measures, evidence)
    timed = any(is_time(atom, evidence) for atom in measures) or len(measures) > 1
    percent = not growing and _is_fraction(measures)
    whole = limit == int(limit) and scale == 1 and not timed and not percent and _is_integer_literal(found)
    match aligned.relation:
        case ">=" | "<" if whole and limit <= 1:
            return PLAIN
        case "==" if not growing or limit <= 1:
            return PLAIN
    return _role(aligned, measures, frozenset(), Origin(Source.CONSTANT, value=limit), evidence)


def _is_sum(found: Comparison) -> bool:
    """Whether both were added up and held against nothing: `time() + LIMIT > 0`."""
    return found.form.constant == 0 and len({factor > 0 for _, factor in found.form.atoms}) == 1


def _asks_for_emptiness(aligned: Comparison, measures: list[Term], source: Origin, evidence: Evidence) -> bool:
    """Whether the limit is a constant of 0, or one of 1 that a level is below: `players < MIN_PLAYERS` means nobody."""
    if source.source is not Source.CONSTANT or source.value is None or source.value > 1:
        return False
    if source.value != 1:
        return _is_never_positive(source)
    counted = len(measures) == 1 and not is_time(measures[0], evidence) and not _is_fraction(measures)
    whole = counted and aligned.form.constant == 0 and all(abs(scale) == 1 for _, scale in aligned.form.atoms)
    return whole and aligned.relation in {"<", ">="} and not is_growing(aligned.form, measures, evidence)


def _is_never_positive(limit: Origin) -> bool:
    """Whether a limit is a constant that everything has reached."""
    return limit.source is Source.CONSTANT and limit.value is not None and limit.value <= 0


def _is_fraction(measures: Iterable[Term]) -> bool:
    return any(all_words(atom) & FRACTION_WORDS for atom in measures)


def _is_integer_literal(found: Comparison) -> bool:
    return float(found.form.constant).is_integer()


def _bound(found: Comparison, term: Term, thresholds: list[Term], evidence: Evidence) -> Role:
    """Only threshold-like atoms are compared: ``T > 0`` and its like are off switches."""
    if len(thresholds) != 1:
        return _between(found, term, thresholds, evidence)
    if abs(found.form.constant) > 1 and rank(thresholds[0], evidence) == 1:
        return _against_constant(found, thresholds, evidence)
    sign = dict(found.form.atoms)[thresholds[0]]
    aligned = found if sign > 0 else found.flipped()
    limit = -aligned.form.constant / abs(sign)
    positive = limit >= 0 if aligned.relation == ">" else aligned.relation == ">=" and limit > 0
    excluded = aligned.relation == "!=" and limit == 0
    if (positive or excluded) and not is_deadline(thresholds[0], evidence):
        return Role(Kind.OFF_SWITCH, frozenset(thresholds), origin(thresholds[0], evidence.definitions))
    return PLAIN


def _between(found: Comparison, term: Term, thresholds: list[Term], evidence: Evidence) -> Role:
    """Both sides look like limits: the one that grows is the measure, or the one that is less of a limit."""
    ranked = sorted(thresholds, key=lambda atom: rank(atom, evidence))
    if len(ranked) < 2:
        return PLAIN
    growing = [atom for atom in ranked if grows(atom, evidence)]
    if len(growing) == len(ranked):
        growing = growing[:1]
    measures = growing or ranked[:1]
    limits = [atom for atom in ranked if atom not in measures]
    if not growing and rank(measures[0], evidence) == rank(limits[-1], evidence):
        return PLAIN
    sign = dict(found.form.atoms)[limits[-1]]
    aligned = found if sign < 0 else found.flipped()
    source = reached(found, term, limits, evidence)
    if _is_never_positive(source):
        return PLAIN
    return _role(aligned, measures, frozenset(limits), source, evidence)


def _countdown(found: Comparison, evidence: Evidence) -> Role | None:
    """``left -= 1`` from a threshold down to nothing counts to that threshold."""
    if len(found.form.atoms) != 1:
        return None
    (atom, sign) = found.form.atoms[0]
    aligned = found if sign > 0 else found.flipped()
    if aligned.relation not in {"<", "<=", "=="} or -aligned.form.constant > 1:
        return None
    known = evidence.definitions(atom)
    starts = [item.value for item in known if item.value is not None and not item.step]
    if not any(item.step == "-" for item in known) or not starts or any(item.step == "+" for item in known):
        return None
    limits = [start for start in starts if is_limit(start, evidence)]
    cut_short = any(number(start) is not None and start not in limits for start in starts)
    if not limits or cut_short:
        return None
    source = worst([origin(start, evidence.definitions) for start in limits])
    if _is_never_positive(source):
        return None
    return Role(Kind.GUARD, frozenset(limits), source, frozenset({atom}))


def _exhausted(count: Term, truth: bool, evidence: Evidence) -> Role:
    """A ``for`` over ``range(T)`` that could have been left earlier and was not has counted to ``T``."""
    if not truth:
        return PLAIN
    value = number(count)
    if value is not None:
        return Role(Kind.GUARD, frozenset(), Origin(Source.CONSTANT, value=value)) if value > 1 else PLAIN
    atoms = [atom for atom, _ in linear(count).atoms]
    if not atoms or any(never_measured(atom) or rank(atom, evidence) == 0 for atom in atoms):
        return PLAIN
    made = origin(count, evidence.definitions)
    source = made if made.may_be_zero else worst([origin(atom, evidence.definitions) for atom in atoms])
    if _is_never_positive(made) or _is_never_positive(source):
        return PLAIN
    return Role(Kind.GUARD, frozenset(atoms), source)


def _truthiness(term: Term, truth: bool, evidence: Evidence) -> Role:
    if looks_boolean(term, evidence):
        return Role(Kind.OFF_SWITCH, frozenset(), origin(term, evidence.definitions))
    if not truth:
        return _countdown_truth(term, evidence)
    if isinstance(term, App) and term.op == "getenv":
        return PLAIN
    return off_switch([term], evidence) if is_threshold(term, evidence) else PLAIN


def _countdown_truth(term: Term, evidence: Evidence) -> Role:
    if never_measured(term):
        return PLAIN
    found = comparison(App("==", (term, Const(0))), True)
    return (found and _countdown(found, evidence)) or PLAIN
