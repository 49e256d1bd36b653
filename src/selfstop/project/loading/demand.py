"""On demand: which files, and which functions in them, are worth parsing.

First those in which a stop call is called or referred to; then those that mention a function from which one is
reached; then whatever the analysis asks for: bodies of functions that are called on the way, modules that are
imported for it, functions that bind an attribute of which a condition speaks, all that an instance id comes through.
Until nothing new turns up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import TypeVar

from selfstop.config import EngineOptions
from selfstop.model import AnalysisError
from selfstop.project.callgraph.manifests import Manifests, entry_points
from selfstop.project.callgraph.reach import Reach
from selfstop.project.callgraph.stopcalls import StopCalls
from selfstop.project.linking.linker import Linker
from selfstop.project.loading.answers import Answers
from selfstop.project.loading.asking import ask_about_calls, ask_about_holders, ask_about_ways
from selfstop.project.loading.calling import Calling
from selfstop.project.loading.lazily import LazyPackages
from selfstop.project.loading.store import LowerAll, Store
from selfstop.project.repository.search import Start
from selfstop.project.symbols.program import Program
from selfstop.project.targets.target import Targets

PATIENCE = 10
"""Rounds after which callers are not loaded one level in each round any more, but all that a file may have at once."""

_T = TypeVar("_T")


class Demand:
    """Loads the modules of a project that matter, and links them."""

    def __init__(
        self, files: Mapping[str, bytes], options: EngineOptions, lower_all: LowerAll, manifests: Manifests = dict
    ) -> None:
        self._options = options
        self._store = Store(files, lower_all)
        self._entry_points = entry_points(manifests(), files)
        self._lazy = LazyPackages(files, self._store.names)
        self._calling = Calling(self._store, self._lazy)
        self._answers = Answers(self._store, self._lazy)
        self._rounds = 0

    @property
    def loaded(self) -> list[str]:
        """The files that matter, by path, as far as that is known."""
        return list(self._store)

    @property
    def errors(self) -> Sequence[AnalysisError]:
        """What could not be loaded of what mattered."""
        return self._store.errors

    def analyse(self, starts: Mapping[str, Start], judge: Callable[[Reach], _T]) -> _T:
        """What ``judge`` says once everything that it asks for is loaded, beginning with the files ``starts``."""
        for path, start in starts.items():
            self._store.begin(path, start)
            self._calling.take(path)
        while True:
            reach = self._linked()
            if self._load_what_reaches(reach) or self._load_what_decides(reach):
                continue
            verdict = judge(reach)
            if not self._answer(reach, _deciding(reach)):
                return verdict

    def _linked(self) -> Reach:
        self._rounds += 1
        linker = self._program()
        reach = Reach(linker, StopCalls(linker.program, self._options), self._entry_points)
        linker.program.ask()
        return reach

    def _program(self) -> Linker:
        """All that is wanted so far, lowered and linked."""
        store = self._store
        program = Program(store.modules(), store.suffixes, store.names.paths, dict(self._lazy.meanings))
        return Linker(program, self._answers.crowded)

    # Rounds

    def _load_what_reaches(self, reach: Reach) -> bool:
        """Load what may reach a stop call; returns whether that is anything new."""
        if self._load_all(reach, self._answer_about_calls):
            return True
        return self._calling.load_callers(reach, at_once=self._rounds > PATIENCE)

    def _load_what_decides(self, reach: Reach) -> bool:
        """Load all that decides on the ways to a stop call, and whom it stops; returns whether that is anything new."""
        return self._load_all(reach, self._answer_about_ways)

    def _load_all(self, reach: Reach, answer: Callable[[Reach], bool]) -> bool:
        """Load what ``answer`` does until nothing is new; returns whether anything was.

        Who reaches a stop call is not looked at anew for each step: that would take longer than all the rest.
        """
        grew = False
        while answer(reach):
            grew = True
            reach = reach.over(self._program())
            reach.program.ask()
        return grew

    def _answer_about_calls(self, reach: Reach) -> bool:
        for ask in (ask_about_calls, ask_about_holders):
            ask(reach)
            if self._answer(reach, _deciding(reach) | self._calling.modules):
                return True
        return False

    def _answer_about_ways(self, reach: Reach) -> bool:
        ask_about_ways(reach)
        if self._answer(reach, _deciding(reach)):
            return True
        Targets(reach).ask()
        return self._answer(reach, _deciding(reach) | self._calling.modules)

    def _answer(self, reach: Reach, askers: Set[str]) -> bool:
        """Load what was asked for, by one of the modules ``askers``; returns whether that is anything new."""
        grew = self._calling.keep_speaking(reach.program.questions.spoken)
        return self._answers.load(reach.program, askers) or grew


def _deciding(reach: Reach) -> set[str]:
    """The modules of what reaches a stop call."""
    return {reach.program.functions[identity].module for identity in reach.functions}
