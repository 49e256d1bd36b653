"""cloud-init's configuration: commands and files of a machine's first start (case 24)."""

from __future__ import annotations

import base64
import gzip

import pytest

from selfstop.deploy.model import Reading, Script, Strength, WrittenFile
from selfstop.deploy.read.cloud_config import read
from tests.deploy.readings import scripts, short

HEAD = "#cloud-config\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("runcmd:\n  - docker run -e X=0 w\n", [("shell", 3, "docker run -e X=0 w\n")], id="text"),
        pytest.param(
            "runcmd:\n  - [docker, run, -e, 'X=a b', w]\n",
            [("shell", 3, "docker run -e 'X=a b' w\n")],
            id="list of words",
        ),
        pytest.param(
            "runcmd:\n  - A=1\n\n  - |\n    docker run \\\n      w\n  - b\n",
            [("shell", 3, "A=1\n\n\ndocker run \\\n  w\nb\n")],
            id="one script, each command on its line",
        ),
        pytest.param("bootcmd: [a]\nruncmd: [b]\n", [("shell", 2, "a\n"), ("shell", 3, "b\n")], id="both kinds"),
        pytest.param("runcmd: [a, b]\n", [("shell", 2, "a\nb\n")], id="more on one line"),
        pytest.param("runcmd: a\n", [], id="not a list"),
        pytest.param("packages: [docker]\n", [], id="other things"),
    ],
)
def test_commands(text: str, expected: list[tuple[str, int, str]]) -> None:
    reading = read("u.yml", HEAD + text)
    assert (scripts(reading), reading.problems) == (expected, ())
    assert all(fact.strength is Strength.UNATTENDED for fact in reading.facts if isinstance(fact, Script))


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode())).decode()


@pytest.mark.parametrize(
    ("item", "language", "line", "text"),
    [
        pytest.param("{path: /a.sh, content: 'docker run w'}", "shell", 3, "docker run w", id="by its name"),
        pytest.param(
            "\n    path: /opt/start\n    content: |\n      #!/bin/bash\n      a\n",
            "shell",
            6,
            "#!/bin/bash\na\n",
            id="by its first line",
        ),
        pytest.param("{path: /w.env, content: 'X=0'}", "env file", 3, "X=0", id="an env file"),
        pytest.param("{path: /a.sh, encoding: b64, content: YQ==}", "shell", 3, "a", id="base64"),
        pytest.param(f"{{path: /a.sh, encoding: gz+b64, content: {packed('b')}}}", "shell", 3, "b", id="packed"),
    ],
)
def test_files(item: str, language: str, line: int, text: str) -> None:
    reading = read("u.yml", f"{HEAD}write_files:\n  - {item}\n")
    assert scripts(reading) == [(language, line, text)]
    (written,) = (fact for fact in reading.facts if isinstance(fact, WrittenFile))
    assert written.script in reading.facts
    assert written.place.line in {3, 4}


@pytest.mark.parametrize(
    "item",
    [
        pytest.param("{path: /w.env}", id="empty file"),
        pytest.param("{path: /w.env, encoding: b64, content: '{{ env }}'}", id="content that is filled in"),
        pytest.param("{path: /w.env, encoding: gzip, content: abc}", id="not packed"),
        pytest.param("{path: /w.env, encoding: b64, content: //79}", id="no text"),
        pytest.param("{path: /w.env, encoding: b64, content: Größe}", id="no base64"),
    ],
)
def test_files_whose_text_is_not_known(item: str) -> None:
    (written,) = read("u.yml", f"{HEAD}write_files:\n  - {item}\n").facts
    assert isinstance(written, WrittenFile)
    assert (short(written.file), written.script) == ("/w.env", None)


def test_a_packed_bomb_is_cut_off() -> None:
    reading = read(
        "u.yml", f"{HEAD}write_files:\n  - {{path: /a.sh, encoding: gz+b64, content: {packed('a' * 10**7)}}}\n"
    )
    assert [len(text) for _, _, text in scripts(reading)] == [256 << 10]


def test_lines_are_counted_from_where_the_text_begins() -> None:
    assert [line for _, line, _ in scripts(read("s.sh", HEAD + "runcmd: [a]\n", line=10))] == [11]


def test_broken_configuration_is_told() -> None:
    reading = read("u.yml", HEAD + "runcmd:\n  - a: b: c\n")
    assert reading == Reading(problems=reading.problems)
    assert [each.line for each in reading.problems] == [3]
