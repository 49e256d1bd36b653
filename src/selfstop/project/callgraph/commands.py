"""Commands by which a program has a machine stopped: those of the operating system, and the API's own.

A command line is put together in many ways. What of it is not constant is left open, as ``?``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from selfstop.families import StopNames
from selfstop.flow.terms import App, Attr, Const, Item, Result, Term, Var, dotted, last_name
from selfstop.project.symbols.program import Program

RUNNERS = frozenset(
    """
    os.system os.popen os.execl os.execle os.execlp os.execv os.execve os.execvp os.spawnlp os.spawnv os.spawnvp
    subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen subprocess.getoutput
    subprocess.getstatusoutput asyncio.create_subprocess_exec asyncio.create_subprocess_shell
    """.split()
)
_PREFIXES = frozenset("sudo exec nohup env sh bash systemctl cmd then do else ! { (".split())
_SEPARATORS = re.compile(r"&&|\|\||[;|&\n]")
_OPEN = "?"
_DEPTH = 4


def is_stop(program: Program, func: Term, values: Iterable[Term], names: StopNames) -> bool:
    """Whether a call runs a command that stops a machine, given ``values``."""
    if dotted(func) not in RUNNERS:
        return False
    return any(
        _stops(part.split(), names)
        for value in values
        for text in _texts(program, value, _DEPTH)
        for part in _SEPARATORS.split(text)
    )


def _stops(command: list[str], names: StopNames) -> bool:
    """Whether a simple command stops a machine. What stands before it is skipped: ``sudo -n``, ``sh -c``."""
    words = [word.strip("\"'") for word in command]
    while words and (words[0].rpartition("/")[2] in _PREFIXES or words[0].startswith("-") or "=" in words[0]):
        words = words[1:]
    name = words[0].rpartition("/")[2] if words else ""
    if name in names.commands:
        return "-c" not in words[1:]
    if name != "aws" or "--dry-run" in words:
        return False
    return any(service == "ec2" and call in names.subcommands for service, call in pairwise(words))


def _texts(program: Program, value: Term, depth: int) -> Iterator[str]:
    """The command lines that a value may be."""
    if depth == 0:
        yield _OPEN
        return
    match value:
        case Const(value=str() as text):
            yield text
        case App(op="fstring", args=(Const(value=str() as text), *_)):
            yield re.sub(r"^[a-zA-Z]*[\"']+|[\"']+$", "", text)
        case App(op="list" | "tuple", args=args):
            yield " ".join(_one(program, arg, depth) for arg in args)
        case App(op="+", args=(left, right)):
            yield from (text + _one(program, right, depth) for text in _texts(program, left, depth - 1))
        case _ if (inner := _template(value)) is not None:
            yield from _texts(program, inner, depth - 1)
        case Var() | Attr() | Item():
            for definition in program.definitions(value):
                if definition.value is not None and definition.value != value:
                    yield from _texts(program, definition.value, depth - 1)


def _one(program: Program, value: Term, depth: int) -> str:
    return next(_texts(program, value, depth - 1), _OPEN)


def _template(value: Term) -> Term | None:
    """What a text is made from by filling in, or taken apart."""
    match value:
        case App(op="%", args=(template, _)):
            return template
        case Result(callee=callee, args=args) | App(op="call", args=(callee, *args)) if callee is not None:
            if isinstance(callee, Attr) and callee.name in {"format", "split"}:
                return callee.base
            return args[0] if args and last_name(callee) == "split" else None
        case App(op="split" | "strip", args=(inner, *_)):
            return inner
    return None
