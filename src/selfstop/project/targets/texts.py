"""Addresses, paths and commands as text, put together from constants, f-strings, displays and variables."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from selfstop.flow.cfg import Call
from selfstop.flow.terms import App, Attr, Const, Result, Term, Var, dotted, last_name
from selfstop.project.symbols.passing import Invocation
from selfstop.project.symbols.templates import BRACES, FORMATTED, PERCENT, pieces
from selfstop.project.symbols.values import Point, Value
from selfstop.project.targets.following import Follower

HOLE = "\x00"
"""What stands for a part of a text that is not known."""

MAX_TEXTS = 12
MAX_DEPTH = 6
_COMPOSERS = frozenset(
    {"Request", "URL", "Url", "urljoin", "urlunsplit", "urlunparse", "Path", "PurePosixPath", "PosixPath"}
    | {"joinpath", "copy_with", "HTTPConnection", "HTTPConnectionPool", "Client", "AsyncClient", "ClientSession"}
    | {"format", "join", "partial", "split", "quote", "open", "expanduser", "resolve", "with_name"}
)
"""Calls whose result is made from the texts they are given."""


class Texts:
    """Reads terms as texts."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def of(self, term: Term, point: Point, depth: int = 0) -> list[str]:
        """The texts that ``term`` may stand for."""
        if depth > MAX_DEPTH:
            return [HOLE]
        leaves = self._follower.leaves(Value(term, point), whole=True)
        found = dict.fromkeys(text for leaf in leaves for text in self._of_leaf(leaf, depth))
        return list(found)[:MAX_TEXTS] if len(found) <= MAX_TEXTS else [*list(found)[:MAX_TEXTS], HOLE]

    def _of_leaf(self, leaf: Value, depth: int) -> Iterable[str]:
        if leaf.path:
            return [HOLE]
        match leaf.term:
            case Const(value=str() as text):
                return [text]
            case Const(value=bytes() as data):
                return [data.decode("latin-1")]
            case Const(value=None):
                return []
            case Const(value=value):
                return [str(value)]
            case App():
                return self._of_application(leaf.term, leaf.point, depth)
            case Result(site=site):
                found = self._follower.call_at(site)
                return [HOLE] if found is None else self._of_call(found[1], leaf.point, depth)
        return [HOLE]

    def _of_application(self, term: App, point: Point, depth: int) -> Iterable[str]:
        match term:
            case App(op="fstring", args=(Const(value=str() as text), *parts)) if match := FORMATTED.match(text):
                return self._filled(list(pieces(match["text"])), parts, point, depth)
            case App(op="+" | "fstring", args=args):
                return self._joined("", args, point, depth)
            case App(op="/", args=args):
                return self._joined("/", args, point, depth)
            case App(op="list" | "tuple" | "set" | "dict" | "pair" | "unpack", args=args):
                return self._joined(" ", args, point, depth)
            case App(op="%", args=(template, values)):
                given = values.args if isinstance(values, App) and values.op == "tuple" else (values,)
                templates = self.of(template, point, depth + 1)
                return [text for each in templates for text in self._filled(PERCENT.split(each), given, point, depth)]
            case App(op="call"):
                return self._of_call(term, point, depth)
        return [HOLE]

    def _of_call(self, call: Call | App, point: Point, depth: int) -> Iterable[str]:
        called = self._follower.invocation(call)
        match called.func:
            case Attr(base=template, name="format"):
                return [
                    text
                    for each in self.of(template, point, depth + 1)
                    for text in self._filled(BRACES.split(each), _fields(each, called), point, depth)
                ]
            case Attr(base=Const(value=str() as separator), name="join") if called.args:
                return self._separated(separator, called.args[0], point, depth)
        if dotted(called.func) == "os.path.join":
            return self._joined("/", called.args, point, depth)
        if last_name(called.func) in _COMPOSERS:
            return self._joined(" " if last_name(called.func) == "Request" else "/", operands(called), point, depth)
        return [HOLE]

    def _separated(self, separator: str, parts: Term, point: Point, depth: int) -> Iterable[str]:
        match parts:
            case App(op="list" | "tuple", args=args):
                return self._joined(separator, args, point, depth)
        return [HOLE]

    def _filled(self, pieces: Sequence[str], parts: Sequence[Term], point: Point, depth: int) -> Iterable[str]:
        """``pieces`` with the texts of ``parts`` between them."""
        texts: list[list[str]] = [[pieces[0]]]
        for number, piece in enumerate(pieces[1:]):
            texts.append(self.of(parts[number], point, depth + 1) if number < len(parts) else [HOLE])
            texts.append([piece])
        return _combined("", texts)

    def _joined(self, separator: str, parts: Sequence[Term], point: Point, depth: int) -> Iterable[str]:
        return _combined(separator, [self.of(part, point, depth + 1) for part in parts])


def _fields(template: str, call: Invocation) -> list[Term]:
    """The arguments of ``str.format`` in the order in which the template has them."""
    named = dict(call.keywords)
    fields: list[Term] = []
    for number, brace in enumerate(BRACES.findall(template)):
        name = re.split(r"[!:.\[]", brace[1:-1])[0]
        position = int(name) if name.isdigit() else number
        given = call.args[position] if position < len(call.args) else App("opaque")
        fields.append(named.get(name, given))
    return fields


def operands(call: Invocation) -> list[Term]:
    """What may tell a call what to read: its object, and its arguments but for those that say how."""
    return [*_callee(call.func), *call.args, *(value for name, value in call.keywords if name not in _HOW)]


def _callee(func: Term) -> list[Term]:
    """The object of a method, or the variable that holds what is called."""
    match func:
        case Attr(base=base):
            return [base]
        case Var(scope=scope) if scope not in {"import", "builtins"}:
            return [func]
    return []


_HOW = frozenset(
    {"headers", "timeout", "verify", "env", "auth", "proxies", "allow_redirects", "encoding", "errors", "mode"}
    | {"retries", "shell", "check", "text", "capture_output", "stdout", "stderr", "universal_newlines", "bufsize"}
)


def _combined(separator: str, texts: Sequence[Sequence[str]]) -> list[str]:
    products = itertools.product(*(alternatives or [""] for alternatives in texts))
    return [separator.join(choice) for choice in itertools.islice(products, MAX_TEXTS)]
