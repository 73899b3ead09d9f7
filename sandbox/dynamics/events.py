"""Business events: the envelopes that postings raise, in the shape of F&O's HTTPS and Service Bus
endpoints.

Dates are `/Date(ms)/`, the moment is given again with seven fractional digits; `ControlNumber`
grows with gaps, `EventId` is a GUID in capitals and the same for every copy of one event. Source:
the reference's chapter on business events; the free text invoice's own fields are inferred from the
sales invoice's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from sandbox.dynamics.environment import Environment

SALES_INVOICE: Final = "SalesInvoicePostedBusinessEvent"
FREE_TEXT_INVOICE: Final = "CustFreeTextInvoicePostedBusinessEvent"
FIRST_CONTROL: Final = 5637611083
USER: Final = "{410A2690-5EC2-42EE-9F2A-E75B4E324930}"
NOBODY: Final = "{00000000-0000-0000-0000-000000000000}"
NO_MOMENT: Final = datetime(1900, 1, 1, tzinfo=UTC)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Posted:
    """A posted invoice as its event tells of it, amounts in the accounting currency. `order` "": a
    free text invoice."""

    company: str
    account: str
    number: str
    order: str
    day: datetime
    due: datetime
    amount: Decimal
    tax: Decimal


def wire_date(moment: datetime) -> str:
    """A moment as F&O writes it in events: whole seconds, counted in milliseconds."""
    return f"/Date({int((moment - EPOCH).total_seconds()) * 1000})/"


def invoice_posted(env: Environment, posted: Posted) -> dict[str, Any]:
    """The event of a posted invoice."""
    own: dict[str, Any] = {"InvoiceAccount": posted.account, "InvoiceId": posted.number}
    if posted.order:
        own["SalesOrderId"] = posted.order
    own |= {
        "InvoiceDate": wire_date(posted.day.replace(hour=0)),
        "InvoiceDueDate": wire_date(posted.due.replace(hour=0)),
        "InvoiceAmountInAccountingCurrency": posted.amount,
        "InvoiceTaxAmount": posted.tax,
        "LegalEntity": posted.company.upper(),
    }
    return envelope(env, SALES_INVOICE if posted.order else FREE_TEXT_INVOICE, posted.company, own)


def envelope(env: Environment, event: str, company: str, own: Mapping[str, Any]) -> dict[str, Any]:
    """An event of now, its own fields behind those that all events have."""
    env.sequences["/Control"] += 1
    place = env.sequences["/Control"]
    control = FIRST_CONTROL + place + 2 * (place // 2) + 4 * (place // 4)
    return _enveloped(event, company, control, env.now(), own)


def _enveloped(
    event: str, company: str, control: int, moment: datetime, own: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "BusinessEventId": event,
        "BusinessEventLegalEntity": company.upper(),
        "ContextRecordSubject": "",
        "ControlNumber": control,
        "EventId": str(uuid5(NAMESPACE_URL, f"{event}/{company}/{control}")).upper(),
        "EventTime": wire_date(moment),
        "EventTimeIso8601": f"{moment:%Y-%m-%dT%H:%M:%S.%f}{control % 10}Z",
        "InitiatingUserAADObjectId": USER,
        "MajorVersion": 0,
        "MinorVersion": 0,
        "ParentContextRecordSubjects": [],
        **own,
    }


def sample() -> dict[str, Any]:
    """What an endpoint is sent when it is set up: the envelope with nothing in it, neither ids nor
    an event's name, times of 1900. Source: a public replay of it."""
    blank = {"InitiatingUserAADObjectId": NOBODY, "ParentContextRecordSubjects": None}
    return {**_enveloped("", "", 0, NO_MOMENT, {}), "EventId": "", **blank}
