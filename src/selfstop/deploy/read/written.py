"""Files that scripts write, as facts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from selfstop.deploy.model import Language, Place, Script, Value, WrittenFile

_LANGUAGES: Final = (
    (re.compile(r"\.service$"), Language.SYSTEMD),
    (re.compile(r"(?:^|/)[\w.-]*\.env[\w.-]*$|(?:^|/)env(?:ironment)?$"), Language.ENV),
    (re.compile(r"(?:^|/)(?:sysconfig|default)/[\w.-]+$"), Language.ENV),
    (re.compile(r"\.ya?ml$"), Language.YAML),
    (re.compile(r"(?:^|/)(?:Docker|Container)file[\w.-]*$|\.dockerfile$", re.IGNORECASE), Language.DOCKERFILE),
    (re.compile(r"\.json$"), Language.JSON),
    (re.compile(r"\.ps1$", re.IGNORECASE), Language.POWERSHELL),
    (re.compile(r"\.(?:bat|cmd)$", re.IGNORECASE), Language.BATCH),
    (re.compile(r"\.(?:sh|bash)$"), Language.SHELL),
)


def language_of(path: str, text: str = "") -> Language | None:
    """The language of a file by its name, else by a ``#!`` line."""
    found = next((language for pattern, language in _LANGUAGES if pattern.search(path)), None)
    if found is None and re.match(r"#!.*\b(?:ba|da|k|z|a)?sh\b", text):
        return Language.SHELL
    return found


def written_files(texts: Mapping[str, Value], lines: Mapping[str, int], script: Script) -> Iterator[WrittenFile]:
    """The files that a script has written, by path, with the line where their text begins."""
    for path, text in texts.items():
        place = Place(script.place.path, lines[path])
        content = str(text)
        language = language_of(path, content)
        variables = tuple({part.name: Value((part,)) for part in text.unresolved}.items())
        inner = Script(language, content, place, script.strength, path, (), variables) if language else None
        yield WrittenFile(Value.of(path), place, inner)
