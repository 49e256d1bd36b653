"""Chains of calls to a stop call that no test decides about, and clean-up at their ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selfstop.flow.cfg import Call
from selfstop.project.callgraph.paths import Site
from selfstop.project.callgraph.reach import Reach
from selfstop.project.callgraph.uses import Mode


@dataclass(frozen=True, eq=False)
class Step:
    """A call site in a chain of calls, and the one that it leads to."""

    function: str
    node: int
    below: Step | None = None

    @property
    def name(self) -> str:
        """What the function is called."""
        return self.function.rpartition(":")[2]

    def passed(self) -> frozenset[str]:
        """The functions of the chain up to here."""
        found = set()
        step: Step | None = self
        while step is not None:
            found.add(step.function)
            step = step.below
        return frozenset(found)


class Chains:
    """Chains of calls that lead to a stop call, upwards."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._linker = reach.linker
        self._program = reach.program

    def is_bare(self, identity: str, nodes: Sequence[int]) -> bool:
        """Whether some chain of calls leads to one of the nodes without any test that decides about it."""
        for step in self._chains(identity, nodes):
            callers = self._further(step)
            if not callers or self._reach.is_entry(step.function):
                return True
            if any(mode is not Mode.NOW for _, _, mode in callers):
                return True
        return False

    def _chains(self, identity: str, nodes: Sequence[int]) -> Iterator[Step]:
        """The call sites, upwards from ``nodes``, that no test decides about, each once."""
        pending = [Step(identity, node) for node in reversed(nodes)]
        seen: set[tuple[str, int]] = set()
        while pending:
            step = pending.pop()
            if (step.function, step.node) in seen:
                continue
            seen.add((step.function, step.node))
            if self._linker.dependence(step.function).avoidable(step.node):
                yield step
                called = [(caller, node) for caller, node, mode in self._further(step) if mode is Mode.NOW]
                pending.extend(Step(caller, node, step) for caller, node in reversed(called))

    def _further(self, step: Step) -> list[tuple[str, int, Mode]]:
        """The call sites of a step's function, in functions that the chain has not passed yet."""
        callers = self._reach.callers_of(step.function)
        passed = step.passed() if callers else frozenset()
        return [item for item in callers if item[0] not in passed]

    def cleanup(self, site: Site) -> str:
        """How the site runs as clean-up without a condition of its own, or the empty string."""
        for use in site.uses:
            if use.mode is Mode.CLEANUP:
                return use.cleanup
        for node in site.nodes:
            found = self._cleanup_at(site.function, node)
            if found:
                return found
        return ""

    def _cleanup_at(self, identity: str, node: int) -> str:
        if found := self._cleanup_around(Step(identity, node)):
            return found
        for step in self._chains(identity, [node]):
            if found := self._reach.cleanup_of(step.function):
                return found
            for caller, site, mode in self._further(step):
                if mode is Mode.CLEANUP:
                    return self._registered(caller, site)
                if mode is Mode.NOW and (found := self._cleanup_around(Step(caller, site, step))):
                    return found
        return ""

    def _cleanup_around(self, step: Step) -> str:
        """The ``finally`` block around a call that runs it whenever the block runs, or the empty string."""
        blocks = self._program.functions[step.function].graph.nodes[step.node].finallies
        if not blocks or not self._linker.dependence(step.function).avoidable(step.node, within=blocks[-1]):
            return ""
        return "this `finally` block" if step.below is None else f"the `finally` block of `{step.name}`"

    def _registered(self, caller: str, node: int) -> str:
        call = self._program.functions[caller].graph.nodes[node].operation
        assert isinstance(call, Call)
        uses = self._reach.uses.of(call, call.func, call.args, call.keywords)
        return next((use.cleanup for use in uses if use.cleanup), "clean-up")
