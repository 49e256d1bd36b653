"""How a run is shown: one small module a format, each with a function ``render``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from selfstop.output import concise, github, gitlab, json, junit, rdjson, sarif, text
from selfstop.output.view import View

FORMATS: Final[Mapping[str, Callable[[View], str]]] = MappingProxyType(
    {
        "text": text.render,
        "concise": concise.render,
        "json": json.render,
        "sarif": sarif.render,
        "github": github.render,
        "gitlab": gitlab.render,
        "junit": junit.render,
        "rdjson": rdjson.render,
    }
)
"""What renders a view, by the name of the format; the first one is the default."""
