"""Which value a variable has where a program runs: precedence, what is shadowed, and what is not known.

The order of the layers is that of the launchers, strongest first:

==============  =======================================================================================
any             the program itself, the entry script, then the launcher's, then the image's ``ENV``
process         assigned in front of the command, then exported or sourced by the script that starts it
docker run      the last ``-e``, then the last ``--env-file`` that has it, wherever they stand
compose         ``run -e``, ``environment:``, then the last ``env_file``
ECS             overrides, ``environment``, ``environmentFiles``
Kubernetes      the last ``env``, then the last ``envFrom``
systemd         the last ``EnvironmentFile=`` that has it, then the last ``Environment=``
==============  =======================================================================================

A layer that is not known never falls through to a weaker one, whose value is a candidate only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import product
from typing import Final

from selfstop.deploy import names
from selfstop.deploy.model import (
    Extra,
    Launcher,
    Layer,
    Origin,
    Place,
    Removal,
    Setting,
    SettingsFile,
    Source,
    Unresolved,
    Value,
)

_MOST: Final = 16
"""Combinations of candidates that are kept."""

_LONGEST: Final = 4096
"""Values beyond that many characters are no thresholds; interpolation may grow them without bound."""


class State(StrEnum):
    """What is known of a variable's value."""

    KNOWN = "known"
    UNSET = "unset"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Given:
    """A value with the layer and the place that give it; ``text`` is None where it is not known there.

    ``note`` says what there is to say of it (why it is not known, whether it may be overridden).
    """

    text: str | None
    layer: Layer
    place: Place
    note: str = ""


@dataclass(frozen=True)
class Resolved:
    """The value of ``variable`` for one run.

    ``given`` is what settles it, None where it is unset. For `State.UNKNOWN`, ``reasons`` say what would have to
    be known, and ``candidates`` are the values it has if that sets nothing else (None: unset); where ``complete``,
    it is one of them. ``shadowed`` are weaker sources that do not matter.
    """

    variable: str
    state: State
    given: Given | None = None
    candidates: tuple[Given | None, ...] = ()
    complete: bool = False
    reasons: tuple[Given, ...] = ()
    shadowed: tuple[Given, ...] = ()

    @property
    def text(self) -> str | None:
        """The value where it is known."""
        return self.given.text if self.state is State.KNOWN and self.given is not None else None


@dataclass(frozen=True)
class FileContents:
    """What a settings file says of the variables asked for: ``None`` as reading means that nobody knows.

    ``place`` is the file's, ``note`` says why it is not known; ``template`` quotes what a template of it says.
    """

    settings: tuple[Setting, ...] | None
    note: str = ""
    template: tuple[Setting, ...] = ()


@dataclass(frozen=True)
class _Contribution:
    """What one source says: the texts it may give, and whether it may also say nothing or something else.

    One that ``removes`` the variable leaves it without a value.
    """

    texts: tuple[str, ...]
    layer: Layer
    place: Place
    may_be_silent: bool = False
    may_differ: bool = False
    note: str = ""
    removes: bool = False

    @property
    def settles(self) -> bool:
        return not self.may_be_silent and not self.may_differ


@dataclass(frozen=True)
class Surroundings:
    """What a run takes its variables from, besides its own sources.

    ``program`` and ``script`` are settings of the program and of the entry script, ``image`` those of the image, in
    the order in which they take effect. ``contents`` reads a settings file; ``host`` gives what is known of variables
    of the host, such as compose's ``.env``.
    """

    contents: Callable[[SettingsFile], FileContents]
    program: Sequence[Setting] = ()
    script: Sequence[Source] = ()
    image: Sequence[Setting] = ()
    host: Mapping[str, Setting] = field(default_factory=dict)


def resolve(variable: str, launcher: Launcher, sources: Sequence[Source], around: Surroundings) -> Resolved:
    """The value of ``variable`` under a launcher's sources and what surrounds them."""
    image = list(_settings(variable, around.image, around))
    exported = [source for source in sources if not isinstance(source, Extra) and source.layer is Layer.SCRIPT]
    below = [*_launched(variable, launcher, sources, around), *_stacked(variable, exported, around, image)]
    program = list(_settings(variable, around.program, around))
    return _settled(variable, [*program, *_stacked(variable, around.script, around, below)])


def _stacked(
    variable: str, sources: Sequence[Source], around: Surroundings, below: Sequence[_Contribution]
) -> list[_Contribution]:
    """What a script says that does one thing after another on top of weaker sources, the strongest first."""
    found = list(below)
    for source in sources:
        if not isinstance(source, Extra):
            found = [*_source(variable, source, around, found), *found]
    return found


def _settled(variable: str, contributions: Sequence[_Contribution]) -> Resolved:
    """Go down from the strongest contribution to the first that settles the value."""
    found: list[Given | None] = []
    reasons: list[Given] = []
    rest: Sequence[_Contribution] = ()
    for number, contribution in enumerate(contributions):
        found.extend(_given(contribution, text) for text in contribution.texts)
        if contribution.removes:
            found.append(None)
        if contribution.may_differ:
            reasons.append(_given(contribution, None))
        if not contribution.may_be_silent:
            rest = contributions[number + 1 :]
            break
    else:
        found.append(None)
    shadowed = tuple(_shadow(each) for each in rest)
    candidates = tuple(_distinct(found))
    if reasons or len({each.text if each else None for each in candidates}) > 1:
        return Resolved(
            variable,
            State.UNKNOWN,
            candidates=candidates[:_MOST],
            complete=not reasons,
            reasons=tuple(reasons),
            shadowed=shadowed,
        )
    only = candidates[0] if candidates else None
    return Resolved(variable, State.UNSET if only is None else State.KNOWN, only, shadowed=shadowed)


def _given(contribution: _Contribution, text: str | None) -> Given:
    return Given(text, contribution.layer, contribution.place, contribution.note)


def _shadow(contribution: _Contribution) -> Given:
    is_clear = contribution.settles and len(contribution.texts) == 1
    return _given(contribution, contribution.texts[0] if is_clear else None)


def _distinct(found: Iterable[Given | None]) -> Iterator[Given | None]:
    seen: set[str | None] = set()
    for each in found:
        text = None if each is None else each.text
        if text not in seen:
            seen.add(text)
            yield each


# What the launcher says


def _launched(
    variable: str, launcher: Launcher, sources: Sequence[Source], around: Surroundings
) -> Iterator[_Contribution]:
    order = [Layer.OVERRIDE, Layer.TABLE, Layer.FILE]
    if launcher is Launcher.SYSTEMD:
        order = [Layer.OVERRIDE, Layer.FILE, Layer.TABLE]
    for layer in order:
        for source in reversed(sources):
            if isinstance(source, Extra):
                yield from _extra(variable, source, layer, around)
            elif source.layer is layer:
                yield from _source(variable, source, around)


def _source(
    variable: str,
    source: Setting | SettingsFile | Removal,
    around: Surroundings,
    weaker: Sequence[_Contribution] | None = None,
) -> Iterator[_Contribution]:
    if isinstance(source, Removal):
        if source.name == variable:
            yield _Contribution((), source.layer, source.place, may_be_silent=not source.sure, removes=True)
        return
    if isinstance(source, Setting):
        if source.name == variable:
            yield _setting(source, around, weaker)
        return
    contents = around.contents(source)
    if contents.settings is None:
        quoted = tuple(f"{setting.place} says {names.shown(setting.value)}" for setting in contents.template)
        note = "; ".join((contents.note, *quoted))
        yield _Contribution((), source.layer, source.place, may_be_silent=True, may_differ=True, note=note)
        return
    for setting in reversed(contents.settings):
        if source.prefix + setting.name == variable:
            yield _setting(replace(setting, layer=source.layer), around, None)
            return


def _extra(variable: str, extra: Extra, layer: Layer, around: Surroundings) -> Iterator[_Contribution]:
    """A word that may hold further options: what it sets in each of its texts."""
    alternatives = [
        [found for source in alternative for found in _at(variable, source, layer, around)]
        for alternative in extra.alternatives
    ]
    texts = tuple(dict.fromkeys(text for found in alternatives if found for text in found[-1].texts))
    differs = any(found[-1].may_differ for found in alternatives if found)
    if not extra.complete and layer is Layer.TABLE:
        note = f"may be overridden by {names.shown(extra.word)}"
        yield _Contribution(texts, layer, extra.place, may_be_silent=True, may_differ=True, note=note)
    elif texts or differs:
        silent = not all(alternatives) or any(found[-1].may_be_silent for found in alternatives if found)
        note = f"by {names.shown(extra.word)}"
        yield _Contribution(texts, layer, extra.place, may_be_silent=silent, may_differ=differs, note=note)


def _at(variable: str, source: Setting | SettingsFile, layer: Layer, around: Surroundings) -> list[_Contribution]:
    return list(_source(variable, source, around)) if source.layer is layer else []


def _settings(variable: str, settings: Sequence[Setting], around: Surroundings) -> Iterator[_Contribution]:
    for setting in reversed(settings):
        if setting.name == variable:
            yield _setting(setting, around, None)


# Values with unresolved parts


def _setting(setting: Setting, around: Surroundings, weaker: Sequence[_Contribution] | None) -> _Contribution:
    """What a setting says; parts that speak of the variable itself are what ``weaker`` sources give."""
    literal = setting.value.literal
    if literal is not None:
        return _Contribution((literal,), setting.layer, setting.place)
    texts: list[str] = []
    differs = False
    silent = False
    notes: list[str] = []
    options: list[list[str]] = []
    for part in setting.value.parts:
        if isinstance(part, str):
            options.append([part])
            continue
        found = _part(part, setting, around, weaker)
        options.append(list(found.texts))
        differs |= found.may_differ
        silent |= found.may_be_silent
        notes.append(found.note)
    if options and all(options):
        texts = ["".join(parts)[:_LONGEST] for parts, _ in zip(product(*options), range(_MOST), strict=False)]
    note = "; ".join(dict.fromkeys(filter(None, notes)))
    silent = silent and len(setting.value.parts) == 1
    return _Contribution(
        tuple(dict.fromkeys(texts)),
        setting.layer,
        setting.place,
        silent,
        differs or not (silent or all(options)),
        note,
    )


def _part(
    part: Unresolved, setting: Setting, around: Surroundings, weaker: Sequence[_Contribution] | None
) -> _Contribution:
    """The texts that an unresolved part may be, and whether that is all."""
    if part.name == setting.name and not part.computed and weaker is not None:
        return _own(part, setting, weaker, around)
    known = around.host.get(part.name) if part.origin is Origin.HOST else None
    candidates = list(part.candidates)
    if known is not None and known.value.literal is not None:
        candidates.append(_filled(known.value.literal, part, around))
        return _Contribution(
            tuple(candidates),
            setting.layer,
            setting.place,
            may_differ=True,
            note=f"{names.written(part)}, which {known.place} sets",
        )
    if part.default is not None and not (part.candidates and part.complete):
        candidates.append(_text_of(part.default, around) or "")
    note = _why(part)
    is_open = part.origin is Origin.HOST and part.default is None and not part.required
    bare = is_open and "$" not in part.text
    if is_open and not bare:
        candidates.append("")
    return _Contribution(
        tuple(candidates), setting.layer, setting.place, may_be_silent=bare, may_differ=not part.complete, note=note
    )


def _own(part: Unresolved, setting: Setting, weaker: Sequence[_Contribution], around: Surroundings) -> _Contribution:
    """``${X:-5}`` in a setting of X: what the script assigns before, what the weaker sources say, or the default."""
    default = None if part.default is None else _text_of(part.default, around)
    assigned = [_or_default(text, default, part) for text in part.candidates]
    if part.complete or (part.default is None and len(setting.value.parts) == 1):
        texts = tuple(dict.fromkeys(assigned))
        return _Contribution(texts, setting.layer, setting.place, may_be_silent=not part.complete)
    below = _settled(setting.name, weaker)
    found = [below.given] if below.state is not State.UNKNOWN else list(below.candidates)
    texts = (*assigned, *(_or_default(None if each is None else each.text, default, part) for each in found))
    note = "; ".join(each.note for each in below.reasons if each.note)
    differs = below.state is State.UNKNOWN and not below.complete
    return _Contribution(tuple(dict.fromkeys(texts)), setting.layer, setting.place, may_differ=differs, note=note)


def _or_default(text: str | None, default: str | None, part: Unresolved) -> str:
    if text is None or (not text and part.default_if_empty):
        return default if default is not None else text or ""
    return text


def _filled(text: str, part: Unresolved, around: Surroundings) -> str:
    if not text and part.default_if_empty and part.default is not None:
        return _text_of(part.default, around) or ""
    return text


def _text_of(value: Value, around: Surroundings, depth: int = 0) -> str | None:
    """The text of a default, whose own variables take their defaults."""
    texts: list[str] = []
    for part in value.parts:
        if isinstance(part, str):
            texts.append(part)
        elif part.default is not None and depth < 8:
            texts.append(_text_of(part.default, around, depth + 1) or "")
        else:
            return None
    return "".join(texts)[:_LONGEST]


_WHY: Final = {
    Origin.VARIABLE: "{text} is not known here",
    Origin.HOST: "{text} is taken from whoever starts it",
    Origin.TEMPLATE: "{text} is filled in before it is used",
    Origin.COMMAND: "{text} is the output of a command",
    Origin.SECRET: "{text} is a secret kept elsewhere",
    Origin.CONFIG_MAP: "the config map {name} is not here",
    Origin.ARGUMENTS: "{text} is an argument",
}


def _why(part: Unresolved) -> str:
    if part.complete:
        return f"{names.written(part)} is set in branches"
    return _WHY[part.origin].format(text=names.written(part), name=part.name)
