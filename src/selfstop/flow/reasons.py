"""Why a condition is no threshold guard, in a few words that a reader can check against the source.

It follows `conditions.classify`, case by case. Where that only falls through, the reason says no more than that
nothing was recognised.
"""

from __future__ import annotations

from selfstop.flow.limits import reached, threshold_atoms
from selfstop.flow.linear import TRANSPARENT, Comparison, comparison, number
from selfstop.flow.measures import is_growing, never_measured
from selfstop.flow.origins import Source
from selfstop.flow.roles import Evidence, Kind, Role
from selfstop.flow.terms import App, Attr, Const, Item, Result, Term, Var, last_name, walk
from selfstop.flow.vocabulary import CALENDAR_FIELDS, NO_MEASURE_WORDS, words

GUARD = "a threshold guard"
SWITCH = "the off switch: it says whether, not when"
INVERTED = "the measure is still below the threshold"
EMPTINESS = "an emptiness test: it counts nothing"
TRUTH = "tests truth or emptiness, counts nothing"
PRESENCE = "tests for a value, counts nothing"
EQUALITY = "tests equality, not a limit reached"
MEMBERSHIP = "a membership test: it counts nothing"
CALENDAR = "asks the calendar: it counts nothing"
FIRST = "a limit of 1: it holds at the first one"
AT_ONCE = "a limit of 0 or less: it holds at once"
LIMIT_ALONE = "asks about the limit, counts nothing"
ZERO_PASSES = "asks about the limit, but lets 0 pass"
SET = 'asks whether it is set: "0" is true as well'
LIMITS = "compares limits: none is known to count"
ITEMS = "runs out of items: no threshold recognised"
ANSWER = "a call's answer: no threshold seen in it"
UNRECOGNISED = "not recognised as a comparison of a measure with a threshold"


def reason(term: Term, truth: bool, role: Role, evidence: Evidence) -> str:
    """Why the condition that ``term`` gave ``truth``, and that is worth ``role``, is no threshold guard."""
    match role.kind:
        case Kind.GUARD:
            return GUARD
        case Kind.OFF_SWITCH:
            return SWITCH
        case Kind.INVERTED:
            return INVERTED
    match term:
        case App(op="is", args=(_, Const(value=None)) | (Const(value=None), _)):
            return PRESENCE
        case App(op="is"):
            return EQUALITY
        case App(op="in"):
            return MEMBERSHIP
    found = comparison(term, truth)
    return _truth(term, truth=truth) if found is None else _compared(term, found, evidence)


def _truth(term: Term, *, truth: bool) -> str:
    match term:
        case App(op="exhausted"):
            return ITEMS
        case App(op="getenv"):
            return SET if truth else TRUTH
        case App(op="len"):
            return EMPTINESS
        case Var() | Attr() | Item() | App(op="get"):
            return TRUTH
        case Result():
            return ANSWER
    return UNRECOGNISED


def _compared(term: Term, found: Comparison, evidence: Evidence) -> str:
    if found.relation in {"==", "!="} and _names_a_value(term):
        return EQUALITY
    atoms = [atom for atom, _ in found.form.atoms]
    if not atoms:
        return UNRECOGNISED
    for atom in atoms:
        if never_measured(atom):
            return _no_measure(atom)
    thresholds = threshold_atoms(found.form, evidence)
    if not thresholds:
        return _against_constant(found, evidence)
    if len(thresholds) == len(atoms):
        return _limits(found, thresholds)
    value = reached(found, term, thresholds, evidence)
    if value.source is Source.CONSTANT and value.value is not None and value.value <= 1:
        return AT_ONCE if value.value <= 0 else EMPTINESS
    return EQUALITY if found.relation in {"==", "!="} else UNRECOGNISED


def _names_a_value(term: Term) -> bool:
    """Whether one side is a string, a boolean or the like."""
    return isinstance(term, App) and any(isinstance(arg, Const) and number(arg) is None for arg in term.args)


def _no_measure(atom: Term) -> str:
    if any(last_name(part) in CALENDAR_FIELDS for part in walk(atom)):
        return CALENDAR
    while isinstance(atom, App) and atom.op in TRANSPARENT | {"len"} and atom.args:
        atom = atom.args[0]
    name = last_name(atom)
    return f"`{name}` is, by its name, no measure of idleness" if words(name) & NO_MEASURE_WORDS else UNRECOGNISED


def _against_constant(found: Comparison, evidence: Evidence) -> str:
    """One side is a literal. With a single atom the form is ``atom relation limit`` up to a positive factor."""
    if len(found.form.atoms) > 1:
        return UNRECOGNISED
    aligned = found if found.form.atoms[0][1] > 0 else found.flipped()
    limit = -aligned.form.constant / aligned.form.atoms[0][1]
    measures = [atom for atom, _ in found.form.atoms]
    match aligned.relation:
        case "==" | "!=" if limit == 0:
            return EMPTINESS
        case ">" | ">=" | "==" if is_growing(aligned.form, measures, evidence):
            reached = limit + 1 if aligned.relation == ">" else limit
            return AT_ONCE if reached <= 0 else FIRST if reached <= 1 else UNRECOGNISED
        case ">" | ">=" | "<" | "<=" if 0 <= limit <= 1:
            return EMPTINESS
        case "==" | "!=":
            return EQUALITY
    return UNRECOGNISED


def _limits(found: Comparison, thresholds: list[Term]) -> str:
    """Both sides are limits or numbers."""
    if len(thresholds) > 1:
        return LIMITS
    sign = dict(found.form.atoms)[thresholds[0]]
    aligned = found if sign > 0 else found.flipped()
    limit = -aligned.form.constant / abs(sign)
    match aligned.relation:
        case ">" | ">=" if limit <= 0:
            return ZERO_PASSES
        case "==" | "!=" if limit != 0:
            return EQUALITY
    return LIMIT_ALONE
