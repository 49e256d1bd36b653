"""From the command of a container or process to the Python file that it runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from selfstop.deploy import names
from selfstop.deploy.model import (
    Command,
    Condition,
    Extra,
    Layer,
    Origin,
    Place,
    Reading,
    Removal,
    Run,
    Setting,
    SettingsFile,
    Unresolved,
    Value,
)

_DEPTH: Final = 5
"""Scripts that call scripts, as far as they are followed."""

_PYTHON: Final = re.compile(r"(?:python|pypy|py)(?:\d+(?:\.\d+)*)?(?:\.exe)?|coverage", re.IGNORECASE)
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_WRAPPERS: Final[Mapping[str, int]] = {
    "exec": 0,
    "nohup": 0,
    "time": 0,
    "nice": 0,
    "ionice": 0,
    "sudo": 0,
    "env": 0,
    "tini": 0,
    "/sbin/tini": 0,
    "dumb-init": 0,
    "catchsegv": 0,
    "stdbuf": 0,
    "setsid": 0,
    "xvfb-run": 0,
    "command": 0,
    "timeout": 1,
    "gosu": 1,
    "su-exec": 1,
    "setpriv": 0,
    "chpst": 0,
    "ddtrace-run": 0,
    "newrelic-admin": 1,
    "opentelemetry-instrument": 0,
    "poetry": 1,
    "uv": 1,
    "pipenv": 1,
    "pdm": 1,
    "hatch": 1,
    "doppler": 1,
    "aws-vault": 2,
    "s6-setuidgid": 1,
}
"""Programs that run the rest of their line, and how many of their own arguments come before it."""

_WRAPPER_VALUES: Final = frozenset({"-n", "-u", "-k", "-s", "-g", "-c"})
_PYTHON_VALUES: Final = frozenset({"-W", "-X", "--check-hash-based-pycs"})
_SERVERS: Final = frozenset({"gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve", "uwsgi"})
_WORKERS: Final = frozenset({"celery", "dramatiq", "huey_consumer", "huey_consumer.py", "arq", "flask", "django-admin"})
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_IMPORT: Final = re.compile(r"(?:^|[;\n])\s*(?:import\s+([\w.]+)|from\s+([\w.]+)\s+import\s+(\w+))")

_SHIFTING: Final = re.compile(r"(?:^|[\s;&|(])(?:shift\b|set\s+--)")
"""What gives a script other arguments than those it is called with."""

ReadScript = Callable[[str, Place], Reading]
"""Reads shell text that begins at a place."""


@dataclass(frozen=True)
class Program:
    """What a command runs: ``file`` of the repository, if it is one of its own.

    ``function`` is the one that a console script calls. ``started`` is false for what is only imported: by
    ``python -c``, or by a server that calls into it. ``script`` is what scripts and ``env`` set on the way.
    """

    text: str
    place: Place
    file: str | None = None
    function: str = ""
    started: bool = True
    served: bool = False
    conditions: tuple[Condition, ...] = ()
    script: tuple[Setting | SettingsFile | Removal, ...] = ()
    gap: str = ""


@dataclass(frozen=True)
class Locator:
    """Finds files by what a command calls them.

    ``python`` are the project's Python files, ``scripts`` its shell scripts with their text; ``commands`` maps
    console scripts to ``module:function``. ``container`` gives the paths at which a container has a file.
    """

    python: Mapping[str, str]
    scripts: Callable[[str], str | None]
    files: frozenset[str]
    commands: Mapping[str, str]
    read: ReadScript
    container: Callable[[str], Sequence[str]] = field(default=lambda _file: ())
    workdir: str = ""

    def module(self, name: str) -> str | None:
        """The file of a module, or of a package's ``__main__``."""
        for candidate in (f"{name}.__main__", name):
            if candidate in self.python:
                return self.python[candidate]
        tail = name.replace(".", "/")
        ends = (f"/{tail}.py", f"/{tail}/__main__.py")
        found = [path for path in self.python.values() if path.endswith(ends)]
        return found[0] if len(found) == 1 else None

    def file(self, path: str) -> str | None:
        """The file of the repository that a path in the container, or relative to the working directory, means."""
        absolute = posixpath.normpath(posixpath.join(self.workdir or "/", path))
        inside = [file for file in self._ending(path) if absolute in self.container(file)]
        if inside:
            return inside[0]
        return names.find_file(Value.of(path), self.files, [".", self.workdir.strip("/")])

    def _ending(self, path: str) -> Iterator[str]:
        name = posixpath.basename(path)
        yield from (file for file in sorted(self.files) if posixpath.basename(file) == name)


def programs(command: Sequence[Command], locator: Locator, depth: int = 0) -> list[Program]:
    """What runs when the commands are joined: an entry point and its arguments, or one of them alone."""
    if not command:
        return []
    first = command[0]
    if first.shell:
        return _of_shell(first.place, str(first.words[0]) if first.words else "", (), locator, depth)
    rest = [] if len(command) < 2 else _arguments(command[1])
    words = [*first.words, *rest]
    return _of_words([names.plain(word) or str(word) for word in words], first.place, locator, depth)


def _arguments(command: Command) -> list[Value]:
    if command.shell:
        return [Value.of("/bin/sh"), Value.of("-c"), *command.words]
    return list(command.words)


def of_run(run: Run, locator: Locator) -> list[Program]:
    """What a process on the host runs."""
    parts = [each for each in (run.entrypoint, run.command) if each is not None]
    return programs(parts, locator)


def _of_shell(place: Place, text: str, arguments: Sequence[str], locator: Locator, depth: int) -> list[Program]:
    if depth > _DEPTH:
        return [Program(_short(text), place, gap="scripts call scripts too deeply")]
    return _of_script(text, place, arguments, locator, depth)


def _of_script(text: str, place: Place, arguments: Sequence[str], locator: Locator, depth: int) -> list[Program]:
    """All programs that a shell script runs; ``exec "$@"`` runs its arguments."""
    reading = locator.read(text, place)
    known = None if _SHIFTING.search(text) or any(_is_open(each) for each in arguments) else arguments
    found: list[Program] = []
    for run in (fact for fact in reading.facts if isinstance(fact, Run) and fact.image is None):
        if run.command is None:
            continue
        words = list(_expanded(run.command.words, arguments))
        inner = _of_words(words, run.command.place, locator, depth + 1)
        conditions = tuple(_told(condition, known) for condition in run.conditions)
        exports = tuple(replace(source, layer=Layer.SCRIPT) for source in run.sources if not isinstance(source, Extra))
        found += [
            replace(each, script=(*exports, *each.script), conditions=(*conditions, *each.conditions)) for each in inner
        ]
    return found


def _told(condition: Condition, arguments: Sequence[str] | None) -> Condition:
    """A condition with the arguments of its script put in, where they are known."""
    if condition.test is None or arguments is None:
        return condition
    left, right = (_put_in(value, arguments) for value in (condition.test.left, condition.test.right))
    return replace(condition, test=replace(condition.test, left=left, right=right))


def _put_in(value: Value, arguments: Sequence[str]) -> Value:
    parts: list[str | Unresolved] = []
    for part in value.parts:
        text = None if isinstance(part, str) else _argument(part, arguments)
        if text is None:
            parts.append(part)
        elif not text and isinstance(part, Unresolved) and part.default is not None:
            parts.extend(part.default.parts)
        else:
            parts.append(text)
    return Value(tuple(part for part in parts if part != ""))


def _argument(part: Unresolved, arguments: Sequence[str]) -> str | None:
    """The text of ``$1``, of ``$#``, or of ``$*`` where there is but one."""
    if part.name == "#" and part.origin is Origin.VARIABLE:
        return str(len(arguments))
    if part.origin is not Origin.ARGUMENTS or part.name == "0" or part.computed:
        return None
    if part.name.isdecimal():
        number = _number(part)
        return arguments[number - 1] if number and number <= len(arguments) else ""
    return "".join(arguments) if len(arguments) < 2 else None


def _expanded(words: Iterable[Value], arguments: Sequence[str]) -> Iterator[str]:
    for word in words:
        parts = word.unresolved
        if len(word.parts) == 1 and parts and parts[0].origin is Origin.ARGUMENTS and parts[0].name in {"@", "*"}:
            yield from arguments
        elif len(word.parts) == 1 and parts and (number := _number(parts[0])) and number <= len(arguments):
            yield arguments[number - 1]
        else:
            yield names.plain(word) or str(word)


def _number(part: Unresolved) -> int | None:
    return names.whole(part.name) if part.origin is Origin.ARGUMENTS else None


def _of_words(words: Sequence[str], place: Place, locator: Locator, depth: int) -> list[Program]:
    rest, given = _unwrapped(list(words), place)
    found = _of_command(rest, place, locator, depth) if rest else []
    return [replace(each, script=(*given, *each.script)) for each in found] if given else found


def _of_command(rest: Sequence[str], place: Place, locator: Locator, depth: int) -> list[Program]:
    name = posixpath.basename(rest[0].replace("\\", "/"))
    if _PYTHON.fullmatch(name):
        return _of_python(rest[1:], place, locator)
    if name in _SHELLS:
        return _of_shell_words(rest, place, locator, depth)
    if name in _SERVERS or name in _WORKERS:
        return _of_server(name, rest[1:], place, locator)
    if rest[0] in locator.commands or name in locator.commands:
        return [_console(name, locator.commands[name], place, locator)]
    script = locator.file(rest[0]) if "/" in rest[0] or "." in rest[0] else None
    if script is not None:
        return _of_file(script, rest[1:], place, locator, depth)
    return [Program(_short(rest[0]), place, gap=f"what `{_short(rest[0])}` runs is not known here")]


def _unwrapped(words: list[str], place: Place) -> tuple[list[str], list[Setting | Removal]]:
    """The command line without what only sets the stage for it, and the variables that are set there."""
    given: list[Setting | Removal] = []
    while words:
        name = posixpath.basename(words[0])
        if _ASSIGNMENT.match(words[0]):
            variable, _, text = words[0].partition("=")
            given.append(Setting(variable, _worth(text), Layer.SCRIPT, place))
            words = words[1:]
        elif name in _WRAPPERS or words[0] == "--":
            rest = _after_options(words[1:], _WRAPPERS.get(name, 0))
            if name == "env":
                given += [Removal(each, place) for each in _unset(words[1 : len(words) - len(rest)])]
            words = rest
        else:
            break
    return words, given


def _worth(text: str) -> Value:
    """A text of a command line; with a mark of some language in it, it is not known."""
    return Value((Unresolved(text, ""),)) if _is_open(text) else Value.of(text)


def _is_open(text: str) -> bool:
    return bool(re.search(r"[$`%]|\{\{", text))


def _unset(options: Sequence[str]) -> Iterator[str]:
    """``env -u X``, ``env --unset=X``: the names."""
    for option, following in zip(options, (*options[1:], ""), strict=False):
        if option in {"-u", "--unset"}:
            yield following
        elif option.startswith(("-u", "--unset=")):
            yield option.removeprefix("--unset=").removeprefix("-u")


def _after_options(words: list[str], own: int) -> list[str]:
    while words and (words[0].startswith("-") or own > 0):
        if words[0] == "--":
            return words[1:]
        if words[0].startswith("-"):
            words = words[2:] if words[0] in _WRAPPER_VALUES and len(words) > 1 else words[1:]
        else:
            words, own = words[1:], own - 1
    return words


def _of_python(words: Sequence[str], place: Place, locator: Locator) -> list[Program]:
    position = 0
    while position < len(words):
        word = words[position]
        if word == "-c":
            return _of_code(words[position + 1] if position + 1 < len(words) else "", place, locator)
        if word == "-m" or (word.startswith("-m") and len(word) > 2):
            module = word[2:] or (words[position + 1] if position + 1 < len(words) else "")
            return [_of_module(module, place, locator)]
        if word in _PYTHON_VALUES:
            position += 2
        elif word.startswith("-") or word == "run":
            position += 1
        else:
            return _of_python_file(word, words[position + 1 :], place, locator)
    return []


def _of_module(module: str, place: Place, locator: Locator) -> Program:
    if not _MODULE.fullmatch(module):
        return Program(_short(module), place, gap=f"the module `{_short(module)}` is not known here")
    file = locator.module(module)
    return Program(module, place, file, gap="" if file else f"the module {module} is not in this repository")


def _of_code(code: str, place: Place, locator: Locator) -> list[Program]:
    """``python -c``: what it imports is imported, not run."""
    found = []
    for match in _IMPORT.finditer(code):
        name = match[1] or f"{match[2]}.{match[3]}"
        file = locator.module(name) or (locator.module(match[2]) if match[2] else None)
        if file is not None:
            found.append(Program(f"import {name}", place, file, started=False))
    return found


def _of_python_file(word: str, rest: Sequence[str], place: Place, locator: Locator) -> list[Program]:
    file = locator.file(word)
    found = [Program(word, place, file, gap="" if file else f"{word} is not in this repository")]
    if posixpath.basename(word) == "manage.py" and rest:
        ending = f"management/commands/{rest[0]}.py"
        command = [path for path in locator.python.values() if path.endswith(f"/{ending}") or path == ending]
        found += [Program(f"manage.py {rest[0]}", place, path, served=True) for path in command]
    return found


def _of_shell_words(words: Sequence[str], place: Place, locator: Locator, depth: int) -> list[Program]:
    for position, word in enumerate(words[1:], 1):
        if re.fullmatch(r"-\w*c\w*", word) and position + 1 < len(words):
            script = words[position + 1]
            return _of_shell(place, script, words[position + 3 :], locator, depth)
        if not word.startswith("-"):
            file = locator.file(word)
            if file is not None:
                return _of_file(file, words[position + 1 :], place, locator, depth)
            return [Program(_short(word), place, gap=f"the script {_short(word)} is not in this repository")]
    return []


def _of_file(file: str, arguments: Sequence[str], place: Place, locator: Locator, depth: int) -> list[Program]:
    """A script of the repository: Python's, or a shell's."""
    if file.endswith((".py", ".pyw")):
        return [Program(file, place, file)]
    text = locator.scripts(file)
    if text is None or depth > _DEPTH:
        return [Program(file, place, gap=f"{file} was not read")]
    first = text.partition("\n")[0]
    if first.startswith("#!") and "python" in first:
        return [Program(file, place, file)]
    return _of_script(text, Place(file, 1), arguments, locator, depth + 1)


def _of_server(name: str, words: Sequence[str], place: Place, locator: Locator) -> list[Program]:
    """A server or task runner: it imports a module, and calls what that registers."""
    for position, word in enumerate(words):
        if word in {"-A", "--app", "-w"} and position + 1 < len(words) and name != "gunicorn":
            candidates = [words[position + 1]]
        elif word.startswith(("-A", "--app=", "--module=")):
            candidates = [word.removeprefix("-A").removeprefix("--app=").removeprefix("--module=")]
        else:
            candidates = [word] if not word.startswith("-") else []
        for candidate in candidates:
            file = locator.module(candidate.partition(":")[0])
            if file is not None:
                return [Program(f"{name} {candidate}", place, file, started=False, served=True)]
    return [Program(name, place, gap=f"what {name} loads is not known here")]


def _console(name: str, target: str, place: Place, locator: Locator) -> Program:
    module, _, function = target.partition(":")
    file = locator.module(module.strip())
    return Program(
        name, place, file, function=function.partition("[")[0].strip(), gap="" if file else f"{target} is not here"
    )


def _short(text: str) -> str:
    """A command by its first word: arguments may hold secrets."""
    return (text.split() or [""])[0][:60]
