"""Env files: the same line means different things to different launchers."""

from __future__ import annotations

import pytest
from reading import described

from selfstop.deploy.model import Dialect, EnvFile
from selfstop.deploy.read import env_file

ALL = (Dialect.DOCKER, Dialect.COMPOSE, Dialect.SYSTEMD, Dialect.DOTENV, Dialect.SHELL)

# text: what docker, compose, systemd, python-dotenv and a shell make of X; None: not set.
LINES: dict[str, tuple[str, tuple[str | None, ...]]] = {
    "plain": ("X=5", ("5", "5", "5", "5", "5")),
    "the last one counts": ("X=5\nX=0", ("0", "0", "0", "0", "0")),
    "case 27: double quotes": ('X="0"', ('"0"', "0", "0", "0", "0")),
    "case 27: single quotes": ("X='0'", ("'0'", "0", "0", "0", "0")),
    "case 27: blanks in quotes": ('X=" 0 "', ('" 0 "', " 0 ", " 0 ", " 0 ", " 0 ")),
    "case 27: nothing": ("X=", ("", "", "", "", "")),
    "case 27: other digits": ("X=\u0665", ("\u0665", "\u0665", "\u0665", "\u0665", "\u0665")),
    "case 27: negative": ("X=-1", ("-1", "-1", "-1", "-1", "-1")),
    "a comment behind it": ("X=5 # no", ("5 # no", "5", "5 # no", "5", "5")),
    "a sign within a word": ("X=5#6", ("5#6", "5#6", "5#6", "5#6", "5#6")),
    "expansion": ("A=5\nX=${A}", ("${A}", "5", "${A}", "5", "?A?")),
    "expansion of something else": ("X=${A:-5}", ("${A:-5}", "?A:host?", "${A:-5}", "?A:host?", "?A?")),
    "export": ("export X=5", (None, "5", None, "5", "5")),
    "a name alone": ("X", ("?X:host?", "?X:host?", None, "?X:host?", None)),
    "indented": ("  X=5", ("5", "5", "5", "5", "5")),
    "comment": ("# X=5", (None, None, None, None, None)),
    "semicolon comment": ("; X=5", (None, None, None, None, "5")),
    "a mark": ("X={{IDLE}}", ("?IDLE:template?",) * 5),
    "byte order mark": ("\ufeffX=5", ("5", "5", "5", "5", "5")),
}
CASES = [
    (name, dialect, text, expected)
    for name, (text, each) in LINES.items()
    for dialect, expected in zip(ALL, each, strict=True)
]


@pytest.mark.parametrize(
    ("dialect", "text", "expected"), [case[1:] for case in CASES], ids=[f"{case[0]} ({case[1]})" for case in CASES]
)
def test_the_value_of_a_line(dialect: Dialect, text: str, expected: str | None) -> None:
    (file,) = env_file.read("a.env", text, dialect, {"X"}).facts
    assert isinstance(file, EnvFile)
    value = file.settings[-1].value if file.settings else None
    assert (described(value) if value is not None else None) == expected


def test_only_values_that_are_asked_for_are_kept() -> None:
    for dialect in ALL:
        reading = env_file.read("a.env", "TOKEN=hunter2\nX=0\nKEY='hunter2'\n", dialect, {"X"})
        (file,) = reading.facts
        assert isinstance(file, EnvFile)
        assert file.names == ("TOKEN", "X", "KEY")
        assert "hunter2" not in repr(reading)


def test_templates_are_known_by_their_name() -> None:
    for path, expected in {
        ".env.example": True,
        "a/b.env.template": True,
        "example/.env": False,
        ".env": False,
    }.items():
        (file,) = env_file.read(path, "X=5", Dialect.DOCKER).facts
        assert isinstance(file, EnvFile)
        assert file.template is expected


def test_what_docker_refuses_is_said() -> None:
    reading = env_file.read("a.env", "A=1\nexport X=5\n", Dialect.DOCKER, {"X"})
    assert [(problem.line, problem.reason) for problem in reading.problems] == [
        (2, "docker refuses a name with blanks in it")
    ]


def test_values_over_several_lines() -> None:
    (file,) = env_file.read("a.env", "A='x\ny=1'\nX=5\n", Dialect.DOTENV, {"X"}).facts
    assert isinstance(file, EnvFile)
    assert (file.names, [each.place.line for each in file.settings]) == (("A", "X"), [3])
    (file,) = env_file.read("a.env", "A=x \\\n y\nX=5\n", Dialect.SYSTEMD, {"X"}).facts
    assert isinstance(file, EnvFile)
    assert (file.names, [each.place.line for each in file.settings]) == (("A", "X"), [3])
