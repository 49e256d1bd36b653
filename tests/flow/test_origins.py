"""Where values come from, as far as names and forms tell."""

from __future__ import annotations

import pytest

from selfstop.flow.code import Definition
from selfstop.flow.origins import Origin, Source, is_command_line, is_configuration, is_text, origin, worst
from selfstop.flow.terms import App, Attr, Const, Func, Instance, Item, Result, Term, Var

X, CONFIG, ENVIRON = Var("m:f", "x"), Var("m", "config"), Var("import", "os.environ")
NAME, READ = Const("IDLE"), App("getenv", (Const("IDLE"),))


def nothing(_: Term) -> tuple[Definition, ...]:
    """No place is bound to anything."""
    return ()


CONFIGURATION: dict[str, Term] = {
    "a variable": CONFIG,
    "an attribute": Attr(Var("m:f", "self"), "settings"),
    "an attribute of it": Attr(Attr(CONFIG, "worker"), "idle"),
    "an item of it": Item(CONFIG, NAME),
    "what is looked up in it": App("get", (CONFIG, NAME)),
    "an imported name": Var("import", "django.conf.settings"),
    "what a call gives": Result("m:f@1", Var("import", "yaml.safe_load"), (X,)),
    "what a call of that name gives": Result("m:f@1", Var("m", "read_settings")),
    "a call": App("call", (Var("m", "load_config"),)),
    "a call of that name": App("call", (Var("m", "parse_settings"), X)),
    "an object of such a class": Instance("m:WorkerSettings", "m:f@1"),
}
NO_CONFIGURATION: dict[str, Term] = {
    "a variable": X,
    "an attribute": Attr(X, "idle"),
    "an item": Item(X, Const("config")),
    "what is looked up": App("get", (X, NAME)),
    "a name from a module of that name": Var("import", "settings.idle"),
    "what a call gives": Result("m:f@1", X),
    "what nothing known gives": Result("m:f@1", None, (CONFIG,)),
    "a call": App("call", (X, CONFIG)),
    "an operation": App("+", (CONFIG, CONFIG)),
    "a class of a module of that name": Instance("settings:Worker", "m:f@1"),
    "a function of that name": Func("m:settings"),
    "a literal": Const("settings"),
}


@pytest.mark.parametrize("term", CONFIGURATION.values(), ids=CONFIGURATION)
def test_configuration(term: Term) -> None:
    assert is_configuration(term)


@pytest.mark.parametrize("term", NO_CONFIGURATION.values(), ids=NO_CONFIGURATION)
def test_what_is_no_configuration(term: Term) -> None:
    assert not is_configuration(term)


def test_variables_of_the_environment_are_texts() -> None:
    assert is_text(READ)
    assert is_text(Item(ENVIRON, NAME))
    assert not is_text(Item(CONFIG, NAME))
    assert not is_text(App("int", (READ,)))


ORIGINS: dict[str, tuple[Term, Origin]] = {
    "an item of the environment": (Item(ENVIRON, NAME), Origin(Source.ENVIRONMENT)),
    "an item of an item of it": (Item(Item(CONFIG, NAME), NAME), Origin(Source.CONFIGURATION)),
    "an item of something": (Item(X, NAME), Origin(Source.UNKNOWN)),
    "a text": (Const("x"), Origin(Source.CONSTANT)),
    "a truth": (Const(True), Origin(Source.CONSTANT)),
    "a number": (Const(3), Origin(Source.CONSTANT, value=3.0)),
    "a product": (App("*", (Const(3), Const(4))), Origin(Source.CONSTANT, value=12.0)),
    "a variable of the environment": (READ, Origin(Source.ENVIRONMENT, "IDLE")),
    "one with a default": (App("getenv", (NAME, Const(5))), Origin(Source.ENVIRONMENT, "IDLE", "5")),
    "one without a name": (App("getenv", (X, X)), Origin(Source.ENVIRONMENT)),
    "no operation": (App("opaque"), Origin(Source.UNKNOWN)),
    "what nothing known gives": (Result("m:f@1", None, (READ,)), Origin(Source.UNKNOWN)),
    "an object": (Instance("m:K", "m:f@1"), Origin(Source.UNKNOWN)),
    "a text or a number": (App("or", (READ, Const(7))), Origin(Source.ENVIRONMENT, "IDLE", "7")),
    "a number or a number": (
        App("or", (App("int", (READ,)), Const(7))),
        Origin(Source.CLAMPED, "IDLE", "7", 7.0, Source.ENVIRONMENT),
    ),
    "something or a number": (App("or", (X, Const(7))), Origin(Source.CLAMPED, value=7.0)),
    "something or 0": (App("or", (X, Const(0))), Origin(Source.UNKNOWN)),
    "the larger": (
        App("max", (App("int", (READ,)), Const(2), Const(3))),
        Origin(Source.CLAMPED, "IDLE", value=3.0, outside=Source.ENVIRONMENT),
    ),
    "less than the larger": (
        App("-", (App("max", (App("int", (READ,)), Const(3))), Const(1))),
        Origin(Source.CLAMPED, "IDLE", value=2.0, outside=Source.ENVIRONMENT),
    ),
    "less than the least": (
        App("-", (App("max", (App("int", (READ,)), Const(1))), Const(1))),
        Origin(Source.ENVIRONMENT, "IDLE"),
    ),
    "less than what may be anything": (
        App("-", (Const(9), App("max", (App("int", (READ,)), Const(1))))),
        Origin(Source.ENVIRONMENT, "IDLE"),
    ),
    "whole minutes": (App("//", (Const(45), Const(60))), Origin(Source.CONSTANT, value=0.0)),
    "minutes begun": (App("ceil", (App("/", (Const(45), Const(60))),)), Origin(Source.CONSTANT, value=1.0)),
    "by nothing": (App("//", (Const(45), Const(0))), Origin(Source.CONSTANT)),
    "the larger than 0": (App("max", (App("int", (READ,)), Const(0))), Origin(Source.ENVIRONMENT, "IDLE")),
    "the larger of unknowns": (App("max", (X, X)), Origin(Source.UNKNOWN)),
    "one or the other": (App("if", (READ, Const(1), CONFIG)), Origin(Source.UNKNOWN)),
}


@pytest.mark.parametrize(("term", "expected"), ORIGINS.values(), ids=ORIGINS)
def test_origins(term: Term, expected: Origin) -> None:
    assert origin(term, nothing) == expected


@pytest.mark.parametrize("call", [Result("m:f@1", X), App("call", (X,))], ids=["made", "written"])
def test_what_a_call_gives_comes_from_where_it_is_computed(call: Term) -> None:
    returned = (Definition(call, Const(3), "m:g"), Definition(call, READ, "m:g"), Definition(call, None, "m:g"))
    assert origin(call, lambda place: returned if place == call else ()) == Origin(Source.ENVIRONMENT, "IDLE")


def test_an_operation_is_no_place() -> None:
    total = App("+", (X, CONFIG))
    assert origin(total, lambda place: (Definition(place, READ, "m:f"),) if place == total else ()).variable == ""


def test_names_that_lead_to_each_other_come_from_nowhere() -> None:
    other = Var("m:f", "other")
    bound = {X: (Definition(X, other, "m:f"),), other: (Definition(other, X, "m:f"),)}
    assert origin(X, lambda place: bound.get(place, ())) == Origin(Source.UNKNOWN)


@pytest.mark.parametrize(("length", "expected"), [(8, Source.CONSTANT), (9, Source.UNKNOWN)])
def test_chains_are_followed_so_far(length: int, expected: Source) -> None:
    names = [Var("m:f", f"x{number}") for number in range(length)]
    values: list[Term] = [*names[1:], Const("end")]
    bound = {name: (Definition(name, value, "m:f"),) for name, value in zip(names, values, strict=True)}
    assert origin(names[0], lambda place: bound.get(place, ())).source is expected  # type: ignore[call-overload]


def test_the_worst_is_what_asks_most_for_an_off_switch() -> None:
    assert worst([Origin(Source.UNKNOWN), Origin(Source.CLAMPED)]) == Origin(Source.UNKNOWN)
    assert worst([]) == Origin(Source.UNKNOWN)


def test_the_command_line() -> None:
    parsed = App("call", (Attr(X, "parse_args"),))

    def bound(place: Term) -> tuple[Definition, ...]:
        values: dict[Term, Term] = {X: parsed, CONFIG: Attr(parsed, "x")}
        return (Definition(place, values[place], "m:f"),) if place in values else ()

    assert is_command_line(X, bound)
    assert is_command_line(Var("m:f", "args"), nothing)
    assert not is_command_line(X, nothing)
    assert not is_command_line(CONFIG, bound)
