"""In words: which machine a call stops, and what shows that."""

from __future__ import annotations

from collections.abc import Callable

from selfstop.model import StopCall, Target
from selfstop.output.escape import escape


def described(call: StopCall, display: Callable[[str], str]) -> str:
    """Say it in a few words; ``""`` where the target is unknown."""
    places = [(f"{escape(display(step.path))}:{step.line}", escape(step.text)) for step in call.sources]
    match call.target:
        case Target.SELF if places:
            return f"stops itself: the instance id is read at {' and '.join(place for place, _ in places)}"
        case Target.SELF:
            return "stops itself"
        case Target.OTHER:
            return "stops another machine" + "".join(f", see {place}: {text}" for place, text in places[:1])
    return ""
