"""Over any sequence of invoice, ship, cancel and refund, heard of at once or late: both systems
hold the same of an order, in its currency, and nothing stays to be shipped that nobody wants. Where
F&O cannot be made to agree, the order is listed with both sums, until a person has credited the
difference.

Through both systems: the sums are of F&O's own rows, and of the shop's own columns.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from sandbox.commerce.amounts import Rule
from sandbox.commerce.catalogue import SHOPPERS, STORES
from sandbox.commerce.faults import RestFault
from sandbox.commerce.lifecycle import can_invoice
from sandbox.commerce.order_rows import pays
from sandbox.commerce.recipe import RULES, Extras, Want
from sandbox.commerce.records import Columns, StoredOrder, amount
from sandbox.commerce.shipping import can_ship
from sync.core.money import rounded
from sync.dynamics.posted_invoices import SALES
from sync.engine.claim import State
from sync.reconcile.difference import Cause
from tests.flows.finance import Finance, key
from tests.harness import CUSTOMER, key_of
from tests.properties import examples
from tests.reconcile.planted import reconciled
from tests.systems import COMPANY
from tests.virtual_time import in_virtual_time, virtually

NOTHING, CENT = Decimal(0), Decimal("0.01")
ADJUSTED: Final = {"": (NOTHING, NOTHING), "more": (Decimal("0.37"), NOTHING),
                   "less": (NOTHING, Decimal("0.11"))}  # fmt: skip
SKUS: Final = ("SIMPLE-001", "SIMPLE-003", "BOOK-7", "SUPPORT-1Y", "EBOOK-DL", "TEE", "KIT-DYN",
               "KIT-FIX")  # fmt: skip

SHOPPERS_OF: Final = {1: CUSTOMER, 2: next(one for one in SHOPPERS if one.id == 5)}
"""A customer of each store view: F&O takes from the account whether a return includes tax."""

PIECES = st.one_of(st.none(), st.lists(st.integers(0, 3), min_size=3, max_size=3))
"""Of each row; None asks for all that is left."""


@dataclass(frozen=True)
class Step:
    """Something that happens to an order. `is_heard`: whether we are told of it right away."""

    what: str
    pieces: list[int] | None
    shipping: bool
    adjusted: str
    is_heard: bool


CARDS: Final = st.sampled_from([NOTHING, NOTHING, Decimal(7)])
"""What gift cards pay of an order."""

STEPS = st.builds(
    Step,
    what=st.sampled_from(["invoice", "invoice", "refund", "refund", "ship", "cancel"]),
    pieces=PIECES, shipping=st.booleans(), adjusted=st.sampled_from(sorted(ADJUSTED)),
    is_heard=st.booleans(),
)  # fmt: skip


PAID, SENT = (Step(what, None, False, "", True) for what in ("invoice", "ship"))
CANCELLED: Final = Step("cancel", None, False, "", True)
ONE_PAID, ONE_BACK = (Step(what, [1, 0, 0], True, "", True) for what in ("invoice", "refund"))
PART_BACK: Final = Step("refund", [2, 0, 0], True, "less", True)


@example(STORES[0], (RULES[0], NOTHING), [("SIMPLE-001", 3)], True, [PAID, PART_BACK])
@example(
    STORES[0], (RULES[0], NOTHING), [("SIMPLE-001", 3)], True, [PAID, PART_BACK, SENT, PART_BACK]
)
@example(
    STORES[1],
    (RULES[4], NOTHING),
    [("SIMPLE-001", 3), ("KIT-DYN", 2)],
    True,
    [PAID, SENT, PART_BACK],
)
@example(STORES[1], (RULES[4], NOTHING), [("SIMPLE-001", 3)], True, [ONE_PAID, SENT, CANCELLED])
@example(STORES[0], (RULES[0], NOTHING), [("SIMPLE-001", 3)], True, [SENT, ONE_PAID, CANCELLED])
@example(STORES[0], (RULES[0], NOTHING), [("SIMPLE-001", 3)], True, [SENT, CANCELLED])
@example(
    STORES[1], (RULES[4], NOTHING), [("SIMPLE-001", 3)], True, [ONE_PAID, SENT, ONE_BACK, CANCELLED]
)
@example(STORES[0], (RULES[8], Decimal(7)), [("SIMPLE-001", 3)], False, [SENT, CANCELLED])
@settings(max_examples=examples(12), phases=(Phase.explicit, Phase.generate))
@given(
    store=st.sampled_from(STORES), terms=st.tuples(st.sampled_from(RULES), CARDS),
    basket=st.lists(st.tuples(st.sampled_from(SKUS), st.integers(1, 4)), min_size=1, max_size=3,
                    unique_by=lambda row: row[0]),
    is_heard=st.booleans(), steps=st.lists(STEPS, max_size=6),
)  # fmt: skip
def test_both_systems_hold_the_same_of_an_order_whatever_happens_to_it(
    store: Any,
    terms: tuple[Rule, Decimal],
    basket: list[tuple[str, int]],
    is_heard: bool,
    steps: list[Step],
) -> None:
    virtually(_lived(store, terms, basket, is_heard, steps))


async def _lived(
    store: Any,
    terms: tuple[Rule, Decimal],
    basket: list[tuple[str, int]],
    is_heard: bool,
    steps: list[Step],
) -> None:
    finance = Finance({"creditmemos": {"refund_payment": True}})
    try:
        product = finance.commerce.catalogue.product
        wants = tuple(Want(product(sku), Decimal(pieces)) for sku, pieces in basket)
        order = finance.place(
            store=store,
            shopper=SHOPPERS_OF[store.id],
            rule=terms[0],
            wants=wants,
            extras=Extras(gift_card=terms[1]),
        )
        if is_heard:
            await finance.delivers(order)
        for step in steps:
            with suppress(RestFault):  # what the shop refuses does not happen
                await _happens(finance, order, step)
        await _all_heard(finance, order)
        await _compared(finance, order)
    finally:
        await finance.close()


async def _happens(finance: Finance, order: StoredOrder, step: Step) -> None:
    shop, made = finance.commerce, None
    if step.what == "invoice":
        if can_invoice(order):  # a cancelled order is never invoiced: 400 (measured)
            made = shop.invoice(order, _part(order, step.pieces))
    elif step.what == "refund":
        more, less = ADJUSTED[step.adjusted]
        made = shop.refund(
            order, _part(order, step.pieces), shipping=None if step.shipping else NOTHING,
            positive=more, negative=less,
        )  # fmt: skip
    elif step.what == "cancel":
        shop.cancel(order)
    elif can_ship(order):
        if any(amount(item, "qty_canceled") for item in order.items):
            await finance.delivers(order)  # the warehouse does not send what was cancelled
        finance.ships(order, tax=_tax_there(finance, order))
    if step.is_heard and made is not None:
        await finance.books(made, "invoices" if step.what == "invoice" else "creditmemos")
    elif step.is_heard:
        await finance.delivers(order)


def _tax_there(finance: Finance, order: StoredOrder) -> Decimal:
    """The tax of what F&O holds of an order, where its groups make what Commerce charged: line by
    line, as not all lines are taxed alike."""
    taxes = {
        str(item["item_id"]): amount(item, "tax_amount") / item["qty_ordered"]
        for item in order.items if pays(order, item)
    }  # fmt: skip
    taxes["shipping"] = order.amount("shipping_tax_amount")
    lines = (
        line for header in finance.headers(order)
        for line in finance.dynamics.lines(COMPANY, header["SalesOrderNumber"])
        if line["LineAmount"]
    )  # fmt: skip
    held = (taxes[line["ExternalItemNumber"]] * line["OrderedSalesQuantity"] for line in lines)
    return rounded(sum(held, NOTHING))


def _part(order: StoredOrder, pieces: list[int] | None) -> Mapping[int, Decimal] | None:
    if pieces is None:
        return None
    paying = [item for item in order.items if pays(order, item)]
    return {
        item["item_id"]: Decimal(asked)
        for item, asked in zip(paying, pieces, strict=False)
        if asked
    }


async def _all_heard(finance: Finance, order: StoredOrder) -> None:
    """Whatever was not told is found in the end, and told twice."""
    for _ in range(2):
        await finance.delivers(order)
        for invoice in order.invoices:
            await finance.books(invoice)
        for memo in order.creditmemos:
            await finance.books(memo, "creditmemos")


async def _compared(finance: Finance, order: StoredOrder) -> None:
    below = [key(memo) for memo in order.creditmemos if memo["grand_total"] < 0]
    assert await finance.parked("invoices") == []
    assert await finance.parked("creditmemos") == below
    if below:
        return  # a fee above what is given back: a shop takes that, and it is for a person
    claim = await finance.claim(key_of(order))
    assert claim.state is not State.PARKED, claim.reason
    assert await finance.parked("orders") == ([key_of(order)] if claim.is_different else [])
    off = _off(finance, order)
    await _reconciled(finance, order, is_different=claim.is_different)
    if claim.is_different:
        await _credits_what_differs(finance, order, claim.differs, off)
    else:
        assert abs(off) <= CENT * (1 + len(order.creditmemos)), off
    refunded = sum((memo["grand_total"] for memo in order.creditmemos), NOTHING)
    received = sum((invoice["grand_total"] for invoice in order.invoices), NOTHING)
    assert _paid(finance) == received - refunded
    _assert_nothing_unwanted(finance, order)
    assert {row["CurrencyCode"] for table in TABLES for row in finance.rows(table)} <= {
        order.row["order_currency_code"]
    }


async def _reconciled(finance: Finance, order: StoredOrder, *, is_different: bool) -> None:
    """A reconciliation finds what is listed, and nothing else."""
    found, _ = await reconciled(finance)
    listed = [("orders", key_of(order), Cause.AMOUNT)] if is_different else []
    named = [(one.kind, one.key, one.cause) for one in found]
    assert named == listed, str([one.as_json() for one in found])


def _off(finance: Finance, order: StoredOrder) -> Decimal:
    """What F&O holds beyond the shop."""
    refunded = sum((memo["grand_total"] for memo in order.creditmemos), NOTHING)
    wanted = order.amount("grand_total") - order.amount("total_canceled") - refunded
    wanted += _by_card(order) - sum((_by_card(memo) for memo in order.creditmemos), NOTHING)
    credited = sum((_credited(finance, memo) for memo in order.creditmemos), NOTHING)
    held = sum((_worth(finance, order, header) for header in finance.headers(order)), NOTHING)
    return held - credited + _tax_on_top(order) - wanted


def _by_card(document: Any) -> Decimal:
    """What a gift card pays of it, or gets back."""
    if not isinstance(document, StoredOrder):
        return amount(document, "gift_cards_amount")
    if document.amount("subtotal_canceled"):  # what is cancelled goes back, untold
        return sum((_by_card(invoice) for invoice in document.invoices), NOTHING)
    return amount(document.extension, "gift_cards_amount")


async def _credits_what_differs(
    finance: Finance, order: StoredOrder, differs: str, off: Decimal
) -> None:
    """A person invoices what was shipped and credits what the list says; then nobody waits."""
    there, wanted = (Decimal(part.split()[1]) for part in differs.split(", "))
    if order.row["store_id"] != STORES[0].id:
        assert abs(there - wanted - off) <= CENT * (1 + len(order.creditmemos)), (differs, off)
    (header,) = finance.headers(order)
    number = header["SalesOrderNumber"]
    finance.dynamics.invoice(number, COMPANY, tax=NOTHING)
    posted = finance.rows("CustInvoiceJour", SalesOrderNumber=number)
    invoiced = sum((row["TotalInvoiceAmount"] for row in posted), NOTHING)
    finance.dynamics.put(
        SALES, dataAreaId=COMPANY, InvoiceNumber="CCN-HAND", InvoiceDate=finance.clock.now(),
        LedgerVoucher="V", TotalInvoiceAmount=wanted - invoiced, SalesOrderNumber=number,
        CustomersOrderReference=header["CustomersOrderReference"],
        CurrencyCode=header["CurrencyCode"],
    )  # fmt: skip
    await finance.replays(key_of(order), "orders")
    assert await finance.parked("orders") == []
    delivered = [one for one in await finance.trail(order) if one.event != "posted"]
    assert "differs_no_more" in delivered[-1].details


TABLES: Final = ("SalesTable", "CustomerPaymentJournalLines", "ReturnOrderHeadersV2")


def _worth(finance: Finance, order: StoredOrder, header: Mapping[str, Any]) -> Decimal:
    return finance.dynamics.order_total(COMPANY, header["SalesOrderNumber"])


def _credited(finance: Finance, memo: Columns) -> Decimal:
    is_there = finance.dynamics.returns_for(finance.reference(memo, "creditmemos"))
    return finance.credited(memo) if is_there else NOTHING


def _tax_on_top(order: StoredOrder) -> Decimal:
    """What Commerce still charges of tax, where F&O's lines are without it."""
    if order.row["store_id"] != STORES[0].id:
        return NOTHING
    refunded = sum((memo["tax_amount"] for memo in order.creditmemos), NOTHING)
    return order.amount("tax_amount") - order.amount("tax_canceled") - refunded


def _paid(finance: Finance) -> Decimal:
    return sum(
        (
            row.values.get("CreditAmount", NOTHING) - row.values.get("DebitAmount", NOTHING)
            for row in finance.rows("CustomerPaymentJournalLines")
        ),
        NOTHING,
    )


def _assert_nothing_unwanted(finance: Finance, order: StoredOrder) -> None:
    """Of an open order nothing is left to be shipped but what the shop still owes."""
    for header in finance.headers(order):
        if header["SalesOrderStatus"] == "Invoiced":
            continue
        lines = finance.dynamics.lines(COMPANY, header["SalesOrderNumber"])
        there = {line["ExternalItemNumber"]: line["OrderedSalesQuantity"] for line in lines}
        for item in order.items:
            done = ("qty_canceled", "qty_refunded", "qty_shipped")
            owed = item["qty_ordered"] - sum((amount(item, name) for name in done), NOTHING)
            to_ship = there.get(str(item["item_id"]), NOTHING) - amount(item, "qty_shipped")
            assert to_ship <= max(owed, NOTHING), item["sku"]


@in_virtual_time
async def test_every_step_is_taken_by_some_example() -> None:
    """The shop does not refuse them all: each kind of step happens to the plainest order."""

    finance = Finance({})
    try:
        order = finance.place(skus=("SIMPLE-001",), store=STORES[0])
        for what in ("invoice", "ship", "refund"):
            await _happens(finance, order, Step(what, None, True, "", True))
        assert key(order.creditmemos[0])
    finally:
        await finance.close()
