"""Kubernetes manifests and ECS task definitions: containers and what sets their variables (case 31)."""

from __future__ import annotations

import json

import pytest

from selfstop.deploy.model import ConfigMap, Launcher, Origin, Reading, Setting, SettingsFile, Strength
from selfstop.deploy.read import json_file, yaml_file
from tests.deploy.readings import runs, settings, short, words

POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker}
spec:
  template:
    spec:
      containers:
        - name: w
          image: registry/w:1
"""


def pod(text: str) -> list[str]:
    """The settings of X in a container with more properties."""
    reading = yaml_file.read("k.yml", POD + "".join(f"          {line}\n" for line in text.splitlines()))
    assert reading.problems == ()
    return settings(runs(reading)["worker/w"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("env:\n- {name: X, value: '0'}", ["0 @11"], id="value"),
        pytest.param(
            "env:\n- {name: X, value: '0'}\n- {name: X, value: '5'}", ["0 @11", "5 @12"], id="twice, in order"
        ),
        pytest.param("env:\n- {name: X}", [" @11"], id="no value is empty"),
        pytest.param(
            "env:\n- name: X\n  valueFrom: {configMapKeyRef: {name: m, key: k}}", ["<m/k> @11"], id="config map"
        ),
        pytest.param("env:\n- name: X\n  valueFrom: {secretKeyRef: {name: s, key: k}}", ["<s/k> @11"], id="secret"),
        pytest.param("env:\n- name: X\n  valueFrom: {fieldRef: {fieldPath: a.b}}", ["<fieldRef> @11"], id="field"),
        pytest.param("env:\n- {name: A, value: '5'}\n- {name: X, value: $(A)}", ["5 @12"], id="a variable before it"),
        pytest.param("env:\n- {name: X, value: $(A)}\n- {name: A, value: '5'}", ["$(A) @11"], id="a variable after it"),
        pytest.param("env:\n- {name: X, value: $$(A)}", ["$(A) @11"], id="no variable"),
        pytest.param(
            "env:\n- {name: X, value: $(A)}\nenvFrom: [{configMapRef: {name: m}}]",
            ["<A> @11"],
            id="a variable that may come from elsewhere",
        ),
        pytest.param("env:\n- {name: X, value: '{{ idle }}'}", ["<idle> @11"], id="template mark"),
        pytest.param("env:\n- {value: '1'}\n- 5", [], id="no name"),
        pytest.param("env: {X: 5}", [], id="a map is none"),
    ],
)
def test_kubernetes_variables(text: str, expected: list[str]) -> None:
    assert pod(text) == expected


def test_doubling_variables_are_left_open() -> None:
    lines = ["env:", "- {name: V0, value: xxxxxxxxxx}"]
    lines += [f"- {{name: V{n}, value: $(V{n - 1})$(V{n - 1})}}" for n in range(1, 40)]
    lines += ["- {name: X, value: $(V39)}"]
    (found,) = pod("\n".join(lines))
    assert found.startswith("<")
    assert len(found) < 1000


def test_env_from() -> None:
    text = "          envFrom:\n          - {configMapRef: {name: m}, prefix: P_}\n"
    text += "          - {secretRef: {name: s, optional: true}}\n"
    run = runs(yaml_file.read("k.yml", POD + text + "          env: [{name: X, value: '0'}]\n"))["worker/w"]
    files = [source for source in run.sources if isinstance(source, SettingsFile)]
    assert [(short(each.file), each.config_map, each.secret, each.required, each.prefix) for each in files] == [
        ("m", True, False, True, "P_"),
        ("s", False, True, False, ""),
    ]
    assert isinstance(run.sources[-1], Setting)


@pytest.mark.parametrize(
    ("kind", "spec", "scheduled"),
    [
        pytest.param("Pod", "spec: {containers: [C]}", False, id="pod"),
        pytest.param("Job", "spec: {template: {spec: {containers: [C]}}}", False, id="job"),
        pytest.param("StatefulSet", "spec: {template: {spec: {containers: [C]}}}", False, id="stateful set"),
        pytest.param(
            "CronJob",
            "spec: {jobTemplate: {spec: {template: {spec: {containers: [C]}}}}}",
            True,
            id="case 31: cron job",
        ),
        pytest.param("Pod", "spec: {initContainers: [C]}", False, id="init container"),
    ],
)
def test_kinds(kind: str, spec: str, scheduled: bool) -> None:
    container = "{name: w, image: i, command: [python], args: [-m, $(M), '$(N)'], env: [{name: M, value: a.b}]}"
    text = f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: n}}\n{spec.replace('C]', container + ']')}\n"
    run = runs(yaml_file.read("k.yml", text))["n/w"]
    assert (run.launcher, run.strength, run.scheduled) == (Launcher.KUBERNETES, Strength.UNATTENDED, scheduled)
    assert (short(run.image), words(run.entrypoint), words(run.command)) == ("i", ["python"], ["-m", "a.b", "$(N)"])


def test_a_list_of_manifests_and_several_documents() -> None:
    text = "kind: List\nitems:\n- kind: Pod\n  metadata: {name: a}\n  spec: {containers: [{name: x}]}\n---\n"
    assert set(runs(yaml_file.read("k.yml", text + POD))) == {"a/x", "worker/w"}


def test_config_maps() -> None:
    text = "kind: ConfigMap\nmetadata: {name: m}\ndata:\n  X: '5'\n  app.ini: |\n    a\n"
    (found,) = yaml_file.read("k.yml", text, line=3).facts
    assert isinstance(found, ConfigMap)
    assert (found.name, found.place.line) == ("m", 3)
    assert [(each.name, short(each.value), each.place.line) for each in found.settings] == [
        ("X", "5", 6),
        ("app.ini", "a\n", 7),
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("kind: Secret\nmetadata: {name: s}\ndata: {X: NQ==}\n", id="secrets are not read"),
        pytest.param("kind: Deployment\nspec: {template: [1]}\n", id="broken"),
        pytest.param("kind: List\nitems: [{kind: List, items: [1]}]\n", id="lists in lists"),
        pytest.param("a", id="no manifest"),
    ],
)
def test_nothing_in_a_manifest(text: str) -> None:
    assert yaml_file.read("k.yml", text) == Reading()


def test_helm_templates_are_told() -> None:
    reading = yaml_file.read("k.yml", "kind: Pod\n{{- if .Values.x }}\nspec: 1\n{{- end }}\n")
    assert [problem.line for problem in reading.problems] == [2]


def task(**properties: object) -> Reading:
    definition = {"name": "w", "image": "r/w:1", **properties}
    text = json.dumps({"family": "f", "containerDefinitions": [definition]}, indent=1)
    return json_file.read("t.json", text)


def test_task_definition() -> None:
    run = runs(
        task(
            command=["python", "-m", "a"],
            entryPoint=["sh"],
            workingDirectory="/app",
            mountPoints=[{"sourceVolume": "v", "containerPath": "/data"}],
        )
    )["w"]
    assert (run.launcher, run.strength, short(run.image)) == (Launcher.ECS, Strength.UNATTENDED, "r/w:1")
    assert (words(run.entrypoint), words(run.command), short(run.workdir)) == (["sh"], ["python", "-m", "a"], "/app")
    assert [(short(each.source), short(each.target)) for each in run.mounts] == [("v", "/data")]


def test_environment_of_a_task_case_31() -> None:
    run = runs(
        task(
            environment=[{"name": "X", "value": "0"}, {"name": "Y"}],
            environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::b/w.env"}],
            secrets=[{"name": "S", "valueFrom": "arn:aws:ssm:::parameter/s"}],
        )
    )["w"]
    file, first, second, secret = run.sources
    assert isinstance(file, SettingsFile)
    assert short(file.file) == "arn:aws:s3:::b/w.env"
    assert settings(run) == ["0 @10"]
    assert isinstance(first, Setting)
    assert isinstance(second, Setting)
    assert (second.name, short(second.value)) == ("Y", "")
    assert isinstance(secret, Setting)
    assert [each.origin for each in secret.value.unresolved] == [Origin.SECRET]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{}", id="empty"),
        pytest.param('{"containerDefinitions": [1, "x", []]}', id="no definitions"),
        pytest.param('{"containerDefinitions": {"name": "w"}}', id="no list"),
    ],
)
def test_no_task(text: str) -> None:
    assert json_file.read("t.json", text) == Reading()


def test_wrapped_task_definition() -> None:
    text = '{"taskDefinition": {"containerDefinitions": [{"name": "w", "image": "i"}]}}'
    assert set(runs(json_file.read("t.json", text))) == {"w"}


def test_broken_task_definition_is_told() -> None:
    assert [each.line for each in json_file.read("t.json", "{\n]", line=5).problems] == [6]
