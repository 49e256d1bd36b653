"""User data as commands name it: a file, the text itself, or either of them in base64."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Final

from selfstop.deploy.model import Language, UserData, Value
from selfstop.deploy.read.invocation import Invocation
from selfstop.deploy.read.variables import Contents, Encoded, value_of

_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]{16,}={0,2}\s*")
_SCHEMES: Final = ("file://", "fileb://")


def referenced(value: Value, texts: Mapping[str, Value]) -> Value | None:
    """What the script wrote to the file that ``file://…`` names, if it did."""
    for scheme in _SCHEMES:
        if str(value).startswith(scheme):
            path = str(value).removeprefix(scheme)
            return texts.get(path) or texts.get(path.replace("%20", " "))
    return None


def user_data(value: Value, command: Invocation) -> UserData:
    """The user data that an option or a field ``UserData`` gives."""
    place = command.place
    written = referenced(value, command.texts)
    if written is not None:
        value = written
    elif (file := file_of(value)) is not None:
        return UserData(place, file=file)
    line = place.line
    for _ in range(3):
        part = value.parts[0] if len(value.parts) == 1 else None
        if isinstance(part, Contents):
            return UserData(place, file=part.file)
        if not isinstance(part, Encoded):
            break
        value, line = part.inner, part.line
    text = decoded(value)
    if text is not None:
        value = Value.of(text)
    if any(isinstance(part, str) and part.strip() for part in value.parts):
        return UserData(place, script=command.script(Language.USER_DATA, value, line))
    return UserData(place, text=str(value))


def file_of(value: Value) -> Value | None:
    """The path behind ``file://``."""
    first = value.parts[0] if value.parts else ""
    for scheme in _SCHEMES:
        if isinstance(first, str) and first.startswith(scheme):
            return value_of((first.removeprefix(scheme), *value.parts[1:]))
    return None


def decoded(value: Value) -> str | None:
    """The text in a literal that is base64 and nothing else."""
    literal = value.literal
    if literal is None or not _BASE64.fullmatch(literal):
        return None
    try:
        return base64.b64decode(literal, validate=False).decode("utf-8")
    except ValueError:
        return None
