"""Who may look, who may change something, and what another site can do with a browser."""

import base64
import json
import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from sync.adapters.sqlite.tables import SqliteTables
from sync.app.console_sign_ins import SESSION_LASTS, TOKEN_LASTS, Role, SignIns
from sync.app.edition_parts import EditionParts
from sync.app.settings import ConsoleSignIn
from sync.console.access import PRINCIPAL
from sync.console.app import HEADERS, PAGES
from sync.console.links import BASE
from sync.console.rendering import HERE
from sync.console.texts import TEXTS
from sync.operating.activity import Activity
from tests.console.browsing import Browser, opened
from tests.harness import Harness, in_harness, key_of
from tests.systems import CONNECTION

CHANGES: Final = [page.path for page in PAGES if page.method == "POST" and page.path != "/search"]
TEMPLATES: Final = sorted((HERE / "templates").glob("*.html"))
FORM: Final = {
    "connection": CONNECTION, "flow": "orders", "key": "1@1", "why": "x", "sku": "A",
    "item_number": "B", "place": f"{CONNECTION}|stock", "skus": "A", "count": "1", "entry": "1",
}  # fmt: skip


def principal(*roles: str, kind: str = "roles", **claims: str) -> dict[str, str]:
    """What the platform says of somebody who has signed in there."""
    known = {"preferred_username": "bob@example.com", "oid": "b-1", **claims}
    rows = [{"typ": kind, "val": role} for role in roles]
    rows += [{"typ": name, "val": value} for name, value in known.items()]
    said = json.dumps({"auth_typ": "aad", "claims": rows}).encode()
    return {PRINCIPAL: base64.b64encode(said).decode()}


def stored(harness: Harness) -> dict[str, list[Any]]:
    """Everything in the tables."""
    tables = harness.systems.tables
    assert isinstance(tables, SqliteTables)
    sql = 'SELECT "table", partition, key, cells FROM rows ORDER BY 1, 2, 3'
    rows = tables._store.read(sql)
    return {name: [row for row in rows if row[0] == name] for name in {row[0] for row in rows}}


def test_the_pages_that_change_something_are_known() -> None:
    assert len(CHANGES) >= 10
    assert {page.role for page in PAGES if page.path in CHANGES and page.method == "POST"} == {
        Role.OPERATOR
    }


@in_harness()
async def test_a_viewer_changes_nothing_by_any_route(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    browser = await Browser.of(harness, Role.VIEWER)
    await browser.sees("/search")
    before = stored(harness)
    for page in PAGES:
        if page.method == "POST" and page.path != "/search":
            answer = await browser.posts(page.path, **FORM)
            assert answer.status == 403, page.path
            assert "Only an operator" in answer.text
            await browser.sees("/search")
        elif page.method == "GET":
            record = {"connection": CONNECTION, "flow": "orders", "key": key_of(order)}
            answer = await browser.sees(page.path, **(record if page.path == "/record" else {}))
            assert answer.status in (200, 400, 403), page.path
            forms = re.findall(r'action="([^"]+)"', answer.html)
            assert not [one for one in forms if one.removeprefix(BASE) in CHANGES]
            assert "@example" not in answer.html, page.path
    assert stored(harness) == before


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
@in_harness()
async def test_nobody_sees_or_does_anything_without_signing_in(harness: Harness, page: Any) -> None:
    browser = Browser(opened(harness))
    before = stored(harness)
    if page.method == "GET":
        seen = await browser.sees(page.path)
        assert seen.answer.url.path == f"{BASE}/sign-in"
    else:
        seen = await browser.posts(page.path, **FORM)
        assert seen.status == 401
    assert "Sign in to the console" in seen.text
    assert stored(harness) == before


@in_harness()
async def test_a_token_is_used_once_and_ends_with_its_time(harness: Harness) -> None:
    browser = Browser(opened(harness))
    sign_ins = SignIns(harness.systems.tables, harness.clock)
    token = await sign_ins.token("ann", Role.VIEWER)
    assert token in (await browser.sees("/sign-in", token=token)).html
    assert "ann, viewer" in (await browser.posts("/sign-in", token=token)).html
    other = Browser(browser.services)
    assert "This token was used" in (await other.posts("/sign-in", token=token)).text
    assert "This token was used" in (await other.posts("/sign-in", token="guessed")).text
    late = await sign_ins.token("ann", Role.VIEWER)
    await harness.works_for(TOKEN_LASTS.total_seconds() + 1)
    assert "This token was used" in (await other.posts("/sign-in", token=late)).text
    assert token not in str(stored(harness)), "only digests are stored"


@in_harness()
async def test_a_session_ends_by_signing_out_and_with_its_time(harness: Harness) -> None:
    browser = await Browser.of(harness)
    await browser.posts("/sign-out")
    assert "Sign in" in (await browser.sees()).text
    browser = await Browser.of(harness)
    (cookie,) = browser.client.cookies.jar
    assert (cookie.path, cookie.has_nonstandard_attr("HttpOnly")) == (BASE, True)
    assert cookie.get_nonstandard_attr("SameSite") == "strict"
    assert "Flows of shop" in (await browser.sees()).text
    await harness.works_for((SESSION_LASTS + timedelta(seconds=1)).total_seconds())
    assert "Sign in" in (await browser.sees()).text


@in_harness()
async def test_a_form_of_another_site_does_nothing(harness: Harness) -> None:
    browser = await Browser.of(harness)
    await browser.sees("/connections")
    key = browser.page.form_key if browser.page else ""
    form = {"flow": "orders", "why": "closing"}
    for headers in (
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
        {"origin": "http://elsewhere.test"}, {"origin": "null"},
    ):  # fmt: skip
        url = f"{BASE}/connections/pause"
        refused = await browser.client.post(url, data={**form, "form_key": key}, headers=headers)
        assert refused.status_code == 403, headers
    for given in ("", "0" * 64, key[::-1]):
        assert (await browser.posts("/connections/pause", **form, form_key=given)).status == 403
    other = await Browser.of(harness, name="bob")
    await other.sees("/connections")
    assert (await other.posts("/connections/pause", **form, form_key=key)).status == 403
    assert await browser.services.flow_pauses.standing() == ()
    await browser.sees("/connections")
    assert (await browser.posts("/connections/pause", **form)).status == 200


@in_harness()
async def test_what_the_platform_says_is_believed_only_where_it_signs_people_in(
    harness: Harness,
) -> None:
    for mode in (ConsoleSignIn.TOKEN, ConsoleSignIn.OFF):
        forged = Browser(opened(harness, mode), **principal("operator"))
        seen = await forged.sees()
        assert "Flows of shop" not in seen.text
        assert (await forged.posts("/connections/pause", flow="orders", why="x")).status in (
            401,
            404,
        )
    browser = Browser(opened(harness, ConsoleSignIn.ENTRA), **principal("operator"))
    assert "bob@example.com, operator" in (await browser.sees("/connections")).html
    assert (await browser.posts("/connections/pause", flow="orders", why="x")).status == 200
    (act,) = await browser_acts(browser)
    assert act == ("bob@example.com", "pause")


async def browser_acts(browser: Browser) -> list[tuple[str, str]]:
    parts = browser.services.edition_parts
    return [(act.by, act.what) for act in await Activity(parts.tables, parts.clock).newest(9)]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200), ({PRINCIPAL: "no base64!"}, 200), ({PRINCIPAL: "e30="}, 200),
        ({PRINCIPAL: base64.b64encode(b'{"claims": [1, {"typ": 2}]}').decode()}, 200),
        (principal(), 403), (principal("Operators"), 403),
    ],
)  # fmt: skip
@in_harness()
async def test_without_a_role_of_the_platform_nobody_gets_in(
    harness: Harness, headers: dict[str, str], status: int
) -> None:
    browser = Browser(opened(harness, ConsoleSignIn.ENTRA), **headers)
    seen = await browser.sees()
    assert seen.status == status
    assert "Flows of shop" not in seen.text
    assert "Microsoft Entra" in seen.text
    token = await SignIns(harness.systems.tables, harness.clock).token("ann", Role.OPERATOR)
    assert (await browser.posts("/sign-in", token=token)).status == 403


@pytest.mark.parametrize(
    "kind", ["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"]
)
@in_harness()
async def test_the_highest_role_counts(harness: Harness, kind: str) -> None:
    services = opened(harness, ConsoleSignIn.ENTRA)
    viewer = Browser(services, **principal("Viewer", kind=kind))
    assert "viewer" in (await viewer.sees()).html
    both = Browser(services, **principal("viewer", "operator", kind=kind))
    assert "operator" in (await both.sees()).html


@in_harness()
async def test_an_off_console_says_nothing_but_that(harness: Harness) -> None:
    browser = Browser(opened(harness, ConsoleSignIn.OFF))
    for path in ("", "/sign-in", "/parked", "/static/console.css"):
        seen = await browser.sees(path)
        assert (seen.status, "is off" in seen.html) == (404, True)


@in_harness()
async def test_every_answer_forbids_what_is_not_ours(harness: Harness) -> None:
    browser = await Browser.of(harness)
    for path in ("", "/sign-in", "/nowhere", "/static/console.css", "/static/no", "/parked.csv"):
        answer = (await browser.sees(path)).answer
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
        is_static = path == "/static/console.css"
        assert ("immutable" in answer.headers["cache-control"]) == is_static
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path", [*TEMPLATES, *sorted((HERE / "static").iterdir())], ids=lambda p: p.name
)
def test_nothing_is_fetched_from_elsewhere_and_nothing_is_inline(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert "://" not in text
    if path.suffix == ".html":
        text = re.sub(r"\{\{.*?\}\}", "", text)
        assert not re.search(r"<script(?! defer src)|<style|\sstyle=|\son[a-z]+=|javascript:", text)


def test_every_text_is_used_and_every_word_is_a_text() -> None:
    sources = [p.read_text("utf-8") for p in HERE.rglob("*") if p.suffix in (".html", ".py")]
    code = "\n".join(source for source in sources if "TEXTS: Final[" not in source)
    families = re.findall(r't\("([a-z.]+\.)" ~', code)
    assert not [
        name for name in TEXTS
        if f'"{name}"' not in code and f'"{name}>"' not in code
        and not any(name.startswith(family) for family in families)
        and name not in ("viewer", "operator")
    ]  # fmt: skip
    for path in TEMPLATES:
        html = re.sub(r"{[{%].*?[%}]}", "", path.read_text("utf-8"), flags=re.DOTALL)
        words = re.sub(r"<[^>]*>", "", html, flags=re.DOTALL)
        assert not re.search(r"[A-Za-z]{2}", words), (path.name, words.split())


@in_harness()
async def test_what_systems_say_is_shown_and_never_run(harness: Harness) -> None:
    order = harness.place()
    await harness.delivers(order)
    services = opened(harness)
    claim, _ = await services.ledger.take(CONNECTION, "orders", key_of(order), "test")
    reason = "<script>alert(1)</script> {{ 7 * 7 }} \u202e {0}"
    claim = await services.ledger.park(claim, reason, "<b>")
    await services.ledger.release(claim, state="parked", reason=reason, remedy="<b>")
    browser = Browser(services)
    await browser.signs_in(Role.OPERATOR, "<i>ann</i>")
    for path in ("", "/parked", "/activity"):
        html = (await browser.sees(path)).html
        assert "<script>alert" not in html
        assert "<i>ann" not in html
        assert "\u202e" not in html
    assert "&lt;script&gt;" in (await browser.sees("/parked")).html


@in_harness()
async def test_a_form_that_is_none_is_refused(harness: Harness) -> None:
    browser = await Browser.of(harness)
    for body in (b"\xff", b"&".join(b"a=%d" % n for n in range(3000))):
        answer = await browser.client.post(f"{BASE}/replay", content=body)
        assert answer.status_code in (400, 403)


def test_parts_without_a_setting_let_nobody_in() -> None:
    (field,) = [one for one in fields(EditionParts) if one.name == "console"]
    assert field.default is ConsoleSignIn.OFF
