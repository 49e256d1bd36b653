"""From what the engine found to what is shown: target, selection of rules, ``# noqa``, baseline."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from selfstop import patterns
from selfstop.config import Config
from selfstop.model import Known, Report, StopCall, Suppressed, Target
from selfstop.noqa import Suppressions
from selfstop.rules import PREFIX, RULES

_NOT_MATCHED: Final = -1


def _always(_path: str) -> bool:
    return True


@dataclass(frozen=True)
class Selection:
    """What is shown of a report, how much of it is suppressed, and which entries of the baseline are out of date."""

    report: Report
    suppressed: Suppressed = field(default_factory=Suppressed)
    stale: tuple[Known, ...] = ()


def is_selected(code: str, path: str, config: Config) -> bool:
    """Whether ``config`` wants to see rule ``code`` in the file ``path``, relative to the root.

    Where a code is both selected and ignored, the longer prefix wins, and ignoring wins a draw. A rule that
    is off by default has to be named more closely than by the prefix ``SST``. Selecting some rules does not
    hide that other files could not be analysed: rules about the run itself are only ignored where that is
    asked for.
    """
    ignored = _best(code, [*config.ignore, *_ignored_in(path, config)])
    return _strength_of_selection(code, config) > ignored


def select(
    report: Report,
    config: Config,
    *,
    suppressions: Callable[[str], Suppressions | None],
    baseline: Collection[Known] = (),
    is_judged: Callable[[str], bool] = _always,
) -> Selection:
    """Reduce ``report`` to what is to be shown.

    ``suppressions`` gives the comments of a file by its path, or ``None`` where they do not matter. It is
    only asked about files in which something was found. An entry of the ``baseline`` is stale if there is no such
    finding any more, whatever is selected, in a file of which ``is_judged`` says that the report is complete.
    """
    findings = [item for item in report.findings if _aims(item.call, config)]
    findings = [item for item in findings if is_selected(item.code, item.call.path, config)]
    errors = [item for item in report.errors if is_selected(item.code, item.path, config)]
    comments = functools.cache(suppressions)

    def suppressed(code: str, path: str, line: int) -> bool:
        found = comments(path)
        return found is not None and found.suppresses(code, line)

    left = [f for f in findings if not suppressed(f.code, f.call.path, f.call.span.line)]
    known = {entry.fingerprint for entry in baseline}
    shown = replace(
        report,
        findings=tuple(finding for finding in left if finding.fingerprint not in known),
        guarded=tuple(call for call in report.guarded if _aims(call, config)),
        errors=tuple(e for e in errors if not suppressed(e.code, e.path, max(e.line, 1))),
    )
    in_comments = len(findings) - len(left) + len(errors) - len(shown.errors)
    found = {finding.fingerprint for finding in report.findings}
    stale = tuple(entry for entry in baseline if entry.fingerprint not in found and is_judged(entry.path))
    return Selection(shown, Suppressed(in_comments, len(left) - len(shown.findings)), stale)


def _aims(call: StopCall, config: Config) -> bool:
    return config.target == "any" or call.target is not Target.OTHER


def _strength_of_selection(code: str, config: Config) -> int:
    rule = RULES[code]
    selected = [*(config.select if config.select is not None else [PREFIX]), *config.extend_select]
    strength = _best(code, selected)
    if rule.is_run_error:
        return max(strength, 0)
    if code in config.surveyed:
        return max(strength, 0)
    if not rule.default_on and strength <= len(PREFIX):
        return _NOT_MATCHED
    return strength


def _best(code: str, prefixes: Iterable[str]) -> int:
    """Return the length of the longest prefix of ``code``."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=_NOT_MATCHED)


def _ignored_in(path: str, config: Config) -> Iterable[str]:
    for pattern, codes in config.per_file_ignores:
        if patterns.matches(pattern, path):
            yield from codes
