"""Cmdlets of PowerShell that make or take texts and paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Call:
    """A cmdlet with what it is given: named and other arguments, what is piped in, and how all of it is written."""

    named: Names
    others: Content
    piped: Content | None
    state: State
    source: str

    def paths(self, *names: str) -> Content:
        """The path it works on, wherever it is given."""
        return (*(item for name in names for item in self.named.get(name, ())), *self.others)


def run(name: str, words: Content, piped: Content | None, state: State, source: str) -> Content | None:
    """What a cmdlet puts out, ``None`` if that is not known; files that it writes are noted in ``state``."""
    named, others = _arguments(words)
    return KNOWN[name](_Call(named, others, piped, state, source))


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


def _join_path(call: _Call) -> Content | None:
    pieces = (*call.paths("-path"), *call.named.get("-childpath", ()))
    return (joined_path([piece.value for piece in pieces]),)


def _split_path(call: _Call) -> Content | None:
    path = (*call.paths("-path", "-parent", "-literalpath"), *(call.piped or ()))
    if not path or "-leaf" in call.named:
        return None
    return (Argument(parent(path[0].value), path[0].line),)


def _same(call: _Call) -> Content | None:
    path = (*call.paths("-path", "-literalpath"), *(call.piped or ()))
    return (Argument(joined_path([path[0].value]).value, path[0].line),) if path else None


def _get_content(call: _Call) -> Content | None:
    path = _same(call)
    if not path:
        return None
    written = call.state.texts.get(str(path[0].value))
    return (Argument(written, path[0].line),) if written is not None else contents_of(path[0].value)


def _set_content(call: _Call) -> Content | None:
    path = call.paths("-path", "-filepath", "-literalpath")
    text = call.named.get("-value") or path[1:2] or call.piped
    if path:
        output = Piped(joined(text), text[0].line) if text else None
        append = "-append" in call.named or call.source.lower().startswith("add-content")
        call.state.write(joined_path([path[0].value]).value, output, call.source, append=append)
    return ()


def _invoke(call: _Call) -> Content | None:
    """``Invoke-Expression``: the text is a script of its own."""
    for text in (*call.named.get("-command", ()), *call.others, *(call.piped or ()))[:1]:
        invocation = call.state.invocation((text,), call.state.line, call.state.conditions)
        call.state.facts.append(invocation.script(Language.POWERSHELL, text.value, text.line or call.state.line))
    return None


def _out_string(call: _Call) -> Content | None:
    if not call.piped:
        return None
    parts = [part for item in call.piped for part in (*item.value.parts, "\n")]
    return (Argument(value_of(parts), call.piped[0].line),)


KNOWN: Final[dict[str, Callable[[_Call], Content | None]]] = {
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
    "tee-object": lambda call: call.piped,
    "out-null": lambda _: (),
}
