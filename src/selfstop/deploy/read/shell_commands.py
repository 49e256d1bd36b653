"""Single commands of shell scripts: assignments, exports, redirections, and the programs that are run with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from selfstop.deploy.model import Dialect, Language, Layer, Removal, Setting, SettingsFile, Source, Unresolved, Value
from selfstop.deploy.read import commands
from selfstop.deploy.read import shell_tree as tree
from selfstop.deploy.read.expansion import Expansion
from selfstop.deploy.read.invocation import Piped
from selfstop.deploy.read.marks import Marked
from selfstop.deploy.read.printing import printed
from selfstop.deploy.read.state import State
from selfstop.deploy.read.variables import Argument, Conditions, Content, Variables, is_output, joined, named, value_of

_DECLARING: Final = frozenset({"export", "declare", "typeset", "local", "readonly"})
_ENV_FILE: Final = re.compile(r"(?<![\w./~${}-])[\w./~${}-]*\.?env[\w.-]*")
_EXPORT_ALL: Final = re.compile(r"(?P<sign>[-+])(?:o allexport|[b-z]*a[a-z]*)\b")

_MAX_EXPORTED: Final = 256

Call = Callable[[str, Content, Conditions], bool]


class Commands:
    """Runs simple commands of one script; ``call`` goes through functions that the script defines."""

    def __init__(self, marked: Marked, state: State, variables: Variables, expansion: Expansion, call: Call) -> None:
        self._marked = marked
        self._state = state
        self._variables = variables
        self._expansion = expansion
        self._call = call
        self._exported: dict[str | SettingsFile, int] = {}
        self._removed: dict[str, tuple[int, Conditions]] = {}
        self._export_all = False

    def run(self, node: tree.Command, conditions: Conditions, piped: Piped | None) -> Piped | None:
        """Run one command; what it prints, where that is known."""
        if not node.words:
            for assignment in node.assignments:
                self._assign(assignment, conditions)
            self.write(node.redirections, None, node, conditions)
            return None
        words = self._expansion.words(node.words, conditions)
        if not words:
            return None
        name = words[0].literal or ""
        if name in _DECLARING:
            self._declare(node, words, conditions)
            return None
        if self._call(name, words, conditions) or self._builtin(name, words, conditions):
            return None
        return self._program(node, words, conditions, piped)

    def _builtin(self, name: str, words: Content, conditions: Conditions) -> bool:
        """Run what changes the shell itself; false for all else."""
        match name:
            case "source" | ".":
                self._sourced(words)
            case "set":
                self._set(words)
            case "read" | "unset":
                self._forget(words, conditions)
            case "eval":
                invocation = self._state.invocation(words, words[0].line, conditions)
                self._state.facts.append(invocation.script(Language.SHELL, joined(words[1:]), words[0].line))
            case _:
                return False
        return True

    def _program(self, node: tree.Command, words: Content, conditions: Conditions, piped: Piped | None) -> Piped | None:
        own = (
            Setting(each.name, self._expansion.value(each.word, conditions), Layer.TABLE, self._state.place(each.line))
            for each in node.assignments
        )
        fed = self.fed(node.redirections, conditions, piped)
        invocation = self._state.invocation(words, node.line, conditions, fed)
        if commands.starts_program(invocation):
            self._state.spend((len(self._exported) + len(self._removed)) // 4)
            invocation = replace(invocation, sources=(*self._environment(conditions), *own))
        self._state.facts.extend(commands.facts(invocation))
        source = " ".join(self._marked.restore(node.source).split())
        unwrapped, _ = commands.unwrap(invocation)
        output = printed(unwrapped, source)
        self.write(node.redirections, output, node, conditions)
        if unwrapped.program == "tee":
            append = any(word.literal == "-a" for word in unwrapped.arguments)
            for word in unwrapped.arguments[1:]:
                self._state.write(word.value, output, source, append=append)
        return output

    def _environment(self, conditions: Conditions) -> tuple[Source, ...]:
        """The variables that the script has exported so far, the files it has sourced, and what it has unset."""
        exported = (
            Setting(each, self._for_children(each, conditions), Layer.SCRIPT, self._state.place(line))
            if isinstance(each, str)
            else each
            for each, line in self._exported.items()
        )
        removed = (
            Removal(name, self._state.place(line), sure=here == conditions[: len(here)])
            for name, (line, here) in self._removed.items()
        )
        return (*exported, *removed)

    def _for_children(self, name: str, conditions: Conditions) -> Value:
        """What an exported variable holds. Parts bear its name only where they are what the script itself was given."""
        found = self._variables.find(name, conditions)
        if found.only is None:
            given = found.literal  # true without any content, too
            part = Unresolved(
                f"${name}", name if given else "", candidates=found.texts, complete=found.complete and found.literal
            )
            return Value((part,))
        parts = joined(named(found.only, name, f"${name}")).parts
        return Value(tuple(replace(part, name="") if is_output(part) else part for part in parts))

    def _current(self, name: str, conditions: Conditions) -> Value:
        variable = tree.Word((tree.Variable(name, f"${name}", quoted=True),), 0)
        return self._expansion.value(variable, conditions)

    def _assign(self, assignment: tree.Assignment, conditions: Conditions, *, export: bool = False) -> None:
        content: Content
        if assignment.items is not None:
            content = self._expansion.words(assignment.items, conditions)
        else:
            content = (Argument(self._expansion.value(assignment.word, conditions), assignment.line),)
        if assignment.append and assignment.items is None:
            before = self._current(assignment.name, conditions)
            content = (Argument(value_of((*before.parts, *joined(content).parts)), assignment.line),)
        append = assignment.append and assignment.items is not None
        self._variables.assign(assignment.name, content, conditions, append=append)
        if export or self._export_all or assignment.name in self._exported:
            self._export(assignment.name, assignment.line)

    def _declare(self, node: tree.Command, words: Content, conditions: Conditions) -> None:
        export = words[0].literal == "export" or any((word.literal or "").startswith("-x") for word in words[1:])
        for assignment in node.assignments:
            self._assign(assignment, conditions, export=export)
        for word in words[1:] if export else ():
            name = word.literal or ""
            if re.fullmatch(r"[A-Za-z_]\w*", name):
                self._export(name, word.line)
            elif word.literal is None:
                self._exported_from(word)

    def _export(self, name: str, line: int) -> None:
        self._removed.pop(name, None)
        if self._exported.pop(name, None) or len(self._exported) < _MAX_EXPORTED:
            self._exported[name] = line
        else:
            self._state.note(f"more than {_MAX_EXPORTED} exported variables")

    def _exported_from(self, word: Argument) -> None:
        """``export $(… .env …)``: the words of a file are exported, whatever they are."""
        for found in _ENV_FILE.finditer(str(word.value)):
            self._exported[self._settings_file(Value.of(found.group()), word.line)] = word.line
            return

    def _settings_file(self, file: Value, line: int) -> SettingsFile:
        return SettingsFile(
            file,
            Dialect.SHELL,
            self._state.place(line),
            written_by=self._state.writers.get(str(file), ""),
            layer=Layer.SCRIPT,
        )

    def _sourced(self, words: Content) -> None:
        """``source FILE``: an env file, if all it assigns is exported or its name says so."""
        for word in words[1:2]:
            if self._export_all or _ENV_FILE.search(str(word.value)):
                self._exported[self._settings_file(word.value, word.line)] = word.line

    def _set(self, words: Content) -> None:
        """``set -a`` and ``set +a``."""
        options = " ".join(word.literal or "" for word in words[1:])
        if found := _EXPORT_ALL.search(options):
            self._export_all = found["sign"] == "-"

    def _forget(self, words: Content, conditions: Conditions) -> None:
        """``read`` and ``unset``: the variables are no longer what they were."""
        unset = words[0].literal == "unset"
        for word in words[1:]:
            name = word.literal or ""
            if re.fullmatch(r"[A-Za-z_]\w*", name):
                self._variables.assign(name, () if unset else None, conditions)
                if unset:
                    self._removed[name] = word.line, conditions
                    if not conditions:
                        self._exported.pop(name, None)

    def fed(
        self, redirections: tuple[tree.Redirection, ...], conditions: Conditions, piped: Piped | None
    ) -> Piped | None:
        """What a command reads: the last here-document, here-string or file, else what is piped in."""
        for redirection in redirections:
            if redirection.operator in {"<<", "<<-", "<<<"}:
                text = self._expansion.value(redirection.target, conditions)
                piped = Piped(text, redirection.target.line)
            elif redirection.operator == "<":
                file = str(self._expansion.value(redirection.target, conditions))
                known = self._state.texts.get(file)
                piped = Piped(known, self._state.lines[file]) if known is not None else None
        return piped

    def write(
        self,
        redirections: tuple[tree.Redirection, ...],
        output: Piped | None,
        node: tree.Command | tree.Group,
        conditions: Conditions,
    ) -> None:
        """Note the files that a command's output goes to."""
        for redirection in redirections:
            if redirection.operator in {">", ">>", ">|", "&>", "&>>"} and redirection.descriptor in {"", "1"}:
                file = self._expansion.value(redirection.target, conditions)
                source = self._marked.restore(node.source)
                self._state.write(file, output, source, append=redirection.operator.endswith(">>"))
