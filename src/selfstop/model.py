"""What the engine says about a program: plain values, without any reference to a syntax tree.

Every front end (command line, flake8, reports) is a function of these objects alone. They are frozen and
pickle, so that files can be analysed in other processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    """Which machine a stop call stops, as far as the code shows it."""

    SELF = "self"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of source: lines and columns count from 1, the end is exclusive as in most editors."""

    line: int
    column: int
    end_line: int
    end_column: int


class StepKind(StrEnum):
    """What happens in a step of a witness.

    ``given`` is no step on the way: it tells of the test, call or exception before it what held where a flag was
    set, a predicate answered, an exception was raised or a list was filled.
    """

    ENTER = "enter"
    CALL = "call"
    TEST = "test"
    GIVEN = "given"
    RAISE = "raise"
    EXCEPT = "except"
    FINALLY = "finally"
    STOP = "stop"


@dataclass(frozen=True, order=True)
class WitnessStep:
    """One step of a witness: ``path`` relative to the root with ``/``, ``line`` from 1, ``text`` what happens.

    ``function`` is the qualified name of the function in which it happens. ``note`` says what the reader wants to
    know of it: of a condition, why it is no threshold guard; of the first step, who enters there.
    """

    path: str
    line: int
    text: str
    kind: StepKind = StepKind.CALL
    function: str = ""
    note: str = ""


@dataclass(frozen=True, order=True)
class IdSource:
    """Where an instance id was born: ``text`` is the source of the expression that reads it, on one line."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, order=True)
class StopCall:
    """A call that stops a machine, at the place where that was decided.

    ``function`` is the qualified name of the enclosing function (``<module>`` at top level), ``callee`` the
    called expression as written, ``conditions`` the source text of the conditions that dominate the call.
    ``sources`` are the places that show the target, nearest first: where this machine's id is read, or where
    another's comes from. There is none where the target is unknown, or known by the call's name alone.
    """

    path: str
    span: Span
    function: str
    callee: str
    conditions: tuple[str, ...]
    target: Target = Target.UNKNOWN
    sources: tuple[IdSource, ...] = ()


@dataclass(frozen=True, order=True)
class Finding:
    """A stop call that a rule reports, with one concrete path that shows why.

    ``fingerprint`` knows it again when lines have moved; see `selfstop.fingerprint`. Of SST011, which is about a
    comment, ``call`` holds path and span only.
    """

    call: StopCall
    code: str
    message: str
    witness: tuple[WitnessStep, ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, order=True)
class Place:
    """Where a function is defined."""

    path: str
    line: int
    function: str


@dataclass(frozen=True, order=True)
class UnresolvedCall:
    """A call of a method of an object of unknown class, which may or may not be one of ``stoppers``.

    Or one of a method of an EC2 client by a name that is not known; ``stoppers`` is empty then.

    ``reason`` says why it was not matched by its name.
    """

    path: str
    span: Span
    function: str
    callee: str
    reason: str
    stoppers: tuple[Place, ...] = ()


@dataclass(frozen=True, order=True)
class AnalysisError:
    """A file that could not be analysed: ``code`` is one of the catalogue's SST0xx, ``line`` 0 when unknown."""

    path: str
    line: int
    code: str
    message: str


@dataclass(frozen=True)
class Report:
    """The result of one run. All sequences are sorted by path and position."""

    findings: tuple[Finding, ...] = ()
    guarded: tuple[StopCall, ...] = ()
    errors: tuple[AnalysisError, ...] = ()
    files_checked: int = 0
    unresolved: tuple[UnresolvedCall, ...] = ()


@dataclass(frozen=True)
class Suppressed:
    """How many findings and errors are not shown: because of ``# noqa`` comments, because the baseline knows them."""

    noqa: int = 0
    baseline: int = 0


@dataclass(frozen=True, order=True)
class Known:
    """A finding of another time: enough to know it again, and to name it."""

    path: str
    code: str
    function: str
    call: str
    fingerprint: str


@dataclass(frozen=True)
class Comparison:
    """What lies between two commits.

    ``revision`` is the commit that was compared with. ``fixed`` were findings there and are none any more,
    ``unchanged`` counts those that are not shown because they were findings there, too, and ``unreadable`` the
    files that could not be analysed there, so that all findings in them count as new.
    """

    revision: str
    fixed: tuple[Known, ...] = ()
    unchanged: int = 0
    unreadable: int = 0


@dataclass(frozen=True)
class Provenance:
    """Which commit was checked: the address of the repository without user and password, the commit, the branch."""

    repository: str
    revision: str
    branch: str = ""
