"""The words by which code names measures, thresholds and switches.

Established by reading public code that stops machines. Names are evidence of last resort: what a variable is
computed from counts first.
"""

from __future__ import annotations

import re

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words(name: str) -> frozenset[str]:
    """The lower-case words of an identifier: ``maxIdle_secs`` has max, idle and secs."""
    return frozenset(word.lower() for word in _WORDS.findall(name))


def vocabulary(text: str) -> frozenset[str]:
    """The words in ``text``."""
    return frozenset(text.split())


BUILT_IN_METHODS = frozenset(
    name for kind in (dict, list, set, str, bytes, tuple, int, BaseException) for name in dir(kind)
)
"""The methods of Python's own objects: of one that nobody knows, such a name says nothing."""

LIMIT_WORDS = vocabulary(
    "threshold thresholds limit limits timeout max maximum min minimum deadline cutoff quota budget "
    "tolerance grace ttl cap allowed expiry expires lifetime"
)
UNIT_WORDS = vocabulary(
    "minutes minute mins seconds second secs sec hours hour hrs days interval period window duration delay"
)
GROWING_WORDS = vocabulary(
    "idle elapsed consecutive empty count counter counts since uptime age polls ticks waited waiting "
    "quiet inactive inactivity streak silence silent passed runtime running lifetime rounds cycles misses "
    "strikes zero zeros"
)
LEVEL_WORDS = vocabulary(
    "cpu gpu utilization utilisation util usage load percent pct percentage average avg mean metric "
    "network bytes packets traffic memory mem ram disk rate throughput iops datapoint datapoints "
    "connections temperature bandwidth activity busy active players users sessions clients requests "
    "remaining left balance free depth backlog level"
)
FRACTION_WORDS = frozenset(
    "cpu gpu utilization utilisation util usage load percent pct percentage average avg mean metric rate memory mem "
    "ram throughput bandwidth datapoint datapoints".split()
)
NO_MEASURE_WORDS = vocabulary(
    "retry retries attempt attempts tries try version version_info argc argv status code returncode "
    "exitcode errno state port pid weekday isoweekday priority random randint"
)
CALENDAR_FIELDS = frozenset(
    {
        "hour",
        "minute",
        "weekday",
        "isoweekday",
        "day",
        "month",
        "year",
        "tm_hour",
        "tm_min",
        "tm_wday",
        "strftime",
    }
)
START_WORDS = vocabulary("start started begin began last previous prev since launch launched created first")
CLOCKS = frozenset(
    {
        "time.time",
        "time.monotonic",
        "time.perf_counter",
        "time.process_time",
        "time.time_ns",
        "time.monotonic_ns",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.now",
        "datetime.utcnow",
        "django.utils.timezone.now",
        "timezone.now",
        "pendulum.now",
        "arrow.utcnow",
        "arrow.now",
        "asyncio.get_event_loop.time",
    }
)
SWITCH_WORDS = vocabulary(
    "enable enabled enables disable disabled allow allowed allows auto autostop autoshutdown selfstop "
    "stop shutdown terminate terminated shutoff poweroff power on off flag switch active should use want "
    "do dry"
)
TRUE_STRINGS = frozenset({"1", "true", "yes", "on", "y", "t", "enabled", "enable"})
FALSE_STRINGS = frozenset({"0", "false", "no", "off", "n", "f", "disabled", "disable", "", "never", "none"})
CONFIGURATION_NAMES = vocabulary(
    "config cfg conf configuration settings setting env environ environment preferences prefs"
)
CONFIGURATION_CALLS = vocabulary(
    "load_config get_config read_config load_settings get_settings safe_load full_load config "
    "env getenv get_env getint getfloat getboolean get_setting get_option env_int int_env getenv_int "
    "env_float decouple configparser"
)
COMMAND_LINE_NAMES = frozenset({"args", "opts", "options", "arguments", "namespace", "parsed", "cli_args"})
PARSING_CALLS = frozenset({"parse_args", "parse_known_args", "parse", "docopt"})
STOP_WORDS = vocabulary("stop stops stopping shutdown shut terminate terminates halt poweroff kill selfstop autostop")


def says_stop(name: str) -> bool:
    """Whether a function's name says that it stops things (``stop_this_instance``, ``_power_off``)."""
    found = words(name)
    return bool(found & STOP_WORDS) or {"power", "off"} <= found or {"power", "down"} <= found


def is_constant_name(name: str) -> bool:
    """UPPER_CASE, as constants are written."""
    return name.upper() == name and any(character.isalpha() for character in name)
