"""What is in an image: the settings, files and command along its ``FROM``s."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from selfstop.deploy import names
from selfstop.deploy.contents import Contents, Copied
from selfstop.deploy.model import (
    Command,
    Copy,
    Dockerfile,
    Fact,
    ImageBuild,
    ImageTag,
    Place,
    Setting,
    Stage,
    Unresolved,
    Value,
)

_DEPTH: Final = 24
"""Images built from images that are followed."""

_STAGES: Final = 100
"""Stages of a Dockerfile before one that it may be made from."""

_LONGEST: Final = 4096


@dataclass(frozen=True)
class Gap:
    """A link that is missing: what is not known, and where one would expect it."""

    text: str
    place: Place | None = None


@dataclass(frozen=True)
class BuiltImage:
    """An image as a Dockerfile of the repository makes it, with everything taken over from its bases.

    ``settings`` are in the order in which they take effect. ``gaps`` say what is not known of it, such as a base
    from elsewhere.
    """

    name: str
    place: Place
    settings: tuple[Setting, ...] = ()
    contents: Contents = field(default_factory=Contents)
    entrypoint: Command | None = None
    command: Command | None = None
    workdir: str = "/"
    gaps: tuple[Gap, ...] = ()
    base: str = ""


class Images:
    """The images of a repository by name."""

    def __init__(self, facts: Sequence[Fact], files: Collection[str]) -> None:
        self._files = files
        self._dockerfiles = {fact.path: fact for fact in facts if isinstance(fact, Dockerfile)}
        self._builds = [fact for fact in facts if isinstance(fact, ImageBuild)]
        self._named = [(build, _names(*build.images)) for build in self._builds]
        self._tags = [(_names(fact.source), _names(fact.target)) for fact in facts if isinstance(fact, ImageTag)]
        self._known: dict[str, tuple[BuiltImage, ...]] = {}
        self._planned: dict[int, tuple[_Build, Stage] | None] = {}
        self._results: dict[int, BuiltImage] = {}
        self._open: list[Place] = []
        self._contents: dict[tuple[object, ...], Contents] = {}

    def of(self, name: str) -> tuple[BuiltImage, ...]:
        """What an image of that name may be: one for each way in which it is built here, none if it is not."""
        if name not in self._known:
            self._known[name] = tuple(_distinct(list(self._of(name))))
        return self._known[name]

    def of_service(self, path: str, service: str) -> tuple[BuiltImage, ...]:
        """What a compose service without ``image`` runs."""
        builds = [build for build in self._builds if build.service == service and build.place.path == path]
        return tuple(_distinct([found for build in builds for found in self._built(service, build)]))

    def dockerfile_of(self, build: ImageBuild) -> str | None:
        """The path of the Dockerfile that a build uses."""
        context = build.context or Value.of(".")
        bases = [build.base, *names.bases_of(build.place.path)]
        if build.dockerfile is None:
            return names.find_file(_joined(context, Value.of("Dockerfile")), self._files, bases)
        inside = names.find_file(_joined(context, build.dockerfile), self._files, bases)
        if inside is not None and (build.dockerfile_in_context or build.base is not None):
            return inside
        return names.find_file(build.dockerfile, self._files, bases) or inside

    def _of(self, name: str) -> Iterator[BuiltImage]:
        """What is built under a name; where nothing is, what is under the names that were tagged with it."""
        pending, seen = [name], {name}
        while pending:
            name = pending.pop()
            builds = [build for build, images in self._named if _is_among(name, images)]
            if builds:
                yield from (built for build in builds for built in self._built(name, build))
                continue
            sources = {source for sources, targets in self._tags if _is_among(name, targets) for source in sources}
            pending += sorted(sources - seen, reverse=True)
            seen |= sources

    def _built(self, name: str, build: ImageBuild) -> Iterator[BuiltImage]:
        """The result of a build; none of one that is being gone through: no image is its own base."""
        if id(build) not in self._planned:
            self._planned[id(build)] = self._plan(build)
        plan = self._planned[id(build)]
        if plan is None or plan[1].place in self._open:
            return
        if id(build) not in self._results:
            self._open.append(plan[1].place)
            self._results[id(build)] = plan[0].image(plan[1])
            self._open.pop()
        yield replace(self._results[id(build)], name=name)

    def _plan(self, build: ImageBuild) -> tuple[_Build, Stage] | None:
        path = self.dockerfile_of(build)
        dockerfile = self._dockerfiles.get(path or "")
        if dockerfile is None or not dockerfile.stages:
            return None
        given = {setting.name: setting.value for setting in build.arguments}
        target = (names.plain(build.target) or "").lower()
        stage = next((each for each in dockerfile.stages if target and each.name.lower() == target), None)
        return _Build(self, dockerfile, given, self._context(build, dockerfile)), stage or dockerfile.stages[-1]

    def _context(self, build: ImageBuild, dockerfile: Dockerfile) -> str:
        """The directory whose files are copied, relative to the root."""
        text = names.plain(build.context)
        base = build.base
        if text is None or text.startswith("/"):
            return "."
        own = names.directory(dockerfile.path)
        candidates = [posixpath.normpath(posixpath.join(each, text)) for each in (base, ".") if each is not None]
        if base is None:
            candidates += [posixpath.normpath(posixpath.join(names.directory(build.place.path), text))]
        for candidate in candidates:
            if not candidate.startswith("..") and (candidate == "." or self._is_directory(candidate)):
                return candidate
        return own if text not in {".", ""} else "."

    def _is_directory(self, path: str) -> bool:
        return any(file.startswith(f"{path}/") for file in self._files)

    def base(self, name: str) -> BuiltImage | None:
        """An image of the repository that another one is built from."""
        return next(self._of(name), None) if len(self._open) < _DEPTH else None

    def contents(
        self, copied: tuple[Copied, ...] = (), *, is_partial: bool = False, trigger: Stage | None = None
    ) -> Contents:
        """The same object for the same contents: what is copied from stage to stage to stage is not compared again."""
        each = tuple((one.sources, one.target, one.into, one.context, id(one.stage)) for one in copied)
        key = (each, is_partial, trigger)
        return self._contents.setdefault(key, Contents(copied, is_partial, trigger))


@dataclass(frozen=True)
class _Build:
    """One build of a Dockerfile: ``given`` are the build arguments."""

    images: Images
    dockerfile: Dockerfile
    given: Mapping[str, Value]
    context: str
    _known: dict[int, BuiltImage] = field(default_factory=dict)
    """The images that end with stages, by the numbers of these."""

    def image(self, stage: Stage) -> BuiltImage:
        """The image that ends with ``stage``. It is made of those of earlier stages only."""
        last = self.dockerfile.stages.index(stage)
        for number in range(max(0, last - _STAGES), last + 1):
            self._known[number] = self._image(number)
        return self._known[last]

    def _image(self, number: int) -> BuiltImage:
        stage = self.dockerfile.stages[number]
        base, gaps = self._base(number)
        first = self.dockerfile.arguments
        given = {setting.name: text for setting in first if (text := self._argument(setting, {})) is not None}
        arguments: dict[str, str] = {}
        for setting in stage.arguments:
            text = self._argument(setting, arguments)
            if text is None:
                text = given.get(setting.name)
            if text is not None:
                arguments[setting.name] = text
        settings = [*base.settings]
        known = dict(arguments)
        known.update({each.name: text for each in settings if (text := each.value.literal) is not None})
        inherited = base.contents.trigger if base.contents.trigger is not None else None
        for each in (*(inherited.settings if inherited else ()), *stage.settings):
            text = _text(each.value, known)
            settings.append(each if text is None else replace(each, value=Value.of(text)))
            if text is not None:
                known[each.name] = text
        workdir = base.workdir
        if stage.workdir is not None:
            workdir = posixpath.normpath(posixpath.join(base.workdir, _text(stage.workdir, known) or "."))
        copied = [
            *base.contents.copied,
            *(
                self._copied(copy, base, known, number)
                for copy in (*(inherited.copies if inherited else ()), *stage.copies)
            ),
        ]
        command = stage.command or (None if stage.entrypoint is not None else base.command)
        return BuiltImage(
            name="",
            place=stage.place,
            settings=tuple(settings),
            contents=self.images.contents(tuple(copied), is_partial=base.contents.is_partial, trigger=stage.on_build),
            entrypoint=stage.entrypoint or base.entrypoint,
            command=command,
            workdir=workdir,
            gaps=gaps,
            base=base.name,
        )

    def _argument(self, setting: Setting, known: Mapping[str, str]) -> str | None:
        given = self.given.get(setting.name)
        if given is not None:
            return names.plain(given)
        return _text(setting.value, known) if setting.value.parts else None

    def _base(self, number: int) -> tuple[BuiltImage, tuple[Gap, ...]]:
        """What a stage starts from, with the gaps of that."""
        stage = self.dockerfile.stages[number]
        arguments: dict[str, str] = {}
        for setting in self.dockerfile.arguments:
            text = self._argument(setting, arguments)
            if text is not None:
                arguments[setting.name] = text
        reference = _text(stage.base, arguments)
        if reference is None:
            gap = Gap(f"the base image {names.shown(stage.base)} is not known here", stage.place)
            return BuiltImage(names.shown(stage.base), stage.place, contents=self.images.contents(is_partial=True)), (
                gap,
            )
        own = self._earlier(reference, number)
        if own is not None:
            return own, own.gaps
        for image in names.image_names(Value.of(reference)):
            found = self.images.base(image.name)
            if found is not None:
                return replace(found, name=image.name), found.gaps
        return BuiltImage(reference, stage.place, contents=self.images.contents()), ()

    def _copied(self, copy: Copy, base: BuiltImage, known: Mapping[str, str], number: int) -> Copied:
        workdir = base.workdir
        if copy.workdir is not None:
            workdir = posixpath.normpath(posixpath.join(workdir, _text(copy.workdir, known) or "."))
        target = _text(copy.target, known)
        sources = tuple(_text(source, known) for source in copy.sources)
        stage: Contents | None = None
        if copy.stage is not None:
            stage = self._stage_contents(_text(copy.stage, known) or "", number)
        written = target or "."
        into = posixpath.normpath(posixpath.join(workdir, written))
        is_directory = written.endswith("/") or written in {".", ".."} or len(sources) > 1
        return Copied(sources, into, is_directory, "" if copy.stage is not None else self.context, stage)

    def _stage_contents(self, name: str, number: int) -> Contents:
        found = self._earlier(name, number)
        position = names.whole(name)
        if found is None and position is not None and position < number:
            found = self._known.get(position)
        return self.images.contents() if found is None else found.contents

    def _earlier(self, name: str, number: int) -> BuiltImage | None:
        """The image of the last stage of that name before the one of that number."""
        stages = self.dockerfile.stages
        return next(
            (
                image
                for earlier in range(number - 1, max(-1, number - 1 - _STAGES), -1)
                if stages[earlier].name.lower() == name.lower() != "" and (image := self._known.get(earlier))
            ),
            None,
        )


def _text(value: Value, known: Mapping[str, str]) -> str | None:
    """A value with ``known`` variables put in."""
    texts: list[str] = []
    for part in value.parts:
        text = part if isinstance(part, str) else _filled(part, known)
        if text is None:
            return None
        texts.append(text)
    joined = "".join(texts)
    return joined if len(joined) <= _LONGEST else None


def _filled(part: Unresolved, known: Mapping[str, str]) -> str | None:
    text = known.get(part.name)
    if text is None or (not text and part.default_if_empty and part.default is not None):
        if part.default is None:
            return text
        return _text(part.default, known)
    return text


def _joined(context: Value, file: Value) -> Value:
    return Value((*context.parts, "/", *file.parts))


def _names(*references: Value) -> list[str]:
    return [image.name for reference in references for image in names.image_names(reference)]


def _is_among(name: str, images: Collection[str]) -> bool:
    return any(names.same_image(image, name) for image in images)


def _distinct(found: Sequence[BuiltImage]) -> Iterator[BuiltImage]:
    """Without those that are the same in everything that is asked for."""
    seen: list[BuiltImage] = []
    for image in found:
        if image not in seen:
            seen.append(image)
            yield image
