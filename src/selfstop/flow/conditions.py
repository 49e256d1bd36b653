"""What a condition is worth: threshold guard, off switch, inverted guard, or neither.

A condition is a test and its outcome. Order comparisons are brought to ``measure relation threshold``: the
difference of both sides is taken apart into what is counted or timed and the limit it is held against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from selfstop.flow.linear import TRANSPARENT, Comparison, Linear, comparison, number
from selfstop.flow.origins import Definitions, Origin, Source, is_configuration, origin, worst
from selfstop.flow.terms import App, Attr, Const, Item, Result, Term, Var, dotted, last_name, walk
from selfstop.flow.vocabulary import (
    CALENDAR_FIELDS,
    CLOCKS,
    FALSE_STRINGS,
    FRACTION_WORDS,
    GROWING_WORDS,
    LEVEL_WORDS,
    LIMIT_WORDS,
    NO_MEASURE_WORDS,
    START_WORDS,
    SWITCH_WORDS,
    TRUE_STRINGS,
    UNIT_WORDS,
    is_constant_name,
    words,
)


class Kind(Enum):
    """What a condition is to the verdict."""

    GUARD = "threshold guard"
    OFF_SWITCH = "off switch"
    INVERTED = "inverted threshold"
    PLAIN = "plain"


@dataclass(frozen=True)
class Role:
    """The worth of one condition.

    ``thresholds`` are the atoms a guard compares with or an off switch tests (empty: a boolean switch, which
    goes with any guard); ``origin`` is the threshold's; ``measures`` are the atoms that are counted or timed.
    """

    kind: Kind
    thresholds: frozenset[Term] = frozenset()
    origin: Origin = field(default=Origin(Source.UNKNOWN))
    measures: frozenset[Term] = frozenset()
    low: bool = False
    preferred: bool = True
    """False for the outcome that is a guard only as long as the other one does not lead to the stop as well."""

    @property
    def needs_off_switch(self) -> bool:
        """Whether 0 from outside would make this guard always true."""
        return self.kind is Kind.GUARD and not self.low and self.origin.may_be_zero


PLAIN = Role(Kind.PLAIN)
_ZEROS = frozenset({Const("0"), Const(0)})


@dataclass(frozen=True)
class Evidence:
    """What is known of the variables in a condition.

    ``definitions`` gives all bindings of a place; ``parameters`` are the places that are parameters, with
    whether they look boolean.
    """

    definitions: Definitions
    parameters: Mapping[Term, bool] = field(default_factory=dict)


def classify(term: Term, truth: bool, evidence: Evidence) -> Role:
    """The role of the condition that ``term`` gave ``truth``."""
    match term:
        case App(op="exhausted", args=(count,)):
            return _exhausted(count, truth, evidence)
        case App(op="is", args=(left, Const(value=None))) | App(op="is", args=(Const(value=None), left)):
            return PLAIN if truth else _off_switch([left], evidence)
        case App(op="in", args=(left, right)):
            return _membership(left, right, truth, evidence)
    found = comparison(term, truth)
    if found is None:
        return _truthiness(term, truth, evidence)
    return _compared(found, term, evidence)


# Comparisons


def _compared(found: Comparison, term: Term, evidence: Evidence) -> Role:
    if found.relation in {"==", "!="}:
        switch = _equality_switch(term, evidence)
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
        return _bound(found, thresholds, evidence)
    if not thresholds:
        return _against_constant(found, measures, evidence)
    sign = dict(found.form.atoms)[thresholds[0]]
    aligned = found if sign < 0 else found.flipped()
    source = worst([origin(atom, evidence.definitions) for atom in thresholds])
    if _asks_for_emptiness(aligned, measures, source, evidence):
        return PLAIN
    return _role(aligned, measures, frozenset(thresholds), source, evidence)


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
    named = any(_all_words(atom) & LEVEL_WORDS for atom in measures)
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
    timed = any(_is_time(atom, evidence) for atom in measures) or len(measures) > 1
    percent = not growing and _is_fraction(measures)
    whole = limit == int(limit) and scale == 1 and not timed and not percent and _is_integer_literal(found)
    match aligned.relation:
        case ">=" | "<" if whole and limit <= 1:
            return PLAIN
        case "==" if not growing or limit <= 1:
            return PLAIN
    return _role(aligned, measures, frozenset(), Origin(Source.CONSTANT, value=limit), evidence)


def _asks_for_emptiness(aligned: Comparison, measures: list[Term], source: Origin, evidence: Evidence) -> bool:
    """Whether the limit is a constant of 0, or one of 1 that a level is below: `players < MIN_PLAYERS` means nobody."""
    if source.source is not Source.CONSTANT or source.value is None or source.value > 1:
        return False
    if source.value != 1:
        return source.value <= 0
    counted = len(measures) == 1 and not _is_time(measures[0], evidence) and not _is_fraction(measures)
    whole = counted and aligned.form.constant == 0 and all(abs(scale) == 1 for _, scale in aligned.form.atoms)
    return whole and aligned.relation in {"<", ">="} and not is_growing(aligned.form, measures, evidence)


def _is_fraction(measures: Iterable[Term]) -> bool:
    return any(_all_words(atom) & FRACTION_WORDS for atom in measures)


def _is_integer_literal(found: Comparison) -> bool:
    return float(found.form.constant).is_integer()


def _bound(found: Comparison, thresholds: list[Term], evidence: Evidence) -> Role:
    """Only threshold-like atoms are compared: ``T > 0`` and its like are off switches."""
    if len(thresholds) != 1:
        return _between(found, thresholds, evidence)
    if abs(found.form.constant) > 1 and _rank(thresholds[0], evidence) == 1:
        return _against_constant(found, thresholds, evidence)
    sign = dict(found.form.atoms)[thresholds[0]]
    aligned = found if sign > 0 else found.flipped()
    limit = -aligned.form.constant / abs(sign)
    positive = limit >= 0 if aligned.relation == ">" else aligned.relation == ">=" and limit > 0
    excluded = aligned.relation == "!=" and limit == 0
    if positive or excluded:
        return Role(Kind.OFF_SWITCH, frozenset(thresholds), origin(thresholds[0], evidence.definitions))
    return PLAIN


def _between(found: Comparison, thresholds: list[Term], evidence: Evidence) -> Role:
    """Both sides look like limits: the one that grows is the measure, or the one that is less of a limit."""
    ranked = sorted(thresholds, key=lambda atom: _rank(atom, evidence))
    if len(ranked) < 2:
        return PLAIN
    growing = [atom for atom in ranked if _grows(atom, evidence)]
    if len(growing) == len(ranked):
        growing = growing[:1]
    measures = growing or ranked[:1]
    limits = [atom for atom in ranked if atom not in measures]
    if not growing and _rank(measures[0], evidence) == _rank(limits[-1], evidence):
        return PLAIN
    sign = dict(found.form.atoms)[limits[-1]]
    aligned = found if sign < 0 else found.flipped()
    source = worst([origin(atom, evidence.definitions) for atom in limits])
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
    limits = [start for start in starts if _is_limit(start, evidence)]
    cut_short = any(number(start) is not None and start not in limits for start in starts)
    if not limits or cut_short:
        return None
    source = worst([origin(start, evidence.definitions) for start in limits])
    return Role(Kind.GUARD, frozenset(limits), source, frozenset({atom}))


def _is_limit(start: Term, evidence: Evidence) -> bool:
    value = number(start)
    if value is not None:
        return value > 1
    return all(_rank(atom, evidence) > 0 for atom, _ in _form(start).atoms)


def _form(term: Term) -> Linear:
    from selfstop.flow.linear import linear

    return linear(term)


def _exhausted(count: Term, truth: bool, evidence: Evidence) -> Role:
    """A ``for`` over ``range(T)`` that could have been left earlier and was not has counted to ``T``."""
    if not truth:
        return PLAIN
    value = number(count)
    if value is not None:
        return Role(Kind.GUARD, frozenset(), Origin(Source.CONSTANT, value=value)) if value > 1 else PLAIN
    atoms = [atom for atom, _ in _form(count).atoms]
    if not atoms or any(never_measured(atom) or _rank(atom, evidence) == 0 for atom in atoms):
        return PLAIN
    source = worst([origin(atom, evidence.definitions) for atom in atoms])
    return Role(Kind.GUARD, frozenset(atoms), source)


# Thresholds and measures


def threshold_atoms(form: Linear, evidence: Evidence) -> list[Term]:
    """The atoms that are limits; where several look it, those of the highest rank."""
    ranks = {atom: _rank(atom, evidence) for atom, _ in form.atoms}
    best = max(ranks.values())
    if best == 0:
        return _stable_side(form, evidence)
    limits = [atom for atom, rank in ranks.items() if rank > 0]
    if len(limits) < len(ranks):
        plain = [atom for atom in ranks if ranks[atom] == 0]
        return limits if plain else []
    if form.constant == 0 and len(ranks) > 1:
        top = [atom for atom, rank in ranks.items() if rank == best]
        return top if len(top) < len(ranks) else limits
    return limits


def _stable_side(form: Linear, evidence: Evidence) -> list[Term]:
    """``idle >= polls``: a parameter held against something that evidently grows is its limit."""
    growing = [atom for atom, _ in form.atoms if _grows_by_definition(atom, evidence)]
    growing = growing or [atom for atom, _ in form.atoms if _grows(atom, evidence)]
    if len(form.atoms) < 2 or not growing:
        return []
    others = [atom for atom, _ in form.atoms if atom not in growing and not _is_start(atom, evidence)]
    stable = [atom for atom in others if atom in evidence.parameters or _from_parameter(atom, evidence)]
    return stable if len(stable) == len(others) == 1 else []


def _from_parameter(atom: Term, evidence: Evidence) -> bool:
    values = [item.value for item in evidence.definitions(atom)]
    return bool(values) and all(
        value is not None and (value in evidence.parameters or number(value) is not None) for value in values
    )


def _rank(atom: Term, evidence: Evidence) -> int:
    """How much ``atom`` looks like a limit: 0 not at all, 4 certainly."""
    if _is_clock(atom, evidence) or _grows_by_definition(atom, evidence):
        return 0
    source = origin(atom, evidence.definitions).source
    name = last_name(atom)
    found = words(name)
    if isinstance(atom, App) and atom.op in {"*", "/", "//", "+", "-", "max", "min", "or", "if", "%"}:
        parts = atom.args[1:] if atom.op == "if" else atom.args
        ranks = [_rank(part, evidence) for part in parts if number(part) is None]
        return min(ranks, default=0)
    if source is Source.ENVIRONMENT:
        return 4
    if isinstance(atom, (Var, Attr, Item)) and any(is_constant_name(part) for part in _path(atom)):
        return 4
    if source in {Source.CONFIGURATION, Source.CLAMPED, Source.COMMAND_LINE}:
        return 3
    if found & LIMIT_WORDS or _table_of_limits(atom) or _is_deadline(atom, evidence):
        return 2
    if _is_fixed(atom, evidence):
        return 2
    if found & UNIT_WORDS and not isinstance(atom, App) and not found & (GROWING_WORDS - {"count"}):
        return 1
    return 0


def _is_fixed(atom: Term, evidence: Evidence) -> bool:
    """Whether ``atom`` is bound once, to a positive number."""
    known = evidence.definitions(atom) if isinstance(atom, (Var, Attr)) else ()
    return len(known) == 1 and (origin(atom, evidence.definitions).value or 0) > 0


def _path(atom: Term) -> list[str]:
    """The names on the way to a place: ``LIMITS["gpu"]`` has gpu and LIMITS."""
    names = [last_name(atom)]
    while isinstance(atom, (Attr, Item)):
        atom = atom.base
        names.append(last_name(atom))
    return names


def _table_of_limits(atom: Term) -> bool:
    return isinstance(atom, (Attr, Item)) and bool(words(last_name(atom.base)) & LIMIT_WORDS)


def never_measured(atom: Term) -> bool:
    """Retries, versions, exit codes and the calendar are compared with numbers, too."""
    if is_constant_name(last_name(atom)) and isinstance(atom, (Var, Attr)):
        return False
    for part in walk(atom):
        name = last_name(part)
        if name in CALENDAR_FIELDS or dotted(part) in {"sys.argv", "sys.version_info", "sys.platform"}:
            return True
    inner = atom
    while isinstance(inner, App) and inner.op in TRANSPARENT | {"len"} and inner.args:
        inner = inner.args[0]
    return bool(words(last_name(inner)) & NO_MEASURE_WORDS)


def is_growing(form: Linear, measures: Iterable[Term], evidence: Evidence) -> bool:
    """Whether the measure grows while nothing happens: a counter that is raised, a time that has passed."""
    signs = dict(form.atoms)
    atoms = list(measures)
    if any(_is_clock(atom, evidence) for atom in atoms) and len(atoms) > 1:
        return True
    if any(_is_clock(atom, evidence) and signs.get(atom, 0) > 0 for atom in atoms):
        return True
    if any(_is_start(atom, evidence) and signs.get(atom, 0) < 0 for atom in atoms):
        return True
    return any(_grows(atom, evidence) for atom in atoms)


def _grows(atom: Term, evidence: Evidence) -> bool:
    if _grows_by_definition(atom, evidence):
        return True
    found = _all_words(atom)
    if found & LEVEL_WORDS:
        return False
    return bool(found & GROWING_WORDS) or bool(words(last_name(atom)) & GROWING_WORDS)


def _grows_by_definition(atom: Term, evidence: Evidence) -> bool:
    if not isinstance(atom, (Var, Attr, Item)):
        return False
    return any(_raises(item.step, item.value, evidence) for item in evidence.definitions(atom))


def _raises(step: str, value: Term | None, evidence: Evidence) -> bool:
    if step == "+":
        return True
    if step or value is None:
        return False
    parts = sorted(_form(value).atoms, key=lambda pair: pair[1])
    if len(parts) != 2 or not parts[0][1] < 0 < parts[1][1]:
        return False
    before, now = parts[0][0], parts[1][0]
    return _is_clock(now, evidence) or (isinstance(now, Result) and bool(words(last_name(before)) & START_WORDS))


def _is_deadline(atom: Term, evidence: Evidence) -> bool:
    """Whether ``atom`` is a moment to come: the present plus something, wherever it is set."""
    values = [item.value for item in evidence.definitions(atom) if item.value is not None]
    return bool(values) and all(_reaches_ahead(value, evidence) for value in values)


def _reaches_ahead(value: Term, evidence: Evidence) -> bool:
    form = _form(value)
    if not all(sign > 0 for _, sign in form.atoms) or not any(_is_clock(part, evidence) for part, _ in form.atoms):
        return False
    return len(form.atoms) > 1 or form.constant > 0


def _is_clock(atom: Term, evidence: Evidence, depth: int = 0) -> bool:
    """Whether ``atom`` is the present time, read directly or through a variable named ``now``."""
    match atom:
        case Result(callee=callee) if callee is not None:
            return dotted(callee) in CLOCKS or (dotted(callee).endswith(".time") and "loop" in dotted(callee))
        case App(op="call", args=(callee, *_)):
            return dotted(callee) in CLOCKS
        case App(op="timestamp", args=(inner, *_)):
            return _is_clock(inner, evidence, depth)
        case Var(name=name) if depth < 3 and not words(name) & START_WORDS:
            values = [item.value for item in evidence.definitions(atom) if item.value is not None]
            if values and all(_is_clock(value, evidence, depth + 1) for value in values):
                return True
            return words(name) <= {"now", "current", "time", "ts", "utc"} and "now" in words(name)
    return False


def _is_start(atom: Term, evidence: Evidence) -> bool:
    """Whether ``atom`` is a moment in the past."""
    if words(last_name(atom)) & START_WORDS:
        return True
    values = [item.value for item in evidence.definitions(atom) if item.value is not None]
    return bool(values) and any(_is_clock(value, evidence) for value in values)


def _is_time(atom: Term, evidence: Evidence) -> bool:
    return _is_clock(atom, evidence) or bool(words(last_name(atom)) & (UNIT_WORDS | {"elapsed", "uptime", "age"}))


def _all_words(atom: Term) -> frozenset[str]:
    """The words of all names in ``atom``, without those of the receiver ``self``."""
    found: set[str] = set()
    for part in walk(atom):
        if isinstance(part, (Var, Attr, Item, Result)):
            found |= words(last_name(part))
    return frozenset(found)


# Switches


def _off_switch(candidates: list[Term], evidence: Evidence) -> Role:
    atoms = [atom for term in candidates for atom, _ in _form(term).atoms]
    if atoms and all(_rank(atom, evidence) > 0 for atom in atoms):
        return Role(Kind.OFF_SWITCH, frozenset(atoms), origin(atoms[0], evidence.definitions))
    return PLAIN


def _truthiness(term: Term, truth: bool, evidence: Evidence) -> Role:
    if _looks_boolean(term, evidence):
        return Role(Kind.OFF_SWITCH, frozenset(), origin(term, evidence.definitions))
    if not truth:
        return _countdown_truth(term, evidence)
    if isinstance(term, App) and term.op == "getenv":
        return PLAIN
    return _off_switch([term], evidence) if _is_threshold(term, evidence) else PLAIN


def _countdown_truth(term: Term, evidence: Evidence) -> Role:
    found = comparison(App("==", (term, Const(0))), True)
    return (found and _countdown(found, evidence)) or PLAIN


def _is_threshold(term: Term, evidence: Evidence) -> bool:
    """Whether ``if T:`` tests a threshold rather than a list or an id."""
    found = words(last_name(_unwrapped(term)))
    numeric = isinstance(term, App) and term.op in TRANSPARENT
    return numeric or bool(found & (LIMIT_WORDS | UNIT_WORDS)) or _numeric_definition(term, evidence)


def _default(value: Term) -> Term:
    """What an option of the command line is when nobody types it; any other value as it is."""
    match value:
        case App(op="option", args=(default,)):
            return default
    return value


def _numeric_definition(term: Term, evidence: Evidence) -> bool:
    values = [item.value for item in evidence.definitions(term) if item.value is not None]
    return any(
        number(_default(value)) is not None
        or any(isinstance(part, App) and part.op in {"int", "float", "max", "min"} for part in walk(value))
        for value in values
    )


def _unwrapped(term: Term) -> Term:
    while isinstance(term, App) and term.args and term.op in TRANSPARENT | {"lower", "strip", "upper", "str", "bool"}:
        term = term.args[0]
    return term


def _looks_boolean(term: Term, evidence: Evidence, depth: int = 0) -> bool:
    """Whether ``term`` is a yes-or-no setting from the environment, the configuration or a parameter."""
    inner = _unwrapped(term)
    if depth > 4 or isinstance(inner, Const):
        return False
    match inner:
        case App(op="getenv", args=(name, *_)):
            return isinstance(name, Const) and bool(words(str(name.value)) & SWITCH_WORDS)
        case App(op="==" | "in", args=(left, right)):
            return _is_switch_text(right) and _external(left, evidence)
        case App(op="not", args=(negated,)):
            return _looks_boolean(negated, evidence, depth + 1)
        case App(op="call", args=(callee, *args)):
            cast = any(
                isinstance(arg, App) and arg.op == "keyword:cast" and last_name(arg.args[0]) == "bool" for arg in args
            )
            return cast or bool(words(last_name(callee)) & {"bool", "boolean", "getboolean", "strtobool"})
        case Var() | Attr() | Item() | App(op="get"):
            return _boolean_place(inner, evidence, depth)
    return False


def _boolean_place(place: Term, evidence: Evidence, depth: int) -> bool:
    if place in evidence.parameters:
        return evidence.parameters[place]
    values = [item.value for item in evidence.definitions(place) if item.value is not None]
    if any(_looks_boolean(value, evidence, depth + 1) for value in values):
        return True
    if isinstance(place, Var) and is_constant_name(place.name):
        booleans = [value for value in values if isinstance(value, Const) and isinstance(value.value, bool)]
        named = bool(words(place.name) & SWITCH_WORDS) and not words(place.name) & (LIMIT_WORDS | UNIT_WORDS)
        numeric = any(number(value) is not None for value in values) or _numeric_definition(place, evidence)
        return bool(booleans) or (named and not numeric)
    parameters = [value for value in values if value in evidence.parameters]
    if parameters:
        return any(evidence.parameters[value] for value in parameters)
    return (
        _external(place, evidence)
        and bool(_key_words(place) & SWITCH_WORDS)
        and not _key_words(place) & (LIMIT_WORDS | UNIT_WORDS)
    )


def _key_words(place: Term) -> frozenset[str]:
    match place:
        case App(op="get", args=(_, Const(value=str() as key), *_)):
            return words(key)
    return words(last_name(place))


def _external(term: Term, evidence: Evidence) -> bool:
    source = origin(_unwrapped(term), evidence.definitions).source
    if source in {Source.ENVIRONMENT, Source.CONFIGURATION, Source.COMMAND_LINE}:
        return True
    match _unwrapped(term):
        case Attr(base=base) | Item(base=base):
            return is_configuration(base)
    return _unwrapped(term) in evidence.parameters


def _is_switch_text(term: Term) -> bool:
    match term:
        case Const(value=str() as text):
            return text.lower() in TRUE_STRINGS | FALSE_STRINGS
        case Const(value=bool()):
            return True
        case App(op="tuple" | "set" | "list", args=args):
            return bool(args) and all(_is_switch_text(arg) for arg in args)
    return False


def _equality_switch(term: Term, evidence: Evidence) -> Role | None:
    """``os.getenv("SELF_STOP") == "1"`` switches; ``T != "0"`` makes 0 mean never."""
    assert isinstance(term, App)
    left, right = term.args
    if isinstance(left, Const):
        left, right = right, left
    if not isinstance(right, Const) or number(right) is not None:
        return None
    if _is_switch_text(right) and _external(left, evidence):
        return Role(Kind.OFF_SWITCH, frozenset(), origin(_unwrapped(left), evidence.definitions))
    return PLAIN


def _membership(left: Term, right: Term, truth: bool, evidence: Evidence) -> Role:
    """``setting in ("1", "yes")`` switches; ``T not in ("", "0")`` makes 0 mean never."""
    if _is_switch_text(right) and _external(left, evidence):
        return Role(Kind.OFF_SWITCH, frozenset(), origin(_unwrapped(left), evidence.definitions))
    if not truth and isinstance(right, App) and right.op in {"tuple", "set", "list"} and _ZEROS & set(right.args):
        return _off_switch([left], evidence)
    return PLAIN
