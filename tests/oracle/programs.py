"""Draws programs: workers that count, ask, try and stop, in all forms of statements that the analysis knows.

A program is drawn from a ``Random``, so that a number names it and that hypothesis can draw and shrink it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from tests.oracle.blocks import STOP, Blocks, Helper, Lines, Surroundings
from tests.oracle.definitions import with_header


class Program(Blocks):
    """Draws one program: helpers, and the functions that the outside enters."""

    def draw(self) -> str:
        """The source of a program with at least one stop call."""
        while True:
            body = self._in_class() if self.chance(0.2) else self._functions()
            text = "\n".join(self._joined(body))
            if "stop_instances" in text:
                return with_header(text, self.random)

    def _functions(self) -> Lines:
        is_async = self.chance(0.08)
        shares = self.chance(0.15)
        helpers: list[Helper] = []
        for number in range(self.random.choice((0, 0, 0, 1, 1, 2))):
            helpers.append(self._helper(number, helpers, "", shares=shares, is_async=is_async))
        if not is_async:
            helpers = list(map(self._decorated, helpers))
        lines = [line for helper in helpers for line in ("", "", *helper.lines)]
        for name in ("main", "tick") if shares or self.chance(0.1) else ("main",):
            around = self._inside(helpers, shares=shares, is_async=is_async)
            start = _async(is_async, f"def {name}(queue):")
            nested = self._nested(around) if not (shares or is_async) and self.chance(0.15) else []
            lines += ["", "", start, *self._body(around, ["idle = 0", "done = False"], shares=shares, nested=nested)]
        return lines

    def _decorated(self, helper: Helper) -> Helper:
        """A helper, perhaps with a decorator of the program."""
        if self.chance(0.85):
            return helper
        decorators = ("@told", "@hushing", "@negated" if helper.is_predicate else "@told")
        return replace(helper, lines=(self.pick(*decorators), *helper.lines))

    def _nested(self, around: Surroundings) -> Lines:
        """A function inside of the one that is being drawn, which sees its variables, and may set them."""
        sets = not around.helpers and self.chance(0.3)
        around.keeps_ids = False
        while True:
            test = self.test(around, 1)
            body = [
                [STOP],
                [f"if {test}:", f"    {STOP}"],
                [f"return {test}"],
                [f"if {test}:", "    raise Idle()", "queue.work()"],
            ][self.random.randrange(4)]
            if sets:
                body = ["nonlocal idle, done", *self._count(around), *self._flag(around), *body]
            if sets or ":=" not in test:
                break
        around.helpers = [*around.helpers, Helper("inside()", (), body[-1].startswith("return"))]
        return ["def inside():", *(f"    {line}" for line in body)]

    def _joined(self, lines: Lines) -> Lines:
        """The same with some blocks of simple statements in the line of their header."""
        joined: Lines = []
        rest = list(lines)
        while rest:
            line = rest.pop(0)
            depth = _depth(line)
            block = _inside(rest, depth)
            is_simple = all(_depth(each) == depth + 1 and not each.endswith(":") for each in block)
            if (
                line.endswith(":")
                and block
                and is_simple
                and not line.lstrip().startswith("class")
                and self.chance(0.1)
            ):
                line = f"{line} {'; '.join(each.strip() for each in block)}"
                del rest[: len(block)]
            joined.append(line)
        return joined

    def _in_class(self) -> Lines:
        helpers: list[Helper] = []
        for number in range(self.random.randint(0, 2)):
            helpers.append(self._helper(number, helpers, "self", shares=False, is_async=False))
        start = ["    def __init__(self):", "        self.idle = 0", "        self.ready = False"]
        if self.chance(0.3):
            start = ["    idle = 0", "    ready = False"]
        lines = ["", "", "class Worker:", *start]
        for helper in helpers:
            lines += ["", *(f"    {line}" for line in helper.lines)]
        for name in ("main", "tick")[: self.random.randint(1, 2)]:
            around = self._inside(helpers, shares=False, is_async=False)
            around.measures[:0] = ["self.idle"] * 2
            around.flags[:0] = ["self.ready"] * 2
            body = self._body(around, ["idle = 0", "done = False"], shares=False)
            lines += ["", f"    def {name}(self, queue):", *(f"    {line}" for line in body)]
        return [*lines, *self._heir(helpers)] if helpers and self.chance(0.3) else lines

    def _heir(self, helpers: Sequence[Helper]) -> Lines:
        """A class that does one thing in its own way, or adds one."""
        known = {_name(helper): "@property" in helper.lines for helper in helpers}
        while True:
            helper = self._helper(self.random.randrange(len(helpers)), [], "self", shares=False, is_async=False)
            is_new = _name(helper) not in known and self.chance(0.05)
            if is_new or known.get(_name(helper)) is ("@property" in helper.lines):
                break
        return ["", "", "class Special(Worker):", *(f"    {line}" for line in helper.lines)]

    def _inside(self, helpers: list[Helper], *, shares: bool, is_async: bool) -> Surroundings:
        measures = ["idle", *(["_polls"] if shares else [])]
        flags = ["done", *(["_ready"] * 2 if shares else [])]
        return Surroundings(
            measures,
            [*flags, *(['state["done"]'] if self.chance(0.12) else [])],
            helpers,
            is_async,
            keeps_ids=self.chance(0.12),
            has_event=shares and self.chance(0.4),
            has_mode=self.chance(0.12),
        )

    def _body(self, around: Surroundings, start: Lines, *, shares: bool, nested: Sequence[str] = ()) -> Lines:
        """The body of a function, with ``start`` as its first lines, and a function ``nested`` in it."""
        self.size = self.random.choice((2, 3, 4, 5))
        begin = list(start)
        if shares:
            begin.insert(0, "global _polls, _ready")
        if self.chance(0.25):
            around.measures.append("last")
            begin.append("last = time.monotonic()")
        begin += ["ids = []"] if around.keeps_ids else []
        begin += ['state = {"done": False}', 'mode = "wait"']
        if self.chance(0.4):
            around.loops += 1
            around.depth += 1
            inner = self.block(around, 5)
            around.loops -= 1
            around.depth -= 1
            lines = ["while True:", *(f"    {line}" for line in inner)]
            lines += self.block(around, 2) if self.chance(0.3) else []
        else:
            lines = self.block(around, 5)
        used = "\n".join([*nested, *lines])
        begin = [line for line in begin if line.split()[0] in used or line.startswith("global")]
        return [f"    {line}" for line in [*begin, *nested, *lines]]

    def _helper(self, number: int, helpers: list[Helper], receiver: str, *, shares: bool, is_async: bool) -> Helper:
        kind = self.random.randrange(9)
        names = ("reached", "due", "finish", "check", "stop_machine", "finish_if", "step", "wish", "probe")
        name = names[kind] + str(number or "")
        parameters = (
            ["idle", "limit"],
            ["queue"],
            ["queue"],
            ["idle", "queue"],
            ["queue"],
            ["leave", "queue"],
            ["queue"],
            ["idle", "queue"],
            ["idle", "queue"],
        )
        own = parameters[kind]
        arguments = [{"idle": "MEASURE", "limit": "THRESHOLD", "leave": "TEST"}.get(each, each) for each in own]
        call = f"{'await ' if is_async else ''}{receiver}{'.' if receiver else ''}{name}({', '.join(arguments)})"
        start = _async(is_async, f"def {name}({', '.join(([receiver] if receiver else []) + own)}):")
        around = self._inside(helpers, shares=shares, is_async=is_async)
        if receiver:
            around.measures.append("self.idle")
            around.flags.append("self.ready")
        body = self._helper_body(kind, around, own, shares=shares)
        if kind == 1 and receiver and self.chance(0.3):
            return Helper(
                f"self.{name}", ("@property", start.replace(", queue", ""), *self._known(around)), is_predicate=True
            )
        if kind == 7:
            return Helper(f'{call} == "leave"', (start, *body), is_predicate=True)
        if kind == 8:
            return Helper(self.pick(f"{call}[0]", call), (start, *body), is_predicate=True, is_pair=True)
        return Helper(call, (start, *body), kind in {0, 1} or self.chance(0.1))

    def _helper_body(self, kind: int, around: Surroundings, own: list[str], *, shares: bool) -> Lines:
        if kind == 0:
            return self._comparing()
        if kind == 4 and self.chance(0.6):
            return [f"    {STOP}"]
        if "leave" in own:
            around.flags.append("leave")
        if kind == 7:
            return self._telling(around)
        if kind == 8:
            return [f"    return {self.test(around)}, queue.handle_one()"]
        begin = [line for line in ("idle = 0", "done = False") if line.split()[0] not in own]
        body = self._body(around, begin, shares=shares)
        if kind == 1:
            return [*body, f"    return {self.test(around)}"] if not shares else [*body, "    return _ready"]
        if kind == 3 and self.chance(0.7):
            return ["    if idle >= LIMIT:", "        raise Idle()"]
        return body

    def _telling(self, around: Surroundings) -> Lines:
        """A function that says by a text what is to be done."""
        test = self._likely(around)
        first, last = self.random.choice((("leave", "wait"), ("wait", "leave"), ("leave", "leave")))
        if self.chance(0.3):
            return [f'    return "{first}" if {test} else "{last}"']
        return [f"    if {test}:", f'        return "{first}"', *([f'    return "{last}"'] if self.chance(0.8) else [])]

    def _known(self, around: Surroundings) -> Lines:
        """A predicate that asks nobody."""
        around.measures, around.flags = ["self.idle"], ["self.ready"]
        while "queue" in (test := self.test(around)) or "last" in test or "(" in test:
            pass
        return [f"    return {test}"]

    def _comparing(self) -> Lines:
        return self.random.choice(
            (
                ["    return idle >= limit"],
                ["    return limit > 0 and idle >= limit"],
                ["    if idle >= limit:", "        return True", "    return False"],
                ["    if idle < limit:", "        return False", "    return ENABLED"],
                ["    return not idle < limit"],
            )
        )


def program(random: Random) -> str:
    """A program with at least one stop call."""
    return Program(random).draw()


def _name(helper: Helper) -> str:
    return helper.call.partition("(")[0]


def _depth(line: str) -> int:
    return (len(line) - len(line.lstrip())) // 4


def _inside(lines: Sequence[str], depth: int) -> Lines:
    """The first of ``lines`` that stand deeper than ``depth``."""
    return list(itertools.takewhile(lambda line: _depth(line) > depth, lines))


def _async(is_async: bool, start: str) -> str:
    return f"async {start}" if is_async else start
