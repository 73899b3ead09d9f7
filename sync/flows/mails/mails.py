"""What happened to a buyer's documents -> a mail, where neither Commerce nor F&O sends one.

In:      an invoice or credit note that F&O posted; a status that we gave an RMA.
Key:     "invoice|<company>|<number>", "return|<increment_id>@<store_id>|<status>".
Out:     one mail to the company, or to the buyer of the order, in their store view's language.
Parks:   a mail of which nobody knows whether it was sent; an address that no server takes.
Skips:   what is not configured, documents of nobody that Commerce knows, a status that is over.
Repeats: one claim for each key, and a mail is announced before it is handed over.
"""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from sync.config.connections.mails import Mails
from sync.core.encoding import digest
from sync.core.errors import Never
from sync.core.ports import Mail
from sync.core.skipped import Skipped
from sync.dynamics.buyer_documents import day_of
from sync.engine.delivery import Delivery
from sync.engine.flow import DocumentFlow, Poll, Source
from sync.engine.plan import Plan
from sync.engine.results import Change
from sync.engine.systems import Systems
from sync.flows.mails.mail_writes import MailWrite
from sync.flows.mails.news import InvoiceNews, News, ReturnNews, Told, told_of
from sync.flows.polls import companies_from, end_of, our_clock
from sync.flows.returns.handled_returns import read as read_handled
from sync.pacing.priority import Priority

MAILS: Final = "mails"
INVOICE, RETURN = "invoice", "return"
DAYS_BACK: Final = timedelta(days=2)
"""Invoice dates have a day's grain, and what is posted late has an earlier date."""


async def changed(
    systems: Systems, since: datetime, until: datetime, after: str = ""
) -> AsyncIterator[Change]:
    """Posted documents, company by company, in the order of their numbers."""
    mails, portal = systems.settings.mails, systems.settings.portal
    if mails is None or portal is None or not mails.invoices or mails.since is None:
        return
    day = max((since - DAYS_BACK).date(), mails.since)
    for company, rest in companies_from(systems, after):
        books = systems.dynamics.buyer_documents
        async for row in books.posted_since(portal.journal, company, day, after=rest):
            number, dated = str(row["InvoiceId"]), day_of(row["InvoiceDate"]) or day
            at = end_of(dated, until)
            key = f"{INVOICE}|{company}|{number}"
            yield Change(key, at, digest([key]), f"{company}|{number}")


async def read(key: str, systems: Systems) -> News | None:
    """What is to be told, as both systems have it now; None while it does not show."""
    kind, _, rest = key.partition("|")
    if kind == RETURN:
        rma, _, status = rest.rpartition("|")
        handled = await read_handled(rma, systems)
        return None if handled is None else ReturnNews(handled, status)
    company, _, number = rest.partition("|")
    if systems.settings.portal is None:
        return InvoiceNews(company, number, {})
    journal, books = systems.settings.portal.journal, systems.dynamics.buyer_documents
    rows = await books.numbered(journal, company, number)
    found = [row for row in rows if row.get("Proforma") != "Yes"]
    return InvoiceNews(company, number, max(found, key=_day)) if found else None


def _day(row: Any) -> str:
    return str(row["InvoiceDate"])


async def plan(news: News, delivery: Delivery) -> Plan | Skipped:
    """The mail, or why there is none."""
    mails, mailer = delivery.systems.settings.mails, delivery.systems.mailer
    if mails is None or mailer is None:
        return Skipped("no mail server is configured")
    told = await told_of(news, mails, delivery)
    if isinstance(told, Skipped):
        return told
    mail = _mail(told, mails, f"{delivery.systems.name}|{delivery.claim.key}")
    write = MailWrite(mail, mailer, delivery.claim.key, delivery.message.is_asked)
    return Plan((write,), keys=told.keys)


def _mail(told: Told, mails: Mails, key: str) -> Mail:
    """Raises `Never` for an address that no mail server takes."""
    if not (told.to.isascii() and told.to.isprintable() and "@" in told.to and " " not in told.to):
        raise Never(
            "the buyer's address is no mail address",
            remedy="Correct the e-mail of the order, or of the company, in Commerce; then replay.",
        )
    subject, text = mails.text(told.event, mails.language(told.store_id))
    name = str(uuid5(NAMESPACE_URL, key))
    return Mail(name, told.to, subject.format(**told.fields), text.format(**told.fields))


mails: DocumentFlow[News] = DocumentFlow(
    name=MAILS,
    title="Mails to buyers",
    source=Source(read),
    plan=plan,
    triggers=(
        Poll(
            changed, our_clock,
            lambda connection: connection.mails.poll_minutes if connection.mails else 60,
            fingerprint=lambda news: digest([news.key]),
        ),
    ),
    priority=Priority.MASTER_DATA,
)  # fmt: skip
