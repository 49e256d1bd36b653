"""Names: which variable each of them means."""

from __future__ import annotations

import pytest
from graphs import lower

from selfstop.flow.cfg import Call
from selfstop.flow.terms import Attr, Term, Var


def meaning(source: str) -> Term:
    """What the argument of the one call of ``probe`` means."""
    found: list[Call] = [
        call for function in lower(source).functions for _, call in function.graph.calls() if call.text == "probe"
    ]
    (call,) = found
    return call.args[0]


MEANINGS: dict[str, tuple[str, Term]] = {
    "a module's variable": ("x = 1\nprobe(x)", Var("m", "x")),
    "a module's variable in a function": ("x = 1\ndef f():\n    probe(x)", Var("m", "x")),
    "a local variable": ("x = 1\ndef f():\n    x = 2\n    probe(x)", Var("m:f", "x")),
    "local by a later assignment": ("x = 1\ndef f():\n    probe(x)\n    x = 2", Var("m:f", "x")),
    "a parameter": ("def f(x):\n    probe(x)", Var("m:f", "x")),
    "a keyword-only parameter": ("def f(*, x):\n    probe(x)", Var("m:f", "x")),
    "a positional-only parameter": ("def f(x, /):\n    probe(x)", Var("m:f", "x")),
    "star parameters": ("def f(*x):\n    probe(x)", Var("m:f", "x")),
    "declared global": ("def f():\n    global x\n    x = 1\n    probe(x)", Var("m", "x")),
    "global, set by another function": ("def g():\n    global x\n    x = 1\ndef f():\n    probe(x)", Var("m", "x")),
    "nonlocal": (
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n        probe(x)",
        Var("m:f", "x"),
    ),
    "an enclosing function's": ("def f(x):\n    def g():\n        probe(x)", Var("m:f", "x")),
    "global in a nested function": ("def f(x):\n    def g():\n        global x\n        probe(x)", Var("m", "x")),
    "a class's variable in its body": ("class C:\n    x = 1\n    probe(x)", Var("m:C", "x")),
    "a method does not see the class's variables": (
        "x = 0\nclass C:\n    x = 1\n    def f(self):\n        probe(x)",
        Var("m", "x"),
    ),
    "a comprehension's variable": ("x = 0\n[probe(x) for x in y]", Var("m.<for1>", "x")),
    "the iterable is outside": ("x = 0\n[x for x in probe(x)]", Var("m", "x")),
    "a walrus in a comprehension binds outside": ("def f():\n    [x := 1 for _ in y]\n    probe(x)", Var("m:f", "x")),
    "a lambda's parameter": ("x = 0\ng = lambda x: probe(x)", Var("m:<lambda>", "x")),
    "a for target": ("def f():\n    for x in y:\n        pass\n    probe(x)", Var("m:f", "x")),
    "a tuple of for targets": ("def f():\n    for _, (x, *_) in y:\n        pass\n    probe(x)", Var("m:f", "x")),
    "a with target": ("def f():\n    with y as x:\n        probe(x)", Var("m:f", "x")),
    "an except target": ("def f():\n    try:\n        y()\n    except E as x:\n        probe(x)", Var("m:f", "x")),
    "a match capture": ("def f():\n    match y:\n        case [x, *_]:\n            probe(x)", Var("m:f", "x")),
    "the rest of a mapping pattern": (
        "def f():\n    match y:\n        case {**x}:\n            probe(x)",
        Var("m:f", "x"),
    ),
    "an annotated variable": ("def f():\n    x: int = 1\n    probe(x)", Var("m:f", "x")),
    "a builtin": ("probe(len)", Var("builtins", "len")),
    "a builtin shadowed": ("len = 1\nprobe(len)", Var("m", "len")),
    "an unknown name": ("probe(x)", Var("builtins", "x")),
    "an unknown name beside a star import": ("from y import *\nprobe(x)", Var("m", "x")),
    "a builtin beside a star import": ("from y import *\nprobe(len)", Var("builtins", "len")),
    "an import": ("import os\nprobe(os)", Var("import", "os")),
    "a submodule's import binds its root": ("import os.path\nprobe(os)", Var("import", "os")),
    "an import as": ("import os.path as p\nprobe(p)", Var("import", "os.path")),
    "an import from": ("from time import time\nprobe(time)", Var("import", "time.time")),
    "an import from as": ("from time import time as now\nprobe(now)", Var("import", "time.time")),
    "an import in a function": ("def f():\n    from time import time\n    probe(time)", Var("import", "time.time")),
    "an attribute of an import": ("import time\nprobe(time.time)", Var("import", "time.time")),
    "an attribute": ("def f(self):\n    probe(self.x)", Attr(Var("m:f", "self"), "x")),
    "getattr with a constant": ("def f(self):\n    probe(getattr(self, 'x'))", Attr(Var("m:f", "self"), "x")),
    "a second function of that name": ("def f(): ...\ndef f(x):\n    probe(x)", Var("m:f#2", "x")),
}


@pytest.mark.parametrize(("source", "expected"), MEANINGS.values(), ids=MEANINGS)
def test_meaning_of_a_name(source: str, expected: Term) -> None:
    assert meaning(source) == expected


FUNCTIONS = {
    "nested": ("def f():\n    def g():\n        pass", {"m:f", "m:f.g", "m:<module>"}),
    "methods": ("class C:\n    def f(self): ...", {"m:C.f", "m:<module>"}),
    "lambdas": ("x = lambda: 1\ny = lambda: 2", {"m:<lambda>", "m:<lambda>#2", "m:<module>"}),
    "redefined": ("def f(): ...\ndef f(): ...", {"m:f", "m:f#2", "m:<module>"}),
}


@pytest.mark.parametrize(("source", "expected"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_every_function_has_an_id_of_its_own(source: str, expected: set[str]) -> None:
    assert {function.id for function in lower(source).functions} == expected


def test_variables_shared_with_nested_functions_are_captured() -> None:
    module = lower("def f():\n    x = y = z = 1\n    def g():\n        nonlocal x\n        x = 2\n        probe(y)\n")
    (graph,) = [function.graph for function in module.functions if function.id == "m:f"]
    assert {variable.name for variable in graph.captured} == {"x", "y"}


DEFINITIONS = {
    "an assignment": ("x = 1", ("", "1")),
    "a step up": ("x += 1", ("+", "1")),
    "a step down": ("x -= 2", ("-", "2")),
    "a step spelt out": ("x = x + 1", ("+", "1")),
    "a step spelt out the other way round": ("x = 1 + x", ("+", "1")),
    "no step": ("x = 1 - x", ("", None)),
}


@pytest.mark.parametrize(("source", "expected"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_definitions_tell_steps_from_other_bindings(source: str, expected: tuple[str, str | None]) -> None:
    (definition,) = lower(source).definitions
    value = getattr(definition.value, "value", None)
    assert (definition.target, definition.step, None if value is None else str(value)) == (Var("m", "x"), *expected)
