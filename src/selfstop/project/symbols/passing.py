"""What calls of code outside of the program give back of what they are given.

``json.loads(text)["instanceId"]`` is as much this machine's id as ``text`` was. A call that is not listed
here may give back anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from selfstop.flow.cfg import Call
from selfstop.flow.terms import NONE, App, Attr, Const, Result, Term, Var, dotted, last_name
from selfstop.flow.vocabulary import vocabulary
from selfstop.project.symbols.binding import split_arguments

Pairs = tuple[tuple[str, Term], ...]

METHODS = vocabulary(
    "text json read readline readlines decode encode split rsplit splitlines partition rpartition replace "
    "removeprefix removesuffix group groups result communicate getvalue copy build_full_result __next__"
)
"""Methods whose result says what their object says."""

FUNCTIONS: dict[str, int] = {
    "json.loads": 0,
    "json.load": 0,
    "orjson.loads": 0,
    "ujson.loads": 0,
    "yaml.safe_load": 0,
    "ast.literal_eval": 0,
    "next": 0,
    "iter": 0,
    "reversed": 0,
    "bytes": 0,
    "repr": 0,
    "frozenset": 0,
    "asyncio.run": 0,
    "asyncio.wait_for": 0,
    "asyncio.shield": 0,
    "asyncio.create_task": 0,
    "asyncio.ensure_future": 0,
    "contextlib.closing": 0,
    "io.TextIOWrapper": 0,
    "io.BytesIO": 0,
    "io.StringIO": 0,
    "os.fsdecode": 0,
    "os.path.basename": 0,
    "copy.copy": 0,
    "copy.deepcopy": 0,
    "itertools.chain.from_iterable": 0,
    "html.unescape": 0,
    "shlex.split": 0,
    "shlex.quote": 0,
    "typing.cast": 1,
    "re.search": 1,
    "re.match": 1,
    "re.fullmatch": 1,
    "re.findall": 1,
    "re.split": 1,
    "re.sub": 2,
}
"""Functions whose result says what one of their arguments says, by its position."""

MATCHING = frozenset({"search", "match", "fullmatch", "findall"})
RUNNERS = frozenset({"run_until_complete", "create_task"})
IDS = ("InstanceIds", "instance_ids", "InstanceId", "instance_id")
COLLECTION = frozenset({"filter", "all", "limit", "page_size"})
LISTING = vocabulary(
    "describe_instances describe_instance_status describe_auto_scaling_groups describe_auto_scaling_instances "
    "get_all_instances get_only_instances get_all_reservations get_all_instance_status"
)
"""Calls by which the API lists machines."""

LAUNCHING = frozenset({"run_instances", "create_instances"})


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a value that is asked for: an attribute, an item, or any element."""

    kind: Literal["attribute", "item", "element"]
    key: Term = NONE

    @property
    def name(self) -> str:
        """The name of an attribute, the text of an item's constant key, or the empty string."""
        return str(self.key.value) if isinstance(self.key, Const) and isinstance(self.key.value, str) else ""


ELEMENT = Part("element")
Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call: of a node of a graph, or one that stands in a term."""

    func: Term
    args: tuple[Term, ...] = ()
    keywords: Pairs = ()

    def keyword(self, *names: str) -> Term | None:
        """The argument given under one of ``names``."""
        return next((value for name, value in self.keywords if name in names), None)


def invocation(call: Call | App) -> Invocation:
    """The call at a node, or the one kept in a term ``App("call", …)``."""
    if isinstance(call, Call):
        return Invocation(call.func, call.args, call.keywords)
    positional, keywords = split_arguments(call.args[1:])
    return Invocation(call.args[0], positional, keywords)


def is_listing(call: Invocation) -> bool:
    """Whether a call asks the API for machines."""
    match call.func:
        case Attr(base=Result(callee=paginator, args=(Const(value=str() as operation), *_)), name="paginate"):
            return last_name(paginator) == "get_paginator" and operation in LISTING
        case Attr(base=Attr(name="instances"), name=name):
            return name in COLLECTION
    return last_name(call.func) in LISTING


def passed_on(call: Invocation, path: Parts) -> list[tuple[Term, Parts]] | None:
    """What the result (or the part ``path`` of it) is made from; None where that is not known."""
    ids = _asked_for(call)
    if ids is not None:
        return [(ids, ())]
    match call.func:
        case Attr(base=base, name=name):
            return _method(base, name, call, path)
    position = FUNCTIONS.get(dotted(call.func), -1) if _is_foreign(call.func) else -1
    if 0 <= position < len(call.args):
        return [(call.args[position], path)]
    several = _SEVERAL.get(dotted(call.func)) if _is_foreign(call.func) else None
    return None if several is None else several(call, path)


def _asked_for(call: Invocation) -> Term | None:
    """The ids by which machines, or one machine, are asked for."""
    if last_name(call.func) == "Instance" and isinstance(call.func, Attr):
        return call.args[0] if call.args else call.keyword("id", "instance_id")
    if is_listing(call) or (isinstance(call.func, Attr) and call.func.name == "filter"):
        return call.keyword(*IDS)
    return None


def _made(call: Invocation, path: Parts) -> list[tuple[Term, Parts]]:
    """``dict(…)``: by keyword, or what is copied."""
    wanted = path[0].name if path else ""
    named = [(value, path[1:]) for name, value in call.keywords if name in {wanted, "**"} or not wanted]
    return [*((arg, path) for arg in call.args), *named]


def _field(call: Invocation, path: Parts) -> list[tuple[Term, Parts]]:
    """The default of a dataclass's field."""
    factory = call.keyword("default_factory")
    default = call.keyword("default")
    made: list[tuple[Term, Parts]] = [] if factory is None else [(App("call", (factory,)), path)]
    return made if default is None else [*made, (default, path)]


def _enumerated(call: Invocation, path: Parts) -> list[tuple[Term, Parts]]:
    return [(arg, _without_position(path)) for arg in call.args[:1]]


def _zipped(call: Invocation, path: Parts) -> list[tuple[Term, Parts]]:
    match path:
        case (Part(kind="element" | "item"), Part(kind="item") as position, *rest):
            return [(arg, (ELEMENT, *rest)) for arg in selected(call.args, (position,))]
    return [(arg, path) for arg in call.args]


def _chained(call: Invocation, path: Parts) -> list[tuple[Term, Parts]]:
    return [(arg, path) for arg in call.args]


def _gathered(call: Invocation, path: Parts) -> list[tuple[Term, Parts]]:
    return [(arg, path[1:]) for arg in selected(call.args, path)]


def _mapped(call: Invocation, path: Parts) -> list[tuple[Term, Parts]] | None:
    """``map(str, ids)``; what other functions make of their arguments is another question."""
    match call.args:
        case (Var(scope="builtins"), values):
            return [(values, path)]
    return None


_SEVERAL: dict[str, Callable[[Invocation, Parts], list[tuple[Term, Parts]] | None]] = {
    "dict": _made,
    "dataclasses.field": _field,
    "enumerate": _enumerated,
    "zip": _zipped,
    "itertools.chain": _chained,
    "asyncio.gather": _gathered,
    "map": _mapped,
}


def _method(base: Term, name: str, call: Invocation, path: Parts) -> list[tuple[Term, Parts]] | None:
    if name in METHODS:
        return [(base, path)]
    if name in MATCHING:
        return [(base, path), *((arg, path) for arg in call.args if not isinstance(arg, Const))]
    if name in RUNNERS and call.args:
        return [(call.args[0], path)]
    if name == "items":
        return [(base, (ELEMENT, *_without_position(path)[1:]))]
    if name in {"values", "pop", "popitem", "popleft"} and not call.args:
        return [(base, path if name == "values" else (ELEMENT, *path))]
    if name in {"get", "pop", "setdefault"} and call.args and isinstance(call.args[0], Const):
        given = [(value, path) for value in call.args[1:]]
        return [(base, (Part("item", call.args[0]), *path)), *given] if _is_key(call.args[0]) else None
    return None


def _is_key(key: Const) -> bool:
    """Whether ``x.get(key)`` looks something up: an address or a path would be fetched."""
    return not isinstance(key.value, str) or "/" not in key.value


def _without_position(path: Parts) -> Parts:
    """``(element, item 1, …)`` of pairs with a position or a key in front: the element itself."""
    match path:
        case (Part(kind="element") as element, Part(kind="item"), *rest):
            return (element, *rest)
    return path


def selected(args: tuple[Term, ...], path: Parts) -> tuple[Term, ...]:
    """The element of a display that is asked for, or all of them."""
    match path:
        case (Part(kind="item", key=Const(value=int() as position)), *_):
            plain = not any(isinstance(arg, App) and arg.op == "unpack" for arg in args)
            if plain and -len(args) <= position < len(args):
                return (args[position],)
    return args


def _is_foreign(func: Term) -> bool:
    return isinstance(func, Var) and func.scope in {"import", "builtins"}


def handed(call: Invocation, position: int) -> tuple[tuple[Term, ...], Pairs]:
    """The arguments with which the function that is the argument at ``position`` is going to be called."""
    after = call.args[position + 1 :]
    if after:
        return after, ()
    return tuple(_members(call.keyword("args"))), tuple(_entries(call.keyword("kwargs")))


def _members(term: Term | None) -> Sequence[Term]:
    match term:
        case App(op="tuple" | "list", args=args):
            return args
    return ()


def _entries(term: Term | None) -> Iterator[tuple[str, Term]]:
    match term:
        case App(op="dict", args=pairs):
            for pair in pairs:
                match pair:
                    case App(op="pair", args=(Const(value=str() as name), value)):
                        yield name, value
