"""One setting is one threshold, however it is read, unless 0 may come of a default that the switch does not have."""

import pytest

from selfstop.flow.roles import Kind, Role
from selfstop.flow.settings import asked, needed, switches
from selfstop.flow.terms import NONE, App, Const, Item, Term, Var

X, CONFIG, ENVIRON = Var("m:f", "x"), Var("m", "config"), Var("import", "os.environ")
NAME, READ = Const("IDLE"), App("getenv", (Const("IDLE"),))


def looked_up(*default: Term) -> Term:
    return App("get", (CONFIG, NAME, *default))


def is_switch(switch: Term, guard: Term) -> bool:
    return switches(Role(Kind.OFF_SWITCH, frozenset({switch})), Role(Kind.GUARD, frozenset({guard})))


ONE: dict[str, tuple[Term, Term]] = {
    "by key, by key": (Item(CONFIG, NAME), Item(CONFIG, NAME)),
    "looked up, by key": (looked_up(), Item(CONFIG, NAME)),
    "looked up with 0, by key": (looked_up(Const(0)), Item(CONFIG, NAME)),
    "looked up with a number, by key": (looked_up(Const(5)), Item(CONFIG, NAME)),
    "by key, looked up with 0": (Item(CONFIG, NAME), looked_up(Const(0))),
    "by key, looked up with anything": (Item(CONFIG, NAME), looked_up(X)),
    "looked up, with 0": (looked_up(), looked_up(Const(0))),
    "with None, with 0": (looked_up(NONE), looked_up(Const(0))),
    "with 0, with a number": (looked_up(Const(0)), looked_up(Const(5))),
    "with 0, with None": (looked_up(Const(0)), looked_up(NONE)),
    "with the same": (looked_up(X), looked_up(X)),
    "of the environment, with a text and without": (App("getenv", (NAME, Const("0"))), Item(ENVIRON, NAME)),
    "the other way round": (Item(ENVIRON, NAME), App("getenv", (NAME, Const("5")))),
    "within an operation": (App("*", (READ, X)), App("*", (Item(ENVIRON, NAME), X))),
    "in a table of a table": (
        App("get", (App("get", (CONFIG, Const("stop"), App("dict"))), NAME, Const(0))),
        Item(Item(CONFIG, Const("stop")), NAME),
    ),
}
TWO: dict[str, tuple[Term, Term]] = {
    "another key": (looked_up(), Item(CONFIG, Const("PAUSE"))),
    "another table": (looked_up(), Item(X, NAME)),
    "with a number, with 0": (looked_up(Const(5)), looked_up(Const(0))),
    "with a number, with anything": (looked_up(Const(5)), looked_up(X)),
    "with anything, with 0": (looked_up(X), looked_up(Const(0))),
    "texts of numbers": (App("getenv", (NAME, Const("5"))), App("getenv", (NAME, Const("0")))),
    "a table and the environment": (looked_up(), READ),
}


@pytest.mark.parametrize(("switch", "guard"), ONE.values(), ids=ONE)
def test_one_setting(switch: Term, guard: Term) -> None:
    assert is_switch(switch, guard)


@pytest.mark.parametrize(("switch", "guard"), TWO.values(), ids=TWO)
def test_two_settings(switch: Term, guard: Term) -> None:
    assert not is_switch(switch, guard)


def test_a_switch_without_a_threshold_is_for_all() -> None:
    assert switches(Role(Kind.OFF_SWITCH), Role(Kind.GUARD, frozenset({X})))
    assert asked([X]) == needed([X]) == {X}
