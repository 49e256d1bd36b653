"""Copies of what knows a program, for the same program with more of it loaded."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import TypeVar

_T = TypeVar("_T")


def renewed(original: _T) -> _T:
    """A shallow copy that has to find out anew whatever ``cached_property`` remembers."""
    found = copy(original)
    for name, value in vars(type(original)).items():
        if isinstance(value, cached_property):
            found.__dict__.pop(name, None)
    return found
