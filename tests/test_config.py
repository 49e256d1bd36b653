"""What the table may say, what it means, and how it is refused."""

from __future__ import annotations

import pytest

from commands import write
from selfstop.config import Config, ConfigError, EngineOptions, find_root, is_project, load
from selfstop.patterns import matches
from selfstop.selection import is_selected

FULL = """
[tool.selfstop]
select = ["SST1"]
extend-select = ["SST201"]
ignore = ["SST103"]
exclude = ["vendor", "*_pb2.py"]
stop-calls = ["halt"]
extend-stop-calls = ["power_off"]
target = "self"
include-tests = true
families = ["terminate", "os"]
baseline = "known.json"

[tool.selfstop.per-file-ignores]
"scripts/*" = ["SST101", "SST102"]
"""


def test_every_key_is_read(tmp_path):
    write(tmp_path, {"pyproject.toml": FULL})
    assert load(tmp_path) == Config(
        select=("SST1",),
        extend_select=("SST201",),
        ignore=("SST103",),
        exclude=("vendor", "*_pb2.py"),
        stop_calls=("halt",),
        extend_stop_calls=("power_off",),
        target="self",
        include_tests=True,
        families=("terminate", "os"),
        baseline="known.json",
        per_file_ignores=(("scripts/*", ("SST101", "SST102")),),
    )


def test_options_win_over_the_table_key_by_key(tmp_path):
    write(tmp_path, {"pyproject.toml": FULL})
    config = load(tmp_path, {"select": ["SST102"], "include-tests": False})
    assert (config.select, config.include_tests, config.target) == (("SST102",), False, "self")


def test_without_a_table_everything_has_its_default(tmp_path):
    assert load(tmp_path) == Config()
    assert Config().engine_options == EngineOptions()


def test_engine_options_join_both_lists_of_names():
    config = Config(stop_calls=("halt",), extend_stop_calls=("power_off",), families=("os",), include_tests=True)
    assert config.engine_options == EngineOptions(frozenset({"halt", "power_off"}), frozenset({"os"}), True)


WRONG = {
    "unknown key": ("inculde-tests = true", "unknown key `inculde-tests`: did you mean `include-tests`?"),
    "unknown key, nothing near": ("zzz = 1", "unknown key `zzz`: known are baseline, exclude, "),
    "underscores": ("per_file_ignores = {}", "did you mean `per-file-ignores`?"),
    "string for a list": ('select = "SST1"', 'write ["SST1"]'),
    "number in a list": ("select = [101]", "a list of strings"),
    "unknown rule": ('select = ["SST109"]', "unknown rule `SST109`; `selfstop rule` lists them"),
    "rule of somebody else": ('ignore = ["E501"]', "unknown rule `E501`"),
    "lower case": ('ignore = ["sst101"]', "unknown rule `sst101`: did you mean `SST101`?"),
    "empty code": ('ignore = [""]', "unknown rule ``"),
    "string for a flag": ('include-tests = "yes"', "true or false is wanted here, not 'yes'"),
    "number for a flag": ("include-tests = 1", "true or false"),
    "unknown target": ('target = "slef"', "not 'slef': did you mean `self`?"),
    "list for a target": ('target = ["self"]', '"any" or "self"'),
    "unknown family": ('families = ["termniate"]', "unknown family `termniate`: did you mean `terminate`?"),
    "dotted name": ('stop-calls = ["ec2.stop_instances"]', "write `stop_instances`"),
    "no name": ('stop-calls = ["stop instances"]', "`stop instances` is not the plain name"),
    "list for a path": ('baseline = ["a"]', "the path of a file is wanted here"),
    "list for a table": ('per-file-ignores = ["a.py"]', "a table of patterns and rules"),
    "string in a table": ('per-file-ignores = {"a.py" = "SST101"}', 'write ["SST101"]'),
    "unknown rule in a table": ('per-file-ignores = {"a.py" = ["SST9"]}', "unknown rule `SST9`"),
    "empty pattern": ('exclude = [""]', "an empty pattern"),
}


@pytest.mark.parametrize(("line", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(tmp_path, line, said):
    write(tmp_path, {"pyproject.toml": f"[tool.selfstop]\n{line}\n"})
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    assert said in str(caught.value)
    assert "pyproject.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        pytest.param(b"[tool.selfstop]\nselect = [", "not valid TOML", id="syntax"),
        pytest.param(b"[tool.selfstop]\n# \xff", "not valid TOML", id="bytes"),
        pytest.param(b"tool.selfstop = 1", "is a table", id="not a table"),
    ],
)
def test_a_broken_file_is_an_error(tmp_path, contents, said):
    write(tmp_path, {"pyproject.toml": contents})
    with pytest.raises(ConfigError, match=said):
        load(tmp_path)


def test_a_broken_file_of_somebody_else_is_not_read(tmp_path):
    write(tmp_path, {"pyproject.toml": b"[tool.other"})
    assert load(tmp_path) == Config()


class TestRoot:
    def test_nearest_table_wins_over_the_repository(self, tmp_path):
        write(tmp_path, {".git/HEAD": "", "app/pyproject.toml": "[tool.selfstop]", "app/src/a.py": ""})
        assert find_root(tmp_path / "app" / "src" / "a.py") == tmp_path / "app"

    def test_a_pyproject_without_the_table_is_passed_by(self, tmp_path):
        write(tmp_path, {".git/HEAD": "", "app/pyproject.toml": "[project]", "app/a.py": ""})
        assert find_root(tmp_path / "app" / "a.py") == tmp_path

    def test_nothing_above_the_repository_counts(self, tmp_path):
        write(tmp_path, {"pyproject.toml": "[tool.selfstop]", "repo/.git/HEAD": "", "repo/a.py": ""})
        assert find_root(tmp_path / "repo" / "a.py") == tmp_path / "repo"

    def test_a_git_file_marks_a_repository_too(self, tmp_path):
        write(tmp_path, {".git": "gitdir: elsewhere", "sub/a.py": ""})
        assert find_root(tmp_path / "sub") == tmp_path
        assert is_project(tmp_path)

    def test_outside_of_any_project_a_directory_is_its_own_root(self, tmp_path):
        assert find_root(tmp_path) == tmp_path
        assert find_root(tmp_path / "missing.py") == tmp_path
        assert not is_project(tmp_path)


SELECTIONS = {
    "default": (Config(), "SST102", True),
    "off by default": (Config(), "SST201", False),
    "off by default, selected": (Config(select=("SST201",)), "SST201", True),
    "off by default, selected too": (Config(extend_select=("SST201",)), "SST201", True),
    "off by default, by a near prefix": (Config(select=("SST2",)), "SST201", True),
    "off by default, by the prefix of all": (Config(select=("SST",)), "SST201", False),
    "select replaces": (Config(select=("SST101",)), "SST102", False),
    "extend-select adds": (Config(select=("SST101",), extend_select=("SST102",)), "SST102", True),
    "extend-select keeps the defaults": (Config(extend_select=("SST201",)), "SST101", True),
    "ignore": (Config(ignore=("SST102",)), "SST102", False),
    "ignore by prefix": (Config(ignore=("SST1",)), "SST102", False),
    "ignore everything": (Config(ignore=("SST",)), "SST102", False),
    "the longer prefix wins": (Config(select=("SST102",), ignore=("SST1",)), "SST102", True),
    "ignoring wins a draw": (Config(select=("SST102",), ignore=("SST102",)), "SST102", False),
    "errors survive a selection": (Config(select=("SST101",)), "SST003", True),
    "errors can be ignored": (Config(ignore=("SST003",)), "SST003", False),
    "ignored in this file": (Config(per_file_ignores=(("a.py", ("SST1",)),)), "SST102", False),
    "ignored in another file": (Config(per_file_ignores=(("b.py", ("SST1",)),)), "SST102", True),
}


@pytest.mark.parametrize(("config", "code", "shown"), SELECTIONS.values(), ids=SELECTIONS)
def test_selection(config, code, shown):
    assert is_selected(code, "src/a.py", config) is shown


PATTERNS = {
    "name of the file": ("a.py", "src/a.py", True),
    "name of a directory": ("src", "src/deep/a.py", True),
    "name with a slash behind": ("src/", "src/a.py", True),
    "wildcard in a name": ("*_pb2.py", "src/x_pb2.py", True),
    "part of a name": ("rc", "src/a.py", False),
    "path": ("src/a.py", "src/a.py", True),
    "path with a dot before": ("./src/a.py", "src/a.py", True),
    "path of a directory": ("src/deep", "src/deep/er/a.py", True),
    "path is relative to the root": ("deep/a.py", "src/deep/a.py", False),
    "wildcard over slashes": ("src/*.py", "src/deep/a.py", True),
    "any directory": ("**/deep/a.py", "src/deep/a.py", True),
    "any directory or none": ("**/a.py", "a.py", True),
    "everything below": ("src/**", "src/deep/a.py", True),
    "backslashes": ("src\\deep", "src/deep/a.py", True),
    "case counts": ("SRC", "src/a.py", False),
    "a bracket expression": ("[st]rc", "src/a.py", True),
}


@pytest.mark.parametrize(("pattern", "path", "expected"), PATTERNS.values(), ids=PATTERNS)
def test_patterns(pattern, path, expected):
    assert matches(pattern, path) is expected
