"""Mails to buyers, over a real mail server: each once, in the reader's language, and nothing that
nobody asked for."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from sandbox.commerce.catalogue import STORES
from sandbox.mail_server import MailServer, mail_server
from sync.engine.claim import State
from sync.mapping_tables.records import AccountMapping
from sync.preview.returns import preview_mail
from tests.flows.finance import FREE_TEXT, GERMAN, Finance, in_finance
from tests.flows.returns import RETURNED, Returning, in_returns
from tests.portal.buyers import Buyers
from tests.reconcile.planted import header_of
from tests.systems import COMPANY, CONNECTION

URL = "https://sync.example.com"
STATUSES = ("authorized", "received", "approved", "processed_closed")


def of_returns(server: MailServer, **mails: Any) -> dict[str, Any]:
    wanted = {**server.settings, "returns": STATUSES, **mails}
    return {"flows": (*RETURNED["flows"], "mails"), "mails": wanted, "portal": {}}


def of_invoices(server: MailServer, **mails: Any) -> dict[str, Any]:
    wanted = {**server.settings, "url": URL, "invoices": True, "since": "2026-01-01", **mails}
    flows = ("orders", "customers", "invoices", "mails")
    return {"flows": flows, "invoices": FREE_TEXT, "mails": wanted, "portal": {}}


def returning(story: Callable[[Returning, MailServer], Awaitable[None]], **mails: Any) -> None:
    """Play a story of goods that come back, beside a mail server."""
    with mail_server() as server:

        @in_returns(**of_returns(server, **mails))
        async def played(shop: Returning) -> None:
            await story(shop, server)

        played()


def invoicing(story: Callable[[Finance, MailServer], Awaitable[None]], **mails: Any) -> None:
    """The same of documents that F&O posts."""
    with mail_server() as server:

        @in_finance(**of_invoices(server, **mails))
        async def played(finance: Finance) -> None:
            await story(finance, server)

        played()


async def posted(finance: Finance, **wishes: Any) -> str:
    """F&O posts the invoice of an order; its number, once all polls have seen it."""
    order = await finance.placed(**wishes)
    (number,) = finance.dynamics.invoice(header_of(finance, order)["SalesOrderNumber"], COMPANY)
    await seen(finance)
    return number


async def seen(finance: Finance) -> None:
    await finance.polls("mails")
    await finance.works_until_idle()


def subjects(server: MailServer) -> list[str]:
    return [str(one["Subject"]) for one in server.taken]


def test_each_status_that_a_return_gets_is_mailed_once() -> None:
    async def story(shop: Returning, server: MailServer) -> None:
        order = await shop.sold(pieces=2)
        rma = await shop.requested(order, 2)
        assert len(server.taken) == 1
        assert shop.now(rma)["status"] == "authorized"
        text = server.taken[0].get_content()
        assert shop.of(rma)["RMANumber"] in text
        assert str(order.row["increment_id"]) in text
        await shop.look()
        shop.receives(rma)
        await shop.look()
        shop.credits(rma)
        for _ in range(3):
            await shop.look()
        assert shop.now(rma)["status"] == "processed_closed"
        assert len(server.taken) == len(set(subjects_and_texts(server)))
        assert "accepted" in server.taken[1].get_content()
        assert "settled" in server.taken[-1].get_content()
        assert {one["To"] for one in server.taken} == {order.row["customer_email"]}
        assert not await shop.parked("mails")

    returning(story)


def subjects_and_texts(server: MailServer) -> list[str]:
    return [f"{one['Subject']} {one.get_content()}" for one in server.taken]


def test_a_return_is_told_of_in_the_language_of_its_store_view_and_in_the_shops_words() -> None:
    async def story(shop: Returning, server: MailServer) -> None:
        await shop.requested(await shop.sold(), 1)
        assert subjects(server) == ["Rücksendung 000000001"]
        assert server.taken[0].get_content().strip() == "Nur zu."

    words = {"de": {"authorized": "Rücksendung {rma}\n\nNur zu.\n"}}
    returning(story, languages={"*": "de"}, texts=words)


def test_statuses_that_are_not_named_and_returns_of_before_are_not_mailed() -> None:
    async def story(shop: Returning, server: MailServer) -> None:
        rma = await shop.requested(await shop.sold(), 1)
        assert not server.taken
        settings = shop.services.connections[CONNECTION].mails
        assert settings is not None
        object.__setattr__(settings, "returns", STATUSES)
        await shop.look()
        assert not server.taken, "it has had its status before anybody asked for mails"
        shop.receives(rma)
        await shop.look()
        assert len(server.taken) == 1

    returning(story, returns=())


def test_an_address_that_is_refused_parks_the_mail_and_not_the_return() -> None:
    async def story(shop: Returning, server: MailServer) -> None:
        server.says = {"RCPT": 550}
        rma = await shop.requested(await shop.sold(), 1)
        assert shop.now(rma)["status"] == "authorized"
        (key,) = await shop.parked("mails")
        claim = await shop.claim(key, "mails")
        assert "refuses the buyer's address" in claim.reason
        server.says = {}
        await shop.replays(key, "mails")
        assert len(server.taken) == 1
        assert not await shop.parked("mails")

    returning(story)


def test_a_server_that_is_away_gets_the_mail_once_it_is_back() -> None:
    async def story(shop: Returning, server: MailServer) -> None:
        server.once = {"MAIL": 451}
        await shop.requested(await shop.sold(), 1)
        assert server.commands.count("MAIL") == 2
        assert len(server.taken) == 1

    returning(story)


@pytest.mark.parametrize("is_taken", [True, False])
def test_where_nobody_knows_whether_it_was_sent_a_person_decides(is_taken: bool) -> None:
    async def story(shop: Returning, server: MailServer) -> None:
        server.leaves = "TEXT" if is_taken else "DATA"
        await shop.requested(await shop.sold(), 1)
        (key,) = await shop.parked("mails")
        claim = await shop.claim(key, "mails")
        assert "whether the mail" in claim.reason
        assert server.commands.count("DATA") == 1, "it was not sent again"
        assert len(server.taken) == is_taken
        server.leaves = ""
        await shop.replays(key, "mails")
        assert len(server.taken) == is_taken + 1
        assert (await shop.claim(key, "mails")).state is State.DELIVERED

    returning(story)


def test_a_posted_invoice_is_mailed_once_with_a_link_that_opens_it() -> None:
    async def story(finance: Finance, server: MailServer) -> None:
        number = await posted(finance)
        await seen(finance)
        (message,) = server.taken
        assert message["Subject"] == f"Your invoice {number}"
        link = next(one for one in message.get_content().split() if one.startswith(URL))
        page = link.removeprefix(f"{URL}/api/portal/{CONNECTION}")
        answer = await Buyers(finance).get(page, "")
        assert (answer.status, answer.body[:5]) == (200, b"%PDF-")
        assert number.encode() in answer.headers["content-disposition"].encode()
        claim = await finance.claim(f"invoice|{COMPANY}|{number}", "mails")
        assert "@example" not in repr(claim), "nothing that names a person is kept"
        now = await finance.as_it_stands()
        (shown,) = await preview_mail(number, now)
        (request,) = shown.requests
        body = dict(request.body or {})
        assert (request.path, body["subject"]) == (message["To"], message["Subject"])
        assert not await preview_mail("CIV-NONE", now)
        assert len(server.taken) == 1, "a preview sends nothing"

    invoicing(story)


def test_credit_notes_of_memos_and_returns_are_mailed_to_the_buyer_of_the_order() -> None:
    async def story(shop: Returning, server: MailServer) -> None:
        order = await shop.sold(pieces=3)
        memo = shop.commerce.refund(order, {order.items[0]["item_id"]: Decimal(1)})
        await shop.books(memo, "creditmemos")
        rma = await shop.requested(order, 1)
        shop.receives(rma)
        returned = shop.returned(memo)["ReturnOrderNumber"]
        numbers = [shop.dynamics.post_return(returned, COMPANY), shop.credits(rma)]
        await seen(shop)
        told = [one for one in subjects(server) if "credit note" in one.casefold()]
        assert sorted(told) == [f"Your credit note {one}" for one in sorted(numbers)]
        assert {one["To"] for one in server.taken} == {order.row["customer_email"]}

    returning(story, url=URL, invoices=True, since="2026-01-01", returns=())


def test_a_free_text_invoice_is_mailed_to_the_buyer_of_its_order_and_of_no_other_store() -> None:
    async def story(finance: Finance, server: MailServer) -> None:
        orders = [await finance.placed(store=store) for store in (GERMAN, STORES[0])]
        for order in orders:
            invoice = finance.commerce.invoice(order)
            invoice["increment_id"] = "000000001"
            await finance.books(invoice)
            finance.dynamics.post_free_text_invoice(finance.draft(invoice)["InvoiceIdentifier"])
        await seen(finance)
        buyers = [str(order.row["customer_email"]) for order in orders]
        assert sorted(str(one["To"]) for one in server.taken) == sorted(buyers)

    invoicing(story)


@pytest.mark.parametrize(("amount", "currency"), [("12.00", "USD"), ("12.345", "KWD")])
def test_a_company_gets_its_invoices_itself(amount: str, currency: str) -> None:
    async def story(finance: Finance, server: MailServer) -> None:
        systems = await finance.services.systems_pool.open(CONNECTION)
        company = next(iter(finance.commerce.companies.values()))
        mapping = AccountMapping("company", str(company["id"]), "US-001", "import", COMPANY)
        await systems.accounts.put(mapping)
        systems.accounts.companies.forget()
        Buyers(finance).invoices("US-001", f"-{amount}", currency=currency)
        await seen(finance)
        (message,) = server.taken
        assert message["To"] == company["company_email"]
        assert "credit note" in str(message["Subject"])
        assert f"{amount} {currency}" in message.get_content()

    invoicing(story)


@pytest.mark.parametrize(
    ("mails", "reason"),
    [({"since": "2030-01-01"}, ""), ({}, "of nobody that Commerce knows")],
)
def test_documents_of_before_and_of_nobody_are_not_mailed(
    mails: dict[str, Any], reason: str
) -> None:
    async def story(finance: Finance, server: MailServer) -> None:
        number = Buyers(finance).invoices("US-001", "12.00")
        await seen(finance)
        assert not server.taken
        claim = await finance.claim(f"invoice|{COMPANY}|{number}", "mails")
        assert reason in claim.reason
        assert not await finance.parked("mails")

    invoicing(story, **mails)


def test_nothing_is_mailed_where_nothing_is_asked_for() -> None:
    async def story(finance: Finance, server: MailServer) -> None:
        await posted(finance)
        assert not server.commands

    invoicing(story, invoices=False)
