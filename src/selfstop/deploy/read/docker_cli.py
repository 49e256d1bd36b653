"""Command lines of docker, podman and nerdctl: what they start, build and name.

Options and their values are read as docker 28 reads them. Those of a container end at the image.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from selfstop.deploy.model import (
    Command,
    Dialect,
    Extra,
    Fact,
    ImageBuild,
    ImageTag,
    Launcher,
    Layer,
    Mount,
    Origin,
    Place,
    Run,
    Setting,
    SettingsFile,
    Source,
    Unresolved,
    Value,
)
from selfstop.deploy.read.invocation import Invocation, assignment
from selfstop.deploy.read.options import Option, Options, parse, starts_with
from selfstop.deploy.read.variables import Argument, value_of

PROGRAMS: Final = frozenset({"docker", "podman", "nerdctl", "docker-compose", "podman-compose"})

_FLAGS: Final = frozenset(
    "--detach -d --disable-content-trust --help --init --interactive -i --no-healthcheck --oom-kill-disable "
    "--privileged --publish-all -P --quiet -q --read-only --rm --sig-proxy --tty -t --use-api-socket "
    "--replace --no-hosts --env-host --http-proxy --rmi --tls-verify".split()
)
_RUN: Final = Options(_FLAGS, flag_letters=frozenset("diPqt"), value_letters=frozenset("acehlmpuvw"))
_GLOBAL: Final = Options(frozenset("--debug -D --tls --tlsverify --remote -r".split()))
_BUILD: Final = Options(
    frozenset(
        "--compress --disable-content-trust --force-rm --help --no-cache --pull --quiet -q --rm --squash --load "
        "--push -D --debug --check".split()
    ),
    flag_letters=frozenset("qD"),
    value_letters=frozenset("fto"),
)
_COMPOSE: Final = Options(
    frozenset("--all-resources --compatibility --dry-run --verbose --no-ansi --help -h --skip-hostname-check".split())
)
_COMPOSE_RUN: Final = Options(
    frozenset(
        "--build --detach -d --interactive -i --no-deps --quiet-pull --quiet -q --remove-orphans --rm "
        "--service-ports -P --use-aliases --no-TTY -T --quiet-build".split()
    ),
    flag_letters=frozenset("diqPT"),
    value_letters=frozenset("elpuvw"),
)
_IMAGE_LIKE: Final = re.compile(r"imag|img|repo|ecr|registry|tag|uri", re.IGNORECASE)


def facts(command: Invocation) -> Iterator[Fact]:
    """What a command of docker does; ``command`` begins with the name of the program."""
    if command.program.endswith("-compose"):
        yield from _compose(command.without(1))
        return
    rest = command.without(1 + parse(command.arguments[1:], _GLOBAL).consumed)
    if rest.literal(0) in {"container", "image", "buildx", "builder"}:
        rest = rest.without(1 + parse(rest.arguments[1:], _GLOBAL).consumed)
    match rest.literal(0):
        case "run" | "create":
            if run := _run(rest.without(1)):
                yield run
        case "build":
            yield _build(rest.without(1))
        case "tag":
            yield from _tag(rest.without(1))
        case "compose":
            yield from _compose(rest.without(1))


@dataclass
class _Taken:
    """What the options of a container say."""

    sources: list[Source] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    mounts: list[Mount] = field(default_factory=list)


def _run(command: Invocation) -> Run | None:
    taken = _Taken()
    rest = command.arguments
    while rest:
        parsed = parse(rest, _RUN)
        for option in parsed.options:
            _take(option, taken, command)
        rest = rest[parsed.consumed :]
        if not rest or not _is_extra(rest):
            break
        taken.sources.append(_extra(rest[0], command))
        rest = rest[1:]
    if not rest:
        return None
    words = tuple(argument.value for argument in rest[1:])
    entrypoint = taken.values.get("entrypoint")
    return Run(
        Launcher.DOCKER,
        command.place,
        image=rest[0].value,
        sources=tuple(taken.sources),
        entrypoint=Command((entrypoint,) if entrypoint.parts else (), command.place)
        if entrypoint is not None
        else None,
        command=Command(words, command.at(rest[1].line)) if words else None,
        name=taken.values.get("name"),
        restart=taken.values.get("restart"),
        mounts=tuple(taken.mounts),
        workdir=taken.values.get("workdir"),
        strength=command.strength,
        conditions=command.conditions,
    )


_SINGLE: Final = {
    "--name": "name",
    "--restart": "restart",
    "--entrypoint": "entrypoint",
    "--workdir": "workdir",
    "-w": "workdir",
}


def _take(option: Option, taken: _Taken, command: Invocation) -> None:
    if option.name in {"-e", "--env"}:
        taken.sources.append(_setting(option.argument, command))
    elif option.name == "--env-file":
        taken.sources.append(_env_file(option.argument.value, command.at(option.argument.line), command))
    elif option.name in _SINGLE:
        taken.values[_SINGLE[option.name]] = option.argument.value
    elif option.name in {"-v", "--volume"}:
        if mount := _volume(option.argument.value):
            taken.mounts.append(mount)
    elif option.name == "--mount" and (mount := _mount(option.argument.value)):
        taken.mounts.append(mount)


def _setting(word: Argument, command: Invocation) -> Source:
    """The argument of ``-e``: ``X=1``, or ``X``, which takes over the value that the command itself finds."""
    place = command.at(word.line)
    if found := assignment(word, place, Layer.TABLE):
        return found
    name = word.literal
    if name is None:
        return Extra(word.value, place)
    exported = [source.value for source in command.sources if isinstance(source, Setting) and source.name == name]
    value = exported[-1] if exported else Value((Unresolved(name, name, Origin.HOST),))
    return Setting(name, value, Layer.TABLE, place)


def _env_file(file: Value, place: Place, command: Invocation) -> SettingsFile:
    return SettingsFile(file, Dialect.DOCKER, place, written_by=command.writers.get(str(file), ""))


def _volume(value: Value) -> Mount | None:
    """``-v source:target[:options]``; a drive letter of Windows is part of the source."""
    pieces = _split(value, ":")
    if len(pieces) > 2 and re.fullmatch(r"[A-Za-z]", str(pieces[0])) and str(pieces[1]).startswith(("\\", "/")):
        pieces = [value_of((*pieces[0].parts, ":", *pieces[1].parts)), *pieces[2:]]
    return Mount(pieces[0], pieces[1]) if len(pieces) > 1 else None


def _mount(value: Value) -> Mount | None:
    fields = {
        str(pair[0]): pair[1] for pair in (_split(piece, "=", 1) for piece in _split(value, ",")) if len(pair) == 2
    }
    source = next((fields[key] for key in ("source", "src") if key in fields), Value())
    target = next((fields[key] for key in ("target", "destination", "dst") if key in fields), None)
    return Mount(source, target) if target is not None else None


def _split(value: Value, separator: str, limit: int = -1) -> list[Value]:
    """A value cut at a separator in its literal parts."""
    pieces: list[list[str | Unresolved]] = [[]]
    for part in value.parts:
        if isinstance(part, Unresolved):
            pieces[-1].append(part)
            continue
        left = -1 if limit < 0 else limit - (len(pieces) - 1)
        head, *tail = part.split(separator, left) if left else [part]
        pieces[-1].append(head)
        pieces.extend([piece] for piece in tail)
    return [value_of(piece) for piece in pieces]


def _is_extra(rest: tuple[Argument, ...]) -> bool:
    """Whether the first word, which is no option, stands for options rather than for the image."""
    first = rest[0]
    if not first.open or len(first.value.parts) != 1 or len(rest) == 1:
        return False
    part = first.value.unresolved[0]
    if part.origin is Origin.TEMPLATE:
        return False
    if part.candidates:
        return all(not text or text.lstrip().startswith("-") for text in part.candidates)
    return starts_with(rest[1], "-") or not _IMAGE_LIKE.search(part.name)


def _extra(word: Argument, command: Invocation) -> Extra:
    """An unresolved word among the options, with what its contents would set."""
    part = word.value.unresolved[0]
    alternatives: list[tuple[Setting | SettingsFile, ...]] = []
    complete = part.complete
    for text in part.candidates:
        arguments = tuple(Argument(Value.of(piece), word.line) for piece in text.split())
        parsed = parse(arguments, _RUN)
        taken = _Taken()
        for option in parsed.options:
            _take(option, taken, command)
        alternatives.append(tuple(source for source in taken.sources if isinstance(source, Setting | SettingsFile)))
        complete = complete and parsed.consumed == len(arguments)
    return Extra(word.value, command.at(word.line), tuple(alternatives), complete)


def _build(command: Invocation) -> ImageBuild:
    parsed = parse(command.arguments, _BUILD, interspersed=True)
    arguments = [option.argument for option in parsed.options if option.name == "--build-arg"]
    settings = (_setting(argument, command) for argument in arguments)
    return ImageBuild(
        tuple(option.argument.value for option in parsed.options if option.name in {"-t", "--tag"}),
        command.place,
        context=parsed.others[-1].value if parsed.others else None,
        dockerfile=parsed.value("-f", "--file"),
        target=parsed.value("--target"),
        arguments=tuple(found for found in settings if isinstance(found, Setting)),
        strength=command.strength,
        conditions=command.conditions,
    )


def _tag(command: Invocation) -> Iterator[ImageTag]:
    if len(command.arguments) >= 2:
        yield ImageTag(command.arguments[0].value, command.arguments[1].value, command.place)


def _compose(command: Invocation) -> Iterator[Fact]:
    """``compose run``: a start of a service with settings that win over those of its file."""
    rest = command.without(parse(command.arguments, _COMPOSE).consumed)
    if rest.literal(0) != "run":
        return
    parsed = parse(rest.arguments[1:], _COMPOSE_RUN)
    remaining = rest.arguments[1 + parsed.consumed :]
    if not remaining:
        return
    taken = _Taken()
    for option in parsed.options:
        _take(option, taken, command)
    words = tuple(argument.value for argument in remaining[1:])
    entrypoint = taken.values.get("entrypoint")
    yield Run(
        Launcher.COMPOSE,
        command.place,
        sources=tuple(_overriding(source) for source in taken.sources),
        entrypoint=Command((entrypoint,), command.place) if entrypoint is not None else None,
        command=Command(words, command.place) if words else None,
        name=remaining[0].value,
        mounts=tuple(taken.mounts),
        workdir=taken.values.get("workdir"),
        strength=command.strength,
        conditions=command.conditions,
    )


def _overriding(source: Source) -> Source:
    return replace(source, layer=Layer.OVERRIDE) if isinstance(source, (Setting, SettingsFile)) else source
