"""The chains of an audit: each group or start with what its machines run, down to the stop call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from selfstop.audit import advice, stories, words
from selfstop.audit.chain import Chain, Edge, Flow, Node, Part
from selfstop.audit.model import Exposure
from selfstop.audit.tables import place_of
from selfstop.audit.visits import visits
from selfstop.deploy.groups import Group
from selfstop.deploy.launches import Launch
from selfstop.deploy.model import Place, Strength
from selfstop.deploy.programs import Program
from selfstop.deploy.resolve import Deployment
from selfstop.evaluation import Effect
from selfstop.model import StepKind, Target
from selfstop.rules import Severity
from selfstop.ways import MODULE_BODY, StopSite

_GATES: Final = {
    Effect.OFF: Flow.CLOSED,
    Effect.INVALID: Flow.CLOSED,
    Effect.UNKNOWN: Flow.UNSURE,
    Effect.ON: Flow.OPEN,
    Effect.AT_ONCE: Flow.OPEN,
    None: Flow.CLOSED,
}
_RANKS: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 3, None: 4}
_TARGETS: Final = {
    Target.SELF: "stops its own machine",
    Target.OTHER: "stops another machine",
    Target.UNKNOWN: "stops a machine, not known which",
}


def chains(deployment: Deployment, exposures: Sequence[Exposure], sites: Sequence[StopSite]) -> tuple[Chain, ...]:
    """All chains, the most alarming first; groups come before starts outside of them."""
    found: list[tuple[tuple[int, bool, int, bool], Chain]] = []
    for exposure in exposures:
        for group, is_visit in _groups(deployment, exposure, exposures):
            chain = _exposed(exposure, group, is_visit=is_visit)
            found.append((_rank(chain, exposure.launch.strength, group), chain))
    for group in deployment.groups if sites else ():
        silent = _silent(deployment, group, exposures)
        found += [(_rank(chain, Strength.UNATTENDED, group), chain) for chain in silent]
    reached = {id(exposure.site) for exposure in exposures if exposure.is_deployed}
    for site in sites:
        if id(site) not in reached:
            chain = _unreached(site)
            found.append((_rank(chain, Strength.PRINTED, None), chain))
    return tuple(dict.fromkeys(chain for _, chain in sorted(found, key=lambda pair: pair[0])))


def _rank(chain: Chain, strength: Strength, group: Group | None) -> tuple[int, bool, int, bool]:
    """What worries first, then what else groups do, then the rest."""
    rank = _RANKS[chain.alarm]
    return min(rank, 2) if group is not None else rank, group is None, strength, chain.call is None


def _groups(
    deployment: Deployment, exposure: Exposure, exposures: Sequence[Exposure]
) -> list[tuple[Group | None, bool]]:
    """The groups on whose machines a start happens, and whether it only looks for these by their name."""
    if exposure.groups:
        return [(group, False) for group in exposure.groups]
    visited = [
        (group, True)
        for group in deployment.groups
        if exposure.is_deployed
        and any(group in other.groups and other.launch.image == exposure.launch.image for other in exposures)
        and visits(deployment, group, exposure.launch)
    ]
    return [*visited] or [(None, False)]


def _exposed(exposure: Exposure, group: Group | None, *, is_visit: bool) -> Chain:
    gate = _gate(exposure)
    nodes = [
        *([] if group is None else [_group(group)]),
        _start(exposure.launch, words.conditions(exposure)),
        *_image(exposure.launch),
        _entry(exposure.program),
        _code(exposure.site, exposure.ways[0].files),
        _stop(exposure.site),
    ]
    edges = [
        *_deployed(nodes, exposure.launch, exposure.program, is_visit=is_visit),
        _call(exposure),
        gate,
        *_loop(group, gate, is_visit=is_visit),
    ]
    named = f"{group.name}, by {exposure.launch.run.place}" if group and is_visit else None
    return Chain(
        named or (group.name if group is not None else str(exposure.launch.run.place)),
        words.effect(exposure),
        stories.story(exposure, group, is_visit=is_visit),
        tuple(nodes),
        tuple(edges),
        stories.alarm(exposure, group, is_visit=is_visit),
        tuple(dict.fromkeys(_repairs(exposure, None if is_visit else group))),
        exposure.site.call,
        exposure.is_deployed,
    )


def _repairs(exposure: Exposure, group: Group | None) -> Iterator[str]:
    if exposure.missing or not exposure.is_deployed:
        return
    if exposure.effect in {Effect.ON, Effect.AT_ONCE} and group is not None and not group.alone:
        yield from advice.for_loop(exposure, group)
    elif exposure.may_stop:
        yield from advice.for_unguarded(exposure.site)
        for value in exposure.values:
            yield from advice.for_unknown(exposure, value)
    elif exposure.effect is Effect.INVALID and exposure.values:
        yield from advice.for_invalid(exposure, exposure.values[0])


# Nodes


def _group(group: Group) -> Node:
    if group.alone:
        return Node(Part.GROUP, group.name, ("no group",), group.place)
    return Node(Part.GROUP, group.name, (f"min/desired/max {words.capacity(group)}",), group.place)


def _start(launch: Launch, conditions: str) -> Node:
    return Node(Part.START, words.started(launch), (f"if {conditions}",) if conditions else (), launch.run.place)


def _image(launch: Launch) -> Iterator[Node]:
    if not launch.image:
        return
    if launch.built is not None:
        yield Node(Part.IMAGE, launch.image, (), launch.built.place)
    else:
        yield Node(Part.IMAGE, launch.image, ("not built in this repository",), None, is_missing=True)


def _entry(program: Program) -> Node:
    details = (program.gap,) if program.gap else ()
    return Node(Part.ENTRY, program.text, details, program.place, is_missing=program.file is None)


def _code(site: StopSite, files: Sequence[str]) -> Node:
    call = site.call
    title = "the module's body" if call.function == MODULE_BODY else f"{call.function}()"
    between = [path for path in files[1:] if path != call.path]
    details = (f"by way of {', '.join(between)}",) if between else ()
    lines = [step.line for step in site.witness if step.kind is StepKind.ENTER and step.function == call.function]
    place = Place(call.path, lines[-1]) if lines else None
    return Node(Part.CODE, title, details if place else (call.path, *details), place)


def _stop(site: StopSite) -> Node:
    return Node(Part.STOP, f"{site.call.callee}()", (_TARGETS[site.call.target],), place_of(site))


# Edges


def _deployed(nodes: Sequence[Node], launch: Launch, program: Program | None, *, is_visit: bool) -> Iterator[Edge]:
    """The edges from the group to the entry point."""
    parts = [node.part for node in nodes]
    if Part.GROUP in parts:
        yield Edge(Part.GROUP, Part.START, "by its name" if is_visit else "user data")
    last = Part.START
    if Part.IMAGE in parts:
        yield Edge(Part.START, Part.IMAGE, "starts")
        last = Part.IMAGE
    if Part.ENTRY in parts:
        is_broken = (bool(launch.image) and launch.built is None) or program is None or bool(program.gap)
        yield Edge(last, Part.ENTRY, "runs", is_broken=is_broken)


def _call(exposure: Exposure) -> Edge:
    if exposure.missing:
        label = f"the image does not contain {', '.join(exposure.missing)}"
    elif exposure.perhaps:
        label = "imported; no call of it was found"
    else:
        return Edge(Part.ENTRY, Part.CODE, "calls")
    return Edge(Part.ENTRY, Part.CODE, label, is_broken=True)


def _gate(exposure: Exposure) -> Edge:
    """The edge into the stop call: the guard, and what decides about it."""
    settings = [
        f"{value.variable} = {words.value(value, exposure.site)} ({words.source(value, exposure.launch)})"
        for value in exposure.values
    ]
    return Edge(
        Part.CODE,
        Part.STOP,
        stories.guard(exposure.site),
        "; ".join(settings),
        _GATES[exposure.effect],
        is_broken=bool(exposure.missing),
    )


def _loop(group: Group | None, gate: Edge, *, is_visit: bool) -> Iterator[Edge]:
    """The edge by which a group replaces what stopped; what a script started does not come back with that."""
    if group is None or not stories.replaces(group) or gate.flow not in {Flow.OPEN, Flow.UNSURE}:
        return
    end = "" if is_visit else ", while scaled out" if group.floor == 0 else ", without end"
    is_sure = gate.flow is Flow.OPEN
    yield Edge(
        Part.STOP,
        Part.GROUP,
        f"{'replaces' if is_sure else 'would replace'} it{end}",
        flow=Flow.LOOP if is_sure else Flow.UNSURE,
    )


# Without a stop call, without a start


def _silent(deployment: Deployment, group: Group, exposures: Sequence[Exposure]) -> Iterator[Chain]:
    """What the machines of a group run besides, and that it reaches no stop call or is not known."""
    if group.alone:
        return
    own = {(e.launch.run.place, e.program.text) for e in exposures if group in e.groups}
    found = False
    for launch in deployment.launches:
        if launch.unit not in group.units:
            continue
        found = True
        for program in launch.programs or (None,):
            if program is not None and (launch.run.place, program.text) in own:
                continue
            yield _harmless(group, launch, program)
    if not found and not own:
        note = group.gaps[0].text if group.gaps else "its machines start nothing that is known here"
        nodes = (_group(group), Node(Part.START, "not known", (note,), is_missing=True))
        edges = (Edge(Part.GROUP, Part.START, is_broken=True),)
        story = f"What the machines of {group.name} run is not known: {note}."
        yield Chain(group.name, "unknown", story, nodes, edges, Severity.NOTE)


def _harmless(group: Group, launch: Launch, program: Program | None) -> Chain:
    unknown = program is None or program.file is None
    nodes = [_group(group), _start(launch, ""), *_image(launch)]
    if program is not None:
        nodes.append(_entry(program))
        text = f"What the machines of {group.name} run, {program.text}, "
    else:
        nodes.append(Node(Part.ENTRY, "not known", tuple(gap.text for gap in launch.gaps[:1]), is_missing=True))
        text = f"What {words.image(launch)} runs on the machines of {group.name} "
    said = "is not known here" if unknown else "reaches no stop call"
    edges = tuple(_deployed(nodes, launch, program, is_visit=False))
    verdict, alarm = ("unknown", Severity.NOTE) if unknown else ("no stop call", None)
    return Chain(group.name, verdict, f"{text}{said}.", tuple(nodes), edges, alarm)


def _unreached(site: StopSite) -> Chain:
    """A stop call that nothing leads to which is started here."""
    call = site.call
    entries = tuple(dict.fromkeys(entry.path for entry in site.entries))
    nodes = (
        Node(Part.START, "not known", ("nothing that is started here leads on",), is_missing=True),
        Node(Part.ENTRY, entries[0] if entries else call.path, entries[1:]),
        _code(site, ()),
        _stop(site),
    )
    gate = Flow.OPEN if site.code else Flow.UNSURE
    edges = (
        Edge(Part.START, Part.ENTRY, is_broken=True),
        Edge(Part.ENTRY, Part.CODE, "calls"),
        Edge(Part.CODE, Part.STOP, stories.guard(site), flow=gate),
    )
    return Chain(
        str(place_of(site)),
        words.rule(site),
        stories.unreached(site),
        nodes,
        edges,
        Severity.WARNING if site.code else None,
        tuple(advice.for_unguarded(site)),
        call,
    )
