"""The ways to a judged stop call: entries, files and conditions."""

from __future__ import annotations

from collections.abc import Iterator

from selfstop.flow.cfg import Skip
from selfstop.flow.code import MODULE_BODY, Definition
from selfstop.flow.facts import Record
from selfstop.flow.known import Condition
from selfstop.flow.roles import Kind
from selfstop.flow.state import EMPTY
from selfstop.flow.terms import Term
from selfstop.model import StopCall
from selfstop.project.callgraph.paths import Judgement, Path, entry_of
from selfstop.project.callgraph.propagation import Origin
from selfstop.project.verdicts.expressions import expression, guard
from selfstop.project.verdicts.findings import findings
from selfstop.project.verdicts.verdict import Verdicts
from selfstop.ways import Entry, StopSite, Way, WayCondition

_COMPARING = frozenset({Kind.GUARD, Kind.INVERTED})
_DECIDING = frozenset({Kind.GUARD, Kind.OFF_SWITCH})


def stop_site(verdicts: Verdicts, judgement: Judgement, call: StopCall) -> StopSite:
    """The site of ``judgement`` with all ways to it.

    Callers that know the same of the program's state are not kept apart by the analysis: an entry from which a
    site can be reached, but no class of paths comes, is given those of the others.
    """
    found = [_way(verdicts, path) for path in judgement.site.paths]
    reached = {(way.entry.path, way.entry.function) for way in found}
    further = [entry for entry in _entries(verdicts, judgement) if (entry.path, entry.function) not in reached]
    shared = [Way(entry, way.conditions, _files(entry, way), way.guarded) for entry in further for way in found]
    witness = next((item.witness for item in findings(verdicts, judgement, call) if item.code == judgement.code), ())
    return StopSite(call, judgement.code, tuple(dict.fromkeys([*found, *shared])), witness)


def _files(entry: Entry, way: Way) -> tuple[str, ...]:
    return (entry.path, *(path for path in way.files[-1:] if path != entry.path))


def _way(verdicts: Verdicts, path: Path) -> Way:
    records = list(_chain(path.record))
    functions = [verdicts.program.functions[record.scope] for record in records]
    top = functions[-1]
    entry = Entry(top.path, top.qualname, top.qualname == MODULE_BODY and _is_scripted(verdicts, records[-1]))
    conditions = tuple(dict.fromkeys(_condition(verdicts, condition, path) for condition in path.conditions))
    files = tuple(dict.fromkeys(function.path for function in reversed(functions)))
    return Way(entry, conditions, files, bool(path.guards))


def _chain(record: Record) -> Iterator[Record]:
    """The records at the calls that lead to ``record``, innermost first."""
    seen: set[int] = set()
    while True:
        yield record
        origin = entry_of(record).origin
        if not isinstance(origin, Origin) or id(origin) in seen:
            return
        seen.add(id(origin))
        record = origin.record


def _is_scripted(verdicts: Verdicts, record: Record | None) -> bool:
    while record is not None:
        if verdicts.program.functions[record.scope].graph.nodes[record.node].operation == Skip("__main__"):
            return True
        record = record.parent
    return False


def _entries(verdicts: Verdicts, judgement: Judgement) -> Iterator[Entry]:
    """All entries of the program from which the function of a site is reached, flow aside."""
    seen = {judgement.site.function}
    pending = [judgement.site.function]
    while pending:
        identity = pending.pop()
        callers = verdicts.reach.callers_of(identity)
        if not callers or verdicts.reach.is_entry(identity):
            function = verdicts.program.functions[identity]
            if function.qualname != MODULE_BODY or identity != judgement.site.function:
                yield from _entry(verdicts, identity)
        for caller, _, _ in callers:
            if caller not in seen:
                seen.add(caller)
                pending.append(caller)


def _entry(verdicts: Verdicts, identity: str) -> Iterator[Entry]:
    function = verdicts.program.functions[identity]
    analysis = verdicts.propagation.analyses.get(identity)
    if analysis is None:
        return
    records = [record for _, record, _ in verdicts.propagation.uses(identity)]
    scripted = function.qualname == MODULE_BODY and all(_is_scripted(verdicts, record) for record in records)
    if records:
        yield Entry(function.path, function.qualname, scripted)


def _condition(verdicts: Verdicts, condition: Condition, path: Path) -> WayCondition:
    evidence = verdicts.linker.evidence(EMPTY, condition.test[0])

    def definitions(place: Term) -> tuple[Definition, ...]:
        return evidence.definitions(place)

    decides = condition.role.kind in _DECIDING
    if condition.role.kind in _COMPARING and condition.key not in path.void:
        found = guard(condition.term, condition.truth, condition.role.thresholds, definitions)
        if found is not None:
            return WayCondition(found, True, condition.source, decides)
    return WayCondition(expression(condition.term, definitions), condition.truth, condition.source, decides)
