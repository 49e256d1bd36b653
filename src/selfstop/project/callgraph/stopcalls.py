"""Which calls stop a machine: by name, by the resource interface, and in the opt-in families."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from selfstop.config import EngineOptions
from selfstop.families import StopNames
from selfstop.flow.terms import App, Attr, Const, Item, Result, Term, Var, dotted, last_name, walk
from selfstop.flow.vocabulary import vocabulary, words
from selfstop.project.callgraph import commands
from selfstop.project.callgraph.machines import Machines
from selfstop.project.symbols.program import Program
from selfstop.project.symbols.templates import composed

OTHER_CLOUDS = vocabulary(
    "gcp google googleapiclient gce compute azure oci oracle alibaba alicloud aliyun aliyunsdkcore openstack nova "
    "digitalocean linode hetzner hcloud vultr ovh yandex libcloud vsphere pyvmomi ibm tencent "
    "tencentcloud huawei scaleway proxmox libvirt virtualbox docker lxd mock fake stub magicmock"
)
_VENDORS = (
    "google",
    "azure",
    "alibaba",
    "alicloud",
    "aliyun",
    "openstack",
    "digitalocean",
    "tencent",
    "libcloud",
    "huawei",
)


@dataclass(frozen=True)
class StopCalls:
    """Recognises stop calls under the given options."""

    program: Program
    options: EngineOptions

    @cached_property
    def _known(self) -> StopNames:
        return self.options.stop_names

    @cached_property
    def names(self) -> frozenset[str]:
        """The names by which a call is a stop call."""
        return self._known.calls

    @cached_property
    def words(self) -> frozenset[str]:
        """The names one of which stands in every stop call."""
        running = {runner.rpartition(".")[2] for runner in commands.RUNNERS} if self._known.commands else set()
        return self._known.calls | self._known.methods | running

    @cached_property
    def machines(self) -> Machines:
        """The machines of the resource interface."""
        return Machines(self.program, self._other_cloud)

    def is_reference(self, term: Term) -> bool:
        """Whether calling ``term`` would be a stop call by name or interface."""
        match term:
            case Attr(base=base, name=name) if name in self.names:
                return not self._other_cloud(base)
            case Attr(base=base, name=name) if name in self._known.methods:
                return self.machines.has(base)
            case Var(scope="import", name=name):
                return name.rpartition(".")[2] in self.names and not set(name.lower().split(".")[:1]) & OTHER_CLOUDS
            case Var(name=name):
                return name in self.names
            case App(op="partial", args=(inner, *rest)):
                return self.is_reference(inner) and not any(_dry_run(arg) for arg in rest)
        return False

    def is_call(self, func: Term, args: Sequence[Term], keywords: Sequence[tuple[str, Term]]) -> bool:
        """Whether the call stops a machine."""
        if any(name == "DryRun" and value == Const(True) for name, value in keywords):
            return False
        if self.is_reference(func):
            return True
        if not self._known.commands:
            return False
        values = [*args, *(value for _, value in keywords)]
        return commands.is_stop(self.program, func, values, self._known)

    # Receivers

    def is_ec2_client(self, receiver: Term) -> bool:
        """Whether ``receiver`` is evidently a client or resource of EC2."""
        values = [receiver, *(d.value for d in self.program.definitions(receiver) if d.value is not None)]
        return any(part == Const("ec2") for value in values for part in walk(value))

    def may_be_named(self, name: Term) -> bool:
        """Whether a name that is put together, of parts that are not all known, may be that of a stop call."""
        parts = composed(name)
        pattern = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in parts) or ".*"
        return any(re.fullmatch(pattern, known) for known in self.names)

    def may_be_composed(self, name: Term) -> bool:
        """Whether a name is put together, and may be that of a stop call."""
        return bool(composed(name)) and self.may_be_named(name)

    def _is_aws(self, receiver: Term) -> bool:
        """Whether ``receiver`` is evidently made by boto, whatever it is called."""
        values = [receiver, *(d.value for d in self.program.definitions(receiver) if d.value is not None)]
        parts = [part for value in values for part in walk(value)]
        return any(part == Const("ec2") or dotted(part).startswith(("boto3.", "aioboto3.", "boto.")) for part in parts)

    def _other_cloud(self, receiver: Term, depth: int = 0) -> bool:
        if self._is_aws(receiver):
            return False
        root = _root(receiver)
        for part in (receiver, *walk(receiver)):
            if isinstance(part, (Var, Attr)) and words(last_name(part)) & OTHER_CLOUDS:
                return True
            if isinstance(part, Var) and part.scope == "import":
                path = part.name.lower()
                if words(path.replace(".", "_")) & OTHER_CLOUDS or any(vendor in path for vendor in _VENDORS):
                    return True
        if depth < 4 and isinstance(root, (Var, Attr)):
            values = [d.value for d in self.program.definitions(receiver) if d.value is not None]
            if not values and root != receiver:
                values = [d.value for d in self.program.definitions(root) if d.value is not None]
            return bool(values) and all(self._other_cloud(value, depth + 1) for value in values)
        return False


def _root(term: Term) -> Term:
    while True:
        match term:
            case Attr(base=base) | Item(base=base):
                term = base
            case Result(callee=callee) if callee is not None:
                term = callee
            case _:
                return term


def _dry_run(argument: Term) -> bool:
    return argument == App("keyword:DryRun", (Const(True),))
