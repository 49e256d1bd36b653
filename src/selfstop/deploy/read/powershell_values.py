"""What expressions of PowerShell stand for, as far as texts and paths are concerned."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Final, Protocol

from selfstop.deploy.model import Origin, Unresolved, Value
from selfstop.deploy.read import powershell_tree as tree
from selfstop.deploy.read.marks import Marked
from selfstop.deploy.read.printing import encoded
from selfstop.deploy.read.variables import (
    Argument,
    Conditions,
    Content,
    Contents,
    Variables,
    joined,
    named,
    value_of,
)

_CONSTANTS: Final = {"true": "True", "false": "False", "null": ""}
_COMPARING: Final = re.compile(
    r"-[ic]?(?:eq|ne|gt|ge|lt|le|match|notmatch|like|notlike|contains|notcontains|in|notin|is)"
)
_UNCHANGED: Final = frozenset(
    "trim trimstart trimend tostring getbytes getstring clone tolowerinvariant normalize getenumerator".split()
)
_MAX_RESULT: Final = 1 << 16
_DIGITS: Final = 9
_PATTERN_SIGN: Final = re.compile(r"\\(.)|[.*+?^$|()\[\]]")


class Runs(Protocol):
    """Goes through statements; gives what the last of them puts out."""

    def __call__(self, nodes: tree.Sequence, conditions: Conditions) -> Content | None:
        """Go through ``nodes`` where ``conditions`` hold."""


class Listener(Protocol):
    """Is told of each string that is not only compared, replaced or printed."""

    def __call__(self, value: Value, line: int, conditions: Conditions) -> None:
        """Take the string that begins at ``line``."""


class Values:
    """Evaluates expressions of one script."""

    def __init__(self, marked: Marked, path: str, variables: Variables, run: Runs, listen: Listener) -> None:
        self._marked = marked
        self._path = path
        self._variables = variables
        self._run = run
        self._listen = listen
        self._deaf = 0
        self.used: set[str] = set()
        self.files: list[tuple[Value, Value, int]] = []

    def quietly(self, expression: tree.Expression, conditions: Conditions) -> Content:
        """Evaluate what is only printed or compared."""
        self._deaf += 1
        content = self.content(expression, conditions)
        self._deaf -= 1
        return content

    def value(self, expression: tree.Expression, conditions: Conditions) -> Value:
        """What an expression stands for as one text."""
        return joined(self.content(expression, conditions))

    def content(self, expression: tree.Expression, conditions: Conditions) -> Content:
        """What an expression stands for: one item, or several of a list."""
        match expression:
            case tree.String():
                return (self._string(expression, conditions),)
            case tree.Variable():
                return self._variable(expression, conditions)
            case tree.Subexpression(body=body, source=source, listed=listed):
                found = self._run(body, conditions)
                return found if found is not None else () if listed and not body else self._unknown(source)
            case tree.Items(items=items):
                return tuple(argument for item in items for argument in self.content(item, conditions))
            case tree.Member():
                return self._member(expression, conditions)
            case tree.Index():
                return self._index(expression, conditions)
            case tree.Operation():
                return self._operation(expression, conditions)
            case _:
                return self._other(expression, conditions)

    def _other(self, expression: tree.Expression, conditions: Conditions) -> Content:
        if isinstance(expression, tree.Block):
            self._run(expression.body, conditions)
        if isinstance(expression, tree.Table):
            for _, content in self.pairs(expression, conditions):
                del content
        return self._unknown("@{…}" if isinstance(expression, tree.Table) else "…")

    def pairs(self, table: tree.Table, conditions: Conditions) -> Iterator[tuple[str, Content]]:
        """The entries of a table."""
        for key, node in table.pairs:
            content = self._run((node,), conditions)
            if content is not None:
                yield str(joined(self.quietly(key, conditions))).lower(), content

    @staticmethod
    def _unknown(source: str) -> Content:
        text = " ".join(source.split())
        return (Argument(Value((Unresolved(text, text, Origin.COMMAND),)), 0),)

    def _string(self, string: tree.String, conditions: Conditions) -> Argument:
        parts: list[str | Unresolved] = []
        for part in string.parts:
            if isinstance(part, str):
                parts.extend(self._marked.parts(part))
            else:
                parts.extend(joined(self.content(part, conditions)).parts)
        value = value_of(parts)
        if not string.bare and not self._deaf:
            self._listen(value, string.line, conditions)
        return Argument(value, string.line)

    def _variable(self, variable: tree.Variable, conditions: Conditions) -> Content:
        name = plain_name(variable.name)
        if not self._deaf:
            self.used.add(name)
        if name in _CONSTANTS:
            return (Argument(Value.of(_CONSTANTS[name]), 0),)
        if name == "psscriptroot":
            return self._path_of(posixpath.dirname(self._path))
        if name == "pscommandpath":
            return self._path_of(self._path)
        found = self._variables.find(name, conditions)
        source = f"${{{variable.name}}}"
        if found.only is not None:
            return named(found.only, variable.name, source)
        part = Unresolved(source, variable.name, candidates=found.texts, complete=found.complete and found.literal)
        return (Argument(Value((part,)), 0, open=True),)

    @staticmethod
    def _path_of(path: str) -> Content:
        return (Argument(Value.of(path or "."), 0),)

    def _member(self, member: tree.Member, conditions: Conditions) -> Content:
        name = member.name.lower()
        if member.arguments is None:
            return self._property(member, name, conditions)
        if isinstance(member.target, tree.TypeName):
            return self._static(member.target.name, name, member.arguments, conditions)
        target = self.content(member.target, conditions)
        if name in _UNCHANGED:
            return self._first(member.arguments, conditions) if name.startswith("get") and member.arguments else target
        if name == "replace":
            arguments = [joined(self.quietly(argument, conditions)) for argument in member.arguments]
            return tuple(_replaced_in(item, arguments, literally=True) for item in target)
        for argument in member.arguments:
            self.quietly(argument, conditions)
        return self._unknown(f"….{member.name}(…)")

    def _first(self, arguments: tuple[tree.Expression, ...], conditions: Conditions) -> Content:
        return self.content(arguments[0], conditions)

    def _property(self, member: tree.Member, name: str, conditions: Conditions) -> Content:
        target = member.target
        if (
            name in {"path", "definition", "source"}
            and isinstance(target, tree.Member)
            and target.name.lower() == "mycommand"
        ):
            return self._path_of(self._path)
        if isinstance(target, tree.Variable):
            self.used.add(plain_name(target.name))
            found = self._variables.find(f"{plain_name(target.name)}.{name}", conditions).only
            if found is not None:
                return found
        else:
            self.content(target, conditions)
        return self._unknown(f"$(….{member.name})")

    def _static(self, kind: str, name: str, arguments: tuple[tree.Expression, ...], conditions: Conditions) -> Content:
        kind = kind.removeprefix("system.")
        if not arguments:
            return self._unknown(f"[{kind}]::{name}()")
        if (kind, name) == ("convert", "tobase64string"):
            item = self.content(arguments[0], conditions)
            line = item[0].line if item else 0
            return (Argument(Value((encoded(joined(item), line, "base64"),)), line),)
        if kind == "io.path" and name == "combine":
            return (joined_path([self.value(argument, conditions) for argument in arguments]),)
        if kind == "io.path" and name == "getfullpath":
            return self.content(arguments[0], conditions)
        if kind == "io.file":
            return self._file(name, arguments, conditions)
        for argument in arguments:
            self.content(argument, conditions)
        return self._unknown(f"[{kind}]::{name}(…)")

    def _file(self, name: str, arguments: tuple[tree.Expression, ...], conditions: Conditions) -> Content:
        path = self.value(arguments[0], conditions)
        if name in {"readalltext", "readallbytes"}:
            return contents_of(path)
        if name in {"writealltext", "writeallbytes"} and len(arguments) > 1:
            content = self.content(arguments[1], conditions)
            self.files.append((path, joined(content), content[0].line if content else 0))
        return ()

    def _index(self, index: tree.Index, conditions: Conditions) -> Content:
        key = joined(self.quietly(index.key, conditions))
        if not isinstance(index.target, tree.Variable):
            self.content(index.target, conditions)
            return self._unknown("…[…]")
        name = plain_name(index.target.name)
        self.used.add(name)
        literal = key.literal
        if literal is not None:
            found = self._variables.find(f"{name}.{literal.lower()}", conditions).only
            items = self._variables.find(name, conditions).only
            if found is not None:
                return found
            number = int(literal) if literal.isdecimal() and len(literal) <= _DIGITS else None
            if items is not None and number is not None and number < len(items) and len(items) > 1:
                return (items[number],)
        return self._unknown(f"${index.target.name}[{key}]")

    def _operation(self, operation: tree.Operation, conditions: Conditions) -> Content:
        operator = operation.operator
        if operation.left is None:
            return (
                self.content(operation.right, conditions)
                if operator in {",", "-join"}
                else self._quiet(operation, conditions)
            )
        if _COMPARING.fullmatch(operator):
            return self._quiet(operation, conditions)
        if operator == "+":
            return self._sum(operation, conditions)
        left = self.content(operation.left, conditions)
        if operator in {"-replace", "-ireplace", "-creplace"}:
            right = operation.right.items if isinstance(operation.right, tree.Items) else (operation.right,)
            arguments = [joined(self.quietly(item, conditions)) for item in right]
            return tuple(_replaced_in(item, arguments, literally=False) for item in left)
        right_content = (
            self.quietly(operation.right, conditions)
            if operator == "-split"
            else self.content(operation.right, conditions)
        )
        return _combined(operator, left, right_content) or self._unknown("…")

    def _sum(self, operation: tree.Operation, conditions: Conditions) -> Content:
        """Texts that are joined by ``+``, or lists, however many."""
        terms: list[tree.Expression] = []
        rest: tree.Expression = operation
        while isinstance(rest, tree.Operation) and rest.operator == "+" and rest.left is not None:
            terms.append(rest.right)
            rest = rest.left
        contents = [self.content(term, conditions) for term in (rest, *reversed(terms))]
        if any(len(content) > 1 for content in contents):
            return tuple(item for content in contents for item in content)
        parts = [part for content in contents for part in joined(content).parts]
        return (Argument(_bounded(parts), contents[0][0].line if contents[0] else 0),)

    def _quiet(self, operation: tree.Operation, conditions: Conditions) -> Content:
        for side in (operation.left, operation.right):
            if side is not None:
                self.quietly(side, conditions)
        return self._unknown("…")


def _combined(operator: str, left: Content, right: Content) -> Content | None:
    """The result of operators that make texts and lists."""
    line = left[0].line if left else 0
    if operator == "-join":
        separator = joined(right).parts
        parts: list[str | Unresolved] = []
        for number, item in enumerate(left):
            parts.extend([*(separator if number else ()), *item.value.parts])
        return (Argument(_bounded(parts), line),)
    if operator == "-f":
        return (Argument(_bounded(_formatted(joined(left), right)), line),)
    return None


def _bounded(parts: list[str | Unresolved]) -> Value:
    value = value_of(parts)
    return value if len(str(value)) <= _MAX_RESULT else Value((Unresolved("…", "…", Origin.COMMAND),))


def _formatted(form: Value, arguments: Content) -> list[str | Unresolved]:
    parts: list[str | Unresolved] = []
    for part in form.parts:
        if isinstance(part, Unresolved):
            parts.append(part)
            continue
        for number, piece in enumerate(re.split(r"\{(\d{1,2})(?:[:,][^}]*)?\}", part)):
            if number % 2 == 0:
                parts.append(piece)
            elif int(piece) < len(arguments):
                parts.extend(arguments[int(piece)].value.parts)
    return parts


def _replaced_in(item: Argument, arguments: list[Value], *, literally: bool) -> Argument:
    """``-replace old, new`` and ``.Replace(old, new)``, where ``old`` is a plain text or a mark."""
    old = str(arguments[0]) if arguments else ""
    new = arguments[1] if len(arguments) > 1 else Value()
    if not literally:
        if any(not found[1] for found in _PATTERN_SIGN.finditer(old)):
            return Argument(_changed(item.value), item.line)
        old = re.sub(r"\\(.)", r"\1", old)
    if not old:
        return item
    parts: list[str | Unresolved] = []
    for part in item.value.parts:
        if isinstance(part, Contents):
            mark = Contents(
                part.text,
                part.name,
                part.origin,
                file=part.file,
                encoded=part.encoded,
                replaced=(*part.replaced, (old, new)),
            )
            parts.append(mark)
        elif isinstance(part, Unresolved):
            parts.extend(new.parts if part.text == old else (part,))
        else:
            for number, piece in enumerate(part.split(old)):
                parts.extend([*(new.parts if number else ()), piece])
    return Argument(_bounded(parts), item.line, item.open)


def _changed(value: Value) -> Value:
    """A value after a replacement that is not followed: a file's text is still that; of literals nothing is known."""
    if value.unresolved:
        return value
    return Value((Unresolved(str(value), str(value), Origin.COMMAND),))


def contents_of(path: Value) -> Content:
    """The text of a file."""
    source = f"Get-Content {path}"
    return (Argument(Value((Contents(source, source, file=path),)), 0),)


def joined_path(pieces: list[Value]) -> Argument:
    """Paths joined, with ``/``; ``..`` is resolved where everything is literal."""
    parts: list[str | Unresolved] = []
    for piece in pieces:
        if parts:
            parts.append("/")
        parts.extend(part.replace("\\", "/") if isinstance(part, str) else part for part in piece.parts)
    value = value_of(parts)
    if value.literal is not None:
        value = Value.of(posixpath.normpath(value.literal) if value.literal else "")
    return Argument(value, 0)


def parent(path: Value) -> Value:
    """The directory of a path."""
    parts = [part.replace("\\", "/") if isinstance(part, str) else part for part in path.parts]
    last = parts[-1] if parts else ""
    if len(parts) == 1 and isinstance(last, str):
        return Value.of(
            posixpath.dirname(posixpath.normpath(last))
            or ("." if not last.startswith((".", "/")) else posixpath.normpath(f"{last}/.."))
        )
    if isinstance(last, str) and "/" in last.rstrip("/"):
        return value_of((*parts[:-1], last.rstrip("/").rpartition("/")[0]))
    text = f"Split-Path {path}"
    return Value((Unresolved(text, text, Origin.COMMAND),))


def plain_name(name: str) -> str:
    """The name of a variable without its scope; PowerShell does not tell upper case from lower."""
    scope, _, rest = name.lower().rpartition(":")
    return name.lower() if scope == "env" else rest
