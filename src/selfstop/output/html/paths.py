"""The ways to stop calls through the code: the steps of the witness beside the source with these lines marked.

Only Python code is quoted, and of it only the lines around the steps: deployment files may hold secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from selfstop.model import Finding, Report, StepKind, StopCall, WitnessStep
from selfstop.output.audit_view import AuditView
from selfstop.output.html.elements import Child, coded, element
from selfstop.output.target import described

_AROUND: Final = 2
_LONGEST: Final = 240


@dataclass(frozen=True)
class Path:
    """A stop call with the steps that lead to it, under a name on the page."""

    name: str
    call: StopCall
    steps: tuple[WitnessStep, ...]
    codes: tuple[str, ...] = ()


def paths(report: Report) -> tuple[Path, ...]:
    """One for each stop call, those that are reported first; a guarded one has no more than its own line."""
    by_call: dict[StopCall, list[Finding]] = {}
    for finding in report.findings:
        if finding.call.callee:
            by_call.setdefault(finding.call, []).append(finding)
    calls = [*by_call, *(call for call in report.guarded if call not in by_call)]
    return tuple(
        Path(f"path-{number}", call, _steps(call, by_call.get(call, ())), tuple(f.code for f in by_call.get(call, ())))
        for number, call in enumerate(calls, start=1)
    )


def _steps(call: StopCall, findings: Sequence[Finding]) -> tuple[WitnessStep, ...]:
    """The longest witness, which says most."""
    found = max((finding.witness for finding in findings), key=len, default=())
    return found or (WitnessStep(call.path, call.span.line, f"call {call.callee}()", StepKind.STOP, call.function),)


def section(path: Path, view: AuditView) -> ET.Element:
    """A stop call's path: what happens on the left, where it happens on the right."""
    call = path.call
    target = described(call, view.display)
    codes = ", ".join(path.codes) or "guarded"
    return element(
        "article",
        element(
            "h3",
            element("code", f"{call.callee}()"),
            f" in {call.function}, ",
            element("code", f"{call.path}:{call.span.line}"),
            element("span", codes, class_="tag"),
        ),
        element("p", target, class_="quiet") if target else None,
        element(
            "div",
            element("div", _list(path), _buttons(), class_="steps"),
            element("div", *_excerpts(path, view), class_="source"),
            class_="follow",
        ),
        id=path.name,
        class_="path",
    )


def _buttons() -> ET.Element:
    """Shown where the script runs, which makes them work."""
    return element(
        "p",
        element("button", "previous step", type="button", data_go="-1"),
        element("button", "next step", type="button", data_go="1"),
        class_="go",
        hidden="hidden",
    )


def _list(path: Path) -> ET.Element:
    items: list[Child] = []
    before = ""
    for step in path.steps:
        if step.path != before:
            before = step.path
            items.append(element("li", element("code", step.path), class_="file"))
        text = f"where {step.text}" if step.kind is StepKind.GIVEN else step.text
        link = element(
            "a",
            element("span", str(step.line), class_="number"),
            element("span", *coded(text), class_="what"),
            element("span", *coded(step.note), class_="note") if step.note else None,
            href=f"#{_anchor(path, step.path, step.line)}",
        )
        items.append(element("li", link, class_=f"step {step.kind.value}"))
    return element("ol", *items)


def _excerpts(path: Path, view: AuditView) -> Iterator[ET.Element]:
    wanted: dict[str, set[int]] = {}
    for step in path.steps:
        wanted.setdefault(step.path, set()).add(step.line)
    last = path.steps[-1]
    for name, numbers in wanted.items():
        lines = view.source_lines(name)
        if not lines:
            continue
        stop = last.line if last.path == name else 0
        rows = [_row(path, name, number, numbers, stop, lines) for number in _shown(numbers, lines)]
        yield element("h4", element("code", name))
        yield element("div", *rows, class_="code", tabindex="0", role="group", aria_label=name)


def _shown(numbers: Set[int], lines: Sequence[str]) -> list[int]:
    """The lines around those of the steps, without empty ones at their edges; 0 where some are left out."""
    near = {line for number in numbers for line in range(number - _AROUND, number + _AROUND + 1)}
    near &= set(range(1, len(lines) + 1))
    kept = {line for line in near if line in numbers or lines[line - 1].strip() or {line - 1, line + 1} <= near}
    found: list[int] = []
    for line in sorted(kept):
        if found and line > found[-1] + 1:
            found.append(0)
        found.append(line)
    return found


def _row(path: Path, name: str, number: int, marked: set[int], stop: int, lines: Sequence[str]) -> ET.Element:
    if number == 0:
        return element("div", "⋯", class_="left-out")
    text = lines[number - 1].rstrip("\r\n").expandtabs(4).replace("\f", " ")
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
    kind = "line stop" if number == stop else "line on" if number in marked else "line"
    return element(
        "div",
        element("span", str(number), class_="number"),
        element("code", shown or " "),
        class_=kind,
        id=_anchor(path, name, number) if number in marked else None,
    )


def _anchor(path: Path, name: str, number: int) -> str:
    """The name of a line: files are counted in the order in which the steps come to them."""
    files = list(dict.fromkeys(step.path for step in path.steps))
    return f"{path.name}-{files.index(name) + 1}-{number}"
