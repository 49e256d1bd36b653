"""Cmdlets of PowerShell that make or take texts and paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from selfstop.deploy.model import Language
from selfstop.deploy.read.invocation import Piped
from selfstop.deploy.read.options import starts_with
from selfstop.deploy.read.powershell_values import contents_of, joined_path, parent
from selfstop.deploy.read.state import State
from selfstop.deploy.read.variables import Argument, Content, joined, value_of

PRINTING: Final = frozenset(
    "write-host write-output write-verbose write-warning write-error write-information write-debug write-progress echo "
    "read-host write".split()
)
_SWITCHES: Final = frozenset("-raw -parent -leaf -force -nonewline -noclobber -append -resolve -compress -wait".split())

Names = dict[str, Content]


def run(name: str, words: Content, piped: Content | None, state: State, source: str) -> Content | None:
    """What a cmdlet puts out, ``None`` if that is not known; files that it writes are noted in ``state``."""
    named, others = _arguments(words)
    return KNOWN[name](named, others, piped, state, source)


def _arguments(words: Content) -> tuple[Names, Content]:
    """Named and other arguments."""
    named: Names = {}
    others: list[Argument] = []
    index = 0
    while index < len(words):
        word = words[index]
        name = (word.literal or "").lower()
        index += 1
        if not starts_with(word, "-") or not name:
            others.append(word)
        elif name in _SWITCHES or index >= len(words) or starts_with(words[index], "-"):
            named[name] = ()
        else:
            named[name] = (words[index],)
            index += 1
    return named, tuple(others)


def _join_path(named: Names, others: Content, piped: Content | None, state: State, source: str) -> Content | None:
    pieces = (*named.get("-path", ()), *others, *named.get("-childpath", ()))
    return (joined_path([piece.value for piece in pieces]),)


def _split_path(named: Names, others: Content, piped: Content | None, state: State, source: str) -> Content | None:
    path = (*named.get("-path", ()), *named.get("-parent", ()), *named.get("-literalpath", ()), *others, *(piped or ()))
    if not path or "-leaf" in named:
        return None
    return (Argument(parent(path[0].value), path[0].line),)


def _same(named: Names, others: Content, piped: Content | None, state: State, source: str) -> Content | None:
    path = (*named.get("-path", ()), *named.get("-literalpath", ()), *others, *(piped or ()))
    return (Argument(joined_path([path[0].value]).value, path[0].line),) if path else None


def _get_content(named: Names, others: Content, piped: Content | None, state: State, source: str) -> Content | None:
    path = _same(named, others, piped, state, source)
    if not path:
        return None
    written = state.texts.get(str(path[0].value))
    return (Argument(written, path[0].line),) if written is not None else contents_of(path[0].value)


def _set_content(named: Names, others: Content, piped: Content | None, state: State, source: str) -> Content | None:
    path = (*named.get("-path", ()), *named.get("-filepath", ()), *named.get("-literalpath", ()), *others[:1])
    text = named.get("-value") or (others[1:] if len(others) > 1 else piped)
    if path:
        output = Piped(joined(text), text[0].line) if text else None
        append = "-append" in named or source.lower().startswith(("add-content", "ac "))
        state.write(joined_path([path[0].value]).value, output, source, append=append)
    return ()


def _invoke(named: Names, others: Content, piped: Content | None, state: State, source: str) -> Content | None:
    """``Invoke-Expression``: the text is a script of its own."""
    for text in named.get("-command", ()) or others[:1] or (piped or ()):
        invocation = state.invocation((text,), state.line, state.conditions)
        state.facts.append(invocation.script(Language.POWERSHELL, text.value, text.line or state.line))
    return None


def _unchanged(named: Names, others: Content, piped: Content | None, state: State, source: str) -> Content | None:
    return piped


def _out_string(named: Names, others: Content, piped: Content | None, state: State, source: str) -> Content | None:
    if not piped:
        return piped
    parts = [part for item in piped for part in (*item.value.parts, "\n")]
    return (Argument(value_of(parts), piped[0].line),)


def _nothing(named: Names, others: Content, piped: Content | None, state: State, source: str) -> Content | None:
    return ()


KNOWN: Final[dict[str, Callable[[Names, Content, Content | None, State, str], Content | None]]] = {
    "join-path": _join_path,
    "split-path": _split_path,
    "resolve-path": _same,
    "get-item": _same,
    "convert-path": _same,
    "get-content": _get_content,
    "gc": _get_content,
    "cat": _get_content,
    "type": _get_content,
    "set-content": _set_content,
    "add-content": _set_content,
    "out-file": _set_content,
    "invoke-expression": _invoke,
    "iex": _invoke,
    "out-string": _out_string,
    "tee-object": _unchanged,
    "out-null": _nothing,
}
