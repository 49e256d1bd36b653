"""What the audit says: plain values, from which every output is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from selfstop.audit.chain import Chain
from selfstop.deploy.groups import Group
from selfstop.deploy.images import Gap
from selfstop.deploy.launches import Launch
from selfstop.deploy.model import Place, Problem, Strength
from selfstop.deploy.programs import Program
from selfstop.deploy.roles import RoleVerdict
from selfstop.deploy.values import Resolved
from selfstop.evaluation import OFF, Effect, Outcome
from selfstop.model import Report, WitnessStep
from selfstop.rules import Severity
from selfstop.ways import StopSite, Way


@dataclass(frozen=True)
class Trial:
    """What comes of a value that a variable may have: ``text`` None stands for the code's default."""

    text: str | None
    source: str
    outcome: Outcome


@dataclass(frozen=True)
class Exposure:
    """A program of a launch from which a stop call is reached.

    ``values`` are those of the variables that decide, ``outcome`` is what the guards come to under them, and ``trials``
    are what they come to under each value that is possible. ``missing`` are files on the way that are not where the
    program runs: then the stop call is not reached. ``perhaps`` tells that no call leads from the program to the way's
    entry, only an import.
    """

    launch: Launch
    program: Program
    site: StopSite
    ways: tuple[Way, ...]
    values: tuple[Resolved, ...] = ()
    outcome: Outcome = OFF
    trials: tuple[Trial, ...] = ()
    missing: tuple[str, ...] = ()
    perhaps: bool = False
    groups: tuple[Group, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def effect(self) -> Effect | None:
        """What comes of the stop call; None where it is not reached at all."""
        return None if self.missing else self.outcome.effect

    @property
    def is_deployed(self) -> bool:
        """Whether it is more than documentation."""
        return self.launch.strength < Strength.TEMPLATE

    @property
    def may_stop(self) -> bool:
        """Whether the machine may be stopped."""
        return self.effect in {Effect.ON, Effect.AT_ONCE, Effect.UNKNOWN}


@dataclass(frozen=True)
class Unread:
    """A variable that looks like a stop threshold and is set for a program that never reads it."""

    launch: Launch
    program: Program
    value: Resolved
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True)
class AuditFinding:
    """A finding about the deployment: ``related`` are further places with what there is to see, ``advice`` repairs."""

    code: str
    message: str
    place: Place
    severity: Severity
    related: tuple[tuple[Place, str], ...] = ()
    advice: tuple[str, ...] = ()
    witness: tuple[WitnessStep, ...] = ()


@dataclass(frozen=True)
class GroupRow:
    """A line of the table of scaling groups."""

    group: str
    place: Place
    capacity: str
    image: str = ""
    run: Place | None = None
    entry: str = ""
    stop_call: Place | None = None
    guard: str = ""
    threshold: str = ""
    source: str = ""
    verdict: str = ""
    note: str = ""


@dataclass(frozen=True)
class SiteRow:
    """A line of the table of stop calls."""

    place: Place
    function: str
    callee: str
    reached_when: str
    target: str
    verdict: str
    entries: tuple[str, ...] = ()
    runs: int = 0


@dataclass(frozen=True)
class SettingRow:
    """A place that sets a threshold, or a run that ought to."""

    place: Place
    how: str
    image: str
    variable: str
    value: str
    source: str
    verdict: str
    drift: bool = False
    note: str = ""


@dataclass(frozen=True)
class RoleRow:
    """A role and what it may do."""

    role: str
    groups: tuple[str, ...]
    permission: str
    reason: str
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class SelfStop:
    """An instance that was stopped by a call of its own: how often, when first and last, and in which group."""

    instance: str
    calls: int
    first: str
    last: str
    group: str = ""
    role: str = ""
    failed: int = 0


@dataclass(frozen=True)
class Evidence:
    """What CloudTrail and the scaling activities say. ``other`` and ``broken`` are records that were passed over."""

    files: tuple[str, ...] = ()
    self_stops: tuple[SelfStop, ...] = ()
    by_others: int = 0
    replaced: tuple[tuple[str, int], ...] = ()
    other: int = 0
    broken: int = 0


@dataclass(frozen=True)
class AuditReport:
    """The result of an audit. ``code`` is what `selfstop check` says of the same files."""

    sentence: str
    alarm: Severity | None
    groups: tuple[GroupRow, ...] = ()
    sites: tuple[SiteRow, ...] = ()
    settings: tuple[SettingRow, ...] = ()
    roles: tuple[RoleRow, ...] = ()
    gaps: tuple[Gap, ...] = ()
    findings: tuple[AuditFinding, ...] = ()
    code: Report = field(default_factory=Report)
    evidence: Evidence | None = None
    problems: tuple[Problem, ...] = ()
    unread_formats: tuple[tuple[str, int], ...] = ()
    files_read: int = 0
    files_known: int = 0
    suppressed: int = 0
    verdicts: tuple[RoleVerdict, ...] = ()
    chains: tuple[Chain, ...] = ()
