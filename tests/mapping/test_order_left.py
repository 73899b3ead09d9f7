"""Over any sequence of invoice, ship, cancel and refund: what F&O holds of an order less what it
credits is what Commerce holds, to the cent, and no piece is left to be shipped that nobody
wants."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.commerce.models.invoice import CreditMemo
from sync.commerce.models.order import Order
from sync.config.connections import Connection
from sync.core.money import rounded
from sync.dynamics.documents.sales_order import SalesOrder
from sync.mapping.order_before_refunds import without_credited, without_refunds
from sync.mapping.order_left import is_nothing_left, still_charged
from sync.mapping.order_rows import money_items
from sync.mapping.pieces_left import pieces_taken_off, pieces_wanted
from sync.mapping.receivable_lines import receivable_from
from sync.mapping.sales_order import order_items, sales_order_from
from sync.mapping.shares_off import HeldLine, Sale
from sync.mapping.taken_off import still_credited
from sync.mapping_tables.records import ItemMapping, normal_sku
from tests.mapping.connection import GROSS, MODES, NET, connection
from tests.mapping.made import made, row, with_extension
from tests.properties import examples

SHARED = ("row_total", "tax_amount", "discount_amount")
BACK = {
    "row_total": "amount_refunded",
    "tax_amount": "tax_refunded",
    "discount_amount": "discount_refunded",
}
PAID = {
    "row_total": "row_invoiced",
    "tax_amount": "tax_invoiced",
    "discount_amount": "discount_invoiced",
}
NOTHING = Decimal(0)


def sales_order(order: Order, connection: Connection) -> SalesOrder:
    items = {normal_sku(sku): ItemMapping(sku, sku) for sku in order_items(order, connection)}
    return sales_order_from(order, connection, account="A", items=items)


def planned(order: SalesOrder) -> dict[str, HeldLine]:
    """What F&O holds of an order once it was posted and reduced."""
    return {
        line.reference: HeldLine(line.left.quantity, line.left.amount())
        for line in order.lines
        if line.left is not None
    }


@dataclass
class World:
    """Both systems, as far as one order goes. F&O holds `held` lines until it invoices them; then
    they stay."""

    document: dict[str, Any]
    connection: Connection
    held: dict[str, HeldLine] = field(default_factory=dict)
    value: Decimal = NOTHING
    credited: Decimal = NOTHING
    is_invoiced: bool = False
    is_shipped_beyond: bool = False
    """Whether the order flow has seen refunded pieces shipped: `kept_off` decides over those, by
    what was sent to F&O."""
    memos: list[tuple[CreditMemo, bool]] = field(default_factory=list)
    """Each with whether (some of) it was taken off the order."""

    def order(self) -> Order:
        order = Order.read(self.document)
        return without_credited(order, [memo for memo, is_off in self.memos if not is_off])

    def settle(self) -> None:
        """The order flow: an open sales order is made what it should be."""
        if self.is_invoiced:
            return
        if any(map(_is_shipped_beyond, self.document["items"])):
            self.is_shipped_beyond = True
        wanted = sales_order(self.order(), self.connection)
        self.held, self.value = (
            planned(wanted),
            wanted.held.dynamics if wanted.is_reduced else wanted.totals.dynamics,
        )
        if not self.held:
            self.value = NOTHING

    def invoice(self, pieces: list[int]) -> None:
        for item, asked in zip(self.document["items"], pieces, strict=True):
            taken = min(
                Decimal(asked), item["qty_ordered"] - item["qty_canceled"] - item["qty_invoiced"]
            )
            item["qty_invoiced"] += taken
            for name, counter in PAID.items():
                item[counter] = _part(item[f"_{name}"], item["qty_invoiced"], item["qty_ordered"])

    def ship(self, pieces: list[int]) -> None:
        for item, asked in zip(self.document["items"], pieces, strict=True):
            gone = max(item["qty_shipped"], item["qty_refunded"])
            item["qty_shipped"] += max(
                min(Decimal(asked), item["qty_ordered"] - item["qty_canceled"] - gone), NOTHING
            )

    def cancel(self) -> None:
        """As the shop does it: what is neither invoiced nor shipped; its money is what was not
        invoiced."""
        left = NOTHING
        for item in self.document["items"]:
            open_ = (
                item["qty_ordered"]
                - max(item["qty_shipped"], item["qty_invoiced"])
                - item["qty_canceled"]
            )
            item["qty_canceled"] += max(open_, NOTHING)
            if (
                item["qty_canceled"]
                and item["qty_invoiced"] == item["qty_ordered"] - item["qty_canceled"]
            ):
                left += sum(
                    sign * (item[f"_{name}"] - item[PAID[name]])
                    for name, sign in zip(SHARED, (1, 1, -1), strict=True)
                )
        self.document["total_canceled"] = left

    def refund(self, pieces: list[int], shipping: bool) -> None:
        lines, total = [], NOTHING
        for item, asked in zip(self.document["items"], pieces, strict=True):
            taken = min(Decimal(asked), item["qty_invoiced"] - item["qty_refunded"])
            if not taken:
                continue
            item["qty_refunded"] += taken
            line = {
                "order_item_id": item["item_id"],
                "sku": item["sku"],
                "name": item["name"],
                "qty": taken,
            }
            for name, counter in BACK.items():
                now = _part(item[f"_{name}"], item["qty_refunded"], item["qty_ordered"])
                line[name], item[counter] = now - item[counter], now
            total += line["row_total"] + line["tax_amount"] - line["discount_amount"]
            lines.append(line)
        back = (
            self.document["shipping_amount"] - self.document["shipping_refunded"]
            if shipping
            else NOTHING
        )
        self.document["shipping_refunded"] += back
        total += back
        if total:
            self.document["total_refunded"] += total
            self._credit(lines, back, total)

    def _credit(self, lines: list[dict[str, Any]], shipping: Decimal, total: Decimal) -> None:
        """The memo flow: the order first, then what is left of the memo."""
        memo = CreditMemo.read({
            "entity_id": len(self.memos) + 1, "increment_id": f"{len(self.memos) + 1:09}",
            "order_id": 42, "store_id": 1, "state": 2,
            "order_currency_code": "USD", "shipping_amount": shipping, "grand_total": total,
            "items": lines,
            "tax_amount": sum((line["tax_amount"] for line in lines), NOTHING),
            "discount_amount": -sum((line["discount_amount"] for line in lines), NOTHING),
        })  # fmt: skip
        self.settle()
        order = Order.read(self.document)
        receivable = receivable_from(memo, order, self.connection, gross=self.connection is GROSS)
        sale = Sale(
            sales_order(without_refunds(order), self.connection),
            self.held,
            [m for m, is_off in self.memos if is_off],
        )
        left = still_credited(receivable, memo, order, sale, self.connection)
        assert left.totals.difference == 0
        self.credited += left.totals.dynamics
        self.memos.append((memo, left is not receivable))


def _part(whole: Decimal, done: Decimal, of: Decimal) -> Decimal:
    return whole if done == of else rounded(whole * done / of)


COUNTERS: Final = (
    "qty_invoiced", "qty_shipped", "qty_refunded", "qty_canceled", *BACK.values(), *PAID.values(),
)  # fmt: skip


@st.composite
def untouched_rows(draw: st.DrawFn) -> dict[str, Any]:
    """A row of which nothing is invoiced, shipped, refunded or cancelled."""
    quantity, cents = draw(st.integers(1, 6)), draw(st.integers(1, 9999))
    worth = quantity * Decimal(cents) / 100
    discount = rounded(worth * draw(st.integers(0, 40)) / 100)
    tax = rounded((worth - discount) * draw(st.sampled_from([0, 7, 19])) / 100)
    none: dict[str, Any] = dict.fromkeys(COUNTERS, NOTHING)
    price = str(Decimal(cents) / 100)
    one = row(quantity=str(quantity), price=price, tax=str(tax), discount=str(discount), **none)
    return {**one, "_row_total": worth, "_tax_amount": tax, "_discount_amount": discount}


@st.composite
def processes(draw: st.DrawFn) -> World:
    rows = draw(st.lists(untouched_rows(), min_size=1, max_size=3))
    shipping = draw(st.sampled_from(["0", "4.95"]))
    document = made(
        *rows,
        shipping=shipping,
        shipping_refunded=NOTHING,
        total_refunded=NOTHING,
        total_canceled=NOTHING,
    )
    world = World(document, MODES[draw(st.sampled_from(sorted(MODES)))])
    world.settle()
    pieces = st.lists(st.integers(0, 6), min_size=len(rows), max_size=len(rows))
    for action in draw(
        st.lists(
            st.sampled_from(["invoice", "invoice", "ship", "refund", "refund", "cancel", "f&o"]),
            max_size=7,
        )
    ):
        if action == "invoice" and not any(one["qty_canceled"] for one in document["items"]):
            world.invoice(draw(pieces))
        elif action == "ship":
            world.ship(draw(pieces))
        elif action == "refund":
            world.refund(draw(pieces), draw(st.booleans()))
        elif action == "cancel" and not world.is_invoiced:
            world.cancel()
            world.settle()
        elif action == "f&o":
            world.is_invoiced = True
    world.settle()
    return world


def _is_tangled(item: dict[str, Any]) -> bool:
    """The shop's own tangles: cancelled with more shipped than invoiced, which it can never
    charge."""
    return (
        bool(item["qty_canceled"])
        and item["qty_invoiced"] != item["qty_ordered"] - item["qty_canceled"]
    )


def _is_shipped_beyond(item: dict[str, Any]) -> bool:
    """The shop ships what was refunded when it ships all that is left."""
    return bool(
        item["qty_shipped"] + item["qty_refunded"] > item["qty_ordered"] - item["qty_canceled"]
    )


@settings(max_examples=examples(150))
@given(processes())
def test_what_f_o_holds_less_what_it_credits_is_what_commerce_holds(world: World) -> None:
    items = world.document["items"]
    if world.is_shipped_beyond or any(map(_is_tangled, items)):
        return
    if world.document["total_canceled"] and world.is_invoiced:
        return
    wanted = (
        world.document["grand_total"]
        - world.document["total_canceled"]
        - world.document["total_refunded"]
    )
    cents = Decimal("0.01") * (1 + len(world.memos))
    assert abs(world.value - world.credited - wanted) <= cents, (
        world.value,
        world.credited,
        wanted,
    )


@settings(max_examples=examples(100))
@given(processes())
def test_nothing_is_left_to_be_shipped_that_was_cancelled_or_refunded(world: World) -> None:
    if world.is_invoiced:
        return
    order = world.order()
    for item in order.items:
        held = world.held.get(str(item.item_id))
        assert (held.quantity if held else NOTHING) == pieces_wanted(item)
        to_ship = pieces_wanted(item) - item.qty_shipped
        assert to_ship <= max(
            item.qty_ordered - item.qty_canceled - item.qty_refunded - item.qty_shipped, NOTHING
        )
    if is_nothing_left(order, world.connection.orders):
        assert not world.held


@given(st.tuples(*[st.integers(0, 9)] * 4))
def test_pieces_add_up(counts: tuple[int, int, int, int]) -> None:
    ordered, cancelled, shipped, refunded = counts
    counted: dict[str, Any] = {
        "qty_canceled": cancelled,
        "qty_shipped": shipped,
        "qty_refunded": refunded,
    }
    (item,) = Order.read(made(row(quantity=str(max(ordered, 1)), **counted))).items
    assert 0 <= pieces_taken_off(item) <= refunded
    assert 0 <= pieces_wanted(item) <= item.qty_ordered
    most = max(
        item.qty_ordered - cancelled - refunded, min(Decimal(shipped), item.qty_ordered), NOTHING
    )
    assert pieces_wanted(item) <= most


@given(
    sets=st.integers(1, 4), gone=st.integers(0, 4), parts=st.lists(st.integers(1, 3), min_size=1),
    shipments=st.integers(1, 9), refunded=st.integers(0, 4),
)  # fmt: skip
def test_a_fixed_bundles_parts_tell_how_much_of_it_was_shipped(
    sets: int, gone: int, parts: list[int], shipments: int, refunded: int
) -> None:
    """Its parent counts shipments where the parts are shipped separately."""
    shipped, back = min(gone, sets), min(refunded, sets)
    bundle = row(
        sku="KIT", quantity=str(sets), product_type="bundle", qty_refunded=back,
        qty_shipped=shipments if shipped else 0,
    )  # fmt: skip
    children = [
        row(sku="PART", quantity=str(sets * count), price="0", parent_item_id=bundle["item_id"],
            qty_shipped=shipped * count)
        for count in parts
    ]  # fmt: skip
    order = Order.read(made(bundle, *children))
    ((item, _),) = money_items(order)
    assert pieces_taken_off(item) == min(back, sets - shipped)


@given(
    placed=st.integers(1, 4), invoiced=st.integers(0, 4), kept=st.integers(0, 1),
    parts=st.lists(st.integers(1, 3), min_size=1, max_size=3),
)  # fmt: skip
def test_a_dynamic_bundle_is_gone_with_its_parts(
    placed: int, invoiced: int, kept: int, parts: list[int]
) -> None:
    """Commerce never counts its parent as cancelled."""
    paid = min(invoiced, placed)
    parent = row(
        sku="KIT", quantity=str(placed), price="0", product_type="bundle", qty_canceled=0,
        qty_refunded=paid,
    )  # fmt: skip
    children = [
        row(sku="PART", quantity=str(placed * count), parent_item_id=parent["item_id"],
            qty_refunded=paid * count, qty_canceled=(placed - paid) * count)
        for count in parts
    ]  # fmt: skip
    order = made(parent, *children)
    is_kept = bool(kept and paid)
    if is_kept:
        children[0]["qty_refunded"] -= 1
    order |= {"state": "closed", "total_canceled": order["grand_total"]}
    assert is_nothing_left(Order.read(order), connection().orders) is not is_kept


@pytest.mark.parametrize(
    ("fields", "counters", "kept"),
    [
        ({"total_canceled": 7}, {"qty_canceled": 1}, "0.00"),
        ({"total_canceled": 7}, {"qty_shipped": 1}, "0.00"),  # shipped: in the total alone
        ({"total_canceled": 3, "total_invoiced": 4}, {"qty_invoiced": 1}, "6.50"),
        ({"total_canceled": 3, "total_invoiced": 4}, {"qty_invoiced": 1, "told": 0}, "7.00"),
        ({"total_canceled": 2, "total_invoiced": 4}, {"qty_invoiced": 1}, "8.00"),  # 1.00 open
        ({"total_refunded": 1}, {"qty_refunded": 1, "qty_shipped": 1}, "10.00"),
    ],
)
def test_what_a_gift_card_paid_of_cancelled_pieces_went_back_with_them(
    fields: dict[str, Any], counters: dict[str, Any], kept: str
) -> None:
    """Of 10.00, a card has paid 3.00; of what was invoiced, 2.50."""
    told = counters.pop("told", Decimal("2.50"))
    sums = {name: Decimal(value) for name, value in fields.items()}
    order = {**made(row(**counters), extra="-3"), **sums}
    order = with_extension(order, gift_cards_amount=Decimal(3), gift_cards_invoiced=told)
    assert str(sales_order(Order.read(order), NET).held.commerce) == kept


def test_what_cards_and_credit_paid_is_charged_as_money_is() -> None:
    sums = {
        "total_invoiced": "50", "total_refunded": "9", "adjustment_positive": "2",
        "adjustment_negative": "1",
    }  # fmt: skip
    paid = {
        "gift_cards_invoiced": "30", "gift_cards_refunded": "12.5",
        "customer_balance_invoiced": "20", "customer_balance_refunded": "0.5",
    }  # fmt: skip
    order = with_extension({**made(), **sums}, **paid)
    assert still_charged(Order.read(order)) == Decimal(50 - (9 - 2 + 1) + 50 - 13)


@pytest.mark.parametrize(("back", "is_over"), [("9.39", False), ("9.99", True), ("10.59", True)])
def test_nothing_is_left_where_a_withheld_fee_is_given_back_as_well(
    back: str, *, is_over: bool
) -> None:
    """Of 10.59 the piece went back, and 0.60 was withheld; then the wrapping, and then the fee, by
    which more is refunded than was sold."""
    order = made(row(price="9.99", qty_refunded=1), extra="0.60")
    order["extension_attributes"]["gw_price"] = "0.60"
    order |= {"state": "complete", "total_refunded": back, "adjustment_negative": "0.60"}
    assert is_nothing_left(Order.read(order), connection().orders) is is_over
