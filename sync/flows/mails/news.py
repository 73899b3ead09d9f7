"""What a mail tells, and whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sync.commerce.client import CommerceClient
from sync.commerce.models.order import Order
from sync.config.connections.mails import Mails
from sync.core.document_links import Link, document_key, name_of, signed
from sync.core.money import ZERO, rounded, unit_of
from sync.core.skipped import Skipped
from sync.dynamics.buyer_documents import day_of
from sync.engine.claim import Claim
from sync.engine.delivery import Delivery
from sync.engine.timing import being_posted
from sync.flows.keys import parts_of, whole_in
from sync.flows.orders.sales_order_writes import KIND as SALES_ORDER
from sync.flows.receivables.posted_records import claims_named
from sync.flows.receivables.receivable_writes import FreeTextInvoiceWrite, ReturnOrderWrite
from sync.flows.returns.handled_returns import Handled
from sync.mapping.references import RECORDS


@dataclass(frozen=True)
class InvoiceNews:
    """A posted document, as a row of the journal; empty where there is no portal."""

    company: str
    number: str
    row: Mapping[str, Any]

    @property
    def key(self) -> str:
        """That of its mail."""
        return f"invoice|{self.company}|{self.number}"


@dataclass(frozen=True)
class ReturnNews:
    """An RMA, and the status to be told of."""

    handled: Handled
    status: str

    @property
    def key(self) -> str:
        """That of its mail."""
        return f"return|{self.handled.found.rma.key}|{self.status}"


News = InvoiceNews | ReturnNews


@dataclass(frozen=True)
class Told:
    """Whom to tell and what: `event` names the text, `fields` fill it. `store_id`: the store view
    whose language is theirs."""

    to: str
    event: str
    store_id: int | None
    fields: Mapping[str, str]
    keys: Mapping[str, str]


async def told_of(news: News, mails: Mails, delivery: Delivery) -> Told | Skipped:
    """What the mail tells, or why there is none."""
    if isinstance(news, ReturnNews):
        return _of_return(news, mails)
    return await _of_invoice(news, mails, delivery)


def _of_return(news: ReturnNews, mails: Mails) -> Told | Skipped:
    rma, order = news.handled.found.rma, news.handled.found.order
    if news.status not in mails.returns:
        return Skipped(f"the status {news.status} is not mailed")
    if rma.status != news.status:
        return Skipped(f"the return is {rma.status} by now")
    to = str(rma.raw.get("customer_custom_email") or "") or order.customer_email
    number = next((one.rma for one in news.handled.states if one.rma), "")
    fields = {"rma": rma.increment_id, "order": order.increment_id, "number": number}
    keys = {"order": order.increment_id, "return": rma.increment_id}
    return Told(to, news.status, order.store_id, fields, keys)


async def _of_invoice(news: InvoiceNews, mails: Mails, delivery: Delivery) -> Told | Skipped:
    row, day = news.row, day_of(news.row.get("InvoiceDate"))
    if not mails.invoices or day is None or mails.since is None:
        return Skipped("invoices are not mailed")
    if day < mails.since:
        return Skipped(f"it is of before {mails.since}")
    if int(row.get("ReversedRecId") or 0):
        return Skipped("it is reversed")
    found = await _reader_of(news, delivery)
    if isinstance(found, Skipped):
        return found
    unit = unit_of(str(row["CurrencyCode"]))
    amount = rounded(Decimal(row.get("InvoiceAmount") or 0), unit)
    fields = {
        **_fields(row, day, amount), "days": str(mails.link_days),
        "link": _link(news, day, mails, delivery),
    }  # fmt: skip
    event = "credit_note" if amount < ZERO else "invoice"
    return Told(found[0], event, found[1], fields, {"invoice": news.number})


def _fields(row: Mapping[str, Any], day: date, amount: Decimal) -> dict[str, str]:
    due = day_of(row.get("DueDate")) or day
    return {
        "number": str(row["InvoiceId"]), "date": day.isoformat(), "due": due.isoformat(),
        "amount": f"{abs(amount):f}", "currency": str(row["CurrencyCode"]),
        "order": str(row.get("SalesId") or ""),
    }  # fmt: skip


async def _reader_of(news: InvoiceNews, delivery: Delivery) -> tuple[str, int | None] | Skipped:
    """(address, store view) of who is invoiced: their company, else the buyer of the order."""
    account = str(news.row["InvoiceAccount"])
    companies = await delivery.systems.accounts.companies.of(account, news.company)
    if len(companies) > 1:
        return Skipped(f"account {account} is of several companies")
    if companies:
        return await _company(int(companies[0]), delivery)
    order = await _order_of(news, delivery)
    if order is None:
        return Skipped("it is of nobody that Commerce knows")
    return order.customer_email, order.store_id


async def _company(company_id: int, delivery: Delivery) -> tuple[str, int | None] | Skipped:
    commerce = delivery.systems.commerce
    company = await commerce.companies.by_id(company_id)
    if company is None:
        return Skipped("its company is not in Commerce")
    boss = await commerce.customers.by_id(int(company.get("super_user_id") or 0))
    return str(company.get("company_email") or ""), (boss or {}).get("store_id")


async def _order_of(news: InvoiceNews, delivery: Delivery) -> Order | None:
    """The order of the record that was posted as this document. Raises `Later` while a try of ours
    has not recorded it."""
    named = claims_named(str(news.row.get("CustomerRef") or ""), RECORDS, delivery)
    claims = [one async for one in named if _company_of(one, delivery) == news.company]
    found = [one for one in claims if _may_be(one, news)]
    if len(found) == 1:
        return await _order_behind(found[0], delivery.systems.commerce)
    for claim in [] if found else claims:
        if not claim.delivered and claim.intent is not None:
            raise being_posted(claim, "this document", delivery)
    return None


def _company_of(claim: Claim, delivery: Delivery) -> str:
    _, store = parts_of(claim.key)
    return delivery.systems.settings.legal_entity_of(whole_in(store))


def _may_be(claim: Claim, news: InvoiceNews) -> bool:
    """By the number of the sales order or return order; a free text invoice has neither, and is the
    only one that its reference names."""
    number, held = str(news.row.get("SalesId") or ""), claim.delivered
    if not number:
        return FreeTextInvoiceWrite.kind in held
    kinds = (SALES_ORDER, ReturnOrderWrite.kind)
    return any(held[kind].number == number for kind in kinds if kind in held)


async def _order_behind(claim: Claim, commerce: CommerceClient) -> Order | None:
    """The order itself, or that of an invoice, a credit memo or an RMA."""
    row = await getattr(commerce, claim.flow).in_store(*parts_of(claim.key))
    if row is not None and claim.flow != "orders":
        row = await commerce.orders.by_id(int(row["order_id"]))
    return None if row is None else Order.read(row)


def _link(news: InvoiceNews, day: date, mails: Mails, delivery: Delivery) -> str:
    """Where its document opens."""
    systems, row = delivery.systems, news.row
    voucher = str(row.get("LedgerVoucher") or "")
    name = document_key(str(row["dataAreaId"]), str(row["InvoiceId"]), day, voucher)
    until = systems.clock.now() + timedelta(days=mails.link_days)
    link = Link(
        systems.name, news.company, str(row["InvoiceAccount"]),
        name_of(systems.name, name, systems.link_key), until,
    )  # fmt: skip
    path = f"/api/portal/{systems.name}/link/{signed(link, systems.link_key)}"
    return f"{mails.url.rstrip('/')}{path}"
