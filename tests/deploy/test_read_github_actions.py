"""Workflows of GitHub Actions: image builds (case 16) and the scripts of steps (case 32)."""

from __future__ import annotations

import pytest

from selfstop.deploy.model import ImageBuild, Reading, Script
from selfstop.deploy.read.yaml_file import read
from tests.deploy.readings import scripts, short


def builds(reading: Reading) -> list[ImageBuild]:
    return [fact for fact in reading.facts if isinstance(fact, ImageBuild)]


def images(reading: Reading) -> list[list[str | None]]:
    return [[short(image) for image in build.images] for build in builds(reading)]


def workflow(steps: str, job: str = "", top: str = "") -> Reading:
    """A workflow with one job."""
    indented = "".join(f"      {line}\n" for line in steps.strip("\n").split("\n"))
    lines = "".join(f"    {line}\n" for line in job.splitlines())
    reading = read(
        ".github/workflows/w.yml", f"{top}jobs:\n  b:\n    runs-on: ubuntu-latest\n{lines}    steps:\n{indented}"
    )
    assert reading.problems == ()
    return reading


DOUBLING = "env:\n  V0: abcdefgh\n" + "".join(f"  V{n}: {f'${{{{ env.V{n - 1} }}}}' * 40}\n" for n in range(1, 10))

BUILD = """
- uses: docker/build-push-action@v6
  with:
    tags: %s
"""


def test_build_action_case_16() -> None:
    reading = workflow(
        """
- uses: docker/build-push-action@v6
  with:
    context: .
    file: docker/w/Dockerfile
    target: prod
    build-args: |
      BASE_IMAGE=${{ env.R }}/base:latest
      SHA=${{ github.sha }}
    tags: |
      ${{ env.R }}/w:latest
      ${{ env.R }}/w:${{ github.sha }}
""",
        top="env:\n  R: registry.io/a\n",
    )
    (build,) = builds(reading)
    assert (short(build.context), short(build.dockerfile), short(build.target)) == (".", "docker/w/Dockerfile", "prod")
    assert (build.base, build.dockerfile_in_context, build.place.line) == ("", False, 10)
    assert images(reading) == [["registry.io/a/w:latest", "registry.io/a/w:<github.sha>"]]
    assert [(each.name, short(each.value), each.place.line) for each in build.arguments] == [
        ("BASE_IMAGE", "registry.io/a/base:latest", 13),
        ("SHA", "<github.sha>", 14),
    ]


@pytest.mark.parametrize(
    ("tags", "job", "top", "expected"),
    [
        pytest.param("w:1, w:2", "", "", [["w:1", "w:2"]], id="separated by commas"),
        pytest.param("${{ env.I }}:1", "env: {I: job}", "env: {I: top}\n", [["job:1"]], id="the job's env wins"),
        pytest.param("${{env.I}}:1", "", "env: {I: top}\n", [["top:1"]], id="without space in the braces"),
        pytest.param("${{ env.A }}", "", "env: {A: x, B: y}\n", [["x"]], id="the right one of two"),
        pytest.param("${{ vars.R }}/w", "", "", [["<vars.R>/w"]], id="settings of the repository stay open"),
        pytest.param(
            "w:${{ inputs.tag }}",
            "",
            "on: {workflow_dispatch: {inputs: {tag: {default: v1}}}}\n",
            [["w:<inputs.tag/v1>"]],
            id="an input with a default",
        ),
        pytest.param(
            "w:${{ inputs.tag }}",
            "",
            "on: {workflow_call: {inputs: {tag: {type: string}}}}\n",
            [["w:<inputs.tag>"]],
            id="case 32: an input of a reusable workflow",
        ),
        pytest.param(
            "${{ matrix.i }}:1", "strategy: {matrix: {i: [a, b]}}", "", [["a:1"], ["b:1"]], id="case 32: matrix"
        ),
        pytest.param(
            "${{ matrix.i.name }}",
            "strategy: {matrix: {i: [{name: a}, {name: b}]}}",
            "",
            [["a"], ["b"]],
            id="matrix of tables",
        ),
        pytest.param(
            "${{ matrix.i }}-${{ matrix.f }}",
            "strategy: {matrix: {include: [{i: a, f: x}, {i: b, f: y}]}}",
            "",
            [["a-x"], ["b-y"]],
            id="matrix of includes alone",
        ),
        pytest.param(
            "${{ matrix.i }}-${{ matrix.f }}",
            "strategy: {matrix: {i: [a, b], include: [{i: b, f: y}]}}",
            "",
            [["a-<matrix.f>"], ["b-y"]],
            id="an include that adds to a job",
        ),
        pytest.param(
            "${{ matrix.i }}",
            "strategy: {matrix: {i: [a], include: [{i: c}]}}",
            "",
            [["a"], ["c"]],
            id="an include that adds a job",
        ),
        pytest.param(
            "${{ matrix.i }}", "strategy: {matrix: {i: [a, b], exclude: [{i: a}]}}", "", [["b"]], id="exclude"
        ),
        pytest.param(
            "${{ matrix.i }}",
            "strategy: {matrix: '${{ fromJSON(x) }}'}",
            "",
            [["<matrix.i>"]],
            id="a matrix that is made up when it runs",
        ),
        pytest.param(
            "${{ matrix.a }}",
            f"strategy: {{matrix: {{a: {list(range(99))}, b: {list(range(99))}}}}}",
            "",
            [["<matrix.a>"]],
            id="a matrix of too many jobs",
        ),
        pytest.param("${{ env.V9 }}", "", DOUBLING, None, id="doubling variables"),
    ],
)
def test_image_names(tags: str, job: str, top: str, expected: list[list[str]] | None) -> None:
    found = images(workflow(BUILD % tags, job, top))
    if expected is not None:
        assert found == expected
    assert len(str(found)) < 200_000


def test_metadata_action_names_the_image() -> None:
    reading = workflow(
        """
- id: meta
  uses: docker/metadata-action@v5
  with: {images: "${{ env.R }}/w"}
- uses: docker/build-push-action@v6
  with:
    tags: ${{ steps.meta.outputs.tags }}
""",
        top="env: {R: r.io}\n",
    )
    assert images(reading) == [["r.io/w:<steps.meta.outputs.version>"]]


@pytest.mark.parametrize(
    ("steps", "job", "expected"),
    [
        pytest.param("- run: docker build -t w .", "", [("shell", 5, "docker build -t w .")], id="one line"),
        pytest.param(
            "- run: |\n    a\n    ssh host 'docker run w'\n",
            "",
            [("shell", 6, "a\nssh host 'docker run w'\n")],
            id="case 32: more lines",
        ),
        pytest.param(
            "- run: docker push ${{ env.R }}/w:${{ github.sha }}",
            "env: {R: r.io}",
            [("shell", 6, "docker push r.io/w:${{ github.sha }}")],
            id="case 32: expressions in it",
        ),
        pytest.param("- {run: a, shell: pwsh}", "", [("powershell", 5, "a")], id="PowerShell"),
        pytest.param(
            "- run: a", "defaults: {run: {shell: pwsh}}", [("powershell", 6, "a")], id="PowerShell by default"
        ),
        pytest.param("- {run: print(), shell: python}", "", [], id="Python is not handed on"),
        pytest.param("- {uses: actions/checkout@v4}", "", [], id="other actions"),
        pytest.param(
            "- run: echo ${{ matrix.i }}",
            "strategy: {matrix: {i: [a, b]}}",
            [("shell", 6, "echo a"), ("shell", 6, "echo b")],
            id="case 32: once for each job of a matrix",
        ),
        pytest.param(
            "- run: echo", "strategy: {matrix: {i: [a, b]}}", [("shell", 6, "echo")], id="the same for all jobs"
        ),
    ],
)
def test_scripts(steps: str, job: str, expected: list[tuple[str, int, str]]) -> None:
    assert scripts(workflow(steps, job)) == expected


def test_conditions_and_variables_of_a_script() -> None:
    reading = workflow("- run: docker build -t $IMAGE .\n  if: success()\n  env: {IMAGE: w}", "if: github.ref == 'x'")
    (script,) = reading.facts
    assert isinstance(script, Script)
    assert [(each.text, each.place.line) for each in script.conditions] == [("github.ref == 'x'", 4), ("success()", 7)]
    assert [(name, short(value)) for name, value in script.variables] == [("IMAGE", "w")]


def test_composite_action() -> None:
    text = "inputs: {tag: {default: v1}}\nruns:\n  using: composite\n  steps:\n    - {run: a, shell: bash}\n"
    text += "    - uses: docker/build-push-action@v6\n      with: {tags: 'w:${{ inputs.tag }}'}\n"
    reading = read("action.yml", text)
    assert (scripts(reading), images(reading)) == ([("shell", 5, "a")], [["w:<inputs.tag/v1>"]])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("jobs: {b: {steps: [1, {run: [x]}, {with: 5}]}}", id="broken steps"),
        pytest.param("jobs: [1]", id="jobs in a list"),
    ],
)
def test_nothing_in_a_workflow(text: str) -> None:
    assert read("w.yml", text) == Reading()


def test_broken_workflow_is_told() -> None:
    assert [each.line for each in read("w.yml", "jobs:\n  a: ]\n").problems] == [2]
