"""PowerShell and batch: what they run, and what they only print, replace or comment out."""

from __future__ import annotations

import pytest
from reading import described, facts, of_kind, only, runs, script, told

from selfstop.deploy.model import (
    ImageBuild,
    Language,
    LaunchTemplate,
    Origin,
    Run,
    ScalingGroup,
    Script,
    ScriptCall,
    Setting,
    Strength,
)
from selfstop.deploy.read import powershell

FORMS = {
    "a command": ("docker run -e X=1 img", ["img X=1"]),
    "case 8: continued by backticks": ("docker run `\n  -e X=1 `\n  img", ["img X=1"]),
    "case 8: in a table": (
        '$C = @{\n  "ai" = "docker pull $R/a && (docker rm a; true) && docker run -e X=5 $R/a"\n}',
        ["${R}/a X=5"],
    ),
    "case 8: in a here-string": ('$C = @"\nset -e\ndocker run -e X=5 img\n"@\nssh h $C', ["img X=5"]),
    "case 8: in a literal here-string": ("$C = @'\ndocker run -e X=$L img\n'@\nssh h $C", ["img X=?L?"]),
    "case 8: a variable before a path": ('$R = "reg"\ndocker run $R/a:latest', ["reg/a:latest"]),
    "case 8: a braced variable before a path": ('$R = "reg"\ndocker run ${R}/a:latest', ["reg/a:latest"]),
    "case 9: a variable of PowerShell in double quotes": ('$L = 5\nssh h "docker run -e X=$L img"', ["img X=5"]),
    "case 9: of the shell in single quotes": ("$L = 5\nssh h 'docker run -e X=$L img'", ["img X=?L?"]),
    "case 9: of the shell behind a backtick": ('$L = 5\nssh h "docker run -e X=`$L img"', ["img X=?L?"]),
    "single quotes of the shell do not stop PowerShell": ("$L = 5\nssh h \"docker run -e X='$L' img\"", ["img X=5"]),
    "an unresolved variable in single quotes of the shell": (
        "param($L)\nssh h \"docker run --env-file '$L' img\"",
        ["img file:${L}"],
    ),
    "invoke-expression": ('$c = "ssh h `"docker run -e X=1 img`""\nInvoke-Expression $c', ["img X=1"]),
    "a called program": ('& "docker" run -e X=1 img', ["img X=1"]),
    "a list that is splatted": ("$o = @('-e', 'X=1')\ndocker run @o img", ["img X=1"]),
    "an item of a list": ("$o = 'a', 'b'\ndocker run -e X=1 $o[1]", ["b X=1"]),
    "what only looks like a number": ("$o = 'a', 'b'\ndocker run -e X=1 $o['\u00b2']", ["$o[\u00b2] X=1"]),
    "a function with parameters": (
        "function Go { param($Name, $Limit = 5)\n docker run -e X=$Limit reg/$Name }\nGo -Name a\nGo b 0",
        ["reg/a X=5", "reg/b X=0"],
    ),
    "a loop over names": ("foreach ($n in 'a', 'b') { docker run reg/$n }", ["reg/a", "reg/b"]),
    "in try and catch": ("try { docker run i1 } catch { docker run i2 } finally { docker run i3 }", ["i1", "i2", "i3"]),
    "case 33: in base64": (
        (
            '$s = @"\ndocker run -e X=1 img\n"@\n'
            "$b = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($s.Trim()))\n"
            '& ssh h "echo $b | base64 -d | bash"'
        ),
        ["img X=1"],
    ),
    "formatted": ('docker run -e ("X={0}" -f 5) img', ["img X=5"]),
    "through cmd": ('cmd /c "docker run -e X=1 img"', ["img X=1"]),
    "the host's environment": ('$env:X = "7"\ndocker run -e X img', ["img X=7"]),
    "stop parsing": ("docker run --% -e X=%X% img", ["img X=%X%"]),
}


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS.keys())
def test_the_runs_in_a_script(text: str, expected: list[str]) -> None:
    assert [told(run) for run in runs(text, Language.POWERSHELL)] == expected


SILENT = {
    "case 10: printed": 'Write-Host "docker run -e X=1 img"',
    "case 10: a printed here-string": 'Write-Host @"\nNow do:\ndocker run -d -e X=1 img\n"@',
    "case 10: kept, but only printed": '$help = "docker run -e X=1 img"\nWrite-Host $help',
    "case 10: replaced": '$t = $t.Replace("docker run -e X=1 img", "docker start img")',
    "case 10: replaced by operator": '$t = $t -replace "docker run -e X=1 img", ""',
    "case 10: compared": 'if ($line -match "docker run -e X=1 img") { }',
    "case 10: commented out": "# docker run -e X=1 img",
    "case 10: in a block comment": "<#\ndocker run -e X=1 img\n#>",
    "case 10: in a log line": 'Write-Warning "docker run attempt $i failed"',
    "another command": "docker rm -f run",
}


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT.keys())
def test_no_run(text: str) -> None:
    assert runs(text, Language.POWERSHELL) == []


def test_a_command_that_is_printed_in_full_is_the_weakest_of_runs() -> None:
    found = of_kind(Run, facts('Write-Host "docker run -e X=1 img"', Language.POWERSHELL))
    assert [(told(run), run.strength) for run in found] == [("img X=1", Strength.PRINTED)]
    assert of_kind(Run, facts('Write-Host "docker run attempt failed"', Language.POWERSHELL)) == []


def test_a_kept_command_stands_where_it_is_kept_with_the_conditions_of_its_run() -> None:
    text = (
        '$C = @{\n  "ai" = "docker run -e X=5 img"\n}\n'
        'if ($Direct) {\n  $cmd = "ssh h `"$($C["ai"])`""\n  Invoke-Expression $cmd\n}\n'
    )
    run = only(text, Language.POWERSHELL)
    assert (run.place.line, [each.text for each in run.conditions]) == (2, ["$Direct"])


PARAMETERS = """param(
    [Parameter(Mandatory = $true)]
    [string]$Profile,
    [int]$Max = 20,
    [switch]$Skip = $false
)
"""


def test_parameters_are_left_open_with_their_defaults() -> None:
    text = PARAMETERS + "docker run -e A=$Profile -e B=$Max img"
    first, second = (source for source in only(text, Language.POWERSHELL).sources if isinstance(source, Setting))
    assert described(first.value) == "?Profile:arguments?"
    (part,) = second.value.unresolved
    assert (part.origin, part.default and part.default.literal) == (Origin.ARGUMENTS, "20")


GROUP = (
    PARAMETERS
    + """
$Root = Split-Path -Parent (Split-Path -Parent $MyInvocation.MyCommand.Path)
$Dir = Join-Path $Root "infra\\user_data"
$raw = Get-Content (Join-Path $Dir "ai.sh") -Raw
$raw = $raw -replace "{{REGISTRY}}", $Registry
$data = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($raw))
$json = @"
{"ImageId":"$Ami","IamInstanceProfile":{"Name":"$Profile"},"UserData":"$data","BlockDeviceMappings":$disks,
 "TagSpecifications":[{"ResourceType":"instance","Tags":[{"Key":"Name","Value":"ai-host"}]}]}
"@
$file = Join-Path $Root "lt.json"
[System.IO.File]::WriteAllText($file, $json.Trim(), $utf8)
$path = "file://$($file -replace '\\\\','/' -replace ' ', '%20')"
aws ec2 create-launch-template --launch-template-name ai --launch-template-data $path 2>$null | Out-Null
$Name = "ai-asg"
aws autoscaling create-auto-scaling-group --auto-scaling-group-name $Name `
    --launch-template "LaunchTemplateName=ai,Version=`$Default" `
    --min-size 1 --max-size $Max --desired-capacity 1 2>$null
if ($LASTEXITCODE -ne 0) {
    aws autoscaling update-auto-scaling-group --auto-scaling-group-name $Name --min-size 2
}
"""
)


def test_cases_22_and_24_from_the_user_data_to_the_group() -> None:
    found = facts(GROUP, Language.POWERSHELL, "scripts/deploy.ps1")
    (template,) = of_kind(LaunchTemplate, found)
    assert template.user_data is not None
    assert str(template.user_data.file) == "infra/user_data/ai.sh"
    assert template.name is not None
    assert template.profile is not None
    assert (str(template.name), str(template.host), described(template.profile)) == (
        "ai",
        "ai-host",
        "?Profile:arguments?",
    )
    created, updated = of_kind(ScalingGroup, found)
    assert (str(created.name), str(created.minimum), str(created.desired), str(created.template)) == (
        "ai-asg",
        "1",
        "1",
        "ai",
    )
    assert created.maximum is not None
    default = created.maximum.unresolved[0].default
    assert default is not None
    assert default.literal == "20"
    assert (updated.update, str(updated.minimum), updated.desired, updated.template) == (True, "2", None, None)
    assert [each.text for each in updated.conditions] == ["$LASTEXITCODE -ne 0"]


def test_cases_22_and_34_other_scripts_that_are_called() -> None:
    text = (
        "$Root = Split-Path -Parent $MyInvocation.MyCommand.Path\n"
        '& (Join-Path $Root "other.ps1") `\n  -Profile "role" -Skip:$false -Fast\n'
        '& "$Root\\docker\\build.ps1"\n.\\x.ps1 5\n'
    )
    calls = of_kind(ScriptCall, facts(text, Language.POWERSHELL, "scripts/deploy.ps1"))
    assert [(str(call.script), [(name, str(value)) for name, value in call.arguments]) for call in calls] == [
        ("scripts/other.ps1", [("Profile", "role"), ("Skip", "False"), ("Fast", "$true")]),
        ("scripts/docker/build.ps1", []),
        ("./x.ps1", [("1", "5")]),
    ]


def test_case_34_a_switch_that_selects_the_path() -> None:
    text = "param([switch]$Gpu)\nif ($Gpu) { docker build -t g . } else { docker build -t c . }"
    first, second = of_kind(ImageBuild, facts(text, Language.POWERSHELL))
    assert [(each.text, each.holds) for each in (*first.conditions, *second.conditions)] == [
        ("$Gpu", True),
        ("$Gpu", False),
    ]


def test_lines_and_problems() -> None:
    reading = powershell.read(script('<# a\n b #>\ndocker run `\n  img\n$x = "open', Language.POWERSHELL))
    assert [fact.place.line for fact in reading.facts if isinstance(fact, Run)] == [3]
    assert [(problem.line, problem.reason) for problem in reading.problems] == [(5, "a quote is not closed")]


BATCH = {
    "a command": ("docker run -e X=1 img", ["img X=1"]),
    "continued": ("docker run ^\n  -e X=1 ^\n  img", ["img X=1"]),
    "a variable": ("set L=5\r\ndocker run -e X=%L% img".replace("\r", ""), ["img X=5"]),
    "a quoted assignment": ('set "L=5"\ndocker run -e X=%L% img', ["img X=5"]),
    "late expansion": ("set L=5\ndocker run -e X=!L! img", ["img X=5"]),
    "never assigned": ("docker run -e X=%L% img", ["img X=?L?"]),
    "an argument": ("docker run -e X=%1 img", ["img X=?1:arguments?"]),
    "silenced and joined": ("@docker pull img && docker run img", ["img"]),
    "printed": ("echo docker run -e X=1 img", []),
    "remarks": ("rem docker run i1\n:: docker run i2\n@REM docker run i3", []),
    "in a block": ("if exist f (\n  docker run i1\n) else (\n  docker run i2\n)", ["i1", "i2"]),
    "in a loop": ("for %%i in (1 2) do docker run -e X=1 img", ["img X=1"]),
    "ssh": ('ssh h "docker run -e X=1 img"', ["img X=1"]),
}


@pytest.mark.parametrize(("text", "expected"), BATCH.values(), ids=BATCH.keys())
def test_the_runs_in_a_batch_file(text: str, expected: list[str]) -> None:
    assert [told(run) for run in runs(text, Language.BATCH)] == expected


def test_conditions_of_batch_files() -> None:
    text = 'if not "%M%"=="gpu" docker run i1\nif defined A (\n docker run i2\n) else docker run i3'
    found = [[(each.text, each.holds) for each in run.conditions] for run in runs(text, Language.BATCH)]
    assert found == [[('not "%M%"=="gpu"', False)], [("defined A", True)], [("defined A", False)]]


def test_case_34_a_batch_file_that_calls_a_script() -> None:
    text = 'cd /d "%~dp0"\npowershell -NoProfile -File "%~dp0go.ps1" -SkipBuild %*\ncall other.bat 5'
    first, second = of_kind(ScriptCall, facts(text, Language.BATCH, "win/go.bat"))
    assert (str(first.script), first.arguments[0][0]) == ("win/go.ps1", "SkipBuild")
    assert (str(second.script), [str(value) for _, value in second.arguments]) == ("other.bat", ["5"])
    assert of_kind(Script, facts(text, Language.BATCH)) == []
