"""Case 38: files that are meant to hang, crash or mislead the audit. It says what is wrong with them and goes on."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from selfstop.audit import run
from tests.audits import GUARDED, IMAGE, audited, said

RUN = "==> run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\n"
MENTION = b"IDLE_STOP_THRESHOLD fleet-worker docker build "
"""What makes the audit read a file."""

MERGES = "\n".join(
    ["a0: &a0 {x: 1}", *(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12))]
)
ALIASES = "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))])
DOUBLING = "FROM x\nENV A0=aaaaaaaaaa\n" + "".join(f"ENV A{n}=$A{n - 1}$A{n - 1}\n" for n in range(1, 41))

FILES = {
    "a megabyte of NUL": ("a.sh", MENTION + b"\0" * 1_000_000),
    "closing brackets": ("a.sh", MENTION + b")" * 100_000),
    "opening brackets of a shell": ("a.sh", MENTION + b"$(" * 100_000),
    "quotes": ("a.sh", MENTION + b"\"'`" * 15_000),
    "here-documents": ("a.sh", MENTION + b"<<A " * 10_000),
    "opening brackets of PowerShell": ("a.ps1", MENTION + b"@{" * 60_000),
    "sequences in YAML": ("a.yml", b"# " + MENTION + b"\n" + b"- " * 200_000),
    "brackets in YAML": ("a.yml", b"# " + MENTION + b"\n" + b"[" * 100_000),
    "merge keys": (
        "a.yml",
        b"# " + MENTION + b"\n" + MERGES.encode() + b"\nservices: {a: {image: x, environment: *a11}}",
    ),
    "aliases": ("a.yml", b"# " + MENTION + b"\n" + ALIASES.encode() + b"\nservices: {a: {image: x, command: *a11}}"),
    "interpolation": ("compose.yml", b"services: {a: {image: fleet-worker, command: '" + b"${A:-" * 20_000 + b"'}}"),
    "depth in JSON": ("a.json", b'{"IDLE_STOP_THRESHOLD": ' + b"[" * 100_000),
    "settings that double": ("Dockerfile.twice", b"# " + MENTION + b"\n" + DOUBLING.encode()),
    "a Dockerfile in Latin-1": ("Dockerfile.latin", b"# fleet-worker caf\xe9\nFROM fleet-worker\n"),
    "a script in UTF-16": ("deploy.ps1", "# IDLE_STOP_THRESHOLD\ndocker run other:1\n".encode("utf-16")),
    "half of UTF-16": ("deploy.ps1", b"\xff\xfe" + "IDLE_STOP_THRESHOLD".encode("utf-16-le") + b"\x00"),
    "Terraform": ("a.tf", b"# " + MENTION + b"\n" + b"a { " * 40_000),
    "Markdown": ("a.md", MENTION + b"\n" + b"```sh\n" * 5_000),
    "a batch file": ("a.bat", MENTION + b"\r\n" + b"if x (" * 10_000),
    "an env file": (".env", MENTION + b"\n" + b"A=${A\n" * 30_000),
    "one long line": ("a.sh", MENTION + b"a" * 250_000),
    "half a character in JSON": (
        "a.json",
        b'{"AutoScalingGroupName": "fleet-worker-\\ud800", "MinSize": "1", "x": "IDLE_STOP_THRESHOLD"}',
    ),
    "a capacity of thousands of digits": (
        "a.sh",
        b"# IDLE_STOP_THRESHOLD\naws autoscaling create-auto-scaling-group --auto-scaling-group-name g --min-size "
        + b"9" * 5_000,
    ),
    "base64 of no ASCII in MIME": (
        "user_data.sh",
        (
            b'Content-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: text/x-shellscript\n'
            b"Content-Transfer-Encoding: base64\n\nIyEvYmluL2Jhc2gK\xc3\xa9 fleet-worker\n--B--\n"
        ),
    ),
    "base64 of no ASCII in cloud-config": (
        "u.yaml",
        '#cloud-config\n# fleet-worker\nwrite_files: [{path: /w.env, encoding: b64, content: "Größe"}]\n'.encode(),
    ),
    "base64 of no ASCII in an option": (
        "a.sh",
        (
            b"aws ec2 create-launch-template --launch-template-name fleet-worker "
            b'--user-data "QUJDREVGR0hJSktMTU5P\xe2\x80\x83QUJD"\n'
        ),
    ),
    "an index that is no number": ("a.ps1", "$X = 'a', 'b'\ndocker run $X['\u00b2'] fleet-worker".encode()),
    "an index of thousands of digits": ("a.ps1", b"$X = 'a', 'b'\ndocker run $X[" + b"1" * 5_000 + b"] fleet-worker"),
    "a policy": ("policy.json", b'{"Statement": "' + MENTION + b"*" * 200_000 + b'"}'),
}


def bounded(work, seconds: float = 30.0):
    """The result of ``work``, which must come to an end."""
    results: list[object] = []

    def run():
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
            results.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert results, "it does not come to an end"
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]


@pytest.mark.parametrize(("name", "content"), FILES.values(), ids=FILES.keys())
def test_the_rest_is_audited_all_the_same(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    report = bounded(lambda: audited(tmp_path, GUARDED + IMAGE + RUN))
    assert said(report, "run.sh") == ("0", "off")
    assert [each for each in report.problems if "bug" in each.reason] == []


def failing(read, path):
    """A reader that fails at the texts of one file, which it quotes."""

    def fails(*arguments):
        at = arguments[0].place.path if len(arguments) == 1 else arguments[0]
        if at == path:
            raise ValueError("secret")
        return read(*arguments)

    return fails


@pytest.mark.parametrize("name", ["broken.sh", "broken.md", "entry.sh", "set.env", ".env"])
def test_a_file_at_which_a_reader_fails_is_named_and_the_rest_is_audited(name, tmp_path, monkeypatch):
    readers = run.READERS
    careless = replace(readers, text=failing(readers.text, name), env_file=failing(readers.env_file, name))
    monkeypatch.setattr(run, "READERS", careless)
    other = (
        "==> broken.sh <==\n# fleet-worker:1.4\n==> broken.md <==\nfleet-worker:1.4\n==> entry.sh <==\nexec $1\n"
        "==> set.env <==\nIDLE_STOP_THRESHOLD=0\n==> .env <==\nLIMIT=0\n==> Dockerfile.other <==\n"
        'FROM fleet-worker:1.4\nCOPY . .\nENTRYPOINT ["./entry.sh"]\n==> build-other.sh <==\n'
        "docker build -t other:1 -f Dockerfile.other .\ndocker run other:1\n"
        "docker run --env-file set.env fleet-worker:1.4\n==> compose.yml <==\n"
        "services: {a: {image: 'fleet-worker:1.4', environment: {IDLE_STOP_THRESHOLD: '$LIMIT'}}}\n"
    )
    report = audited(tmp_path, GUARDED + IMAGE + RUN + other)
    assert said(report, "run.sh") == ("0", "off")
    reason = "could not be read: ValueError, which is a bug of selfstop"
    assert [(each.path, each.line, each.reason) for each in report.problems] == [(name, 1, reason)]
    monkeypatch.setattr(run, "READERS", readers)
    assert audited(tmp_path, GUARDED + IMAGE + RUN + other).problems == ()


def test_a_large_file_is_named_and_not_read(tmp_path):
    with (tmp_path / "dump.json").open("wb") as file:
        file.truncate(100 << 20)
    report = audited(tmp_path, GUARDED + IMAGE + RUN)
    assert ("dump.json", "larger than 1024 KiB") in [(each.path, each.reason) for each in report.problems]


def test_a_script_that_nobody_wrote_by_hand_is_named_and_not_read(tmp_path):
    (tmp_path / "long.sh").write_bytes(b"# IDLE_STOP_THRESHOLD\n" * 20_000)
    report = audited(tmp_path, GUARDED + IMAGE + RUN)
    assert ("long.sh", "a script larger than 256 KiB") in [(each.path, each.reason) for each in report.problems]


def test_a_file_with_nul_is_named(tmp_path):
    (tmp_path / "a.sh").write_bytes(b"IDLE_STOP_THRESHOLD\0")
    report = audited(tmp_path, GUARDED + IMAGE + RUN)
    assert ("a.sh", "contains NUL characters") in [(each.path, each.reason) for each in report.problems]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_not_followed_out_of_the_root_nor_round_in_circles(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.env").write_text("IDLE_STOP_THRESHOLD=9\n", encoding="utf-8")
    root = tmp_path / "repository"
    root.mkdir()
    (root / "linked.env").symlink_to(outside / "secret.env")
    (root / "round").symlink_to(root, target_is_directory=True)
    (root / "loop.sh").symlink_to("loop.sh")
    (root / "zero.sh").symlink_to("/dev/zero")
    os.mkfifo(root / "pipe.sh")
    run = "==> run.sh <==\ndocker run --env-file linked.env fleet-worker:1.4\n"
    report = bounded(lambda: audited(root, GUARDED + IMAGE + run))
    assert said(report, "run.sh") == ("unknown: 5 unless set", "unknown, may stop")
    reasons = {each.path: each.reason for each in report.problems}
    assert reasons["linked.env"] == reasons["zero.sh"] == "is a link out of the repository, which is not followed"
    assert reasons["loop.sh"] == "is a broken or circular link"


def test_names_with_blanks_other_scripts_and_line_ends(tmp_path):
    names = ["docs/\ubc30\ud3ec run.sh", "a b/run.sh"] + ([] if sys.platform == "win32" else ["line\nend.sh"])
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("docker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\n", encoding="utf-8")
    report = audited(tmp_path, GUARDED + IMAGE)
    assert sorted(each.place.path for each in report.settings) == sorted(names)


def test_thousands_of_files_that_have_nothing_to_do_with_it_are_not_read(tmp_path):
    for number in range(600):
        directory = tmp_path / f"service{number % 20}"
        directory.mkdir(exist_ok=True)
        content = f"services:\n  s{number}:\n    image: other{number}\n    environment: {{A: '{number}'}}\n"
        (directory / f"compose.{number}.yaml").write_text(content, encoding="utf-8")
    report = audited(tmp_path, GUARDED + IMAGE + RUN)
    assert report.files_known > 600
    assert report.files_read < 10


def test_a_script_that_only_prints_what_it_would_do_is_no_run(tmp_path: Path):
    script = '==> help.sh <==\necho "docker run -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4"\n'
    assert audited(tmp_path, GUARDED + IMAGE + script).settings == ()


COPIES = "FROM python:3.12 AS s0\nWORKDIR /app\nCOPY fleet ./fleet\n" + "".join(
    f"FROM s{n - 1} AS s{n}\n" + "".join(f"COPY --from=s{n - 1} {path} {path}\n" for path in ("/opt", "/app", "/bin"))
    for n in range(1, 40)
)
PLACED = "FROM python:3.12 AS s0\nWORKDIR /app\nCOPY fleet ./fleet\n" + "".join(
    f"FROM s{n - 1} AS s{n}\nCOPY --from=s{n - 1} /app /a\nCOPY --from=s{n - 1} / /b\n" for n in range(1, 40)
)
START = 'WORKDIR /app\nCMD ["python", "-m", "fleet.worker"]\n'
COPY = "COPY fleet ./fleet\n"
BUILT = "docker build -t fleet-worker:1.4"
IMAGES = {
    "a base of the same name": ("FROM vendor/fleet-worker:1.4\n" + START + COPY, f"{BUILT} -t fleet-worker:$TAG .\n"),
    "built twice on a base of the same name": (
        "FROM vendor/fleet-worker:1.4\n" + START + COPY,
        f"{BUILT} .\n{BUILT} --build-arg A=1 -t fleet-worker:$TAG .\n",
    ),
    "a base of that name that is built here": (
        "FROM vendor/fleet-worker:1.4\n",
        (
            f"{BUILT} .\n==> base/Dockerfile <==\nFROM python:3.12\n{START}{COPY}"
            "==> base.sh <==\ndocker build -t vendor/fleet-worker:1.4 -f base/Dockerfile .\n"
        ),
    ),
    "images that are each other's base": (
        f"FROM fleet-other\n{START}{COPY}",
        (
            f"{BUILT} .\n==> Dockerfile.other <==\nFROM fleet-worker:1.4\n"
            "==> other.sh <==\ndocker build -t fleet-other -f Dockerfile.other .\n"
        ),
    ),
    "tags in a circle": (
        "FROM python:3.12\n" + START + COPY,
        "".join(f"docker tag fleet-a{n} fleet-a{m}\n" for n in range(14) for m in range(14) if n != m)
        + "docker tag fleet-a0 fleet-worker:1.4\ndocker build -t fleet-b .\ndocker tag fleet-b fleet-a13\n",
    ),
    "a stage that copies from itself": (
        f"FROM python:3.12 AS build\n{START}{COPY}COPY --from=build /a /a\nCOPY --from=build /b /b\n",
        f"{BUILT} .\n",
    ),
    "a stage that copies from a later one of the same name": (
        f"FROM python:3.12 AS build\n{COPY}FROM python:3.12 AS build\n{START}COPY --from=build /fleet /app/fleet\n",
        f"{BUILT} .\n",
    ),
    "stages of stages of stages": (COPIES + START, f"{BUILT} .\n{BUILT} --build-arg A=1 .\n"),
    "copies of copies of copies": (PLACED + START, f"{BUILT} .\n"),
    "very many stages": (
        "".join(f"FROM s{n - 1} AS s{n}\n" for n in range(1, 4_000)) + "FROM python:3.12\n" + START + COPY,
        f"{BUILT} .\n",
    ),
}


@pytest.mark.parametrize(("dockerfile", "build"), IMAGES.values(), ids=IMAGES.keys())
def test_images_are_made_once(dockerfile, build, tmp_path):
    image = f"==> Dockerfile <==\n{dockerfile}==> build.sh <==\n{build}"
    report = bounded(lambda: audited(tmp_path, GUARDED + image + RUN))
    assert said(report, "run.sh") == ("0", "off")
