"""Which threshold a program gets from what starts it, and what the guard comes to. Numbers are those of the cases."""

from __future__ import annotations

import pytest

from tests.audits import GUARDED, IMAGE, WITHOUT_SWITCH, audited, codes, row, said

RUN = "==> run.sh <==\n#!/bin/bash\n"
OFF, ON, AT_ONCE, UNKNOWN, INVALID = "off", "ON", "ON, AT ONCE", "unknown, may stop", "fails at start"

DOCKER = {
    "case 1: -e before the env file wins": ("-e IDLE_STOP_THRESHOLD=0 --env-file five.env", "0", OFF),
    "case 1: -e behind the env file wins": ("--env-file five.env -e IDLE_STOP_THRESHOLD=0", "0", OFF),
    "case 1: the env file alone": ("--env-file five.env", "5", ON),
    "case 1: the last env file that has it": ("--env-file zero.env --env-file five.env --env-file empty.env", "5", ON),
    "case 2: -e settles what an unknown env file may say": ("--env-file $FILE -e IDLE_STOP_THRESHOLD=0", "0", OFF),
    "case 2: an unknown env file alone": ("--env-file $FILE", "unknown: 5 unless set", UNKNOWN),
    "case 2: an env file that is not here": ("--env-file gone.env", "unknown: 5 unless set", UNKNOWN),
    "case 4: the last of two": ("-e IDLE_STOP_THRESHOLD=5 -e IDLE_STOP_THRESHOLD=0", "0", OFF),
    "case 4: without a value": ("-e IDLE_STOP_THRESHOLD", "unknown: 5 unless set", UNKNOWN),
    "case 4: empty": ("-e IDLE_STOP_THRESHOLD=", "''", INVALID),
    "case 4: --env=": ("--env=IDLE_STOP_THRESHOLD=0", "0", OFF),
    "case 4: without a blank": ("-eIDLE_STOP_THRESHOLD=0", "0", OFF),
    "case 4: bundled": ("-ite IDLE_STOP_THRESHOLD=0", "0", OFF),
    "case 27: blanks around": ("-e 'IDLE_STOP_THRESHOLD= 0 '", "' 0 '", OFF),
    "case 27: hexadecimal": ("-e IDLE_STOP_THRESHOLD=0x0", "0x0", INVALID),
    "case 27: a word": ("-e IDLE_STOP_THRESHOLD=five", "five", INVALID),
    "case 27: an underscore between digits": ("-e IDLE_STOP_THRESHOLD=1_0", "1_0", ON),
    "case 27: an Arabic five": ("-e IDLE_STOP_THRESHOLD=\u0665", "\u0665", ON),
    "case 27: negative": ("-e IDLE_STOP_THRESHOLD=-1", "-1", OFF),
    "case 27: quotes that docker keeps": ("--env-file quoted.env", "'\"0\"'", INVALID),
    "nothing set": ("", "unset: 5", ON),
    "case 35: a mark of a template": ("-e IDLE_STOP_THRESHOLD={{IDLE}}", "unknown", UNKNOWN),
}
ENV_FILES = (
    "==> five.env <==\nIDLE_STOP_THRESHOLD=5\n==> zero.env <==\nIDLE_STOP_THRESHOLD=0\n==> empty.env <==\nOTHER=1\n"
    '==> quoted.env <==\nIDLE_STOP_THRESHOLD="0"\n'
)


@pytest.mark.parametrize(("options", "value", "verdict"), DOCKER.values(), ids=DOCKER.keys())
def test_docker_run(options, value, verdict, tmp_path):
    report = audited(tmp_path, GUARDED + IMAGE + ENV_FILES + f"{RUN}docker run {options} fleet-worker:1.4\n")
    (found,) = report.settings
    assert (found.value, found.verdict) == (value, verdict)


GUARDS = {
    "case 3: without an off switch 0 is at once": (WITHOUT_SWITCH, "0", AT_ONCE, {"SST302", "SST305"}),
    "case 3: with one 0 is off": (GUARDED, "0", OFF, set()),
    "case 3: without an off switch 5 is on": (WITHOUT_SWITCH, "5", ON, {"SST305"}),
    "case 3: with one 5 is on": (GUARDED, "5", ON, set()),
    "case 3: a negative number without an off switch": (WITHOUT_SWITCH, "-1", AT_ONCE, {"SST302", "SST305"}),
    "case 3: a negative number with one": (GUARDED, "-1", OFF, set()),
}


@pytest.mark.parametrize(("code", "value", "verdict", "reported"), GUARDS.values(), ids=GUARDS.keys())
def test_the_guard_decides_what_a_value_means(code, value, verdict, reported, tmp_path):
    run = f"{RUN}docker run -e IDLE_STOP_THRESHOLD={value} fleet-worker:1.4\n"
    report = audited(tmp_path, code + IMAGE + run)
    assert said(report, "run.sh") == (value, verdict)
    assert codes(report) == reported


SHELL = {
    "case 5: behind the image it is the program's": ("docker run fleet-worker:1.4 -e IDLE_STOP_THRESHOLD=0", None),
    "case 6: an unquoted word whose texts are silent": (
        (
            'EXTRA=""\nif [ -n "$1" ]; then EXTRA="-e LOG=1"; fi\n'
            "docker run -e IDLE_STOP_THRESHOLD=0 $EXTRA fleet-worker:1.4"
        ),
        ("0", OFF),
    ),
    "case 6: an unquoted word that may set it": (
        (
            'EXTRA=""\nif [ -n "$1" ]; then EXTRA="-e IDLE_STOP_THRESHOLD=5"; fi\n'
            "docker run -e IDLE_STOP_THRESHOLD=0 $EXTRA fleet-worker:1.4"
        ),
        ("5 or 0", UNKNOWN),
    ),
    "case 6: an unquoted word that is an argument": (
        "EXTRA=$1\ndocker run -e IDLE_STOP_THRESHOLD=0 $EXTRA fleet-worker:1.4",
        ("unknown: 0 unless set", UNKNOWN),
    ),
    "case 7: continued in a loop": (
        (
            "for i in 1 2; do\n  if docker run \\\n    -e IDLE_STOP_THRESHOLD=0 \\\n"
            "    fleet-worker:1.4; then break; fi\ndone"
        ),
        ("0", OFF),
    ),
    "case 7: with line ends of Windows": (
        "docker run \\\r\n  -e IDLE_STOP_THRESHOLD=0 \\\r\n  fleet-worker:1.4\r",
        ("0", OFF),
    ),
    "case 40: podman": ("podman run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4", ("0", OFF)),
    "case 40: nerdctl": ("nerdctl run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4", ("0", OFF)),
    "case 40: docker container run": ("docker container run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4", ("0", OFF)),
    "case 40: a path": ("/usr/bin/docker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4", ("0", OFF)),
    "case 40: sudo": ("sudo -E docker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4", ("0", OFF)),
    "case 40: timeout": ("timeout 5 docker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4", ("0", OFF)),
    "a variable of the script": ("IDLE=0\ndocker run -e IDLE_STOP_THRESHOLD=$IDLE fleet-worker:1.4", ("0", OFF)),
    "a default of the script": (
        "docker run -e IDLE_STOP_THRESHOLD=${IDLE:-7} fleet-worker:1.4",
        ("unknown: 7 unless set", UNKNOWN),
    ),
    "case 32: ssh": ('ssh host "docker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4"', ("0", OFF)),
    "case 32: ssh with a here-document": (
        "ssh host <<'EOF'\ndocker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\nEOF",
        ("0", OFF),
    ),
}


@pytest.mark.parametrize(("script", "expected"), SHELL.values(), ids=SHELL.keys())
def test_shell_scripts(script, expected, tmp_path):
    report = audited(tmp_path, GUARDED + IMAGE + f"{RUN}{script}\n")
    rows = [(each.value, each.verdict) for each in report.settings]
    assert rows == ([] if expected is None else [expected])


def test_case_7_a_comment_inside_a_continuation_ends_the_command(tmp_path):
    script = "docker run \\\n  # -e IDLE_STOP_THRESHOLD=0 \\\n  -e IDLE_STOP_THRESHOLD=0 \\\n  fleet-worker:1.4\n"
    report = audited(tmp_path, GUARDED + IMAGE + RUN + script)
    assert report.settings == ()


def test_case_12_a_command_by_hand_without_e_is_found_by_its_image(tmp_path):
    hand = "==> by_hand.sh <==\ndocker run --env-file .env fleet-worker:1.4\n"
    report = audited(tmp_path, GUARDED + IMAGE + RUN + "docker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\n" + hand)
    assert said(report, "by_hand.sh") == ("unknown: 5 unless set", UNKNOWN)
    assert codes(report) == {"SST303", "SST304"}


COMPOSE = {
    "case 13: a default": ("IDLE_STOP_THRESHOLD: ${IDLE:-5}", "", "unknown: 5 unless set", UNKNOWN),
    "case 13: a default of 0": ("IDLE_STOP_THRESHOLD: ${IDLE:-0}", "", "unknown: 0 unless set", UNKNOWN),
    "case 13: with .env": ("IDLE_STOP_THRESHOLD: ${IDLE:-5}", "IDLE=0", "unknown: 0 unless set", UNKNOWN),
    "case 13: - without a colon and .env empty": (
        "IDLE_STOP_THRESHOLD: ${IDLE-5}",
        "IDLE=",
        "unknown: '' unless set",
        UNKNOWN,
    ),
    "case 13: required": ("IDLE_STOP_THRESHOLD: ${IDLE:?}", "", "unknown", UNKNOWN),
    "case 13: two dollars": ("IDLE_STOP_THRESHOLD: $$5", "", "$5", INVALID),
    "case 13: a list without a value": ("- IDLE_STOP_THRESHOLD", "", "unknown: 5 unless set", UNKNOWN),
    "case 13: a list": ("- IDLE_STOP_THRESHOLD=0", "", "0", OFF),
    "case 13: a number": ("IDLE_STOP_THRESHOLD: 0", "", "0", OFF),
    "case 13: null": ("IDLE_STOP_THRESHOLD:", "", "unknown: 5 unless set", UNKNOWN),
}


@pytest.mark.parametrize(("entry", "env", "value", "verdict"), COMPOSE.values(), ids=COMPOSE.keys())
def test_compose(entry, env, value, verdict, tmp_path):
    compose = f"""\
==> compose.yaml <==
services:
  worker:
    build: .
    image: fleet-worker
    environment:
      {entry}
"""
    report = audited(tmp_path, GUARDED + IMAGE + compose + (f"==> .env <==\n{env}\n" if env else ""))
    assert said(report, "compose.yaml") == (value, verdict)


FILES = {
    "case 13: the last env file": ("env_file: [zero.env, five.env]", "5", ON),
    "case 13: environment over env file": ("env_file: five.env\n    environment: {IDLE_STOP_THRESHOLD: 0}", "0", OFF),
    "case 13: an env file that need not be there": (
        "env_file:\n      - path: zero.env\n      - path: gone.env\n        required: false",
        "0",
        OFF,
    ),
    "case 13: a merge key": ("<<: *shared", "0", OFF),
}


@pytest.mark.parametrize(("lines", "value", "verdict"), FILES.values(), ids=FILES.keys())
def test_compose_files_of_settings(lines, value, verdict, tmp_path):
    compose = f"""\
==> compose.yaml <==
x-shared: &shared
  environment: {{IDLE_STOP_THRESHOLD: 0}}
services:
  worker:
    image: fleet-worker:1.4
    {lines}
"""
    report = audited(tmp_path, GUARDED + IMAGE + ENV_FILES + compose)
    assert said(report, "") == (value, verdict)


SERVICE = """\
==> compose.yaml <==
services:
  worker:
    image: {image}
    environment: {{IDLE_STOP_THRESHOLD: {value}}}
"""


def test_case_13_an_override_file_is_laid_over(tmp_path):
    base = SERVICE.format(image="fleet-worker:1.4", value=5)
    over = "==> compose.override.yaml <==\nservices:\n  worker:\n    environment: {IDLE_STOP_THRESHOLD: 0}\n"
    assert said(audited(tmp_path, GUARDED + IMAGE + base + over), "") == ("0", OFF)


def test_case_13_an_empty_compose_file_is_passed_over(tmp_path):
    report = audited(tmp_path, GUARDED + IMAGE + "==> docker-compose.yml <==\n")
    assert report.settings == ()
    assert report.problems == ()


def test_case_14_a_service_with_the_name_of_another_image(tmp_path):
    compose = SERVICE.format(image="other-worker:1", value=0).replace("worker:\n", "fleet-worker:\n", 1)
    report = audited(tmp_path, GUARDED + IMAGE + compose)
    assert report.settings == ()


def test_case_40_compose_run_overrides_the_service(tmp_path):
    compose = SERVICE.format(image="fleet-worker:1.4", value=5)
    run = f"{RUN}docker compose run -e IDLE_STOP_THRESHOLD=0 worker\n"
    report = audited(tmp_path, GUARDED + IMAGE + compose + run)
    assert said(report, "run.sh") == ("0", OFF)


OTHERS = {
    "case 30: systemd prefers the file": (
        (
            "==> fleet.service <==\n[Service]\nEnvironment=IDLE_STOP_THRESHOLD=0\nEnvironmentFile=/srv/five.env\n"
            "WorkingDirectory=/srv\nExecStart=/usr/bin/python3 -m fleet.worker\n"
        ),
        ("unknown: 0 unless set", UNKNOWN),
    ),
    "case 30: systemd without a file": (
        (
            "==> fleet.service <==\n[Service]\nEnvironment=IDLE_STOP_THRESHOLD=0\n"
            "ExecStart=/usr/bin/python3 -m fleet.worker\n"
        ),
        ("0", OFF),
    ),
    "case 31: Kubernetes, env over envFrom": (
        (
            "==> worker.yaml <==\napiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n"
            "    spec:\n      containers:\n"
            "      - name: worker\n        image: fleet-worker:1.4\n        envFrom:\n"
            "        - configMapRef: {name: settings}\n"
            "        env:\n        - {name: IDLE_STOP_THRESHOLD, value: '0'}\n"
        ),
        ("0", OFF),
    ),
    "case 31: Kubernetes, a config map that is here": (
        (
            "==> worker.yaml <==\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata:\n"
            "  IDLE_STOP_THRESHOLD: '0'\n---\napiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n"
            "      containers:\n      - name: worker\n        image: fleet-worker:1.4\n        envFrom:\n"
            "        - configMapRef: {name: settings}\n"
        ),
        ("0", OFF),
    ),
    "case 31: Kubernetes, a config map that is not": (
        (
            "==> worker.yaml <==\napiVersion: batch/v1\nkind: CronJob\nspec:\n  jobTemplate:\n"
            "    spec:\n      template:\n"
            "        spec:\n          containers:\n          - name: worker\n            image: fleet-worker:1.4\n"
            "            envFrom:\n            - configMapRef: {name: settings}\n"
        ),
        ("unknown: 5 unless set", UNKNOWN),
    ),
    "case 31: Kubernetes, a variable in a variable": (
        (
            "==> worker.yaml <==\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
            "  - name: worker\n    image: fleet-worker:1.4\n"
            "    env:\n    - {name: IDLE, value: '0'}\n    - {name: IDLE_STOP_THRESHOLD, value: $(IDLE)}\n"
        ),
        ("0", OFF),
    ),
    "case 31: ECS, environment": (
        (
            '==> task.json <==\n{"containerDefinitions": [{"name": "w", "image": "fleet-worker:1.4",\n'
            '"environment": [{"name": "IDLE_STOP_THRESHOLD", "value": "0"}],\n'
            '"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::b/x.env"}]}]}\n'
        ),
        ("0", OFF),
    ),
    "case 31: ECS, a file elsewhere": (
        (
            '==> task.json <==\n{"containerDefinitions": [{"name": "w", "image": "fleet-worker:1.4",\n'
            '"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::b/x.env"}]}]}\n'
        ),
        ("unknown: 5 unless set", UNKNOWN),
    ),
    "case 31: ECS, a secret": (
        (
            '==> task.json <==\n{"containerDefinitions": [{"name": "w", "image": "fleet-worker:1.4",\n'
            '"secrets": [{"name": "IDLE_STOP_THRESHOLD", "valueFrom": "arn:aws:ssm:eu-west-1:1:parameter/x"}]}]}\n'
        ),
        ("unknown", UNKNOWN),
    ),
    "case 10: printed text is no run": (
        '==> deploy.ps1 <==\nWrite-Host @"\ndocker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\n"@\n',
        None,
    ),
    "case 10: a comment is no run": (
        (
            "==> deploy.ps1 <==\n<# docker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4 #>\n"
            "# docker run fleet-worker:1.4\n"
        ),
        None,
    ),
    "case 8: a hashtable": (
        (
            '==> deploy.ps1 <==\n$ECR = "1.dkr.ecr.eu-west-1.amazonaws.com"\n$REMOTE = @{\n'
            '  "worker" = "docker pull $ECR/fleet-worker:1.4 && (docker rm worker; true) && docker run -d '
            '-e IDLE_STOP_THRESHOLD=0 ${ECR}/fleet-worker:1.4"\n}\n'
        ),
        ("0", OFF),
    ),
    "case 8: a backtick continues": (
        "==> deploy.ps1 <==\ndocker run -d `\n  -e IDLE_STOP_THRESHOLD=0 `\n  fleet-worker:1.4\n",
        ("0", OFF),
    ),
    "case 9: PowerShell fills in what stands in double quotes": (
        '==> deploy.ps1 <==\n$idle = 0\nssh host "docker run -e IDLE_STOP_THRESHOLD=$idle fleet-worker:1.4"\n',
        ("0", OFF),
    ),
    "case 9: in single quotes it is the shell's": (
        "==> deploy.ps1 <==\n$idle = 0\nssh host 'docker run -e IDLE_STOP_THRESHOLD=$idle fleet-worker:1.4'\n",
        ("unknown", UNKNOWN),
    ),
    "case 33: send-command": (
        (
            "==> send.sh <==\naws ssm send-command --document-name AWS-RunShellScript --parameters "
            '\'{"commands": ["docker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4"]}\'\n'
        ),
        ("0", OFF),
    ),
}


@pytest.mark.parametrize(("files", "expected"), OTHERS.values(), ids=OTHERS.keys())
def test_other_launchers_and_languages(files, expected, tmp_path):
    report = audited(tmp_path, GUARDED + IMAGE + files)
    rows = [(each.value, each.verdict) for each in report.settings]
    assert rows == ([] if expected is None else [expected])


HOST = {
    "exported": ("export IDLE_STOP_THRESHOLD=0\ncd /srv\npython3 -m fleet.worker", "0", OFF),
    "exported, and not exported to a container": (
        "export IDLE_STOP_THRESHOLD=0\ndocker run fleet-worker:1.4",
        "unset: 5",
        ON,
    ),
    "not exported": ("IDLE_STOP_THRESHOLD=0\npython3 -m fleet.worker", "unset: 5", ON),
    "exported afterwards": ("python3 -m fleet.worker\nexport IDLE_STOP_THRESHOLD=0", "unset: 5", ON),
    "in front of the command": (
        "export IDLE_STOP_THRESHOLD=5\nIDLE_STOP_THRESHOLD=0 python3 -m fleet.worker",
        "0",
        OFF,
    ),
    "a file of the repository": ("set -a\n. ./zero.env\nset +a\npython3 -m fleet.worker", "0", OFF),
    "a file that is not here": (
        "set -a\n. /etc/worker.env\nset +a\npython3 -m fleet.worker",
        "unknown: 5 unless set",
        UNKNOWN,
    ),
    "exported under a condition": (
        "if [ -f /x ]; then export IDLE_STOP_THRESHOLD=0; fi\npython3 -m fleet.worker",
        "0 or 5",
        UNKNOWN,
    ),
    "exported behind the file": (
        "set -a\n. /etc/worker.env\nset +a\nexport IDLE_STOP_THRESHOLD=0\npython3 -m fleet.worker",
        "0",
        OFF,
    ),
    "exported before the file": (
        "export IDLE_STOP_THRESHOLD=0\nset -a\n. /etc/worker.env\npython3 -m fleet.worker",
        "unknown: 0 unless set",
        UNKNOWN,
    ),
    "exported, and unset again": (
        "export IDLE_STOP_THRESHOLD=0\nunset IDLE_STOP_THRESHOLD\npython3 -m fleet.worker",
        "unset: 5",
        ON,
    ),
    "what is exported or given": (
        "export IDLE_STOP_THRESHOLD=$(cat /etc/idle)\npython3 -m fleet.worker",
        "unknown",
        UNKNOWN,
    ),
}


@pytest.mark.parametrize(("script", "value", "verdict"), HOST.values(), ids=HOST.keys())
def test_processes_on_the_host_have_what_their_script_exports(script, value, verdict, tmp_path):
    report = audited(tmp_path, GUARDED + IMAGE + ENV_FILES + f"{RUN}{script}\n")
    assert said(report, "") == (value, verdict)


POWERSHELL = {
    "set": ("$env:IDLE_STOP_THRESHOLD = '0'", "0", OFF),
    "set in one branch": ("if ($args[0]) { $env:IDLE_STOP_THRESHOLD = '0' }", "0 or 5", UNKNOWN),
}


@pytest.mark.parametrize(("script", "value", "verdict"), POWERSHELL.values(), ids=POWERSHELL.keys())
def test_processes_of_powershell_have_what_is_set_before(script, value, verdict, tmp_path):
    run = f"==> run.ps1 <==\n{script}\npython -m fleet.worker\n"
    assert said(audited(tmp_path, GUARDED + IMAGE + run), "") == (value, verdict)


ENTRY = {
    "nothing is changed": ("echo hello", "0", OFF),
    "a value": ("export IDLE_STOP_THRESHOLD=5", "5", ON),
    "a value in one branch": ("if [ -f /x ]; then export IDLE_STOP_THRESHOLD=5; fi", "5 or 0", UNKNOWN),
    "values in both branches": (
        "if [ -f /x ]; then export IDLE_STOP_THRESHOLD=5; else export IDLE_STOP_THRESHOLD=3; fi",
        "5 or 3",
        ON,
    ),
    "in one branch what a command prints": (
        "if [ -f /x ]; then export IDLE_STOP_THRESHOLD=$(idle); fi",
        "unknown",
        UNKNOWN,
    ),
    "what it is given, or a default": ("export IDLE_STOP_THRESHOLD=${IDLE_STOP_THRESHOLD:-5}", "0", OFF),
    "what it is given, after a branch": (
        "if [ -f /x ]; then IDLE_STOP_THRESHOLD=5; fi\nexport IDLE_STOP_THRESHOLD=${IDLE_STOP_THRESHOLD:-7}",
        "5 or 0",
        UNKNOWN,
    ),
    "exported as it is given": ("export IDLE_STOP_THRESHOLD", "0", OFF),
    "a file that is not here": ("set -a\n. /etc/worker.env\nset +a", "unknown: 0 unless set", UNKNOWN),
    "a file that is": ("set -a\n. ./five.env\nset +a", "5", ON),
    "unset": ("unset IDLE_STOP_THRESHOLD", "unset: 5", ON),
    "unset in one branch": ("if [ -f /x ]; then unset IDLE_STOP_THRESHOLD; fi", "5 or 0", UNKNOWN),
    "unset, and set again": ("unset IDLE_STOP_THRESHOLD\nexport IDLE_STOP_THRESHOLD=0", "0", OFF),
    "another variable unset": ("unset QUEUE", "0", OFF),
}


@pytest.mark.parametrize(("script", "value", "verdict"), ENTRY.values(), ids=ENTRY.keys())
def test_entry_scripts_change_what_the_launcher_sets(script, value, verdict, tmp_path):
    entry = f"==> entry.sh <==\n#!/bin/sh\n{script}\nexec python -m fleet.worker\n"
    image = IMAGE.replace('CMD ["python", "-m", "fleet.worker"]', 'COPY . .\nENTRYPOINT ["./entry.sh"]')
    run = f"{RUN}docker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\n"
    report = audited(tmp_path, GUARDED + ENV_FILES + entry + image + run)
    assert said(report, "") == (value, verdict)


COMMANDS = {
    "env": ('["env", "IDLE_STOP_THRESHOLD=5", "python", "-m", "fleet.worker"]', "5", ON),
    "env of another variable": ('["env", "QUEUE=5", "python", "-m", "fleet.worker"]', "0", OFF),
    "env without it": ('["env", "-u", "IDLE_STOP_THRESHOLD", "python", "-m", "fleet.worker"]', "unset: 5", ON),
    "a mark that is filled in": (
        '["env", "IDLE_STOP_THRESHOLD={{IDLE}}", "python", "-m", "fleet.worker"]',
        "unknown",
        UNKNOWN,
    ),
    "of a shell": ("IDLE_STOP_THRESHOLD=5 python -m fleet.worker", "5", ON),
}


@pytest.mark.parametrize(("command", "value", "verdict"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_change_what_the_launcher_sets(command, value, verdict, tmp_path):
    image = IMAGE.replace('["python", "-m", "fleet.worker"]', command)
    run = f"{RUN}docker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\n"
    assert said(audited(tmp_path, GUARDED + image + run), "") == (value, verdict)


def test_case_11_a_document_is_weak_and_a_copy_of_it_said_once(tmp_path):
    text = "# How to\n\n```sh\ndocker run -e IDLE_STOP_THRESHOLD=5 fleet-worker:1.4\n```\n"
    report = audited(tmp_path, GUARDED + IMAGE + f"==> docs/a.md <==\n{text}==> docs/b.md <==\n{text}")
    found = row(report, "docs/")
    assert (found.value, found.verdict) == ("5", ON)
    assert "document" in found.how
    assert codes(report) == set()


def test_shadowed_sources_are_named(tmp_path):
    run = f"{RUN}docker run --env-file five.env -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\n"
    report = audited(tmp_path, GUARDED + IMAGE + ENV_FILES + run)
    assert row(report, "run.sh").note == "shadows --env-file five.env:1 = 5"
