"""What knows a finding again in the next run, in the next commit, on another machine.

A fingerprint is made from the path, the rule, the qualified name of the function, the text of the call and, where
all of these are the same, an ordinal. Line numbers are not in it, nor is anything outside of the function: it
survives lines that move, functions beside it that are renamed, and another layout of the call.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from selfstop.model import Finding, Span

NAME: Final = "selfstop/v1"
"""The key of our fingerprints in formats that know several kinds. Another way to make them needs another name."""

_LENGTH: Final = 32
_LITERAL: Final = r'''(?P<literal>"""(?:[^\\]|\\.)*?"""|'{3}(?:[^\\]|\\.)*?'{3}|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')'''
_LAYOUT: Final = re.compile(rf"{_LITERAL}|#[^\n]*|\\?\s+", re.DOTALL)
_LAST_COMMA: Final = re.compile(r",(?=[)\]}])")


def fingerprinted(findings: Iterable[Finding], lines_of: Callable[[str], Sequence[str]]) -> tuple[Finding, ...]:
    """Give each of ``findings``, all of their files, sorted, its fingerprint; ``lines_of`` gives a file's lines."""
    seen: Counter[tuple[str, ...]] = Counter()
    result = []
    for finding in findings:
        call = finding.call
        text = normalised(_between(lines_of(call.path), call.span)) or call.callee
        key = (call.path, finding.code, call.function, text)
        result.append(replace(finding, fingerprint=digest(*key, str(seen[key]))))
        seen[key] += 1
    return tuple(result)


def digest(*parts: str) -> str:
    """Make a fingerprint of texts, the same on every machine and with every version of Python."""
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()[:_LENGTH]


def normalised(text: str) -> str:
    """Leave out what a formatter changes in source: space, comments, quotes, a comma before a closing bracket."""
    return _LAST_COMMA.sub("", _LAYOUT.sub(lambda match: _requoted(match["literal"] or ""), text))


def _requoted(literal: str) -> str:
    inner = literal[1:-1]
    plain = literal.startswith("'") and not literal.startswith("'''") and '"' not in inner and "\\" not in inner
    return f'"{inner}"' if plain else literal


def _between(lines: Sequence[str], span: Span) -> str:
    """Cut a span out of a file; empty where the file has no such lines."""
    found = [line.rstrip("\r\n") for line in lines[span.line - 1 : span.end_line]] if span.line else []
    if not found:
        return ""
    found[-1] = found[-1][: span.end_column - 1]
    found[0] = found[0][span.column - 1 :]
    return "\n".join(found)
