"""Who may see what: nobody reaches a document of another account, however they ask."""

import asyncio
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

import pytest

from sandbox.dials import Kind
from sync.mapping_tables.records import AccountMapping
from sync.portal.links import Link, opened, signed
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


@in_finance(**PORTAL)
async def test_a_company_shows_its_documents_to_whom_it_lets_see_orders(finance: Finance) -> None:
    buyers, shop = Buyers(finance), finance.commerce
    systems = await finance.services.systems_pool.open(CONNECTION)
    await systems.accounts.put(AccountMapping("company", "9", OURS, "import", COMPANY))
    number = buyers.invoices(OURS, "10.00")
    company = next(iter(shop.companies.values()))
    shop.companies[9] = {**company, "id": 9, "super_user_id": ADMIN}
    shop.customer_tokens |= {"admin": ADMIN, "member": MEMBER}
    for one in (ADMIN, MEMBER):
        attributes = {"company_attributes": {"company_id": 9, "status": 1}}
        shop.customers[one] = {**shop.customers[BUYER], "id": one,
                               "extension_attributes": attributes}  # fmt: skip
    denied = {"id": 5, "resource_id": VIEW, "permission": "deny"}
    shop.roles[3] = {"role_name": "Buyer", "company_id": 9, "permissions": [denied],
                     "users": [MEMBER]}  # fmt: skip
    assert (await buyers.get("/invoices", "admin")).json["items"][0]["number"] == number
    assert (await buyers.get("/invoices", "member")).status == 403
    shop.roles[3]["permissions"] = [{**denied, "permission": "allow"}]
    assert (await buyers.get("/invoices", "member")).status == 403, "remembered for a minute"
    await asyncio.sleep(61)
    assert (await buyers.get("/invoices", "member")).status == 200


@in_finance(**PORTAL)
async def test_no_document_of_another_is_found_by_whatever_is_asked(finance: Finance) -> None:
    await _tries(finance, 300)


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
    secrets = [*names, *theirs, THEIRS, f"{COMPANY}|{THEIRS}", "V-" + min(theirs)]
    for _ in range(times):
        answer = await buyers.get(*_attempt(random, secrets, buyers))
        assert answer.status in (200, 400, 401, 404, 429), answer.status
        assert b"666.66" not in answer.body
        assert not any(number.encode() in answer.body for number in theirs)
        await asyncio.sleep(5)
    assert {one["number"] for one in (await buyers.get("/invoices")).json["items"]} == mine


def _attempt(random: Random, secrets: list[str], buyers: Buyers) -> tuple[str, str]:
    """A page and a token that someone might try: names of another's documents, filters, encodings
    and torn tokens."""
    name = _bent(random, random.choice(secrets))
    pages = (
        f"/invoices/{name}", f"/invoices/{name}/pdf", f"/link/{name}", f"/invoices?account={name}",
        f"/invoices?company={name}&customer={STRANGER}", f"/statement?currency={name}",
        f"/invoices?from={name}", f"/invoices?status={name}", f"/balance?id={name}", "/invoices",
        f"/orders?account={name}",
    )  # fmt: skip
    shop = buyers.signed(STRANGER, SHOP_KEY[:-1] + random.choice("abc"))
    tokens = ("ours", "ours", "ours", "their", "theirs2", _bent(random, "theirs") + ".", shop)
    return random.choice(pages), random.choice(tokens)


def _bent(random: Random, text: str) -> str:
    """As it is, torn, doubled, in another case, or escaped."""
    ways: list[Any] = [
        lambda: text, lambda: text[: random.randrange(len(text) + 1)], lambda: text * 2,
        text.upper, text.swapcase, lambda: "".join(f"%{ord(c):02x}" for c in text),
        lambda: f"{text}%00", lambda: f"../{text}", lambda: f"{text}' or '1' eq '1",
        lambda: b64encode(text.encode()).decode(),
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
