"""What the documentation says of the program is true: its examples are judged, its commands are run."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from commands import UNGUARDED, run, write
from commands import selfstop as selfstop_as_process
from inprocess import selfstop
from selfstop.config import Config, EngineOptions, load
from selfstop.engine import check
from tests.test_audit_evidence import ONE, stop

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]
MANUAL = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]
CASES = PROJECT / "fixtures" / "rules" / "ambiguous.md"

_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"\S.*# (?P<verdict>SST\d{3}|guarded|no stop)$")
_CODE_LIKE = re.compile(r"\S.*#\s*(?:SST|guard|no stop|silent|expect)", re.IGNORECASE)
_LINK = re.compile(r"\]\((?P<target>[^)#:]+)(?:#[^)]*)?\)")


def marked_blocks(path: Path) -> list[str]:
    """The examples of a document that announce verdicts, below the first block where that announces none."""
    blocks = _PYTHON.findall(path.read_text(encoding="utf-8"))
    prelude = blocks[0] if blocks and not expected(blocks[0]) else ""
    return [prelude + block for block in blocks if expected(block)]


def expected(source: str) -> dict[int, str]:
    """The verdict that each marked line announces."""
    found = ((number, _MARK.search(line)) for number, line in enumerate(source.splitlines(), start=1))
    return {number: mark["verdict"] for number, mark in found if mark}


def reached(source: str, announced: dict[int, str]) -> dict[int, str]:
    """The verdict on each stop call; SST201 is opt-in and shown only where it is announced."""
    report = check({"example.py": source.encode("utf-8")}, EngineOptions())
    assert report.errors == ()
    verdicts = {line: "no stop" for line, verdict in announced.items() if verdict == "no stop"}
    verdicts |= {call.span.line: "guarded" for call in report.guarded}
    for finding in report.findings:
        line = finding.call.span.line
        if finding.code != "SST201" or announced.get(line) == "SST201":
            verdicts[line] = finding.code
    return verdicts


EXAMPLES = [(path.name, block) for path in [CASES, *DOCUMENTS] for block in marked_blocks(path)]


@pytest.mark.parametrize(("document", "source"), EXAMPLES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(EXAMPLES)])
def test_examples_get_the_verdicts_they_announce(document: str, source: str) -> None:
    announced = expected(source)
    assert reached(source, announced) == announced


@pytest.mark.parametrize("source", [source for _, source in EXAMPLES])
def test_no_mark_is_misspelt(source: str) -> None:
    lines = source.splitlines()
    assert [line for line in lines if _CODE_LIKE.search(line) and not _MARK.search(line)] == []


def test_the_decided_cases_are_found() -> None:
    assert sum(name == CASES.name for name, _ in EXAMPLES) >= 5


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The part of the project that the commands of the README look at."""
    academy = Path("fixtures") / "academy"
    shutil.copytree(PROJECT / academy, tmp_path / academy, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def commands() -> list[str]:
    """What the indented lines of the README run once selfstop is installed."""
    lines = [line.strip() for line in README.splitlines() if line.startswith("    ")]
    last = [line.rpartition(" && ")[2] for line in lines]
    return [line.removeprefix(".venv/bin/") for line in last if line.startswith((".venv/bin/selfstop ", "selfstop "))]


def test_the_readme_shows_what_its_commands_print_and_how_they_end(checkout: Path) -> None:
    assert [command.split()[1] for command in commands()] == ["audit", "check"]
    for command in commands():
        done = selfstop_as_process(*command.split()[1:], cwd=checkout)
        assert done.status == 1
        shown = done.out.partition("\nFINDINGS\n")[0]
        assert f"```\n{shown.rstrip()}\n```" in README
    assert "exits with status 1" in README


_COMMAND = re.compile(
    r"(?:^|`|run: |- )(?P<command>selfstop (?:check|config|rule|completion|audit)(?: [^`\n]*)?)(?=`|$)", re.MULTILINE
)


def named_commands() -> list[str]:
    """Every command that a document names, in its text or in a file for continuous integration."""
    found = {match["command"].strip() for path in MANUAL for match in _COMMAND.finditer(path.read_text("utf-8"))}
    return sorted(
        command for command in found if not re.search(r"[A-Z\[…]", command.replace("SST", "").replace("REV", ""))
    )


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small repository with a main branch elsewhere, as the documents suppose one."""
    directory = write(tmp_path_factory.mktemp("docs"), {"src/a.py": UNGUARDED})
    for arguments in (
        ("init", "--quiet", "."),
        ("add", "."),
        ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "commit", "--quiet", "--message=x"),
        ("update-ref", "refs/remotes/origin/main", "HEAD"),
    ):
        assert run("git", *arguments, cwd=directory).status == 0
    return directory


def test_enough_commands_are_found() -> None:
    assert len(named_commands()) > 10


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("command", named_commands())
def test_every_command_of_the_documentation_works(command: str, repository: Path) -> None:
    done = selfstop(*shlex.split(command)[1:], cwd=repository)
    assert done.status in (0, 1), done.err
    assert "Traceback" not in done.err


def blocks(language: str) -> list[tuple[str, str]]:
    """The blocks of code in one language, with the names of their documents."""
    pattern = re.compile(rf"^```{language}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [(path.name, block) for path in DOCUMENTS for block in pattern.findall(path.read_text("utf-8"))]


@pytest.mark.parametrize(("document", "block"), blocks("yaml"))
def test_yaml_is_read_and_hooks_exist(document: str, block: str) -> None:
    loaded = yaml.safe_load(block)
    assert loaded
    hooks = {hook["id"] for hook in yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    repos = loaded.get("repos", []) if isinstance(loaded, dict) else []
    assert {hook["id"] for repo in repos for hook in repo["hooks"]} <= hooks


@pytest.mark.parametrize(("document", "block"), blocks("toml"))
def test_toml_is_a_configuration(document: str, block: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(block, encoding="utf-8")
    assert load(tmp_path) != Config()


@pytest.mark.parametrize(("document", "block"), blocks("json"))
def test_json_is_read(document: str, block: str) -> None:
    assert json.loads(block)


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", PROJECT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_of_the_rules_are_generated() -> None:
    """`python docs/generate.py` writes them."""
    pages: dict[Path, str] = generator().pages()
    assert {path: path.read_text(encoding="utf-8") for path in (PROJECT / "docs" / "rules").iterdir()} == pages


@pytest.mark.parametrize("code", sorted(set(re.findall(r"selfstop rule (SST\d+)", README))))
def test_rules_that_the_readme_asks_for_are_explained(code: str, tmp_path: Path) -> None:
    done = selfstop("rule", code, cwd=tmp_path)
    assert done.status == 0
    assert done.out.startswith(code)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert [target for target in _LINK.findall(text) if not (document.parent / target).exists()] == []


def test_the_architecture_names_every_module() -> None:
    text = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    package = PROJECT / "src" / "selfstop"
    modules = {path.relative_to(package).as_posix() for path in package.rglob("*.py")}
    listed = set(re.findall(r"^\| `([a-z0-9_/]+\.py)` \|", text, re.MULTILINE))
    assert listed == {module for module in modules if not module.endswith(("__init__.py", "__main__.py"))}


def keys_of(value: object) -> set[str]:
    """All keys in a JSON value, however deep."""
    if isinstance(value, dict):
        return set(value).union(*(keys_of(item) for item in value.values()))
    return set().union(*(keys_of(item) for item in value)) if isinstance(value, list) else set()


def test_the_keys_of_the_audit_are_documented(checkout: Path) -> None:
    trail = checkout / "trail.json"
    trail.write_text(json.dumps({"Events": [stop(ONE, ONE)]}), encoding="utf-8")
    (checkout / "fixtures" / "academy" / "broken.sh").write_bytes(b"\0")
    options = ["--output-format", "json", "--cloudtrail", str(trail), str(Path("fixtures") / "academy")]
    found = json.loads(selfstop("audit", *options, cwd=checkout).out)
    del found["code"]
    text = (PROJECT / "docs" / "audit.md").read_text(encoding="utf-8").partition("## json")[2]
    assert keys_of(found) | {"code"} <= set(re.findall(r"`([a-z_]+)`", text))


def test_the_keys_of_the_json_are_documented(checkout: Path) -> None:
    (checkout / "broken.py").write_text("stop_instances(", encoding="utf-8")
    found = keys_of(json.loads(selfstop("check", "--output-format", "json", cwd=checkout).out))
    text = (PROJECT / "docs" / "output.md").read_text(encoding="utf-8").partition("## json")[2]
    assert found <= set(re.findall(r"`([a-z_]+)`", text))
