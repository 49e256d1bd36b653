"""What a rule is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters, from the least to the most."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What there is to know about one rule.

    ``template`` is a format string for `message`. ``default_on`` is false for rules that have to be asked
    for. Rules about the run itself (see `is_run_error`) have no ``bad`` and ``good`` example; those of rules about a
    deployment are several files, each behind a line ``==> PATH <==``. ``how`` says how the verdict is reached,
    ``options`` are the keys of the configuration that have an influence on it.
    """

    code: str
    name: str
    summary: str
    rationale: str
    repair: str
    template: str
    bad: str = ""
    good: str = ""
    severity: Severity = Severity.ERROR
    default_on: bool = True
    how: str = ""
    options: tuple[str, ...] = ()

    @property
    def is_run_error(self) -> bool:
        """Whether the rule is about a file that could not be analysed, not about what a file says."""
        return self.code.startswith("SST00")

    @property
    def is_about_stop_calls(self) -> bool:
        """Whether the rule is about what a program does, not about comments, files or a deployment."""
        return not self.code.startswith(("SST0", "SST3"))

    @property
    def is_about_deployment(self) -> bool:
        """Whether only an audit, which looks at the deployment as well, can report it."""
        return self.code.startswith("SST3")
