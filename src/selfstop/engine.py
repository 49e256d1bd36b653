"""The one entry: files in, findings out. Nothing above this module knows LibCST."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from selfstop import source
from selfstop.config import EngineOptions
from selfstop.flow.code import ModuleCode
from selfstop.model import AnalysisError, Finding, Report, StopCall


def check(files: Mapping[str, bytes], options: EngineOptions) -> Report:
    """Analyse ``files`` (path relative to the root, with ``/`` -> content) as one program.

    Every rule is applied; selection, ``noqa`` and ``per-file-ignores`` are the caller's business. Only files
    that mention a stop call are parsed. One that cannot be analysed becomes an ``AnalysisError``; the others
    are analysed all the same.
    """
    candidates = {path: data for path, data in sorted(files.items()) if is_candidate(data, options)}
    modules: list[ModuleCode] = []
    errors: list[AnalysisError] = []
    for path, data in candidates.items():
        try:
            modules.append(lower(path, data))
        except source.NotAnalysable as error:
            errors.append(AnalysisError(path, error.line, error.code, error.message))
    findings, guarded = judge(modules, options) if modules else ([], [])
    return Report(tuple(sorted(findings)), tuple(sorted(guarded)), tuple(sorted(errors)), len(files))


def is_candidate(data: bytes, options: EngineOptions) -> bool:
    """Whether a file may contain a stop call, found by a byte search."""
    return source.mentions(data, stop_names(options)) or _mentions_resource(data, options)


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


def lower(path: str, data: bytes) -> ModuleCode:
    """Parse and lower one file. Raises ``source.NotAnalysable``."""
    from selfstop.flow.lower import lower_module

    tree = source.parse(data)
    name, is_package = module_name(path)
    try:
        return lower_module(tree, name=name, path=path, is_package=is_package)
    except RecursionError as error:
        raise source.too_deep() from error


def module_name(path: str) -> tuple[str, bool]:
    """The dotted name of the module at ``path`` below the root, and whether it is a package."""
    pure = PurePosixPath(path)
    parts = list(pure.with_suffix("").parts)
    if parts[0] == "src" and len(parts) > 1:
        parts = parts[1:]
    is_package = parts[-1] == "__init__" and len(parts) > 1
    return ".".join(parts[:-1] if is_package else parts), is_package


def judge(modules: list[ModuleCode], options: EngineOptions) -> tuple[list[Finding], list[StopCall]]:
    """The findings and the guarded stop calls of a program."""
    from selfstop.project.findings import findings, stop_call
    from selfstop.project.linker import Linker
    from selfstop.project.program import Program
    from selfstop.project.propagation import Propagation
    from selfstop.project.reach import Reach
    from selfstop.project.stopcalls import StopCalls
    from selfstop.project.verdict import GUARDED, Verdicts

    program = Program(modules)
    linker = Linker(program)
    reach = Reach(program, linker, StopCalls(program, options))
    verdicts = Verdicts(reach, linker, Propagation(reach, linker))
    found: list[Finding] = []
    guarded: list[StopCall] = []
    for judgement in verdicts.judgements():
        found.extend(findings(program, verdicts, judgement))
        if judgement.code == GUARDED:
            guarded.append(stop_call(program, judgement))
    return found, guarded
