"""From source text to graphs: one file, or more of one, at a time.

Tasks and their results are plain values that pickle, so that any executor can run them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import libcst

from selfstop import source
from selfstop.flow.code import FunctionCode
from selfstop.flow.lower import Frame, Skeleton, lower_function, lower_module
from selfstop.model import AnalysisError
from selfstop.project.repository.outline import Excerpt, Outline
from selfstop.project.repository.swallowing import Kinds


@dataclass(frozen=True)
class Task:
    """What is to be lowered: a module with the functions at ``lines``, or further functions of a ``skeleton``.

    ``siblings`` are the modules that it may import by bare name, with their dotted ones; ``swallowing`` the managers
    that swallow exceptions, its own and those it imports.
    """

    path: str
    outline: Outline
    lines: tuple[int, ...]
    skeleton: Skeleton | None = None
    module: str = ""
    is_package: bool = False
    siblings: Mapping[str, str] = field(default_factory=dict)
    swallowing: Mapping[str, Kinds] = field(default_factory=dict)


@dataclass(frozen=True)
class Lowered:
    """What became of a task: nothing but an error where the file cannot be analysed."""

    skeleton: Skeleton | None = None
    parts: tuple[FunctionCode, ...] = ()
    error: AnalysisError | None = None


def lower(task: Task) -> Lowered:
    """Parse and lower what the task asks for."""
    try:
        if task.skeleton is None:
            return Lowered(_module(task))
        return Lowered(task.skeleton, tuple(_functions(task, task.skeleton)))
    except source.NotAnalysable as error:
        return Lowered(task.skeleton, error=AnalysisError(task.path, error.line, error.code, error.message))


def _module(task: Task) -> Skeleton:
    excerpt = task.outline.excerpt(frozenset(task.lines))
    shifts = source.column_shifts(task.outline.text)
    frame = Frame(task.module, task.path, task.is_package, shifts, task.siblings, task.swallowing)
    tree = _parsed(excerpt, task.outline)
    try:
        return lower_module(
            tree, frame, lines=excerpt.lines, outlined=excerpt.outlined, global_names=excerpt.global_names
        )
    except RecursionError as error:
        raise source.too_deep() from error


def _functions(task: Task, skeleton: Skeleton) -> Iterable[FunctionCode]:
    for line in task.lines:
        excerpt = task.outline.function(line)
        tree = _parsed(excerpt, task.outline)
        try:
            yield lower_function(tree, skeleton.frame, skeleton.places[line], lines=excerpt.lines)
        except RecursionError as error:
            raise source.too_deep(line) from error


def _parsed(excerpt: Excerpt, outline: Outline) -> libcst.Module:
    try:
        return source.parse(excerpt.text)
    except source.NotAnalysable:
        source.parse(outline.text)  # says it with the lines of the file
        raise
