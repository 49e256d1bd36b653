"""The files of a project as far as they are loaded: which of them, which functions, and the code that came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from selfstop import source
from selfstop.flow.code import ModuleCode
from selfstop.model import AnalysisError
from selfstop.project.loading.loaded import Loaded, loaded
from selfstop.project.loading.lowering import Lowered, Task
from selfstop.project.loading.managers import Managers
from selfstop.project.repository.names import ModuleNames, by_suffix, is_package
from selfstop.project.repository.outline import outline
from selfstop.project.repository.search import Start

LowerAll = Callable[[Sequence[Task]], Iterable[Lowered]]
"""Runs tasks, in this process or in others; results come in the order of the tasks."""


class Store:
    """Loads files when they are wanted, by path; lowers of each what is wanted and not done yet."""

    def __init__(self, files: Mapping[str, bytes], lower_all: LowerAll) -> None:
        self.files = files
        self.names = ModuleNames(files)
        self.suffixes = by_suffix(self.names.paths)
        self.errors: list[AnalysisError] = []
        self._managers = Managers(files, self.names, self.suffixes)
        self._lower_all = lower_all
        self._loaded: dict[str, Loaded] = {}
        self._matched: set[tuple[str, str]] = set()

    def __contains__(self, path: str) -> bool:
        return path in self._loaded

    def __getitem__(self, path: str) -> Loaded:
        return self._loaded[path]

    def __iter__(self) -> Iterator[str]:
        """The files that are loaded, sorted."""
        return iter(sorted(self._loaded))

    def begin(self, path: str, start: Start) -> None:
        """Load a file that a first look has been taken at."""
        self._loaded[path] = loaded(start.outline, start.lines)

    def load(self, path: str) -> Loaded | None:
        """Load a file; None if it cannot be read, which is an error."""
        if path not in self._loaded:
            text = self._text(path)
            if text is None:
                return None
            self._loaded[path] = loaded(outline(text))
        return self._loaded[path]

    def load_all(self, paths: Iterable[str]) -> bool:
        """Load files; returns whether any is new."""
        found = [self.load(path) for path in paths if path not in self._loaded]
        return any(each is not None for each in found)

    def _text(self, path: str) -> str | None:
        try:
            return source.decode(self.files[path])
        except source.NotAnalysable as error:
            self.errors.append(AnalysisError(path, error.line, error.code, error.message))
            return None

    def keep_matching(self, path: str, word: str, pattern: str) -> bool:
        """Want the functions of a file in which ``pattern`` is found; returns whether any is new.

        ``word`` is part of all that ``pattern`` matches.
        """
        if (path, pattern) in self._matched:
            return False
        self._matched.add((path, pattern))
        file = self._loaded[path]
        return word in file.outline.text and file.keep(file.outline.mentioning(re.compile(pattern), word))

    def keep_matching_anywhere(self, word: str, pattern: str) -> bool:
        """The same for all files that are loaded."""
        grew = [self.keep_matching(path, word, pattern) for path in self]
        return any(grew)

    # Lowering

    def modules(self) -> list[ModuleCode]:
        """All that is wanted so far, lowered; each file is one module."""
        self._lower()
        return [code for path in self if (code := self._loaded[path].code) is not None]

    def _lower(self) -> None:
        tasks = [self._task(path, lines) for path in self if (lines := self._loaded[path].open) is not None]
        for task, lowered in zip(tasks, self._lower_all(tasks), strict=True):
            each = self._loaded[task.path]
            each.take(lowered.skeleton, lowered.parts, task.lines)
            if lowered.error is not None:
                each.is_hopeless = True
                self.errors.append(lowered.error)

    def _task(self, path: str, lines: tuple[int, ...]) -> Task:
        each = self._loaded[path]
        if each.skeleton is not None:
            return Task(path, each.outline, lines, each.skeleton)
        swallowing = self._managers.seen_from(path, each.outline.swallowing)
        siblings = self.names.seen_from(path)
        return Task(path, each.outline, lines, None, self.names.by_path[path], is_package(path), siblings, swallowing)
