"""Draws programs: workers that count, ask, try and stop, in all forms of statements that the analysis knows.

A program is drawn from a ``Random``, so that a number names it and that hypothesis can draw and shrink it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

Lines = list[str]
STOP: Final = 'ec2.stop_instances(InstanceIds=["i"])'
IMPORTS: Final = ("contextlib", "os", "sys", "time")
SETTINGS: Final = (
    ("LIMIT", "LIMIT = 2"),
    ("CPU_FLOOR", "CPU_FLOOR = 1"),
    ("EMPTY_LIMIT", 'EMPTY_LIMIT = int(os.environ.get("EMPTY_LIMIT", "0"))'),
    ("ENABLED", 'ENABLED = os.environ.get("SELF_STOP") == "1"'),
    ("Idle", "class Idle(Exception):\n    pass"),
    ("Trouble", "class Trouble(Exception):\n    pass"),
    ("_polls", "_polls = 0"),
    ("_ready", "_ready = False"),
)
ERRORS: Final = ("ValueError", "OSError", "Exception", "Idle", "Trouble", "(Idle, ValueError)", "BaseException", "")
MOST_DEPTH: Final = 3


@dataclass(frozen=True)
class Helper:
    """A function that others call: ``call`` is how, with words in capitals for arguments; a predicate answers."""

    call: str
    lines: tuple[str, ...]
    is_predicate: bool = False


@dataclass
class Surroundings:
    """What a block may use."""

    measures: list[str]
    flags: list[str]
    helpers: list[Helper]
    is_async: bool = False
    loops: int = 0
    handlers: int = 0
    depth: int = 0

    @property
    def counted(self) -> list[str]:
        """The measures that are counters."""
        return [name for name in self.measures if name != "last"]


@dataclass
class Blocks:
    """Draws statements. ``size`` is how many of them may still be drawn for the current function."""

    random: Random
    size: int = 0

    # Small tools

    def chance(self, share: float) -> bool:
        """True in ``share`` of all cases."""
        return self.random.random() < share

    def pick(self, *items: str) -> str:
        """One of ``items``."""
        return items[self.random.randrange(len(items))]

    # Tests

    def test(self, around: Surroundings, depth: int = 2) -> str:
        """An expression whose truth decides."""
        if depth == 0 or self.chance(0.55):
            return self._atom(around)
        first, second = self.test(around, depth - 1), self.test(around, depth - 1)
        return self.pick(
            f"not ({first})",
            f"({first} and {second})",
            f"({first} or {second})",
            f"(not {first} or {second})",
            f"({second} if {first} else {self._atom(around)})",
            f"all(({first}, {second}))",
            f"any(({first}, {second}))",
            f"bool({first})",
        )

    def _atom(self, around: Surroundings) -> str:
        draw = self.random.random()
        if draw < 0.42:
            return self._reached(around)
        if draw < 0.52:
            return self.pick("EMPTY_LIMIT > 0", "EMPTY_LIMIT", "ENABLED", "EMPTY_LIMIT >= 1", "LIMIT > 0")
        if draw < 0.68 and around.flags:
            return self.pick(*around.flags)
        predicates = [helper.call for helper in around.helpers if helper.is_predicate]
        if draw < 0.78 and predicates:
            return self._filled(self.pick(*predicates), around)
        return self.pick("queue.handle_one()", "queue.closed()", "queue.has_job()", 'queue.kind() == "a"')

    def _reached(self, around: Surroundings) -> str:
        measure = self.pick(*around.counted)
        limit = self.pick("LIMIT", "LIMIT", "EMPTY_LIMIT")
        return self.pick(
            f"{measure} >= {limit}",
            f"{measure} >= {limit}",
            f"{limit} <= {measure}",
            f"not {measure} < {limit}",
            f"{measure} < {limit}",
            f"{measure} > 2",
            f"1 < {measure} >= LIMIT",
            f"queue.idle_rounds() >= {limit}",
            f"({measure} := queue.idle_rounds()) >= {limit}" if "." not in measure else f"{measure} >= {limit}",
            "time.monotonic() - last >= LIMIT" if "last" in around.measures else f"{measure} >= LIMIT",
            "queue.cpu_percent() < CPU_FLOOR",
            f"EMPTY_LIMIT > 0 and {measure} >= EMPTY_LIMIT",
        )

    def _filled(self, call: str, around: Surroundings) -> str:
        """The call of a helper with its arguments."""
        call = call.replace("MEASURE", self.pick(*around.counted, "queue.idle_rounds()"))
        call = call.replace("THRESHOLD", self.pick("LIMIT", "EMPTY_LIMIT", "2"))
        return call.replace("TEST", self.test(around, 1)) if "TEST" in call else call

    # Statements

    def block(self, around: Surroundings, most: int = 4) -> Lines:
        """Some statements."""
        lines: Lines = []
        for _ in range(self.random.randint(1, most)):
            lines += self.statement(around)
            if self.size <= 0:
                break
        return lines

    def inner(self, around: Surroundings) -> Lines:
        """An indented block."""
        around.depth += 1
        lines = [f"    {line}" for line in self.block(around, 2)]
        around.depth -= 1
        return lines

    def statement(self, around: Surroundings) -> Lines:
        """One statement."""
        self.size -= 1
        simple = [
            (4, self._work),
            (4, self._count),
            (3, self._flag),
            (5, self._stop),
            (3, self._leave),
            (3, self._help),
        ]
        compound = [(7, self._if), (2, self._while), (1, self._for), (4, self._try), (1, self._with), (1, self._match)]
        kinds = simple + (compound if around.depth < MOST_DEPTH and self.size > 0 else [])
        draw = self.random.randrange(sum(weight for weight, _ in kinds))
        for weight, make in kinds:
            draw -= weight
            if draw < 0:
                return make(around)
        raise AssertionError(draw)

    def _work(self, around: Surroundings) -> Lines:
        if around.is_async and self.chance(0.5):
            return ["await queue.poll()"]
        return [self.pick("queue.work()", "queue.work()", "queue.note()", "pass", "job = queue.handle_one()")]

    def _count(self, around: Surroundings) -> Lines:
        measure = self.pick(*around.measures)
        if measure == "last":
            return ["last = time.monotonic()"]
        return [
            self.pick(
                f"{measure} += 1",
                f"{measure} += 1",
                f"{measure} = {measure} + 1",
                f"{measure} = 0",
                f"{measure} = queue.idle_rounds()",
                f"{measure} = 0 if queue.take() else {measure} + 1",
                f"{measure} -= 1",
                f"{measure} = {self.pick(*around.counted)}",
            )
        ]

    def _flag(self, around: Surroundings) -> Lines:
        flag = self.pick(*around.flags)
        return [
            self.pick(
                f"{flag} = {self.test(around, 1)}",
                f"{flag} = {self.test(around, 2)}",
                f"{flag} = True",
                f"{flag} = False",
                f"{flag} |= {self._reached(around)}" if "and" not in flag else "pass",
                f"{flag} = {flag} and {self._atom(around)}",
                f"{flag} = {flag} or {self._atom(around)}",
                f"{flag} = None",
            )
        ]

    def _stop(self, around: Surroundings) -> Lines:
        """A stop call, mostly under a test: what matters is whether that is a guard, and still one."""
        if self.chance(0.15):
            return [STOP]
        if self.chance(0.2):
            return [self.pick(f"{self.test(around, 1)} and {STOP}", f"{self.test(around, 1)} or {STOP}")]
        between = self.statement(around) if around.depth < MOST_DEPTH and self.chance(0.4) else []
        return [f"if {self._likely(around)}:", *(f"    {line}" for line in [*between, STOP])]

    def _likely(self, around: Surroundings) -> str:
        """A test that may well be a guard."""
        draw = self.random.random()
        if draw < 0.45:
            measure = self.pick(*around.counted)
            limit = self.pick("LIMIT", "LIMIT", "EMPTY_LIMIT > 0 and M >= EMPTY_LIMIT")
            return limit.replace(" M ", f" {measure} ") if " M " in limit else f"{measure} >= {limit}"
        return self.pick(*around.flags) if draw < 0.75 and around.flags else self.test(around, 1)

    def _leave(self, around: Surroundings) -> Lines:
        """A way out, mostly under a test: what follows would not be reached otherwise."""
        way = self._way_out(around)
        return [f"if {self._likely(around)}:", f"    {way}"] if self.chance(0.75) else [way]

    def _way_out(self, around: Surroundings) -> str:
        ways = [
            "return",
            f"return {self.test(around, 1)}",
            "raise Idle()",
            "raise Trouble()",
            "raise Idle",
            "sys.exit()",
        ]
        if around.loops:
            ways += ["break", "continue"] * 3
        if around.handlers:
            ways += ["raise"] * 2
        return self.pick(*ways)

    def _help(self, around: Surroundings) -> Lines:
        if not around.helpers:
            return self._work(around)
        helper = around.helpers[self.random.randrange(len(around.helpers))]
        call = self._filled(helper.call, around)
        if helper.is_predicate and around.flags:
            return [f"{self.pick(*around.flags)} = {call}"]
        return [call]

    def _if(self, around: Surroundings) -> Lines:
        lines = [f"if {self.test(around)}:", *self.inner(around)]
        if self.chance(0.2):
            lines += [f"elif {self.test(around)}:", *self.inner(around)]
        if self.chance(0.35):
            lines += ["else:", *self.inner(around)]
        return lines

    def _while(self, around: Surroundings) -> Lines:
        test = self.pick("True", "True", self.test(around, 1), self.test(around, 2))
        return [f"while {test}:", *self._looped(around), *self._else(around)]

    def _for(self, around: Surroundings) -> Lines:
        over = self.pick("queue.jobs()", "range(LIMIT)", "range(2)", "range(EMPTY_LIMIT)", "queue.jobs()")
        return [f"for job in {over}:", *self._looped(around), *self._else(around)]

    def _looped(self, around: Surroundings) -> Lines:
        around.loops += 1
        lines = self.inner(around)
        around.loops -= 1
        return lines

    def _else(self, around: Surroundings) -> Lines:
        return ["else:", *self.inner(around)] if self.chance(0.2) else []

    def _try(self, around: Surroundings) -> Lines:
        lines = ["try:", *self.inner(around)]
        cleans = self.chance(0.5)
        if not cleans or self.chance(0.6):
            for error in sorted({self.pick(*ERRORS) for _ in range(self.random.randint(1, 2))}, reverse=True):
                around.handlers += 1
                lines += [f"except {error}:".replace(" :", ":"), *self.inner(around)]
                around.handlers -= 1
            lines += self._else(around)
        if cleans:
            lines += ["finally:", *self.inner(around)]
        return lines

    def _with(self, around: Surroundings) -> Lines:
        manager = self.pick("queue.lock()", "contextlib.suppress(ValueError)", "contextlib.suppress(Exception, Idle)")
        return [f"with {manager}:", *self.inner(around)]

    def _match(self, around: Surroundings) -> Lines:
        guard = f" if {self.test(around, 1)}" if self.chance(0.4) else ""
        lines = ["match queue.kind():", f'    case "a"{guard}:', *self._case(around), '    case "b" | "c":']
        lines += self._case(around)
        return lines if self.chance(0.5) else [*lines, "    case _:", *self._case(around)]

    def _case(self, around: Surroundings) -> Lines:
        return [f"    {line}" for line in self.inner(around)]


class Program(Blocks):
    """Draws one program: helpers, and the functions that the outside enters."""

    def draw(self) -> str:
        """The source of a program with at least one stop call."""
        while True:
            body = self._in_class() if self.chance(0.2) else self._functions()
            text = "\n".join(body)
            if STOP in text:
                return _with_header(text, default="2" if self.chance(0.15) else "0")

    def _functions(self) -> Lines:
        is_async = self.chance(0.08)
        shares = self.chance(0.15)
        helpers: list[Helper] = []
        for number in range(self.random.choice((0, 0, 0, 1, 1, 2))):
            helpers.append(self._helper(number, helpers, "", shares=shares, is_async=is_async))
        lines = [line for helper in helpers for line in ("", "", *helper.lines)]
        for name in ("main", "tick") if shares or self.chance(0.1) else ("main",):
            around = self._inside(helpers, shares=shares, is_async=is_async)
            start = _async(is_async, f"def {name}(queue):")
            lines += ["", "", start, *self._body(around, ["idle = 0", "done = False"], shares=shares)]
        return lines

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
        return lines

    @staticmethod
    def _inside(helpers: list[Helper], *, shares: bool, is_async: bool) -> Surroundings:
        measures = ["idle", *(["_polls"] if shares else [])]
        return Surroundings(measures, ["done", *(["_ready"] * 2 if shares else [])], helpers, is_async)

    def _body(self, around: Surroundings, start: Lines, *, shares: bool) -> Lines:
        """The body of a function, with ``start`` as its first lines."""
        self.size = self.random.choice((2, 3, 4, 5))
        begin = list(start)
        if shares:
            begin.insert(0, "global _polls, _ready")
        if self.chance(0.25):
            around.measures.append("last")
            begin.append("last = time.monotonic()")
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
        used = "\n".join(lines)
        begin = [line for line in begin if line.split()[0] in used or line.startswith("global")]
        return [f"    {line}" for line in [*begin, *lines]]

    def _helper(self, number: int, helpers: list[Helper], receiver: str, *, shares: bool, is_async: bool) -> Helper:
        kind = self.random.randrange(7)
        name = ("reached", "due", "finish", "check", "stop_machine", "finish_if", "step")[kind] + str(number or "")
        parameters = (
            ["idle", "limit"],
            ["queue"],
            ["queue"],
            ["idle", "queue"],
            ["queue"],
            ["leave", "queue"],
            ["queue"],
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
        return Helper(call, (start, *body), kind in {0, 1} or self.chance(0.1))

    def _helper_body(self, kind: int, around: Surroundings, own: list[str], *, shares: bool) -> Lines:
        if kind == 0:
            return self._comparing()
        if kind == 4 and self.chance(0.6):
            return [f"    {STOP}"]
        if "leave" in own:
            around.flags.append("leave")
        begin = [line for line in ("idle = 0", "done = False") if line.split()[0] not in own]
        body = self._body(around, begin, shares=shares)
        if kind == 1:
            return [*body, f"    return {self.test(around)}"] if not shares else [*body, "    return _ready"]
        if kind == 3 and self.chance(0.7):
            return ["    if idle >= LIMIT:", "        raise Idle()"]
        return body

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


def _async(is_async: bool, start: str) -> str:
    return f"async {start}" if is_async else start


def _with_header(text: str, default: str) -> str:
    """``text`` with the imports and constants that it needs; ``default`` is that of the threshold from outside."""
    settings = [line.replace('"0"', f'"{default}"') for name, line in SETTINGS if name in text]
    needed = "\n".join([*settings, text])
    imports = [f"import {name}" for name in IMPORTS if f"{name}." in needed]
    return "\n".join([*imports, "import boto3", "", 'ec2 = boto3.client("ec2")', *settings, text, ""])
