"""The console in a real browser: Debian's Chromium, which is driven and never fetched. Each task of
an operator, by mouse, by the keyboard alone, without the script, on a telephone's width, and with
nothing in a screen reader's way."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from sync.console.links import BASE
from tests.cli.running import ROOT, environment
from tests.conftest import NO_CHROMIUM

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: make test installs it"
)

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")
AXE: Final = Path(__file__).parent / "browser" / "node_modules" / "axe-core" / "axe.min.js"
RULES: Final = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "dark": ["color-contrast"],
}
"""What is looked for: everything, and in the other colours what depends on them."""
PAGES: Final = (
    "",
    "/parked",
    "/mappings",
    "/drift",
    "/credit",
    "/credit/decisions",
    "/reconciliation",
    "/reports",
    "/returns",
    "/quotes",
    "/accounts",
    "/connections",
    "/activity",
    "/keys",
    "/search",
)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason=f"{NO_CHROMIUM}: apt-get install chromium, or its like"
)


@dataclass
class Site:
    """The console, and who may sign in to it."""

    url: str
    keys: dict[str, str]
    tokens: dict[str, list[str]]
    browser: Any = field(repr=False, default=None)

    def opened(self, role: str = "operator", **options: Any) -> Any:
        """A page for somebody who has signed in, in a browser of its own. Whatever it asks of
        another origin, and whatever the browser complains about, is a failure."""
        context = self.browser.new_context(locale="en-GB", timezone_id="Europe/Berlin", **options)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("request", lambda one: self.noted(one.url))
        page.on("console", lambda one: self.noted(one.text, is_wrong=one.type == "error"))
        page.goto(f"{self.url}{BASE}/sign-in?token={self.tokens[role].pop()}")
        page.click("button")
        page.wait_for_url(f"{self.url}{BASE}")
        return page

    def noted(self, text: str, *, is_wrong: bool = False) -> None:
        is_elsewhere = "://" in text and not text.startswith((self.url, "data:"))
        if is_wrong or is_elsewhere:
            self.complaints.append(text)

    complaints: list[str] = field(default_factory=list)


def sites() -> Iterator[Site]:
    """Serve one, with a browser, until the next is asked for."""
    command = [sys.executable, "-m", "tests.console.served"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, cwd=ROOT, env=environment()
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            yield Site(told["url"], told["keys"], told["tokens"], browser)
            browser.close()
        process.terminate()


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    yield from sites()


@pytest.fixture
def site(served: Site) -> Iterator[Site]:
    served.complaints.clear()
    yield served
    assert served.complaints == []
    for context in served.browser.contexts:
        context.close()


def heading(page: Any) -> str:
    return str(page.inner_text("h1"))


def paths(site: Site) -> list[str]:
    """Every page that can be looked at."""
    record = f"/record?connection=shop&flow=orders&key={site.keys['delivered']}"
    parked = f"connection=shop&flow=orders&key={site.keys['other']}"
    return [*PAGES, record, f"/replay?{parked}", f"/decide?{parked}", "/search?q=nothing"]


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: make axe (needs Node)")
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_is_in_a_screen_readers_way(site: Site, colours: str) -> None:
    page = site.opened(color_scheme=colours)
    found = []
    for path in paths(site):
        page.goto(f"{site.url}{BASE}{path}")
        page.evaluate(AXE.read_text(encoding="utf-8"))
        said = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES[colours])
        found += [
            (path, one["id"], [node["html"] for node in one["nodes"]][:3])
            for one in said["violations"]
        ]
    assert not found


def test_every_page_fits_a_telephone(site: Site) -> None:
    page = site.opened(viewport={"width": 320, "height": 640})
    wide = []
    for path in paths(site):
        page.goto(f"{site.url}{BASE}{path}")
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
            wide.append((path, width))
    assert not wide


def test_the_keyboard_is_enough_to_find_open_and_replay(site: Site) -> None:
    page = site.opened()
    page.keyboard.press("?")
    page.wait_for_url("**/keys")
    page.keyboard.press("/")
    page.keyboard.type(site.keys["delivered"].partition("@")[0])
    page.keyboard.press("Enter")
    page.wait_for_url("**/record?**")
    assert site.keys["delivered"] in heading(page)
    page.goto(f"{site.url}{BASE}/parked?flow=orders")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/parked?id=**")
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.wait_for_url("**/replay?**")
    assert heading(page) == "Replay"
    page.keyboard.press("Enter")
    page.wait_for_url("**/activity/one?**")
    page.wait_for_selector("text=parked 1")


def test_a_complaint_is_filtered_and_opened_by_the_keyboard(site: Site) -> None:
    page = site.opened()
    page.goto(f"{site.url}{BASE}/returns")
    page.fill("main input[name=text]", "damaged")
    page.keyboard.press("Enter")
    page.wait_for_url("**/returns?**")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/record?**")
    assert f"order_issues {site.keys['complained']}" in heading(page)


def test_a_checkouts_decision_is_filtered_and_its_account_opened_by_the_keyboard(
    site: Site,
) -> None:
    page = site.opened()
    page.goto(f"{site.url}{BASE}/credit/decisions")
    page.focus("main input[name=account]")
    page.keyboard.type("US-001")
    page.keyboard.press("Tab")
    page.keyboard.type(page.inner_text("main select[name=outcome] option:nth-child(3)"))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/credit/decisions?**outcome=**")
    (row,) = page.query_selector_all("main [data-row]")
    assert "more than is left" in row.inner_text()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/credit/account?**account=US-001**")
    assert "US-001" in heading(page)


@pytest.mark.parametrize("script", [True, False])
def test_a_sku_is_mapped_and_what_waits_for_it_is_replayed(site: Site, *, script: bool) -> None:
    """The task that wakes people most often, with the script and without it."""
    name, sku = ("parked", "SIMPLE-002") if script else ("other", "SIMPLE-003")
    page = site.opened(java_script_enabled=script)
    page.click("nav >> text=Parked")
    row = page.locator("tr", has_text=sku)
    assert row.count() == 1, page.inner_text("main")
    row.locator("a:has-text('Map the SKU')").click()
    page.fill("[name=item_number]", sku)
    page.fill("[name=unit]", "ea")
    page.click("text=Store the mapping")
    page.click("nav >> text=Parked")
    page.locator("tr", has_text=sku).locator("a:has-text('Replay')").click()
    assert "be delivered" in page.inner_text("main")
    page.click("main button")
    while "still waiting" in page.inner_text("main"):
        page.reload()
    page.wait_for_selector("text=posted")
    page.goto(f"{site.url}{BASE}/record?connection=shop&flow=orders&key={site.keys[name]}")
    assert "delivered" in page.inner_text("main")
    assert "by ann" in page.inner_text("main")


def test_documents_are_looked_at_and_the_trail_says_who_did(site: Site) -> None:
    page = site.opened()
    page.goto(f"{site.url}{BASE}/record?connection=shop&flow=orders&key={site.keys['delivered']}")
    assert "Money proof" in page.inner_text("main")
    page.locator("tr", has_text="created").locator("button").click()
    assert "Read from its system" in page.inner_text("main")
    assert "increment_id" in page.inner_text("pre >> nth=0")
    assert page.locator("tr", has_text="looked at").count() == 1
    time = page.locator("tbody time").first
    assert "UTC" in time.get_attribute("title")
    assert "UTC" not in time.inner_text(), "the reader's own zone"


def test_a_flow_is_paused_and_resumed(site: Site) -> None:
    page = site.opened()
    page.click("nav >> text=Connections")
    page.select_option("[name=flow]", "invoices")
    page.fill("[name=why]", "closing the month")
    page.click("button:has-text('Pause')")
    page.click("nav >> text=Overview")
    assert "closing the month" in page.inner_text("main")
    page.click("nav >> text=Connections")
    page.click("button:has-text('Resume')")
    assert "Nothing is paused." in page.inner_text("main")
    page.click("nav >> text=Activity")
    assert "resumed" in page.inner_text("main")


def test_a_viewer_finds_no_button_that_changes_something(site: Site) -> None:
    page = site.opened("viewer")
    for path in PAGES:
        page.goto(f"{site.url}{BASE}{path}")
        buttons = page.locator("main form[method=post]")
        assert buttons.count() == 0, path
    page.goto(f"{site.url}{BASE}/replay?connection=shop&flow=orders&key={site.keys['odd']}")
    assert "Only an operator may do this." in page.inner_text("main")
    site.complaints.clear()  # the browser tells that a page was refused
    page.click("text=Sign out")
    assert heading(page) == "Sign in to the console"
