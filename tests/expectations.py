"""The marks that turn a source file into a specification.

A judged call carries its verdict at the end of the call's first line:

    ec2.stop_instances(InstanceIds=ids)  # expect: SST104
    ec2.stop_instances(InstanceIds=ids)  # expect: SST104, SST201
    ec2.stop_instances(InstanceIds=ids)  # silent: guarded
    timer.stop()  # silent: no stop

``# expect:`` names every code reported at the line. ``# silent: guarded`` is a stop call with nothing to
report, ``# silent: no stop`` a call that could be mistaken for one. A trailing comment that is not a mark is
an error, so that a misspelt mark cannot pass for "nothing expected here".

A stop call may also say which machine it stops, and where the instance id was born:

    me = requests.get(ID_URL).text  # born: imds
    ec2.stop_instances(InstanceIds=[me])  # expect: SST101 [self: imds]
    ec2.stop_instances(InstanceIds=[me, peer])  # silent: guarded [self: imds]
    ec2.stop_instances(InstanceIds=[peer])  # silent: guarded [unknown]

The names behind ``self:`` and ``other:`` are those of ``# born:`` marks in the same project; ``here`` is the
line itself.
"""

from __future__ import annotations

import difflib
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from selfstop.model import StopCall

CODES = frozenset({"SST101", "SST102", "SST103", "SST104", "SST105", "SST106", "SST201"})

_NAME = r"[a-z][a-z0-9-]*"
_AIM = rf"(?: \[(?P<target>self|other|unknown)(?:: (?P<births>{_NAME}(?:, {_NAME})*))?\])?"
_EXPECT = re.compile(rf"# expect: (?P<codes>SST\d{{3}}(?:, SST\d{{3}})*){_AIM}")
_SILENT = re.compile(rf"# silent: (?:(?P<guarded>guarded){_AIM}|no stop)")
_BORN = re.compile(rf"# born: (?P<births>{_NAME}(?:, {_NAME})*)")
HERE = "here"
_CODE_LIKE = re.compile(r"\bSST\s?\d", re.IGNORECASE)
_LAYOUT = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT})


class MarkError(ValueError):
    """A comment that looks like a mark and is none, with its line."""

    def __init__(self, line: int, comment: str, reason: str) -> None:
        super().__init__(f"line {line}: {reason}: {comment!r}")
        self.line = line


@dataclass(frozen=True)
class Aim:
    """The machine that a stop call is marked to stop, and the names of the places where its id was born."""

    line: int
    target: str
    births: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Expectations:
    """What a fixture file says about its calls, by line."""

    findings: frozenset[tuple[int, str]] = frozenset()
    guarded: frozenset[int] = frozenset()
    no_stop: frozenset[int] = frozenset()
    lines: frozenset[int] = frozenset()
    aims: frozenset[Aim] = frozenset()
    births: frozenset[tuple[str, int]] = frozenset()

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
    aims: set[Aim] = set()
    births: set[tuple[str, int]] = set()
    for line, comment, trailing in _comments(source):
        if match := _EXPECT.fullmatch(comment):
            codes = match["codes"].split(", ")
            _require(line, comment, "unknown code", CODES.issuperset(codes))
            _require(line, comment, "code given twice", len(set(codes)) == len(codes))
            findings.update((line, code) for code in codes)
            aims.update(_aim(line, comment, match))
        elif match := _SILENT.fullmatch(comment):
            (guarded if match["guarded"] else no_stop).add(line)
            aims.update(_aim(line, comment, match))
        elif match := _BORN.fullmatch(comment):
            births.update((name, line) for name in match["births"].split(", "))
            _require(line, comment, "a birth needs code on its line", trailing)
        else:
            _require(line, comment, "not a mark", not trailing and not _looks_like_a_mark(comment))
            continue
        _require(line, comment, "a mark needs a call on its line", trailing)
    lines = {line for line, _ in findings} | guarded | no_stop
    return Expectations(
        frozenset(findings),
        frozenset(guarded),
        frozenset(no_stop),
        frozenset(lines),
        frozenset(aims),
        frozenset(births),
    )


def _aim(line: int, comment: str, match: re.Match[str]) -> Iterator[Aim]:
    if match["target"] is not None:
        names = match["births"].split(", ") if match["births"] else []
        _require(line, comment, "what is unknown was born nowhere", match["target"] != "unknown" or not names)
        yield Aim(line, match["target"], frozenset(names))


def differences_of_targets(files: Mapping[str, bytes], calls: Iterable[StopCall]) -> list[str]:
    """Describe where targets, or the places where ids were born, differ from the marks of a project."""
    marks = {path: parse_expectations(source) for path, source in files.items()}
    born: dict[str, set[tuple[str, int]]] = {}
    for path, expected in marks.items():
        for name, line in expected.births:
            born.setdefault(name, set()).add((path, line))
    found: dict[tuple[str, int], set[tuple[str, frozenset[tuple[str, int]]]]] = {}
    for call in calls:
        places = frozenset((source.path, source.line) for source in call.sources)
        found.setdefault((call.path, call.span.line), set()).add((call.target.value, places))
    different: list[str] = []
    for path, expected in sorted(marks.items()):
        for aim in sorted(expected.aims, key=lambda each: each.line):
            here = {(path, aim.line)}
            wanted = frozenset[tuple[str, int]]().union(*(here if n == HERE else born[n] for n in aim.births))
            got = found.get((path, aim.line), set())
            targets = {target for target, _ in got}
            if targets != {aim.target} or (aim.births and {places for _, places in got} != {wanted}):
                different.append(f"  {path}:{aim.line}: expected {aim.target} {sorted(wanted)}, found {sorted(got)}")
    return different


def unused_births(files: Mapping[str, bytes]) -> set[str]:
    """The names of ``# born:`` marks in a project that no stop call mentions."""
    marks = [parse_expectations(source) for source in files.values()]
    mentioned = {name for expected in marks for aim in expected.aims for name in aim.births}
    return {name for expected in marks for name, _ in expected.births} - mentioned


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
    return followed_by_colon and bool(difflib.get_close_matches(words[0], ("expect", "silent", "born"), cutoff=0.6))


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
