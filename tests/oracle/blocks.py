"""Draws statements and expressions: counting, asking, trying, leaving and stopping."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

Lines = list[str]
STOP: Final = 'ec2.stop_instances(InstanceIds=["i"])'
STOP_KEPT: Final = "ec2.stop_instances(InstanceIds=ids)"
ERRORS: Final = ("ValueError", "OSError", "Exception", "Idle", "Trouble", "(Idle, ValueError)", "BaseException", "")
MOST_DEPTH: Final = 3


@dataclass(frozen=True)
class Helper:
    """A function that others call: ``call`` is how, with words in capitals for arguments; a predicate answers."""

    call: str
    lines: tuple[str, ...]
    is_predicate: bool = False
    is_pair: bool = False
    """Whether it answers by a predicate and something else."""


@dataclass
class Surroundings:
    """What a block may use."""

    measures: list[str]
    flags: list[str]
    helpers: list[Helper]
    is_async: bool = False
    keeps_ids: bool = False
    has_event: bool = False
    has_mode: bool = False
    loops: int = 0
    handlers: int = 0
    depth: int = 0
    stays: bool = False
    """Whether nothing may leave the block but exceptions, as in ``except*``."""

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
            modes = ['mode == "leave"', 'mode != "wait"', 'mode in ("leave", "off")'] if around.has_mode else []
            return self.pick(*around.flags, *(["_leaving.is_set()"] if around.has_event else []), *modes)
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
            f"({measure} >= {limit}) is True",
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
            (2, self._at_once),
            (1, self._assert),
            (1, self._act),
        ]
        simple += [(4, self._keep)] if around.keeps_ids else []
        simple += [(2, self._signal)] if around.has_event else []
        simple += [(4, self._mode)] if around.has_mode else []
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
        stop = self.pick(STOP, *([STOP_KEPT] * 3 if around.keeps_ids else []))
        return [f"if {self._likely(around)}:", *(f"    {line}" for line in [*between, stop])]

    def _at_once(self, around: Surroundings) -> Lines:
        """Several targets in one statement."""
        first, second = self.pick(*around.counted), self.pick(*around.counted)
        flag, test = self.pick(*around.flags), self.test(around, 1)
        return [
            self.pick(
                f"{first}, {flag} = 0, {test}",
                f"{flag}, {first} = {test}, queue.idle_rounds()",
                f"{flag}, {first} = {first} >= LIMIT, 0",
                f"{first}, (job, {flag}) = {second}, (None, {test})",
                f"{first}, job = {first} + 1, {test}",
                f"{first}, {second} = {second}, {first}" if first != second else f"{first} = job = 0",
                f"job = {flag} = {test}",
                f"{flag} = job = {first} >= LIMIT",
                f"{first} = job = queue.idle_rounds()",
                *(
                    f"{flag}, job = {self._filled(each.call.removesuffix('[0]'), around)}"
                    for each in around.helpers
                    if each.is_pair
                ),
            )
        ]

    def _assert(self, around: Surroundings) -> Lines:
        """Python may leave it out, or what it calls acts."""
        test = self._likely(around)
        return [self.pick(f"assert {test}", f"assert not ({test} and {STOP})", f"assert {test}, {STOP}")]

    def _act(self, around: Surroundings) -> Lines:
        """A stop call within some expression, mostly under a test."""
        test = self._likely(around)
        kept = STOP.replace('"', "'")
        ways = [
            f"queue.note({STOP})",
            f"job = [{STOP}]",
            f"job = {{1: {STOP}}}",
            f'queue.note(f"{{{kept}}}")',
            f"job = (lambda: {STOP})()",
            f"job = -(1 if {STOP} else 2)",
        ]
        asking = [
            f"[{STOP} for _ in queue.jobs() if {test}]",
            f"any({test} and {STOP} for _ in queue.jobs())",
            f"job = {STOP} if {test} else None",
            f"job = None if {test} else {STOP}",
        ]
        if around.handlers == 0 and not around.stays:
            ways += [f"raise Idle({STOP})", f"raise Idle() from {STOP}", f"return [{STOP}]"]
        if self.chance(0.4):
            return [self.pick(*asking)]
        return [f"if {test}:", f"    {self.pick(*ways)}"] if self.chance(0.8) else [self.pick(*ways)]

    def _keep(self, around: Surroundings) -> Lines:
        """A list of machines that are to be stopped."""
        ways = ['ids.append("i")', 'ids.append("i")', 'ids += ["i"]', 'ids.extend(["i"])', 'ids = ["i"]', "ids = []"]
        line = self.pick(*ways, "ids.clear()")
        if "i" in line.partition("(")[2] + line.partition("[")[2] and self.chance(0.7):
            return [f"if {self._likely(around)}:", f"    {line}"]
        return [line] if self.chance(0.5) else ["if ids:", f"    {STOP_KEPT}"]

    def _mode(self, around: Surroundings) -> Lines:
        """A text that says what is to be done."""
        test = self._likely(around)
        if self.chance(0.4):
            return [f"if {test}:", '    mode = "leave"']
        return [self.pick('mode = "wait"', 'mode = "off"', f'mode = "leave" if {test} else "wait"', "mode = None")]

    def _signal(self, around: Surroundings) -> Lines:
        """An event stands for what held when it was set."""
        if self.chance(0.3):
            return ["_leaving.clear()"]
        return [f"if {self._likely(around)}:", "    _leaving.set()"] if self.chance(0.8) else ["_leaving.set()"]

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
        ways = ["raise Idle()", "raise Trouble()", "raise Idle", "sys.exit()"]
        if not around.stays:
            ways += ["return", f"return {self.test(around, 1)}"]
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
            takes_groups = self.chance(0.08)
            for error in sorted({self.pick(*ERRORS) for _ in range(self.random.randint(1, 2))}, reverse=True):
                around.handlers += 1
                lines += self._group_handler(around, error) if takes_groups else self._handler(around, error)
                around.handlers -= 1
            lines += self._else(around)
        if cleans:
            lines += ["finally:", *self.inner(around)]
        return lines

    def _handler(self, around: Surroundings, error: str) -> Lines:
        return [f"except {error}:".replace(" :", ":"), *self.inner(around)]

    def _group_handler(self, around: Surroundings, error: str) -> Lines:
        """Python lets nothing leave such a handler but exceptions."""
        stayed, loops = around.stays, around.loops
        around.stays, around.loops = True, 0
        lines = [f"except* {error or 'BaseException'}:", *self.inner(around)]
        around.stays, around.loops = stayed, loops
        return lines

    def _with(self, around: Surroundings) -> Lines:
        manager = self.pick(
            "queue.lock()",
            "contextlib.suppress(ValueError)",
            "contextlib.suppress(Exception, Idle)",
            "Hushing()",
            "Telling()",
            "hushed()",
        )
        start = "async with" if around.is_async and manager == "queue.lock()" else "with"
        return [f"{start} {manager}:", *self.inner(around)]

    def _match(self, around: Surroundings) -> Lines:
        if self.chance(0.3):
            lines = [f"match {self._reached(around)}:", f"    case {self.pick('True', 'False')}:", *self._case(around)]
            return lines if self.chance(0.5) else [*lines, "    case _:", *self._case(around)]
        guard = f" if {self.test(around, 1)}" if self.chance(0.4) else ""
        lines = ["match queue.kind():", f'    case "a"{guard}:', *self._case(around), '    case "b" | "c":']
        lines += self._case(around)
        return lines if self.chance(0.5) else [*lines, "    case _:", *self._case(around)]

    def _case(self, around: Surroundings) -> Lines:
        return [f"    {line}" for line in self.inner(around)]
