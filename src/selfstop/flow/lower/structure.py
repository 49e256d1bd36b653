"""Expressions as terms, flow aside.

Calls taken to be pure, by their names, become operations of their own (``getenv``, ``int``, ``timedelta`` …); others
become ``App("call", …)``. ``expressions`` overrides what needs control flow.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable

import libcst as cst

from selfstop.flow.lower.context import ModuleContext
from selfstop.flow.lower.scopes import BUILTINS, Scope
from selfstop.flow.origins import is_configuration
from selfstop.flow.terms import MAX_SIZE, NONE, App, Attr, Const, Item, Term, Var, builtin_call, dotted, size

BINARY: dict[type[cst.CSTNode], str] = {
    cst.Add: "+",
    cst.Subtract: "-",
    cst.Multiply: "*",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.Modulo: "%",
    cst.Power: "**",
    cst.BitAnd: "&",
    cst.BitOr: "|",
    cst.BitXor: "^",
    cst.LeftShift: "<<",
    cst.RightShift: ">>",
    cst.MatrixMultiply: "@",
    cst.AddAssign: "+",
    cst.SubtractAssign: "-",
    cst.MultiplyAssign: "*",
    cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//",
    cst.ModuloAssign: "%",
    cst.PowerAssign: "**",
    cst.BitAndAssign: "&",
    cst.BitOrAssign: "|",
    cst.BitXorAssign: "^",
    cst.LeftShiftAssign: "<<",
    cst.RightShiftAssign: ">>",
    cst.MatrixMultiplyAssign: "@",
}

PURE_BUILTINS = frozenset(
    {"int", "float", "str", "bool", "len", "abs", "round", "max", "min", "tuple", "list", "sorted", "set"}
)
_WHOLE_NUMBERS = {"math.floor": "int", "math.trunc": "int", "math.ceil": "ceil"}
PURE_METHODS = frozenset(
    {"lower", "upper", "strip", "lstrip", "rstrip", "casefold", "title", "total_seconds", "timestamp"}
)
SECONDS = {
    "weeks": 604800,
    "days": 86400,
    "hours": 3600,
    "minutes": 60,
    "seconds": 1,
    "milliseconds": 0.001,
    "microseconds": 0.000001,
}
TIMEDELTA_ORDER = ("days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks")

_METHODS: dict[type[cst.CSTNode], str] = {
    cst.Name: "name",
    cst.Attribute: "attribute",
    cst.Integer: "number",
    cst.Float: "number",
    cst.Imaginary: "number",
    cst.SimpleString: "string",
    cst.ConcatenatedString: "string",
    cst.FormattedString: "formatted",
    cst.TemplatedString: "templated",
    cst.BinaryOperation: "binary",
    cst.UnaryOperation: "unary",
    cst.BooleanOperation: "boolean",
    cst.Comparison: "comparison",
    cst.IfExp: "conditional",
    cst.Tuple: "sequence",
    cst.List: "sequence",
    cst.Set: "sequence",
    cst.Dict: "dictionary",
    cst.Subscript: "subscript",
    cst.Await: "awaited",
    cst.NamedExpr: "walrus",
    cst.Call: "call",
    cst.Lambda: "function",
    cst.ListComp: "comprehension",
    cst.SetComp: "comprehension",
    cst.GeneratorExp: "comprehension",
    cst.DictComp: "comprehension",
    cst.Yield: "yielded",
}


class Structure:
    """Turns expressions of one scope into terms without emitting anything."""

    def __init__(self, context: ModuleContext, scope: Scope) -> None:
        self.context = context
        self.scope = scope

    def value(self, node: cst.BaseExpression) -> Term:
        """The term of ``node``."""
        method = _METHODS.get(type(node), "opaque")
        lower: Callable[[cst.BaseExpression], Term] = getattr(self, method)
        term = lower(node)
        return term if size(term) <= MAX_SIZE else self.opaque(node)

    def opaque(self, node: cst.BaseExpression) -> Term:
        """An expression of which nothing is known but its text."""
        return App("opaque", (Const(self.context.text(node)),))

    def name(self, node: cst.Name) -> Term:
        constants = {"True": True, "False": False, "None": None}
        if node.value in constants:
            return Const(constants[node.value])
        return self.scope.read(node.value)

    def attribute(self, node: cst.Attribute) -> Term:
        return attribute(self.value(node.value), node.attr.value)

    def number(self, node: cst.Integer | cst.Float | cst.Imaginary) -> Term:
        try:
            value = node.evaluated_value
            float(abs(value))
        except (OverflowError, SyntaxError, ValueError):  # too large for a float, or even to be read
            return Structure.opaque(self, node)
        return Const(value)

    def string(self, node: cst.SimpleString | cst.ConcatenatedString) -> Term:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes such as "\\d"
            value = node.evaluated_value
        if value is None and isinstance(node, cst.ConcatenatedString):  # one of its parts has fields
            return App("fstring", (self.value(node.left), self.value(node.right)))
        return Const(value)

    def formatted(self, node: cst.FormattedString) -> Term:
        return App("fstring", (Const(self.context.text(node)), *self.fields(node.parts)))

    def templated(self, node: cst.TemplatedString) -> Term:
        return App("fstring", (Const(self.context.text(node)), *self.fields(node.parts)))

    def fields(self, parts: Iterable[cst.CSTNode]) -> list[Term]:
        """The values in a formatted string. Those in their formats are looked at as well, but are no part of it."""
        found: list[Term] = []
        for part in parts:
            if isinstance(part, (cst.FormattedStringExpression, cst.TemplatedStringExpression)):
                found.append(self.value(part.expression))
                self.fields(part.format_spec or ())
        return found

    def binary(self, node: cst.BinaryOperation) -> Term:
        return App(BINARY[type(node.operator)], (self.value(node.left), self.value(node.right)))

    def unary(self, node: cst.UnaryOperation) -> Term:
        inner = self.value(node.expression)
        if isinstance(node.operator, cst.Not):
            return App("not", (inner,))
        if isinstance(node.operator, cst.Minus):
            match inner:
                case Const(value=int() | float() as number) if not isinstance(number, bool):
                    return Const(-number)
            return App("neg", (inner,))
        return inner if isinstance(node.operator, cst.Plus) else App("~", (inner,))

    def boolean(self, node: cst.BooleanOperation) -> Term:
        op = "and" if isinstance(node.operator, cst.And) else "or"
        return App(op, (self.value(node.left), self.value(node.right)))

    def comparison(self, node: cst.Comparison) -> Term:
        left = self.value(node.left)
        parts: list[Term] = []
        for target in node.comparisons:
            right = self.value(target.comparator)
            parts.append(compare(left, target.operator, right))
            left = right
        return parts[0] if len(parts) == 1 else App("and", tuple(parts))

    def conditional(self, node: cst.IfExp) -> Term:
        return App("if", (self.value(node.test), self.value(node.body), self.value(node.orelse)))

    def sequence(self, node: cst.Tuple | cst.List | cst.Set) -> Term:
        kinds: dict[type[cst.CSTNode], str] = {cst.Tuple: "tuple", cst.List: "list", cst.Set: "set"}
        return App(kinds[type(node)], tuple(self.element(element) for element in node.elements))

    def element(self, element: cst.BaseElement) -> Term:
        inner = self.value(element.value)
        return App("unpack", (inner,)) if isinstance(element, cst.StarredElement) else inner

    def dictionary(self, node: cst.Dict) -> Term:
        parts: list[Term] = []
        for element in node.elements:
            if isinstance(element, cst.DictElement):
                parts.append(App("pair", (self.value(element.key), self.value(element.value))))
            else:
                parts.append(App("unpack", (self.value(element.value),)))
        return App("dict", tuple(parts))

    def subscript(self, node: cst.Subscript) -> Term:
        base = self.value(node.value)
        keys = [self.index(element.slice) for element in node.slice]
        key = keys[0] if len(keys) == 1 else App("tuple", tuple(keys))
        if dotted(base) == "os.environ":
            return App("getenv", (key,))
        return self._named(base, key) or Item(base, key)

    def _named(self, base: Term, key: Term) -> Term | None:
        """What is read or bound by its name in a namespace: ``worker.__dict__["ready"]``, ``globals()["READY"]``."""
        if not (isinstance(key, Const) and isinstance(key.value, str)):
            return None
        match base, builtin_call(base):
            case Attr(base=owner, name="__dict__"), _:
                return attribute(owner, key.value)
            case _, ("vars", (owner,)):
                return attribute(owner, key.value)
            case _, ("globals", ()):
                return self.scope.module().own(key.value)
        return None

    def index(self, node: cst.BaseSlice) -> Term:
        if isinstance(node, cst.Index):
            return self.value(node.value)
        assert isinstance(node, cst.Slice)
        bounds = [NONE if bound is None else self.value(bound) for bound in (node.lower, node.upper, node.step)]
        return App("slice", tuple(bounds))

    def awaited(self, node: cst.Await) -> Term:
        return self.value(node.expression)

    def walrus(self, node: cst.NamedExpr) -> Term:
        return self.value(node.value)

    def function(self, node: cst.Lambda) -> Term:
        return App("lambda", (self.value(node.body),))

    def comprehension(self, node: cst.BaseComp) -> Term:
        return self.opaque(node)

    def yielded(self, node: cst.Yield) -> Term:
        return self.opaque(node)

    def call(self, node: cst.Call) -> Term:
        func = self.value(node.func)
        args, keywords = self.arguments(node)
        pure = pure_call(func, args, keywords)
        if pure is not None:
            return pure
        named = tuple(App(f"keyword:{name}", (value,)) for name, value in keywords)
        return App("call", (func, *args, *named))

    def arguments(self, node: cst.Call) -> tuple[tuple[Term, ...], tuple[tuple[str, Term], ...]]:
        """Positional and keyword arguments, in order; unpacked ones are marked ``unpack`` and ``**``."""
        args: list[Term] = []
        keywords: list[tuple[str, Term]] = []
        for arg in node.args:
            value = self.argument(arg.value)
            if arg.star == "**":
                keywords.append(("**", value))
            elif arg.star == "*":
                args.append(App("unpack", (value,)))
            elif arg.keyword is not None:
                keywords.append((arg.keyword.value, value))
            else:
                args.append(value)
        return tuple(args), tuple(keywords)

    def argument(self, node: cst.BaseExpression) -> Term:
        """The value of an argument."""
        return self.value(node)


def attribute(base: Term, name: str) -> Term:
    """``base.name``; attributes of imported modules stay dotted names."""
    if isinstance(base, Var) and base.scope == "import":
        return Var("import", f"{base.name}.{name}")
    return Attr(base, name)


def compare(left: Term, operator: cst.BaseCompOp, right: Term) -> Term:
    """A comparison with ``<``, ``<=``, ``==``, ``in`` or ``is``; the others are their mirror or negation."""
    match operator:
        case cst.LessThan():
            return App("<", (left, right))
        case cst.GreaterThan():
            return App("<", (right, left))
        case cst.LessThanEqual():
            return App("<=", (left, right))
        case cst.GreaterThanEqual():
            return App("<=", (right, left))
        case cst.Equal():
            return App("==", (left, right))
        case cst.NotEqual():
            return App("not", (App("==", (left, right)),))
        case cst.In():
            return App("in", (left, right))
        case cst.NotIn():
            return App("not", (App("in", (left, right)),))
        case cst.Is():
            return App("is", (left, right))
        case _:
            return App("not", (App("is", (left, right)),))


def pure_call(func: Term, args: tuple[Term, ...], keywords: tuple[tuple[str, Term], ...]) -> Term | None:
    """The operation that a call amounts to, if it is taken to have no effect and to depend on nothing else.

    That goes by names: ``x.strip()`` and ``x.get("name")`` are, whatever ``x`` may be. What calls what it is given
    (``max(…, key=f)``) is not.
    """
    name = dotted(func)
    if any(key == "key" for key, _ in keywords) and name in PURE_BUILTINS:
        return None
    if isinstance(func, Var) and func.scope == BUILTINS and name in PURE_BUILTINS:
        if name in {"list", "tuple", "set"}:
            return App(name, tuple(App("unpack", (arg,)) for arg in args))
        return App(name, args) if not keywords else App(name, (*args, *(value for _, value in keywords)))
    if name in {"os.getenv", "os.environ.get"}:
        return App("getenv", (*args, *(value for key, value in keywords if key == "default")))
    if name == "datetime.timedelta":
        return _timedelta(args, dict(keywords))
    if name in _WHOLE_NUMBERS:
        return App(_WHOLE_NUMBERS[name], args)
    if keywords:
        return None
    match name, args:
        case "staticmethod", (function,):
            return function
        case "getattr", (base, Const(value=str() as attr), *_):
            return attribute(base, attr)
    return _pure_method(func, args)


def is_method(func: Term) -> bool:
    """Whether a call that is taken for pure is so by the name of a method, which other objects may have, too."""
    match func:
        case Attr():
            return True
        case Var(scope="import", name=name):
            return name.endswith(".get") and name != "os.environ.get"
    return False


def _pure_method(func: Term, args: tuple[Term, ...]) -> Term | None:
    match func:
        case Attr(base=base, name=name) if name in PURE_METHODS and (not args or "strip" in name):
            return App(name, (base, *args))
        case Attr(base=base, name="get"):
            return _looked_up(base, args)
        case Var(scope="import", name=name) if name.endswith(".get"):
            base = Var("import", name.removesuffix(".get"))
            return _looked_up(base, args) if is_configuration(base) else None
    return None


def _looked_up(base: Term, args: tuple[Term, ...]) -> Term | None:
    """``base.get(…)``, where what is looked up is a name."""
    match args:
        case (Const(value=str() as key), *_) if key.replace("-", "_").isidentifier():
            return App("get", (base, *args))
    return None


def _timedelta(args: tuple[Term, ...], keywords: dict[str, Term]) -> Term | None:
    parts = dict(zip(TIMEDELTA_ORDER, args, strict=False)) | keywords
    if not parts or any(unit not in SECONDS for unit in parts):
        return None
    total: Term | None = None
    for unit, amount in parts.items():
        term: Term = amount if SECONDS[unit] == 1 else App("*", (amount, Const(SECONDS[unit])))
        total = term if total is None else App("+", (total, term))
    assert total is not None
    return App("timedelta", (total,))
