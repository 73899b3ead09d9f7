"""Who may see what: nobody reaches a document of another account, however they ask."""

import asyncio
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from sandbox.dials import Kind
from sync.checks.finding import Finding, Level, Own, findings_of, probe_of
from sync.checks.portal import accounts_are_shown
from sync.core.document_links import Link, opened, signed
from sync.engine.systems import Systems
from sync.mapping_tables.records import AccountMapping
from sync.portal.portals import portal_app
from tests.flows.finance import Finance, in_finance
from tests.portal.buyers import (
    ADMIN,
    BUYER,
    MEMBER,
    OURS,
    PORTAL,
    STRANGER,
    THEIRS,
    Buyers,
)
from tests.systems import COMPANY, CONNECTION, SHOP_KEY

VIEW: Final = "Magento_Sales::view_orders_sub"


@in_finance(**PORTAL)
async def test_a_token_that_nobody_confirms_opens_nothing(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    buyers.invoices(OURS, "10.00")
    for token in ("", "unknown", "ours ", "OURS", "a" * 5000, "ü", buyers.signed(BUYER, "z" * 40)):
        answer = await buyers.get("/invoices", token)
        assert answer.status == (200 if token == "ours " else 401), token
    answer = await buyers.get("/invoices", headers={"authorization": "Basic b3Vycw=="})
    assert answer.status == 401
    asked = finance.commerce.requests["GET customers/me"]
    await buyers.get("/invoices", "unknown")
    await buyers.get("/invoices", "ours")
    assert finance.commerce.requests["GET customers/me"] == asked, "answers are remembered"


@in_finance(**PORTAL)
async def test_a_token_of_the_shop_opens_for_five_minutes_and_only_as_it_was_signed(
    finance: Finance,
) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    now = int(finance.clock.now().timestamp())
    assert (await buyers.get("/invoices", buyers.signed(BUYER))).status == 200
    for claims in (
        {"exp": now + 3600}, {"exp": now - 60, "iat": now - 200}, {"aud": "another"},
        {"sub": "me"}, {"sub": "-1"}, {"iat": now + 120, "exp": now + 240},
        {"exp": now, "iat": now},
    ):  # fmt: skip
        assert (await buyers.get("/invoices", buyers.signed(BUYER, **claims))).status == 401, claims
    head, body, _ = buyers.signed(BUYER).split(".")
    none = b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    for forged in (f"{none}.{body}.", f"{head}.{body}.", f"{head}.{body}"):
        assert (await buyers.get("/invoices", forged)).status == 401


CREDIT: Final = "Magento_Company::credit_history"
MAY: Final = {"who": MEMBER, "company": 9, "status": 1, "role": {VIEW: "allow", CREDIT: "deny"}}


@pytest.mark.parametrize(
    ("who", "permission", "status"),
    [
        ({"who": ADMIN, "role": {}}, VIEW, 200),
        ({"who": ADMIN, "role": {VIEW: "deny"}}, VIEW, 200),
        (MAY, VIEW, 200),
        (MAY, CREDIT, 403),
        ({"role": {VIEW: "deny"}}, VIEW, 403),
        ({"role": {VIEW: "deny", CREDIT: "allow"}}, CREDIT, 200),
        ({"role": {VIEW: "deny", CREDIT: "allow"}}, VIEW, 403),
        ({"role": {}}, VIEW, 403),
        ({"role": None}, VIEW, 403),
        ({"role": {VIEW: "deny"}}, "", 200),
        ({"status": 0}, VIEW, 403),
        ({"who": ADMIN, "status": 0}, VIEW, 403),
        ({"company": 8}, VIEW, 403),
    ],
)
def test_a_company_shows_its_documents_to_whom_its_roles_let_see_them(
    who: dict[str, Any], permission: str, status: int
) -> None:
    """The administrator, a buyer who is limited, an accountant, and users who are locked, have no
    role, or whose company is not there."""

    @in_finance(portal={**PORTAL["portal"], "permission": permission})
    async def story(finance: Finance) -> None:
        buyers = Buyers(finance)
        await _employ(finance, {**MAY, **who})
        number = buyers.invoices(OURS, "10.00")
        answer = await buyers.get("/invoices", "employee")
        assert answer.status == status
        (name,) = (
            [one["id"] for one in (await buyers.get("/invoices", "boss")).json["items"]]
            if answer.status == 200
            else ["name"]
        )
        for page in (f"/invoices/{name}", f"/invoices/{name}/pdf", "/balance", "/statement"):
            assert (await buyers.get(page, "employee")).status == status, page
        assert (number.encode() in answer.body) == (status == 200)

    story()


async def _employ(finance: Finance, one: dict[str, Any]) -> None:
    """Somebody works for a company, whose account is ours, in a role."""
    shop = finance.commerce
    systems = await finance.services.systems_pool.open(CONNECTION)
    await systems.accounts.put(AccountMapping("company", "9", OURS, "import", COMPANY))
    company = next(iter(shop.companies.values()))
    shop.companies[9] = {**company, "id": 9, "super_user_id": ADMIN}
    shop.customer_tokens |= {"employee": one["who"], "boss": ADMIN}
    for number, place, status in ((ADMIN, 9, 1), (one["who"], one["company"], one["status"])):
        attributes = {"company_attributes": {"company_id": place, "status": status}}
        shop.customers[number] = {**shop.customers[BUYER], "id": number,
                                  "extension_attributes": attributes}  # fmt: skip
    if one["role"] is not None:
        permissions = [
            {"id": number, "resource_id": name, "permission": said}
            for number, (name, said) in enumerate(one["role"].items())
        ]
        shop.roles[3] = {"role_name": "Role", "company_id": 9, "permissions": permissions,
                         "users": [one["who"]]}  # fmt: skip


@in_finance(**PORTAL)
async def test_a_role_that_changes_holds_a_minute_later(finance: Finance) -> None:
    buyers, shop = Buyers(finance), finance.commerce
    await _employ(finance, {**MAY, "role": {VIEW: "deny"}})
    buyers.invoices(OURS, "10.00")
    assert (await buyers.get("/invoices", "employee")).status == 403
    shop.roles[3]["permissions"] = [{"id": 1, "resource_id": VIEW, "permission": "allow"}]
    assert (await buyers.get("/invoices", "employee")).status == 403, "remembered for a minute"
    await asyncio.sleep(61)
    assert (await buyers.get("/invoices", "employee")).status == 200


@pytest.mark.parametrize("rules", [(), ("email",)])
def test_who_registers_with_anothers_address_sees_nothing_of_the_account(
    rules: tuple[str, ...],
) -> None:
    """The address is that of an account in F&O, and Commerce does not ask whose it is."""

    @in_finance(portal={**PORTAL["portal"], "matched_by": rules})
    async def story(finance: Finance) -> None:
        buyers, email = Buyers(finance), finance.commerce.customers[BUYER]["email"]
        row = finance.dynamics.store.find("CustTable", COMPANY, OURS)
        assert row is not None
        finance.dynamics.store.update("CustTable", row, {"PrimaryContactEmail": email})
        buyers.invoices(OURS, "10.00")
        await finance.hook("customers", {"data": {"customer": {"entity_id": BUYER}}})
        await finance.works_until_idle()
        systems = await finance.services.systems_pool.open(CONNECTION)
        accounts, (told,) = systems.accounts, await _checked(finance, systems)
        assert ("1 customers" in told.what, told.level) == (
            (False, Level.OK) if rules else (True, Level.WARN)
        )
        mapping = await accounts.get("customer", str(BUYER), COMPANY)
        assert mapping is not None
        assert (mapping.account, mapping.matched_by) == (OURS, "email")
        for found, is_shown in (
            ("email", "email" in rules), ("customer_number", False), ("by hand", True),
            ("import", True), ("created", True),
        ):  # fmt: skip
            await accounts.put(replace(mapping, matched_by=found))
            for page, name in (("/invoices", "items"), ("/balance", "balances")):
                shown = (await buyers.get(page)).json
                assert bool(shown[name]) == is_shown, (found, shown)
            await asyncio.sleep(61)

    story()


async def _checked(finance: Finance, systems: Systems) -> list[Finding]:
    parts = finance.services.edition_parts
    probe = probe_of(systems, parts.secrets, Own(parts.queue, parts.tables), {})
    return await findings_of(accounts_are_shown, probe)


@in_finance(**PORTAL)
async def test_no_document_of_another_is_found_by_whatever_is_asked(finance: Finance) -> None:
    await _tries(finance, 200)


@pytest.mark.long
@in_finance(**PORTAL)
async def test_nor_in_ten_thousand_attempts(finance: Finance) -> None:
    await _tries(finance, 10_000)


async def _tries(finance: Finance, times: int) -> None:
    buyers, random = Buyers(finance), Random(7)
    await buyers.own_accounts()
    mine = {buyers.invoices(OURS, "11.11") for _ in range(3)}
    theirs = {buyers.invoices(THEIRS, "666.66") for _ in range(3)}
    portal = await portal_app(finance.services, CONNECTION)
    assert portal is not None
    names = [one["id"] for one in (await buyers.get("/invoices", "theirs")).json["items"]]
    assert len(names) == 3, "the stranger has documents of their own"
    until = finance.clock.now() + timedelta(days=90)
    links = [portal.link(COMPANY, THEIRS, name, until) for name in names]
    secrets = [*names, *theirs, THEIRS, f"{COMPANY}|{THEIRS}", "V-" + min(theirs), *links]
    statuses = Counter[int]()
    for _ in range(times):
        answer = await buyers.get(*_attempt(random, secrets, buyers), headers=_headers(random))
        statuses[answer.status] += 1
        assert b"666.66" not in answer.body
        assert not any(number.encode() in answer.body for number in theirs)
        await asyncio.sleep(5)
    assert statuses.keys() <= {200, 400, 401, 404, 429, 503}, statuses
    assert statuses[200] > times // 10, "not all of it is refused at the door"
    assert {one["number"] for one in (await buyers.get("/invoices")).json["items"]} == mine


def _attempt(random: Random, secrets: list[str], buyers: Buyers) -> tuple[str, str]:
    """A page and a token that someone might try: names of another's documents, filters, encodings
    and torn tokens."""
    name = _bent(random, random.choice(secrets))
    pages = (
        f"/invoices/{name}", f"/invoices/{name}/pdf", f"/link/{_torn(random, name)}", "/invoices",
        f"/invoices/{name}/../{name}", f"//invoices/{name}", f"/invoices;{name}", f"/{name}",
        f"/invoices?{_filters(random, name)}", f"/statement?{_filters(random, name)}",
        f"/balance?{_filters(random, name)}", f"/orders?{_filters(random, name)}",
    )  # fmt: skip
    head, body, signature = buyers.signed(STRANGER).split(".")
    own = buyers.signed(BUYER).split(".")
    shop = buyers.signed(STRANGER, SHOP_KEY[:-1] + random.choice("abc"))
    tokens = (
        *["ours"] * 6, "their", "theirs2", _torn(random, "theirs") + ".", shop,
        f"{head}.{body}.{own[2]}", f"{own[0]}.{body}.{own[2]}", f"{head}.{own[1]}.{signature}",
        f"{head}.{body}.{_torn(random, signature)}", f"{head}.{body}",
    )  # fmt: skip
    return random.choice(pages), random.choice(tokens)


def _headers(random: Random) -> dict[str, str]:
    """Where proxies or frameworks might let a caller name somebody else."""
    names = ("store", "x-customer-id", "x-forwarded-for", "x-original-url", "cookie", "origin",
             "x-http-method-override", "x-ms-client-principal-id")  # fmt: skip
    values = (str(STRANGER), THEIRS, "default", "all", "../all", "/invoices", "theirs", "10.0.0.1")
    return {random.choice(names): random.choice(values) for _ in range(random.randrange(3))}


def _filters(random: Random, name: str) -> str:
    """A query of known and unknown parameters, some of them twice."""
    known = ("status", "currency", "from", "to", "page", "page_size")
    others = ("account", "company", "customer", "id", "$filter", "filter[account]", "dataAreaId")
    values = (
        name, THEIRS, str(STRANGER), "1", "100", "USD", "open", "2026-01-01", "0001-01-01",
        "9999-12-31", "-1", "1e3", "\u0661", "", "*", f"1 or account eq '{THEIRS}'",
    )  # fmt: skip
    parts = [(random.choice(known + others), random.choice(values)) for _ in range(3)]
    return urlencode(parts) if random.random() < 0.8 else "&".join(map("=".join, parts))


def _torn(random: Random, text: str) -> str:
    """With one letter changed, never as it is."""
    place = random.randrange(len(text) or 1)
    other = "A" if text[place : place + 1] != "A" else "B"
    return text[:place] + other + text[place + 1 :]


def _bent(random: Random, text: str) -> str:
    """As it is, torn, doubled, in another case, or escaped."""
    ways: list[Any] = [
        lambda: text, lambda: text[: random.randrange(len(text) + 1)], lambda: text * 2,
        text.upper, text.swapcase, lambda: "".join(f"%{ord(c):02x}" for c in text),
        lambda: "".join(f"%25{ord(c):02x}" for c in text), lambda: f"{text}%00",
        lambda: f"../{text}", lambda: f"%2e%2e%2f{text}", lambda: f"{text}/", lambda: f" {text} ",
        lambda: f"{text}' or '1' eq '1", lambda: f"{text}*",
        lambda: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
        lambda: b64encode(text.encode()).decode(), lambda: _torn(random, text),
    ]  # fmt: skip
    return str(random.choice(ways)())


@in_finance(**PORTAL)
async def test_a_link_opens_one_document_until_it_ends(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    buyers.invoices(OURS, "10.00")
    portal = await portal_app(finance.services, CONNECTION)
    assert portal is not None
    (item,) = (await buyers.get("/invoices")).json["items"]
    until = finance.clock.now() + timedelta(days=1)
    text = portal.link(COMPANY, OURS, item["id"], until)
    answer = await buyers.get(f"/link/{text}", "")
    assert (answer.status, answer.body[:5]) == (200, b"%PDF-")
    over = portal.link(COMPANY, OURS, item["id"], finance.clock.now())
    for wrong in (text[:-2], text.swapcase(), over, ""):
        assert (await buyers.get(f"/link/{wrong}", "")).status == 404


def test_a_link_is_read_only_with_its_key() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    link = Link("shop", "usmf", "US-001", "name", now + timedelta(hours=1))
    text = signed(link, b"k" * 32)
    assert opened(text, b"k" * 32, now) == link
    assert opened(text, b"x" * 32, now) is None
    assert opened(text, b"k" * 32, link.until) is None


@in_finance(portal={**PORTAL["portal"], "requests_per_minute": 5})
async def test_who_asks_too_often_waits(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    answers = [await buyers.get("/invoices") for _ in range(7)]
    assert [one.status for one in answers] == [200] * 5 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert (await buyers.get("/invoices", "theirs")).status == 200


@in_finance(**PORTAL)
async def test_while_the_ledger_is_away_nobody_sees_half_an_account(finance: Finance) -> None:
    buyers = Buyers(finance)
    await buyers.own_accounts()
    buyers.invoices(OURS, "10.00")
    finance.ledger_dials.next(Kind.ERROR_BEFORE, times=50, status=503)
    answer = await buyers.get("/invoices")
    assert answer.status == 503
    assert answer.headers["retry-after"]
