"""What the corpora are made from, and what selfstop is compared with: names and versions, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STOP_NAMES: Final = (b"stop_instances", b"_stop_self_ec2")
"""A file that holds one of these byte strings mentions a stop call."""


@dataclass(frozen=True)
class Package:
    """A public package, fixed to one version; ``reason`` says what it is good for here."""

    name: str
    version: str
    reason: str

    @property
    def requirement(self) -> str:
        """The package as pip wants it."""
        return f"{self.name}=={self.version}"


MIXED: Final = (
    Package("skypilot", "0.14.1", "an orchestrator of machines: most of the files that call or define stop calls"),
    Package("moto", "5.2.5", "a model of AWS: defines stop calls and mentions them in strings"),
    Package("ray", "2.60.0", "a cluster of its own: a node provider that stops machines"),
    Package("ansible", "12.3.0", "15,000 modules; a few stop machines, of this cloud and of others"),
    Package("c7n", "0.9.53", "policies over machines: stop calls behind names and strings"),
    Package("apache-airflow-providers-amazon", "9.39.0", "hooks and operators that stop machines"),
    Package("homeassistant", "2026.11.0", "11,000 small files that have nothing to do with it"),
    Package("django", "6.1.3", "code of the kind that most repositories consist of"),
    Package("botocore", "1.44.5", "the library beneath every stop call, which mentions none"),
)
"""The tree of the main comparisons: some 32,000 files, 63 of which, with 36,000 lines, mention a stop call."""

FIXED_PART: Final = "sky"
"""The directory of skypilot, which stays while the repository around it grows: 50 of its files mention a stop call."""

GENERATED: Final = (
    Package("localstack-core", "2026.3.0", "one generated file of 32,000 lines that defines a stop call"),
)
"""A tree of its own, since this one file would be half of all the lines that matter in the other."""

ROBUSTNESS: Final = tuple(
    package for package in MIXED if package.name in {"skypilot", "moto", "c7n", "django", "botocore"}
)
"""More than a million lines by different hands, besides the standard library, for the robustness campaign."""

TOOLS: Final = {
    "semgrep": Package("semgrep", "1.180.0", "patterns over several languages"),
    "ast-grep": Package("ast-grep-cli", "0.51.1", "patterns over syntax trees, native code"),
    "fixit": Package("fixit", "2.2.1", "rules over LibCST, as selfstop reads files"),
    "ruff": Package("ruff", "0.17.6", "the fastest linter there is, with its cheapest rule that needs a whole file"),
    "flake8": Package("flake8", "7.3.0", "the host of the plugin"),
}
"""What selfstop is compared with, by the name of the program."""
