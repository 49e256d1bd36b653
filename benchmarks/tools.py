"""The programs that are compared: their environments and their command lines."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.measure import Command, Failed
from benchmarks.packages import STOP_NAMES, TOOLS

PROJECT: Final = Path(__file__).resolve().parent.parent
RULES: Final = Path(__file__).resolve().parent / "rules"

_FOUND_OR_NOT: Final = frozenset({0, 1})


class Tools:
    """Programs in virtual environments of their own, below one cache directory, installed when they are asked for."""

    def __init__(self, cache: Path) -> None:
        """``cache`` is where the environments go."""
        self._directory = cache / "tools"
        self._ready: dict[str, Path] = {}

    @functools.cached_property
    def selfstop(self) -> Path:
        """The environment of this project as it is now, with the flake8 whose plugin it brings."""
        environment = self._environment("selfstop")
        _pip(environment, "install", f"{PROJECT}[flake8]", TOOLS["flake8"].requirement)
        _pip(environment, "install", "--force-reinstall", "--no-deps", str(PROJECT))
        return environment

    def installed(self, name: str) -> Path:
        """Return the environment of one of `TOOLS`. Raises `Failed`."""
        if name not in self._ready:
            environment = self._environment(name)
            _pip(environment, "install", TOOLS[name].requirement)
            self._ready[name] = environment
        return self._ready[name]

    def version(self, name: str) -> str:
        """Name a program with its version; for selfstop with those of what it runs on."""
        if name == "git":
            return _said("git", "--version").replace("version ", "")
        if name != "selfstop":
            return f"{name} {TOOLS[name].version}"
        packages = json.loads(_said(_program(self.selfstop, "python"), "-m", "pip", "list", "--format=json"))
        versions = {package["name"].lower(): package["version"] for package in packages}
        return ", ".join(f"{package} {versions[package]}" for package in ("selfstop", "libcst", "click"))

    def check(self, tree: Path) -> Command:
        """`selfstop check`; 2 stands for files that are not Python 3, which come with such trees."""
        program = _program(self.selfstop, "selfstop")
        arguments = (program, "check", "--output-format", "concise")
        return Command("selfstop", arguments, tree, ends=frozenset({0, 1, 2}), says="files checked")

    def rendering(self, tree: Path) -> Command:
        """Every format, timed from within."""
        script = Path(__file__).resolve().parent / "rendering.py"
        return Command("rendering", (_program(self.selfstop, "python"), str(script)), tree)

    def click(self, tree: Path) -> Command:
        """The start of an interpreter with click: what no command line in Python can do without."""
        return Command("click", (_program(self.selfstop, "python"), "-c", "import click"), tree)

    def git_grep(self, tree: Path) -> Command:
        """The byte search that is as fast as it gets; 1 means that nothing was found."""
        return Command("git grep", ("git", "grep", "-l", STOP_NAMES[0].decode()), tree, ends=_FOUND_OR_NOT)

    def ruff(self, tree: Path) -> Command:
        """One rule, on all files, without what it remembers from the last run."""
        options = (
            "--select",
            "F401",
            "--no-cache",
            "--isolated",
            "--no-respect-gitignore",
            "--output-format",
            "concise",
        )
        return Command("ruff", (_program(self.installed("ruff"), "ruff"), "check", *options, "."), tree, _FOUND_OR_NOT)

    def semgrep(self, tree: Path) -> Command:
        """Our rules, on all files of whatever size, without a network."""
        own = self._directory / "semgrep"
        options = ("--metrics=off", "--disable-version-check", "--quiet", "--emacs", "--max-target-bytes", "0")
        rules = ("--config", str(RULES / "semgrep.yml"))
        environment = {
            "SEMGREP_SETTINGS_FILE": str(own / "settings.yml"),
            "SEMGREP_LOG_FILE": str(own / "semgrep.log"),
            "SEMGREP_VERSION_CACHE_PATH": str(own / "version"),
        }
        program = _program(self.installed("semgrep"), "semgrep")
        # It finds its native part by the search path.
        environment["PATH"] = os.pathsep.join([str(Path(program).parent), os.environ["PATH"]])
        return Command("semgrep", (program, "scan", *options, *rules, "."), tree, _FOUND_OR_NOT, environment)

    def ast_grep(self, tree: Path) -> Command:
        """Our rules, on all files; 1 means that a rule of the severity "error" found something."""
        options = ("--rule", str(RULES / "ast-grep.yml"), "--report-style", "short", "--no-ignore", "vcs")
        program = _program(self.installed("ast-grep"), "ast-grep")
        return Command("ast-grep", (program, "scan", *options, "."), tree, _FOUND_OR_NOT)

    def fixit(self, tree: Path) -> Command:
        """Our rule and no other."""
        options = ("--rules", "fixit_stop_calls", "--output-format", "custom")
        template = ("--output-template", "{path}:{start_line}:{start_col}: {rule_name}")
        environment = {"PYTHONPATH": str(RULES), "PYTHONDONTWRITEBYTECODE": "1"}
        program = _program(self.installed("fixit"), "fixit")
        return Command("fixit", (program, *options, *template, "lint", "."), tree, _FOUND_OR_NOT, environment)

    def flake8(self, tree: Path, *options: str, plugin: bool) -> Command:
        """flake8 as it comes, with the plugin or without it: two environments that differ in nothing else."""
        environment = self.selfstop if plugin else self.installed("flake8")
        name = "flake8 with the plugin" if plugin else "flake8"
        return Command(name, (_program(environment, "flake8"), "--isolated", *options, "."), tree, _FOUND_OR_NOT)

    def _environment(self, name: str) -> Path:
        environment = self._directory / name
        if not _python_of(environment).exists():
            shutil.rmtree(environment, ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(environment)])
        return environment


def _python_of(environment: Path) -> Path:
    return environment / "bin" / "python"


def _program(environment: Path, name: str) -> str:
    return str(environment / "bin" / name)


def _pip(environment: Path, *arguments: str) -> None:
    _run([str(_python_of(environment)), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or [done.stderr.strip()]
        raise Failed(f"it cannot be installed: {errors[-1]}")


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
