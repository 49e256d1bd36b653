"""From words of a shell script to what they stand for: expansion and splitting, as far as variables are known."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Final

from selfstop.deploy.model import Origin, Unresolved, Value
from selfstop.deploy.read import shell_tree as tree
from selfstop.deploy.read.invocation import Piped
from selfstop.deploy.read.marks import Marked
from selfstop.deploy.read.variables import (
    Alternatives,
    Argument,
    Conditions,
    Content,
    Variables,
    joined,
    named,
    value_of,
)

_SCRIPT: Final = r"\"?\$(?:0|\{?BASH_SOURCE(?:\[0\])?\}?|\{0\})\"?"
_DIRNAME: Final = rf"dirname (?:-- )?{_SCRIPT}"
_DIRECTORY: Final = re.compile(
    rf"\$\( ?(?:{_DIRNAME}"
    rf"|cd (?:-- |-P )*\"?\$\( ?{_DIRNAME} ?\)(?P<rest>[\w./-]*)\"?(?: ?&?>/dev/null(?: 2>&1)?)? ?&& ?pwd(?: -P)?) ?\)"
)
_FOLLOWED: Final = frozenset({"", ":-", "-", ":=", "=", ":?", "?"})
_PARAMETER: Final = re.compile(r"[0-9]+|[@*]")

Output = Callable[[tree.Substitution, Conditions], Piped | None]


class _Fields:
    """The words that one word becomes."""

    def __init__(self, line: int) -> None:
        self.line = line
        self._fields: list[tuple[list[str | Unresolved], bool]] = []

    def add(self, *parts: str | Unresolved, unquoted: bool = False) -> None:
        """Continue the last word."""
        if not self._fields:
            self._fields.append(([], False))
        content, was_open = self._fields[-1]
        content.extend(parts)
        self._fields[-1] = (content, was_open or unquoted)

    def split(self, text: str) -> None:
        """Continue with a text that is split at blanks."""
        pieces = re.split(r"\s+", text)
        for number, piece in enumerate(pieces):
            if number and (piece or number < len(pieces) - 1):
                self.separate()
            if piece:
                self.add(piece)

    def separate(self) -> None:
        """Begin a new word."""
        if self._fields and self._fields[-1][0]:
            self._fields.append(([], False))

    def words(self) -> Content:
        """The words, without one that came to nothing by splitting."""
        return tuple(
            Argument(value_of(parts), self.line, is_open)
            for number, (parts, is_open) in enumerate(self._fields)
            if parts or not number
        )


class Expansion:
    """Expands words of one script with its ``variables``; ``output`` tells what a substitution prints."""

    def __init__(self, marked: Marked, path: str, variables: Variables, output: Output) -> None:
        self._marked = marked
        self._directory = posixpath.dirname(path) or "."
        self._variables = variables
        self._output = output

    def words(self, words: tuple[tree.Word, ...], conditions: Conditions) -> Content:
        """All words of a command after expansion."""
        return tuple(argument for word in words for argument in self.word(word, conditions))

    def word(self, word: tree.Word, conditions: Conditions) -> Content:
        """The words that a word becomes."""
        fields = _Fields(word.line)
        for part in word.parts:
            if isinstance(part, tree.Text):
                for piece in self._marked.parts(part.text) if part.text else ("",):
                    fields.add(piece, unquoted=not part.quoted and not _is_mark(piece))
            else:
                self._expand(part, fields, conditions)
        return fields.words()

    def value(self, word: tree.Word, conditions: Conditions) -> Value:
        """A word that is not split, as after ``X=`` and in here-documents."""
        parts: list[str | Unresolved] = []
        for part in word.parts:
            if isinstance(part, tree.Text):
                parts.extend(self._marked.parts(part.text))
            else:
                parts.extend(joined(self._content(part, conditions)).parts)
        return value_of(parts)

    def _expand(self, part: tree.Variable | tree.Substitution, fields: _Fields, conditions: Conditions) -> None:
        content = self._content(part, conditions)
        listed = isinstance(part, tree.Variable) and (part.listed or part.name in {"@", "*"})
        if part.quoted and not listed:
            fields.add(*joined(content).parts)
            return
        for number, argument in enumerate(content):
            if number:
                fields.separate()
            if part.quoted:
                fields.add(*argument.value.parts, unquoted=argument.open or _is_all(argument))
            else:
                _split(argument, fields)

    def _content(self, part: tree.Variable | tree.Substitution, conditions: Conditions) -> Content:
        if isinstance(part, tree.Variable):
            return self._variable(part, conditions)
        return (Argument(self._substituted(part, conditions), 0),)

    def _substituted(self, part: tree.Substitution, conditions: Conditions) -> Value:
        source = " ".join(self._marked.restore(part.source).split())
        if found := _DIRECTORY.fullmatch(source):
            return Value.of(posixpath.normpath(self._directory + (found["rest"] or "")))
        output = self._output(part, conditions)
        if output is None:
            return Value((Unresolved(source, source, Origin.COMMAND),))
        last = output.text.parts[-1] if output.text.parts else ""
        if isinstance(last, str) and last.endswith("\n"):
            return value_of((*output.text.parts[:-1], last.rstrip("\n")))
        return output.text

    def _variable(self, part: tree.Variable, conditions: Conditions) -> Content:
        found = self._variables.find(part.name, conditions)
        content = named(found.only, part.name, self._marked.restore(part.source)) if found.only is not None else None
        if part.operator in _FOLLOWED and content is not None:
            empty = not joined(content).parts
            if part.operator in {"", "-", "=", "?"} or not empty:
                return content
            if part.word and part.operator in {":-", ":="}:
                return (Argument(self.value(part.word, conditions), part.word.line),)
        return (Argument(Value((self._unresolved(part, found, conditions),)), 0),)

    def _unresolved(self, part: tree.Variable, found: Alternatives, conditions: Conditions) -> Unresolved:
        default = self.value(part.word, conditions) if part.word and part.operator in {":-", "-", ":=", "="} else None
        followed = part.operator in _FOLLOWED
        return Unresolved(
            self._marked.restore(part.source),
            part.name,
            Origin.ARGUMENTS if _PARAMETER.fullmatch(part.name) else Origin.VARIABLE,
            default=default,
            default_if_empty=not part.operator or part.operator.startswith(":"),
            required=part.operator == ":?",
            candidates=found.texts if followed else (),
            complete=followed and found.complete and found.literal,
            computed=not found.literal or not followed,
        )


def _is_mark(piece: str | Unresolved) -> bool:
    """Whether a piece of a text is one word whatever it becomes, other than a variable of a surrounding script."""
    return isinstance(piece, str) or piece.origin is Origin.TEMPLATE or _one_word(piece)


def _is_all(argument: Argument) -> bool:
    """Whether a quoted word is ``"$@"``, or a list, of which nothing is known."""
    return any(part.name in {"@", "*"} or part.text.endswith(("[@]}", "[*]}")) for part in argument.value.unresolved)


def _split(argument: Argument, fields: _Fields) -> None:
    for part in argument.value.parts:
        if isinstance(part, str):
            fields.split(part)
        else:
            fields.add(part, unquoted=not _one_word(part))


def _one_word(part: Unresolved) -> bool:
    """Whether an unresolved part, unquoted, is one word whatever it is."""
    return part.complete and all(text and not re.search(r"\s", text) for text in part.candidates)
