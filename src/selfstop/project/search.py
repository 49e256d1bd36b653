"""The first look at a file: whether its bytes allow for a stop call at all."""

from __future__ import annotations

from selfstop.config import EngineOptions


def search_words(options: EngineOptions) -> tuple[frozenset[str], frozenset[str]]:
    """The words one of which occurs wherever a machine is stopped: names, and methods of the resource interface."""
    names = set(options.stop_calls)
    verbs = {"stop"}
    if "terminate" in options.families:
        names |= {"terminate_instances", "terminate_instance_in_auto_scaling_group"}
        verbs.add("terminate")
    if "sagemaker" in options.families:
        names.add("stop_notebook_instance")
    if "os" in options.families:
        names |= {"shutdown", "poweroff", "halt", "stop-instances"}
    return frozenset(names), frozenset(verbs)


class MayStop:
    """Whether a file may contain a stop call, by a search of its bytes."""

    def __init__(self, options: EngineOptions) -> None:
        names, verbs = search_words(options)
        self._names = [name.encode("utf-8") for name in sorted(names)]
        self._verbs = [b"." + verb.encode("utf-8") for verb in sorted(verbs)]

    def __call__(self, data: bytes) -> bool:
        """Whether ``data`` has one of the names, or what every use of the resource interface has."""
        return any(name in data for name in self._names) or self._has_resource(data)

    def _has_resource(self, data: bytes) -> bool:
        """Whether the resource interface may be in use: ``Instance(id).stop()``, ``instances.filter(…).stop()``."""
        if b"ec2" not in data or (b"Instance(" not in data and b".instances" not in data):
            return False
        return any(verb in data for verb in self._verbs)
