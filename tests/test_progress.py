"""The bar appears on terminals only, when it takes long, and leaves nothing behind."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from selfstop import progress
from selfstop.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE_IN_SECONDS", 0.0)
    monkeypatch.setattr(progress, "_INTERVAL_IN_SECONDS", 0.0)


def test_the_bar_grows_and_is_wiped(impatient):
    terminal = Terminal()
    with Progress(terminal) as bar:
        bar.show(1, 4)
        bar.show(4, 4)
    drawn = terminal.getvalue().split("\r")
    assert drawn[1] == "selfstop: [" + "#" * 7 + "." * 23 + "] 1 of 4 files parsed"
    assert drawn[2] == "selfstop: [" + "#" * 30 + "] 4 of 4 files parsed"
    assert drawn[3].strip() == ""
    assert len(drawn[3]) == len(drawn[2])
    assert drawn[4] == ""


def test_short_work_shows_nothing():
    terminal = Terminal()
    with Progress(terminal) as bar:
        bar.show(1, 2)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("stream", [io.StringIO(), None])
def test_what_is_no_terminal_gets_nothing(impatient, stream):
    with Progress(stream) as bar:
        bar.show(1, 2)
    assert stream is None or stream.getvalue() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_check_on_a_terminal_ends_with_a_clean_line(tmp_path: Path):
    import pty
    import subprocess

    (tmp_path / "a.py").write_text("def f(ec2):\n    ec2.stop_instances()\n", encoding="utf-8")
    program = (
        "from selfstop import cli, progress; progress._PATIENCE_IN_SECONDS = 0.0; import sys; "
        "sys.exit(cli.run(['check', '--output-format', 'concise', '.']))"
    )
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, timeout=60
    )
    os.close(theirs)
    shown = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 1
    assert "1 of 1 files parsed" in shown
    assert shown.rpartition("\r")[0].rstrip().endswith("1 file checked, 0 suppressed by `# noqa`")
