"""Which reader reads which file: by its name, and where that says little by how it begins."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from typing import Final, cast

from selfstop.deploy.model import Dialect, Language, Reading, Script

_DOCKERFILE: Final = re.compile(r"(?:.*[._-])?(?:dockerfile|containerfile)(?:[._-].*)?", re.IGNORECASE)
_SUFFIXES: Final[Mapping[str, Language]] = {
    ".sh": Language.SHELL,
    ".bash": Language.SHELL,
    ".zsh": Language.SHELL,
    ".userdata": Language.USER_DATA,
    ".ps1": Language.POWERSHELL,
    ".psm1": Language.POWERSHELL,
    ".bat": Language.BATCH,
    ".cmd": Language.BATCH,
    ".yml": Language.YAML,
    ".yaml": Language.YAML,
    ".cloud-config": Language.CLOUD_CONFIG,
    ".json": Language.JSON,
    ".tf": Language.TERRAFORM,
    ".tfvars": Language.TERRAFORM,
    ".service": Language.SYSTEMD,
    ".md": Language.MARKDOWN,
    ".markdown": Language.MARKDOWN,
    ".mdx": Language.MARKDOWN,
}
_OUTER: Final = re.compile(r"\.(?:example|sample|template|tpl|tmpl|dist|j2)$", re.IGNORECASE)


def languages(path: str, text: str) -> Iterator[Language]:
    """The languages in which a file is to be read; none for one that is only read by whoever names it."""
    name = posixpath.basename(_OUTER.sub("", path))
    start = text.lstrip()[:200]
    if start.startswith("#!") and re.search(r"\b(?:ba|da|z|k|a)?sh\b", start.partition("\n")[0]):
        yield Language.SHELL
    elif start.startswith("#cloud-config"):
        yield Language.CLOUD_CONFIG
    elif start.startswith(("Content-Type: multipart", "MIME-Version:")):
        yield Language.USER_DATA
    elif _DOCKERFILE.fullmatch(name) and not name.endswith((".sh", ".ps1", ".md", ".yml", ".yaml", ".py")):
        yield Language.DOCKERFILE
    else:
        language = _SUFFIXES.get(posixpath.splitext(name)[1].lower())
        if language is not None:
            yield language
        elif name.lower() in {"makefile", "procfile"}:
            return
        elif re.match(r"user[_-]?data", name, re.IGNORECASE):
            yield Language.USER_DATA


_READERS: Final[Mapping[Language, str]] = {
    Language.SHELL: "shell",
    Language.POWERSHELL: "powershell",
    Language.BATCH: "batch",
    Language.DOCKERFILE: "dockerfile",
    Language.USER_DATA: "startup",
    Language.CLOUD_CONFIG: "cloud_config",
    Language.TERRAFORM: "terraform",
    Language.SYSTEMD: "systemd",
    Language.MARKDOWN: "markdown",
    Language.YAML: "yaml_file",
    Language.JSON: "json_file",
}
"""The modules below `selfstop.deploy.read`. They are loaded when the first file of theirs is read."""


def read_text(script: Script) -> Reading:
    """Read a text with the reader of its language; one without a reader has no facts."""
    if script.language not in _READERS:
        return Reading()
    module = _READERS[script.language]
    read = import_module(f"selfstop.deploy.read.{module}").read
    if module in _OF_TEXTS:
        return cast("Reading", read(script.place.path, script.text, line=script.place.line, strength=script.strength))
    return cast("Reading", read(script))


_OF_TEXTS: Final = frozenset({"yaml_file", "json_file", "cloud_config", "terraform"})
"""Readers for which nothing but the text matters; the others take the `Script` with what surrounds it."""


def read_env_file(path: str, text: str, dialect: Dialect, wanted: Collection[str]) -> Reading:
    """Read an env file; only the values of the names ``wanted`` are kept."""
    read = import_module("selfstop.deploy.read.env_file").read
    return cast("Reading", read(path, text, dialect=dialect, wanted=wanted))
