"""Only what can matter is parsed, and the verdicts are those of the whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfstop import source
from selfstop.config import EngineOptions
from selfstop.engine import check
from selfstop.families import FAMILIES
from selfstop.flow.code import MODULE_BODY, Function
from selfstop.project.loading import answers, loaded, lowering, workers
from selfstop.project.loading.lowering import Lowered, Task, lower
from selfstop.project.repository.outline import Outline, outline

FIXTURES = Path(__file__).parent.parent / "fixtures"
FILES = sorted(FIXTURES.rglob("*.py"))
RULES = sorted((FIXTURES / "rules").rglob("*.py"))
FOLDERS = [FIXTURES / "academy", *sorted(path for path in (FIXTURES / "projects").iterdir() if path.is_dir())]


def every_third(paths: list[Path]) -> list[object]:
    """The others are for the slow tests."""
    return [
        pytest.param(path, id=path.relative_to(FIXTURES).as_posix(), marks=() if number % 3 == 0 else pytest.mark.slow)
        for number, path in enumerate(paths)
    ]


def outline_of(path: Path) -> Outline:
    return outline(source.decode(path.read_bytes()))


def lowered(task: Task) -> Lowered:
    found = lower(task)
    assert found.error is None
    assert found.skeleton is not None
    return found


def functions_of(path: Path, *, apart: bool) -> dict[str, Function]:
    """All functions of a file, from one parse of the whole or from one of each."""
    whole = outline_of(path)
    lines = tuple(unit.line for unit in whole.units)
    if not apart:
        skeleton = lowered(Task(path.name, whole, lines, module=path.stem)).skeleton
        parts = ()
    else:
        skeleton = lowered(Task(path.name, whole, (), module=path.stem)).skeleton
        parts = lowered(Task(path.name, whole, lines, skeleton)).parts
    assert skeleton is not None
    code = skeleton.code.completed(parts)
    return {function.id: function for function in code.functions if function.qualname != MODULE_BODY}


@pytest.mark.parametrize("path", every_third(FILES))
def test_a_function_on_its_own_becomes_what_it_is_in_its_file(path: Path) -> None:
    if not outline_of(path).units:
        return  # newer syntax than this Python's, or no function: the file is taken whole
    assert functions_of(path, apart=True) == functions_of(path, apart=False)


OUTLINED = """\
import os
from cloud import (
    ec2,
)

@register
@retry(
    times=3,
)
def first(a,
          b=1): # a comment
    # another one
    \"\"\"Says
    much.\"\"\"
    return a

def second(): return 2

def third(
    a,
): return 3

if os.name == "posix":
    class Keeper:
        limit = 3

        @property
        def fourth(self):
            @wraps(self)
            def inner():
                return 1
            return inner

        async def fifth(self):
            global count, total  # both
            count = 1
"""


def test_an_outline_has_the_functions_whose_bodies_stand_on_their_own_lines():
    found = outline(OUTLINED)
    assert [(unit.name, unit.line, unit.start, unit.first, unit.last) for unit in found.units] == [
        ("first", 10, 6, 13, 15),
        ("fourth", 28, 27, 29, 32),
        ("fifth", 34, 34, 35, 36),
    ]
    assert found.global_names == {"count", "total"}


def test_an_excerpt_keeps_headers_and_says_which_line_is_which():
    excerpt = outline(OUTLINED).excerpt(frozenset({28}))
    assert excerpt.outlined == {10, 34}
    lines = excerpt.text.splitlines()
    original = OUTLINED.splitlines()
    kept = [(line, original[number - 1]) for line, number in zip(lines, excerpt.lines, strict=False)]
    assert [pair for pair in kept if pair[0] != pair[1]] == [
        ("    ...", '    """Says'),
        ("            ...", "            global count, total  # both"),
    ]


@pytest.mark.parametrize("text", ["x = (", "def f(:\n    pass\n", "match x:\n    case\n"])
def test_what_this_python_cannot_parse_has_no_outline(text):
    found = outline(text)
    assert found.units == ()
    assert found.excerpt(frozenset()).text == text


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}


@pytest.mark.parametrize("folder", every_third(FOLDERS))
def test_verdicts_do_not_depend_on_how_much_is_taken_at_once(folder, monkeypatch):
    whole = check(files_of(folder), EngineOptions())
    monkeypatch.setattr(loaded, "SHORT", 0)
    assert check(files_of(folder), EngineOptions()) == whole


@pytest.mark.slow
@pytest.mark.parametrize("path", RULES, ids=lambda path: path.relative_to(FIXTURES / "rules").as_posix())
def test_verdicts_on_one_file_do_not_depend_on_it_either(path, monkeypatch):
    files = {path.name: path.read_bytes()}
    options = EngineOptions(families=frozenset(FAMILIES))
    whole = check(files, options)
    monkeypatch.setattr(loaded, "SHORT", 0)
    assert check(files, options) == whole


UNRELATED = "def unrelated_{0}(x):\n    return x + {0}\n\n"
WORKER = """\
import boto3
from settings import LIMIT

def idle(count):
    return count >= LIMIT

def loop(count):
    if idle(count):
        boto3.client("ec2").stop_instances(InstanceIds=["i-1"])
"""


def test_only_functions_that_can_matter_are_lowered(monkeypatch):
    seen: list[str] = []

    def noting(task: Task) -> Lowered:
        found = lower(task)
        assert found.skeleton is not None
        for function in found.skeleton.code.functions if task.skeleton is None else ():
            seen.extend([function.name] if not function.outlined else [])
        seen.extend(function.name for part in found.parts for function in part.functions)
        return found

    monkeypatch.setattr(workers, "lower", noting)
    filler = "".join(UNRELATED.format(number) for number in range(200))
    files = {
        "worker.py": (filler + WORKER).encode(),
        "settings.py": b"LIMIT = 5\n" + filler.encode(),
        "other.py": filler.encode(),
        "caller.py": b"import worker\n\nworker.loop(3)\n" + filler.encode(),
    }
    report = check(files, EngineOptions())
    assert [call.path for call in report.guarded] == ["worker.py"]
    assert sorted(set(seen)) == ["<module>", "idle", "loop"]
    assert seen.count("<module>") == 3


def test_processes_give_the_same_result(monkeypatch):
    files = files_of(FIXTURES / "academy")
    alone = check(files, EngineOptions())
    monkeypatch.setattr(workers, "WORTHWHILE_LINES", 0)
    told: list[tuple[int, int]] = []
    assert check(files, EngineOptions(), jobs=2, progress=lambda done, known: told.append((done, known))) == alone
    assert alone.findings
    assert told[-1][0] == told[-1][1] > 2


def test_an_error_in_a_function_has_the_line_of_the_file(monkeypatch):
    monkeypatch.setattr(loaded, "SHORT", 0)
    deep = "def f(ec2, y):\n    x = y" + " and y" * 2600 + "\n    ec2.stop_instances(InstanceIds=[x])\n"
    report = check({"a.py": ("import os\n" * 20 + deep).encode()}, EngineOptions())
    assert [(error.path, error.line, error.code) for error in report.errors] == [("a.py", 22, "SST004")]


def test_tasks_and_results_pickle():
    import pickle

    task = Task("keeper.py", outline(OUTLINED), (), module="keeper")
    found = lowering.lower(pickle.loads(pickle.dumps(task)))
    assert pickle.loads(pickle.dumps(found)) == found


CATCHING = b"""\
import boto3
from errors import Idle

LIMIT = 30

class Patient:
    def next(self, idle):
        if idle >= LIMIT:
            raise Idle

def loop(source):
    try:
        source.next(3)
    except Idle:
        boto3.client("ec2").stop_instances(InstanceIds=["i-1"])
"""


@pytest.mark.parametrize(("made", "guarded"), [(b"", True), (b"raise Idle", False), (b"raise Idle()", False)])
def test_whoever_may_raise_an_exception_is_looked_at(made, guarded, monkeypatch):
    monkeypatch.setattr(loaded, "SHORT", 0)
    files = {
        "errors.py": b"class Idle(Exception):\n    pass\n",
        "worker.py": CATCHING,
        "far/away.py": b"from errors import Idle\n\nclass Hasty:\n    def next(self, idle):\n        "
        + (made or b"pass"),
    }
    report = check(files, EngineOptions())
    assert bool(report.guarded) is guarded
    assert bool(report.findings) is not guarded


def test_calls_may_go_deeper_than_python_recurses():
    lines = ["import boto3", 'ec2 = boto3.client("ec2")', "idle = 0"]
    for number in range(400):
        lines += [f"def f{number}(x):", "    global idle", "    idle += 1", f"    f{number + 1}(x)"]
    lines += ["def f400(x):", "    pass", "def main(x):", "    while True:", "        f0(x)"]
    lines += ["        if idle > 30:", "            ec2.stop_instances(InstanceIds=[x])", ""]
    report = check({"a.py": "\n".join(lines).encode()}, EngineOptions())
    assert report.errors == ()
    assert [call.function for call in report.guarded] == ["main"]


SETTING = b"import state\n\ndef watch(idle):\n    if idle > 10:\n        state.ready = True\n"


@pytest.mark.parametrize(("setters", "guarded"), [(1, True), (answers.MANY, True), (answers.MANY + 1, False)])
def test_a_flag_of_a_module_is_believed_unless_very_many_files_set_it(setters, guarded, monkeypatch):
    monkeypatch.setattr(loaded, "SHORT", 0)
    files = {
        "state.py": b"ready = False\n",
        "stopper.py": b"import boto3\nimport state\n\ndef stop():\n    if state.ready:\n"
        b'        boto3.client("ec2").stop_instances(InstanceIds=["i-1"])\n',
        "other.py": b"class Other:\n    def state(self):\n        self.ready = True\n",
        **{f"watch{number}.py": SETTING for number in range(setters)},
    }
    report = check(files, EngineOptions())
    assert bool(report.guarded) is guarded
    assert bool(report.findings) is not guarded


@pytest.mark.parametrize(("value", "codes"), [(b"60", []), (b'int(os.environ["LIMIT"])', ["SST104"])])
def test_whoever_may_set_a_threshold_is_looked_at(value, codes, monkeypatch):
    monkeypatch.setattr(loaded, "SHORT", 0)
    files = {
        "conf.py": b"LIMIT = 30\n",
        "worker.py": b"import boto3\nimport conf\n\ndef loop(idle):\n    if idle > conf.LIMIT:\n"
        b'        boto3.client("ec2").stop_instances(InstanceIds=["i-1"])\n',
        "far/away.py": b"import os\nimport conf\n\ndef configure():\n    conf.LIMIT = " + value + b"\n",
    }
    assert [finding.code for finding in check(files, EngineOptions()).findings] == codes
