"""Readers on texts that nobody would write: they end, they raise nothing, and their work grows with the text."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import pytest
from reading import script

from selfstop.deploy.model import Dialect, EnvFile, Language, Reading, Run, Script, Setting
from selfstop.deploy.read import batch, dockerfile, env_file, markdown, powershell, shell, startup, systemd

READERS: dict[str, Callable[[Script], Reading]] = {
    "shell": shell.read,
    "PowerShell": powershell.read,
    "batch": batch.read,
    "Dockerfile": dockerfile.read,
    "systemd": systemd.read,
    "Markdown": markdown.read,
    "user data": startup.read,
}
PIECES = (
    ') ( $( ${ ${a:- " \' ` { } \\ [ [a ]] @{a= @( <<A {{ <A __A @" <# ; ;; & && || | # % %a 1 '
    "echo\u0020$(echo\u0020 if\u0020a;then\u0020 for\u0020a\u0020in\u0020b;do\u0020 $a+ .b $a,"
).split(" ")
BOMBS = {
    "doubling": "A=aaaaaaaa\n" + 'A="$A$A"\n' * 40 + "docker run $A img\n",
    "one text put in very often": "A=" + "a" * 30_000 + '\necho "' + "$A" * 4_000 + '"\ndocker run img\n',
    "doubling in PowerShell": "$A = 'aaaaaaaa'\n" + '$A = "$A$A"\n' * 40 + "docker run $A img\n",
    "loops in loops": "for a in 1 2 3 4 5 6 7 8 9; do " * 12 + "docker run $a" + "; done" * 12,
    "functions that call each other": "f() { f; f; f; docker run x; }\nf",
    "many branches": "if a; then b\n" + "elif a; then b\n" * 1_000 + "fi",
    "many arms": "case $x in " + "a) b;; " * 1_000 + "esac",
    "many words": "docker run " + "-e A=1 " * 2_500 + "img",
    "many unresolved words": "docker run " + "$A " * 2_500 + "img",
    "many exports": "".join(f"export A{number}=1\npython x.py\n" for number in range(400)),
    "deep JSON": "aws ec2 create-launch-template --launch-template-data '" + "[" * 20_000 + "'",
    "a Dockerfile that doubles": "FROM a\n" + "ENV A=$A$A\n" * 40,
    "nested quotes in backticks": "`\\`" * 2_000,
    "not text": "\x00" * 20_000,
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_case_38_bombs(reader: Callable[[Script], Reading], text: str) -> None:
    reading = reader(script(text, Language.SHELL))
    assert len(reading.facts) <= len(text)
    assert len(repr(reading)) < 5_000_000


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_case_38_each_piece_over_and_over(reader: Callable[[Script], Reading]) -> None:
    for piece in PIECES:
        reading = reader(script(piece * 200, Language.SHELL))
        assert all(problem.path == "deploy/it" for problem in reading.problems)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
def test_case_38_pieces_in_any_order(reader: Callable[[Script], Reading]) -> None:
    chance = random.Random(20)
    words = [*PIECES, "\n", " ", "docker run -e X=1 img", "EOF", "=", "then ", "fi\n", "done\n", "FROM a\n", "```\n"]
    for _ in range(20):
        reading = reader(script("".join(chance.choice(words) for _ in range(300)), Language.SHELL))
        assert all(problem.path == "deploy/it" for problem in reading.problems)


def test_case_38_env_files() -> None:
    for text in (*BOMBS.values(), *(piece * 300 for piece in PIECES), 'X="' * 500, "X='a\n" * 500, "X=" + " #" * 2_000):
        for dialect in Dialect:
            reading = env_file.read("a.env", text, dialect, {"X"})
            (found,) = reading.facts
            assert isinstance(found, EnvFile)
            assert {setting.name for setting in found.settings} <= {"X"}
            assert all(problem.path == "a.env" for problem in reading.problems)


def calls(read: Callable[[], object]) -> int:
    """How many Python and C functions are called on the way."""
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(counted)
    try:
        read()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("piece", [*PIECES, "a|", "[ a ]&&", "cat <<A\n", "docker run img\n", "a) b;;\n"])
def test_the_work_grows_with_the_text(piece: str) -> None:
    for reader in (shell.read, powershell.read, batch.read, dockerfile.read):
        once = calls(lambda reader=reader: reader(script(piece * 100, Language.SHELL)))  # type: ignore[misc]
        twice = calls(lambda reader=reader: reader(script(piece * 200, Language.SHELL)))  # type: ignore[misc]
        assert twice < 3 * once + 2_000


def test_what_was_not_read_is_said() -> None:
    deep = shell.read(script("{ " * 100 + "docker run img", Language.SHELL))
    assert "commands nest too deep; what follows is not read" in {problem.reason for problem in deep.problems}
    deep = powershell.read(script("(" * 100 + "docker run img", Language.POWERSHELL))
    assert "statements nest too deep; what follows is not read" in {problem.reason for problem in deep.problems}
    for bomb in ("loops in loops", "many branches", "many words", "one text put in very often"):
        assert shell.read(script(BOMBS[bomb], Language.SHELL)).problems != ()


NESTED = "".join(f'if [ "$C{number}" = a ]; then\n' for number in range(30)) + "".join(
    f"if [ -e /f{number} ]; then X={number}; fi\n" for number in range(15)
)
USES = {
    "in one command": ("$X ", 1_000_000),
    "under another condition each": ("\n[ -e /q ] && echo $X\n", 6_000_000),
}


@pytest.mark.parametrize(("use", "most"), USES.values(), ids=USES.keys())
def test_what_a_variable_may_hold_is_not_asked_again_for_each_use(use: str, most: int) -> None:
    text = f"X=0\n{NESTED}echo {use * 200}\ndocker run -e X=$X img\n" + "fi\n" * 30
    reading: list[Reading] = []
    assert calls(lambda: reading.append(shell.read(script(text, Language.SHELL)))) < most
    (run,) = (fact for fact in reading[0].facts if isinstance(fact, Run))
    (source,) = (source for source in run.sources if isinstance(source, Setting))
    assert source.value.unresolved[0].candidates == ("0", *map(str, range(1, 15)))


def test_an_assignment_between_two_uses_counts() -> None:
    run = "docker run -e X=$X img\n"
    text = f"X=1\necho $X\n{run}X=2\n{run}if a; then X=3; fi\n{run}"
    runs = [fact for fact in shell.read(script(text, Language.SHELL)).facts if isinstance(fact, Run)]
    values = [source.value for run in runs for source in run.sources if isinstance(source, Setting)]
    assert [value.literal for value in values] == ["1", "2", None]
    assert values[2].unresolved[0].candidates == ("2", "3")
