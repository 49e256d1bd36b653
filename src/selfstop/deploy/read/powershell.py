"""PowerShell scripts: goes through the statements in order and says what they start, under which conditions.

A string with commands in it, such as those that a script keeps in a table and sends to its machines, is handed on as a
shell script, unless it is only printed, compared or replaced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from selfstop.deploy.model import (
    Comparison,
    Fact,
    Language,
    Layer,
    Origin,
    Problem,
    Reading,
    Script,
    Setting,
    Strength,
    Unresolved,
    Value,
)
from selfstop.deploy.read import cmdlets, commands
from selfstop.deploy.read import powershell_tree as tree
from selfstop.deploy.read.conditions import condition
from selfstop.deploy.read.cursor import Cursor
from selfstop.deploy.read.invocation import Piped
from selfstop.deploy.read.marks import Marked, hide
from selfstop.deploy.read.powershell_parser import parse
from selfstop.deploy.read.powershell_values import Values, plain_name
from selfstop.deploy.read.state import State
from selfstop.deploy.read.variables import Argument, Conditions, Content, Encoded, Variables, joined, negated

_MAX_CALLS: Final = 6
_MAX_ROUNDS: Final = 16
_MAX_KEPT: Final = 200
_SHELL_COMMAND: Final = re.compile(
    r"(?:^|[\n;&|({])[ \t]*(?:sudo[ \t]+(?:-E[ \t]+)?)?(?:[\w./]*/)?(?:docker|podman|nerdctl)(?:-compose)?[ \t]+"
    r"(?:container[ \t]+|compose[ \t]+)?(?:-\S+[ \t]+){0,4}(?:run|create|build)\s",
)
_BEGINS_WITH_OPTION: Final = re.compile(r"\b(?:docker|podman|nerdctl)\s+(?:container\s+)?run\s+-")
_EQUALITY: Final = {"-eq": "=", "-ieq": "=", "-ceq": "=", "-ne": "!=", "-ine": "!=", "-gt": "-gt", "-lt": "-lt"}


def read(script: Script) -> Reading:
    """What a PowerShell script does. Never raises; what cannot be read is a `Problem`."""
    marked = hide(script.text, script.variables)
    cursor = Cursor(marked.text, script.place.line)
    interpreter = _Interpreter(script, marked)
    with interpreter.state.bounded(interpreter.variables):
        interpreter.all(parse(cursor))
    faults = tuple(Problem(script.place.path, line, reason) for line, reason in cursor.faults)
    return Reading(interpreter.facts(), faults + interpreter.state.problems())


@dataclass(frozen=True)
class _Kept:
    """A string with commands, and the variable it is kept in."""

    script: Script
    variable: str


class _Interpreter:
    """The state while a script is gone through."""

    def __init__(self, script: Script, marked: Marked) -> None:
        self.state = State(script)
        self._marked = marked
        self.variables = Variables({name.lower(): value for name, value in script.variables}, script.place.line)
        self._values = Values(marked, script.place.path, self.variables, self._run, self._listen)
        self._functions: dict[str, tree.Function] = {}
        self._called: set[str] = set()
        self._environment: dict[str, tuple[Value, int]] = {}
        self._kept: list[_Kept] = []
        self._printed: set[str] = set()
        self._assigned = ""
        self._given: list[dict[str, Value]] = []

    def all(self, nodes: tree.Sequence) -> None:
        """Go through a whole script, and the functions it defines but does not call."""
        conditions = self.state.script.conditions
        self._collect(nodes)
        self._run(nodes, conditions)
        for name in [name for name in self._functions if name not in self._called]:
            self._run(self._functions[name].body, conditions)

    def facts(self) -> tuple[Fact, ...]:
        """The facts, with the strings that hold commands and are more than printed."""
        facts = list(self.state.facts)
        known = {(script.place, script.text) for script in _scripts(facts)}
        for kept in self._kept:
            script = kept.script
            only_printed = kept.variable in self._printed and kept.variable not in self._values.used
            if only_printed or (script.place, script.text) in known:
                continue
            run = [fact for fact in facts if isinstance(fact, Script) and _holds(fact, script)]
            facts = [fact for fact in facts if fact not in run]
            conditions = next((fact.conditions for fact in run), script.conditions)
            facts.append(replace(script, conditions=conditions))
        self.state.facts = facts
        return self.state.all_facts()

    def _collect(self, nodes: tree.Sequence) -> None:
        """Functions may be called before the line that defines them is reached, from other functions."""
        for node in nodes:
            if isinstance(node, tree.Function):
                self._functions[node.name.lower()] = node

    def _listen(self, value: Value, line: int, conditions: Conditions) -> None:
        """Keep a string that is more than printed, if there are commands in it."""
        text = str(value)
        if len(self._kept) >= _MAX_KEPT or any(kept.script.text in text for kept in self._kept):
            return
        if _SHELL_COMMAND.search(text):
            variables = tuple({part.name: Value((part,)) for part in value.unresolved}.items())
            script = Script(
                Language.SHELL,
                text,
                self.state.place(line),
                self.state.script.strength,
                conditions=conditions,
                variables=variables,
            )
            self._kept.append(_Kept(script, self._assigned))

    def _run(self, nodes: tree.Sequence, conditions: Conditions) -> Content | None:
        content: Content | None = None
        for node in nodes:
            content = self._node(node, conditions)
            self._take_files()
        return content

    def _take_files(self) -> None:
        for path, text, line in self._values.files:
            self.state.write(path, Piped(text, line), "", append=False)
        self._values.files.clear()

    def _node(self, node: tree.Node, conditions: Conditions, piped: Content | None = None) -> Content | None:
        """Go through one statement; what it puts out."""
        self.state.step(node.line, conditions)
        match node:
            case tree.Command():
                return self._command(node, conditions, piped)
            case tree.Evaluation(expression=expression):
                return self._values.content(expression, conditions)
            case tree.Pipeline(stages=stages):
                for stage in stages:
                    piped = self._node(stage, conditions, piped)
                return piped
            case tree.Assignment():
                self._assign(node, conditions)
            case tree.Parameters():
                self._parameters(node, conditions)
            case tree.Function():
                self._functions[node.name.lower()] = node
            case _:
                self._control(node, conditions)
        return None

    def _control(self, node: tree.Node, conditions: Conditions) -> None:
        match node:
            case tree.If():
                self._if(node, conditions)
            case tree.Loop():
                self._loop(node, conditions)
            case tree.Chain():
                self._chain(node, conditions)
            case tree.Switch():
                self._switch(node, conditions)
            case tree.Try():
                self._run(node.body, conditions)
                failed = condition("an error in what was tried", self.state.place(node.line))
                self._run(node.handlers, (*conditions, failed))
                self._run(node.final, conditions)

    def _chain(self, node: tree.Chain, conditions: Conditions) -> None:
        current, here = node.first, conditions
        self._node(current, here)
        for operator, following in node.rest:
            if operator == "||":
                text = self._marked.restore(current.source)
                here = (*conditions, condition(text, self.state.place(current.line), holds=False))
            self._node(following, here)
            current = following

    def _if(self, node: tree.If, conditions: Conditions) -> None:
        for tested, source, body in node.branches:
            test, positive = self._test(tested, conditions)
            place = self.state.place(tested[0].line if tested else node.line)
            found = condition(self._marked.restore(source), place, test, holds=positive)
            self._run(body, self.state.under(conditions, found))
            conditions = self.state.under(conditions, negated(found))
        self._run(node.otherwise, conditions)

    def _test(self, nodes: tree.Sequence, conditions: Conditions) -> tuple[Comparison | None, bool]:
        """The comparison in a condition, and whether it must hold; its commands are run in any case."""
        if len(nodes) != 1 or not isinstance(nodes[0], tree.Evaluation):
            self._run(nodes, conditions)
            return None, True
        expression = nodes[0].expression
        if isinstance(expression, tree.Operation) and expression.left is not None and expression.operator in _EQUALITY:
            left = joined(self._values.quietly(expression.left, conditions))
            right = joined(self._values.quietly(expression.right, conditions))
            return Comparison(left, _EQUALITY[expression.operator], right), True
        value = joined(self._values.quietly(expression, conditions))
        if isinstance(expression, tree.Variable):
            return Comparison(value, "-n"), True
        return None, True

    def _loop(self, node: tree.Loop, conditions: Conditions) -> None:
        if node.kind != "foreach":
            endless = node.condition.strip().lower() in {"$true", "1", ""}
            text = self._marked.restore(node.condition)
            here = () if endless else (condition(text, self.state.place(node.line)),)
            self._run(node.body, (*conditions, *here))
            return
        items = self._run(node.items, conditions) or ()
        name = plain_name(node.variable)
        if items and len(items) <= _MAX_ROUNDS and all(item.literal is not None for item in items):
            for item in items:
                self.variables.assign(name, (item,), conditions)
                self._run(node.body, conditions)
            return
        self.variables.assign(name, None, conditions)
        self._run(node.body, conditions)

    def _switch(self, node: tree.Switch, conditions: Conditions) -> None:
        subject = joined(self._run(node.subject, conditions) or ())
        for label, body in node.arms:
            value = joined(self._values.quietly(label, conditions))
            if (value.literal or "").lower() == "default":
                self._run(body, conditions)
                continue
            found = condition(
                f"switch ({subject}) {value}", self.state.place(node.line), Comparison(subject, "=", value)
            )
            self._run(body, self.state.under(conditions, found))
            conditions = self.state.under(conditions, negated(found))

    def _assign(self, node: tree.Assignment, conditions: Conditions) -> None:
        name = plain_name(node.name)
        outer, self._assigned = self._assigned, self._assigned or name
        value = node.value
        if isinstance(value, tree.Evaluation) and isinstance(value.expression, tree.Table):
            self._table(name, value.expression, conditions)
        elif isinstance(value, tree.If | tree.Switch):
            self._branches(name, value, conditions)
        elif value is not None:
            content = self._node(value, conditions)
            self._keep(name, content, conditions, append=node.append, line=node.line)
        self._assigned = outer

    def _keep(self, name: str, content: Content | None, conditions: Conditions, *, append: bool, line: int) -> None:
        if append and content is not None:
            before = self.variables.find(name, conditions).only
            single = before is not None and len(before) == 1 and len(content) == 1
            content = (
                (Argument(joined_without_blank(before, content), line),)
                if before and single
                else (*(before or ()), *content)
            )
        if name.startswith("env:"):
            self._environment[name] = (joined(content or ()), line)
        if name:
            self.variables.assign(name, content, conditions)

    def _table(self, name: str, table: tree.Table, conditions: Conditions) -> None:
        for key, content in self._values.pairs(table, conditions):
            self.variables.assign(f"{name}.{key}", content, conditions)
        self.variables.assign(name, None, conditions)

    def _branches(self, name: str, node: tree.If | tree.Switch, conditions: Conditions) -> None:
        """``$X = if (…) { a } else { b }``: what the branches put out is one of the contents."""
        if isinstance(node, tree.Switch):
            self._control(node, conditions)
            self.variables.assign(name, None, conditions)
            return
        for tested, source, body in node.branches:
            test, positive = self._test(tested, conditions)
            place = self.state.place(tested[0].line if tested else node.line)
            found = condition(self._marked.restore(source), place, test, holds=positive)
            here = self.state.under(conditions, found)
            self.variables.assign(name, self._run(body, here), here)
            conditions = self.state.under(conditions, negated(found))
        self.variables.assign(name, self._run(node.otherwise, conditions), conditions)

    def _parameters(self, node: tree.Parameters, conditions: Conditions) -> None:
        given = self._given[-1] if self._given else None
        for position, (name, default) in enumerate(node.defaults, start=1):
            content = self._node(default, conditions) if default else None
            bound = None if given is None else given.get(name.lower(), given.get(str(position)))
            if bound is not None:
                content = (Argument(bound, node.line),)
            elif given is None:
                value = joined(content) if content is not None else None
                part = Unresolved(f"${{{name}}}", name, Origin.ARGUMENTS, default=value)
                content = (Argument(Value((part,)), node.line),)
            self.variables.assign(name.lower(), content, conditions)

    def _command(self, node: tree.Command, conditions: Conditions, piped: Content | None) -> Content | None:
        if not node.words:
            return None
        first = joined(self._values.quietly(node.words[0], conditions))
        name = (first.literal or "").lower()
        if name in cmdlets.PRINTING:
            return self._print(node, conditions)
        if name in self._functions and len(self._given) < _MAX_CALLS:
            return self._call(name, node, conditions)
        words = (Argument(first, node.line), *self._words(node.words[1:], conditions))
        source = self._marked.restore(node.source)
        if name in cmdlets.KNOWN:
            output = cmdlets.run(name, words[1:], piped, self.state, source)
            self._redirect(node, output, conditions)
            return output
        return self._program(node, words, conditions, piped)

    def _words(self, words: tuple[tree.Expression, ...], conditions: Conditions) -> Content:
        return tuple(argument for word in words for argument in self._values.content(word, conditions))

    def _program(self, node: tree.Command, words: Content, conditions: Conditions, piped: Content | None) -> Content:
        text = Piped(joined(piped), piped[0].line) if piped else None
        invocation = self.state.invocation(words, node.line, conditions, text)
        sources = tuple(
            Setting(variable, self._current(name, variable, value, conditions), Layer.SCRIPT, self.state.place(line))
            for name, (value, line) in self._environment.items()
            for variable in [name.removeprefix("env:").upper()]
        )
        invocation = replace(invocation, sources=sources)
        self.state.facts.extend(commands.facts(invocation))
        source = " ".join(self._marked.restore(node.source).split())
        content = (Argument(Value((Unresolved(source, source, Origin.COMMAND),)), node.line),)
        self._redirect(node, None, conditions)
        return content

    def _current(self, name: str, variable: str, value: Value, conditions: Conditions) -> Value:
        """What a variable of the environment holds: the last value, or those of several branches."""
        found = self.variables.find(name, conditions)
        if found.only is not None:
            return value
        complete = found.complete and found.literal
        part = Unresolved(
            f"$env:{variable}", variable, candidates=found.texts, complete=complete, computed=not found.literal
        )
        return Value((part,))

    def _redirect(self, node: tree.Command, output: Content | None, conditions: Conditions) -> None:
        for target, append in node.targets:
            file = self._values.value(target, conditions)
            text = Piped(joined(output), output[0].line) if output else None
            self.state.write(file, text, self._marked.restore(node.source), append=append)

    def _print(self, node: tree.Command, conditions: Conditions) -> Content:
        """What is printed is not run; it is handed on as the weakest of scripts if it shows a command in full."""
        before = set(self._values.used)
        printed: list[Argument] = []
        for word in node.words[1:]:
            found = self._values.quietly(word, conditions)
            if isinstance(word, tree.Variable):
                self._printed.add(plain_name(word.name))
            printed.extend(found)
        self._values.used = before
        for argument in printed:
            text = str(argument.value)
            if _SHELL_COMMAND.search(text) and _BEGINS_WITH_OPTION.search(text):
                place = self.state.place(argument.line or node.line)
                self.state.facts.append(Script(Language.SHELL, text, place, Strength.PRINTED, conditions=conditions))
        return tuple(printed)

    def _call(self, name: str, node: tree.Command, conditions: Conditions) -> Content | None:
        """A function of the script, with what it is given."""
        self._called.add(name)
        words = (Argument(Value.of(name), node.line), *self._words(node.words[1:], conditions))
        invocation = self.state.invocation(words, node.line, conditions)
        arguments = commands.powershell_call(invocation).arguments
        self._given.append({parameter.lower(): value for parameter, value in arguments})
        output = self._run(self._functions[name].body, conditions)
        self._given.pop()
        return output


def _holds(outer: Script, inner: Script) -> bool:
    """Whether a script that is run has a kept one in it, as it is or in base64; it is shown where it is kept."""
    if outer.strength is not inner.strength or outer.place == inner.place:
        return False
    encoded = (
        str(part.inner) for _, value in outer.variables for part in value.unresolved if isinstance(part, Encoded)
    )
    return inner.text in outer.text or any(inner.text.strip() == text.strip() for text in encoded)


def _scripts(facts: list[Fact]) -> list[Script]:
    """The scripts among facts and inside of them."""
    found: list[Script] = []
    for fact in facts:
        inner = getattr(getattr(fact, "user_data", None), "script", None) or getattr(fact, "script", None)
        found.extend(script for script in (fact, inner) if isinstance(script, Script))
    return found


def joined_without_blank(before: Content, content: Content) -> Value:
    """Two texts, one behind the other."""
    return Value((*joined(before).parts, *joined(content).parts))
