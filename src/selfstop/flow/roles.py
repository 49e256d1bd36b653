"""What conditions are worth, and what that is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from selfstop.flow.origins import Definitions, Origin, Source
from selfstop.flow.terms import Term


class Kind(Enum):
    """What a condition is to the verdict."""

    GUARD = "threshold guard"
    OFF_SWITCH = "off switch"
    INVERTED = "inverted threshold"
    PLAIN = "plain"


@dataclass(frozen=True)
class Role:
    """The worth of one condition.

    ``thresholds`` are the atoms a guard compares with or an off switch tests (empty: a boolean switch, which
    goes with any guard); ``origin`` is the threshold's; ``measures`` are the atoms that are counted or timed.
    """

    kind: Kind
    thresholds: frozenset[Term] = frozenset()
    origin: Origin = field(default=Origin(Source.UNKNOWN))
    measures: frozenset[Term] = frozenset()
    low: bool = False
    preferred: bool = True
    """False for the outcome that is a guard only as long as the other one does not lead to the stop as well."""

    @property
    def needs_off_switch(self) -> bool:
        """Whether 0 from outside would make this guard always true."""
        return self.kind is Kind.GUARD and not self.low and self.origin.may_be_zero


PLAIN = Role(Kind.PLAIN)


@dataclass(frozen=True)
class Evidence:
    """What is known of the variables in a condition.

    ``definitions`` gives all bindings of a place; ``parameters`` are the places that are parameters, with
    whether they look boolean.
    """

    definitions: Definitions
    parameters: Mapping[Term, bool] = field(default_factory=dict)
