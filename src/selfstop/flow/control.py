"""Control dependence: which tests decide whether a node is reached.

A node depends on a test if one outcome leads to it for certain and the other need not (Ferrante, Ottenstein
and Warren, "The program dependence graph and its use in optimization", TOPLAS 1987). An ``if`` beside a node
does not decide about it; an early ``return`` does. Exceptions that any statement might raise are not
decisions: a ``try`` as a whole may lead to its handlers, its single statements may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from selfstop.flow.cfg import EdgeKind, Graph, Iterate, Raise, Test


def successors(graph: Graph, ending: Set[int] = frozenset()) -> list[list[int]]:
    """The successors of each node without implicit exceptions, but with those a ``try`` stands for.

    A loop may go on for ever: its edges back also lead out, as an exception would, so that a test that ends the loop
    is a decision, about returning, too.
    ``ending`` are calls that never return.
    """
    following: list[list[int]] = []
    for number, node in enumerate(graph.nodes):
        if number in ending:
            following.append([edge.target for edge in node.edges if edge.kind is EdgeKind.RAISE])
            continue
        explicit = isinstance(node.operation, Raise)
        following.append([edge.target for edge in node.edges if explicit or edge.kind is not EdgeKind.RAISE])
    for number, node in enumerate(graph.nodes):
        if any(edge.kind is EdgeKind.BACK for edge in node.edges):
            following[number].append(graph.escape)
    for start, landing in graph.protections:
        following[start].append(landing)
    return following


def postdominators(following: list[list[int]], exits: Iterable[int]) -> list[int]:
    """For each node the set of its postdominators, as a bit set.

    Nodes of endless loops have no way to an exit; one of their edges back is taken for one.
    """
    count = len(following)
    sources: list[list[int]] = [[] for _ in range(count)]
    for number, targets in enumerate(following):
        for target in targets:
            sources[target].append(number)
    ends = _ends(following, sources, exits)
    everything = (1 << count) - 1
    result = [everything] * count
    for end in ends:
        result[end] = 1 << end
    order = list(range(count - 1, -1, -1))
    changed = True
    while changed:
        changed = False
        for number in order:
            if number in ends:
                continue
            common = everything
            for target in following[number]:
                common &= result[target]
            common |= 1 << number
            if common != result[number]:
                result[number] = common
                changed = True
    return result


def _ends(following: list[list[int]], sources: list[list[int]], exits: Iterable[int]) -> set[int]:
    """The exits, and one node of each part of the graph that never gets to one."""
    ends = set(exits) | {number for number, targets in enumerate(following) if not targets}
    reached = _reaching(sources, ends)
    for number in range(len(following) - 1, -1, -1):
        if number not in reached:
            ends.add(number)
            reached |= _reaching(sources, {number})
    return ends


def _reaching(sources: list[list[int]], ends: set[int]) -> set[int]:
    reached = set(ends)
    stack = list(ends)
    while stack:
        for source in sources[stack.pop()]:
            if source not in reached:
                reached.add(source)
                stack.append(source)
    return reached


class ControlDependence:
    """Answers which tests of a graph decide about a node."""

    def __init__(self, graph: Graph, ending: Set[int] = frozenset()) -> None:
        """``ending`` are the nodes of calls that never return."""
        self.graph = graph
        self._following = successors(graph, ending)
        self._after = postdominators(self._following, (graph.exit, graph.escape))
        self._cache: dict[int, frozenset[int]] = {}
        self._direct: dict[int, list[int]] = {}
        self._dependent = [
            (branch, self._depending(branch, targets))
            for branch, targets in enumerate(self._following)
            if len(targets) > 1
        ]

    def decisive(self, node: int) -> frozenset[int]:
        """The tests on which ``node`` depends, directly or through other nodes it depends on."""
        if node not in self._cache:
            self._cache[node] = self._closure(node)
        return self._cache[node]

    def avoidable(self, node: int, *, within: int | None = None) -> bool:
        """Whether some way to ``node``, exceptions included, passes none of the tests that decide about it.

        With ``within``, only tests inside that ``finally`` block count.
        """
        tests = self.decisive(node)
        if within is not None:
            tests = frozenset(test for test in tests if within in self.graph.nodes[test].finallies)
        if not tests:
            return True
        seen = {self.graph.entry}
        stack = [self.graph.entry]
        while stack:
            current = stack.pop()
            if current == node:
                return True
            if current in tests:
                continue
            for edge in self.graph.nodes[current].edges:
                if edge.target not in seen:
                    seen.add(edge.target)
                    stack.append(edge.target)
        return False

    def _closure(self, node: int) -> frozenset[int]:
        found: set[int] = set()
        seen: set[int] = set()
        stack = [node]
        while stack:
            current = stack.pop()
            for branch in self.branches(current):
                if self._decides(branch, current):
                    found.add(branch)
                if branch not in seen:
                    seen.add(branch)
                    stack.append(branch)
        return frozenset(found)

    def _decides(self, branch: int, node: int) -> bool:
        """Tests decide; so does running out of items in a loop that could have been left before."""
        operation = self.graph.nodes[branch].operation
        if isinstance(operation, Iterate) and operation.abandons:
            return any(
                edge.kind is EdgeKind.FALSE and self._after[edge.target] >> node & 1
                for edge in self.graph.nodes[branch].edges
            )
        return isinstance(operation, Test)

    def _depending(self, branch: int, targets: list[int]) -> int:
        """The nodes that one way out of ``branch`` leads to for certain and another need not, as a bit set."""
        certain = 0
        for target in targets:
            certain |= self._after[target]
        return certain & ~(self._after[branch] & ~(1 << branch))

    def branches(self, node: int) -> list[int]:
        """The nodes with several ways out on which ``node`` depends directly, tests and others."""
        if node not in self._direct:
            self._direct[node] = [branch for branch, dependent in self._dependent if dependent >> node & 1]
        return self._direct[node]
