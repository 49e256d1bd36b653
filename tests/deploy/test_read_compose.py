"""Compose files: what services start, with which settings, and what they are built from."""

from __future__ import annotations

import pytest

from selfstop.deploy.model import (
    Extends,
    ImageBuild,
    Language,
    Origin,
    Reading,
    Script,
    Setting,
    SettingsFile,
    Strength,
)
from selfstop.deploy.read.interpolation import interpolate
from selfstop.deploy.read.words import split
from selfstop.deploy.read.yaml_file import read
from tests.deploy.readings import runs, settings, short, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("5", "5", id="no variable"),
        pytest.param("${X:-5}", "<X|5>", id="case 13: default if unset or empty"),
        pytest.param("${X-5}", "<X?5>", id="case 13: default if unset only"),
        pytest.param("${X}", "<X|>", id="nothing if unset"),
        pytest.param("$X", "<X|>", id="without braces"),
        pytest.param("${X:?must be set}", "<X!>", id="case 13: required"),
        pytest.param("$$X", "$X", id="case 13: a dollar sign"),
        pytest.param("$${X:-5}", "${X:-5}", id="a dollar sign before braces"),
        pytest.param("${X:+on}", "<X//on.>", id="only if set"),
        pytest.param("${A:-${B:-5}}", "<A|<B|5>>", id="nested"),
        pytest.param("a${A}b$B-c", "a<A|>b<B|>-c", id="within a text"),
        pytest.param("${X:-}", "<X|>", id="empty default"),
        pytest.param("}$ 5 $", "}$ 5 $", id="signs that begin nothing"),
        pytest.param("a${X:-5", "a<X>", id="not closed: open as a whole"),
        pytest.param("${X.y}", "<X>", id="malformed: open as a whole"),
        pytest.param("${A:-$$}", "<A|$>", id="dollar sign in a default"),
    ],
)
def test_interpolation(text: str, expected: str) -> None:
    assert short(interpolate(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("${X:-" * 100_000, id="case 38: nested for ever"),
        pytest.param("${X:-" * 15 + "}" * 15, id="nested as deep as is read"),
        pytest.param("}" * 500_000, id="closing braces"),
        pytest.param("$" * 500_001, id="dollar signs"),
        pytest.param("${X}" * 10_000, id="many variables"),
    ],
)
def test_hostile_interpolation_keeps_the_text(text: str) -> None:
    value = interpolate(text)
    assert str(value) == text.replace("$$", "$")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("python -m a.b", ["python", "-m", "a.b"], id="words"),
        pytest.param("""sh -c 'a "b" c' "d e" f\\ g""", ["sh", "-c", 'a "b" c', "d e", "f g"], id="quotes"),
        pytest.param("a '' b", ["a", "", "b"], id="an empty word"),
        pytest.param('a "b\\"c\\d" \'e\\f\'', ["a", 'b"c\\d', "e\\f"], id="backslashes in quotes"),
        pytest.param("python -m ${M} x${A}y", ["python", "-m", "<M|>", "x<A|>y"], id="variables"),
        pytest.param("a 'b", ["a", "b"], id="open quote"),
        pytest.param("  ", [], id="only space"),
    ],
)
def test_words_of_a_command(text: str, expected: list[str]) -> None:
    assert [short(word) for word in split(interpolate(text))] == expected


SERVICE = "services:\n  w:\n    image: w\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("    environment:\n      X: ${X:-5}\n", ["<X|5> @5"], id="case 13: map"),
        pytest.param("    environment:\n      - X=5\n", ["5 @5"], id="case 13: list"),
        pytest.param("    environment:\n      - X\n", ["<X> @5"], id="case 13: taken over in a list"),
        pytest.param("    environment:\n      X:\n", ["<X> @5"], id="case 13: null in a map is taken over"),
        pytest.param("    environment:\n      X: ''\n", [" @5"], id="empty"),
        pytest.param("    environment:\n      - X=\n", [" @5"], id="empty in a list"),
        pytest.param("    environment: {X: 0}\n", ["0 @4"], id="number"),
        pytest.param("    environment: {X: 0x10}\n", ["16 @4"], id="a plain number is passed on in decimal"),
        pytest.param("    environment: {X: '0x10'}\n", ["0x10 @4"], id="a quoted one as it is"),
        pytest.param("    environment: {X: 010}\n", ["8 @4"], id="octal"),
        pytest.param("    environment: {X: 1_0}\n", ["10 @4"], id="underscore"),
        pytest.param("    environment: {X: 5.0}\n", ["5 @4"], id="a whole number with a point"),
        pytest.param("    environment: {X: five}\n", ["five @4"], id="a word"),
        pytest.param("    environment: {X: '{{ idle }}'}\n", ["<idle> @4"], id="case 35: template mark"),
        pytest.param("    environment: {X: $$X}\n", ["$X @4"], id="case 13: dollar sign"),
        pytest.param("    environment: {Y: 5}\n", [], id="another variable"),
        pytest.param("    environment:\n      - Y=X=5\n", [], id="an equals sign in the value"),
        pytest.param("x-env: &env {X: 5}\n", [], id="a fragment that nobody merges"),
    ],
)
def test_environment(text: str, expected: list[str]) -> None:
    reading = read("compose.yml", SERVICE + text)
    assert reading.problems == ()
    assert settings(runs(reading)["w"]) == expected


def test_merged_environment_case_13() -> None:
    text = "x-env: &env\n  X: 5\nservices:\n  a:\n    environment:\n      <<: *env\n"
    text += "  b:\n    environment:\n      <<: *env\n      X: 0\n"
    found = runs(read("compose.yml", text))
    assert settings(found["a"]) == ["5 @2"]
    assert settings(found["b"]) == ["0 @10"]


def test_taken_over_variables_come_from_the_host() -> None:
    (source,) = runs(read("c.yml", SERVICE + "    environment: [X]\n"))["w"].sources
    assert isinstance(source, Setting)
    assert [each.origin for each in source.value.unresolved] == [Origin.HOST]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("    env_file: .env\n", [(".env", True, "compose")], id="one"),
        pytest.param(
            "    env_file:\n      - a.env\n      - b.env\n",
            [("a.env", True, "compose"), ("b.env", True, "compose")],
            id="case 13: list, in order",
        ),
        pytest.param(
            "    env_file:\n      - path: a.env\n        required: false\n",
            [("a.env", False, "compose")],
            id="case 13: not required",
        ),
        pytest.param("    env_file: [{path: a.env, format: raw}]\n", [("a.env", True, "docker")], id="raw format"),
        pytest.param(
            "    env_file: ${DIR:-dev}/.env\n", [("<DIR|dev>/.env", True, "compose")], id="variable in the path"
        ),
        pytest.param("    env_file:\n", [], id="nothing given"),
    ],
)
def test_env_files(text: str, expected: list[tuple[str, bool, str]]) -> None:
    run = runs(read("deploy/compose.yml", SERVICE + text))["w"]
    files = [source for source in run.sources if isinstance(source, SettingsFile)]
    assert [(short(each.file), each.required, each.dialect.value) for each in files] == expected
    assert {each.base for each in files} <= {"deploy"}


def test_env_files_come_before_the_environment() -> None:
    run = runs(read("c.yml", SERVICE + "    environment: {X: 0}\n    env_file: .env\n"))["w"]
    assert [type(source) for source in run.sources] == [SettingsFile, Setting]


@pytest.mark.parametrize(
    ("text", "entrypoint", "command"),
    [
        pytest.param("", None, None, id="left to the image"),
        pytest.param("    command: [python, -m, a]\n", None, ["python", "-m", "a"], id="list"),
        pytest.param("    command: python -m a\n", None, ["python", "-m", "a"], id="text, split into words"),
        pytest.param("    command:\n", None, None, id="null is left to the image"),
        pytest.param("    command: []\n", None, [], id="an empty list takes the image's away"),
        pytest.param("    entrypoint: ''\n", [], None, id="an empty text does, too"),
        pytest.param("    entrypoint: sh -c\n    command: ['a $$X']\n", ["sh", "-c"], ["a $X"], id="both"),
    ],
)
def test_commands(text: str, entrypoint: list[str] | None, command: list[str] | None) -> None:
    run = runs(read("c.yml", SERVICE + text))["w"]
    assert (words(run.entrypoint), words(run.command)) == (entrypoint, command)
    assert not (run.command and run.command.shell)


def build(text: str) -> ImageBuild:
    (found,) = (fact for fact in read("app/c.yml", text).facts if isinstance(fact, ImageBuild))
    return found


def test_build_with_everything_case_16() -> None:
    found = build(
        SERVICE
        + "    build:\n      context: ..\n      dockerfile: docker/w/Dockerfile\n      target: base\n"
        + "      args:\n        BASE_IMAGE: base:latest\n      tags: [other]\n"
    )
    assert (short(found.context), short(found.dockerfile), short(found.target)) == (
        "..",
        "docker/w/Dockerfile",
        "base",
    )
    assert found.dockerfile_in_context
    assert [(each.name, short(each.value)) for each in found.arguments] == [("BASE_IMAGE", "base:latest")]
    assert [short(image) for image in found.images] == ["w", "other"]
    assert (found.base, found.service, found.place.line) == ("app", "w", 4)


def test_build_by_context_alone_has_no_image_name() -> None:
    found = build("services:\n  w:\n    build: ./w\n")
    assert (short(found.context), found.dockerfile, found.images) == ("./w", None, ())


def test_service_name_is_not_the_image_case_14() -> None:
    run = runs(read("c.yml", "services:\n  ai-worker-cpu:\n    image: academy-ai-worker:latest\n"))["ai-worker-cpu"]
    assert str(run.image) == "academy-ai-worker:latest"


def test_inline_dockerfile_is_handed_on() -> None:
    reading = read(
        "c.yml", "services:\n  w:\n    build:\n      dockerfile_inline: |\n        FROM a\n        ENV X=$$Y\n"
    )
    (script,) = (fact for fact in reading.facts if isinstance(fact, Script))
    assert (script.language, script.text, script.place.line) == (Language.DOCKERFILE, "FROM a\nENV X=$Y\n", 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("[./src:/app/src]", [("./src", "/app/src")], id="short"),
        pytest.param("['./src:/app/src:ro']", [("./src", "/app/src")], id="with a mode"),
        pytest.param("['${DIR:-./src}:/app']", [("<DIR|./src>", "/app")], id="variable with a colon"),
        pytest.param("['C:\\src:/app']", [("C:\\src", "/app")], id="drive of Windows"),
        pytest.param("[/data]", [], id="anonymous volume"),
        pytest.param("[{type: bind, source: ./src, target: /app}]", [("./src", "/app")], id="long"),
        pytest.param("['" + "${a}" * 3000 + "']", [], id="hostile"),
    ],
)
def test_mounts(text: str, expected: list[tuple[str, str]]) -> None:
    run = runs(read("c.yml", f"{SERVICE}    volumes: {text}\n"))["w"]
    assert [(short(mount.source), short(mount.target)) for mount in run.mounts] == expected


def test_other_properties() -> None:
    text = SERVICE + "    restart: unless-stopped\n    profiles: [gpu]\n    working_dir: /app\n"
    run = runs(read("c.yml", text))["w"]
    assert (str(run.restart), run.profiles, str(run.workdir), run.place.line) == ("unless-stopped", ("gpu",), "/app", 2)
    assert run.strength is Strength.LOCAL


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("    extends: base\n", id="short"),
        pytest.param("    extends: {service: base}\n", id="long"),
    ],
)
def test_extends_in_the_same_file(text: str) -> None:
    reading = read("c.yml", SERVICE + text + "  base: {image: b}\n")
    assert runs(reading)["w"].extends == Extends("base")
    assert reading.problems == ()


def test_extends_in_another_file_is_left_to_who_reads_both() -> None:
    run = runs(read("c.yml", SERVICE + "    extends: {file: ../base.yml, service: base}\n"))["w"]
    assert run.extends is not None
    assert (run.extends.service, str(run.extends.file)) == ("base", "../base.yml")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("services: {a: {extends: b}}", "not defined", id="a service that is not there"),
        pytest.param("services:\n  a:\n    environment: !reset null\n", "!reset", id="tag of an override file"),
        pytest.param("services: [", "is not YAML", id="broken"),
    ],
)
def test_problems(text: str, reason: str) -> None:
    reading = read("c.yml", text)
    assert any(reason in problem.reason for problem in reading.problems)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="case 13: empty file"),
        pytest.param("services:\n", id="no services"),
        pytest.param("services: [a]\n", id="services in a list"),
        pytest.param("services: {a: 5, b: , c: [x]}\n", id="services that are none"),
        pytest.param("- a\n", id="a list"),
        pytest.param("a\n", id="a text"),
    ],
)
def test_nothing_to_read_is_no_problem(text: str) -> None:
    assert read("c.yml", text) == Reading()


def test_lines_are_counted_from_where_the_text_begins() -> None:
    run = runs(read("guide.md", SERVICE + "    environment: {X: 1}\n", line=11, strength=Strength.DOCUMENT))["w"]
    assert (run.place.line, settings(run), run.strength) == (12, ["1 @14"], Strength.DOCUMENT)
