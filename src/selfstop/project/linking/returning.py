"""Which calls return, and which tests decide whether control gets somewhere."""

from __future__ import annotations

from selfstop.flow.cfg import EdgeKind
from selfstop.flow.code import Function
from selfstop.flow.control import ControlDependence
from selfstop.flow.terms import Term
from selfstop.project.symbols.calls import Calls
from selfstop.project.symbols.decorators import may_return_without
from selfstop.project.symbols.options import is_exit


class Returning:
    """Control dependence of functions, where calls that never return are the end."""

    def __init__(self, calls: Calls) -> None:
        self._program = calls.program
        self._calls = calls
        self._dependence: dict[str, ControlDependence] = {}
        self._endless: dict[str, bool] = {}

    def dependence(self, identity: str) -> ControlDependence:
        """Control dependence within a function."""
        if identity not in self._dependence:
            self._dependence[identity] = ControlDependence(
                self._program.functions[identity].graph, self._ending(identity)
            )
        return self._dependence[identity]

    def _ending(self, identity: str) -> frozenset[int]:
        """The calls in a function after which it does not go on, because what they run never returns."""
        return frozenset(
            number
            for number, call in self._program.functions[identity].graph.calls()
            if self._never_comes_back(call.func)
        )

    def _never_comes_back(self, func: Term) -> bool:
        targets = self._calls.targets(func)
        return all(self._never_returns(each.function) for each in targets) if targets else is_exit(self._program, func)

    def _never_returns(self, identity: str) -> bool:
        """Whether no way leads from the entry of a function to its exit, as far as its body is loaded."""
        if identity not in self._program.functions:
            return False
        if identity not in self._endless:
            order = self._calls.callees_first(identity, self._endless)
            self._endless.update(dict.fromkeys(order, False))
            for each in order:
                function = self._program.functions[each]
                self._endless[each] = function.never_returns or not (
                    function.outlined
                    or function.is_generator
                    or function.is_async
                    or self._may_return(function)
                    or may_return_without(self._program, function)
                )
        return self._endless[identity]

    def _may_return(self, function: Function) -> bool:
        ending = self._ending(function.id)
        seen = {function.graph.entry}
        stack = [function.graph.entry]
        while stack:
            number = stack.pop()
            for edge in function.graph.nodes[number].edges:
                if edge.target not in seen and (number not in ending or edge.kind is EdgeKind.RAISE):
                    seen.add(edge.target)
                    stack.append(edge.target)
        return function.graph.exit in seen
