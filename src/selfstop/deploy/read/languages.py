"""Which language a text is in, by its first line and the name of its file."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from selfstop.deploy.model import Language

_SHEBANG: Final = re.compile(r"#![^\n]*?\b(?:ba|da|z|k|a)?sh\b")
_POWERSHELL: Final = re.compile(r"#![^\n]*?\b(?:pwsh|powershell)\b|<powershell>", re.IGNORECASE)
_EXTENSIONS: Final = {
    ".sh": Language.SHELL,
    ".bash": Language.SHELL,
    ".ps1": Language.POWERSHELL,
    ".bat": Language.BATCH,
    ".cmd": Language.BATCH,
    ".yml": Language.YAML,
    ".yaml": Language.YAML,
    ".json": Language.JSON,
    ".tf": Language.TERRAFORM,
    ".service": Language.SYSTEMD,
}


def language_of(name: str, text: str) -> Language:
    """The language of a file by its first line or its name, else that of env files, which most things look like."""
    if _POWERSHELL.match(text):
        return Language.POWERSHELL
    if _SHEBANG.match(text):
        return Language.SHELL
    base = posixpath.basename(name)
    if base.startswith("Dockerfile"):
        return Language.DOCKERFILE
    return _EXTENSIONS.get(posixpath.splitext(base)[1].lower(), Language.ENV)
