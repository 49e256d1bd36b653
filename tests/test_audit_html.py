"""The audit as a page: complete, safe, and the same for the same repository. `test_audit_browser` opens it."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import time
from pathlib import Path

import pytest

from inprocess import selfstop
from selfstop.audit.run import audit
from selfstop.audit.words import EFFECTS, GAP
from selfstop.deploy.permission import Permission
from selfstop.output.audit_rows import tables
from selfstop.output.audit_view import AuditView
from selfstop.output.html.tables import TONES
from selfstop.session import Request
from tests import golden
from tests.audits import GUARDED, IMAGE
from tests.golden import FLEET
from tests.pages import Page

ACADEMY = Path(__file__).parent.parent / "fixtures" / "academy"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs file names that Windows forbids")

ALLOWED = frozenset(
    "a article body br button code details div figure footer g h1 h2 h3 h4 head header html input label li link main "
    "meta nav ol p path pre rect script section span style summary svg table tbody td text th thead title tr "
    "ul wbr".split()
)
ATTRIBUTES = frozenset(
    "aria-label aria-labelledby autocomplete charset class content d data-go data-label data-rank disabled for height "
    "hidden href http-equiv id lang name rel role rx scope tabindex text-anchor type viewbox width x y".split()
)
EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'--></style></script><svg onload=alert(1)>",
    "]]>",
    "&lt;b&gt;&#60;i&#62;",
    "a\nb\r\x1b[31m\x00"[:-1],
    "\u202egnp.exe\u2066\ufeff",
    "javascript:alert(1)",
    "{{7*7}}${x}`y`",
)


@pytest.fixture(scope="module")
def academy() -> str:
    return selfstop("audit", "--output-format", "html", cwd=ACADEMY).out


@pytest.fixture(scope="module")
def page(academy: str) -> Page:
    return Page(academy)


@pytest.mark.parametrize("name", golden.FORMATS)
def test_nothing_changes_unnoticed(name, tmp_path):
    expected = (golden.DIRECTORY / f"fleet.{name}").read_bytes().decode("utf-8")
    assert golden.current(tmp_path)(name) == expected, "if that is meant: python -m tests.golden"


class TestIsOneFile:
    def test_the_same_repository_gives_the_same_bytes(self, academy):
        assert selfstop("audit", "--output-format", "html", cwd=ACADEMY).out == academy

    def test_nothing_of_this_machine_is_in_it(self, academy):
        assert str(Path.cwd()) not in academy
        assert str(ACADEMY.parent) not in academy

    def test_it_loads_nothing(self, academy, page):
        assert [each.attributes["href"] for each in page.all("link")] == ["data:,"]
        assert not re.search(r"""(?:src|srcset|action|xlink:href|style)\s*=""", academy.partition("<script>")[0])
        assert {each.attributes["href"][0] for each in page.all("a")} == {"#"}
        assert not re.search(r"url\(|@import|https?:", page.one("style").text)
        assert not re.search(r"fetch|XMLHttp|innerHTML|eval|document\.write|https?:", page.one("script").text)

    def test_every_link_leads_to_something(self, page):
        names = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
        assert len(names) == len(set(names))
        assert {each.attributes["href"][1:] for each in page.all("a")} <= set(names)

    def test_elements_are_closed_in_order(self, page):
        assert (page.mismatched, page.open) == ([], [])


class TestContentSecurityPolicy:
    def test_it_allows_the_one_script_and_the_one_style_by_their_hashes(self, page):
        (policy,) = [each.attributes["content"] for each in page.all("meta") if "http-equiv" in each.attributes]
        for tag in ("script", "style"):
            digest = hashlib.sha256(page.one(tag).text.encode("utf-8")).digest()
            assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}';" in policy
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy

    def test_it_comes_before_anything_that_it_rules(self, page):
        tags = [(each.tag, "http-equiv" in each.attributes) for each in page.elements]
        assert tags.index(("meta", True)) < tags.index(("style", False))


class TestSaysTheIncident:
    def test_the_verdict_comes_first(self, page):
        assert "LOOP: academy-batch stops its own instances, and replaces them without end" in page.one("h1").text
        headings = [each.tag for each in page.elements if re.fullmatch(r"h\d", each.tag)]
        assert headings[:2] == ["h1", "h2"]

    def test_then_the_worst_chain_with_its_story_and_its_repairs(self, page):
        card = next(each for each in page.all("article", "card"))
        for text in (
            "academy-batch keeps at least 1 machine, so it replaces each machine that stopped",
            "no guard: it is clean-up",
            "replaces it, without end",
            "apps/worker/ai_worker/run.py:97 out of the clean-up",
            "aws autoscaling suspend-processes --auto-scaling-group-name academy-batch",
        ):
            assert text in re.sub(r"\s+", " ", card.text), text

    def test_the_setting_that_keeps_a_group_safe_is_on_its_edge(self, page):
        (card,) = [each for each in page.all("article", "card") if each.text.startswith("off academy-ai")]
        assert "closed: the stop call is not reached" in card.text
        assert "EC2_IDLE_STOP_THRESHOLD = 0 (-e deploy/user-data/ai.sh:8)" in card.text

    def test_all_tables_are_there_in_full(self, tmp_path):
        done = golden.audited(tmp_path, FLEET)
        page = Page(golden.rendered(done, "html"))
        wanted = [table for table in tables(AuditView(done.report)) if table.rows]
        assert len(page.all("table")) == len(wanted)
        assert len(page.all("tr")) == sum(1 + len(table.rows) for table in wanted)
        shown = {each.text.strip() for each in page.all("td")}
        assert {cell.strip() for table in wanted for row in table.rows for cell in row} <= shown | {""}

    def test_every_verdict_has_its_place_in_the_order(self):
        said = {*EFFECTS.values(), *Permission, GAP, "no stop call", "never read", "unknown"}
        assert {str(verdict) for verdict in said} == set(TONES)

    def test_a_broken_link_is_dashed(self, tmp_path):
        page = Page(golden.rendered(golden.audited(tmp_path, FLEET), "html"))
        assert page.all("path", "edge", "broken")
        assert page.all("g", "node", "missing")

    def test_no_link_is_dashed_where_none_is_broken(self, page):
        assert page.all("path", "broken") + page.all("g", "missing") == []


class TestSource:
    def test_steps_stand_beside_the_lines_that_they_mean(self, page):
        lines = (ACADEMY / "apps/worker/ai_worker/run.py").read_text(encoding="utf-8").splitlines()
        by_name = {each.attributes.get("id"): each for each in page.all("div", "line")}
        steps = [
            each for each in page.all("a") if "li" in each.parents and each.attributes["href"].startswith("#path-2-")
        ]
        assert len(steps) == 10
        for step in steps:
            line = by_name[step.attributes["href"][1:]]
            number = int(step.attributes["href"].rpartition("-")[2])
            assert line.text.strip("\n") == f"{number}{lines[number - 1]}" if lines[number - 1] else f"{number} "
            assert line.classes & {"on", "stop"}

    def test_of_the_code_only_what_is_near_the_path_is_quoted(self, tmp_path):
        far = GUARDED.replace(
            "import os\n", "import os\n\nFAR = 'away'\n" + "\n" * 5 + "SECRET = 'far away'\n" + "\n" * 5
        )
        text = golden.rendered(golden.audited(tmp_path, far + IMAGE), "html")
        assert "stop_instances" in text
        assert "far away" not in text

    def test_deployment_files_are_not_quoted(self, tmp_path):
        text = FLEET.replace("-d -e IDLE", "-d -e PASSWORD=hunter2 -e IDLE").replace(
            "docker run --env", "A=hunter3 docker run --env"
        )
        assert not re.search(r"hunter\d", golden.rendered(golden.audited(tmp_path, text), "html"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> str:
    """A repository all of whose names are meant to break out."""
    root = tmp_path_factory.mktemp("hostile")
    module, *_ = GUARDED.partition("\n")
    code = GUARDED.removeprefix(f"{module}\n")
    for number, evil in enumerate(EVIL):
        name = evil.replace("/", "\u2215").replace("\x00", "")
        directory = root / f"{number}{name}"
        directory.mkdir()
        marked = code.replace("[instance_id]", f"[instance_id]) or print({evil!r}")
        (directory / f"{name}.py").write_text(marked, encoding="utf-8")
        quoted = "'" + evil.replace("'", "'\\''") + "'"
        (directory / f"run{name}.sh").write_text(
            f"docker run --name {quoted} -e IDLE_STOP_THRESHOLD={quoted} fleet-worker:1.4 python {quoted}.py\n"
            f"aws autoscaling create-auto-scaling-group --auto-scaling-group-name {quoted} --min-size {quoted}\n",
            encoding="utf-8",
        )
    return golden.rendered(golden.audited(root, GUARDED + IMAGE), "html")


@POSIX
class TestEscapes:
    def test_no_name_becomes_an_element_or_an_attribute(self, hostile):
        page = Page(hostile)
        assert {each.tag for each in page.elements} <= ALLOWED
        assert {name for each in page.elements for name in each.attributes} <= ATTRIBUTES
        assert (page.mismatched, page.open) == ([], [])

    def test_there_is_one_script_and_it_is_ours(self, hostile, academy):
        assert Page(hostile).one("script").text == Page(academy).one("script").text
        assert hostile.count("<script>") == hostile.count("</script>") == 1

    def test_a_file_named_script_stays_a_name(self, hostile):
        assert "<script>alert(1)<\u2215script>.py" in "".join(each.text for each in Page(hostile).all("code"))

    def test_controls_are_shown_not_obeyed(self, hostile):
        text = Page(hostile).one("main").text
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]", hostile)
        assert r"\u202egnp.exe\u2066\ufeff" in text
        assert r"a\nb\r\x1b[31m" in text

    def test_the_academy_needs_no_other_elements(self, page):
        assert {each.tag for each in page.elements} <= ALLOWED


def test_thousands_of_stop_calls_do_not_make_a_page_of_thousands_of_pictures(tmp_path):
    call = "def f{0}(ec2, ids):\n    ec2.stop_instances(InstanceIds=ids)\n"
    text = "==> many.py <==\n" + "".join(call.format(number) for number in range(120))
    page = Page(golden.rendered(golden.audited(tmp_path, text), "html"))
    assert len(page.all("svg", "wide")) == len(page.all("article", "path")) == 100
    assert "20 more starts are in the tables" in page.one("main").text
    assert "20 more stop calls are in the tables" in page.one("main").text
    assert len([each for each in page.all("td") if each.attributes["data-label"] == "place"]) == 120


@pytest.mark.slow
@pytest.mark.parametrize("name", golden.FORMATS)
def test_a_format_takes_less_than_a_tenth_of_the_analysis(name):
    start = time.process_time()
    done = audit(Request(paths=(ACADEMY,), root=ACADEMY))
    analysed = time.process_time() - start
    shares = []
    for _ in range(3):
        start = time.process_time()
        golden.rendered(done, name)
        shares.append((time.process_time() - start) / analysed)
    assert min(shares) < 0.1


def test_a_repository_without_stop_calls_is_a_page_too(tmp_path):
    page = Page(golden.rendered(golden.audited(tmp_path, "==> a.py <==\nprint('works')\n"), "html"))
    assert "No code here stops the machine it runs on." in page.one("h1").text
    assert page.all("svg") + page.all("table") == []
