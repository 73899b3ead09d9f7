"""Credit memos in Commerce -> credit notes in D365.

In:      a credit memo as REST answers it, with its order; amounts in the order's currency.
Out:     by recipe a return order or a negative free text invoice; a debit in the payment journal where money is paid out.
Key:     "<increment_id>@<store_id>" of the credit memo.
Waits:   for its order, which is delivered first when it was overtaken.
Skips:   memos that are open or cancelled, and those of nothing.
Repeats: what is there is found by its reference, order and credit memo number; a lost answer is looked into first.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.commerce.models.invoice import CreditMemo
from sync.desk import Desk
from sync.dynamics.return_orders import FoundReturn, ReturnOrders
from sync.dynamics.sales_orders import SalesOrders
from sync.encoding import digest
from sync.errors import Never
from sync.flow import Change, Flow, Lane, Receipt, Skipped
from sync.flows.free_text import post_free_text_invoice
from sync.flows.payments import post_payment
from sync.flows.receipts import told
from sync.flows.receivables import Booked, Ground, changed_documents, day_of, document_keys, ground_of, order_of
from sync.mapping.customer_payment import customer_payment_from
from sync.mapping.free_text_invoice import free_text_invoice_from
from sync.mapping.receivable_lines import Receivable, receivable_from
from sync.mapping.return_order import ReturnOrder, return_order_from
from sync.money import ZERO
from sync.work import Work

REFUNDED, CANCELLED = 2, 3
Told = tuple[tuple[str, str], ...]


def keys_in(payload: Mapping[str, Any]) -> Sequence[str]:
    """The credit memo named in a hook's body or an event's value."""
    return document_keys(payload, "creditmemo")


async def resolve(key: str, desk: Desk) -> Sequence[str] | None:
    """A key without a store: the credit memos of that number in the connection's store views."""
    increment, _, store = key.rpartition("@")
    if store != "?":
        return None
    found = [CreditMemo.read(row) for row in await desk.creditmemos.get(increment) or []]
    return [memo.key for memo in found if desk.settings.store(memo.store_id or "") is not None]


async def changed(desk: Desk, since: datetime, until: datetime) -> AsyncIterator[Change]:
    """Credit memos by `updated_at`."""
    async for change in changed_documents(desk, "creditmemos", since, until):
        yield change


async def read(key: str, desk: Desk) -> Booked[CreditMemo] | None:
    """The credit memo and its order as they are now."""
    increment, _, store = key.rpartition("@")
    for row in await desk.creditmemos.get(increment) or []:
        if str(row.get("store_id", "")) == store:
            memo = CreditMemo.read(row)
            order = await order_of(memo, desk)
            return Booked(memo, order) if order is not None else None
    return None


async def deliver(booked: Booked[CreditMemo], work: Work) -> Receipt | Skipped:
    """Book the credit memo once, by the connection's recipe."""
    memo = booked.document
    if memo.state == CANCELLED and not work.claim.number:
        return Skipped("cancelled in Commerce before it was booked")
    if memo.state not in {REFUNDED, CANCELLED}:
        return Skipped("waiting: the credit memo is not refunded yet")
    if memo.grand_total == ZERO and not memo.items:
        return Skipped("a credit memo of nothing: there is nothing to give back")
    settings = work.desk.settings.creditmemos
    ground = await ground_of(booked, work, settings.reference_template)
    receivable = receivable_from(memo, booked.order, work.desk.settings, gross=ground.is_gross)
    fingerprint = digest({"recipe": settings.recipe, "ground": ground.reference, "totals": receivable.totals.as_json()})
    if work.claim.number and work.claim.digest == fingerprint and memo.state != CANCELLED:
        return _receipt(work.claim.number, fingerprint, "unchanged", (receivable, ground))
    if work.claim.number:
        raise Never(
            f"credit memo {memo.increment_id} changed in Commerce after {work.claim.number} was booked for it",
            remedy=f"Compare {work.claim.number} in D365 with the credit memo and correct it there; posted documents are never overwritten.",
        )
    work.keep("read", memo.raw)
    if settings.recipe == "return-order":
        number, action = await _return_order(booked, receivable, ground, work)
    else:
        number, action = await _free_text_credit(booked, receivable, ground, work)
    if settings.refund_payment and memo.grand_total > ZERO:
        number = f"{number} + {await _refund(booked, ground, work)}"
    return _receipt(
        number, fingerprint, action, (receivable, ground), told("creditmemos", work.message.key, action, work)
    )


async def _return_order(
    booked: Booked[CreditMemo], receivable: Receivable, ground: Ground, work: Work
) -> tuple[str, str]:
    desk = work.desk
    items = await desk.items.many([line.sku for line in receivable.lines if line.sku])
    document = return_order_from(
        receivable, booked.document, booked.order, desk.settings, store=ground.store, company=ground.company,
        account=ground.account, reference=ground.reference, items=items, lots=await _lots(ground, work),
    )  # fmt: skip
    found, action = await _posted_return(document, work)
    work.keep("sent", {"header": dict(document.header), "lines": [dict(line) for line in document.lines]})
    return f"{found.number} (RMA {found.rma})" if found.rma else found.number, action


async def _posted_return(document: ReturnOrder, work: Work) -> tuple[FoundReturn, str]:
    returns = ReturnOrders(work.desk.dynamics)
    work.wait_until_settled()
    found = await returns.find(document)
    missing = [line for line in document.lines if found is None or line["ExternalItemNumber"] not in found.lines]
    if found is not None and not missing:
        return found, "adopted"
    intent = await work.intend(document.digest)
    if found is None:
        return await returns.create(document, not_after=intent.not_after), "created"
    await returns.complete(document, found, not_after=intent.not_after)
    return found, "adopted"


async def _lots(ground: Ground, work: Work) -> dict[str, str]:
    """The lots of the original lines, so that F&O returns at the original cost; nothing when the order is not there."""
    if not ground.order_number:
        return {}
    found = await SalesOrders(work.desk.dynamics, work.desk.settings.dynamics).read(ground.company, ground.order_number)
    return found.lots if found is not None else {}


async def _free_text_credit(
    booked: Booked[CreditMemo], receivable: Receivable, ground: Ground, work: Work
) -> tuple[str, str]:
    items = await work.desk.items.many([line.sku for line in receivable.lines if line.sku])
    document = free_text_invoice_from(
        receivable, booked.order, work.desk.settings, company=ground.company, account=ground.account,
        reference=ground.reference, day=day_of(booked.document).date(), items=items, gross=ground.is_gross, is_credit=True,
    )  # fmt: skip
    found, action = await post_free_text_invoice(document, work)
    work.keep("sent", {"header": dict(document.header), "lines": [dict(line) for line in document.lines]})
    return f"FTI {found.identifier}", action


async def _refund(booked: Booked[CreditMemo], ground: Ground, work: Work) -> str:
    memo = booked.document
    payment = customer_payment_from(
        booked.order, work.desk.settings, company=ground.company, account=ground.account, reference=ground.reference,
        amount=memo.grand_total, currency=memo.order_currency_code, day=day_of(memo).date(),
        transaction_id=memo.transaction_id, is_refund=True,
    )  # fmt: skip
    found, _ = await post_payment(payment, work)
    return f"journal {found.journal} line {found.line}"


def _receipt(
    number: str, fingerprint: str, action: str, booking: tuple[Receivable, Ground], tells: Told = ()
) -> Receipt:
    receivable, ground = booking
    targets = {"reference": ground.reference, "sales_order": ground.order_number}
    return Receipt("credit_note", number, fingerprint, action, targets, receivable.totals.as_json(), tells)


async def horizon(desk: Desk) -> datetime:
    """The shop's clock less the seconds that commits may take."""
    return await desk.commerce.settled("creditmemos")


creditmemos = Flow[Booked[CreditMemo]](
    name="creditmemos",
    title="Credit memos to credit notes",
    keys_in=keys_in,
    horizon=horizon,
    changed=changed,
    read=read,
    deliver=deliver,
    resolve=resolve,
    lane=Lane.DOCUMENTS,
    schedule="45 * * * * *",
    poll_minutes=lambda connection: connection.creditmemos.poll_minutes,
    events=("observer.sales_order_creditmemo_save_commit_after", "observer.sales_order_creditmemo_save_after"),
)
