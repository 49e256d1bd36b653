"""The marks that turn a source file into a specification.

A judged call carries its verdict at the end of the call's first line:

    ec2.stop_instances(InstanceIds=ids)  # expect: SST104
    ec2.stop_instances(InstanceIds=ids)  # expect: SST104, SST201
    ec2.stop_instances(InstanceIds=ids)  # silent: guarded
    timer.stop()  # silent: no stop

``# expect:`` names every code reported at the line. ``# silent: guarded`` is a stop call with nothing to
report, ``# silent: no stop`` a call that could be mistaken for one. A trailing comment that is not a mark is
an error, so that a misspelt mark cannot pass for "nothing expected here".
"""

from __future__ import annotations

import difflib
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CODES = frozenset({"SST101", "SST102", "SST103", "SST104", "SST105", "SST106", "SST201"})

_EXPECT = re.compile(r"# expect: (?P<codes>SST\d{3}(?:, SST\d{3})*)")
_SILENT = re.compile(r"# silent: (?P<why>guarded|no stop)")
_CODE_LIKE = re.compile(r"\bSST\s?\d", re.IGNORECASE)
_LAYOUT = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT})


class MarkError(ValueError):
    """A comment that looks like a mark and is none, with its line."""

    def __init__(self, line: int, comment: str, reason: str) -> None:
        super().__init__(f"line {line}: {reason}: {comment!r}")
        self.line = line


@dataclass(frozen=True)
class Expectations:
    """What a fixture file says about its calls, by line."""

    findings: frozenset[tuple[int, str]] = frozenset()
    guarded: frozenset[int] = frozenset()
    no_stop: frozenset[int] = frozenset()
    lines: frozenset[int] = frozenset()

    @property
    def reported_calls(self) -> int:
        """How many judged calls are reported (a line with two codes is one call)."""
        return len({line for line, _ in self.findings})

    @property
    def silent_calls(self) -> int:
        """How many judged calls must not be reported."""
        return len(self.guarded) + len(self.no_stop)


def parse_expectations(source: bytes) -> Expectations:
    """Read the marks of one file; raise ``MarkError`` for a comment that is no proper mark."""
    findings: set[tuple[int, str]] = set()
    guarded: set[int] = set()
    no_stop: set[int] = set()
    for line, comment, trailing in _comments(source):
        if match := _EXPECT.fullmatch(comment):
            codes = match["codes"].split(", ")
            _require(line, comment, "unknown code", CODES.issuperset(codes))
            _require(line, comment, "code given twice", len(set(codes)) == len(codes))
            findings.update((line, code) for code in codes)
        elif match := _SILENT.fullmatch(comment):
            (guarded if match["why"] == "guarded" else no_stop).add(line)
        else:
            _require(line, comment, "not a mark", not trailing and not _looks_like_a_mark(comment))
            continue
        _require(line, comment, "a mark needs a call on its line", trailing)
    lines = {line for line, _ in findings} | guarded | no_stop
    return Expectations(frozenset(findings), frozenset(guarded), frozenset(no_stop), frozenset(lines))


def differences(source: bytes, expected: Iterable[tuple[int, str]], found: Iterable[tuple[int, str]]) -> list[str]:
    """Describe where two sets of (line, code) differ, a line of source each; empty when they agree."""
    text = source.decode("utf-8").splitlines()
    wanted, got = _by_line(expected), _by_line(found)
    return [
        f"  line {line}: expected {_names(wanted.get(line))}, found {_names(got.get(line))}\n"
        f"    {text[line - 1].strip() if line <= len(text) else '<no such line>'}"
        for line in sorted(wanted.keys() | got.keys())
        if wanted.get(line) != got.get(line)
    ]


def _comments(source: bytes) -> Iterator[tuple[int, str, bool]]:
    """Yield line, text and whether code stands before it, for every comment."""
    code_lines: set[int] = set()
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.rstrip(), token.start[0] in code_lines
        elif token.type not in _LAYOUT and token.type != tokenize.ENCODING:
            code_lines.update(range(token.start[0], token.end[0] + 1))


def _looks_like_a_mark(comment: str) -> bool:
    if _CODE_LIKE.search(comment):
        return True
    words = re.findall(r"\w+", comment.casefold())
    followed_by_colon = re.match(r"#+\s*\w+\s*[:=]", comment) is not None
    return followed_by_colon and bool(difflib.get_close_matches(words[0], ("expect", "silent"), cutoff=0.6))


def _require(line: int, comment: str, reason: str, holds: bool) -> None:
    if not holds:
        raise MarkError(line, comment, reason)


def _by_line(pairs: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    result: dict[int, set[str]] = {}
    for line, code in pairs:
        result.setdefault(line, set()).add(code)
    return result


def _names(codes: set[str] | None) -> str:
    return ", ".join(sorted(codes)) if codes else "nothing"
