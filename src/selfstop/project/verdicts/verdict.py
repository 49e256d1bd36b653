"""From states to verdicts: whether every path to a stop call is guarded, and if not, what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from selfstop.flow.known import Condition
from selfstop.flow.origins import Source
from selfstop.flow.roles import Kind
from selfstop.project.callgraph.paths import (
    GUARDED,
    Judgement,
    Path,
    Site,
    after_error,
    by_origin,
    callers_on,
    foreign,
    held_on_all,
)
from selfstop.project.callgraph.propagation import Propagation
from selfstop.project.verdicts.chains import Chains
from selfstop.project.verdicts.sites import Sites


class Verdicts:
    """Judges every stop call of a program."""

    def __init__(self, propagation: Propagation) -> None:
        self.propagation = propagation
        self.reach = propagation.reach
        self.linker = self.reach.linker
        self.program = self.reach.program
        self.sites = Sites(propagation)
        self._chains = Chains(self.reach)
        self._found: dict[str, list[Site]] = {}

    def judgements(self) -> Iterator[Judgement]:
        """The verdicts on all sites, function by function."""
        for identity in sorted(self.reach.functions):
            self._found[identity] = list(self.sites.of(identity))
        for identity in sorted(self.reach.functions):
            for site in self._found[identity]:
                yield self._judge(site)

    def _judge(self, site: Site) -> Judgement:
        unguarded = [path for path in site.paths if not path.guards]
        unswitched = [path for path in site.paths if path.guards and path.unswitched]
        dominating = held_on_all(site.paths)
        defaults = tuple(c for path in site.paths for c in path.guards if _on_by_default(c))
        cleanup = self._chains.cleanup(site)
        if cleanup and (unguarded or self._bare_in_finally(site)):
            shown = after_error(unguarded or site.paths)
            return Judgement(site, "SST102", shown, dominating, cleanup, None, defaults)
        if unguarded:
            return self._unguarded(site, defaults)
        if unswitched:
            culprit = unswitched[0].unswitched[0]
            return Judgement(site, "SST104", unswitched[0], dominating, "", culprit, defaults)
        return Judgement(site, GUARDED, site.paths[0], dominating, "", None, defaults)

    def _unguarded(self, site: Site, defaults: tuple[Condition, ...]) -> Judgement:
        """The code of the worst caller's paths."""
        verdicts = []
        for paths in by_origin(site.paths):
            worst = [path for path in paths if not path.guards]
            if worst:
                verdicts.append(self._code(site, paths, worst, defaults))
        order = ["SST101", "SST103", "SST105", "SST106"]
        return min(verdicts, key=lambda judgement: order.index(judgement.code))

    def _code(self, site: Site, paths: Sequence[Path], worst: list[Path], defaults: tuple[Condition, ...]) -> Judgement:
        dominating = held_on_all(paths)
        inverted = [c for c in dominating if c.role.kind is Kind.INVERTED and not self._is_else(c, site)]
        if inverted:
            return Judgement(site, "SST106", worst[0], dominating, "", inverted[0], defaults)
        asking = {site.function, *(function for path in paths for function in callers_on(path.record))}
        deciding = [
            c
            for c in dominating
            if not (c.loop and c.truth) and (c.test[0] in asking or c.role.kind is Kind.OFF_SWITCH)
        ]
        if deciding and all(condition.role.kind is Kind.OFF_SWITCH for condition in deciding):
            return Judgement(site, "SST105", worst[0], tuple(deciding), "", None, defaults)
        asked = dominating or all(foreign(path, paths, site.function) for path in worst)
        if asked or not self._chains.is_bare(site.function, site.nodes):
            return Judgement(site, "SST103", worst[0], dominating, "", None, defaults)
        return Judgement(site, "SST101", worst[0], dominating, "", None, defaults)

    def _is_else(self, inverted: Condition, site: Site) -> bool:
        """Whether the comparison's other outcome leads to a stop of its own: this is the ``else`` of a guard."""
        opposite = (inverted.term, not inverted.truth)
        return any(
            guard.key == opposite and guard.test == inverted.test
            for sites in self._found.values()
            for other in sites
            if other is not site
            for path in other.paths
            for guard in path.guards
        )

    def deciding_texts(self, site: Site) -> tuple[str, ...]:
        """The tests that decide about a site, where none of them is known to hold any more."""
        graph = self.program.functions[site.function].graph
        dependence = self.linker.dependence(site.function)
        tests = sorted({test for node in site.nodes for test in dependence.decisive(node)})
        return tuple(
            dict.fromkeys(text for test in tests if (text := getattr(graph.nodes[test].operation, "text", "")))
        )

    def _bare_in_finally(self, site: Site) -> bool:
        """A guard outside a ``finally`` is old news by the time the block runs; one inside the callee is not."""
        inner = [conditions for use in site.uses for conditions in self.sites.alternatives(use) or ()]
        return any(not any(c.role.kind is Kind.GUARD for c in conditions) for conditions in inner)


def _on_by_default(condition: Condition) -> bool:
    origin = condition.role.origin
    if origin.source not in {Source.ENVIRONMENT, Source.CLAMPED} or not origin.default:
        return False
    try:
        return 0 < float(origin.default) < math.inf
    except ValueError:
        return False
