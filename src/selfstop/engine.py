"""Provisional engine (being replaced): reports every call of a stop call's name as SST101."""
from __future__ import annotations

import ast
from collections.abc import Mapping

from selfstop.config import EngineOptions
from selfstop.model import Finding, Report, Span, StopCall, WitnessStep


def check(files: Mapping[str, bytes], options: EngineOptions) -> Report:
    """Analyse ``files`` (path relative to the root, with ``/`` -> content).

    Every rule is applied; selection, ``noqa`` and ``per-file-ignores`` are the caller's business.
    A file that cannot be analysed becomes an ``AnalysisError``; the others are analysed all the same.
    """
    findings = []
    for path, data in files.items():
        for node in ast.walk(ast.parse(data)):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in options.stop_calls:
                    span = Span(node.lineno, node.col_offset + 1, node.end_lineno or 0, (node.end_col_offset or 0) + 1)
                    call = StopCall(path, span, "<module>", ast.unparse(node.func), ())
                    findings.append(Finding(call, "SST101", "provisional", (WitnessStep(path, node.lineno, "call"),)))
    return Report(tuple(sorted(findings)), (), (), len(files))
