"""Which parts of a comparison are its limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from selfstop.flow.code import Definition
from selfstop.flow.linear import Comparison, Linear, linear, number
from selfstop.flow.measures import grows, grows_by_definition, is_clock, is_deadline, is_start
from selfstop.flow.origins import UNKNOWN, Origin, Source, origin, worst
from selfstop.flow.roles import Evidence
from selfstop.flow.terms import App, Attr, Const, Item, Term, Var, last_name, substitute
from selfstop.flow.vocabulary import GROWING_WORDS, LIMIT_WORDS, UNIT_WORDS, is_constant_name, words


def is_limit(start: Term, evidence: Evidence) -> bool:
    """Whether something to count down from is a limit."""
    value = number(start)
    if value is not None:
        return value > 1
    return all(rank(atom, evidence) > 0 for atom, _ in linear(start).atoms)


def threshold_atoms(form: Linear, evidence: Evidence) -> list[Term]:
    """The atoms that are limits; where several look it, those of the highest rank."""
    ranks = {atom: rank(atom, evidence) for atom, _ in form.atoms}
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


def source_of(thresholds: Iterable[Term], evidence: Evidence) -> Origin:
    """Where thresholds come from. What is 0 unless somebody fills it in comes from outside, wherever it is kept."""
    return worst([_source(atom, evidence) for atom in thresholds])


def reached(found: Comparison, term: Term, thresholds: Sequence[Term], evidence: Evidence) -> Origin:
    """Where the limit of a comparison comes from, with what arithmetic makes of ``thresholds`` in it."""
    source = source_of(thresholds, evidence)
    limit = _limit(found, term, thresholds)
    made = UNKNOWN if limit is None else origin(limit, evidence.definitions)
    decided = made.source is Source.CONSTANT and made.value is not None
    return made if decided or (made.may_be_zero and not source.may_be_zero) else source


def _limit(found: Comparison, term: Term, thresholds: Sequence[Term]) -> Term | None:
    """What a measure is held against, as it is written where that stands alone, else as the form says."""
    match term:
        case App(args=(left, right)):
            for side, other in ((right, left), (left, right)):
                if _is_made_of(side, thresholds) and not any(atom in thresholds for atom in _atoms(other)):
                    return side
    signs = [(atom, factor) for atom, factor in found.form.atoms if atom in thresholds]
    negative = all(factor < 0 for _, factor in signs)
    if not negative and any(factor < 0 for _, factor in signs):
        return None
    made: Term = Const(-found.form.constant if negative else found.form.constant)
    for atom, factor in signs:
        made = App("+", (made, App("*", (Const(abs(factor)), atom))))
    return made


def _is_made_of(side: Term, thresholds: Sequence[Term]) -> bool:
    atoms = linear(side).atoms
    return bool(atoms) and all(atom in thresholds and factor > 0 for atom, factor in atoms)


def _source(threshold: Term, evidence: Evidence) -> Origin:
    found = origin(threshold, evidence.definitions)
    match threshold:
        case App(op="get", args=(_, _, Const(value=0))) if found.source is Source.UNKNOWN:
            return Origin(Source.CONFIGURATION)
    return found


def settings_of(thresholds: Iterable[Term], evidence: Evidence) -> frozenset[Term]:
    """The settings that decide when ``thresholds`` are reached: of a deadline, what it is ahead of the present by."""
    return frozenset(setting for atom in thresholds for setting in _lead(atom, evidence) or {atom})


def _lead(atom: Term, evidence: Evidence) -> frozenset[Term]:
    """What a moment to come is ahead by, as far as that is set from outside; empty where places differ in it."""
    known = evidence.definitions(atom)
    if not is_deadline(atom, evidence) or any(item.value is None and not item.annotation for item in known):
        return frozenset()
    leads = [frozenset(_added(atom, definition, evidence)) for definition in known]
    outside = [lead for lead in leads if any(origin(part, evidence.definitions).may_be_zero for part in lead)]
    return frozenset.intersection(*outside) if outside else frozenset()


def _added(place: Term, definition: Definition, evidence: Evidence) -> Iterator[Term]:
    """What is added to the present, as it is written and as it is bound where that is done only once."""
    value = definition.value
    match place, definition.target:
        case Attr(base=base), Attr(base=receiver) if value is not None:
            value = substitute(value, {receiver: base})
    for atom in () if value is None else _atoms(value):
        if is_clock(atom, evidence):
            continue
        yield atom
        known = evidence.definitions(atom)
        if len(known) == 1 and known[0].value is not None and not known[0].step:
            yield from _atoms(known[0].value)


def _atoms(value: Term) -> Iterator[Term]:
    return (atom for atom, _ in linear(value).atoms)


def _stable_side(form: Linear, evidence: Evidence) -> list[Term]:
    """``idle >= polls``: a parameter held against something that evidently grows is its limit."""
    growing = [atom for atom, _ in form.atoms if grows_by_definition(atom, evidence)]
    growing = growing or [atom for atom, _ in form.atoms if grows(atom, evidence)]
    if len(form.atoms) < 2 or not growing:
        return []
    others = [atom for atom, _ in form.atoms if atom not in growing and not is_start(atom, evidence)]
    stable = [atom for atom in others if atom in evidence.parameters or _from_parameter(atom, evidence)]
    return stable if len(stable) == len(others) == 1 else []


def _from_parameter(atom: Term, evidence: Evidence) -> bool:
    values = [item.value for item in evidence.definitions(atom)]
    return bool(values) and all(
        value is not None and (value in evidence.parameters or number(value) is not None) for value in values
    )


def rank(atom: Term, evidence: Evidence) -> int:
    """How much ``atom`` looks like a limit: 0 not at all, 4 certainly."""
    if is_clock(atom, evidence) or grows_by_definition(atom, evidence):
        return 0
    source = origin(atom, evidence.definitions).source
    found = words(_name(atom))
    if isinstance(atom, App) and atom.op in {"*", "/", "//", "+", "-", "max", "min", "or", "if", "%"}:
        parts = atom.args[1:] if atom.op == "if" else atom.args
        ranks = [rank(part, evidence) for part in parts if number(part) is None]
        return min(ranks, default=0)
    if source is Source.ENVIRONMENT:
        return 4
    if isinstance(atom, (Var, Attr, Item)) and any(is_constant_name(part) for part in _path(atom)):
        return 4
    if source in {Source.CONFIGURATION, Source.CLAMPED, Source.COMMAND_LINE}:
        return 3
    if found & LIMIT_WORDS or _table_of_limits(atom) or is_deadline(atom, evidence):
        return 2
    if _is_fixed(atom, evidence):
        return 2
    is_place = not isinstance(atom, App) or atom.op == "get"
    if found & UNIT_WORDS and is_place and not found & (GROWING_WORDS - {"count"}):
        return 1
    return 0


def _name(atom: Term) -> str:
    """What a reader calls ``atom``: by its key where it is looked up."""
    match atom:
        case App(op="get", args=(_, Const(value=str() as key), *_)):
            return key
    return last_name(atom)


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
    match atom:
        case Attr(base=base) | Item(base=base) | App(op="get", args=(base, *_)):
            return bool(words(last_name(base)) & LIMIT_WORDS)
    return False
