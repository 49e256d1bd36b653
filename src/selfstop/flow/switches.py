"""Off switches: tests that say whether a machine may stop itself at all, not when."""

from __future__ import annotations

from selfstop.flow.limits import rank
from selfstop.flow.linear import TRANSPARENT, linear, number
from selfstop.flow.origins import Source, is_configuration, origin
from selfstop.flow.roles import PLAIN, Evidence, Kind, Role
from selfstop.flow.terms import App, Attr, Const, Item, Result, Term, Var, last_name, walk
from selfstop.flow.vocabulary import (
    FALSE_STRINGS,
    LIMIT_WORDS,
    SWITCH_WORDS,
    TRUE_STRINGS,
    UNIT_WORDS,
    is_constant_name,
    words,
)

_NAMES = 3
"""How many names a number may have had before."""

_OF_NUMBERS = frozenset({"int", "ceil", "float", "max", "min"})
_ZEROS = frozenset({Const("0"), Const(0)})


def off_switch(candidates: list[Term], evidence: Evidence) -> Role:
    """The off switch that a test of ``candidates`` is, if all that they are made of are limits."""
    atoms = [atom for term in candidates for atom, _ in linear(term).atoms]
    if atoms and all(rank(atom, evidence) > 0 for atom in atoms):
        return Role(Kind.OFF_SWITCH, frozenset(atoms), origin(atoms[0], evidence.definitions))
    return PLAIN


def is_threshold(term: Term, evidence: Evidence) -> bool:
    """Whether ``if T:`` tests a threshold rather than a list or an id."""
    found = _key_words(_unwrapped(term))
    numeric = isinstance(term, App) and term.op in TRANSPARENT
    return numeric or bool(found & (LIMIT_WORDS | UNIT_WORDS)) or _numeric_definition(term, evidence)


def _default(value: Term) -> Term:
    """What an option of the command line is when nobody types it; any other value as it is."""
    match value:
        case App(op="option", args=(default,)):
            return default
    return value


def _numeric_definition(term: Term, evidence: Evidence, depth: int = 0) -> bool:
    """Whether ``term`` is bound to a number somewhere, or to what is one or else something else."""
    values = [item.value for item in evidence.definitions(term) if item.value is not None]
    return depth < _NAMES and any(_is_numeric(_default(value), evidence, depth + 1) for value in values)


def _is_numeric(value: Term, evidence: Evidence, depth: int) -> bool:
    if number(value) is not None or any(isinstance(part, App) and part.op in _OF_NUMBERS for part in walk(value)):
        return True
    match value:
        case App(op="if", args=(_, *choices)) | App(op="or", args=choices):
            return any(_numeric_definition(choice, evidence, depth) for choice in choices)
    return False


def _unwrapped(term: Term) -> Term:
    while isinstance(term, App) and term.args and term.op in TRANSPARENT | {"lower", "strip", "upper", "str", "bool"}:
        term = term.args[0]
    return term


def looks_boolean(term: Term, evidence: Evidence) -> bool:
    """Whether ``term`` is a yes-or-no setting from the environment, the configuration or a parameter."""
    return _looks_boolean(term, evidence, 0, set())


def _looks_boolean(term: Term, evidence: Evidence, depth: int, asked: set[tuple[Term, int]]) -> bool:
    """``asked`` are the places that have been asked in vain so far, with the depth at which they were."""
    inner = _unwrapped(term)
    if depth > 4 or isinstance(inner, Const):
        return False
    match inner:
        case App(op="getenv", args=(name, *_)):
            return isinstance(name, Const) and bool(words(str(name.value)) & SWITCH_WORDS)
        case App(op="==" | "in", args=(left, right)):
            return _is_switch_text(right) and _external(left, evidence)
        case App(op="not", args=(negated,)):
            return _looks_boolean(negated, evidence, depth + 1, asked)
        case App(op="call", args=(callee, *args)):
            cast = any(
                isinstance(arg, App) and arg.op == "keyword:cast" and last_name(arg.args[0]) == "bool" for arg in args
            )
            return cast or _answers_yes_or_no(callee)
        case Result(callee=callee):
            return _answers_yes_or_no(callee)
        case Var() | Attr() | Item() | App(op="get"):
            if (inner, depth) in asked:
                return False
            asked.add((inner, depth))
            return _boolean_place(inner, evidence, depth, asked)
    return False


def _answers_yes_or_no(callee: Term | None) -> bool:
    """Whether what is called reads a truth value, by its name."""
    return bool(words(last_name(callee)) & {"bool", "boolean", "getboolean", "strtobool"})


def _boolean_place(place: Term, evidence: Evidence, depth: int, asked: set[tuple[Term, int]]) -> bool:
    if place in evidence.parameters:
        return evidence.parameters[place]
    values = [item.value for item in evidence.definitions(place) if item.value is not None]
    if any(_looks_boolean(value, evidence, depth + 1, asked) for value in values):
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


def equality_switch(term: Term, evidence: Evidence) -> Role | None:
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


def membership(left: Term, right: Term, truth: bool, evidence: Evidence) -> Role:
    """``setting in ("1", "yes")`` switches; ``T not in ("", "0")`` makes 0 mean never."""
    if _is_switch_text(right) and _external(left, evidence):
        return Role(Kind.OFF_SWITCH, frozenset(), origin(_unwrapped(left), evidence.definitions))
    if not truth and isinstance(right, App) and right.op in {"tuple", "set", "list"} and _ZEROS & set(right.args):
        return off_switch([left], evidence)
    return PLAIN
