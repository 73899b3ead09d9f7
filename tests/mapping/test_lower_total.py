"""What F&O invoiced less, given back by the shop: over drawn orders of several currencies, with
discounts on shipping, gift cards and credit, to the cent; or a reason for a person."""

import re
from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from sandbox.commerce.catalogue import Catalogue
from sandbox.commerce.faults import RestFault
from sandbox.commerce.state import CommerceState
from sync.commerce.models.invoice import Invoice
from sync.config.connections import Connection
from sync.core.money import ZERO, total
from sync.flows.returns.refund_writes import amount_of
from sync.mapping.lower_total import InvoicedTotals, lower_credit
from tests.mapping.test_refund import Drawn, prepared
from tests.mapping_tables.clock import StillClock
from tests.systems import SETTINGS, merged

CREDITS = {"captures": {"credits": {"*": "record"}, "credit_most": 50}}
CONNECTION = Connection.model_validate(merged(SETTINGS, CREDITS))


def lived(shop: CommerceState, random: Random) -> str:
    """What became of one order."""
    drawn = Drawn(shop, random)
    prepared(shop, drawn.order)
    order, lower = drawn.rest(), Decimal(random.randint(1, 6000)) / 100
    invoices = [Invoice.read(one) for one in drawn.documents("invoice")]
    charged = total(one.grand_total for one in invoices)
    currency, memos = order.order_currency_code, drawn.documents("creditmemo")
    sums = InvoicedTotals("SO-1", (charged - lower,), charged, currency)
    wanted = lower_credit(sums, order, invoices, memos, CONNECTION)
    if isinstance(wanted, str):
        return re.sub(r"[0-9.,+-]+", "#", wanted)
    before = [(item["qty_refunded"], item["qty_shipped"]) for item in drawn.order.items]
    try:
        drawn.refunds(wanted)
    except RestFault as fault:
        return f"refused: {fault}"
    (memo,) = drawn.documents("creditmemo")
    assert amount_of(memo) == lower, (order.raw, wanted)
    assert [(item["qty_refunded"], item["qty_shipped"]) for item in drawn.order.items] == before
    again = lower_credit(sums, drawn.rest(), invoices, drawn.documents("creditmemo"), CONNECTION)
    assert again == "the order has a credit memo"
    return "given back"


@pytest.mark.parametrize(
    "orders", [60, pytest.param(3000, marks=pytest.mark.long)], ids=["some", "many"]
)
def test_a_lower_total_is_given_back_to_the_cent_or_told(orders: int) -> None:
    shop, random = CommerceState(StillClock(), seed=12, catalogue=Catalogue()), Random(12)
    told = Counter(lived(shop, random) for _ in range(orders))
    assert told["given back"] > orders / 5, told
    assert sum(count for what, count in told.items() if what.startswith("refused")) == ZERO, told
