"""One line a finding of the audit: path, line, code, message, as the format of the same name of ``check``."""

from __future__ import annotations

from selfstop.output import concise
from selfstop.output.audit_view import AuditView
from selfstop.output.escape import escape
from selfstop.output.view import View


def render(view: AuditView) -> str:
    """Render the findings about the deployment, then those about the code, each sorted by place."""
    lines = [
        escape(f"{view.place(finding.place)}:1: {finding.code} {finding.message}")
        for finding in sorted(view.report.findings, key=lambda finding: (finding.place, finding.code))
    ]
    code = concise.render(View(view.report.code, view.display, lambda _path: ()))
    return "".join(f"{line}\n" for line in lines) + code
