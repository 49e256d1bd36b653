"""Terms: what they mention, how they are taken apart and put together, what a reader calls them."""

from __future__ import annotations

import pickle

import pytest

from selfstop.flow.code import spoken_in
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
    children,
    dotted,
    last_name,
    mention_key,
    rebuild,
    size,
    substitute,
    walk,
)

X, Y, Z = Var("m:f", "x"), Var("m:f", "y"), Var("m:f", "z")
OUTSIDE = Var("import", "time.time")
ONE = Const(1)
CALL = Result("m:f@3", X, (Y, ONE))
BARE = Result("m:f@4", None, (Y,))
BOUND = Func("m:K.run", X, (Y,), (("k", Z), ("l", ONE)))
FREE = Func("m:run", None, (Y,), (("k", Z),))
MADE = Instance("m:K", "m:f@5")
TERMS: dict[str, Term] = {
    "a literal": ONE,
    "a variable": X,
    "a name from elsewhere": OUTSIDE,
    "an attribute": Attr(X, "name"),
    "an item": Item(X, Y),
    "an operation": App("+", (X, ONE)),
    "a call": CALL,
    "a call of nothing known": BARE,
    "a bound function": BOUND,
    "a function with arguments": FREE,
    "an object": MADE,
}
MENTIONED: dict[str, set[object]] = {
    "a literal": set(),
    "a variable": {X},
    "a name from elsewhere": set(),
    "an attribute": {X, ".name"},
    "an item": {X, Y},
    "an operation": {X},
    "a call": {X, Y, "@m:f@3"},
    "a call of nothing known": {Y, "@m:f@4"},
    "a bound function": {X, Y, Z},
    "a function with arguments": {Y, Z},
    "an object": {"@m:f@5"},
}
PARTS: dict[str, tuple[Term, ...]] = {
    "a literal": (),
    "a variable": (),
    "a name from elsewhere": (),
    "an attribute": (X,),
    "an item": (X, Y),
    "an operation": (X, ONE),
    "a call": (X, Y, ONE),
    "a call of nothing known": (Y,),
    "a bound function": (X, Y, Z, ONE),
    "a function with arguments": (Y, Z),
    "an object": (),
}
of_every_kind = pytest.mark.parametrize("name", TERMS)


@of_every_kind
def test_mentions(name: str) -> None:
    assert TERMS[name].mentions == MENTIONED[name]


@of_every_kind
def test_parts(name: str) -> None:
    assert children(TERMS[name]) == PARTS[name]
    assert list(walk(TERMS[name])) == [TERMS[name], *PARTS[name]]
    assert size(TERMS[name]) == 1 + len(PARTS[name])


@of_every_kind
def test_pickled_terms_are_the_same(name: str) -> None:
    copy = pickle.loads(pickle.dumps(TERMS[name]))
    assert copy == TERMS[name]
    assert (hash(copy), copy.mentions, repr(copy)) == (hash(TERMS[name]), TERMS[name].mentions, repr(TERMS[name]))


@of_every_kind
def test_a_term_is_left_alone_where_nothing_changes(name: str) -> None:
    assert rebuild(TERMS[name], lambda part: part) is TERMS[name]
    assert substitute(TERMS[name], {}) == TERMS[name]


@of_every_kind
def test_unequal_terms(name: str) -> None:
    assert [other for other, term in TERMS.items() if term == TERMS[name]] == [name]
    assert TERMS[name] != name


REPLACED: dict[str, tuple[Term, Term]] = {
    "of an attribute": (Attr(X, "name"), Attr(Z, "name")),
    "of an item": (Item(X, Y), Item(Z, ONE)),
    "of an operation": (App("+", (X, ONE, Y)), App("+", (Z, ONE, ONE))),
    "of a call": (CALL, Result("m:f@3", Z, (ONE, ONE))),
    "of a call of nothing known": (BARE, Result("m:f@4", None, (ONE,))),
    "of a bound function": (BOUND, Func("m:K.run", Z, (ONE,), (("k", Z), ("l", ONE)))),
    "of a function with arguments": (FREE, Func("m:run", None, (ONE,), (("k", Z),))),
    "further down": (Attr(Item(App("-", (X,)), Y), "n"), Attr(Item(App("-", (Z,)), ONE), "n")),
    "the term itself": (X, Z),
    "an object": (MADE, MADE),
}


@pytest.mark.parametrize(("before", "after"), REPLACED.values(), ids=REPLACED)
def test_variables_are_replaced(before: Term, after: Term) -> None:
    assert substitute(before, {X: Z, Y: ONE}) == after


def test_literals_of_different_types_differ() -> None:
    assert Const(True) != Const(1)
    assert Const(1) != Const(1.0)
    assert Const(1) == Const(1)
    assert Const(None).kind == "NoneType"


KEYS: dict[str, tuple[Term, object]] = {
    "an attribute": (Attr(X, "n"), ".n"),
    "a call": (CALL, "@m:f@3"),
    "an object": (MADE, "@m:f@5"),
    "an item goes by its base": (Item(Attr(X, "n"), ONE), ".n"),
    "a variable": (X, X),
}


@pytest.mark.parametrize(("place", "key"), KEYS.values(), ids=KEYS)
def test_what_stands_for_a_place(place: Term, key: object) -> None:
    assert mention_key(place) == key


NAMES: dict[str, tuple[Term | None, str]] = {
    "a variable": (Var("m:f", "a.b"), "a.b"),
    "a name from elsewhere": (OUTSIDE, "time"),
    "an attribute": (Attr(X, "n"), "n"),
    "a key": (Item(X, Const("k")), "k"),
    "a position": (Item(X, ONE), ""),
    "a call": (CALL, "x"),
    "a call of nothing known": (BARE, ""),
    "a method": (BOUND, "run"),
    "a function": (FREE, "run"),
    "an operation": (App("max", (X,)), "max"),
    "an object": (MADE, ""),
    "a literal": (ONE, ""),
    "nothing": (None, ""),
}


@pytest.mark.parametrize(("term", "name"), NAMES.values(), ids=NAMES)
def test_what_a_reader_calls_it(term: Term | None, name: str) -> None:
    assert last_name(term) == name


def test_names_that_are_spoken() -> None:
    assert spoken_in([OUTSIDE, Attr(X, "stop"), Const("text"), FREE]) == {"time", "stop", "x", "text", "run", "y", "z"}
    assert spoken_in([App("+", (ONE, MADE))]) == {""}


CHAINS: dict[str, tuple[Term | None, str]] = {
    "a variable": (X, "x"),
    "attributes": (Attr(Attr(X, "a"), "b"), "x.a.b"),
    "of a call": (Attr(CALL, "a"), ""),
    "nothing": (None, ""),
}


@pytest.mark.parametrize(("term", "text"), CHAINS.values(), ids=CHAINS)
def test_chains_of_attributes(term: Term | None, text: str) -> None:
    assert dotted(term) == text
