"""The command ``selfstop audit``: where it looks, what it writes, and how it ends."""

from __future__ import annotations

import json

from commands import selfstop as selfstop_as_process
from inprocess import selfstop
from tests.audits import GUARDED, IMAGE, write

ON = GUARDED.replace('"5"', '"0"') + IMAGE + "==> run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD= fleet-worker:1.4\n"
QUIET = GUARDED.replace('"5"', '"0"') + IMAGE + "==> run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD=0 fleet-worker:1.4\n"


def test_status_0_where_nothing_was_found(tmp_path):
    done = selfstop("audit", cwd=write(tmp_path, QUIET))
    assert done.status == 0
    assert "0 findings, 1 Python file checked, 3 of 3 deployment files read" in done.err


def test_status_1_for_a_finding_about_the_deployment_alone(tmp_path):
    done = selfstop_as_process("audit", str(write(tmp_path / "a", ON)), cwd=tmp_path)
    assert done.status == 1
    assert "SST308 invalid-threshold  run.sh:1" in done.out
    assert "paths are relative to" in done.err


def test_status_2_for_a_python_file_that_cannot_be_analysed(tmp_path):
    broken = "==> broken.py <==\nstop_instances(\n"
    done = selfstop("audit", cwd=write(tmp_path, QUIET + broken))
    assert done.status == 2
    assert "broken.py" in done.out


def test_status_2_for_evidence_that_is_none(tmp_path):
    write(tmp_path, QUIET + "==> trail.json <==\n{}\n")
    done = selfstop("audit", "--cloudtrail", "trail.json", cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert "trail.json has no list 'Events' or 'Records'" in done.err


def test_status_2_for_a_root_that_is_not_there(tmp_path):
    assert selfstop("audit", "nowhere", cwd=tmp_path).status == 2


def test_the_report_goes_to_a_file(tmp_path):
    write(tmp_path, ON)
    done = selfstop("audit", "--output-format", "json", "--output-file", "report.json", cwd=tmp_path)
    assert (done.status, done.out) == (1, "")
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["findings"][0]["code"] == "SST308"


def test_nothing_outside_of_the_root_counts(tmp_path):
    outside = "==> run.sh <==\ndocker run -e IDLE_STOP_THRESHOLD= fleet-worker:1.4\n"
    write(tmp_path, outside + "==> pyproject.toml <==\n[tool.selfstop]\n")
    write(tmp_path / "inner", QUIET)
    assert selfstop("audit", "inner", cwd=tmp_path).status == 0


def test_no_python_file_is_2_and_said(tmp_path):
    done = selfstop("audit", cwd=tmp_path)
    assert done.status == 2
    assert "nothing to check: there is no Python file" in done.err


def test_files_that_were_not_read_are_explained(tmp_path):
    other = "==> other.sh <==\necho nothing\n"
    done = selfstop("audit", cwd=write(tmp_path, QUIET + other))
    assert "3 of 4 deployment files read" in done.err
    assert "1 deployment file was not read: without the name of an entry point" in done.err
    assert "NOT READ" not in done.err
    assert "not read" not in selfstop("audit", cwd=write(tmp_path / "all", QUIET)).err


def test_a_file_is_no_repository(tmp_path):
    done = selfstop("audit", "fleet/worker.py", cwd=write(tmp_path, QUIET))
    assert (done.status, done.out) == (2, "")
    assert "`selfstop check` checks single files" in done.err


def test_formats_of_the_check_are_named_as_such(tmp_path):
    done = selfstop("audit", "--output-format", "sarif", cwd=write(tmp_path, QUIET))
    assert (done.status, done.out) == (2, "")
    assert "'sarif' is a format of `selfstop check`" in done.err
