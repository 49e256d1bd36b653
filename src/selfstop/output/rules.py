"""The catalogue, explained: for ``selfstop rule`` and for the documentation."""

from __future__ import annotations

import textwrap

from selfstop.rules import RULES, Rule

_WIDTH = 100


def overview() -> str:
    """Render all rules as a table, one a line."""
    width = max(len(rule.name) for rule in RULES.values())
    lines = [f"{rule.code}  {rule.name:<{width}}  {_summary(rule)}" for rule in RULES.values()]
    return "\n".join(lines) + "\n"


def markdown() -> str:
    """Render all rules as a table in Markdown."""
    rows = [f"| {rule.code} | {rule.name} | {_summary(rule)} |" for rule in RULES.values()]
    return "\n".join(["| code | name | reports |", "|---|---|---|", *rows]) + "\n"


def explanation(rule: Rule) -> str:
    """Render what a rule means, with its repair and its examples."""
    parts = [
        f"{rule.code} {rule.name} ({rule.severity})",
        textwrap.fill(_summary(rule), _WIDTH),
        textwrap.fill(rule.rationale, _WIDTH),
        textwrap.fill(f"Repair: {rule.repair}", _WIDTH),
    ]
    if rule.how:
        parts.append(textwrap.fill(f"How the verdict is reached: {rule.how}", _WIDTH))
    if rule.bad:
        parts.append("Reported:\n\n" + textwrap.indent(rule.bad.rstrip(), "    "))
    if rule.good:
        parts.append("Not reported:\n\n" + textwrap.indent(rule.good.rstrip(), "    "))
    return "\n\n".join(parts) + "\n"


def text_help(rule: Rule) -> str:
    """Render the repair and the examples without any markup."""
    parts = [f"Repair: {rule.repair}"]
    parts += [f"Reported:\n\n{rule.bad}"] if rule.bad else []
    parts += [f"Not reported:\n\n{rule.good}"] if rule.good else []
    return "\n".join(parts)


def markdown_help(rule: Rule) -> str:
    """Render why there is the rule, the repair and the examples in Markdown."""
    parts = [rule.rationale, f"**Repair.** {rule.repair}"]
    parts += [f"Reported:\n\n```python\n{rule.bad}```"] if rule.bad else []
    parts += [f"Not reported:\n\n```python\n{rule.good}```"] if rule.good else []
    return "\n\n".join(parts) + "\n"


def page(rule: Rule) -> str:
    """Render the page of a rule in the documentation."""
    parts = [f"# {rule.code} {rule.name}", _summary(rule), f"Severity: {rule.severity}.", f"## Why\n\n{rule.rationale}"]
    parts += [f"## Bad\n\n```python\n{rule.bad}```"] if rule.bad else []
    parts += [f"## Good\n\n```python\n{rule.good}```"] if rule.good else []
    parts.append(f"## Repair\n\n{rule.repair}")
    parts += [f"## How the verdict is reached\n\n{rule.how}"] if rule.how else []
    if rule.options:
        keys = ", ".join(f"`{key}`" for key in rule.options)
        parts.append(f"## Options\n\n{keys}: see [configuration](../configuration.md).")
    return "\n\n".join(parts) + "\n"


def _summary(rule: Rule) -> str:
    return rule.summary if rule.default_on else f"{rule.summary} Off unless selected."
