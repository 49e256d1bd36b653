"""EC2 user data, whatever it is: a script, cloud-config, PowerShell, or several of them in a MIME message.

What it is made of is handed on, part by part, each with the line it begins at (cloud-init's "User data formats", and
Amazon's "Run commands when you launch an EC2 instance" for Windows).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from selfstop.deploy.model import Language, Place, Problem, Reading, Script, Strength

_BOUNDARY: Final = re.compile(r"boundary\s*=\s*\"?(?P<name>[^\"\s;]+)\"?", re.IGNORECASE)
_MULTIPART: Final = re.compile(r"(?:^|\n)content-type:\s*multipart/", re.IGNORECASE)
_SHELL: Final = re.compile(r"#!.*\b(?:ba|da|z|k|a)?sh\b")
_WINDOWS: Final = re.compile(r"<(?P<tag>powershell|script)>(?P<text>.*?)(?:</(?P=tag)>|$)", re.IGNORECASE | re.DOTALL)
_MAX_PARTS: Final = 64


def read(script: Script) -> Reading:
    """The scripts in user data. They run at the first start of a machine, without anybody's doing."""
    script = replace(script, strength=min(script.strength, Strength.UNATTENDED))
    if _MULTIPART.search(script.text[:4096]):
        parts = tuple(_parts(script))
        if parts:
            return Reading(parts)
        return Reading((), (_problem(script, "a MIME message without parts"),))
    found = _single(script)
    return Reading(found) if found else Reading((), (_problem(script, "user data in a form that is not read"),))


def _problem(script: Script, reason: str) -> Problem:
    return Problem(script.place.path, script.place.line, reason)


def _single(script: Script) -> tuple[Script, ...]:
    """The script that a text without MIME is, by its beginning."""
    text = script.text.lstrip()
    skipped = script.text.count("\n", 0, len(script.text) - len(text))
    at = replace(script, text=text, place=Place(script.place.path, script.place.line + skipped))
    if _SHELL.match(text):
        return (replace(at, language=Language.SHELL),)
    if text.startswith("#cloud-config"):
        return (replace(at, language=Language.CLOUD_CONFIG),)
    windows = tuple(_windows(at))
    if windows or text.startswith(("#!", "#include")):
        return windows
    return (replace(at, language=Language.SHELL),) if text and not text.startswith("#") else ()


def _windows(script: Script) -> Iterator[Script]:
    for found in _WINDOWS.finditer(script.text):
        language = Language.POWERSHELL if found["tag"].lower() == "powershell" else Language.BATCH
        line = script.place.line + script.text.count("\n", 0, found.start("text"))
        yield replace(script, language=language, text=found["text"], place=Place(script.place.path, line))


def _parts(script: Script) -> Iterator[Script]:
    """The parts of a MIME message; only their kind and encoding matter."""
    found = _BOUNDARY.search(script.text)
    if not found:
        return
    boundary = f"--{found['name']}"
    lines = script.text.split("\n")
    marks = [number for number, line in enumerate(lines) if line.rstrip() in {boundary, f"{boundary}--"}]
    for start, end in list(zip(marks, [*marks[1:], len(lines)], strict=True))[:_MAX_PARTS]:
        if lines[start].rstrip() != boundary:
            break
        yield from _part(script, lines, start + 1, end)


def _part(script: Script, lines: list[str], start: int, end: int) -> Iterator[Script]:
    body = start
    while body < end and lines[body].strip():
        body += 1
    header = "\n".join(lines[start:body]).lower()
    text = "\n".join(lines[body + 1 : end])
    if re.search(r"content-transfer-encoding:\s*base64", header):
        try:
            text = base64.b64decode(text).decode("utf-8")
        except ValueError:
            return
    part = replace(script, text=text, place=Place(script.place.path, script.place.line + body + 1))
    if "text/cloud-config" in header:
        yield replace(part, language=Language.CLOUD_CONFIG)
    elif re.search(r"text/(?:x-shellscript|cloud-boothook|x-sh|plain)", header):
        yield from _single(part)
