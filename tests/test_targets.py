"""Which machine is stopped: what addresses and commands read, what commands and configured calls stop, how far an id is
followed, and what must not be taken for another machine."""

from __future__ import annotations

import pickle
from pathlib import Path
from textwrap import dedent

import pytest

from selfstop.config import DEFAULT_STOP_CALLS, EngineOptions
from selfstop.engine import check
from selfstop.model import StopCall, Target
from selfstop.project.loading import loaded
from selfstop.project.targets.identity import Reading, reading
from selfstop.project.targets.texts import HOLE

IMDS = "http://169.254.169.254/latest"

READINGS = {
    f"{IMDS}/meta-data/instance-id": Reading.ID,
    f"{IMDS}/meta-data/instance-id/": Reading.ID,
    "http://169.254.169.254:80/2009-04-04/meta-data/instance-id": Reading.ID,
    "http://[fd00:ec2::254]/latest/meta-data/instance-id": Reading.ID,
    "http://instance-data/latest/meta-data/instance-id": Reading.ID,
    f"{HOLE}/latest/meta-data/instance-id": Reading.ID,
    "/latest/meta-data/instance-id": Reading.ID,
    f"{IMDS}/{HOLE}": Reading.ID,
    f"{IMDS}/meta-data/{HOLE}": Reading.ID,
    IMDS: Reading.SERVICE,
    "169.254.169.254": Reading.SERVICE,
    f"{IMDS}/dynamic/instance-identity/document": Reading.DOCUMENT,
    f"{IMDS}/meta-data/instance-type": Reading.SOMETHING,
    f"{IMDS}/meta-data/instance-id-of-peer": Reading.SOMETHING,
    f"{IMDS}/meta-data/placement/region": Reading.SOMETHING,
    f"{IMDS}/meta-data/tags/instance/{HOLE}": Reading.SOMETHING,
    f"{IMDS}/user-data": Reading.SOMETHING,
    f"{IMDS}/api/token": Reading.SOMETHING,
    "http://169.254.170.2/v2/metadata": Reading.NOTHING,
    "http://inventory/instance-id": Reading.NOTHING,
    HOLE: Reading.NOTHING,
    "": Reading.NOTHING,
    f"curl -s {IMDS}/meta-data/instance-id | tr -d x": Reading.ID,
    f"curl -H 'X-aws-ec2-metadata-token: x' {IMDS}/meta-data/mac": Reading.SOMETHING,
    "ec2-metadata -i": Reading.ID,
    "ec2-metadata --instance-id | cut -d' ' -f2": Reading.ID,
    "/usr/bin/ec2metadata --instance-id": Reading.ID,
    "ec2-metadata": Reading.ID,
    "ec2-metadata | grep -i instance": Reading.ID,
    "ec2-metadata --public-ipv4": Reading.SOMETHING,
    "ec2-metadata-mock -i": Reading.NOTHING,
    "cloud-init query instance_id": Reading.ID,
    "cloud-init query -f '{{ v1.instance_id }}'": Reading.ID,
    "cloud-init query region": Reading.NOTHING,
    "cat /var/lib/cloud/data/instance-id": Reading.ID,
    "/var/lib/cloud/data/instance-id-old": Reading.NOTHING,
    "/var/lib/cloud/instance": Reading.ID,
    "/var/lib/cloud/instance/user-data.txt": Reading.NOTHING,
    "/sys/class/dmi/id/board_asset_tag": Reading.ID,
    "/sys/class/dmi/id/product_uuid": Reading.NOTHING,
    "/run/cloud-init/instance-data.json": Reading.DOCUMENT,
}


@pytest.mark.parametrize(("text", "expected"), READINGS.items(), ids=[repr(text) for text in READINGS])
def test_what_a_text_reads(text: str, expected: Reading) -> None:
    assert reading(text) is expected


def stop_calls(source: str, *families: str, names: frozenset[str] = DEFAULT_STOP_CALLS) -> list[StopCall]:
    options = EngineOptions(stop_calls=names, families=frozenset(families))
    report = check({"a.py": dedent(source).encode("utf-8")}, options)
    assert report.errors == ()
    return sorted({*(finding.call for finding in report.findings), *report.guarded})


def targets(source: str, *families: str, names: frozenset[str] = DEFAULT_STOP_CALLS) -> list[tuple[str, list[int]]]:
    calls = stop_calls(source, *families, names=names)
    return [(call.target.value, [step.line for step in call.sources]) for call in calls]


COMMANDS = {
    "os.system('sudo shutdown -h now')": ("self", []),
    "subprocess.run(['poweroff'])": ("self", []),
    "os.system('aws ec2 stop-instances --instance-ids $(ec2-metadata -i)')": ("self", [2]),
    f"os.system('aws ec2 stop-instances --instance-ids `curl {IMDS}/meta-data/instance-id`')": ("self", [2]),
    "subprocess.run(['aws', 'ec2', 'stop-instances', '--instance-ids', ec2_metadata.instance_id])": ("self", [2]),
    "os.system(f'aws ec2 stop-instances --instance-ids {ec2_metadata.instance_id}')": ("self", [2]),
    "subprocess.run(['aws', 'ec2', 'stop-instances', '--instance-ids', os.environ['PEER']])": ("unknown", []),
    "subprocess.run(['aws', 'ec2', 'stop-instances', '--instance-ids', 'i-0123'])": ("unknown", []),
}


@pytest.mark.parametrize(("command", "expected"), COMMANDS.items(), ids=COMMANDS)
def test_commands_of_the_operating_system(command: str, expected: tuple[str, list[int]]) -> None:
    source = f"import os, subprocess; from ec2_metadata import ec2_metadata\n{command}\n"
    assert targets(source, "os") == [expected]


def test_notebooks_know_their_own_name() -> None:
    source = """\
        import json, boto3
        with open("/opt/ml/metadata/resource-metadata.json") as file:
            about = json.load(file)
        boto3.client("sagemaker").stop_notebook_instance(NotebookInstanceName=about["ResourceName"])
        boto3.client("sagemaker").stop_notebook_instance(NotebookInstanceName=about["DomainId"])
        """
    assert targets(source, "sagemaker") == [("self", [2]), ("unknown", [])]


def test_machines_of_a_scaling_group_are_terminated_by_id() -> None:
    source = """\
        import boto3
        from ec2_metadata import ec2_metadata
        boto3.client("autoscaling").terminate_instance_in_auto_scaling_group(
            InstanceId=ec2_metadata.instance_id, ShouldDecrementDesiredCapacity=True
        )
        boto3.client("ec2").terminate_instances(InstanceIds=[ec2_metadata.instance_id])
        boto3.resource("ec2").Instance(ec2_metadata.instance_id).terminate()
        """
    assert targets(source, "terminate") == [("self", [3]), ("self", [6]), ("self", [7])]


def test_of_a_configured_stop_call_only_this_machine_is_believed() -> None:
    """Nobody knows what its arguments mean."""
    source = """\
        from ec2_metadata import ec2_metadata
        from machines import ec2, power_down
        power_down(ec2_metadata.instance_id)
        power_down("now", after=ec2.run_instances()["Instances"][0]["InstanceId"])
        power_down()
        """
    assert targets(source, names=frozenset({"power_down"})) == [("self", [3]), ("unknown", []), ("unknown", [])]


def test_the_name_of_the_incident_counts_only_while_it_is_a_stop_call() -> None:
    source = "from machines import _stop_self_ec2, stop_instances\n_stop_self_ec2()\nstop_instances()\n"
    assert targets(source) == [("self", []), ("unknown", [])]
    assert targets(source, names=frozenset({"stop_instances"})) == [("unknown", [])]


OTHERS = {
    "by tag": 'Filters=[{"Name": "tag:Role", "Values": ["worker"]}]',
    "by state": 'Filters=[{"Name": "instance-state-name", "Values": ["running"]}], MaxResults=page',
    "all": "",
    "in pages": "NextToken=page",
}


@pytest.mark.parametrize("criteria", OTHERS.values(), ids=OTHERS)
def test_listed_machines_are_others(criteria: str) -> None:
    assert listed(criteria) == "other"


NOT_OTHERS = {
    "by address": 'Filters=[{"Name": "private-ip-address", "Values": ["10.0.0.1"]}]',
    "by name": 'Filters=[{"Name": "tag:Name", "Values": ["notebook"]}]',
    "by a host's name": 'Filters=[{"Name": "private-dns-name", "Values": ["a.internal"]}]',
    "by id": 'InstanceIds=["i-0123456789abcdef0"]',
    "by ids in a filter": 'Filters=[{"Name": "instance-id", "Values": ["i-0123456789abcdef0"]}]',
    "by a parameter": 'Filters=[{"Name": "tag:Role", "Values": [page]}]',
    "by a variable of the environment": 'Filters=[{"Name": "tag:Role", "Values": [os.environ["ROLE"]]}]',
    "by unknown filters": "Filters=page",
    "by unknown parameters": "**page",
    "by this host": 'Filters=[{"Name": "tag:Host", "Values": [socket.gethostname()]}]',
}


@pytest.mark.parametrize("criteria", NOT_OTHERS.values(), ids=NOT_OTHERS)
def test_machines_that_may_be_this_one_are_unknown(criteria: str) -> None:
    assert listed(criteria) == "unknown"


def listed(criteria: str) -> str:
    source = f"""\
        import os, socket, boto3
        ec2 = boto3.client("ec2")
        def stop_listed(page):
            for group in ec2.describe_instances({criteria})["Reservations"]:
                ec2.stop_instances(InstanceIds=[machine["InstanceId"] for machine in group["Instances"]])
        """
    ((target, _),) = targets(source)
    return target


DOUBTS = {
    "an address": "machine.private_ip_address == socket.gethostbyname(socket.gethostname())",
    "an address, the other way round": "socket.gethostname() == machine.private_dns_name",
    "a parameter": "machine.id == wanted",
    "parameters": "machine.id in wanted",
    "the key of a name": 'any(tag["Key"] == "Name" for tag in machine.tags)',
    "a prefix": "machine.private_dns_name.startswith(wanted)",
    "a pattern": "re.match(wanted, machine.private_dns_name)",
    "a table": "wanted[machine.id]",
    "a predicate of the program": "is_here(machine)",
    "a predicate from elsewhere": "is_ours(machine)",
    "what a predicate kept": "is_kept(machine, kept)",
    "this very id": "machine.id == ec2_metadata.instance_id or wanted",
}


@pytest.mark.parametrize("test", DOUBTS.values(), ids=DOUBTS)
def test_a_comparison_may_have_picked_this_machine(test: str) -> None:
    assert picked(test) == "unknown"


NO_DOUBTS = {
    "a state": 'machine.state["Name"] == "running"',
    "the key of another tag": 'any(tag["Key"] == "AutoStop" for tag in machine.tags)',
    "a measure": "wanted >= 5",
    "what has nothing to do with it": "wanted == socket.gethostname()",
    "whether there is something": "machine.tags",
    "a prefix that is written down": 'machine.key_name.startswith("ci-")',
    "a predicate of the program": "is_running(machine)",
    "what was already seen": "machine.id in seen",
    "not this one": "machine.id != ec2_metadata.instance_id",
}


@pytest.mark.parametrize("test", NO_DOUBTS.values(), ids=NO_DOUBTS)
def test_a_comparison_with_a_constant_picks_no_single_machine(test: str) -> None:
    assert picked(test) == "other"


def test_a_comparison_picks_this_machine() -> None:
    assert picked("machine.id == ec2_metadata.instance_id") == "self"


def picked(test: str) -> str:
    source = f"""\
        import re, socket, boto3
        from ec2_metadata import ec2_metadata
        from machines import is_ours
        def is_here(machine):
            return machine.private_dns_name == socket.gethostname()
        def is_running(machine):
            return machine.state["Name"] in ("running", "pending")
        def is_kept(machine, kept):
            return kept.get(machine.id)
        def stop_some(wanted, kept):
            seen = set()
            for machine in boto3.resource("ec2").instances.all():
                seen.add(machine.id)
                if {test}:
                    machine.stop()
        """
    ((target, _),) = targets(source)
    return target


def test_an_id_that_leads_back_to_itself_is_unknown() -> None:
    source = """\
        import boto3
        def find(n):
            return find(n - 1)
        boto3.client("ec2").stop_instances(InstanceIds=[find(3)])
        """
    assert targets(source) == [("unknown", [])]


@pytest.mark.parametrize(("launched", "expected"), [(9, "other"), (200, "unknown")])
def test_what_was_not_looked_at_is_unknown(launched: int, expected: str) -> None:
    adding = "ids.append(ec2.run_instances()['Instances'][0]['InstanceId'])\n" * launched
    source = f"import boto3\nec2 = boto3.client('ec2')\nids = []\n{adding}ec2.stop_instances(InstanceIds=ids)\n"
    ((target, _),) = targets(source)
    assert target == expected


def test_a_class_two_imports_away_is_found() -> None:
    files = {
        "worker.py": """\
            from helpers import here
            def leave(ec2):
                ec2.stop_instances(InstanceIds=[here.identity()])
            """,
        "helpers.py": "from machines import Here\nhere = Here()\n",
        "machines.py": "from metadata import Metadata\nclass Here(Metadata):\n    pass\n",
        "metadata.py": """\
            import requests
            class Metadata:
                def identity(self):
                    return requests.get("http://169.254.169.254/latest/meta-data/instance-id").text
            """,
        "unrelated.py": "def identity():\n    return 'me'\n",
    }
    report = check({name: dedent(text).encode("utf-8") for name, text in files.items()}, EngineOptions())
    (call,) = {finding.call for finding in report.findings}
    assert call.target is Target.SELF
    assert [(step.path, step.line) for step in call.sources] == [("metadata.py", 4)]


FILES = sorted((Path(__file__).parent.parent / "fixtures" / "rules" / "targets").glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_targets_do_not_depend_on_how_much_is_taken_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {path.name: path.read_bytes()}
    whole = check(files, EngineOptions())
    monkeypatch.setattr(loaded, "SHORT", 0)
    assert check(files, EngineOptions()) == whole


def test_the_source_is_shown_as_it_is_written_on_one_line() -> None:
    source = """\
        import boto3, requests
        me = requests.get(
            "http://169.254.169.254/latest/meta-data/instance-id",
            headers={
                "X-aws-ec2-metadata-token": token,
            },
        ).text
        boto3.client("ec2").stop_instances(InstanceIds=[me])
        """
    ((step,),) = [call.sources for call in stop_calls(source)]
    assert step.line == 2
    assert step.text == (
        'requests.get("http://169.254.169.254/latest/meta-data/instance-id", '
        'headers={"X-aws-ec2-metadata-token": token})'
    )


def test_stop_calls_with_targets_pickle_and_sort() -> None:
    source = """\
        import boto3
        from ec2_metadata import ec2_metadata
        ec2 = boto3.client("ec2")
        ec2.stop_instances(InstanceIds=[ec2_metadata.instance_id])
        ec2.stop_instances(InstanceIds=[unknown])
        """
    calls = stop_calls(source)
    assert [call.target for call in calls] == [Target.SELF, Target.UNKNOWN]
    assert pickle.loads(pickle.dumps(calls)) == calls
    assert sorted([calls[1], calls[0]]) == calls


def test_only_a_machine_that_may_be_its_own_is_said_to_be_replaced() -> None:
    call = 'import boto3\nec2 = boto3.client("ec2")\nec2.stop_instances(InstanceIds=[{}])\n'
    said = {}
    for name, identity in {"other": 'ec2.run_instances()["Instances"][0]["InstanceId"]', "unknown": "print()"}.items():
        (finding,) = check({"a.py": call.format(identity).encode()}, EngineOptions()).findings
        assert (finding.code, finding.call.target.value) == ("SST101", name)
        said[name] = "every replacement machine stops itself too" in finding.message
    assert said == {"other": False, "unknown": True}
