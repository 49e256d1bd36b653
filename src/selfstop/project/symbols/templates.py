"""Texts that are put together: f-strings, ``+``, ``%`` and ``format``, taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from selfstop.flow.terms import App, Attr, Const, Result, Term

FORMATTED = re.compile(r"""^[a-zA-Z]{1,2}(?P<quote>\"{3}|'{3}|["'])(?P<text>.*)(?P=quote)$""", re.DOTALL)
PERCENT = re.compile(r"%(?:\(\w+\))?[-+ #0-9.]*[a-zA-Z]")
BRACES = re.compile(r"\{[^{}]*\}")


def composed(term: Term) -> Sequence[str | Term]:
    """The constant pieces of a text and the terms between them; nothing if ``term`` does not put any together."""
    match term:
        case App(op="fstring", args=(Const(value=str() as text), *parts)) if match := FORMATTED.match(text):
            return _filled(list(pieces(match["text"])), parts)
        case App(op="+" | "fstring", args=args):
            return [part.value if isinstance(part, Const) and isinstance(part.value, str) else part for part in args]
        case App(op="%", args=(Const(value=str() as template), given)):
            values = given.args if isinstance(given, App) and given.op == "tuple" else (given,)
            return _filled(PERCENT.split(template), values)
        case (
            Result(callee=Attr(base=Const(value=str() as template), name="format"), args=args)
            | App(op="call", args=(Attr(base=Const(value=str() as template), name="format"), *args))
        ):
            return _filled(BRACES.split(template), args)
    return ()


def _filled(constant: Sequence[str], parts: Sequence[Term]) -> Sequence[str | Term]:
    """``constant`` pieces with ``parts`` between them; nothing where their numbers do not fit."""
    if len(constant) != len(parts) + 1:
        return ()
    between = [item for piece, part in zip(constant[1:], parts, strict=True) for item in (part, piece)]
    return [constant[0], *between]


def pieces(text: str) -> Iterator[str]:
    """The constant pieces of an f-string around its expressions."""
    piece = ""
    depth = 0
    position = 0
    while position < len(text):
        character = text[position]
        if depth == 0 and text[position : position + 2] in {"{{", "}}"}:
            piece += character
            position += 2
            continue
        if character == "{":
            if depth == 0:
                yield piece
                piece = ""
            depth += 1
        elif character == "}":
            depth -= 1
        elif depth == 0:
            piece += character
        position += 1
    yield piece
