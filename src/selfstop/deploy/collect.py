"""From the files of a repository to facts: read what matters, and what that leads to, until nothing new turns up."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from selfstop.deploy import names
from selfstop.deploy.careful import ReadText
from selfstop.deploy.files import DeploymentFiles
from selfstop.deploy.model import (
    CapacityWrite,
    Dockerfile,
    Fact,
    ImageBuild,
    ImageTag,
    InstanceProfile,
    Language,
    Launcher,
    LaunchTemplate,
    Place,
    Problem,
    Role,
    RolePolicy,
    Run,
    ScalingGroup,
    Script,
    ScriptCall,
    Strength,
    UserData,
    Value,
)
from selfstop.deploy.text import SCRIPT_LIMIT
from selfstop.deploy.walk import mapped

_ROUNDS: Final = 12
_NESTING: Final = 6
"""Scripts in scripts that are read."""

_TEMPLATE: Final = re.compile(r"\.(?:example|sample|template|tpl|tmpl|dist|j2)$", re.IGNORECASE)
_LOCAL: Final = re.compile(r"(?:^|[/._-])(?:dev|develop|development|local|localhost)(?:[/._-]|$)", re.IGNORECASE)
_USER_DATA: Final = re.compile(r"user[_-]?data|cloud[_-]?init", re.IGNORECASE)
_DOCUMENTS: Final = (".md", ".markdown", ".mdx", ".rst")
_COMMON: Final = frozenset(
    "latest default worker workers server docker compose python python3 script scripts deploy dockerfile main "
    "readme readme.md docker-compose.yml docker-compose.yaml compose.yml compose.yaml main.tf variables.tf run.sh "
    "start.sh entrypoint.sh build.sh deploy.sh setup.sh base builder production staging slim alpine".split()
)
_TERRAFORM: Final = re.compile(r".*\.tf(?:vars)?")
_COMPOSE: Final = re.compile(r"(?:docker-)?compose(?:\.[\w.-]+)?\.ya?ml")
_STOPPING: Final = re.compile(rb"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")

_OF_SCRIPTS: Final = frozenset({Language.SHELL, Language.POWERSHELL, Language.BATCH, Language.DOCKERFILE})
_OF_IMAGES: Final = (Run, ImageBuild, ImageTag, Dockerfile)


@dataclass(frozen=True)
class Unit:
    """The facts of one text: a file, or a script inside of one (then ``parent`` is the number of that one's unit)."""

    place: Place
    facts: tuple[Fact, ...]
    parent: int | None = None
    strength: Strength = Strength.OPERATOR


@dataclass
class Collected:
    """All that was read. ``missing`` maps libraries to the files that were not read for lack of them."""

    units: list[Unit] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    missing: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    read: list[str] = field(default_factory=list)
    duplicates: dict[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> list[Fact]:
        """The facts of all units."""
        return [fact for unit in self.units for fact in unit.facts]

    def below(self, number: int) -> Iterator[int]:
        """The unit of that number and those inside of it."""
        inside = {number}
        yield number
        for other in range(number + 1, len(self.units)):
            if self.units[other].parent in inside:
                inside.add(other)
                yield other


def looks_like_stop_threshold(name: str) -> bool:
    """Whether a variable is named as the threshold of a self-stop is: ``EC2_IDLE_STOP_THRESHOLD``."""
    words = set(name.upper().split("_"))
    stops = words & {"STOP", "SELFSTOP", "SHUTDOWN", "TERMINATE", "TERMINATION", "POWEROFF", "HALT"}
    idle = words & {"IDLE", "EMPTY", "INACTIVE", "INACTIVITY", "SELF", "AUTO", "SELFSTOP"}
    limit = words & {"THRESHOLD", "LIMIT", "AFTER", "MINUTES", "SECONDS", "COUNT", "POLLS", "ROUNDS", "TIMEOUT"}
    return bool(stops and (idle or "THRESHOLD" in words) and (limit or idle)) and not words & {"GRACE", "GRACEFUL"}


def stop_thresholds(data: bytes) -> set[str]:
    """The names in a file that look like thresholds of a self-stop."""
    if not any(word in data for word in (b"STOP", b"SHUTDOWN", b"TERMINAT", b"POWEROFF", b"HALT")):
        return set()
    found = {match[0].decode("ascii") for match in _STOPPING.finditer(data)}
    return {name for name in found if looks_like_stop_threshold(name)}


@dataclass
class Collector:
    """Reads files until all that is mentioned in what was read is known.

    ``languages`` tells in which languages a file is to be read, by its path and text. With ``images_only`` nothing but
    images is followed from file to file: enough to know which program a run starts.
    """

    files: DeploymentFiles
    languages: Callable[[str, str], Iterable[Language]]
    read_text: ReadText
    images_only: bool = False
    result: Collected = field(default_factory=Collected)
    _words: set[bytes] = field(default_factory=set)
    _hashes: dict[bytes, str] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)

    def collect(self, words: Collection[str], paths: Iterable[str] = ()) -> Collected:
        """Read the files ``paths`` and those with one of ``words`` or with a threshold, and what they lead to."""
        everything = list(self.files.paths)
        for path in sorted({*paths, *(p for p in everything if stop_thresholds(self.files.data(p)))}):
            self._read(path)
        new = {_bytes(word) for word in words}
        for _ in range(_ROUNDS):
            new |= self._mentioned() - self._words
            self._words |= new
            rest = [path for path in everything if path not in self._done]
            found = {
                *self.files.containing(new, rest),
                *(path for path in self._referenced() if path not in self._done),
            }
            if not found:
                break
            for path in sorted(found):
                self._read(path)
            new = set()
        self.result.problems += self.files.problems
        return self.result

    def _read(self, path: str) -> None:
        if path in self._done or path not in self.files.paths:
            return
        self._done.add(path)
        data = self.files.data(path)
        if path.endswith(_DOCUMENTS):
            digest = hashlib.sha256(data).digest()
            first = self._hashes.setdefault(digest, path)
            if first != path:
                self.result.duplicates[path] = first
                return
        text = self.files.text(path)
        if text is None:
            return
        languages = list(self.languages(path, text))
        if len(data) > SCRIPT_LIMIT and not _OF_SCRIPTS.isdisjoint(languages):
            self.result.problems.append(Problem(path, 0, f"a script larger than {SCRIPT_LIMIT >> 10} KiB"))
            return
        self.result.read.append(path)
        for language in languages:
            self._take(Script(language, text, Place(path, 1), strength_of(path)), None, 0)

    def _take(self, script: Script, parent: int | None, depth: int) -> None:
        """Read a text and the scripts in it."""
        reading = self.read_text(script)
        if reading.missing_library:
            self.result.missing[reading.missing_library].append(script.place.path)
            return
        if script.strength < Strength.DOCUMENT:  # what a document quotes need not be whole
            self.result.problems += reading.problems
        number = len(self.result.units)
        facts = tuple(_under(fact, script) for fact in reading.facts) if script.conditions else reading.facts
        if script.one_line:
            facts = tuple(mapped(fact, Place, lambda place: replace(place, line=script.place.line)) for fact in facts)
        self.result.units.append(Unit(script.place, facts, parent, script.strength))
        if depth >= _NESTING:
            return
        for inner in (found for fact in facts for found in scripts_in(fact)):
            strength = max(inner.strength, script.strength) if script.strength > Strength.OPERATOR else inner.strength
            self._take(replace(inner, strength=strength), number, depth + 1)

    # What to look for next

    def _mentioned(self) -> set[bytes]:
        """The names in what was read by which other files may speak of the same things."""
        found: set[str] = set()
        for unit in self.result.units:
            if unit.strength < Strength.DOCUMENT:
                facts = [fact for fact in unit.facts if not self.images_only or isinstance(fact, _OF_IMAGES)]
                found.update(word for fact in facts for word in _words(fact))
                if not self.images_only:
                    found.add(posixpath.basename(unit.place.path))
                    found.add("/".join(unit.place.path.split("/")[-2:]))
        if any(isinstance(fact, Run) and fact.launcher is Launcher.COMPOSE for fact in self.result.facts):
            found |= {"docker compose", "docker-compose"}
        if any(isinstance(fact, Dockerfile) for fact in self.result.facts):
            found |= {"docker build", "docker buildx", "build-push-action"}
        kept = {word for word in found if len(word) >= 5 and word.lower() not in _COMMON}
        return {_bytes(word) for word in kept}

    def _referenced(self) -> Iterator[str]:
        """The files that what was read refers to by their paths, and those that are read along with it."""
        for unit in self.result.units:
            yield from self._beside(unit.place.path)
            bases = names.bases_of(unit.place.path)
            for fact in unit.facts:
                for written in _paths(fact):
                    path = names.find_file(written, self.files.paths, bases)
                    if path is not None:
                        yield path

    def _beside(self, path: str) -> Iterator[str]:
        """The files of the same directory that only make sense together with one."""
        directory, name = posixpath.split(path)
        for pattern in (_TERRAFORM, _COMPOSE):
            if pattern.fullmatch(name):
                others = (other for other in self.files.paths if posixpath.dirname(other) == directory)
                yield from (other for other in others if pattern.fullmatch(posixpath.basename(other)))


def strength_of(path: str) -> Strength:
    """How strong what a file says is, by its path alone."""
    if path.endswith(_DOCUMENTS):
        return Strength.DOCUMENT
    if _TEMPLATE.search(path) and "user" not in path.lower():
        return Strength.TEMPLATE
    if _USER_DATA.search(posixpath.basename(path)) or _USER_DATA.search(posixpath.dirname(path)):
        return Strength.UNATTENDED
    return Strength.LOCAL if _LOCAL.search(path) else Strength.OPERATOR


def scripts_in(fact: Fact) -> Iterator[Script]:
    """The texts in other languages that a fact holds."""
    match fact:
        case Script():
            yield fact
        case LaunchTemplate(user_data=UserData(script=Script() as script)):
            yield replace(script, strength=min(script.strength, Strength.UNATTENDED))
        case RolePolicy(script=Script() as script):
            yield script
    data = getattr(fact, "user_data", None)
    if not isinstance(fact, LaunchTemplate) and isinstance(data, UserData) and data.script is not None:
        yield data.script


def _bytes(word: str) -> bytes:
    """A word as files hold it: names of files may be in any encoding, and an escape may make half a character."""
    try:
        return word.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return word.encode("utf-8", "surrogatepass")


def _under(fact: Fact, script: Script) -> Fact:
    """A fact of a script that is only run under conditions."""
    if isinstance(fact, (Run, ScalingGroup, CapacityWrite, ImageBuild, ScriptCall)):
        return replace(fact, conditions=(*script.conditions, *fact.conditions))
    return fact


def _words(fact: Fact) -> Iterator[str]:
    match fact:
        case Run(image=Value() as image):
            yield from (found.name for found in names.image_names(image))
        case ImageBuild(images=images):
            yield from (found.name for image in images for found in names.image_names(image))
        case ImageTag(source=source, target=target):
            yield from (found.name for image in (source, target) for found in names.image_names(image))
        case Dockerfile(path=path):
            folder = posixpath.dirname(path)
            yield from (path, *([folder] if folder else []))
            yield from (
                found.name for stage in fact.stages for found in names.image_names(_with_defaults(stage.base, fact))
            )
        case LaunchTemplate(name=name, label=label, profile=profile):
            yield from filter(None, (names.plain(name), label, names.plain(profile)))
        case ScalingGroup(name=name, label=label, template=template):
            yield from filter(None, (names.plain(name), label, names.plain(template)))
        case Role(name=name, label=label) | InstanceProfile(name=name, label=label):
            yield from filter(None, (names.plain(name), label))
        case RolePolicy(role=role, reference=reference):
            yield from filter(None, (names.plain(role), names.plain(reference)))


def _with_defaults(base: Value, dockerfile: Dockerfile) -> Value:
    """A base with the defaults of the arguments put in."""
    defaults: Mapping[str, Value] = {setting.name: setting.value for setting in dockerfile.arguments}
    parts: list[str] = []
    for part in base.parts:
        text = part if isinstance(part, str) else names.plain(defaults.get(part.name))
        if text is None:
            return base
        parts.append(text)
    return Value.of("".join(parts))


def _paths(fact: Fact) -> Iterator[Value]:
    match fact:
        case ImageBuild():
            yield from _paths_of_build(fact)
        case RolePolicy(file=Value() as file):
            yield file
        case ScriptCall(script=script):
            yield script
        case Dockerfile(stages=stages):
            commands = [each for stage in stages for each in (stage.entrypoint, stage.command) if each is not None]
            yield from (word for each in commands for word in each.words[:3] if re.fullmatch(r"\S*[./]\S*", str(word)))
    data = getattr(fact, "user_data", None)
    if isinstance(data, UserData) and data.file is not None:
        yield data.file


def _paths_of_build(build: ImageBuild) -> Iterator[Value]:
    if build.dockerfile is not None:
        yield build.dockerfile
    file = build.dockerfile or Value.of("Dockerfile")
    yield file if build.context is None else Value((*build.context.parts, "/", *file.parts))
