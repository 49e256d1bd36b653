"""Command lines of docker: what is a setting, what belongs to the program, which image it is."""

from __future__ import annotations

import pytest
from reading import facts, of_kind, only, runs, told

from selfstop.deploy.model import Extra, ImageBuild, ImageTag, Launcher, Layer, Setting

LINES = {
    "case 1: a setting before an env file": ("docker run -e X=0 --env-file f img", "img X=0 file:f"),
    "case 1: a setting behind an env file": ("docker run --env-file f -e X=0 img", "img file:f X=0"),
    "case 4: two settings of one name": ("docker run -e X=5 -e X=0 img", "img X=5 X=0"),
    "case 4: a bare name takes the host's value": ("docker run -e X img", "img X=?X:host?"),
    "case 4: a bare name takes what the script exports": ("export X=3\ndocker run -e X img", "img X=3"),
    "case 4: nothing behind the sign": ("docker run -e X= img", "img X="),
    "case 4: long option with a sign": ("docker run --env=X=1 img", "img X=1"),
    "case 4: value joined to the letter": ("docker run -eX=1 img", "img X=1"),
    "case 4: value joined to the letter with a sign": ("docker run -e=X=1 img", "img X=1"),
    "case 4: bundled letters": ("docker run -ite X=1 img", "img X=1"),
    "case 4: bundled letters, value joined": ("docker run -diteX=1 img", "img X=1"),
    "case 5: options behind the image are the program's": ("docker run img -e X=0", "img | -e X=0"),
    "flags take no value": ("docker run -d --rm --init -it --privileged img", "img"),
    "a flag with a value by sign": ("docker run --rm=false -e X=1 img", "img X=1"),
    "all other options take one": ("docker run -p 80:80 --memory 4g --gpus all -e X=1 img", "img X=1"),
    "an option that docker does not know takes one": ("docker run --new thing -e X=1 img", "img X=1"),
    "options end": ("docker run -e X=1 -- img a", "img X=1 | a"),
    "entrypoint": ("docker run --entrypoint python img -m a", "img entry=python | -m a"),
    "entrypoint taken away": ('docker run --entrypoint "" img sh', "img entry= | sh"),
    "quotes inside a value": ("docker run -e 'X=a b' -e Y=\"c d\" img", "img X=a b Y=c d"),
    "an unresolved value": ('docker run -e X="$LIMIT" img', "img X=?LIMIT?"),
    "an unresolved image": ("docker run -e X=1 $IMAGE", "$IMAGE X=1"),
    "an unresolved image with arguments": ("docker run -e X=1 $IMAGE serve", "$IMAGE X=1 | serve"),
    "an image that is a mark": ("docker run -e X=1 {{IMAGE}} serve", "{{IMAGE}} X=1 | serve"),
    "an unresolved name of a setting": ('docker run -e "$PAIR" img', "img extra:$PAIR[…]"),
    "case 40: podman": ("podman run -e X=1 img", "img X=1"),
    "case 40: nerdctl": ("nerdctl run -e X=1 img", "img X=1"),
    "case 40: docker container run": ("docker container run -e X=1 img", "img X=1"),
    "case 40: a path": ("/usr/bin/docker run -e X=1 img", "img X=1"),
    "case 40: sudo with options": ("sudo -E -u app docker run -e X=1 img", "img X=1"),
    "case 40: timeout": ("timeout -k 5 5 docker run -e X=1 img", "img X=1"),
    "case 40: nice, nohup and a path": ("nohup nice -n 5 /usr/bin/docker run -e X=1 img", "img X=1"),
    "case 40: env before it": ("env A=1 docker run -e X=1 img", "img X=1"),
    "case 40: a bare name finds what stands before the command": ("X=7 docker run -e X img", "img X=7"),
    "global options": ("docker --context far -H tcp://x run -e X=1 img", "img X=1"),
    "docker create": ("docker create -e X=1 img", "img X=1"),
    "a lock": ("flock -n /tmp/l docker run -e X=1 img", "img X=1"),
}


@pytest.mark.parametrize(("line", "expected"), LINES.values(), ids=LINES.keys())
def test_a_run_is_read_as_docker_reads_it(line: str, expected: str) -> None:
    assert told(only(line)) == expected


SILENT = {
    "another subcommand": "docker exec -e X=1 name cmd",
    "an image without a run": "docker pull img",
    "no image": "docker run -e X=1",
    "logs": "docker logs run",
    "printed": 'echo "docker run -e X=1 img"',
    "a comment": "# docker run -e X=1 img",
    "searched for": "grep -q 'docker run -e X=1 img' file",
    "another program's argument": "systemctl docker run img",
}


@pytest.mark.parametrize("line", SILENT.values(), ids=SILENT.keys())
def test_no_run(line: str) -> None:
    assert runs(line) == []


EXTRAS = {
    "case 6: literals without the name, by branch": (
        'EXTRA=""\nif [ -f g ]; then EXTRA="-e G=/g -v /g:/g"; fi\ndocker run -e X=0 $EXTRA img',
        "img X=0 extra:$EXTRA[nothing/G=/g]",
    ),
    "case 6: a branch that sets it": (
        'EXTRA=""\nif [ -f g ]; then EXTRA="-e X=5"; fi\ndocker run -e X=0 $EXTRA img',
        "img X=0 extra:$EXTRA[nothing/X=5]",
    ),
    "case 6: both branches": (
        'if [ -f g ]; then EXTRA="-e X=5"; else EXTRA="-e X=6"; fi\ndocker run $EXTRA img',
        "img extra:$EXTRA[X=5/X=6]",
    ),
    "case 6: from outside": ("EXTRA=$1\ndocker run -e X=0 $EXTRA -d img", "img X=0 extra:$1[…]"),
    "case 6: never assigned": ("docker run -e X=0 $OPTIONS -d img", "img X=0 extra:$OPTIONS[…]"),
    "one literal is simply put in": ('EXTRA="-e X=5"\ndocker run -e X=0 $EXTRA img', "img X=0 X=5"),
    "in quotes it is one word, the image": ('docker run -e X=0 "$WHAT" img', "$WHAT X=0 | img"),
    "a list": ('OPTS=(-e X=1)\nOPTS+=(-e Y=2)\ndocker run "${OPTS[@]}" img', "img X=1 Y=2"),
    "a list that is added to under a condition": (
        'OPTS=(-e X=1)\nif [ -n "$G" ]; then OPTS+=(-e X=2); fi\ndocker run "${OPTS[@]}" -d img',
        "img extra:${OPTS[@]}[X=1/X=1,X=2]",
    ),
    "the arguments of the script": ('docker run "$@" -d img', "img extra:$@[…]"),
}


@pytest.mark.parametrize(("text", "expected"), EXTRAS.values(), ids=EXTRAS.keys())
def test_words_that_may_hold_settings(text: str, expected: str) -> None:
    assert told(only(text)) == expected


def test_what_alternatives_say_is_complete_only_if_every_branch_is_known() -> None:
    (extra,) = (each for each in only("docker run $A -d img").sources if isinstance(each, Extra))
    assert not extra.complete
    run = only("A=''\nif b; then A='-e X=1'; fi\ndocker run $A img")
    (extra,) = (each for each in run.sources if isinstance(each, Extra))
    assert extra.complete


def test_the_rest_of_a_run() -> None:
    run = only("docker run --name n --restart always -v /a:/b:ro -v c:/d --mount type=bind,src=/e,dst=/f -w /w img")
    assert (str(run.name), str(run.restart), str(run.workdir)) == ("n", "always", "/w")
    assert [(str(mount.source), str(mount.target)) for mount in run.mounts] == [("/a", "/b"), ("c", "/d"), ("/e", "/f")]


def test_case_40_compose_run_overrides() -> None:
    run = only("docker compose -f a.yml run --rm -e X=1 worker python -m a")
    assert run.launcher is Launcher.COMPOSE
    assert told(run) == "- X=1 | python -m a"
    assert str(run.name) == "worker"
    assert [source.layer for source in run.sources if isinstance(source, Setting)] == [Layer.OVERRIDE]
    assert told(only("docker-compose run -eX=1 worker")) == "- X=1"


def test_builds_and_tags() -> None:
    found = facts(
        "docker build -f docker/a/Dockerfile -t a:latest --target t --build-arg B=1 --no-cache .\n"
        "docker buildx build --platform linux/arm64 --tag=b --load ctx\n"
        "docker tag a:latest reg/a:latest"
    )
    first, second = of_kind(ImageBuild, found)
    assert [str(image) for image in first.images] == ["a:latest"]
    assert (str(first.dockerfile), str(first.context), str(first.target)) == ("docker/a/Dockerfile", ".", "t")
    assert [(each.name, str(each.value)) for each in first.arguments] == [("B", "1")]
    assert ([str(image) for image in second.images], str(second.context)) == (["b"], "ctx")
    assert [(str(tag.source), str(tag.target)) for tag in of_kind(ImageTag, found)] == [("a:latest", "reg/a:latest")]
