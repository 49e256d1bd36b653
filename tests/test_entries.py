"""Who enters the program: the words with which a witness begins, and what distributions declare."""

from __future__ import annotations

import pytest

from selfstop.project.callgraph.manifests import EntryPoint, entry_points
from test_projects import PROJECTS, report_of

WORDS = {
    "entries_declared": {
        "<module>": "run by `python -m kiln`",
        "cool_down": "run by the command `kiln-off` of pyproject.toml",
        "end_of_day": "entry point `evening` of pyproject.toml",
        "rinse": "run by the command `glaze-off` of tools/setup.cfg",
        "brake": "entry point `evening` of legacy/setup.py",
    },
    "entries_of_frameworks": {
        "moor": "registered by `@app.task`",
        "moor_at_night": "registered by `@celery.shared_task`",
        "choose": "registered by `@airflow.decorators.task.branch`",
        "lambda_handler": "the signature of a serverless handler",
        "page": "registered by `@site.route`",
        "command": "registered by `@site.cli.command`",
        "last_trip": "registered by `@timetable.trip`",
        "booked_without_asking": "registered by `@booked`",
    },
    "entries_handed_over": {"halt_stones": "registered by `@atexit.register`"},
}
HANDED = {
    "on_term": "register on_term with signal.signal()",
    "at_exit": "register at_exit with atexit.register()",
    "in_graph": "register in_graph with PythonOperator()",
    "after_failure": "hand after_failure to DAG()",
    "by_command": "register by_command with parser.set_defaults()",
    "by_task": "register by_task with app.task()",
    "by_path": "register by_path with site.add_url_rule()",
}


@pytest.mark.parametrize("project", WORDS)
def test_a_witness_says_who_enters(project):
    found = {each.call.function: each.witness[0].note for each in report_of(PROJECTS / project).findings}
    assert {name: found[name] for name in WORDS[project]} == WORDS[project]


def test_a_witness_says_where_a_function_is_handed_over():
    findings = report_of(PROJECTS / "entries_handed_over").findings
    steps = {each.call.function: [step.text for step in each.witness] for each in findings}
    assert {name: [text for text in steps[name] if text == HANDED[name]] for name in HANDED} == {
        name: [text] for name, text in HANDED.items()
    }


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("pyproject.toml", "[project.scripts]\na = 'm.n:f'", [("a", "m.n", "f", True)]),
        ("pyproject.toml", "[project.gui-scripts]\na = 'm:C.f [x]'", [("a", "m", "C.f", True)]),
        ("pyproject.toml", "[project.entry-points.x]\na = 'm : f'", [("a", "m", "f", False)]),
        ("pyproject.toml", "[tool.poetry.scripts]\na = {callable = 'm:f'}", [("a", "m", "f", True)]),
        ("pyproject.toml", "[tool.poetry.plugins.x]\na = 'm:f'", [("a", "m", "f", False)]),
        ("pyproject.toml", "[project.scripts]\na = 'module'\nb = 3", []),
        ("pyproject.toml", "[project]\nscripts = 'a = m:f'", []),
        ("pyproject.toml", "[project.scripts\na = 'm:f'", []),
        ("setup.cfg", "[options.entry_points]\nconsole_scripts =\n  a = m:f\n  # b = m:g", [("a", "m", "f", True)]),
        ("setup.cfg", "a = m:f", []),
        ("setup.py", "setup(entry_points={'console_scripts': ['a=m:f'], g: ['b=m:f']})", [("a", "m", "f", True)]),
        ("setup.py", "setup(entry_points=dict(console_scripts='a=m:f'))", []),
        ("setup.py", "setup(entry_points={'x': [", []),
    ],
)
def test_what_is_declared(path, text, expected):
    found = entry_points({path: text.encode()}, {}) if path != "setup.py" else entry_points({}, {path: text.encode()})
    assert [(each.name, each.module, each.attribute, each.is_command) for each in found] == expected


def test_a_distribution_begins_where_its_manifest_lies():
    found = entry_points({"a/b/setup.cfg": b"[options.entry_points]\nx = y = m:f"}, {})
    assert found == (EntryPoint("a/b/setup.cfg", "y", "m", "f", is_command=False),)
    assert found[0].directory == "a/b/"


def test_bytes_that_are_no_text_declare_nothing():
    assert entry_points({"setup.cfg": b"\xff\xfe\x00"}, {}) == ()


def test_files_of_other_names_declare_nothing():
    text = b"[options.entry_points]\nx = y = m:f"
    assert entry_points({"my-setup.cfg": text, "a/setup.cfg~": text}, {"a/not_setup.py": b"entry_points={}"}) == ()
