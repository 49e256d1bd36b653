"""The one entry: files in, findings out. Nothing above this module knows LibCST."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from selfstop import source
from selfstop.config import EngineOptions
from selfstop.flow.code import ModuleCode
from selfstop.model import AnalysisError, Finding, Report, StopCall

if TYPE_CHECKING:
    from selfstop.project.reach import Reach


def check(files: Mapping[str, bytes], options: EngineOptions) -> Report:
    """Analyse ``files`` (path relative to the root, with ``/`` -> content) as one program.

    Every rule is applied; selection, ``noqa`` and ``per-file-ignores`` are the caller's business. Only files
    that mention a stop call are parsed. One that cannot be analysed becomes an ``AnalysisError``; the others
    are analysed all the same.
    """
    candidates = [path for path, data in sorted(files.items()) if is_candidate(data, options)]
    if not candidates:
        return Report(files_checked=len(files))
    from selfstop.project.demand import Demand
    from selfstop.project.names import beside

    errors: list[AnalysisError] = []

    def lowered(path: str) -> ModuleCode | None:
        try:
            return lower(path, files[path], beside(path, files))
        except source.NotAnalysable as error:
            errors.append(AnalysisError(path, error.line, error.code, error.message))
            return None

    findings, guarded = judge(Demand(files, options, lowered).load(candidates))
    return Report(tuple(sorted(findings)), tuple(sorted(guarded)), tuple(sorted(errors)), len(files))


def is_candidate(data: bytes, options: EngineOptions) -> bool:
    """Whether a file may contain a stop call: by a byte search first, then by a look at its names."""
    names = stop_names(options)
    resource = _mentions_resource(data, options)
    if not resource and not source.mentions(data, names):
        return False
    from selfstop.project.demand import refers

    return refers(data, names, frozenset({"stop", "terminate"}) if resource else frozenset())


def stop_names(options: EngineOptions) -> frozenset[str]:
    """The words one of which occurs wherever a machine is stopped by name."""
    words = set(options.stop_calls)
    if "terminate" in options.families:
        words |= {"terminate_instances", "terminate_instance_in_auto_scaling_group"}
    if "sagemaker" in options.families:
        words.add("stop_notebook_instance")
    if "os" in options.families:
        words |= {"shutdown", "poweroff", "halt", "stop-instances"}
    return frozenset(words)


def _mentions_resource(data: bytes, options: EngineOptions) -> bool:
    """Whether the resource interface may be in use: ``Instance(id).stop()``, ``instances.filter(…).stop()``."""
    verbs = [b".stop", *([b".terminate"] if "terminate" in options.families else [])]
    return b"ec2" in data and any(verb in data for verb in verbs) and (b"Instance(" in data or b".instances" in data)


def lower(path: str, data: bytes, siblings: Mapping[str, str] = MappingProxyType({})) -> ModuleCode:
    """Parse and lower one file. Raises ``source.NotAnalysable``."""
    from selfstop.flow.lower import lower_module
    from selfstop.project.names import module_name

    tree = source.parse(data)
    name, is_package = module_name(path)
    shifts = source.column_shifts(data)
    try:
        return lower_module(tree, name=name, path=path, is_package=is_package, column_shifts=shifts, siblings=siblings)
    except RecursionError as error:
        raise source.too_deep() from error


def judge(reach: Reach) -> tuple[list[Finding], list[StopCall]]:
    """The findings and the guarded stop calls of a linked program."""
    from selfstop.project.findings import findings, stop_call
    from selfstop.project.propagation import Propagation
    from selfstop.project.verdict import GUARDED, Verdicts

    verdicts = Verdicts(reach, reach.linker, Propagation(reach, reach.linker))
    found: list[Finding] = []
    guarded: list[StopCall] = []
    for judgement in verdicts.judgements():
        found.extend(findings(reach.program, verdicts, judgement))
        if judgement.code == GUARDED:
            guarded.append(stop_call(reach.program, judgement))
    return found, guarded
