"""What constants decide, whatever else is known."""

from __future__ import annotations

import pytest

from selfstop.flow.folding import simplify, truth_of
from selfstop.flow.terms import FALSE, NONE, TRUE, App, Const, Func, Instance, Item, Term, Var

X = Var("m:f", "x")
SHOWN, UNPACKED, EMPTY = App("list", (X,)), App("list", (App("unpack", (X,)),)), App("tuple")
TRUTHS: dict[str, tuple[Term, bool | None]] = {
    "a number": (Const(1), True),
    "zero": (Const(0), False),
    "a text": (Const(""), False),
    "None": (NONE, False),
    "a function": (Func("m:f"), True),
    "a class": (App("class", (Const("m:K"),)), True),
    "a member": (App("member", (X, Const("A"))), True),
    "a display": (SHOWN, True),
    "an empty display": (EMPTY, False),
    "what is unpacked": (UNPACKED, None),
    "a variable": (X, None),
    "an object": (Instance("m:K", "m:f@1"), None),
}


@pytest.mark.parametrize(("term", "expected"), TRUTHS.values(), ids=TRUTHS)
def test_truths(term: Term, expected: bool | None) -> None:
    assert truth_of(term) is expected


A, B, OTHER = (App("member", (Const(cls), Const(name))) for cls, name in (("K", "A"), ("K", "B"), ("L", "A")))
SIMPLER: dict[str, tuple[Term, Term | None]] = {
    "not true": (App("not", (TRUE,)), FALSE),
    "not a display": (App("not", (EMPTY,)), TRUE),
    "not something": (App("not", (X,)), None),
    "numbers": (App("<", (Const(1), Const(2))), TRUE),
    "equal numbers": (App("<", (Const(2), Const(2))), FALSE),
    "at most": (App("<=", (Const(2), Const(2.0))), TRUE),
    "numbers that are equal": (App("==", (Const(2), Const(2.0))), TRUE),
    "numbers that are one object, perhaps": (App("is", (Const(2), Const(2))), None),
    "numbers that are not": (App("is", (Const(2), Const(3))), FALSE),
    "a number and a truth": (App("is", (Const(1), TRUE)), FALSE),
    "a truth": (App("is", (TRUE, TRUE)), TRUE),
    "None": (App("is", (NONE, NONE)), TRUE),
    "a text": (App("is", (Const("a"), Const("a"))), None),
    "texts in order": (App("<", (Const("a"), Const("b"))), None),
    "texts that are equal": (App("==", (Const("a"), Const("a"))), TRUE),
    "a number and a text": (App("==", (Const(1), Const("1"))), FALSE),
    "one member": (App("is", (A, A)), TRUE),
    "two members": (App("==", (A, B)), FALSE),
    "members of two classes": (App("==", (A, OTHER)), None),
    "an object and None": (App("is", (Instance("m:K", "m:f@1"), NONE)), FALSE),
    "an object that may equal None": (App("==", (Instance("m:K", "m:f@1"), NONE)), None),
    "a display and None": (App("is", (SHOWN, NONE)), FALSE),
    "something and None": (App("is", (X, NONE)), None),
    "the first": (Item(App("tuple", (X, TRUE)), Const(0)), X),
    "the last": (Item(App("list", (X, TRUE)), Const(1)), TRUE),
    "one too many": (Item(App("tuple", (X, TRUE)), Const(2)), None),
    "from behind": (Item(App("tuple", (X, TRUE)), Const(-1)), None),
    "of what is unpacked": (Item(UNPACKED, Const(0)), None),
    "of a set": (Item(App("set", (X,)), Const(0)), None),
    "the truth of a number": (App("bool", (Const(2),)), TRUE),
    "the truth of something": (App("bool", (X,)), None),
    "a negative number": (App("neg", (Const(2),)), Const(-2.0)),
    "a negative": (App("neg", (X,)), None),
    "a sum": (App("+", (Const(2), Const(3))), None),
}


@pytest.mark.parametrize(("term", "expected"), SIMPLER.values(), ids=SIMPLER)
def test_what_constants_decide(term: Term, expected: Term | None) -> None:
    assert simplify(term) == (term if expected is None else expected)
