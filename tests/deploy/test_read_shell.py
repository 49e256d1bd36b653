"""Shell scripts: which commands there are, with which values, under which conditions."""

from __future__ import annotations

import pytest
from reading import described, facts, of_kind, only, runs, script, told

from selfstop.deploy.model import (
    Language,
    Layer,
    Run,
    Script,
    ScriptCall,
    Setting,
    SettingsFile,
    UserData,
    Value,
    WrittenFile,
)
from selfstop.deploy.read import shell

FORMS = {
    "case 7: inside if and for, continued": (
        "for i in 1 2 3; do\n  if docker run -d \\\n    -e X=0 \\\n    img; then\n    break\n  fi\ndone\n",
        ["img X=0"],
    ),
    "case 7: a comment ends a continued command": (
        "docker run -e A=1 \\\n  # not any more\n  -e X=0 \\\n  img\n",
        [],
    ),
    "a comment behind a word is none": ("docker run -e X=1#2 img", ["img X=1#2"]),
    "after &&, || and ;": ("a && docker run i1 || docker run i2; docker run i3", ["i1", "i2", "i3"]),
    "in a pipe": ("docker run i1 | tee log", ["i1"]),
    "in parentheses and braces": ("(docker run i1); { docker run i2; }", ["i1", "i2"]),
    "in a substitution": ('ID=$(docker run -d i1) && echo "`docker run i2`"', ["i1", "i2"]),
    "in a case": ("case $1 in a|b) docker run i1;; *) docker run i2 ;; esac", ["i1", "i2"]),
    "in a while": ("while true; do docker run i1; done", ["i1"]),
    "in the background, output thrown away": ("docker run i1 >/dev/null 2>&1 &", ["i1"]),
    "a heredoc is no command": ("cat <<EOF\ndocker run i1\nEOF\ndocker run i2", ["i2"]),
    "a heredoc with tabs": ("cat <<-EOF\n\tdocker run i1\n\tEOF\ndocker run i2", ["i2"]),
    "two heredocs on one line": ("cat <<A <<B\na\nA\ndocker run i1\nB\ndocker run i2", ["i2"]),
    "a here-string": ("cat <<< 'docker run i1'; docker run i2", ["i2"]),
    "eval": ('eval "docker run -e X=1 i1"', ["i1 X=1"]),
    "sh -c": ("sh -c 'docker run -e X=1 i1'", ["i1 X=1"]),
    "bash -lc with a variable of the script": ('L=5\nbash -lc "docker run -e X=$L i1"', ["i1 X=5"]),
    "case 32: ssh with a quoted command": ("ssh -i k -o A=b user@host 'docker run -e X=1 i1'", ["i1 X=1"]),
    "case 32: ssh with words": ("ssh host docker run -e X=1 i1", ["i1 X=1"]),
    "case 32: ssh with a heredoc": ("L=5\nssh host <<EOF\ndocker run -e X=$L -e Y=\\$L i1\nEOF", ["i1 X=5 Y=?L?"]),
    "case 32: ssh with a quoted heredoc": ("L=5\nssh host bash -s <<'EOF'\ndocker run -e X=$L i1\nEOF", ["i1 X=?L?"]),
    "ssh without a command": ("ssh host", []),
    "case 33: in base64": (
        'S="docker run -e X=1 i1"\nB=$(echo "$S" | base64 -w0)\nssh h "echo $B | base64 -d | bash"',
        ["i1 X=1"],
    ),
    "case 33: literal base64": ("echo ZG9ja2VyIHJ1biAtZSBYPTEgaTE= | base64 -d | sh", ["i1 X=1"]),
    "case 33: ssm send-command": (
        'aws ssm send-command --document-name AWS-RunShellScript --parameters \'commands=["cd /a","docker run i1"]\'',
        ["i1"],
    ),
    "xtrace and groups with redirections": ("{ set -x; docker run i1; } >> log 2>&1", ["i1"]),
    "a function with arguments": (
        'start() { docker run -e X="$2" "reg/$1"; }\nstart ai 0\nstart video 5',
        ["reg/ai X=0", "reg/video X=5"],
    ),
    "a function that is not called": ('start() { docker run "reg/$1"; }', ["reg/$1"]),
    "the caller's arguments are its own": ("f() { :; }\nf a\ndocker run -e X=$1 i1", ["i1 X=?1:arguments?"]),
    "a loop over names": ("for w in ai video; do docker run reg/$w; done", ["reg/ai", "reg/video"]),
    "words in quotes with newlines": ("docker run -e 'X=a\nb' i1", ["i1 X=a\nb"]),
    "dollar quotes": (r"docker run -e X=$'a\tb' i1", ["i1 X=a\tb"]),
    "an array index is no mark": ("docker run -e X=${A[0]} i1", ["i1 X=?A?"]),
    "case 12: by hand, without any setting": (
        "docker run -d --env-file .env reg/worker:latest",
        ["reg/worker:latest file:.env"],
    ),
}


@pytest.mark.parametrize(("text", "expected"), FORMS.values(), ids=FORMS.keys())
def test_the_runs_in_a_script(text: str, expected: list[str]) -> None:
    assert [told(run) for run in runs(text)] == expected


VALUES = {
    "assigned": ("N=5", "$N", "5"),
    "assigned twice": ("N=5\nN=0", "$N", "0"),
    "never assigned": ("", "$N", "?N?"),
    "default": ("", "${N:-5}", "?N?"),
    "default of an empty one": ("N=", "${N:-5}", "5"),
    "default only if unset": ("N=", "${N-5}", ""),
    "default not needed": ("N=0", "${N:-5}", "0"),
    "assigned to itself by default": ("N=${N:-5}", "$N", "?N?"),
    "from another": ("M=5\nN=$M", "$N", "5"),
    "joined": ("M=1\nN=a${M}b", '"$N"', "a1b"),
    "in double quotes with an escape": ("", '"a\\$N"', "a$N"),
    "in single quotes": ("N=5", "'$N'", "$N"),
    "output of a command": ("N=$(nproc)", "$N", "?N:command?"),
    "output of echo": ("N=$(echo 5)", "$N", "5"),
    "an argument": ("N=$1", "$N", "?1:arguments?"),
    "read": ("N=5\nread N", "$N", "?N?"),
    "in one branch only": ("N=5\nif a; then N=0; fi", "$N", "?N?"),
    "the same in both branches": ("if a; then N=0; else N=0; fi", "$N", "0"),
    "appended": ("N=1\nN+=2", "$N", "12"),
    "case 35: braces": ("", "{{N}}", "?N:template?"),
    "case 35: an assigned mark": ("R={{REG}}", "$R/x", "?REG:template?/x"),
    "case 35: underscores": ("", "__N__", "?N:template?"),
    "case 35: Terraform": ("", "${var.idle}", "?var.idle:template?"),
    "case 35: workflow": ("", "${{ env.N }}", "?env.N:template?"),
    "case 35: angle brackets": ("", "<ENV_VAR_NAME>", "?ENV_VAR_NAME:template?"),
    "case 35: quoted mark": ("", "'{{N}}'", "?N:template?"),
    "where the script lies": ('D="$(cd "$(dirname "$0")/.." && pwd)"', "$D/x", "./x"),
}


@pytest.mark.parametrize(("before", "word", "expected"), VALUES.values(), ids=VALUES.keys())
def test_the_value_of_a_word(before: str, word: str, expected: str) -> None:
    (setting,) = only(f"{before}\ndocker run -e X={word} img").sources
    assert isinstance(setting, Setting)
    assert described(setting.value) == expected


def test_what_is_known_of_an_unresolved_variable() -> None:
    (setting,) = only("N=5\nif a; then N=0; fi\ndocker run -e X=$N img").sources
    assert isinstance(setting, Setting)
    (part,) = setting.value.unresolved
    assert (part.candidates, part.complete) == (("5", "0"), True)
    (setting,) = only("if a; then N=0; fi\ndocker run -e X=${N:-7} img").sources
    assert isinstance(setting, Setting)
    (part,) = setting.value.unresolved
    assert (part.candidates, part.complete, part.default) == (("0",), False, Value.of("7"))
    (setting,) = only("docker run -e X=${N:?} img").sources
    assert isinstance(setting, Setting)
    assert setting.value.unresolved[0].required


CONDITIONS = {
    "a test": ('if [ "$M" = gpu ]; then docker run i; fi', ['[ "$M" = gpu ]']),
    "its else": ('if [ "$M" = gpu ]; then a; else docker run i; fi', ['not [ "$M" = gpu ]']),
    "elif": ("if a; then b; elif c; then docker run i; fi", ["not a", "c"]),
    "the tested command itself": ("if docker run i; then a; fi", []),
    "&& after a test": ("[ -f x ] && docker run i", ["[ -f x ]"]),
    "&& after a command": ("docker pull i && docker run i", []),
    "||": ("docker start n || docker run i", ["not docker start n"]),
    "while": ("while [ -f x ]; do docker run i; done", ["[ -f x ]"]),
    "an endless loop": ("while :; do docker run i; done", []),
    "case": ("case $M in a) docker run i;; esac", ["case $M in a)"]),
    "the next arm of a case": ("case $M in a) b;; c) docker run i;; esac", ["case $M in c)"]),
    "negated": ("if ! grep -q x f; then docker run i; fi", ["not grep -q x f"]),
    "negated inside": ("if [ ! -f x ]; then docker run i; fi", ["not [ -f x ]"]),
}


@pytest.mark.parametrize(("text", "expected"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_the_conditions_of_a_run(text: str, expected: list[str]) -> None:
    assert [("" if each.holds else "not ") + each.text for each in only(text).conditions] == expected


def test_case_15_what_a_condition_compares() -> None:
    text = 'if [ "$MODE" = "gpu" ]; then python -m a.gpu; else python -m a.cpu; fi'
    first, second = runs(text)
    assert [told(first), told(second)] == ["- | python -m a.gpu", "- | python -m a.cpu"]
    (condition,), (opposite,) = first.conditions, second.conditions
    assert condition.test is not None
    assert (described(condition.test.left), condition.test.operator) == ("?MODE?", "=")
    assert condition.test.right.literal == "gpu"
    assert (condition.holds, opposite.holds) == (True, False)
    assert opposite.test == condition.test


def test_case_15_an_entry_script_hands_on_its_arguments() -> None:
    run = only('#!/bin/sh\nset -e\nexport X=${X:-5}\nexec "$@"\n')
    assert told(run) == "- X=?X? | $@"
    (setting,) = run.sources
    assert isinstance(setting, Setting)
    assert (setting.layer, setting.value.unresolved[0].default) == (Layer.SCRIPT, Value.of("5"))


PROGRAMS = {
    "python -m": ("X=1 python3 -m a.b --fast", "- X=1 | python3 -m a.b --fast"),
    "a file": ("export X=1; exec python a.py", "- X=1 | python a.py"),
    "a later export wins": ("export X=1\nexport X=2\npython a.py", "- X=2 | python a.py"),
    "not exported": ("X=1\npython a.py", "- | python a.py"),
    "exported later": ("X=1\nexport X\npython a.py", "- X=1 | python a.py"),
    "unset": ("export X=1\nunset X\npython a.py", "- -X | python a.py"),
    "by an env file": ("set -a\n. ./worker.env\nset +a\npython a.py", "- file:./worker.env | python a.py"),
    "by exported words of a file": ("export $(grep -v '^#' .env | xargs)\npython a.py", "- file:.env | python a.py"),
    "through tini": ("exec tini -- python a.py", "- | python a.py"),
}


@pytest.mark.parametrize(("text", "expected"), PROGRAMS.values(), ids=PROGRAMS.keys())
def test_processes(text: str, expected: str) -> None:
    assert told(only(text)) == expected


def test_lines_are_those_of_the_file() -> None:
    text = (
        "#!/bin/sh\n\ndocker run \\\n  --env-file f \\\n  -e X=0 \\\n  img\nssh h <<'EOF'\ncd a\ndocker run img\nEOF\n"
    )
    first, second = runs(text)
    assert (first.place.line, [source.place.line for source in first.sources]) == (3, [4, 5])
    assert second.place.line == 9
    late = script("docker run img", Language.SHELL)
    assert [fact.place.line for fact in shell.read(late).facts if isinstance(fact, Run)] == [1]


def test_case_2_how_the_env_file_comes_to_be() -> None:
    text = 'F=/opt/.env\naws ssm get-parameter --name /a > "$F" 2>/dev/null || true\ndocker run --env-file "$F" img'
    (file,) = only(text).sources
    assert isinstance(file, SettingsFile)
    assert (str(file.file), file.written_by.startswith("aws ssm get-parameter")) == ("/opt/.env", True)


def test_files_that_a_script_writes() -> None:
    text = (
        "cat > /opt/w.env <<EOF\nX=0\nEOF\necho Y=1 >> /opt/w.env\n"
        "cat <<'EOF' | sudo tee /etc/systemd/system/w.service\n[Service]\nExecStart=/usr/bin/python -m a\nEOF\n"
    )
    env, unit = of_kind(WrittenFile, facts(text))
    assert env.script is not None
    assert (str(env.file), env.script.language, env.script.text, env.place.line) == (
        "/opt/w.env",
        Language.ENV,
        "X=0\nY=1\n",
        2,
    )
    assert unit.script is not None
    assert (unit.script.language, unit.place.line) == (Language.SYSTEMD, 6)
    assert [told(run) for run in runs(text)] == ["- | /usr/bin/python -m a"]


def test_case_34_scripts_that_are_called() -> None:
    calls = of_kind(
        ScriptCall, facts("bash ./go.sh --fast 5\nscripts/stop.sh\npwsh -File deploy.ps1 -SkipBuild -Count 2")
    )
    assert [(str(call.script), [(name, str(value)) for name, value in call.arguments]) for call in calls] == [
        ("./go.sh", [("1", "--fast"), ("2", "5")]),
        ("scripts/stop.sh", []),
        ("deploy.ps1", [("SkipBuild", "$true"), ("Count", "2")]),
    ]


def test_user_data_of_the_repository() -> None:
    given = {
        'U=$(base64 ud.sh)\naws ec2 create-launch-template --launch-template-data "{\\"UserData\\":\\"$U\\"}"': "ud.sh",
        "aws ec2 run-instances --user-data file://ud.sh": "ud.sh",
        'aws ec2 run-instances --user-data "$(cat a/ud.sh)"': "a/ud.sh",
        'aws ec2 run-instances --user-data "$(sed s/A/B/ ud.sh)"': "ud.sh",
    }
    for text, file in given.items():
        (data,) = (getattr(fact, "user_data", None) for fact in facts(text) if getattr(fact, "user_data", None))
        assert isinstance(data, UserData)
        assert str(data.file) == file


def test_problems_are_said() -> None:
    reading = shell.read(script("docker run i1\necho 'open\ndocker run i2\n", Language.SHELL))
    assert [(problem.line, problem.reason) for problem in reading.problems] == [(2, "a quote is not closed")]
    assert [told(fact) for fact in reading.facts if isinstance(fact, Run)] == ["i1"]
    assert [fact for fact in facts("ssh h 'docker run i1'") if isinstance(fact, Script)] != []
