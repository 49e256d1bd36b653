"""Lowered code as text: terms as code has them, graphs a node a line."""

from __future__ import annotations

from collections.abc import Iterator

from selfstop.flow.cfg import Assign, Call, Dispatch, Edge, EdgeKind, Effect, Graph, Iterate, Node, Raise, Skip, Test
from selfstop.flow.code import Class, Definition, Function, ModuleCode, Parameter
from selfstop.flow.terms import App, Attr, Const, Func, Instance, Item, Result, Term, Var

MODULE = "m:<module>"


def written(term: Term | None, scope: str | None = None) -> str:
    """A term, as code has it. With a ``scope``, variables of other ones are written with theirs."""

    def all_of(terms: tuple[Term, ...]) -> str:
        return ", ".join(written(each, scope) for each in terms)

    match term:
        case Const(value=value):
            return repr(value)
        case Var(scope=home, name=name):
            return name.rpartition(".")[2] if scope is None else name if home == scope else f"{home}/{name}"
        case Attr(base=base, name=name):
            return f"{written(base, scope)}.{name}"
        case Item(base=base, key=key):
            return f"{written(base, scope)}[{written(key, scope)}]"
        case Result(site=site, callee=callee, args=args):
            place = "" if scope is None else site.removeprefix(scope)
            return f"{written(callee, scope)}{place}({all_of(args)})"
        case App(op=op, args=args):
            return f"{op}({all_of(args)})"
        case Func(function=function, receiver=receiver, args=args, keywords=keywords):
            assert (receiver, args, keywords) == (None, (), ())
            return f"<{function}>"
        case Instance(cls=cls, site=site):
            return f"<{cls} made at {site}>"
    return "?"


def dumped(module: ModuleCode) -> str:
    """All that a module consists of."""
    lines = [f"import {dotted} as {name}" for name, dotted in module.imports]
    lines += [f"import all of {name}" for name in module.star_imports]
    lines += [_class(each) for each in module.classes]
    lines += [_definition(each) for each in module.definitions]
    for function in module.functions:
        if function.id != MODULE or len(function.graph.nodes) > 3:
            lines += _function(function)
    return "\n".join(lines) + "\n"


def _class(each: Class) -> str:
    bases = ", ".join(written(base, MODULE) for base in each.bases)
    decorators = "".join(f" @{written(decorator, MODULE)}" for decorator in each.decorators)
    methods = "".join(f" {name}=<{function}>" for name, function in each.methods)
    return f"class {each.id} {each.name}({bases}){decorators}{methods}"


def _definition(each: Definition) -> str:
    annotation = f": {each.annotation}" if each.annotation else ""
    target, value = written(each.target, each.function), written(each.value, each.function)
    return f"in {each.function} {target}{annotation} {each.step}= {value}"


def _function(each: Function) -> Iterator[str]:
    parameters = ", ".join(_parameter(parameter, each.parent or "") for parameter in each.parameters)
    flags = [name for name in ("is_generator", "is_async", "never_returns", "outlined") if getattr(each, name)]
    decorators = [f"@{written(decorator, each.parent)}" for decorator in each.decorators]
    owners = [f"{name} {value}" for name, value in (("of", each.cls), ("in", each.parent)) if value]
    returns = f" -> {each.returns}" if each.returns else ""
    yield " ".join([f"line {each.line}: {each.id} {each.name}({parameters}){returns}", *owners, *flags, *decorators])
    graph = each.graph
    captured = sorted(variable.name for variable in graph.captured)
    ends = f"    enters {graph.entry}, leaves by {graph.exit}, raises by {graph.escape}"
    yield f"{ends}, protects {list(graph.protections)}, captured {captured}"
    for number, node in enumerate(graph.nodes):
        yield f"    {number}. {_node(node, graph)}".rstrip()


def _parameter(each: Parameter, scope: str) -> str:
    annotation = f": {each.annotation}" if each.annotation else ""
    default = "" if each.default is None else f" = {written(each.default, scope)}"
    return f"{each.kind} {each.name}{annotation}{default}"


def _node(node: Node, graph: Graph) -> str:
    finallies = f" in finally {list(node.finallies)}" if node.finallies else ""
    edges = ", ".join(map(_edge, node.edges))
    return f"line {node.line}{finallies}: {_operation(node, graph.scope)} => {edges}"


def _edge(edge: Edge) -> str:
    kind = "" if edge.kind is EdgeKind.NEXT else f"{edge.kind.value} "
    return f"{kind}{edge.target}" + (f" by clause {edge.clause}" if edge.clause >= 0 else "")


def _operation(node: Node, scope: str) -> str:
    match node.operation:
        case Skip(label=label):
            return label or "skip"
        case Effect(text=text, suspends=suspends):
            return f"effect {text}" + " that suspends" * suspends
        case Assign(target=target, value=value):
            return f"{written(target, scope)} = {written(value, scope)}"
        case Call(result=result, func=func, args=args, keywords=keywords, text=text, span=span, awaited=awaited):
            given = [written(arg, scope) for arg in args] + [f"{key}={written(arg, scope)}" for key, arg in keywords]
            place = f"{span.line}:{span.column}-{span.end_line}:{span.end_column}"
            waits = "await " * awaited
            return f"{written(result, scope)} = {waits}{written(func, scope)}({', '.join(given)}) `{text}` at {place}"
        case Test(term=term, text=text, loop=loop, negated=negated):
            return f"{'while' if loop else 'if'} {'not ' * negated}{written(term, scope)} `{text}`"
        case Iterate(iterable=iterable, text=text, abandons=abandons, marks=marks):
            return f"for {written(iterable, scope)} `{text}`" + " abandons" * abandons + " marks" * marks
        case Raise(exception=exception):
            return f"raise {written(exception, scope)}"
        case Dispatch(clauses=clauses):
            return "except " + " | ".join(", ".join(written(each, scope) for each in clause) for clause in clauses)
    return "?"
