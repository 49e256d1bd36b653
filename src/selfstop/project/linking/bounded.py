"""Results of computations that ask for each other, and go only so deep.

What comes of one must not depend on which others were asked for before. So a result that had all it asked for is used
wherever there is room for that, and one that was cut short is used at its own depth alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

_T = TypeVar("_T")
_NOWHERE = -1


class Bounded:
    """Remembers results by what they are of."""

    def __init__(self, limit: int) -> None:
        """``limit`` is the first depth at which nothing begins any more."""
        self._limit = limit
        self._whole: dict[Hashable, tuple[Any, int]] = {}
        """Results that were not cut short, each with the number of levels below its own that it took."""
        self._short: dict[tuple[Hashable, int], Any] = {}
        """The others, by depth."""
        self._is_short = False
        self._deepest = _NOWHERE
        """Where something began for the sake of the computation that goes on."""

    def may_begin(self, depth: int) -> bool:
        """Whether something may begin at ``depth``. If not, what goes on is cut short."""
        if depth >= self._limit:
            self._is_short = True
            return False
        self._deepest = max(self._deepest, depth)
        return True

    def of(self, key: Hashable, depth: int, compute: Callable[[], _T]) -> _T:
        """What ``compute`` gives for ``key`` if it is done at ``depth``."""
        result: _T
        if key in self._whole:
            result, levels = self._whole[key]
            if not levels or self.may_begin(depth + levels):
                return result
        if (key, depth) in self._short:
            self._is_short = True
            result = self._short[key, depth]
            return result
        was_short, deepest = self._is_short, self._deepest
        self._is_short, self._deepest = False, _NOWHERE
        try:
            result = compute()
            if self._is_short:
                self._short[key, depth] = result
            else:
                self._whole[key] = result, max(0, self._deepest - depth)
        finally:
            self._is_short, self._deepest = self._is_short or was_short, max(self._deepest, deepest)
        return result
