"""What commands do, whichever script they stand in: the way from words to facts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from selfstop.deploy.model import Command, Fact, Language, Launcher, Layer, Run, ScriptCall, Unresolved, Value
from selfstop.deploy.read import aws_cli, docker_cli
from selfstop.deploy.read.invocation import Invocation, is_shell, settings
from selfstop.deploy.read.options import Options, parse, starts_with
from selfstop.deploy.read.variables import Encoded, value_of

_PYTHON: Final = re.compile(r"python[\d.]*w?|pypy[\d.]*|py")
_SUDO: Final = Options(
    frozenset("-E -H -n -S -i -s -k -b -A -P --preserve-env --set-home --non-interactive --login --shell".split()),
    flag_letters=frozenset("EHnSiskbAP"),
    value_letters=frozenset("ugpChrtT"),
)
_WRAPPERS: Final = {
    "sudo": _SUDO,
    "doas": Options(frozenset({"-n", "-s"})),
    "nohup": Options(),
    "exec": Options(frozenset({"-c", "-l"})),
    "command": Options(frozenset({"-p"})),
    "builtin": Options(),
    "time": Options(frozenset({"-p", "-v"})),
    "nice": Options(),
    "ionice": Options(frozenset({"-t"})),
    "setsid": Options(frozenset({"-c", "-f", "-w", "--fork", "--wait", "--ctty"})),
    "stdbuf": Options(),
    "winpty": Options(),
    "timeout": Options(frozenset({"--foreground", "--preserve-status", "-v", "--verbose"})),
    "flock": Options(frozenset("-n -x -e -s -u -o --nonblock --exclusive --shared --unlock --close --verbose".split())),
    "env": Options(frozenset({"-i", "-", "--ignore-environment", "-0", "-v"})),
    "tini": Options(frozenset({"-g", "-s", "-v", "-w"})),
    "dumb-init": Options(frozenset({"-c", "-v", "--single-child", "--verbose"})),
    "gosu": Options(),
    "su-exec": Options(),
    "start": Options(),
    "call": Options(),
}
_OPERANDS: Final = {"timeout": 1, "flock": 1, "gosu": 1, "su-exec": 1}
_RUNNERS: Final = frozenset({"uv", "poetry", "pipenv", "pdm", "hatch", "rye", "conda"})
_SERVERS: Final = frozenset({"gunicorn", "uvicorn", "celery", "daphne", "hypercorn", "dramatiq", "rq", "supervisord"})
_SSH: Final = Options(
    frozenset("-4 -6 -A -a -C -f -G -g -K -k -M -N -n -q -s -T -t -V -v -X -x -Y -y".split()),
    flag_letters=frozenset("46AaCfGgKkMNnqsTtVvXxYy"),
    value_letters=frozenset("BbcDEeFIiJLlmOopQRSWw"),
)
_POWERSHELL: Final = frozenset({"powershell", "pwsh"})
_MAX_WRAPPERS: Final = 8


def facts(command: Invocation) -> Iterator[Fact]:
    """The facts that one command states."""
    command, replaced = unwrap(command)
    program = command.program
    if program in docker_cli.PROGRAMS:
        yield from docker_cli.facts(command)
    elif program == "aws":
        yield from aws_cli.facts(command)
    elif program == "ssh":
        yield from _remote(command)
    elif is_shell(program):
        yield from _shell(command)
    elif program in _POWERSHELL:
        yield from _powershell(command)
    elif program == "cmd":
        yield from _batch(command)
    elif program.lower().endswith(".ps1"):
        yield powershell_call(command)
    elif program.endswith((".sh", ".bat", ".cmd", ".bash")):
        yield called(command)
    elif replaced or _is_program(command):
        yield _process(command)


def starts_program(command: Invocation) -> bool:
    """Whether it matters which variables a command finds in its environment."""
    command, replaced = unwrap(command)
    return replaced or command.program in docker_cli.PROGRAMS or _is_program(command)


def unwrap(command: Invocation) -> tuple[Invocation, bool]:
    """Take off what only starts another command (``sudo -E``, ``timeout 5``); whether ``exec`` was among it."""
    replaced = False
    for _ in range(_MAX_WRAPPERS):
        command = _assigned(command)
        program = command.program
        if program not in _WRAPPERS:
            break
        replaced = replaced or program in {"exec", "tini", "dumb-init", "gosu", "su-exec"}
        parsed = parse(command.arguments[1:], _WRAPPERS[program])
        rest = command.without(1 + parsed.consumed)
        rest = rest.without(_OPERANDS.get(program, 0))
        if program == "start" and rest.literal(0) == "":
            rest = rest.without(1)
        if not rest.arguments:
            break
        command = rest
    return command, replaced and bool(command.arguments)


def _assigned(command: Invocation) -> Invocation:
    """Take ``X=1`` before a command as its environment."""
    found, count = settings(command.arguments, command.place, Layer.TABLE)
    if not count:
        return command
    return replace(command.without(count), sources=(*command.sources, *found))


def _is_program(command: Invocation) -> bool:
    """Whether a command starts a program as a service would; Python is what matters here."""
    program = command.program
    if _PYTHON.fullmatch(program):
        return command.literal(1) not in {"", "-V", "--version", "-"}
    return program in _SERVERS or program.endswith(".py") or (program in _RUNNERS and command.literal(1) == "run")


def _process(command: Invocation) -> Run:
    words = tuple(argument.value for argument in command.arguments)
    return Run(
        Launcher.PROCESS,
        command.place,
        sources=command.sources,
        command=Command(words, command.place),
        strength=command.strength,
        conditions=command.conditions,
    )


def called(command: Invocation) -> ScriptCall:
    """A script that is called with positional arguments; ``command`` begins with its path."""
    arguments = tuple(
        (str(position), argument.value) for position, argument in enumerate(command.arguments) if position
    )
    path = with_slashes(command.arguments[0].value)
    return ScriptCall(path, command.place, arguments, command.strength, command.conditions)


def _remote(command: Invocation) -> Iterator[Fact]:
    """``ssh host …``: the words after the host, joined with blanks as ssh does, or what is piped in."""
    parsed = parse(command.arguments[1:], _SSH)
    rest = command.arguments[1 + parsed.consumed :]
    options = parse(rest[1:], _SSH).consumed if rest[1:] else 0
    yield from _run_by_shell(replace(command, arguments=rest[1 + options :]))


def _run_by_shell(command: Invocation) -> Iterator[Fact]:
    """Words that another shell reads as one command line."""
    if not command.arguments:
        if command.piped:
            yield command.script(Language.SHELL, command.piped.text, command.piped.line)
        return
    if is_shell(command.program) and command.piped and not _script_option(command):
        yield command.script(Language.SHELL, command.piped.text, command.piped.line)
        return
    text = value_of(_with_blanks(command))
    yield command.script(Language.SHELL, text, command.arguments[0].line)


def _with_blanks(command: Invocation) -> Iterator[str | Unresolved]:
    for number, argument in enumerate(command.arguments):
        if number:
            yield " "
        yield from argument.value.parts


def _script_option(command: Invocation) -> int:
    """The position of the option ``-c`` of a shell, 0 without it."""
    for position, argument in enumerate(command.arguments[1:], start=1):
        text = argument.literal or ""
        if not text.startswith("-") or text == "--":
            return 0
        if not text.startswith("--") and "c" in text:
            return position
    return 0


def _shell(command: Invocation) -> Iterator[Fact]:
    """``sh -c text``, ``sh file`` or ``… | sh``."""
    if position := _script_option(command):
        if position + 1 < len(command.arguments):
            text = command.arguments[position + 1]
            yield command.script(Language.SHELL, text.value, text.line)
        return
    rest = command.without(1)
    while rest.arguments and starts_with(rest.arguments[0], "-"):
        rest = rest.without(2 if rest.literal(0) in {"-o", "-O"} else 1)
    if rest.arguments and rest.literal(0) != "":
        yield called(rest)
    elif command.piped:
        yield command.script(Language.SHELL, command.piped.text, command.piped.line)


def _powershell(command: Invocation) -> Iterator[Fact]:
    """``powershell -File x.ps1 …`` or ``-Command …``."""
    for position in range(1, len(command.arguments)):
        option = command.literal(position).lower()
        rest = command.without(position + 1)
        if option in {"-file", "-f"} and rest.arguments:
            yield powershell_call(rest)
            return
        if option in {"-command", "-c"} and rest.arguments:
            text = value_of(_with_blanks(rest))
            yield command.script(Language.POWERSHELL, text, rest.arguments[0].line)
            return
        if option in {"-encodedcommand", "-enc", "-e"} and rest.arguments:
            encoded = rest.arguments[0].value.unresolved
            if encoded and isinstance(encoded[0], Encoded):
                yield command.script(Language.POWERSHELL, encoded[0].inner, encoded[0].line)
            return
        if option.endswith(".ps1"):
            yield powershell_call(command.without(position))
            return


def powershell_call(command: Invocation) -> ScriptCall:
    """A PowerShell script that is called; ``-Name value``, ``-Name:value`` and switches are its parameters."""
    arguments = command.arguments[1:]
    named: list[tuple[str, Value]] = []
    position = 0
    index = 0
    while index < len(arguments):
        word = arguments[index]
        first = word.value.parts[0] if word.value.parts else ""
        if isinstance(first, str) and re.match(r"-[A-Za-z_]", first):
            name, colon, rest = first[1:].partition(":")
            following = arguments[index + 1] if index + 1 < len(arguments) else None
            if colon:
                named.append((name, value_of((rest, *word.value.parts[1:]))))
            elif following is None or starts_with(following, "-"):
                named.append((name, Value.of("$true")))
            else:
                named.append((name, following.value))
                index += 1
        else:
            position += 1
            named.append((str(position), word.value))
        index += 1
    path = with_slashes(command.arguments[0].value)
    return ScriptCall(path, command.place, tuple(named), command.strength, command.conditions)


def _batch(command: Invocation) -> Iterator[Fact]:
    """``cmd /c …``."""
    for position in range(1, len(command.arguments)):
        if command.literal(position).lower() in {"/c", "/k"} and position + 1 < len(command.arguments):
            rest = command.without(position + 1)
            text = value_of(_with_blanks(rest))
            yield command.script(Language.BATCH, text, rest.arguments[0].line)
            return


def with_slashes(path: Value) -> Value:
    """A path with ``/`` instead of the separators of Windows."""
    return Value(tuple(part.replace("\\", "/") if isinstance(part, str) else part for part in path.parts))
