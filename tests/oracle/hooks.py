"""What the hooks in a program do: they tell its run what is stored, read, entered and repeated."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, Final

from tests.oracle.instrument import FILE, PREFIX
from tests.oracle.memory import REPLACED, Fact
from tests.oracle.world import LIMIT, Limit, Machine, Run, Switch, limit, machine, measure, places_of

HOOKS: Final = tuple(
    "store accumulate setting machine bind read flag function coroutine begin round rounds cleaning".split()
)


class Hooks:
    """The hooks of one run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._made: list[Coroutine[Any, Any, Any]] = []

    def names(self) -> dict[str, object]:
        """The hooks as the program's globals know them."""
        return {PREFIX + name: getattr(self, name) for name in HOOKS}

    def over(self) -> None:
        """The run has ended: what it has not awaited is thrown away without a word."""
        for coroutine in self._made:
            coroutine.close()

    def store(self, place: str, value: Any, how: str, shared: bool) -> Any:
        """``place = value``."""
        memory = self.run.memory
        memory.stored(place, how)
        if shared:
            memory.flag_stored(place)
        return self._placed(place, value, () if how != REPLACED else places_of(value))

    def accumulate(self, place: str, before: Any, value: Any) -> Any:
        """``place |= value``: a flag is only set where ``value`` is true, and else goes on to stand for what it did."""
        if value:
            self.run.memory.stored(place, REPLACED)
            self.run.memory.flag_stored(place)
        return before | value

    def bind(self, place: str, value: Any) -> Any:
        """A parameter gets its argument. A boolean parameter may be the switch of its function."""
        if isinstance(value, bool):
            self.run.memory.switched("", on=False)
        return self._placed(place, value, places_of(value))

    def _placed(self, place: str, value: Any, sources: Iterable[str]) -> Any:
        if isinstance(value, (bool, Limit)) or not isinstance(value, int) or place.endswith(".limit"):
            return value
        own = frozenset({place})
        return measure(self.run, int(value), own, own.union(sources))

    def setting(self, name: str, value: Any, outside: bool) -> Any:
        """A constant of a module."""
        if isinstance(value, bool) and outside:
            return Switch(self.run, value)
        if isinstance(value, int) and not isinstance(value, bool):
            return limit(self.run, name, value, is_setting=outside)
        return value

    def machine(self, name: str) -> Machine:
        """A machine is named."""
        return machine(self.run, name)

    def read(self, place: str, value: Any) -> Any:
        """A place that several functions see is read."""
        self.run.memory.flag_read(place, is_flag=isinstance(value, (bool, Switch)))
        return value

    def flag(self, value: Any, is_switch: bool) -> Any:
        """A variable is tested. Where it is a setting's, whatever value it has by then, it is the switch of that."""
        self.run.asked += 1
        if is_switch:
            self.run.memory.switched("", on=False)
        return value

    def function(self, scope: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorates every function of the program."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            def called(*args: Any, **keywords: Any) -> Any:
                self._enter(scope, sys._getframe(1).f_lineno if sys._getframe(1).f_code.co_filename == FILE else 0)
                try:
                    return function(*args, **keywords)
                finally:
                    self._leave(scope)

            return called

        return decorate

    def coroutine(self, scope: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorates every coroutine function, which is awaited where it is called."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            async def running(line: int, *args: Any, **keywords: Any) -> Any:
                self._enter(scope, line)
                try:
                    return await function(*args, **keywords)
                finally:
                    self._leave(scope)

            def called(*args: Any, **keywords: Any) -> Any:
                caller = sys._getframe(1)
                line = caller.f_lineno if caller.f_code.co_filename == FILE else 0
                self._made.append(running(line, *args, **keywords))
                return self._made[-1]

            return called

        return decorate

    def _enter(self, scope: str, line: int) -> None:
        self.run.calls.append(line)
        self.run.memory.entered(scope)

    def _leave(self, scope: str) -> None:
        self.run.calls.pop()
        self.run.memory.left(scope)

    def begin(self, loop: int) -> None:
        """A loop is about to begin."""
        self.run.loop_begun(loop)

    def round(self, loop: int) -> bool:
        """The header of a ``while`` is reached."""
        return self.run.loop_round(loop)

    def rounds(self, loop: int, items: Any, leaves: bool, breaks: bool) -> Iterator[Any]:
        """The items of a ``for``. To run out of a ``range`` up to a limit is a threshold test, if it could be left."""
        run = self.run
        run.loop_begun(loop)
        for item in items:
            if not run.loop_round(loop):
                return
            yield item
        if run.loop_round(loop) and isinstance(items, range) and leaves and len(items) >= LIMIT:
            place = frozenset({f"range{loop}"})
            run.memory.tested(Fact(f"range{loop}", place, place, strict=not breaks))

    def cleaning(self, line: int) -> None:
        """A ``finally`` body begins."""
        self.run.finally_entered(line)
