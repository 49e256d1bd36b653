"""Where a threshold's value comes from, and whether 0 can come of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeAlias

from selfstop.flow.amounts import ARITHMETIC, amount
from selfstop.flow.code import Definition
from selfstop.flow.linear import linear
from selfstop.flow.terms import (
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
    last_name,
    substitute,
    walk,
)
from selfstop.flow.vocabulary import COMMAND_LINE_NAMES, CONFIGURATION_CALLS, CONFIGURATION_NAMES, PARSING_CALLS, words

_DEPTH_LIMIT = 8
_NEVER_REACHED = frozenset({"math.inf", "numpy.inf", "sys.maxsize"})


class Source(IntEnum):
    """Kinds of origin, the one that asks for an off switch last."""

    CONSTANT = 0
    CLAMPED = 1
    UNKNOWN = 2
    COMMAND_LINE = 3
    CONFIGURATION = 4
    ENVIRONMENT = 5


@dataclass(frozen=True)
class Origin:
    """The source of a value; ``variable`` and ``default`` for environment variables.

    ``value`` is that of constants, the least one of what is clamped, and what an option of the command line is when
    nobody types it. ``outside`` is the source of what is clamped.
    """

    source: Source
    variable: str = ""
    default: str = ""
    value: float | None = None
    outside: Source = Source.UNKNOWN

    @property
    def may_be_zero(self) -> bool:
        """Whether the value is 0 where someone outside the code sets it so, or does not set it."""
        if self.source is Source.COMMAND_LINE:
            return self.value is not None and self.value <= 0
        return self.source in {Source.CONFIGURATION, Source.ENVIRONMENT}


UNKNOWN = Origin(Source.UNKNOWN)
Definitions: TypeAlias = "Callable[[Term], tuple[Definition, ...]]"


def origin(term: Term, definitions: Definitions) -> Origin:
    """The origin of ``term``; ``definitions`` gives all bindings of a place, flow aside."""
    return _traced(term, definitions, {}, 0)


def _traced(term: Term, definitions: Definitions, known: dict[Term, Origin], depth: int) -> Origin:
    """The origin of ``term``. What is already on the way, or ``known`` from another branch, is not traced again."""
    if isinstance(term, Const | App) and not (form := linear(term)).atoms:
        return Origin(Source.CONSTANT, value=form.constant)
    if depth > _DEPTH_LIMIT:
        return UNKNOWN
    if term not in known:
        known[term] = UNKNOWN
        known[term] = _found(term, definitions, lambda other: _traced(other, definitions, known, depth + 1))
    return known[term]


def _found(term: Term, definitions: Definitions, inner: Callable[[Term], Origin]) -> Origin:
    if is_infinite(term):
        return Origin(Source.CONSTANT, value=math.inf)
    returned = [found.value for found in definitions(term) if found.value is not None] if _is_call(term) else []
    if returned:
        return any_of([inner(value) for value in returned])
    match term:
        case Const():
            return Origin(Source.CONSTANT)
        case App():
            return _operation(term, definitions, inner)
        case Item(base=base):
            return _looked_up(term, base, definitions, inner)
        case Result(callee=callee, args=args) if callee is not None:
            return _called(callee, args, inner)
        case Var() | Attr():
            return _place(term, definitions, inner)
    return UNKNOWN


def _is_call(term: Term) -> bool:
    return isinstance(term, Result) or (isinstance(term, App) and term.op == "call")


def _operation(term: App, definitions: Definitions, inner: Callable[[Term], Origin]) -> Origin:
    match term:
        case App(op="getenv", args=(name, *default)):
            return Origin(Source.ENVIRONMENT, _literal(name), _literal(default[0]) if default else "")
        case App(op="max", args=args):
            return _clamped([inner(arg) for arg in args])
        case App(op="or", args=(first, *_, last)) if (fallback := inner(last).value or 0) > 0:
            return _or_else(inner(first), fallback, is_true_for_0=may_be_text(first, definitions))
        case App(op="or", args=(first, *_, last)) if inner(first).source is Source.COMMAND_LINE:
            return Origin(Source.COMMAND_LINE, value=inner(last).value)
        case App(op="option", args=(default,)):
            return _typed(inner(default))
        case App(op="if", args=(_, body, orelse)):
            return any_of([inner(body), inner(orelse)])
        case App(op="get", args=(base, *_)):
            return _looked_up(term, base, definitions, inner)
        case App(op="call", args=(callee, *args)):
            return _called(callee, args, inner)
        case App(op=op, args=args) if op in ARITHMETIC:
            return _computed(op, [inner(arg) for arg in args])
    return worst([inner(arg) for arg in term.args])


def _or_else(first: Origin, fallback: float, *, is_true_for_0: bool) -> Origin:
    if is_true_for_0:
        return Origin(Source.ENVIRONMENT, first.variable, f"{fallback:g}")
    return Origin(Source.CLAMPED, first.variable, f"{fallback:g}" if first.variable else "", fallback, first.source)


def _computed(op: str, parts: list[Origin]) -> Origin:
    """The origin of what arithmetic makes of ``parts``: it may take what was kept from 0 there again."""
    outside = worst(parts)
    values = [part.value for part in parts if part.value is not None]
    if len(values) < len(parts):
        return outside
    found = amount(op, values)
    match outside.source:
        case _ if found is None:
            return replace(outside, value=None)
        case Source.CONSTANT | Source.COMMAND_LINE:
            return replace(outside, value=found)
        case Source.CLAMPED if op in {"/", "//"} and parts[-1].source is Source.CLAMPED:
            return outside
        case Source.CLAMPED if found <= 0 or (op == "-" and parts[-1].source is Source.CLAMPED):
            return Origin(outside.outside, outside.variable, outside.default)
        case Source.CLAMPED:
            return replace(outside, value=found)
    return outside


def _typed(default: Origin) -> Origin:
    """The origin of what somebody types, or leaves at ``default``."""
    return default if default.may_be_zero else Origin(Source.COMMAND_LINE, value=default.value)


def may_be_text(term: Term, definitions: Definitions) -> bool:
    """Whether a value is that of an environment variable as it is, here or where it is bound."""
    return is_text(term) or any(found.value is not None and is_text(found.value) for found in definitions(term))


def is_infinite(term: Term) -> bool:
    """Whether ``term`` is infinity, or as much as that: what is never reached."""
    match term:
        case Var(scope="import", name=name):
            return name in _NEVER_REACHED
        case App(op="float", args=(Const(value=str() as text),)):
            return text.strip().lower() in {"inf", "+inf", "infinity", "+infinity"}
    return False


def is_text(term: Term) -> bool:
    """Whether a value is that of an environment variable as it is."""
    match term:
        case App(op="getenv"):
            return True
        case Item(base=base):
            return dotted(base) == "os.environ"
    return False


def worst(origins: Iterable[Origin]) -> Origin:
    """The origin that asks most for an off switch; arithmetic takes the worst of its operands."""
    return max(origins, key=lambda item: (item.source, item.may_be_zero), default=UNKNOWN)


def any_of(origins: Iterable[Origin]) -> Origin:
    """The origin of what may be any of several: the worst, and of constants the least."""
    found = list(origins)
    least = worst(found)
    if least.source is not Source.CONSTANT:
        return least
    return min((each for each in found if each.value is not None), key=lambda each: each.value or 0, default=least)


def _clamped(parts: list[Origin]) -> Origin:
    floors = [part.value for part in parts if part.source in {Source.CONSTANT, Source.CLAMPED} and part.value]
    if any(floor > 0 for floor in floors if floor is not None):
        outside = worst(parts)
        source = outside.outside if outside.source is Source.CLAMPED else outside.source
        least = max(floor for floor in floors if floor)
        return Origin(Source.CLAMPED, outside.variable, outside.default, least, source)
    return worst(parts)


def _literal(term: Term) -> str:
    match term:
        case Const(value=value):
            return "" if value is None else str(value)
    return ""


def _configured(base: Term, inner: Callable[[Term], Origin]) -> Origin:
    if dotted(base) == "os.environ":
        return Origin(Source.ENVIRONMENT)
    if is_configuration(base):
        return Origin(Source.CONFIGURATION)
    found = inner(base)
    return found if found.source in {Source.CONFIGURATION, Source.ENVIRONMENT} else UNKNOWN


def _looked_up(term: Item | App, base: Term, definitions: Definitions, inner: Callable[[Term], Origin]) -> Origin:
    """The origin of ``LIMITS["idle"]``: where that is no setting, what the table says."""
    found = _configured(base, inner)
    values = [known.value for known in definitions(term) if known.value is not None]
    if found.source is not Source.UNKNOWN or len(values) != 1:
        return found
    (value,) = values
    return inner(value)


def _called(callee: Term, args: Iterable[Term], inner: Callable[[Term], Origin]) -> Origin:
    name = last_name(callee)
    if "environ" in dotted(callee) or name in {"getenv", "get_env", "env"} or "env" in words(name):
        first = next(iter(args), None)
        return Origin(Source.ENVIRONMENT, _literal(first) if first is not None else "")
    if name in CONFIGURATION_CALLS or words(name) & CONFIGURATION_NAMES:
        return Origin(Source.CONFIGURATION)
    if _belongs_to_configuration(callee):
        return Origin(Source.CONFIGURATION)
    return worst([part for part in map(inner, args) if part.may_be_zero])


def _belongs_to_configuration(term: Term) -> bool:
    """Whether ``term`` is an attribute of something that is configuration; one of something imported is a name."""
    match term:
        case Attr(base=base):
            return is_configuration(base)
        case Var(scope="import", name=name):
            return is_configuration(Var("import", name.rpartition(".")[0]))
        case Var(scope=module) if ":" not in module:
            return is_configuration(Var("import", module))
    return False


def is_configuration(term: Term) -> bool:
    """Whether ``term`` is named or made as configuration (``settings``, ``self.config``, ``parse_args()``)."""
    match term:
        case Var(scope="import", name=name):
            return bool(words(name.rpartition(".")[2]) & CONFIGURATION_NAMES)
        case Var(name=name) | Attr(name=name):
            if words(name) & CONFIGURATION_NAMES:
                return True
            return isinstance(term, Attr) and is_configuration(term.base)
        case Item(base=base) | App(op="get", args=(base, *_)):
            return is_configuration(base)
        case Result(callee=callee) if callee is not None:
            return last_name(callee) in CONFIGURATION_CALLS or bool(words(last_name(callee)) & CONFIGURATION_NAMES)
        case App(op="call", args=(callee, *_)):
            return last_name(callee) in CONFIGURATION_CALLS or bool(words(last_name(callee)) & CONFIGURATION_NAMES)
        case Instance(cls=cls):
            return bool(words(cls.rpartition(":")[2]) & CONFIGURATION_NAMES)
        case Func():
            return False
    return False


def is_command_line(term: Term, definitions: Definitions) -> bool:
    """Whether ``term`` holds parsed command-line arguments: someone types them for this very run."""
    if last_name(term) in COMMAND_LINE_NAMES:
        return True
    values = [found.value for found in definitions(term) if found.value is not None]
    return any(
        isinstance(value, App) and value.op == "call" and last_name(value.args[0]) in PARSING_CALLS for value in values
    )


def _anew(known: Sequence[Definition], inner: Callable[[Term], Origin]) -> Origin | None:
    """What a constant is in the end that one function binds anew by way of itself: ``R = 5`` and ``R = R * 60``."""
    if len({found.function for found in known}) != 1 or not any(map(_is_anew, known)):
        return None
    last: Origin | None = None
    for found in known:
        value = App(found.step, (found.target, found.value)) if found.step and found.value is not None else found.value
        if value is None or (last is None and _is_anew(found)):
            return None
        last = inner(value if last is None else substitute(value, {found.target: Const(last.value)}))
        if last.source is not Source.CONSTANT or last.value is None:
            return None
    return last


def _is_anew(definition: Definition) -> bool:
    value = definition.value
    return bool(definition.step) or (value is not None and definition.target in walk(value))


def _place(term: Var | Attr, definitions: Definitions, inner: Callable[[Term], Origin]) -> Origin:
    known = definitions(term)
    if (last := _anew(known, inner)) is not None:
        return last
    values = [found.value for found in known if found.value is not None and not found.step]
    if values:
        found = any_of([inner(value) for value in values if value != term])
        if found.source is not Source.UNKNOWN:
            return found
    match term:
        case Attr(base=base) if is_command_line(base, definitions):
            return Origin(Source.COMMAND_LINE)
        case _ if _belongs_to_configuration(term):
            return Origin(Source.CONFIGURATION)
        case Attr(base=base) if inner(base).source in {Source.CONFIGURATION, Source.ENVIRONMENT}:
            return Origin(Source.CONFIGURATION)
    return UNKNOWN
