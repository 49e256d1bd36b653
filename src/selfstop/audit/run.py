"""One audit: the session's run with all ways to the stop calls, the deployment, and what comes of both together."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from selfstop import patterns
from selfstop.audit import evidence as evidences
from selfstop.audit import tables
from selfstop.audit.chains import chains
from selfstop.audit.exposures import Exposer
from selfstop.audit.findings import findings
from selfstop.audit.model import AuditFinding, AuditReport, Evidence
from selfstop.audit.own import OwnChanges
from selfstop.audit.sentence import sentence
from selfstop.deploy import formats
from selfstop.deploy.files import DeploymentFiles
from selfstop.deploy.launches import console_scripts
from selfstop.deploy.resolve import Deployment, Readers, deployment
from selfstop.model import Target
from selfstop.noqa import Suppressions, suppresses
from selfstop.project.repository.imports import Imports
from selfstop.selection import is_selected
from selfstop.session import Outcome, Request, run
from selfstop.ways import StopSite

_SERVERS: Final = ("celery", "gunicorn", "uvicorn", "dramatiq", "flask run", "manage.py")

READERS: Final = Readers(formats.languages, formats.read_text, formats.read_env_file)


@dataclass(frozen=True)
class Audit:
    """The result of an audit: what the code part of it found, and the report on both."""

    outcome: Outcome
    report: AuditReport


def audit(request: Request, *, cloudtrail: Path | None = None, activities: Path | None = None) -> Audit:
    """Audit the directory that is the root and the only path of ``request``.

    `ConfigError` and `EvidenceError` have to be expected.
    """
    seen = evidences.read(cloudtrail, activities)
    outcome = run(replace(request, survey=True))
    files = DeploymentFiles(outcome.root, _left_out(outcome))
    imports = Imports(outcome.files)
    sites = _shown(outcome)
    deployed = deployment(
        files,
        READERS,
        imports.modules,
        words=set(_words(sites, files, imports)),
        variables={name for site in sites for name in site.variables},
    )
    return Audit(outcome, _report(outcome, sites, deployed, imports, files, seen))


def _left_out(outcome: Outcome) -> Callable[[str], bool]:
    """Which paths the configuration or git leaves out; `DeploymentFiles` asks about directories before their files."""
    ignored, exclude = outcome.ignored, outcome.config.exclude

    def is_left_out(path: str) -> bool:
        return path in ignored or any(patterns.matches(pattern, path) for pattern in exclude)

    return is_left_out


def _shown(outcome: Outcome) -> tuple[StopSite, ...]:
    """The stop calls that the configuration asks about."""
    asks_for_all = outcome.config.target == "any"
    return tuple(site for site in outcome.sites if asks_for_all or site.call.target is not Target.OTHER)


def _words(sites: Sequence[StopSite], files: DeploymentFiles, imports: Imports) -> Iterator[str]:
    """The names by which a deployment speaks of the entries of the program."""
    entries = {entry for site in sites for entry in site.entries}
    names = imports.names.by_path
    modules = {names[entry.path] for entry in entries}
    for entry in entries:
        yield from (entry.path, posixpath.basename(entry.path), names[entry.path])
        if "/management/commands/" in entry.path:
            yield f"manage.py {posixpath.basename(entry.path).removesuffix('.py')}"
        if not entry.scripted:
            yield from _SERVERS
    text = files.text("pyproject.toml") if "pyproject.toml" in files.paths else None
    if text is not None:
        declared = console_scripts({"pyproject.toml": text})
        yield from (name for name, target in declared.items() if target.partition(":")[0] in modules)


def _is_suppressed(finding: AuditFinding, files: DeploymentFiles, outcome: Outcome) -> bool:
    """Whether a comment on the line of a finding asks not to report it."""
    code = outcome.source_lines(finding.place.path)
    if code:
        return Suppressions("".join(code)).suppresses(finding.code, finding.place.line)
    text = files.text(finding.place.path) if finding.place.path in files.paths else None
    lines = [] if text is None else text.split("\n")
    number = finding.place.line - 1
    return 0 <= number < len(lines) and suppresses(lines[number], finding.code)


def _report(
    outcome: Outcome,
    sites: Sequence[StopSite],
    deployed: Deployment,
    imports: Imports,
    files: DeploymentFiles,
    seen: Evidence | None,
) -> AuditReport:
    assert deployed.settings is not None
    own = OwnChanges(imports, sorted(deployed.settings.wanted), deployed.settings)
    exposer = Exposer(deployed, sites, imports, own)
    exposures = tuple(exposer.exposures())
    unread = tuple(exposer.unread())
    found = [
        each
        for each in findings(deployed, exposures, unread)
        if is_selected(each.code, each.place.path, outcome.config)
    ]
    kept = [each for each in found if not _is_suppressed(each, files, outcome)]
    shown = {(each.call, each.code) for each in outcome.report.findings}
    said, alarm = sentence(deployed, exposures, sites, shown)
    return AuditReport(
        said,
        alarm,
        tuple(tables.group_rows(deployed, exposures, unread, any_stops=bool(sites))),
        tuple(tables.site_rows(sites, exposures)),
        tuple(tables.setting_rows(exposures, unread)),
        tuple(tables.role_rows(deployed)),
        tuple(tables.gaps(deployed, exposures)),
        tuple(kept),
        outcome.report,
        seen,
        tuple(sorted({*deployed.problems, *deployed.settings.problems})),
        tuple((library, len(paths)) for library, paths in sorted(deployed.missing.items())),
        len(deployed.read),
        deployed.files,
        outcome.selection.suppressed.noqa + len(found) - len(kept),
        chains=chains(deployed, exposures, sites),
    )
