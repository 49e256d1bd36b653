"""Terraform files: groups, launch templates, user data, roles, variables (cases 24, 26, 35)."""

from __future__ import annotations

import sys

import pytest

from selfstop.deploy.arguments import with_parameters
from selfstop.deploy.collect import Unit
from selfstop.deploy.model import (
    CapacityWrite,
    Fact,
    Instance,
    InstanceProfile,
    Launcher,
    LaunchTemplate,
    Layer,
    Parameter,
    Place,
    Policy,
    Problem,
    Reading,
    Role,
    RolePolicy,
    Run,
    ScalingGroup,
    Script,
    Setting,
    Strength,
    Unresolved,
    UserData,
    Value,
)
from selfstop.deploy.permission import Permission, judge
from selfstop.deploy.read.terraform import read
from selfstop.deploy.templates import with_templates
from tests.deploy.readings import runs, settings, short


def facts(text: str, kind: type, path: str = "infra/main.tf") -> list:
    """The facts of a kind in a file without a fault."""
    reading = read(path, text)
    assert reading.problems == ()
    return [fact for fact in reading.facts if isinstance(fact, kind)]


GROUP = """
resource "aws_autoscaling_group" "g" {
  name             = "workers"
  min_size         = 1
  max_size         = var.most
  desired_capacity = var.prod ? 1 : 0
  launch_template {
    id      = aws_launch_template.t.id
    version = "$Latest"
  }
}
"""


def test_group() -> None:
    (group,) = facts(GROUP, ScalingGroup)
    assert (short(group.name), group.label, group.place.line) == ("workers", "infra:aws_autoscaling_group.g", 2)
    assert (short(group.minimum), short(group.maximum), short(group.desired)) == ("1", "<var.most>", "<var.prod/1/0.>")
    assert short(group.template) == "infra:aws_launch_template.t"
    assert group.strength is Strength.UNATTENDED


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            "launch_configuration = aws_launch_configuration.c.name",
            ("infra:aws_autoscaling_group.g", "infra:aws_launch_configuration.c"),
            id="launch configuration, no name",
        ),
        pytest.param('name = "${var.env}-w"\nlaunch_template {\nname = "lt"\n}', ("<var.env>-w", "lt"), id="by name"),
        pytest.param(
            "mixed_instances_policy {\nlaunch_template {\nlaunch_template_specification {\n"
            "launch_template_id = aws_launch_template.t[0].id\n}\n}\n}",
            ("infra:aws_autoscaling_group.g", "infra:aws_launch_template.t"),
            id="mixed instances",
        ),
        pytest.param(
            'dynamic "launch_template" {\nfor_each = [1]\ncontent {\nid = "lt-1"\n}\n}',
            ("infra:aws_autoscaling_group.g", "lt-1"),
            id="dynamic block",
        ),
    ],
)
def test_names_of_groups(body: str, expected: tuple[str, str]) -> None:
    (group,) = facts(f'resource "aws_autoscaling_group" "g" {{\n{body}\n}}', ScalingGroup)
    assert (short(group.name), short(group.template)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("count = var.on ? 1 : 0", ["count = var.on ? 1 : 0"], id="count"),
        pytest.param("for_each = toset(var.names)", ["for_each = toset(var.names)"], id="for each"),
        pytest.param("count = 2", [], id="always"),
        pytest.param("", [], id="none"),
    ],
)
def test_groups_that_may_not_be_there(body: str, expected: list[str]) -> None:
    (group,) = facts(f'resource "aws_autoscaling_group" "g" {{\n{body}\n}}', ScalingGroup)
    assert [each.text for each in group.conditions] == expected


def test_a_schedule_writes_the_capacity_unless_it_leaves_it() -> None:
    text = 'resource "aws_autoscaling_schedule" "s" {\n'
    text += "autoscaling_group_name = aws_autoscaling_group.g.name\nmin_size = 1\nmax_size = -1\n}"
    (write,) = facts(text, CapacityWrite)
    assert (short(write.group), short(write.minimum), write.maximum) == ("infra:aws_autoscaling_group.g", "1", None)


def test_an_application_target_is_no_group_case_23() -> None:
    text = 'resource "aws_appautoscaling_target" "t" {\n  min_capacity = 0\n  resource_id = "auto-scaling-group/w"\n}\n'
    assert facts(text, Fact) == []


def test_module_that_makes_a_group() -> None:
    text = 'module "asg" {\n  source = "terraform-aws-modules/autoscaling/aws"\n  name = "w"\n  min_size = 1\n'
    text += '  user_data = base64encode("docker run w")\n}\nmodule "other" {\n  source = "./other"\n  min_size = 1\n}\n'
    (group,), (template,) = facts(text, ScalingGroup), facts(text, LaunchTemplate)
    assert short(group.template) == template.label == "infra:module.asg"
    assert template.user_data.script.text == "docker run w"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("5", "5", id="number"),
        pytest.param("-1.5", "-1.5", id="negative number"),
        pytest.param('"a"', "a", id="text"),
        pytest.param('"a\\n\\"b\\u0041$${x}%%{y}"', 'a\n"bA${x}%{y}', id="escapes"),
        pytest.param("null", None, id="null"),
        pytest.param("[1]", None, id="list"),
        pytest.param("var.d", "<var.d/7>", id="a default is a candidate only"),
        pytest.param("var.none", "<var.none>", id="no default"),
        pytest.param("var.secret", "<var.secret>", id="the default of a secret is not kept"),
        pytest.param("var.elsewhere", "<var.elsewhere>", id="declared elsewhere"),
        pytest.param("local.a", "x-<var.d/7>", id="local"),
        pytest.param("local.loop", "<local.loop>", id="local of itself"),
        pytest.param("local.elsewhere", "<local.elsewhere>", id="local of another file"),
        pytest.param('"${var.d}/w:${local.b}"', "<var.d/7>/w:0", id="case 35: text with variables"),
        pytest.param(
            '"${aws_ecr_repository.w.repository_url}:1"',
            "<aws_ecr_repository.w.repository_url>:1",
            id="attribute of a resource in a text",
        ),
        pytest.param("aws_x.y[0].arn", "infra:aws_x.y", id="reference to a resource"),
        pytest.param("module.m.x", "<module.m.x>", id="output of a module"),
        pytest.param("each.value", "<each.value>", id="each"),
        pytest.param("tostring(local.b)", "0", id="conversion"),
        pytest.param('format("%s-%d", "a", var.d)', "a-<var.d/7>", id="format"),
        pytest.param('format("%05d", 1)', "<format>", id="format with a width"),
        pytest.param('join("-", ["a", var.d])', "a-<var.d/7>", id="join"),
        pytest.param('join("-", var.list)', "<join>", id="join of an open list"),
        pytest.param("var.d + 1", "<var.d + 1>", id="calculation"),
        pytest.param('lookup(var.m, "a", 1)', "<lookup>", id="other functions"),
        pytest.param("[for x in y : x][0]", "<[for x in y : x][0]>", id="other expressions"),
    ],
)
def test_values(value: str, expected: str | None) -> None:
    text = f"""
variable "d" {{
  default = 7
}}
variable "none" {{}}
variable "secret" {{
  default   = "hunter2"
  sensitive = true
}}
locals {{
  a    = "x-${{var.d}}"
  b    = 0
  loop = local.loop
}}
resource "aws_autoscaling_group" "g" {{
  min_size = {value}
}}
"""
    assert short(facts(text, ScalingGroup)[0].minimum) == expected


def launched(body: str, rest: str = "") -> UserData:
    """The user data of a launch template whose body begins on line 2."""
    found = facts(f'resource "aws_launch_template" "t" {{\n{body}\n}}\n{rest}', LaunchTemplate)[0].user_data
    assert isinstance(found, UserData)
    return found


HEREDOC = """<<-EOT
    #!/bin/bash
    docker run -e X=${var.idle} $${IMAGE} \\
      w
  EOT"""
LINES = "#!/bin/bash\ndocker run -e X=${var.idle} ${IMAGE} \\\n  w\n"


@pytest.mark.parametrize(
    ("body", "rest", "line", "script"),
    [
        pytest.param(f"user_data = base64encode({HEREDOC}\n)", "", 3, LINES, id="case 24: heredoc in base64"),
        pytest.param(f"user_data = {HEREDOC}", "", 3, LINES, id="heredoc"),
        pytest.param("user_data = local.script", f"locals {{\nscript = {HEREDOC}\n}}", 6, LINES, id="local"),
        pytest.param('user_data = "${local.script}"', f"locals {{\nscript = {HEREDOC}\n}}", 6, LINES, id="in quotes"),
        pytest.param("user_data = <<EOT\n  a\nb\nEOT", "", 3, "  a\nb\n", id="heredoc that keeps its indentation"),
        pytest.param('user_data = base64encode("#!/bin/sh\\na")', "", 2, "#!/bin/sh\na", id="quoted"),
        pytest.param('user_data = join("\\n", ["a", "b"])', "", 2, "a\nb", id="joined lines"),
        pytest.param(
            "user_data = data.template_file.t.rendered",
            f'data "template_file" "t" {{\ntemplate = {HEREDOC}\n}}',
            6,
            LINES,
            id="data source",
        ),
        pytest.param(
            "user_data = data.cloudinit_config.c.rendered",
            f'data "cloudinit_config" "c" {{\npart {{\ncontent = {HEREDOC}\n}}\n}}',
            7,
            LINES,
            id="cloud-init",
        ),
        pytest.param(
            "user_data = <<-EOT\n    a\n      %{ if x }b%{ endif }\n    EOT",
            "",
            3,
            "a\n  %{ if x }b%{ endif }\n",
            id="directive",
        ),
    ],
)
def test_user_data(body: str, rest: str, line: int, script: str) -> None:
    found = launched(body, rest).script
    assert isinstance(found, Script)
    assert (found.place.line, found.text, found.strength) == (line, script, Strength.UNATTENDED)
    assert found.one_line is ("EOT" not in body + rest)


@pytest.mark.parametrize(
    ("expression", "file", "variables"),
    [
        pytest.param('filebase64("${path.module}/u.sh")', "infra/u.sh", [], id="case 24: filebase64"),
        pytest.param('base64encode(file("u.sh"))', "infra/u.sh", [], id="file"),
        pytest.param(
            'templatefile("${path.module}/../u.tpl", { idle = 0, x = var.x })',
            "u.tpl",
            [("idle", "0"), ("x", "<var.x>")],
            id="case 24: templatefile",
        ),
        pytest.param('base64encode(replace(file("u.sh"), "{{X}}", "1"))', "infra/u.sh", [], id="replaced text"),
        pytest.param('file("${path.root}/u.sh")', "<path.root>/u.sh", [], id="directory that is not known"),
        pytest.param("data.template_file.t.rendered", "infra/u.tpl", [("idle", "5")], id="data source"),
    ],
)
def test_user_data_in_files(expression: str, file: str, variables: list[tuple[str, str]]) -> None:
    rest = 'data "template_file" "t" {\n  template = file("${path.module}/u.tpl")\n  vars = { idle = 5 }\n}'
    found = launched(f"user_data = {expression}", rest)
    assert (short(found.file), [(name, short(value)) for name, value in found.variables]) == (file, variables)


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("var.user_data", id="variable"),
        pytest.param("data.template_file.elsewhere.rendered", id="data source of another file"),
        pytest.param("module.u.data", id="module"),
    ],
)
def test_user_data_from_elsewhere(expression: str) -> None:
    found = launched(f"user_data = {expression}")
    assert found.script is found.file is None
    assert found.text


def test_launch_template_properties() -> None:
    body = 'name = "lt"\niam_instance_profile {\narn = aws_iam_instance_profile.p.arn\n}\n'
    body += 'tag_specifications {\ntags = { Name = "w", "b" = 1 }\n}'
    (found,) = facts(f'resource "aws_launch_template" "t" {{\n{body}\n}}', LaunchTemplate)
    assert (short(found.name), short(found.host)) == ("lt", "w")
    assert (short(found.profile), found.user_data) == ("infra:aws_iam_instance_profile.p", None)


@pytest.mark.parametrize(("kind", "fact"), [("aws_launch_configuration", LaunchTemplate), ("aws_instance", Instance)])
def test_launch_configurations_and_instances(kind: str, fact: type) -> None:
    text = f'resource "{kind}" "x" {{\n  iam_instance_profile = "p"\n  user_data = "docker run w"\n}}\n'
    (found,) = facts(text, fact)
    assert (short(found.profile), found.user_data.script.text) == ("p", "docker run w")


STATEMENT = '{ Effect = "Allow", Action = ["ec2:Stop*"], Resource = "arn:aws:ec2:${var.region}:*:instance/*" }'


@pytest.mark.parametrize(
    ("policy", "rest", "line", "expected"),
    [
        pytest.param(f"jsonencode({{\nStatement = [\n{STATEMENT}\n]\n}})", "", 5, Permission.ALLOWED, id="jsonencode"),
        pytest.param(f"jsonencode({{ Statement = {STATEMENT} }})", "", 3, Permission.ALLOWED, id="one statement"),
        pytest.param(
            '<<EOF\n{"Statement": [\n{"Effect": "Deny", "Action": "*", "Resource": "${aws_x.y.arn}/*"}\n]}\nEOF',
            "",
            5,
            Permission.UNKNOWN,
            id="heredoc with a resource that is filled in",
        ),
        pytest.param(
            '"{\\"Statement\\": {\\"Effect\\": \\"Deny\\", \\"Action\\": \\"*\\", \\"Resource\\": \\"*\\"}}"',
            "",
            3,
            Permission.DENIED,
            id="quoted",
        ),
        pytest.param(
            "data.aws_iam_policy_document.d.json",
            'data "aws_iam_policy_document" "d" {\nstatement {\nactions = ["ec2:*"]\nresources = ["*"]\n}\n}',
            6,
            Permission.ALLOWED,
            id="data source",
        ),
        pytest.param(
            "data.aws_iam_policy_document.d.json",
            'data "aws_iam_policy_document" "d" {\nstatement {\neffect = "Deny"\nactions = ["ec2:*"]\n'
            'resources = ["*"]\ncondition {\ntest = "Bool"\nvariable = "v"\nvalues = ["x"]\n}\n}\n}',
            6,
            Permission.UNKNOWN,
            id="data source with a condition",
        ),
        pytest.param(
            "data.aws_iam_policy_document.d.json",
            'data "aws_iam_policy_document" "d" {\nstatement {\nactions = var.actions\nresources = ["*"]\n}\n}',
            6,
            Permission.UNKNOWN,
            id="actions that are given",
        ),
    ],
)
def test_policy_of_a_role_case_26(policy: str, rest: str, line: int, expected: Permission) -> None:
    text = f'resource "aws_iam_role_policy" "p" {{\nrole = aws_iam_role.r.id\npolicy = {policy}\n}}\n{rest}'
    (given,) = facts(text, RolePolicy)
    assert (short(given.role), given.policy.statements[0].place.line) == ("infra:aws_iam_role.r", line)
    assert judge([given.policy], complete=False).permission is expected


def test_policy_files_and_policies_elsewhere() -> None:
    text = 'resource "aws_iam_role_policy" "a" {\nrole = "r"\npolicy = file("${path.module}/p.json")\n}\n'
    text += 'resource "aws_iam_role_policy" "b" {\nrole = "r"\npolicy = var.policy\n}\n'
    first, second = facts(text, RolePolicy)
    assert (short(first.file), first.policy, first.reference) == ("infra/p.json", None, None)
    assert (short(second.reference), second.policy, second.file) == ("<var.policy>", None, None)


def test_role_and_what_is_attached_to_it() -> None:
    text = """
resource "aws_iam_role" "r" {
  name                 = "worker"
  permissions_boundary = aws_iam_policy.limit.arn
  managed_policy_arns  = ["arn:aws:iam::aws:policy/AmazonSQSFullAccess"]
  assume_role_policy   = "{}"
  inline_policy {
    name   = "inline"
    policy = jsonencode({ Statement = [] })
  }
}
resource "aws_iam_policy" "limit" {
  name   = "limit"
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sqs:*", Resource = "*" }] })
}
resource "aws_iam_policy" "open" {
  policy = data.aws_iam_policy_document.elsewhere.json
}
resource "aws_iam_role_policy_attachment" "a" {
  role       = aws_iam_role.r.name
  policy_arn = aws_iam_policy.limit.arn
}
resource "aws_iam_policy_attachment" "b" {
  roles      = [aws_iam_role.r.name, "other"]
  policy_arn = "arn:x"
}
resource "aws_iam_instance_profile" "p" {
  role = aws_iam_role.r.name
}
"""
    (role,), (profile,) = facts(text, Role), facts(text, InstanceProfile)
    label = "infra:aws_iam_role.r"
    assert (short(role.name), role.label, role.complete) == ("worker", label, True)
    assert (short(role.boundary), short(profile.role)) == ("infra:aws_iam_policy.limit", label)
    assert [(each.name, each.label, each.complete) for each in facts(text, Policy)] == [
        ("limit", "infra:aws_iam_policy.limit", True),
        ("infra:aws_iam_policy.open", "infra:aws_iam_policy.open", False),
    ]
    assert [(short(each.role), each.name or short(each.reference)) for each in facts(text, RolePolicy)] == [
        (label, "inline"),
        (label, "arn:aws:iam::aws:policy/AmazonSQSFullAccess"),
        (label, "infra:aws_iam_policy.limit"),
        (label, "arn:x"),
        ("other", "arn:x"),
    ]


@pytest.mark.parametrize(
    "definitions",
    [
        pytest.param(
            'jsonencode([{ name = "w", image = "${var.r}/w", environment = [{ name = "X", value = "0" }] }])',
            id="jsonencode",
        ),
        pytest.param(
            '<<EOF\n[{"name": "w", "image": "${var.r}/w", "environment": [{"name": "X", "value": "0"}]}]\nEOF',
            id="heredoc",
        ),
    ],
)
def test_task_definition(definitions: str) -> None:
    text = f'resource "aws_ecs_task_definition" "t" {{\ncontainer_definitions = {definitions}\n}}\n'
    run = runs(read("main.tf", text))["w"]
    assert settings(run)[0].startswith("0 @")
    assert short(run.image) in {"<var.r>/w", "{{var.r}}/w"}


# Variables across the files of a directory


def group_of(files: dict[str, str]) -> ScalingGroup:
    """The group, with what the other files of its directory say put in."""
    units = [Unit(Place(path, 1), read(path, text).facts) for path, text in files.items()]
    found = [fact for unit in with_parameters(units) for fact in unit.facts if isinstance(fact, ScalingGroup)]
    return found[0]


DEFAULT = 'variable "most" {\n  default = 20\n}\n'


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, "<var.most>", id="nowhere"),
        pytest.param({"infra/variables.tf": DEFAULT}, "<var.most/20>", id="the default in another file"),
        pytest.param({"other/variables.tf": DEFAULT}, "<var.most>", id="a file of another directory"),
        pytest.param({"infra/terraform.tfvars": "most = 3"}, "<var.most/3>", id="read by Terraform itself"),
        pytest.param(
            {"infra/variables.tf": DEFAULT, "infra/x.auto.tfvars": "most = 3"}, "<var.most/3>", id="before the default"
        ),
        pytest.param(
            {"infra/variables.tf": DEFAULT, "infra/prod.tfvars": "most = 3"},
            "<var.most/20/3>",
            id="files that somebody may name",
        ),
        pytest.param({"infra/terraform.tfvars": "most = [1]"}, "<var.most>", id="a list"),
    ],
)
def test_variables_of_other_files_are_candidates(files: dict[str, str], expected: str) -> None:
    assert short(group_of({"infra/main.tf": GROUP, **files}).maximum) == expected


def test_locals_of_other_files_are_put_in() -> None:
    group = 'resource "aws_autoscaling_group" "g" {\n  min_size = local.least\n}\n'
    assert short(group_of({"main.tf": group, "locals.tf": "locals {\n  least = 1\n}\n"}).minimum) == "1"


TEMPLATE = 'user_data = templatefile("u.sh", { idle = %s })'


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(["0"], "0", id="case 24: a literal"),
        pytest.param(["0", "0"], "0", id="the same twice"),
        pytest.param(["0", "5"], "<idle/0/5.>", id="different ones"),
        pytest.param(["0", "var.x"], "<idle/0>", id="one of them open"),
        pytest.param(["var.x"], "<var.x>", id="open"),
        pytest.param([], "<idle>", id="nobody fills it in"),
    ],
)
def test_templates_are_filled_in(values: list[str], expected: str) -> None:
    blocks = "".join(
        f'resource "aws_instance" "i{number}" {{\n{TEMPLATE % value}\n}}\n' for number, value in enumerate(values)
    )
    idle = Value((Unresolved("${idle}", "idle"),))
    setting = Setting("X", idle, Layer.TABLE, Place("u.sh", 2))
    started = Run(Launcher.DOCKER, Place("u.sh", 2), sources=(setting,))
    units = [Unit(Place("main.tf", 1), read("main.tf", blocks).facts), Unit(Place("u.sh", 1), (started,))]
    (run,) = (
        fact for unit in with_templates(units, ["main.tf", "u.sh"]) for fact in unit.facts if isinstance(fact, Run)
    )
    assert settings(run) == [f"{expected} @2"]


def test_long_texts_are_no_parameters() -> None:
    assert facts(f'locals {{\n  a = "{"x" * 300}"\n  b = 1\n}}\n', Parameter) == facts(
        "locals {\n\n  b = 1\n}", Parameter
    )


# Bad input


def test_the_rest_of_a_broken_file_is_read() -> None:
    reading = read("main.tf", GROUP + "\nresource {{{\n")
    assert any(isinstance(fact, ScalingGroup) for fact in reading.facts)
    assert [(each.path, "HCL" in each.reason) for each in reading.problems] == [("main.tf", True)]


def test_lines_are_counted_from_where_the_text_begins() -> None:
    (group,) = read("guide.md", GROUP, line=10, strength=Strength.DOCUMENT).facts
    assert isinstance(group, ScalingGroup)
    assert (group.place.line, group.strength) == (11, Strength.DOCUMENT)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = " + "[" * 40_000, id="case 38: brackets"),
        pytest.param("a {\n" * 5_000, id="blocks in blocks"),
        pytest.param('a = "' + "${" * 4_000, id="open interpolations"),
        pytest.param(")" * 40_000, id="case 38: parentheses"),
        pytest.param("a = 1\n" * 4_000, id="many attributes"),
        pytest.param("a = x" + ".y" * 10_000, id="long reference"),
        pytest.param("a = " + "f(" * 20_000, id="calls in calls"),
        pytest.param("a = " + "-" * 50_000 + "1", id="signs"),
        pytest.param("a = <<EOF\n" * 10_000, id="open here-documents"),
        pytest.param('a = "\udc80"', id="not UTF-8"),
        pytest.param("", id="empty"),
        pytest.param("a = 1\n" * 50_000, id="too large"),
        pytest.param(
            "locals {\n  l0 = 1\n" + "".join(f"  l{n} = local.l{n - 1}\n" for n in range(1, 1500)) + "}\n",
            id="a chain of locals",
        ),
    ],
)
def test_hostile_files(text: str) -> None:
    reading = read("main.tf", text)
    assert all(isinstance(fact, Parameter) for fact in reading.facts)
    assert len(reading.problems) <= 1


GROWING = {
    "doubling": ('"${{local.l{0}}}${{local.l{0}}}"', 24),
    "a function that joins": ('join("", [local.l{0}, local.l{0}, local.l{0}, local.l{0}])', 12),
    "a function that formats": ('format("%s%s%s%s", local.l{0}, local.l{0}, local.l{0}, local.l{0})', 12),
}


@pytest.mark.parametrize(("grown", "levels"), GROWING.values(), ids=GROWING.keys())
def test_growing_locals_are_bounded(grown: str, levels: int) -> None:
    lines = "".join(f"  l{n} = {grown.format(n - 1)}\n" for n in range(1, levels))
    (large, small) = facts(
        f'locals {{\n  l0 = "xxxxxxxxxx"\n{lines}}}\n'
        f'resource "aws_autoscaling_group" "g" {{\n  name = local.l{levels - 1}\n}}\n'
        'resource "aws_autoscaling_group" "h" {\n  name = local.l1\n}\n',
        ScalingGroup,
    )
    assert len(str(large.name)) <= 1 << 16
    assert set(str(small.name)) == {"x"}


def test_without_the_library_the_format_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter_hcl", None)
    assert read("main.tf", GROUP) == Reading(missing_library="tree-sitter-hcl")


def test_too_large_files_are_told() -> None:
    assert read("main.tf", "a = 1\n" * 50_000).problems == (Problem("main.tf", 0, "larger than 256 KiB"),)
