"""The audit's page in a browser: it renders, sorts, filters, follows a way through the code, and runs nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inprocess import selfstop
from selfstop.output import audit_mermaid
from tests.browser import browser, console, requested, show
from tests.test_audit_html import ACADEMY, EVIL, POSIX, hostile  # noqa: F401 - a fixture
from tests.test_audit_pictures import chain, view

pytestmark = pytest.mark.slow

MERMAID = os.environ.get("SELFSTOP_MERMAID")
"""The path of mermaid.min.js, for the test that draws what we write."""


@pytest.fixture(scope="module")
def driver(tmp_path_factory) -> Iterator[Any]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("report") / "audit.html"
    selfstop("audit", "--output-format", "html", "--output-file", path, cwd=ACADEMY)
    return path


def all_of(driver: Any, selector: str) -> list[Any]:
    return driver.find_elements("css selector", selector)


def one(driver: Any, selector: str) -> Any:
    (found,) = all_of(driver, selector)
    return found


def column(driver: Any, table: str, label: str) -> list[str]:
    cells = all_of(driver, f"#{table} tbody td[data-label='{label}']")
    return [cell.text for cell in cells if cell.is_displayed()]


def heading(driver: Any, table: str, label: str) -> Any:
    (found,) = [each for each in all_of(driver, f"#{table} th button") if each.text.strip(" ▲▼") == label]
    return found


class TestRenders:
    @pytest.mark.parametrize("width", [360, 1280])
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_without_a_word_on_the_console_and_from_one_file(self, driver, report, width, scheme):
        show(driver, report, width=width, scheme=scheme)
        assert one(driver, "h1").is_displayed()
        assert console(driver) == []
        assert {address for address in requested(driver) if not address.startswith("data:")} == {report.as_uri()}

    @pytest.mark.parametrize(("width", "shown", "hidden"), [(360, "narrow", "wide"), (1280, "wide", "narrow")])
    def test_the_picture_that_fits(self, driver, report, width, shown, hidden):
        show(driver, report, width=width)
        assert one(driver, f"#chain-1 svg.{shown}").is_displayed()
        assert not one(driver, f"#chain-1 svg.{hidden}").is_displayed()

    def test_a_phone_needs_no_scrolling_sideways(self, driver, report):
        show(driver, report, width=360)
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 360

    @pytest.mark.parametrize("width", [360, 1280])
    def test_every_text_is_in_its_box_with_the_fonts_of_this_machine(self, driver, report, width):
        show(driver, report, width=width)
        outside = driver.execute_script(
            """
            for (const each of document.querySelectorAll('details')) each.open = true;
            return [...document.querySelectorAll('svg g')].flatMap((group) => {
              const box = group.querySelector('rect').getBBox();
              return [...group.querySelectorAll('text')].filter((text) => {
                const {x, y, width, height} = text.getBBox();
                const isInside = x >= box.x && x + width <= box.x + box.width
                  && y >= box.y && y + height <= box.y + box.height;
                return width && !isInside;
              }).map((text) => text.textContent);
            });
            """
        )
        assert outside == []

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_text_stands_out_from_what_is_behind_it(self, driver, report, scheme):
        show(driver, report, scheme=scheme)
        weak = driver.execute_script(_CONTRASTS)
        assert weak == []

    def test_light_and_dark_are_not_the_same(self, driver, report):
        shades = []
        for scheme in ("light", "dark"):
            show(driver, report, scheme=scheme)
            shades.append(one(driver, "body").value_of_css_property("background-color"))
        assert shades == ["rgba(245, 246, 248, 1)", "rgba(18, 21, 26, 1)"]

    def test_paper_gets_everything_and_no_controls(self, driver, report):
        show(driver, report, media="print", scheme="dark")
        assert not one(driver, "nav").is_displayed()
        assert not any(each.is_displayed() for each in all_of(driver, ".filter, .go"))
        assert one(driver, "body").value_of_css_property("background-color") == "rgba(255, 255, 255, 1)"
        assert len(driver.execute_cdp_cmd("Page.printToPDF", {})["data"]) > 10_000
        assert all(each.get_attribute("open") for each in all_of(driver, "details"))


_CONTRASTS = """
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const linear = (v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = (colour) => colour.slice(0, 3).map((v) => linear(v / 255))
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const box = each.tagName === 'g' && each.querySelector(':scope > rect');
    if (box) return parse(getComputedStyle(box).fill);
    const colour = parse(getComputedStyle(each).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const weak = new Set();
for (const element of document.querySelectorAll('body *')) {
  if (!element.checkVisibility() || ['SCRIPT', 'STYLE'].includes(element.tagName)) continue;
  if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())) continue;
  const style = getComputedStyle(element);
  const front = parse(element instanceof SVGElement ? style.fill : style.color);
  const [one, other] = [light(front), light(behind(element))].sort((a, b) => b - a);
  const name = `${element.tagName}.${element.getAttribute('class')}: ${element.textContent}`;
  if ((one + 0.05) / (other + 0.05) < 4.5) weak.add(name);
}
return [...weak];
"""


class TestSecurity:
    def test_a_script_that_got_into_the_page_is_not_run(self, driver, report, tmp_path):
        evil = "<script>window.evil = 1</script><img src='data:,' onerror='window.evil = 2'>"
        page = tmp_path / "evil.html"
        page.write_text(report.read_text(encoding="utf-8").replace("<main>", f"<main>{evil}"), encoding="utf-8")
        show(driver, page)
        assert driver.execute_script("return window.evil ?? null") is None
        assert sum("Content Security Policy" in line for line in console(driver)) >= 2
        heading(driver, "table-1", "group").click()
        assert one(driver, "#table-1 th[aria-sort]").text.startswith("group")

    def test_nor_is_anything_loaded_or_sent(self, driver, report, tmp_path):
        evil = (
            "<img src='https://a.invalid/i'><link rel=stylesheet href='https://a.invalid/s'><iframe src='https://a.invalid/f'>"
            "</iframe><form id=f action='https://a.invalid/a'></form><style>body{background:red!important}</style>"
        )
        page = tmp_path / "evil.html"
        page.write_text(report.read_text(encoding="utf-8").replace("<main>", f"<main>{evil}"), encoding="utf-8")
        show(driver, page)
        driver.execute_script("document.getElementById('f').submit()")
        assert one(driver, "body").value_of_css_property("background-color") == "rgba(245, 246, 248, 1)"
        assert driver.current_url == page.as_uri()

    @POSIX
    def test_names_that_are_meant_to_break_out_do_not(self, driver, hostile, tmp_path):  # noqa: F811
        page = tmp_path / "hostile.html"
        page.write_text(hostile, encoding="utf-8")
        show(driver, page)
        assert console(driver) == []
        assert all_of(driver, "img, iframe, object, [onload], [onerror]") == []
        assert len(all_of(driver, "script")) == 1
        assert "<script>alert(1)<\u2215script>.py" in one(driver, "#paths").text


class TestTables:
    def test_a_click_sorts_and_another_one_turns_it_round(self, driver, report):
        show(driver, report)
        button = heading(driver, "table-1", "group")
        button.click()
        groups = ["academy-ai", "academy-batch", "academy-messaging", "academy-video"]
        assert column(driver, "table-1", "group") == groups
        assert one(driver, "#table-1 th[aria-sort]").get_attribute("aria-sort") == "ascending"
        button.click()
        assert column(driver, "table-1", "group") == groups[::-1]
        assert one(driver, "#table-1 th[aria-sort]").get_attribute("aria-sort") == "descending"

    def test_verdicts_are_sorted_by_how_alarming_they_are(self, driver, report):
        show(driver, report)
        heading(driver, "table-1", "verdict").click()
        assert column(driver, "table-1", "verdict") == ["ON", "unknown, may stop", "no stop call", "off"]

    def test_numbers_are_sorted_as_numbers(self, driver, report):
        show(driver, report)
        heading(driver, "table-1", "min/desired/max").click()
        assert column(driver, "table-1", "min/desired/max") == ["1/1/2", "1/1/4", "1/1/20", "1/1/20"]

    def test_the_keyboard_sorts(self, driver, report):
        show(driver, report)
        heading(driver, "table-1", "group").send_keys("\ue007")
        assert one(driver, "#table-1 th[aria-sort]").get_attribute("aria-sort") == "ascending"

    def test_a_filter_shows_the_rows_with_all_its_words(self, driver, report):
        show(driver, report)
        field = one(driver, "#table-1-filter")
        count = one(driver, "section:has(> .wide-table #table-1) .count")
        assert count.text == "4 rows"
        field.send_keys("ACADEMY deploy/user-data/ai")
        assert column(driver, "table-1", "group") == ["academy-ai"]
        assert count.text == "1 of 4 rows"
        field.send_keys(" nothing of this")
        assert (column(driver, "table-1", "group"), count.text) == ([], "0 of 4 rows")
        field.clear()
        field.send_keys(" ")
        assert count.text == "4 rows"

    def test_a_filter_outlives_sorting(self, driver, report):
        show(driver, report)
        one(driver, "#table-1-filter").send_keys("batch")
        heading(driver, "table-1", "group").click()
        assert column(driver, "table-1", "group") == ["academy-batch"]

    def test_on_a_phone_each_cell_has_its_label(self, driver, report):
        show(driver, report, width=360)
        label = "return getComputedStyle(document.querySelector('#table-1 td'), '::before').content"
        assert driver.execute_script(label) == '"group"'


class TestWayThroughTheCode:
    @pytest.mark.parametrize("width", [360, 1280])
    def test_a_step_shows_its_line(self, driver, report, width):
        show(driver, report, width=width)
        steps = all_of(driver, "#path-2 .step a")
        for step in (steps[0], steps[-1], steps[3]):
            driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", step)
            step.click()
            line = one(driver, "#path-2 .line.now")
            assert (
                line.find_element("css selector", ".number").text == step.find_element("css selector", ".number").text
            )
            assert driver.execute_script(_IS_IN_VIEW, line)
            assert step.get_attribute("aria-current") == "step"
        assert len(all_of(driver, "#path-2 [aria-current]")) == 1

    def test_buttons_and_arrow_keys_go_from_step_to_step(self, driver, report):
        show(driver, report)
        before, after = all_of(driver, "#path-2 .go button")
        driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", after)
        steps = [each.text for each in all_of(driver, "#path-2 .step a")]
        seen = []
        for button in (after, after, after, before):
            button.click()
            seen.append(one(driver, "#path-2 [aria-current]").text)
        assert seen == [steps[0], steps[1], steps[2], steps[1]]
        one(driver, "#path-2 [aria-current]").send_keys("\ue015")
        assert one(driver, "#path-2 [aria-current]").text == steps[2]
        assert driver.execute_script("return document.activeElement.textContent") != ""

    def test_the_picture_leads_to_the_code_and_the_overview_opens_what_is_folded(self, driver, report):
        show(driver, report)
        one(driver, "#chain-1 svg.wide a .stop .title").click()
        assert driver.current_url.endswith("#path-2")
        folded = all_of(driver, "details.card")[0]
        assert folded.get_attribute("open") is None
        driver.execute_script("arguments[0].click()", one(driver, f".overview a[href='#{folded.get_attribute('id')}']"))
        driver.implicitly_wait(1)
        assert folded.get_attribute("open") == "true"

    def test_without_scripts_it_can_still_be_read_and_followed(self, driver, report):
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            show(driver, report)
            assert not one(driver, "#table-1-filter").is_displayed()
            step = all_of(driver, "#path-2 .step a")[-1]
            target = step.get_attribute("href")
            driver.get(target)
            line = one(driver, f"#{target.rpartition('#')[2]}")
            assert line.value_of_css_property("background-color") == "rgba(255, 215, 106, 1)"
        finally:
            driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


_IS_IN_VIEW = """
const line = arguments[0].getBoundingClientRect(), frame = arguments[0].parentElement.getBoundingClientRect();
return line.top >= Math.max(frame.top - 1, 0) && line.bottom <= Math.min(frame.bottom + 1, innerHeight);
"""


@pytest.mark.skipif(not MERMAID, reason="needs the path of mermaid.min.js in SELFSTOP_MERMAID")
@pytest.mark.parametrize(
    "text", [*EVIL, "end", "%%{init}%%", "`a`", "1. first", "- first", "# a", "#35;", "a__b__", "日本"]
)
def test_mermaid_draws_names_as_text(driver, tmp_path, text):
    page = tmp_path / "mermaid.html"
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8><script src='{Path(MERMAID).as_uri()}'></script>", "utf-8")
    show(driver, page)
    shown = driver.execute_async_script(_DRAW, audit_mermaid.render(view(chain(text), chain(text, broken=True))))
    assert shown["error"] is None
    assert (shown["nodes"], shown["edges"], shown["dashed"]) == (12, 12, 5)
    assert shown["strange"] == []
    assert "".join(_visible(text).split()) in "".join(shown["text"].split())


def _visible(text: str) -> str:
    from selfstop.output.escape import escape

    return escape(" ".join(text.split()))


_DRAW = """
const done = arguments[1];
mermaid.initialize({startOnLoad: false, securityLevel: 'strict'});
mermaid.render('drawing', arguments[0]).then(({svg}) => {
  document.body.innerHTML = svg;
  const count = (selector) => document.querySelectorAll(selector).length;
  done({
    error: null,
    nodes: count('g.node'),
    edges: count('path.flowchart-link'),
    dashed: count('path.flowchart-link.edge-pattern-dotted'),
    strange: [...document.body.querySelectorAll('script, img, iframe, a, ul, ol, li, em, strong, code')]
      .map((each) => each.outerHTML),
    text: document.body.textContent,
  });
}, (error) => done({error: String(error)}));
"""
