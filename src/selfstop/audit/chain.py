"""A chain from a scaling group down to a stop call, as a picture: what every drawing of an audit is made from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from selfstop.deploy.model import Place
from selfstop.model import StopCall
from selfstop.rules import Severity


class Part(StrEnum):
    """What a node of a chain stands for, in the order of the chain; each is there once at most."""

    GROUP = "scaling group"
    START = "start"
    IMAGE = "image"
    ENTRY = "entry point"
    CODE = "code"
    STOP = "stop call"


class Flow(StrEnum):
    """What an edge does: most of them lead on; the one into the stop call is a gate, the last one closes the loop."""

    LEADS = "leads"
    OPEN = "open"
    CLOSED = "closed"
    UNSURE = "unsure"
    LOOP = "loop"


@dataclass(frozen=True)
class Node:
    """A box: what it is called, what else there is to say, and where it stands in the repository.

    ``is_missing`` marks what the repository does not have.
    """

    part: Part
    title: str
    details: tuple[str, ...] = ()
    place: Place | None = None
    is_missing: bool = False


@dataclass(frozen=True)
class Edge:
    """An arrow: ``label`` is what leads on (of a gate: the guard), ``value`` the setting that decides about it.

    ``is_broken`` marks a link that the repository does not show.
    """

    start: Part
    end: Part
    label: str = ""
    value: str = ""
    flow: Flow = Flow.LEADS
    is_broken: bool = False


@dataclass(frozen=True)
class Chain:
    """One way in which a machine may come to stop itself, or the reason why it does not.

    ``verdict`` is that of the tables, ``story`` says it in full, ``repairs`` what to change. ``alarm`` is None where
    there is nothing to worry about. ``call`` is the stop call. ``is_deployed`` tells that it is more than
    documentation.
    """

    title: str
    verdict: str
    story: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    alarm: Severity | None = None
    repairs: tuple[str, ...] = ()
    call: StopCall | None = None
    is_deployed: bool = True
