"""What stands above the functions of a generated program: imports, settings, exceptions, managers and decorators."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random
from typing import Final

IMPORTS: Final = ("contextlib", "functools", "os", "sys", "threading", "time")
OUTSIDE: Final = 'int(os.environ.get("EMPTY_LIMIT", "DEFAULT"))'
CALLED: Final = "function(*args)"


def _block(start: str, *lines: str) -> str:
    return "\n    ".join([start, *"\n".join(lines).split("\n")])


def _manager(name: str, *leaving: str) -> str:
    enter = _block("def __enter__(self):", "return self")
    return _block(f"class {name}:", enter, _block("def __exit__(self, kind, error, trace):", *leaving))


def _generator(*lines: str) -> str:
    return "@contextlib.contextmanager\n" + _block("def hushed():", *lines)


def _decorator(name: str, *lines: str) -> str:
    return _block(
        f"def {name}(function):", "@functools.wraps(function)", _block("def called(*args):", *lines), "return called"
    )


DEFINITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "LIMIT": ("LIMIT = 2",),
    "CPU_FLOOR": ("CPU_FLOOR = 1",),
    "EMPTY_LIMIT": (f"EMPTY_LIMIT = {OUTSIDE}",),
    "ENABLED": ('ENABLED = os.environ.get("SELF_STOP") == "1"',),
    "Idle": ("class Idle(Exception):\n    pass",),
    "Trouble": ("class Trouble(Exception):\n    pass",),
    "_polls": ("_polls = 0",),
    "_ready": ("_ready = False",),
    "_leaving": ("_leaving = threading.Event()",),
    "Hushing": (
        _manager("Hushing", "return True"),
        _manager("Hushing", "return kind is not None and issubclass(kind, Exception)"),
        _manager("Hushing", "if kind is Idle:", "    return True"),
    ),
    "Telling": (_manager("Telling", "return None"),),
    "hushed": (
        _generator("try:", "    yield", "except Exception:", "    pass"),
        _generator("try:", "    yield", "except (Idle, OSError):", "    return"),
        _generator("with contextlib.suppress(Idle, ValueError):", "    yield"),
    ),
    "told": (_decorator("told", "time.monotonic()", f"return {CALLED}"),),
    "negated": (_decorator("negated", f"return not {CALLED}"),),
    "hushing": (
        _decorator("hushing", "try:", f"    return {CALLED}", "except Exception:", "    return True"),
        _decorator("hushing", "with contextlib.suppress(Idle, OSError):", f"    return {CALLED}"),
    ),
}
"""By name, each in one or several forms."""

REBOUND: Final = (
    f"from tuning import EMPTY_LIMIT\nEMPTY_LIMIT = {OUTSIDE}",
    f"try:\n    from tuning import EMPTY_LIMIT\nexcept ImportError:\n    EMPTY_LIMIT = {OUTSIDE}",
    f"EMPTY_LIMIT = 2\nEMPTY_LIMIT = {OUTSIDE}",
    f"EMPTY_LIMIT, MOST = {OUTSIDE}, 9",
    f"MOST = EMPTY_LIMIT = {OUTSIDE}",
)
"""Other ways to give the threshold from outside its name."""


def with_header(text: str, random: Random) -> str:
    """``text`` with the imports and definitions that it needs."""
    default = "2" if random.random() < 0.15 else "0"
    chosen = {name: forms[random.randrange(len(forms))] for name, forms in DEFINITIONS.items()}
    if random.random() < 0.12:
        chosen["EMPTY_LIMIT"] = REBOUND[random.randrange(len(REBOUND))]
    needed: list[str] = []
    for name, definition in reversed(chosen.items()):
        if re.search(rf"\b{name}\b", "\n".join([*needed, text])):
            needed.insert(0, definition.replace("DEFAULT", default))
    whole = "\n".join([*needed, text])
    imports = [f"import {name}" for name in IMPORTS if f"{name}." in whole]
    return "\n".join([*imports, "import boto3", "", 'ec2 = boto3.client("ec2")', *needed, text, ""])
