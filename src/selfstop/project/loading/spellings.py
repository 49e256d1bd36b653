"""How what is looked for is spelled in source text: patterns that find too much rather than too little."""

from __future__ import annotations

import re
from collections.abc import Set


def any_word(names: Set[str]) -> re.Pattern[str]:
    """Any of ``names`` as a word; nothing where there are none."""
    if not names:
        return re.compile(r"(?!)")
    return re.compile(r"\b(?:" + "|".join(re.escape(name) for name in sorted(names)) + r")\b")


def binding_of(attribute: str) -> str:
    """A pattern of where an attribute may be bound: assigned, deleted, set by name or in a copy, by ``for``, ``with``.

    ``name.set`` asks for where that method of it may be called, by whatever name it gets first: so for all but its
    other attributes.
    """
    name, _, method = attribute.partition(".")
    if method:
        return rf"\b{re.escape(name)}\b(?!\s*\.(?!\s*{method}\b))"
    word = re.escape(name)
    assigned = rf"\.{word}\b(?:[ \t]*:[^\n]*|[^\n=(]*)(?:(?<![<>!=])|(?<=>>)|(?<=<<))=(?!=)"
    looped = rf"\bfor\b(?:(?!\bin\b)[^\n])*\.{word}\b"
    by_name = rf"(?:\bsetattr\b|__setattr__|__dict__|\bvars\b)[^\n]*\b{word}\b"
    copied = rf"\b(?:_?replace|evolve)\b[^)]*\b{word}[ \t]*=(?!=)"
    return rf"{assigned}|{looped}|\b(?:as|del)\b[^\n:]*\.{word}\b|{by_name}|{copied}"


def declaration_of(name: str) -> str:
    """A pattern of where a function declares a variable of its module ``global``, or binds it by its name."""
    return rf"\bglobals?\b[^\n]*\b{re.escape(name)}\b"


def change_of(name: str) -> str:
    """A pattern of where what a name stands for may be changed: by key, by a method, or by whom it is handed to."""
    word = rf"\b{re.escape(name)}\b"
    used = r"\[|\|=|\.(?!get\b|items\b|keys\b|values\b|copy\b)\w"
    return rf"{word}\s*(?:{used})|[=(,:]\s*(?:\w+\.)*{word}\s*(?:[,)\]}}\n#]|$)"
