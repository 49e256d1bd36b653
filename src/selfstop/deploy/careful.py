"""Readers that never end an audit: where one fails at a text, that is a problem of this text, and said.

A reader says itself what it cannot read. What is caught here is what nobody thought of when it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from selfstop.deploy.model import Dialect, Problem, Reading, Script

ReadText = Callable[[Script], Reading]
"""Reads a text in the language that it says it is in."""

ReadEnvFile = Callable[[str, str, Dialect, Collection[str]], Reading]
"""Reads an env file by the rules of a dialect; only the values of the names asked for are kept."""


def of_texts(read: ReadText, problems: list[Problem]) -> ReadText:
    """``read``, with its failures among ``problems``."""

    def careful(script: Script) -> Reading:
        try:
            return read(script)
        except Exception as error:  # noqa: BLE001 - one file must not end the audit of all others
            problems.append(_failure(script.place.path, script.place.line, error))
            return Reading()

    return careful


def of_env_files(read: ReadEnvFile, problems: list[Problem]) -> ReadEnvFile:
    """``read``, with its failures among ``problems``."""

    def careful(path: str, text: str, dialect: Dialect, wanted: Collection[str]) -> Reading:
        try:
            return read(path, text, dialect, wanted)
        except Exception as error:  # noqa: BLE001 - one file must not end the audit of all others
            problems.append(_failure(path, 1, error))
            return Reading()

    return careful


def _failure(path: str, line: int, error: Exception) -> Problem:
    """What is said of it: no message, in which a secret of the file may stand."""
    return Problem(path, line, f"could not be read: {type(error).__name__}, which is a bug of selfstop")
