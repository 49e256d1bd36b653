"""What one run of a program knows: which threshold tests have held, and what has become of them.

Two readings of "has not been replaced since" bound the rules of ``docs/semantics.md`` from both sides. A call that
is reached unguarded by the *lenient* one must be reported; one that is only reached guarded by the *strict* one should
not. They differ where a variable was copied from another that is replaced later, in resets, and in flags that
outlive what they were computed from.

Places are texts: ``main.idle`` for a variable, ``.idle`` for an attribute of whatever object, ``@rounds:12:4`` for what
the call of ``rounds`` in line 12, column 4 gave.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

RAISED: Final = "raised"
RESET: Final = "reset"
REPLACED: Final = "replaced"
HELD: Final = "held"
DENIED: Final = "denied"
ASKED: Final = "@"
"""What the places begin with that are answers of the outside."""

Key: TypeAlias = "tuple[str, frozenset[str]]"


@dataclass(frozen=True)
class Fact:
    """That a threshold test held.

    ``tested`` are the places in the test, ``places`` those they were copied from as well. ``rising`` tells that the
    measure had grown to its limit, so that raising it changes nothing. ``setting`` is the threshold's name if it
    comes from outside, where 0 would make the test always true. ``reset_at`` is the moment at which
    the measure was set to a constant, 0 for never; ``denied`` tells that the same was asked once more, and was below.
    """

    limit: str
    tested: frozenset[str]
    places: frozenset[str]
    rising: bool = True
    setting: str = ""
    reset_at: int = 0
    strict: bool = True
    denied: bool = False

    @property
    def standing(self) -> str:
        """What has become of it."""
        return DENIED if self.denied else RESET if self.reset_at else HELD

    @property
    def key(self) -> Key:
        """Which test it is, whatever happened since."""
        return self.limit, self.tested


@dataclass
class Memory:
    """The facts of one run, and the switches that were seen to be on."""

    facts: list[Fact] = field(default_factory=list)
    switches: set[str] = field(default_factory=set)
    strict_switches: set[str] = field(default_factory=set)
    now: int = 0
    _started: dict[int, int] = field(default_factory=dict)
    _flags: dict[str, list[Fact]] = field(default_factory=dict)
    _decided: list[list[Fact]] = field(default_factory=list)

    def tested(self, fact: Fact) -> None:
        """A threshold test has held."""
        self.facts = [known for known in self.facts if known.key != fact.key] + [fact]

    def answered_below(self, limit: str, own: frozenset[str], places: frozenset[str]) -> None:
        """A threshold test has failed: where the same question had reached the limit before, that may be old news."""
        asked, meant = _questions(own), _questions(places)

        def after(fact: Fact) -> Fact:
            denied = fact.denied or bool(asked and asked == _questions(fact.tested))
            is_open = denied or bool(meant and meant <= _questions(fact.places))
            return replace(fact, strict=False, denied=denied) if fact.limit == limit and is_open else fact

        self.facts = [after(fact) for fact in self.facts]

    def stored(self, place: str, how: str) -> None:
        """``place`` has been raised, reset or replaced."""
        self.now += 1
        self.facts = [after for fact in self.facts if (after := self._after(fact, place, how)) is not None]

    def _after(self, fact: Fact, place: str, how: str) -> Fact | None:
        if place not in fact.places or (how == RAISED and fact.rising):
            return fact
        if how == RESET:
            return replace(fact, reset_at=self.now, strict=False)
        return None if place in fact.tested else replace(fact, strict=False)

    def begun(self, loop: int) -> None:
        """A loop is entered."""
        self.now += 1
        self._started[loop] = self.now

    def next_round(self, loop: int) -> None:
        """A loop starts over: measures that were reset since it was entered are old news."""
        started = self._started[loop]
        self.facts = [fact for fact in self.facts if fact.reset_at <= started]

    def entered(self, scope: str) -> None:
        """A function runs anew: what was said of its variables is about an earlier run.

        Where it says that it stops things, its caller has decided by what held then.
        """
        own = f"{scope}."
        self._decided.append(self.facts if scope.rpartition("/")[2].startswith("stop") else [])
        self.facts = [fact for fact in self.facts if not any(place.startswith(own) for place in fact.tested)]

    def left(self, scope: str) -> None:
        """A function has ended: what was said of its parameters is said of the arguments from now on."""
        own = f"{scope}."
        self._decided.pop()
        self.facts = [self._handed_back(fact, own) for fact in self.facts]

    @staticmethod
    def _handed_back(fact: Fact, own: str) -> Fact:
        sources = frozenset(place for place in fact.places if not place.startswith(own))
        if sources and any(place.startswith(own) for place in fact.tested):
            return replace(fact, tested=sources, places=sources)
        return fact

    def forget_locals(self) -> None:
        """The outside enters the program once more."""
        self.facts = []

    def flag_stored(self, place: str) -> None:
        """A place that several functions see has been set: it stands for what held by then."""
        self._flags[place] = [replace(fact, strict=False) for fact in self.facts]

    def flag_read(self, place: str, *, is_flag: bool) -> None:
        """Such a place has been read. Of a measure that was reset since, a flag goes on to tell what held."""
        kept = self._flags.get(place, [])
        self.facts = _beside(self._but_reset(kept) if is_flag else self.facts, kept)

    def _but_reset(self, kept: Iterable[Fact]) -> list[Fact]:
        """What is known by now, without measures that were reset since what is ``kept`` held."""
        held = {fact.key for fact in kept if fact.standing == HELD}
        return [fact for fact in self.facts if fact.standing != RESET or fact.key not in held]

    def together(self, kept: Memory) -> Memory:
        """What is known by now and what was known when something was kept, of which nothing is ever taken back."""
        facts = _beside(self._but_reset(kept.facts), [replace(fact, strict=False) for fact in kept.facts])
        switches, strict = self.switches | kept.switches, self.strict_switches | kept.strict_switches
        return Memory(facts, switches, strict, _decided=[*self._decided, *kept._decided])

    def copy(self) -> Memory:
        """What is known by now."""
        return Memory(list(self.facts), set(self.switches), set(self.strict_switches), _decided=list(self._decided))

    def switched(self, name: str, *, on: bool) -> None:
        """An off switch has been asked. Whether a boolean means on or off, its name alone tells."""
        self.switches.add(name)
        if on:
            self.strict_switches.add(name)

    def valid(self) -> frozenset[tuple[Key, str]]:
        """The facts that count as guards by the lenient reading, each with what has become of it."""
        counting = [*self.facts, *(fact for facts in self._decided for fact in facts)]
        return frozenset((fact.key, fact.standing) for fact in counting if self._is_switched(fact, self.switches))

    def is_guarded_strictly(self) -> bool:
        """Whether some fact counts by the strict reading."""
        return any(fact.strict and self._is_switched(fact, self.strict_switches) for fact in self.facts)

    def is_guarded_by(self, settings: set[str]) -> bool:
        """Whether a threshold test counts by the strict reading, and all that count at all are of ``settings``."""
        counting = [fact for fact in self.facts if self._is_switched(fact, self.switches)]
        return any(fact.strict for fact in counting) and all(fact.setting in settings for fact in counting)

    @staticmethod
    def _is_switched(fact: Fact, switches: set[str]) -> bool:
        return not fact.setting or bool(switches & {fact.setting, ""})


def _beside(facts: list[Fact], kept: Iterable[Fact]) -> list[Fact]:
    """``facts``, and what was ``kept`` of tests that they say nothing of."""
    known = {fact.key for fact in facts}
    return [*facts, *(fact for fact in kept if fact.key not in known)]


def _questions(places: frozenset[str]) -> frozenset[str]:
    """What was asked of the outside, wherever that was."""
    return frozenset(place.partition(":")[0] for place in places if place.startswith(ASKED))
