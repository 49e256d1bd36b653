"""From what the engine found to what is shown: target, selection of rules, ``# noqa``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from selfstop import patterns
from selfstop.config import Config
from selfstop.model import Report, StopCall, Target
from selfstop.noqa import Suppressions
from selfstop.rules import PREFIX, RULES

_NOT_MATCHED: Final = -1


@dataclass(frozen=True)
class Selection:
    """What is shown of a report, and how many findings and errors ``# noqa`` comments suppressed."""

    report: Report
    suppressed: int = 0


def is_selected(code: str, path: str, config: Config) -> bool:
    """Whether ``config`` wants to see rule ``code`` in the file ``path``, relative to the root.

    Where a code is both selected and ignored, the longer prefix wins, and ignoring wins a draw. A rule that
    is off by default has to be named more closely than by the prefix ``SST``. Selecting some rules does not
    hide that other files could not be analysed: rules about the run itself are only ignored where that is
    asked for.
    """
    ignored = _best(code, [*config.ignore, *_ignored_in(path, config)])
    return _strength_of_selection(code, config) > ignored


def select(report: Report, config: Config, *, suppressions: Callable[[str], Suppressions | None]) -> Selection:
    """Reduce ``report`` to what is to be shown.

    ``suppressions`` gives the comments of a file by its path, or ``None`` where they do not matter. It is
    only asked about files in which something was found.
    """
    findings = [item for item in report.findings if _aims(item.call, config)]
    findings = [item for item in findings if is_selected(item.code, item.call.path, config)]
    errors = [item for item in report.errors if is_selected(item.code, item.path, config)]
    comments = functools.cache(suppressions)

    def suppressed(code: str, path: str, line: int) -> bool:
        found = comments(path)
        return found is not None and found.suppresses(code, line)

    shown = replace(
        report,
        findings=tuple(f for f in findings if not suppressed(f.code, f.call.path, f.call.span.line)),
        guarded=tuple(call for call in report.guarded if _aims(call, config)),
        errors=tuple(e for e in errors if not suppressed(e.code, e.path, max(e.line, 1))),
    )
    return Selection(shown, len(findings) + len(errors) - len(shown.findings) - len(shown.errors))


def _aims(call: StopCall, config: Config) -> bool:
    return config.target == "any" or call.target is not Target.OTHER


def _strength_of_selection(code: str, config: Config) -> int:
    rule = RULES[code]
    selected = [*(config.select if config.select is not None else [PREFIX]), *config.extend_select]
    strength = _best(code, selected)
    if rule.is_run_error:
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
