"""Code in Markdown: what documentation tells people to do, the weakest of all launchers.

Fenced blocks and indented ones (CommonMark 4.4 and 4.5) are handed on in the language that they name, or seem to be in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from selfstop.deploy.model import Language, Place, Reading, Script, Strength

_FENCE: Final = re.compile(
    r"(?P<indent>(?:[ \t]|[>*+-]\s|\d+[.)]\s){0,12})(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$"
)
_INDENT: Final = re.compile(r" {4}|\t| {1,3}\t")
_LANGUAGES: Final = {
    **dict.fromkeys(
        ("sh", "bash", "shell", "zsh", "console", "shell-session", "shellsession", "terminal"), Language.SHELL
    ),
    **dict.fromkeys(("powershell", "ps1", "pwsh", "ps"), Language.POWERSHELL),
    **dict.fromkeys(("bat", "batch", "cmd", "dos"), Language.BATCH),
    **dict.fromkeys(("dockerfile", "docker", "containerfile"), Language.DOCKERFILE),
    **dict.fromkeys(("yaml", "yml"), Language.YAML),
    **dict.fromkeys(("hcl", "terraform", "tf"), Language.TERRAFORM),
    **dict.fromkeys(("systemd", "service"), Language.SYSTEMD),
    **dict.fromkeys(("env", "dotenv"), Language.ENV),
    "json": Language.JSON,
    "cloud-config": Language.CLOUD_CONFIG,
}
_COMMAND: Final = re.compile(
    r"(?:^|[;&|])[ \t]*(?:[$#>][ \t]+)?(?:sudo[ \t]+)?(?:docker|podman|nerdctl|aws|python3?)\s", re.MULTILINE
)
_POWERSHELL: Final = re.compile(r"^[ \t]*(?:PS [^>\n]*>|\$\w+\s*=|Write-Host\b|\.\\)", re.MULTILINE)
_PROMPT: Final = re.compile(r"^(?:[\w.@~:/-]*[$#%]|PS [^>\n]*>|>)[ \t]", re.MULTILINE)


def read(script: Script) -> Reading:
    """The code of a document, each block as a script of strength `Strength.DOCUMENT`."""
    lines = script.text.split("\n")
    return Reading(tuple(_blocks(lines, script)))


def _blocks(lines: list[str], script: Script) -> Iterator[Script]:
    position = 0
    blank = True
    while position < len(lines):
        line = lines[position]
        if found := _FENCE.match(line):
            end = _fence_end(lines, position + 1, found["fence"])
            yield from _script(lines[position + 1 : end], position + 1, found["info"], script)
            position, blank = end + 1, False
        elif blank and _INDENT.match(line) and line.strip():
            end = position
            while end < len(lines) and (_INDENT.match(lines[end]) or not lines[end].strip()):
                end += 1
            yield from _script(lines[position:end], position, "", script)
            position, blank = end, True
        else:
            blank = not line.strip()
            position += 1


def _fence_end(lines: list[str], position: int, fence: str) -> int:
    closing = re.compile(rf"[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    while position < len(lines) and not closing.match(lines[position]):
        position += 1
    return position


def _script(lines: list[str], position: int, info: str, script: Script) -> Iterator[Script]:
    text = "\n".join(lines)
    words = info.strip().strip("{}").lstrip(".").split()
    language = _LANGUAGES.get(words[0].lower()) if words else _guessed(text)
    if language in {Language.SHELL, Language.POWERSHELL}:
        text = _PROMPT.sub("", text)
    if language and text.strip():
        place = Place(script.place.path, script.place.line + position)
        yield Script(language, text, place, max(script.strength, Strength.DOCUMENT))


def _guessed(text: str) -> Language | None:
    """The language of a block that names none, if it holds commands that matter."""
    if not _COMMAND.search(text):
        return None
    return Language.POWERSHELL if _POWERSHELL.search(text) else Language.SHELL
