"""Shell scripts: goes through the commands in order and says what they start, under which conditions.

Loops over listed words are gone through for each of them, functions where they are called; a function that is not
called here is taken as if it were. What is assigned under a condition is one of the contents that a variable may have.
"""

from __future__ import annotations

import re
from typing import Final

from selfstop.deploy.model import (
    Comparison,
    Condition,
    Problem,
    Reading,
    Script,
    Value,
)
from selfstop.deploy.read import shell_tree as tree
from selfstop.deploy.read.conditions import condition, test_of
from selfstop.deploy.read.cursor import Cursor
from selfstop.deploy.read.expansion import Expansion
from selfstop.deploy.read.invocation import Piped
from selfstop.deploy.read.marks import Marked, hide
from selfstop.deploy.read.shell_commands import Commands
from selfstop.deploy.read.shell_parser import Parser
from selfstop.deploy.read.state import State
from selfstop.deploy.read.variables import Conditions, Content, Variables, negated, value_of

_MAX_CALLS: Final = 6
_MAX_ROUNDS: Final = 16
_TESTS: Final = frozenset({"[", "test", "grep", "command", "which", "type", "curl", "ping", "id", "pgrep"})


def read(script: Script) -> Reading:
    """What a shell script does. Never raises; what cannot be read is a `Problem`."""
    marked = hide(script.text, script.variables)
    cursor = Cursor(marked.text, script.place.line)
    interpreter = _Interpreter(script, marked)
    with interpreter.state.bounded(interpreter.variables):
        interpreter.all(Parser().script(cursor))
    faults = tuple(Problem(script.place.path, line, reason) for line, reason in cursor.faults)
    return Reading(interpreter.state.all_facts(), faults + interpreter.state.problems())


class _Interpreter:
    """The state while a script is gone through."""

    def __init__(self, script: Script, marked: Marked) -> None:
        self.state = State(script)
        self._script = script
        self._marked = marked
        self.variables = Variables(dict(script.variables), script.place.line)
        self._expansion = Expansion(marked, script.place.path, self.variables, self._printed)
        self._commands = Commands(marked, self.state, self.variables, self._expansion, self._call)
        self._functions: dict[str, tree.Function] = {}
        self._called: set[str] = set()
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
        self.state.step(node.line, conditions)
        match node:
            case tree.Command():
                return self._commands.run(node, conditions, piped)
            case tree.Pipeline():
                return self._pipeline(node, conditions, piped)
            case tree.Group():
                return self._group(node, conditions, piped)
            case tree.Function():
                self._functions[node.name] = node
            case _:
                self._control(node, conditions)
        return None

    def _control(self, node: tree.Node, conditions: Conditions) -> None:
        match node:
            case tree.Chain():
                self._chain(node, conditions)
            case tree.If():
                self._if(node, conditions)
            case tree.Loop():
                self._loop(node, conditions)
            case tree.Case():
                self._case(node, conditions)

    def _pipeline(self, node: tree.Pipeline, conditions: Conditions, piped: Piped | None) -> Piped | None:
        for stage in node.stages:
            piped = self._node(stage, conditions, piped)
        return piped

    def _group(self, node: tree.Group, conditions: Conditions, piped: Piped | None) -> Piped | None:
        fed = self._commands.fed(node.redirections, conditions, piped)
        outputs = [self._node(inner, conditions, fed) for inner in node.body]
        known = [output for output in outputs if output]
        output = None
        if known and len(known) == len(outputs):
            output = Piped(value_of(part for each in known for part in each.text.parts), known[0].line)
        self._commands.write(node.redirections, output, node, conditions)
        return output

    def _chain(self, node: tree.Chain, conditions: Conditions) -> None:
        """After a test, ``&&`` makes a condition; after ``||``, always, the failure of what comes before it is one."""
        current = node.first
        here = conditions
        self._node(current, here)
        for operator, following in node.rest:
            if operator == "||":
                here = self.state.under(conditions, self._condition((current,), conditions, holds=False))
            elif _is_test(current):
                here = self.state.under(here, self._condition((current,), conditions))
            self._node(following, here)
            current = following

    def _condition(self, nodes: tree.Sequence, conditions: Conditions, *, holds: bool = True) -> Condition:
        text = "; ".join(node.source for node in nodes)
        line = nodes[0].line if nodes else self._script.place.line
        test, positive = None, True
        if len(nodes) == 1:
            test, positive = self._test(nodes[0], conditions)
        if not positive:
            text = re.sub(r"!\s+", "", text, count=1)
        return condition(self._marked.restore(text), self.state.place(line), test, holds=holds == positive)

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
            self._sequence(body, self.state.under(conditions, found))
            conditions = self.state.under(conditions, negated(found))
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
                self.variables.assign(node.variable, (item,), conditions)
                self._sequence(node.body, conditions)
            return
        if node.variable:
            self.variables.assign(node.variable, None, conditions)
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
            self._sequence(body, self.state.under(conditions, found))
            conditions = self.state.under(conditions, negated(found))

    def _printed(self, part: tree.Substitution, conditions: Conditions) -> Piped | None:
        """Go through the commands of a substitution; what they print."""
        outputs = [self._node(node, conditions) for node in part.body]
        return outputs[0] if len(outputs) == 1 else None

    def _call(self, name: str, words: Content, conditions: Conditions) -> bool:
        """Go through a function of the script with its arguments; false where there is none of that name."""
        function = self._functions.get(name)
        if function is None or self._calls >= _MAX_CALLS:
            return False
        self._called.add(name)
        self._calls += 1
        arguments = words[1:]
        positional = {str(position): (word,) for position, word in enumerate(arguments, start=1)}
        outer = self.variables.replace_arguments({**positional, "@": arguments, "*": arguments})
        self._sequence(function.body, conditions)
        self.variables.restore_arguments(outer)
        self._calls -= 1
        return True


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
