"""How an audit is shown, by the names of the formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from selfstop.output import audit_concise, audit_json, audit_markdown, audit_text
from selfstop.output.audit_view import AuditView

AUDIT_FORMATS: Final[Mapping[str, Callable[[AuditView], str]]] = MappingProxyType(
    {
        "text": audit_text.render,
        "markdown": audit_markdown.render,
        "json": audit_json.render,
        "concise": audit_concise.render,
    }
)
"""What renders an audit; the first one is the default."""
