"""The web component in a real browser, on a page of another origin, as a shop has it; and the
module for Luma, whose PHP is parsed and whose token the portal takes."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from sync.portal.app import PATHS
from tests.cli.running import ROOT, environment
from tests.conftest import NO_CHROMIUM
from tests.console.test_browser import AXE, CHROMIUM, RULES
from tests.portal.buyers import NAME, OURS_TOKEN

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Shop</title></head><body><main>
<h1>My account</h1><invoice-portal store="default" orders></invoice-portal></main>
<script type="module">
import "./invoice-portal.js";
const portal = document.querySelector("invoice-portal");
portal.token = () => window.token ?? "ours";
portal.setAttribute("src", "SRC");
</script></body></html>"""
PARSER: Final = AXE.parents[1] / "php-parser"
PARSES: Final = """
const { Engine } = require(process.argv[1]);
const engine = new Engine({ parser: { extractDoc: true, version: "8.1" } });
for (const file of process.argv.slice(2)) {
  engine.parseCode(require("fs").readFileSync(file, "utf-8"), file);
  console.log(file);
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves the shop's page and the component, and logs nothing."""

    page = ""

    def do_GET(self) -> None:
        """The page at `/`, files otherwise."""
        if self.path != "/":
            super().do_GET()
            return
        body = type(self).page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def shop() -> Iterator[Any]:
    """A browser on the shop's page; gives a function that opens it."""
    handler = partial(Quiet, directory=str(ROOT / "portal"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    command = [sys.executable, "-m", "tests.portal.served", origin]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, cwd=ROOT, env=environment()
    ) as process:
        assert process.stdout is not None
        Quiet.page = PAGE.replace("SRC", json.loads(process.stdout.readline())["url"])
        with playwright.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

            def opened(token: str = OURS_TOKEN, **options: Any) -> Any:
                page = browser.new_context(locale="en-US", **options).new_page()
                page.add_init_script(f"window.token = {token!r}")
                page.goto(origin)
                return page

            yield opened
            browser.close()
        process.terminate()
    server.shutdown()
    server.server_close()


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


@needs_chromium
def test_a_buyer_finds_reads_and_prints_an_invoice_by_the_keyboard(shop: Any) -> None:
    page = shop()
    page.wait_for_selector("[part=list] tbody tr >> nth=19")
    assert "$2,530.00 ($1,400.00 overdue)" in page.inner_text("ul")
    orders = page.inner_text("section[part=orders]")
    assert "SO-PHONE" in orders
    assert "open" in orders
    page.get_by_role("button", name="Details of CIV-LAST").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    told = page.inner_text("dialog")
    assert NAME in told, "names are text, never markup"
    assert "Settled by" in told
    assert "$8.00" in told, "its tax"
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog", state="detached")
    with page.expect_download() as download:
        page.get_by_role("button", name="PDF of CIV-LAST").press("Enter")
    assert Path(download.value.path()).read_bytes()[:5] == b"%PDF-"
    page.get_by_role("button", name="More").press("Enter")
    page.wait_for_selector("[part=list] tbody tr >> nth=25")
    page.get_by_label("Status").select_option("partly paid")
    playwright.expect(page.locator("[part=list] tbody tr")).to_have_count(1)


@needs_chromium
@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there: make axe (needs Node)")
def test_it_has_no_barriers_and_fits_a_telephone(shop: Any) -> None:
    page = shop(viewport={"width": 320, "height": 640})
    page.wait_for_selector("[part=list] tbody tr >> nth=19")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.evaluate(AXE.read_text(encoding="utf-8"))
    said = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES["light"])
    assert [(one["id"], one["nodes"][0]["html"]) for one in said["violations"]] == []


@needs_chromium
def test_nobody_who_is_not_signed_in_sees_anything(shop: Any) -> None:
    page = shop("somebody")
    page.wait_for_selector("[role=alert]")
    assert "Sign in" in page.inner_text("invoice-portal >> section")


@pytest.mark.skipif(not PARSER.exists(), reason="php-parser is not there: make axe (needs Node)")
def test_the_module_for_luma_is_sound_php() -> None:
    sources = sorted(
        str(one)
        for one in (ROOT / "extras" / "luma").rglob("*")
        if one.suffix in (".php", ".phtml")
    )
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(  # noqa: S603 - our own files
        [node, "-e", PARSES, str(PARSER), *sources], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.splitlines()) == (0, sources), done.stderr


def test_the_modules_token_is_the_one_that_the_portal_takes() -> None:
    """What `Model/Token.php` signs: the same claims, the algorithm, and the time."""
    text = (ROOT / "extras" / "luma" / "Model" / "Token.php").read_text(encoding="utf-8")
    for told in ("'sub'", "'aud'", "'iat'", "'exp'", "'HS256'", "SECONDS = 300", "sha256"):
        assert told in text


def test_the_page_for_programs_tells_every_route() -> None:
    page = json.loads((ROOT / "docs" / "portal-openapi.json").read_text(encoding="utf-8"))
    told = {path.removeprefix("/api/portal/{connection}") for path in page["paths"]}
    assert told == {*PATHS, "/link/{link}"}
