"""Whatever is invoiced and refunded in the shop, in whatever order it is heard of: the ledger comes
to the same cent."""

import asyncio
from collections.abc import Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import Any, Final

import pytest

from sandbox.commerce.faults import RestFault
from sandbox.commerce.order_rows import pays
from sandbox.commerce.records import Columns, StoredOrder
from sandbox.dials import Dials
from sync.commerce.models.invoice import CANCELLED
from sync.core.money import CENT, rounded
from tests.flows.finance import FREE_CREDIT, FREE_TEXT, Finance, key
from tests.harness import key_of
from tests.simulation.books import OTHERWISE
from tests.systems import COMPANY
from tests.virtual_time import virtually

WORLDS, MORE_WORLDS = 20, 200
ORDERS: Final = 6
RECIPES: Final[tuple[dict[str, Any], ...]] = (
    {"invoices": FREE_TEXT, "creditmemos": FREE_CREDIT},
    {
        "invoices": {"recipe": "payment-journal"},
        "creditmemos": {"recipe": "return-order", "refund_payment": True},
    },
    {"invoices": {"recipe": "both"}, "creditmemos": {**FREE_CREDIT, "refund_payment": True}},
    {
        "invoices": {"recipe": "both"},
        "creditmemos": {"recipe": "return-order", "refund_payment": True},
    },
)
FAULTS: Final = (
    "lost_rate",
    "delayed_rate",
    "error_before_rate",
    "error_after_rate",
    "dropped_rate",
    "throttle_rate",
)
NOTHING: Final = Decimal(0)
OFF: Final = "taken off the sales order"
FEE_TAXES: Final = (
    "payment_fee_tax",
    *(f"{name}_tax_amount" for name in ("gw", "gw_items", "gw_card")),
)


@pytest.mark.parametrize(
    "seed",
    [
        *range(WORLDS),
        *(pytest.param(seed, marks=pytest.mark.long) for seed in range(WORLDS, MORE_WORLDS)),
    ],
)
def test_the_ledger_holds_what_was_invoiced_less_what_was_refunded(seed: int) -> None:
    virtually(_world(seed), Random(f"loop {seed}"))


async def _world(seed: int) -> None:
    """A credit memo below zero (a fee above what is given back; a shop takes that) is for a
    person."""
    rng = Random(f"world {seed}")
    finance = Finance(RECIPES[seed % len(RECIPES)])
    finance.commerce.maker.rng.seed(seed)
    try:
        await _lived(finance, rng)
        orders = [*finance.commerce.orders.values()]
        below = {key(memo) for one in orders for memo in one.creditmemos if memo["grand_total"] < 0}
        assert {parked[1] async for parked in _parked(finance)} == below
        sound = [one for one in orders if not below & {key(memo) for memo in one.creditmemos}]
        for order in sound:
            await _is_even(finance, order)
        await _reads_back_as_equal(finance, sound)
    finally:
        await finance.close()


async def _lived(finance: Finance, rng: Random) -> None:
    """Things happen in the shop while its notifications come in late, doubled, in any order or not
    at all."""
    _spoil(finance.ledger_dials, rng)
    _spoil(finance.shop_dials, rng)
    reported: list[tuple[float, str, Columns]] = []
    for _ in range(ORDERS):
        (order,) = finance.commerce.place_new()
        for flow, name, record in [("orders", "order", order.row), *_dealings(finance, order, rng)]:
            reported += [
                (rng.uniform(0, 400), flow, {name: _named(record)})
                for _ in range(rng.choice((0, 1, 1, 2)))
            ]
        await asyncio.sleep(rng.uniform(0, 90))
    before = 0.0
    for at, flow, payload in sorted(reported, key=lambda notification: notification[0]):
        await asyncio.sleep(at - before)
        before = at
        await finance.hook(flow, {"data": payload})
        if rng.random() < 0.4:
            await finance.works_off_what_is_due()
    await finance.works_until_idle()
    _mend(finance.ledger_dials)
    _mend(finance.shop_dials)
    await asyncio.sleep(600)
    for flow in ("creditmemos", "invoices", "orders"):
        await finance.polls(flow)
    await finance.settled()


def _dealings(
    finance: Finance, order: StoredOrder, rng: Random
) -> Iterator[tuple[str, str, Columns]]:
    """Invoices and credit memos of an order, drawn; at the end everything that is invoiced is
    captured or cancelled."""
    shop = finance.commerce
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        try:
            invoice = shop.invoice(order, _some(order, rng), captured=rng.random() < 0.7)
        except RestFault:
            continue
        if invoice["state"] == 1:
            (shop.capture if rng.random() < 0.8 else shop.cancel_invoice)(invoice)
    for _ in range(rng.choice((0, 1, 1, 2))):
        more, less = rng.choice(
            (
                (NOTHING, NOTHING),
                (NOTHING, NOTHING),
                (Decimal("0.37"), NOTHING),
                (NOTHING, Decimal("0.11")),
            )
        )
        shipping = rng.choice((None, NOTHING))
        try:
            shop.refund(order, _some(order, rng), shipping=shipping, positive=more, negative=less)
        except RestFault:
            continue
    yield from (("invoices", "invoice", one) for one in order.invoices)
    yield from (("creditmemos", "creditmemo", one) for one in order.creditmemos)


def _some(order: StoredOrder, rng: Random) -> dict[int, Decimal] | None:
    """Some pieces of some rows, or None for all that is left."""
    if rng.random() < 0.4:
        return None
    bearing = [item for item in order.items if pays(order, item)]
    chosen = rng.sample(bearing, k=rng.randint(1, len(bearing)))
    return {
        item["item_id"]: Decimal(rng.randint(1, max(1, int(item["qty_ordered"]))))
        for item in chosen
    }


def _named(record: Columns) -> Columns:
    return {"increment_id": record["increment_id"], "store_id": record["store_id"]}


def _spoil(dials: Dials, rng: Random) -> None:
    for name in FAULTS:
        setattr(dials, name, rng.choice((0, 0, 0.01, 0.03)))
    dials.delay_high = 100.0
    dials.latency_high = rng.choice((0, 0.2, 2.0))


def _mend(dials: Dials) -> None:
    for name in FAULTS:
        setattr(dials, name, 0.0)


async def _parked(finance: Finance) -> Any:
    for flow in ("orders", "invoices", "creditmemos"):
        for parked in await finance.parked(flow):
            yield flow, parked, (await finance.claim(parked, flow)).reason


async def _is_even(finance: Finance, order: StoredOrder) -> None:
    """What the ledger holds for an order is what the shop invoiced less what it refunded, by money
    and by documents."""
    invoices = [one for one in order.invoices if one["state"] != CANCELLED]
    wanted = _sum(invoices) - _sum(order.creditmemos)
    settings, story = (
        finance.systems.connection,
        f"order {key_of(order)}: {[key(one) for one in invoices]}",
    )
    moves_money = settings.invoices.moves_money(str(order.payment["method"]))
    if settings.invoices.recipe != "free-text-invoice":
        paid = [line for one in invoices for line in finance.payments(one)]
        back = [line for one in order.creditmemos for line in finance.payments(one, "creditmemos")]
        assert _amounts(paid, "CreditAmount") - _amounts(back, "DebitAmount") == (
            wanted if moves_money else NOTHING
        ), story
        assert {line["CurrencyCode"] for line in (*paid, *back)} <= {
            order.row["order_currency_code"]
        }, story
    if settings.invoices.recipe != "payment-journal":
        assert sum((_owed(finance, one, "invoices") for one in invoices), NOTHING) == _sum(
            invoices
        ), story
        owed = _owed if settings.creditmemos.recipe == "free-text-credit" else _given_back
        credits_ = sum((owed(finance, one, "creditmemos") for one in order.creditmemos), NOTHING)
        assert credits_ == -_sum(order.creditmemos), story
    else:
        await _is_even_with_the_orders_invoices(finance, order, story)
    _has_nothing_to_ship_that_is_not_wanted(finance, order, story)


async def _is_even_with_the_orders_invoices(
    finance: Finance, order: StoredOrder, story: str
) -> None:
    """Where F&O invoices the sales orders: what it holds of the order less its credit notes is what
    the shop holds, by money, cards and credit."""
    held = await _held(finance, order) if finance.headers(order) else NOTHING
    credited = NOTHING
    for memo in _of_something(order):
        credited += await _credited(finance, order, memo, story)
    wanted = order.amount("grand_total") - order.amount("total_canceled") - _sum(order.creditmemos)
    wanted += _tendered(order.extension) - sum(map(_tendered, order.creditmemos), NOTHING)
    assert abs(held - credited - wanted) <= CENT, f"{story} {held} {credited} {wanted}"


async def _held(finance: Finance, order: StoredOrder) -> Decimal:
    """What cards and credit paid is part of the amounts of an order that was reduced, and is told
    beside those of any other."""
    amounts = await _reported(finance, key_of(order))
    paid = [amounts[name] for name in amounts if name.startswith("paid by ")]
    return sum(map(Decimal, () if "placed" in amounts else paid), Decimal(amounts["dynamics"]))


async def _credited(finance: Finance, order: StoredOrder, memo: Columns, story: str) -> Decimal:
    """What the credit note of a memo comes to. Where anything was taken off the sales order, all
    rows and shipping were, with their tax: nothing is shipped here. Of what was taken off, the
    trail tells the money; what went back to cards and credit is first of it."""
    amounts = await _reported(finance, key(memo), "creditmemos")
    grand_total = rounded(memo["grand_total"])
    assert amounts["commerce"] == amounts["dynamics"] == f"{grand_total:.2f}", story
    tax, off = memo["tax_amount"], Decimal(amounts.get(OFF, 0))
    if OFF in amounts:
        tax = sum((memo.get(name) or NOTHING for name in FEE_TAXES), NOTHING)
        tax = tax if finance.headers(order) else NOTHING
    note = _note(finance, memo, rounded(tax))
    assert abs(off - max(grand_total - note, NOTHING)) <= CENT, f"{story} {off} {note}"
    return note


def _of_something(order: StoredOrder) -> list[Columns]:
    """Its credit memos but those of nothing, which a shop takes as well."""
    parts = ("grand_total", *OTHERWISE, "adjustment_positive", "adjustment_negative")
    return [memo for memo in order.creditmemos if any(memo.get(name) for name in parts)]


async def _reported(finance: Finance, record: str, flow: str = "orders") -> Any:
    """The amounts that the record's trail told last."""
    return [
        found
        for entry in await finance.trail(record, flow)
        if (found := entry.details.get("amounts"))
    ][-1]


def _lines(finance: Finance, order: StoredOrder) -> list[Any]:
    return [
        line
        for header in finance.headers(order)
        for line in finance.dynamics.lines(COMPANY, header["SalesOrderNumber"])
    ]


def _has_nothing_to_ship_that_is_not_wanted(
    finance: Finance, order: StoredOrder, story: str
) -> None:
    wanted = {
        str(item["item_id"]): Decimal(item["qty_ordered"])
        - (item.get("qty_canceled") or 0)
        - (item.get("qty_refunded") or 0)
        for item in order.items
    }
    for line in _lines(finance, order):
        if line["ExternalItemNumber"] in wanted and line["SalesOrderLineStatus"] == "Backorder":
            assert line["OrderedSalesQuantity"] <= wanted[line["ExternalItemNumber"]], story


async def _reads_back_as_equal(finance: Finance, orders: list[StoredOrder]) -> None:
    """F&O posts every draft with the shop's tax: what is read back of each agrees with Commerce,
    and is said to."""
    for order in orders:
        for flow, documents in (("invoices", order.invoices), ("creditmemos", order.creditmemos)):
            for one in documents:
                for header in finance.drafts(one, flow):
                    tax = rounded(one["tax_amount"]) * (1 if flow == "invoices" else -1)
                    finance.dynamics.post_free_text_invoice(header["InvoiceIdentifier"], tax=tax)
        if finance.systems.connection.invoices.recipe == "payment-journal":
            await _posts_the_order(finance, order)
    posted = await finance.polls("posted_invoices")
    await finance.settled()
    assert [
        (await finance.claim(key, "posted_invoices")).reason
        for key in await finance.parked("posted_invoices")
    ] == []
    trails = [
        await finance.trail(claim.key, "posted_invoices")
        async for claim in finance.services.ledger.claims("shop", "posted_invoices")
    ]
    said = [
        entry.details["compared"] for trail in trails for entry in trail if entry.event == "created"
    ]
    assert len(said) == posted
    assert all(
        words == "equal" or words.startswith("amount only: pieces were") for words in said
    ), said


async def _posts_the_order(finance: Finance, order: StoredOrder) -> None:
    """Invoice and credit notes of a sales order; where pieces were taken off, with the tax that was
    told."""
    for memo in _of_something(order):
        amounts = await _reported(finance, key(memo), "creditmemos")
        for header in finance.dynamics.returns_for(finance.reference(memo, "creditmemos")):
            if OFF not in amounts:
                finance.dynamics.post_return(
                    header["ReturnOrderNumber"], tax=rounded(memo["tax_amount"])
                )
    for sold in finance.headers(order):
        number, amounts, tax = (
            sold["SalesOrderNumber"],
            await _reported(finance, key_of(order)),
            order.amount("tax_amount"),
        )
        if "placed" in amounts and sold["ArePricesIncludingSalesTax"] != "Yes":
            tax = Decimal(amounts["dynamics"]) - finance.dynamics.order_total(COMPANY, number)
        finance.dynamics.invoice(number, tax=rounded(tax))


def _sum(documents: list[Columns]) -> Decimal:
    return sum((rounded(one["grand_total"]) for one in documents), NOTHING)


def _amounts(rows: list[Any], name: str) -> Decimal:
    return sum((row[name] for row in rows), NOTHING)


def _owed(finance: Finance, document: Columns, flow: str) -> Decimal:
    """What a document's free text invoice comes to with the shop's tax; nothing where there is
    none."""
    headers = finance.drafts(document, flow)
    if not headers:
        return NOTHING
    (header,) = headers
    assert header["CurrencyCode"] == finance.commerce.order_of(document).row["order_currency_code"]
    on_top = NOTHING if header["InclTax"] == "Yes" else rounded(document["tax_amount"])
    return finance.draft_total(document, flow) + (on_top if flow == "invoices" else -on_top)


def _given_back(finance: Finance, memo: Columns, _: str) -> Decimal:
    """What a memo's return order comes to with the shop's tax, less what went back to cards and
    credit; negative."""
    return _tendered(memo) - _note(finance, memo, rounded(memo["tax_amount"]))


def _note(finance: Finance, memo: Columns, tax: Decimal) -> Decimal:
    """What a memo's return order comes to, with this tax where prices are without; nothing where
    there is none."""
    headers = finance.dynamics.returns_for(finance.reference(memo, "creditmemos"))
    if not headers:
        return NOTHING
    (header,) = headers
    assert header["CurrencyCode"] == finance.commerce.order_of(memo).row["order_currency_code"]
    account = finance.account(header["CustomerAccountNumber"])
    is_included = account.get("IsSalesTaxIncludedInPrices") == "Yes"
    return finance.credited(memo) + (NOTHING if is_included else tax)


def _tendered(document: Mapping[str, Any]) -> Decimal:
    """What gift cards, credit and points paid of an order, or got back by a memo."""
    return sum((document.get(name) or NOTHING for name in OTHERWISE), NOTHING)
