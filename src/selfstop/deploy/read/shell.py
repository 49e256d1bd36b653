"""Shell scripts: goes through the commands in order and says what they start, under which conditions.

Loops over listed words are gone through for each of them, functions where they are called; a function that is not
called here is taken as if it were. What is assigned under a condition is one of the contents that a variable may have.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from selfstop.deploy.model import (
    Comparison,
    Condition,
    Dialect,
    Language,
    Layer,
    Problem,
    Reading,
    Script,
    Setting,
    SettingsFile,
    Source,
    Value,
)
from selfstop.deploy.read import commands
from selfstop.deploy.read import shell_tree as tree
from selfstop.deploy.read.conditions import condition, test_of
from selfstop.deploy.read.cursor import Cursor
from selfstop.deploy.read.expansion import Expansion
from selfstop.deploy.read.invocation import Piped
from selfstop.deploy.read.marks import Marked, hide
from selfstop.deploy.read.printing import printed
from selfstop.deploy.read.shell_parser import Parser
from selfstop.deploy.read.state import State
from selfstop.deploy.read.variables import Argument, Conditions, Content, Variables, joined, negated, value_of

_MAX_CALLS: Final = 6
_MAX_ROUNDS: Final = 16
_DECLARING: Final = frozenset({"export", "declare", "typeset", "local", "readonly"})
_TESTS: Final = frozenset({"[", "test", "grep", "command", "which", "type", "curl", "ping", "id", "pgrep"})
_ENV_FILE: Final = re.compile(r"[\w./~${}-]*\.?env[\w.-]*")


def read(script: Script) -> Reading:
    """What a shell script does. Never raises; what cannot be read is a `Problem`."""
    marked = hide(script.text, script.variables)
    cursor = Cursor(marked.text, script.place.line)
    nodes = Parser().script(cursor)
    interpreter = _Interpreter(script, marked)
    interpreter.all(nodes)
    faults = tuple(Problem(script.place.path, line, reason) for line, reason in cursor.faults)
    return Reading(interpreter.state.all_facts(), faults + interpreter.state.problems())


class _Interpreter:
    """The state while a script is gone through."""

    def __init__(self, script: Script, marked: Marked) -> None:
        self.state = State(script)
        self._script = script
        self._marked = marked
        self._variables = Variables(dict(script.variables), script.place.line)
        self._expansion = Expansion(marked, script.place.path, self._variables, self._printed)
        self._functions: dict[str, tree.Function] = {}
        self._called: set[str] = set()
        self._exported: dict[str, int] = {}
        self._files: list[SettingsFile] = []
        self._export_all = False
        self._calls = 0

    def all(self, nodes: tree.Sequence) -> None:
        """Go through a whole script, and the functions it defines but does not call."""
        self._sequence(nodes, self._script.conditions)
        for name in [name for name in self._functions if name not in self._called]:
            self._sequence(self._functions[name].body, self._script.conditions)

    def _sequence(self, nodes: tree.Sequence, conditions: Conditions) -> None:
        for node in nodes:
            self._node(node, conditions)

    def _node(self, node: tree.Node, conditions: Conditions, piped: Piped | None = None) -> Piped | None:
        """Go through one command; what it prints, where that is known."""
        if not self.state.step(node.line, conditions):
            return None
        match node:
            case tree.Command():
                return self._command(node, conditions, piped)
            case tree.Pipeline():
                return self._pipeline(node, conditions, piped)
            case tree.Group():
                return self._group(node, conditions, piped)
            case tree.Chain():
                self._chain(node, conditions)
            case tree.If():
                self._if(node, conditions)
            case tree.Loop():
                self._loop(node, conditions)
            case tree.Case():
                self._case(node, conditions)
            case tree.Function():
                self._functions[node.name] = node
            case tree.Test():
                pass
        return None

    def _pipeline(self, node: tree.Pipeline, conditions: Conditions, piped: Piped | None) -> Piped | None:
        for stage in node.stages:
            piped = self._node(stage, conditions, piped)
        return piped

    def _group(self, node: tree.Group, conditions: Conditions, piped: Piped | None) -> Piped | None:
        fed = self._fed(node.redirections, conditions, piped)
        outputs = [self._node(inner, conditions, fed) for inner in node.body]
        known = [output for output in outputs if output]
        output = None
        if known and len(known) == len(outputs):
            output = Piped(value_of(part for each in known for part in each.text.parts), known[0].line)
        self._write(node.redirections, output, node, conditions)
        return output

    def _chain(self, node: tree.Chain, conditions: Conditions) -> None:
        """After a test, ``&&`` makes a condition; after ``||``, always, the failure of what comes before it is one."""
        current = node.first
        here = conditions
        self._node(current, here)
        for operator, following in node.rest:
            if operator == "||":
                here = (*conditions, self._condition((current,), conditions, holds=False))
            elif _is_test(current):
                here = (*here, self._condition((current,), conditions))
            self._node(following, here)
            current = following

    def _condition(self, nodes: tree.Sequence, conditions: Conditions, *, holds: bool = True) -> Condition:
        text = "; ".join(node.source for node in nodes)
        line = nodes[0].line if nodes else self._script.place.line
        test, positive = None, True
        if len(nodes) == 1:
            test, positive = self._test(nodes[0], conditions)
        place = self.state.place(line)
        return condition(self._marked.restore(text), place, test, holds=holds == positive)

    def _test(self, node: tree.Node, conditions: Conditions) -> tuple[Comparison | None, bool]:
        """The comparison that a command makes, if it is one, and whether it must hold."""
        match node:
            case tree.Pipeline(stages=(inner,), negated=True):
                test, positive = self._test(inner, conditions)
                return test, not positive
            case tree.Test(words=words) if words:
                return test_of([self._expansion.value(word, conditions) for word in words])
            case tree.Command(words=words) if words and words[0].bare in {"[", "test"}:
                inner_words = words[1:-1] if words[0].bare == "[" else words[1:]
                return test_of([self._expansion.value(word, conditions) for word in inner_words])
            case _:
                return None, True

    def _if(self, node: tree.If, conditions: Conditions) -> None:
        for tested, body in node.branches:
            self._sequence(tested, conditions)
            found = self._condition(tested, conditions)
            self._sequence(body, (*conditions, found))
            conditions = (*conditions, negated(found))
        self._sequence(node.otherwise, conditions)

    def _loop(self, node: tree.Loop, conditions: Conditions) -> None:
        if node.kind in {"while", "until"}:
            self._sequence(node.condition, conditions)
            endless = len(node.condition) == 1 and node.condition[0].source.strip() in {"true", ":"}
            here = () if endless else (self._condition(node.condition, conditions, holds=node.kind == "while"),)
            self._sequence(node.body, (*conditions, *here))
            return
        items = self._expansion.words(node.words, conditions) if node.words is not None else ()
        if items and len(items) <= _MAX_ROUNDS and not any(item.open for item in items):
            for item in items:
                self._variables.assign(node.variable, (item,), conditions)
                self._sequence(node.body, conditions)
            return
        if node.variable:
            self._variables.assign(node.variable, None, conditions)
        self._sequence(node.body, conditions)

    def _case(self, node: tree.Case, conditions: Conditions) -> None:
        subject = self._expansion.value(node.subject, conditions)
        for patterns, body in node.arms:
            shown = "|".join(str(self._expansion.value(pattern, conditions)) for pattern in patterns)
            if shown == "*":
                self._sequence(body, conditions)
                continue
            test = None if re.search(r"[*?\[|]", shown) else Comparison(subject, "=", Value.of(shown))
            line = patterns[0].line if patterns else node.line
            found = condition(f"case {subject} in {shown})", self.state.place(line), test)
            self._sequence(body, (*conditions, found))
            conditions = (*conditions, negated(found))

    def _printed(self, part: tree.Substitution, conditions: Conditions) -> Piped | None:
        """Go through the commands of a substitution; what they print."""
        outputs = [self._node(node, conditions) for node in part.body]
        return outputs[0] if len(outputs) == 1 else None

    def _command(self, node: tree.Command, conditions: Conditions, piped: Piped | None) -> Piped | None:
        if not node.words:
            for assignment in node.assignments:
                self._assign(assignment, conditions)
            self._write(node.redirections, None, node, conditions)
            return None
        words = self._expansion.words(node.words, conditions)
        if not words:
            return None
        name = words[0].literal or ""
        if name in _DECLARING:
            self._declare(node, words, conditions)
            return None
        if name in self._functions and self._calls < _MAX_CALLS:
            self._call(name, words, conditions)
            return None
        if name in _BUILTINS:
            _BUILTINS[name](self, words, conditions)
            return None
        return self._program(node, words, conditions, piped)

    def _program(self, node: tree.Command, words: Content, conditions: Conditions, piped: Piped | None) -> Piped | None:
        own = (
            Setting(each.name, self._expansion.value(each.word, conditions), Layer.TABLE, self.state.place(each.line))
            for each in node.assignments
        )
        fed = self._fed(node.redirections, conditions, piped)
        invocation = self.state.invocation(words, node.line, conditions, fed)
        invocation = replace(invocation, sources=(*self._environment(conditions), *own))
        self.state.facts.extend(commands.facts(invocation))
        source = " ".join(self._marked.restore(node.source).split())
        unwrapped, _ = commands.unwrap(invocation)
        output = printed(unwrapped, source)
        self._write(node.redirections, output, node, conditions)
        if unwrapped.program == "tee":
            append = any(word.literal == "-a" for word in unwrapped.arguments)
            for word in unwrapped.arguments[1:]:
                self.state.write(word.value, output, source, append=append)
        return output

    def _environment(self, conditions: Conditions) -> tuple[Source, ...]:
        """The variables that the script has exported so far."""
        exported = (
            Setting(name, self._current(name, conditions), Layer.SCRIPT, self.state.place(line))
            for name, line in self._exported.items()
        )
        return (*self._files, *exported)

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
            self._exported[assignment.name] = assignment.line

    def _declare(self, node: tree.Command, words: Content, conditions: Conditions) -> None:
        export = words[0].literal == "export" or any((word.literal or "").startswith("-x") for word in words[1:])
        for assignment in node.assignments:
            self._assign(assignment, conditions, export=export)
        for word in words[1:] if export else ():
            name = word.literal or ""
            if re.fullmatch(r"[A-Za-z_]\w*", name):
                self._exported[name] = word.line
            elif word.literal is None:
                self._exported_from(word)

    def _exported_from(self, word: Argument) -> None:
        """``export $(… .env …)``: the words of a file are exported, whatever they are."""
        for found in _ENV_FILE.finditer(str(word.value)):
            self._files.append(self._settings_file(Value.of(found.group()), word.line))
            return

    def _settings_file(self, file: Value, line: int) -> SettingsFile:
        return SettingsFile(
            file,
            Dialect.SHELL,
            self.state.place(line),
            written_by=self.state.writers.get(str(file), ""),
            layer=Layer.SCRIPT,
        )

    def _call(self, name: str, words: Content, conditions: Conditions) -> None:
        self._called.add(name)
        self._calls += 1
        for position, word in enumerate(words[1:], start=1):
            self._variables.assign(str(position), (word,), conditions)
        self._variables.assign("@", words[1:], conditions)
        self._variables.assign("*", words[1:], conditions)
        self._sequence(self._functions[name].body, conditions)
        self._calls -= 1

    def _sourced(self, words: Content, conditions: Conditions) -> None:
        for word in words[1:2]:
            if self._export_all or _ENV_FILE.search(str(word.value)):
                self._files.append(self._settings_file(word.value, word.line))

    def _set(self, words: Content, conditions: Conditions) -> None:
        options = [word.literal or "" for word in words[1:]]
        for sign, value in (("-", True), ("+", False)):
            if any(
                re.fullmatch(rf"\{sign}[a-z]*a[a-z]*", option) for option in options
            ) or f"{sign}o allexport" in " ".join(options):
                self._export_all = value

    def _forget(self, words: Content, conditions: Conditions) -> None:
        """``read`` and ``unset``: the variables are no longer what they were."""
        unset = words[0].literal == "unset"
        for word in words[1:]:
            name = word.literal or ""
            if re.fullmatch(r"[A-Za-z_]\w*", name):
                self._variables.assign(name, () if unset else None, conditions)
                self._exported.pop(name, None)

    def _evaluate(self, words: Content, conditions: Conditions) -> None:
        text = joined(words[1:])
        invocation = self.state.invocation(words, words[0].line, conditions)
        self.state.facts.append(invocation.script(Language.SHELL, text, words[0].line))

    def _fed(
        self, redirections: tuple[tree.Redirection, ...], conditions: Conditions, piped: Piped | None
    ) -> Piped | None:
        """What a command reads: the last here-document, here-string or file, else what is piped in."""
        for redirection in redirections:
            if redirection.operator in {"<<", "<<-", "<<<"}:
                text = self._expansion.value(redirection.target, conditions)
                piped = Piped(text, redirection.target.line)
            elif redirection.operator == "<":
                file = str(self._expansion.value(redirection.target, conditions))
                known = self.state.texts.get(file)
                piped = Piped(known, self.state.lines[file]) if known is not None else None
        return piped

    def _write(
        self,
        redirections: tuple[tree.Redirection, ...],
        output: Piped | None,
        node: tree.Command | tree.Group,
        conditions: Conditions,
    ) -> None:
        for redirection in redirections:
            if redirection.operator in {">", ">>", ">|", "&>", "&>>"} and redirection.descriptor in {"", "1"}:
                file = self._expansion.value(redirection.target, conditions)
                source = self._marked.restore(node.source)
                self.state.write(file, output, source, append=redirection.operator.endswith(">>"))


_BUILTINS: Final = {
    "source": _Interpreter._sourced,
    ".": _Interpreter._sourced,
    "set": _Interpreter._set,
    "read": _Interpreter._forget,
    "unset": _Interpreter._forget,
    "eval": _Interpreter._evaluate,
}


def _is_test(node: tree.Node) -> bool:
    """Whether a command is run for its status alone."""
    match node:
        case tree.Test():
            return True
        case tree.Command(words=(first, *_)):
            return first.bare in _TESTS
        case tree.Pipeline(stages=stages):
            return _is_test(stages[-1])
        case _:
            return False
