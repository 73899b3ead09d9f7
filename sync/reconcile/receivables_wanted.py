"""What F&O has to hold of an invoice or credit memo, by the rules of their flows."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sync.commerce.models.invoice import CANCELLED, CreditMemo
from sync.commerce.models.refund import is_of_lower_total
from sync.config.connections import Connection
from sync.core.money import ZERO, rounded, total
from sync.dynamics.books import Booked
from sync.engine.delivery import Delivery
from sync.flows.keys import elsewhere
from sync.flows.receivables.creditmemos import has_brought_money, sold_by, still_credited_of
from sync.flows.returns.memos_of_returns import credits_goods, is_of_return
from sync.mapping.booking import nothing_to_book, reason_to_wait
from sync.mapping.captures import brings_no_money
from sync.mapping.posting_policy import old_document
from sync.mapping.posting_target import DocumentWithOrder, posting_target_of
from sync.mapping.receivable_documents import fingerprint_of, receivable_of
from sync.mapping.receivable_lines import Receivable
from sync.mapping.store_credit import kept_as_credit
from sync.reconcile.wanted import Wanted

WithOrder = DocumentWithOrder[Any]


async def invoice_wanted(with_order: WithOrder, delivery: Delivery, _: Sequence[Booked]) -> Wanted:
    """A free text invoice: all of the invoice, with the ways to pay as lines."""
    known = _before(with_order, delivery)
    return known or _whole(with_order, delivery, _receivable(with_order, delivery))


async def memo_wanted(with_order: WithOrder, delivery: Delivery, held: Sequence[Booked]) -> Wanted:
    """A return order is of the goods alone, a negative free text invoice holds the ways to give
    back as well; less what was taken off the sales order, which F&O never invoices."""
    if known := _before(with_order, delivery):
        return known
    raw = with_order.document.raw
    if is_of_lower_total(raw) or (is_of_return(raw) and not credits_goods(delivery.claim)):
        return Wanted(None)
    is_return = delivery.systems.settings.creditmemos.recipe == "return-order"
    gross = held[0].is_gross if is_return and held and held[0].tax is None else None
    receivable = _receivable(with_order, delivery, gross)
    credited = await _credited(with_order, receivable, delivery)
    lines = [line for line in credited.lines if not (is_return and line.is_payment)]
    if not any(line.amount for line in lines):
        return Wanted(None)
    amount = total(line.amount for line in lines) + credited.tax
    whole = _whole(with_order, delivery, receivable)
    if whole.amount is None:
        return whole
    tax = whole.tax if credited is receivable else None
    return replace(whole, amount=amount, on_top=credited.tax, tax=tax)


async def received_wanted(with_order: WithOrder, delivery: Delivery, _: Sequence[Booked]) -> Wanted:
    """The money of an invoice, where any moves."""
    return _money(with_order, delivery, with_order.document.grand_total)


async def paid_back_wanted(
    with_order: WithOrder, delivery: Delivery, _: Sequence[Booked]
) -> Wanted:
    """The money of a credit memo: what was paid out where refunds are booked, and what became store
    credit."""
    settings, memo = delivery.systems.settings, with_order.document
    kept = kept_as_credit(memo, with_order.order)
    is_booked = settings.creditmemos.refund_payment and settings.invoices.moves_money(
        with_order.order.payment.method
    )
    is_paid = is_booked and await has_brought_money(with_order.order, delivery.systems)
    paid = memo.grand_total - kept if is_paid else ZERO
    return _money(with_order, delivery, paid + kept, moves=bool(is_paid or kept))


def _money(
    with_order: WithOrder, delivery: Delivery, amount: Decimal,
    *, moves: bool | None = None,
) -> Wanted:  # fmt: skip
    if known := _before(with_order, delivery):
        return known
    if moves is None:
        settings = delivery.systems.settings.invoices
        moves = settings.moves_money(with_order.order.payment.method)
    if not moves or not rounded(amount):
        return Wanted(None)
    currency = with_order.document.order_currency_code
    is_sent = _is_sent(with_order, delivery)
    return Wanted(rounded(amount), currency, is_sent=is_sent)


def _before(with_order: WithOrder, delivery: Delivery) -> Wanted | None:
    """What is known before a document's lines are looked at; None where it is to be in F&O."""
    document, settings = with_order.document, delivery.systems.settings
    if elsewhere(document.store_id, delivery.systems) or document.state == CANCELLED:
        return Wanted(None)
    if not delivery.claim.etag and old_document(document, settings.orders):
        return Wanted(None, is_others=True)
    if brings_no_money(document, with_order.order, settings):
        return Wanted(None)
    if waiting := reason_to_wait(document):
        amount, currency = rounded(document.grand_total), document.order_currency_code
        return Wanted(amount, currency, waits=waiting.reason)
    return None


def _receivable(with_order: WithOrder, delivery: Delivery, gross: bool | None = None) -> Receivable:
    return receivable_of(with_order, delivery.systems.settings, gross=gross)


def _whole(with_order: WithOrder, delivery: Delivery, receivable: Receivable) -> Wanted:
    document, settings = with_order.document, delivery.systems.settings
    method = with_order.order.payment.method
    if nothing_to_book(document, method, receivable, settings):
        return Wanted(None)
    tax = receivable.tax if not receivable.is_gross else _tax(with_order, settings)
    return Wanted(
        rounded(document.grand_total), document.order_currency_code, on_top=receivable.tax,
        tax=tax, is_sent=_is_sent(with_order, delivery),
    )  # fmt: skip


def _tax(with_order: WithOrder, settings: Connection) -> Decimal:
    """Where lines include tax, no line tells it: as if they did not."""
    return receivable_of(with_order, settings, gross=False).tax


async def _credited(
    with_order: DocumentWithOrder[CreditMemo], receivable: Receivable, delivery: Delivery
) -> Receivable:
    order = with_order.order
    claim = await delivery.ledger.claim(delivery.systems.name, "orders", order.key)
    target = replace(
        posting_target_of(with_order, delivery.systems.settings, ""), order_number=claim.number
    )
    sold = await sold_by(target, delivery)
    return await still_credited_of(with_order, receivable, target, sold, delivery)


def _is_sent(with_order: WithOrder, delivery: Delivery) -> bool:
    """Whether the document is as it was when it was booked."""
    digest = fingerprint_of(with_order.document)
    return bool(delivery.claim.number) and delivery.is_same(delivery.claim.digest, digest)
