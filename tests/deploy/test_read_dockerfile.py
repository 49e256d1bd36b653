"""Dockerfiles: stages, settings, copied files and commands."""

from __future__ import annotations

import pytest
from reading import described, facts, of_kind, script, shown

from selfstop.deploy.model import Dockerfile, Language, Stage, WrittenFile
from selfstop.deploy.read import dockerfile


def read(text: str) -> Dockerfile:
    (found,) = of_kind(Dockerfile, facts(text, Language.DOCKERFILE, "docker/Dockerfile"))
    return found


def last(text: str) -> Stage:
    return read(text).stages[-1]


COMMANDS = {
    "case 15: exec form": ('CMD ["python", "-m", "a.b"]', "exec", "python -m a.b"),
    "case 15: shell form": ("CMD python -m a.b", "shell", "python -m a.b"),
    "case 15: single quotes make it shell form": ("CMD ['python', '-m', 'a']", "shell", "['python', '-m', 'a']"),
    "case 15: JSON with a continuation in a string": (
        'CMD ["sh", "-c", \\\n    "if [ \\"$M\\" = gpu ]; then \\\n        python -m a; fi"]',
        "exec",
        'sh -c if [ "$M" = gpu ]; then         python -m a; fi',
    ),
    "case 17: lower case": ('cmd ["a"]', "exec", "a"),
    "case 17: comments and blank lines in a continuation": (
        "CMD python \\\n\n# no\n  -m \\\n   # no\n a",
        "shell",
        "python   -m  a",
    ),
    "the last one counts": ("CMD a\nCMD b", "shell", "b"),
    "not that of a health check": ("CMD a\nHEALTHCHECK CMD b\nHEALTHCHECK --interval=5s \\\n  CMD c", "shell", "a"),
    "case 17: not in a heredoc": ("CMD a\nRUN <<EOF\nCMD b\nEOF\nRUN cat <<-X > f\n\tCMD c\n\tX", "shell", "a"),
    "case 35: a mark": ("CMD python -m {{MODULE}}", "shell", "python -m {{MODULE}}"),
}


@pytest.mark.parametrize(("text", "form", "expected"), COMMANDS.values(), ids=COMMANDS.keys())
def test_the_command(text: str, form: str, expected: str) -> None:
    command = last(f"FROM base\n{text}\n").command
    assert command is not None
    assert ("shell" if command.shell else "exec", shown(command)) == (form, expected)


SETTINGS = {
    "with a sign": ("ENV X=5", {"X": "5"}),
    "case 17: without a sign": ("ENV X 5", {"X": "5"}),
    "without a sign, all the rest": ("ENV X a b=c", {"X": "a b=c"}),
    "several": ("ENV X=5 Y='a b' \\\n  Z=\"c d\"", {"X": "5", "Y": "a b", "Z": "c d"}),
    "escaped blank": (r"ENV X=a\ b", {"X": "a b"}),
    "the last one counts": ("ENV X=5\nENV X=0", {"X": "0"}),
    "from an argument": ("ARG N=5\nENV X=$N", {"X": "?N?"}),
    "default": ("ENV X=${N:-5}", {"X": "?N?"}),
    "not expanded in single quotes": ("ENV X='$N'", {"X": "$N"}),
    "expanded in double quotes": ('ENV X="a$N"', {"X": "a?N?"}),
    "case 17: not from a heredoc": ("COPY <<EOF /f\nENV X=9\nEOF\nENV Y=1", {"Y": "1"}),
    "case 17: not from a comment": ("# ENV X=9\nENV Y=1", {"Y": "1"}),
    "not from an onbuild": ("ONBUILD ENV X=9", {}),
    "not an argument": ("ARG X=9", {}),
    "continued at the end": ("ENV X=1 \\\n", {"X": "1"}),
}


@pytest.mark.parametrize(("text", "expected"), SETTINGS.values(), ids=SETTINGS.keys())
def test_the_settings(text: str, expected: dict[str, str]) -> None:
    found = last(f"FROM base\n{text}\n").settings
    assert {each.name: described(each.value) for each in found} == expected


def test_case_16_a_base_that_is_an_argument() -> None:
    found = read("ARG BASE=mine:latest\nARG OTHER\nFROM --platform=linux/arm64 ${BASE} AS final\nARG N=1\n")
    assert [(each.name, each.value.literal) for each in found.arguments] == [("BASE", "mine:latest"), ("OTHER", "")]
    assert found.arguments[1].value.parts == ()
    (stage,) = found.stages
    assert (described(stage.base), stage.name, stage.place.line) == ("?BASE?", "final", 3)
    assert [each.name for each in stage.arguments] == ["N"]


def test_stages_and_what_they_copy() -> None:
    found = read(
        "FROM a AS one\nWORKDIR /build\nCOPY r.txt ./\nFROM b\nWORKDIR /app\nWORKDIR sub\n"
        'COPY --from=one --chown=a:b /build /opt\nCOPY ["a b", "c/"]\nADD src apps ./\nUSER app\nENTRYPOINT ["/e.sh"]\n'
    )
    one, two = found.stages
    assert [(str(copy.target), str(copy.workdir)) for copy in one.copies] == [("./", "/build")]
    assert str(two.workdir) == "/app/sub"
    assert [
        ([str(each) for each in copy.sources], str(copy.target), str(copy.stage or "-")) for copy in two.copies
    ] == [
        (["/build"], "/opt", "one"),
        (["a b"], "c/", "-"),
        (["src", "apps"], "./", "-"),
    ]
    assert str(two.user) == "app"
    assert two.entrypoint is not None
    assert shown(two.entrypoint) == "/e.sh"
    assert two.command is None


def test_case_17_another_escape_character() -> None:
    stage = last("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nENV P=C:\\x `\n  X=0\nCMD a\n")
    assert [each.name for each in stage.settings] == ["P", "X"]
    assert last("FROM a\n# escape=`\nENV X=1 \\\n Y=2\n").settings[1].name == "Y"


def test_case_17_what_the_child_runs() -> None:
    stage = last("FROM a\nONBUILD ENV X=1\nONBUILD COPY . /app\nENV Y=2\n")
    assert stage.on_build is not None
    assert [each.name for each in stage.on_build.settings] == ["X"]
    assert [str(copy.target) for copy in stage.on_build.copies] == ["/app"]
    assert [each.name for each in stage.settings] == ["Y"]


def test_an_entry_script_that_is_written_here() -> None:
    (file,) = of_kind(
        WrittenFile, facts("FROM a\nCOPY <<'EOF' /e.sh\n#!/bin/sh\nexec \"$@\"\nEOF\n", Language.DOCKERFILE)
    )
    assert file.script is not None
    assert (str(file.file), file.script.language, file.place.line) == ("/e.sh", Language.SHELL, 3)


def test_case_17_a_link_that_is_stored_as_text() -> None:
    reading = dockerfile.read(script("../Dockerfile.base\n", Language.DOCKERFILE))
    assert reading.facts == ()
    assert [problem.reason for problem in reading.problems] == [
        "holds no FROM but a path: a symbolic link stored as text"
    ]


def test_lines_count_from_where_the_text_begins() -> None:
    assert [each.place.line for each in last("FROM a\n\nENV \\\n  X=1\nENV Y=2").settings] == [3, 5]
