"""systemd units and Markdown."""

from __future__ import annotations

import pytest
from reading import document, facts, of_kind, only, runs, script, told

from selfstop.deploy.model import Language, Launcher, Run, Script, SettingsFile, Strength

UNITS = {
    "case 30: table and file": (
        "Environment=X=0\nEnvironmentFile=/etc/w.env\nExecStart=/usr/bin/python -m a",
        "- X=0 file:/etc/w.env | /usr/bin/python -m a",
    ),
    "several on a line": ("Environment=\"X=a b\" 'Y=1' Z=2\nExecStart=/bin/a", "- X=a b Y=1 Z=2 | /bin/a"),
    "taken back": ("Environment=X=5\nEnvironment=\nEnvironment=Y=1\nExecStart=/bin/a", "- Y=1 | /bin/a"),
    "from the manager": ("PassEnvironment=X\nExecStart=/bin/a", "- X=?X:host? | /bin/a"),
    "continued with a comment": ("ExecStart=/bin/a \\\n# no\n  --b", "- | /bin/a --b"),
    "prefixes": ("ExecStart=-@/bin/a b", "- | /bin/a b"),
    "the last of several": ("ExecStart=/bin/a\nExecStart=\nExecStart=/bin/b", "- | /bin/b"),
    "docker": ("Environment=X=3\nExecStart=/usr/bin/docker run --rm -e X img", "img X=3"),
    "variables": ("ExecStart=/bin/a ${X} $$Y", "- | /bin/a ${X} $Y"),
}


@pytest.mark.parametrize(("text", "expected"), UNITS.values(), ids=UNITS.keys())
def test_units(text: str, expected: str) -> None:
    run = only(f"[Unit]\nDescription=x\n[Service]\n{text}\n", Language.SYSTEMD, "w.service")
    assert told(run) == expected
    assert run.strength is Strength.UNATTENDED


def test_the_rest_of_a_unit() -> None:
    text = (
        "[Service]\nEnvironmentFile=-/etc/w.env\nWorkingDirectory=/app\nRestart=on-failure\nExecStart=/bin/a\n"
        "[Install]\nExecStart=/bin/no\n"
    )
    run = only(text, Language.SYSTEMD, "units/w.service")
    assert (run.launcher, str(run.name), str(run.restart), str(run.workdir)) == (
        Launcher.SYSTEMD,
        "w",
        "on-failure",
        "/app",
    )
    (file,) = run.sources
    assert isinstance(file, SettingsFile)
    assert (file.required, run.place.line) == (False, 5)


def test_a_unit_that_starts_docker_by_a_shell() -> None:
    text = "[Service]\nExecStart=/bin/sh -c 'docker run -e X=1 img'\n"
    assert [told(run) for run in runs(text, Language.SYSTEMD, "w.service")] == [
        "- | /bin/sh -c docker run -e X=1 img",
        "img X=1",
    ]


DOCUMENTS = {
    "case 11: fenced": ("Do:\n\n```bash\ndocker run -e X=5 img\n```\n", [("img X=5", 4)]),
    "without a language": ("```\ncd a\ndocker run -e X=5 img\n```\n", [("img X=5", 3)]),
    "with a prompt": ("```console\n$ docker run -e X=5 img\n```\n", [("img X=5", 2)]),
    "tildes, longer fences": ("~~~~sh\n~~~\ndocker run img\n~~~~\n", [("img", 3)]),
    "in a list": ("1. So:\n   ```sh\n   docker run img\n   ```\n", [("img", 3)]),
    "indented": ("Do:\n\n    docker run -e X=5 img\n", [("img X=5", 3)]),
    "PowerShell": ("```powershell\ndocker run `\n  -e X=5 img\n```\n", [("img X=5", 2)]),
    "never closed": ("```sh\ndocker run img\n", [("img", 2)]),
    "in prose": ("Use `docker run -e X=5 img` or docker run -e X=5 img.\n", []),
    "an indented continuation of a paragraph": ("Do\n    docker run img\n", []),
    "another language": ("```python\ndocker run img\n```\n", []),
}


@pytest.mark.parametrize(("text", "expected"), DOCUMENTS.values(), ids=DOCUMENTS.keys())
def test_documents(text: str, expected: list[tuple[str, int]]) -> None:
    found = of_kind(Run, document(text))
    assert [(told(run), run.place.line) for run in found] == expected
    assert all(run.strength is Strength.DOCUMENT for run in found)


def test_other_languages_in_documents_are_handed_on() -> None:
    blocks = of_kind(Script, document("```yaml\na: 1\n```\n```dockerfile\nFROM a\n```\n"))
    assert [block.language for block in blocks] == [Language.YAML, Language.DOCKERFILE]


def test_a_script_in_a_document_keeps_its_weakness() -> None:
    (run,) = of_kind(Run, document("```sh\nssh h 'docker run img'\n```\n"))
    assert run.strength is Strength.DOCUMENT
    assert facts("[Service]\n", Language.SYSTEMD) == []
    assert script("x", Language.SHELL).strength is Strength.OPERATOR
