"""JUnit's XML, which every continuous integration shows: one test case for each stop call and each broken file.

There is no official schema; elements and attributes are those that Jenkins, GitLab and their like agree on.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from selfstop import __version__
from selfstop.model import AnalysisError, Finding, StopCall
from selfstop.output.escape import escape
from selfstop.output.items import level
from selfstop.output.message import one_line
from selfstop.output.view import View
from selfstop.rules import RULES


def render(view: View) -> str:
    """Render findings as failures, files not analysed as errors, and guarded stop calls as tests that passed."""
    report = view.report
    counts = {"tests": len(report.findings) + len(report.errors) + len(report.guarded)}
    counts |= {"failures": len(report.findings), "errors": len(report.errors)}
    numbers = {name: str(count) for name, count in counts.items()}
    root = ET.Element("testsuites", {"name": "selfstop", **numbers})
    suite = ET.SubElement(root, "testsuite", {"name": "selfstop", **numbers, "skipped": "0", "time": "0"})
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="version", value=__version__)
    suite.extend(_failed(finding, view) for finding in report.findings)
    suite.extend(_broken(error, view) for error in report.errors)
    suite.extend(_case(call, f"{call.callee}() is guarded", view) for call in report.guarded)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _failed(finding: Finding, view: View) -> ET.Element:
    call = finding.call
    case = _case(call, f"{finding.code} {RULES[finding.code].name}", view)
    failure = ET.SubElement(case, "failure", type=finding.code, message=escape(finding.message))
    place = f"{escape(view.in_repository(call.path))}:{call.span.line}:{call.span.column}"
    failure.text = f"{place}: {level(finding)}: {escape(one_line(finding))}"
    return case


def _broken(error: AnalysisError, view: View) -> ET.Element:
    path = escape(view.in_repository(error.path))
    attributes = {"classname": path, "file": path, "line": str(max(error.line, 1)), "time": "0"}
    case = ET.Element("testcase", {"name": f"{error.code} {RULES[error.code].name}", **attributes})
    ET.SubElement(case, "error", type=error.code, message=escape(error.message))
    return case


def _case(call: StopCall, name: str, view: View) -> ET.Element:
    path = escape(view.in_repository(call.path))
    classname = f"{path}.{escape(call.function)}" if call.function else path
    told = f"{escape(name)}, line {call.span.line}"
    return ET.Element("testcase", name=told, classname=classname, file=path, line=str(call.span.line), time="0")
