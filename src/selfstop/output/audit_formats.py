"""How an audit is shown, by the names of the formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from selfstop.output import audit_concise, audit_dot, audit_json, audit_markdown, audit_mermaid, audit_text
from selfstop.output.audit_view import AuditView
from selfstop.output.html import page

AUDIT_FORMATS: Final[Mapping[str, Callable[[AuditView], str]]] = MappingProxyType(
    {
        "text": audit_text.render,
        "markdown": audit_markdown.render,
        "json": audit_json.render,
        "concise": audit_concise.render,
        "html": page.render,
        "dot": audit_dot.render,
        "mermaid": audit_mermaid.render,
    }
)
"""What renders an audit; the first one is the default."""
