"""What an expression says of a machine: it is this one, it is another, or nothing can be said.

This machine's id comes from the instance's own metadata, whichever way that is read. Another machine's comes
from the API: one that was just launched, or those that a listing gave by criteria that name no single machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from selfstop.flow.cfg import Call
from selfstop.flow.terms import App, Attr, Const, Result, Term, Var, last_name
from selfstop.model import Target
from selfstop.project.callgraph.stopcalls import StopCalls
from selfstop.project.symbols.passing import COLLECTION, LAUNCHING, Invocation, Parts, is_listing
from selfstop.project.symbols.values import Value
from selfstop.project.targets.following import Follower
from selfstop.project.targets.texts import HOLE, Texts, operands

MAX_ASKED = 100
"""Of machines that are narrowed from more leaves than that nothing is said."""


class Reading(Enum):
    """What a text (an address, a file, a command) reads of this machine."""

    ID = "its id"
    DOCUMENT = "something that holds its id under a key"
    SERVICE = "what another part of the call says"
    SOMETHING = "something else"
    NOTHING = "nothing"


ADDRESS = re.compile(
    r"169\.254\.169\.254|\[?fd00:ec2::254\]?|\binstance-data(?:\.ec2\.internal)?(?=[:/])", re.IGNORECASE
)
_ID_PATH = re.compile(
    r"meta-data/instance-id(?![\w-])|/var/lib/cloud/data/instance-id(?![\w-])|/dmi/id/board_asset_tag"
    r"|/var/lib/cloud/instance/?$|cloud-init\s+query\b.*instance[_-]id"
)
_DOCUMENT_PATH = re.compile(
    r"instance-identity/document|/run/cloud-init/instance-data\.json|/opt/ml/metadata/resource-metadata\.json"
)
_COMMAND = re.compile(r"(?<![\w-])ec2-?metadata(?:\.py)?(?![\w-])(?P<options>[^|;&]*)")
_ID = re.compile(r"(?<![\w-])instance-id(?![\w-])")
_NO_PATH = re.compile(rf"[:\d]*(?:/[\w.-]+)?(?:/meta-data)?/?(?P<unknown>{HOLE}.*)?", re.DOTALL)
_VERBS = frozenset({"GET", "PUT", "POST", "HEAD"})
_KEYS = frozenset({"instance-id", "instance_id", "instanceId", "InstanceId", "ResourceName"})
_PACKAGES = frozenset({"ec2_metadata", "ec2metadata"})
_DICTIONARIES = frozenset({"boto.utils.get_instance_metadata", "boto.utils.get_instance_identity"})
_NAMING = re.compile(
    r"tag:name\b|\bip-address|private-ip|dns-name|network-interface|instance-?ids?\b|hostname", re.IGNORECASE
)
_PAGING = frozenset(
    {"DryRun", "MaxResults", "NextToken", "MaxRecords", "PaginationConfig", "IncludeAllInstances", "max_results"}
    | {"next_token", "dry_run", "max_records", "include_all_instances"}
)


def reading(text: str) -> Reading:
    """What is read by an address, a path or a command."""
    if _ID_PATH.search(text):
        return Reading.ID
    if _DOCUMENT_PATH.search(text):
        return Reading.DOCUMENT
    command = _COMMAND.search(text)
    if command:
        return _reading_of_options(command["options"])
    address = ADDRESS.search(text)
    if address is None:
        return Reading.NOTHING
    return _reading_of_path(text[address.end() :])


def _reading_of_path(path: str) -> Reading:
    """What a path of the metadata service gives. One that is not known, in what serves as an id, is that of the id."""
    if _ID.search(path):
        return Reading.ID
    match = _NO_PATH.fullmatch(path)
    if match is None:
        return Reading.SOMETHING
    return Reading.ID if match["unknown"] else Reading.SERVICE


def _reading_of_options(options: str) -> Reading:
    """``ec2-metadata`` tells everything unless it is asked for something."""
    if re.search(r"(?:^|\s)(?:-i|--instance-id|instance-id)\b", options) or not re.search(r"(?:^|\s)-", options):
        return Reading.ID
    return Reading.SOMETHING


class Identity:
    """Says of a leaf which machine it names."""

    def __init__(self, follower: Follower, stops: StopCalls) -> None:
        self._follower = follower
        self._stops = stops
        self._texts = Texts(follower)
        self._asked: set[Value] = set()
        """What was asked about for the sake of one leaf."""

    def of(self, leaf: Value) -> Target | None:
        """The machine that a leaf names; None for what names none, such as ``None`` and ``""``."""
        match leaf.term:
            case Const(value=None | "" | bool()):
                return None
            case Var(scope="import", name=name) if name.partition(".")[0] in _PACKAGES:
                return _own(_names_id(last_name(leaf.term), leaf.path))
            case App(op="call"):
                return self._of_call(leaf.term, leaf)
            case Result(site=site):
                found = self._follower.call_at(site)
                return Target.UNKNOWN if found is None else self._of_call(found[1], leaf)
        return Target.UNKNOWN

    def reads(self, call: Invocation, leaf: Value) -> Reading:
        """What a call reads of this machine, by the texts it is given."""
        texts = [text for operand in operands(call) for text in self._texts.of(operand, leaf.point)]
        found = {reading(text) for text in texts}
        if Reading.SERVICE in found:
            rest = [text for text in texts if text.strip() and text not in _VERBS and reading(text) is Reading.NOTHING]
            known = bool(rest) and not any(HOLE in text or _ID.search(text) for text in rest)
            found.add(Reading.SOMETHING if known else Reading.ID)
        order = (Reading.DOCUMENT, Reading.ID, Reading.SOMETHING)
        return next((kind for kind in order if kind in found), Reading.NOTHING)

    def _of_call(self, call: Call | App, leaf: Value) -> Target:
        called = self._follower.invocation(call)
        match called.func:
            case Var(scope="import", name=name) if name in _DICTIONARIES:
                return _own(bool(leaf.path) and _is_keyed(leaf.path))
            case Var(scope="import", name=name) if name.partition(".")[0] in _PACKAGES:
                first = leaf.path[0].name if leaf.path else ""
                return _own(_names_id(first, leaf.path[1:]) or Const("instance-id") in called.args)
        if isinstance(called.func, Attr) and called.func.name in LAUNCHING:
            return Target.OTHER
        if is_listing(called) or _is_narrowing(called):
            return self._of_listing(called, leaf)
        found = self.reads(called, leaf)
        return _own(found is Reading.ID or (found is Reading.DOCUMENT and _is_keyed(leaf.path)))

    def _of_listing(self, call: Invocation, leaf: Value) -> Target:
        """Machines that the API lists are others where the criteria could not have been made to name this one."""
        asked = [*call.args, *(value for name, value in call.keywords if name not in _PAGING)]
        paginator = isinstance(call.func, Attr) and call.func.name == "paginate"
        if any(self._may_name_one(criterion, leaf) for criterion in asked):
            return Target.UNKNOWN
        match call.func:
            case Attr(base=Attr(base=resource, name="instances"), name=name) if name in COLLECTION:
                return Target.OTHER if self._stops.machines.is_ec2(resource) else Target.UNKNOWN
            case Attr(base=base) if not is_listing(call) and not paginator:
                return self._all_other(Value(base, leaf.point))
        return Target.OTHER

    def _all_other(self, value: Value) -> Target:
        """Whether all leaves of a value are other machines, and all that these are narrowed from.

        A leaf that was asked about before, as in a loop that narrows what it has, has given its answer there.
        """
        is_first = not self._asked
        answers: set[Target | None] = set()
        for leaf in self._follower.leaves(value):
            if leaf not in self._asked:
                self._asked.add(leaf)
                answers.add(self.of(leaf) if len(self._asked) <= MAX_ASKED else Target.UNKNOWN)
        if is_first:
            self._asked.clear()
        return Target.OTHER if answers <= {Target.OTHER} else Target.UNKNOWN

    def _may_name_one(self, criterion: Term, leaf: Value) -> bool:
        return any(HOLE in text or _NAMING.search(text) for text in self._texts.of(criterion, leaf.point))


def _own(demonstrated: bool) -> Target:
    return Target.SELF if demonstrated else Target.UNKNOWN


def _names_id(name: str, path: Parts) -> bool:
    """Whether an attribute of the package ``ec2_metadata`` is the id, or holds it under a key."""
    return name == "instance_id" or (name == "instance_identity_document" and _is_keyed(path))


def _is_keyed(path: Parts) -> bool:
    """Whether the part of a document that is asked for is the id, as far as its keys are known."""
    names = _constant_keys(path)
    return not names or bool(names & _KEYS)


def _constant_keys(path: Parts) -> set[str]:
    return {part.name for part in path if part.kind == "item" and part.name}


def _is_narrowing(call: Invocation) -> bool:
    return isinstance(call.func, Attr) and call.func.name == "filter"


def joined(answers: Iterable[Target | None]) -> Target:
    """The answer of several sources together: one is enough for ``self``, all are needed for ``other``."""
    found = set(answers) - {None}
    if Target.SELF in found:
        return Target.SELF
    return Target.OTHER if found == {Target.OTHER} else Target.UNKNOWN
